//! How an `AWS::RDS::DBCluster` comes into being: new, as the replica of another cluster, restored from a snapshot or to
//! a point in time. What the calls of a restore do not take is changed when the cluster is available.

use aws_sdk_rds::{
    operation::create_db_cluster::builders::CreateDBClusterFluentBuilder,
    types::{
        ClusterScalabilityType, DatabaseInsightsMode, DbCluster as Live, MasterUserAuthenticationType,
        ServerlessV2ScalingConfiguration,
    },
};
use aws_smithy_types::{DateTime, date_time::Format};
use serde_json::Value as Json;

use super::db_cluster_props::Props;
use crate::{
    aws::{OpError, op},
    resources::{Cx, tags::create as tags},
};

/// Where a cluster comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Empty, or the replica of another cluster.
    New,
    /// A snapshot.
    Snapshot,
    /// A point in time of another cluster.
    PointInTime,
}

/// The origin that properties ask for. An empty name means none, as templates with a parameter for it rely on.
pub fn origin(props: &Json) -> Origin {
    let given = |name: &str| props[name].as_str().is_some_and(|text| !text.is_empty());
    if given("SnapshotIdentifier") {
        Origin::Snapshot
    } else if given("SourceDBClusterIdentifier") || given("SourceDbClusterResourceId") {
        Origin::PointInTime
    } else {
        Origin::New
    }
}

fn of(props: &Props) -> Origin {
    origin(&serde_json::to_value(props).unwrap_or_default())
}

/// Whether a cluster of these properties needs changes once it is available.
pub fn settles(props: &Props) -> bool {
    of(props) != Origin::New
}

/// Capacity as the SDK takes it.
pub fn scaling(props: &Props) -> Option<ServerlessV2ScalingConfiguration> {
    props.ServerlessV2ScalingConfiguration.as_ref().map(|scaling| {
        ServerlessV2ScalingConfiguration::builder()
            .set_min_capacity(scaling.MinCapacity)
            .set_max_capacity(scaling.MaxCapacity)
            .set_seconds_until_auto_pause(scaling.SecondsUntilAutoPause)
            .build()
    })
}

/// Passes what all three calls take.
macro_rules! common {
    ($cx:expr, $props:expr, $call:expr) => {{
        let p = $props.clone();
        $call
            .set_db_cluster_identifier(p.DBClusterIdentifier)
            .set_backtrack_window(p.BacktrackWindow)
            .set_backup_retention_period(p.BackupRetentionPeriod)
            .set_copy_tags_to_snapshot(p.CopyTagsToSnapshot)
            .set_db_cluster_instance_class(p.DBClusterInstanceClass)
            .set_db_cluster_parameter_group_name(p.DBClusterParameterGroupName)
            .set_db_subnet_group_name(p.DBSubnetGroupName)
            .set_deletion_protection(p.DeletionProtection)
            .set_domain(p.Domain)
            .set_domain_iam_role_name(p.DomainIAMRoleName)
            .set_enable_cloudwatch_logs_exports(p.EnableCloudwatchLogsExports)
            .set_enable_iam_database_authentication(p.EnableIAMDatabaseAuthentication)
            .set_engine_lifecycle_support(p.EngineLifecycleSupport)
            .set_engine_mode(p.EngineMode)
            .set_iops(p.Iops)
            .set_kms_key_id(p.KmsKeyId)
            .set_monitoring_interval(p.MonitoringInterval)
            .set_monitoring_role_arn(p.MonitoringRoleArn)
            .set_network_type(p.NetworkType)
            .set_enable_performance_insights(p.PerformanceInsightsEnabled)
            .set_performance_insights_kms_key_id(p.PerformanceInsightsKmsKeyId)
            .set_performance_insights_retention_period(p.PerformanceInsightsRetentionPeriod)
            .set_port(p.Port)
            .set_preferred_backup_window(p.PreferredBackupWindow)
            .set_publicly_accessible(p.PubliclyAccessible)
            .set_serverless_v2_scaling_configuration(scaling($props))
            .set_storage_type(p.StorageType)
            .set_vpc_security_group_ids(p.VpcSecurityGroupIds)
            .set_tags(tags($cx, "CreateDBCluster", $props.Tags.as_ref())?)
    }};
}

/// A name; an empty one means none.
fn given(name: Option<&String>) -> Option<String> {
    name.filter(|name| !name.is_empty()).cloned()
}

