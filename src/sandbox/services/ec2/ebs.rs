//! Volumes of their own: created, attached, changed. What instances bring along: [`super::volumes`].

use serde_json::{Value as Json, json};

use super::{
    account,
    common::{combination, here, invalid, lacking, listed, remember, replayed},
    ebs_defaults, filters,
    instances::INSTANCE,
    snapshots::SNAPSHOT,
    tags,
    volumes::VOLUME,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Modifications by `volume/number`.
const CHANGE: &str = "ec2.volume-modification";
/// A volume is there within seconds.
const CREATES: i64 = 3_000;
/// An attachment is there within seconds.
const ATTACHES: i64 = 2_000;
/// A small volume is optimised within minutes (EBS User Guide, "Monitor the progress of volume modifications": up to hours).
const MODIFIES: i64 = 5_000;
const OPTIMISES: i64 = 60_000;
const DAY: f64 = 86_400.0;

fn dependency(message: String) -> Fault {
    Fault::new("InvalidParameterDependency", message)
}

/// Sizes by type (`CreateVolume`, Size).
fn sizes(kind: &str) -> (i64, i64) {
    match kind {
        "gp3" => (1, 65_536),
        "io1" => (4, 16_384),
        "io2" => (4, 65_536),
        "st1" | "sc1" => (125, 16_384),
        "standard" => (1, 1_024),
        _ => (1, 16_384),
    }
}

/// IOPS that can be chosen, by type (`CreateVolume`, Iops).
fn iops_range(kind: &str) -> Option<(i64, i64)> {
    match kind {
        "gp3" => Some((3_000, 80_000)),
        "io1" => Some((100, 64_000)),
        "io2" => Some((100, 256_000)),
        _ => None,
    }
}

/// What a type has that is not chosen.
fn settled(kind: &str, size: i64, iops: Option<i64>, throughput: Option<i64>) -> Result<(Json, Json), Fault> {
    let (least, most) = sizes(kind);
    if size < least {
        return Err(invalid(format!(
            "Volume of {size}GiB is too small for volume type {kind}; minimum is {least}GiB."
        )));
    }
    if size > most {
        return Err(invalid(format!(
            "Volume of {size}GiB is too large for volume type {kind}; maximum is {most}GiB."
        )));
    }
    match (iops, iops_range(kind)) {
        (Some(_), None) => {
            return Err(combination(format!("The parameter iops is not supported for {kind} volumes.")));
        }
        (Some(iops), Some((least, _))) if iops < least => {
            return Err(invalid(format!("Volume iops of {iops} is too low; minimum is {least}.")));
        }
        (Some(iops), Some((_, most))) if iops > most => {
            return Err(invalid(format!("Volume iops of {iops} is too high; maximum is {most}.")));
        }
        (None, Some(_)) if kind != "gp3" => return Err(lacking("iops")),
        _ => {}
    }
    if throughput.is_some() && kind != "gp3" {
        // moto, `test_create_volume_with_throughput_fails`.
        return Err(dependency(format!("The parameter Throughput is not supported for {kind} volumes.")));
    }
    if let Some(throughput) = throughput.filter(|throughput| !(125..=2_000).contains(throughput)) {
        return Err(invalid(format!(
            "Volume throughput of {throughput} MiB/s is outside the valid range of 125 to 2000 MiB/s."
        )));
    }
    let iops = match (iops, kind) {
        (Some(iops), _) => json!(iops),
        (None, "gp3") => json!(3_000),
        (None, "gp2") => json!((size * 3).clamp(100, 16_000)),
        _ => Json::Null,
    };
    let throughput = if kind == "gp3" { json!(throughput.unwrap_or(125)) } else { Json::Null };
    Ok((iops, throughput))
}

/// moto, `test_create_volume_with_multi_attach_enabled_fails`; the range of types: `CreateVolume`, MultiAttachEnabled.
fn shareable(kind: &str, wanted: bool) -> Result<(), Fault> {
    if wanted && !matches!(kind, "io1" | "io2") {
        return Err(dependency(format!(
            "The parameter MultiAttachEnabled is not supported for {kind} volumes."
        )));
    }
    Ok(())
}

fn zone(rq: &Request<'_>) -> Result<(String, String), Fault> {
    let wanted = rq.opt("AvailabilityZone").or(rq.opt("AvailabilityZoneId"));
    let wanted = wanted.ok_or_else(|| lacking("AvailabilityZone"))?;
    let found = account::zones(rq.region).into_iter().find(|(name, id)| name == wanted || id == wanted);
    found.ok_or_else(|| Fault::new("InvalidZone.NotFound", format!("The zone '{wanted}' does not exist.")))
}

/// A volume as calls show it.
pub(super) fn shown(world: &World, row: &Json) -> Json {
    let mut row = row.clone();
    row["OwnerId"] = json!(world.account);
    let (id, region) =
        (row["VolumeId"].as_str().unwrap_or_default(), row["_region"].as_str().unwrap_or_default());
    row["VolumeArn"] = json!(world.arn("ec2", region, &format!("volume/{id}")));
    row
}

/// `CreateVolume`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(id) = replayed(world, rq, &VOLUME)? {
        let row = VOLUME.get(world, rq, &id)?;
        return Ok(super::common::tidy(shown(world, row)));
    }
    let (zone, zone_id) = zone(rq)?;
    for member in ["OutpostArn", "Operator"] {
        if !rq.get(member).is_null() {
            let message = format!("The sandbox does not know {member} of volumes.");
            return Err(Fault::new(crate::sandbox::codec::NOT_IMPLEMENTED, message));
        }
    }
    let snapshot = rq.opt("SnapshotId").filter(|id| !id.is_empty());
    let source = snapshot.map(|id| SNAPSHOT.get(world, rq, id).cloned()).transpose()?;
    let size = rq.int("Size").or(source.as_ref().and_then(|row| row["VolumeSize"].as_i64()));
    // moto, `test_create_volume_without_size`.
    let size = size.ok_or_else(|| lacking("size/snapshot"))?;
    if let Some(least) =
        source.as_ref().and_then(|row| row["VolumeSize"].as_i64()).filter(|least| size < *least)
    {
        return Err(invalid(format!(
            "Volume of size {size}GB is smaller than snapshot '{}', expect size >= {least}GB",
            snapshot.unwrap_or_default()
        )));
    }
    let kind = rq.opt("VolumeType").unwrap_or("gp2");
    let (iops, throughput) = settled(kind, size, rq.int("Iops"), rq.int("Throughput"))?;
    shareable(kind, rq.flag("MultiAttachEnabled"))?;
    let from_encrypted = source.as_ref().is_some_and(|row| row["Encrypted"] == true);
    let encrypted = rq.flag("Encrypted") || from_encrypted || ebs_defaults::encrypts(world, rq.region);
    if rq.opt("KmsKeyId").is_some() && !rq.flag("Encrypted") {
        // moto, `test_create_unencrypted_volume_with_kms_key_fails`.
        return Err(dependency("The parameter KmsKeyId requires the parameter Encrypted to be set.".into()));
    }
    let key = encrypted.then(|| ebs_defaults::key(world, rq, rq.opt("KmsKeyId")));
    let mut row = json!({
        "Size": size, "VolumeType": kind, "Iops": iops, "Throughput": throughput, "State": "creating",
        "AvailabilityZone": zone, "AvailabilityZoneId": zone_id, "Encrypted": encrypted, "KmsKeyId": key,
        "SnapshotId": snapshot.unwrap_or_default(), "CreateTime": world.now_secs(),
        "MultiAttachEnabled": rq.flag("MultiAttachEnabled"), "Attachments": [],
        "VolumeInitializationRate": rq.get("VolumeInitializationRate"),
    });
    remember(&mut row, rq);
    let id = VOLUME.create(world, rq, row)?;
    world.set_after(CREATES, VOLUME.table, &id, json!({"State": "available"}));
    let row = VOLUME.get(world, rq, &id)?;
    Ok(super::common::tidy(shown(world, row)))
}

