//! Keys: create, describe, enable, disable, and the way to their deletion and back.

use serde_json::{Value as Json, json};

use super::{
    grants::GRANT,
    policies, replicas, specs,
    store::{
        ALIAS, KEY, changeable, find, find_key, paged, pending, pending_deletion, place, public, row_mut,
    },
    tags,
};
use crate::sandbox::{Fault, Reply, Request, World, done, ids::uuid, world::Effect};

const DAY: i64 = 86_400_000;

pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let spec = rq.opt("KeySpec").or(rq.opt("CustomerMasterKeySpec")).unwrap_or("SYMMETRIC_DEFAULT");
    let usage = specs::usage(spec, rq.opt("KeyUsage"))?;
    let origin = rq.opt("Origin").unwrap_or("AWS_KMS");
    if !matches!(origin, "AWS_KMS" | "EXTERNAL") {
        return Err(Fault::new(
            "UnsupportedOperationException",
            "There is no custom key store in this account.",
        ));
    }
    if spec == "SM2" && !rq.region.starts_with("cn-") {
        return Err(Fault::new("UnsupportedOperationException", "SM2 keys exist in China Regions only."));
    }
    let labels = tags::checked(rq.list("Tags"))?;
    let policy = match rq.opt("Policy") {
        Some(text) => policies::check(world, rq, text)?,
        None => policies::default(world),
    };
    let multi = rq.flag("MultiRegion");
    let hex = world.hex(32);
    let id = if multi { format!("mrk-{hex}") } else { uuid(&hex) };
    let (state, enabled) = if origin == "EXTERNAL" { ("PendingImport", false) } else { ("Enabled", true) };
    let arn = world.arn("kms", rq.region, &format!("key/{id}"));
    let (member, algorithms) = specs::algorithms(spec, usage);
    let mut row = json!({
        "AWSAccountId": world.account, "KeyId": id, "Arn": arn, "CreationDate": world.now_secs(), "Enabled": enabled,
        "Description": rq.text("Description"), "KeyUsage": usage, "KeyState": state, "Origin": origin,
        "KeyManager": "CUSTOMER", "CustomerMasterKeySpec": spec, "KeySpec": spec, "MultiRegion": multi,
        "_region": rq.region, "_tags": labels, "_policy": policy, "_rotation": null,
    });
    row[member] = algorithms;
    if spec == "SYMMETRIC_DEFAULT" && origin == "AWS_KMS" {
        row["CurrentKeyMaterialId"] = json!(world.hex(64));
    }
    if multi {
        row["MultiRegionConfiguration"] = json!({
            "MultiRegionKeyType": "PRIMARY", "PrimaryKey": {"Arn": arn, "Region": rq.region}, "ReplicaKeys": [],
        });
    }
    let shown = public(&row);
    world.put(KEY, &id, row);
    Ok(json!({"KeyMetadata": shown}))
}

pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    replicas::settle(world, rq);
    Ok(json!({"KeyMetadata": public(&find(world, rq, rq.text("KeyId"))?)}))
}

pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let mine = world.rows(KEY).filter(|(_, row)| row["_region"] == rq.region);
    let items = mine.map(|(_, row)| json!({"KeyId": row["KeyId"], "KeyArn": row["Arn"]})).collect();
    paged(rq, "Keys", items)
}

pub fn update_description(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = changeable(world, rq)?;
    if let Some(row) = row_mut(world, &key) {
        row["Description"] = json!(rq.text("Description"));
    }
    done()
}

/// Sets a key's state, where `EnableKey` and `DisableKey` may: not while material is missing or deletion is near.
fn switch(world: &mut World, rq: &Request<'_>, on: bool) -> Reply {
    let key = changeable(world, rq)?;
    if key["KeyState"] == "PendingImport" {
        let arn = key["Arn"].as_str().unwrap_or_default();
        return Err(Fault::new("KMSInvalidStateException", format!("{arn} is pending import.")));
    }
    // "While the key state is Updating ... you cannot enable or disable these keys" (`UpdatePrimaryRegion`).
    if let Some(now @ ("Creating" | "Updating")) = key["KeyState"].as_str() {
        let arn = key["Arn"].as_str().unwrap_or_default();
        let message = format!("{arn} is {}.", now.to_lowercase());
        return Err(Fault::new("KMSInvalidStateException", message));
    }
    if let Some(row) = row_mut(world, &key) {
        row["Enabled"] = json!(on);
        row["KeyState"] = json!(if on { "Enabled" } else { "Disabled" });
    }
    done()
}

