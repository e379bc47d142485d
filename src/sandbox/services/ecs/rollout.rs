//! Deployments: how a service's tasks come to be what the service wants.

use serde_json::{Value as Json, json};

use super::{ATTEMPTS, SERVICES, definitions, placement, short, tasks, tasksets};
use crate::sandbox::{World, durations};

/// What a deployment has of its service, beside the task definition.
const REVISION: &[&str] =
    &["launchType", "capacityProviderStrategy", "platformVersion", "platformFamily", "networkConfiguration"];
/// Attempts after which a circuit breaker gives up take about this long.
const BREAKER: i64 = 3 * durations::ECS_STEADY;

/// Without a circuit breaker a role that cannot be assumed is tried again after so long.
const ROLE_AGAIN: i64 = 60_000;
/// Rounds of failed tasks after which the next one is put off (ECS Developer Guide, "Amazon ECS service throttle logic").
const QUICK: u32 = 3;
/// The first of the growing pauses.
const AGAIN: i64 = 60_000;
/// The longest of them: "a maximum of 27 minutes".
const LONGEST: i64 = 27 * 60_000;
/// A service whose tasks fit no container instance looks again after so long.
const PLACE_AGAIN: i64 = 60_000;

/// How long until a role can be used, or why never.
pub(super) fn role_wait(world: &World, arn: Option<&str>) -> Result<i64, String> {
    let Some(named) = arn else { return Ok(0) };
    // "The short name or full Amazon Resource Name (ARN) of the IAM role" ("Amazon ECS API Reference", RegisterTaskDefinition).
    let full = if named.starts_with("arn:") {
        named.to_owned()
    } else {
        world.arn("iam", "", &format!("role/{named}"))
    };
    let arn = full.as_str();
    if world.assumable(arn, "ecs-tasks.amazonaws.com").is_ok() {
        return Ok(0);
    }
    let usable = world
        .rows("iam.role")
        .find(|(_, role)| role["Arn"] == arn)
        .and_then(|(_, role)| role["_usable"].as_i64());
    match usable {
        // A role that propagates but does not trust ECS never will do.
        Some(at) if at > world.now() && world.trusted(arn, "ecs-tasks.amazonaws.com").is_ok() => {
            Ok(at - world.now())
        }
        _ => Err(format!(
            "ECS was unable to assume the role '{arn}' that was provided for this task. Please verify that the role \
             being passed has the proper trust relationship and permissions and that your IAM user has permissions to \
             pass this role."
        )),
    }
}