fn attachments(row: &Json) -> Vec<Json> {
    row["Attachments"].as_array().cloned().unwrap_or_default()
}

fn incorrect(message: String) -> Fault {
    Fault::new("IncorrectState", message)
}

/// `AttachVolume`.
pub(super) fn attach(world: &mut World, rq: &Request<'_>) -> Reply {
    let (id, to, device) = (rq.text("VolumeId"), rq.text("InstanceId"), rq.text("Device"));
    let volume = VOLUME.get(world, rq, id)?.clone();
    let instance = INSTANCE.get(world, rq, to)?.clone();
    let state = instance["State"]["Name"].as_str().unwrap_or_default();
    if !matches!(state, "running" | "stopped") {
        return Err(incorrect(format!("Instance '{to}' is not 'running'.")));
    }
    let mut all = attachments(&volume);
    let many = volume["MultiAttachEnabled"] == true;
    if all.iter().any(|one| one["InstanceId"] == to || !many) {
        return Err(Fault::new("VolumeInUse", format!("{id} is already attached to an instance")));
    }
    if !matches!(volume["State"].as_str(), Some("available" | "in-use")) {
        return Err(incorrect(format!("{id} is not 'available'.")));
    }
    if volume["AvailabilityZone"] != instance["Placement"]["AvailabilityZone"] {
        return Err(Fault::new(
            "InvalidVolume.ZoneMismatch",
            format!("The volume '{id}' is not in the same availability zone as instance '{to}'"),
        ));
    }
    let used = instance["BlockDeviceMappings"].as_array().into_iter().flatten();
    if device.is_empty() || used.into_iter().any(|one| one["DeviceName"] == device) {
        return Err(invalid(format!(
            "Invalid value '{device}' for unixDevice. Attachment point {device} is already in use"
        )));
    }
    let date = world.now_secs();
    let mut one = json!({
        "VolumeId": id, "InstanceId": to, "Device": device, "State": "attaching", "AttachTime": date,
        "DeleteOnTermination": false,
    });
    let answer = one.clone();
    one["State"] = json!("attaching");
    all.push(one);
    let row = VOLUME.get_mut(world, rq, id)?;
    row["State"] = json!("in-use");
    row["Attachments"] = json!(all);
    for one in &mut all {
        one["State"] = json!("attached");
    }
    world.set_after(ATTACHES, VOLUME.table, id, json!({"Attachments": all}));
    let row = INSTANCE.get_mut(world, rq, to)?;
    let mapping = json!({
        "DeviceName": device,
        "Ebs": {"VolumeId": id, "Status": "attached", "AttachTime": date, "DeleteOnTermination": false},
    });
    match row["BlockDeviceMappings"].as_array_mut() {
        Some(mappings) => mappings.push(mapping),
        None => row["BlockDeviceMappings"] = json!([mapping]),
    }
    Ok(answer)
}

