//! Automated backups: those that instances have, and those that are kept by other regions or outlive their instance.

use serde_json::{Value as Json, json};

use super::store::{INSTANCE, combination, filtered, invalid, no_instance, paged, public, rows};
use crate::sandbox::{Effect, Fault, Reply, Request, World, durations, services::kms};

/// Backups that are no longer or not only their instance's: copies of other regions and what is retained, by the
/// region that keeps them and the instance's resource id. The rest is read off the instances.
const COPIES: &str = "rds.automated-backup";

/// Members of an instance that its backups show.
const SHOWN: &[&str] = &[
    "AllocatedStorage",
    "AvailabilityZone",
    "DBInstanceArn",
    "DBInstanceIdentifier",
    "DbiResourceId",
    "DedicatedLogVolume",
    "Engine",
    "EngineVersion",
    "IAMDatabaseAuthenticationEnabled",
    "InstanceCreateTime",
    "Iops",
    "LicenseModel",
    "MasterUsername",
    "PreferredBackupWindow",
    "StorageThroughput",
    "StorageType",
    "Timezone",
];

/// How long a retained backup is listed, by the days it is kept.
fn kept(days: i64) -> i64 {
    days.saturating_mul(86_400_000)
}

/// What a backup shows of its instance.
fn of(row: &Json) -> Json {
    let mut backup = json!({
        "Region": row["_region"], "Encrypted": row["StorageEncrypted"], "Port": row["_port"], "VpcId": row["DBSubnetGroup"]["VpcId"],
        "OptionGroupName": row["OptionGroupMemberships"][0]["OptionGroupName"],
    });
    for member in SHOWN {
        backup[*member] = row[*member].clone();
    }
    if !row["LatestRestorableTime"].is_null() {
        backup["RestoreWindow"] =
            json!({"EarliestTime": row["InstanceCreateTime"], "LatestTime": row["LatestRestorableTime"]});
    }
    backup
}

/// The backup that an instance has in its own region, as long as it keeps any.
fn own(world: &World, row: &Json) -> Option<Json> {
    if row["BackupRetentionPeriod"].as_i64().unwrap_or_default() == 0 {
        return None;
    }
    let id = row["DbiResourceId"].as_str().unwrap_or_default().to_lowercase().replacen("db-", "ab-", 1);
    let arn = world.arn("rds", row["_region"].as_str().unwrap_or_default(), &format!("auto-backup:{id}"));
    let first = row["DBInstanceStatus"] == "creating" || row["DBInstanceStatus"] == "backing-up";
    let mut backup = of(row);
    backup["DBInstanceAutomatedBackupsArn"] = json!(arn);
    backup["Status"] = json!(if first { "creating" } else { "active" });
    backup["KmsKeyId"] = row["KmsKeyId"].clone();
    backup["BackupRetentionPeriod"] = row["BackupRetentionPeriod"].clone();
    backup["DBInstanceAutomatedBackupsReplications"] = row["DBInstanceAutomatedBackupsReplications"].clone();
    Some(backup)
}

/// What becomes of an instance's backups when it is deleted: its own go with it, unless they are to stay; copies in
/// other regions stay.
pub fn orphan(world: &mut World, rq: &Request<'_>, row: &Json) {
    let id = row["DbiResourceId"].as_str().unwrap_or_default();
    let copies: Vec<String> = world
        .rows(COPIES)
        .filter(|(_, copy)| copy["DbiResourceId"] == id)
        .map(|(key, _)| key.to_owned())
        .collect();
    for place in copies {
        retain(world, &place);
    }
    let stays = rq.get("DeleteAutomatedBackups") == &json!(false);
    let restorable = row["LatestRestorableTime"].is_number();
    if let Some(mut backup) = own(world, row).filter(|_| stays && restorable) {
        backup["_instance"] = row.clone();
        backup["_region"] = json!(rq.region);
        backup["DBInstanceAutomatedBackupsReplications"] = Json::Null;
        let place = copy_key(rq, row);
        world.put(COPIES, &place, backup);
        retain(world, &place);
    }
}

/// Nothing is added to a copy any more; it goes when its time is over.
fn retain(world: &mut World, place: &str) {
    world.cancel(COPIES, place);
    let Some(copy) = world.get_mut(COPIES, place) else { return };
    copy["Status"] = json!("retained");
    let days = copy["BackupRetentionPeriod"].as_i64().unwrap_or_default();
    world.after(kept(days), COPIES, place, Effect::Remove);
}

/// The instance of a backup that a restore names, as it was at the last backup.
pub fn instance(world: &World, rq: &Request<'_>) -> Result<Json, Fault> {
    let by = [
        ("SourceDBInstanceAutomatedBackupsArn", "DBInstanceAutomatedBackupsArn"),
        ("SourceDbiResourceId", "DbiResourceId"),
    ];
    let named = |row: &Json| {
        by.iter().any(|(sent, member)| rq.opt(sent).is_some_and(|wanted| row[*member] == wanted))
    };
    if let Some(row) =
        rows(world, rq, INSTANCE).into_iter().find(|row| own(world, row).is_some_and(|backup| named(&backup)))
    {
        return Ok(row);
    }
    let found = rows(world, rq, COPIES).into_iter().find(named).ok_or_else(not_found)?;
    let mut row = found["_instance"].clone();
    row["KmsKeyId"] = found["KmsKeyId"].clone();
    Ok(row)
}

fn not_found() -> Fault {
    Fault::new("DBInstanceAutomatedBackupNotFound", "DBInstanceAutomatedBackup not found.")
}

