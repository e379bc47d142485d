//! Task sets: what a service with an external deployment controller runs.
//!
//! Table: `ecs.task-set` (under ARNs). Rows have `_number`, by which they are told in order.

use serde_json::{Value as Json, json};

use super::{SERVICES, definitions, invalid, missing, rollout, services, short, shown_tags, tags_of, tasks};
use crate::sandbox::{Effect, Fault, Reply, Request, World, durations};

/// Task sets.
pub(super) const SETS: &str = "ecs.task-set";
/// How many a service has at most (API Reference of 2019, CreateTaskSet: "a maximum of five tasks sets for a deployment").
const MOST: usize = 5;

/// What a set has in its service's place.
const OWN: &[&str] = &[
    "capacityProviderStrategy",
    "launchType",
    "loadBalancers",
    "networkConfiguration",
    "platformFamily",
    "platformVersion",
    "serviceRegistries",
    "taskDefinition",
];

/// Whether a service's tasks come with task sets.
pub(super) fn governs(service: &Json) -> bool {
    service["deploymentController"]["type"] == "EXTERNAL"
}

/// A service as one of its sets has it.
fn merged(service: &Json, set: &Json) -> Json {
    let mut row = service.clone();
    for member in OWN {
        row[*member] = set[*member].clone();
    }
    row
}

/// How many tasks a set is to have: "computed by multiplying the desiredCount for the service by the scale percentage. The
/// result is always rounded up."
fn computed(service: &Json, set: &Json) -> usize {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand tasks")]
    let desired = service["desiredCount"].as_i64().unwrap_or(0) as f64;
    let share = desired * set["scale"]["value"].as_f64().unwrap_or(100.0) / 100.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand tasks")]
    let count = share.ceil().max(0.0) as usize;
    if set["status"] == "DRAINING" { 0 } else { count }
}

/// A set as answers hold it, its tasks counted.
fn shown(world: &World, row: &Json, tags: bool) -> Json {
    let mut shown = row.clone();
    let service = row["serviceArn"].as_str().unwrap_or_default();
    let own = world.get(SERVICES, service).cloned().unwrap_or_default();
    let pending = &["PROVISIONING", "PENDING", "ACTIVATING"][..];
    let running = tasks::count(world, service, Some(&row["id"]), &["RUNNING"]);
    let waiting = tasks::count(world, service, Some(&row["id"]), pending);
    let computed = computed(&own, row);
    let steady = running == computed && waiting == 0;
    shown["computedDesiredCount"] = json!(computed);
    shown["runningCount"] = json!(running);
    shown["pendingCount"] = json!(waiting);
    shown["stabilityStatus"] = json!(if steady { "STEADY_STATE" } else { "STABILIZING" });
    // "the time when the task set stability status was retrieved"
    shown["stabilityStatusAt"] = json!(world.now_secs());
    if let Some(members) = shown.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    if tags {
        shown["tags"] = json!(shown_tags(row));
    }
    shown
}

/// The sets of a service, the oldest first.
fn sets<'w>(world: &'w World, service: &str) -> Vec<(&'w str, &'w Json)> {
    let mut all: Vec<_> = world.rows(SETS).filter(|(_, row)| row["serviceArn"] == service).collect();
    all.sort_by_key(|(_, row)| row["_number"].as_u64());
    all
}

/// The sets of a service, as the service shows them.
pub(super) fn of(world: &World, service: &str) -> Vec<Json> {
    sets(world, service).into_iter().map(|(_, row)| shown(world, row, false)).collect()
}

/// A service whose tasks come with task sets.
fn governed(world: &World, rq: &Request<'_>) -> Result<Json, Fault> {
    let service = services::active(world, rq)?;
    if governs(&service) {
        return Ok(service);
    }
    Err(invalid("Task sets are for services with the deployment controller EXTERNAL only."))
}

/// The set of a service that is named by its id (`ecs-svc/1234`), a part of its ARN or its ARN.
fn find(world: &World, service: &Json, named: &str) -> Option<(String, Json)> {
    let service = service["serviceArn"].as_str().unwrap_or_default();
    let all = sets(world, service).into_iter();
    let mut named = all.filter(|(key, _)| short(key) == short(named));
    named.next().map(|(key, row)| (key.to_owned(), row.clone()))
}

fn unknown() -> Fault {
    let text =
        "The specified task set wasn't found. You can view your available task sets with DescribeTaskSets.";
    Fault::new("TaskSetNotFoundException", text)
}

