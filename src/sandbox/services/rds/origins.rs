//! Instances that come from somewhere: from a snapshot, from a point in time, as a read replica. Each is made like a
//! new one, of parameters of which most are inherited.

use serde_json::{Value as Json, json};

use super::{
    backups,
    create::{create_db_instance, striped_from},
    store::{CLUSTER, CLUSTER_SNAPSHOT, INSTANCE, SNAPSHOT, combination, invalid, key, no_instance, public},
};
use crate::sandbox::{Fault, Reply, Request, World, durations};

/// Members of an instance that another one made of it has too, and as what they are sent.
const INHERITED: &[(&str, &str)] = &[
    ("AllocatedStorage", "AllocatedStorage"),
    ("CharacterSetName", "CharacterSetName"),
    ("DBInstanceClass", "DBInstanceClass"),
    ("DBName", "DBName"),
    ("Engine", "Engine"),
    ("EngineVersion", "EngineVersion"),
    ("Iops", "Iops"),
    ("LicenseModel", "LicenseModel"),
    ("MasterUsername", "MasterUsername"),
    ("StorageEncrypted", "StorageEncrypted"),
    ("StorageThroughput", "StorageThroughput"),
    ("StorageType", "StorageType"),
    ("Timezone", "Timezone"),
    ("_port", "Port"),
];

/// The last part of an ARN, or the name itself.
fn name_of(text: &str) -> &str {
    text.rsplit(':').next().unwrap_or(text)
}

/// Makes the instance of what it inherits and what was sent; answers its key.
pub fn make(world: &mut World, rq: &Request<'_>, from: &Json, name: &str) -> Result<String, Fault> {
    let mut input = json!({});
    // What gp3 gives by itself below the size from which it can be set is not set again.
    let engine = from["Engine"].as_str().unwrap_or_default();
    let given =
        from["StorageType"] == "gp3" && from["AllocatedStorage"].as_i64() < Some(striped_from(engine));
    for (member, sent) in INHERITED {
        if given && matches!(*member, "Iops" | "StorageThroughput") {
            continue;
        }
        if !from[*member].is_null() {
            input[*sent] = from[*member].clone();
        }
    }
    if from["StorageEncrypted"] == true && from["KmsKeyId"].is_string() {
        input["KmsKeyId"] = from["KmsKeyId"].clone();
    }
    for (member, value) in rq.input.as_object().into_iter().flatten() {
        input[member] = value.clone();
    }
    input["DBInstanceIdentifier"] = json!(name);
    if !rq.flag("ManageMasterUserPassword") {
        // The data brings its users along; the value is checked and not kept.
        input["MasterUserPassword"] = json!("comes-with-the-data");
    }
    let made = Request { operation: rq.operation, region: rq.region, access_key: rq.access_key, input };
    create_db_instance(world, &made)?;
    Ok(key(rq, &name.to_lowercase()))
}

fn shown(world: &World, key: &str) -> Reply {
    Ok(json!({"DBInstance": world.get(INSTANCE, key).map(public).unwrap_or_default()}))
}

/// The one of two alternatives that a request gives, and whether it is the first.
fn either<'r>(rq: &'r Request<'_>, one: &str, other: &str) -> Result<(&'r str, bool), Fault> {
    match (rq.opt(one), rq.opt(other)) {
        (Some(name), None) => Ok((name_of(name), true)),
        (None, Some(name)) => Ok((name_of(name), false)),
        _ => Err(combination(format!("Specify either {one} or {other}."))),
    }
}

/// `RestoreDBInstanceFromDBSnapshot`, of an instance or of a Multi-AZ cluster.
pub fn from_snapshot(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, instance) = either(rq, "DBSnapshotIdentifier", "DBClusterSnapshotIdentifier")?;
    let table = if instance { SNAPSHOT } else { CLUSTER_SNAPSHOT };
    let row = world.get(table, &key(rq, name)).cloned();
    let missing = if instance {
        Fault::new("DBSnapshotNotFound", format!("DBSnapshot {name} not found."))
    } else {
        Fault::new("DBClusterSnapshotNotFoundFault", format!("DBClusterSnapshot {name} not found."))
    };
    let row = row.ok_or(missing)?;
    if row["Status"] != "available" {
        let message = format!("The snapshot {name} is not in available state.");
        return Err(Fault::new("InvalidDBSnapshotState", message));
    }
    let mut from = row["_instance"].clone();
    if from.is_null() {
        from = row.clone();
    }
    let key = make(world, rq, &from, rq.text("DBInstanceIdentifier"))?;
    shown(world, &key)
}

