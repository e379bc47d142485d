//! Exports of snapshots and clusters to S3. Nothing is written: there is no data.
//!
//! Table: `rds.export-task` (`region/name`).

use serde_json::{Value as Json, json};

use super::store::{CLUSTER, CLUSTER_SNAPSHOT, SNAPSHOT, invalid, key, paged, public, rows};
use crate::sandbox::{Fault, Reply, Request, World, services::kms};

const TASK: &str = "rds.export-task";
/// Until an export has its resources.
const STARTING: i64 = 60_000;
/// Until it is complete ("Exporting data can take a while", RDS User Guide; here five minutes).
const EXPORTING: i64 = 300_000;
/// Until one that is cancelled has ended.
const CANCELING: i64 = 30_000;
/// Engines whose snapshots can be exported (RDS User Guide, "Exporting DB snapshot data to Amazon S3").
const ENGINES: &[&str] = &["aurora-mysql", "aurora-postgresql", "mariadb", "mysql", "postgres"];

/// What an ARN names: its row, and the kind of the source.
fn source(world: &World, rq: &Request<'_>, arn: &str) -> Result<(Json, &'static str), Fault> {
    // Names of automated snapshots have a colon.
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let ["arn", _, "rds", region, _, kind, name] = parts[..] else {
        return Err(invalid(format!("Invalid source ARN: {arn}")));
    };
    let (table, of, missing) = match kind {
        "snapshot" => (SNAPSHOT, "SNAPSHOT", ("DBSnapshotNotFound", "DBSnapshot")),
        "cluster-snapshot" => {
            (CLUSTER_SNAPSHOT, "SNAPSHOT", ("DBClusterSnapshotNotFoundFault", "DBClusterSnapshot"))
        }
        "cluster" => (CLUSTER, "CLUSTER", ("DBClusterNotFoundFault", "DBCluster")),
        _ => return Err(invalid(format!("Only snapshots and clusters can be exported: {arn}"))),
    };
    let row = world.get(table, &format!("{region}/{}", name.to_lowercase())).filter(|_| region == rq.region);
    let row = row.ok_or_else(|| Fault::new(missing.0, format!("{} {name} not found.", missing.1)))?;
    Ok((row.clone(), of))
}

/// `database`, and `schema` or `table` in it, or both with PostgreSQL (API reference, StartExportTask, ExportOnly).
fn check_parts(engine: &str, parts: &[&str]) -> Result<(), Fault> {
    let most = if engine.contains("postgres") { 3 } else { 2 };
    match parts.iter().find(|part| part.split('.').count() > most || part.split('.').any(str::is_empty)) {
        None => Ok(()),
        Some(part) => {
            Err(Fault::new("InvalidExportOnly", format!("The export is invalid for engine {engine}: {part}")))
        }
    }
}

