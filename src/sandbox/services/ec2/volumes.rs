//! Volumes of instances: made with them, kept or gone with them. Nothing is on them.

use serde_json::{Value as Json, json};

use super::{common::Noun, ebs};
use crate::sandbox::{Effect, Fault, Reply, Request, World, done};

/// Volumes.
pub(super) const VOLUME: Noun = Noun {
    table: TABLE,
    prefix: "vol",
    id: "VolumeId",
    ids: "VolumeIds",
    tags: "Tags",
    resource: "volume",
    missing: "InvalidVolume.NotFound",
    malformed: "InvalidParameterValue",
    label: "volume",
    filters: &[
        ("attachment.delete-on-termination", "Attachments.DeleteOnTermination"),
        ("attachment.device", "Attachments.Device"),
        ("attachment.instance-id", "Attachments.InstanceId"),
        ("attachment.status", "Attachments.State"),
        ("availability-zone", "AvailabilityZone"),
        ("encrypted", "Encrypted"),
        ("size", "Size"),
        ("snapshot-id", "SnapshotId"),
        ("status", "State"),
        ("volume-id", "VolumeId"),
        ("volume-type", "VolumeType"),
    ],
};

const TABLE: &str = "ec2.volume";

/// The device that an image's root volume is behind.
pub(super) const ROOT: &str = "/dev/xvda";

fn invalid(message: String) -> Fault {
    Fault::new("InvalidBlockDeviceMapping", message)
}

/// The mappings of a launch: the image's root volume, and what was asked for, by device.
fn mappings(wanted: &Json) -> Result<Vec<(String, Json)>, Fault> {
    let root = json!({"DeleteOnTermination": true, "VolumeSize": 8, "VolumeType": "gp3", "SnapshotId": "snap-0000000000000a123"});
    let mut all = vec![(ROOT.to_owned(), root)];
    for one in wanted.as_array().into_iter().flatten() {
        let device = one["DeviceName"].as_str().unwrap_or_default().to_owned();
        if device.is_empty() {
            return Err(Fault::new("MissingParameter", "The request must contain the parameter deviceName"));
        }
        if one["NoDevice"].is_string() {
            all.retain(|(known, _)| *known != device);
            continue;
        }
        let Some(ebs) = one["Ebs"].as_object() else { continue };
        let known = all.iter_mut().find(|(known, _)| *known == device);
        let mut made = known.as_ref().map_or_else(
            || json!({"DeleteOnTermination": true, "VolumeType": "gp2"}),
            |(_, root)| root.clone(),
        );
        for (member, value) in ebs {
            made[member] = value.clone();
        }
        if made["VolumeSize"].is_null() && made["SnapshotId"].is_null() {
            return Err(invalid(format!(
                "The request must contain the parameter size or snapshotId for {device}"
            )));
        }
        let size = made["VolumeSize"].as_i64().unwrap_or(8);
        if device == ROOT && size < 8 {
            return Err(invalid(format!(
                "Volume of size {size}GB is smaller than snapshot, expect size >= 8GB"
            )));
        }
        // "Amazon EBS volume types": those with provisioned IOPS need a number.
        let kind = made["VolumeType"].as_str().unwrap_or_default();
        if matches!(kind, "io1" | "io2") && made["Iops"].is_null() {
            return Err(Fault::new("MissingParameter", "The request must contain the parameter iops"));
        }
        match known {
            Some((_, root)) => *root = made,
            None => all.push((device, made)),
        }
    }
    Ok(all)
}

/// Whether the mappings of a launch could be made.
///
/// # Errors
/// EC2's refusal.
pub(super) fn checked(data: &Json) -> Result<(), Fault> {
    mappings(&data["BlockDeviceMappings"]).map(drop)
}