/// `DetachVolume`: Terraform's provider takes `IncorrectState` with "available" for done.
pub(super) fn detach(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("VolumeId");
    let volume = VOLUME.get(world, rq, id)?.clone();
    if let Some(from) = rq.opt("InstanceId") {
        INSTANCE.get(world, rq, from)?;
    }
    let mut all = attachments(&volume);
    if all.is_empty() {
        let state = volume["State"].as_str().unwrap_or_default();
        return Err(incorrect(format!("Volume '{id}' is in the '{state}' state.")));
    }
    if all.len() > 1 && rq.opt("InstanceId").is_none() {
        return Err(lacking("InstanceId"));
    }
    let fits = |one: &Json| {
        rq.opt("InstanceId").is_none_or(|from| one["InstanceId"] == from)
            && rq.opt("Device").is_none_or(|device| one["Device"] == device)
    };
    let Some(at) = all.iter().position(fits) else {
        return Err(Fault::new(
            "InvalidAttachment.NotFound",
            format!(
                "The volume '{id}' is not attached to instance '{}' as device '{}'.",
                rq.text("InstanceId"),
                rq.text("Device")
            ),
        ));
    };
    let from = all[at]["InstanceId"].as_str().unwrap_or_default().to_owned();
    let instance = world.get(INSTANCE.table, &from).cloned().unwrap_or_default();
    if instance["RootDeviceName"] == all[at]["Device"] && instance["State"]["Name"] != "stopped" {
        // EC2 User Guide, error codes: OperationNotPermitted.
        return Err(Fault::new(
            "OperationNotPermitted",
            format!("Unable to detach root volume '{id}' from instance '{from}'"),
        ));
    }
    all[at]["State"] = json!("detaching");
    let answer = all[at].clone();
    VOLUME.get_mut(world, rq, id)?["Attachments"] = json!(all);
    all.remove(at);
    let state = if all.is_empty() { "available" } else { "in-use" };
    world.set_after(ATTACHES, VOLUME.table, id, json!({"Attachments": all, "State": state}));
    if let Some(row) = world.get_mut(INSTANCE.table, &from)
        && let Some(mappings) = row["BlockDeviceMappings"].as_array_mut()
    {
        mappings.retain(|one| one["Ebs"]["VolumeId"] != id);
    }
    Ok(answer)
}

