//! `AWS::CodeBuild::Project`.
//!
//! Cloud Control does not know the type. Its webhook (`Triggers`) and its visibility are set by calls of their own.

use aws_sdk_codebuild::types;
use serde_json::{Value as Json, json};

use super::{
    project_check,
    project_form::{CloudWatchLogsConfig, LogsConfig, Props, S3LogsConfig, VpcConfig},
    trigger,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, PhysicalId, Retry, Tag, WaitPolicy},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State,
        mirror::{Mirror, pruned, received, sent},
        tags,
    },
};

/// A build project.
pub struct Project;

/// Properties that calls other than `UpdateProject` set.
const APART: &[&str] = &["ResourceAccessRole", "Triggers", "Visibility"];

fn arn(cx: &Cx<'_>, name: &str) -> String {
    format!("arn:{}:codebuild:{}:{}:project/{name}", cx.partition, cx.region, cx.account)
}

fn object(cx: &Cx<'_>, name: &str, live: Option<&types::Project>) -> Created {
    let arn = live.and_then(|live| live.arn()).map_or_else(|| arn(cx, name), ToOwned::to_owned);
    let attributes = Attributes::from([
        ("Ref".into(), json!(name)),
        ("Id".into(), json!(name)),
        ("Arn".into(), json!(arn)),
    ]);
    Created { id: name.into(), attributes }
}

async fn look(cx: &Cx<'_>, name: &str) -> Result<Option<types::Project>, OpError> {
    let call = cx.sdk.codebuild().batch_get_projects().names(name);
    let answer = call.send().await.map_err(op("BatchGetProjects"))?;
    Ok(answer.projects.unwrap_or_default().into_iter().next())
}

/// The role's ARN. Templates may give its name as well, and the API asks for the ARN, in which the role's path stands.
async fn role(cx: &Cx<'_>, given: Option<&String>) -> Result<Option<String>, OpError> {
    match given {
        Some(name) if !name.starts_with("arn:") => {
            let answer = cx.sdk.iam().get_role().role_name(name).send().await.map_err(op("GetRole"))?;
            Ok(answer.role.map(|role| role.arn))
        }
        given => Ok(given.cloned()),
    }
}

async fn show(cx: &Cx<'_>, name: &str, props: &Props) -> Result<(), OpError> {
    const OP: &str = "UpdateProjectVisibility";
    // "PRIVATE" is what a new project is (API Reference).
    let visibility = props.Visibility.clone().unwrap_or_else(|| "PRIVATE".into());
    let call = cx.sdk.codebuild().update_project_visibility().project_arn(arn(cx, name));
    let call = call
        .set_project_visibility(sent(OP, Some(&visibility))?)
        .set_resource_access_role(role(cx, props.ResourceAccessRole.as_ref()).await?);
    call.send().await.map(drop).map_err(op(OP))
}

/// Both kinds of logs, whatever is left out: the service's defaults are logs in CloudWatch Logs and none in a bucket.
fn logs(given: Option<&LogsConfig>) -> LogsConfig {
    let status = |status: &str| Some(status.to_owned());
    let given = given.cloned().unwrap_or_default();
    LogsConfig {
        CloudWatchLogs: given
            .CloudWatchLogs
            .or(Some(CloudWatchLogsConfig { Status: status("ENABLED"), ..CloudWatchLogsConfig::default() })),
        S3Logs: given.S3Logs.or(Some(S3LogsConfig { Status: status("DISABLED"), ..S3LogsConfig::default() })),
    }
}

