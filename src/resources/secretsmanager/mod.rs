//! Resource types of AWS::SecretsManager.

mod secret;
mod secret_target_attachment;
mod value;

pub use secret::Secret;
pub use secret_target_attachment::SecretTargetAttachment;
