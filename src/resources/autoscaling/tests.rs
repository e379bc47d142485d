//! The law for groups and policies, and how instances are replaced and drained.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{AutoScalingGroup, ScalingPolicy, group::Props};
use crate::resources::{Change, Cx, Goal, Probe, Progress, ResourceType, bench::Bench};

/// Two subnets, a target group and a launch template of two versions, made through the API.
fn world(bench: &Bench) -> (Vec<String>, String, String) {
    let made = bench.run(async {
        let ec2 = bench.sdk().ec2();
        let vpc = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
        bench.advance(Duration::from_secs(3));
        let mut subnets = Vec::new();
        for (at, zone) in ["us-east-1a", "us-east-1b", "us-east-1c"].iter().enumerate() {
            let call = ec2.create_subnet().vpc_id(&vpc).cidr_block(format!("10.0.{at}.0/24")).availability_zone(*zone);
            subnets.push(call.send().await.unwrap().subnet.unwrap().subnet_id.unwrap());
        }
        let call = bench.sdk().elb().create_target_group().name("app").port(80).vpc_id(&vpc);
        let made = call.protocol("HTTP".into()).target_type("instance".into()).send().await.unwrap();
        let target = made.target_groups()[0].target_group_arn().unwrap().to_owned();
        let data = |kind: &str| {
            aws_sdk_ec2::types::RequestLaunchTemplateData::builder()
                .image_id("resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")
                .instance_type(kind.into())
                .build()
        };
        let call = ec2.create_launch_template().launch_template_name("app").launch_template_data(data("t3.medium"));
        let template = call.send().await.unwrap().launch_template.unwrap().launch_template_id.unwrap();
        bench.advance(Duration::from_secs(1));
        let call = ec2.create_launch_template_version().launch_template_id(&template);
        call.launch_template_data(data("t3.large")).send().await.unwrap();
        let trust = json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "autoscaling.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        bench.world(|world| {
            let arn = "arn:aws:iam::123456789012:role/hooks";
            let row = json!({"Arn": arn, "RoleName": "hooks", "AssumeRolePolicyDocument": trust.to_string()});
            world.put("iam.role", "hooks", row);
            for name in ["ops", "audit"] {
                let arn = format!("arn:aws:sns:us-east-1:123456789012:{name}");
                world.put("sns.topic", &arn, json!({"TopicArn": arn, "_attributes": {}}));
            }
        });
        (subnets, target, template)
    });
    bench.advance(Duration::from_secs(3));
    made
}

fn group(subnets: &[String], target: &str, template: &str, version: &str) -> Json {
    json!({
        "AutoScalingGroupName": "app", "MinSize": "3", "MaxSize": "9", "DesiredCapacity": "3",
        "VPCZoneIdentifier": subnets, "TargetGroupARNs": [target], "HealthCheckType": "ELB", "HealthCheckGracePeriod": 60,
        "LaunchTemplate": {"LaunchTemplateId": template, "Version": version},
        "Tags": [{"Key": "Name", "Value": "app", "PropagateAtLaunch": true}],
    })
}

fn typed(json: &Json) -> Props {
    serde_json::from_value(json.clone()).unwrap()
}

