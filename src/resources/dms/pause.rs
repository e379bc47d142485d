//! DMS changes an endpoint only while no task that uses it runs. (API reference, `ModifyEndpoint`: InvalidResourceState;
//! user guide, "Modifying a task": a task must be stopped before it, or what it uses, is changed.) Running tasks are
//! stopped for the change and resumed; so are serverless replications. A tag on the task, one for each endpoint, says so and how far the change is: a
//! crash in between loses nothing, and two endpoints of one task do not get in each other's way.

use aws_sdk_databasemigration::types::Tag as DmsTag;

use super::{
    moving,
    support::{ABSENT, filter},
    tags::Tags,
    users::{self, User},
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
        let key = key(endpoint);
        let live = users::of_endpoint(cx, endpoint).await?;
        let mut tasks = Vec::new();
        for User { arn, name, status, instance, endpoints, .. } in live {
            // What never ran, or is going, is in nobody's way.
            if matches!(status.as_str(), "creating" | "created" | "ready" | "deleting") {
                continue;
            }
            let tags = Tags::any(cx, &arn).await?;
            let marks = || pairs(&tags).filter(|(name, _)| name.starts_with(MARK));
            let of_ours = format!("{}.", cx.owner.lineage);
            tasks.push(Task {
                name,
                status,
                instance,
                endpoints,
                mark: marks().find(|(name, _)| *name == key).map(|(_, value)| value.to_owned()),
                held: marks().any(|(name, value)| name != key && value == STOPPED),
                paused: marks().next().is_some(),
                ours: pairs(&tags).any(|(name, value)| name == TAG_LINEAGE && value.starts_with(&of_ours)),
                arn,
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
                    "{} `{}` uses the endpoint and runs, and it is not this migration's: stop it, then run \
                     the same command again",
                    moving::noun(&task.arn),
                    task.name
                ),
            ));
        }
        let mut waits = None;
        for task in &self.tasks {
            match task.status.as_str() {
                "running" => {
                    self.mark(cx, task, STOPPED).await?;
                    moving::stop(cx, &task.arn).await?;
                    waits = Some(format!("stopping the {} {}", moving::noun(&task.arn), task.name));
                }
                "stopped" | "failed" | "failed-move" => {
                    // Stopped for another endpoint's change: it must not start before this one is made.
                    if task.paused && task.mark.is_none() {
                        self.mark(cx, task, STOPPED).await?;
                    }
                }
                status => waits = Some(format!("the {} {} is {status}", moving::noun(&task.arn), task.name)),
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
                        "the endpoint is changed, but the {} {} failed when it was resumed",
                        moving::noun(&task.arn),
                        task.name
                    );
                    return Err(OpError::not_sent("StartReplicationTask", why));
                }
                "stopped" => {
                    waits = Some(match connected(cx, task).await? {
                        Connection::Successful => {
                            moving::resume(cx, &task.arn).await?;
                            format!("resuming the {} {}", moving::noun(&task.arn), task.name)
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
                status => waits = Some(format!("the {} {} is {status}", moving::noun(&task.arn), task.name)),
            }
        }
        Ok(waits.map_or(Progress::Done, Progress::Again))
    }

    /// The change was refused: what ran is started again, and the error says so.
    pub(super) async fn give_up(&self, cx: &Cx<'_>, mut error: OpError) -> OpError {
        for task in self.tasks.iter().filter(|task| task.mark.as_deref() == Some(STOPPED)) {
            let again = match task.status.as_str() {
                "stopped" | "failed" if !task.held => moving::resume(cx, &task.arn).await,
                _ => Ok(()),
            };
            let said = match again {
                Ok(()) => {
                    // What cannot be taken off is taken off by the next change of the endpoint.
                    let _ = self.unmark(cx, task).await;
                    format!(
                        " (the {} {} was stopped for it and runs again)",
                        moving::noun(&task.arn),
                        task.name
                    )
                }
                Err(why) => format!(
                    " (the {} {} was stopped for it and could not be resumed: {why}; the next `migrate up` resumes it)",
                    moving::noun(&task.arn),
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
    // A serverless replication tests its connections itself when it starts.
    if moving::is_serverless(&task.arn) {
        return Ok(Connection::Successful);
    }
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
