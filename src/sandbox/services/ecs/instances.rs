//! Container instances: instances of EC2 whose agent has registered them with a cluster.
//!
//! Table: `ecs.container-instance` (under ARNs). What they have left is not stored but counted.

use serde_json::{Value as Json, json};

use super::{
    client, cluster, invalid, missing, placement, query, rollout, short, shown_tags, tags_of, tasks,
};
use crate::sandbox::{Effect, Fault, Reply, Request, World, services::ec2::instance_types};

/// Container instances.
pub(super) const INSTANCES: &str = "ecs.container-instance";
/// "may remain discoverable in your account for a period of time" (API Reference, DeregisterContainerInstance).
const REMEMBERED: i64 = 3_600_000;
/// An agent is updated within a minute or two.
const UPDATE: i64 = 60_000;
/// The version that agents are updated to.
const AGENT: &str = "1.98.0";
/// Ports that the agent keeps for SSH, Docker and itself (ECS Developer Guide, "portMappings").
const RESERVED: &[i64] = &[22, 2375, 2376, 51678, 51679];
/// Memory that the agent leaves to the machine, in MiB, where nobody says what it has.
const OWN_MEMORY: i64 = 96;

/// A container instance as answers hold it.
fn shown(world: &World, row: &Json, include: &[&str]) -> Json {
    let mut row = row.clone();
    let on = placement::tasks_on(world, &row);
    row["runningTasksCount"] = json!(on.iter().filter(|task| task["lastStatus"] == "RUNNING").count());
    let pending = |task: &&&Json| task["lastStatus"] == "PENDING" || task["lastStatus"] == "PROVISIONING";
    row["pendingTasksCount"] = json!(on.iter().filter(pending).count());
    row["remainingResources"] = placement::remaining(world, &row);
    row["tags"] = if include.contains(&"TAGS") { json!(shown_tags(&row)) } else { json!([]) };
    if include.contains(&"CONTAINER_INSTANCE_HEALTH") {
        row["healthStatus"] =
            json!({"overallStatus": "OK", "details": [{"type": "CONTAINER_RUNTIME", "status": "OK"}]});
    }
    row
}

/// The ARN of a container instance that a request names by its id or its ARN.
fn arn(world: &World, rq: &Request<'_>, home: &Json, named: &str) -> String {
    let home = home["clusterName"].as_str().unwrap_or_default();
    world.arn("ecs", rq.region, &format!("container-instance/{home}/{}", short(named)))
}

/// The instance that a request names, unless it is gone.
pub(super) fn find<'w>(world: &'w World, rq: &Request<'_>, home: &Json, named: &str) -> Option<&'w Json> {
    world.get(INSTANCES, &arn(world, rq, home, named)).filter(|row| row["status"] != "INACTIVE")
}

fn unknown(named: &str) -> Fault {
    invalid(format!("Referenced container instance {} not found.", short(named)))
}

/// What the agent says of its machine, and what EC2 knows of it.
fn identity(world: &World, rq: &Request<'_>) -> Result<Json, Fault> {
    let document = rq.opt("instanceIdentityDocument").filter(|text| !text.is_empty());
    let document = document.ok_or_else(|| client("An instance identity document is required."))?;
    let document: Json = serde_json::from_str(document)
        .map_err(|_| client("The instance identity document is not valid JSON."))?;
    let id = document["instanceId"].as_str().unwrap_or_default();
    let running = |row: &&Json| row["_region"] == rq.region && row["State"]["Name"] != "terminated";
    let found = world.get("ec2.instance", id).filter(running);
    found.cloned().ok_or_else(|| {
        client(format!(
            "The instance identity document is of an instance that is not in this account: '{id}'."
        ))
    })
}

