//! Rotation of symmetric keys' material: by the calendar, and on demand. What was encrypted before decrypts after it.

use serde_json::{Value as Json, json};

use super::{
    material,
    store::{KEY, changeable, find_key, origin, paged, pending, row_mut, state},
};
use crate::sandbox::{Fault, Reply, Request, World, done};

const DAYS: i64 = 365;
const DAY: i64 = 86_400_000;
/// How often a key may be rotated on demand: LocalStack's recording of AWS, `test_key_rotations_limits`. The API reference
/// says 25 by now; what passes here passes there.
const ON_DEMAND: i64 = 10;
/// "Key rotation on demand typically completes within ..." no page says: LocalStack's tests wait ten seconds at most.
const TAKES: i64 = 2_000;

fn unsupported(message: impl Into<String>) -> Fault {
    Fault::new("UnsupportedOperationException", message)
}

fn check(key: &Json) -> Result<(), Fault> {
    let arn = key["Arn"].as_str().unwrap_or_default();
    if key["KeySpec"] != "SYMMETRIC_DEFAULT" || key["Origin"] != "AWS_KMS" {
        return Err(unsupported(format!("{arn} cannot be rotated by KMS.")));
    }
    primary(key)
}

/// "You enable rotation on the primary key" (KMS Developer Guide, rotating multi-Region keys).
fn primary(key: &Json) -> Result<(), Fault> {
    if key["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA" {
        let arn = key["Arn"].as_str().unwrap_or_default();
        return Err(unsupported(format!("{arn} is not a multi-region primary key.")));
    }
    Ok(())
}

fn changed(world: &mut World, rq: &Request<'_>, days: Option<i64>) -> Reply {
    let key = changeable(world, rq)?;
    check(&key)?;
    if key["KeyState"] == "Disabled" {
        state(&key)?;
    }
    // A setting that is repeated leaves the date (the period has not changed).
    let same = days.is_some() && key["_rotation"].as_i64() == days;
    let next = days.map(|days| World::seconds(world.date() + days * DAY));
    if let Some(row) = row_mut(world, &key) {
        row["_rotation"] = json!(days);
        if !same {
            row["_next"] = json!(next);
        }
    }
    done()
}

pub fn enable(world: &mut World, rq: &Request<'_>) -> Reply {
    let days = rq.int("RotationPeriodInDays").unwrap_or(DAYS);
    if !(90..=2560).contains(&days) {
        return Err(Fault::new("ValidationException", "RotationPeriodInDays must be between 90 and 2560."));
    }
    changed(world, rq, Some(days))
}

pub fn disable(world: &mut World, rq: &Request<'_>) -> Reply {
    changed(world, rq, None)
}

/// "While a KMS key is pending deletion, its key rotation status is false"; the setting comes back when the deletion is
/// cancelled (`GetKeyRotationStatus`).
pub fn status(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = find_key(world, rq, rq.text("KeyId"))?;
    if key["KeySpec"] != "SYMMETRIC_DEFAULT" {
        check(&key)?;
    }
    let days = key["_rotation"].as_i64().filter(|_| !pending(&key));
    let mut answer = json!({"KeyId": key["Arn"], "KeyRotationEnabled": days.is_some()});
    if let Some(days) = days {
        answer["RotationPeriodInDays"] = json!(days);
        answer["NextRotationDate"] = key["_next"].clone();
    }
    if !key["_rotating"].is_null() {
        answer["OnDemandRotationStartDate"] = key["_rotating"].clone();
    }
    Ok(answer)
}

pub fn on_demand(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = find_key(world, rq, rq.text("KeyId"))?;
    state(&key)?;
    let arn = key["Arn"].as_str().unwrap_or_default();
    if key["KeySpec"] != "SYMMETRIC_DEFAULT" {
        // LocalStack's recordings of AWS, `test_rotate_key_on_demand_raises_error_given_non_symmetric_key`.
        return Err(unsupported(""));
    }
    if key["KeyManager"] == "AWS" {
        return Err(unsupported(format!("{arn} is managed by AWS.")));
    }
    primary(&key)?;
    if !key["_rotating"].is_null() {
        return Err(Fault::new("ConflictException", format!("A rotation of {arn} is in progress.")));
    }
    let done = key["_rotations"].as_i64().unwrap_or(0);
    if done >= ON_DEMAND {
        let message = format!(
            "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed \
             for this key: {arn}"
        );
        return Err(Fault::new("LimitExceededException", message));
    }
    let mut all = material::all(&key);
    let next = if origin(&key, "EXTERNAL").is_ok() {
        let waits = all.iter().position(|one| one["KeyMaterialState"] == "PENDING_ROTATION");
        waits.ok_or_else(|| {
            // The recordings, `test_rotate_key_on_demand_raises_for_no_pending_key_material`.
            let message = format!("No available key material pending rotation for the key: {arn}.");
            Fault::new("KMSInvalidStateException", message)
        })?
    } else {
        all.push(json!({"KeyMaterialId": world.hex(64)}));
        all.len() - 1
    };
    for one in &mut all {
        if one["KeyMaterialState"] == "CURRENT" {
            one["KeyMaterialState"] = json!("NON_CURRENT");
        }
    }
    all[next]["KeyMaterialState"] = json!("CURRENT");
    all[next]["RotationDate"] = json!(World::seconds(world.date_after(TAKES)));
    all[next]["RotationType"] = json!("ON_DEMAND");
    let members = json!({
        "CurrentKeyMaterialId": all[next]["KeyMaterialId"], "_materials": all, "_rotating": null, "_rotations": done + 1,
    });
    let started = world.now_secs();
    // A multi-Region key's material is the same everywhere.
    for place in material::family(world, &key) {
        world.set_after(TAKES, KEY, &place, members.clone());
    }
    if let Some(row) = row_mut(world, &key) {
        row["_rotating"] = json!(started);
    }
    Ok(json!({"KeyId": arn}))
}

pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = find_key(world, rq, rq.text("KeyId"))?;
    if key["KeySpec"] != "SYMMETRIC_DEFAULT" {
        return Err(unsupported(""));
    }
    let whole = rq.opt("IncludeKeyMaterial") == Some("ALL_KEY_MATERIAL");
    let mut items = material::all(&key);
    // The first material came by no rotation.
    items.retain(|one| whole || !one["RotationDate"].is_null());
    for one in &mut items {
        one["KeyId"] = key["Arn"].clone();
        if let Some(members) = one.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
    }
    paged(rq, "Rotations", items)
}
