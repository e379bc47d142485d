//! The properties of `AWS::RDS::DBInstance`, and what a described instance says about them.

use aws_sdk_rds::types::DbInstance as Live;
use aws_smithy_types::date_time::Format;
use serde_json::{Value as Json, json};

use super::{
    db_instance_volumes::{self as volumes, AdditionalStorageVolume},
    tags,
};
use crate::{
    model::{Attributes, Tag},
    resources::{Cx, compare, described::pairs},
};

crate::props! {
    /// The properties.
    pub struct Props {
        AdditionalStorageVolumes: Vec<AdditionalStorageVolume>,
        AllocatedStorage: String, AllowMajorVersionUpgrade: bool, ApplyImmediately: bool, AssociatedRoles: Vec<Role>,
        AutoMinorVersionUpgrade: bool, AutomaticBackupReplicationKmsKeyId: String, AutomaticBackupReplicationRegion: String,
        AutomaticBackupReplicationRetentionPeriod: i32, AvailabilityZone: String, BackupRetentionPeriod: i32, BackupTarget: String,
        CACertificateIdentifier: String, CertificateRotationRestart: bool, CharacterSetName: String, CopyTagsToSnapshot: bool,
        CustomIAMInstanceProfile: String, DBClusterIdentifier: String, DBClusterSnapshotIdentifier: String, DBInstanceClass: String, DBInstanceIdentifier: String,
        DBName: String, DBParameterGroupName: String, DBSecurityGroups: Vec<String>, DBSnapshotIdentifier: String, DBSubnetGroupName: String, DBSystemId: String,
        DatabaseInsightsMode: String, DedicatedLogVolume: bool, DeleteAutomatedBackups: bool, DeletionProtection: bool, Domain: String,
        DomainAuthSecretArn: String, DomainDnsIps: Vec<String>, DomainFqdn: String, DomainIAMRoleName: String, DomainOu: String,
        EnableCloudwatchLogsExports: Vec<String>, EnableIAMDatabaseAuthentication: bool, EnablePerformanceInsights: bool,
        Engine: String, EngineLifecycleSupport: String, EngineVersion: String, Iops: i32, KmsKeyId: String, LicenseModel: String,
        ManageMasterUserPassword: bool, MasterUserAuthenticationType: String, MasterUserPassword: String,
        MasterUserSecret: MasterUserSecret, MasterUsername: String, MaxAllocatedStorage: i32, MonitoringInterval: i32,
        MonitoringRoleArn: String, MultiAZ: bool, NcharCharacterSetName: String, NetworkType: String, OptionGroupName: String,
        PerformanceInsightsKMSKeyId: String, PerformanceInsightsRetentionPeriod: i32, Port: String, PreferredBackupWindow: String,
        PreferredMaintenanceWindow: String, ProcessorFeatures: Vec<ProcessorFeature>, PromotionTier: i32, PubliclyAccessible: bool,
        ReplicaMode: String, RestoreTime: String, SourceDBClusterIdentifier: String, SourceDBInstanceAutomatedBackupsArn: String, SourceDBInstanceIdentifier: String,
        SourceDbiResourceId: String, SourceRegion: String, StorageEncrypted: bool, StorageThroughput: i32, StorageType: String, Tags: Vec<Tag>, TdeCredentialArn: String,
        TdeCredentialPassword: String, Timezone: String, UseDefaultProcessorFeatures: bool, UseLatestRestorableTime: bool, VPCSecurityGroups: Vec<String>,
    }
    /// A role for one feature of the engine.
    pub struct Role { FeatureName: String, RoleArn: String }
    /// The secret in which RDS keeps the master password; only its key can be chosen.
    pub struct MasterUserSecret { KmsKeyId: String }
    /// `coreCount` or `threadsPerCore`.
    pub struct ProcessorFeature { Name: String, Value: String }
}

const KIND: &str = "AWS::RDS::DBInstance";

/// Properties whose texts RDS keeps in lower case or compares without case.
const CASELESS: &[&str] = &[
    "DBInstanceIdentifier",
    "DBClusterIdentifier",
    "DBParameterGroupName",
    "DBSubnetGroupName",
    "OptionGroupName",
    "PreferredMaintenanceWindow",
];

