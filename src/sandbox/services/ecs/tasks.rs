//! Tasks of services: they come and go with deployments.

use serde_json::{Value as Json, json};

use super::{
    SERVICES, TASKS, cluster, instances::INSTANCES, invalid, missing, placement, rollout, short, shown_tags,
    startup,
};
use crate::sandbox::{
    Effect, Fault, Reply, Request, World, durations,
    services::{ec2::ways::Place, elbv2},
};

/// Between the decision to stop a task and its leaving the running state.
const NOTICED: i64 = 5_000;
/// How long a task tries to reach what it needs, until it is given up ("about 3 minutes": aws/amazon-ecs-agent#1680).
pub const FAILS: i64 = 180_000;
/// Stopped tasks stay visible for an hour.
const REMEMBERED: i64 = 3_600_000;

/// What interfaces of a task are described as.
fn owner(task: &str) -> String {
    format!("arn:aws:ecs attachment {}", short(task))
}

/// How many tasks of a deployment (or, with `None`, of a service) are in one of the states.
pub fn count(world: &World, service: &str, deployment: Option<&Json>, states: &[&str]) -> usize {
    world
        .rows(TASKS)
        .filter(|(_, task)| {
            task["_service"] == service && deployment.is_none_or(|id| task["startedBy"] == *id)
        })
        .filter(|(_, task)| states.iter().any(|state| task["lastStatus"] == *state))
        .count()
}

/// The tasks of a service that are meant to run, oldest first.
pub fn wanted(world: &World, service: &str, deployment: Option<&Json>) -> Vec<String> {
    let mut tasks: Vec<(i64, String)> = world
        .rows(TASKS)
        .filter(|(_, task)| task["_service"] == service && task["desiredStatus"] == "RUNNING")
        .filter(|(_, task)| deployment.is_none_or(|id| task["startedBy"] == *id))
        .map(|(arn, task)| (task["_number"].as_i64().unwrap_or_default(), arn.to_owned()))
        .collect();
    tasks.sort();
    tasks.into_iter().map(|(_, arn)| arn).collect()
}

/// The subnet that has the fewest of a deployment's tasks: they are spread over zones.
fn emptiest<'s>(
    world: &World,
    service: &str,
    deployment: &Json,
    subnets: &'s [String],
) -> Option<&'s String> {
    let mut taken = vec![0_usize; subnets.len()];
    for arn in wanted(world, service, Some(deployment)) {
        let home = world.get(TASKS, &arn).map(|task| &task["_subnet"]);
        if let Some(at) = subnets.iter().position(|id| home.is_some_and(|home| home == id)) {
            taken[at] += 1;
        }
    }
    subnets.iter().zip(taken).min_by_key(|(_, count)| *count).map(|(id, _)| id)
}

/// What stopped the tasks of a deployment, the last one first in mind.
pub fn stopped_by(world: &World, service: &str, deployment: &Json) -> Option<String> {
    let of_it = |task: &&Json| task["_service"] == service && task["startedBy"] == *deployment;
    let failed =
        world.rows(TASKS).map(|(_, task)| task).filter(of_it).filter(|task| task["_fate"].is_string());
    failed.max_by_key(|task| task["_number"].as_i64()).and_then(|task| task["_fate"].as_str().map(Into::into))
}

/// What became of tasks that were to be started.
#[derive(Debug, Default)]
pub struct Started {
    /// How many have started.
    pub tasks: usize,
    /// How many of these will not get to run.
    pub doomed: usize,
    /// Why no container instance takes another one.
    pub homeless: Option<Vec<Json>>,
}

