//! Registered targets and their health.

use serde_json::{Value as Json, json};

use super::{GROUPS, TARGETS, balancers_of, invalid, no_group};
use crate::sandbox::{Effect, Reply, Request, World, done, durations};

fn key(group: &str, target: &Json) -> String {
    format!("{group}|{}|{}", target["Id"].as_str().unwrap_or_default(), target["Port"])
}

/// A target with the group's port where it names none.
fn whole(world: &World, group: &str, target: &Json) -> Json {
    let mut target = target.clone();
    if let Some(row) = world.get(GROUPS, group)
        && target["Port"].is_null()
        && !row["Port"].is_null()
    {
        target["Port"] = row["Port"].clone();
    }
    target
}

/// The port that a target's health is asked at.
fn checked_port(world: &World, group: &str, target: &Json) -> Json {
    let port = world.get(GROUPS, group).map_or(Json::Null, |row| row["HealthCheckPort"].clone());
    if port == "traffic-port" { json!(target["Port"].to_string()) } else { port }
}

/// Registers a target whose first health check passes `millis` from now, and which is healthy after the usual
/// number of them.
pub fn register(world: &mut World, group: &str, target: &Json, millis: i64) {
    let target = whole(world, group, target);
    let at = key(group, &target);
    if world.get(TARGETS, &at).is_some_and(|row| row["TargetHealth"]["State"] != "draining") {
        return;
    }
    world.cancel(TARGETS, &at);
    let health = json!({
        "State": "initial", "Reason": "Elb.RegistrationInProgress",
        "Description": "Target registration is in progress",
    });
    let port = checked_port(world, group, &target);
    let row = json!({"Target": target, "HealthCheckPort": port, "TargetHealth": health, "_group": group});
    world.put(TARGETS, &at, row);
    let healthy = json!({"TargetHealth": {"State": "healthy"}});
    world.set_after(millis + durations::TARGET_HEALTHY, TARGETS, &at, healthy);
}

/// Lets a target drain for the group's deregistration delay, `millis` from now.
pub fn deregister(world: &mut World, group: &str, target: &Json, millis: i64) {
    let target = whole(world, group, target);
    let at = key(group, &target);
    let delay = world.get(GROUPS, group).map_or(0, |row| {
        let text = row["_attributes"]["deregistration_delay.timeout_seconds"].as_str().unwrap_or("300");
        text.parse::<i64>().unwrap_or(300) * 1_000
    });
    if world.get(TARGETS, &at).is_none() {
        return;
    }
    world.cancel(TARGETS, &at);
    let draining = json!({
        "State": "draining", "Reason": "Target.DeregistrationInProgress",
        "Description": "Target deregistration is in progress",
    });
    if millis > 0 {
        world.set_after(millis, TARGETS, &at, json!({"TargetHealth": draining}));
    } else if let Some(row) = world.get_mut(TARGETS, &at) {
        row["TargetHealth"] = draining;
    }
    world.after(millis + delay, TARGETS, &at, Effect::Remove);
}

/// `RegisterTargets`.
pub fn register_targets(world: &mut World, rq: &Request<'_>) -> Reply {
    let group = rq.text("TargetGroupArn");
    let row = world.get(GROUPS, group).ok_or_else(no_group)?.clone();
    for target in rq.list("Targets") {
        let id = target["Id"].as_str().unwrap_or_default();
        let fits = match row["TargetType"].as_str().unwrap_or_default() {
            "ip" => id.parse::<std::net::IpAddr>().is_ok(),
            "instance" => id.starts_with("i-"),
            _ => id.starts_with("arn:"),
        };
        if !fits {
            let text = format!("The target ID '{id}' is not valid for target type {}", row["TargetType"]);
            return Err(if row["TargetType"] == "instance" {
                crate::sandbox::Fault::new("InvalidTarget", text)
            } else {
                invalid(text)
            });
        }
    }
    for target in rq.list("Targets") {
        register(world, group, target, 0);
    }
    done()
}

/// `DeregisterTargets`.
pub fn deregister_targets(world: &mut World, rq: &Request<'_>) -> Reply {
    let group = rq.text("TargetGroupArn");
    world.get(GROUPS, group).ok_or_else(no_group)?;
    for target in rq.list("Targets") {
        deregister(world, group, target, 0);
    }
    done()
}

/// `DescribeTargetHealth`.
pub fn describe_health(world: &mut World, rq: &Request<'_>) -> Reply {
    let group = rq.text("TargetGroupArn");
    world.get(GROUPS, group).ok_or_else(no_group)?;
    let used = !balancers_of(world, group).is_empty();
    let mut found: Vec<Json> =
        world.rows(TARGETS).filter(|(_, row)| row["_group"] == group).map(|(_, row)| row.clone()).collect();
    if !rq.list("Targets").is_empty() {
        let asked: Vec<Json> = rq.list("Targets").iter().map(|target| whole(world, group, target)).collect();
        found.retain(|row| {
            asked.iter().any(|t| t["Id"] == row["Target"]["Id"] && t["Port"] == row["Target"]["Port"])
        });
        for target in asked {
            if !found
                .iter()
                .any(|row| row["Target"]["Id"] == target["Id"] && row["Target"]["Port"] == target["Port"])
            {
                let health = json!({
                    "State": "unused", "Reason": "Target.NotRegistered",
                    "Description": "Target is not registered to the target group",
                });
                // The port is told too (moto's test_describe_unknown_targets, which AWS passes).
                let port = checked_port(world, group, &target);
                found.push(json!({"Target": target, "HealthCheckPort": port, "TargetHealth": health}));
            }
        }
    }
    for row in found.iter_mut().filter(|row| !used && row["TargetHealth"]["State"] != "draining") {
        row["TargetHealth"] = json!({
            "State": "unused", "Reason": "Target.NotInUse",
            "Description": "Target group is not configured to receive traffic from the load balancer",
        });
    }
    Ok(json!({"TargetHealthDescriptions": found}))
}
