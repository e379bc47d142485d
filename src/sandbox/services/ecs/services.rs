//! Services.

use serde_json::{Value as Json, json};

use super::{
    CLUSTERS, SERVICES, client, cluster, default_launch, definitions, invalid, missing, no_cluster, query,
    rollout, short, shown_tags, tags_of, tasks, tasksets,
};
use crate::sandbox::{
    Effect, Fault, Reply, Request, World, durations,
    services::{application_autoscaling, elbv2},
};

/// Deleted services stay visible for an hour.
const REMEMBERED: i64 = 3_600_000;
/// A service without tasks is inactive so soon after its deletion.
const EMPTY: i64 = 3_000;

/// Members that come from the request as they are.
const KEPT: &[&str] = &[
    "capacityProviderStrategy",
    "deploymentController",
    "healthCheckGracePeriodSeconds",
    "launchType",
    "loadBalancers",
    "networkConfiguration",
    "placementConstraints",
    "placementStrategy",
    "platformVersion",
    "propagateTags",
    "serviceRegistries",
    "availabilityZoneRebalancing",
];

/// Members whose change starts a new deployment (the documentation in botocore's model, UpdateService: "This parameter triggers a
/// new service deployment"; of others, capacityProviderStrategy, propagateTags, enableExecuteCommand and enableECSManagedTags
/// among them: "This parameter doesn't trigger a new service deployment").
const DEPLOYED: &[&str] = &[
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

fn unknown() -> Fault {
    Fault::new("ServiceNotFoundException", "Service not found.")
}

fn arn(world: &World, rq: &Request<'_>, cluster: &str, name: &str) -> String {
    world.arn("ecs", rq.region, &format!("service/{cluster}/{}", short(name)))
}

/// The active service that a request means.
pub(super) fn active(world: &World, rq: &Request<'_>) -> Result<Json, Fault> {
    let home = cluster(world, rq)?["clusterName"].as_str().unwrap_or_default().to_owned();
    let key = arn(world, rq, &home, rq.text("service"));
    let row = world.get(SERVICES, &key).ok_or_else(unknown)?;
    if row["status"] != "ACTIVE" {
        return Err(Fault::new("ServiceNotActiveException", "Service was not ACTIVE."));
    }
    Ok(row.clone())
}

/// A service as answers hold it, its tasks counted.
fn shown(world: &World, row: &Json, tags: bool) -> Json {
    let mut row = row.clone();
    let service = row["serviceArn"].as_str().unwrap_or_default().to_owned();
    let pending = &["PROVISIONING", "PENDING", "ACTIVATING"][..];
    row["runningCount"] = json!(tasks::count(world, &service, None, &["RUNNING"]));
    row["pendingCount"] = json!(tasks::count(world, &service, None, pending));
    let desired = row["desiredCount"].clone();
    for deployment in row["deployments"].as_array_mut().into_iter().flatten() {
        let id = deployment["id"].clone();
        deployment["runningCount"] = json!(tasks::count(world, &service, Some(&id), &["RUNNING"]));
        deployment["pendingCount"] = json!(tasks::count(world, &service, Some(&id), pending));
        deployment["desiredCount"] = match deployment["status"].as_str() {
            Some("PRIMARY") => desired.clone(),
            _ => json!(tasks::wanted(world, &service, Some(&id)).len()),
        };
    }
    if tasksets::governs(&row) {
        row["taskSets"] = json!(tasksets::of(world, &service));
    }
    if tags {
        row["tags"] = json!(shown_tags(&row));
    }
    row
}

/// Checks what a service, or a task on its own, refers to; `merged` is it as it would be.
pub(super) fn check(world: &World, rq: &Request<'_>, merged: &Json) -> Result<Json, Fault> {
    let name = merged["taskDefinition"].as_str().unwrap_or_default();
    let definition =
        definitions::lookup(world, rq.region, name).ok_or_else(|| client("TaskDefinition not found."))?;
    if definition["status"] != "ACTIVE" {
        return Err(client("TaskDefinition is inactive"));
    }
    let awsvpc = definition["networkMode"] == "awsvpc";
    let network = &merged["networkConfiguration"]["awsvpcConfiguration"];
    if awsvpc && network.is_null() {
        return Err(invalid(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ));
    }
    if !awsvpc && !network.is_null() {
        return Err(invalid(
            "Network Configuration is not valid for the given networkMode of this task definition.",
        ));
    }
    let fargate = definition["compatibilities"].as_array().is_some_and(|all| all.contains(&json!("FARGATE")));
    if merged["launchType"] == "FARGATE" && !fargate {
        return Err(invalid("Task definition does not support launch_type FARGATE."));
    }
    let texts = |list: &Json| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(Json::as_str).map(Into::into).collect()
    };
    let mut vpc = Json::Null;
    for subnet in texts(&network["subnets"]) {
        match world.get("ec2.subnet", &subnet) {
            Some(row) => vpc = row["VpcId"].clone(),
            None => {
                return Err(invalid(format!(
                    "Error retrieving subnet information for [{subnet}]: The subnet ID '{subnet}' does not exist \
                     (ErrorCode: InvalidSubnetID.NotFound)"
                )));
            }
        }
    }
    for group in texts(&network["securityGroups"]) {
        if world.get("ec2.security-group", &group).is_none_or(|row| row["VpcId"] != vpc) {
            return Err(invalid(format!(
                "Error retrieving security group information for [{group}]: The security group '{group}' does not \
                 exist (ErrorCode: InvalidGroup.NotFound)"
            )));
        }
    }
    for balancer in merged["loadBalancers"].as_array().into_iter().flatten() {
        check_balancer(world, balancer, definition, awsvpc)?;
    }
    Ok(definition.clone())
}

