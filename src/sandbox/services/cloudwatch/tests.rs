//! Alarms follow their metrics.

use serde_json::json;

use super::*;
use crate::sandbox::{Request, World};

fn call(world: &mut World, operation: &str, input: serde_json::Value) -> crate::sandbox::Reply {
    let run = OPERATIONS.iter().find(|o| o.name == operation).unwrap().run;
    run(world, &Request { operation, region: "eu-west-1", access_key: "", input })
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

/// In a served world the last minutes of the calendar have the points of the last minutes of the lifecycles.
#[test]
fn an_alarm_on_a_task_sees_its_points_in_a_world_that_runs_faster_than_its_calendar() {
    let mut world = World::new(1, 1_760_000_000_000);
    world.keep_date(1_760_000_000_000, 60);
    world.advance_to(world.now() + 3_600_000);
    let now = world.now();
    let instance = json!({"ReplicationInstanceIdentifier": "i", "_region": "eu-west-1"});
    world.put("dms.instance", "arn:aws:dms:eu-west-1:123456789012:rep:I", instance);
    let task = json!({
        "ReplicationInstanceArn": "arn:aws:dms:eu-west-1:123456789012:rep:I",
        "ReplicationTaskIdentifier": "t", "ReplicationTaskArn": "arn:aws:dms:eu-west-1:123456789012:task:T",
        "MigrationType": "cdc", "Status": "running", "_run": now - 1_800_000, "_region": "eu-west-1",
    });
    world.put("dms.task", "arn:aws:dms:eu-west-1:123456789012:task:T", task);
    let alarm = json!({
        "AlarmName": "lag", "Namespace": "AWS/DMS", "MetricName": "CDCLatencyTarget", "Statistic": "Maximum",
        "Period": 60, "EvaluationPeriods": 2, "Threshold": 100.0, "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [
            {"Name": "ReplicationInstanceIdentifier", "Value": "i"},
            {"Name": "ReplicationTaskIdentifier", "Value": "T"},
        ],
    });
    call(&mut world, "PutMetricAlarm", alarm).unwrap();
    assert_eq!(state(&mut world), "OK");
    // Whoever's clock is the calendar's asks up to now, whoever's is as fast as the lifecycles up to later: both get the same.
    for end in [world.now_secs(), world.now_secs() + 600.0] {
        let ask = json!({
            "Namespace": "AWS/DMS", "MetricName": "CDCLatencyTarget", "Statistics": ["Maximum"], "Period": 60,
            "StartTime": end - 600.0, "EndTime": end,
            "Dimensions": [
                {"Name": "ReplicationInstanceIdentifier", "Value": "i"},
                {"Name": "ReplicationTaskIdentifier", "Value": "T"},
            ],
        });
        let answer = call(&mut world, "GetMetricStatistics", ask).unwrap();
        let points = answer["Datapoints"].as_array().unwrap();
        assert!(points.len() >= 5, "{answer}");
        let dates = points.iter().filter_map(|point| point["Timestamp"].as_f64());
        assert!(dates.into_iter().all(|date| (end - 660.0..end).contains(&date)), "{answer}");
    }
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

#[test]
fn pages_of_metric_data_are_cut_from_the_points_of_all_results() {
    let mut world = World::new(1, 0);
    for (name, count) in [("A", 3), ("B", 2)] {
        for n in 1..=count {
            let point = json!({"MetricName": name, "Value": n, "Timestamp": n * 60});
            call(&mut world, "PutMetricData", json!({"Namespace": "N", "MetricData": [point]})).unwrap();
        }
    }
    let stat = |id: &str, name: &str| json!({"Id": id, "MetricStat": {"Metric": {"Namespace": "N", "MetricName": name}, "Period": 60, "Stat": "Sum"}});
    let mut input = json!({
        "StartTime": 0, "EndTime": 600, "ScanBy": "TimestampAscending", "MaxDatapoints": 2,
        "MetricDataQueries": [stat("a", "A"), stat("b", "B")],
    });
    let mut told = Vec::new();
    loop {
        let page = call(&mut world, "GetMetricData", input.clone()).unwrap();
        let results = page["MetricDataResults"].as_array().unwrap().clone();
        told.push(results.iter().map(|one| json!([one["Values"], one["StatusCode"]])).collect::<Vec<_>>());
        input["NextToken"] = page["NextToken"].clone();
        if page["NextToken"].is_null() {
            break;
        }
    }
    let (some, whole) = ("PartialData", "Complete");
    assert_eq!(
        told,
        [
            vec![json!([[1.0, 2.0], some]), json!([[], some])],
            vec![json!([[3.0], whole]), json!([[1.0], some])],
            vec![json!([[], whole]), json!([[2.0], whole])],
        ]
    );
    input["NextToken"] = json!("other");
    assert_eq!(call(&mut world, "GetMetricData", input).unwrap_err().code, "InvalidNextToken");
}
