//! Properties of an `AWS::RDS::DBCluster`: as the template writes them and as RDS answers.

use aws_sdk_rds::types::{self, DbCluster as Live};
use serde_json::{Value as Json, json};

use super::{
    db_instance_props::{same_key, version_fits},
    tags,
};
use crate::{
    model::{Attributes, Tag},
    resources::{Cx, compare, described::pairs},
};

crate::props! {
    /// The properties.
    pub struct Props {
        AllocatedStorage: i32, AssociatedRoles: Vec<Role>, AutoMinorVersionUpgrade: bool, AvailabilityZones: Vec<String>,
        BacktrackWindow: i64, BackupRetentionPeriod: i32, ClusterScalabilityType: String, CopyTagsToSnapshot: bool,
        DBClusterIdentifier: String, DBClusterInstanceClass: String, DBClusterParameterGroupName: String,
        DBInstanceParameterGroupName: String, DBSubnetGroupName: String, DBSystemId: String, DatabaseInsightsMode: String,
        DatabaseName: String, DeleteAutomatedBackups: bool, DeletionProtection: bool, Domain: String, DomainIAMRoleName: String,
        EnableCloudwatchLogsExports: Vec<String>, EnableHttpEndpoint: bool, EnableIAMDatabaseAuthentication: bool,
        EnableLocalWriteForwarding: bool, Engine: String, EngineLifecycleSupport: String, EngineMode: String,
        EngineVersion: String, Iops: i32, KmsKeyId: String, ManageMasterUserPassword: bool, MasterUserAuthenticationType: String,
        MasterUserPassword: String, MasterUserSecret: MasterUserSecret, MasterUsername: String, MonitoringInterval: i32,
        MonitoringRoleArn: String, NetworkType: String, PerformanceInsightsEnabled: bool, PerformanceInsightsKmsKeyId: String,
        PerformanceInsightsRetentionPeriod: i32, Port: i32, PreferredBackupWindow: String, PreferredMaintenanceWindow: String,
        PubliclyAccessible: bool, ReplicationSourceIdentifier: String, RestoreToTime: String, RestoreType: String,
        ServerlessV2ScalingConfiguration: Scaling, SnapshotIdentifier: String, SourceDBClusterIdentifier: String,
        SourceDbClusterResourceId: String, StorageEncrypted: bool, StorageType: String, Tags: Vec<Tag>,
        UseLatestRestorableTime: bool, VpcSecurityGroupIds: Vec<String>,
    }
    /// A role for one feature of the engine; without a feature for loads from and to S3.
    pub struct Role { FeatureName: String, RoleArn: String }
    /// The secret in which RDS keeps the master password; only its key can be chosen.
    pub struct MasterUserSecret { KmsKeyId: String }
    /// How far capacity of Serverless v2 instances goes, in ACUs.
    pub struct Scaling { MaxCapacity: f64, MinCapacity: f64, SecondsUntilAutoPause: i32 }
}

const KIND: &str = "AWS::RDS::DBCluster";

/// Properties whose texts RDS keeps in lower case or compares without case.
const CASELESS: &[&str] = &[
    "DBClusterIdentifier",
    "DBClusterParameterGroupName",
    "DBSubnetGroupName",
    "PreferredMaintenanceWindow",
];

/// Lists whose order means nothing to RDS, and where none and an empty one are the same.
const SETS: &[&str] = &["AssociatedRoles", "EnableCloudwatchLogsExports", "VpcSecurityGroupIds"];

