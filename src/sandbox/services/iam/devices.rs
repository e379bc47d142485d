//! MFA devices: virtual ones, and which user has which.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value as Json, json};

use super::{
    entity::{USER, conflict, missing, paged, under_path},
    tags,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Devices under their serial numbers; `_user` has one.
pub(super) const DEVICES: &str = "iam.mfa-device";

/// "You can register up to eight MFA devices" of a user (IAM User Guide, quotas).
const PER_USER: usize = 8;

/// A picture of one white dot. What it should show holds the seed, which no app reads off a sandbox.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTjtsQAAAABJRU5ErkJggg==";

fn absent(serial: &str) -> Fault {
    missing(format!("VirtualMFADevice with serial number {serial} doesn't exist."))
}

/// `CreateVirtualMFADevice`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    tags::check(rq.list("Tags"))?;
    let path = rq.opt("Path").unwrap_or("/");
    let serial = world.arn("iam", "", &format!("mfa{path}{}", rq.text("VirtualMFADeviceName")));
    if world.get(DEVICES, &serial).is_some() {
        return Err(Fault::new(
            "EntityAlreadyExists",
            "MFADevice entity at the same path and name already exists.",
        ));
    }
    let seed = world.letters(64, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    let row = json!({"SerialNumber": serial, "Path": path, "Tags": rq.list("Tags"), "_user": null});
    world.put(DEVICES, &serial, row);
    let mut shown = json!({
        "SerialNumber": serial, "Base32StringSeed": BASE64_STANDARD.encode(seed), "QRCodePNG": PICTURE,
    });
    if !rq.list("Tags").is_empty() {
        shown["Tags"] = json!(rq.list("Tags"));
    }
    Ok(json!({"VirtualMFADevice": shown}))
}

/// `DeleteVirtualMFADevice`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let serial = rq.text("SerialNumber");
    let row = world.get(DEVICES, serial).ok_or_else(|| absent(serial))?;
    if row["_user"].is_string() {
        return Err(conflict("Cannot delete virtual MFA device that is assigned to a user."));
    }
    world.remove(DEVICES, serial);
    done()
}

/// `ListVirtualMFADevices`.
pub(super) fn list_virtual(world: &mut World, rq: &Request<'_>) -> Reply {
    let assigned = match rq.opt("AssignmentStatus") {
        Some("Assigned") => Some(true),
        Some("Unassigned") => Some(false),
        _ => None,
    };
    let rows = under_path(world, rq, DEVICES);
    let fits = |row: &&Json| assigned.is_none_or(|wanted| row["_user"].is_string() == wanted);
    let shown = rows.iter().filter(fits).map(|row| {
        let mut shown = json!({"SerialNumber": row["SerialNumber"]});
        if let Some(user) = row["_user"].as_str().and_then(|name| world.get(USER.table, name)) {
            let mut whole = json!({});
            for member in ["UserName", "UserId", "Arn", "Path", "CreateDate"] {
                whole[member] = user[member].clone();
            }
            shown["User"] = whole;
            shown["EnableDate"] = row["EnableDate"].clone();
        }
        shown
    });
    paged(rq, "VirtualMFADevices", shown.collect())
}

/// The serial numbers of a user's devices.
fn of_user(world: &World, user: &str) -> Vec<String> {
    world.rows(DEVICES).filter(|(_, row)| row["_user"] == user).map(|(serial, _)| serial.to_owned()).collect()
}

/// Whether a user has devices, which are in the way of its deletion.
pub(super) fn held(world: &World, user: &str) -> bool {
    !of_user(world, user).is_empty()
}

/// Devices stay with a user who is renamed.
pub(super) fn rename(world: &mut World, old: &str, new: &str) {
    for serial in of_user(world, old) {
        if let Some(row) = world.get_mut(DEVICES, &serial) {
            row["_user"] = json!(new);
        }
    }
}

/// `EnableMFADevice`. Codes are six digits by the model; which six is not looked at.
pub(super) fn enable(world: &mut World, rq: &Request<'_>) -> Reply {
    USER.get(world, rq)?;
    let (user, serial) = (rq.text("UserName"), rq.text("SerialNumber"));
    let row = world.get(DEVICES, serial).ok_or_else(|| absent(serial))?;
    if row["_user"].is_string() {
        return Err(Fault::new("EntityAlreadyExists", "MFA Device is already in use."));
    }
    if of_user(world, user).len() >= PER_USER {
        return Err(Fault::new(
            "LimitExceeded",
            format!("Cannot exceed quota for MfaDevicesPerUser: {PER_USER}"),
        ));
    }
    let now = world.now_secs();
    if let Some(row) = world.get_mut(DEVICES, serial) {
        row["_user"] = json!(user);
        row["EnableDate"] = json!(now);
    }
    done()
}

/// The device of a request, which the user has.
fn enabled<'w>(world: &'w mut World, rq: &Request<'_>) -> Result<&'w mut Json, Fault> {
    let user = super::credentials::user(world, rq)?;
    let serial = rq.text("SerialNumber");
    world.get_mut(DEVICES, serial).filter(|row| row["_user"] == user.as_str()).ok_or_else(|| {
        missing(format!("MFA Device with serial number {serial} does not exist for the user."))
    })
}

/// `DeactivateMFADevice`.
pub(super) fn deactivate(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = enabled(world, rq)?;
    row["_user"] = Json::Null;
    row["EnableDate"] = Json::Null;
    done()
}

/// `ResyncMFADevice`.
pub(super) fn resync(world: &mut World, rq: &Request<'_>) -> Reply {
    enabled(world, rq)?;
    done()
}

/// `ListMFADevices`; without a user those of the caller.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let user = super::credentials::user(world, rq)?;
    let shown = of_user(world, &user).into_iter().map(|serial| {
        let date = world.get(DEVICES, &serial).map(|row| row["EnableDate"].clone());
        json!({"UserName": user, "SerialNumber": serial, "EnableDate": date})
    });
    let shown = shown.collect();
    paged(rq, "MFADevices", shown)
}

/// `GetMFADevice`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let serial = rq.text("SerialNumber");
    let row = world.get(DEVICES, serial).ok_or_else(|| absent(serial))?;
    if let Some(name) = rq.opt("UserName")
        && row["_user"] != name
    {
        return Err(missing(format!("MFA Device with serial number {serial} does not exist for the user.")));
    }
    let mut shown = json!({"SerialNumber": serial});
    if row["_user"].is_string() {
        shown["UserName"] = row["_user"].clone();
        shown["EnableDate"] = row["EnableDate"].clone();
    }
    Ok(shown)
}