/// A scale as it is kept.
fn scale_of(scale: &Json) -> Result<Json, Fault> {
    let value = scale["value"].as_f64().unwrap_or(if scale.is_null() { 100.0 } else { 0.0 });
    if (0.0..=100.0).contains(&value) {
        return Ok(json!({"value": value, "unit": "PERCENT"}));
    }
    Err(invalid("The scale of a task set is a percentage from 0 to 100."))
}

/// `CreateTaskSet`.
pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let service = governed(world, rq)?;
    let of = service["serviceArn"].as_str().unwrap_or_default().to_owned();
    if let Some(token) = rq.opt("clientToken")
        && let Some((_, row)) = sets(world, &of).into_iter().find(|(_, row)| row["_token"] == token)
    {
        return Ok(json!({"taskSet": shown(world, row, true)}));
    }
    if rq.get("launchType").is_string() && !rq.list("capacityProviderStrategy").is_empty() {
        return Err(invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
        ));
    }
    let scale = scale_of(rq.get("scale"))?;
    let mut row = json!({
        "serviceArn": of, "clusterArn": service["clusterArn"], "status": "ACTIVE", "scale": scale,
        "createdAt": world.now_secs(), "updatedAt": world.now_secs(), "loadBalancers": [], "serviceRegistries": [],
        "_tags": tags_of(rq), "_region": rq.region, "_token": rq.get("clientToken"),
    });
    for member in OWN.iter().chain(&["externalId"]) {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
    if row["launchType"].is_null() && row["capacityProviderStrategy"].is_null() {
        row["launchType"] = json!("EC2");
    }
    let definition = services::check(world, rq, &merged(&service, &row))?;
    row["taskDefinition"] = definition["taskDefinitionArn"].clone();
    let network = &mut row["networkConfiguration"];
    if !network.is_null() && network["awsvpcConfiguration"]["assignPublicIp"].is_null() {
        network["awsvpcConfiguration"]["assignPublicIp"] = json!("DISABLED");
    }
    if !rollout::needs_instances(&row) {
        if row["platformVersion"].is_null() {
            row["platformVersion"] = json!("LATEST");
        }
        row["platformFamily"] = json!("Linux");
    }
    if sets(world, &of).len() >= MOST {
        let text = format!("A service can have at most {MOST} task sets.");
        return Err(Fault::new("LimitExceededException", text));
    }
    let number = u64::from_str_radix(&world.hex(15), 16).unwrap_or_default();
    let id = format!("ecs-svc/{number:019}");
    let home = short(service["clusterArn"].as_str().unwrap_or_default()).to_owned();
    let name = service["serviceName"].as_str().unwrap_or_default();
    let key = world.arn("ecs", rq.region, &format!("task-set/{home}/{name}/{id}"));
    row["id"] = json!(id);
    row["taskSetArn"] = json!(key);
    row["_number"] = json!(world.next());
    world.put(SETS, &key, row);
    scale_set(world, &of, &key);
    let row = world.get(SETS, &key).ok_or_else(unknown)?;
    Ok(json!({"taskSet": shown(world, row, true)}))
}

/// Brings the sets of a service to what they are to have.
pub(super) fn scale(world: &mut World, service: &str) {
    let keys: Vec<String> = sets(world, service).into_iter().map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        scale_set(world, service, &key);
    }
}

fn scale_set(world: &mut World, service: &str, key: &str) {
    let (Some(own), Some(set)) = (world.get(SERVICES, service).cloned(), world.get(SETS, key).cloned())
    else {
        return;
    };
    let (wanted, present) = (computed(&own, &set), tasks::wanted(world, service, Some(&set["id"])));
    for task in present.iter().skip(wanted) {
        tasks::end(world, task, 0, "Scaling activity initiated by the task set");
    }
    if present.len() >= wanted {
        return;
    }
    let name = own["serviceName"].as_str().unwrap_or_default();
    let region = own["_region"].as_str().unwrap_or_default();
    let definition = definitions::lookup(world, region, set["taskDefinition"].as_str().unwrap_or_default());
    let definition = definition.cloned().unwrap_or_default();
    match rollout::role_wait(world, definition["executionRoleArn"].as_str()) {
        Err(error) => rollout::tell(
            world,
            service,
            &format!("(service {name}) failed to launch a task with (error {error})."),
        ),
        Ok(wait) => {
            let row = merged(&own, &set);
            let started = tasks::start(world, &row, &set["id"], &definition, wanted - present.len(), wait);
            if started.tasks > 0 {
                let id = set["id"].as_str().unwrap_or_default();
                let text = format!("(service {name}, taskSet {id}) has started {} tasks.", started.tasks);
                rollout::tell(world, service, &text);
            }
        }
    }
}

