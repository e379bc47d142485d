//! Replication tasks.

use serde_json::{Value as Json, json};

use super::{
    announce::{announce, at},
    endpoints, flow, instances, mappings, news, progress, settings,
    store::{TASK, combination, exists, fresh_arn, here, identifier, invalid, listed, missing, state},
};
use crate::sandbox::{
    Fault, Reply, Request, World,
    world::{
        Effect,
        durations::{DMS_TASK_DOWN, DMS_TASK_READY},
    },
};

fn absent(arn: &str) -> Fault {
    missing(format!("Replication Task {arn} not found."))
}

/// The task of an ARN.
pub(super) fn task<'w>(world: &'w World, arn: &str) -> Result<&'w Json, Fault> {
    world.get(TASK, arn).ok_or_else(|| absent(arn))
}

/// The task of an ARN, to be changed.
pub(super) fn task_mut<'w>(world: &'w mut World, arn: &str) -> Result<&'w mut Json, Fault> {
    world.get_mut(TASK, arn).ok_or_else(|| absent(arn))
}

/// A task as answers show it.
pub(super) fn shown(world: &World, row: &Json, settings: bool) -> Json {
    let mut task = row.clone();
    task["ReplicationTaskStats"] = progress::of(row, world.now()).stats(row, world.dates());
    if let Some(members) = task.as_object_mut() {
        members.retain(|_, value| !value.is_null());
        if !settings {
            members.remove("ReplicationTaskSettings");
        }
    }
    task
}

fn check_end(world: &World, arn: &str, kind: &str) -> Result<(), Fault> {
    let endpoint = endpoints::endpoint(world, arn)?;
    if endpoint["EndpointType"] != kind {
        return Err(invalid(format!("Endpoint {arn} is not a {kind} endpoint.")));
    }
    if endpoint["Status"] == "deleting" {
        return Err(state(format!("Endpoint {arn} is being deleted.")));
    }
    Ok(())
}

fn check_cdc(rq: &Request<'_>, kind: &str) -> Result<(), Fault> {
    if !rq.get("CdcStartTime").is_null() && !rq.get("CdcStartPosition").is_null() {
        return Err(combination("CdcStartTime and CdcStartPosition cannot both be set."));
    }
    let any = ["CdcStartTime", "CdcStartPosition", "CdcStopPosition"].iter().any(|m| !rq.get(m).is_null());
    if kind == "full-load" && any {
        return Err(combination("CDC positions cannot be set for a full-load task."));
    }
    if let Some(stop) = rq.opt("CdcStopPosition")
        && !stop.starts_with("server_time:")
        && !stop.starts_with("commit_time:")
    {
        return Err(invalid("CdcStopPosition must begin with server_time: or commit_time:"));
    }
    Ok(())
}

fn check_data(rq: &Request<'_>) -> Result<(), Fault> {
    match rq.opt("TaskData") {
        Some(text) if serde_json::from_str::<Json>(text).is_err() => Err(invalid("Invalid task data JSON")),
        _ => Ok(()),
    }
}

/// A start time is shown as a start position, `2026-11-29T00:17:37` (TestAccDMSReplicationTask_cdcStartTime…).
fn started_at(rq: &Request<'_>, row: &mut Json) {
    if let Some(secs) = rq.get("CdcStartTime").as_f64() {
        let text = crate::sandbox::codec::iso_date(secs);
        row["CdcStartPosition"] = json!(text.trim_end_matches('Z').split('.').next());
    }
}

