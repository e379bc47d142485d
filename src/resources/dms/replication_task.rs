//! `AWS::DMS::ReplicationTask`.
//!
//! The type makes a task and keeps it as declared; it does not start it: that belongs to the migration. But a
//! running task can be changed only while it is stopped. The update stops it, and a tag on the task itself says
//! that it must run again afterwards, so that a crash between the two loses nothing.

use aws_sdk_databasemigration::types::{MigrationTypeValue, ReplicationTask as Live};
use aws_smithy_types::DateTime;
use serde_json::{Value as Json, json};

use super::{
    instance_rules::same_text,
    moving, news,
    support::{ABSENT, BUSY, filter},
    tags::Tags,
    task_settings, users,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{
        Activity, Attributes, Document, Facts, Identity, NameRule, PhysicalId, Tag, WaitPolicy,
        dynamic::is_dynamic,
    },
    props,
    resources::{
        Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare,
        described::pairs,
        tags::{self, Tagging},
    },
};

/// The type.
pub struct ReplicationTask;

props! {
    /// The properties.
    pub struct Props {
        CdcStartPosition: String,
        CdcStartTime: f64,
        CdcStopPosition: String,
        MigrationType: String,
        ReplicationInstanceArn: String,
        ReplicationTaskIdentifier: String,
        ReplicationTaskSettings: String,
        ResourceIdentifier: String,
        SourceEndpointArn: String,
        TableMappings: String,
        Tags: Vec<Tag>,
        TargetEndpointArn: String,
        TaskData: String,
    }
}

impl Props {
    fn name(&self) -> &str {
        self.ReplicationTaskIdentifier.as_deref().unwrap_or_default()
    }
}

fn attributes(arn: &str) -> Attributes {
    Attributes::from([("Ref".into(), json!(arn)), ("ReplicationTaskArn".into(), json!(arn))])
}

