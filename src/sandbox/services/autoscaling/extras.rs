//! What a group has besides: target groups and other sources of traffic, hooks, notifications, metrics, suspended
//! processes.

use serde_json::{Value as Json, json};

use super::{BAD_TOKEN, GROUPS, fleet, group, invalid};
use crate::sandbox::{Fault, Reply, Request, World, done, services::elbv2};

/// Metrics of groups (Auto Scaling User Guide, group metrics).
const METRICS: &[&str] = &[
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
    "GroupDesiredCapacity",
    "GroupInServiceCapacity",
    "GroupInServiceInstances",
    "GroupMaxSize",
    "GroupMinSize",
    "GroupPendingCapacity",
    "GroupPendingInstances",
    "GroupStandbyCapacity",
    "GroupStandbyInstances",
    "GroupTerminatingCapacity",
    "GroupTerminatingInstances",
    "GroupTotalCapacity",
    "GroupTotalInstances",
    "WarmPoolDesiredCapacity",
    "WarmPoolMinSize",
    "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity",
    "WarmPoolWarmedCapacity",
];

/// Processes that can be suspended.
const PROCESSES: &[&str] = &[
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
];

/// Kinds of notifications.
const KINDS: &[&str] = &[
    "autoscaling:EC2_INSTANCE_LAUNCH",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
    "autoscaling:TEST_NOTIFICATION",
];

/// The target group must be there, and take instances.
pub(super) fn target(world: &World, arn: &str) -> Result<(), Fault> {
    match world.get("elbv2.target-group", arn) {
        None => Err(invalid(format!(
            "Provided Target Groups may not be valid. Please ensure they exist and try again: {arn}"
        ))),
        Some(row) if row["TargetType"] == "ip" || row["TargetType"] == "lambda" => Err(invalid(
            "Provided Target Groups have an invalid target type. Please ensure all provided Target Groups have target type of instance.",
        )),
        Some(_) => Ok(()),
    }
}

fn list(world: &World, key: &str, member: &str) -> Vec<Json> {
    world.get(GROUPS, key).and_then(|row| row[member].as_array().cloned()).unwrap_or_default()
}

fn keep(world: &mut World, key: &str, member: &str, all: Vec<Json>) {
    if let Some(row) = world.get_mut(GROUPS, key) {
        row[member] = json!(all);
    }
}

/// Registers or deregisters what a group has with a target group.
fn turn(world: &mut World, key: &str, arn: &str, on: bool) {
    for (id, _) in fleet::members(world, key) {
        if on {
            elbv2::register(world, arn, &json!({"Id": id}), 0)
        } else {
            elbv2::deregister(world, arn, &json!({"Id": id}), 0)
        }
    }
}

pub(super) fn attach_groups(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let mut all = list(world, &key, "TargetGroupARNs");
    for arn in rq.texts("TargetGroupARNs") {
        target(world, arn)?;
    }
    for arn in rq.texts("TargetGroupARNs") {
        if !all.iter().any(|one| one == arn) {
            all.push(json!(arn));
            turn(world, &key, arn, true);
        }
    }
    keep(world, &key, "TargetGroupARNs", all);
    Ok(json!({}))
}

pub(super) fn detach_groups(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let mut all = list(world, &key, "TargetGroupARNs");
    for arn in rq.texts("TargetGroupARNs") {
        if !all.iter().any(|one| one == arn) {
            return Err(invalid(format!(
                "Trying to remove Target Groups that are not part of the group: {arn}"
            )));
        }
        all.retain(|one| one != arn);
        turn(world, &key, arn, false);
    }
    keep(world, &key, "TargetGroupARNs", all);
    Ok(json!({}))
}

pub(super) fn groups(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let all = list(world, &key, "TargetGroupARNs");
    let all =
        all.iter().map(|arn| json!({"LoadBalancerTargetGroupARN": arn, "State": "InService"})).collect();
    let (page, next) = rq.page(all, "MaxRecords", "NextToken", 100, BAD_TOKEN)?;
    Ok(json!({"LoadBalancerTargetGroups": page, "NextToken": next}))
}

