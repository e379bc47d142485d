//! Where an `AWS::RDS::DBInstance` comes from: it is new, restored from a snapshot or from a point in time of another
//! instance, or it follows another instance as its read replica.
//!
//! Those that come from somewhere bring most settings along, and the calls that make them take fewer parameters
//! than `CreateDBInstance`: what then differs from the template is changed when the instance is available.

use aws_sdk_rds::types::{DbInstance as Live, ReplicaMode};
use aws_smithy_types::{DateTime, date_time::Format};
use serde_json::Value as Json;

use super::{
    db_instance_modify::{features, modify, number},
    db_instance_props::{Props, live_props, same},
    db_instance_volumes as volumes,
};
use crate::{
    aws::{OpError, op},
    resources::{Change, Cx},
};

/// How an instance comes into being.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Empty.
    New,
    /// From a snapshot.
    Snapshot,
    /// From a point in time of another instance.
    PointInTime,
    /// As the read replica of another instance.
    Replica,
}

/// Properties that must not be given because they come with the data.
const INHERITED: &[&str] = &["MasterUsername", "CharacterSetName", "Timezone", "NcharCharacterSetName"];

/// The origin that properties in JSON ask for. An empty snapshot's name means none, as templates with a
/// parameter for it rely on.
pub fn origin(props: &Json) -> Origin {
    let given = |name: &str| props[name].as_str().is_some_and(|text| !text.is_empty());
    if given("DBSnapshotIdentifier") || given("DBClusterSnapshotIdentifier") {
        Origin::Snapshot
    } else if given("RestoreTime") || props["UseLatestRestorableTime"] == true {
        Origin::PointInTime
    } else if given("SourceDBInstanceIdentifier") || given("SourceDBClusterIdentifier") {
        Origin::Replica
    } else {
        Origin::New
    }
}

fn of(props: &Props) -> Origin {
    let text = |value: Option<&String>| value.is_some_and(|text| !text.is_empty());
    if text(props.DBSnapshotIdentifier.as_ref()) || text(props.DBClusterSnapshotIdentifier.as_ref()) {
        Origin::Snapshot
    } else if text(props.RestoreTime.as_ref()) || props.UseLatestRestorableTime == Some(true) {
        Origin::PointInTime
    } else if text(props.SourceDBInstanceIdentifier.as_ref())
        || text(props.SourceDBClusterIdentifier.as_ref())
    {
        Origin::Replica
    } else {
        Origin::New
    }
}

/// What is wrong with the properties of an instance that is not new.
pub fn check(props: &Json, origin: Origin) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    let has = |property: &str| !props[property].is_null();
    let mut say = |property: &str, message: String| problems.push((property.to_owned(), message));
    for property in INHERITED.iter().filter(|property| has(property)) {
        say(property, "comes with the data of the other instance or the snapshot: leave it out".into());
    }
    let both =
        |one: &str, other: &str| has(one) && has(other) && [one, other].iter().all(|name| props[*name] != "");
    for (one, other) in [
        ("DBSnapshotIdentifier", "DBClusterSnapshotIdentifier"),
        ("SourceDBInstanceIdentifier", "SourceDBClusterIdentifier"),
    ] {
        if both(one, other) {
            say(other, format!("give this or {one}, not both"));
        }
    }
    let source = props["SourceDBInstanceIdentifier"].as_str().unwrap_or_default();
    if let (Some(region), Some(of_arn)) =
        (props["SourceRegion"].as_str(), source.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2)))
        && region != of_arn
    {
        say("SourceRegion", format!("the source's ARN says {of_arn}"));
    }
    match origin {
        Origin::Replica => {
            for property in ["DBName", "MasterUserPassword", "ManageMasterUserPassword"] {
                if has(property) {
                    say(property, "a read replica has its source's: leave it out".into());
                }
            }
        }
        Origin::PointInTime => {
            if has("RestoreTime") && props["UseLatestRestorableTime"] == true {
                say("RestoreTime", "give a time or UseLatestRestorableTime, not both".into());
            }
            let sources =
                ["SourceDBInstanceIdentifier", "SourceDbiResourceId", "SourceDBInstanceAutomatedBackupsArn"];
            if sources.iter().filter(|source| has(source)).count() != 1 {
                let message =
                    format!("a restore to a point in time has exactly one of {}", sources.join(", "));
                say("SourceDBInstanceIdentifier", message);
            }
            let time = props["RestoreTime"].as_str();
            if time.is_some_and(|time| DateTime::from_str(time, Format::DateTime).is_err()) {
                say("RestoreTime", "must be a time such as 2026-01-31T12:00:00Z".into());
            }
        }
        Origin::Snapshot | Origin::New => {}
    }
    problems
}

