//! Snapshots of clusters, and clusters that come from somewhere: from a snapshot, from a point in time of another.

use serde_json::{Value as Json, json};

use super::{
    clusters::{self, answer, missing},
    snapshots::share,
    store::{
        CLUSTER, CLUSTER_SNAPSHOT, combination, filtered, identifier, invalid, key, paged, public, rows,
    },
};
use crate::sandbox::{Fault, Reply, Request, World};

/// How long a snapshot takes.
const MILLIS: i64 = 60_000;

/// Members that a snapshot takes over from its cluster.
const COPIED: &[&str] = &[
    "AllocatedStorage",
    "AvailabilityZones",
    "ClusterCreateTime",
    "DBClusterIdentifier",
    "DbClusterResourceId",
    "Engine",
    "EngineMode",
    "EngineVersion",
    "IAMDatabaseAuthenticationEnabled",
    "KmsKeyId",
    "MasterUsername",
    "Port",
    "StorageEncrypted",
    "StorageType",
];

fn absent(name: &str) -> Fault {
    Fault::new("DBClusterSnapshotNotFoundFault", format!("DBClusterSnapshot {name} not found."))
}

/// Who else may restore a manual snapshot.
fn attributes(row: &Json) -> Json {
    let values = row["_restore"].as_array().cloned().unwrap_or_default();
    json!({"DBClusterSnapshotAttributesResult": {
        "DBClusterSnapshotIdentifier": row["DBClusterSnapshotIdentifier"],
        "DBClusterSnapshotAttributes": [{"AttributeName": "restore", "AttributeValues": values}],
    }})
}

/// `DescribeDBClusterSnapshotAttributes`.
pub fn describe_attributes(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBClusterSnapshotIdentifier");
    world.get(CLUSTER_SNAPSHOT, &key(rq, name)).map(attributes).ok_or_else(|| absent(name))
}

/// `ModifyDBClusterSnapshotAttribute`.
pub fn modify_attribute(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBClusterSnapshotIdentifier");
    let row = world.get_mut(CLUSTER_SNAPSHOT, &key(rq, name)).ok_or_else(|| absent(name))?;
    if rq.text("AttributeName") != "restore" {
        return Err(invalid(format!("Invalid attribute name: {}", rq.text("AttributeName"))));
    }
    if row["Status"] != "available" || row["SnapshotType"] != "manual" {
        let message = format!(
            "Cannot modify attributes of the snapshot {name}: it is not a manual snapshot in available state."
        );
        return Err(Fault::new("InvalidDBClusterSnapshotStateFault", message));
    }
    let encrypted = row["StorageEncrypted"] == true;
    share(row, rq, encrypted)?;
    Ok(attributes(row))
}

/// Checks the name of a new snapshot.
///
/// # Errors
/// It is no name, or there is one of it.
pub fn fresh(world: &World, rq: &Request<'_>, member: &str, name: &str) -> Result<(), Fault> {
    identifier(member, name, 255)?;
    if world.get(CLUSTER_SNAPSHOT, &key(rq, name)).is_some() {
        return Err(Fault::new(
            "DBClusterSnapshotAlreadyExistsFault",
            format!(
                "Cannot create the cluster snapshot because one with the identifier {name} already exists."
            ),
        ));
    }
    Ok(())
}

/// Takes a manual snapshot of a cluster and answers its row.
pub fn take(world: &mut World, rq: &Request<'_>, cluster: &Json, name: &str) -> Json {
    let name = name.to_lowercase();
    let tags = if cluster["CopyTagsToSnapshot"] == true && rq.list("Tags").is_empty() {
        cluster["TagList"].clone()
    } else {
        json!(rq.list("Tags"))
    };
    let mut row = json!({
        "DBClusterSnapshotIdentifier": name, "SnapshotType": "manual", "Status": "creating", "PercentProgress": 0,
        "DBClusterSnapshotArn": world.arn("rds", rq.region, &format!("cluster-snapshot:{name}")),
        "SnapshotCreateTime": world.now_secs(), "VpcId": cluster["_vpc"], "LicenseModel": "general-public-license",
        "TagList": tags, "_region": rq.region, "_cluster": cluster, "_shared": [],
    });
    for member in COPIED {
        row[*member] = cluster[*member].clone();
    }
    let key_text = key(rq, &name);
    world.put(CLUSTER_SNAPSHOT, &key_text, row.clone());
    world.set_after(
        MILLIS,
        CLUSTER_SNAPSHOT,
        &key_text,
        json!({"Status": "available", "PercentProgress": 100}),
    );
    row
}

pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBClusterSnapshotIdentifier");
    fresh(world, rq, "DBClusterSnapshotIdentifier", name)?;
    let (_, cluster) = clusters::available(world, rq)?;
    let row = take(world, rq, &cluster, name);
    Ok(json!({"DBClusterSnapshot": public(&row)}))
}

pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBClusterSnapshotIdentifier");
    let row = world.get(CLUSTER_SNAPSHOT, &key(rq, name)).cloned().ok_or_else(|| absent(name))?;
    if row["Status"] != "available" {
        return Err(Fault::new(
            "InvalidDBClusterSnapshotStateFault",
            format!("The snapshot {name} is not in available state."),
        ));
    }
    world.remove(CLUSTER_SNAPSHOT, &key(rq, name));
    let mut shown = public(&row);
    shown["Status"] = json!("deleted");
    Ok(json!({"DBClusterSnapshot": shown}))
}

pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut found = filtered(rq, rows(world, rq, CLUSTER_SNAPSHOT), |name| match name {
        "db-cluster-id" => Some("DBClusterIdentifier"),
        "db-cluster-snapshot-id" => Some("DBClusterSnapshotIdentifier"),
        "snapshot-type" => Some("SnapshotType"),
        "engine" => Some("Engine"),
        _ => None,
    })?;
    for member in
        ["DBClusterSnapshotIdentifier", "DBClusterIdentifier", "SnapshotType", "DbClusterResourceId"]
    {
        if let Some(wanted) = rq.opt(member).filter(|text| !text.is_empty()) {
            let wanted = wanted.rsplit(':').next().unwrap_or(wanted);
            found.retain(|row| row[member].as_str().is_some_and(|text| text.eq_ignore_ascii_case(wanted)));
        }
    }
    if let (true, Some(name)) = (found.is_empty(), rq.opt("DBClusterSnapshotIdentifier")) {
        return Err(absent(name));
    }
    paged(rq, "DBClusterSnapshots", found.iter().map(public).collect())
}

/// What a cluster made of another one has from it, and as what it is sent.
const INHERITED: &[(&str, &str)] = &[
    ("DatabaseName", "DatabaseName"),
    ("Engine", "Engine"),
    ("EngineVersion", "EngineVersion"),
    ("KmsKeyId", "KmsKeyId"),
    ("MasterUsername", "MasterUsername"),
    ("Port", "Port"),
    ("StorageEncrypted", "StorageEncrypted"),
    ("StorageType", "StorageType"),
];

fn restored(world: &mut World, rq: &Request<'_>, from: &Json) -> Reply {
    let mut input = json!({});
    for (member, sent) in INHERITED {
        if !from[*member].is_null() {
            input[*sent] = from[*member].clone();
        }
    }
    for (member, value) in rq.input.as_object().into_iter().flatten() {
        input[member] = value.clone();
    }
    // A key encrypts, whatever the source had (RestoreDBClusterFromSnapshot, KmsKeyId).
    if !input["KmsKeyId"].is_null() {
        input["StorageEncrypted"] = json!(true);
    }
    let made = Request { operation: rq.operation, region: rq.region, access_key: rq.access_key, input };
    let key = clusters::make(world, &made, true)?;
    answer(world, rq, &key)
}

/// `RestoreDBClusterFromSnapshot`.
pub fn restore(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("SnapshotIdentifier");
    let row = world.get(CLUSTER_SNAPSHOT, &key(rq, name)).cloned().ok_or_else(|| absent(name))?;
    if row["Status"] != "available" {
        return Err(Fault::new(
            "InvalidDBClusterSnapshotStateFault",
            format!("The snapshot {name} is not in available state."),
        ));
    }
    if row["Engine"] != rq.text("Engine") {
        return Err(combination("The engine of the snapshot is another one."));
    }
    let from = row["_cluster"].clone();
    restored(world, rq, &from)
}

/// `RestoreDBClusterToPointInTime`.
pub fn to_point_in_time(world: &mut World, rq: &Request<'_>) -> Reply {
    if rq.flag("UseLatestRestorableTime") != rq.get("RestoreToTime").is_null() {
        return Err(combination("Specify either a RestoreToTime or UseLatestRestorableTime."));
    }
    let row = match (rq.opt("SourceDBClusterIdentifier"), rq.opt("SourceDbClusterResourceId")) {
        (Some(name), _) => world.get(CLUSTER, &key(rq, name)).cloned().ok_or_else(|| missing(name))?,
        (None, Some(id)) => {
            let found = world.rows(CLUSTER).find(|(_, row)| row["DbClusterResourceId"] == id);
            found.map(|(_, row)| row.clone()).ok_or_else(|| missing(id))?
        }
        (None, None) => return Err(combination("A source cluster must be specified.")),
    };
    let Some(latest) = row["LatestRestorableTime"].as_f64() else {
        return Err(clusters::state("The source cluster has no backups to restore from yet."));
    };
    let latest = latest.max(world.now_secs() - 300.0);
    if rq.get("RestoreToTime").as_f64().is_some_and(|time| time > latest) {
        return Err(invalid("The specified time is later than the latest restorable time."));
    }
    restored(world, rq, &row)
}
