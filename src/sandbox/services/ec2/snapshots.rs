//! Snapshots of volumes.

use serde_json::{Value as Json, json};

use super::{
    common::{Noun, invalid, lacking, listed, tidy},
    ebs, ebs_defaults, filters,
    volumes::VOLUME,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Snapshots.
pub(super) const SNAPSHOT: Noun = Noun {
    table: "ec2.snapshot",
    prefix: "snap",
    id: "SnapshotId",
    ids: "SnapshotIds",
    tags: "Tags",
    resource: "snapshot",
    missing: "InvalidSnapshot.NotFound",
    // moto, `test_modify_snapshot_attribute`, expects the same code of `snapshot-abcd1234`.
    malformed: "InvalidSnapshot.NotFound",
    label: "snapshot",
    filters: &[
        ("description", "Description"),
        ("encrypted", "Encrypted"),
        ("owner-alias", "OwnerAlias"),
        ("owner-id", "OwnerId"),
        ("progress", "Progress"),
        ("snapshot-id", "SnapshotId"),
        ("start-time", "StartTime"),
        ("status", "State"),
        ("storage-tier", "StorageTier"),
        ("volume-id", "VolumeId"),
        ("volume-size", "VolumeSize"),
    ],
};

/// A snapshot of a small volume takes about half a minute.
const TAKES: i64 = 30_000;

fn complete(world: &mut World, id: &str) {
    let ends = World::seconds(world.date_after(TAKES));
    let done = json!({"State": "completed", "Progress": "100%", "CompletionTime": ends});
    world.set_after(TAKES, SNAPSHOT.table, id, done);
}

/// `CreateSnapshot`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let volume = VOLUME.get(world, rq, rq.text("VolumeId"))?.clone();
    for member in ["OutpostArn", "Location"] {
        if rq.opt(member).is_some_and(|value| value != "regional") {
            let message = format!("The sandbox does not know {member} of snapshots.");
            return Err(Fault::new(crate::sandbox::codec::NOT_IMPLEMENTED, message));
        }
    }
    if volume["State"] == "creating" {
        let message = format!("{} is in the 'creating' state.", rq.text("VolumeId"));
        return Err(Fault::new("IncorrectState", message));
    }
    let row = json!({
        "VolumeId": volume["VolumeId"], "VolumeSize": volume["Size"], "State": "pending", "Progress": "",
        "StartTime": world.now_secs(), "OwnerId": world.account, "Description": rq.text("Description"),
        "Encrypted": volume["Encrypted"], "KmsKeyId": volume["KmsKeyId"], "StorageTier": "standard",
    });
    let id = SNAPSHOT.create(world, rq, row)?;
    complete(world, &id);
    Ok(tidy(SNAPSHOT.get(world, rq, &id)?.clone()))
}

/// `CopySnapshot`, called in the Region that the copy is for.
pub(super) fn copy(world: &mut World, rq: &Request<'_>) -> Reply {
    let (id, from) = (rq.text("SourceSnapshotId"), rq.text("SourceRegion"));
    let source = world.get(SNAPSHOT.table, id).filter(|row| row["_region"] == from).cloned();
    let source = source.ok_or_else(|| SNAPSHOT.absent(id))?;
    if source["State"] != "completed" {
        return Err(Fault::new("IncorrectState", format!("Snapshot {id} is not completed")));
    }
    let encrypted =
        source["Encrypted"] == true || rq.flag("Encrypted") || ebs_defaults::encrypts(world, rq.region);
    if rq.opt("KmsKeyId").is_some() && !encrypted {
        return Err(Fault::new(
            "InvalidParameterDependency",
            "The parameter KmsKeyId requires the parameter Encrypted to be set.",
        ));
    }
    let key = encrypted.then(|| ebs_defaults::key(world, rq, rq.opt("KmsKeyId")));
    let row = json!({
        // "The copied snapshot's volume id is arbitrary": AWS writes vol-ffffffff.
        "VolumeId": "vol-ffffffff", "VolumeSize": source["VolumeSize"], "State": "pending", "Progress": "",
        "StartTime": world.now_secs(), "OwnerId": world.account, "Description": rq.text("Description"),
        "Encrypted": encrypted, "KmsKeyId": key, "StorageTier": "standard",
    });
    let made = SNAPSHOT.create(world, rq, row)?;
    complete(world, &made);
    Ok(json!({"SnapshotId": made, "Tags": SNAPSHOT.get(world, rq, &made)?["Tags"]}))
}

