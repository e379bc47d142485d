//! Task definitions.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{DEFINITIONS, FAMILIES, SERVICES, client, invalid, shown_tags, tags_of};
use crate::sandbox::{Effect, Fault, Reply, Request, World};

/// How often ECS looks whether a task definition that is being deleted is still used. The documentation of
/// `DeleteTaskDefinitions`: it "will stay in DELETE_IN_PROGRESS status until all the associated tasks and services have
/// been terminated".
const DELETION: i64 = 600_000;

fn unknown() -> Fault {
    client("Unable to describe task definition.")
}

/// A task definition by ARN or `family:revision`, or a family's latest active one by its name.
pub fn lookup<'w>(world: &'w World, region: &str, name: &str) -> Option<&'w Json> {
    let tail = super::short(name);
    if tail.contains(':') {
        return world.get(DEFINITIONS, &world.arn("ecs", region, &format!("task-definition/{tail}")));
    }
    active(world, region)
        .filter(|row| row["family"] == tail)
        .max_by_key(|row| row["revision"].as_i64().unwrap_or_default())
}

fn active<'w>(world: &'w World, region: &str) -> impl Iterator<Item = &'w Json> + use<'w> {
    let region = region.to_owned();
    world
        .rows(DEFINITIONS)
        .filter(move |(_, row)| row["_region"] == region.as_str() && row["status"] == "ACTIVE")
        .map(|(_, row)| row)
}

/// Processor units and the memory (MiB) that Fargate offers with them: smallest, largest, step.
const FARGATE: &[(i64, i64, i64, i64)] = &[
    (256, 512, 2_048, 512),
    (512, 1_024, 4_096, 1_024),
    (1_024, 2_048, 8_192, 1_024),
    (2_048, 4_096, 16_384, 1_024),
    (4_096, 8_192, 30_720, 1_024),
    (8_192, 16_384, 61_440, 4_096),
    (16_384, 32_768, 122_880, 8_192),
];

/// `1 vCPU`, `2GB` and plain numbers.
fn units(text: &str, unit: &str) -> Option<i64> {
    let lower = text.to_lowercase().replace(' ', "");
    if let Ok(plain) = lower.parse() {
        return Some(plain);
    }
    let number: f64 = lower.strip_suffix(unit)?.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "a few hundred gigabytes")]
    let units = (number * 1024.0) as i64;
    Some(units)
}

fn check_fargate(rq: &Request<'_>) -> Result<(), Fault> {
    if rq.text("networkMode") != "awsvpc" {
        return Err(client("Fargate only supports network mode ‘awsvpc’."));
    }
    for (member, word) in [("cpu", "cpu"), ("memory", "memory")] {
        if rq.opt(member).is_none() {
            return Err(client(format!("Fargate requires that '{word}' be defined at the task level.")));
        }
    }
    let (cpu, memory) = (units(rq.text("cpu"), "vcpu"), units(rq.text("memory"), "gb"));
    let offered = FARGATE.iter().any(|(units, least, most, step)| {
        let half = *units == 256 && memory == Some(512);
        cpu == Some(*units)
            && memory.is_some_and(|m| half || (m >= *least && m <= *most && m % step.min(&1_024) == 0))
    });
    if !offered {
        return Err(client(
            "No Fargate configuration exists for given values. See the Amazon ECS documentation for the valid values.",
        ));
    }
    let logs = |container: &Json| container["logConfiguration"]["logDriver"] == "awslogs";
    if rq.opt("executionRoleArn").is_none() {
        if rq.list("containerDefinitions").iter().any(logs) {
            return Err(client(
                "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
            ));
        }
        let secrets = |container: &Json| container["secrets"].as_array().is_some_and(|all| !all.is_empty());
        if rq.list("containerDefinitions").iter().any(secrets) {
            return Err(client(
                "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
            ));
        }
    }
    Ok(())
}

