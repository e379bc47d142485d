//! What replicates, as reviews tell it: what runs, since when, and with which capacity.

use aws_sdk_databasemigration::types::{DataMigration, Replication, ReplicationTask};
use aws_smithy_types::{DateTime, date_time::Format};

use super::{
    moving,
    support::{ABSENT, filter},
};
use crate::{
    aws::{OpError, Provision, Replicator, data_migration_state, op, usually},
    model::Activity,
    resources::Cx,
};

fn owned(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn date(at: Option<&DateTime>) -> Option<String> {
    DateTime::from_secs(at?.secs()).fmt(Format::DateTime).ok()
}

/// Whether something in that state is in the way of a change: what never ran, rests or is going is not.
fn busy(status: &str) -> bool {
    let rests = ["creating", "created", "ready", "stopped", "failed", "failed-move", "deleting"];
    !rests.contains(&status)
}

fn told(kind: Replicator, name: &str, status: &str, since: Option<&DateTime>) -> Activity {
    Activity {
        who: format!("{} {name}", kind.noun()),
        since: date(since).filter(|_| busy(status)),
        usually: usually(kind, status).map(ToOwned::to_owned),
        capacity: None,
        busy: busy(status),
        owed: false,
        state: status.to_owned(),
    }
}

/// A task.
pub(super) fn of_task(live: &ReplicationTask) -> Activity {
    let since = live.replication_task_stats().and_then(|stats| stats.start_date());
    // The date is that of the last start: it says nothing of a state on the way.
    let status = live.status().unwrap_or_default();
    let since = since.filter(|_| status == "running");
    told(Replicator::Task, live.replication_task_identifier().unwrap_or_default(), status, since)
}

/// A serverless replication.
pub(super) fn of_serverless(live: &Replication) -> Activity {
    let (name, status) = (live.replication_config_identifier(), live.status().unwrap_or_default());
    let capacity = live.provision_data().map(|data| Provision::from(data).words());
    let since = live.replication_update_time();
    Activity { capacity, ..told(Replicator::Serverless, name.unwrap_or_default(), status, since) }
}

/// A data migration.
pub(super) fn of_data(live: &DataMigration) -> Activity {
    let status = data_migration_state(live.data_migration_status().unwrap_or_default());
    let since = live.data_migration_start_time();
    told(Replicator::Data, live.data_migration_name().unwrap_or_default(), &status, since)
}

/// Who uses an endpoint or a replication instance.
pub(super) struct User {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) status: String,
    /// The replication instance; none of a serverless replication.
    pub(super) instance: String,
    pub(super) endpoints: [String; 2],
    pub(super) activity: Activity,
}

/// The replication tasks that use what a filter of DescribeReplicationTasks names.
async fn tasks(cx: &Cx<'_>, by: &str, arn: &str) -> Result<Vec<User>, OpError> {
    const CALL: &str = "DescribeReplicationTasks";
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let call = cx.sdk.dms().describe_replication_tasks().without_settings(true).set_marker(marker);
        match call.filters(filter(CALL, by, arn)?).send().await.map_err(op(CALL)) {
            Ok(answer) => {
                found.extend(answer.replication_tasks().iter().map(|task| User {
                    arn: owned(task.replication_task_arn()),
                    name: owned(task.replication_task_identifier()),
                    status: owned(task.status()),
                    instance: owned(task.replication_instance_arn()),
                    endpoints: [owned(task.source_endpoint_arn()), owned(task.target_endpoint_arn())],
                    activity: of_task(task),
                }));
                marker = answer.marker;
            }
            Err(error) if error.is(ABSENT) => return Ok(found),
            Err(error) => return Err(error),
        }
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// The serverless replications that use an endpoint. DMS has no filter for them (API Reference, DescribeReplications).
async fn serverless(cx: &Cx<'_>, endpoint: &str) -> Result<Vec<User>, OpError> {
    const CALL: &str = "DescribeReplications";
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let call = cx.sdk.dms().describe_replications().set_marker(marker);
        match call.send().await.map_err(op(CALL)) {
            Ok(answer) => {
                found.extend(answer.replications().iter().map(|one| User {
                    arn: owned(one.replication_config_arn()),
                    name: owned(one.replication_config_identifier()),
                    status: owned(one.status()),
                    instance: String::new(),
                    endpoints: [owned(one.source_endpoint_arn()), owned(one.target_endpoint_arn())],
                    activity: of_serverless(one),
                }));
                marker = answer.marker;
            }
            Err(error) if error.is(ABSENT) => break,
            Err(error) => return Err(error),
        }
        if marker.is_none() {
            break;
        }
    }
    found.retain(|user| user.endpoints.iter().any(|arn| arn == endpoint));
    Ok(found)
}

/// Everything that uses an endpoint.
pub(super) async fn of_endpoint(cx: &Cx<'_>, arn: &str) -> Result<Vec<User>, OpError> {
    let mut found = tasks(cx, "endpoint-arn", arn).await?;
    found.extend(serverless(cx, arn).await?);
    Ok(found)
}

/// The tasks of a replication instance.
pub(super) async fn of_instance(cx: &Cx<'_>, arn: &str) -> Result<Vec<User>, OpError> {
    tasks(cx, "replication-instance-arn", arn).await
}

/// What of them works: what rests need not be told.
pub(super) async fn working(cx: &Cx<'_>, users: Vec<User>) -> Result<Vec<Activity>, OpError> {
    let mut working = Vec::new();
    for User { arn, activity, .. } in users {
        working.push(owed(cx, &arn, activity).await?);
    }
    working.retain(|activity| activity.busy);
    Ok(working)
}

/// What something does, if an update that did not end has not stopped it: then it only seems to rest.
pub(super) async fn owed(cx: &Cx<'_>, arn: &str, mut activity: Activity) -> Result<Activity, OpError> {
    if activity.state == "stopped" && moving::is_owed(cx, arn).await? {
        activity.owed = true;
        activity.busy = true;
    }
    Ok(activity)
}