/// Starts `count` tasks of a deployment of a service, `millis` from now. `row` is the service, or the service as one of its
/// task sets has it.
pub fn start(
    world: &mut World,
    row: &Json,
    deployment: &Json,
    definition: &Json,
    count: usize,
    millis: i64,
) -> Started {
    let service = row["serviceArn"].as_str().unwrap_or_default();
    let group = format!("service:{}", row["serviceName"].as_str().unwrap_or_default());
    let subnets = texts(&row["networkConfiguration"]["awsvpcConfiguration"]["subnets"]);
    let mut started = Started::default();
    for _ in 0..count {
        let mut task = json!({"group": group, "startedBy": deployment, "_service": service});
        if rollout::needs_instances(row) {
            match placement::choose(world, row, definition, &group) {
                Ok(instance) => task["containerInstanceArn"] = json!(instance),
                Err(failures) => {
                    started.homeless = Some(failures);
                    break;
                }
            }
        }
        let subnet = emptiest(world, service, deployment, &subnets).cloned();
        let arn = begin(world, row, definition, (task, subnet), millis);
        started.tasks += 1;
        let Some(task) = world.get(TASKS, &arn) else { continue };
        if task["_fate"].is_string() {
            started.doomed += 1;
            continue;
        }
        let mut targets = Vec::new();
        for balancer in row["loadBalancers"].as_array().into_iter().flatten() {
            if let Some(group) = balancer["targetGroupArn"].as_str() {
                targets.push(json!({"group": group, "target": target(world, task, balancer)}));
            }
        }
        for one in &targets {
            let group = one["group"].as_str().unwrap_or_default();
            elbv2::register(world, group, &one["target"], millis + durations::ECS_STEADY);
        }
        if let Some(task) = world.get_mut(TASKS, &arn) {
            task["_targets"] = json!(targets);
        }
    }
    started
}

/// What a load balancer sends to: the task's own address, or its instance and the port of that.
fn target(world: &World, task: &Json, balancer: &Json) -> Json {
    let instance = task["containerInstanceArn"].as_str().and_then(|arn| world.get(INSTANCES, arn));
    if let Some(instance) = instance.filter(|_| task["_subnet"].is_null()) {
        let containers = task["containers"].as_array().into_iter().flatten();
        let mut bindings = containers
            .filter(|container| container["name"] == balancer["containerName"])
            .flat_map(|container| container["networkBindings"].as_array().into_iter().flatten());
        let port = bindings.find(|binding| binding["containerPort"] == balancer["containerPort"]);
        let port = port.map_or(balancer["containerPort"].clone(), |binding| binding["hostPort"].clone());
        return json!({"Id": instance["ec2InstanceId"], "Port": port});
    }
    json!({"Id": task["_ip"], "Port": balancer["containerPort"]})
}

/// The first of the ports that Docker gives out ("the default ephemeral port range from 49153 through 65535", ECS API
/// Reference, PortMapping; Linux from 32768).
const EPHEMERAL: i64 = 32_768;

/// What a task has of its container instance.
fn settle_on(task: &mut Json, instance: &Json, definition: &Json, number: u64) {
    task["launchType"] = json!("EC2");
    task["_needs"] = placement::Needs::of(definition).kept();
    let zone = instance["attributes"].as_array().into_iter().flatten();
    let mut zone = zone.filter(|one| one["name"] == "ecs.availability-zone");
    task["availabilityZone"] = zone.next().map(|one| one["value"].clone()).unwrap_or_default();
    if !instance["capacityProviderName"].is_null() && task["_provided"] == true {
        task["capacityProviderName"] = instance["capacityProviderName"].clone();
    }
    if definition["networkMode"] == "awsvpc" || definition["networkMode"] == "none" {
        return;
    }
    let mut free = EPHEMERAL + i64::try_from(number % 2_800).unwrap_or_default() * 10;
    let defined = definition["containerDefinitions"].as_array().into_iter().flatten();
    for (container, defined) in task["containers"].as_array_mut().into_iter().flatten().zip(defined) {
        let mappings = defined["portMappings"].as_array().into_iter().flatten();
        let bindings = mappings.filter(|mapping| !mapping["containerPort"].is_null()).map(|mapping| {
            free += 1;
            let port = placement::host_port(definition, mapping).unwrap_or(free);
            let protocol = mapping["protocol"].as_str().unwrap_or("tcp");
            json!({"bindIP": "0.0.0.0", "containerPort": mapping["containerPort"], "hostPort": port, "protocol": protocol})
        });
        container["networkBindings"] = bindings.collect();
    }
}

