//! The law for load balancers, target groups and listeners.

use serde_json::{Value as Json, json};

use super::{Listener, LoadBalancer, TargetGroup, load_balancer};
use crate::{
    model::PhysicalId,
    resources::{Goal, Probe, ResourceType, bench::Bench},
};

/// A VPC with an internet gateway, three subnets in three zones and two security groups.
pub fn network(bench: &Bench) {
    bench.world(|w| {
        w.put(
            "ec2.vpc",
            "vpc-1",
            json!({"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "_region": "us-east-1"}),
        );
        let gateway =
            json!({"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": "available"}]});
        w.put("ec2.internet-gateway", "igw-1", gateway);
        for (id, zone) in [("subnet-a", "us-east-1a"), ("subnet-b", "us-east-1b"), ("subnet-c", "us-east-1c")]
        {
            let row =
                json!({"SubnetId": id, "VpcId": "vpc-1", "AvailabilityZone": zone, "_region": "us-east-1"});
            w.put("ec2.subnet", id, row);
        }
        for id in ["sg-1", "sg-2"] {
            let row = json!({"GroupId": id, "GroupName": id, "VpcId": "vpc-1", "_region": "us-east-1"});
            w.put("ec2.security-group", id, row);
        }
    });
}

/// A load balancer and a target group made through the API.
fn balancer(bench: &Bench) -> (String, String) {
    network(bench);
    bench.run(async {
        let elb = bench.sdk().elb();
        let call = elb.create_load_balancer().name("web").subnets("subnet-a").subnets("subnet-b");
        let balancer = call.security_groups("sg-1").send().await.unwrap();
        let call = elb.create_target_group().name("web").port(80).vpc_id("vpc-1");
        let group = call.protocol("HTTP".into()).target_type("ip".into()).send().await.unwrap();
        let group = group.target_groups()[0].target_group_arn().unwrap().to_owned();
        (balancer.load_balancers()[0].load_balancer_arn().unwrap().to_owned(), group)
    })
}

fn code<T, E: std::error::Error + aws_smithy_types::error::metadata::ProvideErrorMetadata + 'static>(
    answer: Result<
        T,
        aws_smithy_runtime_api::client::result::SdkError<
            E,
            aws_smithy_runtime_api::client::orchestrator::HttpResponse,
        >,
    >,
) -> String {
    match answer {
        Ok(_) => "ok".into(),
        Err(error) => crate::aws::op("")(error).code.unwrap_or_default(),
    }
}

#[test]
fn a_load_balancer_keeps_the_law() {
    let bench = Bench::new();
    network(&bench);
    let props = json!({
        "Name": "payments-alb", "Type": "application", "Scheme": "internet-facing", "IpAddressType": "ipv4",
        "Subnets": ["subnet-b", "subnet-a"], "SecurityGroups": ["sg-1"],
        "LoadBalancerAttributes": [
            {"Key": "deletion_protection.enabled", "Value": "false"},
            {"Key": "idle_timeout.timeout_seconds", "Value": "120"},
        ],
        "MinimumLoadBalancerCapacity": {"CapacityUnits": 100}, "EnableCapacityReservationProvisionStabilize": true,
        "Ipv4IpamPoolId": "ipam-pool-0123456789abcdef0",
        "Tags": [{"Key": "CostCenter", "Value": "payments"}, {"Key": "Old", "Value": "1"}],
    });
    let mut changed = props.clone();
    changed["Subnets"] = json!(["subnet-a", "subnet-b", "subnet-c"]);
    changed["SecurityGroups"] = json!(["sg-1", "sg-2"]);
    changed["IpAddressType"] = json!("dualstack");
    changed["LoadBalancerAttributes"][1]["Value"] = json!("30");
    changed["MinimumLoadBalancerCapacity"] = json!({"CapacityUnits": 200});
    changed["Tags"] = json!([{"Key": "CostCenter", "Value": "other"}]);
    changed["Ipv4IpamPoolId"] = json!("ipam-pool-0123456789abcdef1");
    let without = |mut props: Json| {
        props.as_object_mut().unwrap().retain(|name, _| name != "Ipv4IpamPoolId");
        props["EnableCapacityReservationProvisionStabilize"] = json!(false);
        props
    };
    let waits = |props: &Json| {
        let props: load_balancer::Props = serde_json::from_value(props.clone()).unwrap();
        bench.cx(|cx| {
            bench.run(async {
                let id = LoadBalancer::create(cx, &bench.permit(), &props).await.unwrap().id;
                bench.advance(std::time::Duration::from_secs(200));
                LoadBalancer::configure(cx, &bench.permit(), &id, &props).await.unwrap();
                let probe = LoadBalancer::probe(cx, &id, &props, Goal::Ready).await.unwrap();
                LoadBalancer::delete(cx, &bench.permit(), &id, &props).await.unwrap();
                matches!(&probe, Probe::Pending(what) if what.contains("being reserved"))
            })
        })
    };
    assert!(waits(&props) && !waits(&without(props.clone())));
    bench.law_covering::<LoadBalancer>(&[
        (props.clone(), Some(changed)),
        (props.clone(), Some(without(props))),
    ]);
}

