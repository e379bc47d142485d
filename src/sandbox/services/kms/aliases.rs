//! Aliases of keys.

use serde_json::{Value as Json, json};

use super::store::{ALIAS, find, find_key, managed_aliases, paged, pending, pending_deletion, public};
use crate::sandbox::{Fault, Reply, Request, World, done};

fn place(rq: &Request<'_>, name: &str) -> String {
    format!("{}/{name}", rq.region)
}

fn absent(world: &World, rq: &Request<'_>, name: &str) -> Fault {
    let arn = world.arn("kms", rq.region, name);
    Fault::new("NotFoundException", format!("Alias {arn} is not found."))
}

/// Names that customers may not have, or nobody.
fn check(name: &str) -> Result<(), Fault> {
    let Some(rest) = name.strip_prefix("alias/") else {
        // LocalStack's recordings of AWS, `test_create_alias`.
        return Err(Fault::new(
            "ValidationException",
            "Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        ));
    };
    if rest.contains(':') {
        // moto, `test__create_alias__raises_if_alias_has_restricted_characters_semicolon`.
        let message = format!("{name} contains invalid characters for an alias");
        return Err(Fault::new("ValidationException", message));
    }
    if rest.is_empty() || !rest.chars().all(|c| c.is_ascii_alphanumeric() || "/_-".contains(c)) {
        return Err(Fault::new(
            "ValidationException",
            "Alias must start with the prefix \"alias/\" and be alphanumeric with /, _ and -.",
        ));
    }
    if rest.starts_with("aws/") {
        return Err(Fault::new("NotAuthorizedException", "").status(400));
    }
    Ok(())
}

/// A customer's key that is not about to be deleted.
fn target(world: &World, rq: &Request<'_>) -> Result<Json, Fault> {
    let name = rq.text("TargetKeyId");
    if name.contains("alias/") {
        return Err(Fault::new("ValidationException", "Aliases must refer to keys. Not aliases"));
    }
    let key = find(world, rq, name)?;
    if pending(&key) {
        return Err(pending_deletion(&key));
    }
    Ok(key)
}

pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("AliasName");
    check(name)?;
    let key = target(world, rq)?;
    let arn = world.arn("kms", rq.region, name);
    if world.get(ALIAS, &place(rq, name)).is_some() {
        return Err(Fault::new(
            "AlreadyExistsException",
            format!("An alias with the name {arn} already exists"),
        ));
    }
    let now = world.now_secs();
    let row = json!({
        "AliasName": name, "AliasArn": arn, "TargetKeyId": key["KeyId"], "CreationDate": now, "LastUpdatedDate": now,
        "_region": rq.region,
    });
    world.put(ALIAS, &place(rq, name), row);
    done()
}

pub fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("AliasName");
    check(name)?;
    let key = target(world, rq)?;
    let old = find(world, rq, name)?;
    // "The current and new KMS key must be the same type ... and they must have the same key usage" (UpdateAlias).
    if old["KeySpec"] != key["KeySpec"] || old["KeyUsage"] != key["KeyUsage"] {
        return Err(Fault::new(
            "ValidationException",
            "The current and new KMS key must be the same type and have the same key usage.",
        ));
    }
    let now = world.now_secs();
    let row = world.get_mut(ALIAS, &place(rq, name));
    if let Some(row) = row {
        row["TargetKeyId"] = key["KeyId"].clone();
        row["LastUpdatedDate"] = json!(now);
    }
    done()
}

pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("AliasName");
    check(name)?;
    let gone = world.remove(ALIAS, &place(rq, name));
    gone.map(|_| json!({})).ok_or_else(|| absent(world, rq, name))
}

pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let of = rq.opt("KeyId").map(|name| find_key(world, rq, name)).transpose()?;
    let mine = world.rows(ALIAS).filter(|(_, row)| row["_region"] == rq.region);
    // "The response includes ... AWS managed keys' aliases, alias/aws/<service-name>" (`ListAliases`).
    let all = managed_aliases(world, rq.region).into_iter().chain(mine.map(|(_, row)| public(row)));
    let mut items: Vec<Json> =
        all.filter(|row| of.as_ref().is_none_or(|key| row["TargetKeyId"] == key["KeyId"])).collect();
    items.sort_by_key(|row| row["AliasName"].to_string());
    paged(rq, "Aliases", items)
}
