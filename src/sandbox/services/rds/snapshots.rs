//! Snapshots.

use serde_json::{Value as Json, json};

use super::store::{
    INSTANCE, SNAPSHOT, filtered, identifier, invalid, key, no_instance, paged, public, rows,
};
use crate::sandbox::{Fault, Reply, Request, World};

/// How long a snapshot takes.
const MILLIS: i64 = 120_000;

/// Members a snapshot takes over from its instance.
const COPIED: &[&str] = &[
    "AllocatedStorage",
    "AvailabilityZone",
    "DBInstanceIdentifier",
    "DbiResourceId",
    "DedicatedLogVolume",
    "Engine",
    "EngineVersion",
    "IAMDatabaseAuthenticationEnabled",
    "InstanceCreateTime",
    "Iops",
    "KmsKeyId",
    "LicenseModel",
    "MasterUsername",
    "MultiTenant",
    "ProcessorFeatures",
    "StorageThroughput",
    "StorageType",
    "TdeCredentialArn",
    "Timezone",
];

/// Takes a manual snapshot of an instance and answers its row.
pub fn take(world: &mut World, rq: &Request<'_>, instance: &Json, name: &str) -> Json {
    let name = name.to_lowercase();
    let now = world.now_secs();
    let tags = if instance["CopyTagsToSnapshot"] == true && rq.list("Tags").is_empty() {
        instance["TagList"].clone()
    } else {
        json!(rq.list("Tags"))
    };
    let mut row = json!({
        "DBSnapshotIdentifier": name, "DBSnapshotArn": world.arn("rds", rq.region, &format!("snapshot:{name}")),
        "SnapshotType": "manual", "Status": "creating", "PercentProgress": 0, "SnapshotTarget": "region",
        "Encrypted": instance["StorageEncrypted"], "Port": instance["_port"], "VpcId": instance["DBSubnetGroup"]["VpcId"],
        "OptionGroupName": instance["OptionGroupMemberships"][0]["OptionGroupName"], "TagList": tags,
        "SnapshotCreateTime": now, "OriginalSnapshotCreateTime": now, "_instance": instance,
    });
    for member in COPIED {
        row[*member] = instance[*member].clone();
    }
    let key_text = key(rq, &name);
    world.put(SNAPSHOT, &key_text, row.clone());
    world.set_after(MILLIS, SNAPSHOT, &key_text, json!({"Status": "available", "PercentProgress": 100}));
    row
}

pub fn create_db_snapshot(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, source) = (rq.text("DBSnapshotIdentifier"), rq.text("DBInstanceIdentifier"));
    identifier("DBSnapshotIdentifier", name, 255)?;
    if world.get(SNAPSHOT, &key(rq, name)).is_some() {
        return Err(Fault::new(
            "DBSnapshotAlreadyExists",
            format!(
                "Cannot create the snapshot because a snapshot with the identifier {name} already exists."
            ),
        ));
    }
    let instance = world.get(INSTANCE, &key(rq, source)).cloned().ok_or_else(|| no_instance(source))?;
    if !matches!(
        instance["DBInstanceStatus"].as_str(),
        Some("available" | "stopped" | "storage-optimization")
    ) {
        return Err(Fault::new(
            "InvalidDBInstanceState",
            format!(
                "Cannot create a snapshot because the database instance {source} is not currently in the available state."
            ),
        ));
    }
    let row = take(world, rq, &instance, name);
    Ok(json!({"DBSnapshot": public(&row)}))
}

pub fn delete_db_snapshot(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBSnapshotIdentifier");
    let row = world.get(SNAPSHOT, &key(rq, name)).cloned().ok_or_else(|| missing(name))?;
    if row["Status"] != "available" {
        return Err(Fault::new(
            "InvalidDBSnapshotState",
            format!("The snapshot {name} is not in available state."),
        ));
    }
    world.remove(SNAPSHOT, &key(rq, name));
    let mut shown = public(&row);
    shown["Status"] = json!("deleted");
    Ok(json!({"DBSnapshot": shown}))
}

