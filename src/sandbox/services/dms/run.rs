//! Starting and stopping tasks.

use serde_json::{Value as Json, json};

use super::{
    announce::{announce, at},
    connections, curves, instances, news, progress,
    store::{TASK, combination, invalid, state},
    tasks::{self, shown},
};
use crate::sandbox::{
    Reply, Request, World,
    world::durations::{DMS_TASK_RUNNING, DMS_TASK_STOP},
};

/// `StartReplicationTask`.
pub(super) fn start(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ReplicationTaskArn");
    let task = tasks::task(world, arn)?.clone();
    if !matches!(task["Status"].as_str(), Some("ready" | "stopped" | "failed")) {
        return Err(state("Replication Task cannot be started, invalid state"));
    }
    let (ever, kind) = (!task["_run"].is_null(), task["MigrationType"].as_str().unwrap_or_default());
    let fresh = match rq.text("StartReplicationTaskType") {
        "start-replication" if ever && kind != "cdc" => {
            return Err(combination(
                "Start Type : START_REPLICATION, valid only for tasks running for the first time",
            ));
        }
        "resume-processing" if !ever => {
            return Err(combination(
                "Start Type : RESUME_PROCESSING, is not valid for tasks running for the first time",
            ));
        }
        "reload-target" if !ever => {
            return Err(combination(
                "Start Type : RELOAD_TARGET, is not valid for tasks running for the first time",
            ));
        }
        "reload-target" if kind == "cdc" => {
            return Err(combination(
                "Start Type : RELOAD_TARGET, is not valid for tasks of migration type cdc",
            ));
        }
        "resume-processing"
            if kind == "full-load" && progress::active(&task, world.now()) >= progress::load_time(&task) =>
        {
            return Err(combination("Start Type : RESUME_PROCESSING, is not valid for a finished full load"));
        }
        "start-replication" | "reload-target" => true,
        "resume-processing" => false,
        other => return Err(invalid(format!("Invalid start type: {other}"))),
    };
    if !rq.get("CdcStartTime").is_null() && !rq.get("CdcStartPosition").is_null() {
        return Err(combination("CdcStartTime and CdcStartPosition cannot both be set."));
    }
    let text = |member: &str| task[member].as_str().unwrap_or_default().to_owned();
    let instance = text("ReplicationInstanceArn");
    instances::available(world, &instance)?;
    connections::proven(world, &instance, &text("SourceEndpointArn"))?;
    connections::proven(world, &instance, &text("TargetEndpointArn"))?;

    let runs = world.now() + DMS_TASK_RUNNING;
    let done = if fresh { 0 } else { progress::active(&task, world.now()) };
    let date = world.now_secs();
    let past = curves::past(&task, world.now());
    world.cancel(TASK, arn);
    let row = tasks::task_mut(world, arn)?;
    row["_past"] = past;
    row["Status"] = json!("starting");
    row["ReplicationTaskStartDate"] = json!(date);
    row["_active"] = json!(done);
    row["_run"] = json!(runs);
    row["_halt"] = Json::Null;
    row["StopReason"] = Json::Null;
    row["LastFailureMessage"] = Json::Null;
    if fresh {
        row["_fresh"] = json!(runs);
        row["_reload"] = json!({});
    }
    for member in ["CdcStartPosition", "CdcStopPosition"] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    if !rq.get("CdcStartTime").is_null() {
        row["_CdcStartTime"] = rq.get("CdcStartTime").clone();
    }
    let row = row.clone();
    world.set_after(DMS_TASK_RUNNING, TASK, arn, json!({"Status": "running"}));
    // As AWS's example of the event has it: "with flag = fresh start" (User Guide, EventBridge events).
    let flag = if fresh { "fresh start" } else { "resume" };
    let message = format!("Replication task started, with flag = {flag}");
    let mut ahead = vec![(news::TASK_STARTED, DMS_TASK_RUNNING, Some(message))];
    if kind == "full-load" {
        let left = (progress::load_time(&row) - done).max(0);
        let end = json!({
            "Status": "stopped", "StopReason": "Stop Reason FULL_LOAD_ONLY_FINISHED", "_halt": runs + left,
        });
        world.set_after(DMS_TASK_RUNNING + left, TASK, arn, end);
        ahead.push(at(news::TASK_STOPPED, DMS_TASK_RUNNING + left));
    }
    announce(world, rq.region, &row, true, &ahead);
    Ok(json!({"ReplicationTask": shown(world, &row, true)}))
}

/// `StopReplicationTask`.
pub(super) fn stop(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ReplicationTaskArn");
    let task = tasks::task(world, arn)?.clone();
    if task["Status"] != "running" {
        return Err(state("Replication Task cannot be stopped, task is not running"));
    }
    let halt = world.now() + DMS_TASK_STOP;
    world.cancel(TASK, arn);
    let row = tasks::task_mut(world, arn)?;
    row["Status"] = json!("stopping");
    row["_halt"] = json!(halt);
    let row = row.clone();
    let checkpoint = format!("checkpoint:V1#{}#0", halt / 1000);
    let end =
        json!({"Status": "stopped", "StopReason": "Stop Reason NORMAL", "RecoveryCheckpoint": checkpoint});
    world.set_after(DMS_TASK_STOP, TASK, arn, end);
    announce(world, rq.region, &task, true, &[at(news::TASK_STOPPED, DMS_TASK_STOP)]);
    Ok(json!({"ReplicationTask": shown(world, &row, true)}))
}