/// Lists whose order means nothing to RDS although the schema does not say so.
const SETS: &[&str] = &[
    "AdditionalStorageVolumes",
    "VPCSecurityGroups",
    "DBSecurityGroups",
    "EnableCloudwatchLogsExports",
    "DomainDnsIps",
    "ProcessorFeatures",
    "AssociatedRoles",
];

/// Whether two values of a property mean the same.
pub fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
    if let (Some(wanted), Some(live)) = (desired.as_str(), recorded.as_str()) {
        return match property {
            name if CASELESS.contains(&name) => wanted.eq_ignore_ascii_case(live),
            // `14` asks for any `14.x`, and RDS answers with the full version.
            "EngineVersion" => version_fits(wanted, live),
            // A cluster is named or given as an ARN, and answered as either.
            "SourceDBClusterIdentifier" => {
                let last = |text: &str| text.rsplit(':').next().unwrap_or(text).to_ascii_lowercase();
                last(wanted) == last(live)
            }
            "AutomaticBackupReplicationKmsKeyId" | "KmsKeyId" | "PerformanceInsightsKMSKeyId" => {
                same_key(wanted, live)
            }
            _ => compare::same(KIND, property, desired, recorded),
        };
    }
    if property == "MasterUserSecret" {
        let key = |value: &Json| value["KmsKeyId"].as_str().unwrap_or_default().to_owned();
        return same_key(&key(desired), &key(recorded));
    }
    if SETS.contains(&property) {
        // No list and an empty one are the same to RDS.
        let (wanted, live) = (desired.as_array(), recorded.as_array());
        let (wanted, live) = (wanted.map_or(&[][..], Vec::as_slice), live.map_or(&[][..], Vec::as_slice));
        let mut rest: Vec<&Json> = live.iter().collect();
        return wanted.len() == live.len()
            && wanted.iter().all(|item| {
                rest.iter().position(|other| *other == item).map(|at| rest.swap_remove(at)).is_some()
            });
    }
    compare::same(KIND, property, desired, recorded)
}

/// Whether `live` is `wanted` or a minor version of it.
pub(super) fn version_fits(wanted: &str, live: &str) -> bool {
    live == wanted || live.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
}

/// Keys are given as id, ARN or alias and answered as the key's ARN. An alias cannot be told apart from the
/// key it means without asking KMS: it counts as the same.
pub(super) fn same_key(wanted: &str, live: &str) -> bool {
    wanted == live || wanted.contains("alias/") || live.rsplit('/').next() == Some(wanted)
}