/// `DescribeSnapshots`: the account's; those that others publish are not played.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let ids = rq.texts("SnapshotIds");
    if !ids.is_empty() && rq.int("MaxResults").is_some() {
        return Err(super::common::combination(
            "The parameter snapshotIds cannot be used with the parameter maxResults",
        ));
    }
    for id in &ids {
        SNAPSHOT.get(world, rq, id)?;
    }
    let owners = rq.texts("OwnerIds");
    let mine = owners.is_empty() || owners.iter().any(|owner| *owner == "self" || *owner == world.account);
    let mut rows: Vec<Json> =
        if mine { SNAPSHOT.all(world, rq).map(|row| tidy(row.clone())).collect() } else { Vec::new() };
    rows.retain(|row| ids.is_empty() || ids.iter().any(|id| row["SnapshotId"] == *id));
    let restorable = rq.texts("RestorableByUserIds");
    if !restorable.is_empty() {
        let shared = |row: &Json, who: &&str| {
            *who == "self"
                || *who == world.account
                || row["_users"].as_array().is_some_and(|all| all.iter().any(|user| user == who))
                || row["_public"] == true && *who == "all"
        };
        rows.retain(|row| restorable.iter().any(|who| shared(row, who)));
    }
    listed(rq, "Snapshots", filters::apply(rows, rq.list("Filters"), SNAPSHOT.filters, "Tags")?)
}

/// `DeleteSnapshot`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("SnapshotId");
    SNAPSHOT.get(world, rq, id)?;
    world.remove(SNAPSHOT.table, id);
    done()
}

/// `DescribeSnapshotAttribute`.
pub(super) fn attribute(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = SNAPSHOT.get(world, rq, rq.text("SnapshotId"))?;
    let mut answer = json!({"SnapshotId": row["SnapshotId"]});
    if rq.text("Attribute") == "productCodes" {
        answer["ProductCodes"] = json!([]);
        return Ok(answer);
    }
    let mut all: Vec<Json> = Vec::new();
    if row["_public"] == true {
        all.push(json!({"Group": "all"}));
    }
    all.extend(row["_users"].as_array().into_iter().flatten().map(|user| json!({"UserId": user})));
    answer["CreateVolumePermissions"] = json!(all);
    Ok(answer)
}