/// Whether two values of a property mean the same.
pub fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
    if let (Some(wanted), Some(live)) = (desired.as_str(), recorded.as_str()) {
        return match property {
            name if CASELESS.contains(&name) => wanted.eq_ignore_ascii_case(live),
            "EngineVersion" => version_fits(wanted, live),
            "KmsKeyId" | "PerformanceInsightsKmsKeyId" => same_key(wanted, live),
            "SourceDBClusterIdentifier" | "ReplicationSourceIdentifier" => {
                let last = |text: &str| text.rsplit(':').next().unwrap_or(text).to_ascii_lowercase();
                last(wanted) == last(live)
            }
            _ => compare::same(KIND, property, desired, recorded),
        };
    }
    let items = |value: &Json| value.as_array().cloned().unwrap_or_default();
    match property {
        "MasterUserSecret" => {
            let key = |value: &Json| value["KmsKeyId"].as_str().unwrap_or_default().to_owned();
            same_key(&key(desired), &key(recorded))
        }
        // RDS adds zones up to three (CreateDBCluster, AvailabilityZones).
        "AvailabilityZones" => {
            let (wanted, live) = (items(desired), items(recorded));
            !wanted.is_empty() && wanted.iter().all(|zone| live.contains(zone))
                || wanted.is_empty() && live.is_empty()
        }
        "ServerlessV2ScalingConfiguration" => {
            ["MaxCapacity", "MinCapacity"]
                .iter()
                .all(|name| desired[*name].as_f64() == recorded[*name].as_f64())
                && (desired["SecondsUntilAutoPause"].is_null()
                    || desired["SecondsUntilAutoPause"] == recorded["SecondsUntilAutoPause"])
                && desired.is_null() == recorded.is_null()
        }
        name if SETS.contains(&name) => {
            let (wanted, mut rest) = (items(desired), items(recorded));
            wanted.len() == rest.len()
                && wanted.iter().all(|item| {
                    rest.iter().position(|other| other == item).map(|at| rest.swap_remove(at)).is_some()
                })
        }
        _ => compare::same(KIND, property, desired, recorded),
    }
}

fn some<T, U>(list: &[T], each: impl Fn(&T) -> U) -> Option<Vec<U>> {
    (!list.is_empty()).then(|| list.iter().map(each).collect())
}

fn sorted(mut list: Vec<String>) -> Option<Vec<String>> {
    list.sort();
    (!list.is_empty()).then_some(list)
}

/// The properties of a live cluster. What it was made from and the password RDS does not tell.
pub fn live_props(cx: &Cx<'_>, live: &Live, hint: &Props) -> Props {
    let domain = live.domain_memberships().first();
    let groups = live.vpc_security_groups().iter().filter_map(|group| group.vpc_security_group_id.clone());
    Props {
        AllocatedStorage: live.allocated_storage.filter(|_| hint.AllocatedStorage.is_some()),
        AssociatedRoles: some(live.associated_roles(), |role| Role {
            FeatureName: role.feature_name.clone().filter(|name| !name.is_empty()),
            RoleArn: role.role_arn.clone(),
        }),
        AutoMinorVersionUpgrade: live.auto_minor_version_upgrade,
        AvailabilityZones: sorted(live.availability_zones().to_vec()),
        BacktrackWindow: live.backtrack_window,
        BackupRetentionPeriod: live.backup_retention_period,
        ClusterScalabilityType: live.cluster_scalability_type.as_ref().map(|kind| kind.as_str().to_owned()),
        CopyTagsToSnapshot: live.copy_tags_to_snapshot,
        DBClusterIdentifier: live.db_cluster_identifier.clone(),
        DBClusterInstanceClass: live.db_cluster_instance_class.clone(),
        DBClusterParameterGroupName: live.db_cluster_parameter_group.clone(),
        DBSubnetGroupName: live.db_subnet_group.clone(),
        DBSystemId: live.db_system_id.clone(),
        DatabaseInsightsMode: live.database_insights_mode.as_ref().map(|mode| mode.as_str().to_owned()),
        DatabaseName: live.database_name.clone(),
        DeletionProtection: live.deletion_protection,
        Domain: domain.and_then(|one| one.domain.clone()),
        DomainIAMRoleName: domain.and_then(|one| one.iam_role_name.clone()),
        EnableCloudwatchLogsExports: sorted(live.enabled_cloudwatch_logs_exports().to_vec()),
        EnableHttpEndpoint: live.http_endpoint_enabled,
        EnableIAMDatabaseAuthentication: live.iam_database_authentication_enabled,
        EnableLocalWriteForwarding: live
            .local_write_forwarding_status
            .as_ref()
            .map(|status| matches!(status.as_str(), "enabled" | "enabling" | "requested")),
        Engine: live.engine.clone(),
        EngineLifecycleSupport: live.engine_lifecycle_support.clone(),
        EngineMode: live.engine_mode.clone(),
        EngineVersion: live.engine_version.clone(),
        Iops: live.iops,
        KmsKeyId: live.kms_key_id.clone(),
        ManageMasterUserPassword: Some(live.master_user_secret.is_some()),
        MasterUserSecret: live
            .master_user_secret()
            .and_then(|secret| secret.kms_key_id.clone())
            .map(|key| MasterUserSecret { KmsKeyId: Some(key) }),
        MasterUsername: live.master_username.clone(),
        MonitoringInterval: live.monitoring_interval,
        MonitoringRoleArn: live.monitoring_role_arn.clone(),
        NetworkType: live.network_type.clone(),
        PerformanceInsightsEnabled: live.performance_insights_enabled,
        PerformanceInsightsKmsKeyId: live.performance_insights_kms_key_id.clone(),
        PerformanceInsightsRetentionPeriod: live.performance_insights_retention_period,
        Port: live.port,
        PreferredBackupWindow: live.preferred_backup_window.clone(),
        PreferredMaintenanceWindow: live.preferred_maintenance_window.clone(),
        PubliclyAccessible: live.publicly_accessible,
        ReplicationSourceIdentifier: live.replication_source_identifier.clone().filter(|id| !id.is_empty()),
        ServerlessV2ScalingConfiguration: live.serverless_v2_scaling_configuration().map(scaling),
        StorageEncrypted: live.storage_encrypted,
        // RDS leaves the name of Aurora's standard storage out.
        StorageType: live
            .storage_type
            .clone()
            .or_else(|| hint.StorageType.clone().filter(|kind| kind == "aurora")),
        Tags: cx.own_tags(pairs(&tags::of(live.tag_list.as_deref()))),
        VpcSecurityGroupIds: sorted(groups.collect()),
        ..Props::default()
    }
}

