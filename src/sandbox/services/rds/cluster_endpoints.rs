//! Endpoints of clusters: the writer's and the readers', which each cluster has, and custom ones.

use serde_json::{Value as Json, json};

use super::{
    clusters::{members, missing, state},
    store::{CLUSTER, filtered, identifier, invalid, key, paged, public, rows},
};
use crate::sandbox::{Effect, Fault, Reply, Request, World};

pub const ENDPOINT: &str = "rds.db-cluster-endpoint";

/// How long an endpoint takes to become available, or to go.
const SETTLE: i64 = 60_000;

/// What a custom endpoint can lead to (API reference, CreateDBClusterEndpoint).
const TYPES: &[&str] = &["READER", "WRITER", "ANY"];

fn absent(name: &str) -> Fault {
    Fault::new("DBClusterEndpointNotFoundFault", format!("DBClusterEndpoint {name} not found."))
}

/// The instances that a request names are the cluster's.
fn check(world: &World, rq: &Request<'_>, cluster: &Json) -> Result<(), Fault> {
    let kind = rq.text("EndpointType");
    if !kind.is_empty() && !TYPES.contains(&kind) {
        return Err(invalid(format!(
            "Invalid endpoint type: {kind}. Valid values are: {}",
            TYPES.join(", ")
        )));
    }
    if !rq.list("StaticMembers").is_empty() && !rq.list("ExcludedMembers").is_empty() {
        return Err(super::store::combination(
            "You can't specify both StaticMembers and ExcludedMembers for the same endpoint.",
        ));
    }
    let own = members(world, rq, cluster);
    let named = rq.texts("StaticMembers").into_iter().chain(rq.texts("ExcludedMembers"));
    for name in named {
        if !own.iter().any(|one| one["DBInstanceIdentifier"] == name) {
            return Err(super::store::no_instance(name));
        }
    }
    Ok(())
}

/// `CreateDBClusterEndpoint`.
pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBClusterEndpointIdentifier").to_lowercase();
    identifier("DBClusterEndpointIdentifier", &name, 63)?;
    let of = rq.text("DBClusterIdentifier");
    let cluster = world.get(CLUSTER, &key(rq, of)).cloned().ok_or_else(|| missing(of))?;
    if world.get(ENDPOINT, &key(rq, &name)).is_some() {
        return Err(Fault::new("DBClusterEndpointAlreadyExistsFault", "DB cluster endpoint already exists"));
    }
    if cluster["Status"] != "available" {
        return Err(state(format!("DB cluster {of} isn't in the available state.")));
    }
    check(world, rq, &cluster)?;
    // The cluster's own endpoints tell the place: `name.cluster-place.region.rds.amazonaws.com`.
    let host =
        cluster["Endpoint"].as_str().and_then(|host| host.split_once(".cluster-")).map(|(_, rest)| rest);
    let row = json!({
        "DBClusterEndpointIdentifier": name, "DBClusterIdentifier": cluster["DBClusterIdentifier"], "Status": "creating",
        "DBClusterEndpointResourceIdentifier": format!("cluster-endpoint-{}", world.hex(26).to_uppercase()),
        "DBClusterEndpointArn": world.arn("rds", rq.region, &format!("cluster-endpoint:{name}")),
        "Endpoint": format!("{name}.cluster-custom-{}", host.unwrap_or_default()), "EndpointType": "CUSTOM",
        "CustomEndpointType": rq.text("EndpointType"), "StaticMembers": rq.list("StaticMembers"),
        "ExcludedMembers": rq.list("ExcludedMembers"), "_tags": rq.list("Tags"), "_region": rq.region,
    });
    let place = key(rq, &name);
    let shown = public(&row);
    world.put(ENDPOINT, &place, row);
    world.set_after(SETTLE, ENDPOINT, &place, json!({"Status": "available"}));
    Ok(shown)
}

/// The two that a cluster has by itself, and its custom ones.
fn of_cluster(cluster: &Json, custom: &[Json]) -> Vec<Json> {
    let own = |kind: &str, host: &Json| {
        json!({
            "DBClusterIdentifier": cluster["DBClusterIdentifier"], "Endpoint": host, "Status": cluster["Status"],
            "EndpointType": kind,
        })
    };
    let mut all = vec![own("WRITER", &cluster["Endpoint"]), own("READER", &cluster["ReaderEndpoint"])];
    all.extend(
        custom.iter().filter(|row| row["DBClusterIdentifier"] == cluster["DBClusterIdentifier"]).cloned(),
    );
    all
}

