//! Replication of an instance's automated backups to another region. It is asked for in the region that keeps the
//! copies; the instance lists the copies it has.

use aws_sdk_rds::{
    config::Builder,
    types::{DbInstance as Live, DbInstanceAutomatedBackup as Backup},
};
use aws_types::region::Region;

use super::db_instance_props::{Props, same_key};
use crate::{
    aws::{OpError, op},
    resources::{Cx, Progress},
};

/// The properties that this file settles.
pub const PROPERTIES: &[&str] = &[
    "AutomaticBackupReplicationKmsKeyId",
    "AutomaticBackupReplicationRegion",
    "AutomaticBackupReplicationRetentionPeriod",
];

/// The region and the ARN of the copy.
fn copy_of(live: &Live) -> Option<(String, String)> {
    let copies = live.db_instance_automated_backups_replications().iter();
    let mut arns = copies.filter_map(|copy| copy.db_instance_automated_backups_arn());
    arns.find_map(|arn| Some((arn.split(':').nth(3)?.to_owned(), arn.to_owned())))
}

fn within(region: &str) -> Builder {
    Builder::new().region(Region::new(region.to_owned()))
}

async fn backup(cx: &Cx<'_>, region: &str, arn: &str) -> Result<Option<Backup>, OpError> {
    let call = cx.sdk.rds().describe_db_instance_automated_backups().db_instance_automated_backups_arn(arn);
    match call.customize().config_override(within(region)).send().await {
        Ok(page) => Ok(page.db_instance_automated_backups.unwrap_or_default().into_iter().next()),
        Err(error) => match op("DescribeDBInstanceAutomatedBackups")(error) {
            error if error.is(&["DBInstanceAutomatedBackupNotFound"]) => Ok(None),
            error => Err(error),
        },
    }
}

/// Adds what is replicated to the properties of a live instance, if the template wants to know.
pub async fn read(cx: &Cx<'_>, live: &Live, hint: &Props, props: &mut Props) -> Result<(), OpError> {
    let Some((region, arn)) = copy_of(live) else { return Ok(()) };
    if hint.AutomaticBackupReplicationRetentionPeriod.is_some() {
        let backup = backup(cx, &region, &arn).await?;
        props.AutomaticBackupReplicationRetentionPeriod =
            backup.and_then(|backup| backup.backup_retention_period);
    }
    props.AutomaticBackupReplicationRegion = Some(region);
    Ok(())
}

/// Whether the copy is kept as long as wanted and under the wanted key.
fn fits(backup: &Backup, props: &Props) -> bool {
    let kept = props.AutomaticBackupReplicationRetentionPeriod;
    let key = props.AutomaticBackupReplicationKmsKeyId.as_deref();
    kept.is_none_or(|days| backup.backup_retention_period == Some(days))
        && key.is_none_or(|key| same_key(key, backup.kms_key_id().unwrap_or_default()))
}

/// Starts, ends or renews the replication; needs an available instance. A replication cannot be changed.
pub async fn settle(cx: &Cx<'_>, live: &Live, props: &Props) -> Result<Progress, OpError> {
    let source = live.db_instance_arn().unwrap_or_default();
    let wanted = props.AutomaticBackupReplicationRegion.as_deref();
    let Some((region, arn)) = copy_of(live) else {
        if let Some(region) = wanted {
            let call = cx.sdk.rds().start_db_instance_automated_backups_replication();
            let call = call
                .source_db_instance_arn(source)
                .set_backup_retention_period(props.AutomaticBackupReplicationRetentionPeriod)
                .set_kms_key_id(props.AutomaticBackupReplicationKmsKeyId.clone());
            let answer = call.customize().config_override(within(region)).send().await;
            answer.map_err(op("StartDBInstanceAutomatedBackupsReplication"))?;
        }
        return Ok(Progress::Done);
    };
    if wanted == Some(region.as_str())
        && backup(cx, &region, &arn).await?.is_none_or(|backup| fits(&backup, props))
    {
        return Ok(Progress::Done);
    }
    let call = cx.sdk.rds().stop_db_instance_automated_backups_replication();
    let call = call.source_db_instance_arn(source);
    let answer = call.customize().config_override(within(&region)).send().await;
    answer.map_err(op("StopDBInstanceAutomatedBackupsReplication"))?;
    Ok(Progress::Again("ending the replication of backups".into()))
}