/// A container with what ECS fills in.
fn whole(container: &Json, awsvpc: bool) -> Json {
    let mut container = container.clone();
    for (member, default) in [
        ("cpu", json!(0)),
        ("essential", json!(true)),
        ("environment", json!([])),
        ("mountPoints", json!([])),
        ("volumesFrom", json!([])),
        ("portMappings", json!([])),
        ("systemControls", json!([])),
    ] {
        if container[member].is_null() {
            container[member] = default;
        }
    }
    for port in container["portMappings"].as_array_mut().into_iter().flatten() {
        if port["protocol"].is_null() {
            port["protocol"] = json!("tcp");
        }
        if port["hostPort"].is_null() && port["containerPortRange"].is_null() {
            port["hostPort"] = if awsvpc { port["containerPort"].clone() } else { json!(0) };
        }
    }
    if !container["healthCheck"].is_null() {
        for (member, default) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            if container["healthCheck"][member].is_null() {
                container["healthCheck"][member] = json!(default);
            }
        }
    }
    container
}

/// `RegisterTaskDefinition`. Every call makes a new revision; roles are not looked at.
pub fn register(world: &mut World, rq: &Request<'_>) -> Reply {
    let family = rq.text("family");
    let odd = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_';
    if family.is_empty() || family.len() > 255 || family.contains(odd) {
        return Err(client("Family contains invalid characters."));
    }
    let containers = rq.list("containerDefinitions");
    if containers.is_empty() {
        return Err(client("Container list cannot be empty."));
    }
    let mut names = BTreeSet::new();
    for container in containers {
        let name = container["name"].as_str().unwrap_or_default();
        for (member, value) in [("name", Some(name)), ("image", container["image"].as_str())] {
            if value.is_none_or(str::is_empty) {
                return Err(client(format!("Container.{member} should not be null or empty.")));
            }
        }
        if !names.insert(name) {
            return Err(client(format!("Container name {name} is used more than once.")));
        }
        if rq.opt("memory").is_none()
            && container["memory"].is_null()
            && container["memoryReservation"].is_null()
        {
            let text = "At least one of 'memory' or 'memoryReservation' must be specified";
            return Err(client(format!("Invalid setting for container '{name}'. {text}.")));
        }
        for mount in container["mountPoints"].as_array().into_iter().flatten() {
            if !rq.list("volumes").iter().any(|volume| volume["name"] == mount["sourceVolume"]) {
                return Err(client(format!(
                    "Unknown volume '{}'.",
                    mount["sourceVolume"].as_str().unwrap_or_default()
                )));
            }
        }
    }
    if !containers.iter().any(|container| container["essential"] != false) {
        return Err(client("At least one container must be essential."));
    }
    let fargate = rq.texts("requiresCompatibilities").contains(&"FARGATE");
    if fargate {
        check_fargate(rq)?;
    }
    let awsvpc = rq.text("networkMode") == "awsvpc";
    let key = format!("{}/{family}", rq.region);
    let revision = world.get(FAMILIES, &key).and_then(|row| row["revision"].as_i64()).unwrap_or(0) + 1;
    world.put(FAMILIES, &key, json!({"revision": revision}));
    let arn = world.arn("ecs", rq.region, &format!("task-definition/{family}:{revision}"));
    let mut row = rq.input.clone();
    if let Some(members) = row.as_object_mut() {
        members.remove("tags");
    }
    row["taskDefinitionArn"] = json!(arn);
    row["revision"] = json!(revision);
    row["status"] = json!("ACTIVE");
    row["registeredAt"] = json!(world.now_secs());
    row["registeredBy"] = json!(world.arn("iam", "", "root"));
    row["containerDefinitions"] = containers.iter().map(|container| whole(container, awsvpc)).collect();
    for list in ["volumes", "placementConstraints"] {
        if row[list].is_null() {
            row[list] = json!([]);
        }
    }
    row["compatibilities"] = if fargate || (awsvpc && rq.opt("cpu").is_some()) {
        json!(["EC2", "FARGATE"])
    } else {
        json!(["EXTERNAL", "EC2"])
    };
    row["_tags"] = tags_of(rq);
    row["_region"] = json!(rq.region);
    world.put(DEFINITIONS, &arn, row.clone());
    Ok(json!({"tags": shown_tags(&row), "taskDefinition": row}))
}

/// `DescribeTaskDefinition`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = lookup(world, rq.region, rq.text("taskDefinition")).ok_or_else(unknown)?;
    let tags = if rq.texts("include").contains(&"TAGS") { shown_tags(row) } else { Vec::new() };
    Ok(json!({"taskDefinition": row, "tags": tags}))
}

