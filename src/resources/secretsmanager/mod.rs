//! Resource types of AWS::SecretsManager.

pub(super) mod orders;
mod resource_policy;
mod rotation_schedule;
mod secret;
mod secret_target_attachment;
#[cfg(test)]
mod testing;
mod value;

pub use resource_policy::ResourcePolicy;
pub use rotation_schedule::RotationSchedule;
pub use secret::Secret;
pub use secret_target_attachment::SecretTargetAttachment;
