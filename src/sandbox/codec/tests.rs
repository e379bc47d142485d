//! Each protocol, exercised by the SDK's own clients: what they send is decoded, what is answered they read.

use std::{cell::RefCell, sync::Arc, sync::OnceLock, time::UNIX_EPOCH};

use aws_smithy_types::{DateTime, error::metadata::ProvideErrorMetadata};
use serde_json::{Value as Json, json};

use crate::{
    clock::VirtualClock,
    sandbox::{
        Action, Fault, FaultRule, FaultScript, Operation, Options, Reply, Request, Sandbox, Throttles, World,
        codec::{Incoming, model, receive},
        services::{SERVICES, Service},
    },
};

thread_local! {
    static SEEN: RefCell<Json> = const { RefCell::new(Json::Null) };
    static ANSWER: RefCell<Option<Reply>> = const { RefCell::new(None) };
}

/// Keeps the input and gives the prepared answer.
fn echo(_: &mut World, rq: &Request<'_>) -> Reply {
    SEEN.replace(rq.input.clone());
    ANSWER.take().unwrap_or_else(|| Ok(json!({})))
}

/// All services, every modelled operation implemented by [`echo`].
fn echoes() -> &'static [Service] {
    static ALL: OnceLock<Vec<Service>> = OnceLock::new();
    ALL.get_or_init(|| {
        SERVICES
            .iter()
            .map(|service| {
                let names = model(service).operations.keys();
                let reads = ["Get", "List", "Head", "Describe"];
                let echoes = |name: &'static String| {
                    if reads.iter().any(|prefix| name.starts_with(prefix)) {
                        Operation::read(name, echo)
                    } else {
                        Operation::write(name, echo)
                    }
                };
                let operations: Vec<Operation> = names.map(echoes).collect();
                Service {
                    name: service.name,
                    signing: service.signing,
                    model: service.model,
                    operations: Box::leak(operations.into_boxed_slice()),
                }
            })
            .collect()
    })
}

pub(super) struct Wire {
    pub clock: VirtualClock,
    pub sandbox: Sandbox,
    pub config: aws_types::SdkConfig,
}

impl Wire {
    pub fn new() -> Self {
        let clock = VirtualClock::starting_at(UNIX_EPOCH + std::time::Duration::from_secs(1_760_000_000));
        let options = Options { throttles: Throttles::none(), ..Options::default() };
        let sandbox = Sandbox::with_services(World::new(1, 0), Arc::new(clock.clone()), options, echoes());
        let config = sandbox.sdk_config("us-east-1");
        Self { clock, sandbox, config }
    }

    /// Runs a call against a prepared answer; what was decoded, and what the client made of the answer.
    pub fn call<F: Future>(&self, answer: Reply, call: F) -> (Json, F::Output) {
        ANSWER.replace(Some(answer));
        SEEN.replace(Json::Null);
        let out = self.clock.block_on(call);
        (SEEN.take(), out)
    }
}

pub(super) fn fault(code: &str) -> Reply {
    Err(Fault::new(code, "because <of> \"this\" & that"))
}

