//! The law for functions and permissions, and what is special about them.

use serde_json::{Value as Json, json};

use super::{Function, Permission, function_props::Props};
use crate::resources::{Change, Progress, ResourceType, bench::Bench};

const ROLE: &str = "arn:aws:iam::123456789012:role/worker";
const OTHER_ROLE: &str = "arn:aws:iam::123456789012:role/other";

fn bench() -> Bench {
    let bench = Bench::new().optional(&["SnapStartResponse"]);
    bench.world(|world| {
        let trust =
            json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}]})
                .to_string();
        for (name, arn) in [("worker", ROLE), ("other", OTHER_ROLE)] {
            world.put(
                "iam.role",
                name,
                json!({"RoleName": name, "Arn": arn, "AssumeRolePolicyDocument": trust}),
            );
        }
        for config in ["csc-0123456789abcdef0", "csc-0123456789abcdef1"] {
            let arn = format!("arn:aws:lambda:us-east-1:123456789012:code-signing-config:{config}");
            world.put("lambda.code-signing-config", &arn, json!({"CodeSigningConfigArn": arn}));
        }
        world.put(
            "ec2.subnet",
            "subnet-1",
            json!({"SubnetId": "subnet-1", "VpcId": "vpc-1", "_region": "us-east-1"}),
        );
        world.put(
            "ec2.security-group",
            "sg-1",
            json!({"GroupId": "sg-1", "VpcId": "vpc-1", "_region": "us-east-1"}),
        );
    });
    bench
}

fn inline() -> Json {
    json!({
        "FunctionName": "worker", "Role": ROLE, "Handler": "index.handler", "Runtime": "nodejs22.x",
        "Code": {"ZipFile": "exports.handler = async () => 1"},
    })
}

fn rich() -> Json {
    let mut props = inline();
    let more = json!({
        "Description": "works", "Timeout": 30, "MemorySize": 256, "Architectures": ["arm64"],
        "Environment": {"Variables": {"MODE": "fast", "COUNT": 3}}, "EphemeralStorage": {"Size": 1024},
        "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"},
        "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1", "TracingConfig": {"Mode": "Active"},
        "Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:tools:1"],
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/app", "ApplicationLogLevel": "WARN", "SystemLogLevel": "WARN"},
        "SnapStart": {"ApplyOn": "None"}, "ReservedConcurrentExecutions": 5, "RecursiveLoop": "Allow",
        "RuntimeManagementConfig": {"UpdateRuntimeOn": "FunctionUpdate"},
        "CodeSigningConfigArn": "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0",
        "FileSystemConfigs": [{
            "Arn": "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0", "LocalMountPath": "/mnt/a",
        }],
        "Tags": [{"Key": "Team", "Value": "payments"}],
    });
    props.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    props
}

