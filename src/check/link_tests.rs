use serde_json::{Value as Json, json};

use super::*;
use crate::{graph::testing::graph, model::Address, planner::testing::types};

fn linked(nodes: &[(&str, &str, Json)]) -> (Graph, Links) {
    let graph = graph(nodes);
    let links = link(&graph, &types).expect("no problems");
    (graph, links)
}

/// `from -> to` of all implicit edges, sorted.
fn implicit(nodes: &[(&str, &str, Json)]) -> Vec<String> {
    let (graph, links) = linked(nodes);
    let mut found = Vec::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        for edge in links.of(at) {
            if matches!(edge.why, Why::Implicit(_)) {
                assert_eq!(edge.needs, Needs::Ready);
                found.push(format!("{} -> {}", node.address.logical_id(), edge.to.logical_id()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn an_early_attribute_needs_only_creation_unless_the_consumer_objects() {
    let (_, links) = linked(&[
        ("app/Db", "AWS::RDS::DBInstance", json!({})),
        (
            "app/Alarm",
            "AWS::CloudWatch::Alarm",
            json!({
                "Dimensions": [{"Name": "Db", "Value": {"Ref": "app/Db"}}],
                "AlarmDescription": {"Concat": ["at ", {"Fn::GetAtt": "app/Db.Endpoint.Address"}]},
            }),
        ),
        ("app/Attach", "AWS::SecretsManager::SecretTargetAttachment", json!({"TargetId": {"Ref": "app/Db"}})),
    ]);
    let told: Vec<(Needs, String)> =
        links.of(1).iter().chain(links.of(2)).map(|e| (e.needs, e.why.words(&e.to))).collect();
    assert_eq!(
        told,
        [
            (Needs::Addressable, "AlarmDescription uses app/Db.Endpoint.Address".into()),
            (Needs::Created, "Dimensions.0.Value refers to app/Db".into()),
            (Needs::Addressable, "TargetId refers to app/Db".into()),
        ]
    );
    assert_eq!(links.order(), [0, 1, 2]);
}

/// A secret's user with that Metadata.
fn detached(names: &Json) -> Graph {
    let mut graph = graph(&[
        ("app/Secret", "AWS::SecretsManager::Secret", json!({})),
        ("app/Db", "AWS::RDS::DBInstance", json!({})),
        (
            "app/Attached",
            "AWS::SecretsManager::SecretTargetAttachment",
            json!({"SecretId": {"Ref": "app/Secret"}, "TargetId": {"Ref": "app/Db"}}),
        ),
        ("app/Task", "AWS::ECS::TaskDefinition", json!({"Secret": {"Ref": "app/Secret"}})),
    ]);
    graph.nodes[3].metadata = json!({"Migrate": {"DoNotWaitFor": names}});
    graph
}

#[test]
fn an_inferred_edge_is_left_out_by_name_and_the_review_says_the_risk() {
    let targets = |names: &Json| {
        let links = link(&detached(names), &types).expect("no problems");
        let targets: Vec<String> = links.of(3).iter().map(|edge| edge.to.to_string()).collect();
        (targets, links.notes().to_vec())
    };
    assert_eq!(targets(&json!(null)), (vec!["app/Secret".into(), "app/Attached".into()], vec![]));
    let note = "app/Task does not wait for app/Attached, as its Metadata says (DoNotWaitFor). What may fail without \
                it: the secret app/Secret has no host and port before it is attached";
    for names in [json!("Attached"), json!(["Attached"]), json!(["app/Attached"])] {
        assert_eq!(targets(&names), (vec!["app/Secret".into()], vec![note.to_owned()]), "{names}");
    }
}

#[test]
fn only_inferred_edges_can_be_left_out() {
    let told = |names: &Json| {
        let problems = link(&detached(names), &types).expect_err("a problem");
        problems.iter().map(|p| format!("{p} | {}", p.help.clone().unwrap_or_default())).collect::<Vec<_>>()
    };
    assert_eq!(
        told(&json!(["Secret", "Db", "Atached", 3]))[0],
        "M3008: DoNotWaitFor is a list of logical ids | "
    );
    assert_eq!(
        told(&json!(["Secret", "Db", "Atached"])),
        [
            "M3008: DoNotWaitFor names app/Secret, and the template itself says so: Secret refers to app/Secret | only \
             orders that migrate infers can be left out; change the template",
            "M3008: DoNotWaitFor names app/Db, but no order between the two is inferred | take it out; inferred are \
             waits for app/Attached",
            "M3008: DoNotWaitFor names Atached, which is not in the plan | did you mean app/Attached?",
        ]
    );
}

#[test]
fn a_cycle_is_told_with_its_whole_path() {
    let mut graph = graph(&[
        ("app/A", "AWS::EC2::SecurityGroup", json!({"X": [{"Ref": "app/B"}]})),
        ("app/B", "AWS::EC2::SecurityGroup", json!({})),
        ("app/C", "AWS::EC2::SecurityGroup", json!({"Y": {"Fn::GetAtt": "app/A.GroupId"}})),
        ("app/Self", "AWS::EC2::SecurityGroup", json!({"Z": {"Ref": "app/Self"}})),
    ]);
    graph.nodes[1].depends_on = vec![Address::new("app", "C")];
    let problems = link(&graph, &types).expect_err("two cycles");
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "M3001: resources wait for each other: app/A (X.0 refers to app/B) -> app/B (DependsOn app/C) -> app/C (Y uses app/A.GroupId) -> app/A",
            "M3001: app/Self waits for itself: app/Self (Z refers to app/Self)",
        ]
    );
}

#[test]
fn a_reference_into_nowhere_is_refused() {
    let graph = graph(&[("app/A", "AWS::EC2::Subnet", json!({"VpcId": {"Ref": "net/Vpc"}}))]);
    let problems = link(&graph, &types).expect_err("no such resource");
    assert_eq!(problems[0].to_string(), "M3002: VpcId refers to net/Vpc, which is not in the plan");
}

#[test]
fn a_role_is_used_only_with_its_policies() {
    let nodes = [
        ("app/Role", "AWS::IAM::Role", json!({"RoleName": "worker"})),
        ("app/Inline", "AWS::IAM::Policy", json!({"Roles": [{"Ref": "app/Role"}]})),
        ("app/Managed", "AWS::IAM::ManagedPolicy", json!({"Roles": ["worker"]})),
        ("app/Task", "AWS::ECS::TaskDefinition", json!({"TaskRoleArn": {"Fn::GetAtt": "app/Role.Arn"}})),
        ("app/Trust", "AWS::S3::BucketPolicy", json!({"PolicyDocument": {"Fn::GetAtt": "app/Role.Arn"}})),
    ];
    assert_eq!(implicit(&nodes), ["Task -> Inline", "Task -> Managed"]);
}

#[test]
fn an_implicit_edge_never_closes_a_cycle() {
    // The policy names the bucket, the bucket names the role: the bucket cannot wait for the policy.
    let nodes = [
        ("app/Role", "AWS::IAM::Role", json!({})),
        (
            "app/Policy",
            "AWS::IAM::Policy",
            json!({
                "Roles": [{"Ref": "app/Role"}], "PolicyDocument": {"Resource": {"Fn::GetAtt": "app/Bucket.Arn"}}
            }),
        ),
        (
            "app/Bucket",
            "AWS::S3::Bucket",
            json!({
                "ReplicationConfiguration": {"Role": {"Fn::GetAtt": "app/Role.Arn"}}
            }),
        ),
        (
            "app/Other",
            "AWS::S3::Bucket",
            json!({
                "ReplicationConfiguration": {"Role": {"Fn::GetAtt": "app/Role.Arn"}}
            }),
        ),
    ];
    assert_eq!(implicit(&nodes), ["Other -> Policy"]);
    let (_, links) = linked(&nodes);
    assert_eq!(
        links.notes(),
        [
            "app/Bucket does not wait for app/Policy, because app/Policy already waits for app/Bucket (left out: app/Bucket uses role app/Role: its policies come first)"
        ]
    );
    assert_eq!(links.order(), [0, 2, 1, 3]);
}

#[test]
fn services_wait_for_listeners_routes_and_log_groups() {
    let nodes = [
        ("app/Group", "AWS::ElasticLoadBalancingV2::TargetGroup", json!({})),
        ("app/Unused", "AWS::ElasticLoadBalancingV2::TargetGroup", json!({})),
        (
            "app/Listener",
            "AWS::ElasticLoadBalancingV2::Listener",
            json!({
                "DefaultActions": [{"TargetGroupArn": {"Ref": "app/Group"}}]
            }),
        ),
        ("app/Private", "AWS::EC2::Subnet", json!({})),
        ("app/Elsewhere", "AWS::EC2::Subnet", json!({})),
        ("app/Table", "AWS::EC2::RouteTable", json!({})),
        ("app/Route", "AWS::EC2::Route", json!({"RouteTableId": {"Ref": "app/Table"}})),
        (
            "app/Peered",
            "AWS::EC2::Route",
            json!({"RouteTableId": {"Ref": "app/Table"}, "VpcPeeringConnectionId": "pcx-1"}),
        ),
        (
            "app/Assoc",
            "AWS::EC2::SubnetRouteTableAssociation",
            json!({
                "SubnetId": {"Ref": "app/Private"}, "RouteTableId": {"Ref": "app/Table"}
            }),
        ),
        (
            "app/OtherAssoc",
            "AWS::EC2::SubnetRouteTableAssociation",
            json!({
                "SubnetId": {"Ref": "app/Elsewhere"}, "RouteTableId": {"Ref": "app/Table"}
            }),
        ),
        ("app/Logs", "AWS::Logs::LogGroup", json!({"LogGroupName": "/ecs/app"})),
        (
            "app/Task",
            "AWS::ECS::TaskDefinition",
            json!({
                "ContainerDefinitions": [{"LogConfiguration": {"Options": {"awslogs-group": "/ecs/app"}}}]
            }),
        ),
        (
            "app/Service",
            "AWS::ECS::Service",
            json!({
                "ServiceName": "web",
                "TaskDefinition": {"Ref": "app/Task"},
                "LoadBalancers": [{"TargetGroupArn": {"Ref": "app/Group"}}],
                "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": [{"Ref": "app/Private"}]}},
            }),
        ),
        (
            "app/Target",
            "AWS::ApplicationAutoScaling::ScalableTarget",
            json!({
                "ResourceId": {"Concat": ["service/", "cluster", "/web"]}
            }),
        ),
    ];
    assert_eq!(
        implicit(&nodes),
        [
            "Service -> Assoc",
            "Service -> Listener",
            "Service -> Logs",
            "Service -> Route",
            "Target -> Service"
        ]
    );
}

#[test]
fn public_things_wait_for_the_gateway_of_their_own_network() {
    let nodes = [
        ("net/Vpc", "AWS::EC2::VPC", json!({})),
        ("net/Gateway", "AWS::EC2::InternetGateway", json!({})),
        (
            "net/Attach",
            "AWS::EC2::VPCGatewayAttachment",
            json!({
                "VpcId": {"Ref": "net/Vpc"}, "InternetGatewayId": {"Ref": "net/Gateway"}
            }),
        ),
        ("net/Subnet", "AWS::EC2::Subnet", json!({"VpcId": {"Ref": "net/Vpc"}})),
        ("net/Eip", "AWS::EC2::EIP", json!({})),
        ("net/FreeEip", "AWS::EC2::EIP", json!({})),
        (
            "net/Nat",
            "AWS::EC2::NatGateway",
            json!({
                "SubnetId": {"Ref": "net/Subnet"}, "AllocationId": {"Fn::GetAtt": "net/Eip.AllocationId"}
            }),
        ),
        (
            "net/PrivateNat",
            "AWS::EC2::NatGateway",
            json!({
                "SubnetId": {"Ref": "net/Subnet"}, "ConnectivityType": "private"
            }),
        ),
        ("net/Route", "AWS::EC2::Route", json!({"GatewayId": {"Ref": "net/Gateway"}})),
        ("net/Lb", "AWS::ElasticLoadBalancingV2::LoadBalancer", json!({"Subnets": [{"Ref": "net/Subnet"}]})),
        (
            "net/Inner",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            json!({
                "Scheme": "internal", "Subnets": [{"Ref": "net/Subnet"}]
            }),
        ),
        ("other/Vpc", "AWS::EC2::VPC", json!({})),
        ("other/Subnet", "AWS::EC2::Subnet", json!({"VpcId": {"Ref": "other/Vpc"}})),
        ("other/Far", "AWS::EC2::NatGateway", json!({"SubnetId": {"Ref": "other/Subnet"}})),
    ];
    assert_eq!(implicit(&nodes), ["Eip -> Attach", "Lb -> Attach", "Nat -> Attach", "Route -> Attach"]);
}

#[test]
fn rules_between_two_networks_wait_for_their_peering() {
    const RULE: &str = "AWS::EC2::SecurityGroupIngress";
    let group = |network: &str| json!({"VpcId": {"Ref": format!("{network}/Vpc")}});
    let rule =
        |own: &str, peer: &str| json!({"GroupId": {"Ref": own}, "SourceSecurityGroupId": {"Ref": peer}});
    let ends = json!({"VpcId": {"Ref": "a/Vpc"}, "PeerVpcId": {"Ref": "b/Vpc"}});
    let nodes = [
        ("a/Vpc", "AWS::EC2::VPC", json!({})),
        ("b/Vpc", "AWS::EC2::VPC", json!({})),
        ("a/Group", "AWS::EC2::SecurityGroup", group("a")),
        ("a/Other", "AWS::EC2::SecurityGroup", group("a")),
        ("b/Far", "AWS::EC2::SecurityGroup", group("b")),
        ("p/Peering", "AWS::EC2::VPCPeeringConnection", ends),
        ("p/There", RULE, rule("a/Group", "b/Far")),
        ("p/Back", RULE, rule("b/Far", "a/Group")),
        ("p/Within", RULE, rule("a/Group", "a/Other")),
        ("p/Block", RULE, json!({"GroupId": {"Ref": "a/Group"}, "CidrIp": "10.1.0.0/16"})),
    ];
    assert_eq!(implicit(&nodes), ["Back -> Peering", "There -> Peering"]);
}

#[test]
fn secrets_are_attached_before_they_are_read_but_after_the_database() {
    let password =
        json!({"Concat": ["{{resolve:secretsmanager:", {"Ref": "app/Secret"}, ":SecretString:password}}"]});
    let nodes = [
        ("app/Secret", "AWS::SecretsManager::Secret", json!({})),
        ("app/Db", "AWS::RDS::DBInstance", json!({"MasterUserPassword": password})),
        (
            "app/Attach",
            "AWS::SecretsManager::SecretTargetAttachment",
            json!({
                "SecretId": {"Ref": "app/Secret"}, "TargetId": {"Ref": "app/Db"}
            }),
        ),
        (
            "app/Endpoint",
            "AWS::DMS::Endpoint",
            json!({
                "PostgreSqlSettings": {"SecretsManagerSecretId": {"Ref": "app/Secret"}}
            }),
        ),
        ("app/Reader", "AWS::IAM::Role", json!({"Policies": [{"Resource": {"Ref": "app/Secret"}}]})),
    ];
    assert_eq!(implicit(&nodes), ["Endpoint -> Attach"]);
    assert_eq!(linked(&nodes).1.notes(), [""; 0]);
}

#[test]
fn dms_roles_and_replication_targets_are_known_by_name() {
    let nodes = [
        ("pre/VpcRole", "AWS::IAM::Role", json!({"RoleName": "dms-vpc-role"})),
        ("pre/VpcPolicy", "AWS::IAM::Policy", json!({"Roles": [{"Ref": "pre/VpcRole"}]})),
        ("pre/LogsRole", "AWS::IAM::Role", json!({"RoleName": "dms-cloudwatch-logs-role"})),
        ("app/Subnets", "AWS::DMS::ReplicationSubnetGroup", json!({})),
        ("app/Instance", "AWS::DMS::ReplicationInstance", json!({})),
        ("app/Task", "AWS::DMS::ReplicationTask", json!({})),
        ("app/Copy", "AWS::S3::Bucket", json!({"BucketName": "shop-copy"})),
        (
            "app/Source",
            "AWS::S3::Bucket",
            json!({
                "ReplicationConfiguration": {"Rules": [{"Destination": {"Bucket": "arn:aws:s3:::shop-copy"}}]}
            }),
        ),
    ];
    assert_eq!(
        implicit(&nodes),
        [
            "Instance -> LogsRole",
            "Instance -> VpcPolicy",
            "Instance -> VpcRole",
            "Source -> Copy",
            "Subnets -> LogsRole",
            "Subnets -> VpcPolicy",
            "Subnets -> VpcRole",
            "Task -> LogsRole",
            "Task -> VpcPolicy",
            "Task -> VpcRole",
        ]
    );
}
