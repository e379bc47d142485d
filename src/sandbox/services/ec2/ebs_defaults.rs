//! Whether new volumes of a Region are encrypted, and with which key if none is named.

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Reply, Request, World, services::kms};

const TABLE: &str = "ec2.ebs-defaults";

fn row(world: &World, region: &str) -> Json {
    world.get(TABLE, region).cloned().unwrap_or_else(|| json!({"_original": true}))
}

/// Whether volumes of the Region are encrypted though nobody asks for it.
pub(super) fn encrypts(world: &World, region: &str) -> bool {
    row(world, region)["on"] == true
}

/// The key of a new volume.
pub(super) fn key(world: &World, rq: &Request<'_>, named: Option<&str>) -> Json {
    match named.filter(|name| !name.is_empty()) {
        Some(name) => kms::arn_of(world, rq, name),
        None => match row(world, rq.region)["key"].as_str() {
            Some(key) => json!(key),
            None => kms::managed_arn(world, rq.region, "ebs"),
        },
    }
}

fn set(world: &mut World, rq: &Request<'_>, member: &str, value: Json) {
    let mut row = row(world, rq.region);
    row[member] = value;
    world.put(TABLE, rq.region, row);
}

/// `GetEbsEncryptionByDefault`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let on = encrypts(world, rq.region);
    Ok(json!({"EbsEncryptionByDefault": on, "SseType": if on { json!("sse-kms") } else { Json::Null }}))
}

fn switch(world: &mut World, rq: &Request<'_>, on: bool) -> Reply {
    set(world, rq, "on", json!(on));
    Ok(json!({"EbsEncryptionByDefault": on}))
}

/// `EnableEbsEncryptionByDefault`.
pub(super) fn enable(world: &mut World, rq: &Request<'_>) -> Reply {
    switch(world, rq, true)
}

/// `DisableEbsEncryptionByDefault`.
pub(super) fn disable(world: &mut World, rq: &Request<'_>) -> Reply {
    switch(world, rq, false)
}

/// `GetEbsDefaultKmsKeyId`.
pub(super) fn get_key(world: &mut World, rq: &Request<'_>) -> Reply {
    Ok(json!({"KmsKeyId": key(world, rq, None)}))
}

/// `ModifyEbsDefaultKmsKeyId`: no name means AWS's key again (moto, `test_modify_ebs_default_kms_key_id`).
pub(super) fn set_key(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("KmsKeyId");
    if let Some(why) = kms::usable(world, rq, name).filter(|_| !name.is_empty()) {
        return Err(Fault::new("InvalidKmsKey.InvalidState", format!("The KMS key cannot be used: {why}")));
    }
    let wanted = if name.is_empty() { Json::Null } else { kms::arn_of(world, rq, name) };
    set(world, rq, "key", wanted);
    get_key(world, rq)
}

/// `ResetEbsDefaultKmsKeyId`.
pub(super) fn reset_key(world: &mut World, rq: &Request<'_>) -> Reply {
    set(world, rq, "key", Json::Null);
    get_key(world, rq)
}