pub fn enable(world: &mut World, rq: &Request<'_>) -> Reply {
    switch(world, rq, true)
}

pub fn disable(world: &mut World, rq: &Request<'_>) -> Reply {
    switch(world, rq, false)
}

/// Aliases and grants of a key: their tables, and their keys there.
fn company(world: &World, key: &Json) -> Vec<(&'static str, String)> {
    let aliases = world
        .rows(ALIAS)
        .filter(|(_, row)| row["TargetKeyId"] == key["KeyId"] && row["_region"] == key["_region"]);
    let grants = world.rows(GRANT).filter(|(_, row)| row["KeyId"] == key["Arn"]);
    let aliases = aliases.map(|(name, _)| (ALIAS, name.to_owned()));
    aliases.chain(grants.map(|(name, _)| (GRANT, name.to_owned()))).collect()
}

/// Begins a key's waiting period: at its end the key goes, and its aliases with it ("Deleting a KMS key deletes ... all
/// aliases", KMS Developer Guide). Answers the date.
pub fn wait(world: &mut World, key: &Json, days: i64) -> f64 {
    let date = World::seconds(world.date() + days * DAY);
    let millis = world.lifecycle_time(days * DAY);
    for (table, name) in company(world, key) {
        world.after(millis, table, &name, Effect::Remove);
    }
    world.cancel(KEY, place(key));
    world.after(millis, KEY, place(key), Effect::Remove);
    if let Some(row) = row_mut(world, key) {
        row["Enabled"] = json!(false);
        row["KeyState"] = json!("PendingDeletion");
        row["DeletionDate"] = json!(date);
    }
    date
}

pub fn schedule_deletion(world: &mut World, rq: &Request<'_>) -> Reply {
    replicas::settle(world, rq);
    let key = find_key(world, rq, rq.text("KeyId"))?;
    if pending(&key) {
        return Err(pending_deletion(&key));
    }
    let days = rq.int("PendingWindowInDays").unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(Fault::new(
            "ValidationException",
            "PendingWindowInDays must be between 7 and 30 days, inclusive.",
        ));
    }
    let primary = key["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY";
    if primary && replicas::replicas(world, &key) > 0 {
        // "AWS KMS ... changes its key state to PendingReplicaDeletion. It cannot be deleted until its replica keys are"
        // (`ScheduleKeyDeletion`).
        if let Some(row) = row_mut(world, &key) {
            row["Enabled"] = json!(false);
            row["KeyState"] = json!("PendingReplicaDeletion");
            row["PendingDeletionWindowInDays"] = json!(days);
        }
        return Ok(json!({
            "KeyId": key["Arn"], "KeyState": "PendingReplicaDeletion", "PendingWindowInDays": days,
        }));
    }
    let date = wait(world, &key, days);
    Ok(json!({
        "KeyId": key["Arn"], "DeletionDate": date, "KeyState": "PendingDeletion", "PendingWindowInDays": days,
    }))
}

pub fn cancel_deletion(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = find_key(world, rq, rq.text("KeyId"))?;
    let arn = key["Arn"].as_str().unwrap_or_default();
    if !pending(&key) {
        return Err(Fault::new("KMSInvalidStateException", format!("{arn} is not pending deletion.")));
    }
    world.cancel(KEY, place(&key));
    for (table, name) in company(world, &key) {
        world.cancel(table, &name);
    }
    if let Some(row) = row_mut(world, &key) {
        row["KeyState"] = json!("Disabled");
        row["DeletionDate"] = Json::Null;
        row["PendingDeletionWindowInDays"] = Json::Null;
    }
    Ok(json!({"KeyId": key["Arn"]}))
}
