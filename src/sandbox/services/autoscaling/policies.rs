//! Scaling policies.

use serde_json::{Value as Json, json};

use super::{BAD_TOKEN, POLICIES, alarms, group, invalid, shown};
use crate::sandbox::{Reply, Request, World, done};

/// Which member configures a policy of a type.
const NEEDS: &[(&str, &str)] = &[
    ("PredictiveScaling", "PredictiveScalingConfiguration"),
    ("SimpleScaling", "ScalingAdjustment"),
    ("StepScaling", "StepAdjustments"),
    ("TargetTrackingScaling", "TargetTrackingConfiguration"),
];

/// `PutScalingPolicy`: creates or changes the policy of that name.
pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let (name, of) = (rq.text("PolicyName"), rq.text("AutoScalingGroupName"));
    let kind = rq.opt("PolicyType").unwrap_or("SimpleScaling");
    let Some((_, member)) = NEEDS.iter().find(|(known, _)| *known == kind) else {
        return Err(invalid(format!("{kind} is not a valid PolicyType")));
    };
    if rq.get(member).is_null() || rq.get(member) == &json!([]) {
        return Err(invalid(format!("{member} is required for policy type {kind}")));
    }
    if ["SimpleScaling", "StepScaling"].contains(&kind) && rq.opt("AdjustmentType").is_none() {
        return Err(invalid(format!("AdjustmentType is required for policy type {kind}")));
    }
    if let Some((_, other)) = NEEDS
        .iter()
        .find(|(known, other)| *known != kind && !rq.get(other).is_null() && rq.get(other) != &json!([]))
    {
        return Err(invalid(format!("{other} cannot be specified for policy type {kind}")));
    }
    let tracking = rq.get("TargetTrackingConfiguration");
    if !tracking.is_null() {
        let given = ["PredefinedMetricSpecification", "CustomizedMetricSpecification"];
        if given.iter().filter(|one| !tracking[**one].is_null()).count() != 1 {
            return Err(invalid(
                "Exactly one of predefined and customized metric specification must be specified",
            ));
        }
        if tracking["PredefinedMetricSpecification"]["PredefinedMetricType"] == "ALBRequestCountPerTarget"
            && tracking["PredefinedMetricSpecification"]["ResourceLabel"].is_null()
        {
            return Err(invalid(
                "A resource label must be specified for the ALBRequestCountPerTarget metric",
            ));
        }
    }
    let old =
        world.rows(POLICIES).find(|(_, row)| row["_group"] == key.as_str() && row["PolicyName"] == name);
    let old = old.map(|(at, row)| (at.to_owned(), row.clone()));
    if old.as_ref().is_some_and(|(_, row)| row["PolicyType"] != kind) {
        return Err(invalid("The type of an existing policy cannot be changed"));
    }
    let arn = match &old {
        Some((arn, _)) => arn.clone(),
        None => {
            let id = world.uuid();
            world.arn(
                "autoscaling",
                rq.region,
                &format!("scalingPolicy:{id}:autoScalingGroupName/{of}:policyName/{name}"),
            )
        }
    };
    let mut row = json!({"PolicyARN": arn, "_group": key, "_region": rq.region, "Enabled": true});
    for (member, value) in rq.input.as_object().into_iter().flatten() {
        row[member] = value.clone();
    }
    row["PolicyType"] = json!(kind);
    if kind == "StepScaling" && row["MetricAggregationType"].is_null() {
        row["MetricAggregationType"] = json!("Average");
    }
    if kind == "TargetTrackingScaling" && row["TargetTrackingConfiguration"]["DisableScaleIn"].is_null() {
        row["TargetTrackingConfiguration"]["DisableScaleIn"] = json!(false);
    }
    alarms::remove(world, &arn);
    let made: Vec<Json> = if kind == "TargetTrackingScaling" {
        alarms::put(world, rq.region, of, &arn, &row["TargetTrackingConfiguration"])
    } else {
        Vec::new()
    };
    row["Alarms"] = json!(made);
    world.put(POLICIES, &arn, row);
    Ok(json!({"PolicyARN": arn, "Alarms": made}))
}

/// `DescribePolicies`: names may be ARNs.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let (of, names, kinds) =
        (rq.opt("AutoScalingGroupName"), rq.texts("PolicyNames"), rq.texts("PolicyTypes"));
    let all = world
        .rows(POLICIES)
        .map(|(_, row)| row)
        .filter(|row| row["_region"] == rq.region)
        .filter(|row| of.is_none_or(|of| row["AutoScalingGroupName"] == of))
        .filter(|row| {
            names.is_empty()
                || names.iter().any(|name| row["PolicyName"] == *name || row["PolicyARN"] == *name)
        })
        .filter(|row| kinds.is_empty() || kinds.iter().any(|kind| row["PolicyType"] == *kind))
        .map(shown)
        .collect();
    let (page, next) = rq.page(all, "MaxRecords", "NextToken", 50, BAD_TOKEN)?;
    Ok(json!({"ScalingPolicies": page, "NextToken": next}))
}

/// `DeletePolicy`: its alarms go with it.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let (of, name) = (rq.opt("AutoScalingGroupName"), rq.text("PolicyName"));
    let fits = |row: &Json| {
        row["_region"] == rq.region
            && (row["PolicyARN"] == name || row["PolicyName"] == name)
            && of.is_none_or(|of| row["AutoScalingGroupName"] == of)
    };
    let found = world.rows(POLICIES).find(|(_, row)| fits(row)).map(|(arn, _)| arn.to_owned());
    let arn = found.ok_or_else(|| invalid("ScalingPolicy not found"))?;
    world.remove(POLICIES, &arn);
    alarms::remove(world, &arn);
    done()
}
