//! A template of any size with the mix and the references of real plans.

use std::collections::BTreeMap;

use migrate::{
    graph::{Graph, Node, StackInfo},
    ledger::{Declared, Object, Resource, Snapshot, Stage},
    model::{Address, Attributes, Call, DeletionPolicy, PhysicalId, Reference, Value},
    planner::{Action, ChangeSet},
};
use serde_json::{Map, Value as Json, json};

/// Cells of 40 resources that look like a small service with its network, database and alarms; every cell
/// also uses a topic of the first one.
#[must_use]
pub fn template(resources: usize) -> Json {
    let mut all = Map::new();
    let mut cell = 0;
    while all.len() < resources {
        for (name, kind, properties) in resources_of(cell) {
            if all.len() < resources {
                all.insert(format!("{name}{cell}"), json!({"Type": kind, "Properties": properties}));
            }
        }
        cell += 1;
    }
    json!({"AWSTemplateFormatVersion": "2010-09-09", "Resources": all})
}

type Declared3 = (String, &'static str, Json);

fn resources_of(cell: usize) -> Vec<Declared3> {
    let of = |name: &str| json!({"Ref": format!("{name}{cell}")});
    let att = |name: &str, attribute: &str| json!({"Fn::GetAtt": [format!("{name}{cell}"), attribute]});
    let net = |tail: &str| format!("10.{}.{tail}", cell % 256);
    let tags = json!([{"Key": "Cell", "Value": cell.to_string()}, {"Key": "Team", "Value": "payments"}]);
    let assume = |service: &str| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        ]})
    };
    let mut list: Vec<Declared3> = vec![
        ("Topic".into(), "AWS::SNS::Topic", json!({"DisplayName": "Alarms", "Tags": tags})),
        (
            "Vpc".into(),
            "AWS::EC2::VPC",
            json!({"CidrBlock": net("0.0/16"), "EnableDnsHostnames": true, "Tags": tags}),
        ),
        ("Gateway".into(), "AWS::EC2::InternetGateway", json!({"Tags": tags})),
        (
            "Attachment".into(),
            "AWS::EC2::VPCGatewayAttachment",
            json!({"VpcId": of("Vpc"), "InternetGatewayId": of("Gateway")}),
        ),
        ("Table".into(), "AWS::EC2::RouteTable", json!({"VpcId": of("Vpc"), "Tags": tags})),
        (
            "Route".into(),
            "AWS::EC2::Route",
            json!({"RouteTableId": of("Table"), "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": of("Gateway")}),
        ),
    ];
    for zone in ["a", "b"] {
        let subnet = format!("Subnet{zone}");
        let third = if zone == "a" { "0.0/24" } else { "1.0/24" };
        list.push((
            subnet.clone(),
            "AWS::EC2::Subnet",
            json!({"VpcId": of("Vpc"), "CidrBlock": net(third), "AvailabilityZone": format!("us-east-1{zone}"), "Tags": tags}),
        ));
        list.push((
            format!("Association{zone}"),
            "AWS::EC2::SubnetRouteTableAssociation",
            json!({"SubnetId": of(&subnet), "RouteTableId": of("Table")}),
        ));
    }
    let subnets = json!([of("Subneta"), of("Subnetb")]);
    let password =
        json!({"Fn::Join": ["", ["{{resolve:secretsmanager:", of("Secret"), ":SecretString:password}}"]]});
    list.extend([
        (
            "DbAccess".into(),
            "AWS::EC2::SecurityGroup",
            json!({"GroupDescription": "Database", "VpcId": of("Vpc"), "SecurityGroupIngress": [
                {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "SourceSecurityGroupId": att("Tasks", "GroupId")}
            ]}),
        ),
        ("Tasks".into(), "AWS::EC2::SecurityGroup", json!({"GroupDescription": "Tasks", "VpcId": of("Vpc")})),
        (
            "Secret".into(),
            "AWS::SecretsManager::Secret",
            json!({"GenerateSecretString": {"SecretStringTemplate": "{\"username\":\"app\"}", "GenerateStringKey": "password", "ExcludePunctuation": true}}),
        ),
        (
            "DbGroup".into(),
            "AWS::RDS::DBSubnetGroup",
            json!({"DBSubnetGroupDescription": "Database", "SubnetIds": subnets}),
        ),
        (
            "Db".into(),
            "AWS::RDS::DBInstance",
            json!({
                "Engine": "postgres", "DBInstanceClass": "db.t3.medium", "AllocatedStorage": "20",
                "MasterUsername": "app", "MasterUserPassword": password, "DBSubnetGroupName": of("DbGroup"),
                "VPCSecurityGroups": [att("DbAccess", "GroupId")], "Tags": tags,
            }),
        ),
        (
            "SecretAttachment".into(),
            "AWS::SecretsManager::SecretTargetAttachment",
            json!({"SecretId": of("Secret"), "TargetId": of("Db"), "TargetType": "AWS::RDS::DBInstance"}),
        ),
        ("Role".into(), "AWS::IAM::Role", json!({"AssumeRolePolicyDocument": assume("ecs-tasks.amazonaws.com")})),
        (
            "Policy".into(),
            "AWS::IAM::Policy",
            json!({"PolicyName": "read", "Roles": [of("Role")], "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": of("Secret")}
            ]}}),
        ),
        ("Logs".into(), "AWS::Logs::LogGroup", json!({"LogGroupName": format!("/ecs/cell{cell}"), "RetentionInDays": 14})),
        ("Cluster".into(), "AWS::ECS::Cluster", json!({"Tags": tags})),
        (
            "Task".into(),
            "AWS::ECS::TaskDefinition",
            json!({
                "Family": format!("cell{cell}"), "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc",
                "RequiresCompatibilities": ["FARGATE"], "ExecutionRoleArn": att("Role", "Arn"),
                "ContainerDefinitions": [{
                    "Name": "web", "Image": "public.ecr.aws/nginx/nginx:latest",
                    "LogConfiguration": {"LogDriver": "awslogs", "Options": {
                        "awslogs-group": format!("/ecs/cell{cell}"), "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"
                    }},
                }],
            }),
        ),
        (
            "Balancer".into(),
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            json!({"Type": "application", "Scheme": "internet-facing", "Subnets": subnets, "SecurityGroups": [att("Tasks", "GroupId")]}),
        ),
        (
            "Targets".into(),
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            json!({"Port": 80, "Protocol": "HTTP", "TargetType": "ip", "VpcId": of("Vpc")}),
        ),
        (
            "Listener".into(),
            "AWS::ElasticLoadBalancingV2::Listener",
            json!({"LoadBalancerArn": of("Balancer"), "Port": 80, "Protocol": "HTTP",
                "DefaultActions": [{"Type": "forward", "TargetGroupArn": of("Targets")}]}),
        ),
        (
            "Service".into(),
            "AWS::ECS::Service",
            json!({
                "Cluster": of("Cluster"), "TaskDefinition": of("Task"), "DesiredCount": 1, "LaunchType": "FARGATE",
                "LoadBalancers": [{"ContainerName": "web", "ContainerPort": 80, "TargetGroupArn": of("Targets")}],
                "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": subnets, "SecurityGroups": [att("Tasks", "GroupId")]}},
            }),
        ),
        ("Bucket".into(), "AWS::S3::Bucket", json!({"VersioningConfiguration": {"Status": "Enabled"}, "Tags": tags})),
        (
            "BucketPolicy".into(),
            "AWS::S3::BucketPolicy",
            json!({"Bucket": of("Bucket"), "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["s3:GetObject"], "Principal": {"AWS": att("Role", "Arn")},
                 "Resource": {"Fn::Join": ["/", [att("Bucket", "Arn"), "*"]]}}
            ]}}),
        ),
    ]);
    for alarm in 0..11 {
        list.push((
            format!("Alarm{alarm}x"),
            "AWS::CloudWatch::Alarm",
            json!({
                "Namespace": "AWS/RDS", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 60,
                "EvaluationPeriods": 3, "Threshold": 50 + alarm, "ComparisonOperator": "GreaterThanThreshold",
                "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": of("Db")}], "AlarmActions": [{"Ref": "Topic0"}],
            }),
        ));
    }
    list
}

