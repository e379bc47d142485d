//! The law for subnet groups, instances and endpoints, and every member of every settings block.

use serde_json::{Value as Json, json};

use super::{Endpoint, ReplicationInstance, ReplicationSubnetGroup};
use crate::resources::{Change, Goal, Probe, ResourceType, bench::Bench};

/// A role as IAM keeps it, propagated long ago.
pub(super) fn role(name: &str, services: &[&str]) -> Json {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"},
    ]});
    json!({
        "RoleName": name, "RoleId": "AROA0", "Path": "/", "Arn": format!("arn:aws:iam::123456789012:role/{name}"),
        "AssumeRolePolicyDocument": trust.to_string(), "CreateDate": 0, "_policies": {},
        "_attached": ["arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole"],
    })
}

/// A network with subnets in two zones, and the roles DMS wants.
pub(super) fn prepared() -> Bench {
    let bench = Bench::new();
    bench.world(|world| {
        for (id, zone) in [("subnet-1", "us-east-1a"), ("subnet-2", "us-east-1b"), ("subnet-3", "us-east-1c")]
        {
            world.put("ec2.subnet", id, json!({"SubnetId": id, "VpcId": "vpc-1", "AvailabilityZone": zone}));
        }
        for id in ["sg-1", "sg-2"] {
            world.put("ec2.security-group", id, json!({"GroupId": id, "VpcId": "vpc-1"}));
        }
        world.put("iam.role", "dms-vpc-role", role("dms-vpc-role", &["dms.amazonaws.com"]));
        world.put(
            "iam.role",
            "secrets",
            role("secrets", &["dms.us-east-1.amazonaws.com", "dms.amazonaws.com"]),
        );
    });
    bench.advance(std::time::Duration::from_secs(5));
    bench
}

fn group(subnets: &[&str], description: &str) -> Json {
    json!({
        "ReplicationSubnetGroupIdentifier": "Payments-Subnets", "ReplicationSubnetGroupDescription": description,
        "SubnetIds": subnets, "Tags": [{"Key": "team", "Value": description}],
    })
}

#[test]
fn subnet_group_keeps_the_law() {
    let bench = prepared();
    let update = json!({
        "ReplicationSubnetGroupIdentifier": "Payments-Subnets", "ReplicationSubnetGroupDescription": "second",
        "SubnetIds": ["subnet-3", "subnet-1"], "Tags": [{"Key": "stage", "Value": "dev"}],
    });
    bench
        .law_covering::<ReplicationSubnetGroup>(&[(group(&["subnet-2", "subnet-1"], "first"), Some(update))]);
}

#[test]
fn subnet_group_outwaits_the_role_and_needs_two_zones() {
    let bench = prepared();
    bench.world(|world| world.remove("iam.role", "dms-vpc-role"));
    bench.run(async {
        let iam = bench.sdk().iam();
        let trust =
            role("x", &["dms.amazonaws.com"])["AssumeRolePolicyDocument"].as_str().unwrap().to_owned();
        iam.create_role().role_name("dms-vpc-role").assume_role_policy_document(trust).send().await.unwrap();
        let arn = "arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole";
        iam.attach_role_policy().role_name("dms-vpc-role").policy_arn(arn).send().await.unwrap();
    });
    let props = serde_json::from_value(group(&["subnet-1", "subnet-2"], "d")).unwrap();
    let narrow = serde_json::from_value(group(&["subnet-1"], "d")).unwrap();
    bench.cx(|cx| {
        bench.run(async {
            let early = ReplicationSubnetGroup::create(cx, &bench.permit(), &props).await.unwrap_err();
            let retry = ReplicationSubnetGroup::FACTS.retry[0];
            assert!(early.is(&[retry.code]) && early.message.contains(retry.message), "{early}");
            bench.advance(std::time::Duration::from_secs(11));
            let narrow = ReplicationSubnetGroup::create(cx, &bench.permit(), &narrow).await.unwrap_err();
            assert!(narrow.is(&["ReplicationSubnetGroupDoesNotCoverEnoughAZs"]), "{narrow}");
            ReplicationSubnetGroup::create(cx, &bench.permit(), &props).await.unwrap();
        });
    });
}

/// The group the instance tests use.
pub(super) fn with_group(bench: &Bench) {
    let props = serde_json::from_value(json!({
        "ReplicationSubnetGroupIdentifier": "group", "ReplicationSubnetGroupDescription": "d",
        "SubnetIds": ["subnet-1", "subnet-2"],
    }))
    .unwrap();
    bench.cx(|cx| bench.run(ReplicationSubnetGroup::create(cx, &bench.permit(), &props))).unwrap();
}

