//! Tasks that run on their own. Nothing runs in their containers, so they do not end by themselves.

use serde_json::{Value as Json, json};

use super::{
    TASKS, client, cluster, invalid,
    rollout::{role_wait, unplaceable},
    services, tags_of, tasks,
};
use crate::sandbox::{Reply, Request, World};

/// "You can specify up to 10 tasks for each call" (API Reference, RunTask).
const MOST: i64 = 10;

/// What the task has of the request.
const KEPT: &[&str] = &[
    "capacityProviderStrategy",
    "enableExecuteCommand",
    "launchType",
    "networkConfiguration",
    "platformVersion",
    "taskDefinition",
];

/// Of each override the container must be one of the definition's.
fn overridden(rq: &Request<'_>, definition: &Json) -> Result<Json, crate::sandbox::Fault> {
    let overrides = rq.get("overrides");
    for one in overrides["containerOverrides"].as_array().into_iter().flatten() {
        let name = &one["name"];
        let known = |container: &Json| container["name"] == *name;
        if !definition["containerDefinitions"].as_array().is_some_and(|all| all.iter().any(known)) {
            return Err(client(
                "Override for container named ".to_owned()
                    + name.as_str().unwrap_or_default()
                    + " is not a container in the TaskDefinition.",
            ));
        }
    }
    let mut shown = json!({"containerOverrides": [], "inferenceAcceleratorOverrides": []});
    for (member, value) in overrides.as_object().into_iter().flatten() {
        shown[member] = value.clone();
    }
    for container in definition["containerDefinitions"].as_array().into_iter().flatten() {
        let list = shown["containerOverrides"].as_array_mut();
        if let Some(list) = list.filter(|list| !list.iter().any(|one| one["name"] == container["name"])) {
            list.push(json!({"name": container["name"]}));
        }
    }
    Ok(shown)
}

/// `RunTask`.
pub fn run(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?.clone();
    let count = rq.int("count").unwrap_or(1);
    if !(1..=MOST).contains(&count) {
        return Err(invalid(format!("Count cannot be less than 1 or more than {MOST}.")));
    }
    if rq.get("launchType").is_string() && !rq.list("capacityProviderStrategy").is_empty() {
        return Err(invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
        ));
    }
    let mut row = json!({
        "clusterArn": home["clusterArn"], "enableExecuteCommand": false, "_region": rq.region, "loadBalancers": [],
    });
    for member in KEPT {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
    if row["launchType"].is_null() && row["capacityProviderStrategy"].is_null() {
        let default = &home["defaultCapacityProviderStrategy"];
        if default.as_array().is_some_and(|items| !items.is_empty()) {
            row["capacityProviderStrategy"] = default.clone();
        } else {
            row["launchType"] = json!("EC2");
        }
    }
    let definition = services::check(world, rq, &row)?;
    if unplaceable(&row) {
        return Err(invalid("No Container Instances were found in your cluster."));
    }
    let overrides = overridden(rq, &definition)?;
    for role in ["executionRoleArn", "taskRoleArn"] {
        let named = overrides[role].as_str().or(definition[role].as_str());
        if let Err(reason) = role_wait(world, named) {
            return Err(client(reason));
        }
        // A role that still spreads is refused here, where a service would try again.
        if role_wait(world, named).is_ok_and(|wait| wait > 0) {
            return Err(client(format!(
                "ECS was unable to assume the role '{}' that was provided for this task. Please verify that the role \
                 being passed has the proper trust relationship and permissions and that your IAM user has permissions \
                 to pass this role.",
                named.unwrap_or_default()
            )));
        }
    }
    let provider = row["capacityProviderStrategy"][0]["capacityProvider"].clone();
    row["launchType"] = json!("FARGATE");
    if row["platformVersion"].is_null() {
        row["platformVersion"] = json!("LATEST");
    }
    let system = definition["runtimePlatform"]["operatingSystemFamily"].as_str().unwrap_or("LINUX");
    row["platformFamily"] = json!(if system == "LINUX" { "Linux" } else { system });
    let family = format!("family:{}", definition["family"].as_str().unwrap_or_default());
    let mut tags = tags_of(rq);
    if rq.text("propagateTags") == "TASK_DEFINITION" {
        for (name, value) in definition["_tags"].as_object().into_iter().flatten() {
            if tags[name].is_null() {
                tags[name] = value.clone();
            }
        }
    }
    let subnets = row["networkConfiguration"]["awsvpcConfiguration"]["subnets"].as_array().cloned();
    let subnets = subnets.unwrap_or_default();
    let mut made = Vec::new();
    for at in 0..usize::try_from(count).unwrap_or(1) {
        let subnet = subnets.get(at % subnets.len().max(1)).and_then(Json::as_str).map(ToOwned::to_owned);
        let mut own = json!({
            "group": rq.opt("group").unwrap_or(&family), "startedBy": rq.get("startedBy"), "_tags": tags,
            "overrides": overrides,
        });
        if provider.is_string() {
            own["capacityProviderName"] = provider.clone();
        }
        let arn = tasks::begin(world, &row, &definition, (own, subnet), 0);
        made.extend(world.get(TASKS, &arn).map(|task| tasks::shown(task, true)));
    }
    Ok(json!({"tasks": made, "failures": []}))
}
