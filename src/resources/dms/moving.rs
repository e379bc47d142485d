//! What replication tasks, serverless replications and data migrations have in common: stop, resume from the checkpoint, and a tag that
//! says that an update has stopped one and owes it a start. The ARN tells which of them it is.

use aws_sdk_databasemigration::types::{
    StartReplicationMigrationTypeValue, StartReplicationTaskTypeValue, Tag as DmsTag,
};

use super::tags::Tags;
use crate::{
    aws::{OpError, Replicator, op},
    resources::Cx,
};

/// On what an update has stopped: it was running and is to be resumed.
pub(super) const RESUME: &str = "migrate:resume";

/// Whether an ARN is that of a serverless replication's configuration.
pub(super) fn is_serverless(arn: &str) -> bool {
    Replicator::of(arn) == Replicator::Serverless
}

fn is_data_migration(arn: &str) -> bool {
    Replicator::of(arn) == Replicator::Data
}

/// What people call it.
pub(super) fn noun(arn: &str) -> &'static str {
    Replicator::of(arn).noun()
}

/// Stops it.
pub(super) async fn stop(cx: &Cx<'_>, arn: &str) -> Result<(), OpError> {
    if is_serverless(arn) {
        let call = cx.sdk.dms().stop_replication().replication_config_arn(arn);
        return call.send().await.map(drop).map_err(op("StopReplication"));
    }
    if is_data_migration(arn) {
        let call = cx.sdk.dms().stop_data_migration().data_migration_identifier(arn);
        return call.send().await.map(drop).map_err(op("StopDataMigration"));
    }
    let call = cx.sdk.dms().stop_replication_task().replication_task_arn(arn);
    call.send().await.map(drop).map_err(op("StopReplicationTask"))
}

/// Starts it at its checkpoint: nothing is loaded again.
pub(super) async fn resume(cx: &Cx<'_>, arn: &str) -> Result<(), OpError> {
    if is_serverless(arn) {
        let call = cx.sdk.dms().start_replication().replication_config_arn(arn);
        let call = call.start_replication_type("resume-processing");
        return call.send().await.map(drop).map_err(op("StartReplication"));
    }
    if is_data_migration(arn) {
        let call = cx.sdk.dms().start_data_migration().data_migration_identifier(arn);
        let call = call.start_type(StartReplicationMigrationTypeValue::ResumeProcessing);
        return call.send().await.map(drop).map_err(op("StartDataMigration"));
    }
    let call = cx.sdk.dms().start_replication_task().replication_task_arn(arn);
    let call = call.start_replication_task_type(StartReplicationTaskTypeValue::ResumeProcessing);
    call.send().await.map(drop).map_err(op("StartReplicationTask"))
}

/// Whether an update has stopped it.
pub(super) async fn is_marked(cx: &Cx<'_>, arn: &str) -> Result<bool, OpError> {
    Ok(Tags::any(cx, arn).await?.iter().any(|tag| tag.key() == RESUME))
}

/// Whether an update of it, or of an endpoint that it uses, has stopped it.
pub(super) async fn is_owed(cx: &Cx<'_>, arn: &str) -> Result<bool, OpError> {
    Ok(Tags::any(cx, arn).await?.iter().any(|tag| tag.key().starts_with(RESUME)))
}

/// Notes on the object itself that it has to run again: a crash in between loses nothing.
pub(super) async fn mark(cx: &Cx<'_>, arn: &str) -> Result<(), OpError> {
    let tag = DmsTag::builder().key(RESUME).value("true").build();
    let call = cx.sdk.dms().add_tags_to_resource().resource_arn(arn).tags(tag);
    call.send().await.map(drop).map_err(op("AddTagsToResource"))
}

/// It runs again, or never will by itself.
pub(super) async fn unmark(cx: &Cx<'_>, arn: &str) -> Result<(), OpError> {
    let call = cx.sdk.dms().remove_tags_from_resource().resource_arn(arn).tag_keys(RESUME);
    call.send().await.map(drop).map_err(op("RemoveTagsFromResource"))
}
