//! Blue/green deployments: a copy of a database that takes its place.
//!
//! States and tasks after the API reference (BlueGreenDeployment) and the examples of the AWS CLI. Table:
//! `rds.blue-green-deployment` (`region/id`); rows keep their pairs in `_pairs` and, during a switchover, when it ends in `_due`.

use serde_json::{Value as Json, json};

use super::{
    clusters,
    create::parameter_group,
    delete as deletion, engines,
    green::{self, Pair},
    store::{
        CLUSTER, CLUSTER_PARAMETERS, INSTANCE, combination, invalid, key, no_instance, paged, public, rows,
    },
};
use crate::{
    engines::is_older,
    sandbox::{Effect, Fault, Reply, Request, World, codec::NOT_IMPLEMENTED, durations},
};

pub const DEPLOYMENT: &str = "rds.blue-green-deployment";

/// Until the first resource of the green environment is known.
const BEGINS: i64 = 30_000;
/// How long an engine upgrade of the green environment takes, on top.
const UPGRADE: i64 = 600_000;
/// Backups are configured.
const BACKUPS: i64 = 60_000;
/// "Switchover typically takes under a minute" (API reference, CreateBlueGreenDeployment).
const SWITCHOVER: i64 = 50_000;
/// A deployment is deleted.
const DELETION: i64 = 30_000;

fn absent(id: &str) -> Fault {
    Fault::new("BlueGreenDeploymentNotFoundFault", format!("BlueGreenDeployment {id} not found."))
}

fn state(message: impl Into<String>) -> Fault {
    Fault::new("InvalidBlueGreenDeploymentStateFault", message)
}

/// The deployment of a request; its identifier is not case-sensitive.
fn find(world: &World, rq: &Request<'_>) -> Result<(String, Json), Fault> {
    let id = rq.text("BlueGreenDeploymentIdentifier");
    let place = key(rq, id);
    world.get(DEPLOYMENT, &place).map(|row| (place.clone(), row.clone())).ok_or_else(|| absent(id))
}

fn table(name: &Json) -> &'static str {
    if name == CLUSTER { CLUSTER } else { INSTANCE }
}

fn pairs(row: &Json) -> Vec<Pair> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let all = row["_pairs"].as_array().into_iter().flatten();
    all.map(|one| Pair { table: table(&one[0]), blue: text(&one[1]), green: text(&one[2]) }).collect()
}

fn kept(pairs: &[Pair]) -> Json {
    pairs.iter().map(|pair| json!([pair.table, pair.blue, pair.green])).collect()
}

/// What is said of each pair, in a state.
fn details(world: &World, region: &str, pairs: &[Pair], status: &str) -> Json {
    let arn = |pair: &Pair, name: &str| green::arn(world, region, pair.table, name);
    pairs
        .iter()
        .map(|pair| {
            json!({"SourceMember": arn(pair, &pair.blue), "TargetMember": arn(pair, &pair.green), "Status": status})
        })
        .collect()
}

/// A deployment as answers hold it. Of resources that somebody deleted it says so.
fn shown(world: &World, rq: &Request<'_>, row: &Json) -> Json {
    let mut shown = public(row);
    if row["Status"] == "AVAILABLE" {
        for (pair, detail) in
            pairs(row).iter().zip(shown["SwitchoverDetails"].as_array_mut().into_iter().flatten())
        {
            if green::row(world, rq.region, pair.table, &pair.blue).is_none() {
                detail["Status"] = json!("MISSING_SOURCE");
            } else if green::row(world, rq.region, pair.table, &pair.green).is_none() {
                detail["Status"] = json!("MISSING_TARGET");
            }
        }
    }
    shown
}

/// The source of a request: its table and its row.
fn source(world: &World, rq: &Request<'_>) -> Result<(&'static str, Json), Fault> {
    let arn = rq.text("Source");
    let (table, member, missing) = if arn.split(':').any(|part| part == "cluster") {
        (CLUSTER, "DBClusterArn", clusters::missing(arn))
    } else {
        (INSTANCE, "DBInstanceArn", no_instance(arn))
    };
    let row = world.get(table, &key(rq, arn)).filter(|row| row[member] == arn);
    row.map(|row| (table, row.clone())).ok_or(missing)
}

