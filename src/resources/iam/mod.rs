//! Resource types of AWS::IAM.

mod account;
mod documents;
mod instance_profile;
mod managed_policy;
pub(super) mod orders;
mod policy;
mod principals;
pub mod role;
mod role_policy;

pub use instance_profile::InstanceProfile;
pub use managed_policy::ManagedPolicy;
pub use policy::Policy;
pub use role::Role;
pub use role_policy::RolePolicy;

#[cfg(test)]
mod tests;
