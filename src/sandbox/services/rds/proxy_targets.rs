//! What proxies lead to, their pools of connections, and further endpoints.

use serde_json::{Value as Json, json};

use super::{
    clusters, proxies,
    proxies::{CHANGES, ENDPOINT, PROXY, available, proxy},
    store::{CLUSTER, INSTANCE, filtered, invalid, key, no_instance, paged, public, rows},
};
use crate::sandbox::{Effect, Fault, Reply, Request, World};

/// "Currently, this name must be default" (`RegisterDBProxyTargets`, TargetGroupName).
const GROUP: &str = "default";
/// A database is known to answer after about two minutes.
const HEALTHY: i64 = 120_000;

fn group(rq: &Request<'_>) -> Result<(), Fault> {
    match rq.opt("TargetGroupName") {
        None | Some(GROUP) => Ok(()),
        Some(other) => {
            Err(Fault::new("DBProxyTargetGroupNotFoundFault", format!("Target group {other} not found.")))
        }
    }
}

fn shown_group(world: &World, rq: &Request<'_>, row: &Json) -> Json {
    let id = row["_group"].as_str().unwrap_or_default();
    json!({
        "DBProxyName": row["DBProxyName"], "TargetGroupName": GROUP, "IsDefault": true, "Status": "available",
        "TargetGroupArn": world.arn("rds", rq.region, &format!("target-group:{id}")),
        "ConnectionPoolConfig": row["_pool"], "CreatedDate": row["CreatedDate"], "UpdatedDate": row["UpdatedDate"],
    })
}

/// `DescribeDBProxyTargetGroups`.
pub fn describe_groups(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = proxy(world, rq, rq.text("DBProxyName"))?;
    group(rq)?;
    let all = filtered(rq, vec![shown_group(world, rq, row)], |_| None)?;
    paged(rq, "TargetGroups", all)
}

/// `ModifyDBProxyTargetGroup`.
pub fn modify_group(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut row = available(world, rq, rq.text("DBProxyName"))?;
    group(rq)?;
    if rq.opt("NewName").is_some_and(|name| name != GROUP) {
        // "You can't rename the default target group" (`ModifyDBProxyTargetGroup`, NewName).
        return Err(invalid("The default target group cannot be renamed."));
    }
    let sent = rq.get("ConnectionPoolConfig");
    for (member, least, most) in [
        ("MaxConnectionsPercent", 1, 100),
        ("MaxIdleConnectionsPercent", 0, 100),
        ("ConnectionBorrowTimeout", 0, 300),
    ] {
        if let Some(number) = sent[member].as_i64().filter(|number| !(least..=most).contains(number)) {
            return Err(invalid(format!("{member} must be between {least} and {most}; {number} is not.")));
        }
    }
    for (member, value) in sent.as_object().into_iter().flatten() {
        row["_pool"][member] = value.clone();
    }
    let number = |member: &str| row["_pool"][member].as_i64().unwrap_or(0);
    if number("MaxIdleConnectionsPercent") > number("MaxConnectionsPercent") {
        return Err(invalid("MaxIdleConnectionsPercent must not be greater than MaxConnectionsPercent."));
    }
    row["UpdatedDate"] = json!(world.now_secs());
    let shown = shown_group(world, rq, &row);
    world.put(PROXY, &key(rq, rq.text("DBProxyName")), row);
    Ok(json!({"DBProxyTargetGroup": shown}))
}

/// Engines that a family of proxies speaks to.
fn speaks(family: &str, engine: &str) -> bool {
    match family {
        "MYSQL" => matches!(engine, "mysql" | "mariadb" | "aurora-mysql"),
        "POSTGRESQL" => matches!(engine, "postgres" | "aurora-postgresql"),
        _ => engine.starts_with("sqlserver"),
    }
}