/// Whether a source can have a deployment (RDS User Guide, "Limitations and considerations for blue/green deployments").
fn check_source(world: &World, rq: &Request<'_>, table: &str, row: &Json) -> Result<(), Fault> {
    let arn = rq.text("Source");
    let engine = row["Engine"].as_str().unwrap_or_default();
    let supported = if table == CLUSTER {
        row["MasterUserSecret"].is_null() && row["GlobalClusterIdentifier"].is_null()
    } else {
        matches!(engine, "mysql" | "mariadb" | "postgres")
            && row["MasterUserSecret"].is_null()
            && row["ReadReplicaSourceDBInstanceIdentifier"].is_null()
    };
    if !supported {
        let (code, noun) = if table == CLUSTER {
            ("SourceClusterNotSupportedFault", "cluster")
        } else {
            ("SourceDatabaseNotSupportedFault", "instance")
        };
        let message = format!("The source DB {noun} {arn} isn't supported for a blue/green deployment.");
        return Err(Fault::new(code, message));
    }
    if table == CLUSTER {
        if row["Status"] != "available" {
            return Err(clusters::state(format!("DB cluster {arn} isn't in the available state.")));
        }
        return replicates(world, rq, row, engine);
    }
    if row["DBInstanceStatus"] != "available" {
        let message = format!("Source instance {arn} is not in the available state.");
        return Err(Fault::new("InvalidDBInstanceState", message));
    }
    if row["BackupRetentionPeriod"].as_i64().unwrap_or_default() == 0 {
        let message = "Automated backups are not enabled for this database instance. To enable automated backups, \
                       use ModifyDBInstance to set the backup retention period to a non-zero value.";
        return Err(Fault::new("InvalidDBInstanceState", message));
    }
    Ok(())
}

/// Logical replication brings the changes of a cluster over, and its parameter group has to allow it (Aurora User Guide,
/// "Preparing an Aurora DB cluster for a blue/green deployment").
fn replicates(world: &World, rq: &Request<'_>, row: &Json, engine: &str) -> Result<(), Fault> {
    let group = row["DBClusterParameterGroup"].as_str().unwrap_or_default();
    let values =
        world.get(CLUSTER_PARAMETERS, &key(rq, group)).map(|row| row["_values"].clone()).unwrap_or_default();
    let (good, what) = if engine == "aurora-mysql" {
        let format = values["binlog_format"]["Value"].as_str().unwrap_or("OFF");
        (!format.eq_ignore_ascii_case("off"), "binlog")
    } else {
        (values["rds.logical_replication"]["Value"] == "1", "logical replication")
    };
    if good {
        return Ok(());
    }
    let message = format!("Blue Green Deployments requires cluster parameter group has {what} enabled.");
    Err(Fault::new("SourceClusterNotSupportedFault", message))
}

/// Checks what the green environment is to be.
fn check_target(world: &World, rq: &Request<'_>, table: &str, row: &Json) -> Result<(), Fault> {
    if !rq.list("TargetResourceConfigurations").is_empty() {
        let message = "The sandbox does not know TargetResourceConfigurations of blue/green deployments.";
        return Err(Fault::new(NOT_IMPLEMENTED, message));
    }
    let of_instances = [
        "TargetAllocatedStorage",
        "TargetDBInstanceClass",
        "TargetIops",
        "TargetStorageThroughput",
        "TargetStorageType",
    ];
    if table == CLUSTER
        && let Some(member) = of_instances.iter().find(|member| !rq.get(member).is_null())
    {
        return Err(combination(format!("{member} can't be specified for an Aurora DB cluster.")));
    }
    if table == INSTANCE && rq.opt("TargetDBClusterParameterGroupName").is_some() {
        return Err(combination("TargetDBClusterParameterGroupName can't be specified for a DB instance."));
    }
    let engine = engines::engine(row["Engine"].as_str().unwrap_or_default())?;
    let from = row["EngineVersion"].as_str().unwrap_or_default();
    let mut to = from;
    if let Some(wanted) = rq.opt("TargetEngineVersion") {
        to = engines::version(engine, Some(wanted))?;
        if is_older(to, from) {
            return Err(combination(format!("Cannot upgrade {} from {from} to {to}", engine.name)));
        }
    }
    // Of a cluster's instances too, before anything is made.
    parameter_group(world, rq, &engine.name, to, rq.opt("TargetDBParameterGroupName")).map(drop)
}

