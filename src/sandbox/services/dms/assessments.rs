//! Premigration assessment runs: they belong to a task, which is `testing` meanwhile, and end with what each of their
//! individual assessments found.
//!
//! AWS DMS User Guide, Enabling and working with premigration assessments for a task; API Reference,
//! StartReplicationTaskAssessmentRun and ReplicationTaskAssessmentRun.

use serde_json::{Value as Json, json};

use super::{
    store::{ASSESSMENT, TASK, exists, invalid, listed, missing, paged, role_works, state},
    tasks,
};
use crate::sandbox::{
    Fault, Reply, Request, World,
    world::durations::{DMS_ASSESSMENT, DMS_ASSESSMENT_PROVISIONING},
};

/// Individual assessments of every source; the guide names them with their API names.
const INDIVIDUAL: [&str; 4] = [
    "full-lob-not-nullable-at-target",
    "table-with-lob-but-without-primary-key-or-unique-constraint",
    "table-with-no-primary-key-or-unique-constraint",
    "unsupported-data-types-in-source",
];

/// What an individual assessment of a run says; `_ends` is what a test has planted for it.
fn individual(run: &Json, name: &str) -> String {
    match run["Status"].as_str().unwrap_or_default() {
        "passed" | "failed" | "warning" => run["_ends"][name].as_str().unwrap_or("passed").to_owned(),
        "running" => "running".to_owned(),
        _ => "pending".to_owned(),
    }
}

/// A run as AWS shows it.
fn shown(run: &Json) -> Json {
    let mut shown = run.clone();
    if let Some(members) = shown.as_object_mut() {
        members.retain(|name, value| !name.starts_with('_') && !value.is_null());
    }
    let states: Vec<String> = INDIVIDUAL.iter().map(|name| individual(run, name)).collect();
    let count = |wanted: &str| states.iter().filter(|state| *state == wanted).count();
    let done = states.iter().filter(|state| !["pending", "running"].contains(&state.as_str())).count();
    shown["AssessmentProgress"] = json!({
        "IndividualAssessmentCount": INDIVIDUAL.len(), "IndividualAssessmentCompletedCount": done,
    });
    shown["ResultStatistic"] = json!({
        "Passed": count("passed"), "Failed": count("failed"), "Error": count("error"), "Warning": count("warning"),
        "Cancelled": count("cancelled"), "Skipped": count("skipped"),
    });
    shown
}

/// `StartReplicationTaskAssessmentRun`.
pub(super) fn start(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, name) = (rq.text("ReplicationTaskArn").to_owned(), rq.text("AssessmentRunName").to_owned());
    let task = tasks::task(world, &arn)?.clone();
    let good = name.len() <= 255 && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !good {
        return Err(invalid(format!("The parameter AssessmentRunName {name} is not valid.")));
    }
    let known = world.rows(ASSESSMENT).any(|(_, run)| run["AssessmentRunName"] == name.as_str());
    if known {
        return Err(exists(format!("An assessment run with name {name} already exists.")));
    }
    if !matches!(task["Status"].as_str(), Some("ready" | "stopped" | "failed")) {
        return Err(state("An assessment run can be started only while the task does not run."));
    }
    role_works(world, rq.text("ServiceAccessRoleArn"), "dms.amazonaws.com")?;
    let bucket = rq.text("ResultLocationBucket");
    if world.get("s3.bucket", bucket).is_none() {
        return Err(Fault::new("S3ResourceNotFoundFault", format!("The bucket {bucket} does not exist.")));
    }
    let id = world.hex(26).to_uppercase();
    let run = world.arn("dms", rq.region, &format!("assessment-run:{id}"));
    let older: Vec<String> = world
        .rows(ASSESSMENT)
        .filter(|(_, row)| row["ReplicationTaskArn"] == arn.as_str())
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in older {
        if let Some(row) = world.get_mut(ASSESSMENT, &key) {
            row["IsLatestTaskAssessmentRun"] = json!(false);
        }
    }
    let ends = task["_assess"].clone();
    let ended = |wanted: &str| ends.as_object().is_some_and(|ends| ends.values().any(|end| end == wanted));
    let row = json!({
        "ReplicationTaskAssessmentRunArn": run, "ReplicationTaskArn": arn, "Status": "starting",
        "ReplicationTaskAssessmentRunCreationDate": world.now_secs(), "AssessmentRunName": name,
        "ServiceAccessRoleArn": rq.text("ServiceAccessRoleArn"), "ResultLocationBucket": bucket,
        "ResultLocationFolder": rq.get("ResultLocationFolder"), "ResultEncryptionMode": rq.get("ResultEncryptionMode"),
        "ResultKmsKeyArn": rq.get("ResultKmsKeyArn"), "IsLatestTaskAssessmentRun": true, "_region": rq.region,
        "_ends": ends,
    });
    let end = match (ended("failed"), ended("warning")) {
        (true, _) => json!({"Status": "failed"}),
        (false, true) => json!({"Status": "warning"}),
        _ => json!({"Status": "passed"}),
    };
    let answer = shown(&row);
    world.put(ASSESSMENT, &run, row);
    world.set_after(1_000, ASSESSMENT, &run, json!({"Status": "provisioning"}));
    world.set_after(DMS_ASSESSMENT_PROVISIONING, ASSESSMENT, &run, json!({"Status": "running"}));
    world.set_after(DMS_ASSESSMENT, ASSESSMENT, &run, end);
    let before = task["Status"].clone();
    tasks::task_mut(world, &arn)?["Status"] = json!("testing");
    world.set_after(DMS_ASSESSMENT, TASK, &arn, json!({"Status": before}));
    Ok(json!({"ReplicationTaskAssessmentRun": answer}))
}

