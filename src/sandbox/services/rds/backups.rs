//! Automated backups that other regions keep. They stay when their instance goes, for as long as they were meant to.

use serde_json::{Value as Json, json};

use super::store::{INSTANCE, filtered, invalid, no_instance, paged, public, rows};
use crate::sandbox::{Fault, Reply, Request, World, durations};

/// Copies, by the region that keeps them and the instance's resource id.
const COPIES: &str = "rds.automated-backup";

/// The instance of an ARN, in whatever region: its key and its row.
fn source(world: &World, rq: &Request<'_>) -> Result<(String, Json), Fault> {
    let arn = rq.text("SourceDBInstanceArn");
    let found = world.rows(INSTANCE).find(|(_, row)| row["DBInstanceArn"] == arn);
    let (key, row) = found.ok_or_else(|| no_instance(arn))?;
    if row["DBInstanceStatus"] != "available" {
        return Err(Fault::new("InvalidDBInstanceState", "The source DB instance is not in the available state."));
    }
    Ok((key.to_owned(), row.clone()))
}

fn copy_key(rq: &Request<'_>, row: &Json) -> String {
    format!("{}/{}", rq.region, row["DbiResourceId"].as_str().unwrap_or_default())
}

/// `StartDBInstanceAutomatedBackupsReplication`, asked for in the region that keeps the copies.
pub fn start(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, row) = source(world, rq)?;
    if key.starts_with(&format!("{}/", rq.region)) {
        return Err(invalid("Backups cannot be replicated into the source's own region."));
    }
    if row["BackupRetentionPeriod"].as_i64().unwrap_or_default() == 0 {
        let message = "Automated backups are not enabled for the source DB instance.";
        return Err(Fault::new("InvalidDBInstanceState", message));
    }
    if row["DBInstanceAutomatedBackupsReplications"].as_array().is_some_and(|list| !list.is_empty()) {
        let message = "The backups of this DB instance are replicated already.";
        return Err(Fault::new("InvalidDBInstanceAutomatedBackupState", message));
    }
    let name = format!("auto-backup:ab-{}", world.hex(26));
    let arn = world.arn("rds", rq.region, &name);
    let mut copy = json!({
        "DBInstanceAutomatedBackupsArn": arn, "DBInstanceArn": row["DBInstanceArn"], "Region": row["_region"],
        "DbiResourceId": row["DbiResourceId"], "DBInstanceIdentifier": row["DBInstanceIdentifier"],
        "Engine": row["Engine"], "EngineVersion": row["EngineVersion"], "Status": "pending",
        "BackupRetentionPeriod": rq.int("BackupRetentionPeriod").unwrap_or(7), "TagList": rq.list("Tags"),
        "AllocatedStorage": row["AllocatedStorage"], "Encrypted": row["StorageEncrypted"], "_region": rq.region,
    });
    if row["StorageEncrypted"] == true {
        let default = world.arn("kms", rq.region, "key/11111111-2222-3333-4444-555555555555");
        copy["KmsKeyId"] = rq.opt("KmsKeyId").map_or(json!(default), |key| json!(key));
    }
    let shown = public(&copy);
    let place = copy_key(rq, &row);
    world.put(COPIES, &place, copy);
    world.set_after(durations::RDS_MODIFY, COPIES, &place, json!({"Status": "replicating"}));
    if let Some(row) = world.get_mut(INSTANCE, &key) {
        row["DBInstanceAutomatedBackupsReplications"] = json!([{"DBInstanceAutomatedBackupsArn": arn}]);
    }
    Ok(json!({"DBInstanceAutomatedBackup": shown}))
}

/// `StopDBInstanceAutomatedBackupsReplication`: the copies that are there stay.
pub fn stop(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, row) = source(world, rq)?;
    let place = copy_key(rq, &row);
    if world.get(COPIES, &place).is_none_or(|copy| copy["Status"] == "retained") {
        let message = "The backups of this DB instance are not replicated to this region.";
        return Err(Fault::new("InvalidDBInstanceState", message));
    }
    world.cancel(COPIES, &place);
    if let Some(copy) = world.get_mut(COPIES, &place) {
        copy["Status"] = json!("retained");
    }
    let shown = world.get(COPIES, &place).map(public).unwrap_or_default();
    world.set_after(5_000, INSTANCE, &key, json!({"DBInstanceAutomatedBackupsReplications": []}));
    Ok(json!({"DBInstanceAutomatedBackup": shown}))
}

/// `DescribeDBInstanceAutomatedBackups`: those that the region keeps for others.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let by = ["DBInstanceAutomatedBackupsArn", "DbiResourceId", "DBInstanceIdentifier"];
    let mut found = rows(world, rq, COPIES);
    found.retain(|row| by.iter().all(|member| rq.opt(member).is_none_or(|wanted| row[*member] == wanted)));
    if found.is_empty() && by.iter().any(|member| rq.opt(member).is_some()) {
        return Err(Fault::new("DBInstanceAutomatedBackupNotFound", "DBInstanceAutomatedBackup not found."));
    }
    let found = filtered(rq, found, |name| match name {
        "db-instance-id" => Some("DBInstanceIdentifier"),
        "dbi-resource-id" => Some("DbiResourceId"),
        "status" => Some("Status"),
        _ => None,
    })?;
    paged(rq, "DBInstanceAutomatedBackups", found.iter().map(public).collect())
}

/// `DeleteDBInstanceAutomatedBackup` of a copy.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let by = ["DBInstanceAutomatedBackupsArn", "DbiResourceId"];
    let prefix = format!("{}/", rq.region);
    let named = |row: &Json| by.iter().any(|member| rq.opt(member).is_some_and(|wanted| row[*member] == wanted));
    let found = world.rows(COPIES).find(|(key, row)| key.starts_with(&prefix) && named(row));
    let place = found.map(|(key, _)| key.to_owned()).ok_or_else(|| {
        Fault::new("DBInstanceAutomatedBackupNotFound", "DBInstanceAutomatedBackup not found.")
    })?;
    if world.get(COPIES, &place).is_some_and(|copy| copy["Status"] == "replicating") {
        let message = "The automated backup is being replicated.";
        return Err(Fault::new("InvalidDBInstanceAutomatedBackupState", message));
    }
    let gone = world.remove(COPIES, &place).unwrap_or_default();
    Ok(json!({"DBInstanceAutomatedBackup": public(&gone)}))
}