fn refused(row: &Json, engine: &Json) -> Result<(), Fault> {
    let (family, engine) =
        (row["EngineFamily"].as_str().unwrap_or_default(), engine.as_str().unwrap_or_default());
    if speaks(family, engine) {
        return Ok(());
    }
    Err(invalid(format!("A proxy of the engine family {family} does not support the engine {engine}.")))
}

/// A target that is an instance.
fn instance(world: &World, rq: &Request<'_>, name: &str, cluster: Option<&str>) -> Result<Json, Fault> {
    let row = world.get(INSTANCE, &key(rq, name)).ok_or_else(|| no_instance(name))?;
    let role =
        if row["ReadReplicaSourceDBInstanceIdentifier"].is_string() { "READ_ONLY" } else { "READ_WRITE" };
    Ok(json!({
        "RdsResourceId": name, "Endpoint": row["Endpoint"]["Address"], "Port": row["Endpoint"]["Port"],
        "Type": "RDS_INSTANCE", "Role": role, "TrackedClusterId": cluster, "_since": world.now(),
    }))
}

/// `RegisterDBProxyTargets`.
pub fn register(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut row = available(world, rq, rq.text("DBProxyName"))?;
    group(rq)?;
    let (instances, names) = (rq.texts("DBInstanceIdentifiers"), rq.texts("DBClusterIdentifiers"));
    if instances.len() + names.len() != 1 {
        // RDS User Guide, planning for RDS Proxy: "one target DB cluster or DB instance at a time".
        return Err(invalid(
            "Exactly one of DBInstanceIdentifiers and DBClusterIdentifiers names one database.",
        ));
    }
    if row["_targets"].as_array().is_some_and(|all| !all.is_empty()) {
        let message =
            "The proxy is already associated with the specified RDS DB instance or Aurora DB cluster.";
        return Err(Fault::new("DBProxyTargetAlreadyRegisteredFault", message));
    }
    let mut targets = Vec::new();
    for name in instances {
        let found = world.get(INSTANCE, &key(rq, name)).ok_or_else(|| no_instance(name))?;
        refused(&row, &found["Engine"])?;
        if found["DBClusterIdentifier"].is_string() {
            return Err(invalid(format!("{name} is a member of a cluster: register the cluster.")));
        }
        targets.push(instance(world, rq, name, None)?);
    }
    for name in names {
        let found = world.get(CLUSTER, &key(rq, name)).cloned().ok_or_else(|| clusters::missing(name))?;
        refused(&row, &found["Engine"])?;
        targets.push(json!({
            "RdsResourceId": name, "Endpoint": found["Endpoint"], "Port": found["Port"], "Type": "TRACKED_CLUSTER",
            "_since": world.now(),
        }));
        for member in clusters::members(world, rq, &found) {
            let one = member["DBInstanceIdentifier"].as_str().unwrap_or_default();
            let mut target = instance(world, rq, one, Some(name))?;
            target["Role"] =
                json!(if member["IsClusterWriter"] == true { "READ_WRITE" } else { "READ_ONLY" });
            targets.push(target);
        }
    }
    row["_targets"] = json!(targets);
    let shown: Vec<Json> = targets.iter().map(|one| target(world, one)).collect();
    world.put(PROXY, &key(rq, rq.text("DBProxyName")), row);
    Ok(json!({"DBProxyTargets": shown}))
}

/// A target as it is shown: healthy after a while. A tracked cluster has no health of its own.
fn target(world: &World, row: &Json) -> Json {
    let mut shown = public(row);
    if row["Type"] != "TRACKED_CLUSTER" {
        let since = row["_since"].as_i64().unwrap_or(0);
        shown["TargetHealth"] = if world.now() - since >= HEALTHY {
            json!({"State": "AVAILABLE"})
        } else {
            json!({"State": "REGISTERING", "Description": "DBProxy Target is being registered"})
        };
    }
    shown
}