/// With logging on, DMS fills in where the log goes: a group for the instance, a stream for the task (User Guide,
/// Viewing and managing DMS task logs).
fn logged(world: &World, row: &mut Json) {
    let Some(mut whole) =
        row["ReplicationTaskSettings"].as_str().and_then(|s| serde_json::from_str::<Json>(s).ok())
    else {
        return;
    };
    if whole["Logging"]["EnableLogging"] != true {
        return;
    }
    let text =
        |arn: &Json| arn.as_str().and_then(|arn| arn.rsplit(':').next()).unwrap_or_default().to_owned();
    let instance =
        row["ReplicationInstanceArn"].as_str().and_then(|arn| instances::instance(world, arn).ok());
    let instance = instance.and_then(|row| row["ReplicationInstanceIdentifier"].as_str()).unwrap_or_default();
    whole["Logging"]["CloudWatchLogGroup"] = json!(format!("dms-tasks-{instance}"));
    whole["Logging"]["CloudWatchLogStream"] = json!(format!("dms-task-{}", text(&row["ReplicationTaskArn"])));
    row["ReplicationTaskSettings"] = json!(whole.to_string());
}

fn taken(world: &World, rq: &Request<'_>, name: &str) -> bool {
    world.any(TASK, |row| row["ReplicationTaskIdentifier"] == name && row["_region"] == rq.region)
}

/// `CreateReplicationTask`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = identifier(rq, "ReplicationTaskIdentifier", 255)?;
    let kind = rq.text("MigrationType");
    check_cdc(rq, kind)?;
    check_data(rq)?;
    mappings::rules(rq.text("TableMappings"))?;
    let whole = settings::completed(rq.text("ReplicationTaskSettings"), None)?;
    if taken(world, rq, &name) {
        return Err(exists(format!("Replication Task with identifier {name} already exists")));
    }
    check_end(world, rq.text("SourceEndpointArn"), "source")?;
    check_end(world, rq.text("TargetEndpointArn"), "target")?;
    instances::available(world, rq.text("ReplicationInstanceArn"))?;
    let arn = fresh_arn(world, rq, "task", TASK)?;
    let mut row = json!({
        "ReplicationTaskIdentifier": name, "ReplicationTaskArn": arn, "MigrationType": kind, "Status": "creating",
        "SourceEndpointArn": rq.text("SourceEndpointArn"), "TargetEndpointArn": rq.text("TargetEndpointArn"),
        "ReplicationInstanceArn": rq.text("ReplicationInstanceArn"), "TableMappings": rq.text("TableMappings"),
        "ReplicationTaskSettings": whole, "ReplicationTaskCreationDate": world.now_secs(),
        "_region": rq.region, "_tags": rq.list("Tags"), "_active": 0, "_run": null, "_halt": null, "_reload": {},
    });
    for (member, kept) in [
        ("CdcStartPosition", "CdcStartPosition"),
        ("CdcStopPosition", "CdcStopPosition"),
        ("TaskData", "TaskData"),
        ("CdcStartTime", "_CdcStartTime"),
    ] {
        if !rq.get(member).is_null() {
            row[kept] = rq.get(member).clone();
        }
    }
    started_at(rq, &mut row);
    logged(world, &mut row);
    world.put(TASK, &arn, row.clone());
    world.set_after(DMS_TASK_READY, TASK, &arn, json!({"Status": "ready"}));
    announce(world, rq.region, &row, true, &[at(news::TASK_CREATED, 0)]);
    Ok(json!({"ReplicationTask": shown(world, &row, true)}))
}

/// `DescribeReplicationTasks`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let settings = !rq.flag("WithoutSettings");
    let rows = here(world, rq, TASK).iter().map(|row| shown(world, row, settings)).collect();
    let known: &[(&str, &[&str])] = &[
        ("replication-task-arn", &["ReplicationTaskArn"]),
        ("replication-task-id", &["ReplicationTaskIdentifier"]),
        ("migration-type", &["MigrationType"]),
        ("endpoint-arn", &["SourceEndpointArn", "TargetEndpointArn"]),
        ("replication-instance-arn", &["ReplicationInstanceArn"]),
    ];
    listed(rq, "ReplicationTasks", "Tasks", rows, known)
}