fn texts(list: &Json) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Json::as_str).map(Into::into).collect()
}

/// Starts one task: of a service, or of a row that says the same of a task that runs on its own. `task` holds what is
/// the task's own. Answers its ARN.
pub(super) fn begin(
    world: &mut World,
    row: &Json,
    definition: &Json,
    (own, subnet): (Json, Option<String>),
    millis: i64,
) -> String {
    let region = row["_region"].as_str().unwrap_or_default().to_owned();
    let network = &row["networkConfiguration"]["awsvpcConfiguration"];
    let groups = texts(&network["securityGroups"]);
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let id = world.hex(32);
    let number = world.next();
    let cluster = short(row["clusterArn"].as_str().unwrap_or_default());
    let arn = world.arn("ecs", &region, &format!("task/{cluster}/{id}"));
    let ip = format!("10.{}.{}.{}", 100 + number / 62_500 % 100, number / 250 % 250, 2 + number % 250);
    let platform = row["platformVersion"].as_str().unwrap_or("LATEST");
    // What pulls images for a task on an instance is the instance.
    let fate = subnet.as_ref().filter(|_| own["containerInstanceArn"].is_null()).and_then(|subnet| {
        let public = network["assignPublicIp"] == "ENABLED";
        let place = Place { region: &region, subnet, groups: &groups, public };
        startup::hindrance(world, definition, platform, place)
    });
    let mut task = json!({
        "taskArn": arn, "clusterArn": row["clusterArn"], "taskDefinitionArn": definition["taskDefinitionArn"],
        "lastStatus": "PROVISIONING", "desiredStatus": "RUNNING", "createdAt": world.now_secs(), "version": 1,
        "healthStatus": "UNKNOWN", "attachments": [], "cpu": definition["cpu"], "memory": definition["memory"],
        "enableExecuteCommand": row["enableExecuteCommand"], "containers": containers(definition, &arn),
        "_service": "", "_region": region, "_number": number, "_ip": ip, "_tags": {}, "_subnet": subnet,
        "_fate": fate,
    });
    for member in ["launchType", "platformVersion", "platformFamily"] {
        if !row[member].is_null() {
            task[member] = row[member].clone();
        }
    }
    if task["platformVersion"] == "LATEST" {
        task["platformVersion"] = json!("1.4.0");
    }
    if let (Some(task), Json::Object(own)) = (task.as_object_mut(), own) {
        task.extend(own);
        task.retain(|member, value| {
            !(value.is_null() && ["cpu", "memory", "startedBy"].contains(&member.as_str()))
        });
    }
    let instance = task["containerInstanceArn"].as_str().and_then(|arn| world.get(INSTANCES, arn)).cloned();
    if let Some(instance) = &instance {
        task["_provided"] = json!(!row["capacityProviderStrategy"].is_null());
        settle_on(&mut task, instance, definition, number);
    }
    if let Some(subnet) = &subnet {
        let own = world.attach_interfaces(&region, &owner(&arn), &[subnet], &groups);
        let ip = own.into_iter().flatten().next().unwrap_or(ip);
        let eni = world.rows("ec2.network-interface").find(|(_, eni)| eni["_owner"] == owner(&arn));
        let eni = eni.map(|(_, eni)| eni.clone()).unwrap_or_default();
        let details = [
            ("subnetId", json!(subnet)),
            ("networkInterfaceId", eni["NetworkInterfaceId"].clone()),
            ("macAddress", eni["MacAddress"].clone()),
            ("privateDnsName", eni["PrivateDnsName"].clone()),
            ("privateIPv4Address", json!(ip)),
        ];
        let details: Vec<Json> = details
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        task["_ip"] = json!(ip);
        for container in task["containers"].as_array_mut().into_iter().flatten() {
            container["networkInterfaces"] = json!([{"attachmentId": id, "privateIpv4Address": ip}]);
        }
        task["availabilityZone"] = world
            .get("ec2.subnet", subnet)
            .map_or(json!("us-east-1a"), |row| row["AvailabilityZone"].clone());
        task["attachments"] = json!([{
            "id": id, "type": "ElasticNetworkInterface", "status": "ATTACHED",
            "details": details,
        }]);
    }
    world.put(TASKS, &arn, task);
    if let Some(reason) = fate {
        fall(world, &arn, millis + FAILS, &reason);
        return arn;
    }
    let up = millis + durations::ECS_STEADY - 30_000;
    let started = World::seconds(world.date_after(up));
    world.set_after(up, TASKS, &arn, json!({
        "lastStatus": "RUNNING", "startedAt": started, "connectivity": "CONNECTED", "connectivityAt": started,
    }));
    arn
}

