//! From a request as JSON to the SDK's call. Every mutating operation that the program makes outside of a resource's life
//! is in this one table.

use aws_sdk_databasemigration::types as dms;
use aws_sdk_ec2::types as ec2;
use aws_sdk_elasticloadbalancingv2::types as elb;
use aws_sdk_route53::types as route53;
use aws_smithy_types::error::operation::BuildError;
use aws_types::request_id::RequestId;
use serde_json::{Value as Json, json};

use crate::{
    aws::{OpError, Sdk, op},
    ledger::{Permit, Request},
    model::Attributes,
};

/// A member of the input that must be there.
fn text(input: &Json, member: &'static str) -> Result<String, BuildError> {
    input[member]
        .as_str()
        .map(ToOwned::to_owned)
        .ok_or_else(|| BuildError::missing_field(member, "the request lacks it"))
}

fn maybe(input: &Json, member: &str) -> Option<String> {
    input[member].as_str().map(ToOwned::to_owned)
}

fn int(value: &Json) -> Option<i32> {
    value.as_i64().and_then(|n| i32::try_from(n).ok())
}

fn built<T>(operation: &str, made: Result<T, BuildError>) -> Result<T, OpError> {
    made.map_err(|error| OpError::not_sent(operation, error.to_string()))
}

fn answer(id: Option<&str>, more: &[(&str, Option<&str>)]) -> Attributes {
    let own = [("RequestId", id)];
    own.iter()
        .chain(more)
        .filter_map(|(name, value)| value.map(|value| ((*name).to_owned(), json!(value))))
        .collect()
}