/// Attributes that every instance has (ECS Developer Guide, "Amazon ECS container instance attributes").
fn built_in(machine: &Json) -> Vec<Json> {
    let zone = &machine["Placement"]["AvailabilityZone"];
    [
        ("ecs.ami-id", machine["ImageId"].clone()),
        ("ecs.availability-zone", zone.clone()),
        ("ecs.instance-type", machine["InstanceType"].clone()),
        ("ecs.os-type", json!("linux")),
    ]
    .into_iter()
    .map(|(name, value)| json!({"name": name, "value": value}))
    .collect()
}

/// `RegisterContainerInstance`: what the agent calls; signatures are not looked at.
pub fn register(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?.clone();
    let machine = identity(world, rq)?;
    let mut attributes = built_in(&machine);
    for sent in rq.list("attributes") {
        attributes.retain(|known| known["name"] != sent["name"]);
        attributes.push(json!({"name": sent["name"], "value": sent["value"]}));
    }
    for attribute in &mut attributes {
        if let Some(members) = attribute.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
    }
    let registered = if rq.list("totalResources").is_empty() {
        let kind = machine["InstanceType"].as_str().unwrap_or_default();
        let (cpus, mib) = instance_types::size(kind).unwrap_or((1, 1_024));
        placement::resources(cpus * 1_024, mib - OWN_MEMORY, RESERVED, &[])
    } else {
        json!(rq.list("totalResources"))
    };
    // An agent that still knows its instance registers the same one again.
    let again = rq.opt("containerInstanceArn").and_then(|named| find(world, rq, &home, named)).cloned();
    let id = match &again {
        Some(row) => row["containerInstanceArn"].as_str().map(short).unwrap_or_default().to_owned(),
        None => world.hex(32),
    };
    let key = arn(world, rq, &home, &id);
    let provider = placement::provider_of(world, rq.region, &machine);
    let mut row = json!({
        "containerInstanceArn": key, "_cluster": home["clusterArn"], "ec2InstanceId": machine["InstanceId"], "version": 1,
        "versionInfo": rq.input["versionInfo"], "status": "ACTIVE", "agentConnected": true, "attributes": attributes,
        "registeredResources": registered, "registeredAt": world.now_secs(), "attachments": [],
        "_tags": tags_of(rq), "_region": rq.region,
    });
    if row["versionInfo"].is_null() {
        row["versionInfo"] = json!({});
    }
    if let Some(name) = provider {
        row["capacityProviderName"] = json!(name);
    }
    if let Some(old) = again {
        for member in ["registeredAt", "status", "_tags"] {
            row[member] = old[member].clone();
        }
        row["version"] = json!(old["version"].as_i64().unwrap_or(1) + 1);
    } else {
        forget_agent(world, &row);
    }
    world.put(INSTANCES, &key, row.clone());
    rollout::place_again(world, &home["clusterArn"]);
    Ok(json!({"containerInstance": shown(world, &row, &["TAGS"])}))
}

/// A machine has one agent: what it was registered as before is not connected any more.
fn forget_agent(world: &mut World, row: &Json) {
    let same = |other: &Json| other["ec2InstanceId"] == row["ec2InstanceId"] && other["status"] != "INACTIVE";
    let before: Vec<String> =
        world.rows(INSTANCES).filter(|(_, other)| same(other)).map(|(key, _)| key.to_owned()).collect();
    for key in before {
        if let Some(other) = world.get_mut(INSTANCES, &key) {
            other["agentConnected"] = json!(false);
        }
    }
}

/// Takes an instance out of its cluster, with what runs on it.
fn take_out(world: &mut World, key: &str, why: &str) {
    let Some(row) = world.get(INSTANCES, key).cloned() else { return };
    if let Some(row) = world.get_mut(INSTANCES, key) {
        row["status"] = json!("INACTIVE");
        row["agentConnected"] = json!(false);
        row["version"] = json!(row["version"].as_i64().unwrap_or(1) + 1);
    }
    world.after(REMEMBERED, INSTANCES, key, Effect::Remove);
    leave(world, &row, why, |_| true);
}

