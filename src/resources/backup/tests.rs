//! The law for vaults, plans and selections.

use serde_json::{Value as Json, json};

use super::{BackupPlan, BackupSelection, BackupVault};
use crate::resources::{ResourceType, bench::Bench};

fn role(bench: &Bench) -> String {
    let trust = json!({"Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "backup.amazonaws.com"}}]});
    let arn = "arn:aws:iam::123456789012:role/backup";
    bench.world(|world| {
        let row = json!({"Arn": arn, "RoleName": "backup", "AssumeRolePolicyDocument": trust.to_string()});
        world.put("iam.role", "backup", row);
    });
    arn.to_owned()
}

fn daily(days: i64) -> Json {
    json!({"BackupPlanName": "daily", "BackupPlanRule": [{
        "RuleName": "daily", "TargetBackupVault": "main", "ScheduleExpression": "cron(0 5 ? * * *)",
        "Lifecycle": {"DeleteAfterDays": days}, "RecoveryPointTags": {"kind": "daily"},
        "CopyActions": [{"DestinationBackupVaultArn": "arn:aws:backup:eu-west-1:123456789012:backup-vault:copy"}]}]})
}

#[test]
fn a_vault_keeps_the_law() {
    let bench = Bench::new();
    let policy = |action: &str| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"}]})
    };
    let full = json!({
        "BackupVaultName": "main", "BackupVaultTags": {"a": "1", "b": "2"}, "AccessPolicy": policy("backup:DeleteRecoveryPoint"),
        "EncryptionKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "Notifications": {"SNSTopicArn": "arn:aws:sns:us-east-1:123456789012:ops", "BackupVaultEvents": ["BACKUP_JOB_FAILED"]},
        "LockConfiguration": {"MinRetentionDays": 7, "MaxRetentionDays": 30},
    });
    let mut other = full.clone();
    other["AccessPolicy"] = policy("backup:CopyIntoBackupVault");
    other["BackupVaultTags"] = json!({"a": "3"});
    other["LockConfiguration"] = json!({"MinRetentionDays": 1});
    other["Notifications"]["BackupVaultEvents"] = json!(["BACKUP_JOB_FAILED", "COPY_JOB_FAILED"]);
    let mut bare = full.clone();
    bare.as_object_mut()
        .unwrap()
        .retain(|name, _| ["BackupVaultName", "EncryptionKeyArn"].contains(&name.as_str()));
    // AWS Backup reaches the key on the caller's behalf.
    let before = bench.operations().len();
    bench.law::<BackupVault>(full.clone(), Some(other));
    bench.law::<BackupVault>(full, Some(bare));
    bench.covers::<BackupVault>(before, &["backup-storage:MountCapsule"]);
}

#[test]
fn a_plan_keeps_the_law() {
    let bench = Bench::new();
    bench.run(async {
        bench.sdk().backup().create_backup_vault().backup_vault_name("main").send().await.unwrap()
    });
    let first = json!({"BackupPlan": daily(7), "BackupPlanTags": {"a": "1"}});
    let mut then = json!({"BackupPlan": daily(35), "BackupPlanTags": {"b": "2"}});
    then["BackupPlan"]["AdvancedBackupSettings"] =
        json!([{"ResourceType": "EC2", "BackupOptions": {"WindowsVSS": "enabled"}}]);
    bench.law_covering::<BackupPlan>(&[(first, Some(then))]);
}

#[test]
fn a_selection_keeps_the_law() {
    let bench = Bench::new();
    let role = role(&bench);
    let plan = bench.run(async {
        bench.sdk().backup().create_backup_vault().backup_vault_name("main").send().await.unwrap();
        let plan = crate::resources::mirror::sent(
            "",
            Some(&serde_json::from_value::<super::plan_form::Plan>(daily(7)).unwrap()),
        );
        let made =
            bench.sdk().backup().create_backup_plan().set_backup_plan(plan.unwrap()).send().await.unwrap();
        made.backup_plan_id.unwrap()
    });
    let by_tag = json!({"BackupPlanId": plan, "BackupSelection": {
        "SelectionName": "tagged", "IamRoleArn": role,
        "ListOfTags": [{"ConditionType": "StringEquals", "ConditionKey": "backup", "ConditionValue": "daily"}]}});
    let by_name = json!({"BackupPlanId": plan, "BackupSelection": {
        "SelectionName": "named", "IamRoleArn": role, "Resources": ["arn:aws:rds:*:*:cluster:*"],
        "NotResources": ["arn:aws:rds:*:*:db:scratch"],
        "Conditions": {"StringLike": [{"ConditionKey": "aws:ResourceTag/env", "ConditionValue": "prod*"}]}}});
    bench.law_covering::<BackupSelection>(&[(by_tag, None), (by_name, None)]);
}

#[test]
fn what_backup_would_refuse_is_said_before() {
    let first =
        |found: Vec<(String, String)>| found.first().map(|(name, _)| name.clone()).unwrap_or_default();
    let vault = json!({"LockConfiguration": {"MinRetentionDays": 30, "MaxRetentionDays": 7}});
    assert_eq!(first(<BackupVault as ResourceType>::check(&vault)), "LockConfiguration.MaxRetentionDays");
    let mut plan = json!({"BackupPlan": daily(60)});
    plan["BackupPlan"]["BackupPlanRule"][0]["Lifecycle"]["MoveToColdStorageAfterDays"] = json!(30);
    let found = first(<BackupPlan as ResourceType>::check(&plan));
    assert_eq!(found, "BackupPlan.BackupPlanRule.0.Lifecycle.DeleteAfterDays");
    let selection =
        json!({"BackupPlanId": "x", "BackupSelection": {"SelectionName": "x", "IamRoleArn": "y"}});
    assert_eq!(first(<BackupSelection as ResourceType>::check(&selection)), "BackupSelection");
}
