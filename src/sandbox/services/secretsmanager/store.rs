//! How secrets are kept: table `secretsmanager.secret`, key `region/name`. Versions live in `_versions`, the
//! newest last; values never leave it except through `GetSecretValue`.

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Request, World};

/// The table.
/// What the end of a secret's ARN is made of.
pub const SUFFIX: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Secrets.
pub const TABLE: &str = "secretsmanager.secret";

/// Refuses a name that no secret can have, whatever is asked of it (LocalStack's recordings of AWS,
/// `test_invalid_secret_name`).
///
/// # Errors
/// It has other characters.
pub fn named(name: &str) -> Result<(), Fault> {
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "/_+=.@-!".contains(c)) {
        return Ok(());
    }
    Err(Fault::new(
        "ValidationException",
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
    ))
}

/// The key of the secret that `id` (name, ARN, or ARN without its random suffix) means in the request's region.
pub fn key_of(world: &World, rq: &Request<'_>, id: &str) -> Result<String, Fault> {
    if !id.starts_with("arn:") {
        named(id)?;
    }
    let direct = format!("{}/{id}", rq.region);
    if world.get(TABLE, &direct).is_some() {
        return Ok(direct);
    }
    world
        .rows(TABLE)
        .filter(|(key, _)| key.starts_with(&format!("{}/", rq.region)))
        .find(|(_, row)| {
            let arn = row["ARN"].as_str().unwrap_or_default();
            arn == id || arn.rsplit_once('-').is_some_and(|(stem, _)| stem == id)
        })
        .map(|(key, _)| key.to_owned())
        .ok_or_else(|| {
            Fault::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        })
}

/// Like [`key_of`], for operations that a scheduled deletion forbids.
pub fn live_key(world: &World, rq: &Request<'_>, id: &str) -> Result<String, Fault> {
    let key = key_of(world, rq, id)?;
    if world.get(TABLE, &key).is_some_and(|row| row["DeletedDate"].is_null()) {
        return Ok(key);
    }
    Err(Fault::new(
        "InvalidRequestException",
        "You can't perform this operation on the secret because it was marked for deletion.",
    ))
}

/// `InvalidParameterException`.
pub fn bad(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterException", message)
}

/// A token that was used for another value (moto's `test_put_different_secret_value_with_same_token`, which AWS passes).
pub fn token_taken(row: &Json, token: &str) -> Fault {
    let arn = row["ARN"].as_str().unwrap_or_default();
    let message = format!(
        "You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}."
    );
    Fault::new("ResourceExistsException", message)
}

/// Adds a version to the row and moves `stages` to it, as the service does: a version that loses
/// `AWSCURRENT` becomes `AWSPREVIOUS`. The same token with the same value is the same version.
///
/// # Errors
/// The token was used for another value.
pub fn add_version(
    row: &mut Json,
    token: &str,
    now: f64,
    input: &Json,
    stages: &[String],
) -> Result<(), Fault> {
    if let Some(old) = versions(row).iter().find(|v| v["VersionId"] == token) {
        let same =
            old["SecretString"] == input["SecretString"] && old["SecretBinary"] == input["SecretBinary"];
        return if same { Ok(()) } else { Err(token_taken(row, token)) };
    }
    let version = json!({
        "VersionId": token, "CreatedDate": now, "VersionStages": [],
        "SecretString": input["SecretString"], "SecretBinary": input["SecretBinary"],
    });
    if !row["_versions"].is_array() {
        row["_versions"] = json!([]);
    }
    if let Some(list) = row["_versions"].as_array_mut() {
        list.push(version);
    }
    for stage in stages {
        move_stage(row, stage, Some(token));
    }
    row["LastChangedDate"] = json!(now);
    Ok(())
}

/// Takes a stage from wherever it is and gives it to `to`.
pub fn move_stage(row: &mut Json, stage: &str, to: Option<&str>) {
    let holder = versions(row)
        .iter()
        .find(|v| has_stage(v, stage))
        .and_then(|v| v["VersionId"].as_str())
        .map(str::to_owned);
    if holder.as_deref() == to {
        return;
    }
    let previous = if stage == "AWSCURRENT" && to.is_some() { holder } else { None };
    let Some(list) = row["_versions"].as_array_mut() else { return };
    for version in list {
        let id = version["VersionId"].as_str().unwrap_or_default().to_owned();
        let Some(stages) = version["VersionStages"].as_array_mut() else { continue };
        stages.retain(|s| s != stage && !(previous.is_some() && s == "AWSPREVIOUS"));
        if to == Some(id.as_str()) {
            stages.push(json!(stage));
        }
        if previous.as_deref() == Some(id.as_str()) {
            // What was current is not pending any more (LocalStack's recordings of AWS,
            // `test_update_secret_version_stages_current_pending`).
            stages.retain(|s| s != "AWSPENDING");
            stages.push(json!("AWSPREVIOUS"));
        }
    }
}

/// All versions.
pub fn versions(row: &Json) -> &[Json] {
    row["_versions"].as_array().map_or(&[], Vec::as_slice)
}

/// Whether a version carries a stage.
pub fn has_stage(version: &Json, stage: &str) -> bool {
    version["VersionStages"].as_array().is_some_and(|stages| stages.iter().any(|s| s == stage))
}

/// Version ids with their stages; versions without any are deprecated and left out.
pub fn staged(row: &Json) -> Json {
    let mut map = serde_json::Map::new();
    for version in versions(row) {
        if version["VersionStages"].as_array().is_some_and(|stages| !stages.is_empty()) {
            map.insert(
                version["VersionId"].as_str().unwrap_or_default().to_owned(),
                version["VersionStages"].clone(),
            );
        }
    }
    Json::Object(map)
}

/// The token of a request, or a fresh one; the SDKs always send one.
pub fn token(world: &mut World, rq: &Request<'_>) -> String {
    match rq.opt("ClientRequestToken") {
        Some(token) => token.to_owned(),
        None => world.uuid(),
    }
}
