//! Tags of everything that has an ARN.

use serde_json::{Value as Json, json};

use super::store::{
    CLUSTER, CLUSTER_PARAMETERS, CLUSTER_SNAPSHOT, INSTANCE, OPTIONS, PARAMETERS, SNAPSHOT, SUBNETS,
    filtered, invalid, no_instance,
};
use crate::sandbox::{Fault, Reply, Request, World};

/// Table, key and tag member of the resource an ARN names.
fn target(world: &World, rq: &Request<'_>) -> Result<(&'static str, String, &'static str), Fault> {
    let arn = rq.text("ResourceName");
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let [_, _, "rds", region, _, kind, name] = parts[..] else {
        return Err(invalid(format!(
            "The specified resource name does not match an RDS resource in this region: {arn}"
        )));
    };
    if matches!(kind, "db-proxy" | "db-proxy-endpoint") {
        let found = super::proxy_targets::tagged(world, arn).filter(|_| region == rq.region);
        // The operations list no fault of an endpoint's own.
        return found.map(|(table, key)| (table, key, "_tags")).ok_or_else(|| super::proxies::missing(name));
    }
    let (table, member, fault) = match kind {
        "db" => (INSTANCE, "TagList", no_instance(name)),
        "pg" => (
            PARAMETERS,
            "_tags",
            Fault::new("DBParameterGroupNotFound", format!("DBParameterGroup not found: {name}")),
        ),
        "cluster-pg" => (
            CLUSTER_PARAMETERS,
            "_tags",
            Fault::new("DBParameterGroupNotFound", format!("DBClusterParameterGroup not found: {name}")),
        ),
        "og" => (
            OPTIONS,
            "_tags",
            Fault::new("OptionGroupNotFoundFault", format!("Specified OptionGroupName: {name} not found.")),
        ),
        "subgrp" => (
            SUBNETS,
            "_tags",
            Fault::new("DBSubnetGroupNotFoundFault", format!("DB subnet group '{name}' does not exist.")),
        ),
        "snapshot" => {
            (SNAPSHOT, "TagList", Fault::new("DBSnapshotNotFound", format!("DBSnapshot {name} not found.")))
        }
        "cluster-snapshot" => (
            CLUSTER_SNAPSHOT,
            "TagList",
            Fault::new("DBClusterSnapshotNotFoundFault", format!("DBClusterSnapshot {name} not found.")),
        ),
        // The operations list no fault of their own for subscriptions.
        "es" => (
            super::subscriptions::SUBSCRIPTION,
            "_tags",
            invalid(format!("Event subscription {name} not found.")),
        ),
        "deployment" => (
            super::blue_green::DEPLOYMENT,
            "TagList",
            Fault::new("BlueGreenDeploymentNotFoundFault", format!("BlueGreenDeployment {name} not found.")),
        ),
        "cluster-endpoint" => (
            super::cluster_endpoints::ENDPOINT,
            "_tags",
            Fault::new("DBClusterEndpointNotFoundFault", format!("DBClusterEndpoint {name} not found.")),
        ),
        "cluster" => {
            (CLUSTER, "TagList", Fault::new("DBClusterNotFoundFault", format!("DBCluster {name} not found.")))
        }
        _ => return Err(invalid(format!("Unknown resource type in {arn}"))),
    };
    let key = format!("{region}/{}", name.to_lowercase());
    if region != rq.region || world.get(table, &key).is_none() {
        return Err(fault);
    }
    Ok((table, key, member))
}

pub fn list_tags_for_resource(world: &mut World, rq: &Request<'_>) -> Reply {
    let (table, key, member) = target(world, rq)?;
    // The call has filters in its interface but none that it knows.
    filtered(rq, Vec::new(), |_| None)?;
    Ok(json!({"TagList": world.get(table, &key).map_or(json!([]), |row| row[member].clone())}))
}

fn tags_mut<'w>(world: &'w mut World, rq: &Request<'_>) -> Result<&'w mut Vec<Json>, Fault> {
    let (table, key, member) = target(world, rq)?;
    world
        .get_mut(table, &key)
        .and_then(|row| {
            if !row[member].is_array() {
                row[member] = json!([]);
            }
            row[member].as_array_mut()
        })
        .ok_or_else(|| invalid("The resource carries no tags."))
}

pub fn add_tags_to_resource(world: &mut World, rq: &Request<'_>) -> Reply {
    let tags = tags_mut(world, rq)?;
    for tag in rq.list("Tags") {
        if tag["Key"].as_str().is_some_and(|k| k.starts_with("aws:")) {
            return Err(invalid("Tag keys must not begin with aws:"));
        }
        tags.retain(|old| old["Key"] != tag["Key"]);
        tags.push(tag.clone());
    }
    Ok(json!({}))
}

pub fn remove_tags_from_resource(world: &mut World, rq: &Request<'_>) -> Reply {
    let gone = rq.texts("TagKeys");
    tags_mut(world, rq)?.retain(|old| !gone.iter().any(|key| old["Key"] == *key));
    Ok(json!({}))
}