/// Makes the call. Answers what is worth keeping: AWS's request id, and ids that later reads need.
pub(super) async fn send(sdk: &Sdk, _permit: &Permit, request: &Request) -> Result<Attributes, OpError> {
    let input = &request.input;
    let name = request.operation.as_str();
    let need = |member: &'static str| built(name, text(input, member));
    match (request.service.as_str(), name) {
        ("dms", "TestConnection") => {
            let call = sdk
                .dms()
                .test_connection()
                .replication_instance_arn(need("ReplicationInstanceArn")?)
                .endpoint_arn(need("EndpointArn")?);
            let out = call.send().await.map_err(op("TestConnection"))?;
            Ok(answer(out.request_id(), &[]))
        }
        ("dms", "StartReplicationTask") => {
            let kind = dms::StartReplicationTaskTypeValue::from(need("StartReplicationTaskType")?.as_str());
            let call = sdk
                .dms()
                .start_replication_task()
                .replication_task_arn(need("ReplicationTaskArn")?)
                .start_replication_task_type(kind)
                .set_cdc_start_position(maybe(input, "CdcStartPosition"));
            let out = call.send().await.map_err(op("StartReplicationTask"))?;
            Ok(answer(out.request_id(), &[]))
        }
        ("dms", "StopReplicationTask") => {
            let call = sdk.dms().stop_replication_task().replication_task_arn(need("ReplicationTaskArn")?);
            let out = call.send().await.map_err(op("StopReplicationTask"))?;
            Ok(answer(out.request_id(), &[]))
        }
        ("dms", "StartReplication") => {
            let call = sdk
                .dms()
                .start_replication()
                .replication_config_arn(need("ReplicationConfigArn")?)
                .start_replication_type(need("StartReplicationType")?)
                .set_premigration_assessment_settings(maybe(input, "PremigrationAssessmentSettings"))
                .set_cdc_start_position(maybe(input, "CdcStartPosition"));
            let out = call.send().await.map_err(op("StartReplication"))?;
            Ok(answer(out.request_id(), &[]))
        }
        ("dms", "StartDataMigration") => {
            let kind = dms::StartReplicationMigrationTypeValue::from(need("StartType")?.as_str());
            let call = sdk
                .dms()
                .start_data_migration()
                .data_migration_identifier(need("DataMigrationIdentifier")?)
                .start_type(kind);
            let out = call.send().await.map_err(op("StartDataMigration"))?;
            Ok(answer(out.request_id(), &[]))
        }
        ("dms", "StopDataMigration") => {
            let call =
                sdk.dms().stop_data_migration().data_migration_identifier(need("DataMigrationIdentifier")?);
            let out = call.send().await.map_err(op("StopDataMigration"))?;
            Ok(answer(out.request_id(), &[]))
        }
        ("dms", "StopReplication") => {
            let call = sdk.dms().stop_replication().replication_config_arn(need("ReplicationConfigArn")?);
            let out = call.send().await.map_err(op("StopReplication"))?;
            Ok(answer(out.request_id(), &[]))
        }
        ("dms", "ReloadReplicationTables") => {
            let mut call =
                sdk.dms().reload_replication_tables().replication_config_arn(need("ReplicationConfigArn")?);
            call = call.set_reload_option(maybe(input, "ReloadOption").map(|o| o.as_str().into()));
            call = call.set_tables_to_reload(Some(tables(name, input)?));
            let out = call.send().await.map_err(op("ReloadReplicationTables"))?;
            Ok(answer(out.request_id(), &[]))
        }
        ("dms", "StartReplicationTaskAssessmentRun") => {
            let call = sdk
                .dms()
                .start_replication_task_assessment_run()
                .replication_task_arn(need("ReplicationTaskArn")?)
                .service_access_role_arn(need("ServiceAccessRoleArn")?)
                .result_location_bucket(need("ResultLocationBucket")?)
                .set_result_location_folder(maybe(input, "ResultLocationFolder"))
                .assessment_run_name(need("AssessmentRunName")?);
            match call.send().await.map_err(op("StartReplicationTaskAssessmentRun")) {
                // Names are unique, and nobody else makes this one.
                Err(error) if error.is(&["ResourceAlreadyExistsFault"]) => {
                    Ok(answer(error.request_id.as_deref(), &[]))
                }
                out => Ok(answer(out?.request_id(), &[])),
            }
        }
        ("dms", "ReloadTables") => {
            let mut call = sdk.dms().reload_tables().replication_task_arn(need("ReplicationTaskArn")?);
            call = call.set_reload_option(maybe(input, "ReloadOption").map(|o| o.as_str().into()));
            call = call.set_tables_to_reload(Some(tables(name, input)?));
            let out = call.send().await.map_err(op("ReloadTables"))?;
            Ok(answer(out.request_id(), &[]))
        }
        ("ecs", "UpdateService") => {
            let call = sdk
                .ecs()
                .update_service()
                .cluster(need("cluster")?)
                .service(need("service")?)
                .set_desired_count(int(&input["desiredCount"]));
            let out = call.send().await.map_err(op("UpdateService"))?;
            Ok(answer(out.request_id(), &[]))
        }
        ("application-autoscaling", "RegisterScalableTarget") => {
            use aws_sdk_applicationautoscaling::types as scaling;
            let suspended = &input["SuspendedState"];
            let state = suspended.is_object().then(|| {
                scaling::SuspendedState::builder()
                    .set_dynamic_scaling_in_suspended(suspended["DynamicScalingInSuspended"].as_bool())
                    .set_dynamic_scaling_out_suspended(suspended["DynamicScalingOutSuspended"].as_bool())
                    .set_scheduled_scaling_suspended(suspended["ScheduledScalingSuspended"].as_bool())
                    .build()
            });
            let call = sdk
                .autoscaling()
                .register_scalable_target()
                .service_namespace(need("ServiceNamespace")?.as_str().into())
                .scalable_dimension(need("ScalableDimension")?.as_str().into())
                .resource_id(need("ResourceId")?)
                .set_min_capacity(int(&input["MinCapacity"]))
                .set_max_capacity(int(&input["MaxCapacity"]))
                .set_suspended_state(state);
            let out = call.send().await.map_err(op("RegisterScalableTarget"))?;
            Ok(answer(out.request_id(), &[]))
        }
        ("autoscaling", "SuspendProcesses" | "ResumeProcesses") => {
            let group = need("AutoScalingGroupName")?;
            let named = input["ScalingProcesses"].as_array().into_iter().flatten();
            let named = named.filter_map(|one| one.as_str().map(ToOwned::to_owned)).collect();
            let client = sdk.auto_scaling();
            let id = if name == "SuspendProcesses" {
                let call = client.suspend_processes().auto_scaling_group_name(group);
                let out = call.set_scaling_processes(Some(named)).send().await;
                out.map_err(op("SuspendProcesses"))?.request_id().map(ToOwned::to_owned)
            } else {
                let call = client.resume_processes().auto_scaling_group_name(group);
                let out = call.set_scaling_processes(Some(named)).send().await;
                out.map_err(op("ResumeProcesses"))?.request_id().map(ToOwned::to_owned)
            };
            Ok(answer(id.as_deref(), &[]))
        }
        ("autoscaling", "UpdateAutoScalingGroup") => {
            let call = sdk
                .auto_scaling()
                .update_auto_scaling_group()
                .auto_scaling_group_name(need("AutoScalingGroupName")?)
                .set_min_size(int(&input["MinSize"]))
                .set_desired_capacity(int(&input["DesiredCapacity"]));
            let out = call.send().await.map_err(op("UpdateAutoScalingGroup"))?;
            Ok(answer(out.request_id(), &[]))
        }
        ("elbv2", "ModifyRule") => {
            let call = sdk.elb().modify_rule().rule_arn(need("RuleArn")?);
            let out = call.set_actions(Some(actions(&input["Actions"]))).send().await;
            Ok(answer(out.map_err(op("ModifyRule"))?.request_id(), &[]))
        }
        ("elbv2", "ModifyListener") => {
            let call = sdk.elb().modify_listener().listener_arn(need("ListenerArn")?);
            let out = call.set_default_actions(Some(actions(&input["DefaultActions"]))).send().await;
            Ok(answer(out.map_err(op("ModifyListener"))?.request_id(), &[]))
        }
        ("ec2", "RevokeSecurityGroupIngress") => {
            let call = sdk
                .ec2()
                .revoke_security_group_ingress()
                .group_id(need("GroupId")?)
                .set_ip_permissions(Some(permissions(&input["IpPermissions"])));
            match call.send().await.map_err(op("RevokeSecurityGroupIngress")) {
                // It is shut, whoever shut it.
                Err(error) if error.is(&["InvalidPermission.NotFound"]) => {
                    Ok(answer(error.request_id.as_deref(), &[]))
                }
                out => Ok(answer(out?.request_id(), &[])),
            }
        }
        ("ec2", "AuthorizeSecurityGroupIngress") => {
            let call = sdk
                .ec2()
                .authorize_security_group_ingress()
                .group_id(need("GroupId")?)
                .set_tag_specifications(tagged(&input["TagSpecifications"]))
                .set_ip_permissions(Some(permissions(&input["IpPermissions"])));
            match call.send().await.map_err(op("AuthorizeSecurityGroupIngress")) {
                Err(error) if error.is(&["InvalidPermission.Duplicate"]) => {
                    Ok(answer(error.request_id.as_deref(), &[]))
                }
                out => Ok(answer(out?.request_id(), &[])),
            }
        }
        ("route53", "ChangeResourceRecordSets") => {
            let batch = &input["ChangeBatch"];
            let mut changes = route53::ChangeBatch::builder().set_comment(maybe(batch, "Comment"));
            for change in batch["Changes"].as_array().into_iter().flatten() {
                let record = built(name, record(&change["ResourceRecordSet"]))?;
                let action = built(name, text(change, "Action"))?;
                let made = route53::Change::builder()
                    .action(action.as_str().into())
                    .resource_record_set(record)
                    .build();
                changes = changes.changes(built(name, made)?);
            }
            let call = sdk
                .route53()
                .change_resource_record_sets()
                .hosted_zone_id(need("HostedZoneId")?)
                .change_batch(built(name, changes.build())?);
            let out = call.send().await.map_err(op("ChangeResourceRecordSets"))?;
            let change = out.change_info().map(|info| info.id());
            Ok(answer(out.request_id(), &[("ChangeId", change)]))
        }
        ("ssm", "PutParameter") => {
            let call = sdk
                .ssm()
                .put_parameter()
                .name(need("Name")?)
                .value(need("Value")?)
                .set_overwrite(input["Overwrite"].as_bool());
            let out = call.send().await.map_err(op("PutParameter"))?;
            Ok(answer(out.request_id(), &[]))
        }
        ("rds", "CreateDBSnapshot") => {
            let call = sdk
                .rds()
                .create_db_snapshot()
                .db_instance_identifier(need("DBInstanceIdentifier")?)
                .db_snapshot_identifier(need("DBSnapshotIdentifier")?);
            let out = call.send().await.map_err(op("CreateDBSnapshot"))?;
            Ok(answer(out.request_id(), &[]))
        }
        ("rds", "CreateDBClusterSnapshot") => {
            let call = sdk
                .rds()
                .create_db_cluster_snapshot()
                .db_cluster_identifier(need("DBClusterIdentifier")?)
                .db_cluster_snapshot_identifier(need("DBClusterSnapshotIdentifier")?);
            let out = call.send().await.map_err(op("CreateDBClusterSnapshot"))?;
            Ok(answer(out.request_id(), &[]))
        }
        (service, operation) => Err(OpError::not_sent(
            operation,
            format!("this version of migrate makes no such call to {service}"),
        )),
    }
}

