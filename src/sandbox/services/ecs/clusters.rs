//! Clusters.

use serde_json::{Value as Json, json};

use super::{
    CLUSTERS, SERVICES, TASKS, cluster, cluster_key, instances::INSTANCES, invalid, missing, no_cluster,
    providers, short, shown_tags, tags_of,
};
use crate::sandbox::{Fault, Reply, Request, World};

/// A cluster as answers hold it; parts of it only when they are asked for.
fn shown(world: &World, row: &Json, include: &[&str]) -> Json {
    let mut row = row.clone();
    let arn = row["clusterArn"].clone();
    let tasks = |status: &[&str]| {
        world
            .rows(TASKS)
            .filter(|(_, task)| task["clusterArn"] == arn && status.iter().any(|s| task["lastStatus"] == *s))
            .count()
    };
    let services = world
        .rows(SERVICES)
        .filter(|(_, service)| service["clusterArn"] == arn && service["status"] == "ACTIVE")
        .count();
    row["activeServicesCount"] = json!(services);
    row["runningTasksCount"] = json!(tasks(&["RUNNING"]));
    row["pendingTasksCount"] = json!(tasks(&["PROVISIONING", "PENDING"]));
    let here = |row: &Json| row["_cluster"] == arn && row["status"] != "INACTIVE";
    row["registeredContainerInstancesCount"] =
        json!(world.rows(INSTANCES).filter(|(_, row)| here(row)).count());
    row["statistics"] = json!([]);
    row["tags"] = if include.contains(&"TAGS") { json!(shown_tags(&row)) } else { json!([]) };
    if let Some(members) = row.as_object_mut() {
        if !include.contains(&"SETTINGS") {
            members.remove("settings");
        }
        if !include.contains(&"CONFIGURATIONS") {
            members.remove("configuration");
        }
    }
    row
}

fn check_providers(world: &World, region: &str, providers: &Json, strategy: &Json) -> Result<(), Fault> {
    let names = providers.as_array().cloned().unwrap_or_default();
    for name in &names {
        if !providers::is_there(world, region, name.as_str().unwrap_or_default()) {
            return Err(invalid(format!(
                "The specified capacity provider {name} was not found. Specify a valid name or ARN and try again."
            )));
        }
    }
    for item in strategy.as_array().into_iter().flatten() {
        if !names.contains(&item["capacityProvider"]) {
            return Err(invalid(
                "The specified capacity provider strategy cannot contain a capacity provider that is not associated \
                 with the cluster.",
            ));
        }
    }
    Ok(())
}

/// `CreateCluster`; an active cluster of that name is returned as it is.
pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.opt("clusterName").unwrap_or("default");
    let odd = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_';
    if name.is_empty() || name.len() > 255 || name.contains(odd) {
        return Err(invalid(
            "Invalid cluster name: use up to 255 letters, numbers, underscores, and hyphens.",
        ));
    }
    let key = format!("{}/{name}", rq.region);
    if let Some(row) = world.get(CLUSTERS, &key).filter(|row| row["status"] != "INACTIVE") {
        return Ok(json!({"cluster": shown(world, row, &["SETTINGS", "CONFIGURATIONS", "TAGS"])}));
    }
    check_providers(
        world,
        rq.region,
        rq.get("capacityProviders"),
        rq.get("defaultCapacityProviderStrategy"),
    )?;
    world.remove(CLUSTERS, &key);
    let row = json!({
        "clusterArn": world.arn("ecs", rq.region, &format!("cluster/{name}")), "clusterName": name,
        "status": "ACTIVE", "settings": settings(&json!([]), rq.list("settings")),
        "capacityProviders": rq.list("capacityProviders"),
        "defaultCapacityProviderStrategy": strategy(rq), "_tags": tags_of(rq), "_region": rq.region,
    });
    world.put(CLUSTERS, &key, row);
    if let Some(row) = world.get_mut(CLUSTERS, &key) {
        for kept in ["configuration", "serviceConnectDefaults"] {
            if !rq.get(kept).is_null() {
                row[kept] = rq.get(kept).clone();
            }
        }
    }
    let row = world.get(CLUSTERS, &key).ok_or_else(no_cluster)?;
    Ok(json!({"cluster": shown(world, row, &["SETTINGS", "CONFIGURATIONS", "TAGS"])}))
}

/// The settings with `sent` in them; every setting always has a value.
fn settings(old: &Json, sent: &[Json]) -> Json {
    let mut all = old.as_array().cloned().unwrap_or_default();
    if all.is_empty() {
        all.push(json!({"name": "containerInsights", "value": "disabled"}));
    }
    for setting in sent {
        match all.iter_mut().find(|known| known["name"] == setting["name"]) {
            Some(known) => *known = setting.clone(),
            None => all.push(setting.clone()),
        }
    }
    json!(all)
}