/// Who else may restore a manual snapshot.
fn attributes(row: &Json) -> Json {
    let values = row["_restore"].as_array().cloned().unwrap_or_default();
    json!({"DBSnapshotAttributesResult": {
        "DBSnapshotIdentifier": row["DBSnapshotIdentifier"],
        "DBSnapshotAttributes": [{"AttributeName": "restore", "AttributeValues": values}],
    }})
}

pub fn describe_attributes(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBSnapshotIdentifier");
    world.get(SNAPSHOT, &key(rq, name)).map(attributes).ok_or_else(|| missing(name))
}

pub fn modify_attribute(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBSnapshotIdentifier");
    let row = world.get_mut(SNAPSHOT, &key(rq, name)).ok_or_else(|| missing(name))?;
    if rq.text("AttributeName") != "restore" {
        return Err(invalid(format!("Invalid attribute name: {}", rq.text("AttributeName"))));
    }
    if row["Status"] != "available" || row["SnapshotType"] != "manual" {
        let message = format!(
            "Cannot modify attributes of the snapshot {name}: it is not a manual snapshot in available state."
        );
        return Err(Fault::new("InvalidDBSnapshotState", message));
    }
    let encrypted = row["Encrypted"] == true;
    share(row, rq, encrypted)?;
    Ok(attributes(row))
}

/// Changes who else may restore a snapshot.
///
/// # Errors
/// A value is no account, or an encrypted snapshot would be for everybody.
pub fn share(row: &mut Json, rq: &Request<'_>, encrypted: bool) -> Result<(), Fault> {
    let add = rq.texts("ValuesToAdd");
    let good =
        |value: &&&str| **value == "all" || (value.len() == 12 && value.chars().all(|c| c.is_ascii_digit()));
    if let Some(bad) = add.iter().find(|value| !good(value)) {
        return Err(invalid(format!(
            "Invalid value for restore: {bad}. It must be an AWS account id or all."
        )));
    }
    // RDS User Guide, Sharing a DB snapshot: "You can't share a DB snapshot as public if it is encrypted".
    if encrypted && add.contains(&"all") {
        return Err(invalid("An encrypted snapshot can't be public."));
    }
    let gone = rq.texts("ValuesToRemove");
    let mut values = row["_restore"].as_array().cloned().unwrap_or_default();
    values.retain(|value| !gone.iter().any(|one| value == one) && !add.iter().any(|one| value == one));
    values.extend(add.iter().map(|value| json!(value)));
    row["_restore"] = json!(values);
    Ok(())
}

fn missing(name: &str) -> Fault {
    Fault::new("DBSnapshotNotFound", format!("DBSnapshot {name} not found."))
}

pub fn describe_db_snapshots(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut found = filtered(rq, rows(world, rq, SNAPSHOT), |name| match name {
        "db-instance-id" => Some("DBInstanceIdentifier"),
        "db-snapshot-id" => Some("DBSnapshotIdentifier"),
        "dbi-resource-id" => Some("DbiResourceId"),
        "snapshot-type" => Some("SnapshotType"),
        "engine" => Some("Engine"),
        _ => None,
    })?;
    let is = |row: &Json, member: &str, wanted: &str| {
        let wanted = wanted.rsplit(':').next().unwrap_or(wanted);
        row[member].as_str().is_some_and(|text| text.eq_ignore_ascii_case(wanted))
    };
    for (parameter, member) in [
        ("DBSnapshotIdentifier", "DBSnapshotIdentifier"),
        ("DBInstanceIdentifier", "DBInstanceIdentifier"),
        ("DbiResourceId", "DbiResourceId"),
        ("SnapshotType", "SnapshotType"),
    ] {
        if let Some(wanted) = rq.opt(parameter).filter(|text| !text.is_empty()) {
            found.retain(|row| is(row, member, wanted));
        }
    }
    if let (true, Some(name)) = (found.is_empty(), rq.opt("DBSnapshotIdentifier")) {
        return Err(missing(name));
    }
    paged(rq, "DBSnapshots", found.iter().map(public).collect())
}