/// The properties of a live instance. Write-only ones (passwords, flags of the modify call) are left out.
pub fn live_props(cx: &Cx<'_>, live: &Live, hint: &Props) -> Props {
    let domain = live.domain_memberships().first();
    let of_domain = |get: fn(&aws_sdk_rds::types::DomainMembership) -> Option<&str>| {
        domain.and_then(get).map(str::to_owned)
    };
    Props {
        AdditionalStorageVolumes: volumes::received(
            live.additional_storage_volumes(),
            hint.AdditionalStorageVolumes.as_ref(),
        ),
        AllocatedStorage: storage(live, hint),
        AssociatedRoles: some(live.associated_roles(), |role| Role {
            FeatureName: role.feature_name.clone(),
            RoleArn: role.role_arn.clone(),
        }),
        AutoMinorVersionUpgrade: live.auto_minor_version_upgrade,
        AvailabilityZone: live.availability_zone.clone(),
        BackupRetentionPeriod: live.backup_retention_period,
        BackupTarget: live.backup_target.clone(),
        CACertificateIdentifier: live.ca_certificate_identifier.clone(),
        CharacterSetName: live.character_set_name.clone(),
        CopyTagsToSnapshot: live.copy_tags_to_snapshot,
        CustomIAMInstanceProfile: live.custom_iam_instance_profile.clone(),
        DBClusterIdentifier: live.db_cluster_identifier.clone(),
        // What it was made from RDS does not tell.
        DBClusterSnapshotIdentifier: hint.DBClusterSnapshotIdentifier.clone(),
        DBInstanceClass: live.db_instance_class.clone(),
        DBInstanceIdentifier: live.db_instance_identifier.clone(),
        DBName: live.db_name.clone(),
        DBParameterGroupName: live
            .db_parameter_groups()
            .first()
            .and_then(|group| group.db_parameter_group_name.clone()),
        DBSecurityGroups: some(live.db_security_groups(), |group| {
            group.db_security_group_name.clone().unwrap_or_default()
        }),
        DBSubnetGroupName: live.db_subnet_group().and_then(|group| group.db_subnet_group_name.clone()),
        DBSystemId: live.db_system_id.clone(),
        DatabaseInsightsMode: live.database_insights_mode().map(|mode| mode.as_str().to_owned()),
        DedicatedLogVolume: live.dedicated_log_volume,
        DeletionProtection: live.deletion_protection,
        Domain: of_domain(|d| d.domain()),
        DomainAuthSecretArn: of_domain(|d| d.auth_secret_arn()),
        DomainDnsIps: domain.map(|d| d.dns_ips().to_vec()).filter(|list| !list.is_empty()),
        DomainFqdn: of_domain(|d| d.fqdn()),
        DomainIAMRoleName: of_domain(|d| d.iam_role_name()),
        DomainOu: of_domain(|d| d.ou()),
        EnableCloudwatchLogsExports: sorted(live.enabled_cloudwatch_logs_exports()),
        EnableIAMDatabaseAuthentication: live.iam_database_authentication_enabled,
        EnablePerformanceInsights: live.performance_insights_enabled,
        Engine: live.engine.clone(),
        EngineLifecycleSupport: live.engine_lifecycle_support.clone(),
        EngineVersion: live.engine_version.clone(),
        Iops: live.iops,
        KmsKeyId: live.kms_key_id.clone(),
        LicenseModel: live.license_model.clone(),
        ManageMasterUserPassword: Some(live.master_user_secret().is_some()),
        MasterUserSecret: live
            .master_user_secret()
            .and_then(|secret| secret.kms_key_id.clone())
            .map(|key| MasterUserSecret { KmsKeyId: Some(key) }),
        MasterUsername: live.master_username.clone(),
        MaxAllocatedStorage: live.max_allocated_storage,
        MonitoringInterval: live.monitoring_interval,
        MonitoringRoleArn: live.monitoring_role_arn.clone(),
        MultiAZ: live.multi_az,
        NcharCharacterSetName: live.nchar_character_set_name.clone(),
        NetworkType: live.network_type.clone(),
        OptionGroupName: live
            .option_group_memberships()
            .first()
            .and_then(|group| group.option_group_name.clone()),
        PerformanceInsightsKMSKeyId: live.performance_insights_kms_key_id.clone(),
        PerformanceInsightsRetentionPeriod: live.performance_insights_retention_period,
        Port: live.endpoint().and_then(|endpoint| endpoint.port()).map(|port| port.to_string()),
        PreferredBackupWindow: live.preferred_backup_window.clone(),
        PreferredMaintenanceWindow: live.preferred_maintenance_window.clone(),
        ProcessorFeatures: some(live.processor_features(), |feature| ProcessorFeature {
            Name: feature.name.clone(),
            Value: feature.value.clone(),
        }),
        PromotionTier: live.promotion_tier,
        PubliclyAccessible: live.publicly_accessible,
        ReplicaMode: live.replica_mode().map(|mode| mode.as_str().to_owned()),
        SourceDBClusterIdentifier: live.read_replica_source_db_cluster_identifier.clone(),
        StorageEncrypted: live.storage_encrypted,
        StorageThroughput: live.storage_throughput,
        StorageType: live.storage_type.clone(),
        Tags: cx.own_tags(pairs(&tags::of(live.tag_list.as_deref()))),
        TdeCredentialArn: live.tde_credential_arn.clone(),
        Timezone: live.timezone.clone(),
        VPCSecurityGroups: some(live.vpc_security_groups(), |group| {
            group.vpc_security_group_id.clone().unwrap_or_default()
        })
        .map(|mut groups| {
            groups.sort();
            groups
        }),
        ..Props::default()
    }
}

/// Storage that grew by itself within `MaxAllocatedStorage` is no difference.
fn storage(live: &Live, hint: &Props) -> Option<String> {
    let size = live.allocated_storage()?;
    let asked = hint.AllocatedStorage.as_deref().and_then(|text| text.parse::<i32>().ok());
    match (asked, hint.MaxAllocatedStorage) {
        (Some(asked), Some(max)) if (asked..=max).contains(&size) => Some(asked.to_string()),
        _ => Some(size.to_string()),
    }
}

fn some<T, U>(list: &[T], each: impl Fn(&T) -> U) -> Option<Vec<U>> {
    (!list.is_empty()).then(|| list.iter().map(each).collect())
}

