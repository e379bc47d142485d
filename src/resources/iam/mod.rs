//! Resource types of AWS::IAM.

mod documents;
mod managed_policy;
mod policy;
mod principals;
pub mod role;

pub use managed_policy::ManagedPolicy;
pub use policy::Policy;
pub use role::Role;

#[cfg(test)]
mod tests;
