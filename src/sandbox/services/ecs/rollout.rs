//! Deployments: how a service's tasks come to be what the service wants.

use serde_json::{Value as Json, json};

use super::{SERVICES, definitions, short, tasks};
use crate::sandbox::{World, durations};

/// Attempts after which a circuit breaker gives up take about this long.
const BREAKER: i64 = 3 * durations::ECS_STEADY;

/// How long until a role can be used, or why never.
fn role_wait(world: &World, arn: Option<&str>) -> Result<i64, String> {
    let Some(arn) = arn else { return Ok(0) };
    if world.assumable(arn, "ecs-tasks.amazonaws.com").is_ok() {
        return Ok(0);
    }
    let usable = world
        .rows("iam.role")
        .find(|(_, role)| role["Arn"] == arn)
        .and_then(|(_, role)| role["_usable"].as_i64());
    match usable {
        Some(at) if at > world.now() => Ok(at - world.now()),
        _ => Err(format!(
            "ECS was unable to assume the role '{arn}' that was provided for this task. Please verify that the role \
             being passed has the proper trust relationship and permissions and that your IAM user has permissions to \
             pass this role."
        )),
    }
}

/// Whether a service's tasks need container instances: those of launch type EC2 or EXTERNAL, and those of capacity
/// providers that are Auto Scaling groups. There are no container instances here.
fn unplaceable(service: &Json) -> bool {
    let provided = service["capacityProviderStrategy"].as_array().into_iter().flatten();
    let mut providers = provided.filter_map(|one| one["capacityProvider"].as_str());
    match service["launchType"].as_str() {
        Some(kind) => kind != "FARGATE",
        None => providers.any(|provider| !provider.starts_with("FARGATE")),
    }
}

/// What ECS says when it finds no place for a task (ECS Developer Guide, "Service event messages"). The circuit breaker
/// does not count it: no task has failed.
fn homeless(name: &str) -> String {
    format!(
        "(service {name}) was unable to place a task because no container instance met all of its requirements. Reason: \
         No Container Instances were found in your cluster. For more information, see the Troubleshooting section of \
         the Amazon ECS Developer Guide."
    )
}

fn event(world: &mut World, message: &str) -> Json {
    let id = world.hex(32);
    json!({"id": id, "createdAt": world.now_secs(), "message": message})
}

/// Puts an event in front of the service's events.
fn tell(world: &mut World, service: &str, message: &str) {
    let event = event(world, message);
    if let Some(row) = world.get_mut(SERVICES, service) {
        match row["events"].as_array_mut() {
            Some(events) => events.insert(0, event),
            None => row["events"] = json!([event]),
        }
    }
}

/// Starts a new deployment of the service as it is now; the tasks of former ones stop when it is complete.
pub fn deploy(world: &mut World, service: &str) {
    world.cancel(SERVICES, service);
    let Some(row) = world.get(SERVICES, service).cloned() else { return };
    let name = row["serviceName"].as_str().unwrap_or_default().to_owned();
    let region = row["_region"].as_str().unwrap_or_default();
    let definition = definitions::lookup(world, region, row["taskDefinition"].as_str().unwrap_or_default());
    let definition = definition.cloned().unwrap_or_default();
    let number = u64::from_str_radix(&world.hex(15), 16).unwrap_or_default();
    let id = format!("ecs-svc/{number:019}");
    let mut primary = json!({
        "id": id, "status": "PRIMARY", "taskDefinition": row["taskDefinition"], "failedTasks": 0,
        "createdAt": world.now_secs(), "updatedAt": world.now_secs(), "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": format!("ECS deployment {id} in progress."),
    });
    for member in [
        "launchType",
        "capacityProviderStrategy",
        "platformVersion",
        "platformFamily",
        "networkConfiguration",
    ] {
        if !row[member].is_null() {
            primary[member] = row[member].clone();
        }
    }
    for member in ["serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"] {
        if !row["_input"][member].is_null() {
            primary[member] = row["_input"][member].clone();
        }
    }
    let former: Vec<Json> = row["deployments"].as_array().cloned().unwrap_or_default();
    let mut list = vec![primary.clone()];
    list.extend(former.iter().filter(|old| old["rolloutState"] != "FAILED").map(|old| {
        let mut old = old.clone();
        old["status"] = json!("ACTIVE");
        old
    }));
    if let Some(row) = world.get_mut(SERVICES, service) {
        row["deployments"] = json!(list);
    }
    let wait = role_wait(world, definition["executionRoleArn"].as_str())
        .and_then(|execution| Ok(execution.max(role_wait(world, definition["taskRoleArn"].as_str())?)));
    let desired = usize::try_from(row["desiredCount"].as_i64().unwrap_or(0)).unwrap_or(0);
    match wait {
        _ if desired > 0 && unplaceable(&row) => tell(world, service, &homeless(&name)),
        Err(error) if desired > 0 => {
            tell(world, service, &format!("(service {name}) failed to launch a task with (error {error})."));
            fail(world, service, &primary, &former);
        }
        wait => {
            let wait = wait.unwrap_or(0);
            let old = tasks::wanted(world, service, None);
            tasks::start(world, service, &primary["id"], &definition, desired, wait);
            if desired > 0 {
                tell(world, service, &format!("(service {name}) has started {desired} tasks."));
            }
            let served = row["loadBalancers"].as_array().is_some_and(|all| !all.is_empty());
            let healthy = if served { durations::TARGET_HEALTHY } else { 0 };
            let total = if desired == 0 { 0 } else { wait + durations::ECS_STEADY + healthy };
            for task in old {
                tasks::end(
                    world,
                    &task,
                    total.max(1),
                    &format!("Scaling activity initiated by (deployment {id})"),
                );
            }
            complete(world, service, &name, &primary, total);
        }
    }
}