#[test]
fn replication_instance_keeps_the_law() {
    let bench = prepared();
    with_group(&bench);
    let props = json!({
        "ReplicationInstanceIdentifier": "payment-DMS", "ReplicationInstanceClass": "dms.c5.large", "EngineVersion": "3.5.4",
        "AllocatedStorage": 100, "MultiAZ": false, "PubliclyAccessible": false, "AvailabilityZone": "us-east-1b",
        "ReplicationSubnetGroupIdentifier": "group", "VpcSecurityGroupIds": ["sg-2", "sg-1"], "NetworkType": "IPV4",
        "PreferredMaintenanceWindow": "Sun:04:00-Sun:05:00", "AutoMinorVersionUpgrade": false, "KmsKeyId": "my-key",
        "ResourceIdentifier": "payments", "Tags": [{"Key": "team", "Value": "core"}], "AllowMajorVersionUpgrade": true,
        "DnsNameServers": "10.0.0.2",
    });
    let mut new = props.clone();
    for (name, value) in [
        ("ReplicationInstanceClass", json!("dms.r5.xlarge")),
        ("AllocatedStorage", json!(200)),
        ("EngineVersion", json!("3.6.1")),
        ("VpcSecurityGroupIds", json!(["sg-1"])),
        ("PreferredMaintenanceWindow", json!("mon:04:00-mon:05:00")),
        ("AutoMinorVersionUpgrade", json!(true)),
        ("ReplicationInstanceIdentifier", json!("payment-dms-two")),
        ("Tags", json!([{"Key": "stage", "Value": "dev"}])),
    ] {
        new[name] = value;
    }
    new.as_object_mut().unwrap().remove("AvailabilityZone");
    new["MultiAZ"] = json!(true);
    let id = bench.law::<ReplicationInstance>(props, Some(new));
    assert_eq!(id.as_str(), "arn:aws:dms:us-east-1:123456789012:rep:payments");
    bench.covers::<ReplicationInstance>(0, &[]);
    bench.advance(std::time::Duration::from_secs(60));
    bench.world(|world| {
        assert!(!world.census().contains_key("ec2.network-interface"), "{:?}", world.census())
    });
}

fn certificate(bench: &Bench) -> String {
    bench.run(async {
        let pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        let call = bench.sdk().dms().import_certificate().certificate_identifier("ca").certificate_pem(pem);
        call.send().await.unwrap().certificate().unwrap().certificate_arn().unwrap().to_owned()
    })
}

#[test]
fn endpoint_keeps_the_law() {
    let bench = prepared();
    let certificate = certificate(&bench);
    let direct = json!({
        "EndpointIdentifier": "Payments-Source", "EndpointType": "source", "EngineName": "postgres",
        "ServerName": "db.example.internal", "Port": 5432, "Username": "dms", "Password": "not-a-real-one",
        "DatabaseName": "payments", "SslMode": "require", "ExtraConnectionAttributes": "captureDDLs=N;",
        "KmsKeyId": "my-key", "ResourceIdentifier": "source-1", "Tags": [{"Key": "team", "Value": "core"}],
        "PostgreSqlSettings": {"SlotName": "slot", "HeartbeatEnable": true, "PluginName": "pglogical"},
    });
    let mut changed = direct.clone();
    for (name, value) in [
        ("ServerName", json!("other.example.internal")),
        ("Port", json!(5433)),
        ("SslMode", json!("verify-full")),
        ("CertificateArn", json!(certificate)),
        ("DatabaseName", json!("orders")),
        ("Username", json!("dms2")),
        ("Password", json!("another")),
        ("ExtraConnectionAttributes", json!("captureDDLs=Y;")),
        ("PostgreSqlSettings", json!({"HeartbeatEnable": false, "HeartbeatFrequency": 5})),
        ("Tags", json!([{"Key": "stage", "Value": "dev"}])),
    ] {
        changed[name] = value;
    }
    let secret = json!({
        "EndpointIdentifier": "payments-target", "EndpointType": "target", "EngineName": "aurora-postgresql",
        "DatabaseName": "payments", "PostgreSqlSettings": {
            "SecretsManagerSecretId": "db", "SecretsManagerAccessRoleArn": "arn:aws:iam::123456789012:role/secrets",
        },
    });
    let before = bench.operations().len();
    bench.law::<Endpoint>(direct, Some(changed));
    for (props, update) in [
        (
            secret.clone(),
            Some({
                let mut new = secret;
                new["DatabaseName"] = json!("orders");
                new["Tags"] = json!([{"Key": "a", "Value": "b"}]);
                new
            }),
        ),
        {
            let with_tags = json!({"EndpointIdentifier": "s3", "EndpointType": "target", "EngineName": "s3",
            "S3Settings": {"BucketName": "b", "ServiceAccessRoleArn": "arn:aws:iam::123456789012:role/secrets"},
            "Tags": [{"Key": "a", "Value": "b"}]});
            let mut without = with_tags.clone();
            without.as_object_mut().unwrap().remove("Tags");
            (with_tags, Some(without))
        },
    ] {
        bench.law::<Endpoint>(props, update);
    }
    // Stopping and resuming tasks has tests of its own.
    bench.covers::<Endpoint>(
        before,
        &[
            "dms:DescribeConnections",
            "dms:StartReplication",
            "dms:StartReplicationTask",
            "dms:StopReplication",
            "dms:StopReplicationTask",
            "dms:TestConnection",
        ],
    );
}

