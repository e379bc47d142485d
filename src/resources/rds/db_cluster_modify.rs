//! Changes of an `AWS::RDS::DBCluster`: one `ModifyDBCluster` call, applied at once. A property that was taken away
//! goes back to RDS's default where there is one; where there is none it stays as it is.

use std::collections::BTreeSet;

use aws_sdk_rds::types::{
    CloudwatchLogsExportConfiguration, DatabaseInsightsMode, DbCluster as Live, MasterUserAuthenticationType,
};
use serde_json::Value as Json;

use super::{
    db_cluster_make::scaling,
    db_cluster_props::{Props, live_props, same},
};
use crate::{
    aws::{OpError, op},
    resources::{Change, Cx, versions},
};

/// Properties that other calls change, or that only say how to delete: a change of these alone modifies nothing.
const NOT_HERE: &[&str] = &[
    "AssociatedRoles",
    "AvailabilityZones",
    "DBInstanceParameterGroupName",
    "DeleteAutomatedBackups",
    "EnableHttpEndpoint",
    "ReplicationSourceIdentifier",
    "Tags",
];

/// Sends what changed; nothing if nothing of it is the call's.
pub async fn modify(cx: &Cx<'_>, name: &str, live: &Live, change: &Change<'_, Props>) -> Result<(), OpError> {
    if change.changed.iter().all(|property| NOT_HERE.contains(&property.as_str())) {
        return Ok(());
    }
    let (new, has) = (change.new, |property: &str| change.has(property));
    let mut call = cx.sdk.rds().modify_db_cluster().db_cluster_identifier(name).apply_immediately(true);
    // An automatic upgrade may have gone further than what is asked for now.
    let engine = live.engine().unwrap_or_default();
    let version = new.EngineVersion.as_deref().filter(|wanted| {
        let runs = live.engine_version().unwrap_or_default();
        has("EngineVersion") && !versions::is_later_minor(wanted, runs, versions::rds_major(engine, wanted))
    });
    if let Some(wanted) = version {
        // As CloudFormation does it: a template that names another major version asks for it.
        let count = versions::rds_major(engine, wanted);
        let major = |version: &str| version.split('.').take(count).map(str::to_owned).collect::<Vec<_>>();
        let rises = major(wanted) != major(live.engine_version().unwrap_or_default());
        call = call.engine_version(wanted).set_allow_major_version_upgrade(rises.then_some(true));
        if rises {
            call = call
                .set_db_cluster_parameter_group_name(new.DBClusterParameterGroupName.clone())
                .set_db_instance_parameter_group_name(new.DBInstanceParameterGroupName.clone());
        }
    }
    macro_rules! pass {
        ($($property:ident => $setter:ident $(or $default:expr)?;)*) => { $(
            if has(stringify!($property)) {
                call = call.$setter(new.$property.clone()$(.or(Some($default)))?);
            }
        )* };
    }
    pass! {
        AllocatedStorage => set_allocated_storage;
        AutoMinorVersionUpgrade => set_auto_minor_version_upgrade or true;
        BacktrackWindow => set_backtrack_window or 0;
        BackupRetentionPeriod => set_backup_retention_period or 1;
        CopyTagsToSnapshot => set_copy_tags_to_snapshot or false;
        DBClusterInstanceClass => set_db_cluster_instance_class;
        DBClusterParameterGroupName => set_db_cluster_parameter_group_name;
        DeletionProtection => set_deletion_protection or false;
        EnableIAMDatabaseAuthentication => set_enable_iam_database_authentication or false;
        EnableLocalWriteForwarding => set_enable_local_write_forwarding or false;
        EngineLifecycleSupport => set_engine_lifecycle_support;
        Iops => set_iops;
        MonitoringInterval => set_monitoring_interval or 0;
        MonitoringRoleArn => set_monitoring_role_arn;
        NetworkType => set_network_type or "IPV4".to_owned();
        PerformanceInsightsEnabled => set_enable_performance_insights or false;
        PerformanceInsightsKmsKeyId => set_performance_insights_kms_key_id;
        PerformanceInsightsRetentionPeriod => set_performance_insights_retention_period;
        Port => set_port;
        PreferredBackupWindow => set_preferred_backup_window;
        PreferredMaintenanceWindow => set_preferred_maintenance_window;
        StorageType => set_storage_type;
        VpcSecurityGroupIds => set_vpc_security_group_ids;
    }
    if has("ServerlessV2ScalingConfiguration") {
        call = call.set_serverless_v2_scaling_configuration(scaling(new));
    }
    if has("DatabaseInsightsMode") {
        let mode = new.DatabaseInsightsMode.as_deref().unwrap_or("standard");
        call = call.database_insights_mode(DatabaseInsightsMode::from(mode));
    }
    if has("Domain") || has("DomainIAMRoleName") {
        // "none" takes a cluster out of its directory (ModifyDBCluster, Domain).
        call = call.domain(new.Domain.clone().unwrap_or_else(|| "none".into()));
        call = call.set_domain_iam_role_name(new.DomainIAMRoleName.clone());
    }
    if has("EnableCloudwatchLogsExports") {
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
    if has("MasterUserPassword") {
        call = call.set_master_user_password(new.MasterUserPassword.clone());
    }
    let managed = new.ManageMasterUserPassword == Some(true);
    if has("ManageMasterUserPassword") && managed != live.master_user_secret.is_some() {
        call = call.manage_master_user_password(managed);
        if !managed {
            call = call.set_master_user_password(new.MasterUserPassword.clone());
        }
    }
    if managed && (has("MasterUserSecret") || has("ManageMasterUserPassword")) {
        let key = new.MasterUserSecret.as_ref().and_then(|secret| secret.KmsKeyId.clone());
        call = call.set_master_user_secret_kms_key_id(key);
    }
    if let Some(kind) =
        new.MasterUserAuthenticationType.as_deref().filter(|_| has("MasterUserAuthenticationType"))
    {
        call = call.master_user_authentication_type(MasterUserAuthenticationType::from(kind));
    }
    call.send().await.map(drop).map_err(op("ModifyDBCluster"))
}

/// Changes what a restored cluster brought along and the template wants otherwise.
pub async fn settle(cx: &Cx<'_>, live: &Live, props: &Props) -> Result<bool, OpError> {
    let current = live_props(cx, live, props);
    let json = |props: &Props| serde_json::to_value(props).unwrap_or_default();
    let (wanted, have) = (json(props), json(&current));
    let differs = |name: &str, value: &Json| match name {
        "DBClusterIdentifier" | "Tags" => false,
        "MasterUserPassword" => live.master_user_secret.is_none(),
        // What RDS does not tell of a cluster was sent when it was made.
        _ => !have[name].is_null() && !same(name, value, &have[name]),
    };
    let members = wanted.as_object().into_iter().flatten();
    let changed: Vec<String> = members
        .filter(|(name, value)| !value.is_null() && differs(name, value))
        .map(|(name, _)| name.clone())
        .collect();
    if changed.iter().all(|name| NOT_HERE.contains(&name.as_str())) {
        return Ok(false);
    }
    let name = live.db_cluster_identifier().unwrap_or_default();
    modify(cx, name, live, &Change { old: &current, new: props, changed: &changed }).await?;
    Ok(true)
}
