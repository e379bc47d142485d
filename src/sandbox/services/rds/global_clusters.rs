//! Global clusters: who belongs to them, and which of these writes. No data travels between Regions.
//!
//! Table: `rds.global-cluster`, by name: names are the account's, not a Region's. Clusters note the name under `_global`, and
//! under `_global_writer` whether they are the one that writes.

use serde_json::{Value as Json, json};

use super::{
    clusters::{missing, state},
    engines,
    store::{CLUSTER, combination, filtered, identifier, invalid, paged, public},
};
use crate::sandbox::{Effect, Fault, Reply, Request, World};

const GLOBAL: &str = "rds.global-cluster";
/// What Cloud Control made of `AWS::RDS::GlobalCluster` is one too.
const BY_CLOUD_CONTROL: &str = "cloudcontrol.AWS::RDS::GlobalCluster";
/// A global cluster is there, changed or gone within a minute.
const TAKES: i64 = 30_000;

fn absent(name: &str) -> Fault {
    Fault::new("GlobalClusterNotFoundFault", format!("Global cluster {name} not found"))
}

fn wrong_state(message: impl Into<String>) -> Fault {
    Fault::new("InvalidGlobalClusterStateFault", message)
}

fn found(world: &World, rq: &Request<'_>) -> Result<(String, Json), Fault> {
    let sent = rq.text("GlobalClusterIdentifier");
    let name = sent.rsplit(':').next().unwrap_or(sent).to_lowercase();
    let row = world.get(GLOBAL, &name).cloned().ok_or_else(|| absent(sent))?;
    Ok((name, row))
}

/// Clusters that belong to one, the writer first: their places and rows.
fn members(world: &World, name: &str) -> Vec<(String, Json)> {
    let mine = world.rows(CLUSTER).filter(|(_, row)| row["_global"] == name);
    let mut all: Vec<(String, Json)> = mine.map(|(place, row)| (place.to_owned(), row.clone())).collect();
    all.sort_by_key(|(_, row)| row["_global_writer"] != true);
    all
}

fn shown(world: &World, name: &str, row: &Json) -> Json {
    let members = members(world, name);
    let arns = |writes: bool| -> Vec<Json> {
        let some = members.iter().filter(|(_, row)| (row["_global_writer"] == true) == writes);
        some.map(|(_, row)| row["DBClusterArn"].clone()).collect()
    };
    let list: Vec<Json> = members
        .iter()
        .map(|(_, row)| {
            let writes = row["_global_writer"] == true;
            json!({
                "DBClusterArn": row["DBClusterArn"], "IsWriter": writes, "Readers": if writes { arns(false) } else { Vec::new() },
                "SynchronizationStatus": "connected", "GlobalWriteForwardingStatus": if writes { Json::Null } else { json!("disabled") },
            })
        })
        .collect();
    let mut shown = public(row);
    shown["GlobalClusterMembers"] = json!(list);
    shown
}