#[test]
fn groups_keep_the_law() {
    let bench = Bench::new();
    let (subnets, target, template) = world(&bench);
    let mut first = group(&subnets, &target, &template, "1");
    first["NotificationConfigurations"] = json!([{"TopicARN": "arn:aws:sns:us-east-1:123456789012:ops",
        "NotificationTypes": ["autoscaling:EC2_INSTANCE_TERMINATE", "autoscaling:EC2_INSTANCE_LAUNCH"]}]);
    first["MetricsCollection"] =
        json!([{"Granularity": "1Minute", "Metrics": ["GroupDesiredCapacity", "GroupMinSize"]}]);
    first["LifecycleHookSpecificationList"] = json!([{"LifecycleHookName": "out", "DefaultResult": "CONTINUE",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "HeartbeatTimeout": 60}]);
    first["InstanceMaintenancePolicy"] = json!({"MinHealthyPercentage": 90, "MaxHealthyPercentage": 110});
    let mut then = first.clone();
    then["MaxSize"] = json!("6");
    then["MinSize"] = json!("1");
    then["DesiredCapacity"] = json!("2");
    then["Cooldown"] = json!("60");
    then["LaunchTemplate"]["Version"] = json!("2");
    then["VPCZoneIdentifier"] = json!([subnets[0], subnets[1]]);
    then["TerminationPolicies"] = json!(["OldestInstance"]);
    then["DefaultInstanceWarmup"] = json!(30);
    then["NotificationConfigurations"] = json!([{"TopicARN": "arn:aws:sns:us-east-1:123456789012:audit",
        "NotificationTypes": ["autoscaling:EC2_INSTANCE_LAUNCH"]}]);
    then["MetricsCollection"] = json!([{"Granularity": "1Minute"}]);
    then["LifecycleHookSpecificationList"] = json!([{"LifecycleHookName": "in",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "RoleARN": "arn:aws:iam::123456789012:role/hooks",
        "NotificationTargetARN": "arn:aws:sns:us-east-1:123456789012:ops"}]);
    then["Tags"] = json!([{"Key": "Team", "Value": "app", "PropagateAtLaunch": false}]);
    then.as_object_mut().unwrap().remove("TargetGroupARNs");
    then["TrafficSources"] = json!([{"Identifier": target, "Type": "elbv2"}]);
    let mut mixed = group(&subnets, &target, &template, "1");
    mixed.as_object_mut().unwrap().remove("LaunchTemplate");
    mixed["MixedInstancesPolicy"] = json!({
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "1"},
            "Overrides": [{"InstanceType": "t3.medium"}, {"InstanceType": "t3a.medium"}],
        },
        "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 50, "SpotAllocationStrategy": "price-capacity-optimized"},
    });
    mixed.as_object_mut().unwrap().remove("TargetGroupARNs");
    mixed["TrafficSources"] = json!([{"Identifier": target, "Type": "elbv2"}]);
    let mut back = mixed.clone();
    back.as_object_mut().unwrap().remove("TrafficSources");
    back["TargetGroupARNs"] = json!([target]);
    let before = bench.operations().len();
    bench.law::<AutoScalingGroup>(first, Some(then));
    bench.law::<AutoScalingGroup>(mixed, Some(back));
    bench.covers::<AutoScalingGroup>(
        before,
        &[
            // Classic load balancers do not exist in the sandbox.
            "autoscaling:AttachLoadBalancers",
            "autoscaling:DetachLoadBalancers",
            // The tests below.
            "autoscaling:DescribeInstanceRefreshes",
            "autoscaling:DescribeScalingActivities",
            "autoscaling:StartInstanceRefresh",
            "autoscaling:SuspendProcesses",
            "autoscaling:ResumeProcesses",
        ],
    );
}

/// What a group does, and why it does not get its instances, stands in its activities; those that are done are no news.
#[test]
fn activities_that_are_not_done_are_news() {
    let bench = Bench::new();
    let (subnets, target, template) = world(&bench);
    let props = typed(&group(&subnets, &target, &template, "1"));
    let id = bench.cx(|cx| bench.run(AutoScalingGroup::create(cx, &bench.permit(), &props))).unwrap().id;
    let news = || {
        bench
            .cx(|cx| {
                bench.run(<AutoScalingGroup as ResourceType>::news(
                    cx,
                    &id,
                    &props,
                    std::time::Duration::ZERO,
                ))
            })
            .unwrap()
    };
    assert!(news()[0].starts_with("InProgress: Launching a new EC2 instance"), "{:?}", news());
    bench.advance(Duration::from_secs(600));
    assert_eq!(news(), Vec::<String>::new());
    bench.world(|world| {
        let key = world.rows("asg.activity").last().map(|(key, _)| key.to_owned()).expect("an activity");
        let row = world.get_mut("asg.activity", &key).expect("it");
        row["StatusCode"] = json!("Failed");
        row["StatusMessage"] = json!("There is not enough capacity. Launching EC2 instance failed.");
    });
    assert_eq!(news(), ["Failed: There is not enough capacity. Launching EC2 instance failed."]);
}

