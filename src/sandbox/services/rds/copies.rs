//! Copies: of snapshots and of parameter groups.

use serde_json::json;

use super::store::{
    CLUSTER_PARAMETERS, CLUSTER_SNAPSHOT, PARAMETERS, SNAPSHOT, identifier, invalid, key, public,
};
use crate::sandbox::{Fault, Reply, Request, World, services::kms};

/// How long a copy of a snapshot takes.
const MILLIS: i64 = 120_000;

/// A kind of snapshots: where they are, the members that name one, its ARN's word, its errors.
struct Snapshots {
    table: &'static str,
    source: &'static str,
    target: &'static str,
    name: &'static str,
    arn: &'static str,
    answer: &'static str,
    word: &'static str,
    encrypted: &'static str,
    missing: &'static str,
    exists: &'static str,
    state: &'static str,
}

const OF_INSTANCES: &Snapshots = &Snapshots {
    table: SNAPSHOT,
    source: "SourceDBSnapshotIdentifier",
    target: "TargetDBSnapshotIdentifier",
    name: "DBSnapshotIdentifier",
    arn: "DBSnapshotArn",
    answer: "DBSnapshot",
    word: "snapshot",
    encrypted: "Encrypted",
    missing: "DBSnapshotNotFound",
    exists: "DBSnapshotAlreadyExists",
    state: "InvalidDBSnapshotState",
};

const OF_CLUSTERS: &Snapshots = &Snapshots {
    table: CLUSTER_SNAPSHOT,
    source: "SourceDBClusterSnapshotIdentifier",
    target: "TargetDBClusterSnapshotIdentifier",
    name: "DBClusterSnapshotIdentifier",
    arn: "DBClusterSnapshotArn",
    answer: "DBClusterSnapshot",
    word: "cluster-snapshot",
    encrypted: "StorageEncrypted",
    missing: "DBClusterSnapshotNotFoundFault",
    exists: "DBClusterSnapshotAlreadyExistsFault",
    state: "InvalidDBClusterSnapshotStateFault",
};

/// Where a source is: an ARN may be of another region.
fn place(rq: &Request<'_>, name: &str) -> String {
    match name.split(':').collect::<Vec<_>>()[..] {
        ["arn", _, "rds", region, _, _, last] => format!("{region}/{}", last.to_lowercase()),
        ["arn", _, "rds", region, _, _, "rds", last] => format!("{region}/rds:{}", last.to_lowercase()),
        _ => key(rq, name),
    }
}