/// `DescribeDBProxyTargets`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = proxy(world, rq, rq.text("DBProxyName"))?;
    group(rq)?;
    let all: Vec<Json> =
        row["_targets"].as_array().into_iter().flatten().map(|one| target(world, one)).collect();
    paged(rq, "Targets", filtered(rq, all, |_| None)?)
}

/// `DeregisterDBProxyTargets`.
pub fn deregister(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut row = available(world, rq, rq.text("DBProxyName"))?;
    group(rq)?;
    let mut all = row["_targets"].as_array().cloned().unwrap_or_default();
    for name in rq.texts("DBInstanceIdentifiers").into_iter().chain(rq.texts("DBClusterIdentifiers")) {
        let before = all.len();
        all.retain(|one| one["RdsResourceId"] != name && one["TrackedClusterId"] != name);
        if all.len() == before {
            let message = format!("The target {name} isn't associated with the proxy.");
            return Err(Fault::new("DBProxyTargetNotFoundFault", message));
        }
    }
    row["_targets"] = json!(all);
    world.put(PROXY, &key(rq, rq.text("DBProxyName")), row);
    Ok(json!({}))
}

fn no_endpoint(name: &str) -> Fault {
    Fault::new("DBProxyEndpointNotFoundFault", format!("The DB proxy endpoint {name} doesn't exist."))
}

/// `CreateDBProxyEndpoint`.
pub fn create_endpoint(world: &mut World, rq: &Request<'_>) -> Reply {
    let of = available(world, rq, rq.text("DBProxyName"))?;
    let name = rq.text("DBProxyEndpointName").to_lowercase();
    proxies::name("DBProxyEndpointName", &name)?;
    let place = key(rq, &name);
    if world.get(ENDPOINT, &place).is_some() {
        let message = format!("The DB proxy endpoint {name} already exists.");
        return Err(Fault::new("DBProxyEndpointAlreadyExistsFault", message));
    }
    let vpc = proxies::network(world, &rq.texts("VpcSubnetIds"))?;
    proxies::groups(world, &rq.texts("VpcSecurityGroupIds"))?;
    let host = proxies::host(world, rq, "endpoint.proxy", &name);
    let unique = format!("prx-endpoint-{}", &world.hex(32)[..17]);
    let security = world.or_default_group(&rq.texts("VpcSecurityGroupIds"), &vpc);
    let row = json!({
        "DBProxyEndpointName": name, "DBProxyName": of["DBProxyName"], "Status": "creating", "VpcId": vpc,
        "DBProxyEndpointArn": world.arn("rds", rq.region, &format!("db-proxy-endpoint:{unique}")),
        "VpcSecurityGroupIds": security, "VpcSubnetIds": rq.list("VpcSubnetIds"), "Endpoint": host,
        "CreatedDate": world.now_secs(), "TargetRole": rq.opt("TargetRole").unwrap_or("READ_WRITE"), "IsDefault": false,
        "EndpointNetworkType": rq.opt("EndpointNetworkType").unwrap_or("IPV4"), "_tags": rq.list("Tags"),
    });
    let shown = public(&row);
    world.put(ENDPOINT, &place, row);
    world.set_after(CHANGES, ENDPOINT, &place, json!({"Status": "available"}));
    Ok(json!({"DBProxyEndpoint": shown}))
}

/// The endpoint that each proxy has from the start, under its own name.
fn own(row: &Json) -> Json {
    json!({
        "DBProxyEndpointName": row["DBProxyName"], "DBProxyName": row["DBProxyName"], "Status": row["Status"],
        "DBProxyEndpointArn": row["DBProxyArn"].as_str().map(|arn| arn.replace(":db-proxy:", ":db-proxy-endpoint:")),
        "VpcId": row["VpcId"], "VpcSecurityGroupIds": row["VpcSecurityGroupIds"], "VpcSubnetIds": row["VpcSubnetIds"],
        "Endpoint": row["Endpoint"], "CreatedDate": row["CreatedDate"], "TargetRole": "READ_WRITE", "IsDefault": true,
    })
}