#[test]
fn an_endpoint_whose_role_does_not_trust_dms_is_refused_as_the_facts_say() {
    let bench = prepared();
    bench.world(|world| world.put("iam.role", "other", role("other", &["ecs-tasks.amazonaws.com"])));
    bench.advance(std::time::Duration::from_secs(1));
    let props = serde_json::from_value(json!({
        "EndpointIdentifier": "e", "EndpointType": "source", "EngineName": "postgres", "PostgreSqlSettings": {
            "SecretsManagerSecretId": "db", "SecretsManagerAccessRoleArn": "arn:aws:iam::123456789012:role/other",
        },
    }))
    .unwrap();
    let error = bench.cx(|cx| bench.run(Endpoint::create(cx, &bench.permit(), &props))).unwrap_err();
    let retry = Endpoint::FACTS.retry[0];
    assert!(error.is(&[retry.code]) && error.message.contains(retry.message), "{error}");
}

/// The engine, and the API's name, of each settings block.
const BLOCKS: &[(&str, &str, &str)] = &[
    ("DocDbSettings", "DocDbSettings", "docdb"),
    ("DynamoDbSettings", "DynamoDbSettings", "dynamodb"),
    ("ElasticsearchSettings", "ElasticsearchSettings", "opensearch"),
    ("GcpMySQLSettings", "GcpMySQLSettings", "gcp-mysql"),
    ("IbmDb2Settings", "IBMDb2Settings", "db2"),
    ("KafkaSettings", "KafkaSettings", "kafka"),
    ("KinesisSettings", "KinesisSettings", "kinesis"),
    ("MicrosoftSqlServerSettings", "MicrosoftSQLServerSettings", "sqlserver"),
    ("MongoDbSettings", "MongoDbSettings", "mongodb"),
    ("MySqlSettings", "MySQLSettings", "mysql"),
    ("NeptuneSettings", "NeptuneSettings", "neptune"),
    ("OracleSettings", "OracleSettings", "oracle"),
    ("PostgreSqlSettings", "PostgreSQLSettings", "postgres"),
    ("RedisSettings", "RedisSettings", "redis"),
    ("RedshiftSettings", "RedshiftSettings", "redshift"),
    ("S3Settings", "S3Settings", "s3"),
    ("SybaseSettings", "SybaseSettings", "sybase"),
];

/// A valid value for each member the schema has of a block; `secret` chooses between the two ways to credentials.
fn filled(block: &str, api: &str, secret: bool) -> Json {
    let schema = crate::schema::of(Endpoint::FACTS.kind).unwrap().document();
    let model: Json = serde_json::from_str(include_str!("../../sandbox/models/dms.json")).unwrap();
    let mut settings = json!({});
    for (name, node) in schema["definitions"][block]["properties"].as_object().unwrap() {
        let through_secret = name.starts_with("SecretsManager");
        let direct = ["ServerName", "Port", "Username", "Password"].contains(&name.as_str());
        if (through_secret && !secret)
            || (direct && secret && !["NeptuneSettings", "RedisSettings"].contains(&block))
        {
            continue;
        }
        let member = if name == "SaslUserName" { "SaslUsername" } else { name };
        let shape = model["shapes"][api]["members"][member].clone();
        let shape = shape["shape"]
            .as_str()
            .or_else(|| shape.as_str())
            .unwrap_or_else(|| panic!("{block}.{name}"))
            .to_owned();
        let choice = &model["shapes"][&shape]["enum"][0];
        settings[name] = match node["type"].as_str().unwrap() {
            _ if !choice.is_null() => choice.clone(),
            "string" if name.ends_with("RoleArn") => json!("arn:aws:iam::123456789012:role/secrets"),
            "string" => json!("some-text"),
            "boolean" => json!(true),
            "array" => json!([1, 2]),
            _ => json!(7),
        };
    }
    settings
}

