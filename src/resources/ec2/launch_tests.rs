//! The law for launch templates, VPC endpoints and virtual private gateways.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{LaunchTemplate, VpcEndpoint, VpnGateway, VpnGatewayRoutePropagation, launch_template};
use crate::resources::{Change, ResourceType, bench::Bench};

/// A VPC with names, two subnets in two zones, a group and a route table, made through the API.
fn network(bench: &Bench) -> (String, [String; 2], String, String) {
    let made = bench.run(async {
        let ec2 = bench.sdk().ec2();
        let vpc =
            ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
        bench.advance(Duration::from_secs(3));
        let on = aws_sdk_ec2::types::AttributeBooleanValue::builder().value(true).build();
        ec2.modify_vpc_attribute().vpc_id(&vpc).enable_dns_hostnames(on).send().await.unwrap();
        let mut subnets = Vec::new();
        for (at, zone) in ["us-east-1a", "us-east-1b"].iter().enumerate() {
            let call = ec2
                .create_subnet()
                .vpc_id(&vpc)
                .cidr_block(format!("10.0.{at}.0/24"))
                .availability_zone(*zone);
            subnets.push(call.send().await.unwrap().subnet.unwrap().subnet_id.unwrap());
        }
        let call = ec2.create_security_group().group_name("app").description("app").vpc_id(&vpc);
        let group = call.send().await.unwrap().group_id.unwrap();
        let call = ec2.create_route_table().vpc_id(&vpc);
        let table = call.send().await.unwrap().route_table.unwrap().route_table_id.unwrap();
        (vpc, subnets.try_into().unwrap(), group, table)
    });
    bench.advance(Duration::from_secs(3));
    made
}

fn template(kind: &str) -> Json {
    json!({
        "LaunchTemplateName": "app", "VersionDescription": "first",
        "TagSpecifications": [{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "1"}]}],
        "LaunchTemplateData": {
            "ImageId": "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
            "InstanceType": kind, "Monitoring": {"Enabled": true}, "UserData": "IyEvYmluL2Jhc2gK",
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "app"}]}],
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": true}}],
        },
    })
}

#[test]
fn a_launch_template_keeps_the_law() {
    let bench = Bench::new();
    let first = template("t3.medium");
    let mut then = template("t3.large");
    then["VersionDescription"] = json!("second");
    then["TagSpecifications"][0]["Tags"] = json!([{"Key": "b", "Value": "2"}]);
    let before = bench.operations().len();
    bench.law::<LaunchTemplate>(first, Some(then));
    // EC2 tries what an instance would need on the caller's behalf.
    bench.covers::<LaunchTemplate>(before, &["ec2:RunInstances", "ssm:GetParameters"]);
}

/// A change makes a version, a repeated one none, and the attribute tells the number.
#[test]
fn a_change_makes_one_version_however_often_it_is_made() {
    let bench = Bench::new();
    let typed = |json: Json| serde_json::from_value::<launch_template::Props>(json).unwrap();
    let (old, new) = (typed(template("t3.medium")), typed(template("t3.large")));
    let changed = ["LaunchTemplateData".to_owned()];
    bench.cx(|cx| {
        let made = bench.run(LaunchTemplate::create(cx, &bench.permit(), &old)).unwrap();
        assert_eq!(made.attributes["LatestVersionNumber"], "1");
        bench.advance(Duration::from_secs(1));
        for _ in 0..3 {
            let change = Change { old: &old, new: &new, changed: &changed };
            bench.run(LaunchTemplate::update(cx, &bench.permit(), &made.id, &change)).unwrap();
            bench.advance(Duration::from_secs(1));
        }
        let found = bench.run(LaunchTemplate::find(cx, &new)).unwrap().unwrap();
        assert_eq!(found.attributes["LatestVersionNumber"], "2");
        assert_eq!(found.attributes["DefaultVersionNumber"], "1");
    });
    assert!(LaunchTemplate::FACTS.makes_anew("LatestVersionNumber", &changed));
    assert!(!LaunchTemplate::FACTS.makes_anew("LaunchTemplateId", &changed));
}