#[test]
fn ec2_lists_tags_filters_times_and_errors() {
    let wire = Wire::new();
    let ec2 = aws_sdk_ec2::Client::new(&wire.config);
    use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
    let (seen, out) = wire.call(
        Ok(json!({"Vpc": {"VpcId": "vpc-1", "State": "pending", "IsDefault": false, "_born": 3,
            "Tags": [{"Key": "a", "Value": "1 & <2>", "_x": 1}], "CidrBlockAssociationSet": []}})),
        ec2.create_vpc()
            .cidr_block("10.0.0.0/16")
            .amazon_provided_ipv6_cidr_block(false)
            .tag_specifications(
                TagSpecification::builder()
                    .resource_type(ResourceType::Vpc)
                    .tags(Tag::builder().key("a").value("1 & <2>").build())
                    .build(),
            )
            .send(),
    );
    assert_eq!(
        seen,
        json!({"CidrBlock": "10.0.0.0/16", "AmazonProvidedIpv6CidrBlock": false, "TagSpecifications":
            [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "1 & <2>"}]}]})
    );
    let vpc = out.unwrap().vpc.unwrap();
    assert_eq!((vpc.vpc_id(), vpc.tags()[0].value()), (Some("vpc-1"), Some("1 & <2>")));

    let (seen, out) = wire.call(
        Ok(json!({"NatGateways": [{"NatGatewayId": "nat-1", "CreateTime": 1_760_000_000.5,
            "NatGatewayAddresses": [{"AllocationId": "eipalloc-1"}]}], "NextToken": "t"})),
        ec2.describe_nat_gateways()
            .filter(Filter::builder().name("vpc-id").values("vpc-1").values("vpc-2").build())
            .max_results(5)
            .send(),
    );
    assert_eq!(seen, json!({"Filter": [{"Name": "vpc-id", "Values": ["vpc-1", "vpc-2"]}], "MaxResults": 5}));
    let out = out.unwrap();
    assert_eq!(out.nat_gateways()[0].create_time().unwrap().as_secs_f64(), 1_760_000_000.5);
    assert_eq!(out.nat_gateways()[0].nat_gateway_addresses()[0].allocation_id(), Some("eipalloc-1"));

    let (_, out) = wire.call(fault("InvalidVpcID.NotFound"), ec2.delete_vpc().vpc_id("vpc-9").send());
    let error = out.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 400);
    assert_eq!(error.code(), Some("InvalidVpcID.NotFound"));
    assert_eq!(error.message(), Some("because <of> \"this\" & that"));
    use aws_types::request_id::RequestId;
    assert!(error.request_id().is_some());

    let (seen, out) = wire.call(
        Ok(json!({"Return": true})),
        ec2.authorize_security_group_ingress()
            .group_id("sg-1")
            .ip_permissions(
                aws_sdk_ec2::types::IpPermission::builder()
                    .ip_protocol("tcp")
                    .from_port(443)
                    .ip_ranges(aws_sdk_ec2::types::IpRange::builder().cidr_ip("10.0.0.0/8").build())
                    .build(),
            )
            .send(),
    );
    assert_eq!(
        seen["IpPermissions"],
        json!([{"IpProtocol": "tcp", "FromPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])
    );
    assert_eq!(out.unwrap().r#return(), Some(true));
}

#[test]
fn query_lists_maps_wrappers_and_errors() {
    let wire = Wire::new();
    let rds = aws_sdk_rds::Client::new(&wire.config);
    let (seen, out) = wire.call(
        Ok(json!({"DBInstance": {"DBInstanceIdentifier": "db", "InstanceCreateTime": 1_760_000_000.0,
            "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1", "Status": "active"}],
            "TagList": [{"Key": "k", "Value": "v"}]}})),
        rds.create_db_instance()
            .db_instance_identifier("db")
            .db_instance_class("db.t3.micro")
            .engine("postgres")
            .vpc_security_group_ids("sg-1")
            .vpc_security_group_ids("sg-2")
            .tags(aws_sdk_rds::types::Tag::builder().key("k").value("v").build())
            .send(),
    );
    assert_eq!(seen["VpcSecurityGroupIds"], json!(["sg-1", "sg-2"]));
    assert_eq!(seen["Tags"], json!([{"Key": "k", "Value": "v"}]));
    let db = out.unwrap().db_instance.unwrap();
    assert_eq!(db.instance_create_time().unwrap().secs(), 1_760_000_000);
    assert_eq!(db.vpc_security_groups()[0].vpc_security_group_id(), Some("sg-1"));

    let (_, out) = wire.call(fault("DBInstanceNotFound"), rds.describe_db_instances().send());
    let error = out.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 404);
    assert!(error.as_service_error().unwrap().is_db_instance_not_found_fault());

    let sns = aws_sdk_sns::Client::new(&wire.config);
    let (seen, out) = wire.call(
        Ok(json!({"TopicArn": "arn:t"})),
        sns.create_topic().name("t").attributes("DisplayName", "x").send(),
    );
    assert_eq!(seen, json!({"Name": "t", "Attributes": {"DisplayName": "x"}}));
    assert_eq!(out.unwrap().topic_arn(), Some("arn:t"));
    let (_, out) = wire.call(
        Ok(json!({"Attributes": {"Policy": "{}", "Owner": "1"}})),
        sns.get_topic_attributes().topic_arn("arn:t").send(),
    );
    assert_eq!(out.unwrap().attributes().unwrap()["Policy"], "{}");

    let elb = aws_sdk_elasticloadbalancingv2::Client::new(&wire.config);
    let (seen, _) = wire.call(
        Ok(json!({"TargetHealthDescriptions": []})),
        elb.describe_target_health().target_group_arn("arn:tg").send(),
    );
    assert_eq!(seen, json!({"TargetGroupArn": "arn:tg"}));

    // An operation without an answer.
    let iam = aws_sdk_iam::Client::new(&wire.config);
    let (seen, out) = wire.call(Ok(json!({})), iam.delete_role().role_name("r").send());
    assert_eq!(seen, json!({"RoleName": "r"}));
    out.unwrap();
}