/// The tasks of a deployment, all of them in one state (AWS CLI, create-blue-green-deployment).
fn tasks(rq: &Request<'_>, table: &str, replicas: bool) -> Vec<&'static str> {
    let mut names = vec!["CREATING_READ_REPLICA_OF_SOURCE"];
    if rq.opt("TargetEngineVersion").is_some() {
        names.push("DB_ENGINE_VERSION_UPGRADE");
    }
    if table == CLUSTER {
        names.push("CREATE_DB_INSTANCES_FOR_CLUSTER");
    } else {
        names.push("CONFIGURE_BACKUPS");
    }
    if replicas {
        names.push("CREATING_TOPOLOGY_OF_SOURCE");
    }
    names
}

/// The tasks of which so many are done, and the next one is under way.
fn at_work(names: &[&str], done: usize, working: bool) -> Json {
    let status = |at: usize| match at {
        _ if at < done => "COMPLETED",
        _ if at == done && working => "IN_PROGRESS",
        _ => "PENDING",
    };
    names.iter().enumerate().map(|(at, name)| json!({"Name": name, "Status": status(at)})).collect()
}

/// `CreateBlueGreenDeployment`.
pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("BlueGreenDeploymentName");
    if rows(world, rq, DEPLOYMENT).iter().any(|row| row["BlueGreenDeploymentName"] == name) {
        let message = format!("A blue/green deployment with the specified name {name} already exists.");
        return Err(Fault::new("BlueGreenDeploymentAlreadyExistsFault", message));
    }
    let (table, row) = source(world, rq)?;
    check_source(world, rq, table, &row)?;
    let same =
        |other: &Json| other["Source"] == rq.text("Source") && other["Status"] != "SWITCHOVER_COMPLETED";
    if rows(world, rq, DEPLOYMENT).iter().any(same) {
        let message = format!("{} is already part of a blue/green deployment.", rq.text("Source"));
        return Err(Fault::new("InvalidDBInstanceState", message));
    }
    check_target(world, rq, table, &row)?;
    let pairs = if table == CLUSTER {
        green::of_cluster(world, rq, &row)?
    } else {
        green::of_instance(world, rq, &row)?
    };
    let names = tasks(rq, table, table == INSTANCE && pairs.len() > 1);
    let id = format!("bgd-{}", world.letters(16, b"abcdefghijklmnopqrstuvwxyz0123456789"));
    let members: Vec<Json> = pairs
        .iter()
        .map(|pair| json!({"SourceMember": green::arn(world, rq.region, pair.table, &pair.blue)}))
        .collect();
    let deployment = json!({
        "BlueGreenDeploymentIdentifier": id, "BlueGreenDeploymentName": name, "Source": rq.text("Source"),
        "Status": "PROVISIONING", "SwitchoverDetails": members, "Tasks": at_work(&names, 0, false),
        "CreateTime": world.now_secs(), "TagList": rq.list("Tags"), "_pairs": kept(&pairs), "_region": rq.region,
    });
    let place = key(rq, &id);
    let answer = shown(world, rq, &deployment);
    world.put(DEPLOYMENT, &place, deployment);
    let target = green::arn(world, rq.region, table, &pairs[0].green);
    world.set_after(
        BEGINS,
        DEPLOYMENT,
        &place,
        json!({
            "Target": target, "Tasks": at_work(&names, 0, true),
            "SwitchoverDetails": details(world, rq.region, &pairs, "PROVISIONING"),
        }),
    );
    // The copy is there; then the upgrade, and what follows it, one after the other.
    let up = if table == CLUSTER { durations::AURORA_UP } else { durations::RDS_UP };
    let mut at = up;
    for (done, task) in names.iter().enumerate().skip(1) {
        world.set_after(at, DEPLOYMENT, &place, json!({"Tasks": at_work(&names, done, true)}));
        at += match *task {
            "DB_ENGINE_VERSION_UPGRADE" => UPGRADE,
            "CREATE_DB_INSTANCES_FOR_CLUSTER" => durations::AURORA_INSTANCE_UP,
            _ => BACKUPS,
        };
    }
    world.set_after(
        at,
        DEPLOYMENT,
        &place,
        json!({
            "Status": "AVAILABLE", "Tasks": at_work(&names, names.len(), false),
            "SwitchoverDetails": details(world, rq.region, &pairs, "AVAILABLE"),
        }),
    );
    Ok(json!({"BlueGreenDeployment": answer}))
}