#[test]
fn policies_keep_the_law() {
    let bench = Bench::new();
    let (subnets, target, template) = world(&bench);
    bench.cx(|cx| {
        let props = typed(&group(&subnets, &target, &template, "1"));
        bench.run(AutoScalingGroup::create(cx, &bench.permit(), &props)).unwrap();
    });
    let tracking = |value: f64| {
        json!({"AutoScalingGroupName": "app", "PolicyType": "TargetTrackingScaling", "EstimatedInstanceWarmup": 120,
            "TargetTrackingConfiguration": {"TargetValue": value,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}}})
    };
    let steps = |more: i64| {
        json!({"AutoScalingGroupName": "app", "PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity",
            "MetricAggregationType": "Maximum",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 20.0, "ScalingAdjustment": 1},
                {"MetricIntervalLowerBound": 20.0, "ScalingAdjustment": more}]})
    };
    let simple = json!({"AutoScalingGroupName": "app", "AdjustmentType": "ExactCapacity", "ScalingAdjustment": 5, "Cooldown": "60"});
    bench.law_covering::<ScalingPolicy>(&[
        (tracking(50.0), Some(tracking(70.0))),
        (steps(2), Some(steps(3))),
        (simple, None),
    ]);
    let alarms = bench.world(|world| world.rows("cloudwatch.alarm").count());
    assert_eq!(alarms, 0, "a policy's alarms go with it");
}

/// What the group's instances are launched with, and how many serve.
fn versions(bench: &Bench) -> Vec<String> {
    let page =
        bench.run(async { bench.sdk().auto_scaling().describe_auto_scaling_groups().send().await.unwrap() });
    let serving = |one: &&aws_sdk_autoscaling::types::Instance| {
        one.lifecycle_state().map(|state| state.as_str()) == Some("InService")
    };
    let all = page.auto_scaling_groups()[0].instances().iter().filter(serving);
    let mut versions: Vec<String> = all
        .map(|one| {
            one.launch_template().and_then(|template| template.version()).unwrap_or_default().to_owned()
        })
        .collect();
    versions.sort();
    versions
}

fn until_ready(bench: &Bench, cx: &Cx<'_>, props: &Props) {
    for _ in 0..120 {
        let probe = bench.run(AutoScalingGroup::probe(cx, &"app".into(), props, Goal::Ready)).unwrap();
        if matches!(probe, Probe::Reached(_)) {
            return;
        }
        bench.advance(Duration::from_secs(5));
    }
    panic!("the group is never ready");
}

/// With a rolling update, a new version of the template replaces the instances in batches, and enough serve meanwhile.
#[test]
fn a_new_version_replaces_instances_in_batches() {
    let bench = Bench::new();
    let (subnets, target, template) = world(&bench);
    let (old, new) = (group(&subnets, &target, &template, "1"), group(&subnets, &target, &template, "2"));
    let (old, new) = (typed(&old), typed(&new));
    let policy = json!({"AutoScalingRollingUpdate": {"MinInstancesInService": 2, "MaxBatchSize": 1, "PauseTime": "PT30S",
        "SuspendProcesses": ["AlarmNotification"]}});
    bench.cx(|cx| {
        let cx = &Cx { update_policy: &policy, ..*cx };
        bench.run(AutoScalingGroup::create(cx, &bench.permit(), &old)).unwrap();
        until_ready(&bench, cx, &old);
        assert_eq!(versions(&bench), ["1", "1", "1"]);
        let changed = ["LaunchTemplate".to_owned()];
        let mut seen = Vec::new();
        for _ in 0..200 {
            let change = Change { old: &old, new: &new, changed: &changed };
            let progress =
                bench.run(AutoScalingGroup::update(cx, &bench.permit(), &"app".into(), &change)).unwrap();
            let now = versions(&bench);
            assert!(now.len() >= 2, "only {now:?} serve");
            if seen.last() != Some(&now) {
                seen.push(now);
            }
            if progress == Progress::Done {
                break;
            }
            bench.advance(Duration::from_secs(10));
        }
        assert_eq!(seen.last().unwrap(), &["2", "2", "2"], "{seen:?}");
        assert!(seen.len() > 3, "all at once: {seen:?}");
        let refreshes = bench.world(|world| world.rows("asg.refresh").count());
        assert_eq!(refreshes, 1, "it was begun once");
        let suspended =
            bench.world(|world| world.rows("asg.group").next().unwrap().1["SuspendedProcesses"].clone());
        assert_eq!(suspended, json!([]), "what was suspended goes on");
    });
}