#[test]
fn an_internal_network_load_balancer_keeps_the_law() {
    let bench = Bench::new();
    network(&bench);
    let props = json!({
        "Name": "inner", "Type": "network", "Scheme": "internal", "SecurityGroups": ["sg-1"],
        "SubnetMappings": [{"SubnetId": "subnet-a", "PrivateIPv4Address": "10.0.0.9"}],
        "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": "off", "EnablePrefixForIpv6SourceNat": "off",
    });
    let mut changed = props.clone();
    changed["SubnetMappings"] =
        json!([{"SubnetId": "subnet-a", "PrivateIPv4Address": "10.0.0.9"}, {"SubnetId": "subnet-b"}]);
    changed["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] = json!("on");
    bench.law::<LoadBalancer>(props, Some(changed));
}

#[test]
fn a_target_group_keeps_the_law() {
    let bench = Bench::new();
    network(&bench);
    let props = json!({
        "Name": "payments", "Port": 80, "Protocol": "HTTP", "ProtocolVersion": "HTTP1", "VpcId": "vpc-1",
        "TargetType": "ip", "IpAddressType": "ipv4", "HealthCheckEnabled": true, "HealthCheckIntervalSeconds": 30,
        "HealthCheckPath": "/health", "HealthCheckPort": "8080", "HealthCheckProtocol": "HTTP",
        "HealthCheckTimeoutSeconds": 5, "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 3,
        "Matcher": {"HttpCode": "200-299"},
        "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
        "Targets": [{"Id": "10.0.0.7", "Port": 80}, {"Id": "10.0.0.8"}],
        "Tags": [{"Key": "a", "Value": "1"}],
    });
    let mut changed = props.clone();
    changed["HealthCheckPath"] = json!("/");
    changed["UnhealthyThresholdCount"] = json!(4);
    changed["Matcher"] = json!({"HttpCode": "200"});
    changed["TargetGroupAttributes"][0]["Value"] = json!("60");
    changed["Targets"] = json!([{"Id": "10.0.0.8"}, {"Id": "10.0.0.9", "Port": 81}]);
    changed["Tags"] = json!([{"Key": "b", "Value": "2"}]);
    bench.law_covering::<TargetGroup>(&[(props, Some(changed))]);
}

#[test]
fn a_listener_keeps_the_law() {
    let bench = Bench::new();
    let (balancer, group) = balancer(&bench);
    let props = json!({
        "LoadBalancerArn": balancer, "Port": 80, "Protocol": "HTTP",
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}],
        "ListenerAttributes": [{"Key": "routing.http.response.server.enabled", "Value": "false"}],
        "Tags": [{"Key": "a", "Value": "1"}],
    });
    let mut changed = props.clone();
    changed["Port"] = json!(81);
    changed["DefaultActions"] = json!([{"Type": "redirect", "RedirectConfig": {
        "Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]);
    changed["ListenerAttributes"][0]["Value"] = json!("true");
    changed["Tags"] = json!([{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "2"}]);
    bench.law_covering::<Listener>(&[(props, Some(changed))]);
    let secure = json!({
        "LoadBalancerArn": balancer, "Port": 443, "Protocol": "HTTPS", "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "Certificates": [{"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}],
        "MutualAuthentication": {"Mode": "off"},
        "DefaultActions": [
            {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {
                "Issuer": "https://id.example.com", "AuthorizationEndpoint": "https://id.example.com/a",
                "TokenEndpoint": "https://id.example.com/t", "UserInfoEndpoint": "https://id.example.com/u",
                "ClientId": "web", "ClientSecret": "not-returned", "SessionTimeout": "3600"}},
            {"Type": "forward", "Order": 2, "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group, "Weight": 3}]}},
        ],
    });
    bench.law::<Listener>(secure, None);
}

#[test]
fn names_zones_and_ports_are_checked_as_aws_checks_them() {
    let bench = Bench::new();
    let (balancer, group) = balancer(&bench);
    bench.run(async {
        let elb = bench.sdk().elb();
        let again = || elb.create_load_balancer().name("web").subnets("subnet-b").subnets("subnet-a");
        assert_eq!(
            code(again().security_groups("sg-1").send().await),
            "ok",
            "the same settings in another order"
        );
        assert_eq!(code(again().security_groups("sg-2").send().await), "DuplicateLoadBalancerName");
        assert_eq!(
            code(elb.create_load_balancer().name("one").subnets("subnet-a").send().await),
            "ValidationError"
        );
        let call = elb.create_load_balancer().name("none").subnets("subnet-a").subnets("subnet-x");
        assert_eq!(code(call.send().await), "SubnetNotFound");
        let other = elb.create_target_group().name("web").port(81).vpc_id("vpc-1").protocol("HTTP".into());
        assert_eq!(code(other.send().await), "DuplicateTargetGroupName");
        let forward = aws_sdk_elasticloadbalancingv2::types::Action::builder()
            .r#type("forward".into())
            .target_group_arn(&group)
            .build();
        let listen = |port| {
            let call = elb.create_listener().load_balancer_arn(&balancer).port(port).protocol("HTTP".into());
            call.default_actions(forward.clone()).send()
        };
        assert_eq!(code(listen(80).await), "ok");
        assert_eq!(code(listen(80).await), "ok", "the same settings");
        let call = elb.create_listener().load_balancer_arn(&balancer).port(80).protocol("HTTP".into());
        let fixed =
            aws_sdk_elasticloadbalancingv2::types::FixedResponseActionConfig::builder().status_code("404");
        let action = aws_sdk_elasticloadbalancingv2::types::Action::builder().r#type("fixed-response".into());
        let action = action.fixed_response_config(fixed.build()).build();
        assert_eq!(code(call.default_actions(action).send().await), "DuplicateListener");
        assert_eq!(code(elb.delete_target_group().target_group_arn(&group).send().await), "ResourceInUse");
        let guard = |on: &str| {
            let setting = aws_sdk_elasticloadbalancingv2::types::LoadBalancerAttribute::builder();
            let setting = setting.key("deletion_protection.enabled").value(on).build();
            elb.modify_load_balancer_attributes().load_balancer_arn(&balancer).attributes(setting).send()
        };
        assert_eq!(code(guard("true").await), "ok");
        assert_eq!(
            code(elb.delete_load_balancer().load_balancer_arn(&balancer).send().await),
            "OperationNotPermitted"
        );
        assert_eq!(code(guard("false").await), "ok");
        assert_eq!(code(elb.delete_load_balancer().load_balancer_arn(&balancer).send().await), "ok");
        assert_eq!(code(elb.delete_target_group().target_group_arn(&group).send().await), "ok");
    });
    let lingering = bench.world(|w| w.rows("ec2.network-interface").count());
    assert_eq!(lingering, 2, "interfaces outlive the load balancer");
    bench.advance(std::time::Duration::from_secs(120));
    assert_eq!(bench.world(|w| w.rows("ec2.network-interface").count()), 0);
}

#[test]
fn a_strangers_load_balancer_of_that_name_is_foreign() {
    let bench = Bench::new();
    balancer(&bench);
    let props: <LoadBalancer as ResourceType>::Props =
        serde_json::from_value(json!({"Name": "web"})).unwrap();
    let found = bench.cx(|cx| bench.run(LoadBalancer::find(cx, &props))).unwrap().unwrap();
    assert_eq!(found.ownership, crate::model::Ownership::Foreign);
    assert_ne!(found.id, PhysicalId::from(String::new()));
}

#[test]
fn plans_are_told_about_names_and_zones() {
    let problems = |props: Json| LoadBalancer::check(&props).len();
    assert_eq!(problems(json!({"Name": "internal-web", "Subnets": ["a"]})), 2);
    assert_eq!(problems(json!({"Name": "web", "Type": "network", "Subnets": ["a"]})), 0);
}