/// `CreateGlobalCluster`: empty, or around a cluster that is there. Refusals: moto, `test_create_global_cluster_*`.
pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("GlobalClusterIdentifier").to_lowercase();
    identifier("GlobalClusterIdentifier", &name, 63)?;
    if world.get(GLOBAL, &name).is_some() {
        let message = format!("Global cluster {name} already exists");
        return Err(Fault::new("GlobalClusterAlreadyExistsFault", message));
    }
    let source = match rq.opt("SourceDBClusterIdentifier").filter(|arn| !arn.is_empty()) {
        None => None,
        Some(arn) if !arn.starts_with("arn:") => {
            return Err(invalid(format!("Malformed db cluster arn {arn}")));
        }
        Some(arn) => {
            for member in ["Engine", "EngineVersion", "DatabaseName", "StorageEncrypted"] {
                if !rq.get(member).is_null() {
                    let what = if member == "Engine" { "engineName" } else { member };
                    return Err(combination(format!(
                        "When creating global cluster from existing db cluster, value for {what} should not be specified since it \
                         will be inherited from source cluster"
                    )));
                }
            }
            let place = world
                .rows(CLUSTER)
                .find(|(_, row)| row["DBClusterArn"] == arn)
                .map(|(place, _)| place.to_owned());
            let place = place.ok_or_else(|| missing(arn))?;
            let row = world.get(CLUSTER, &place).cloned().unwrap_or_default();
            if row["Status"] != "available" || row["_global"].is_string() {
                return Err(state(format!(
                    "DB cluster {arn} is not available, or part of a global cluster."
                )));
            }
            Some((place, row))
        }
    };
    let (engine, version, encrypted, database) = match &source {
        Some((_, row)) => {
            let engine = row["Engine"].as_str().unwrap_or_default().to_owned();
            (
                engine,
                row["EngineVersion"].clone(),
                row["StorageEncrypted"] == true,
                row["DatabaseName"].clone(),
            )
        }
        None => {
            let wanted = rq.opt("Engine").filter(|engine| !engine.is_empty()).ok_or_else(|| {
                invalid("When creating standalone global cluster, value for engineName should be specified")
            })?;
            let engine = super::clusters::engine(wanted)?;
            let version = engines::version(engine, rq.opt("EngineVersion"))?;
            (
                engine.name.to_string(),
                json!(version),
                rq.flag("StorageEncrypted"),
                rq.get("DatabaseName").clone(),
            )
        }
    };
    let row = json!({
        "GlobalClusterIdentifier": name, "GlobalClusterResourceId": format!("cluster-{}", &world.hex(32)[..16]),
        "GlobalClusterArn": world.arn("rds", "", &format!("global-cluster:{name}")), "Status": "creating",
        "Engine": engine, "EngineVersion": version, "DatabaseName": database, "StorageEncrypted": encrypted,
        "StorageEncryptionType": if encrypted { "sse-kms" } else { "none" },
        "EngineLifecycleSupport": rq.opt("EngineLifecycleSupport").unwrap_or("open-source-rds-extended-support"),
        "DeletionProtection": rq.flag("DeletionProtection"), "TagList": rq.list("Tags"),
        "Endpoint": format!("{name}.global-{}.global.rds.amazonaws.com", world.hex(12)),
    });
    world.put(GLOBAL, &name, row.clone());
    world.set_after(TAKES, GLOBAL, &name, json!({"Status": "available"}));
    if let Some((place, _)) = source {
        join(world, &place, &name, true);
    }
    Ok(json!({"GlobalCluster": shown(world, &name, &row)}))
}

fn join(world: &mut World, place: &str, name: &str, writes: bool) {
    if let Some(row) = world.get_mut(CLUSTER, place) {
        row["_global"] = json!(name);
        row["_global_writer"] = json!(writes);
    }
}

/// The global cluster that a new cluster is to belong to, and whether it has a writer already: its users and data come along
/// then.
///
/// # Errors
/// There is none, or it is of another engine.
pub fn wanted(world: &World, rq: &Request<'_>) -> Result<Option<(String, bool)>, Fault> {
    let Some(sent) = rq.opt("GlobalClusterIdentifier").filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    let name = sent.rsplit(':').next().unwrap_or(sent).to_lowercase();
    let Some(row) = world.get(GLOBAL, &name) else {
        let made = |row: &Json| {
            row["Properties"]["GlobalClusterIdentifier"]
                .as_str()
                .is_some_and(|own| own.eq_ignore_ascii_case(&name))
        };
        if world.any(BY_CLOUD_CONTROL, made) {
            let writes = members(world, &name).iter().any(|(_, row)| row["_global_writer"] == true);
            return Ok(Some((name, writes)));
        }
        return Err(absent(sent));
    };
    if row["Engine"] != rq.text("Engine") {
        return Err(combination(format!(
            "The engine {} does not match that of global cluster {name}.",
            rq.text("Engine")
        )));
    }
    let writes = members(world, &name).iter().any(|(_, row)| row["_global_writer"] == true);
    Ok(Some((name, writes)))
}

