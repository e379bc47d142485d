//! Scheduled actions: kept, listed and deleted. When their time comes, nothing happens.
//!
//! Table: `asg.scheduled` (`region/group/action`).

use serde_json::{Value as Json, json};

use super::{BAD_TOKEN, GROUPS, group, invalid, shown};
use crate::sandbox::{Fault, Reply, Request, World, done};

const SCHEDULED: &str = "asg.scheduled";
const SIZES: [&str; 3] = ["MinSize", "MaxSize", "DesiredCapacity"];

/// Five fields of a schedule in the form of cron.
fn is_cron(text: &str) -> bool {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let plain = |field: &&str| field.chars().all(|c| c.is_ascii_alphanumeric() || "*,-/#?".contains(c));
    fields.len() == 5 && fields.iter().all(plain)
}

/// Refuses an action that cannot be (`PutScheduledUpdateGroupAction`).
fn check(world: &World, action: &Json) -> Result<(), Fault> {
    if SIZES.iter().all(|size| action[*size].is_null()) {
        return Err(invalid(
            "At least one of the parameters DesiredCapacity, MinSize or MaxSize must be set.",
        ));
    }
    let number = |member: &str| action[member].as_i64();
    if let (Some(least), Some(most)) = (number("MinSize"), number("MaxSize"))
        && least > most
    {
        return Err(invalid("Max bound must be greater than or equal to min bound"));
    }
    if let Some(wanted) = number("DesiredCapacity")
        && (number("MinSize").is_some_and(|least| wanted < least)
            || number("MaxSize").is_some_and(|most| wanted > most))
    {
        return Err(invalid("Desired capacity must be between the min size and the max size"));
    }
    let date = |member: &str| action[member].as_f64();
    if date("StartTime").is_some_and(|at| at < world.now_secs()) {
        return Err(invalid("Given start time is in the past"));
    }
    if let (Some(from), Some(to)) = (date("StartTime"), date("EndTime"))
        && to < from
    {
        return Err(invalid("Given end time is before the start time"));
    }
    match action["Recurrence"].as_str() {
        Some(text) if !is_cron(text) => Err(invalid(format!("Given recurrence string: {text} is invalid"))),
        None if date("StartTime").is_none() && action["Time"].is_null() => {
            Err(invalid("A StartTime or a Recurrence is required."))
        }
        _ => Ok(()),
    }
}

fn place(key: &str, action: &str) -> String {
    format!("{key}/{action}")
}

/// Creates an action or changes one of that name.
fn write(world: &mut World, rq: &Request<'_>, key: &str, action: &Json) -> Result<(), Fault> {
    let name = action["ScheduledActionName"].as_str().unwrap_or_default().to_owned();
    let place = place(key, &name);
    let old = world.get(SCHEDULED, &place).cloned();
    let mut row = old.clone().unwrap_or_else(|| json!({}));
    for member in ["StartTime", "EndTime", "Recurrence", "TimeZone", "MinSize", "MaxSize", "DesiredCapacity"]
    {
        if !action[member].is_null() {
            row[member] = action[member].clone();
        }
    }
    // "Time: This property is no longer used."
    if row["StartTime"].is_null() && !action["Time"].is_null() {
        row["StartTime"] = action["Time"].clone();
    }
    check(world, &row)?;
    if old.is_none() {
        let group = world.get(GROUPS, key).map(|row| row["AutoScalingGroupName"].clone()).unwrap_or_default();
        let id = world.uuid();
        let path = format!(
            "scheduledUpdateGroupAction:{id}:autoScalingGroupName/{}:scheduledActionName/{name}",
            group.as_str().unwrap_or_default()
        );
        row["ScheduledActionARN"] = json!(world.arn("autoscaling", rq.region, &path));
        row["AutoScalingGroupName"] = group;
        row["ScheduledActionName"] = json!(name);
        row["_region"] = json!(rq.region);
    }
    row["Time"] = row["StartTime"].clone();
    world.put(SCHEDULED, &place, row);
    Ok(())
}

/// `PutScheduledUpdateGroupAction`.
pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    write(world, rq, &key, &rq.input)?;
    done()
}

/// The answer of a batch: what failed, and why.
fn failed(failures: Vec<(String, Fault)>, member: &str) -> Reply {
    let rows: Vec<Json> = failures
        .into_iter()
        .map(|(name, fault)| {
            json!({"ScheduledActionName": name, "ErrorCode": fault.code, "ErrorMessage": fault.message})
        })
        .collect();
    Ok(json!({member: rows}))
}

/// `BatchPutScheduledUpdateGroupAction`.
pub(super) fn put_many(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let mut failures = Vec::new();
    for action in rq.list("ScheduledUpdateGroupActions") {
        if let Err(fault) = write(world, rq, &key, action) {
            failures.push((action["ScheduledActionName"].as_str().unwrap_or_default().to_owned(), fault));
        }
    }
    failed(failures, "FailedScheduledUpdateGroupActions")
}

fn absent() -> Fault {
    invalid("Scheduled action name not found")
}

/// `DeleteScheduledAction`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    world.remove(SCHEDULED, &place(&key, rq.text("ScheduledActionName"))).ok_or_else(absent)?;
    done()
}

/// `BatchDeleteScheduledAction`.
pub(super) fn delete_many(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let mut failures = Vec::new();
    for name in rq.texts("ScheduledActionNames") {
        if world.remove(SCHEDULED, &place(&key, name)).is_none() {
            failures.push((name.to_owned(), absent()));
        }
    }
    failed(failures, "FailedScheduledActions")
}

/// `DescribeScheduledActions`: of a group that is not there none, of a name neither (Terraform's provider reads both so).
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let names = rq.texts("ScheduledActionNames");
    if !names.is_empty() && rq.opt("AutoScalingGroupName").is_none() {
        return Err(invalid("A group name is required with the names of scheduled actions."));
    }
    let date = |member: &str| rq.get(member).as_f64();
    let mut rows: Vec<Json> = world
        .rows(SCHEDULED)
        .map(|(_, row)| row)
        .filter(|row| row["_region"] == rq.region)
        .filter(|row| rq.opt("AutoScalingGroupName").is_none_or(|group| row["AutoScalingGroupName"] == group))
        .filter(|row| names.is_empty() || names.iter().any(|name| row["ScheduledActionName"] == *name))
        .filter(|row| {
            let starts = row["StartTime"].as_f64();
            date("StartTime").is_none_or(|from| starts.is_none_or(|at| at >= from))
                && date("EndTime").is_none_or(|to| starts.is_none_or(|at| at <= to))
        })
        .map(shown)
        .collect();
    rows.sort_by(|one, other| {
        let at = |row: &Json| row["StartTime"].as_f64().unwrap_or_default();
        at(one).total_cmp(&at(other))
    });
    let (page, next) = rq.page(rows, "MaxRecords", "NextToken", 50, BAD_TOKEN)?;
    Ok(json!({"ScheduledUpdateGroupActions": page, "NextToken": next}))
}

/// A deleted group's actions go with it.
pub(super) fn forget(world: &mut World, key: &str) {
    let prefix = format!("{key}/");
    let own: Vec<String> = world
        .rows(SCHEDULED)
        .filter(|(place, _)| place.starts_with(&prefix))
        .map(|(place, _)| place.to_owned())
        .collect();
    for place in own {
        world.remove(SCHEDULED, &place);
    }
}