/// One `UpdateProject` with what changes. Members that are not sent stay as they are, so what leaves the template is sent
/// as what a new project has (API Reference: `concurrentBuildLimit` "To remove this limit, set this value to -1"; the
/// others as hashicorp/terraform-provider-aws, internal/service/codebuild/project.go, takes them away).
async fn update(cx: &Cx<'_>, name: &str, change: &Change<'_, Props>) -> Result<(), OpError> {
    const OP: &str = "UpdateProject";
    fn changed<P: Mirror<S> + Clone, S>(
        touched: bool,
        new: Option<&P>,
        default: impl FnOnce() -> P,
    ) -> Result<Option<S>, OpError> {
        if !touched {
            return Ok(None);
        }
        sent(OP, Some(&new.cloned().unwrap_or_else(default)))
    }
    let (new, has) = (change.new, |name: &str| change.has(name));
    let mut call = cx.sdk.codebuild().update_project().name(name);
    call = call
        .set_description(changed(has("Description"), new.Description.as_ref(), String::new)?)
        .set_secondary_sources(changed(has("SecondarySources"), new.SecondarySources.as_ref(), Vec::new)?)
        .set_source_version(changed(has("SourceVersion"), new.SourceVersion.as_ref(), String::new)?)
        .set_secondary_source_versions(changed(
            has("SecondarySourceVersions"),
            new.SecondarySourceVersions.as_ref(),
            Vec::new,
        )?)
        .set_secondary_artifacts(changed(
            has("SecondaryArtifacts"),
            new.SecondaryArtifacts.as_ref(),
            Vec::new,
        )?)
        .set_cache(changed(has("Cache"), new.Cache.as_ref(), || super::project_form::Cache {
            Type: Some("NO_CACHE".into()),
            ..Default::default()
        })?)
        .set_timeout_in_minutes(changed(has("TimeoutInMinutes"), new.TimeoutInMinutes.as_ref(), || 60)?)
        .set_queued_timeout_in_minutes(changed(
            has("QueuedTimeoutInMinutes"),
            new.QueuedTimeoutInMinutes.as_ref(),
            || 480,
        )?)
        .set_encryption_key(changed(has("EncryptionKey"), new.EncryptionKey.as_ref(), || {
            format!("arn:{}:kms:{}:{}:alias/aws/s3", cx.partition, cx.region, cx.account)
        })?)
        .set_vpc_config(changed(has("VpcConfig"), new.VpcConfig.as_ref(), VpcConfig::default)?)
        .set_badge_enabled(changed(has("BadgeEnabled"), new.BadgeEnabled.as_ref(), || false)?)
        .set_file_system_locations(changed(
            has("FileSystemLocations"),
            new.FileSystemLocations.as_ref(),
            Vec::new,
        )?)
        .set_build_batch_config(changed(
            has("BuildBatchConfig"),
            new.BuildBatchConfig.as_ref(),
            Default::default,
        )?)
        .set_concurrent_build_limit(changed(
            has("ConcurrentBuildLimit"),
            new.ConcurrentBuildLimit.as_ref(),
            || -1,
        )?)
        .set_auto_retry_limit(changed(has("AutoRetryLimit"), new.AutoRetryLimit.as_ref(), || 0)?);
    if has("LogsConfig") {
        call = call.set_logs_config(sent(OP, Some(&logs(new.LogsConfig.as_ref())))?);
    }
    // The required ones.
    if has("Source") {
        call = call.set_source(sent(OP, new.Source.as_ref())?);
    }
    if has("Artifacts") {
        call = call.set_artifacts(sent(OP, new.Artifacts.as_ref())?);
    }
    if has("Environment") {
        call = call.set_environment(sent(OP, new.Environment.as_ref())?);
    }
    if has("ServiceRole") {
        call = call.set_service_role(role(cx, new.ServiceRole.as_ref()).await?);
    }
    // "The replacement set of tags": those of the owner among them.
    if has("Tags") {
        call = call.set_tags(tags::create(cx, OP, new.Tags.as_ref())?);
    }
    call.send().await.map(drop).map_err(op(OP))
}

/// A role as the template names it, if that is the role.
fn named(live: Option<String>, hint: Option<&String>) -> Option<String> {
    let live = live?;
    match hint {
        Some(name) if !name.starts_with("arn:") && live.rsplit('/').next() == Some(name) => {
            Some(name.clone())
        }
        _ => Some(live),
    }
}

const ROLE: Retry = Retry {
    code: "InvalidInputException",
    // "CodeBuild is not authorized to perform: sts:AssumeRole on ..." and "Not authorized to perform
    // DescribeSecurityGroups" (hashicorp/terraform-provider-aws, internal/service/codebuild/project.go).
    message: "ot authorized to perform",
    why: "the role and its policies are not seen everywhere yet",
};

/// A role that is given by its name is looked up, and IAM may not show it yet.
const UNSEEN: Retry =
    Retry { code: "NoSuchEntity", message: "cannot be found", why: "the role is not seen everywhere yet" };

