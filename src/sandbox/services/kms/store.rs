//! Tables, how keys are named, and in which states they may be used ("Key states of AWS KMS keys", KMS Developer Guide).
//!
//! Keys live in `kms.key` under their id (replicas under `id@region`, with `_place`), with `_region`, `_tags` (a map),
//! `_policy` (text) and `_rotation` (days, or null) and `_next` (its date); aliases in `kms.alias` under
//! `region/alias/name`; grants in `kms.grant`; material in `kms.private`.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::sandbox::{Fault, Request, World, ids::uuid};

pub const KEY: &str = "kms.key";
pub const ALIAS: &str = "kms.alias";

/// `NotFoundException` for a key.
fn missing(world: &World, rq: &Request<'_>, id: &str) -> Fault {
    let arn = world.arn("kms", rq.region, &format!("key/{id}"));
    Fault::new("NotFoundException", format!("Key '{arn}' does not exist"))
}

/// The key that AWS keeps for a service, under `alias/aws/...`: there as soon as somebody asks.
fn managed(world: &World, region: &str, alias: &str) -> Json {
    let digest = hex::encode(Sha256::digest(format!("{}:{region}:{alias}", world.account)));
    let id = uuid(&digest);
    let service = alias.rsplit('/').next().unwrap_or_default();
    json!({
        "KeyId": id, "Arn": world.arn("kms", region, &format!("key/{id}")), "AWSAccountId": world.account, "Enabled": true,
        "Description": format!("Default key that protects my {service} data when no other key is defined"),
        "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Enabled", "Origin": "AWS_KMS", "KeyManager": "AWS",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "KeySpec": "SYMMETRIC_DEFAULT", "MultiRegion": false,
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"], "CreationDate": World::seconds(0), "_region": region, "_tags": {},
    })
}

/// Services whose keys can be found by their ids too.
const SERVICES: &[&str] = &[
    "acm",
    "backup",
    "dms",
    "dynamodb",
    "ebs",
    "elasticfilesystem",
    "lambda",
    "rds",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
];

/// The aliases that every account has.
pub fn managed_aliases(world: &World, region: &str) -> Vec<Json> {
    let alias = |service: &&str| {
        let name = format!("alias/aws/{service}");
        json!({
            "AliasName": name, "AliasArn": world.arn("kms", region, &name),
            "TargetKeyId": managed(world, region, &name)["KeyId"],
        })
    };
    SERVICES.iter().map(alias).collect()
}

/// The ARN of the key that AWS keeps for a service of this account: `alias/aws/rds` points at it.
#[must_use]
pub fn managed_arn(world: &World, region: &str, service: &str) -> Json {
    managed(world, region, &format!("alias/aws/{service}"))["Arn"].clone()
}

/// The ARN that a service shows of a key named by id, ARN or alias. Keys that are not here may be another account's.
#[must_use]
pub fn arn_of(world: &World, rq: &Request<'_>, name: &str) -> Json {
    find(world, rq, name).map_or_else(|_| json!(name), |key| key["Arn"].clone())
}

/// Whether a text can be a key's id: a UUID, or `mrk-` and as many digits.
fn is_id(text: &str) -> bool {
    let hex = |part: &str, length: usize| part.len() == length && part.chars().all(|c| c.is_ascii_hexdigit());
    if let Some(rest) = text.strip_prefix("mrk-") {
        return hex(rest, 32);
    }
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 5 && parts.iter().zip([8, 4, 4, 4, 12]).all(|(part, length)| hex(part, length))
}

