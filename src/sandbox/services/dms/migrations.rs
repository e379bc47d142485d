//! Homogeneous data migrations: the source engine's own tools, run by DMS in the instance profile's subnets.
//!
//! API Reference, CreateDataMigration and its kin; User Guide, "Migrating databases to their Amazon RDS equivalents". The
//! states are told nowhere in the API's model: these are those of "Statuses of homogeneous data migrations in AWS DMS", in
//! lower case. A row says `running` for the four of them in which one runs.

use serde_json::{Value as Json, json};

use super::{
    connections, mappings, progress,
    providers::{MIGRATION, MIGRATION_PROJECT},
    states,
    store::{
        DATA_MIGRATION, DATA_PROVIDER, INSTANCE_PROFILE, PROJECT, combination, here, invalid, missing,
        moment, role_trusts, state,
    },
    subnets,
};
use crate::sandbox::{
    Fault, Reply, Request, World,
    world::{
        Effect,
        durations::{DMS_MIGRATION_DOWN, DMS_MIGRATION_READY, DMS_MIGRATION_STARTING, DMS_TASK_STOP},
    },
};

/// What is migrated where nobody selects.
const EVERYTHING: &str = r#"{"rules": [{"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include",
    "object-locator": {"schema-name": "public", "table-name": "%"}}]}"#;

/// A migration as answers show it.
fn shown(world: &World, row: &Json, settings: bool, statistics: bool) -> Json {
    let mut answer = json!({});
    for member in [
        "DataMigrationName",
        "DataMigrationArn",
        "DataMigrationCreateTime",
        "DataMigrationStartTime",
        "DataMigrationEndTime",
        "ServiceAccessRoleArn",
        "MigrationProjectArn",
        "DataMigrationType",
        "SourceDataSettings",
        "TargetDataSettings",
        "DataMigrationStatus",
        "PublicIpAddresses",
        "DataMigrationCidrBlocks",
        "LastFailureMessage",
        "StopReason",
    ] {
        if !row[member].is_null() {
            answer[member] = row[member].clone();
        }
    }
    if row["DataMigrationStatus"] == "running" {
        let loaded =
            progress::of(row, world.now()).stats(row, world.dates())["FullLoadProgressPercent"] == 100;
        answer["DataMigrationStatus"] = json!(match row["MigrationType"].as_str() {
            Some("cdc") => "replication ongoing",
            _ if loaded => "load complete, replication ongoing",
            _ if row["_reloads"] == true => "reloading target",
            _ => "load running",
        });
    }
    if settings {
        answer["DataMigrationSettings"] = row["DataMigrationSettings"].clone();
    }
    if statistics && !row["_run"].is_null() {
        let stats = progress::of(row, world.now()).stats(row, world.dates());
        let follows = row["DataMigrationStatus"] == "running" && row["MigrationType"] != "full-load";
        let mut told = json!({
            "TablesLoaded": stats["TablesLoaded"], "TablesLoading": stats["TablesLoading"],
            "TablesQueued": stats["TablesQueued"], "TablesErrored": stats["TablesErrored"],
            "ElapsedTimeMillis": stats["ElapsedTimeMillis"], "FullLoadPercentage": stats["FullLoadProgressPercent"],
            "CDCLatency": i64::from(follows), "StartTime": row["DataMigrationStartTime"],
        });
        if !row["DataMigrationEndTime"].is_null() {
            told["StopTime"] = row["DataMigrationEndTime"].clone();
        }
        answer["DataMigrationStatistics"] = told;
    }
    answer
}

fn one(world: &World, row: &Json) -> Json {
    json!({"DataMigration": shown(world, row, true, true)})
}

/// What a request says, put over a row.
fn put_over(world: &World, rq: &Request<'_>, row: &mut Json) -> Result<(), Fault> {
    if let Some(arn) = rq.opt("ServiceAccessRoleArn") {
        role_trusts(world, arn, "dms.amazonaws.com")?;
        row["ServiceAccessRoleArn"] = json!(arn);
    }
    if let Some(kind) = rq.opt("DataMigrationType") {
        row["DataMigrationType"] = json!(kind);
        row["MigrationType"] = json!(kind);
    }
    if let Some(text) = rq.opt("SelectionRules") {
        mappings::rules(text)?;
        row["DataMigrationSettings"]["SelectionRules"] = json!(text);
        row["TableMappings"] = json!(text);
    }
    if let Some(jobs) = rq.int("NumberOfJobs") {
        if !(1..=50).contains(&jobs) {
            return Err(invalid("The parameter NumberOfJobs must be between 1 and 50."));
        }
        row["DataMigrationSettings"]["NumberOfJobs"] = json!(jobs);
    }
    if let Some(logs) = rq.get("EnableCloudwatchLogs").as_bool() {
        row["DataMigrationSettings"]["CloudwatchLogsEnabled"] = json!(logs);
    }
    for member in ["SourceDataSettings", "TargetDataSettings"] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    let sources = row["SourceDataSettings"].as_array();
    for settings in sources.into_iter().flatten() {
        if !settings["CDCStartPosition"].is_null() && !settings["CDCStartTime"].is_null() {
            return Err(combination("CDCStartTime and CDCStartPosition cannot both be set."));
        }
    }
    Ok(())
}

