//! The law for instances, and what a change of one does.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value as Json, json};

use super::{Instance, instance::Props};
use crate::resources::{Change, Progress, ResourceType, bench::Bench};

const IMAGE: &str = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

fn script(text: &str) -> String {
    STANDARD.encode(text)
}

/// A subnet and two groups, and two profiles with a role.
fn around(bench: &Bench) -> (String, [String; 2]) {
    let made = bench.run(async {
        let ec2 = bench.sdk().ec2();
        let vpc = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap().vpc.unwrap();
        let vpc = vpc.vpc_id.unwrap();
        bench.advance(Duration::from_secs(3));
        let call = ec2.create_subnet().vpc_id(&vpc).cidr_block("10.0.0.0/24").availability_zone("us-east-1a");
        let subnet = call.send().await.unwrap().subnet.unwrap().subnet_id.unwrap();
        let mut groups = Vec::new();
        for name in ["web", "db"] {
            let call = ec2.create_security_group().group_name(name).description(name).vpc_id(&vpc);
            groups.push(call.send().await.unwrap().group_id.unwrap());
        }
        let iam = bench.sdk().iam();
        let trust = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": "ec2.amazonaws.com"}}]}"#;
        iam.create_role().role_name("app").assume_role_policy_document(trust).send().await.unwrap();
        for name in ["one", "two"] {
            iam.create_instance_profile().instance_profile_name(name).send().await.unwrap();
            let call = iam.add_role_to_instance_profile().instance_profile_name(name).role_name("app");
            call.send().await.unwrap();
        }
        (subnet, groups.try_into().unwrap())
    });
    bench.advance(Duration::from_secs(60));
    made
}

fn bench() -> Bench {
    // What an instance without a public address does not have.
    Bench::new().optional(&["PublicIp", "PublicDnsName", "State"])
}

#[test]
fn instances_keep_the_law() {
    let bench = bench();
    let (subnet, [web, db]) = around(&bench);
    let full = json!({
        "ImageId": IMAGE, "InstanceType": "t3.micro", "SubnetId": subnet, "SecurityGroupIds": [web],
        "IamInstanceProfile": "one", "UserData": script("#!/bin/sh\n"), "Monitoring": false, "EbsOptimized": false,
        "DisableApiTermination": false, "InstanceInitiatedShutdownBehavior": "stop", "SourceDestCheck": false,
        "CreditSpecification": {"CPUCredits": "unlimited"}, "PropagateTagsToVolumeOnCreation": true,
        "MetadataOptions": {"HttpTokens": "optional", "HttpPutResponseHopLimit": 1},
        "PrivateDnsNameOptions": {"HostnameType": "ip-name", "EnableResourceNameDnsARecord": false},
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": true, "DeleteOnTermination": true}},
            {"DeviceName": "/dev/xvdb", "Ebs": {"VolumeSize": 5, "VolumeType": "gp3", "DeleteOnTermination": true}},
        ],
        "Tags": [{"Key": "Name", "Value": "app"}],
    });
    let mut changed = full.clone();
    for (name, value) in [
        ("InstanceType", json!("t3.small")),
        ("SecurityGroupIds", json!([db])),
        ("IamInstanceProfile", json!("two")),
        ("UserData", json!(script("#!/bin/sh\necho more\n"))),
        ("Monitoring", json!(true)),
        ("EbsOptimized", json!(true)),
        ("InstanceInitiatedShutdownBehavior", json!("terminate")),
        ("SourceDestCheck", json!(true)),
        ("CreditSpecification", json!({"CPUCredits": "standard"})),
        ("MetadataOptions", json!({"HttpTokens": "required", "HttpPutResponseHopLimit": 2})),
        (
            "PrivateDnsNameOptions",
            json!({"HostnameType": "resource-name", "EnableResourceNameDnsARecord": true}),
        ),
        ("Tags", json!([{"Key": "Name", "Value": "web"}])),
    ] {
        changed[name] = value;
    }
    changed["BlockDeviceMappings"][1]["Ebs"]["DeleteOnTermination"] = json!(true);
    let without =
        json!({"ImageId": IMAGE, "InstanceType": "t3.micro", "SubnetId": subnet, "Monitoring": true});
    let mut with = without.clone();
    with["IamInstanceProfile"] = json!("one");
    with["Monitoring"] = json!(false);
    let mut bare = with.clone();
    bare.as_object_mut().unwrap().remove("IamInstanceProfile");
    let dedicated =
        json!({"ImageId": IMAGE, "InstanceType": "m5.large", "SubnetId": subnet, "Tenancy": "dedicated"});
    let host = json!({
        "ImageId": IMAGE, "InstanceType": "m5.large", "SubnetId": subnet, "Tenancy": "host", "HostId": "h-0123456789abcdef0",
        "Affinity": "host",
    });
    let before = bench.operations().len();
    for (props, update) in [(full, changed), (without, with.clone()), (with, bare), (dedicated, host)] {
        bench.law::<Instance>(props, Some(update));
    }
    // EC2 reads the image's parameter on the caller's behalf.
    bench.covers::<Instance>(before, &["ssm:GetParameters"]);
}

