//! The law for clusters, task definitions and services, and how the sandbox's services behave.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{Cluster, Service, TaskDefinition};
use crate::{
    aws::op,
    model::{Ownership, PhysicalId},
    resources::{Cx, Goal, Probe, ResourceType, bench::Bench, elasticloadbalancingv2::tests::network},
};

const ROLE: &str = "arn:aws:iam::123456789012:role/execution";
const TASKS: &str = "ecs-tasks.amazonaws.com";

/// A role that the service may assume `usable` milliseconds from now.
fn role(bench: &Bench, principal: &str, usable: i64) {
    bench.world(|w| {
        let trust = json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}]});
        let at = w.now() + usable;
        let row = json!({"Arn": ROLE, "RoleName": "execution", "AssumeRolePolicyDocument": trust.to_string(), "_usable": at});
        w.put("iam.role", "execution", row);
    });
}

fn definition() -> Json {
    json!({
        "Family": "payment-task", "Cpu": "512", "Memory": "1024", "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"], "ExecutionRoleArn": ROLE, "TaskRoleArn": ROLE,
        "RuntimePlatform": {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"},
        "EphemeralStorage": {"SizeInGiB": 30},
        "Volumes": [
            {"Name": "scratch"},
            {"Name": "shared", "EFSVolumeConfiguration": {
                "FilesystemId": "fs-1", "TransitEncryption": "ENABLED", "AuthorizationConfig": {"IAM": "ENABLED"}}},
        ],
        "ContainerDefinitions": [{
            "Name": "web", "Image": "nginx:latest", "Essential": true, "Command": ["nginx", "-g", "daemon off;"],
            "Environment": [{"Name": "B", "Value": "2"}, {"Name": "A", "Value": "1"}],
            "Secrets": [{"Name": "DB", "ValueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:db"}],
            "PortMappings": [{"ContainerPort": 80, "Protocol": "tcp"}, {"ContainerPort": 9090, "Name": "metrics"}],
            "LogConfiguration": {"LogDriver": "awslogs", "Options": {
                "awslogs-group": "/ecs/payment", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"}},
            "HealthCheck": {"Command": ["CMD-SHELL", "true"], "StartPeriod": 10},
            "MountPoints": [{"SourceVolume": "scratch", "ContainerPath": "/tmp", "ReadOnly": false}],
            "Ulimits": [{"Name": "nofile", "SoftLimit": 1024, "HardLimit": 4096}],
            "LinuxParameters": {"InitProcessEnabled": true, "Capabilities": {"Drop": ["ALL"]}},
            "DependsOn": [{"ContainerName": "sidecar", "Condition": "START"}],
            "ReadonlyRootFilesystem": false, "StopTimeout": 30, "DockerLabels": {"app": "web"},
        }, {
            "Name": "sidecar", "Image": "envoy:v1", "Essential": false, "Cpu": 64, "MemoryReservation": 128,
            "ResourceRequirements": [{"Type": "GPU", "Value": "1", "SharingStrategy": {
                "NvidiaMps": {"Memory": 2048, "MaxComputePercent": 50}}}],
            "RestartPolicy": {"Enabled": true, "IgnoredExitCodes": [0], "RestartAttemptPeriod": 60},
        }],
        "Tags": [{"Key": "CostCenter", "Value": "payments"}],
    })
}

fn tag() -> aws_sdk_ecs::types::Tag {
    aws_sdk_ecs::types::Tag::builder().key("a").value("1").build()
}

/// Makes network, role, cluster, listening target group and task definition; answers the latter two's ARNs.
fn ground(bench: &Bench) -> (String, String) {
    network(bench);
    role(bench, TASKS, 0);
    bench.run(async {
        bench.sdk().ecs().create_cluster().cluster_name("payments").send().await.unwrap();
        let elb = bench.sdk().elb();
        let call = elb.create_load_balancer().name("web").subnets("subnet-a").subnets("subnet-b");
        let balancer = call.security_groups("sg-1").send().await.unwrap();
        let call = elb.create_target_group().name("web").port(80).vpc_id("vpc-1");
        let group = call.protocol("HTTP".into()).target_type("ip".into()).send().await.unwrap();
        let group = group.target_groups()[0].target_group_arn().unwrap().to_owned();
        let action = aws_sdk_elasticloadbalancingv2::types::Action::builder().r#type("forward".into());
        let call = elb.create_listener().port(80).protocol("HTTP".into());
        let call = call.load_balancer_arn(balancer.load_balancers()[0].load_balancer_arn().unwrap());
        call.default_actions(action.target_group_arn(&group).build()).send().await.unwrap();
        (group, register(bench, "1").await)
    })
}

async fn register(bench: &Bench, version: &str) -> String {
    let port = aws_sdk_ecs::types::PortMapping::builder().container_port(80).build();
    let image = format!("nginx:{version}");
    let web = aws_sdk_ecs::types::ContainerDefinition::builder()
        .name("web")
        .image(image)
        .port_mappings(port)
        .build();
    let call = bench.sdk().ecs().register_task_definition().family("web").container_definitions(web);
    let call = call.cpu("256").memory("512").network_mode("awsvpc".into()).execution_role_arn(ROLE);
    let answer = call.requires_compatibilities("FARGATE".into()).tags(tag()).send().await.unwrap();
    answer.task_definition().unwrap().task_definition_arn().unwrap().to_owned()
}

fn service(group: &str, definition: &str) -> Json {
    json!({
        "ServiceName": "payment-service", "Cluster": "payments", "TaskDefinition": definition, "DesiredCount": 2,
        "LaunchType": "FARGATE", "PlatformVersion": "LATEST", "SchedulingStrategy": "REPLICA",
        "HealthCheckGracePeriodSeconds": 60, "EnableECSManagedTags": false, "EnableExecuteCommand": true,
        "PropagateTags": "SERVICE", "AvailabilityZoneRebalancing": "DISABLED",
        "DeploymentController": {"Type": "ECS"},
        "DeploymentConfiguration": {
            "MaximumPercent": 200, "MinimumHealthyPercent": 50,
            "DeploymentCircuitBreaker": {"Enable": true, "Rollback": true},
            "Alarms": {"AlarmNames": [], "Enable": false, "Rollback": false},
        },
        "LoadBalancers": [{"ContainerName": "web", "ContainerPort": 80, "TargetGroupArn": group}],
        "NetworkConfiguration": {"AwsvpcConfiguration": {
            "AssignPublicIp": "DISABLED", "SecurityGroups": ["sg-1"], "Subnets": ["subnet-b", "subnet-a"]}},
        "Tags": [{"Key": "CostCenter", "Value": "payments"}],
    })
}

#[test]
fn a_cluster_keeps_the_law() {
    let bench = Bench::new();
    let props = json!({
        "ClusterName": "payments", "ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}],
        "CapacityProviders": ["FARGATE"],
        "DefaultCapacityProviderStrategy": [{"CapacityProvider": "FARGATE", "Weight": 1}],
        "Configuration": {"ExecuteCommandConfiguration": {"Logging": "OVERRIDE", "LogConfiguration": {
            "CloudWatchLogGroupName": "/exec", "CloudWatchEncryptionEnabled": true}}},
        "Tags": [{"Key": "a", "Value": "1"}],
    });
    let mut changed = props.clone();
    changed["ClusterSettings"][0]["Value"] = json!("disabled");
    changed["CapacityProviders"] = json!(["FARGATE", "FARGATE_SPOT"]);
    changed["DefaultCapacityProviderStrategy"][0]["Base"] = json!(2);
    changed["Configuration"] = json!({"ExecuteCommandConfiguration": {"Logging": "NONE"}});
    changed["Tags"] = json!([{"Key": "b", "Value": "2"}]);
    bench.law_covering::<Cluster>(&[(props, Some(changed))]);
}

#[test]
fn a_task_definition_keeps_the_law() {
    let bench = Bench::new();
    let mut changed = definition();
    changed["Tags"] = json!([{"Key": "a", "Value": "1"}]);
    let first = bench.law::<TaskDefinition>(definition(), Some(changed.clone()));
    assert!(first.as_str().ends_with("task-definition/payment-task:1"), "{first}");
    // Revisions are listed only when the newest is somebody else's: the test below.
    bench.covers::<TaskDefinition>(0, &["ecs:ListTaskDefinitions"]);
}

#[test]
fn only_our_own_revision_is_found() {
    let bench = Bench::new();
    let props: <TaskDefinition as ResourceType>::Props = serde_json::from_value(definition()).unwrap();
    let address = crate::model::Address::new("bench", "Web");
    let owner = |generation| crate::aws::Owner { migration: "m".into(), lineage: "l".into(), generation };
    let on = |generation: u32| {
        let owner = owner(generation);
        let cx = Cx {
            owner: &owner,
            address: &address,
            sdk: bench.sdk(),
            region: "us-east-1",
            account: "123456789012",
            partition: "aws",
            empty_on_delete: false,
            snapshot: None,
            attempted: &[],
            takes: &[],
            update_policy: &serde_json::Value::Null,
            shelf: None,
        };
        let permit = bench.permit();
        let id = bench.run(TaskDefinition::create(&cx, &permit, &props)).unwrap().id;
        (id, bench.run(TaskDefinition::find(&cx, &props)).unwrap().unwrap().id)
    };
    let (old, seen) = on(0);
    assert_eq!(old, seen);
    let (new, seen) = on(1);
    assert_eq!(new, seen, "an older revision of ours is not mistaken for the new one");
    assert_ne!(old, new);
    // A stranger's revision on top of ours does not hide it.
    bench.run(async {
        let web =
            aws_sdk_ecs::types::ContainerDefinition::builder().name("web").image("x").memory(128).build();
        let call =
            bench.sdk().ecs().register_task_definition().family("payment-task").container_definitions(web);
        call.send().await.unwrap();
    });
    let owner = owner(1);
    let found = bench.run(async {
        let cx = Cx {
            owner: &owner,
            address: &address,
            sdk: bench.sdk(),
            region: "us-east-1",
            account: "123456789012",
            partition: "aws",
            empty_on_delete: false,
            snapshot: None,
            attempted: &[],
            takes: &[],
            update_policy: &serde_json::Value::Null,
            shelf: None,
        };
        TaskDefinition::find(&cx, &props).await.unwrap().unwrap()
    });
    assert_eq!((found.id, found.ownership), (new, Ownership::Ours));
}

#[test]
fn a_service_keeps_the_law() {
    let bench = Bench::new();
    let (group, first) = ground(&bench);
    let second = bench.run(register(&bench, "2"));
    let props = service(&group, &first);
    let mut changed = service(&group, &second);
    changed["DesiredCount"] = json!(3);
    changed["HealthCheckGracePeriodSeconds"] = json!(90);
    changed["EnableExecuteCommand"] = json!(false);
    changed["DeploymentConfiguration"]["MinimumHealthyPercent"] = json!(100);
    changed["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"] = json!(["sg-1", "sg-2"]);
    changed["Tags"] = json!([{"Key": "b", "Value": "2"}]);
    changed["ForceNewDeployment"] = json!({"EnableForceNewDeployment": true, "ForceNewDeploymentNonce": "1"});
    bench.law_covering::<Service>(&[(props, Some(changed))]);
}

#[test]
fn a_service_of_capacity_providers_keeps_the_law() {
    let bench = Bench::new();
    let (_, definition) = ground(&bench);
    let mut props = service("", &definition);
    for left_out in ["LaunchType", "LoadBalancers", "HealthCheckGracePeriodSeconds"] {
        props.as_object_mut().unwrap().remove(left_out);
    }
    props["TaskDefinition"] = json!("web:1");
    props["DeploymentConfiguration"]["LifecycleHooks"] = json!([{
        "HookTargetArn": "arn:aws:lambda:us-east-1:123456789012:function:gate", "RoleArn": ROLE,
        "LifecycleStages": ["PRE_SCALE_UP"], "HookDetails": {"limit": 3, "checks": ["smoke", true, -1, 0.5]},
    }]);
    props["ServiceConnectConfiguration"] = json!({
        "Enabled": true, "Namespace": "payments", "ContainerConfigurations": [{"LogLevel": "debug"}],
    });
    props["CapacityProviderStrategy"] = json!([{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]);
    let mut changed = props.clone();
    changed["DesiredCount"] = json!(0);
    changed["DeploymentConfiguration"]["LifecycleHooks"][0]["HookDetails"] = json!({"limit": 4});
    changed["ServiceConnectConfiguration"]["ContainerConfigurations"][0]["LogLevel"] = json!("info");
    bench.law::<Service>(props, Some(changed));
}

fn look(bench: &Bench, props: &Json, id: &str) -> Probe {
    let props: <Service as ResourceType>::Props = serde_json::from_value(props.clone()).unwrap();
    bench.cx(|cx| bench.run(Service::probe(cx, &PhysicalId::from(id), &props, Goal::Ready))).unwrap()
}

fn create(bench: &Bench, props: &Json) -> Result<String, crate::aws::OpError> {
    let typed: <Service as ResourceType>::Props = serde_json::from_value(props.clone()).unwrap();
    let permit = bench.permit();
    bench.cx(|cx| bench.run(Service::create(cx, &permit, &typed))).map(|created| created.id.0)
}

#[test]
fn a_service_needs_a_listener_and_is_steady_when_its_targets_are_healthy() {
    let bench = Bench::new();
    let (group, definition) = ground(&bench);
    let alone = bench.run(async {
        let call = bench.sdk().elb().create_target_group().name("alone").port(80).vpc_id("vpc-1");
        let made = call.protocol("HTTP".into()).target_type("ip".into()).send().await.unwrap();
        made.target_groups()[0].target_group_arn().unwrap().to_owned()
    });
    let error = create(&bench, &service(&alone, &definition)).unwrap_err();
    assert!(error.message.contains("does not have an associated load balancer"), "{error}");
    assert!(Service::FACTS.retry.iter().any(|r| error.is(&[r.code]) && error.message.contains(r.message)));

    let props = service(&group, &definition);
    let id = create(&bench, &props).unwrap();
    assert!(matches!(look(&bench, &props, &id), Probe::Pending(_)));
    let interfaces = || {
        bench.world(|w| {
            w.rows("ec2.network-interface")
                .filter(|(_, row)| row["_owner"].as_str().is_some_and(|owner| owner.contains("ecs")))
                .count()
        })
    };
    assert_eq!(interfaces(), 2);
    bench.advance(Duration::from_secs(100));
    assert!(matches!(look(&bench, &props, &id), Probe::Works(_)), "tasks run, targets are not healthy yet");
    bench.advance(Duration::from_secs(60));
    assert!(matches!(look(&bench, &props, &id), Probe::Reached(_)));
    let health = bench.run(async {
        bench.sdk().elb().describe_target_health().target_group_arn(&group).send().await.unwrap()
    });
    let states: Vec<_> = health
        .target_health_descriptions()
        .iter()
        .map(|d| d.target_health().unwrap().state().unwrap().as_str())
        .collect();
    assert_eq!(states, ["healthy", "healthy"]);
    bench.run(async {
        let ecs = bench.sdk().ecs();
        let error = op("")(ecs.delete_cluster().cluster("payments").send().await.unwrap_err());
        assert!(error.is(&["ClusterContainsServicesException"]));
        let error = op("")(
            ecs.delete_service().cluster("payments").service("payment-service").send().await.unwrap_err(),
        );
        assert!(error.message.contains("scaled above 0"));
        ecs.delete_service().cluster("payments").service("payment-service").force(true).send().await.unwrap();
        let error = op("")(ecs.delete_cluster().cluster("payments").send().await.unwrap_err());
        assert!(error.is(&["ClusterContainsServicesException"]), "still draining: {error}");
    });
    let error = create(&bench, &props).unwrap_err();
    assert!(error.message.contains("still Draining"));
    bench.advance(Duration::from_secs(61));
    assert_eq!(interfaces(), 0);
    bench.run(async { bench.sdk().ecs().delete_cluster().cluster("payments").send().await.unwrap() });
}

#[test]
fn a_role_that_is_not_usable_yet_delays_a_service_and_a_wrong_one_fails_it() {
    let bench = Bench::new();
    let (group, definition) = ground(&bench);
    role(&bench, TASKS, 30_000);
    let props = service(&group, &definition);
    let id = create(&bench, &props).unwrap();
    bench.advance(Duration::from_secs(160));
    assert!(matches!(look(&bench, &props, &id), Probe::Works(_)), "tasks run, targets are not healthy yet");
    bench.advance(Duration::from_secs(30));
    assert!(matches!(look(&bench, &props, &id), Probe::Reached(_)));

    role(&bench, "ec2.amazonaws.com", 0);
    let mut props = service(&group, &definition);
    props["ServiceName"] = json!("wrong");
    let id = create(&bench, &props).unwrap();
    bench.advance(Duration::from_secs(300));
    let Probe::Failed(why) = look(&bench, &props, &id) else { panic!("the circuit breaker gave up") };
    assert!(why.contains("unable to assume the role"), "{why}");
}

#[test]
fn auto_scaling_is_not_fought() {
    let bench = Bench::new();
    let (group, definition) = ground(&bench);
    let props = service(&group, &definition);
    let id = create(&bench, &props).unwrap();
    bench.advance(Duration::from_secs(200));
    bench.run(async {
        let call = bench.sdk().ecs().update_service().cluster("payments").service("payment-service");
        call.desired_count(5).send().await.unwrap();
    });
    let typed: <Service as ResourceType>::Props = serde_json::from_value(props).unwrap();
    let live = bench.cx(|cx| bench.run(Service::read(cx, &PhysicalId::from(id), &typed))).unwrap().unwrap();
    assert_eq!(live.DesiredCount, Some(2));
}
