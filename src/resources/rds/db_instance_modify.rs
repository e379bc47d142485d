//! Changes of an `AWS::RDS::DBInstance`: one `ModifyDBInstance` call. A property that was taken away goes back
//! to RDS's default where there is one; where there is none (classes, windows, groups) it stays as it is, which
//! is what CloudFormation does too.

use std::collections::BTreeSet;

use aws_sdk_rds::{
    operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder,
    types::{
        CloudwatchLogsExportConfiguration, DatabaseInsightsMode, DbInstance as Live,
        MasterUserAuthenticationType, ProcessorFeature,
    },
};

use super::{db_instance_props::Props, db_instance_volumes as volumes};
use crate::{
    aws::{OpError, op},
    resources::{Change, Cx, versions},
};

/// Properties that are flags of the call itself or live elsewhere: a change of these alone changes nothing.
const NO_EFFECT: &[&str] = &[
    "AllowMajorVersionUpgrade",
    "ApplyImmediately",
    "AssociatedRoles",
    "AutomaticBackupReplicationKmsKeyId",
    "AutomaticBackupReplicationRegion",
    "AutomaticBackupReplicationRetentionPeriod",
    "CertificateRotationRestart",
    "DeleteAutomatedBackups",
    "Tags",
];

/// A number written as text.
pub fn number(property: &str, text: Option<&String>) -> Result<Option<i32>, OpError> {
    text.map(|text| {
        text.parse().map_err(|_| {
            OpError::not_sent("AWS::RDS::DBInstance", format!("{property} must be a whole number"))
        })
    })
    .transpose()
}

/// Processor features as the SDK takes them.
pub fn features(props: &Props) -> Option<Vec<ProcessorFeature>> {
    props.ProcessorFeatures.as_ref().map(|list| {
        list.iter()
            .map(|f| ProcessorFeature::builder().set_name(f.Name.clone()).set_value(f.Value.clone()).build())
            .collect()
    })
}

/// Sends what changed; nothing if only flags did.
pub async fn modify(cx: &Cx<'_>, name: &str, live: &Live, change: &Change<'_, Props>) -> Result<(), OpError> {
    if change.changed.iter().all(|property| NO_EFFECT.contains(&property.as_str())) {
        return Ok(());
    }
    let new = change.new;
    let call = cx
        .sdk
        .rds()
        .modify_db_instance()
        .db_instance_identifier(name)
        .apply_immediately(new.ApplyImmediately.unwrap_or(true))
        .set_allow_major_version_upgrade(new.AllowMajorVersionUpgrade);
    let call = engine(call, live, change);
    let call = storage(call, live, change)?;
    let call = network(call, change)?;
    let call = operation(call, change);
    let call = credentials(call, change);
    let call = directory(call, change);
    let call = observation(call, live, change);
    call.send().await.map_err(op("ModifyDBInstance"))?;
    Ok(())
}

type Call = ModifyDBInstanceFluentBuilder;

fn engine(mut call: Call, live: &Live, change: &Change<'_, Props>) -> Call {
    let new = change.new;
    // An automatic upgrade may have gone further than what is asked for now.
    let version = new.EngineVersion.as_deref().filter(|wanted| {
        let has = live.engine_version().unwrap_or_default();
        let major = versions::rds_major(live.engine().unwrap_or_default(), wanted);
        change.has("EngineVersion") && !versions::is_later_minor(wanted, has, major)
    });
    if change.has("DBInstanceClass") {
        call = call.set_db_instance_class(new.DBInstanceClass.clone());
    }
    if change.has("Engine") {
        call = call.set_engine(new.Engine.clone());
    }
    if let Some(version) = version {
        call = call.engine_version(version);
    }
    // A new major version needs a parameter group of its family in the same call.
    if change.has("DBParameterGroupName")
        || (change.has("EngineVersion") && new.AllowMajorVersionUpgrade == Some(true))
    {
        call = call.set_db_parameter_group_name(new.DBParameterGroupName.clone());
    }
    if change.has("OptionGroupName") {
        call = call.set_option_group_name(new.OptionGroupName.clone());
    }
    if change.has("LicenseModel") {
        call = call.set_license_model(new.LicenseModel.clone());
    }
    if change.has("EngineLifecycleSupport") {
        call = call.set_engine_lifecycle_support(new.EngineLifecycleSupport.clone());
    }
    if change.has("ProcessorFeatures") || change.has("UseDefaultProcessorFeatures") {
        let defaults = new.UseDefaultProcessorFeatures.or(new.ProcessorFeatures.is_none().then_some(true));
        call = call.set_processor_features(features(new)).set_use_default_processor_features(defaults);
    }
    if change.has("CACertificateIdentifier") {
        call = call
            .set_ca_certificate_identifier(new.CACertificateIdentifier.clone())
            .set_certificate_rotation_restart(new.CertificateRotationRestart);
    }
    if change.has("TdeCredentialArn") || change.has("TdeCredentialPassword") {
        call = call
            .set_tde_credential_arn(new.TdeCredentialArn.clone())
            .set_tde_credential_password(new.TdeCredentialPassword.clone());
    }
    call
}

