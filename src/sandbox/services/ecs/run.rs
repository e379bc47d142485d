//! Tasks that run on their own. Nothing runs in their containers, so they do not end by themselves.

use serde_json::{Value as Json, json};

use super::{
    TASKS, client, cluster, default_launch, instances, invalid, missing, placement,
    rollout::{needs_instances, role_wait},
    services, tags_of, tasks,
};
use crate::sandbox::{Fault, Reply, Request, World};

/// "You can specify up to 10 tasks for each call" (API Reference, RunTask); of StartTask, as many instances.
const MOST: i64 = 10;

/// What the task has of the request.
const KEPT: &[&str] = &[
    "capacityProviderStrategy",
    "enableExecuteCommand",
    "launchType",
    "networkConfiguration",
    "placementConstraints",
    "placementStrategy",
    "platformVersion",
    "taskDefinition",
];

/// Of each override the container must be one of the definition's.
fn overridden(rq: &Request<'_>, definition: &Json) -> Result<Json, Fault> {
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

/// What tasks are started from.
struct Wanted {
    row: Json,
    definition: Json,
    group: String,
    /// What each task has of the request.
    own: Json,
}

/// Checks what a request wants to start, and where.
fn wanted(world: &World, rq: &Request<'_>, home: &Json, row: Json) -> Result<Wanted, Fault> {
    let definition = services::check(world, rq, &row)?;
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
    let family = format!("family:{}", definition["family"].as_str().unwrap_or_default());
    let group = rq.opt("group").unwrap_or(&family).to_owned();
    let mut tags = tags_of(rq);
    if rq.text("propagateTags") == "TASK_DEFINITION" {
        for (name, value) in definition["_tags"].as_object().into_iter().flatten() {
            if tags[name].is_null() {
                tags[name] = value.clone();
            }
        }
    }
    let own = json!({
        "group": group, "startedBy": rq.get("startedBy"), "_tags": tags, "overrides": overrides,
    });
    let mut row = row;
    row["clusterArn"] = home["clusterArn"].clone();
    Ok(Wanted { row, definition, group, own })
}

/// The members of a request that its tasks have.
fn asked(rq: &Request<'_>) -> Json {
    let mut row = json!({"enableExecuteCommand": false, "_region": rq.region, "loadBalancers": []});
    for member in KEPT {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
    row
}

/// Starts one of them.
fn begin(world: &mut World, wanted: &Wanted, at: usize, instance: Option<&str>) -> Option<Json> {
    let subnets = wanted.row["networkConfiguration"]["awsvpcConfiguration"]["subnets"].as_array().cloned();
    let subnets = subnets.unwrap_or_default();
    let subnet = subnets.get(at % subnets.len().max(1)).and_then(Json::as_str).map(ToOwned::to_owned);
    let mut own = wanted.own.clone();
    if let Some(instance) = instance {
        own["containerInstanceArn"] = json!(instance);
    } else if let Some(provider) = wanted.row["capacityProviderStrategy"][0]["capacityProvider"].as_str() {
        own["capacityProviderName"] = json!(provider);
    }
    let arn = tasks::begin(world, &wanted.row, &wanted.definition, (own, subnet), 0);
    world.get(TASKS, &arn).map(|task| tasks::shown(task, true))
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
    services::check_placement(world, rq)?;
    let mut row = asked(rq);
    row["clusterArn"] = home["clusterArn"].clone();
    default_launch(&home, &mut row);
    services::check(world, rq, &row)?;
    let on_instances = needs_instances(&row);
    if on_instances && !placement::any(world, &row) {
        return Err(invalid("No Container Instances were found in your cluster."));
    }
    let mut wanted = wanted(world, rq, &home, row)?;
    if !on_instances {
        let row = &mut wanted.row;
        row["launchType"] = json!("FARGATE");
        if row["platformVersion"].is_null() {
            row["platformVersion"] = json!("LATEST");
        }
        let system =
            wanted.definition["runtimePlatform"]["operatingSystemFamily"].as_str().unwrap_or("LINUX");
        row["platformFamily"] = json!(if system == "LINUX" { "Linux" } else { system });
    }
    let (mut made, mut failures) = (Vec::new(), Vec::new());
    for at in 0..usize::try_from(count).unwrap_or(1) {
        if !on_instances {
            made.extend(begin(world, &wanted, at, None));
            continue;
        }
        match placement::choose(world, &wanted.row, &wanted.definition, &wanted.group) {
            Ok(instance) => made.extend(begin(world, &wanted, at, Some(&instance))),
            Err(more) => failures.extend(more),
        }
    }
    Ok(json!({"tasks": made, "failures": failures}))
}

/// `StartTask`: on the instances that the request names.
pub fn start(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?.clone();
    let named = rq.texts("containerInstances");
    if named.is_empty() {
        return Err(invalid("Container Instances cannot be empty."));
    }
    if named.len() > usize::try_from(MOST).unwrap_or(10) {
        return Err(invalid(format!("At most {MOST} container instances can be named.")));
    }
    let mut row = asked(rq);
    row["launchType"] = json!("EC2");
    let wanted = wanted(world, rq, &home, row)?;
    let needs = placement::Needs::of(&wanted.definition);
    let (mut made, mut failures) = (Vec::new(), Vec::new());
    for (at, instance) in named.into_iter().enumerate() {
        let found = instances::find(world, rq, &home, instance).cloned();
        let Some(found) = found else {
            let home = home["clusterName"].as_str().unwrap_or_default();
            let path = format!("container-instance/{home}/{}", super::short(instance));
            failures.push(missing(&world.arn("ecs", rq.region, &path)));
            continue;
        };
        let arn = found["containerInstanceArn"].as_str().unwrap_or_default();
        match placement::obstacle(world, &found, &needs) {
            Some(reason) => failures.push(json!({"arn": arn, "reason": reason})),
            None => made.extend(begin(world, &wanted, at, Some(arn))),
        }
    }
    Ok(json!({"tasks": made, "failures": failures}))
}