/// `DeregisterTaskDefinition`.
pub fn deregister(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = super::short(rq.text("taskDefinition"));
    if !name.contains(':') {
        return Err(invalid("Task definition revision is missing."));
    }
    let arn = world.arn("ecs", rq.region, &format!("task-definition/{name}"));
    let now = world.now_secs();
    let row = world.get_mut(DEFINITIONS, &arn).ok_or_else(unknown)?;
    if row["status"] != "ACTIVE" {
        return Err(client("The specified task definition is inactive."));
    }
    row["status"] = json!("INACTIVE");
    row["deregisteredAt"] = json!(now);
    Ok(json!({"taskDefinition": row}))
}

/// `DeleteTaskDefinitions`; only inactive ones.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let (mut gone, mut failures, mut unused) = (Vec::new(), Vec::new(), Vec::new());
    let now = world.now_secs();
    for name in rq.texts("taskDefinitions") {
        let arn = world.arn("ecs", rq.region, &format!("task-definition/{}", super::short(name)));
        match world.get_mut(DEFINITIONS, &arn) {
            // AWS's words (moto's `test_delete_task_definitions_cannot_delete_active`, `…_nonexistent`).
            None => failures.push(json!({
                "arn": arn,
                "reason": "The specified task definition does not exist. Specify a valid account, family, revision and try again.",
            })),
            Some(row) if row["status"] == "ACTIVE" => failures.push(json!({
                "arn": arn,
                "reason": "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
            })),
            Some(row) => {
                if row["status"] == "INACTIVE" {
                    row["status"] = json!("DELETE_IN_PROGRESS");
                    row["deleteRequestedAt"] = json!(now);
                }
                gone.push(row.clone());
                unused.push(arn);
            }
        }
    }
    for arn in unused {
        released(world, &arn, 0);
    }
    Ok(json!({"taskDefinitions": gone, "failures": failures}))
}

/// Whether a service still runs tasks of that definition.
fn is_used(world: &World, arn: &str) -> bool {
    world.rows(SERVICES).any(|(_, row)| row["status"] == "ACTIVE" && row["taskDefinition"] == arn)
}

/// A service has turned away from a task definition, or somebody wants it deleted: what is being deleted and used no
/// more goes, once the tasks that end now have ended.
pub fn released(world: &mut World, arn: &str, ending: i64) {
    let deleting = world.get(DEFINITIONS, arn).is_some_and(|row| row["status"] == "DELETE_IN_PROGRESS");
    if deleting && !is_used(world, arn) {
        world.after(ending + DELETION, DEFINITIONS, arn, Effect::Remove);
    }
}

/// `ListTaskDefinitions`.
pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let status = rq.opt("status").unwrap_or("ACTIVE");
    let mut rows: Vec<&Json> = world
        .rows(DEFINITIONS)
        .map(|(_, row)| row)
        .filter(|row| row["_region"] == rq.region && row["status"] == status)
        .filter(|row| rq.opt("familyPrefix").is_none_or(|family| row["family"] == family))
        .collect();
    rows.sort_by_key(|row| (row["family"].as_str().unwrap_or_default().to_owned(), row["revision"].as_i64()));
    if rq.text("sort") == "DESC" {
        rows.reverse();
    }
    let arns = rows.into_iter().map(|row| row["taskDefinitionArn"].clone()).collect();
    let (page, next) = rq.page(arns, "maxResults", "nextToken", 100, "InvalidParameterException")?;
    Ok(json!({"taskDefinitionArns": page, "nextToken": next}))
}

/// `ListTaskDefinitionFamilies`.
pub fn families(world: &mut World, rq: &Request<'_>) -> Reply {
    let status = rq.opt("status").unwrap_or("ACTIVE");
    let prefix = rq.opt("familyPrefix").unwrap_or_default();
    let names: BTreeSet<&str> = world
        .rows(DEFINITIONS)
        .map(|(_, row)| row)
        .filter(|row| row["_region"] == rq.region && (status == "ALL" || row["status"] == status))
        .filter_map(|row| row["family"].as_str())
        .filter(|family| family.starts_with(prefix))
        .collect();
    let names = names.into_iter().map(|name| json!(name)).collect();
    let (page, next) = rq.page(names, "maxResults", "nextToken", 100, "InvalidParameterException")?;
    Ok(json!({"families": page, "nextToken": next}))
}