/// `RestoreDBInstanceToPointInTime`.
pub fn to_point_in_time(world: &mut World, rq: &Request<'_>) -> Reply {
    let (source, resource) = (rq.opt("SourceDBInstanceIdentifier"), rq.opt("SourceDbiResourceId"));
    if rq.flag("UseLatestRestorableTime") != rq.get("RestoreTime").is_null() {
        return Err(combination("Specify either a RestoreTime or UseLatestRestorableTime."));
    }
    let row = match (source, resource) {
        (Some(name), _) => world.get(INSTANCE, &key(rq, name)).cloned().ok_or_else(|| no_instance(name))?,
        (None, Some(id)) => {
            let found =
                world.rows(INSTANCE).find(|(_, row)| row["DbiResourceId"] == id).map(|(_, row)| row.clone());
            found.map_or_else(|| backups::instance(world, rq), Ok)?
        }
        (None, None) => backups::instance(world, rq)?,
    };
    let latest = row["LatestRestorableTime"].as_f64();
    let Some(latest) = latest.filter(|_| row["BackupRetentionPeriod"].as_i64().unwrap_or_default() > 0)
    else {
        let message = "The source instance has no backups to restore from.";
        return Err(Fault::new("PointInTimeRestoreNotEnabled", message));
    };
    if rq.get("RestoreTime").as_f64().is_some_and(|time| time > latest) {
        return Err(invalid("The specified time is later than the latest restorable time."));
    }
    let key = make(world, rq, &row, rq.text("TargetDBInstanceIdentifier"))?;
    shown(world, &key)
}

/// A replica of a Multi-AZ cluster.
fn of_cluster(world: &mut World, rq: &Request<'_>, cluster: &str) -> Reply {
    let source_key = key(rq, cluster);
    let row = world.get(CLUSTER, &source_key).cloned();
    let missing = || Fault::new("DBClusterNotFoundFault", format!("DBCluster {cluster} not found."));
    let row = row.ok_or_else(missing)?;
    let mut sent = rq.input.clone();
    if sent["DBInstanceClass"].is_null() {
        sent["DBInstanceClass"] = row["DBClusterInstanceClass"].clone();
    }
    if sent["BackupRetentionPeriod"].is_null() {
        sent["BackupRetentionPeriod"] = json!(0);
    }
    let inherited =
        Request { operation: rq.operation, region: rq.region, access_key: rq.access_key, input: sent };
    let key = make(world, &inherited, &row, rq.text("DBInstanceIdentifier"))?;
    if let Some(row) = world.get_mut(INSTANCE, &key) {
        row["ReadReplicaSourceDBClusterIdentifier"] = json!(cluster.to_lowercase());
        row["StatusInfos"] =
            json!([{"StatusType": "read replication", "Normal": true, "Status": "replicating"}]);
    }
    shown(world, &key)
}