fn new(cx: &Cx<'_>, props: &Props) -> Result<CreateDBClusterFluentBuilder, OpError> {
    let p = props.clone();
    Ok(common!(cx, props, cx.sdk.rds().create_db_cluster())
        .set_allocated_storage(p.AllocatedStorage)
        .set_auto_minor_version_upgrade(p.AutoMinorVersionUpgrade)
        .set_availability_zones(p.AvailabilityZones)
        .set_cluster_scalability_type(p.ClusterScalabilityType.as_deref().map(ClusterScalabilityType::from))
        .set_database_insights_mode(p.DatabaseInsightsMode.as_deref().map(DatabaseInsightsMode::from))
        .set_database_name(p.DatabaseName)
        .set_db_system_id(p.DBSystemId)
        .set_enable_http_endpoint(p.EnableHttpEndpoint)
        .set_enable_local_write_forwarding(p.EnableLocalWriteForwarding)
        .set_engine(p.Engine)
        .set_engine_version(p.EngineVersion)
        .set_manage_master_user_password(p.ManageMasterUserPassword.filter(|managed| *managed))
        .set_master_user_authentication_type(
            p.MasterUserAuthenticationType.as_deref().map(MasterUserAuthenticationType::from),
        )
        .set_master_user_password(p.MasterUserPassword)
        .set_master_user_secret_kms_key_id(p.MasterUserSecret.and_then(|secret| secret.KmsKeyId))
        .set_master_username(p.MasterUsername)
        .set_preferred_maintenance_window(p.PreferredMaintenanceWindow)
        .set_replication_source_identifier(given(props.ReplicationSourceIdentifier.as_ref()))
        .set_storage_encrypted(p.StorageEncrypted))
}

/// The one call that makes the cluster.
pub async fn make(cx: &Cx<'_>, props: &Props) -> Result<Live, OpError> {
    let missing = |operation: &str| OpError::missing(operation, "the cluster");
    match of(props) {
        Origin::New => {
            let answer = new(cx, props)?.send().await.map_err(op("CreateDBCluster"))?;
            answer.db_cluster.ok_or_else(|| missing("CreateDBCluster"))
        }
        Origin::Snapshot => {
            const OP: &str = "RestoreDBClusterFromSnapshot";
            let call = common!(cx, props, cx.sdk.rds().restore_db_cluster_from_snapshot())
                .set_availability_zones(props.AvailabilityZones.clone())
                .set_database_name(props.DatabaseName.clone())
                .set_engine(props.Engine.clone())
                .set_engine_version(props.EngineVersion.clone())
                .set_snapshot_identifier(given(props.SnapshotIdentifier.as_ref()));
            call.send().await.map_err(op(OP))?.db_cluster.ok_or_else(|| missing(OP))
        }
        Origin::PointInTime => {
            const OP: &str = "RestoreDBClusterToPointInTime";
            let time = props.RestoreToTime.as_deref().map(|text| {
                DateTime::from_str(text, Format::DateTime)
                    .map_err(|_| OpError::not_sent(OP, format!("RestoreToTime `{text}` is no time")))
            });
            let time = time.transpose()?;
            // Without a time the latest is meant, as CloudFormation does it.
            let latest = props.UseLatestRestorableTime.or(time.is_none().then_some(true));
            let call = common!(cx, props, cx.sdk.rds().restore_db_cluster_to_point_in_time())
                .set_restore_to_time(time)
                .set_restore_type(props.RestoreType.clone())
                .set_source_db_cluster_identifier(given(props.SourceDBClusterIdentifier.as_ref()))
                .set_source_db_cluster_resource_id(given(props.SourceDbClusterResourceId.as_ref()))
                .set_use_latest_restorable_time(latest);
            call.send().await.map_err(op(OP))?.db_cluster.ok_or_else(|| missing(OP))
        }
    }
}

/// What is wrong with where a cluster is to come from.
pub fn check(props: &Json) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    let has = |name: &str| !props[name].is_null() && props[name] != "";
    let mut say = |property: &str, message: &str| problems.push((property.to_owned(), message.to_owned()));
    let origin = origin(props);
    let both = has("SourceDBClusterIdentifier") && has("SourceDbClusterResourceId");
    if both {
        say("SourceDbClusterResourceId", "give this or SourceDBClusterIdentifier, not both");
    }
    if origin == Origin::Snapshot && (has("SourceDBClusterIdentifier") || has("SourceDbClusterResourceId")) {
        say("SnapshotIdentifier", "a cluster comes from a snapshot or from a point in time, not from both");
    }
    if origin != Origin::New {
        for property in ["MasterUsername", "ReplicationSourceIdentifier"] {
            if has(property) {
                say(property, "comes with the data that is restored: leave it out");
            }
        }
    }
    if origin == Origin::PointInTime {
        if has("RestoreToTime") && props["UseLatestRestorableTime"] == true {
            say("RestoreToTime", "give a time or UseLatestRestorableTime, not both");
        }
        let time = props["RestoreToTime"].as_str().filter(|text| !text.is_empty());
        if time.is_some_and(|text| DateTime::from_str(text, Format::DateTime).is_err()) {
            say("RestoreToTime", "must be a time such as 2026-01-31T12:00:00Z");
        }
        if props["RestoreType"] == "copy-on-write" && has("RestoreToTime") {
            say("RestoreToTime", "a clone (copy-on-write) is made of the latest state only");
        }
    } else {
        for property in ["RestoreToTime", "RestoreType", "UseLatestRestorableTime"] {
            if has(property) && props[property] != false {
                say(property, "needs SourceDBClusterIdentifier or SourceDbClusterResourceId");
            }
        }
    }
    problems
}
