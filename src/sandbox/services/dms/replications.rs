//! Serverless replications: what a start passes through until data moves, and what a stop leaves behind.
//!
//! States and their order: User Guide, AWS DMS Serverless components, and the log entries shown there; how long they
//! take: the workshop of AWS DMS Serverless. A stopped replication is deprovisioned a while later
//! (`ReplicationDeprovisionTime`), and its network interfaces stay a little longer.

use serde_json::{Value as Json, json};

use super::{
    connections, curves, endpoints, mappings, progress,
    replication_configs::{CAPACITIES, config, config_mut},
    states,
    store::{REPLICATION, combination, here, invalid, listed, state},
    subnets,
};
use crate::sandbox::{
    Fault, Reply, Request, World,
    world::durations::{
        DMS_SERVERLESS_CALCULATING, DMS_SERVERLESS_DEPROVISION, DMS_SERVERLESS_FETCHING,
        DMS_SERVERLESS_INITIALIZING, DMS_SERVERLESS_KEPT, DMS_SERVERLESS_METADATA,
        DMS_SERVERLESS_PROVISIONING, DMS_SERVERLESS_STARTING, DMS_SERVERLESS_STOP, DMS_SERVERLESS_TESTING,
    },
};

/// For how long interfaces stay in the subnets once the capacity is gone.
const LINGER: i64 = 60_000;

/// Whether nothing goes on with a replication.
pub(super) fn rests(row: &Json) -> bool {
    matches!(row["Status"].as_str(), Some("created" | "stopped" | "failed"))
}

/// A state as error messages have it: `MODIFYING` (hashicorp/terraform-provider-aws issue 35650).
pub(super) fn shown_status(row: &Json) -> String {
    row["Status"].as_str().unwrap_or_default().to_uppercase()
}

/// A replication as answers show it.
fn shown(world: &World, row: &Json) -> Json {
    let mut answer = json!({
        "ReplicationType": row["MigrationType"], "IsReadOnly": false,
        "ReplicationCreateTime": row["ReplicationConfigCreateTime"],
        "ReplicationStats": progress::of(row, world.now()).stats(row, world.dates()),
    });
    for member in [
        "ReplicationConfigIdentifier",
        "ReplicationConfigArn",
        "SourceEndpointArn",
        "TargetEndpointArn",
        "Status",
        "ProvisionData",
        "PremigrationAssessmentStatuses",
        "StopReason",
        "FailureMessages",
        "StartReplicationType",
        "CdcStartTime",
        "CdcStartPosition",
        "CdcStopPosition",
        "RecoveryCheckpoint",
        "ReplicationUpdateTime",
        "ReplicationLastStopTime",
        "ReplicationDeprovisionTime",
    ] {
        if !row[member].is_null() {
            answer[member] = row[member].clone();
        }
    }
    answer
}

/// `DescribeReplications`: one for each configuration.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let rows = here(world, rq, REPLICATION).iter().map(|row| shown(world, row)).collect();
    let known: &[(&str, &[&str])] = &[
        ("replication-config-arn", &["ReplicationConfigArn"]),
        ("replication-config-id", &["ReplicationConfigIdentifier"]),
    ];
    listed(rq, "Replications", "Replications", rows, known)
}

/// The capacity that the tables need, within the limits.
fn capacity(row: &Json) -> i64 {
    let tables = mappings::tables(row["TableMappings"].as_str().unwrap_or_default()).len();
    let wanted = i64::try_from(tables / 3).unwrap_or(1).max(1);
    let limit = |member: &str, default: i64| row["ComputeConfig"][member].as_i64().unwrap_or(default);
    let wanted = wanted.clamp(limit("MinCapacityUnits", 1), limit("MaxCapacityUnits", 384));
    CAPACITIES.iter().copied().find(|units| *units >= wanted).unwrap_or(384)
}