/// Classic load balancers do not exist here.
pub(super) fn attach_balancers(world: &mut World, rq: &Request<'_>) -> Reply {
    group(world, rq)?;
    let name = rq.texts("LoadBalancerNames").first().copied().unwrap_or_default().to_owned();
    Err(invalid(format!(
        "Provided Load Balancers may not be valid. Please ensure they exist and try again: {name}"
    )))
}

pub(super) fn detach_balancers(world: &mut World, rq: &Request<'_>) -> Reply {
    group(world, rq)?;
    Err(invalid("Trying to remove Load Balancers that are not part of the group."))
}

pub(super) fn attach_sources(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let mut all = list(world, &key, "TrafficSources");
    for one in rq.list("TrafficSources") {
        let arn = one["Identifier"].as_str().unwrap_or_default();
        if arn.contains(":targetgroup/") {
            target(world, arn)?;
        }
        if !all.iter().any(|had| had["Identifier"] == one["Identifier"]) {
            all.push(one.clone());
            turn(world, &key, arn, true);
        }
    }
    keep(world, &key, "TrafficSources", all);
    Ok(json!({}))
}

pub(super) fn detach_sources(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let mut all = list(world, &key, "TrafficSources");
    for one in rq.list("TrafficSources") {
        if !all.iter().any(|had| had["Identifier"] == one["Identifier"]) {
            return Err(invalid("Trying to remove traffic sources that are not part of the group."));
        }
        all.retain(|had| had["Identifier"] != one["Identifier"]);
        turn(world, &key, one["Identifier"].as_str().unwrap_or_default(), false);
    }
    keep(world, &key, "TrafficSources", all);
    Ok(json!({}))
}

pub(super) fn sources(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let kind = rq.opt("TrafficSourceType");
    let all = list(world, &key, "TrafficSources");
    let all = all
        .iter()
        .filter(|one| kind.is_none_or(|kind| one["Type"] == kind))
        .map(|one| json!({"Identifier": one["Identifier"], "Type": one["Type"], "TrafficSource": one["Identifier"], "State": "InService"}))
        .collect();
    let (page, next) = rq.page(all, "MaxRecords", "NextToken", 50, BAD_TOKEN)?;
    Ok(json!({"TrafficSources": page, "NextToken": next}))
}

pub(super) fn put_hook(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let name = rq.get("LifecycleHookName").clone();
    let mut all = list(world, &key, "_hooks");
    if let Some(role) = rq.opt("RoleARN") {
        world
            .assumable(role, "autoscaling.amazonaws.com")
            .map_err(|_| invalid("Unable to publish test message to notification target using IAM role. Please check your target and role configuration and try to put lifecycle hook again."))?;
    }
    let mut hook =
        all.iter().find(|one| one["LifecycleHookName"] == name).cloned().unwrap_or_else(|| json!({}));
    for (member, value) in rq.input.as_object().into_iter().flatten() {
        if member != "AutoScalingGroupName" {
            hook[member] = value.clone();
        }
    }
    if hook["LifecycleTransition"].is_null() {
        return Err(invalid("You must provide a transition for the hook"));
    }
    all.retain(|one| one["LifecycleHookName"] != name);
    all.push(hook);
    keep(world, &key, "_hooks", all);
    Ok(json!({}))
}

pub(super) fn delete_hook(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let name = rq.text("LifecycleHookName");
    let mut all = list(world, &key, "_hooks");
    if !all.iter().any(|one| one["LifecycleHookName"] == name) {
        return Err(invalid(format!("No Lifecycle Hook found with name '{name}'")));
    }
    all.retain(|one| one["LifecycleHookName"] != name);
    keep(world, &key, "_hooks", all);
    Ok(json!({}))
}

pub(super) fn hooks(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let names = rq.texts("LifecycleHookNames");
    let mut all = list(world, &key, "_hooks");
    all.retain(|one| names.is_empty() || names.iter().any(|name| one["LifecycleHookName"] == *name));
    for one in &mut all {
        one["AutoScalingGroupName"] = json!(rq.text("AutoScalingGroupName"));
        for (member, value) in [
            ("HeartbeatTimeout", json!(3_600)),
            ("DefaultResult", json!("ABANDON")),
            ("GlobalTimeout", json!(172_800)),
        ] {
            if one[member].is_null() {
                one[member] = value;
            }
        }
    }
    Ok(json!({"LifecycleHooks": all}))
}

