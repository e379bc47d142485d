//! Key Management Service: keys and their lives, policies, rotation, aliases, tags. Nothing is encrypted here: the
//! operations that use keys are known by name and not modelled.

mod aliases;
mod keys;
mod policies;
mod rotation;
mod specs;
mod store;
mod tags;

pub use store::{arn_of, managed_arn, unusable, usable};

use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("CancelKeyDeletion", keys::cancel_deletion),
    Operation::write("CreateAlias", aliases::create),
    Operation::write("CreateKey", keys::create),
    Operation::write("DeleteAlias", aliases::delete),
    Operation::read("DescribeKey", keys::describe),
    Operation::write("DisableKey", keys::disable),
    Operation::write("DisableKeyRotation", rotation::disable),
    Operation::write("EnableKey", keys::enable),
    Operation::write("EnableKeyRotation", rotation::enable),
    Operation::read("GetKeyPolicy", policies::get),
    Operation::read("GetKeyRotationStatus", rotation::status),
    Operation::read("ListAliases", aliases::list),
    Operation::read("ListKeyPolicies", policies::list),
    Operation::read("ListKeys", keys::list),
    Operation::read("ListResourceTags", tags::list),
    Operation::write("PutKeyPolicy", policies::put),
    Operation::write("ScheduleKeyDeletion", keys::schedule_deletion),
    Operation::write("TagResource", tags::tag),
    Operation::write("UntagResource", tags::untag),
    Operation::write("UpdateAlias", aliases::update),
    Operation::write("UpdateKeyDescription", keys::update_description),
];