/// `DescribeBlueGreenDeployments`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    if rq.opt("BlueGreenDeploymentIdentifier").is_some_and(|id| !id.is_empty()) {
        let (_, row) = find(world, rq)?;
        return Ok(json!({"BlueGreenDeployments": [shown(world, rq, &row)]}));
    }
    let mut found = rows(world, rq, DEPLOYMENT);
    for filter in rq.list("Filters") {
        let name = filter["Name"].as_str().unwrap_or_default();
        let member = match name {
            "blue-green-deployment-identifier" => "BlueGreenDeploymentIdentifier",
            "blue-green-deployment-name" => "BlueGreenDeploymentName",
            "source" => "Source",
            "target" => "Target",
            _ => return Err(invalid(format!("Unrecognized filter name: {name}"))),
        };
        let values = filter["Values"].as_array().cloned().unwrap_or_default();
        found.retain(|row| values.contains(&row[member]));
    }
    let all = found.iter().map(|row| shown(world, rq, row)).collect();
    paged(rq, "BlueGreenDeployments", all)
}

/// Whether both sides of every pair can be switched.
fn ready(world: &World, rq: &Request<'_>, pairs: &[Pair]) -> bool {
    let good = |pair: &Pair, name: &str| {
        let row = green::row(world, rq.region, pair.table, name);
        let status = if pair.table == CLUSTER { "Status" } else { "DBInstanceStatus" };
        row.is_some_and(|row| row[status] == "available")
    };
    pairs.iter().all(|pair| good(pair, &pair.blue) && good(pair, &pair.green))
}

/// `SwitchoverBlueGreenDeployment`.
pub fn switch(world: &mut World, rq: &Request<'_>) -> Reply {
    let (place, row) = find(world, rq)?;
    let id = row["BlueGreenDeploymentIdentifier"].as_str().unwrap_or_default();
    if rq.int("SwitchoverTimeout").is_some_and(|seconds| !(30..=3_600).contains(&seconds)) {
        return Err(invalid("The switchover timeout must be between 30 and 3600 seconds."));
    }
    if row["Status"] != "AVAILABLE" {
        let status = row["Status"].as_str().unwrap_or_default();
        return Err(state(format!("The blue/green deployment {id} can't be switched over: it is {status}.")));
    }
    let pairs = pairs(&row);
    if !ready(world, rq, &pairs) {
        return Err(state(format!(
            "The blue/green deployment {id} can't be switched over: not all of its databases are available."
        )));
    }
    let details = details(world, rq.region, &pairs, "SWITCHOVER_IN_PROGRESS");
    let due = world.now() + SWITCHOVER;
    if let Some(row) = world.get_mut(DEPLOYMENT, &place) {
        row["Status"] = json!("SWITCHOVER_IN_PROGRESS");
        row["SwitchoverDetails"] = details;
        row["_due"] = json!(due);
    }
    let (_, row) = find(world, rq)?;
    Ok(json!({"BlueGreenDeployment": shown(world, rq, &row)}))
}