/// `CreateDataMigration`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let project = MIGRATION_PROJECT.find(world, rq.region, rq.text("MigrationProjectIdentifier"))?;
    let mut row = json!({
        "MigrationProjectArn": project, "DataMigrationStatus": "creating", "TableMappings": EVERYTHING,
        "DataMigrationSettings": {"NumberOfJobs": 8, "CloudwatchLogsEnabled": false},
        "_active": 0, "_run": null, "_halt": null, "_reload": {},
    });
    put_over(world, rq, &mut row)?;
    let made = MIGRATION.put(world, rq, row)?["DataMigration"].clone();
    let arn = made["DataMigrationArn"].as_str().unwrap_or_default();
    states::becomes(world, DATA_MIGRATION, arn, DMS_MIGRATION_READY, json!({"DataMigrationStatus": "ready"}));
    Ok(one(world, &made))
}

/// `DescribeDataMigrations`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let (settings, statistics) = (!rq.flag("WithoutSettings"), !rq.flag("WithoutStatistics"));
    let rows = here(world, rq, DATA_MIGRATION);
    let rows = rows.iter().map(|row| shown(world, row, settings, statistics)).collect();
    let known: &[(&str, &[&str])] = &[
        ("data-migration-identifier", &["DataMigrationArn", "DataMigrationName"]),
        ("data-migration-arn", &["DataMigrationArn"]),
        ("data-migration-name", &["DataMigrationName"]),
        ("migration-project-identifier", &["MigrationProjectArn"]),
    ];
    MIGRATION.list(rq, rows, known)
}

fn found(world: &World, rq: &Request<'_>) -> Result<(String, Json), Fault> {
    let arn = MIGRATION.find(world, rq.region, rq.text(MIGRATION.identifier))?;
    let row = world.get(DATA_MIGRATION, &arn).cloned().unwrap_or_default();
    Ok((arn, row))
}

fn at_rest(row: &Json, verb: &str) -> Result<(), Fault> {
    match row["DataMigrationStatus"].as_str() {
        Some("ready" | "stopped" | "failed") => Ok(()),
        other => {
            Err(state(format!("The data migration cannot be {verb}, it is {}.", other.unwrap_or_default())))
        }
    }
}

/// `ModifyDataMigration`.
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, mut row) = found(world, rq)?;
    at_rest(&row, "modified")?;
    // "If you have started a data migration, then you can't change the replication type" (User Guide).
    let other = rq.opt("DataMigrationType").is_some_and(|kind| row["DataMigrationType"] != kind);
    if other && !row["DataMigrationStartTime"].is_null() {
        return Err(state("The type of a data migration that was started cannot be changed."));
    }
    put_over(world, rq, &mut row)?;
    MIGRATION.keep(world, rq, &arn, row)?;
    let row = world.get(DATA_MIGRATION, &arn).cloned().unwrap_or_default();
    Ok(one(world, &row))
}

/// `DeleteDataMigration`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, _) = found(world, rq)?;
    let row = world.get_mut(DATA_MIGRATION, &arn).ok_or_else(|| missing("The data migration is gone."))?;
    if row["DataMigrationStatus"] != "creating" {
        at_rest(row, "deleted")?;
    }
    row["DataMigrationStatus"] = json!("deleting");
    let row = row.clone();
    states::cancel(world, DATA_MIGRATION, &arn);
    states::is(world, DATA_MIGRATION, &arn);
    world.after(DMS_MIGRATION_DOWN, DATA_MIGRATION, &arn, Effect::Remove);
    Ok(one(world, &row))
}

/// Why a run cannot reach its databases.
fn obstacle(world: &World, project: &Json) -> Option<String> {
    for list in ["SourceDataProviderDescriptors", "TargetDataProviderDescriptors"] {
        for one in project[list].as_array().into_iter().flatten() {
            let name = one["DataProviderName"].as_str().unwrap_or_default();
            let Some(secret) = one["SecretsManagerSecretId"].as_str() else {
                return Some(format!("The data provider {name} has no secret in the migration project."));
            };
            let Some(value) = connections::secret(world, secret) else {
                return Some(format!("The secret {secret} of the data provider {name} cannot be read."));
            };
            if let Some(lacking) = ["username", "password"].into_iter().find(|part| value[*part].is_null()) {
                return Some(format!("The secret {secret} of the data provider {name} has no {lacking}."));
            }
            let provider = one["DataProviderArn"].as_str().and_then(|arn| world.get(DATA_PROVIDER, arn));
            if provider.is_none_or(|row| row["Virtual"] == true) {
                return Some(format!("The data provider {name} is virtual."));
            }
        }
    }
    None
}