/// `DescribeDBClusterEndpoints`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let custom = rows(world, rq, ENDPOINT);
    let mut clusters = rows(world, rq, CLUSTER);
    if let Some(name) = rq.opt("DBClusterIdentifier").filter(|name| !name.is_empty()) {
        let cluster = world.get(CLUSTER, &key(rq, name)).ok_or_else(|| missing(name))?;
        clusters = vec![cluster.clone()];
    }
    let mut found: Vec<Json> = clusters.iter().flat_map(|cluster| of_cluster(cluster, &custom)).collect();
    if let Some(name) = rq.opt("DBClusterEndpointIdentifier").filter(|name| !name.is_empty()) {
        // One that is not there is left out, which Terraform's provider relies on (`FindDBClusterEndpointByID`).
        found.retain(|row| {
            row["DBClusterEndpointIdentifier"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(name))
        });
    }
    let found = filtered(rq, found, |name| match name {
        "db-cluster-endpoint-type" => Some("EndpointType"),
        "db-cluster-endpoint-custom-type" => Some("CustomEndpointType"),
        "db-cluster-endpoint-id" => Some("DBClusterEndpointIdentifier"),
        "db-cluster-endpoint-status" => Some("Status"),
        _ => None,
    })?;
    paged(rq, "DBClusterEndpoints", found.iter().map(public).collect())
}

/// The endpoint of a request, which must be available.
fn available(world: &World, rq: &Request<'_>) -> Result<(String, Json), Fault> {
    let name = rq.text("DBClusterEndpointIdentifier");
    let place = key(rq, name);
    let row = world.get(ENDPOINT, &place).cloned().ok_or_else(|| absent(name))?;
    if row["Status"] != "available" {
        let message = format!("DB cluster endpoint {name} isn't in the available state.");
        return Err(Fault::new("InvalidDBClusterEndpointStateFault", message));
    }
    Ok((place, row))
}

/// `ModifyDBClusterEndpoint`.
pub fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let (place, row) = available(world, rq)?;
    let of = row["DBClusterIdentifier"].as_str().unwrap_or_default();
    let cluster = world.get(CLUSTER, &key(rq, of)).cloned().ok_or_else(|| missing(of))?;
    check(world, rq, &cluster)?;
    let row = world.get_mut(ENDPOINT, &place).ok_or_else(|| absent(&place))?;
    if let Some(kind) = rq.opt("EndpointType").filter(|kind| !kind.is_empty()) {
        row["CustomEndpointType"] = json!(kind);
    }
    // One list takes the other's place.
    for (member, other) in [("StaticMembers", "ExcludedMembers"), ("ExcludedMembers", "StaticMembers")] {
        if rq.get(member).is_array() {
            row[member] = rq.get(member).clone();
            if !rq.list(member).is_empty() {
                row[other] = json!([]);
            }
        }
    }
    row["Status"] = json!("modifying");
    let shown = public(row);
    world.set_after(SETTLE, ENDPOINT, &place, json!({"Status": "available"}));
    Ok(shown)
}

/// `DeleteDBClusterEndpoint`.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let (place, mut row) = available(world, rq)?;
    row["Status"] = json!("deleting");
    let shown = public(&row);
    world.put(ENDPOINT, &place, row);
    world.after(SETTLE, ENDPOINT, &place, Effect::Remove);
    Ok(shown)
}

/// The custom endpoints of a cluster go with it, `millis` from now.
pub fn leave(world: &mut World, rq: &Request<'_>, cluster: &Json, millis: i64) {
    let own: Vec<String> = rows(world, rq, ENDPOINT)
        .iter()
        .filter(|row| row["DBClusterIdentifier"] == cluster["DBClusterIdentifier"])
        .filter_map(|row| row["DBClusterEndpointIdentifier"].as_str().map(|name| key(rq, name)))
        .collect();
    for place in own {
        world.cancel(ENDPOINT, &place);
        if let Some(row) = world.get_mut(ENDPOINT, &place) {
            row["Status"] = json!("deleting");
        }
        world.after(millis, ENDPOINT, &place, Effect::Remove);
    }
}