#[test]
fn functions_keep_the_law() {
    let mut changed = rich();
    changed["Code"]["ZipFile"] = json!("exports.handler = async () => 2");
    changed["Runtime"] = json!("nodejs24.x");
    changed["Role"] = json!(OTHER_ROLE);
    changed["Environment"]["Variables"] = json!({"MODE": "slow"});
    changed["Tags"] = json!([{"Key": "Owner", "Value": "me"}]);
    changed["CodeSigningConfigArn"] =
        json!("arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef1");
    changed["RecursiveLoop"] = json!("Terminate");
    let image = json!({
        "FunctionName": "picture", "Role": ROLE, "PackageType": "Image",
        "Code": {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"},
        "ImageConfig": {"Command": ["app.handler"], "WorkingDirectory": "/app"},
    });
    let mut newer = image.clone();
    newer["Code"]["ImageUri"] = json!("123456789012.dkr.ecr.us-east-1.amazonaws.com/app:2");
    let on_instances = |most: i32, memory: f64| {
        let mut props = inline();
        props["CapacityProviderConfig"] = json!({"LambdaManagedInstancesCapacityProviderConfig": {
            "CapacityProviderArn": "arn:aws:lambda:us-east-1:123456789012:capacity-provider:own",
            "ExecutionEnvironmentMemoryGiBPerVCpu": memory, "PerExecutionEnvironmentMaxConcurrency": 16,
        }});
        props["PublishToLatestPublished"] = json!(true);
        props["FunctionScalingConfig"] =
            json!({"MinExecutionEnvironments": 1, "MaxExecutionEnvironments": most});
        props["Description"] = json!("on instances");
        props
    };
    let mut coded = on_instances(4, 2.0);
    coded["Code"]["ZipFile"] = json!("exports.handler = async () => 3");
    let mut plain = on_instances(4, 4.0);
    plain.as_object_mut().unwrap().retain(|name, _| {
        !matches!(name.as_str(), "FunctionScalingConfig" | "PublishToLatestPublished" | "Description")
    });
    // What leaves the template goes back to AWS's defaults.
    bench().law_covering::<Function>(&[
        (on_instances(4, 2.0), Some(on_instances(8, 4.0))),
        (on_instances(4, 2.0), Some(coded)),
        (plain.clone(), Some(on_instances(2, 2.0))),
        (on_instances(4, 4.0), Some(plain)),
        (rich(), Some(changed)),
        (rich(), Some(inline())),
        (image, Some(newer)),
    ]);
}

/// What runs on instances is the published version: it must follow every change.
#[test]
fn the_published_version_is_that_of_the_last_change() {
    let bench = bench();
    let mut old = inline();
    old["CapacityProviderConfig"] = json!({"LambdaManagedInstancesCapacityProviderConfig": {
        "CapacityProviderArn": "arn:aws:lambda:us-east-1:123456789012:capacity-provider:own",
    }});
    old["PublishToLatestPublished"] = json!(true);
    let mut new = old.clone();
    new["Code"]["ZipFile"] = json!("exports.handler = async () => 4");
    new["Timeout"] = json!(77);
    let mut slow = old.clone();
    slow["Timeout"] = json!(55);
    for (from, to, timeout) in [(&old, &new, 77), (&old, &slow, 55), (&slow, &old, 3)] {
        let typed = |json: &Json| -> Props { serde_json::from_value(json.clone()).unwrap() };
        let (before, after) = (typed(from), typed(to));
        let made = bench.cx(|cx| bench.run(Function::create(cx, &bench.permit(), &before))).unwrap();
        bench.advance(std::time::Duration::from_secs(60));
        let changed: Vec<String> = ["Code", "Timeout"]
            .into_iter()
            .filter(|name| from[*name] != to[*name])
            .map(ToOwned::to_owned)
            .collect();
        let change = Change { old: &before, new: &after, changed: &changed };
        let step =
            || bench.cx(|cx| bench.run(Function::update(cx, &bench.permit(), &made.id, &change))).unwrap();
        while let Progress::Again(_) = step() {
            bench.advance(std::time::Duration::from_secs(10));
        }
        let published = bench.world(|w| {
            let version = w.rows("lambda.version").next().map(|(_, row)| row.clone()).unwrap();
            w.rows("lambda.function").next().map(|(_, row)| (version, row["CodeSha256"].clone())).unwrap()
        });
        assert_eq!(
            (published.0["Timeout"].clone(), published.0["CodeSha256"].clone()),
            (json!(timeout), published.1)
        );
        bench.cx(|cx| bench.run(Function::delete(cx, &bench.permit(), &made.id, &before))).unwrap();
    }
}

#[test]
fn code_and_configuration_are_changed_one_after_the_other() {
    let bench = bench();
    let (old, mut new) = (inline(), inline());
    new["Code"]["ZipFile"] = json!("exports.handler = async () => 2");
    new["Timeout"] = json!(60);
    let typed = |json: &Json| -> Props { serde_json::from_value(json.clone()).unwrap() };
    let (old, new) = (typed(&old), typed(&new));
    let changed = ["Code".to_owned(), "Timeout".to_owned()];
    let change = Change { old: &old, new: &new, changed: &changed };
    bench.cx(|cx| {
        bench.run(async {
            let id = Function::create(cx, &bench.permit(), &old).await.unwrap().id;
            bench.advance(std::time::Duration::from_secs(10));
            let mut steps = 0;
            while let Progress::Again(_) = Function::update(cx, &bench.permit(), &id, &change).await.unwrap()
            {
                bench.advance(std::time::Duration::from_secs(2));
                steps += 1;
            }
            assert!(steps >= 1);
        });
    });
    let calls = bench.operations();
    let count = |name: &str| calls.iter().filter(|(_, operation)| operation == name).count();
    assert_eq!((count("UpdateFunctionCode"), count("UpdateFunctionConfiguration")), (1, 1));
}

#[test]
fn a_role_that_is_not_usable_yet_is_to_be_tried_again() {
    let bench = bench();
    bench.world(|world| drop(world.remove("iam.role", "worker")));
    let props: Props = serde_json::from_value(inline()).unwrap();
    let error = bench.cx(|cx| bench.run(Function::create(cx, &bench.permit(), &props))).unwrap_err();
    let retry = Function::FACTS.retry[0];
    assert!(error.is(&[retry.code]) && error.message.contains(retry.message), "{error}");
}

#[test]
fn permissions_keep_the_law() {
    let bench = bench();
    let props: Props = serde_json::from_value(inline()).unwrap();
    bench.cx(|cx| bench.run(Function::create(cx, &bench.permit(), &props))).unwrap();
    for principal in ["events.amazonaws.com", "123456789012", "arn:aws:iam::123456789012:role/worker", "*"] {
        let props = json!({
            "FunctionName": "worker", "Action": "lambda:InvokeFunction", "Principal": principal,
            "SourceArn": "arn:aws:events:us-east-1:123456789012:rule/daily", "SourceAccount": "123456789012",
            "EventSourceToken": "token", "PrincipalOrgID": "o-1234567890", "FunctionUrlAuthType": "AWS_IAM",
            "InvokedViaFunctionUrl": true,
        });
        bench.law_covering::<Permission>(&[(props, None)]);
    }
}