/// A new cluster becomes a member.
pub fn enter(world: &mut World, place: &str, wanted: Option<&(String, bool)>) {
    if let Some((name, has_writer)) = wanted {
        join(world, place, name, !has_writer);
    }
}

/// A member cannot be deleted (what RDS says in hashicorp/terraform-provider-aws, `resourceClusterDelete`).
///
/// # Errors
/// It is one.
pub fn free(row: &Json) -> Result<(), Fault> {
    if row["_global"].is_string() {
        return Err(state(
            "This cluster is a part of a global cluster, please remove it from globalcluster first",
        ));
    }
    Ok(())
}

/// `DescribeGlobalClusters`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut all: Vec<Json> = world.rows(GLOBAL).map(|(name, row)| shown(world, name, row)).collect();
    if let Some(sent) = rq.opt("GlobalClusterIdentifier").filter(|name| !name.is_empty()) {
        all.retain(|row| {
            row["GlobalClusterIdentifier"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(sent))
        });
        if all.is_empty() {
            return Err(absent(sent));
        }
    }
    // The filters look into lists: db-cluster-id takes names and ARNs of members, region that of one.
    let (own, others): (Vec<Json>, Vec<Json>) = rq
        .list("Filters")
        .iter()
        .cloned()
        .partition(|one| matches!(one["Name"].as_str(), Some("db-cluster-id" | "region")));
    for filter in own {
        let values: Vec<&str> =
            filter["Values"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let by_region = filter["Name"] == "region";
        all.retain(|row| {
            let mut arns = row["GlobalClusterMembers"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|one| one["DBClusterArn"].as_str());
            arns.any(|arn| {
                let parts: Vec<&str> = arn.split(':').collect();
                values.iter().any(|value| {
                    if by_region {
                        parts.get(3) == Some(value)
                    } else {
                        arn == *value || parts.last() == Some(value)
                    }
                })
            })
        });
    }
    let rest = Request {
        operation: rq.operation,
        region: rq.region,
        access_key: rq.access_key,
        input: json!({"Filters": others}),
    };
    let all = filtered(&rest, all, |_| None)?;
    paged(rq, "GlobalClusters", all)
}

/// `ModifyGlobalCluster`.
pub fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, mut row) = found(world, rq)?;
    if row["Status"] != "available" {
        return Err(wrong_state(format!("Global cluster {name} is not available.")));
    }
    let members = members(world, &name);
    if let Some(version) = rq.opt("EngineVersion") {
        let engine = super::clusters::engine(row["Engine"].as_str().unwrap_or_default())?;
        let version = engines::version(engine, Some(version))?.to_owned();
        let major = |text: &str| text.split('.').next().unwrap_or_default().to_owned();
        let old = row["EngineVersion"].as_str().unwrap_or_default();
        if major(old) != major(&version) && !rq.flag("AllowMajorVersionUpgrade") {
            return Err(combination(
                "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.",
            ));
        }
        row["EngineVersion"] = json!(version);
        for (place, _) in &members {
            if let Some(member) = world.get_mut(CLUSTER, place) {
                member["EngineVersion"] = json!(version);
            }
        }
    }
    if let Some(on) = rq.get("DeletionProtection").as_bool() {
        row["DeletionProtection"] = json!(on);
    }
    let new = rq.opt("NewGlobalClusterIdentifier").map_or_else(|| name.clone(), str::to_lowercase);
    if new != name {
        identifier("NewGlobalClusterIdentifier", &new, 63)?;
        if world.get(GLOBAL, &new).is_some() {
            let message = format!("Global cluster {new} already exists");
            return Err(Fault::new("GlobalClusterAlreadyExistsFault", message));
        }
        world.remove(GLOBAL, &name);
        row["GlobalClusterIdentifier"] = json!(new);
        row["GlobalClusterArn"] = json!(world.arn("rds", "", &format!("global-cluster:{new}")));
        for (place, member) in &members {
            join(world, place, &new, member["_global_writer"] == true);
        }
    }
    world.put(GLOBAL, &new, row.clone());
    Ok(json!({"GlobalCluster": shown(world, &new, &row)}))
}

