//! DMS changes an endpoint only while no task that uses it runs. (API reference, `ModifyEndpoint`: InvalidResourceState;
//! user guide, "Modifying a task": a task must be stopped before it, or what it uses, is changed.) Running tasks are
//! stopped for the change and resumed. A tag on the task, one for each endpoint, says so and how far the change is: a
//! crash in between loses nothing, and two endpoints of one task do not get in each other's way.

use aws_sdk_databasemigration::types::{
    ReplicationTask as Live, StartReplicationTaskTypeValue, Tag as DmsTag,
};

use super::{
    support::{ABSENT, filter},
    tags::Tags,
};
use crate::{
    aws::{OpError, TAG_LINEAGE, op},
    resources::{Cx, Progress, described::pairs},
};

/// Followed by the endpoint's id.
const MARK: &str = "migrate:resume:";
/// The task runs or ran, and the endpoint is not changed yet.
const STOPPED: &str = "stopped";
/// The endpoint is changed: the task may run again.
const CHANGED: &str = "changed";

/// A task that uses the endpoint, with what its tags say.
struct Task {
    arn: String,
    name: String,
    status: String,
    instance: String,
    endpoints: [String; 2],
    /// What this endpoint's mark says.
    mark: Option<String>,
    /// Whether another endpoint's change needs it stopped.
    held: bool,
    /// Whether any endpoint's mark is on it: it ran before.
    paused: bool,
    /// Whether this ledger made it.
    ours: bool,
}

fn key(endpoint: &str) -> String {
    format!("{MARK}{}", endpoint.rsplit(':').next().unwrap_or(endpoint))
}

/// Tasks that use the endpoint and run, or ran before a change.
pub(super) struct Pause {
    key: String,
    tasks: Vec<Task>,
}

impl Pause {
    /// Looks at the tasks that use the endpoint.
    pub(super) async fn look(cx: &Cx<'_>, endpoint: &str) -> Result<Self, OpError> {
        const CALL: &str = "DescribeReplicationTasks";
        let (key, mut live) = (key(endpoint), Vec::<Live>::new());
        let mut marker = None;
        loop {
            let call = cx.sdk.dms().describe_replication_tasks().without_settings(true).set_marker(marker);
            match call.filters(filter(CALL, "endpoint-arn", endpoint)?).send().await.map_err(op(CALL)) {
                Ok(answer) => {
                    live.extend(answer.replication_tasks.unwrap_or_default());
                    marker = answer.marker;
                }
                Err(error) if error.is(ABSENT) => break,
                Err(error) => return Err(error),
            }
            if marker.is_none() {
                break;
            }
        }
        let mut tasks = Vec::new();
        for task in live {
            let status = task.status().unwrap_or_default();
            // A task that never ran, or is going, is in nobody's way.
            if matches!(status, "creating" | "ready" | "deleting") {
                continue;
            }
            let arn = task.replication_task_arn().unwrap_or_default();
            let tags = Tags::any(cx, arn).await?;
            let marks = || pairs(&tags).filter(|(name, _)| name.starts_with(MARK));
            let of_ours = format!("{}.", cx.owner.lineage);
            tasks.push(Task {
                arn: arn.to_owned(),
                name: task.replication_task_identifier().unwrap_or(arn).to_owned(),
                status: status.to_owned(),
                instance: task.replication_instance_arn().unwrap_or_default().to_owned(),
                endpoints: [task.source_endpoint_arn(), task.target_endpoint_arn()]
                    .map(|arn| arn.unwrap_or_default().to_owned()),
                mark: marks().find(|(name, _)| *name == key).map(|(_, value)| value.to_owned()),
                held: marks().any(|(name, value)| name != key && value == STOPPED),
                paused: marks().next().is_some(),
                ours: pairs(&tags).any(|(name, value)| name == TAG_LINEAGE && value.starts_with(&of_ours)),
            });
        }
        Ok(Self { key, tasks })
    }

    /// Whether the endpoint's change has been made in an earlier call, and only tasks are left to resume.
    pub(super) fn is_changed(&self) -> bool {
        self.tasks.iter().any(|task| task.mark.as_deref() == Some(CHANGED))
    }

    /// Stops what runs. `None` once nothing does.
    pub(super) async fn stop(&self, cx: &Cx<'_>) -> Result<Option<Progress>, OpError> {
        if let Some(task) = self.tasks.iter().find(|task| !task.ours && task.status == "running") {
            return Err(OpError::not_sent(
                "ModifyEndpoint",
                format!(
                    "replication task `{}` uses the endpoint and runs, and it is not this migration's: stop it, then run \
                     the same command again",
                    task.name
                ),
            ));
        }
        let mut waits = None;
        for task in &self.tasks {
            match task.status.as_str() {
                "running" => {
                    self.mark(cx, task, STOPPED).await?;
                    let call = cx.sdk.dms().stop_replication_task().replication_task_arn(&task.arn);
                    call.send().await.map_err(op("StopReplicationTask"))?;
                    waits = Some(format!("stopping the replication task {}", task.name));
                }
                "stopped" | "failed" | "failed-move" => {
                    // Stopped for another endpoint's change: it must not start before this one is made.
                    if task.paused && task.mark.is_none() {
                        self.mark(cx, task, STOPPED).await?;
                    }
                }
                status => waits = Some(format!("the replication task {} is {status}", task.name)),
            }
        }
        Ok(waits.map(Progress::Again))
    }