#[test]
fn what_ec2_would_refuse_in_a_template_is_said_before() {
    for (props, property) in [
        (json!({"TagSpecifications": [{"ResourceType": "instance"}]}), "TagSpecifications.0.ResourceType"),
        (
            json!({"LaunchTemplateData": {"InstanceType": "m5.large", "InstanceRequirements": {}}}),
            "LaunchTemplateData.InstanceRequirements",
        ),
        (json!({"LaunchTemplateData": {"UserData": "#!/bin/bash"}}), "LaunchTemplateData.UserData"),
        (
            json!({"LaunchTemplateData": {"NetworkInterfaces": [], "SecurityGroupIds": ["sg-1"]}}),
            "LaunchTemplateData.SecurityGroupIds",
        ),
    ] {
        let found = <LaunchTemplate as ResourceType>::check(&props);
        assert_eq!(found.first().map(|(name, _)| name.as_str()), Some(property), "{props}");
    }
    let resolved = json!({"LaunchTemplateData": {"UserData": "{{resolve:ssm:/user-data}}"}});
    assert_eq!(<LaunchTemplate as ResourceType>::check(&resolved), []);
}

#[test]
fn endpoints_keep_the_law() {
    let bench = Bench::new();
    let (vpc, [one, two], group, table) = network(&bench);
    let gateway = json!({
        "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [table],
        "Tags": [{"Key": "a", "Value": "1"}],
        "PolicyDocument": {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]},
    });
    let bare = json!({"VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3", "Tags": [{"Key": "b", "Value": "1"}]});
    let interface = json!({
        "VpcId": vpc, "VpcEndpointType": "Interface", "ServiceName": "com.amazonaws.us-east-1.secretsmanager",
        "SubnetIds": [one], "SecurityGroupIds": [group], "PrivateDnsEnabled": false, "IpAddressType": "ipv4",
    });
    let mut wider = interface.clone();
    wider["SubnetIds"] = json!([one, two]);
    wider["PrivateDnsEnabled"] = json!(true);
    wider["DnsOptions"] = json!({"DnsRecordIpType": "ipv4"});
    bench.law_covering::<VpcEndpoint>(&[(gateway, Some(bare)), (interface, Some(wider))]);
}

#[test]
fn endpoints_are_told_what_their_kind_takes() {
    let names = |props: Json| -> Vec<String> {
        <VpcEndpoint as ResourceType>::check(&props).into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(
        names(json!({"ServiceName": "x", "SubnetIds": ["s"], "SecurityGroupIds": ["g"]})),
        ["SecurityGroupIds", "SubnetIds"]
    );
    assert_eq!(
        names(json!({"VpcEndpointType": "Interface", "RouteTableIds": ["r"]})),
        ["RouteTableIds", "ServiceName"]
    );
}

#[test]
fn a_gateway_and_its_routes_keep_the_law() {
    let bench = Bench::new();
    let (vpc, _, _, table) = network(&bench);
    let props = json!({"Type": "ipsec.1", "AmazonSideAsn": 65_001, "Tags": [{"Key": "a", "Value": "1"}]});
    let other = json!({"Type": "ipsec.1", "AmazonSideAsn": 65_001, "Tags": [{"Key": "b", "Value": "1"}]});
    bench.law_covering::<VpnGateway>(&[(props, Some(other))]);
    let (gateway, second) = bench.run(async {
        let ec2 = bench.sdk().ec2();
        let made = ec2.create_vpn_gateway().r#type("ipsec.1".into()).send().await.unwrap();
        let gateway = made.vpn_gateway.unwrap().vpn_gateway_id.unwrap();
        bench.advance(Duration::from_secs(1));
        ec2.attach_vpn_gateway().vpc_id(&vpc).vpn_gateway_id(&gateway).send().await.unwrap();
        let second = ec2.create_route_table().vpc_id(&vpc).send().await.unwrap();
        (gateway, second.route_table.unwrap().route_table_id.unwrap())
    });
    let routes = json!({"VpnGatewayId": gateway, "RouteTableIds": [table]});
    let more = json!({"VpnGatewayId": gateway, "RouteTableIds": [second]});
    let both = json!({"VpnGatewayId": gateway, "RouteTableIds": [second, table]});
    // The gateway is still being attached: the law waits for it.
    bench.law_covering::<VpnGatewayRoutePropagation>(&[(routes, Some(more)), (both, None)]);
}