/// A key by its id, ARN, alias or the alias's ARN. `DescribeKey` takes all of them; others take what their model says.
///
/// # Errors
/// There is none in the request's region.
pub fn find(world: &World, rq: &Request<'_>, name: &str) -> Result<Json, Fault> {
    // LocalStack's recordings of AWS, `test_get_key_in_different_region`.
    if let Some(region) = name.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2))
        && region != rq.region
    {
        return Err(Fault::new("NotFoundException", format!("Invalid arn {region}")));
    }
    let bare = match name.strip_prefix("arn:") {
        Some(arn) => arn.split(':').nth(4).unwrap_or_default(),
        None => name,
    };
    if let Some(alias) = bare.starts_with("alias/").then_some(bare) {
        if alias.starts_with("alias/aws/") {
            return Ok(managed(world, rq.region, alias));
        }
        let arn = world.arn("kms", rq.region, alias);
        let target = world.get(ALIAS, &format!("{}/{alias}", rq.region));
        let target = target
            .and_then(|row| row["TargetKeyId"].as_str())
            .ok_or_else(|| Fault::new("NotFoundException", format!("Alias {arn} is not found.")))?;
        let target = target.to_owned();
        return find(world, rq, &target);
    }
    let id = bare.strip_prefix("key/").unwrap_or(bare);
    let here = world.get(KEY, id).filter(|row| row["_region"] == rq.region);
    if let Some(key) = here.or_else(|| world.get(KEY, &format!("{id}@{}", rq.region))) {
        return Ok(key.clone());
    }
    let mut kept = SERVICES.iter().map(|service| managed(world, rq.region, &format!("alias/aws/{service}")));
    let absent = || {
        if is_id(id) {
            return missing(world, rq, id);
        }
        // The recordings, `test_get_key_invalid_uuid`.
        Fault::new("NotFoundException", format!("Invalid keyId '{id}'"))
    };
    kept.find(|key| key["KeyId"] == id).ok_or_else(absent)
}

/// A key by its id or ARN: operations that manage keys take no aliases (moto, `test_enable_key_rotation_with_alias_name_should_fail`
/// and `test_put_key_policy_using_alias_shouldnt_work`).
///
/// # Errors
/// There is none.
pub fn find_key(world: &World, rq: &Request<'_>, name: &str) -> Result<Json, Fault> {
    if name.starts_with("alias/") || name.contains(":alias/") {
        return Err(Fault::new("NotFoundException", format!("Invalid keyId '{name}'")));
    }
    find(world, rq, name)
}

/// Refuses a key whose state keeps it from being used ("Key states of AWS KMS keys", KMS Developer Guide). While a primary
/// key is updating it works on.
///
/// # Errors
/// It is disabled, has no material, or is not there yet or no more.
pub fn state(key: &Json) -> Result<(), Fault> {
    let arn = key["Arn"].as_str().unwrap_or_default();
    let invalid = |what: &str| Err(Fault::new("KMSInvalidStateException", format!("{arn} is {what}.")));
    match key["KeyState"].as_str() {
        Some("Disabled") => Err(Fault::new("DisabledException", format!("{arn} is disabled."))),
        Some("PendingImport") => invalid("pending import"),
        Some("PendingReplicaDeletion") => invalid("pending replica deletion"),
        Some("PendingDeletion") => Err(pending_deletion(key)),
        Some("Creating") => invalid("creating"),
        _ => Ok(()),
    }
}

/// Refuses a key of another origin (LocalStack's recordings of AWS, `test_get_parameters_for_import`).
///
/// # Errors
/// It has another one.
pub fn origin(key: &Json, wanted: &str) -> Result<(), Fault> {
    if key["Origin"] == wanted {
        return Ok(());
    }
    let (arn, origin) = (key["Arn"].as_str().unwrap_or_default(), key["Origin"].as_str().unwrap_or_default());
    let message = format!("{arn} origin is {origin} which is not valid for this operation.");
    Err(Fault::new("UnsupportedOperationException", message))
}

/// A key for an operation that uses it, by id, ARN or alias. No usage fits any key.
///
/// # Errors
/// It is not there, not in the right state, for something else, or one that AWS keeps for a service.
pub fn ready(
    world: &World,
    rq: &Request<'_>,
    name: &str,
    usage: &str,
    operation: &str,
) -> Result<Json, Fault> {
    let key = find(world, rq, name)?;
    let arn = key["Arn"].as_str().unwrap_or_default();
    if key["KeyManager"] == "AWS" && operation != "GetPublicKey" {
        // "You cannot ... use AWS managed keys in cryptographic operations directly" (KMS Developer Guide, AWS managed keys).
        let message = format!(
            "The caller is not authorized to perform: kms:{operation} on resource: {arn} because no resource-based policy \
             allows the kms:{operation} action"
        );
        return Err(Fault::new("AccessDeniedException", message).status(400));
    }
    state(&key)?;
    if !usage.is_empty() && key["KeyUsage"] != usage {
        // The recordings, `test_error_messaging_for_invalid_keys`.
        let other = key["KeyUsage"].as_str().unwrap_or_default();
        let message = format!("{arn} key usage is {other} which is not valid for {operation}.");
        return Err(Fault::new("InvalidKeyUsageException", message));
    }
    Ok(key)
}

