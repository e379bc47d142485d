//! The alarms that target tracking keeps.

use serde_json::{Value as Json, json};

use crate::sandbox::World;

/// CloudWatch's table.
const ALARMS: &str = "cloudwatch.alarm";

/// The metric that a configuration tracks: name, namespace, dimensions, statistic; or a list of queries.
fn metric(row: &Json) -> Json {
    let configuration = &row["TargetTrackingScalingPolicyConfiguration"];
    let custom = &configuration["CustomizedMetricSpecification"];
    if !custom["Metrics"].is_null() {
        return json!({"Metrics": custom["Metrics"]});
    }
    if !custom.is_null() {
        return json!({
            "MetricName": custom["MetricName"], "Namespace": custom["Namespace"],
            "Dimensions": custom["Dimensions"].as_array().cloned().unwrap_or_default(),
            "Statistic": custom["Statistic"], "Period": 60,
        });
    }
    let kind =
        configuration["PredefinedMetricSpecification"]["PredefinedMetricType"].as_str().unwrap_or_default();
    let mut parts = row["ResourceId"].as_str().unwrap_or_default().split('/').skip(1);
    let (cluster, service) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let dimensions = match row["ServiceNamespace"].as_str() {
        Some("ecs") => {
            json!([{"Name": "ClusterName", "Value": cluster}, {"Name": "ServiceName", "Value": service}])
        }
        _ => json!([{"Name": "ResourceId", "Value": row["ResourceId"]}]),
    };
    let (name, namespace) = match kind {
        "ECSServiceAverageCPUUtilization" => ("CPUUtilization", "AWS/ECS"),
        "ECSServiceAverageMemoryUtilization" => ("MemoryUtilization", "AWS/ECS"),
        "ALBRequestCountPerTarget" => ("RequestCountPerTarget", "AWS/ApplicationELB"),
        other => (other, "AWS/ApplicationAutoScaling"),
    };
    let statistic = if kind == "ALBRequestCountPerTarget" { "Sum" } else { "Average" };
    json!({
        "MetricName": name, "Namespace": namespace, "Dimensions": dimensions, "Statistic": statistic, "Period": 60,
    })
}

/// Puts the policy's alarms: one to scale out, and one to scale in unless that is disabled.
pub fn put(world: &mut World, region: &str, row: &Json) -> Vec<Json> {
    let configuration = &row["TargetTrackingScalingPolicyConfiguration"];
    let target = configuration["TargetValue"].as_f64().unwrap_or_default();
    let policy = row["PolicyARN"].as_str().unwrap_or_default();
    let both = [
        ("AlarmHigh", "GreaterThanThreshold", target, 3),
        ("AlarmLow", "LessThanThreshold", target * 0.9, 15),
    ];
    let mut made = Vec::new();
    for (which, comparison, threshold, periods) in both {
        if which == "AlarmLow" && configuration["DisableScaleIn"] == true {
            continue;
        }
        let id = world.uuid();
        let name = format!("TargetTracking-{}-{which}-{id}", row["ResourceId"].as_str().unwrap_or_default());
        let arn = world.arn("cloudwatch", region, &format!("alarm:{name}"));
        let mut alarm = metric(row);
        let more = json!({
            "AlarmName": name, "AlarmArn": arn, "ActionsEnabled": true, "AlarmActions": [policy], "OKActions": [],
            "InsufficientDataActions": [], "ComparisonOperator": comparison, "Threshold": threshold,
            "EvaluationPeriods": periods, "StateValue": "INSUFFICIENT_DATA",
            "StateReason": "Unchecked: Initial alarm creation", "StateUpdatedTimestamp": world.now_secs(),
            "StateTransitionedTimestamp": world.now_secs(), "AlarmConfigurationUpdatedTimestamp": world.now_secs(),
            "AlarmDescription": format!("DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy}."),
            "_kind": "MetricAlarm", "_region": region, "_tags": [], "_owner": policy,
        });
        for (member, value) in more.as_object().into_iter().flatten() {
            alarm[member] = value.clone();
        }
        world.put(ALARMS, &format!("{region}/{name}"), alarm);
        made.push(json!({"AlarmName": name, "AlarmARN": arn}));
    }
    made
}

/// Takes a policy's alarms away.
pub fn remove(world: &mut World, policy: &str) {
    let keys: Vec<String> = world
        .rows(ALARMS)
        .filter(|(_, row)| row["_owner"] == policy)
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in keys {
        world.remove(ALARMS, &key);
    }
}