/// Starting or ending a copy keeps the instance busy for a while.
fn busy(world: &mut World, key: &str, members: Json) {
    let mut members = members;
    members["DBInstanceStatus"] = json!("available");
    if let Some(row) = world.get_mut(INSTANCE, key) {
        row["DBInstanceStatus"] = json!("modifying");
    }
    world.set_after(durations::RDS_MODIFY, INSTANCE, key, members);
}

/// The instance of an ARN, in whatever region: its key and its row.
fn source(world: &World, rq: &Request<'_>) -> Result<(String, Json), Fault> {
    let arn = rq.text("SourceDBInstanceArn");
    let found = world.rows(INSTANCE).find(|(_, row)| row["DBInstanceArn"] == arn);
    let (key, row) = found.ok_or_else(|| no_instance(arn))?;
    if row["DBInstanceStatus"] != "available" {
        return Err(Fault::new(
            "InvalidDBInstanceState",
            "The source DB instance is not in the available state.",
        ));
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
    let days = rq.int("BackupRetentionPeriod").unwrap_or(7);
    if !(1..=35).contains(&days) {
        return Err(invalid("The backup retention period must be between 1 and 35 days."));
    }
    let mut copy = of(&row);
    copy["DBInstanceAutomatedBackupsArn"] = json!(arn);
    copy["BackupRetentionPeriod"] = json!(days);
    copy["Status"] = json!("pending");
    copy["TagList"] = rq.get("Tags").clone();
    copy["_instance"] = row.clone();
    copy["_region"] = json!(rq.region);
    if row["StorageEncrypted"] == true {
        let default = kms::managed_arn(world, rq.region, "rds");
        copy["KmsKeyId"] = rq.opt("KmsKeyId").map_or(default, |key| json!(key));
    }
    let shown = public(&copy);
    let place = copy_key(rq, &row);
    world.put(COPIES, &place, copy);
    world.set_after(durations::RDS_MODIFY, COPIES, &place, json!({"Status": "replicating"}));
    if let Some(row) = world.get_mut(INSTANCE, &key) {
        row["DBInstanceAutomatedBackupsReplications"] = json!([{"DBInstanceAutomatedBackupsArn": arn}]);
    }
    busy(world, &key, json!({}));
    Ok(json!({"DBInstanceAutomatedBackup": shown}))
}

/// `StopDBInstanceAutomatedBackupsReplication`: the copies that are there stay.
pub fn stop(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, row) = source(world, rq)?;
    let place = copy_key(rq, &row);
    if world.get(COPIES, &place).is_none_or(|copy| copy["Status"] == "retained") {
        let message = "The source DB instance is not replicating to the current region.";
        return Err(Fault::new("InvalidDBInstanceState", message));
    }
    // The answer shows what it was until now.
    let shown = world.get(COPIES, &place).map(public).unwrap_or_default();
    retain(world, &place);
    busy(world, &key, json!({"DBInstanceAutomatedBackupsReplications": []}));
    Ok(json!({"DBInstanceAutomatedBackup": shown}))
}

/// Every backup of the region: those of its instances, and those it keeps.
fn all(world: &World, rq: &Request<'_>) -> Vec<Json> {
    let mut found: Vec<Json> = rows(world, rq, INSTANCE)
        .iter()
        .filter(|row| row["DBInstanceStatus"] != "deleting")
        .filter_map(|row| own(world, row))
        .collect();
    found.extend(rows(world, rq, COPIES));
    found
}

/// `DescribeDBInstanceAutomatedBackups`: those of the region.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let by = ["DBInstanceAutomatedBackupsArn", "DbiResourceId", "DBInstanceIdentifier"];
    let is = |row: &Json, member: &str, wanted: &str| {
        row[member].as_str().is_some_and(|text| text.eq_ignore_ascii_case(wanted))
    };
    let mut found = all(world, rq);
    found.retain(|row| by.iter().all(|member| rq.opt(member).is_none_or(|wanted| is(row, member, wanted))));
    if found.is_empty() && by.iter().any(|member| rq.opt(member).is_some()) {
        return Err(not_found());
    }
    let found = filtered(rq, found, |name| match name {
        "db-instance-id" => Some("DBInstanceIdentifier"),
        "dbi-resource-id" => Some("DbiResourceId"),
        "status" => Some("Status"),
        _ => None,
    })?;
    paged(rq, "DBInstanceAutomatedBackups", found.iter().map(public).collect())
}

/// `DeleteDBInstanceAutomatedBackup` of a backup that nothing is added to any more.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let by = ["DBInstanceAutomatedBackupsArn", "DbiResourceId"];
    if by.iter().all(|member| rq.opt(member).is_none()) {
        return Err(combination("Specify either DbiResourceId or DBInstanceAutomatedBackupsArn."));
    }
    let named =
        |row: &Json| by.iter().all(|member| rq.opt(member).is_none_or(|wanted| row[*member] == wanted));
    let found = all(world, rq).into_iter().find(named).ok_or_else(not_found)?;
    if found["Status"] != "retained" {
        let message = "The automated backup is in use: its DB instance exists.";
        return Err(Fault::new("InvalidDBInstanceAutomatedBackupState", message));
    }
    let place = copy_key(rq, &found);
    world.cancel(COPIES, &place);
    let gone = world.remove(COPIES, &place).unwrap_or_default();
    Ok(json!({"DBInstanceAutomatedBackup": public(&gone)}))
}