/// The template as a graph of one stack.
#[must_use]
pub fn graph(template: &Json) -> Graph {
    let region = "us-east-1".to_owned();
    let stack = StackInfo {
        name: "big".into(),
        region: region.clone(),
        description: None,
        outputs: Vec::new(),
        imports: Vec::new(),
        protected: false,
    };
    let mut graph = Graph {
        migration: "big".into(),
        environment: "bench".into(),
        stacks: vec![stack],
        ..Graph::default()
    };
    for (name, resource) in template["Resources"].as_object().into_iter().flatten() {
        let address = Address::new("big", name);
        graph.index.insert(address.clone(), graph.nodes.len());
        graph.nodes.push(Node {
            address,
            kind: resource["Type"].as_str().unwrap_or_default().into(),
            region: region.as_str().into(),
            properties: value(&resource["Properties"]),
            depends_on: Vec::new(),
            deletion_policy: DeletionPolicy::Delete,
            update_replace_policy: DeletionPolicy::Delete,
            metadata: Json::Null,
            span: None,
            places: Default::default(),
        });
    }
    graph
}

fn value(json: &Json) -> Value {
    let attribute = |name: &Json, attribute: &Json| {
        let address = Address::new("big", name.as_str().unwrap_or_default());
        let attribute = attribute.as_str().unwrap_or("Ref").into();
        Value::Attribute(Reference { address, attribute }.into())
    };
    if !json["Ref"].is_null() {
        return attribute(&json["Ref"], &Json::Null);
    }
    if let Some([name, of]) = json["Fn::GetAtt"].as_array().map(Vec::as_slice) {
        return attribute(name, of);
    }
    if let Some([separator, list]) = json["Fn::Join"].as_array().map(Vec::as_slice) {
        let separator = separator.as_str().unwrap_or_default().to_owned();
        return Value::Call(Box::new(Call::Join { separator, list: value(list) }));
    }
    match json {
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(map) => {
            Value::Map(map.iter().map(|(key, item)| (key.as_str().into(), value(item))).collect())
        }
        other => Value::from_json(other.clone()),
    }
}