/// `StartExportTask`.
pub fn start(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("ExportTaskIdentifier");
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name.len() > 60 || !name.chars().all(good) {
        return Err(invalid(format!("The parameter ExportTaskIdentifier is not a valid identifier: {name}")));
    }
    if world.get(TASK, &key(rq, name)).is_some() {
        // RDS User Guide, "Exporting DB snapshot data to Amazon S3".
        let message = format!("The export task with the ID {name} already exists.");
        return Err(Fault::new("ExportTaskAlreadyExists", message));
    }
    let (row, kind) = source(world, rq, rq.text("SourceArn"))?;
    let engine = row["Engine"].as_str().unwrap_or_default();
    if row["Status"] != "available" || !ENGINES.contains(&engine) {
        let message = format!("The source {} can't be exported to Amazon S3.", rq.text("SourceArn"));
        return Err(Fault::new("InvalidExportSourceState", message));
    }
    check_parts(engine, &rq.texts("ExportOnly"))?;
    let bucket = rq.text("S3BucketName");
    if world.get("s3.bucket", bucket).is_none() {
        let message = format!(
            "The specified Amazon S3 bucket name can't be found or you aren't authorized to access it: {bucket}"
        );
        return Err(Fault::new("InvalidS3BucketFault", message));
    }
    let role = rq.text("IamRoleArn");
    match world.trusted(role, "export.rds.amazonaws.com") {
        Ok(()) => {}
        Err(crate::sandbox::RoleProblem::Unknown) => {
            let message = format!("The IAM role {role} is missing in the account.");
            return Err(Fault::new("IamRoleNotFound", message));
        }
        Err(crate::sandbox::RoleProblem::NotTrusted) => {
            let message = format!("The IAM role {role} doesn't let export.rds.amazonaws.com assume it.");
            return Err(Fault::new("IamRoleMissingPermissions", message));
        }
    }
    let named = rq.text("KmsKeyId");
    let arn = kms::arn_of(world, rq, named);
    if !kms::accessible(world, rq, named) {
        let message = format!(
            "The specified KMS key [{named}] does not exist, is not enabled or you do not have permissions to access it."
        );
        return Err(Fault::new("KMSKeyNotAccessibleFault", message));
    }
    let time = if kind == "SNAPSHOT" { row["SnapshotCreateTime"].clone() } else { json!(world.now_secs()) };
    let task = json!({
        "ExportTaskIdentifier": name, "SourceArn": rq.get("SourceArn"), "SourceType": kind, "SnapshotTime": time,
        "S3Bucket": bucket, "S3Prefix": rq.opt("S3Prefix").unwrap_or_default(), "IamRoleArn": role, "KmsKeyId": arn,
        "ExportOnly": rq.list("ExportOnly"), "Status": "STARTING", "PercentProgress": 0, "TotalExtractedDataInGB": 0,
    });
    let place = key(rq, name);
    world.put(TASK, &place, task.clone());
    let at = |world: &World, millis: i64| World::seconds(world.date_after(millis));
    let (began, ended) = (at(world, STARTING), at(world, STARTING + EXPORTING));
    world.set_after(STARTING, TASK, &place, json!({"Status": "IN_PROGRESS", "TaskStartTime": began}));
    let done = json!({"Status": "COMPLETE", "PercentProgress": 100, "TaskEndTime": ended});
    world.set_after(STARTING + EXPORTING, TASK, &place, done);
    Ok(public(&task))
}

/// `CancelExportTask`.
pub fn cancel(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("ExportTaskIdentifier");
    let place = key(rq, name);
    let row = world.get(TASK, &place).ok_or_else(|| {
        // moto's test_cancel_export_task_fails_unknown_task.
        let message =
            format!("Cannot cancel export task because a task with the identifier {name} is not exist.");
        Fault::new("ExportTaskNotFound", message)
    })?;
    if !matches!(row["Status"].as_str(), Some("STARTING" | "IN_PROGRESS")) {
        let status = row["Status"].as_str().unwrap_or_default();
        let message = format!("You can't cancel an export task that is {status}.");
        return Err(Fault::new("InvalidExportTaskStateFault", message));
    }
    world.cancel(TASK, &place);
    let ended = World::seconds(world.date_after(CANCELING));
    if let Some(row) = world.get_mut(TASK, &place) {
        row["Status"] = json!("CANCELING");
    }
    world.set_after(CANCELING, TASK, &place, json!({"Status": "CANCELED", "TaskEndTime": ended}));
    Ok(world.get(TASK, &place).map(public).unwrap_or_default())
}

/// `DescribeExportTasks`: of a name that there is not it answers an empty list (Terraform's provider, `FindExportTaskByID`).
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut found = rows(world, rq, TASK);
    for (parameter, member) in [
        ("ExportTaskIdentifier", "ExportTaskIdentifier"),
        ("SourceArn", "SourceArn"),
        ("SourceType", "SourceType"),
    ] {
        if let Some(wanted) = rq.opt(parameter).filter(|text| !text.is_empty()) {
            found.retain(|row| row[member] == wanted);
        }
    }
    for filter in rq.list("Filters") {
        let name = filter["Name"].as_str().unwrap_or_default();
        let member = match name {
            "export-task-identifier" => "ExportTaskIdentifier",
            "s3-bucket" => "S3Bucket",
            "source-arn" => "SourceArn",
            "status" => "Status",
            _ => return Err(invalid(format!("Unrecognized filter name: {name}"))),
        };
        let values = filter["Values"].as_array().into_iter().flatten().filter_map(Json::as_str);
        // "Must be lowercase", of states.
        let values: Vec<String> = values
            .map(|value| if member == "Status" { value.to_uppercase() } else { value.to_owned() })
            .collect();
        found.retain(|row| values.iter().any(|value| row[member] == value.as_str()));
    }
    paged(rq, "ExportTasks", found.iter().map(public).collect())
}
