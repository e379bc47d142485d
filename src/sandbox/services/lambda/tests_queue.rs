//! Asynchronous invocations: when they are tried again, when that ends, and where failed events go.

use serde_json::{Value as Json, json};

use super::*;
use crate::sandbox::{Reply, Request, World, services::SERVICES};

const ROLE: &str = "arn:aws:iam::123456789012:role/worker";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:failed";

fn run(world: &mut World, service: &str, operation: &'static str, input: Json) -> Reply {
    let service = SERVICES.iter().find(|one| one.name == service).unwrap();
    let found = service.operations.iter().find(|one| one.name == operation).unwrap().run;
    found(world, &Request { operation, region: "us-east-1", access_key: "", input })
}

fn call(world: &mut World, operation: &'static str, input: Json) -> Reply {
    run(world, "lambda", operation, input)
}

/// An account with the function `f` and a topic.
fn world(more: Json) -> World {
    account(true, more)
}

fn account(runs: bool, more: Json) -> World {
    let mut world = World::new(1, 0);
    let trust = json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}]});
    let role = json!({"RoleName": "worker", "Arn": ROLE, "AssumeRolePolicyDocument": trust.to_string()});
    world.put("iam.role", "worker", role);
    if runs {
        world.keep_code();
    }
    world.advance_to(60_000);
    run(&mut world, "sns", "CreateTopic", json!({"Name": "failed"})).unwrap();
    let mut input = json!({
        "FunctionName": "f", "Role": ROLE, "PackageType": "Image",
        "Code": {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"},
    });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    call(&mut world, "CreateFunction", input).unwrap();
    world.advance_to(120_000);
    world
}

fn send(world: &mut World, payload: &str) {
    enqueue(world, "us-east-1", Queued { function: "f", qualifier: None, payload, delivery: None });
}

/// Lets the time pass, second by second, with a function that always fails: the seconds at which it ran.
fn failing(world: &mut World, seconds: i64) -> Vec<i64> {
    let (began, mut ran) = (world.now(), Vec::new());
    while world.now() <= began + seconds * 1_000 {
        for one in due(world) {
            ran.push((world.now() - began) / 1_000);
            let answer = r#"{"errorMessage": "not today", "errorType": "RuntimeError"}"#;
            attempted(world, &one.key, Attempt { answer, failed: true });
        }
        world.advance_to(world.now() + 1_000);
    }
    ran
}

fn sent(world: &World) -> Vec<Json> {
    world.rows("sns.message").map(|(_, row)| row["_request"].clone()).collect()
}