fn storage(mut call: Call, live: &Live, change: &Change<'_, Props>) -> Result<Call, OpError> {
    let new = change.new;
    // RDS wants type, size, IOPS and throughput together when the performance changes.
    if ["StorageType", "Iops", "StorageThroughput"].iter().any(|name| change.has(name)) {
        call = call
            .set_storage_type(new.StorageType.clone())
            .set_iops(new.Iops)
            .set_storage_throughput(new.StorageThroughput)
            .set_allocated_storage(number("AllocatedStorage", new.AllocatedStorage.as_ref())?);
    } else if change.has("AllocatedStorage") {
        call = call.set_allocated_storage(number("AllocatedStorage", new.AllocatedStorage.as_ref())?);
        if new.Iops.is_some() {
            call = call.set_iops(new.Iops);
        }
    }
    if change.has("MaxAllocatedStorage") {
        // A limit equal to the size turns growing off.
        let off = number("AllocatedStorage", new.AllocatedStorage.as_ref())?;
        call = call.set_max_allocated_storage(new.MaxAllocatedStorage.or(off));
    }
    if change.has("AdditionalStorageVolumes") {
        let live = live.additional_storage_volumes();
        let changes = volumes::changes(live, new.AdditionalStorageVolumes.as_ref())?;
        call = call.set_additional_storage_volumes((!changes.is_empty()).then_some(changes));
    }
    if change.has("DedicatedLogVolume") {
        call = call.dedicated_log_volume(new.DedicatedLogVolume.unwrap_or(false));
    }
    Ok(call)
}

fn network(mut call: Call, change: &Change<'_, Props>) -> Result<Call, OpError> {
    let new = change.new;
    if change.has("VPCSecurityGroups") {
        call = call.set_vpc_security_group_ids(new.VPCSecurityGroups.clone());
    }
    if change.has("DBSecurityGroups") {
        call = call.set_db_security_groups(new.DBSecurityGroups.clone());
    }
    if change.has("Port") {
        call = call.set_db_port_number(number("Port", new.Port.as_ref())?);
    }
    if change.has("PubliclyAccessible") {
        call = call.publicly_accessible(new.PubliclyAccessible.unwrap_or(false));
    }
    if change.has("NetworkType") {
        call = call.network_type(new.NetworkType.as_deref().unwrap_or("IPV4"));
    }
    if change.has("MultiAZ") {
        call = call.multi_az(new.MultiAZ.unwrap_or(false));
    }
    Ok(call)
}

fn operation(mut call: Call, change: &Change<'_, Props>) -> Call {
    let new = change.new;
    if change.has("BackupRetentionPeriod") {
        call = call.backup_retention_period(new.BackupRetentionPeriod.unwrap_or(1));
    }
    if change.has("PreferredBackupWindow") {
        call = call.set_preferred_backup_window(new.PreferredBackupWindow.clone());
    }
    if change.has("PreferredMaintenanceWindow") {
        call = call.set_preferred_maintenance_window(new.PreferredMaintenanceWindow.clone());
    }
    if change.has("AutoMinorVersionUpgrade") {
        call = call.auto_minor_version_upgrade(new.AutoMinorVersionUpgrade.unwrap_or(true));
    }
    if change.has("CopyTagsToSnapshot") {
        call = call.copy_tags_to_snapshot(new.CopyTagsToSnapshot.unwrap_or(false));
    }
    if change.has("DeletionProtection") {
        call = call.deletion_protection(new.DeletionProtection.unwrap_or(false));
    }
    if change.has("PromotionTier") {
        call = call.promotion_tier(new.PromotionTier.unwrap_or(1));
    }
    call
}

