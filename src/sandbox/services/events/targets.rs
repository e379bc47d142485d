//! Targets of rules.

use serde_json::{Value as Json, json};

use super::{RULES, bus, invalid, rule};
use crate::sandbox::{Fault, Reply, Request, World};

/// Quota of targets of a rule (EventBridge User Guide, quotas).
const MOST: usize = 5;

/// Services that EventBridge reaches with a role only (EventBridge User Guide, using resource-based policies).
const WITH_ROLE: &[&str] =
    &["ecs", "states", "kinesis", "batch", "codebuild", "codepipeline", "events", "firehose", "ssm"];

fn check(world: &World, target: &Json) -> Result<(), Fault> {
    let id = target["Id"].as_str().unwrap_or_default();
    let arn = target["Arn"].as_str().unwrap_or_default();
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, service, ..] = parts[..] else {
        return Err(invalid(format!(
            "Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        )));
    };
    let inputs = ["Input", "InputPath", "InputTransformer"];
    if inputs.iter().filter(|name| !target[**name].is_null()).count() > 1 {
        return Err(invalid(format!(
            "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
        )));
    }
    if let Some(input) = target["Input"].as_str()
        && serde_json::from_str::<Json>(input).is_err()
    {
        return Err(invalid(format!("JSON syntax error in input for target {id}")));
    }
    let bus_of_others = service == "events" && !arn.contains(&format!(":{}:", world.account));
    let needs_role = WITH_ROLE.contains(&service) && !bus_of_others;
    match target["RoleArn"].as_str() {
        None if needs_role => {
            return Err(invalid(format!("RoleArn is required for target {arn}.")));
        }
        None => {}
        Some(role) => world.assumable(role, "events.amazonaws.com").map_err(|_| {
            invalid(format!("Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'."))
        })?,
    }
    if service == "ecs" && target["EcsParameters"].is_null() {
        return Err(invalid(format!("EcsParameters is required for target {arn}.")));
    }
    if service == "sqs" && arn.ends_with(".fifo") && target["SqsParameters"]["MessageGroupId"].is_null() {
        return Err(invalid(format!("Parameter(s) SqsParameters must be specified for target: {id}.")));
    }
    Ok(())
}

/// What EventBridge fills in.
fn whole(target: &Json) -> Json {
    let mut target = target.clone();
    if target["EcsParameters"].is_object() {
        for (member, value) in [
            ("TaskCount", json!(1)),
            ("EnableECSManagedTags", json!(false)),
            ("EnableExecuteCommand", json!(false)),
        ] {
            if target["EcsParameters"][member].is_null() {
                target["EcsParameters"][member] = value;
            }
        }
    }
    target
}

/// All or, where one of them is refused, none.
pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rule(world, rq, "Rule")?;
    for target in rq.list("Targets") {
        check(world, target)?;
    }
    let mut all =
        world.get(RULES, &arn).and_then(|row| row["_targets"].as_array().cloned()).unwrap_or_default();
    for target in rq.list("Targets") {
        match all.iter_mut().find(|old| old["Id"] == target["Id"]) {
            Some(old) => *old = whole(target),
            None => all.push(whole(target)),
        }
    }
    if all.len() > MOST {
        return Err(Fault::new(
            "LimitExceededException",
            "The requested resource exceeds the maximum number allowed.",
        ));
    }
    if let Some(row) = world.get_mut(RULES, &arn) {
        row["_targets"] = json!(all);
    }
    Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
}

pub(super) fn remove(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rule(world, rq, "Rule")?;
    let ids = rq.texts("Ids");
    if let Some(all) = world.get_mut(RULES, &arn).and_then(|row| row["_targets"].as_array_mut()) {
        all.retain(|target| !ids.iter().any(|id| target["Id"] == *id));
    }
    Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rule(world, rq, "Rule")?;
    let all = world.get(RULES, &arn).and_then(|row| row["_targets"].as_array().cloned()).unwrap_or_default();
    let (page, next) = rq.page(all, "Limit", "NextToken", 100, "ValidationException")?;
    Ok(json!({"Targets": page, "NextToken": next}))
}

pub(super) fn rules_of(world: &mut World, rq: &Request<'_>) -> Reply {
    let (bus, target) = (bus(world, rq, "EventBusName")?, rq.text("TargetArn"));
    let has = |row: &Json| row["_targets"].as_array().into_iter().flatten().any(|one| one["Arn"] == target);
    let rows = world.rows(RULES).map(|(_, row)| row);
    let rows =
        rows.filter(|row| row["_region"] == rq.region && row["EventBusName"] == bus.as_str() && has(row));
    let all = rows.map(|row| row["Name"].clone()).collect();
    let (page, next) = rq.page(all, "Limit", "NextToken", 100, "ValidationException")?;
    Ok(json!({"RuleNames": page, "NextToken": next}))
}