fn check_balancer(world: &World, balancer: &Json, definition: &Json, awsvpc: bool) -> Result<(), Fault> {
    let container = balancer["containerName"].as_str().unwrap_or_default();
    let mut containers = definition["containerDefinitions"].as_array().into_iter().flatten();
    let Some(found) = containers.find(|known| known["name"] == container) else {
        return Err(invalid(format!("The container {container} does not exist in the task definition.")));
    };
    let port = &balancer["containerPort"];
    if !found["portMappings"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|mapping| mapping["containerPort"] == *port)
    {
        return Err(invalid(format!(
            "The container {container} did not have a container port {port} defined."
        )));
    }
    let Some(group) = balancer["targetGroupArn"].as_str() else { return Ok(()) };
    let Some(row) = world.get("elbv2.target-group", group) else {
        return Err(invalid(format!("Unable to find target group with targetGroupArn {group}.")));
    };
    if awsvpc && row["TargetType"] != "ip" {
        return Err(invalid(format!(
            "The provided target group {group} has target type {}, which is incompatible with the awsvpc network mode \
             specified in the task definition.",
            row["TargetType"].as_str().unwrap_or_default()
        )));
    }
    if elbv2::balancers_of(world, group).is_empty() {
        return Err(invalid(format!(
            "The target group with targetGroupArn {group} does not have an associated load balancer."
        )));
    }
    Ok(())
}

/// Gives values their one spelling: `host` is another word for `instanceId`, and what is packed is written small
/// (TestAccECSService_PlacementStrategy_basic; the API Reference of PlacementStrategy: "not case sensitive").
fn normalise(row: &mut Json) {
    for one in row["placementStrategy"].as_array_mut().into_iter().flatten() {
        let field = one["field"].as_str().unwrap_or_default().to_owned();
        if field.eq_ignore_ascii_case("host") || field.eq_ignore_ascii_case("instanceId") {
            one["field"] = json!("instanceId");
        } else if one["type"] == "binpack" {
            one["field"] = json!(field.to_lowercase());
        }
    }
}

/// How many rules a service has at most (API Reference, CreateService: five strategies, ten constraints).
pub(super) fn check_placement(world: &World, rq: &Request<'_>) -> Result<(), Fault> {
    for (member, noun, most) in
        [("placementStrategy", "strategies", 5), ("placementConstraints", "constraints", 10)]
    {
        if rq.list(member).len() > most {
            return Err(invalid(format!("A service can have at most {most} placement {noun}.")));
        }
    }
    for one in rq.list("placementConstraints").iter().filter(|one| one["type"] == "memberOf") {
        query::means(world, one["expression"].as_str().unwrap_or_default(), &Json::Null)?;
    }
    Ok(())
}

