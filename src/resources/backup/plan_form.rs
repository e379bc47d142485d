//! What a backup plan consists of, in the schema's words and in the API's.

use std::collections::BTreeMap;

use aws_sdk_backup::types;
use aws_smithy_types::error::operation::BuildError;

use crate::resources::mirror::Mirror;

crate::words!(types::MalwareScanner, types::ScanMode);

crate::mirrored! {
    /// The plan itself.
    pub struct Plan: types::BackupPlanInput
        = types::BackupPlanInput::builder().backup_plan_name("").set_rules(Some(Vec::new())).build()? => {
        AdvancedBackupSettings/advanced_backup_settings: Vec<AdvancedBackupSetting>,
        BackupPlanName/backup_plan_name: String, BackupPlanRule/rules: Vec<Rule>,
        ScanSettings/scan_settings: Vec<ScanSetting>,
    }
    /// When backups are made, where they go and how long they stay.
    pub struct Rule: types::BackupRuleInput
        = types::BackupRuleInput::builder().rule_name("").target_backup_vault_name("").build()? => {
        CompletionWindowMinutes/completion_window_minutes: i64, CopyActions/copy_actions: Vec<CopyAction>,
        EnableContinuousBackup/enable_continuous_backup: bool, IndexActions/index_actions: Vec<IndexAction>,
        Lifecycle/lifecycle: Lifecycle, RecoveryPointTags/recovery_point_tags: BTreeMap<String, String>,
        RuleName/rule_name: String, ScanActions/scan_actions: Vec<ScanAction>,
        ScheduleExpression/schedule_expression: String,
        ScheduleExpressionTimezone/schedule_expression_timezone: String, StartWindowMinutes/start_window_minutes: i64,
        TargetBackupVault/target_backup_vault_name: String,
        TargetLogicallyAirGappedBackupVaultArn/target_logically_air_gapped_backup_vault_arn: String,
    }
    /// How long recovery points stay, and where.
    pub struct Lifecycle: types::Lifecycle = types::Lifecycle::builder().build() => {
        DeleteAfterDays/delete_after_days: i64, MoveToColdStorageAfterDays/move_to_cold_storage_after_days: i64,
        OptInToArchiveForSupportedResources/opt_in_to_archive_for_supported_resources: bool,
    }
    /// A copy in another vault.
    pub struct CopyAction: types::CopyAction
        = types::CopyAction::builder().destination_backup_vault_arn("").build()? => {
        DestinationBackupVaultArn/destination_backup_vault_arn: String, Lifecycle/lifecycle: Lifecycle,
    }
    /// What is indexed.
    pub struct IndexAction: types::IndexAction = types::IndexAction::builder().build() => {
        ResourceTypes/resource_types: Vec<String>,
    }
    /// What is scanned for malware.
    pub struct ScanAction: types::ScanAction = types::ScanAction::builder().build() => {
        MalwareScanner/malware_scanner: String, ScanMode/scan_mode: String,
    }
    /// With what it is scanned.
    pub struct ScanSetting: types::ScanSetting = types::ScanSetting::builder().build() => {
        MalwareScanner/malware_scanner: String, ResourceTypes/resource_types: Vec<String>,
        ScannerRoleArn/scanner_role_arn: String,
    }
    /// Options of one kind of resource.
    pub struct AdvancedBackupSetting: types::AdvancedBackupSetting
        = types::AdvancedBackupSetting::builder().build() => {
        BackupOptions/backup_options: BTreeMap<String, String>, ResourceType/resource_type: String,
    }
}

/// A plan as it is answered: its rules have ids, and are otherwise what was sent.
///
/// # Errors
/// A rule lacks what the API promises.
pub(super) fn answered(live: &types::BackupPlan) -> Result<Plan, BuildError> {
    let rules = live.rules().iter().map(|rule| {
        let rule = rule.clone();
        types::BackupRuleInput::builder()
            .rule_name(rule.rule_name)
            .target_backup_vault_name(rule.target_backup_vault_name)
            .set_target_logically_air_gapped_backup_vault_arn(
                rule.target_logically_air_gapped_backup_vault_arn,
            )
            .set_schedule_expression(rule.schedule_expression)
            .set_schedule_expression_timezone(rule.schedule_expression_timezone)
            .set_start_window_minutes(rule.start_window_minutes)
            .set_completion_window_minutes(rule.completion_window_minutes)
            .set_lifecycle(rule.lifecycle)
            .set_recovery_point_tags(rule.recovery_point_tags)
            .set_copy_actions(rule.copy_actions)
            .set_enable_continuous_backup(rule.enable_continuous_backup)
            .set_index_actions(rule.index_actions)
            .set_scan_actions(rule.scan_actions)
            .build()
    });
    let plan = types::BackupPlanInput::builder()
        .backup_plan_name(live.backup_plan_name())
        .set_rules(Some(rules.collect::<Result<_, _>>()?))
        .set_advanced_backup_settings(live.advanced_backup_settings.clone())
        .set_scan_settings(live.scan_settings.clone())
        .build()?;
    Ok(Plan::receive(&plan))
}