/// Makes an instance that is not new; `None` for a new one.
pub async fn create(cx: &Cx<'_>, props: &Props) -> Result<Option<Live>, OpError> {
    match of(props) {
        Origin::New => Ok(None),
        Origin::Snapshot => snapshot(cx, props).await.map(Some),
        Origin::PointInTime => point_in_time(cx, props).await.map(Some),
        Origin::Replica => replica(cx, props).await.map(Some),
    }
}

/// Passes what all three calls take.
macro_rules! common {
    ($cx:expr, $props:expr, $call:expr) => {{
        let p = $props.clone();
        $call
            .set_additional_storage_volumes(volumes::sent(p.AdditionalStorageVolumes.as_ref())?)
            .set_auto_minor_version_upgrade(p.AutoMinorVersionUpgrade)
            .set_availability_zone(p.AvailabilityZone)
            .set_ca_certificate_identifier(p.CACertificateIdentifier)
            .set_copy_tags_to_snapshot(p.CopyTagsToSnapshot)
            .set_custom_iam_instance_profile(p.CustomIAMInstanceProfile)
            .set_db_instance_class(p.DBInstanceClass)
            .set_db_parameter_group_name(p.DBParameterGroupName)
            .set_db_subnet_group_name(p.DBSubnetGroupName)
            .set_dedicated_log_volume(p.DedicatedLogVolume)
            .set_deletion_protection(p.DeletionProtection)
            .set_domain(p.Domain)
            .set_domain_auth_secret_arn(p.DomainAuthSecretArn)
            .set_domain_dns_ips(p.DomainDnsIps)
            .set_domain_fqdn(p.DomainFqdn)
            .set_domain_iam_role_name(p.DomainIAMRoleName)
            .set_domain_ou(p.DomainOu)
            .set_enable_cloudwatch_logs_exports(p.EnableCloudwatchLogsExports)
            .set_enable_iam_database_authentication(p.EnableIAMDatabaseAuthentication)
            .set_iops(p.Iops)
            .set_multi_az(p.MultiAZ)
            .set_network_type(p.NetworkType)
            .set_option_group_name(p.OptionGroupName)
            .set_port(number("Port", p.Port.as_ref())?)
            .set_processor_features(features($props))
            .set_publicly_accessible(p.PubliclyAccessible)
            .set_storage_throughput(p.StorageThroughput)
            .set_storage_type(p.StorageType)
            .set_use_default_processor_features(p.UseDefaultProcessorFeatures)
            .set_vpc_security_group_ids(p.VPCSecurityGroups)
            .set_tags(crate::resources::tags::create($cx, "CreateDBInstance", $props.Tags.as_ref())?)
    }};
}

/// Passes what both restores take besides.
macro_rules! restored {
    ($props:expr, $call:expr) => {{
        let p = $props.clone();
        $call
            .set_backup_target(p.BackupTarget)
            .set_db_name(p.DBName)
            .set_engine(p.Engine)
            .set_engine_lifecycle_support(p.EngineLifecycleSupport)
            .set_license_model(p.LicenseModel)
            .set_tde_credential_arn(p.TdeCredentialArn)
            .set_tde_credential_password(p.TdeCredentialPassword)
    }};
}

/// A name; an empty one means none.
fn given(name: Option<&String>) -> Option<String> {
    name.filter(|name| !name.is_empty()).cloned()
}

async fn snapshot(cx: &Cx<'_>, props: &Props) -> Result<Live, OpError> {
    const OP: &str = "RestoreDBInstanceFromDBSnapshot";
    let call = cx
        .sdk
        .rds()
        .restore_db_instance_from_db_snapshot()
        .set_db_instance_identifier(props.DBInstanceIdentifier.clone())
        .set_db_cluster_snapshot_identifier(given(props.DBClusterSnapshotIdentifier.as_ref()))
        .set_db_snapshot_identifier(given(props.DBSnapshotIdentifier.as_ref()));
    let call = restored!(props, common!(cx, props, call));
    let answer = call.send().await.map_err(op(OP))?;
    answer.db_instance.ok_or_else(|| OpError::missing(OP, "the instance"))
}