#[test]
fn every_member_of_every_settings_block_reaches_dms_and_comes_back() {
    let schema = crate::schema::of(Endpoint::FACTS.kind).unwrap().document();
    let in_schema =
        schema["properties"].as_object().unwrap().keys().filter(|name| name.ends_with("Settings")).count();
    assert_eq!(in_schema, BLOCKS.len());
    let bench = prepared();
    for (at, (block, api, engine)) in BLOCKS.iter().enumerate() {
        for secret in [true, false] {
            let settings = filled(block, api, secret);
            let mut sent = json!({
                "EndpointIdentifier": format!("e-{at}-{secret}"), "EngineName": engine,
                "EndpointType": if ["mongodb", "db2", "gcp-mysql"].contains(engine) { "source" } else { "target" },
            });
            sent[*block] = settings.clone();
            let with_secret = !settings["SecretsManagerSecretId"].is_null();
            if !with_secret {
                sent["ServerName"] = json!("host");
            }
            let props = serde_json::from_value(sent).unwrap();
            let id = bench.cx(|cx| bench.run(Endpoint::create(cx, &bench.permit(), &props)));
            let id = id.unwrap_or_else(|error| panic!("{block}: {error}")).id;
            let live = bench.cx(|cx| {
                bench.advance(std::time::Duration::from_secs(1));
                bench.run(Endpoint::read(cx, &id, &props)).unwrap().unwrap()
            });
            let live = serde_json::to_value(live).unwrap();
            for (name, value) in settings.as_object().unwrap() {
                let hidden = name.contains("Password");
                let expected = if hidden { &Json::Null } else { value };
                assert_eq!(&live[*block][name], expected, "{block}.{name}");
            }
            assert!(Endpoint::same(block, &settings, &live[*block]), "{block}");
        }
    }
}

#[test]
fn what_cannot_be_taken_away_needs_a_new_endpoint() {
    let typed = |value: Json| serde_json::from_value::<<Endpoint as ResourceType>::Props>(value).unwrap();
    let old = typed(json!({"Port": 1, "MongoDbSettings": {"AuthType": "no"}, "ServerName": "a"}));
    let new = typed(json!({"MongoDbSettings": {"AuthType": "password"}}));
    let changed = ["Port", "MongoDbSettings", "ServerName"].map(String::from);
    let mut replaces = Endpoint::replaces(&Change { old: &old, new: &new, changed: &changed });
    replaces.sort();
    assert_eq!(replaces, ["MongoDbSettings", "Port"]);
    assert_eq!(Endpoint::check(&json!({"EngineName": "mysql", "SslMode": "require"})).len(), 1);
}

#[test]
fn an_instance_refuses_to_go_while_tasks_remain_and_failing_states_are_told() {
    let bench = prepared();
    with_group(&bench);
    let props = serde_json::from_value(json!({
        "ReplicationInstanceIdentifier": "i", "ReplicationInstanceClass": "dms.t3.medium", "ReplicationSubnetGroupIdentifier": "group",
    }))
    .unwrap();
    bench.cx(|cx| {
        bench.run(async {
            let id = ReplicationInstance::create(cx, &bench.permit(), &props).await.unwrap().id;
            bench.advance(std::time::Duration::from_secs(1));
            let probe = ReplicationInstance::probe(cx, &id, &props, Goal::Ready).await.unwrap();
            assert_eq!(probe, Probe::Pending("creating".into()));
            let task = json!({"ReplicationInstanceArn": id.as_str(), "ReplicationTaskArn": "t"});
            bench.world(|world| world.put("dms.task", "t", task));
            let error = ReplicationInstance::delete(cx, &bench.permit(), &id, &props).await.unwrap_err();
            assert!(error.is(&["InvalidResourceStateFault"]));
            bench.world(|world| world.remove("dms.task", "t"));
            ReplicationInstance::delete(cx, &bench.permit(), &id, &props).await.unwrap();
            let group = bench
                .sdk()
                .dms()
                .delete_replication_subnet_group()
                .replication_subnet_group_identifier("group");
            assert!(
                group.send().await.is_err(),
                "the group is still in use while the instance is being deleted"
            );
        });
    });
}