/// Makes an instance's volumes; answers its block device mappings.
pub(super) fn make(world: &mut World, region: &str, instance: &str, zone: &Json, data: &Json) -> Json {
    let specifications = data["TagSpecifications"].as_array().cloned().unwrap_or_default();
    let tags: Vec<Json> = specifications
        .iter()
        .filter(|one| one["ResourceType"] == "volume")
        .flat_map(|one| one["Tags"].as_array().cloned().unwrap_or_default())
        .collect();
    let mut shown = Vec::new();
    for (device, ebs) in mappings(&data["BlockDeviceMappings"]).unwrap_or_default() {
        let id = world.id("vol");
        let kind = ebs["VolumeType"].as_str().unwrap_or("gp2");
        let size = ebs["VolumeSize"].as_i64().unwrap_or(8);
        let iops = match (ebs["Iops"].as_i64(), kind) {
            (Some(iops), _) => json!(iops),
            (None, "gp3") => json!(3_000),
            (None, "gp2") => json!((size * 3).max(100)),
            _ => Json::Null,
        };
        let ends = ebs["DeleteOnTermination"] != false;
        let encrypted = ebs["Encrypted"] == true;
        let key = ebs["KmsKeyId"].as_str().map(|key| match key.strip_prefix("arn:") {
            Some(_) => key.to_owned(),
            None => world.arn("kms", region, &format!("key/{}", key.trim_start_matches("key/"))),
        });
        let default = || world.arn("kms", region, "key/00000000-0000-4000-8000-0000000000eb");
        let key = key.or_else(|| encrypted.then(default));
        let date = world.now_secs();
        let row = json!({
            "VolumeId": id, "Size": size, "VolumeType": kind, "Iops": iops, "State": "in-use", "AvailabilityZone": zone,
            "Encrypted": encrypted, "KmsKeyId": key, "SnapshotId": ebs["SnapshotId"].as_str().unwrap_or_default(),
            "Throughput": if kind == "gp3" { json!(125) } else { Json::Null }, "CreateTime": date, "MultiAttachEnabled": false,
            "Attachments": [{
                "VolumeId": id, "InstanceId": instance, "Device": device, "State": "attached", "AttachTime": date,
                "DeleteOnTermination": ends,
            }],
            "Tags": tags, "_region": region,
        });
        world.put(TABLE, &id, row);
        shown.push(json!({
            "DeviceName": device,
            "Ebs": {"VolumeId": id, "Status": "attached", "AttachTime": date, "DeleteOnTermination": ends},
        }));
    }
    json!(shown)
}

fn of(world: &World, instance: &str) -> Vec<String> {
    let attached = |row: &Json| {
        let mut all = row["Attachments"].as_array().into_iter().flatten();
        all.any(|one| one["InstanceId"] == instance)
    };
    let rows = world.rows(TABLE).filter(|(_, row)| attached(row));
    rows.map(|(id, _)| id.to_owned()).collect()
}

/// Says what becomes of a volume when its instance is terminated.
pub(super) fn set_end(world: &mut World, instance: &str, device: &str, ends: bool) {
    for id in of(world, instance) {
        let row = world.get_mut(TABLE, &id);
        for one in row.and_then(|row| row["Attachments"].as_array_mut()).into_iter().flatten() {
            if one["InstanceId"] == instance && one["Device"] == device {
                one["DeleteOnTermination"] = json!(ends);
            }
        }
    }
}

/// Lets an instance's volumes go `millis` from now, but for those that are to be kept or that another instance has too.
pub(super) fn release(world: &mut World, instance: &str, millis: i64) {
    for id in of(world, instance) {
        let row = world.get(TABLE, &id).cloned().unwrap_or_default();
        let all = row["Attachments"].as_array().cloned().unwrap_or_default();
        let (own, others): (Vec<Json>, Vec<Json>) =
            all.into_iter().partition(|one| one["InstanceId"] == instance);
        if others.is_empty() && own.iter().all(|one| one["DeleteOnTermination"] == true) {
            world.after(millis, TABLE, &id, Effect::Remove);
        } else {
            let state = if others.is_empty() { "available" } else { "in-use" };
            world.set_after(millis, TABLE, &id, json!({"State": state, "Attachments": others}));
        }
    }
}

/// `DescribeVolumes`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    VOLUME.describe(world, rq, "Volumes", ebs::shown)
}

/// `DeleteVolume`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("VolumeId");
    let row = VOLUME.get(world, rq, id)?;
    if let Some(instance) = row["Attachments"][0]["InstanceId"].as_str() {
        return Err(Fault::new("VolumeInUse", format!("Volume {id} is currently attached to {instance}")));
    }
    world.remove(TABLE, id);
    done()
}