fn sorted(list: &[String]) -> Option<Vec<String>> {
    let mut list = list.to_vec();
    list.sort();
    (!list.is_empty()).then_some(list)
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
    put("Ref", text(live.db_instance_identifier()));
    put("DBInstanceArn", text(live.db_instance_arn()));
    put("DbiResourceId", text(live.dbi_resource_id()));
    put("DBInstanceStatus", text(live.db_instance_status()));
    for (prefix, endpoint) in [("Endpoint", live.endpoint()), ("ListenerEndpoint", live.listener_endpoint())]
    {
        let Some(endpoint) = endpoint else { continue };
        let port = endpoint.port().map(|port| port.to_string());
        put(&format!("{prefix}.Address"), text(endpoint.address()));
        put(&format!("{prefix}.Port"), text(port.as_deref()));
        put(&format!("{prefix}.HostedZoneId"), text(endpoint.hosted_zone_id()));
        let whole =
            json!({"Address": endpoint.address(), "Port": port, "HostedZoneId": endpoint.hosted_zone_id()});
        put(prefix, Some(whole));
    }
    let time = |at: Option<&aws_smithy_types::DateTime>| {
        at.and_then(|at| at.fmt(Format::DateTime).ok()).map(|at| json!(at))
    };
    if let Some(certificate) = live.certificate_details() {
        let till = time(certificate.valid_till());
        put("CertificateDetails.CAIdentifier", text(certificate.ca_identifier()));
        put("CertificateDetails.ValidTill", till.clone());
        put(
            "CertificateDetails",
            Some(json!({"CAIdentifier": certificate.ca_identifier(), "ValidTill": till})),
        );
    }
    put("MasterUserSecret.SecretArn", text(live.master_user_secret().and_then(|secret| secret.secret_arn())));
    put("InstanceCreateTime", time(live.instance_create_time()));
    put("LatestRestorableTime", time(live.latest_restorable_time()));
    put("AutomaticRestartTime", time(live.automatic_restart_time()));
    put("ResumeFullAutomationModeTime", time(live.resume_full_automation_mode_time()));
    put(
        "IsStorageConfigUpgradeAvailable",
        live.is_storage_config_upgrade_available().map(|flag| json!(flag)),
    );
    put("PercentProgress", text(live.percent_progress()));
    put("SecondaryAvailabilityZone", text(live.secondary_availability_zone()));
    put("StorageOperationStatus", text(live.storage_operation_status()));
    put("StorageOperationPercentProgress", live.storage_operation_percent_progress().map(|n| json!(n)));
    put("ReadReplicaDBInstanceIdentifiers", Some(json!(live.read_replica_db_instance_identifiers())));
    put("ReadReplicaDBClusterIdentifiers", Some(json!(live.read_replica_db_cluster_identifiers())));
    let infos: Vec<Json> = live
        .status_infos()
        .iter()
        .map(|info| {
            json!({
                "Message": info.message(), "Normal": info.normal(), "Status": info.status(), "StatusType": info.status_type(),
            })
        })
        .collect();
    put("StatusInfos", Some(Json::Array(infos)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_names_and_keys_compare_as_rds_means_them() {
        let same = |property: &str, a: &str, b: &str| super::same(property, &json!(a), &json!(b));
        assert!(same("EngineVersion", "14", "14.19"));
        assert!(same("EngineVersion", "8.0", "8.0.42"));
        assert!(!same("EngineVersion", "1", "14.19"));
        assert!(!same("EngineVersion", "14.18", "14.19"));
        assert!(same("DBInstanceIdentifier", "Payments", "payments"));
        assert!(same("KmsKeyId", "abc", "arn:aws:kms:us-east-1:123456789012:key/abc"));
        assert!(!same("KmsKeyId", "abd", "arn:aws:kms:us-east-1:123456789012:key/abc"));
        assert!(super::same("VPCSecurityGroups", &json!(["b", "a"]), &json!(["a", "b"])));
        assert!(!super::same("VPCSecurityGroups", &json!(["a", "a"]), &json!(["a", "b"])));
        assert!(super::same("AssociatedRoles", &json!([]), &Json::Null));
        assert!(!super::same("AssociatedRoles", &json!([{"FeatureName": "s3Export"}]), &Json::Null));
    }
}