/// Ends switchovers whose time has come: names move, and the deployment tells of the new ones.
pub fn settle(world: &mut World) {
    let now = world.now();
    let due: Vec<(String, Json)> = world
        .rows(DEPLOYMENT)
        .filter(|(_, row)| row["_due"].as_i64().is_some_and(|due| due <= now))
        .map(|(key, row)| (key.to_owned(), row.clone()))
        .collect();
    for (place, row) in due {
        let region = row["_region"].as_str().unwrap_or_default().to_owned();
        let pairs = green::swap(world, &region, &pairs(&row));
        let details = details(world, &region, &pairs, "SWITCHOVER_COMPLETED");
        let first = pairs.first().cloned();
        let Some(row) = world.get_mut(DEPLOYMENT, &place) else { continue };
        row["_due"] = Json::Null;
        row["_pairs"] = kept(&pairs);
        if first.is_some() {
            row["Source"] = details[0]["SourceMember"].clone();
            row["Target"] = details[0]["TargetMember"].clone();
        }
        row["Status"] = json!("SWITCHOVER_COMPLETED");
        row["SwitchoverDetails"] = details;
    }
}

/// Deletes the green environment, the instances of a cluster before it.
fn delete_target(world: &mut World, rq: &Request<'_>, pairs: &[Pair]) -> Result<(), Fault> {
    let protected = |pair: &&Pair| {
        let row = green::row(world, rq.region, pair.table, &pair.green);
        row.is_some_and(|row| row["DeletionProtection"] == true)
    };
    if let Some(pair) = pairs.iter().find(protected) {
        let name = &pair.green;
        return Err(state(format!("{name} can't be deleted: its deletion protection is on.")));
    }
    let own = |input: Json| Request {
        operation: rq.operation,
        region: rq.region,
        access_key: rq.access_key,
        input,
    };
    for pair in pairs.iter().rev() {
        let Some(row) = green::row(world, rq.region, pair.table, &pair.green) else { continue };
        if row["DBInstanceStatus"] == "deleting" || row["Status"] == "deleting" {
            continue;
        }
        if pair.table == CLUSTER {
            let input = json!({"DBClusterIdentifier": pair.green, "SkipFinalSnapshot": true});
            clusters::delete_db_cluster(world, &own(input))?;
        } else {
            let input = json!({"DBInstanceIdentifier": pair.green, "SkipFinalSnapshot": true});
            deletion::delete_db_instance(world, &own(input))?;
        }
    }
    Ok(())
}

/// `DeleteBlueGreenDeployment`.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let (place, row) = find(world, rq)?;
    let id = row["BlueGreenDeploymentIdentifier"].as_str().unwrap_or_default();
    match row["Status"].as_str() {
        Some("SWITCHOVER_IN_PROGRESS" | "DELETING") => {
            let status = row["Status"].as_str().unwrap_or_default();
            return Err(state(format!("The blue/green deployment {id} can't be deleted: it is {status}.")));
        }
        // "You can't specify this option if the blue/green deployment status is SWITCHOVER_COMPLETED."
        Some("SWITCHOVER_COMPLETED") if rq.flag("DeleteTarget") => {
            return Err(state(
                "You can't specify DeleteTarget if the blue/green deployment status is SWITCHOVER_COMPLETED.",
            ));
        }
        _ => {}
    }
    let mut last = DELETION;
    if rq.flag("DeleteTarget") {
        delete_target(world, rq, &pairs(&row))?;
        last = durations::RDS_DOWN;
    }
    world.cancel(DEPLOYMENT, &place);
    let now = world.now_secs();
    if let Some(row) = world.get_mut(DEPLOYMENT, &place) {
        row["Status"] = json!("DELETING");
        row["DeleteTime"] = json!(now);
    }
    world.after(last, DEPLOYMENT, &place, Effect::Remove);
    let (_, row) = find(world, rq)?;
    Ok(json!({"BlueGreenDeployment": shown(world, rq, &row)}))
}