/// Lets a task that does not start stop `millis` from now.
fn fall(world: &mut World, arn: &str, millis: i64, reason: &str) {
    let at = World::seconds(world.date_after(millis));
    let mut members = json!({
        "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": "TaskFailedToStart", "stoppedReason": reason,
        "stoppingAt": at, "stoppedAt": at, "executionStoppedAt": at,
    });
    if reason.starts_with("CannotPull") {
        let mut containers = world.get(TASKS, arn).map(|task| task["containers"].clone()).unwrap_or_default();
        for container in containers.as_array_mut().into_iter().flatten() {
            container["reason"] = json!(reason);
        }
        members["containers"] = containers;
    }
    world.set_after(millis, TASKS, arn, members);
    world.after(millis + REMEMBERED, TASKS, arn, Effect::Remove);
    world.release_interfaces(&owner(arn), millis);
}

/// A task as answers show it: its containers are where it is.
pub(super) fn shown(task: &Json, tags: bool) -> Json {
    let mut task = task.clone();
    let state = task["lastStatus"].clone();
    let known = ["RUNNING", "STOPPED"].iter().any(|known| state == *known);
    for container in task["containers"].as_array_mut().into_iter().flatten() {
        container["lastStatus"] = if known { state.clone() } else { json!("PENDING") };
    }
    if tags {
        task["tags"] = json!(shown_tags(&task));
    }
    task
}

fn containers(definition: &Json, task: &str) -> Vec<Json> {
    let all = definition["containerDefinitions"].as_array().into_iter().flatten();
    all.map(|container| {
        json!({"name": container["name"], "image": container["image"], "taskArn": task, "lastStatus": "PENDING"})
    })
    .collect()
}

