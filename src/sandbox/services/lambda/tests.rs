//! Versions of functions and how they scale.

use serde_json::{Value as Json, json};

use super::*;
use crate::sandbox::{Reply, Request, World};

const ROLE: &str = "arn:aws:iam::123456789012:role/worker";

fn call(world: &mut World, operation: &str, input: Json) -> Reply {
    let run = OPERATIONS.iter().find(|o| o.name == operation).unwrap().run;
    run(world, &Request { operation, region: "us-east-1", access_key: "", input })
}

fn code(reply: Reply) -> String {
    reply.unwrap_err().code
}

/// An account with the function `f`, on instances if wanted.
fn world(on_instances: bool) -> World {
    let mut world = World::new(1, 0);
    let trust = json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}]});
    let role = json!({"RoleName": "worker", "Arn": ROLE, "AssumeRolePolicyDocument": trust.to_string()});
    world.put("iam.role", "worker", role);
    world.advance_to(60_000);
    let mut input = json!({
        "FunctionName": "f", "Role": ROLE, "PackageType": "Image",
        "Code": {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"},
    });
    if on_instances {
        input["CapacityProviderConfig"] =
            json!({"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": "arn"}});
    }
    call(&mut world, "CreateFunction", input).unwrap();
    world
}

fn settle(world: &mut World) {
    world.advance_to(world.now() + 60_000);
}

fn listed(world: &mut World) -> Vec<String> {
    let answer = call(world, "ListVersionsByFunction", json!({"FunctionName": "f"})).unwrap();
    answer["Versions"].as_array().unwrap().iter().map(|v| v["Version"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_version_keeps_what_it_was() {
    let mut world = world(false);
    let publish = |world: &mut World, more: Json| {
        let mut input = json!({"FunctionName": "f"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call(world, "PublishVersion", input)
    };
    assert_eq!(code(publish(&mut world, json!({}))), "ResourceConflictException");
    settle(&mut world);
    let first = publish(&mut world, json!({"Description": "first"})).unwrap();
    assert_eq!(
        (&first["Version"], &first["State"], &first["Description"]),
        (&json!("1"), &json!("Active"), &json!("first"))
    );
    assert!(first["FunctionArn"].as_str().unwrap().ends_with(":function:f:1"));
    assert_eq!(publish(&mut world, json!({})).unwrap()["Version"], "1", "nothing changed");
    call(&mut world, "UpdateFunctionConfiguration", json!({"FunctionName": "f", "Timeout": 9})).unwrap();
    assert_eq!(code(publish(&mut world, json!({}))), "ResourceConflictException");
    settle(&mut world);
    assert_eq!(code(publish(&mut world, json!({"CodeSha256": "other"}))), "InvalidParameterValueException");
    assert_eq!(code(publish(&mut world, json!({"RevisionId": "other"}))), "PreconditionFailedException");
    assert_eq!(publish(&mut world, json!({})).unwrap()["Version"], "2");
    assert_eq!(listed(&mut world), ["$LATEST", "1", "2"]);
    let timeout = |world: &mut World, qualifier: &str| {
        let input = json!({"FunctionName": "f", "Qualifier": qualifier});
        call(world, "GetFunctionConfiguration", input).unwrap()["Timeout"].clone()
    };
    assert_eq!(
        (timeout(&mut world, "1"), timeout(&mut world, "2"), timeout(&mut world, "$LATEST")),
        (json!(3), json!(9), json!(9))
    );
    let none = json!({"FunctionName": "f", "Qualifier": "3"});
    assert_eq!(code(call(&mut world, "GetFunction", none)), "ResourceNotFoundException");
    let both = json!({"FunctionName": "f:1", "Qualifier": "2"});
    assert_eq!(code(call(&mut world, "GetFunction", both)), "InvalidParameterValueException");
    let latest = json!({"FunctionName": "f", "Qualifier": "$LATEST"});
    assert_eq!(code(call(&mut world, "DeleteFunction", latest)), "InvalidParameterValueException");
    call(&mut world, "DeleteFunction", json!({"FunctionName": "f:2"})).unwrap();
    assert_eq!(listed(&mut world), ["$LATEST", "1"]);
    call(&mut world, "UpdateFunctionConfiguration", json!({"FunctionName": "f", "Timeout": 8})).unwrap();
    settle(&mut world);
    assert_eq!(publish(&mut world, json!({})).unwrap()["Version"], "3", "numbers are given once");
    call(&mut world, "DeleteFunction", json!({"FunctionName": "f"})).unwrap();
    assert!(!world.any("lambda.version", |_| true), "versions go with the function");
}

#[test]
fn published_versions_scale() {
    let mut plain = world(false);
    settle(&mut plain);
    let published = json!({"FunctionName": "f", "PublishTo": "LATEST_PUBLISHED"});
    assert_eq!(code(call(&mut plain, "PublishVersion", published.clone())), "InvalidParameterValueException");
    call(&mut plain, "PublishVersion", json!({"FunctionName": "f"})).unwrap();
    let one = json!({"FunctionName": "f", "Qualifier": "1"});
    assert_eq!(
        code(call(&mut plain, "GetFunctionScalingConfig", one.clone())),
        "InvalidParameterValueException"
    );

    let mut world = world(true);
    settle(&mut world);
    let mut config = json!({"FunctionName": "f", "Qualifier": "$LATEST.PUBLISHED"});
    assert_eq!(
        code(call(&mut world, "GetFunctionScalingConfig", config.clone())),
        "ResourceNotFoundException"
    );
    call(&mut world, "PublishVersion", published.clone()).unwrap();
    call(&mut world, "PublishVersion", json!({"FunctionName": "f"})).unwrap();
    assert_eq!(listed(&mut world), ["$LATEST", "$LATEST.PUBLISHED", "1"]);
    config["FunctionScalingConfig"] = json!({"MinExecutionEnvironments": 3, "MaxExecutionEnvironments": 2});
    assert_eq!(
        code(call(&mut world, "PutFunctionScalingConfig", config.clone())),
        "InvalidParameterValueException"
    );
    config["FunctionScalingConfig"] = json!({"MinExecutionEnvironments": 1, "MaxExecutionEnvironments": 2});
    assert_eq!(
        call(&mut world, "PutFunctionScalingConfig", config.clone()).unwrap()["FunctionState"],
        "Pending"
    );
    settle(&mut world);
    call(&mut world, "PublishVersion", published).unwrap();
    let kept = call(&mut world, "GetFunctionScalingConfig", config).unwrap();
    assert_eq!(
        kept["RequestedFunctionScalingConfig"]["MaxExecutionEnvironments"], 2,
        "kept when it is published again"
    );
    let other = call(&mut world, "GetFunctionScalingConfig", one).unwrap();
    assert!(other["RequestedFunctionScalingConfig"].is_null(), "each version has its own: {other}");
}