/// `StartDataMigration`.
pub(super) fn start(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, old) = found(world, rq)?;
    at_rest(&old, "started")?;
    let ever = !old["_run"].is_null();
    let fresh = match rq.text("StartType") {
        "start-replication" if ever => {
            return Err(combination("start-replication is only for the first start of a data migration."));
        }
        "resume-processing" | "reload-target" if !ever => {
            return Err(combination("The first start of a data migration is start-replication."));
        }
        "reload-target" if old["MigrationType"] == "cdc" => {
            return Err(combination("reload-target is not valid for data migrations of type cdc."));
        }
        "resume-processing" => false,
        _ => true,
    };
    let project = old["MigrationProjectArn"].as_str().and_then(|arn| world.get(PROJECT, arn)).cloned();
    let project = project.ok_or_else(|| missing("The migration project is gone."))?;
    let profile =
        project["InstanceProfileArn"].as_str().and_then(|arn| world.get(INSTANCE_PROFILE, arn)).cloned();
    let profile = profile.ok_or_else(|| missing("The instance profile is gone."))?;
    let now = world.now();
    let done = if fresh { 0 } else { progress::active(&old, now) };
    let wrong = obstacle(world, &project);
    let public = profile["PubliclyAccessible"] == true;
    let blocks: Vec<Json> = match profile["SubnetGroupIdentifier"].as_str() {
        Some(name) => subnets::group(world, rq, name)?["Subnets"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|subnet| subnet["SubnetIdentifier"].as_str())
            .filter_map(|id| world.get("ec2.subnet", id))
            .map(|row| row["CidrBlock"].clone())
            .filter(|block| !block.is_null())
            .collect(),
        None => Vec::new(),
    };
    let n = world.next();
    let begun = moment(world, 0);
    states::cancel(world, DATA_MIGRATION, &arn);
    let row = world.get_mut(DATA_MIGRATION, &arn).ok_or_else(|| missing("The data migration is gone."))?;
    row["DataMigrationStatus"] = json!("starting");
    row["_reloads"] = json!(rq.text("StartType") == "reload-target");
    row["DataMigrationStartTime"] = begun;
    for member in ["DataMigrationEndTime", "LastFailureMessage", "StopReason"] {
        row[member] = Json::Null;
    }
    row["DataMigrationCidrBlocks"] = json!(blocks);
    if public {
        row["PublicIpAddresses"] = json!([format!("203.0.{}.{}", (n / 200) % 250, n % 200 + 20)]);
    }
    if let Some(why) = wrong {
        let row = row.clone();
        let end = json!({"DataMigrationStatus": "failed", "LastFailureMessage": why});
        states::is(world, DATA_MIGRATION, &arn);
        states::becomes(world, DATA_MIGRATION, &arn, DMS_MIGRATION_STARTING, end);
        return Ok(one(world, &row));
    }
    let runs = now + DMS_MIGRATION_STARTING;
    row["_active"] = json!(done);
    row["_run"] = json!(runs);
    row["_halt"] = Json::Null;
    if fresh {
        row["_fresh"] = json!(runs);
    }
    let row = row.clone();
    states::is(world, DATA_MIGRATION, &arn);
    states::becomes(
        world,
        DATA_MIGRATION,
        &arn,
        DMS_MIGRATION_STARTING,
        json!({"DataMigrationStatus": "running"}),
    );
    if row["MigrationType"] == "full-load" {
        let left = DMS_MIGRATION_STARTING + (progress::load_time(&row) - done).max(0);
        let end = json!({
            "DataMigrationStatus": "stopped", "StopReason": "Stop Reason FULL_LOAD_ONLY_FINISHED", "_halt": now + left,
            "DataMigrationEndTime": moment(world, left),
        });
        states::becomes(world, DATA_MIGRATION, &arn, left, end);
    }
    Ok(one(world, &row))
}

/// `StopDataMigration`.
pub(super) fn stop(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, old) = found(world, rq)?;
    if old["DataMigrationStatus"] != "running" {
        return Err(state("The data migration is not running."));
    }
    let end = json!({
        "DataMigrationStatus": "stopped", "StopReason": "Stop Reason NORMAL", "DataMigrationEndTime": moment(world, DMS_TASK_STOP),
    });
    let halt = world.now() + DMS_TASK_STOP;
    states::cancel(world, DATA_MIGRATION, &arn);
    states::becomes(world, DATA_MIGRATION, &arn, DMS_TASK_STOP, end);
    let row = world.get_mut(DATA_MIGRATION, &arn).ok_or_else(|| missing("The data migration is gone."))?;
    row["DataMigrationStatus"] = json!("stopping");
    row["_halt"] = json!(halt);
    let row = row.clone();
    states::is(world, DATA_MIGRATION, &arn);
    Ok(one(world, &row))
}
