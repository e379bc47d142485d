//! Object lock: retention and legal holds of versions.

use serde_json::{Value as Json, json};

use super::{
    objects::meant,
    tables::{OBJECTS, bucket, setting},
};
use crate::sandbox::{Fault, Reply, Request, World, done};

const DAY: f64 = 86_400.0;

fn locked(world: &World, rq: &Request<'_>) -> Result<(), Fault> {
    if setting(bucket(world, rq)?, "ObjectLockConfiguration").is_null() {
        return Err(Fault::new("InvalidRequest", "Bucket is missing Object Lock Configuration"));
    }
    Ok(())
}

/// Gives a new version the bucket's default retention unless it brings its own.
pub(super) fn default(world: &World, bucket: &Json, row: &mut Json) {
    let retention = &setting(bucket, "ObjectLockConfiguration")["Rule"]["DefaultRetention"];
    if retention["Mode"].is_null() || !row["ObjectLockMode"].is_null() {
        return;
    }
    let days = retention["Days"].as_f64().or_else(|| retention["Years"].as_f64().map(|years| years * 365.0));
    row["ObjectLockMode"] = retention["Mode"].clone();
    row["ObjectLockRetainUntilDate"] = json!(world.now_secs() + days.unwrap_or(0.0) * DAY);
}

/// Whether a version may be deleted for good.
pub(super) fn allows_deletion(world: &World, row: &Json, bypass: bool) -> Result<(), Fault> {
    let until = row["ObjectLockRetainUntilDate"].as_f64().unwrap_or(0.0);
    let retained = until > world.now_secs() && !(bypass && row["ObjectLockMode"] == "GOVERNANCE");
    if retained || row["ObjectLockLegalHoldStatus"] == "ON" {
        return Err(
            Fault::new("AccessDenied", "Access Denied because object protected by object lock.").status(403)
        );
    }
    Ok(())
}

pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    locked(world, rq)?;
    let (at, row) = meant(world, rq)?;
    let wanted = rq.get("Retention");
    let old = row["ObjectLockRetainUntilDate"].as_f64().unwrap_or(0.0);
    let shorter = wanted["RetainUntilDate"].as_f64().unwrap_or(0.0) < old;
    let compliance = row["ObjectLockMode"] == "COMPLIANCE";
    if old > world.now_secs() && shorter && (compliance || !rq.flag("BypassGovernanceRetention")) {
        return Err(
            Fault::new("AccessDenied", "Access Denied because object protected by object lock.").status(403)
        );
    }
    let (mode, until) = (wanted["Mode"].clone(), wanted["RetainUntilDate"].clone());
    if let Some(row) = world.get_mut(OBJECTS, &at) {
        row["ObjectLockMode"] = mode;
        row["ObjectLockRetainUntilDate"] = until;
    }
    done()
}

fn none() -> Fault {
    Fault::new(
        "NoSuchObjectLockConfiguration",
        "The specified object does not have a ObjectLock configuration",
    )
    .status(404)
}

pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    locked(world, rq)?;
    let (_, row) = meant(world, rq)?;
    if row["ObjectLockMode"].is_null() {
        return Err(none());
    }
    Ok(
        json!({"Retention": {"Mode": row["ObjectLockMode"], "RetainUntilDate": row["ObjectLockRetainUntilDate"]}}),
    )
}

pub(super) fn put_hold(world: &mut World, rq: &Request<'_>) -> Reply {
    locked(world, rq)?;
    let (at, _) = meant(world, rq)?;
    let status = rq.get("LegalHold")["Status"].clone();
    if let Some(row) = world.get_mut(OBJECTS, &at) {
        row["ObjectLockLegalHoldStatus"] = status;
    }
    done()
}

pub(super) fn get_hold(world: &mut World, rq: &Request<'_>) -> Reply {
    locked(world, rq)?;
    let (_, row) = meant(world, rq)?;
    if row["ObjectLockLegalHoldStatus"].is_null() {
        return Err(none());
    }
    Ok(json!({"LegalHold": {"Status": row["ObjectLockLegalHoldStatus"]}}))
}
