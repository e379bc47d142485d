//! Scaling policies.

use serde_json::{Value as Json, json};

use super::{POLICIES, TARGETS, alarms, invalid, no_target, target_key};
use crate::sandbox::{Fault, Reply, Request, World, done};

fn key(rq: &Request<'_>) -> String {
    format!("{}|{}", target_key(rq), rq.text("PolicyName"))
}

const CONFIGURATIONS: &[(&str, &str)] = &[
    ("TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration"),
    ("StepScaling", "StepScalingPolicyConfiguration"),
    ("PredictiveScaling", "PredictiveScalingPolicyConfiguration"),
];

/// `PutScalingPolicy`: creates or updates.
pub fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    world.get(TARGETS, &target_key(rq)).ok_or_else(|| no_target(rq))?;
    let kind = rq.opt("PolicyType").unwrap_or("StepScaling");
    let old = world.get(POLICIES, &key(rq)).cloned();
    if old.as_ref().is_some_and(|old| old["PolicyType"] != kind) {
        return Err(invalid("The type of an existing scaling policy cannot be changed"));
    }
    for (of, member) in CONFIGURATIONS {
        if *of != kind && !rq.get(member).is_null() {
            return Err(invalid(format!("{member} cannot be specified for a policy of type {kind}")));
        }
        if *of == kind && rq.get(member).is_null() && old.is_none() {
            return Err(invalid(format!("{member} must be specified for a policy of type {kind}")));
        }
    }
    let tracking = rq.get("TargetTrackingScalingPolicyConfiguration");
    if !tracking.is_null() {
        let specifications = ["PredefinedMetricSpecification", "CustomizedMetricSpecification"];
        if specifications.iter().filter(|member| !tracking[**member].is_null()).count() != 1 {
            return Err(invalid(
                "Exactly one of predefined and customized metric specification must be specified",
            ));
        }
    }
    let arn = match &old {
        Some(old) => old["PolicyARN"].as_str().unwrap_or_default().to_owned(),
        None => {
            let id = world.uuid();
            let place = format!("resource/{}/{}", rq.text("ServiceNamespace"), rq.text("ResourceId"));
            let name = format!("scalingPolicy:{id}:{place}:policyName/{}", rq.text("PolicyName"));
            world.arn("autoscaling", rq.region, &name)
        }
    };
    let mut row = old.unwrap_or_else(|| json!({"CreationTime": world.now_secs()}));
    for (member, value) in rq.input.as_object().into_iter().flatten() {
        row[member] = value.clone();
    }
    row["PolicyType"] = json!(kind);
    row["PolicyARN"] = json!(arn);
    if kind == "TargetTrackingScaling"
        && row["TargetTrackingScalingPolicyConfiguration"]["DisableScaleIn"].is_null()
    {
        row["TargetTrackingScalingPolicyConfiguration"]["DisableScaleIn"] = json!(false);
    }
    alarms::remove(world, &arn);
    let alarms: Vec<Json> =
        if kind == "TargetTrackingScaling" { alarms::put(world, rq.region, &row) } else { Vec::new() };
    row["Alarms"] = json!(alarms);
    row["_target"] = json!(target_key(rq));
    row["_region"] = json!(rq.region);
    world.put(POLICIES, &key(rq), row);
    Ok(json!({"PolicyARN": arn, "Alarms": alarms}))
}

/// `DescribeScalingPolicies`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let names = rq.texts("PolicyNames");
    let found = world
        .rows(POLICIES)
        .map(|(_, row)| row)
        .filter(|row| row["_region"] == rq.region && row["ServiceNamespace"] == rq.text("ServiceNamespace"))
        .filter(|row| names.is_empty() || names.iter().any(|name| row["PolicyName"] == *name))
        .filter(|row| rq.opt("ResourceId").is_none_or(|id| row["ResourceId"] == id))
        .filter(|row| {
            rq.opt("ScalableDimension").is_none_or(|dimension| row["ScalableDimension"] == dimension)
        })
        .cloned()
        .collect();
    let (page, next) = rq.page(found, "MaxResults", "NextToken", 10, "InvalidNextTokenException")?;
    Ok(json!({"ScalingPolicies": page, "NextToken": next}))
}

/// `DeleteScalingPolicy`.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = world.remove(POLICIES, &key(rq)).ok_or_else(|| {
        let text = format!("No scaling policy found for the name {}", rq.text("PolicyName"));
        Fault::new("ObjectNotFoundException", text)
    })?;
    alarms::remove(world, row["PolicyARN"].as_str().unwrap_or_default());
    done()
}