/// `DescribeTaskSets`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let service = governed(world, rq)?;
    let tags = rq.texts("include").contains(&"TAGS");
    let asked = rq.texts("taskSets");
    if asked.is_empty() {
        let all = sets(world, service["serviceArn"].as_str().unwrap_or_default());
        let all: Vec<Json> = all.into_iter().map(|(_, row)| shown(world, row, tags)).collect();
        return Ok(json!({"taskSets": all, "failures": []}));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    let home = short(service["clusterArn"].as_str().unwrap_or_default());
    let name = service["serviceName"].as_str().unwrap_or_default();
    for named in asked {
        match find(world, &service, named) {
            Some((_, row)) => found.push(shown(world, &row, tags)),
            None => {
                let path = format!("task-set/{home}/{name}/ecs-svc/{}", short(named));
                failures.push(missing(&world.arn("ecs", rq.region, &path)));
            }
        }
    }
    Ok(json!({"taskSets": found, "failures": failures}))
}

/// `UpdateTaskSet`: another scale.
pub fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let service = governed(world, rq)?;
    let (key, _) = find(world, &service, rq.text("taskSet")).ok_or_else(unknown)?;
    let scale = scale_of(rq.get("scale"))?;
    let now = world.now_secs();
    if let Some(row) = world.get_mut(SETS, &key) {
        row["scale"] = scale;
        row["updatedAt"] = json!(now);
    }
    scale_set(world, service["serviceArn"].as_str().unwrap_or_default(), &key);
    let row = world.get(SETS, &key).ok_or_else(unknown)?;
    Ok(json!({"taskSet": shown(world, row, false)}))
}

/// `UpdateServicePrimaryTaskSet`: the service is what the set is.
pub fn make_primary(world: &mut World, rq: &Request<'_>) -> Reply {
    let service = governed(world, rq)?;
    let of = service["serviceArn"].as_str().unwrap_or_default().to_owned();
    let (primary, set) = find(world, &service, rq.text("primaryTaskSet")).ok_or_else(unknown)?;
    if set["status"] == "DRAINING" {
        return Err(invalid("A task set that is being deleted cannot become the primary one."));
    }
    let now = world.now_secs();
    let keys: Vec<String> = sets(world, &of).into_iter().map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        let Some(row) = world.get_mut(SETS, &key).filter(|row| row["status"] != "DRAINING") else { continue };
        let status = if key == primary { "PRIMARY" } else { "ACTIVE" };
        if row["status"] != status {
            row["status"] = json!(status);
            row["updatedAt"] = json!(now);
        }
    }
    if let Some(row) = world.get_mut(SERVICES, &of) {
        for member in OWN {
            row[*member] = set[*member].clone();
        }
        if let Some(members) = row.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
    }
    let row = world.get(SETS, &primary).ok_or_else(unknown)?;
    Ok(json!({"taskSet": shown(world, row, false)}))
}

/// `DeleteTaskSet`: its tasks are stopped first, unless it is forced (TestAccECSTaskSet_basic deletes one that is not scaled
/// down, without force).
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let service = governed(world, rq)?;
    let of = service["serviceArn"].as_str().unwrap_or_default();
    let (key, set) = find(world, &service, rq.text("taskSet")).ok_or_else(unknown)?;
    if set["status"] != "DRAINING" {
        let present = tasks::wanted(world, of, Some(&set["id"]));
        for task in &present {
            tasks::end(world, task, 0, "Task set was deleted");
        }
        let now = world.now_secs();
        if let Some(row) = world.get_mut(SETS, &key) {
            row["status"] = json!("DRAINING");
            row["updatedAt"] = json!(now);
        }
        if !present.is_empty() && !rq.flag("force") {
            world.after(durations::ECS_DRAIN, SETS, &key, Effect::Remove);
            let row = world.get(SETS, &key).ok_or_else(unknown)?;
            return Ok(json!({"taskSet": shown(world, row, false)}));
        }
    }
    let row = world.get(SETS, &key).cloned().ok_or_else(unknown)?;
    let answer = shown(world, &row, false);
    if rq.flag("force") || tasks::count(world, of, Some(&set["id"]), &["RUNNING", "DEACTIVATING"]) == 0 {
        world.remove(SETS, &key);
    }
    Ok(json!({"taskSet": answer}))
}

/// The sets of a service go with it.
pub(super) fn forget(world: &mut World, service: &str) {
    let keys: Vec<String> = sets(world, service).into_iter().map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        world.remove(SETS, &key);
    }
}