fn check_start(world: &World, rq: &Request<'_>, row: &Json) -> Result<bool, Fault> {
    let (ever, kind) = (!row["_run"].is_null(), row["MigrationType"].as_str().unwrap_or_default());
    let position = ["CdcStartTime", "CdcStartPosition"].map(|member| !rq.get(member).is_null());
    if position == [true, true] {
        return Err(combination("CdcStartTime and CdcStartPosition cannot both be set."));
    }
    let word = rq.text("StartReplicationType");
    match word {
        "start-replication" if ever && kind != "cdc" => Err(combination(
            "Start Type : START_REPLICATION, valid only for replications running for the first time",
        )),
        "resume-processing" | "reload-target" if !ever => Err(combination(format!(
            "Start Type : {}, is not valid for replications running for the first time",
            word.to_uppercase().replace('-', "_")
        ))),
        "reload-target" if kind == "cdc" => {
            Err(combination("Start Type : RELOAD_TARGET, is not valid for replications of type cdc"))
        }
        // API Reference, StartReplication: not applicable for a full-load replication.
        "resume-processing" if kind == "full-load" && progress::active(row, world.now()) > 0 => {
            Err(combination("Start Type : RESUME_PROCESSING, is not valid for a full-load replication"))
        }
        "start-replication" | "reload-target" => Ok(true),
        "resume-processing" => Ok(false),
        other => Err(invalid(format!("Invalid start type: {other}"))),
    }
}

/// The settings of a premigration assessment (API Reference, StartReplication, `PremigrationAssessmentSettings`: "The possible
/// values are").
const ASSESSMENT: [&str; 6] = [
    "ResultLocationFolder",
    "ResultEncryptionMode",
    "ResultKmsKeyArn",
    "IncludeOnly",
    "Exclude",
    "FailOnAssessmentFailure",
];

/// What a premigration assessment is going to say, and whether it stops the start (API Reference, StartReplication,
/// `PremigrationAssessmentSettings`: `FailOnAssessmentFailure` is true unless it is set).
fn assessed(world: &mut World, rq: &Request<'_>, row: &Json) -> Result<Option<(Json, bool)>, Fault> {
    let Some(text) = rq.opt("PremigrationAssessmentSettings") else { return Ok(None) };
    let settings: Json = serde_json::from_str(text)
        .map_err(|_| invalid("PremigrationAssessmentSettings is not valid JSON."))?;
    // There is none for a bucket or a role: DMS keeps the results in a bucket of its own.
    let unknown =
        settings.as_object().and_then(|all| all.keys().find(|key| !ASSESSMENT.contains(&key.as_str())));
    if let Some(key) = unknown {
        return Err(invalid(format!("{key} is no premigration assessment setting.")));
    }
    let strict = match &settings["FailOnAssessmentFailure"] {
        Json::Null => true,
        Json::Bool(strict) => *strict,
        Json::String(text) => text.eq_ignore_ascii_case("true"),
        _ => return Err(invalid("FailOnAssessmentFailure must be true or false.")),
    };
    let failed = row["_assess"].as_object().is_some_and(|ends| ends.values().any(|end| end == "failed"));
    let id = world.hex(26).to_uppercase();
    let mut status = json!({
        "PremigrationAssessmentRunArn": world.arn("dms", rq.region, &format!("assessment-run:{id}")),
        "FailOnAssessmentFailure": strict, "Status": if failed { "failed" } else { "passed" },
        "PremigrationAssessmentRunCreationDate": world.now_secs(),
        "AssessmentProgress": {"IndividualAssessmentCount": 4, "IndividualAssessmentCompletedCount": 4},
    });
    for member in ["ResultLocationFolder", "ResultEncryptionMode", "ResultKmsKeyArn"] {
        if !settings[member].is_null() {
            status[member] = settings[member].clone();
        }
    }
    Ok(Some((status, failed && strict)))
}

