//! Alarms follow their metrics.

use serde_json::json;

use super::*;
use crate::sandbox::{Request, World};

fn call(world: &mut World, operation: &str, input: serde_json::Value) -> crate::sandbox::Reply {
    let run = OPERATIONS.iter().find(|o| o.name == operation).unwrap().run;
    run(world, &Request { operation, region: "eu-west-1", input })
}

fn state(world: &mut World) -> String {
    let answer = call(world, "DescribeAlarms", json!({"AlarmNamePrefix": "la"})).unwrap();
    answer["MetricAlarms"][0]["StateValue"].as_str().unwrap().to_owned()
}

#[test]
fn an_alarm_sees_points_and_their_absence() {
    let mut world = World::new(1, 1_760_000_000_000);
    let alarm = json!({
        "AlarmName": "lag", "Namespace": "AWS/DMS", "MetricName": "CDCLatencySource", "Statistic": "Maximum",
        "Period": 60, "EvaluationPeriods": 2, "Threshold": 10.0, "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [{"Name": "Task", "Value": "t"}],
    });
    call(&mut world, "PutMetricAlarm", alarm).unwrap();
    assert_eq!(state(&mut world), "INSUFFICIENT_DATA");
    for value in [50.0, 60.0] {
        publish(&mut world, "eu-west-1", "AWS/DMS", "CDCLatencySource", &[("Task", "t")], value);
        world.advance_to(world.now() + 60_000);
    }
    publish(&mut world, "eu-west-1", "AWS/DMS", "CDCLatencySource", &[("Task", "t")], 70.0);
    assert_eq!(state(&mut world), "ALARM");
    world.advance_to(world.now() + 60_000);
    publish(&mut world, "eu-west-1", "AWS/DMS", "CDCLatencySource", &[("Task", "t")], 1.0);
    assert_eq!(state(&mut world), "OK");
    world.advance_to(world.now() + 600_000);
    assert_eq!(state(&mut world), "INSUFFICIENT_DATA");
}

#[test]
fn dashboards_must_be_valid() {
    let mut world = World::new(1, 0);
    let body = json!({"widgets": [{"type": "gauge", "properties": {}}]}).to_string();
    let fault =
        call(&mut world, "PutDashboard", json!({"DashboardName": "d", "DashboardBody": body})).unwrap_err();
    assert_eq!(fault.code, "InvalidParameterInput");
    let fault = call(&mut world, "GetDashboard", json!({"DashboardName": "d"})).unwrap_err();
    assert_eq!(fault.code, "ResourceNotFound");
}
