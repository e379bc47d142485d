//! `AWS::DMS::DataMigration`: a homogeneous migration by the engine's own tools. The type makes it and keeps it as
//! declared; starting it belongs to the migration. It can be changed while it does not run: what runs is stopped for the
//! change and resumed, and a tag says so, as for tasks.

use aws_sdk_databasemigration::types::{self, DataMigration as Live, MigrationTypeValue};
use serde_json::{Value as Json, json};

use super::{
    instance_rules::same_text,
    moving,
    support::{ABSENT, BUSY, ROLE, filter, kept, moment},
    tags::Tags,
    task_settings::{same_document, same_json},
    users,
};
use crate::{
    aws::{OpError, data_migration_state, op},
    ledger::Permit,
    model::{Activity, Attributes, Document, Facts, Identity, NameRule, PhysicalId, Tag, WaitPolicy},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State, compare, mirror,
        tags::{self, Tagging},
    },
};

/// The type.
pub struct DataMigration;

crate::mirrored! {
    /// The properties.
    pub struct Props <= Live {
        DataMigrationName/data_migration_name: String, DataMigrationSettings: Settings, DataMigrationType: String,
        MigrationProjectIdentifier: String, ServiceAccessRoleArn/service_access_role_arn: String,
        SourceDataSettings/source_data_settings: Vec<SourceSettings>, Tags: Vec<Tag>,
    }
    /// Jobs, log and selection.
    pub struct Settings: types::DataMigrationSettings = types::DataMigrationSettings::builder().build() => {
        CloudwatchLogsEnabled/cloudwatch_logs_enabled: bool, NumberOfJobs/number_of_jobs: i32,
        SelectionRules/selection_rules: String,
    }
    /// From where, and until when, changes are read.
    pub struct SourceSettings: types::SourceDataSetting = types::SourceDataSetting::builder().build() => {
        CDCStartPosition/cdc_start_position: String, CDCStartTime/cdc_start_time: String,
        CDCStopTime/cdc_stop_time: String, SlotName/slot_name: String,
    }
}

async fn by(cx: &Cx<'_>, id: &str) -> Result<Option<Live>, OpError> {
    const CALL: &str = "DescribeDataMigrations";
    let call =
        cx.sdk.dms().describe_data_migrations().filters(filter(CALL, "data-migration-identifier", id)?);
    Ok(call.send().await.map_err(op(CALL))?.data_migrations.unwrap_or_default().into_iter().next())
}

/// Its state, in lower case: AWS documents it in words, and not how it writes them.
fn status(live: &Live) -> String {
    data_migration_state(live.data_migration_status().unwrap_or_default())
}

/// What of the properties the live migration does not have yet.
fn gap(live: &Live, new: &Props) -> bool {
    let bare = Settings::default();
    let (wanted, has) = (new.DataMigrationSettings.as_ref().unwrap_or(&bare), live.data_migration_settings());
    let rules =
        |text: &String| !same_json(text, has.and_then(|has| has.selection_rules()).unwrap_or_default());
    let sources: Option<Vec<SourceSettings>> =
        live.source_data_settings.as_ref().map(|list| list.iter().map(mirror::Mirror::receive).collect());
    new.DataMigrationName.as_ref().is_some_and(|name| live.data_migration_name() != Some(name))
        || new.DataMigrationType.as_deref() != live.data_migration_type().map(MigrationTypeValue::as_str)
        || new.ServiceAccessRoleArn.as_deref() != live.service_access_role_arn()
        || wanted.NumberOfJobs.is_some_and(|jobs| has.and_then(|has| has.number_of_jobs) != Some(jobs))
        || wanted.CloudwatchLogsEnabled.unwrap_or_default()
            != has.and_then(|has| has.cloudwatch_logs_enabled).unwrap_or_default()
        || wanted.SelectionRules.as_ref().is_some_and(rules)
        || new.SourceDataSettings.is_some() && json!(new.SourceDataSettings) != json!(sources)
}