async fn get(cx: &Cx<'_>, by: &str, value: &str) -> Result<Option<Live>, OpError> {
    const CALL: &str = "DescribeReplicationTasks";
    let filter = filter(CALL, by, value)?;
    match cx.sdk.dms().describe_replication_tasks().filters(filter).send().await.map_err(op(CALL)) {
        Ok(answer) => Ok(answer.replication_tasks.unwrap_or_default().into_iter().next()),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

const BY_ARN: &str = "replication-task-arn";
const BY_NAME: &str = "replication-task-id";

/// What of the properties the live task does not have yet.
#[derive(Debug, Default, PartialEq)]
struct Gap {
    instance: bool,
    name: bool,
    settings: bool,
    mappings: bool,
    start: bool,
    end: bool,
    data: bool,
}

impl Gap {
    fn between(live: &Live, new: &Props) -> Self {
        let json = |wanted: &Option<String>, live: Option<&str>| {
            wanted.as_ref().is_some_and(|text| !task_settings::same_json(text, live.unwrap_or_default()))
        };
        let text = |wanted: &Option<String>, live: Option<&str>| {
            wanted.as_ref().is_some_and(|text| live != Some(text))
        };
        let name = live.replication_task_identifier().unwrap_or_default();
        let settings = live.replication_task_settings().unwrap_or_default();
        Self {
            instance: text(&new.ReplicationInstanceArn, live.replication_instance_arn()),
            name: !new.name().eq_ignore_ascii_case(name),
            settings: new.ReplicationTaskSettings.as_ref().is_some_and(|wanted| {
                !task_settings::same_json(wanted, &task_settings::shown(settings, wanted))
            }),
            mappings: json(&new.TableMappings, live.table_mappings()),
            start: text(&new.CdcStartPosition, live.cdc_start_position()),
            end: text(&new.CdcStopPosition, live.cdc_stop_position()),
            data: json(&new.TaskData, live.task_data()),
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

async fn modify(cx: &Cx<'_>, arn: &str, gap: &Gap, new: &Props) -> Result<(), OpError> {
    let part = |wanted: bool, value: &Option<String>| value.clone().filter(|_| wanted);
    cx.sdk
        .dms()
        .modify_replication_task()
        .replication_task_arn(arn)
        .set_replication_task_identifier(part(gap.name, &new.ReplicationTaskIdentifier))
        .set_replication_task_settings(part(gap.settings, &new.ReplicationTaskSettings))
        .set_table_mappings(part(gap.mappings, &new.TableMappings))
        .set_cdc_start_position(part(gap.start, &new.CdcStartPosition))
        .set_cdc_stop_position(part(gap.end, &new.CdcStopPosition))
        .set_task_data(part(gap.data, &new.TaskData))
        .send()
        .await
        .map(drop)
        .map_err(op("ModifyReplicationTask"))
}

impl ResourceType for ReplicationTask {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "ReplicationTaskIdentifier", max: 255, lower: true, separator: '-' }),
        early: &["Ref", "ReplicationTaskArn"],
        // CreateReplicationTask: InvalidResourceStateFault while the instance is not available.
        needs_ready: &["ReplicationInstanceArn"],
        ready: Some(WaitPolicy::secs(30, 5, 1_800)),
        gone: Some(WaitPolicy::secs(10, 5, 1_800)),
        retry_delete: &[BUSY],
        documents: &[
            ("ReplicationTaskSettings", Document::TaskSettings),
            ("TableMappings", Document::TableMappings),
            ("TaskData", Document::Json),
        ],
        replicates: true,
        // It tests the connections of its endpoints before it is made, and then copies.
        connects: true,
        absent: ABSENT,
        iam: &[
            "dms:AddTagsToResource",
            "dms:CreateReplicationTask",
            "dms:DeleteReplicationTask",
            "dms:DescribeEvents",
            "dms:DescribeReplicationTasks",
            "dms:ListTagsForResource",
            "dms:ModifyReplicationTask",
            "dms:MoveReplicationTask",
            "dms:RemoveTagsFromResource",
            "dms:StartReplicationTask",
            "dms:StopReplicationTask",
        ],
        ..Facts::new("AWS::DMS::ReplicationTask", "dms")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            // Never shown by DMS: a live value is no evidence.
            "CdcStartTime" if recorded.is_null() => true,
            "ReplicationTaskIdentifier" => same_text(desired, recorded),
            "ReplicationTaskSettings" | "TableMappings" | "TaskData" => {
                match (desired.as_str(), recorded.as_str()) {
                    (Some(a), Some(b)) => task_settings::same_json(a, b),
                    _ => compare::same(Self::FACTS.kind, property, desired, recorded),
                }
            }
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    /// The schema knows no move to another instance; the API does. Values that the API can set but not take
    /// away need a new task, and so does another start time: DMS never tells it back, so a repeated step could
    /// not know whether it is set already.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let (old, new) = (change.old, change.new);
        let mut properties = compare::create_only(Self::FACTS.kind, change.changed);
        properties.retain(|property| property != "ReplicationInstanceArn");
        for (property, gone) in [
            ("CdcStartPosition", old.CdcStartPosition.is_some() && new.CdcStartPosition.is_none()),
            ("CdcStopPosition", old.CdcStopPosition.is_some() && new.CdcStopPosition.is_none()),
            ("TaskData", old.TaskData.is_some() && new.TaskData.is_none()),
            (
                "ReplicationTaskSettings",
                old.ReplicationTaskSettings.is_some() && new.ReplicationTaskSettings.is_none(),
            ),
            ("CdcStartTime", change.has("CdcStartTime")),
        ] {
            if gone {
                properties.push(property.into());
            }
        }
        properties
    }

    fn effects(change: &Change<'_, Props>) -> Vec<String> {
        let only_tags = change.changed.iter().all(|property| property == "Tags");
        let text = "if it runs, it is stopped for the change and resumed";
        if only_tags { Vec::new() } else { vec![text.to_owned()] }
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        for property in ["TableMappings", "ReplicationTaskSettings", "TaskData"] {
            if let Some(text) = props[property].as_str()
                && let Err(error) = serde_json::from_str::<Json>(text)
                // With what is known later in it (a port, say) it may well be JSON.
                && !is_dynamic(text)
            {
                problems.push((property.to_owned(), format!("no valid JSON: {error}")));
            }
        }
        if !props["CdcStartTime"].is_null() && !props["CdcStartPosition"].is_null() {
            problems
                .push(("CdcStartTime".into(), "CdcStartTime and CdcStartPosition exclude each other".into()));
        }
        problems
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(task) = get(cx, BY_NAME, &props.name().to_lowercase()).await? else { return Ok(None) };
        let Some(arn) = task.replication_task_arn() else { return Ok(None) };
        if task.status() == Some("deleting") {
            return Ok(None);
        }
        let ownership = cx.owns(pairs(&Tags::any(cx, arn).await?));
        Ok(Some(Found { id: arn.into(), attributes: attributes(arn), ownership }))
    }

    async fn activity(cx: &Cx<'_>, id: &PhysicalId) -> Result<Option<Vec<Activity>>, OpError> {
        let Some(live) = get(cx, BY_ARN, id.as_str()).await? else { return Ok(None) };
        Ok(Some(vec![users::owed(cx, id.as_str(), users::of_task(&live)).await?]))
    }

    async fn news(
        cx: &Cx<'_>,
        _id: &PhysicalId,
        props: &Props,
        waited: std::time::Duration,
    ) -> Result<Vec<String>, OpError> {
        news::news(cx, props.name(), waited).await
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let task = get(cx, BY_ARN, id.as_str()).await?;
        let status = task.as_ref().and_then(Live::status).unwrap_or("absent").to_owned();
        Ok(match (task, goal) {
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
            (Some(task), Goal::Ready) => match status.as_str() {
                "ready" | "stopped" | "starting" | "running" => Probe::Reached(attributes(id.as_str())),
                "failed" | "failed-move" | "deleting" => {
                    let why = task.last_failure_message().unwrap_or("no reason given");
                    Probe::Failed(format!("the task is {status}: {why}"))
                }
                _ => Probe::Pending(status),
            },
            _ => Probe::Pending(status),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(live) = get(cx, BY_ARN, id.as_str()).await? else { return Ok(None) };
        if live.status() == Some("deleting") {
            return Ok(None);
        }
        let tags = cx.own_tags(pairs(&Tags::any(cx, id.as_str()).await?));
        let last = id.as_str().rsplit(':').next().map(ToOwned::to_owned);
        let settings = match (&live.replication_task_settings, &hint.ReplicationTaskSettings) {
            (Some(whole), Some(sent)) => Some(task_settings::shown(whole, sent)),
            _ => None,
        };
        Ok(Some(Props {
            // Starting a task from a position leaves its mark here, so only a declared one is compared.
            CdcStartPosition: hint.CdcStartPosition.as_ref().and(live.cdc_start_position),
            CdcStartTime: None,
            CdcStopPosition: hint.CdcStopPosition.as_ref().and(live.cdc_stop_position),
            MigrationType: live.migration_type.map(|kind| kind.as_str().to_owned()),
            ReplicationInstanceArn: live.replication_instance_arn,
            ReplicationTaskIdentifier: live.replication_task_identifier,
            ReplicationTaskSettings: settings,
            ResourceIdentifier: hint.ResourceIdentifier.as_ref().and(last),
            SourceEndpointArn: live.source_endpoint_arn,
            TableMappings: live.table_mappings,
            Tags: tags,
            TargetEndpointArn: live.target_endpoint_arn,
            TaskData: live.task_data,
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let answer = cx
            .sdk
            .dms()
            .create_replication_task()
            .replication_task_identifier(props.name())
            .set_cdc_start_position(props.CdcStartPosition.clone())
            .set_cdc_start_time(props.CdcStartTime.map(DateTime::from_secs_f64))
            .set_cdc_stop_position(props.CdcStopPosition.clone())
            .set_migration_type(props.MigrationType.as_deref().map(MigrationTypeValue::from))
            .set_replication_instance_arn(props.ReplicationInstanceArn.clone())
            .set_replication_task_settings(props.ReplicationTaskSettings.clone())
            .set_resource_identifier(props.ResourceIdentifier.clone())
            .set_source_endpoint_arn(props.SourceEndpointArn.clone())
            .set_table_mappings(props.TableMappings.clone())
            .set_target_endpoint_arn(props.TargetEndpointArn.clone())
            .set_task_data(props.TaskData.clone())
            .set_tags(tags::create(cx, "CreateReplicationTask", props.Tags.as_ref())?)
            .send()
            .await
            .map_err(op("CreateReplicationTask"))?;
        let arn = answer.replication_task().and_then(|task| task.replication_task_arn());
        let arn = arn.ok_or_else(|| OpError::missing("CreateReplicationTask", "the ARN"))?;
        Ok(Created { id: arn.into(), attributes: attributes(arn) })
    }

    /// Each call looks at the live task and takes the next step; the order is pause, move, modify, resume.
    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let (arn, new) = (id.as_str(), change.new);
        if change.has("Tags") {
            Tags::change(cx, arn, change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        }
        let Some(live) = get(cx, BY_ARN, arn).await? else {
            return Err(OpError::not_sent("ModifyReplicationTask", "the task is gone"));
        };
        let gap = Gap::between(&live, new);
        let status = live.status().unwrap_or_default();
        match status {
            "running" if gap.is_empty() => {
                if moving::is_marked(cx, arn).await? {
                    moving::unmark(cx, arn).await?;
                }
                Ok(Progress::Done)
            }
            "running" => {
                moving::mark(cx, arn).await?;
                moving::stop(cx, arn).await?;
                Ok(Progress::Again("stopping the replication task".into()))
            }
            "ready" | "stopped" | "failed" | "failed-move" if gap.instance => {
                let call = cx.sdk.dms().move_replication_task().replication_task_arn(arn);
                let call = call.set_target_replication_instance_arn(new.ReplicationInstanceArn.clone());
                call.send().await.map_err(op("MoveReplicationTask"))?;
                Ok(Progress::Again("moving the replication task".into()))
            }
            "ready" | "stopped" | "failed" | "failed-move" if !gap.is_empty() => {
                modify(cx, arn, &gap, new).await?;
                Ok(Progress::Again("modifying the replication task".into()))
            }
            "stopped" | "failed" if moving::is_marked(cx, arn).await? => {
                moving::resume(cx, arn).await?;
                Ok(Progress::Again("resuming the replication task".into()))
            }
            "ready" | "stopped" | "failed" => Ok(Progress::Done),
            _ => Ok(Progress::Again(format!("the replication task is {status}"))),
        }
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let arn = id.as_str();
        let Some(live) = get(cx, BY_ARN, arn).await? else { return Ok(Progress::Absent) };
        match live.status().unwrap_or_default() {
            "deleting" => Ok(Progress::Done),
            "running" => {
                moving::stop(cx, arn).await?;
                Ok(Progress::Again("stopping the replication task".into()))
            }
            "ready" | "stopped" | "failed" | "failed-move" => {
                let call = cx.sdk.dms().delete_replication_task().replication_task_arn(arn);
                call.send().await.map(|_| Progress::Done).map_err(op("DeleteReplicationTask"))
            }
            status => Ok(Progress::Again(format!("the replication task is {status}"))),
        }
    }
}