/// Actions of a listener or a rule.
fn actions(list: &Json) -> Vec<elb::Action> {
    let one = |action: &Json| {
        let mut built =
            elb::Action::builder().set_type(maybe(action, "Type").map(|kind| kind.as_str().into()));
        let forward = &action["ForwardConfig"];
        if forward.is_object() {
            let groups = forward["TargetGroups"].as_array().into_iter().flatten().map(|group| {
                elb::TargetGroupTuple::builder()
                    .set_target_group_arn(maybe(group, "TargetGroupArn"))
                    .set_weight(int(&group["Weight"]))
                    .build()
            });
            let sticky = &forward["TargetGroupStickinessConfig"];
            let sticky = sticky.is_object().then(|| {
                elb::TargetGroupStickinessConfig::builder()
                    .set_enabled(sticky["Enabled"].as_bool())
                    .set_duration_seconds(int(&sticky["DurationSeconds"]))
                    .build()
            });
            let config = elb::ForwardActionConfig::builder().set_target_groups(Some(groups.collect()));
            built = built.forward_config(config.set_target_group_stickiness_config(sticky).build());
        }
        let fixed = &action["FixedResponseConfig"];
        if fixed.is_object() {
            let config = elb::FixedResponseActionConfig::builder()
                .set_status_code(maybe(fixed, "StatusCode"))
                .set_content_type(maybe(fixed, "ContentType"))
                .set_message_body(maybe(fixed, "MessageBody"));
            built = built.fixed_response_config(config.build());
        }
        built.build()
    };
    list.as_array().into_iter().flatten().map(one).collect()
}

