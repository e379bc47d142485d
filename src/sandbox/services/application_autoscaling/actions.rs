//! Scheduled actions.

use serde_json::json;

use super::{ACTIONS, TARGETS, invalid, no_target, target_key};
use crate::sandbox::{Fault, Reply, Request, World, done};

fn key(rq: &Request<'_>) -> String {
    format!("{}|{}", target_key(rq), rq.text("ScheduledActionName"))
}

/// `PutScheduledAction`: creates or updates.
pub fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    world.get(TARGETS, &target_key(rq)).ok_or_else(|| no_target(rq))?;
    let old = world.get(ACTIONS, &key(rq)).cloned();
    if old.is_none() && (rq.opt("Schedule").is_none() || rq.get("ScalableTargetAction").is_null()) {
        return Err(invalid("Schedule and ScalableTargetAction are required for a new scheduled action"));
    }
    if let Some(schedule) = rq.opt("Schedule") {
        let known = ["at(", "rate(", "cron("]
            .iter()
            .any(|form| schedule.starts_with(form) && schedule.ends_with(')'));
        if !known {
            return Err(invalid(format!("Invalid schedule expression: {schedule}")));
        }
    }
    let mut row = match old {
        Some(old) => old,
        None => {
            let id = world.hex(32);
            let place = format!("resource/{}/{}", rq.text("ServiceNamespace"), rq.text("ResourceId"));
            let name = format!(
                "scheduledAction:{id}:{place}:scheduledActionName/{}",
                rq.text("ScheduledActionName")
            );
            let arn = world.arn("autoscaling", rq.region, &name);
            json!({"CreationTime": world.now_secs(), "ScheduledActionARN": arn})
        }
    };
    for (member, value) in rq.input.as_object().into_iter().flatten() {
        row[member] = value.clone();
    }
    row["_target"] = json!(target_key(rq));
    row["_region"] = json!(rq.region);
    world.put(ACTIONS, &key(rq), row);
    done()
}

/// `DescribeScheduledActions`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let names = rq.texts("ScheduledActionNames");
    let found = world
        .rows(ACTIONS)
        .map(|(_, row)| row)
        .filter(|row| row["_region"] == rq.region && row["ServiceNamespace"] == rq.text("ServiceNamespace"))
        .filter(|row| names.is_empty() || names.iter().any(|name| row["ScheduledActionName"] == *name))
        .filter(|row| rq.opt("ResourceId").is_none_or(|id| row["ResourceId"] == id))
        .filter(|row| {
            rq.opt("ScalableDimension").is_none_or(|dimension| row["ScalableDimension"] == dimension)
        })
        .cloned()
        .collect();
    let (page, next) = rq.page(found, "MaxResults", "NextToken", 50, "InvalidNextTokenException")?;
    Ok(json!({"ScheduledActions": page, "NextToken": next}))
}

/// `DeleteScheduledAction`.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    world.remove(ACTIONS, &key(rq)).ok_or_else(|| {
        let text = format!("No scheduled action found for the name {}", rq.text("ScheduledActionName"));
        Fault::new("ObjectNotFoundException", text)
    })?;
    done()
}