/// `DescribeDBProxyEndpoints`.
pub fn describe_endpoints(world: &mut World, rq: &Request<'_>) -> Reply {
    let of = rq.opt("DBProxyName").filter(|name| !name.is_empty());
    if let Some(name) = of {
        proxy(world, rq, name)?;
    }
    let mut all: Vec<Json> = rows(world, rq, PROXY).iter().map(own).collect();
    all.extend(rows(world, rq, ENDPOINT));
    all.retain(|row| {
        of.is_none_or(|name| row["DBProxyName"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(name)))
    });
    if let Some(name) = rq.opt("DBProxyEndpointName").filter(|name| !name.is_empty()) {
        all.retain(|row| {
            row["DBProxyEndpointName"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(name))
        });
        if all.is_empty() {
            return Err(no_endpoint(name));
        }
    }
    let all = filtered(rq, all, |_| None)?;
    paged(rq, "DBProxyEndpoints", all.iter().map(public).collect())
}

/// An endpoint that was made, if it may be changed now.
fn changeable(world: &World, rq: &Request<'_>) -> Result<(String, Json), Fault> {
    let name = rq.text("DBProxyEndpointName");
    let place = key(rq, name);
    let row = world.get(ENDPOINT, &place).cloned().ok_or_else(|| no_endpoint(name))?;
    if row["Status"] != "available" {
        let message = format!("The DB proxy endpoint {name} isn't available.");
        return Err(Fault::new("InvalidDBProxyEndpointStateFault", message));
    }
    Ok((place, row))
}

/// `ModifyDBProxyEndpoint`.
pub fn modify_endpoint(world: &mut World, rq: &Request<'_>) -> Reply {
    let (place, mut row) = changeable(world, rq)?;
    proxies::groups(world, &rq.texts("VpcSecurityGroupIds"))?;
    if rq.get("VpcSecurityGroupIds").is_array() {
        row["VpcSecurityGroupIds"] = rq.get("VpcSecurityGroupIds").clone();
    }
    let mut next = place.clone();
    if let Some(new) = rq.opt("NewDBProxyEndpointName").map(str::to_lowercase) {
        proxies::name("NewDBProxyEndpointName", &new)?;
        next = key(rq, &new);
        if next != place && world.get(ENDPOINT, &next).is_some() {
            let message = format!("The DB proxy endpoint {new} already exists.");
            return Err(Fault::new("DBProxyEndpointAlreadyExistsFault", message));
        }
        world.remove(ENDPOINT, &place);
        row["DBProxyEndpointName"] = json!(new);
    }
    row["Status"] = json!("modifying");
    let shown = public(&row);
    world.put(ENDPOINT, &next, row);
    world.set_after(CHANGES, ENDPOINT, &next, json!({"Status": "available"}));
    Ok(json!({"DBProxyEndpoint": shown}))
}

/// `DeleteDBProxyEndpoint`.
pub fn delete_endpoint(world: &mut World, rq: &Request<'_>) -> Reply {
    let (place, mut row) = changeable(world, rq)?;
    row["Status"] = json!("deleting");
    let shown = public(&row);
    world.put(ENDPOINT, &place, row);
    world.after(CHANGES, ENDPOINT, &place, Effect::Remove);
    Ok(json!({"DBProxyEndpoint": shown}))
}

/// Where the tags of a proxy or an endpoint are: ARNs have ids, not names.
pub fn tagged(world: &World, arn: &str) -> Option<(&'static str, String)> {
    [(PROXY, "DBProxyArn"), (ENDPOINT, "DBProxyEndpointArn")].into_iter().find_map(|(table, member)| {
        let found = world.rows(table).find(|(_, row)| row[member] == arn);
        found.map(|(place, _)| (table, place.to_owned()))
    })
}