/// Whether a service's tasks need container instances: those of launch type EC2 or EXTERNAL, and those of capacity
/// providers that are Auto Scaling groups.
pub(super) fn needs_instances(service: &Json) -> bool {
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

/// The same where there are instances, and the task fits none of them (ECS Developer Guide, "Service event messages").
fn crowded(name: &str, failures: &[Json]) -> String {
    let closest = failures.first().cloned().unwrap_or_default();
    let why = match closest["reason"].as_str().unwrap_or_default() {
        "RESOURCE:CPU" => "has insufficient CPU units available",
        "RESOURCE:MEMORY" => "has insufficient memory available",
        "RESOURCE:PORTS" => "is already using a port required by your task",
        "AGENT" => "encountered error \"AGENT\"",
        _ => "is missing an attribute required by your task",
    };
    format!(
        "(service {name}) was unable to place a task because no container instance met all of its requirements. The closest \
         matching (container-instance {}) {why}. For more information, see the Troubleshooting section of the Amazon ECS \
         Developer Guide.",
        short(closest["arn"].as_str().unwrap_or_default())
    )
}

fn event(world: &mut World, message: &str) -> Json {
    let id = world.hex(32);
    json!({"id": id, "createdAt": world.now_secs(), "message": message})
}

/// Puts an event in front of the service's events.
pub(super) fn tell(world: &mut World, service: &str, message: &str) {
    let event = event(world, message);
    if let Some(row) = world.get_mut(SERVICES, service) {
        match row["events"].as_array_mut() {
            Some(events) => events.insert(0, event),
            None => row["events"] = json!([event]),
        }
    }
}

/// Tells that no instance takes another task, once as long as nothing else happens, and looks again later.
fn cannot_place(world: &mut World, service: &str, failures: &[Json], rounds: u32) {
    let Some(row) = world.get(SERVICES, service) else { return };
    let message = crowded(row["serviceName"].as_str().unwrap_or_default(), failures);
    if row["events"][0]["message"] != message.as_str() {
        tell(world, service, &message);
    }
    look_again(world, service, PLACE_AGAIN, 0, rounds);
}

/// Places what the services of a cluster lack: it has another instance.
pub(super) fn place_again(world: &mut World, cluster: &Json) {
    let waits =
        |row: &Json| row["clusterArn"] == *cluster && row["status"] == "ACTIVE" && needs_instances(row);
    let services: Vec<(String, bool)> = world
        .rows(SERVICES)
        .filter(|(_, row)| waits(row) || (row["clusterArn"] == *cluster && tasksets::governs(row)))
        .map(|(key, row)| (key.to_owned(), tasksets::governs(row)))
        .collect();
    for (service, external) in services {
        if external {
            tasksets::scale(world, &service);
            continue;
        }
        let Some(row) = world.get(SERVICES, &service) else { continue };
        let primary = &row["deployments"][0]["id"];
        let desired = usize::try_from(row["desiredCount"].as_i64().unwrap_or(0)).unwrap_or(0);
        if tasks::wanted(world, &service, Some(primary)).len() < desired {
            world.remove(ATTEMPTS, &service);
            launch(world, &service, 0);
        }
    }
}

/// Starts a new deployment of the service as it is now; the tasks of former ones stop when it is complete.
pub fn deploy(world: &mut World, service: &str) {
    world.cancel(SERVICES, service);
    world.remove(ATTEMPTS, service);
    let Some(row) = world.get(SERVICES, service).cloned() else { return };
    let number = u64::from_str_radix(&world.hex(15), 16).unwrap_or_default();
    let id = format!("ecs-svc/{number:019}");
    let mut primary = json!({
        "id": id, "status": "PRIMARY", "taskDefinition": row["taskDefinition"], "failedTasks": 0,
        "createdAt": world.now_secs(), "updatedAt": world.now_secs(), "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": format!("ECS deployment {id} in progress."),
    });
    for member in REVISION {
        if !row[*member].is_null() {
            primary[*member] = row[*member].clone();
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
    launch(world, service, 0);
}

/// Starts the tasks that the present deployment lacks. When all of them will run, the deployment is going to be
/// complete; otherwise it is looked at again when they have failed.
fn launch(world: &mut World, service: &str, rounds: u32) {
    let Some(row) = world.get(SERVICES, service).cloned() else { return };
    let Some(primary) = row["deployments"].as_array().and_then(|all| all.first()).cloned() else { return };
    let name = row["serviceName"].as_str().unwrap_or_default().to_owned();
    let region = row["_region"].as_str().unwrap_or_default();
    let definition = definitions::lookup(world, region, row["taskDefinition"].as_str().unwrap_or_default());
    let definition = definition.cloned().unwrap_or_default();
    let (id, former) = (&primary["id"], row["deployments"].as_array().into_iter().flatten().skip(1));
    let wait = role_wait(world, definition["executionRoleArn"].as_str())
        .and_then(|execution| Ok(execution.max(role_wait(world, definition["taskRoleArn"].as_str())?)));
    let desired = usize::try_from(row["desiredCount"].as_i64().unwrap_or(0)).unwrap_or(0);
    match wait {
        _ if desired > 0 && needs_instances(&row) && !placement::any(world, &row) => {
            tell(world, service, &homeless(&name));
        }
        Err(error) if desired > 0 => {
            tell(world, service, &format!("(service {name}) failed to launch a task with (error {error})."));
            if breaks(&row) {
                fail(world, service, &primary, &former.cloned().collect::<Vec<_>>(), BREAKER);
            } else {
                look_again(world, service, ROLE_AGAIN, 0, rounds);
            }
        }
        wait => {
            let wait = wait.unwrap_or(0);
            let missing = desired.saturating_sub(tasks::wanted(world, service, Some(id)).len());
            let started = tasks::start(world, &row, id, &definition, missing, wait);
            if started.tasks > 0 {
                tell(world, service, &format!("(service {name}) has started {} tasks.", started.tasks));
            }
            if started.doomed > 0 {
                look_again(world, service, wait + tasks::FAILS, started.doomed, rounds);
                return;
            }
            if let Some(failures) = started.homeless {
                cannot_place(world, service, &failures, rounds);
                return;
            }
            let served = row["loadBalancers"].as_array().is_some_and(|all| !all.is_empty());
            let healthy = if served { durations::TARGET_HEALTHY } else { 0 };
            let total = if desired == 0 { 0 } else { wait + durations::ECS_STEADY + healthy };
            let own = tasks::wanted(world, service, Some(id));
            for task in tasks::wanted(world, service, None) {
                if !own.contains(&task) {
                    let deployment = id.as_str().unwrap_or_default();
                    let reason = format!("Scaling activity initiated by (deployment {deployment})");
                    tasks::end(world, &task, total.max(1), &reason);
                }
            }
            complete(world, service, &name, &primary, total);
        }
    }
}

/// Whether a circuit breaker watches the service's deployments.
fn breaks(service: &Json) -> bool {
    service["deploymentConfiguration"]["deploymentCircuitBreaker"]["enable"] == true
}

fn look_again(world: &mut World, service: &str, millis: i64, failing: usize, rounds: u32) {
    let due = world.now() + millis;
    world.put(ATTEMPTS, service, json!({"due": due, "failing": failing, "rounds": rounds}));
}

/// Looks at the services whose tasks did not start; called before each request.
pub fn settle(world: &mut World) {
    let now = world.now();
    let due: Vec<String> = world
        .rows(ATTEMPTS)
        .filter(|(_, row)| row["due"].as_i64().is_some_and(|due| due <= now))
        .map(|(service, _)| service.to_owned())
        .collect();
    for service in due {
        retry(world, &service);
    }
}

/// Counts what failed, and tries again: at once, then after ever longer times; or the circuit breaker opens.
fn retry(world: &mut World, service: &str) {
    let Some(attempt) = world.remove(ATTEMPTS, service) else { return };
    let Some(row) = world.get(SERVICES, service).filter(|row| row["status"] == "ACTIVE").cloned() else {
        return;
    };
    let Some(primary) = row["deployments"].as_array().and_then(|all| all.first()).cloned() else { return };
    let failing = attempt["failing"].as_u64().unwrap_or_default();
    let mut rounds = u32::try_from(attempt["rounds"].as_u64().unwrap_or_default()).unwrap_or(u32::MAX);
    let name = row["serviceName"].as_str().unwrap_or_default();
    if failing > 0 {
        let failed = primary["failedTasks"].as_u64().unwrap_or_default() + failing;
        if let Some(row) = world.get_mut(SERVICES, service) {
            row["deployments"][0]["failedTasks"] = json!(failed);
        }
        if let Some(reason) = tasks::stopped_by(world, service, &primary["id"]) {
            tell(world, service, &format!("(service {name}) was unable to place a task. Reason: {reason}."));
        }
        // The failure threshold: half of the desired tasks, at least 3 and at most 200 (ECS Developer Guide, "How the
        // Amazon ECS deployment circuit breaker detects failures").
        let threshold = row["desiredCount"].as_u64().unwrap_or_default().div_ceil(2).clamp(3, 200);
        if breaks(&row) && primary["rolloutState"] == "IN_PROGRESS" && failed >= threshold {
            let id = primary["id"].as_str().unwrap_or_default();
            let former: Vec<Json> =
                row["deployments"].as_array().into_iter().flatten().skip(1).cloned().collect();
            tell(
                world,
                service,
                &format!("(service {name}) (deployment {id}) deployment failed: tasks failed to start."),
            );
            let primary = world.get(SERVICES, service).map(|row| row["deployments"][0].clone());
            fail(world, service, &primary.unwrap_or_default(), &former, 1);
            return;
        }
        rounds = rounds.saturating_add(1);
        if rounds >= QUICK {
            let wait = (AGAIN << (rounds - QUICK).min(5)).min(LONGEST);
            tell(
                world,
                service,
                &format!(
                    "(service {name}) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
                ),
            );
            look_again(world, service, wait, 0, rounds);
            return;
        }
    }
    launch(world, service, rounds);
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

/// The circuit breaker opens: the deployment fails, and the service may go back to the former task definition.
fn fail(world: &mut World, service: &str, primary: &Json, former: &[Json], millis: i64) {
    let Some(row) = world.get(SERVICES, service).cloned() else { return };
    let breaker = &row["deploymentConfiguration"]["deploymentCircuitBreaker"];
    let mut failed = primary.clone();
    failed["rolloutState"] = json!("FAILED");
    failed["rolloutStateReason"] = json!("ECS deployment circuit breaker: tasks failed to start.");
    let good = former.iter().find(|old| old["rolloutState"] == "COMPLETED");
    let members = match good {
        Some(old) if breaker["rollback"] == true => {
            let mut old = old.clone();
            old["status"] = json!("PRIMARY");
            old["rolloutStateReason"] = json!("ECS deployment circuit breaker: rolled back.");
            let mut members = json!({"deployments": [old], "taskDefinition": old["taskDefinition"]});
            for member in REVISION {
                if !old[*member].is_null() {
                    members[*member] = old[*member].clone();
                }
            }
            members
        }
        _ => {
            let rest: Vec<Json> =
                row["deployments"].as_array().into_iter().flatten().skip(1).cloned().collect();
            let all: Vec<Json> = std::iter::once(failed).chain(rest).collect();
            json!({"deployments": all})
        }
    };
    world.set_after(millis, SERVICES, service, members);
}

/// Brings the number of tasks to what the service wants, within its present deployment.
pub fn scale(world: &mut World, service: &str) {
    let Some(row) = world.get(SERVICES, service).cloned() else { return };
    if tasksets::governs(&row) {
        tasksets::scale(world, service);
        return;
    }
    let Some(primary) = row["deployments"].as_array().and_then(|all| all.first()).cloned() else { return };
    let name = row["serviceName"].as_str().unwrap_or_default();
    let desired = usize::try_from(row["desiredCount"].as_i64().unwrap_or(0)).unwrap_or(0);
    if desired == 0 && world.remove(ATTEMPTS, service).is_some() {
        // Nothing has to start any more.
        look_again(world, service, 1, 0, 0);
    }
    let present = tasks::wanted(world, service, Some(&primary["id"]));
    if present.len() < desired && needs_instances(&row) && !placement::any(world, &row) {
        tell(world, service, &homeless(name));
    } else if present.len() < desired {
        let region = row["_region"].as_str().unwrap_or_default();
        let definition =
            definitions::lookup(world, region, short(row["taskDefinition"].as_str().unwrap_or_default()));
        let definition = definition.cloned().unwrap_or_default();
        let role = role_wait(world, definition["executionRoleArn"].as_str());
        if let Ok(wait) = role {
            let more = desired - present.len();
            let started = tasks::start(world, &row, &primary["id"], &definition, more, wait);
            if started.tasks > 0 {
                tell(world, service, &format!("(service {name}) has started {} tasks.", started.tasks));
            }
            if started.doomed > 0 {
                look_again(world, service, wait + tasks::FAILS, started.doomed, 0);
            } else if let Some(failures) = started.homeless {
                cannot_place(world, service, &failures, 0);
            }
        }
    } else if present.len() > desired {
        for task in &present[desired..] {
            tasks::end(world, task, 0, "Scaling activity initiated by the service");
        }
        let fewer = present.len() - desired;
        tell(world, service, &format!("(service {name}) has stopped {fewer} running tasks."));
    }
}