#[test]
fn a_failed_event_is_tried_after_one_and_two_minutes_and_goes_to_the_dead_letters() {
    let mut world = world(json!({"DeadLetterConfig": {"TargetArn": TOPIC}}));
    send(&mut world, r#"{"order": 1}"#);
    let first = due(&mut world);
    assert_eq!(failing(&mut world, 600), [0, 60, 180]);
    let messages = sent(&world);
    assert_eq!(messages.len(), 1, "{messages:#?}");
    assert_eq!(messages[0]["Message"], r#"{"order": 1}"#, "the event as it came");
    let attributes = &messages[0]["MessageAttributes"];
    assert_eq!(attributes["RequestID"]["StringValue"], first[0].id.as_str(), "one request, three attempts");
    assert_eq!(attributes["ErrorCode"], json!({"DataType": "Number", "StringValue": "200"}));
    assert_eq!(attributes["ErrorMessage"]["StringValue"], "not today");
    // What succeeds is done.
    send(&mut world, "{}");
    let one = due(&mut world).pop().unwrap();
    attempted(&mut world, &one.key, Attempt { answer: "1", failed: false });
    assert_eq!(failing(&mut world, 600), [] as [i64; 0]);
    assert_eq!(sent(&world).len(), 1);
}

#[test]
fn retries_age_and_destinations_are_those_of_the_function_the_alias_or_cloud_control() {
    let mut plain = world(json!({}));
    let put = |more: Json| {
        let mut input = json!({"FunctionName": "f"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let refused = |world: &mut World, more: Json| {
        call(world, "PutFunctionEventInvokeConfig", put(more)).unwrap_err().code
    };
    assert_eq!(refused(&mut plain, json!({})), "InvalidParameterValueException");
    let own = "arn:aws:lambda:us-east-1:123456789012:function:f";
    for to in [own, "arn:aws:ec2:us-east-1:123456789012:vpc/v"] {
        let config = json!({"DestinationConfig": {"OnFailure": {"Destination": to}}});
        assert_eq!(refused(&mut plain, config), "InvalidParameterValueException", "{to}");
    }
    let bucket = json!({"DestinationConfig": {"OnSuccess": {"Destination": "arn:aws:s3:::b"}}});
    assert_eq!(refused(&mut plain, bucket), "InvalidParameterValueException", "buckets are for failures");
    let absent = call(&mut plain, "GetFunctionEventInvokeConfig", put(json!({}))).unwrap_err();
    assert!(
        absent.message.ends_with(":function:f:$LATEST doesn't have an EventInvokeConfig"),
        "{}",
        absent.message
    );

    let mut none = plain.clone();
    let config =
        json!({"MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Destination": TOPIC}}});
    call(&mut none, "PutFunctionEventInvokeConfig", put(config)).unwrap();
    send(&mut none, r#"{"order": 1}"#);
    assert_eq!(failing(&mut none, 600), [0]);
    let record: Json = serde_json::from_str(sent(&none)[0]["Message"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&record["requestContext"]["condition"], &record["requestContext"]["approximateInvokeCount"]),
        (&json!("RetriesExhausted"), &json!(1))
    );
    assert_eq!(record["requestContext"]["functionArn"], format!("{own}:$LATEST"));
    assert_eq!(record["requestPayload"], json!({"order": 1}));
    assert_eq!(
        record["responseContext"],
        json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"})
    );
    assert_eq!(record["responsePayload"]["errorMessage"], "not today");

    // An update keeps the rest; an event that has waited too long is not tried again.
    call(
        &mut none,
        "UpdateFunctionEventInvokeConfig",
        put(json!({"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 100})),
    )
    .unwrap();
    send(&mut none, "{}");
    assert_eq!(failing(&mut none, 600), [0, 60]);
    let record: Json = serde_json::from_str(sent(&none)[1]["Message"].as_str().unwrap()).unwrap();
    assert_eq!(record["requestContext"]["condition"], "EventAgeExceeded");
    call(&mut none, "DeleteFunctionEventInvokeConfig", put(json!({}))).unwrap();
    send(&mut none, "{}");
    assert_eq!(failing(&mut none, 600), [0, 60, 180]);

    // The same setting, made by Cloud Control.
    let mut other = plain.clone();
    let properties = json!({"FunctionName": "f", "Qualifier": "$LATEST", "MaximumRetryAttempts": 1});
    let made = json!({"TypeName": "AWS::Lambda::EventInvokeConfig", "DesiredState": properties.to_string()});
    run(&mut other, "cloudcontrol", "CreateResource", made).unwrap();
    other.advance_to(other.now() + 600_000);
    send(&mut other, "{}");
    assert_eq!(failing(&mut other, 600), [0, 60]);
}

#[test]
fn records_reach_functions_buses_and_queues_and_nothing_waits_for_what_is_gone() {
    let mut base = world(json!({}));
    let queue = "arn:aws:sqs:us-east-1:123456789012:dead";
    for to in [
        "arn:aws:lambda:us-east-1:123456789012:function:g",
        "arn:aws:events:us-east-1:123456789012:event-bus/default",
        queue,
    ] {
        let mut world = base.clone();
        let config = json!({"FunctionName": "f", "MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Destination": to}}});
        call(&mut world, "PutFunctionEventInvokeConfig", config).unwrap();
        let pattern =
            r#"{"source": ["lambda"], "detail-type": ["Lambda Function Invocation Result - Failure"]}"#;
        run(&mut world, "events", "PutRule", json!({"Name": "r", "EventPattern": pattern})).unwrap();
        run(&mut world, "events", "PutTargets", json!({"Rule": "r", "Targets": [{"Id": "q", "Arn": queue}]}))
            .unwrap();
        send(&mut world, "{}");
        failing(&mut world, 0);
        let queued = world.rows(queue::QUEUE).filter(|(_, row)| row["Function"] == to).count();
        let (events, kept) = (world.rows("events.delivery").count(), world.rows("sqs.message").count());
        let wanted = match to.split(':').nth(2).unwrap() {
            "lambda" => (1, 0, 0),
            "events" => (0, 1, 0),
            _ => (0, 0, 1),
        };
        assert_eq!((queued, events, kept), wanted, "{to}");
    }
    send(&mut base, "{}");
    call(&mut base, "DeleteFunction", json!({"FunctionName": "f"})).unwrap();
    assert!(due(&mut base).is_empty());
    assert_eq!(base.rows(queue::QUEUE).count(), 0);
}

#[test]
fn what_a_rule_invokes_waits_only_where_functions_are_run() {
    for runs in [true, false] {
        let mut world = account(runs, json!({}));
        let rule = json!({"Name": "r", "EventPattern": r#"{"source": ["shop"]}"#});
        let rule = run(&mut world, "events", "PutRule", rule).unwrap()["RuleArn"].clone();
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:f";
        run(&mut world, "events", "PutTargets", json!({"Rule": "r", "Targets": [{"Id": "f", "Arn": arn}]}))
            .unwrap();
        let entry = json!({"Entries": [{"Source": "shop", "DetailType": "order", "Detail": "{}"}]});
        run(&mut world, "events", "PutEvents", entry.clone()).unwrap();
        assert_eq!(world.rows(queue::QUEUE).count(), 0, "the function does not let the rule invoke it");
        let permission = json!({"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com", "SourceArn": rule});
        call(&mut world, "AddPermission", permission).unwrap();
        run(&mut world, "events", "PutEvents", entry).unwrap();
        assert_eq!(world.rows(queue::QUEUE).count(), usize::from(runs));
        failing(&mut world, 600);
        let last = world.rows("events.delivery").last().unwrap().1["Ran"].clone();
        assert_eq!(last.is_string(), runs, "{last}");
    }
}