/// `CopyDBSnapshot`, `CopyDBClusterSnapshot`.
pub fn snapshot(world: &mut World, rq: &Request<'_>) -> Reply {
    let kind = if rq.operation == "CopyDBClusterSnapshot" { OF_CLUSTERS } else { OF_INSTANCES };
    let (source, name) = (rq.text(kind.source), rq.text(kind.target).to_lowercase());
    identifier(kind.target, &name, 255)?;
    let row = world.get(kind.table, &place(rq, source)).cloned();
    let row = row.ok_or_else(|| Fault::new(kind.missing, format!("{} {source} not found.", kind.answer)))?;
    if row["Status"] != "available" {
        let message = format!("The snapshot {source} is not in available state.");
        return Err(Fault::new(kind.state, message));
    }
    if world.get(kind.table, &key(rq, &name)).is_some() {
        let message =
            format!("Cannot create the snapshot because one with the identifier {name} already exists.");
        return Err(Fault::new(kind.exists, message));
    }
    let from = row[kind.arn].as_str().and_then(|arn| arn.split(':').nth(3)).unwrap_or(rq.region).to_owned();
    let mut copy = row.clone();
    if let Some(wanted) = rq.opt("KmsKeyId") {
        if !kms::accessible(world, rq, wanted) {
            let message = format!(
                "The specified KMS key [{wanted}] does not exist, is not enabled or you do not have permissions to access it."
            );
            return Err(Fault::new("KMSKeyNotAccessibleFault", message));
        }
        copy["KmsKeyId"] = kms::arn_of(world, rq, wanted);
        copy[kind.encrypted] = json!(true);
    } else if row[kind.encrypted] == true && from != rq.region {
        // A key is of one region (API reference, CopyDBSnapshot, KmsKeyId).
        return Err(Fault::new(
            "KMSKeyNotAccessibleFault",
            "KMS key ID is required to copy an encrypted snapshot to another Region.",
        ));
    }
    // Tags of the request win over those of the source; without either there are none (API reference, CopyTags).
    let sent = rq.list("Tags");
    copy["TagList"] = match (sent.is_empty(), rq.flag("CopyTags")) {
        (false, _) => json!(sent),
        (true, true) => row["TagList"].clone(),
        (true, false) => json!([]),
    };
    let members = [
        (kind.name, json!(name)),
        (kind.arn, json!(world.arn("rds", rq.region, &format!("{}:{name}", kind.word)))),
        ("SnapshotType", json!("manual")),
        ("Status", json!("creating")),
        ("PercentProgress", json!(0)),
        ("SnapshotCreateTime", json!(world.now_secs())),
        ("_restore", json!([])),
    ];
    for (member, value) in members {
        copy[member] = value;
    }
    if kind.table == SNAPSHOT {
        copy["SourceDBSnapshotIdentifier"] = row[kind.arn].clone();
        copy["SourceRegion"] = json!(from);
        if let Some(group) = rq.opt("OptionGroupName") {
            copy["OptionGroupName"] = json!(group);
        }
    } else {
        copy["SourceDBClusterSnapshotArn"] = row[kind.arn].clone();
        copy["_region"] = json!(rq.region);
    }
    let place = key(rq, &name);
    world.put(kind.table, &place, copy.clone());
    world.set_after(MILLIS, kind.table, &place, json!({"Status": "available", "PercentProgress": 100}));
    Ok(json!({kind.answer: public(&copy)}))
}

/// `CopyDBParameterGroup`, `CopyDBClusterParameterGroup`.
pub fn parameters(world: &mut World, rq: &Request<'_>) -> Reply {
    let (table, answer, word) = if rq.operation.contains("Cluster") {
        (CLUSTER_PARAMETERS, "DBClusterParameterGroup", "cluster-pg")
    } else {
        (PARAMETERS, "DBParameterGroup", "pg")
    };
    let member = |start: &str, end: &str| format!("{start}{answer}{end}");
    let source = rq.text(&member("Source", "Identifier")).to_owned();
    let target = rq.text(&member("Target", "Identifier")).to_lowercase();
    identifier(&member("Target", "Identifier"), &target, 255)?;
    let short = source.rsplit(':').next().unwrap_or_default();
    if short.starts_with("default.") {
        // RDS User Guide, "Copying a DB parameter group": "You can't copy a default parameter group."
        return Err(invalid("Default parameter groups can't be copied."));
    }
    let row = world.get(table, &place(rq, &source)).cloned();
    let row =
        row.ok_or_else(|| Fault::new("DBParameterGroupNotFound", format!("{answer} not found: {source}")))?;
    if world.get(table, &key(rq, &target)).is_some() {
        let message = format!("Parameter group {target} already exists");
        return Err(Fault::new("DBParameterGroupAlreadyExists", message));
    }
    let copy = json!({
        format!("{answer}Name"): target, "DBParameterGroupFamily": row["DBParameterGroupFamily"],
        "Description": rq.text(&member("Target", "Description")), "_values": row["_values"], "_tags": rq.list("Tags"),
        format!("{answer}Arn"): world.arn("rds", rq.region, &format!("{word}:{target}")),
    });
    let shown = public(&copy);
    world.put(table, &key(rq, &target), copy);
    Ok(json!({answer: shown}))
}
