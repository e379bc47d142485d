//! Rotation of key material, which KMS does for symmetric keys of its own making only.

use serde_json::{Value as Json, json};

use super::store::{changeable, find, pending, row_mut};
use crate::sandbox::{Fault, Reply, Request, World, done};

const DAYS: i64 = 365;

fn check(key: &Json) -> Result<(), Fault> {
    let arn = key["Arn"].as_str().unwrap_or_default();
    if key["KeySpec"] != "SYMMETRIC_DEFAULT" || key["Origin"] != "AWS_KMS" {
        return Err(Fault::new("UnsupportedOperationException", format!("{arn} cannot be rotated by KMS.")));
    }
    Ok(())
}

fn changed(world: &mut World, rq: &Request<'_>, days: Json) -> Reply {
    let key = changeable(world, rq)?;
    check(&key)?;
    if key["KeyState"] == "Disabled" {
        let arn = key["Arn"].as_str().unwrap_or_default();
        return Err(Fault::new("DisabledException", format!("{arn} is disabled.")));
    }
    if let Some(row) = row_mut(world, &key) {
        row["_rotation"] = days;
    }
    done()
}

pub fn enable(world: &mut World, rq: &Request<'_>) -> Reply {
    let days = rq.int("RotationPeriodInDays").unwrap_or(DAYS);
    if !(90..=2560).contains(&days) {
        return Err(Fault::new("ValidationException", "RotationPeriodInDays must be between 90 and 2560."));
    }
    changed(world, rq, json!(days))
}

pub fn disable(world: &mut World, rq: &Request<'_>) -> Reply {
    changed(world, rq, Json::Null)
}

/// "While a KMS key is pending deletion, its key rotation status is false"; the setting comes back when the deletion is
/// cancelled (`GetKeyRotationStatus`).
pub fn status(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = find(world, rq, rq.text("KeyId"))?;
    check(&key)?;
    let days = key["_rotation"].as_i64().filter(|_| !pending(&key));
    let mut answer = json!({"KeyId": key["Arn"], "KeyRotationEnabled": days.is_some()});
    if let Some(days) = days {
        answer["RotationPeriodInDays"] = json!(days);
        answer["NextRotationDate"] = json!(World::seconds(world.date() + days * 86_400_000));
    }
    Ok(answer)
}