fn strategy(rq: &Request<'_>) -> Json {
    let items = rq.list("defaultCapacityProviderStrategy").iter();
    items
        .map(|item| {
            json!({
                "capacityProvider": item["capacityProvider"], "weight": item["weight"].as_i64().unwrap_or(0),
                "base": item["base"].as_i64().unwrap_or(0),
            })
        })
        .collect()
}

/// `DescribeClusters`; deleted clusters are shown as inactive.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let asked = if rq.texts("clusters").is_empty() { vec!["default"] } else { rq.texts("clusters") };
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in asked {
        match world.get(CLUSTERS, &format!("{}/{}", rq.region, short(name))) {
            Some(row) => found.push(shown(world, row, &rq.texts("include"))),
            None => failures.push(missing(&world.arn("ecs", rq.region, &format!("cluster/{}", short(name))))),
        }
    }
    Ok(json!({"clusters": found, "failures": failures}))
}

/// `ListClusters`.
pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let rows =
        world.rows(CLUSTERS).filter(|(_, row)| row["_region"] == rq.region && row["status"] != "INACTIVE");
    let arns = rows.map(|(_, row)| row["clusterArn"].clone()).collect();
    let (page, next) = rq.page(arns, "maxResults", "nextToken", 100, "InvalidParameterException")?;
    Ok(json!({"clusterArns": page, "nextToken": next}))
}

/// `UpdateCluster` and `UpdateClusterSettings`.
pub fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    cluster(world, rq)?;
    let key = cluster_key(rq, "cluster");
    let row = world.get_mut(CLUSTERS, &key).ok_or_else(no_cluster)?;
    row["settings"] = settings(&row["settings"], rq.list("settings"));
    for kept in ["configuration", "serviceConnectDefaults"] {
        if !rq.get(kept).is_null() {
            row[kept] = rq.get(kept).clone();
        }
    }
    if row["serviceConnectDefaults"]["namespace"] == ""
        && let Some(members) = row.as_object_mut()
    {
        members.remove("serviceConnectDefaults");
    }
    let row = row.clone();
    Ok(json!({"cluster": shown(world, &row, &["SETTINGS", "CONFIGURATIONS", "TAGS"])}))
}

/// `PutClusterCapacityProviders`.
pub fn put_capacity_providers(world: &mut World, rq: &Request<'_>) -> Reply {
    cluster(world, rq)?;
    check_providers(
        world,
        rq.region,
        rq.get("capacityProviders"),
        rq.get("defaultCapacityProviderStrategy"),
    )?;
    let row = world.get_mut(CLUSTERS, &cluster_key(rq, "cluster")).ok_or_else(no_cluster)?;
    row["capacityProviders"] = json!(rq.list("capacityProviders"));
    row["defaultCapacityProviderStrategy"] = strategy(rq);
    let row = row.clone();
    Ok(json!({"cluster": shown(world, &row, &["SETTINGS", "CONFIGURATIONS", "TAGS"])}))
}

/// `DeleteCluster`.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    // One that was deleted is shown again (TestAccECSCluster_disappears).
    if let Some(row) =
        world.get(CLUSTERS, &cluster_key(rq, "cluster")).filter(|row| row["status"] == "INACTIVE")
    {
        return Ok(json!({"cluster": shown(world, row, &["SETTINGS", "CONFIGURATIONS"])}));
    }
    let arn = cluster(world, rq)?["clusterArn"].clone();
    if world.any(INSTANCES, |row| row["_cluster"] == arn && row["status"] != "INACTIVE") {
        let text = "The Cluster cannot be deleted while Container Instances are active or draining.";
        return Err(Fault::new("ClusterContainsContainerInstancesException", text));
    }
    if world.any(SERVICES, |service| service["clusterArn"] == arn && service["status"] != "INACTIVE") {
        let text = "The Cluster cannot be deleted while Services are active.";
        return Err(Fault::new("ClusterContainsServicesException", text));
    }
    if world.any(TASKS, |task| task["clusterArn"] == arn && task["lastStatus"] != "STOPPED") {
        let text = "The Cluster cannot be deleted while Tasks are active.";
        return Err(Fault::new("ClusterContainsTasksException", text));
    }
    let row = world.get_mut(CLUSTERS, &cluster_key(rq, "cluster")).ok_or_else(no_cluster)?;
    row["status"] = json!("INACTIVE");
    let row = row.clone();
    Ok(json!({"cluster": shown(world, &row, &["SETTINGS", "CONFIGURATIONS"])}))
}
