//! The alarms that target tracking keeps.

use serde_json::{Value as Json, json};

use crate::sandbox::World;

/// CloudWatch's table.
const ALARMS: &str = "cloudwatch.alarm";

/// The metric that a configuration tracks.
fn metric(group: &str, configuration: &Json) -> Json {
    let custom = &configuration["CustomizedMetricSpecification"];
    if !custom["Metrics"].is_null() {
        return json!({"Metrics": custom["Metrics"]});
    }
    if !custom.is_null() {
        return json!({
            "MetricName": custom["MetricName"], "Namespace": custom["Namespace"], "Statistic": custom["Statistic"],
            "Dimensions": custom["Dimensions"].as_array().cloned().unwrap_or_default(), "Period": custom["Period"].as_i64().unwrap_or(60),
        });
    }
    let of_group = json!([{"Name": "AutoScalingGroupName", "Value": group}]);
    let predefined = &configuration["PredefinedMetricSpecification"];
    // `app/NAME/ID/targetgroup/NAME/ID`
    let label = predefined["ResourceLabel"].as_str().unwrap_or_default();
    let (balancer, target) = label.split_once("/targetgroup/").unwrap_or((label, ""));
    let balanced = json!([{"Name": "LoadBalancer", "Value": balancer}, {"Name": "TargetGroup", "Value": format!("targetgroup/{target}")}]);
    let (name, namespace, dimensions, statistic) =
        match predefined["PredefinedMetricType"].as_str().unwrap_or_default() {
            "ASGAverageNetworkIn" => ("NetworkIn", "AWS/EC2", of_group, "Average"),
            "ASGAverageNetworkOut" => ("NetworkOut", "AWS/EC2", of_group, "Average"),
            "ALBRequestCountPerTarget" => ("RequestCountPerTarget", "AWS/ApplicationELB", balanced, "Sum"),
            _ => ("CPUUtilization", "AWS/EC2", of_group, "Average"),
        };
    json!({"MetricName": name, "Namespace": namespace, "Dimensions": dimensions, "Statistic": statistic, "Period": 60})
}

/// Puts a policy's alarms: one to scale out, and one to scale in unless that is disabled.
pub(super) fn put(
    world: &mut World,
    region: &str,
    group: &str,
    policy: &str,
    configuration: &Json,
) -> Vec<Json> {
    let target = configuration["TargetValue"].as_f64().unwrap_or_default();
    let both = [
        ("AlarmHigh", "GreaterThanThreshold", target, 3),
        ("AlarmLow", "LessThanThreshold", target * 0.9, 15),
    ];
    let mut made = Vec::new();
    for (which, comparison, threshold, periods) in both {
        if which == "AlarmLow" && configuration["DisableScaleIn"] == true {
            continue;
        }
        let name = format!("TargetTracking-{group}-{which}-{}", world.uuid());
        let arn = world.arn("cloudwatch", region, &format!("alarm:{name}"));
        let mut alarm = metric(group, configuration);
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
pub(super) fn remove(world: &mut World, policy: &str) {
    let keys: Vec<String> = world
        .rows(ALARMS)
        .filter(|(_, row)| row["_owner"] == policy)
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in keys {
        world.remove(ALARMS, &key);
    }
}