#[test]
fn json_times_blobs_and_errors() {
    let wire = Wire::new();
    let dms = aws_sdk_databasemigration::Client::new(&wire.config);
    let (seen, out) = wire.call(
        Ok(json!({"ReplicationTask": {"ReplicationTaskArn": "arn:task", "ReplicationTaskCreationDate": 1_760_000_000.25}})),
        dms.create_replication_task()
            .replication_task_identifier("t")
            .source_endpoint_arn("a")
            .target_endpoint_arn("b")
            .replication_instance_arn("c")
            .migration_type("cdc".into())
            .table_mappings("{}")
            .cdc_start_time(DateTime::from_secs(1_700_000_000))
            .send(),
    );
    assert_eq!(seen["CdcStartTime"].as_f64(), Some(1_700_000_000.0));
    let task = out.unwrap().replication_task.unwrap();
    assert_eq!(task.replication_task_creation_date().unwrap().as_secs_f64(), 1_760_000_000.25);
    let (_, out) = wire.call(fault("ResourceNotFoundFault"), dms.describe_replication_tasks().send());
    assert!(out.unwrap_err().as_service_error().unwrap().is_resource_not_found_fault());

    let secrets = aws_sdk_secretsmanager::Client::new(&wire.config);
    let blob = aws_smithy_types::Blob::new(b"\x00\xffbytes".to_vec());
    let (seen, out) = wire.call(
        Ok(json!({"ARN": "arn:s", "SecretBinary": "AP9ieXRlcw=="})),
        secrets.get_secret_value().secret_id("s").send(),
    );
    assert_eq!(seen, json!({"SecretId": "s"}));
    assert_eq!(out.unwrap().secret_binary(), Some(&blob));
    let (seen, _) = wire.call(
        Ok(json!({})),
        secrets
            .put_secret_value()
            .secret_id("s")
            .client_request_token("0".repeat(32))
            .secret_binary(blob)
            .send(),
    );
    assert_eq!(seen["SecretBinary"], "AP9ieXRlcw==");
}