fn scaling(live: &types::ServerlessV2ScalingConfigurationInfo) -> Scaling {
    Scaling {
        MaxCapacity: live.max_capacity,
        MinCapacity: live.min_capacity,
        SecondsUntilAutoPause: live.seconds_until_auto_pause,
    }
}

/// What `Ref` and `Fn::GetAtt` answer. The port is a text, as CloudFormation gives it.
pub fn attributes(live: &Live) -> Attributes {
    let mut out = Attributes::new();
    let mut put = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            out.insert(name.into(), value);
        }
    };
    let text = |value: Option<&str>| value.map(|text| json!(text));
    let port = live.port().map(|port| port.to_string());
    put("Ref", text(live.db_cluster_identifier()));
    put("DBClusterArn", text(live.db_cluster_arn()));
    put("DBClusterResourceId", text(live.db_cluster_resource_id()));
    put("Endpoint", live.endpoint().map(|address| json!({"Address": address, "Port": port})));
    put("Endpoint.Address", text(live.endpoint()));
    put("Endpoint.Port", text(port.as_deref()));
    put("ReadEndpoint", live.reader_endpoint().map(|address| json!({"Address": address})));
    put("ReadEndpoint.Address", text(live.reader_endpoint()));
    put("MasterUserSecret.SecretArn", text(live.master_user_secret().and_then(|secret| secret.secret_arn())));
    put(
        "StorageEncryptionType",
        text(live.storage_encryption_type().map(types::StorageEncryptionType::as_str)),
    );
    put("StorageThroughput", live.storage_throughput().map(|throughput| json!(throughput)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_compare_as_rds_means_them() {
        assert!(
            same("AvailabilityZones", &json!(["a", "b"]), &json!(["a", "b", "c"])),
            "RDS adds a third zone"
        );
        assert!(!same("AvailabilityZones", &json!(["a", "d"]), &json!(["a", "b", "c"])));
        assert!(same("EngineVersion", &json!("16"), &json!("16.11")));
        assert!(same("VpcSecurityGroupIds", &json!(["b", "a"]), &json!(["a", "b"])));
        assert!(same("AssociatedRoles", &json!([]), &Json::Null));
        let scaling = |least: f64, more: Json| {
            let mut all = json!({"MinCapacity": least, "MaxCapacity": 2});
            all.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
            all
        };
        let live = scaling(0.5, json!({"SecondsUntilAutoPause": 300}));
        assert!(same("ServerlessV2ScalingConfiguration", &scaling(0.5, json!({})), &live));
        assert!(!same("ServerlessV2ScalingConfiguration", &scaling(1.0, json!({})), &live));
        assert!(!same("ServerlessV2ScalingConfiguration", &Json::Null, &live));
    }
}