/// `DeleteGlobalCluster`: an empty one (moto, `test_delete_non_global_cluster`).
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, mut row) = found(world, rq)?;
    if row["Status"] == "deleting" {
        return Err(wrong_state(format!("Global cluster {name} is being deleted.")));
    }
    if row["DeletionProtection"] == true {
        return Err(combination(
            "Cannot delete protected Global Cluster, please disable deletion protection and try again.",
        ));
    }
    if !members(world, &name).is_empty() {
        let arn = row["GlobalClusterArn"].as_str().unwrap_or_default();
        return Err(wrong_state(format!("Global Cluster {arn} is not empty")));
    }
    row["Status"] = json!("deleting");
    let answer = shown(world, &name, &row);
    world.cancel(GLOBAL, &name);
    world.put(GLOBAL, &name, row);
    world.after(TAKES, GLOBAL, &name, Effect::Remove);
    Ok(json!({"GlobalCluster": answer}))
}

/// The member that a request names by its ARN or its name.
fn member(world: &World, name: &str, wanted: &str) -> Result<(String, Json), Fault> {
    let is = |row: &Json| row["DBClusterArn"] == wanted || row["DBClusterIdentifier"] == wanted;
    let found = members(world, name).into_iter().find(|(_, row)| is(row));
    found.ok_or_else(|| {
        Fault::new(
            "DBClusterNotFoundFault",
            format!("Cluster {wanted} is not found in global cluster {name}"),
        )
    })
}

/// `RemoveFromGlobalCluster`: the writer last.
pub fn remove(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, row) = found(world, rq)?;
    let (place, cluster) = member(world, &name, rq.text("DbClusterIdentifier"))?;
    if cluster["_global_writer"] == true && members(world, &name).len() > 1 {
        return Err(wrong_state(format!(
            "Global cluster {name} has secondary clusters: remove them before its primary cluster."
        )));
    }
    if let Some(cluster) = world.get_mut(CLUSTER, &place) {
        cluster["_global"] = Json::Null;
        cluster["_global_writer"] = Json::Null;
    }
    Ok(json!({"GlobalCluster": shown(world, &name, &row)}))
}

/// `FailoverGlobalCluster` and `SwitchoverGlobalCluster`: a secondary cluster becomes the primary.
pub fn switch(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, mut row) = found(world, rq)?;
    if row["Status"] != "available" {
        return Err(wrong_state(format!("Global cluster {name} is not available.")));
    }
    let (target, cluster) = member(world, &name, rq.text("TargetDbClusterIdentifier"))?;
    if cluster["_global_writer"] == true {
        return Err(state(format!(
            "The target cluster {} is the primary cluster.",
            rq.text("TargetDbClusterIdentifier")
        )));
    }
    let fails = rq.operation == "FailoverGlobalCluster";
    if rq.flag("Switchover") && rq.flag("AllowDataLoss") {
        return Err(combination("You can't specify both the AllowDataLoss and the Switchover option."));
    }
    let from = members(world, &name).into_iter().find(|(_, row)| row["_global_writer"] == true);
    let status = if fails && rq.flag("AllowDataLoss") { "failing-over" } else { "switching-over" };
    row["Status"] = json!(status);
    row["FailoverState"] = json!({
        "Status": "pending", "FromDbClusterArn": from.as_ref().map(|(_, row)| row["DBClusterArn"].clone()),
        "ToDbClusterArn": cluster["DBClusterArn"], "IsDataLossAllowed": rq.flag("AllowDataLoss"),
    });
    let answer = shown(world, &name, &row);
    world.put(GLOBAL, &name, row);
    world.set_after(TAKES, GLOBAL, &name, json!({"Status": "available", "FailoverState": null}));
    if let Some((place, _)) = from {
        world.set_after(TAKES, CLUSTER, &place, json!({"_global_writer": false}));
    }
    world.set_after(TAKES, CLUSTER, &target, json!({"_global_writer": true}));
    Ok(json!({"GlobalCluster": answer}))
}