/// Where a key's row stands.
pub fn place(key: &Json) -> &str {
    key["_place"].as_str().or(key["KeyId"].as_str()).unwrap_or_default()
}

/// The key of the request's `KeyId` that may be changed: a key pending deletion may not.
///
/// # Errors
/// There is none, or it is about to be deleted.
pub fn changeable(world: &World, rq: &Request<'_>) -> Result<Json, Fault> {
    let key = find_key(world, rq, rq.text("KeyId"))?;
    if pending(&key) {
        return Err(pending_deletion(&key));
    }
    Ok(key)
}

/// Whether a key is here and nothing can be encrypted or decrypted with it (AWS KMS Developer Guide, key states).
#[must_use]
pub fn unusable(world: &World, arn: &str) -> bool {
    let states = ["Disabled", "PendingDeletion", "PendingReplicaDeletion", "Unavailable"];
    world.any(KEY, |key| {
        key["Arn"] == arn && key["KeyState"].as_str().is_some_and(|now| states.contains(&now))
    })
}

/// Whether a key waits for its deletion.
pub fn pending(key: &Json) -> bool {
    matches!(key["KeyState"].as_str(), Some("PendingDeletion" | "PendingReplicaDeletion"))
}

pub fn pending_deletion(key: &Json) -> Fault {
    let arn = key["Arn"].as_str().unwrap_or_default();
    Fault::new("KMSInvalidStateException", format!("{arn} is pending deletion."))
}

/// A row of `KEY`, to be changed.
pub fn row_mut<'w>(world: &'w mut World, key: &Json) -> Option<&'w mut Json> {
    world.get_mut(KEY, place(key))
}

/// What answers show of a key.
pub fn public(key: &Json) -> Json {
    let members = key.as_object().into_iter().flatten();
    let shown = members.filter(|(name, value)| !name.starts_with('_') && !value.is_null());
    Json::Object(shown.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// Cuts a page out of a list as this service does: `Marker`, `NextMarker` and `Truncated`.
///
/// # Errors
/// The marker is not one of ours.
pub fn paged(rq: &Request<'_>, member: &str, items: Vec<Json>) -> Result<Json, Fault> {
    // KMS API Reference: "If you do not include a value, it defaults to 50" (aliases, tags), "to 100" (keys, policies).
    let default = if matches!(member, "Aliases" | "Tags") { 50 } else { 100 };
    let (page, next) = rq.page(items, "Limit", "Marker", default, "InvalidMarkerException")?;
    let mut answer = json!({member: page, "Truncated": next.is_some()});
    if let Some(next) = next {
        answer["NextMarker"] = json!(next);
    }
    Ok(answer)
}

/// Whether a service can use a key of this account: it is there, and enabled.
#[must_use]
pub fn accessible(world: &World, rq: &Request<'_>, name: &str) -> bool {
    find(world, rq, name).is_ok_and(|key| matches!(key["KeyState"].as_str(), None | Some("Enabled")))
}

/// Why a service cannot use a key, if it is one of this account: it is disabled, or waits for its deletion. Of keys that
/// are not here nothing is known: they may be another account's.
#[must_use]
pub fn usable(world: &World, rq: &Request<'_>, name: &str) -> Option<String> {
    let key = find(world, rq, name).ok()?;
    let arn = key["Arn"].as_str().unwrap_or_default();
    match key["KeyState"].as_str() {
        Some("Enabled") => None,
        Some(state) => Some(format!("{arn} is in state {state}")),
        None => None,
    }
}