impl Described for Project {
    type Props = Props;
    type Live = types::Project;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "Name", max: 150, lower: false, separator: '-' }),
        configures: true,
        early: &["Arn", "Id", "Ref"],
        // Webhooks of organizations are made in the background (API Reference, Webhook: status).
        ready: Some(WaitPolicy::secs(0, 2, 600)),
        retry: &[ROLE, UNSEEN],
        absent: &["ResourceNotFoundException"],
        silent_delete: Some("DeleteProject succeeds whether there is such a project or not"),
        iam: &[
            "codebuild:BatchGetProjects",
            "codebuild:CreateProject",
            "codebuild:CreateWebhook",
            "codebuild:DeleteProject",
            "codebuild:DeleteWebhook",
            "codebuild:UpdateProject",
            "codebuild:UpdateProjectVisibility",
            "codebuild:UpdateWebhook",
            "iam:GetRole",
            "iam:PassRole",
        ],
        // Of a name the ARN is looked up. The batches' role is "the service role ARN for the batch build project" (AWS CodeBuild
        // API Reference, ProjectBuildBatchConfig).
        roles_by_name: &["ResourceAccessRole", "ServiceRole"],
        role_arns: &["BuildBatchConfig.ServiceRole"],
        arn: Some((&["Arn"], "arn:{partition}:codebuild:{region}:{account}:project/{name}")),
        ..Facts::new("AWS::CodeBuild::Project", "codebuild")
    };

    fn check(props: &Json) -> Vec<(String, String)> {
        project_check::check(props)
    }

    fn refused(change: &Change<'_, Props>) -> Vec<(String, String)> {
        let public = change.new.Visibility.as_deref() == Some("PUBLIC_READ");
        if public && change.old.ResourceAccessRole.is_some() && change.new.ResourceAccessRole.is_none() {
            let why = "CodeBuild's API cannot take the role away from a public project: keep it, or make the project private";
            return vec![("ResourceAccessRole".into(), why.into())];
        }
        Vec::new()
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.Name.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        look(cx, id.as_str()).await
    }

    fn object(cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(cx, live.name().unwrap_or_default(), Some(live))
    }

    fn state(live: &Self::Live) -> State {
        let Some(webhook) = live.webhook() else { return State::Ready };
        match webhook.status() {
            Some(types::WebhookStatus::Creating) => State::Pending("webhook CREATING".into()),
            Some(types::WebhookStatus::CreateFailed) => State::Failed(format!(
                "the webhook could not be made: {}",
                webhook.status_message().unwrap_or("CodeBuild does not say why")
            )),
            _ => State::Ready,
        }
    }

    async fn tags(_cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Ok(Some(received::<Vec<Tag>, _>(live.tags.as_ref()).unwrap_or_default()))
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let mut props = Props { Tags: tags, ..Props::of(&live) };
        props.Triggers = trigger::of(live.webhook()).or_else(|| {
            // Without a webhook nothing tells of the rest.
            let told = hint.Triggers.as_ref()?;
            let off = told.Webhook.map(|_| false);
            Some(super::project_form::Triggers { Webhook: off, ..Default::default() })
        });
        props.ServiceRole = named(props.ServiceRole, hint.ServiceRole.as_ref());
        props.ResourceAccessRole = named(props.ResourceAccessRole, hint.ResourceAccessRole.as_ref());
        Ok(pruned(props, hint))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateProject";
        let call = crate::pass!(OP, cx.sdk.codebuild().create_project(), props => {
            set_artifacts: Artifacts, set_auto_retry_limit: AutoRetryLimit, set_badge_enabled: BadgeEnabled,
            set_build_batch_config: BuildBatchConfig, set_cache: Cache,
            set_concurrent_build_limit: ConcurrentBuildLimit, set_description: Description,
            set_encryption_key: EncryptionKey, set_environment: Environment,
            set_file_system_locations: FileSystemLocations, set_logs_config: LogsConfig, set_name: Name,
            set_queued_timeout_in_minutes: QueuedTimeoutInMinutes, set_secondary_artifacts: SecondaryArtifacts,
            set_secondary_source_versions: SecondarySourceVersions, set_secondary_sources: SecondarySources,
            set_source: Source, set_source_version: SourceVersion, set_timeout_in_minutes: TimeoutInMinutes,
            set_vpc_config: VpcConfig,
        });
        let role = role(cx, props.ServiceRole.as_ref()).await?;
        let call = call.set_service_role(role).set_tags(tags::create(cx, OP, props.Tags.as_ref())?);
        let made = call.send().await.map_err(op(OP))?.project;
        let name = props.Name.as_deref().ok_or_else(|| OpError::missing(OP, "the name"))?;
        Ok(object(cx, name, made.as_ref()))
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        let name = id.as_str();
        if props.Visibility.is_none() && props.ResourceAccessRole.is_none() && props.Triggers.is_none() {
            return Ok(Progress::Done);
        }
        // One read tells what is there: the verb may have been interrupted.
        let Some(live) = look(cx, name).await? else {
            return Err(OpError::missing("BatchGetProjects", name));
        };
        let shown = live.project_visibility().map_or("PRIVATE", types::ProjectVisibilityType::as_str);
        let visible = props.Visibility.as_deref().is_none_or(|wanted| wanted == shown);
        let had = named(live.resource_access_role.clone(), props.ResourceAccessRole.as_ref());
        if !visible || props.ResourceAccessRole.is_some() && had != props.ResourceAccessRole {
            show(cx, name, props).await?;
        }
        trigger::settle(cx, name, live.webhook(), None, props.Triggers.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let name = id.as_str();
        // A webhook that goes is of the old source.
        if change.has("Triggers") && trigger::wanted(change.new.Triggers.as_ref()).is_none() {
            trigger::delete(cx, name).await?;
        }
        if change.changed.iter().any(|property| !APART.contains(&property.as_str())) {
            update(cx, name, change).await?;
        }
        if change.has("Visibility") || change.has("ResourceAccessRole") {
            show(cx, name, change.new).await?;
        }
        if change.has("Triggers") {
            let live = look(cx, name).await?;
            let webhook = live.as_ref().and_then(|live| live.webhook());
            let (old, new) = (change.old.Triggers.as_ref(), change.new.Triggers.as_ref());
            trigger::settle(cx, name, webhook, old, new).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        if trigger::wanted(props.Triggers.as_ref()).is_some() {
            match trigger::delete(cx, id.as_str()).await {
                // The provider's side cannot be reached any more; the project goes all the same.
                Err(error) if error.is(&["OAuthProviderException"]) => {}
                answer => answer?,
            }
        }
        let call = cx.sdk.codebuild().delete_project().name(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteProject"))
    }
}