/// Ends tasks of an instance, and lets their services start others elsewhere.
fn leave(world: &mut World, row: &Json, why: &str, which: impl Fn(&Json) -> bool) {
    let on: Vec<(String, String)> = placement::tasks_on(world, row)
        .into_iter()
        .filter(|task| task["desiredStatus"] == "RUNNING" && which(task))
        .map(|task| {
            let text = |member: &str| task[member].as_str().unwrap_or_default().to_owned();
            (text("taskArn"), text("_service"))
        })
        .collect();
    for (task, _) in &on {
        tasks::end(world, task, 0, why);
    }
    let services: std::collections::BTreeSet<&String> = on.iter().map(|(_, service)| service).collect();
    for service in services.into_iter().filter(|service| !service.is_empty()) {
        rollout::scale(world, service);
    }
}

/// `DeregisterContainerInstance`.
pub fn deregister(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?.clone();
    let named = rq.text("containerInstance");
    let row = find(world, rq, &home, named).ok_or_else(|| unknown(named))?.clone();
    // moto's test_deregister_container_instance.
    if !rq.flag("force")
        && placement::tasks_on(world, &row).iter().any(|task| task["desiredStatus"] == "RUNNING")
    {
        return Err(invalid("Found running tasks on the instance."));
    }
    let key = arn(world, rq, &home, named);
    take_out(world, &key, "Container instance deregistration forced by user");
    let row = world.get(INSTANCES, &key).cloned().ok_or_else(|| unknown(named))?;
    Ok(json!({"containerInstance": shown(world, &row, &[])}))
}

/// Instances whose machine was terminated leave their cluster ("If you terminate a running container instance ... Amazon ECS
/// automatically deregisters the instance from your cluster", API Reference, DeregisterContainerInstance); of those that were
/// stopped the agent is not connected.
pub fn settle(world: &mut World) {
    let mut changes: Vec<(String, Option<bool>)> = Vec::new();
    for (key, row) in world.rows(INSTANCES).filter(|(_, row)| row["status"] != "INACTIVE") {
        let machine = world.get("ec2.instance", row["ec2InstanceId"].as_str().unwrap_or_default());
        match machine.and_then(|machine| machine["State"]["Name"].as_str()) {
            None | Some("terminated" | "shutting-down") => changes.push((key.to_owned(), None)),
            Some("stopped" | "stopping") if row["agentConnected"] == true => {
                changes.push((key.to_owned(), Some(true)));
            }
            Some("running") if row["_stopped"] == true => changes.push((key.to_owned(), Some(false))),
            _ => {}
        }
    }
    for (key, stopped) in changes {
        match stopped {
            None => {
                let machine =
                    world.get(INSTANCES, &key).map(|row| row["ec2InstanceId"].clone()).unwrap_or_default();
                let machine = machine.as_str().unwrap_or_default();
                take_out(world, &key, &format!("Host EC2 (instance {machine}) terminated."));
            }
            Some(stopped) => {
                let Some(row) = world.get_mut(INSTANCES, &key) else { continue };
                row["agentConnected"] = json!(!stopped);
                row["_stopped"] = json!(stopped);
                let row = row.clone();
                if stopped {
                    let machine = row["ec2InstanceId"].as_str().unwrap_or_default();
                    leave(world, &row, &format!("Host EC2 (instance {machine}) stopped."), |_| true);
                } else {
                    rollout::place_again(world, &row["_cluster"]);
                }
            }
        }
    }
}

