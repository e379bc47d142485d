//! Vaults: what they hold, who may reach them, where they report to, and their lock.

use serde_json::{Value as Json, json};

use super::{BAD_TOKEN, POINTS, VAULTS, invalid, missing, refused, vault};
use crate::sandbox::{Fault, Reply, Request, World, done, services::kms};

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

fn arn(world: &World, region: &str, name: &str) -> String {
    world.arn("backup", region, &format!("backup-vault:{name}"))
}

fn shown(world: &World, row: &Json) -> Json {
    let held =
        world.rows(POINTS).filter(|(_, point)| point["BackupVaultArn"] == row["BackupVaultArn"]).count();
    let mut all: Json = row
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| !name.starts_with('_') && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    all["NumberOfRecoveryPoints"] = json!(held);
    all["Locked"] = json!(!row["MinRetentionDays"].is_null() || !row["MaxRetentionDays"].is_null());
    all
}

pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("BackupVaultName");
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !(2..=50).contains(&name.len()) || !name.chars().all(fits) {
        return Err(invalid("Backup vault name must match the pattern ^[a-zA-Z0-9\\-\\_]{2,50}$"));
    }
    let key = format!("{}/{name}", rq.region);
    let arn = arn(world, rq.region, name);
    if let Some(old) = world.get(VAULTS, &key) {
        let mut fault = Fault::new(
            "AlreadyExistsException",
            format!("Backup vault with the same name already exists: {name}"),
        );
        fault.members = json!({"Arn": arn, "CreatorRequestId": old["CreatorRequestId"]});
        return Err(fault);
    }
    let tags =
        if rq.get("BackupVaultTags").is_null() { json!({}) } else { rq.get("BackupVaultTags").clone() };
    let key_arn = match rq.opt("EncryptionKeyArn") {
        Some(arn) => json!(arn),
        None => kms::managed_arn(world, rq.region, "backup"),
    };
    let row = json!({
        "BackupVaultName": name, "BackupVaultArn": arn, "CreationDate": world.now_secs(), "EncryptionKeyArn": key_arn,
        "CreatorRequestId": rq.get("CreatorRequestId"), "VaultType": "BACKUP_VAULT", "VaultState": "AVAILABLE",
        "_tags": tags, "_region": rq.region,
    });
    world.put(VAULTS, &key, row);
    Ok(json!({"BackupVaultName": name, "BackupVaultArn": arn, "CreationDate": world.now_secs()}))
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = vault(world, rq)?;
    let row = world.get(VAULTS, &key).cloned().unwrap_or_default();
    if world.any(POINTS, |point| point["BackupVaultArn"] == row["BackupVaultArn"]) {
        return Err(refused("Backup vault cannot be deleted because it contains recovery points."));
    }
    world.remove(VAULTS, &key);
    done()
}

pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = vault(world, rq)?;
    Ok(world.get(VAULTS, &key).map(|row| shown(world, row)).unwrap_or_default())
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let kind = rq.opt("ByVaultType");
    let rows = world.rows(VAULTS).map(|(_, row)| row);
    let rows =
        rows.filter(|row| row["_region"] == rq.region && kind.is_none_or(|kind| row["VaultType"] == kind));
    let all = rows.map(|row| shown(world, row)).collect();
    let (page, next) = rq.page(all, "MaxResults", "NextToken", 1_000, BAD_TOKEN)?;
    Ok(json!({"BackupVaultList": page, "NextToken": next}))
}

fn set(world: &mut World, rq: &Request<'_>, member: &str, value: Json) -> Reply {
    let key = vault(world, rq)?;
    if let Some(row) = world.get_mut(VAULTS, &key) {
        row[member] = value;
    }
    done()
}

pub(super) fn put_policy(world: &mut World, rq: &Request<'_>) -> Reply {
    vault(world, rq)?;
    let text = rq.text("Policy");
    if !text.is_empty() && serde_json::from_str::<Json>(text).is_err() {
        return Err(invalid("Policy is not valid JSON."));
    }
    set(world, rq, "_policy", if text.is_empty() { Json::Null } else { json!(text) })
}

pub(super) fn delete_policy(world: &mut World, rq: &Request<'_>) -> Reply {
    set(world, rq, "_policy", Json::Null)
}

pub(super) fn policy(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = vault(world, rq)?;
    let row = world.get(VAULTS, &key).cloned().unwrap_or_default();
    if row["_policy"].is_null() {
        let name = rq.text("BackupVaultName");
        return Err(missing(format!("Backup vault {name} has no policy.")));
    }
    Ok(json!({
        "BackupVaultName": row["BackupVaultName"], "BackupVaultArn": row["BackupVaultArn"], "Policy": row["_policy"],
    }))
}

pub(super) fn put_notifications(world: &mut World, rq: &Request<'_>) -> Reply {
    let value =
        json!({"SNSTopicArn": rq.get("SNSTopicArn"), "BackupVaultEvents": rq.get("BackupVaultEvents")});
    set(world, rq, "_notifications", value)
}

pub(super) fn delete_notifications(world: &mut World, rq: &Request<'_>) -> Reply {
    set(world, rq, "_notifications", Json::Null)
}

pub(super) fn notifications(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = vault(world, rq)?;
    let row = world.get(VAULTS, &key).cloned().unwrap_or_default();
    if row["_notifications"].is_null() {
        let name = rq.text("BackupVaultName");
        return Err(missing(format!("Failed reading notifications from database for Backup vault {name}")));
    }
    let mut out = row["_notifications"].clone();
    out["BackupVaultName"] = row["BackupVaultName"].clone();
    out["BackupVaultArn"] = row["BackupVaultArn"].clone();
    Ok(out)
}

/// A lock whose grace time is over cannot be touched by anybody.
fn open(world: &World, key: &str) -> Result<(), Fault> {
    let ends = world.get(VAULTS, key).and_then(|row| row["LockDate"].as_f64());
    match ends {
        Some(at) if at <= world.now_secs() => {
            Err(refused("Vault lock configuration cannot be changed after its lock date."))
        }
        _ => Ok(()),
    }
}

pub(super) fn put_lock(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = vault(world, rq)?;
    open(world, &key)?;
    let (least, most) = (rq.int("MinRetentionDays"), rq.int("MaxRetentionDays"));
    if least.is_some_and(|days| days < 1) || most.is_some_and(|days| !(1..=36_500).contains(&days)) {
        return Err(invalid("Retention days must be between 1 and 36500."));
    }
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        return Err(invalid("Min retention days cannot be greater than max retention days."));
    }
    if rq.int("ChangeableForDays").is_some_and(|days| days < 3) {
        return Err(invalid("Changeable for days must be at least 3."));
    }
    let ends = rq.int("ChangeableForDays").map(|days| World::seconds(world.date_after(days * DAY)));
    if let Some(row) = world.get_mut(VAULTS, &key) {
        row["MinRetentionDays"] = json!(least);
        row["MaxRetentionDays"] = json!(most);
        row["LockDate"] = json!(ends);
    }
    done()
}

pub(super) fn delete_lock(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = vault(world, rq)?;
    open(world, &key)?;
    if let Some(row) = world.get_mut(VAULTS, &key) {
        for member in ["MinRetentionDays", "MaxRetentionDays", "LockDate"] {
            row[member] = Json::Null;
        }
    }
    done()
}