impl Described for DataMigration {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "DataMigrationName", max: 255, lower: false, separator: '-' }),
        early: &["Ref", "DataMigrationArn", "DataMigrationCreateTime"],
        ready: Some(WaitPolicy::secs(8, 5, 3_600)),
        gone: Some(WaitPolicy::secs(9, 5, 1_800)),
        retry: &[ROLE],
        retry_delete: &[BUSY],
        documents: &[("DataMigrationSettings/SelectionRules", Document::TableMappings)],
        replicates: true,
        connects: true,
        absent: ABSENT,
        refused: &[(
            "DataMigrationIdentifier",
            "it names the object in later calls, which use its ARN: set DataMigrationName",
        )],
        iam: &[
            "dms:AddTagsToResource",
            "dms:CreateDataMigration",
            "dms:DeleteDataMigration",
            "dms:DescribeDataMigrations",
            "dms:ListMigrationProjects",
            "dms:ListTagsForResource",
            "dms:ModifyDataMigration",
            "dms:RemoveTagsFromResource",
            "dms:StartDataMigration",
            "dms:StopDataMigration",
            "iam:PassRole",
        ],
        ..Facts::new("AWS::DMS::DataMigration", "dms")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            "DataMigrationName" => same_text(desired, recorded),
            "DataMigrationSettings" => {
                let part = |name: &str| (&desired[name], &recorded[name]);
                let (logs, live) = part("CloudwatchLogsEnabled");
                let (jobs, has) = part("NumberOfJobs");
                let (rules, known) = part("SelectionRules");
                logs.as_bool().unwrap_or_default() == live.as_bool().unwrap_or_default()
                    && compare::same(Self::FACTS.kind, "Jobs", jobs, has)
                    && same_document(rules, known)
            }
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    /// The API moves no data migration to another project.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let moved = change.has("MigrationProjectIdentifier");
        if moved { vec!["MigrationProjectIdentifier".to_owned()] } else { Vec::new() }
    }

    fn refused(change: &Change<'_, Props>) -> Vec<(String, String)> {
        let (bare, old, new) = (Settings::default(), change.old, change.new);
        let (before, after) = (
            old.DataMigrationSettings.as_ref().unwrap_or(&bare),
            new.DataMigrationSettings.as_ref().unwrap_or(&bare),
        );
        let gone = before.SelectionRules.is_some() && after.SelectionRules.is_none()
            || before.NumberOfJobs.is_some() && after.NumberOfJobs.is_none();
        kept(&[
            ("DataMigrationSettings", gone),
            ("SourceDataSettings", old.SourceDataSettings.is_some() && new.SourceDataSettings.is_none()),
        ])
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        for one in props["SourceDataSettings"].as_array().into_iter().flatten() {
            if !one["CDCStartPosition"].is_null() && !one["CDCStartTime"].is_null() {
                let why = "CDCStartTime and CDCStartPosition exclude each other";
                problems.push(("SourceDataSettings".to_owned(), why.to_owned()));
            }
        }
        problems
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Live>, OpError> {
        by(cx, id.as_str()).await
    }

    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Live>, OpError> {
        let name = props.DataMigrationName.as_deref().unwrap_or_default();
        Ok(by(cx, name).await?.into_iter().collect())
    }

    fn object(_cx: &Cx<'_>, live: &Live) -> Created {
        let arn = live.data_migration_arn().unwrap_or_default();
        let attributes = Attributes::from([
            ("Ref".into(), json!(arn)),
            ("DataMigrationArn".into(), json!(arn)),
            ("DataMigrationCreateTime".into(), json!(moment(live.data_migration_create_time.as_ref()))),
        ]);
        Created { id: arn.into(), attributes }
    }

    fn state(live: &Live) -> State {
        match status(live).as_str() {
            "creating" => State::Pending("creating".into()),
            "deleting" => State::Leaving("deleting".into()),
            // Whether it runs, and how well, is the migration's business.
            _ => State::Ready,
        }
    }

    async fn activity(cx: &Cx<'_>, id: &PhysicalId) -> Result<Option<Vec<Activity>>, OpError> {
        let Some(live) = by(cx, id.as_str()).await? else { return Ok(None) };
        Ok(Some(vec![users::owed(cx, id.as_str(), users::of_data(&live)).await?]))
    }

    /// DMS's events of data migrations go to EventBridge only: what it says of one stands in its description.
    async fn news(
        cx: &Cx<'_>,
        id: &PhysicalId,
        _props: &Props,
        _waited: std::time::Duration,
    ) -> Result<Vec<String>, OpError> {
        let live = by(cx, id.as_str()).await?;
        let said = live.iter().flat_map(|live| [live.last_failure_message(), live.stop_reason()]);
        Ok(said.flatten().map(ToOwned::to_owned).collect())
    }

    async fn tags(cx: &Cx<'_>, live: &Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.data_migration_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(cx: &Cx<'_>, live: Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let mut props = Props { Tags: tags, ..Props::received(&live) };
        props.DataMigrationType = live.data_migration_type().map(|kind| kind.as_str().to_owned());
        let bare = Settings::default();
        let wanted = hint.DataMigrationSettings.as_ref().unwrap_or(&bare);
        let whole: Option<Settings> = live.data_migration_settings().map(mirror::Mirror::receive);
        props.DataMigrationSettings =
            whole.filter(|_| hint.DataMigrationSettings.is_some()).map(|whole| Settings {
                CloudwatchLogsEnabled: whole.CloudwatchLogsEnabled,
                NumberOfJobs: whole.NumberOfJobs.filter(|_| wanted.NumberOfJobs.is_some()),
                SelectionRules: whole.SelectionRules.filter(|_| wanted.SelectionRules.is_some()),
            });
        props.SourceDataSettings.take_if(|_| hint.SourceDataSettings.is_none());
        let arn = live.migration_project_arn.clone();
        props.MigrationProjectIdentifier = match &hint.MigrationProjectIdentifier {
            // The template names it by name: what is live is compared by name.
            Some(id) if !id.starts_with("arn:") => {
                const CALL: &str = "DescribeMigrationProjects";
                let call = cx.sdk.dms().describe_migration_projects();
                let by = filter(CALL, "migration-project-identifier", arn.as_deref().unwrap_or_default())?;
                let found = call.filters(by).send().await.map_err(op(CALL))?;
                found.migration_projects().first().and_then(|one| one.migration_project_name.clone()).or(arn)
            }
            _ => arn,
        };
        Ok(props)
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const CALL: &str = "CreateDataMigration";
        let bare = Settings::default();
        let settings = props.DataMigrationSettings.as_ref().unwrap_or(&bare);
        let call = crate::pass!(CALL, cx.sdk.dms().create_data_migration(), props => {
            set_data_migration_name: DataMigrationName, set_migration_project_identifier: MigrationProjectIdentifier,
            set_service_access_role_arn: ServiceAccessRoleArn, set_source_data_settings: SourceDataSettings,
        });
        let answer = call
            .set_data_migration_type(props.DataMigrationType.as_deref().map(MigrationTypeValue::from))
            .set_enable_cloudwatch_logs(settings.CloudwatchLogsEnabled)
            .set_number_of_jobs(settings.NumberOfJobs)
            .set_selection_rules(settings.SelectionRules.clone())
            .set_tags(tags::create(cx, CALL, props.Tags.as_ref())?)
            .send()
            .await
            .map_err(op(CALL))?;
        let made = answer.data_migration.filter(|made| made.data_migration_arn().is_some());
        Ok(Self::object(cx, &made.ok_or_else(|| OpError::missing(CALL, "the ARN"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        const CALL: &str = "ModifyDataMigration";
        let (arn, new) = (id.as_str(), change.new);
        if change.has("Tags") {
            Tags::change(cx, arn, change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        }
        let Some(live) = by(cx, arn).await? else {
            return Err(OpError::not_sent(CALL, "the data migration is gone"));
        };
        // User guide, Managing data migrations: once one was started, its replication type cannot be changed.
        let kind = new.DataMigrationType.as_deref();
        let other = kind.is_some() && kind != live.data_migration_type().map(MigrationTypeValue::as_str);
        if other && live.data_migration_start_time().is_some() {
            let why = "DMS changes the type of a data migration only before its first start; `up --replace ADDRESS` makes a new one";
            return Err(OpError::not_sent(CALL, why));
        }
        let gap = gap(&live, new);
        let status = status(&live);
        match status.as_str() {
            "running" if !gap => {
                if moving::is_marked(cx, arn).await? {
                    moving::unmark(cx, arn).await?;
                }
                Ok(Progress::Done)
            }
            "running" if live.data_migration_type() == Some(&MigrationTypeValue::FullLoad) => {
                Ok(Progress::Again("the full load runs; the change waits for its end".into()))
            }
            "running" => {
                moving::mark(cx, arn).await?;
                moving::stop(cx, arn).await?;
                Ok(Progress::Again("stopping the data migration".into()))
            }
            "ready" | "stopped" | "failed" if gap => {
                let bare = Settings::default();
                let settings = new.DataMigrationSettings.as_ref().unwrap_or(&bare);
                let call = crate::pass!(CALL, cx.sdk.dms().modify_data_migration(), new => {
                    set_data_migration_name: DataMigrationName, set_service_access_role_arn: ServiceAccessRoleArn,
                    set_source_data_settings: SourceDataSettings,
                });
                call.data_migration_identifier(arn)
                    .set_data_migration_type(new.DataMigrationType.as_deref().map(MigrationTypeValue::from))
                    .enable_cloudwatch_logs(settings.CloudwatchLogsEnabled.unwrap_or_default())
                    .set_number_of_jobs(settings.NumberOfJobs)
                    .set_selection_rules(settings.SelectionRules.clone())
                    .send()
                    .await
                    .map_err(op(CALL))?;
                Ok(Progress::Again("modifying the data migration".into()))
            }
            "stopped" if moving::is_marked(cx, arn).await? => {
                moving::resume(cx, arn).await?;
                Ok(Progress::Again("resuming the data migration".into()))
            }
            "failed" if moving::is_marked(cx, arn).await? => {
                moving::unmark(cx, arn).await?;
                let why = live.last_failure_message().unwrap_or("no reason given");
                let why = format!("the data migration is changed, but it failed when it was resumed: {why}");
                Err(OpError::not_sent("StartDataMigration", why))
            }
            "ready" | "stopped" | "failed" => Ok(Progress::Done),
            _ => Ok(Progress::Again(format!("the data migration is {status}"))),
        }
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let arn = id.as_str();
        let Some(live) = by(cx, arn).await? else { return Ok(Progress::Absent) };
        match status(&live).as_str() {
            "deleting" => Ok(Progress::Done),
            "running" => {
                moving::stop(cx, arn).await?;
                Ok(Progress::Again("stopping the data migration".into()))
            }
            "creating" | "ready" | "stopped" | "failed" => {
                let call = cx.sdk.dms().delete_data_migration().data_migration_identifier(arn);
                call.send().await.map(|_| Progress::Done).map_err(op("DeleteDataMigration"))
            }
            status => Ok(Progress::Again(format!("the data migration is {status}"))),
        }
    }
}
