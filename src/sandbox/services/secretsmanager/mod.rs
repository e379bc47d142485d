//! Secrets Manager: secrets, their versions and stages, resource policies, replicas.

mod common;
mod password;
mod policies;
mod rotation;
mod secrets;
mod store;
#[cfg(test)]
mod tests;
mod values;

pub use store::SUFFIX;

use crate::sandbox::Operation;
pub use common::read;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::read("BatchGetSecretValue", values::batch_get_secret_value),
    Operation::write("CancelRotateSecret", rotation::cancel_rotate_secret),
    Operation::write("CreateSecret", secrets::create_secret),
    Operation::write("DeleteResourcePolicy", policies::delete_resource_policy),
    Operation::write("DeleteSecret", secrets::delete_secret),
    Operation::read("DescribeSecret", secrets::describe_secret),
    Operation::read("GetRandomPassword", password::get_random_password),
    Operation::read("GetResourcePolicy", policies::get_resource_policy),
    Operation::read("GetSecretValue", values::get_secret_value),
    Operation::read("ListSecretVersionIds", values::list_secret_version_ids),
    Operation::read("ListSecrets", secrets::list_secrets),
    Operation::write("PutResourcePolicy", policies::put_resource_policy),
    Operation::write("PutSecretValue", values::put_secret_value),
    Operation::write("RemoveRegionsFromReplication", policies::remove_regions),
    Operation::write("ReplicateSecretToRegions", policies::replicate),
    Operation::write("RestoreSecret", secrets::restore_secret),
    Operation::write("RotateSecret", rotation::rotate_secret),
    Operation::write("TagResource", secrets::tag_resource),
    Operation::write("UntagResource", secrets::untag_resource),
    Operation::write("UpdateSecret", secrets::update_secret),
    Operation::write("UpdateSecretVersionStage", values::update_secret_version_stage),
    Operation::read("ValidateResourcePolicy", policies::validate_resource_policy),
];