/// `ModifySnapshotAttribute`: who may make volumes of it.
pub(super) fn set_attribute(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("SnapshotId");
    let row = SNAPSHOT.get(world, rq, id)?.clone();
    let texts = |value: &Json, member: &str| -> Vec<String> {
        let all = value.as_array().into_iter().flatten();
        all.filter_map(|one| one[member].as_str().map(ToOwned::to_owned)).collect()
    };
    let permission = rq.get("CreateVolumePermission");
    let mut add = (texts(&permission["Add"], "UserId"), texts(&permission["Add"], "Group"));
    let mut remove = (texts(&permission["Remove"], "UserId"), texts(&permission["Remove"], "Group"));
    let named =
        |member: &str| -> Vec<String> { rq.texts(member).into_iter().map(ToOwned::to_owned).collect() };
    match rq.opt("OperationType") {
        Some("add") => {
            add.0.extend(named("UserIds"));
            add.1.extend(named("GroupNames"));
        }
        Some("remove") => {
            remove.0.extend(named("UserIds"));
            remove.1.extend(named("GroupNames"));
        }
        Some(other) => {
            return Err(invalid(format!("Value ({other}) for parameter operationType is invalid.")));
        }
        None => {}
    }
    if [&add.0, &add.1, &remove.0, &remove.1].iter().all(|all| all.is_empty()) {
        return Err(lacking("CreateVolumePermission"));
    }
    if let Some(other) = add.1.iter().chain(&remove.1).find(|group| *group != "all") {
        // moto, `test_modify_snapshot_attribute`.
        let message = format!("Invalid attribute item value \"{other}\" for group item type.");
        return Err(Fault::new("InvalidAMIAttributeItemValue", message));
    }
    if !add.1.is_empty() && row["Encrypted"] == true {
        // EC2 User Guide: "You can't make encrypted snapshots public".
        return Err(Fault::new("OperationNotPermitted", "Encrypted snapshots cannot be made public."));
    }
    let mut users: Vec<String> = row["_users"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|user| user.as_str().map(ToOwned::to_owned))
        .filter(|user| !remove.0.contains(user))
        .collect();
    for user in add.0 {
        if !users.contains(&user) {
            users.push(user);
        }
    }
    let row = SNAPSHOT.get_mut(world, rq, id)?;
    row["_users"] = json!(users);
    if !add.1.is_empty() || !remove.1.is_empty() {
        row["_public"] = json!(!add.1.is_empty());
    }
    done()
}

/// `ResetSnapshotAttribute`: nobody else's again.
pub(super) fn reset(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = SNAPSHOT.get_mut(world, rq, rq.text("SnapshotId"))?;
    row["_users"] = json!([]);
    row["_public"] = json!(false);
    done()
}

/// `CreateSnapshots`: of all of an instance's volumes at once.
pub(super) fn create_many(world: &mut World, rq: &Request<'_>) -> Reply {
    let wanted = rq.get("InstanceSpecification");
    let instance = wanted["InstanceId"].as_str().unwrap_or_default().to_owned();
    let root = super::instances::INSTANCE.get(world, rq, &instance)?["RootDeviceName"].clone();
    let without_root = wanted["ExcludeBootVolume"] == true;
    let excluded: Vec<Json> = wanted["ExcludeDataVolumeIds"].as_array().cloned().unwrap_or_default();
    let given = ebs::tagged(rq, "snapshot")?;
    let mut all = Vec::new();
    let volumes: Vec<Json> = VOLUME
        .all(world, rq)
        .filter(|row| {
            let mut own = row["Attachments"].as_array().into_iter().flatten();
            own.any(|one| one["InstanceId"] == instance && !(without_root && one["Device"] == root))
                && !excluded.contains(&row["VolumeId"])
        })
        .cloned()
        .collect();
    for volume in volumes {
        let mut tags = if rq.opt("CopyTagsFromSource") == Some("volume") {
            volume["Tags"].as_array().cloned().unwrap_or_default()
        } else {
            Vec::new()
        };
        tags.retain(|tag| !given.iter().any(|other| other["Key"] == tag["Key"]));
        tags.extend(given.clone());
        let id = world.id(SNAPSHOT.prefix);
        let row = json!({
            "SnapshotId": id, "VolumeId": volume["VolumeId"], "VolumeSize": volume["Size"], "State": "pending",
            "Progress": "", "StartTime": world.now_secs(), "OwnerId": world.account,
            "Description": rq.text("Description"), "Encrypted": volume["Encrypted"], "KmsKeyId": volume["KmsKeyId"],
            "StorageTier": "standard", "Tags": tags, "_region": rq.region,
        });
        // What this call shows of a snapshot has no key and no tier.
        let mut info = tidy(row.clone());
        if let Some(members) = info.as_object_mut() {
            members.retain(|name, _| !matches!(name.as_str(), "KmsKeyId" | "StorageTier"));
        }
        all.push(info);
        world.put(SNAPSHOT.table, &id, row);
        complete(world, &id);
    }
    Ok(json!({"Snapshots": all}))
}
