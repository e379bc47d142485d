//! The law for scalable targets and scaling policies.

use serde_json::{Value as Json, json};

use super::{ScalableTarget, ScalingPolicy};
use crate::{aws::op, resources::bench::Bench};

const ID: &str = "service/payments/web|ecs:service:DesiredCount|ecs";

fn service(bench: &Bench) {
    bench.world(|w| {
        let arn = "arn:aws:ecs:us-east-1:123456789012:service/payments/web";
        w.put(
            "ecs.service",
            arn,
            json!({"serviceArn": arn, "status": "ACTIVE", "desiredCount": 2, "_region": "us-east-1"}),
        );
    });
}

fn target() -> Json {
    json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/payments/web", "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 2, "MaxCapacity": 10, "SuspendedState": {"ScheduledScalingSuspended": true},
        "RoleARN": "arn:aws:iam::123456789012:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
        "ScheduledActions": [
            {"ScheduledActionName": "night", "Schedule": "cron(0 22 * * ? *)", "Timezone": "Europe/Berlin",
             "ScalableTargetAction": {"MinCapacity": 1}, "StartTime": "2027-01-01T00:00:00+01:00"},
            {"ScheduledActionName": "day", "Schedule": "cron(0 6 * * ? *)", "ScalableTargetAction": {"MinCapacity": 2}},
        ],
        "Tags": [{"Key": "a", "Value": "1"}],
    })
}

/// Registers the target through the API.
fn registered(bench: &Bench) {
    service(bench);
    bench.run(async {
        let call = bench.sdk().autoscaling().register_scalable_target().service_namespace("ecs".into());
        let call =
            call.resource_id("service/payments/web").scalable_dimension("ecs:service:DesiredCount".into());
        call.min_capacity(1).max_capacity(4).send().await.unwrap();
    });
}

#[test]
fn a_scalable_target_keeps_the_law() {
    let bench = Bench::new();
    service(&bench);
    let mut changed = target();
    changed["MaxCapacity"] = json!(20);
    changed["ScheduledActions"] = json!([target()["ScheduledActions"][1]]);
    changed["Tags"] = json!([{"Key": "b", "Value": "2"}]);
    changed.as_object_mut().unwrap().remove("SuspendedState");
    bench.law_covering::<ScalableTarget>(&[(target(), Some(changed))]);
}

#[test]
fn a_target_needs_its_service() {
    let bench = Bench::new();
    let error = bench.run(async {
        let call = bench.sdk().autoscaling().register_scalable_target().service_namespace("ecs".into());
        let call =
            call.resource_id("service/payments/web").scalable_dimension("ecs:service:DesiredCount".into());
        op("")(call.min_capacity(1).max_capacity(4).send().await.unwrap_err())
    });
    assert!(
        error.is(&["ValidationException"]) && error.message.contains("ECS service doesn't exist"),
        "{error}"
    );
}

#[test]
fn a_tracking_policy_keeps_the_law_and_takes_its_alarms_along() {
    let bench = Bench::new();
    registered(&bench);
    let props = json!({
        "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "ScalingTargetId": ID,
        "TargetTrackingScalingPolicyConfiguration": {
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            "ScaleInCooldown": 60, "ScaleOutCooldown": 60, "TargetValue": 70},
    });
    let mut changed = props.clone();
    changed["TargetTrackingScalingPolicyConfiguration"] = json!({
        "TargetValue": 50.5, "DisableScaleIn": true,
        "CustomizedMetricSpecification": {
            "MetricName": "Queue", "Namespace": "App", "Statistic": "Average",
            "Dimensions": [{"Name": "Q", "Value": "orders"}]},
    });
    bench.law_covering::<ScalingPolicy>(&[(props, Some(changed))]);
    assert_eq!(bench.world(|w| w.rows("cloudwatch.alarm").count()), 0);
}

#[test]
fn a_step_policy_keeps_the_law() {
    let bench = Bench::new();
    registered(&bench);
    let props = json!({
        "PolicyName": "steps", "PolicyType": "StepScaling", "ResourceId": "service/payments/web",
        "ScalableDimension": "ecs:service:DesiredCount", "ServiceNamespace": "ecs",
        "StepScalingPolicyConfiguration": {
            "AdjustmentType": "ChangeInCapacity", "Cooldown": 60, "MetricAggregationType": "Average",
            "StepAdjustments": [
                {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1},
                {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 2}]},
    });
    let mut changed = props.clone();
    changed["StepScalingPolicyConfiguration"]["Cooldown"] = json!(120);
    bench.law::<ScalingPolicy>(props, Some(changed));
}

#[test]
fn alarms_stand_for_a_policy_and_go_with_the_target() {
    let bench = Bench::new();
    registered(&bench);
    let names = || {
        bench.world(|w| {
            w.rows("cloudwatch.alarm")
                .map(|(_, row)| row["AlarmName"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        })
    };
    bench.run(async {
        use aws_sdk_applicationautoscaling::types::{
            PredefinedMetricSpecification, TargetTrackingScalingPolicyConfiguration,
        };
        let metric = PredefinedMetricSpecification::builder()
            .predefined_metric_type("ECSServiceAverageCPUUtilization".into());
        let tracking = TargetTrackingScalingPolicyConfiguration::builder().target_value(70.0);
        let tracking = tracking.predefined_metric_specification(metric.build().unwrap()).build().unwrap();
        let call =
            bench.sdk().autoscaling().put_scaling_policy().policy_name("cpu").service_namespace("ecs".into());
        let call =
            call.resource_id("service/payments/web").scalable_dimension("ecs:service:DesiredCount".into());
        let call = call.policy_type("TargetTrackingScaling".into());
        let made = call.target_tracking_scaling_policy_configuration(tracking).send().await.unwrap();
        assert_eq!(made.alarms().len(), 2);
    });
    let alarms = names();
    assert_eq!(alarms.len(), 2);
    assert!(
        alarms.iter().any(|name| name.starts_with("TargetTracking-service/payments/web-AlarmHigh-")),
        "{alarms:?}"
    );
    bench.run(async {
        let call = bench.sdk().autoscaling().deregister_scalable_target().service_namespace("ecs".into());
        let call =
            call.resource_id("service/payments/web").scalable_dimension("ecs:service:DesiredCount".into());
        call.send().await.unwrap();
        let call = bench.sdk().autoscaling().describe_scaling_policies().service_namespace("ecs".into());
        assert!(call.send().await.unwrap().scaling_policies().is_empty());
    });
    assert!(names().is_empty());
}