async fn point_in_time(cx: &Cx<'_>, props: &Props) -> Result<Live, OpError> {
    const OP: &str = "RestoreDBInstanceToPointInTime";
    let time = props.RestoreTime.as_deref().map(|text| {
        DateTime::from_str(text, Format::DateTime)
            .map_err(|_| OpError::not_sent(OP, format!("RestoreTime `{text}` is no time")))
    });
    let call = cx
        .sdk
        .rds()
        .restore_db_instance_to_point_in_time()
        .set_target_db_instance_identifier(props.DBInstanceIdentifier.clone())
        .set_source_db_instance_identifier(props.SourceDBInstanceIdentifier.clone())
        .set_source_dbi_resource_id(props.SourceDbiResourceId.clone())
        .set_source_db_instance_automated_backups_arn(props.SourceDBInstanceAutomatedBackupsArn.clone())
        .set_restore_time(time.transpose()?)
        .set_use_latest_restorable_time(props.UseLatestRestorableTime)
        .set_max_allocated_storage(props.MaxAllocatedStorage);
    let call = restored!(props, common!(cx, props, call));
    let answer = call.send().await.map_err(op(OP))?;
    answer.db_instance.ok_or_else(|| OpError::missing(OP, "the instance"))
}

/// The instance that a replica follows. One of another region is named by its ARN, which `SourceRegion` completes.
fn source(cx: &Cx<'_>, props: &Props) -> Option<String> {
    let name = given(props.SourceDBInstanceIdentifier.as_ref())?;
    match props.SourceRegion.as_deref() {
        Some(region) if region != cx.region && !name.starts_with("arn:") => {
            Some(format!("arn:{}:rds:{region}:{}:db:{}", cx.partition, cx.account, name.to_lowercase()))
        }
        _ => Some(name),
    }
}

async fn replica(cx: &Cx<'_>, props: &Props) -> Result<Live, OpError> {
    const OP: &str = "CreateDBInstanceReadReplica";
    let call = cx
        .sdk
        .rds()
        .create_db_instance_read_replica()
        .set_db_instance_identifier(props.DBInstanceIdentifier.clone())
        .set_source_db_cluster_identifier(given(props.SourceDBClusterIdentifier.as_ref()))
        .set_source_db_instance_identifier(source(cx, props))
        .set_allocated_storage(number("AllocatedStorage", props.AllocatedStorage.as_ref())?)
        .set_enable_performance_insights(props.EnablePerformanceInsights)
        .set_kms_key_id(props.KmsKeyId.clone())
        .set_max_allocated_storage(props.MaxAllocatedStorage)
        .set_monitoring_interval(props.MonitoringInterval)
        .set_monitoring_role_arn(props.MonitoringRoleArn.clone())
        .set_performance_insights_kms_key_id(props.PerformanceInsightsKMSKeyId.clone())
        .set_performance_insights_retention_period(props.PerformanceInsightsRetentionPeriod)
        .set_replica_mode(props.ReplicaMode.as_deref().map(ReplicaMode::from));
    let answer = common!(cx, props, call).send().await.map_err(op(OP))?;
    answer.db_instance.ok_or_else(|| OpError::missing(OP, "the instance"))
}

/// Whether an instance of these properties needs [`settle`] once it is available.
pub fn settles(props: &Props) -> bool {
    of(props) != Origin::New
}

/// Changes what the new instance brought along and the template wants otherwise.
pub async fn settle(cx: &Cx<'_>, live: &Live, props: &Props) -> Result<(), OpError> {
    let current = live_props(cx, live, props);
    let json = |props: &Props| serde_json::to_value(props).unwrap_or_default();
    let (wanted, have) = (json(props), json(&current));
    let differs = |name: &str, value: &Json| match name {
        "MasterUserPassword" => true,
        "DBInstanceIdentifier" | "Tags" => false,
        _ => !have[name].is_null() && !same(name, value, &have[name]) || has_none(name, &have),
    };
    let changed: Vec<String> = wanted
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| !value.is_null() && differs(name, value))
        .map(|(name, _)| name.clone())
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let name = live.db_instance_identifier().unwrap_or_default();
    modify(cx, name, live, &Change { old: &current, new: props, changed: &changed }).await
}

/// Settings that an instance may be without, so that a wish for them is a change.
fn has_none(name: &str, have: &Json) -> bool {
    matches!(
        name,
        "EnableCloudwatchLogsExports"
            | "MaxAllocatedStorage"
            | "MonitoringRoleArn"
            | "PerformanceInsightsRetentionPeriod"
    ) && have[name].is_null()
}