/// Modifications of a volume with their places, the oldest first.
fn changes(world: &World, id: &str) -> Vec<(String, Json)> {
    let own = world.rows(CHANGE).filter(|(_, row)| row["VolumeId"] == id);
    own.map(|(place, row)| (place.to_owned(), row.clone())).collect()
}

/// `ModifyVolume`: "up to four times within a rolling 24-hour period, as long as ... all previous modifications for that
/// volume are completed".
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("VolumeId");
    let row = VOLUME.get(world, rq, id)?.clone();
    if !matches!(row["State"].as_str(), Some("available" | "in-use")) {
        return Err(incorrect(format!("{id} is not 'available'.")));
    }
    let earlier = changes(world, id);
    if let Some((_, last)) = earlier.iter().find(|(_, one)| one["ModificationState"] != "completed") {
        let state = last["ModificationState"].as_str().unwrap_or_default().to_uppercase();
        return Err(Fault::new(
            "IncorrectModificationState",
            format!("Cannot modify volume {id}, currently in modification state '{state}'"),
        ));
    }
    let now = world.now_secs();
    let recent = earlier.iter().filter(|(_, one)| one["StartTime"].as_f64().is_some_and(|at| now - at < DAY));
    if recent.count() >= 4 {
        return Err(Fault::new(
            "VolumeModificationRateExceeded",
            "You've reached the maximum modification rate per volume limit.",
        ));
    }
    let old = row["Size"].as_i64().unwrap_or(0);
    let size = rq.int("Size").unwrap_or(old);
    if size < old {
        return Err(invalid("New size cannot be smaller than existing size"));
    }
    let before = row["VolumeType"].as_str().unwrap_or_default();
    let kind = rq.opt("VolumeType").unwrap_or(before);
    let same = kind == before;
    let kept = |member: &str| row[member].as_i64().filter(|_| same && iops_range(kind).is_some());
    let many =
        rq.get("MultiAttachEnabled").as_bool().or(row["MultiAttachEnabled"].as_bool()).unwrap_or(false);
    shareable(kind, many)?;
    let throughput = rq.int("Throughput").or(kept("Throughput"));
    let (iops, throughput) = settled(kind, size, rq.int("Iops").or(kept("Iops")), throughput)?;
    let change = json!({
        "VolumeId": id, "ModificationState": "modifying", "Progress": 0, "StartTime": now,
        "TargetSize": size, "TargetIops": iops, "TargetVolumeType": kind, "TargetThroughput": throughput,
        "TargetMultiAttachEnabled": many, "OriginalSize": old, "OriginalIops": row["Iops"], "OriginalVolumeType": before,
        "OriginalThroughput": row["Throughput"], "OriginalMultiAttachEnabled": row["MultiAttachEnabled"],
        "_region": rq.region,
    });
    let place = format!("{id}/{:04}", earlier.len());
    world.put(CHANGE, &place, change.clone());
    world.set_after(MODIFIES, CHANGE, &place, json!({"ModificationState": "optimizing", "Progress": 50}));
    let ends = World::seconds(world.date_after(MODIFIES + OPTIMISES));
    let done = json!({"ModificationState": "completed", "Progress": 100, "EndTime": ends});
    world.set_after(MODIFIES + OPTIMISES, CHANGE, &place, done);
    let members = json!({
        "Size": size, "VolumeType": kind, "Iops": iops, "Throughput": throughput, "MultiAttachEnabled": many,
    });
    world.set_after(MODIFIES, VOLUME.table, id, members);
    Ok(json!({"VolumeModification": super::common::tidy(change)}))
}