fn credentials(mut call: Call, change: &Change<'_, Props>) -> Call {
    let new = change.new;
    if change.has("MasterUserPassword") {
        call = call.set_master_user_password(new.MasterUserPassword.clone());
    }
    if change.has("ManageMasterUserPassword") {
        call = call.manage_master_user_password(new.ManageMasterUserPassword.unwrap_or(false));
        if new.ManageMasterUserPassword != Some(true) {
            call = call.set_master_user_password(new.MasterUserPassword.clone());
        }
    }
    if change.has("MasterUserSecret")
        || (change.has("ManageMasterUserPassword") && new.ManageMasterUserPassword == Some(true))
    {
        let key = new.MasterUserSecret.as_ref().and_then(|secret| secret.KmsKeyId.clone());
        call = call.set_master_user_secret_kms_key_id(key);
    }
    if let Some(kind) =
        new.MasterUserAuthenticationType.as_deref().filter(|_| change.has("MasterUserAuthenticationType"))
    {
        call = call.master_user_authentication_type(MasterUserAuthenticationType::from(kind));
    }
    if change.has("EnableIAMDatabaseAuthentication") {
        call = call.enable_iam_database_authentication(new.EnableIAMDatabaseAuthentication.unwrap_or(false));
    }
    call
}

const DIRECTORY: &[&str] =
    &["Domain", "DomainAuthSecretArn", "DomainDnsIps", "DomainFqdn", "DomainIAMRoleName", "DomainOu"];

fn directory(call: Call, change: &Change<'_, Props>) -> Call {
    let new = change.new;
    if !DIRECTORY.iter().any(|name| change.has(name)) {
        return call;
    }
    if new.Domain.is_none() && new.DomainFqdn.is_none() {
        return call.disable_domain(true);
    }
    call.set_domain(new.Domain.clone())
        .set_domain_fqdn(new.DomainFqdn.clone())
        .set_domain_ou(new.DomainOu.clone())
        .set_domain_auth_secret_arn(new.DomainAuthSecretArn.clone())
        .set_domain_dns_ips(new.DomainDnsIps.clone())
        .set_domain_iam_role_name(new.DomainIAMRoleName.clone())
}

fn observation(mut call: Call, live: &Live, change: &Change<'_, Props>) -> Call {
    let new = change.new;
    if change.has("EnableCloudwatchLogsExports") {
        let wanted: BTreeSet<String> = new.EnableCloudwatchLogsExports.iter().flatten().cloned().collect();
        let have: BTreeSet<String> = live.enabled_cloudwatch_logs_exports().iter().cloned().collect();
        let on: Vec<String> = wanted.difference(&have).cloned().collect();
        let off: Vec<String> = have.difference(&wanted).cloned().collect();
        if !on.is_empty() || !off.is_empty() {
            call = call.cloudwatch_logs_export_configuration(
                CloudwatchLogsExportConfiguration::builder()
                    .set_enable_log_types((!on.is_empty()).then_some(on))
                    .set_disable_log_types((!off.is_empty()).then_some(off))
                    .build(),
            );
        }
    }
    let insights = [
        "EnablePerformanceInsights",
        "PerformanceInsightsRetentionPeriod",
        "PerformanceInsightsKMSKeyId",
        "DatabaseInsightsMode",
    ];
    if insights.iter().any(|name| change.has(name)) {
        call = call
            .enable_performance_insights(new.EnablePerformanceInsights.unwrap_or(false))
            .set_performance_insights_retention_period(new.PerformanceInsightsRetentionPeriod)
            .set_performance_insights_kms_key_id(new.PerformanceInsightsKMSKeyId.clone());
    }
    if change.has("DatabaseInsightsMode") {
        let mode = new.DatabaseInsightsMode.as_deref().unwrap_or("standard");
        call = call.database_insights_mode(DatabaseInsightsMode::from(mode));
    }
    if change.has("MonitoringInterval") || change.has("MonitoringRoleArn") {
        call = call
            .monitoring_interval(new.MonitoringInterval.unwrap_or(0))
            .set_monitoring_role_arn(new.MonitoringRoleArn.clone());
    }
    call
}