/// `CreateService`.
pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?.clone();
    let name = rq.text("serviceName");
    let odd = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_';
    if name.is_empty() || name.len() > 255 || name.contains(odd) {
        return Err(invalid("Service name must be up to 255 letters, numbers, underscores, and hyphens."));
    }
    let key = arn(world, rq, home["clusterName"].as_str().unwrap_or_default(), name);
    match world.get(SERVICES, &key) {
        Some(row) if row["status"] == "DRAINING" => {
            return Err(invalid("Unable to Start a service that is still Draining."));
        }
        Some(row) if row["status"] == "ACTIVE" => {
            let same = rq.opt("clientToken").is_some() && row["_created"] == rq.input;
            if same {
                return Ok(json!({"service": shown(world, row, true)}));
            }
            return Err(invalid("Creation of service was not idempotent."));
        }
        _ => {}
    }
    let daemon = rq.text("schedulingStrategy") == "DAEMON";
    let external =
        ["EXTERNAL", "CODE_DEPLOY"].iter().any(|kind| rq.get("deploymentController")["type"] == *kind);
    if rq.int("desiredCount").is_none() && !daemon {
        return Err(invalid("The desiredCount must be specified for the REPLICA scheduling strategy."));
    }
    check_placement(world, rq)?;
    if rq.get("launchType").is_string() && !rq.list("capacityProviderStrategy").is_empty() {
        return Err(invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
        ));
    }
    if rq.int("healthCheckGracePeriodSeconds").is_some() && rq.list("loadBalancers").is_empty() {
        return Err(invalid(
            "Health check grace period is only valid for services configured to use load balancers",
        ));
    }
    let mut row = json!({
        "serviceArn": key, "serviceName": name, "clusterArn": home["clusterArn"], "status": "ACTIVE",
        "desiredCount": rq.int("desiredCount").unwrap_or(0),
        "schedulingStrategy": rq.opt("schedulingStrategy").unwrap_or("REPLICA"), "createdAt": world.now_secs(),
        "createdBy": world.arn("iam", "", "root"), "events": [], "deployments": [],
        "loadBalancers": [], "serviceRegistries": [], "placementConstraints": [], "placementStrategy": [],
        "deploymentController": {"type": "ECS"}, "propagateTags": "NONE", "availabilityZoneRebalancing": "ENABLED",
        "enableECSManagedTags": rq.flag("enableECSManagedTags"),
        "enableExecuteCommand": rq.flag("enableExecuteCommand"), "taskDefinition": rq.text("taskDefinition"),
        "roleArn": world.arn("iam", "", "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
        "_tags": tags_of(rq), "_region": rq.region, "_input": rq.input, "_created": rq.input,
    });
    for member in KEPT {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
    normalise(&mut row);
    if let Some(role) = rq.opt("role") {
        row["roleArn"] = json!(if role.starts_with("arn:") {
            role.to_owned()
        } else {
            world.arn("iam", "", &format!("role/{role}"))
        });
    }
    default_launch(&home, &mut row);
    // Under an external controller the task sets bring their definitions.
    let bare = rq.get("deploymentController")["type"] == "EXTERNAL" && rq.opt("taskDefinition").is_none();
    if bare {
        row["taskDefinition"] = Json::Null;
    } else {
        let definition = check(world, rq, &row)?;
        row["taskDefinition"] = definition["taskDefinitionArn"].clone();
    }
    fill(&mut row, rq);
    world.remove(SERVICES, &key);
    world.put(SERVICES, &key, row);
    if !external {
        rollout::deploy(world, &key);
    }
    let row = world.get(SERVICES, &key).ok_or_else(unknown)?;
    Ok(json!({"service": shown(world, row, true)}))
}

/// Defaults that depend on where the tasks run, and the deployment configuration with its own.
fn fill(row: &mut Json, rq: &Request<'_>) {
    for item in row["capacityProviderStrategy"].as_array_mut().into_iter().flatten() {
        for member in ["weight", "base"] {
            if item[member].is_null() {
                item[member] = json!(0);
            }
        }
    }
    let provided = row["capacityProviderStrategy"].as_array().into_iter().flatten();
    let fargate = row["launchType"] == "FARGATE"
        || provided
            .filter_map(|item| item["capacityProvider"].as_str())
            .any(|name| name.starts_with("FARGATE"));
    if fargate {
        if row["platformVersion"].is_null() {
            row["platformVersion"] = json!("LATEST");
        }
        row["platformFamily"] = json!("Linux");
    }
    if !row["networkConfiguration"].is_null()
        && row["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"].is_null()
    {
        row["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] = json!("DISABLED");
    }
    let mut configuration = match &row["deploymentConfiguration"] {
        Json::Null => json!({
            "deploymentCircuitBreaker": {"enable": false, "rollback": false}, "maximumPercent": 200,
            "minimumHealthyPercent": 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0,
            "alarms": {"alarmNames": [], "rollback": false, "enable": false},
        }),
        known => known.clone(),
    };
    for (member, value) in rq.get("deploymentConfiguration").as_object().into_iter().flatten() {
        configuration[member] = value.clone();
    }
    row["deploymentConfiguration"] = configuration;
}

/// `DescribeServices`; deleted services are shown as inactive.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    if rq.list("services").is_empty() || rq.list("services").len() > 10 {
        return Err(invalid("Services cannot be empty, and at most 10 may be described at once."));
    }
    let home = world.get(CLUSTERS, &super::cluster_key(rq, "cluster")).ok_or_else(no_cluster)?;
    let home = home["clusterName"].as_str().unwrap_or_default();
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in rq.texts("services") {
        let key = arn(world, rq, home, name);
        match world.get(SERVICES, &key) {
            Some(row) => found.push(shown(world, row, rq.texts("include").contains(&"TAGS"))),
            None => failures.push(missing(&key)),
        }
    }
    Ok(json!({"services": found, "failures": failures}))
}