/// Without one, the group has the new version and the instances stay.
#[test]
fn without_an_update_policy_running_instances_stay() {
    let bench = Bench::new();
    let (subnets, target, template) = world(&bench);
    let old = typed(&group(&subnets, &target, &template, "1"));
    let new = typed(&group(&subnets, &target, &template, "2"));
    bench.cx(|cx| {
        bench.run(AutoScalingGroup::create(cx, &bench.permit(), &old)).unwrap();
        until_ready(&bench, cx, &old);
        let changed = ["LaunchTemplate".to_owned()];
        let change = Change { old: &old, new: &new, changed: &changed };
        let progress =
            bench.run(AutoScalingGroup::update(cx, &bench.permit(), &"app".into(), &change)).unwrap();
        assert_eq!(progress, Progress::Done);
        assert_eq!(versions(&bench), ["1", "1", "1"]);
    });
}

/// Ready is when enough instances serve; deleting drains first.
#[test]
fn it_is_ready_when_instances_serve_and_drained_before_it_goes() {
    let bench = Bench::new();
    let (subnets, target, template) = world(&bench);
    let props = typed(&group(&subnets, &target, &template, "1"));
    bench.cx(|cx| {
        bench.run(AutoScalingGroup::create(cx, &bench.permit(), &props)).unwrap();
        let probe = bench.run(AutoScalingGroup::probe(cx, &"app".into(), &props, Goal::Ready)).unwrap();
        assert_eq!(probe, Probe::Pending("0 of 3 instances in service".into()));
        until_ready(&bench, cx, &props);
        let health = |state: &str| {
            bench.world(|world| {
                world.rows("elbv2.target").filter(|(_, row)| row["TargetHealth"]["State"] == state).count()
            })
        };
        bench.advance(Duration::from_secs(70));
        assert_eq!(health("healthy"), 3);
        let progress =
            bench.run(AutoScalingGroup::delete(cx, &bench.permit(), &"app".into(), &props)).unwrap();
        assert!(matches!(progress, Progress::Again(_)));
        assert_eq!(health("draining"), 3);
        let mut calls = 0;
        while bench.run(AutoScalingGroup::delete(cx, &bench.permit(), &"app".into(), &props)).unwrap()
            != Progress::Done
        {
            bench.advance(Duration::from_secs(10));
            calls += 1;
            assert!(calls < 200, "never drained");
        }
        let forced =
            bench.operations().iter().filter(|(_, operation)| operation == "DeleteAutoScalingGroup").count();
        assert_eq!(forced, 1);
    });
}

#[test]
fn sizes_that_do_not_fit_are_said_before() {
    let names = |props: Json| -> Vec<String> {
        <AutoScalingGroup as ResourceType>::check(&props).into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(json!({"MinSize": "3", "MaxSize": "1", "VPCZoneIdentifier": ["s"]})), ["MaxSize"]);
    assert_eq!(
        names(json!({"MinSize": "1", "MaxSize": "2", "DesiredCapacity": "5"})),
        ["DesiredCapacity", "VPCZoneIdentifier"]
    );
    let policy = json!({"AutoScalingGroupName": "x", "PolicyType": "StepScaling", "ScalingAdjustment": 1});
    let found: Vec<String> =
        <ScalingPolicy as ResourceType>::check(&policy).into_iter().map(|(name, _)| name).collect();
    assert_eq!(found, ["StepAdjustments", "ScalingAdjustment"]);
}