/// Tables that are loaded or compared again.
fn tables(operation: &str, input: &Json) -> Result<Vec<dms::TableToReload>, OpError> {
    let one = |table: &Json| {
        let made = dms::TableToReload::builder()
            .schema_name(built(operation, text(table, "SchemaName"))?)
            .table_name(built(operation, text(table, "TableName"))?)
            .build();
        built(operation, made)
    };
    input["TablesToReload"].as_array().into_iter().flatten().map(one).collect()
}

/// Tags of what a call makes.
fn tagged(list: &Json) -> Option<Vec<ec2::TagSpecification>> {
    let one = |spec: &Json| {
        let tags = spec["Tags"].as_array().into_iter().flatten();
        let tags = tags
            .map(|tag| ec2::Tag::builder().set_key(maybe(tag, "Key")).set_value(maybe(tag, "Value")).build());
        let kind = spec["ResourceType"].as_str().map(ec2::ResourceType::from);
        ec2::TagSpecification::builder().set_resource_type(kind).set_tags(Some(tags.collect())).build()
    };
    list.as_array().map(|specs| specs.iter().map(one).collect())
}

/// Rules of a security group.
fn permissions(list: &Json) -> Vec<ec2::IpPermission> {
    let one = |rule: &Json| {
        let mut built = ec2::IpPermission::builder()
            .set_ip_protocol(maybe(rule, "IpProtocol"))
            .set_from_port(int(&rule["FromPort"]))
            .set_to_port(int(&rule["ToPort"]));
        for pair in rule["UserIdGroupPairs"].as_array().into_iter().flatten() {
            let pair = ec2::UserIdGroupPair::builder()
                .set_group_id(maybe(pair, "GroupId"))
                .set_user_id(maybe(pair, "UserId"))
                .set_description(maybe(pair, "Description"))
                .build();
            built = built.user_id_group_pairs(pair);
        }
        for range in rule["IpRanges"].as_array().into_iter().flatten() {
            let range = ec2::IpRange::builder()
                .set_cidr_ip(maybe(range, "CidrIp"))
                .set_description(maybe(range, "Description"))
                .build();
            built = built.ip_ranges(range);
        }
        for range in rule["Ipv6Ranges"].as_array().into_iter().flatten() {
            let range = ec2::Ipv6Range::builder()
                .set_cidr_ipv6(maybe(range, "CidrIpv6"))
                .set_description(maybe(range, "Description"))
                .build();
            built = built.ipv6_ranges(range);
        }
        for list in rule["PrefixListIds"].as_array().into_iter().flatten() {
            let list = ec2::PrefixListId::builder()
                .set_prefix_list_id(maybe(list, "PrefixListId"))
                .set_description(maybe(list, "Description"))
                .build();
            built = built.prefix_list_ids(list);
        }
        built.build()
    };
    list.as_array().into_iter().flatten().map(one).collect()
}

/// A record set.
fn record(set: &Json) -> Result<route53::ResourceRecordSet, BuildError> {
    let mut built = route53::ResourceRecordSet::builder()
        .name(text(set, "Name")?)
        .r#type(text(set, "Type")?.as_str().into())
        .set_set_identifier(maybe(set, "SetIdentifier"))
        .set_weight(set["Weight"].as_i64())
        .set_ttl(set["TTL"].as_i64())
        .set_health_check_id(maybe(set, "HealthCheckId"));
    for value in set["ResourceRecords"].as_array().into_iter().flatten() {
        built =
            built.resource_records(route53::ResourceRecord::builder().value(text(value, "Value")?).build()?);
    }
    let alias = &set["AliasTarget"];
    if alias.is_object() {
        let alias = route53::AliasTarget::builder()
            .hosted_zone_id(text(alias, "HostedZoneId")?)
            .dns_name(text(alias, "DNSName")?)
            .evaluate_target_health(alias["EvaluateTargetHealth"] == true)
            .build()?;
        built = built.alias_target(alias);
    }
    built.build()
}
