//! Key Management Service: keys and their lives, policies, rotation, aliases, tags, grants, replicas, imported material, and
//! the operations that use keys. What they encrypt and sign, other implementations decrypt and verify; other services of the
//! sandbox encrypt nothing.

mod aliases;
mod data;
mod grants;
mod import;
mod keys;
mod material;
mod policies;
mod replicas;
mod rotation;
mod signing;
mod specs;
mod store;
mod tags;

pub use store::{accessible, arn_of, managed_arn, unusable, usable};

use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("CancelKeyDeletion", keys::cancel_deletion),
    Operation::write("CreateAlias", aliases::create),
    Operation::write("CreateGrant", grants::create),
    Operation::write("CreateKey", keys::create),
    Operation::read("Decrypt", data::decrypt),
    Operation::write("DeleteAlias", aliases::delete),
    Operation::write("DeleteImportedKeyMaterial", import::delete),
    Operation::read("DeriveSharedSecret", signing::derive),
    Operation::read("DescribeKey", keys::describe),
    Operation::write("DisableKey", keys::disable),
    Operation::write("DisableKeyRotation", rotation::disable),
    Operation::write("EnableKey", keys::enable),
    Operation::write("EnableKeyRotation", rotation::enable),
    Operation::read("Encrypt", data::encrypt),
    Operation::read("GenerateDataKey", data::generate_key),
    Operation::read("GenerateDataKeyPair", data::generate_pair),
    Operation::read("GenerateDataKeyPairWithoutPlaintext", data::generate_hidden_pair),
    Operation::read("GenerateDataKeyWithoutPlaintext", data::generate_hidden_key),
    Operation::read("GenerateMac", signing::generate_mac),
    Operation::read("GenerateRandom", data::generate_random),
    Operation::read("GetKeyPolicy", policies::get),
    Operation::read("GetKeyRotationStatus", rotation::status),
    Operation::read("GetParametersForImport", import::parameters),
    Operation::read("GetPublicKey", signing::public_key),
    Operation::write("ImportKeyMaterial", import::import),
    Operation::read("ListAliases", aliases::list),
    Operation::read("ListGrants", grants::list),
    Operation::read("ListKeyPolicies", policies::list),
    Operation::read("ListKeyRotations", rotation::list),
    Operation::read("ListKeys", keys::list),
    Operation::read("ListResourceTags", tags::list),
    Operation::read("ListRetirableGrants", grants::list_retirable),
    Operation::write("PutKeyPolicy", policies::put),
    Operation::read("ReEncrypt", data::re_encrypt),
    Operation::write("ReplicateKey", replicas::replicate),
    Operation::write("RetireGrant", grants::retire),
    Operation::write("RevokeGrant", grants::revoke),
    Operation::write("RotateKeyOnDemand", rotation::on_demand),
    Operation::write("ScheduleKeyDeletion", keys::schedule_deletion),
    Operation::read("Sign", signing::sign),
    Operation::write("TagResource", tags::tag),
    Operation::write("UntagResource", tags::untag),
    Operation::write("UpdateAlias", aliases::update),
    Operation::write("UpdateKeyDescription", keys::update_description),
    Operation::write("UpdatePrimaryRegion", replicas::update_primary),
    Operation::read("Verify", signing::verify),
    Operation::read("VerifyMac", signing::verify_mac),
];