#[test]
fn cbor_times_numbers_and_query_compatible_errors() {
    let wire = Wire::new();
    let cloudwatch = aws_sdk_cloudwatch::Client::new(&wire.config);
    let (seen, out) = wire.call(
        Ok(json!({})),
        cloudwatch
            .put_metric_alarm()
            .alarm_name("a")
            .evaluation_periods(3)
            .threshold(1.0)
            .comparison_operator("GreaterThanThreshold".into())
            .send(),
    );
    out.unwrap();
    assert_eq!(
        seen,
        json!({"AlarmName": "a", "EvaluationPeriods": 3, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"})
    );
    let (seen, out) = wire.call(
        Ok(json!({"Datapoints": [{"Timestamp": 1_760_000_000.0, "Average": 2, "Unit": "Count"}], "Label": "l"})),
        cloudwatch
            .get_metric_statistics()
            .namespace("n")
            .metric_name("m")
            .period(60)
            .start_time(DateTime::from_secs(1_759_000_000))
            .end_time(DateTime::from_secs(1_760_000_000))
            .statistics("Average".into())
            .send(),
    );
    assert_eq!(seen["StartTime"].as_f64(), Some(1_759_000_000.0));
    let out = out.unwrap();
    assert_eq!(out.datapoints()[0].average(), Some(2.0));
    assert_eq!(out.datapoints()[0].timestamp().unwrap().secs(), 1_760_000_000);
    let (_, out) = wire.call(fault("ResourceNotFound"), cloudwatch.delete_alarms().alarm_names("x").send());
    let error = out.unwrap_err();
    assert_eq!(
        (error.code(), error.raw_response().unwrap().status().as_u16()),
        (Some("ResourceNotFound"), 404)
    );
}

#[test]
fn route53_labels_queries_and_documents() {
    use aws_sdk_route53::types::{AliasTarget, Change, ChangeAction, ChangeBatch, ResourceRecordSet, RrType};
    let wire = Wire::new();
    let route53 = aws_sdk_route53::Client::new(&wire.config);
    let alias = AliasTarget::builder().hosted_zone_id("Z1").dns_name("lb.").evaluate_target_health(true);
    let record = ResourceRecordSet::builder()
        .name("a.example.")
        .r#type(RrType::A)
        .set_identifier("aws")
        .weight(0)
        .alias_target(alias.build().unwrap());
    let change = Change::builder().action(ChangeAction::Create).resource_record_set(record.build().unwrap());
    let batch = ChangeBatch::builder().changes(change.build().unwrap()).comment("<&>").build().unwrap();
    let (seen, out) = wire.call(
        Ok(json!({"ChangeInfo": {"Id": "/change/C1", "Status": "PENDING", "SubmittedAt": 1_760_000_000.0}})),
        route53
            .change_resource_record_sets()
            .hosted_zone_id("/hostedzone/Z9")
            .change_batch(batch.clone())
            .send(),
    );
    assert_eq!(
        seen,
        json!({"HostedZoneId": "Z9", "ChangeBatch": {"Comment": "<&>", "Changes": [{"Action": "CREATE",
            "ResourceRecordSet": {"Name": "a.example.", "Type": "A", "SetIdentifier": "aws", "Weight": 0,
            "AliasTarget": {"HostedZoneId": "Z1", "DNSName": "lb.", "EvaluateTargetHealth": true}}}]}})
    );
    assert_eq!(out.unwrap().change_info().unwrap().submitted_at().secs(), 1_760_000_000);

    let (seen, out) = wire.call(
        Ok(json!({"ResourceRecordSets": [{"Name": "a.", "Type": "TXT", "TTL": 60,
            "ResourceRecords": [{"Value": "\"x\""}]}], "IsTruncated": false, "MaxItems": "100"})),
        route53.list_resource_record_sets().hosted_zone_id("Z9").start_record_name("a.").max_items(2).send(),
    );
    assert_eq!(seen, json!({"HostedZoneId": "Z9", "StartRecordName": "a.", "MaxItems": "2"}));
    assert_eq!(out.unwrap().resource_record_sets()[0].resource_records()[0].value(), "\"x\"");

    let mut bad = Fault::new("InvalidChangeBatch", "no");
    bad.members = json!({"messages": ["first", "second"]});
    let (_, out) = wire.call(
        Err(bad),
        route53.change_resource_record_sets().hosted_zone_id("Z9").change_batch(batch).send(),
    );
    let error = out.unwrap_err();
    assert_eq!(error.code(), Some("InvalidChangeBatch"));

    let (seen, out) = wire.call(
        Ok(json!({"HostedZone": {"Id": "/hostedzone/Z1", "Name": "n.", "CallerReference": "r"},
            "ChangeInfo": {"Id": "C", "Status": "PENDING", "SubmittedAt": 1.0},
            "DelegationSet": {"NameServers": ["ns-1"]}, "Location": "https://x/Z1"})),
        route53.create_hosted_zone().name("n.").caller_reference("r").send(),
    );
    assert_eq!(seen, json!({"Name": "n.", "CallerReference": "r"}));
    assert_eq!(out.unwrap().location(), "https://x/Z1");
}

#[test]
fn unmodelled_unimplemented_and_unknown_operations_differ() {
    let form = |action: &str| {
        let mut headers = http::HeaderMap::new();
        headers.insert("host", "ec2.eu-west-1.amazonaws.com".parse().unwrap());
        Incoming::new("POST", "/", headers, format!("Action={action}&Version=2016-11-15").into_bytes())
    };
    let call = receive(echoes(), &form("RunScheduledInstances")).unwrap();
    assert_eq!(call.input.unwrap_err().code, super::NOT_IMPLEMENTED);
    assert_eq!((call.service.name, call.region.as_str()), ("ec2", "eu-west-1"));
    assert_eq!(receive(echoes(), &form("MakeCoffee")).unwrap().input.unwrap_err().code, "InvalidAction");
    assert!(receive(echoes(), &form("DescribeVpcs")).unwrap().input.is_ok());
    let unknown = receive(echoes(), &form("DescribeVpcs&Colour=red")).unwrap().input.unwrap_err();
    assert_eq!((unknown.code.as_str(), unknown.message.contains("Colour")), ("UnknownParameter", true));
    let missing = receive(echoes(), &form("DeleteVpc")).unwrap().input.unwrap_err();
    assert_eq!(missing.code, "MissingParameter");
    let wrong = receive(echoes(), &form("CreateVpc&CidrBlock=10.0.0.0/16&InstanceTenancy=shared")).unwrap();
    assert_eq!(wrong.input.unwrap_err().code, "InvalidParameterValue");
}

#[test]
fn faults_by_script_look_like_the_real_trouble() {
    use crate::aws::{Certainty, op};
    let wire = Wire::new();
    let iam = aws_sdk_iam::Client::new(&wire.config);
    let outcome = |action: Action| {
        wire.sandbox
            .set_faults(FaultScript { rules: vec![FaultRule { selector: Default::default(), action }] });
        let (seen, out) = wire.call(Ok(json!({})), iam.delete_role().role_name("r").send());
        (seen != Json::Null, out.map_err(op("DeleteRole")).err())
    };
    use crate::sandbox::Moment;
    for (action, effect, certainty) in [
        (Action::Throttle, false, Certainty::Rejected),
        (Action::ServerError(500), false, Certainty::Unknown),
        (Action::LoseRequest, false, Certainty::Unknown),
        (Action::LoseAnswer, true, Certainty::Unknown),
        (Action::Timeout(Moment::Before), false, Certainty::Unknown),
        (Action::Timeout(Moment::After), true, Certainty::Unknown),
        (Action::ExpiredCredentials, false, Certainty::Rejected),
    ] {
        let (happened, error) = outcome(action.clone());
        let error = error.unwrap_or_else(|| panic!("{action:?} did nothing"));
        assert_eq!((happened, error.certainty), (effect, certainty), "{action:?}: {error}");
    }
    assert!(outcome(Action::Throttle).1.unwrap().is_throttle());
    assert!(outcome(Action::ExpiredCredentials).1.unwrap().is_credentials());
    assert_eq!(outcome(Action::Delay(5_000)), (true, None));
    let ecs = aws_sdk_ecs::Client::new(&wire.config);
    wire.sandbox.set_faults(FaultScript {
        rules: vec![FaultRule { selector: Default::default(), action: Action::Garble }],
    });
    let (seen, out) = wire.call(Ok(json!({"clusterArns": []})), ecs.list_clusters().send());
    assert_ne!(seen, Json::Null);
    assert_eq!(out.map_err(op("ListClusters")).unwrap_err().certainty, Certainty::Unknown);
}

#[test]
fn a_crash_ends_the_run_before_or_after_the_effect() {
    use crate::{clock::Halt, sandbox::Moment};
    for moment in [Moment::Before, Moment::After] {
        let wire = Wire::new();
        let iam = aws_sdk_iam::Client::new(&wire.config);
        let action = Action::Crash(moment);
        wire.sandbox
            .set_faults(FaultScript { rules: vec![FaultRule { selector: Default::default(), action }] });
        SEEN.replace(Json::Null);
        let run = iam.delete_role().role_name("r").send();
        let halted = wire.clock.block_on_until(run, &wire.sandbox.killed());
        assert!(matches!(halted, Err(Halt::Killed)));
        assert_eq!(SEEN.take() != Json::Null, moment == Moment::After);
    }
}