/// `ListServices`.
pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?["clusterArn"].clone();
    let arns = world
        .rows(SERVICES)
        .filter(|(_, row)| row["clusterArn"] == home && row["status"] != "INACTIVE")
        .filter(|(_, row)| rq.opt("launchType").is_none_or(|kind| row["launchType"] == kind))
        .filter(|(_, row)| rq.opt("schedulingStrategy").is_none_or(|kind| row["schedulingStrategy"] == kind))
        .map(|(arn, _)| json!(arn))
        .collect();
    let (page, next) = rq.page(arns, "maxResults", "nextToken", 10, "InvalidParameterException")?;
    Ok(json!({"serviceArns": page, "nextToken": next}))
}

/// `UpdateService`.
pub fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?["clusterName"].as_str().unwrap_or_default().to_owned();
    let key = arn(world, rq, &home, rq.text("service"));
    let old = world.get(SERVICES, &key).ok_or_else(unknown)?.clone();
    if old["status"] != "ACTIVE" {
        return Err(Fault::new("ServiceNotActiveException", "Service was not ACTIVE."));
    }
    check_placement(world, rq)?;
    let mut row = old.clone();
    for member in KEPT.iter().chain(&["desiredCount", "enableECSManagedTags", "enableExecuteCommand"]) {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
    for (member, value) in rq.input.as_object().into_iter().flatten() {
        row["_input"][member] = value.clone();
    }
    if !rq.list("capacityProviderStrategy").is_empty()
        && let Some(members) = row.as_object_mut()
    {
        members.remove("launchType");
    }
    if let Some(definition) = rq.opt("taskDefinition") {
        row["taskDefinition"] = json!(definition);
    }
    // A scaled-down service may outlive what it refers to; only changes of the deployment are checked.
    normalise(&mut row);
    let external = tasksets::governs(&old);
    let deploys = !external
        && (rq.flag("forceNewDeployment")
            || !rq.get("capacityProviderStrategy").is_null()
            || DEPLOYED.iter().any(|member| !rq.get(member).is_null()));
    if deploys {
        let definition = check(world, rq, &row)?;
        row["taskDefinition"] = definition["taskDefinitionArn"].clone();
    }
    fill(&mut row, rq);
    let same = |member: &str| old[member] == row[member] && old["_input"][member] == row["_input"][member];
    let moved = old["taskDefinition"] != row["taskDefinition"]
        || DEPLOYED.iter().filter(|member| **member != "taskDefinition").any(|member| !same(member));
    world.put(SERVICES, &key, row);
    if external {
        // Nothing to roll out: tasks come with task sets.
        tasksets::scale(world, &key);
    } else if rq.flag("forceNewDeployment") || moved {
        rollout::deploy(world, &key);
    } else {
        rollout::scale(world, &key);
    }
    definitions::released(world, old["taskDefinition"].as_str().unwrap_or_default(), durations::ECS_DRAIN);
    let row = world.get(SERVICES, &key).ok_or_else(unknown)?;
    Ok(json!({"service": shown(world, row, true)}))
}

/// `DeleteService`.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?["clusterName"].as_str().unwrap_or_default().to_owned();
    let key = arn(world, rq, &home, rq.text("service"));
    let row =
        world.get(SERVICES, &key).filter(|row| row["status"] != "INACTIVE").ok_or_else(unknown)?.clone();
    if row["status"] == "DRAINING" {
        return Ok(json!({"service": shown(world, &row, true)}));
    }
    let scaled = row["desiredCount"].as_i64().unwrap_or(0) > 0;
    if scaled && row["schedulingStrategy"] == "REPLICA" && !rq.flag("force") {
        return Err(invalid("The service cannot be stopped while it is scaled above 0."));
    }
    world.cancel(SERVICES, &key);
    world.remove(super::ATTEMPTS, &key);
    for task in tasks::wanted(world, &key, None) {
        tasks::end(world, &task, 0, "Service was deleted");
    }
    tasksets::forget(world, &key);
    let busy = ["PROVISIONING", "PENDING", "RUNNING", "DEACTIVATING"];
    let rest = if tasks::count(world, &key, None, &busy) > 0 { durations::ECS_DRAIN } else { EMPTY };
    if let Some(row) = world.get_mut(SERVICES, &key) {
        row["status"] = json!("DRAINING");
        row["desiredCount"] = json!(0);
    }
    let name = row["serviceName"].as_str().unwrap_or_default();
    application_autoscaling::leave(world, rq.region, &format!("service/{home}/{name}"));
    definitions::released(world, row["taskDefinition"].as_str().unwrap_or_default(), rest);
    world.set_after(rest, SERVICES, &key, json!({"status": "INACTIVE", "deployments": []}));
    world.after(rest + REMEMBERED, SERVICES, &key, Effect::Remove);
    let row = world.get(SERVICES, &key).ok_or_else(unknown)?;
    Ok(json!({"service": shown(world, row, true)}))
}
