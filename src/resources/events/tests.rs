//! The law for rules, and what is particular about their targets.

use serde_json::{Value as Json, json};

use super::{Rule, rule::Props};
use crate::resources::{Progress, ResourceType, bench::Bench};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:cutover";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:ops";

/// A role that EventBridge can assume, usable at once.
fn role(bench: &Bench) -> String {
    let trust = json!({"Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "events.amazonaws.com"}}]});
    let arn = "arn:aws:iam::123456789012:role/events";
    bench.world(|world| {
        let row = json!({"Arn": arn, "RoleName": "events", "AssumeRolePolicyDocument": trust.to_string()});
        world.put("iam.role", "events", row);
    });
    arn.to_owned()
}

fn props(value: Json) -> Props {
    serde_json::from_value(value).unwrap()
}

#[test]
fn the_law_for_a_pattern_and_for_a_schedule() {
    let bench = Bench::new();
    let role = role(&bench);
    let states = json!({
        "Name": "dms-states", "Description": "state changes of tasks", "State": "ENABLED",
        "EventPattern": {"source": ["aws.dms"], "detail": {"type": ["REPLICATION_TASK"]}},
        "Targets": [
            {"Id": "function", "Arn": FUNCTION, "RetryPolicy": {"MaximumRetryAttempts": 3}},
            {"Id": "topic", "Arn": TOPIC, "InputTransformer": {
                "InputPathsMap": {"task": "$.resources[0]"}, "InputTemplate": "\"task <task> changed\""}},
        ],
        "Tags": [{"Key": "a", "Value": "1"}],
    });
    let mut changed = states.clone();
    changed["State"] = json!("DISABLED");
    changed["EventPattern"] = json!({"source": ["aws.dms", "aws.rds"]});
    changed["Targets"] = json!([
        {"Id": "function", "Arn": FUNCTION, "Input": "{\"action\": \"check\"}"},
        {"Id": "tasks", "Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/main", "RoleArn": role, "EcsParameters": {
            "TaskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/report:1", "LaunchType": "FARGATE",
            "NetworkConfiguration": {"AwsVpcConfiguration": {"Subnets": ["subnet-1"], "AssignPublicIp": "DISABLED"}}}},
    ]);
    changed["Tags"] = json!([{"Key": "b", "Value": "2"}]);
    changed.as_object_mut().unwrap().remove("Description");
    let nightly = json!({"Name": "nightly", "ScheduleExpression": "cron(0 3 * * ? *)", "RoleArn": role});
    let hourly = json!({"Name": "nightly", "ScheduleExpression": "rate(1 hour)"});
    bench.law_covering::<Rule>(&[(states, Some(changed)), (nightly, Some(hourly))]);
}

#[test]
fn a_rule_on_a_bus_of_its_own_is_referred_to_with_the_bus() {
    let bench = Bench::new();
    bench.run(async { bench.sdk().events().create_event_bus().name("shop").send().await.unwrap() });
    let wanted = json!({"Name": "orders", "EventBusName": "shop", "EventPattern": {"source": ["shop"]}});
    let arn = "arn:aws:events:us-east-1:123456789012:rule/shop/orders";
    assert_eq!(bench.law::<Rule>(wanted.clone(), None).as_str(), arn);
    bench.cx(|cx| {
        let made = bench.run(Rule::create(cx, &bench.permit(), &props(wanted))).unwrap();
        assert_eq!(made.attributes["Ref"], "shop|orders");
        assert_eq!(made.attributes["RuleName"], "orders");
    });
}

/// What others put on a rule goes with it only if the review showed it.
#[test]
fn targets_of_others_are_shown_and_stay_until_they_were() {
    let bench = Bench::new();
    let wanted = props(
        json!({"Name": "mine", "EventPattern": {"source": ["x"]}, "Targets": [{"Id": "own", "Arn": TOPIC}]}),
    );
    bench.cx(|cx| {
        let id = bench.run(Rule::create(cx, &bench.permit(), &wanted)).unwrap().id;
        bench.run(Rule::configure(cx, &bench.permit(), &id, &wanted)).unwrap();
        bench.run(async {
            let target =
                aws_sdk_eventbridge::types::Target::builder().id("theirs").arn(FUNCTION).build().unwrap();
            bench.sdk().events().put_targets().rule("mine").targets(target).send().await.unwrap()
        });
        let seen = bench.run(Rule::attachments(cx, &id, &wanted)).unwrap();
        assert_eq!(seen, [format!("target theirs ({FUNCTION})")]);
        let refused = bench.run(Rule::delete(cx, &bench.permit(), &id, &wanted)).unwrap_err();
        assert!(refused.message.contains("target theirs"), "{refused}");
        let takes = crate::resources::Cx { takes: &seen, ..*cx };
        let gone = bench.run(Rule::delete(&takes, &bench.permit(), &id, &wanted)).unwrap();
        assert_eq!(gone, Progress::Done);
    });
}

#[test]
fn what_eventbridge_would_refuse_is_said_before() {
    for (props, property) in [
        (json!({"Name": "x"}), "EventPattern"),
        (json!({"ScheduleExpression": "rate(1 hour)", "EventBusName": "shop"}), "ScheduleExpression"),
        (
            json!({"EventPattern": {"source": ["x"]}, "Targets": [{"Id": "a", "Arn": TOPIC, "Input": "1", "InputPath": "$"}]}),
            "Targets.0",
        ),
        (
            json!({"EventPattern": {"source": ["x"]}, "Targets": [{"Id": "a", "Arn": TOPIC}, {"Id": "a", "Arn": FUNCTION}]}),
            "Targets.1.Id",
        ),
    ] {
        let found = <Rule as ResourceType>::check(&props);
        assert_eq!(found.first().map(|(name, _)| name.as_str()), Some(property), "{props}");
    }
}