/// The ledger after a complete run of a first change set.
#[must_use]
pub fn ledger(first: &ChangeSet, graph: &Graph) -> Snapshot {
    let mut attributes: BTreeMap<&Address, Attributes> = BTreeMap::new();
    for node in &graph.nodes {
        node.properties.references(&mut |reference| {
            let text = format!("{}-of-{}", reference.attribute, reference.address.logical_id());
            attributes
                .entry(&reference.address)
                .or_default()
                .insert(reference.attribute.to_string(), text.into());
        });
    }
    let mut snapshot = Snapshot::new(first.target.lineage.clone());
    for step in &first.steps {
        let Action::Create { properties, generation, keep, .. } = &step.action else { continue };
        let lookup = |reference: &Reference| {
            attributes.get(&reference.address)?.get(reference.attribute.as_str()).cloned()
        };
        let current = Object {
            physical_id: PhysicalId(step.address.logical_id().to_owned()),
            generation: *generation,
            made: String::new(),
            born: 0,
            settled: 0,
            stage: Stage::Ready,
            declared: Declared {
                kind: step.kind.to_string(),
                region: step.region.to_string(),
                properties: properties.resolve(&lookup).unwrap_or_default(),
                deletion_policy: keep.deletion_policy,
                update_replace_policy: keep.update_replace_policy,
                metadata: keep.metadata.clone(),
                depends_on: keep.depends_on.clone(),
            },
            attributes: attributes.get(&step.address).cloned().unwrap_or_default(),
            shared: false,
            attempted: None,
            stray: false,
            claimed: false,
            unwaited: None,
            marked: None,
            touched: String::new(),
        };
        let resource =
            Resource { current: Some(current), superseded: Vec::new(), next_generation: generation + 1 };
        snapshot.resources.insert(step.address.clone(), resource);
    }
    snapshot
}

/// The template in block style.
#[must_use]
pub fn yaml(template: &Json) -> String {
    let mut out = String::new();
    block(template, 0, &mut out);
    out
}

fn block(json: &Json, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    let value = |item: &Json, out: &mut String| match item {
        Json::Object(map) if !map.is_empty() => {
            out.push('\n');
            block(item, indent + 2, out);
        }
        Json::Array(list) if !list.is_empty() => {
            out.push('\n');
            block(item, indent + 2, out);
        }
        // JSON's scalars and empty collections are YAML too.
        other => out.push_str(&format!(" {other}\n")),
    };
    match json {
        Json::Object(map) => {
            for (key, item) in map {
                out.push_str(&format!("{pad}{key:?}:"));
                value(item, out);
            }
        }
        Json::Array(list) => {
            for item in list {
                out.push_str(&format!("{pad}-"));
                value(item, out);
            }
        }
        other => out.push_str(&format!("{pad}{other}\n")),
    }
}