fn complete(world: &mut World, service: &str, name: &str, primary: &Json, millis: i64) {
    let mut done = primary.clone();
    done["rolloutState"] = json!("COMPLETED");
    let id = primary["id"].as_str().unwrap_or_default();
    done["rolloutStateReason"] = json!(format!("ECS deployment {id} completed."));
    let steady = event(world, &format!("(service {name}) has reached a steady state."));
    let mut events = vec![steady];
    let known = world.get(SERVICES, service).map(|row| row["events"].clone()).unwrap_or_default();
    events.extend(known.as_array().cloned().unwrap_or_default());
    let members = json!({"deployments": [done], "events": events});
    if millis > 0 {
        world.set_after(millis, SERVICES, service, members);
    } else if let Some(row) = world.get_mut(SERVICES, service) {
        row["deployments"] = members["deployments"].clone();
        row["events"] = members["events"].clone();
    }
}

/// A deployment whose tasks cannot be placed: with a circuit breaker it fails, and may go back to the former
/// task definition; without one it is in progress for good.
fn fail(world: &mut World, service: &str, primary: &Json, former: &[Json]) {
    let Some(row) = world.get(SERVICES, service).cloned() else { return };
    let breaker = &row["deploymentConfiguration"]["deploymentCircuitBreaker"];
    if breaker["enable"] != true {
        return;
    }
    let mut failed = primary.clone();
    failed["rolloutState"] = json!("FAILED");
    failed["rolloutStateReason"] = json!("ECS deployment circuit breaker: task failed to start.");
    let good = former.iter().find(|old| old["rolloutState"] == "COMPLETED");
    let members = match good {
        Some(old) if breaker["rollback"] == true => {
            let mut old = old.clone();
            old["status"] = json!("PRIMARY");
            old["rolloutStateReason"] = json!("ECS deployment circuit breaker: rolled back.");
            json!({"deployments": [old], "taskDefinition": old["taskDefinition"]})
        }
        _ => {
            let rest: Vec<Json> =
                row["deployments"].as_array().into_iter().flatten().skip(1).cloned().collect();
            let all: Vec<Json> = std::iter::once(failed).chain(rest).collect();
            json!({"deployments": all})
        }
    };
    world.set_after(BREAKER, SERVICES, service, members);
}

/// Brings the number of tasks to what the service wants, within its present deployment.
pub fn scale(world: &mut World, service: &str) {
    let Some(row) = world.get(SERVICES, service).cloned() else { return };
    let Some(primary) = row["deployments"].as_array().and_then(|all| all.first()).cloned() else { return };
    let name = row["serviceName"].as_str().unwrap_or_default();
    let desired = usize::try_from(row["desiredCount"].as_i64().unwrap_or(0)).unwrap_or(0);
    let present = tasks::wanted(world, service, Some(&primary["id"]));
    if present.len() < desired && unplaceable(&row) {
        tell(world, service, &homeless(name));
    } else if present.len() < desired {
        let region = row["_region"].as_str().unwrap_or_default();
        let definition =
            definitions::lookup(world, region, short(row["taskDefinition"].as_str().unwrap_or_default()));
        let definition = definition.cloned().unwrap_or_default();
        let role = role_wait(world, definition["executionRoleArn"].as_str());
        if let Ok(wait) = role {
            let more = desired - present.len();
            tasks::start(world, service, &primary["id"], &definition, more, wait);
            tell(world, service, &format!("(service {name}) has started {more} tasks."));
        }
    } else if present.len() > desired {
        for task in &present[desired..] {
            tasks::end(world, task, 0, "Scaling activity initiated by the service");
        }
        let fewer = present.len() - desired;
        tell(world, service, &format!("(service {name}) has stopped {fewer} running tasks."));
    }
}