/// `DescribeVolumesModifications`: the last one of each volume.
pub(super) fn modifications(world: &mut World, rq: &Request<'_>) -> Reply {
    let ids = rq.texts("VolumeIds");
    let mut rows: Vec<Json> = Vec::new();
    for id in &ids {
        VOLUME.get(world, rq, id)?;
        if changes(world, id).is_empty() {
            return Err(Fault::new(
                "InvalidVolumeModification.NotFound",
                format!("Modification for volume '{id}' does not exist."),
            ));
        }
    }
    for (_, row) in world.rows(CHANGE).filter(|(_, row)| here(row, rq.region)) {
        if !ids.is_empty() && !ids.iter().any(|id| row["VolumeId"] == *id) {
            continue;
        }
        rows.retain(|other| other["VolumeId"] != row["VolumeId"]);
        rows.push(row.clone());
    }
    let known: &[filters::Filter] = &[
        ("modification-state", "ModificationState"),
        ("original-iops", "OriginalIops"),
        ("original-size", "OriginalSize"),
        ("original-volume-type", "OriginalVolumeType"),
        ("start-time", "StartTime"),
        ("target-iops", "TargetIops"),
        ("target-size", "TargetSize"),
        ("target-volume-type", "TargetVolumeType"),
        ("volume-id", "VolumeId"),
    ];
    listed(rq, "VolumesModifications", filters::apply(rows, rq.list("Filters"), known, "")?)
}

/// `DescribeVolumeStatus`: nothing is wrong with volumes here.
pub(super) fn status(world: &mut World, rq: &Request<'_>) -> Reply {
    let ids = rq.texts("VolumeIds");
    for id in &ids {
        VOLUME.get(world, rq, id)?;
    }
    let mine =
        VOLUME.all(world, rq).filter(|row| ids.is_empty() || ids.iter().any(|id| row["VolumeId"] == *id));
    let rows = mine.map(|row| {
        json!({
            "VolumeId": row["VolumeId"], "AvailabilityZone": row["AvailabilityZone"], "Actions": [], "Events": [],
            "VolumeStatus": {"Status": "ok", "Details": [
                {"Name": "io-enabled", "Status": "passed"}, {"Name": "io-performance", "Status": "not-applicable"},
            ]},
        })
    });
    let known: &[filters::Filter] = &[
        ("availability-zone", "AvailabilityZone"),
        ("volume-id", "VolumeId"),
        ("volume-status.status", "VolumeStatus.Status"),
    ];
    listed(rq, "VolumeStatuses", filters::apply(rows.collect(), rq.list("Filters"), known, "")?)
}

/// `DescribeVolumeAttribute`.
pub(super) fn attribute(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = VOLUME.get(world, rq, rq.text("VolumeId"))?;
    let mut answer = json!({"VolumeId": row["VolumeId"]});
    match rq.text("Attribute") {
        "autoEnableIO" => answer["AutoEnableIO"] = json!({"Value": row["_io"] == true}),
        _ => answer["ProductCodes"] = json!([]),
    }
    Ok(answer)
}

/// `ModifyVolumeAttribute`.
pub(super) fn set_attribute(world: &mut World, rq: &Request<'_>) -> Reply {
    let on = rq.get("AutoEnableIO")["Value"].as_bool().ok_or_else(|| lacking("AutoEnableIO"))?;
    VOLUME.get_mut(world, rq, rq.text("VolumeId"))?["_io"] = json!(on);
    done()
}

/// The tags that a request gives to what it makes of a source, checked.
pub(super) fn tagged(rq: &Request<'_>, resource: &str) -> Result<Vec<Json>, Fault> {
    tags::specified(rq, resource)
}