/// `CreateDBInstanceReadReplica`; the source may be in another region, then it is named by its ARN.
pub fn replica(world: &mut World, rq: &Request<'_>) -> Reply {
    let (source, instance) = either(rq, "SourceDBInstanceIdentifier", "SourceDBClusterIdentifier")?;
    if !instance {
        return of_cluster(world, rq, source);
    }
    let arn = rq.opt("SourceDBInstanceIdentifier").filter(|name| name.starts_with("arn:"));
    let source_key = match arn.and_then(|arn| arn.split(':').nth(3)) {
        Some(region) => format!("{region}/{}", source.to_lowercase()),
        None => key(rq, source),
    };
    let near = source_key == key(rq, source);
    let mut row = world.get(INSTANCE, &source_key).cloned().ok_or_else(|| no_instance(source))?;
    if row["DBInstanceStatus"] != "available" {
        let message = format!("Source instance {source} is not in the available state.");
        return Err(Fault::new("InvalidDBInstanceState", message));
    }
    if row["BackupRetentionPeriod"].as_i64().unwrap_or_default() == 0 {
        let message = "Automated backups are not enabled for this database instance. To enable automated backups, \
                       use ModifyDBInstance to set the backup retention period to a non-zero value.";
        return Err(Fault::new("InvalidDBInstanceState", message));
    }
    let mut sent = rq.input.clone();
    for (member, value) in [
        ("DBSubnetGroupName", &row["DBSubnetGroup"]["DBSubnetGroupName"]),
        ("DBParameterGroupName", &row["DBParameterGroups"][0]["DBParameterGroupName"]),
        ("BackupRetentionPeriod", &json!(0)),
    ] {
        // Groups are of one region only.
        if sent[member].is_null() && !value.is_null() && (near || member == "BackupRetentionPeriod") {
            sent[member] = value.clone();
        }
    }
    let inherited =
        Request { operation: rq.operation, region: rq.region, access_key: rq.access_key, input: sent };
    let key = make(world, &inherited, &row, rq.text("DBInstanceIdentifier"))?;
    let name = rq.text("DBInstanceIdentifier").to_lowercase();
    let mut list = row["ReadReplicaDBInstanceIdentifiers"].take();
    if let Some(list) = list.as_array_mut() {
        list.push(if near {
            json!(name)
        } else {
            world.get(INSTANCE, &key).map_or(Json::Null, |row| row["DBInstanceArn"].clone())
        });
    }
    if let Some(row) = world.get_mut(INSTANCE, &source_key) {
        row["ReadReplicaDBInstanceIdentifiers"] = list;
    }
    if let Some(row) = world.get_mut(INSTANCE, &key) {
        row["ReadReplicaSourceDBInstanceIdentifier"] =
            json!(arn.filter(|_| !near).map_or(source.to_lowercase(), str::to_owned));
        row["ReplicaMode"] = rq.get("ReplicaMode").clone();
        row["StatusInfos"] =
            json!([{"StatusType": "read replication", "Normal": true, "Status": "replicating"}]);
    }
    shown(world, &key)
}

/// A replica that goes or stands by itself is on its source's list no longer.
pub fn leave_source(world: &mut World, rq: &Request<'_>, row: &Json) {
    let Some(source) = row["ReadReplicaSourceDBInstanceIdentifier"].as_str() else { return };
    let place = match source.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2)) {
        Some(region) => format!("{region}/{}", name_of(source)),
        None => key(rq, source),
    };
    if let Some(list) =
        world.get_mut(INSTANCE, &place).and_then(|row| row["ReadReplicaDBInstanceIdentifiers"].as_array_mut())
    {
        list.retain(|name| *name != row["DBInstanceIdentifier"] && *name != row["DBInstanceArn"]);
    }
}

/// What becomes of an instance's replicas when it is deleted: each goes on alone.
pub fn orphan_replicas(world: &mut World, rq: &Request<'_>, row: &Json) {
    for name in
        row["ReadReplicaDBInstanceIdentifiers"].as_array().into_iter().flatten().filter_map(Json::as_str)
    {
        if let Some(replica) = world.get_mut(INSTANCE, &key(rq, name)) {
            replica["ReadReplicaSourceDBInstanceIdentifier"] = Json::Null;
            replica["ReplicaMode"] = Json::Null;
            replica["StatusInfos"] = json!([]);
        }
    }
}

/// `PromoteReadReplica`.
pub fn promote(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBInstanceIdentifier");
    let own = key(rq, name);
    let row = world.get(INSTANCE, &own).cloned().ok_or_else(|| no_instance(name))?;
    if row["ReadReplicaSourceDBInstanceIdentifier"].is_null() || row["DBInstanceStatus"] != "available" {
        let message = format!("DB instance {name} is not an available read replica.");
        return Err(Fault::new("InvalidDBInstanceState", message));
    }
    leave_source(world, rq, &row);
    if let Some(row) = world.get_mut(INSTANCE, &own) {
        row["DBInstanceStatus"] = json!("modifying");
        row["ReadReplicaSourceDBInstanceIdentifier"] = Json::Null;
        row["ReplicaMode"] = Json::Null;
        row["StatusInfos"] = json!([]);
        row["BackupRetentionPeriod"] = json!(rq.int("BackupRetentionPeriod").unwrap_or(1));
        if let Some(window) = rq.opt("PreferredBackupWindow") {
            row["PreferredBackupWindow"] = json!(window);
        }
    }
    world.set_after(durations::RDS_MODIFY, INSTANCE, &own, json!({"DBInstanceStatus": "available"}));
    shown(world, &own)
}