/// Stops a task `millis` from now: it drains, lets its interface go and is forgotten later.
pub fn end(world: &mut World, arn: &str, millis: i64, reason: &str) {
    let Some(task) = world.get(TASKS, arn).cloned() else { return };
    if millis > 0 && task["_fate"].is_string() {
        // It stops by itself, before its successor runs.
        return;
    }
    let mut targets = task["_targets"].as_array().cloned().unwrap_or_default();
    if task["_targets"].is_null() {
        // A task of a world that is older than the member.
        let service = world.get(SERVICES, task["_service"].as_str().unwrap_or_default());
        let balancers = service.and_then(|row| row["loadBalancers"].as_array()).into_iter().flatten();
        targets.extend(balancers.map(|balancer| {
            let target = json!({"Id": task["_ip"], "Port": balancer["containerPort"]});
            json!({"group": balancer["targetGroupArn"], "target": target})
        }));
    }
    world.cancel(TASKS, arn);
    if let Some(task) = world.get_mut(TASKS, arn) {
        task["desiredStatus"] = json!("STOPPED");
        task["stoppedReason"] = json!(reason);
    }
    if millis > 0 && task["lastStatus"] != "RUNNING" {
        // It still comes up while it waits for its successor.
        world.set_after(millis / 2, TASKS, arn, json!({"lastStatus": "RUNNING"}));
    }
    let leaves = if millis > 0 { millis } else { NOTICED };
    world.set_after(leaves, TASKS, arn, json!({"lastStatus": "DEACTIVATING"}));
    world.set_after(millis + durations::ECS_DRAIN, TASKS, arn, json!({"lastStatus": "STOPPED"}));
    world.after(millis + durations::ECS_DRAIN + REMEMBERED, TASKS, arn, Effect::Remove);
    world.release_interfaces(&owner(arn), millis + durations::ECS_DRAIN);
    for one in targets {
        if let Some(group) = one["group"].as_str() {
            elbv2::deregister(world, group, &one["target"], millis);
        }
    }
}

/// `ListTasks`.
pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let cluster = cluster(world, rq)?["clusterArn"].clone();
    let service = rq.opt("serviceName").map(|name| format!("service:{}", short(name)));
    let status = rq.opt("desiredStatus").unwrap_or("RUNNING");
    let arns = world
        .rows(TASKS)
        .filter(|(_, task)| task["clusterArn"] == cluster && task["desiredStatus"] == status)
        .filter(|(_, task)| service.as_ref().is_none_or(|group| task["group"] == group.as_str()))
        .filter(|(_, task)| rq.opt("startedBy").is_none_or(|by| task["startedBy"] == by))
        .filter(|(_, task)| rq.opt("launchType").is_none_or(|kind| task["launchType"] == kind))
        .filter(|(_, task)| {
            let instance = task["containerInstanceArn"].as_str().map(short);
            rq.opt("containerInstance").is_none_or(|named| instance == Some(short(named)))
        })
        .filter(|(_, task)| {
            let definition = task["taskDefinitionArn"].as_str().unwrap_or_default();
            rq.opt("family").is_none_or(|family| short(definition).split(':').next() == Some(family))
        })
        .map(|(arn, _)| json!(arn))
        .collect();
    let (page, next) = rq.page(arns, "maxResults", "nextToken", 100, "InvalidParameterException")?;
    Ok(json!({"taskArns": page, "nextToken": next}))
}

/// `DescribeTasks`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let cluster = cluster(world, rq)?["clusterArn"].clone();
    let name = short(cluster.as_str().unwrap_or_default()).to_owned();
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for asked in rq.texts("tasks") {
        let arn = world.arn("ecs", rq.region, &format!("task/{name}/{}", short(asked)));
        match world.get(TASKS, &arn) {
            Some(task) => found.push(shown(task, rq.texts("include").contains(&"TAGS"))),
            None => failures.push(missing(&arn)),
        }
    }
    Ok(json!({"tasks": found, "failures": failures}))
}

/// `StopTask`; the service starts another one.
pub fn stop(world: &mut World, rq: &Request<'_>) -> Reply {
    let cluster = cluster(world, rq)?["clusterArn"].clone();
    let name = short(cluster.as_str().unwrap_or_default()).to_owned();
    let arn = world.arn("ecs", rq.region, &format!("task/{name}/{}", short(rq.text("task"))));
    let service = match world.get(TASKS, &arn) {
        Some(task) => task["_service"].as_str().unwrap_or_default().to_owned(),
        None => return Err(invalid("The referenced task was not found.")),
    };
    end(world, &arn, 0, rq.opt("reason").unwrap_or("Task stopped by user"));
    rollout::scale(world, &service);
    let task =
        world.get(TASKS, &arn).cloned().ok_or_else(|| Fault::new("ServerException", "lost").status(500))?;
    Ok(json!({"task": task}))
}