pub(super) fn put_notification(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let topic = rq.text("TopicARN");
    if let Some(bad) = rq.texts("NotificationTypes").iter().find(|kind| !KINDS.contains(kind)) {
        return Err(invalid(format!("Notification type {bad} is not valid")));
    }
    if world.get("sns.topic", topic).is_none() {
        return Err(invalid(format!("Invalid topic ARN: {topic}")));
    }
    let mut all = list(world, &key, "_notifications");
    all.retain(|one| one["TopicARN"] != topic);
    all.push(json!({"TopicARN": topic, "NotificationTypes": rq.list("NotificationTypes")}));
    keep(world, &key, "_notifications", all);
    done()
}

pub(super) fn delete_notification(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let topic = rq.text("TopicARN");
    let mut all = list(world, &key, "_notifications");
    all.retain(|one| one["TopicARN"] != topic);
    keep(world, &key, "_notifications", all);
    done()
}

pub(super) fn notifications(world: &mut World, rq: &Request<'_>) -> Reply {
    let names = rq.texts("AutoScalingGroupNames");
    let mut all = Vec::new();
    for (_, row) in world.rows(GROUPS).filter(|(_, row)| row["_region"] == rq.region) {
        let name = &row["AutoScalingGroupName"];
        if !names.is_empty() && !names.iter().any(|wanted| name == *wanted) {
            continue;
        }
        for one in row["_notifications"].as_array().into_iter().flatten() {
            for kind in one["NotificationTypes"].as_array().into_iter().flatten() {
                all.push(json!({"AutoScalingGroupName": name, "TopicARN": one["TopicARN"], "NotificationType": kind}));
            }
        }
    }
    let (page, next) = rq.page(all, "MaxRecords", "NextToken", 50, BAD_TOKEN)?;
    Ok(json!({"NotificationConfigurations": page, "NextToken": next}))
}

fn metrics(rq: &Request<'_>) -> Result<Vec<String>, Fault> {
    let named = rq.texts("Metrics");
    if let Some(bad) = named.iter().find(|name| !METRICS.contains(name)) {
        return Err(invalid(format!("{bad} is not a valid metric type.")));
    }
    Ok(if named.is_empty() { METRICS } else { &named[..] }.iter().map(|name| (*name).to_owned()).collect())
}

pub(super) fn enable_metrics(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    if rq.text("Granularity") != "1Minute" {
        return Err(invalid("Invalid granularity. Valid granularity: 1Minute"));
    }
    let wanted = metrics(rq)?;
    let mut all = list(world, &key, "EnabledMetrics");
    for name in wanted {
        if !all.iter().any(|one| one["Metric"] == name.as_str()) {
            all.push(json!({"Metric": name, "Granularity": "1Minute"}));
        }
    }
    keep(world, &key, "EnabledMetrics", all);
    done()
}

pub(super) fn disable_metrics(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let unwanted = metrics(rq)?;
    let mut all = list(world, &key, "EnabledMetrics");
    all.retain(|one| !unwanted.iter().any(|name| one["Metric"] == name.as_str()));
    keep(world, &key, "EnabledMetrics", all);
    done()
}

fn processes(rq: &Request<'_>) -> Result<Vec<String>, Fault> {
    let named = rq.texts("ScalingProcesses");
    if let Some(bad) = named.iter().find(|name| !PROCESSES.contains(name)) {
        return Err(invalid(format!("{bad} is not a valid scaling process.")));
    }
    Ok(if named.is_empty() { PROCESSES } else { &named[..] }.iter().map(|name| (*name).to_owned()).collect())
}

pub(super) fn suspend(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let mut all = list(world, &key, "SuspendedProcesses");
    for name in processes(rq)? {
        if !all.iter().any(|one| one["ProcessName"] == name.as_str()) {
            all.push(json!({"ProcessName": name, "SuspensionReason": "User suspended"}));
        }
    }
    keep(world, &key, "SuspendedProcesses", all);
    done()
}

pub(super) fn resume(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let names = processes(rq)?;
    let mut all = list(world, &key, "SuspendedProcesses");
    all.retain(|one| !names.iter().any(|name| one["ProcessName"] == name.as_str()));
    keep(world, &key, "SuspendedProcesses", all);
    fleet::settle(world, &key, "a user request resumed processes");
    done()
}