/// Refuses a task that is doing something.
fn at_rest(task: &Json, verb: &str) -> Result<(), Fault> {
    match task["Status"].as_str() {
        Some("ready" | "stopped" | "failed" | "failed-move") => Ok(()),
        other => {
            Err(state(format!("Replication Task cannot be {verb}, task is {}", other.unwrap_or_default())))
        }
    }
}

/// `ModifyReplicationTask`.
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ReplicationTaskArn");
    let mut row = task(world, arn)?.clone();
    at_rest(&row, "modified")?;
    let kind =
        rq.opt("MigrationType").or_else(|| row["MigrationType"].as_str()).unwrap_or_default().to_owned();
    check_cdc(rq, &kind)?;
    check_data(rq)?;
    if rq.opt("ReplicationTaskIdentifier").is_some() {
        let name = identifier(rq, "ReplicationTaskIdentifier", 255)?;
        if row["ReplicationTaskIdentifier"] != name.as_str() && taken(world, rq, &name) {
            return Err(exists(format!("Replication Task with identifier {name} already exists")));
        }
        row["ReplicationTaskIdentifier"] = json!(name);
    }
    if let Some(text) = rq.opt("TableMappings") {
        mappings::rules(text)?;
        row["TableMappings"] = json!(text);
    }
    if let Some(text) = rq.opt("ReplicationTaskSettings") {
        let whole = settings::completed(text, row["ReplicationTaskSettings"].as_str())?;
        row["ReplicationTaskSettings"] = json!(whole);
    }
    for (member, kept) in [
        ("CdcStartPosition", "CdcStartPosition"),
        ("CdcStopPosition", "CdcStopPosition"),
        ("TaskData", "TaskData"),
        ("MigrationType", "MigrationType"),
        ("CdcStartTime", "_CdcStartTime"),
    ] {
        if !rq.get(member).is_null() {
            row[kept] = rq.get(member).clone();
        }
    }
    started_at(rq, &mut row);
    logged(world, &mut row);
    let back = row["Status"].clone();
    row["Status"] = json!("modifying");
    world.put(TASK, arn, row.clone());
    world.set_after(DMS_TASK_READY, TASK, arn, json!({"Status": back}));
    announce(world, rq.region, &row, false, &[at(news::TASK_MODIFIED, DMS_TASK_READY)]);
    Ok(json!({"ReplicationTask": shown(world, &row, true)}))
}

/// `MoveReplicationTask`.
pub(super) fn relocate(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, to) = (rq.text("ReplicationTaskArn"), rq.text("TargetReplicationInstanceArn"));
    let old = task(world, arn)?.clone();
    at_rest(&old, "moved")?;
    instances::available(world, to)?;
    if old["ReplicationInstanceArn"] == to {
        return Err(combination("The task is already on the target replication instance."));
    }
    let row = task_mut(world, arn)?;
    row["Status"] = json!("moving");
    row["TargetReplicationInstanceArn"] = json!(to);
    let row = row.clone();
    let moved = json!({
        "Status": old["Status"], "ReplicationInstanceArn": to, "TargetReplicationInstanceArn": null,
    });
    world.set_after(DMS_TASK_READY, TASK, arn, moved);
    Ok(json!({"ReplicationTask": shown(world, &row, true)}))
}

/// `DeleteReplicationTask`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ReplicationTaskArn");
    let old = task(world, arn)?.clone();
    at_rest(&old, "deleted")?;
    world.cancel(TASK, arn);
    world.after(DMS_TASK_DOWN, TASK, arn, Effect::Remove);
    flow::forget(world, arn);
    super::assessments::forget(world, arn);
    let row = task_mut(world, arn)?;
    row["Status"] = json!("deleting");
    let row = row.clone();
    announce(world, rq.region, &old, true, &[at(news::TASK_DELETED, DMS_TASK_DOWN)]);
    Ok(json!({"ReplicationTask": shown(world, &row, true)}))
}