/// Runs of tasks that there are, newest first.
fn here(world: &World, rq: &Request<'_>) -> Vec<Json> {
    let mut rows: Vec<Json> = world
        .rows(ASSESSMENT)
        .filter(|(_, row)| row["_region"] == rq.region)
        .filter(|(_, row)| {
            row["ReplicationTaskArn"].as_str().is_some_and(|arn| world.get(TASK, arn).is_some())
        })
        .map(|(_, row)| row.clone())
        .collect();
    rows.sort_by_key(|row| row["IsLatestTaskAssessmentRun"] != true);
    rows
}

/// `DescribeReplicationTaskAssessmentRuns`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut rows: Vec<Json> = here(world, rq).iter().map(shown).collect();
    for row in &mut rows {
        let task = row["ReplicationTaskArn"].as_str().and_then(|arn| world.get(TASK, arn));
        row["_instance"] = task.map(|task| task["ReplicationInstanceArn"].clone()).unwrap_or_default();
    }
    let known: &[(&str, &[&str])] = &[
        ("replication-task-assessment-run-arn", &["ReplicationTaskAssessmentRunArn"]),
        ("replication-task-arn", &["ReplicationTaskArn"]),
        ("replication-instance-arn", &["_instance"]),
        ("status", &["Status"]),
    ];
    let mut answer = listed(rq, "ReplicationTaskAssessmentRuns", "assessment runs", rows, known)?;
    for row in answer["ReplicationTaskAssessmentRuns"].as_array_mut().into_iter().flatten() {
        if let Some(members) = row.as_object_mut() {
            members.remove("_instance");
        }
    }
    Ok(answer)
}

/// `DescribeReplicationTaskIndividualAssessments`.
pub(super) fn describe_individual(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut rows = Vec::new();
    for run in here(world, rq) {
        let arn = run["ReplicationTaskAssessmentRunArn"].as_str().unwrap_or_default().to_owned();
        for name in INDIVIDUAL {
            rows.push(json!({
                "ReplicationTaskIndividualAssessmentArn": arn.replace(":assessment-run:", &format!(":individual-assessment:{name}-")),
                "ReplicationTaskAssessmentRunArn": arn, "IndividualAssessmentName": name,
                "Status": individual(&run, name),
                "ReplicationTaskIndividualAssessmentStartDate": run["ReplicationTaskAssessmentRunCreationDate"],
                "ReplicationTaskArn": run["ReplicationTaskArn"],
            }));
        }
    }
    let known: &[(&str, &[&str])] = &[
        ("replication-task-assessment-run-arn", &["ReplicationTaskAssessmentRunArn"]),
        ("replication-task-arn", &["ReplicationTaskArn"]),
        ("status", &["Status"]),
    ];
    let mut rows = super::store::filtered(rq, rows, known)?;
    for row in &mut rows {
        if let Some(members) = row.as_object_mut() {
            members.remove("ReplicationTaskArn");
        }
    }
    paged(rq, "ReplicationTaskIndividualAssessments", rows, 100)
}

/// `DeleteReplicationTaskAssessmentRun`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ReplicationTaskAssessmentRunArn");
    let row = world
        .get(ASSESSMENT, arn)
        .cloned()
        .ok_or_else(|| missing(format!("Assessment run {arn} not found.")))?;
    if matches!(row["Status"].as_str(), Some("starting" | "provisioning" | "running")) {
        return Err(state("The assessment run is not complete."));
    }
    world.remove(ASSESSMENT, arn);
    let mut answer = shown(&row);
    answer["Status"] = json!("deleting");
    Ok(json!({"ReplicationTaskAssessmentRun": answer}))
}

/// Forgets the runs of a task.
pub(super) fn forget(world: &mut World, task: &str) {
    let keys: Vec<String> = world
        .rows(ASSESSMENT)
        .filter(|(_, row)| row["ReplicationTaskArn"] == task)
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in keys {
        world.remove(ASSESSMENT, &key);
    }
}