/// Interfaces for the capacity: those of an earlier run, if they are still there.
fn attach(world: &mut World, rq: &Request<'_>, arn: &str, compute: &Json) {
    let own: Vec<String> = world
        .rows("ec2.network-interface")
        .filter(|(_, row)| row["_owner"] == arn)
        .map(|(id, _)| id.to_owned())
        .collect();
    if !own.is_empty() {
        for id in own {
            world.cancel("ec2.network-interface", &id);
        }
        return;
    }
    let Some(name) = compute["ReplicationSubnetGroupId"].as_str() else { return };
    let Ok(group) = subnets::group(world, rq, name) else { return };
    let list = group["Subnets"].as_array().cloned().unwrap_or_default();
    let wide = if compute["MultiAZ"] == true { 2 } else { 1 };
    let ids: Vec<&str> =
        list.iter().take(wide).filter_map(|subnet| subnet["SubnetIdentifier"].as_str()).collect();
    let groups: Vec<&str> =
        compute["VpcSecurityGroupIds"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    world.attach_interfaces(rq.region, arn, &ids, &groups);
}

/// Once it has stopped, `millis` from now, the capacity goes, and the interfaces after it.
fn deprovision(world: &mut World, arn: &str, millis: i64, units: i64) {
    let begins = millis + DMS_SERVERLESS_KEPT;
    let ends = begins + DMS_SERVERLESS_DEPROVISION;
    let going = json!({
        "ProvisionState": "deprovisioning", "ProvisionedCapacityUnits": units, "IsNewProvisioningAvailable": false,
    });
    let gone = json!({
        "ProvisionState": "deprovisioned", "ProvisionedCapacityUnits": 0, "IsNewProvisioningAvailable": false,
    });
    world.set_after(begins, REPLICATION, arn, json!({"ProvisionData": going}));
    world.set_after(ends, REPLICATION, arn, json!({"ProvisionData": gone}));
    world.release_interfaces(arn, ends + LINGER);
}

/// `StartReplication`.
pub(super) fn start(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ReplicationConfigArn");
    let old = config(world, arn)?.clone();
    if !rests(&old) {
        return Err(state(format!(
            "Replication for Replication Config: {arn} is in {} state and cannot start",
            shown_status(&old)
        )));
    }
    let fresh = check_start(world, rq, &old)?;
    let assessment = assessed(world, rq, &old)?;
    let ends = ["SourceEndpointArn", "TargetEndpointArn"];
    let mut unreachable = None;
    for member in ends {
        let end = endpoints::endpoint(world, old[member].as_str().unwrap_or_default())?.clone();
        if unreachable.is_none() {
            let why = connections::obstacle(world, rq.region, &end);
            let name = end["EndpointIdentifier"].as_str().unwrap_or_default().to_owned();
            unreachable = why.map(|why| format!("Test connection failed for endpoint '{name}'. {why}"));
        }
    }
    let has = old["ProvisionData"]["ProvisionState"] == "provisioned";
    let first = old["_started"] != true;
    let units = capacity(&old);
    // What it passes through, each with how long it takes.
    let mut stages = vec![("initializing", DMS_SERVERLESS_INITIALIZING)];
    if first {
        stages.push(("preparing_metadata_resources", DMS_SERVERLESS_METADATA));
    }
    stages.push(("testing_connection", DMS_SERVERLESS_TESTING));
    stages.push(("fetching_metadata", DMS_SERVERLESS_FETCHING));
    stages.push(("calculating_capacity", DMS_SERVERLESS_CALCULATING));
    if !has {
        stages.push(("provisioning_capacity", DMS_SERVERLESS_PROVISIONING));
    }
    stages.push(("replication_starting", DMS_SERVERLESS_STARTING));
    let total: i64 = stages.iter().map(|(_, millis)| millis).sum();

    let now = world.now();
    let done = if fresh { 0 } else { progress::active(&old, now) };
    let past = curves::past(&old, now);
    let date = world.now_secs();
    states::cancel(world, REPLICATION, arn);
    attach(world, rq, arn, &old["ComputeConfig"]);
    let row = config_mut(world, arn)?;
    row["Status"] = json!("initializing");
    row["ReplicationUpdateTime"] = json!(date);
    row["_started"] = json!(true);
    row["StartReplicationType"] = rq.get("StartReplicationType").clone();
    for member in
        ["StopReason", "FailureMessages", "ReplicationDeprovisionTime", "PremigrationAssessmentStatuses"]
    {
        row[member] = Json::Null;
    }
    for member in ["CdcStartTime", "CdcStartPosition", "CdcStopPosition"] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    if !has {
        row["ProvisionData"] = json!({
            "ProvisionState": "provisioning", "ProvisionedCapacityUnits": 0, "IsNewProvisioningAvailable": false,
        });
    }
    states::is(world, REPLICATION, arn);
    let mut at = 0;
    let mut failed = None;
    for (stage, millis) in &stages {
        if at > 0 {
            let since = World::seconds(world.date_after(at));
            states::becomes(
                world,
                REPLICATION,
                arn,
                at,
                json!({"Status": stage, "ReplicationUpdateTime": since}),
            );
        }
        at += millis;
        if *stage == "testing_connection"
            && let Some(why) = &unreachable
        {
            failed = Some(why.clone());
            break;
        }
        if *stage == "fetching_metadata"
            && let Some((status, stops)) = &assessment
        {
            let shown = json!({"PremigrationAssessmentStatuses": [status]});
            states::becomes(world, REPLICATION, arn, at, shown);
            if *stops {
                failed = Some("The premigration assessment failed.".to_owned());
                break;
            }
        }
        if *stage == "provisioning_capacity" {
            let when = World::seconds(world.date_after(at));
            let provisioned = json!({
                "ProvisionState": "provisioned", "ProvisionedCapacityUnits": units, "DateProvisioned": when,
                "IsNewProvisioningAvailable": true, "DateNewProvisioningDataAvailable": when,
                "ReasonForNewProvisioningData": format!("The capacity was calculated as {units} DCU."),
            });
            states::becomes(world, REPLICATION, arn, at, json!({"ProvisionData": provisioned}));
        }
    }
    if let Some(why) = failed {
        let end =
            json!({"Status": "failed", "StopReason": "Stop Reason FATAL_ERROR", "FailureMessages": [why]});
        states::becomes(world, REPLICATION, arn, at, end);
        deprovision(world, arn, at, 0);
        let row = config(world, arn)?;
        return Ok(json!({"Replication": shown(world, row)}));
    }
    let runs = now + total;
    let row = config_mut(world, arn)?;
    row["_past"] = past;
    row["_active"] = json!(done);
    row["_run"] = json!(runs);
    row["_halt"] = Json::Null;
    if fresh {
        row["_fresh"] = json!(runs);
        row["_reload"] = json!({});
        row["_revalidate"] = json!({});
    }
    let row = row.clone();
    let since = World::seconds(world.date_after(total));
    states::becomes(
        world,
        REPLICATION,
        arn,
        total,
        json!({"Status": "running", "ReplicationUpdateTime": since}),
    );
    if row["MigrationType"] == "full-load" {
        let left = (progress::load_time(&row) - done).max(0);
        let stopped = World::seconds(world.date_after(total + left));
        let end = json!({
            "Status": "stopped", "StopReason": "Stop Reason FULL_LOAD_ONLY_FINISHED", "_halt": runs + left,
            "ReplicationLastStopTime": stopped,
        });
        states::becomes(world, REPLICATION, arn, total + left, end);
        deprovision(world, arn, total + left, units);
    }
    Ok(json!({"Replication": shown(world, &row)}))
}

/// `StopReplication`: of one that runs. The capacity stays a while (API Reference: the command does not deprovision).
pub(super) fn stop(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ReplicationConfigArn");
    let old = config(world, arn)?.clone();
    if old["Status"] != "running" {
        return Err(state(format!(
            "Replication for Replication Config: {arn} is in {} state and cannot be stopped",
            shown_status(&old)
        )));
    }
    let now = world.now();
    let halt = now + DMS_SERVERLESS_STOP;
    states::cancel(world, REPLICATION, arn);
    let stopped = World::seconds(world.date_after(DMS_SERVERLESS_STOP));
    let goes = World::seconds(world.date_after(DMS_SERVERLESS_STOP + DMS_SERVERLESS_KEPT));
    let date = world.now_secs();
    let row = config_mut(world, arn)?;
    row["Status"] = json!("stopping");
    row["ReplicationUpdateTime"] = json!(date);
    row["_halt"] = json!(halt);
    let row = row.clone();
    let end = json!({
        "Status": "stopped", "StopReason": "Stop Reason NORMAL", "ReplicationLastStopTime": stopped,
        "ReplicationUpdateTime": stopped,
        "ReplicationDeprovisionTime": goes, "RecoveryCheckpoint": format!("checkpoint:V1#{}#0", halt / 1000),
    });
    states::is(world, REPLICATION, arn);
    states::becomes(world, REPLICATION, arn, DMS_SERVERLESS_STOP, end);
    let units = old["ProvisionData"]["ProvisionedCapacityUnits"].as_i64().unwrap_or_default();
    deprovision(world, arn, DMS_SERVERLESS_STOP, units);
    Ok(json!({"Replication": shown(world, &row)}))
}