/// `DescribeContainerInstances`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?.clone();
    let asked = rq.texts("containerInstances");
    if asked.is_empty() {
        // moto's test_describe_container_instances.
        return Err(client("Container Instances cannot be empty."));
    }
    if asked.len() > 100 {
        return Err(invalid("Container Instances cannot be more than 100."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for named in asked {
        let key = arn(world, rq, &home, named);
        match world.get(INSTANCES, &key) {
            Some(row) => found.push(shown(world, row, &rq.texts("include"))),
            None => failures.push(missing(&key)),
        }
    }
    Ok(json!({"containerInstances": found, "failures": failures}))
}

/// `ListContainerInstances`.
pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?.clone();
    let filter = rq.opt("filter").filter(|text| !text.is_empty());
    let mut arns = Vec::new();
    for (key, row) in world.rows(INSTANCES).filter(|(_, row)| row["_cluster"] == home["clusterArn"]) {
        let status = rq.opt("status").map_or(row["status"] != "INACTIVE", |status| row["status"] == status);
        if status && filter.map_or(Ok(true), |text| query::means(world, text, row))? {
            arns.push(json!(key));
        }
    }
    if let Some(text) = filter {
        query::means(world, text, &Json::Null)?;
    }
    let (page, next) = rq.page(arns, "maxResults", "nextToken", 100, "InvalidParameterException")?;
    Ok(json!({"containerInstanceArns": page, "nextToken": next}))
}

/// `UpdateContainerInstancesState`: instances are drained, or take tasks again.
pub fn update_state(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?.clone();
    let status = rq.text("status");
    if !["ACTIVE", "DRAINING"].contains(&status) {
        return Err(invalid("Container instance status should be one of [ACTIVE, DRAINING]."));
    }
    let asked = rq.texts("containerInstances");
    if asked.is_empty() || asked.len() > 10 {
        return Err(invalid("Between 1 and 10 container instances can be updated at once."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for named in asked {
        let key = arn(world, rq, &home, named);
        let Some(row) = world.get_mut(INSTANCES, &key).filter(|row| row["status"] != "INACTIVE") else {
            failures.push(missing(&key));
            continue;
        };
        let changes = row["status"] != status;
        row["status"] = json!(status);
        if changes {
            row["version"] = json!(row["version"].as_i64().unwrap_or(1) + 1);
        }
        let row = row.clone();
        if changes && status == "DRAINING" {
            // "Any PENDING or RUNNING tasks that do not belong to a service aren't affected."
            leave(world, &row, "Service scheduler drains the container instance.", |task| {
                task["_service"] != ""
            });
        }
        found.push(shown(world, &row, &[]));
    }
    if status == "ACTIVE" {
        rollout::place_again(world, &home["clusterArn"]);
    }
    Ok(json!({"containerInstances": found, "failures": failures}))
}

/// `UpdateContainerAgent`.
pub fn update_agent(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?.clone();
    let named = rq.text("containerInstance");
    let row = find(world, rq, &home, named).ok_or_else(|| unknown(named))?.clone();
    if row["agentConnected"] != true {
        return Err(client("The container agent is not connected."));
    }
    if row["agentUpdateStatus"].as_str().is_some_and(|status| !["UPDATED", "FAILED"].contains(&status)) {
        return Err(Fault::new(
            "UpdateInProgressException",
            "There is already a current Amazon ECS container agent update in progress on the container instance that's specified.",
        ));
    }
    match row["versionInfo"]["agentVersion"].as_str().unwrap_or_default() {
        "" => {
            let text = "Amazon ECS can't determine the current version of the Amazon ECS container agent on the container instance and doesn't have enough information to proceed with an update.";
            return Err(Fault::new("MissingVersionException", text));
        }
        AGENT => {
            let text = "There's no update available for this Amazon ECS container agent.";
            return Err(Fault::new("NoUpdateAvailableException", text));
        }
        _ => {}
    }
    let key = arn(world, rq, &home, named);
    if let Some(row) = world.get_mut(INSTANCES, &key) {
        row["agentUpdateStatus"] = json!("PENDING");
    }
    let row = world.get(INSTANCES, &key).cloned().unwrap_or_default();
    world.set_after(UPDATE / 4, INSTANCES, &key, json!({"agentUpdateStatus": "STAGED"}));
    world.set_after(UPDATE / 2, INSTANCES, &key, json!({"agentUpdateStatus": "UPDATING"}));
    world.set_after(
        UPDATE,
        INSTANCES,
        &key,
        json!({"agentUpdateStatus": "UPDATED", "versionInfo.agentVersion": AGENT}),
    );
    Ok(json!({"containerInstance": shown(world, &row, &[])}))
}