    /// The endpoint is changed: what ran may run again.
    pub(super) async fn changed(&self, cx: &Cx<'_>) -> Result<Progress, OpError> {
        let mut paused = false;
        for task in self.tasks.iter().filter(|task| task.paused) {
            self.mark(cx, task, CHANGED).await?;
            paused = true;
        }
        Ok(if paused { Progress::Again("resuming the replication tasks".into()) } else { Progress::Done })
    }

    /// Starts what was stopped, and ends when everything runs that ran before.
    pub(super) async fn resume(&self, cx: &Cx<'_>) -> Result<Progress, OpError> {
        let mut waits = None;
        for task in self.tasks.iter().filter(|task| task.mark.is_some()) {
            match task.status.as_str() {
                "running" => self.unmark(cx, task).await?,
                "stopped" | "failed" if task.held => {
                    // Whoever changes last starts it.
                    self.unmark(cx, task).await?;
                }
                "failed" => {
                    self.unmark(cx, task).await?;
                    let why = format!(
                        "the endpoint is changed, but the replication task {} failed when it was resumed",
                        task.name
                    );
                    return Err(OpError::not_sent("StartReplicationTask", why));
                }
                "stopped" => {
                    waits = Some(match connected(cx, task).await? {
                        Connection::Successful => {
                            start(cx, task).await?;
                            format!("resuming the replication task {}", task.name)
                        }
                        Connection::Testing => format!("testing the connections of {}", task.name),
                        Connection::Failed(why) => {
                            self.unmark(cx, task).await?;
                            let why = format!(
                                "the endpoint is changed, but the replication task {} cannot be resumed: the connection \
                                 test fails ({why}). Correct the endpoint and start the task",
                                task.name
                            );
                            return Err(OpError::not_sent("TestConnection", why));
                        }
                    });
                }
                status => waits = Some(format!("the replication task {} is {status}", task.name)),
            }
        }
        Ok(waits.map_or(Progress::Done, Progress::Again))
    }

    /// The change was refused: what ran is started again, and the error says so.
    pub(super) async fn give_up(&self, cx: &Cx<'_>, mut error: OpError) -> OpError {
        for task in self.tasks.iter().filter(|task| task.mark.as_deref() == Some(STOPPED)) {
            let again = match task.status.as_str() {
                "stopped" | "failed" if !task.held => start(cx, task).await,
                _ => Ok(()),
            };
            let said = match again {
                Ok(()) => {
                    // What cannot be taken off is taken off by the next change of the endpoint.
                    let _ = self.unmark(cx, task).await;
                    format!(" (the replication task {} was stopped for it and runs again)", task.name)
                }
                Err(why) => format!(
                    " (the replication task {} was stopped for it and could not be resumed: {why}; the next `migrate up` \
                     resumes it)",
                    task.name
                ),
            };
            error.message.push_str(&said);
        }
        error
    }

    async fn mark(&self, cx: &Cx<'_>, task: &Task, value: &str) -> Result<(), OpError> {
        if task.mark.as_deref() == Some(value) {
            return Ok(());
        }
        let tag = DmsTag::builder().key(&self.key).value(value).build();
        let call = cx.sdk.dms().add_tags_to_resource().resource_arn(&task.arn).tags(tag);
        call.send().await.map(drop).map_err(op("AddTagsToResource"))
    }

    async fn unmark(&self, cx: &Cx<'_>, task: &Task) -> Result<(), OpError> {
        let call = cx.sdk.dms().remove_tags_from_resource().resource_arn(&task.arn).tag_keys(&self.key);
        call.send().await.map(drop).map_err(op("RemoveTagsFromResource"))
    }
}

/// How the connection tests of a task stand.
enum Connection {
    Successful,
    Testing,
    Failed(String),
}

/// DMS starts a task only when the connections of its instance to both endpoints were tested since the endpoints changed.
async fn connected(cx: &Cx<'_>, task: &Task) -> Result<Connection, OpError> {
    const CALL: &str = "DescribeConnections";
    for endpoint in &task.endpoints {
        let call = cx.sdk.dms().describe_connections().filters(filter(CALL, "endpoint-arn", endpoint)?);
        let call = call.filters(filter(CALL, "replication-instance-arn", &task.instance)?);
        let tested = match call.send().await.map_err(op(CALL)) {
            Ok(answer) => answer.connections.unwrap_or_default().into_iter().next(),
            Err(error) if error.is(ABSENT) => None,
            Err(error) => return Err(error),
        };
        match tested.as_ref().and_then(|connection| connection.status()) {
            Some("successful") => {}
            Some("testing") => return Ok(Connection::Testing),
            Some("failed") => {
                let why =
                    tested.and_then(|c| c.last_failure_message).unwrap_or_else(|| "no reason given".into());
                return Ok(Connection::Failed(why));
            }
            _ => {
                let call = cx.sdk.dms().test_connection().endpoint_arn(endpoint);
                let call = call.replication_instance_arn(&task.instance);
                call.send().await.map_err(op("TestConnection"))?;
                return Ok(Connection::Testing);
            }
        }
    }
    Ok(Connection::Successful)
}

async fn start(cx: &Cx<'_>, task: &Task) -> Result<(), OpError> {
    let call = cx.sdk.dms().start_replication_task().replication_task_arn(&task.arn);
    let call = call.start_replication_task_type(StartReplicationTaskTypeValue::ResumeProcessing);
    call.send().await.map(drop).map_err(op("StartReplicationTask"))
}