#[test]
fn an_instance_that_its_interfaces_and_its_template_describe_keeps_the_law() {
    let bench = bench();
    let (subnet, [web, _]) = around(&bench);
    let template = bench.run(async {
        let data = aws_sdk_ec2::types::RequestLaunchTemplateData::builder()
            .image_id(IMAGE)
            .instance_type("t3.micro".into())
            .build();
        let call = bench.sdk().ec2().create_launch_template().launch_template_name("app");
        call.launch_template_data(data)
            .send()
            .await
            .unwrap()
            .launch_template
            .unwrap()
            .launch_template_id
            .unwrap()
    });
    bench.advance(Duration::from_secs(3));
    let props = json!({
        "LaunchTemplate": {"LaunchTemplateId": template, "Version": "1"},
        "NetworkInterfaces": [{
            "DeviceIndex": "0", "SubnetId": subnet, "GroupSet": [web], "AssociatePublicIpAddress": true,
            "DeleteOnTermination": true, "Description": "first",
        }],
    });
    bench.law::<Instance>(props, None);
}

fn typed(json: &Json) -> Props {
    serde_json::from_value(json.clone()).unwrap()
}

/// A change that needs it stops the instance once, however often the update is made, and ends with a running one.
#[test]
fn a_change_that_needs_it_stops_and_starts_once() {
    let bench = bench();
    let (subnet, _) = around(&bench);
    let old = json!({"ImageId": IMAGE, "InstanceType": "t3.micro", "SubnetId": subnet});
    let mut new = old.clone();
    new["InstanceType"] = json!("t3.large");
    let (old, new) = (typed(&old), typed(&new));
    let changed = ["InstanceType".to_owned()];
    bench.cx(|cx| {
        let made = bench.run(Instance::create(cx, &bench.permit(), &old)).unwrap();
        bench.advance(Duration::from_secs(60));
        let update = || {
            let change = Change { old: &old, new: &new, changed: &changed };
            bench.run(Instance::update(cx, &bench.permit(), &made.id, &change)).unwrap()
        };
        assert!(matches!(update(), Progress::Again(_)));
        assert!(matches!(update(), Progress::Again(_)), "it is still stopping");
        bench.advance(Duration::from_secs(60));
        assert_eq!(update(), Progress::Done);
        assert!(matches!(update(), Progress::Again(_)), "it is starting");
        bench.advance(Duration::from_secs(60));
        assert_eq!(update(), Progress::Done);
        let read = bench.run(Instance::read(cx, &made.id, &new)).unwrap().unwrap();
        assert_eq!(read.InstanceType.as_deref(), Some("t3.large"));
        let stops = bench.operations().iter().filter(|(_, name)| name == "StopInstances").count();
        assert_eq!(stops, 1);
    });
}

#[test]
fn what_needs_a_new_instance_what_a_stop_and_what_nothing() {
    let base = json!({
        "ImageId": IMAGE, "InstanceType": "t3.micro", "Tenancy": "default", "UserData": "YQ==",
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8, "DeleteOnTermination": true}}],
    });
    for (property, value, replaced, stopped) in [
        ("ImageId", json!("ami-1"), true, false),
        ("InstanceType", json!("t3.large"), false, true),
        ("UserData", json!("Yg=="), false, true),
        ("Tenancy", json!("dedicated"), true, true),
        ("Monitoring", json!(true), false, false),
        ("DisableApiTermination", json!(true), false, false),
        (
            "BlockDeviceMappings",
            json!([{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8, "DeleteOnTermination": false}}]),
            false,
            false,
        ),
        (
            "BlockDeviceMappings",
            json!([{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 9, "DeleteOnTermination": true}}]),
            true,
            false,
        ),
    ] {
        let mut new = base.clone();
        new[property] = value;
        let (old, new) = (typed(&base), typed(&new));
        let changed = [property.to_owned()];
        let change = Change { old: &old, new: &new, changed: &changed };
        assert_eq!(!Instance::replaces(&change).is_empty(), replaced, "{property}");
        let effects = <Instance as ResourceType>::effects(&change);
        assert_eq!(effects.iter().any(|words| words.contains("stopped and started")), stopped, "{property}");
    }
}

#[test]
fn user_data_is_compared_decoded() {
    let same =
        |one: &str, other: &str| <Instance as ResourceType>::same("UserData", &json!(one), &json!(other));
    let long = script(&"x".repeat(100));
    let lines = format!("{}\n{}\n", &long[..76], &long[76..]);
    assert!(same(&lines, &long), "lines of 76 letters, as base64(1) writes them");
    assert!(!same(&script("a"), &script("b")));
    assert!(!same("{{resolve:ssm:/a}}", "{{resolve:ssm:/b}}"));
}

#[test]
fn what_ec2_would_refuse_is_said_before() {
    for (props, property) in [
        (json!({"ImageId": IMAGE, "UserData": "#!/bin/sh"}), "UserData"),
        (json!({"InstanceType": "t3.micro"}), "ImageId"),
        (
            json!({"ImageId": IMAGE, "NetworkInterfaces": [{"DeviceIndex": "0"}], "SecurityGroupIds": ["sg-1"]}),
            "SecurityGroupIds",
        ),
        (json!({"LaunchTemplate": {"Version": "1"}}), "LaunchTemplate"),
        (json!({"ImageId": IMAGE, "HostId": "h-1", "Tenancy": "default"}), "Tenancy"),
        (json!({"ImageId": IMAGE, "Ipv6Addresses": [], "Ipv6AddressCount": 1}), "Ipv6AddressCount"),
    ] {
        let found = <Instance as ResourceType>::check(&props);
        assert_eq!(found.first().map(|(name, _)| name.as_str()), Some(property), "{props}: {found:?}");
    }
    assert_eq!(
        <Instance as ResourceType>::check(&json!({"ImageId": IMAGE, "UserData": "{{resolve:ssm:/u}}"})),
        []
    );
}
