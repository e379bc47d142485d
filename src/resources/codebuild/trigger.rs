//! The webhook of a project. It is no object of its own: a project has one or none.

use aws_sdk_codebuild::types;

use super::project_form::Triggers;
use crate::{
    aws::{OpError, op},
    resources::{
        Cx,
        mirror::{received, sent},
    },
};

/// What the template says of a webhook that is there; `None` without one.
pub(super) fn of(live: Option<&types::Webhook>) -> Option<Triggers> {
    live.map(|webhook| Triggers {
        BuildType: received(webhook.build_type.as_ref()),
        FilterGroups: received(webhook.filter_groups.as_ref()).filter(|groups: &Vec<_>| !groups.is_empty()),
        PullRequestBuildPolicy: received(webhook.pull_request_build_policy.as_ref()),
        ScopeConfiguration: received(webhook.scope_configuration.as_ref()),
        Webhook: Some(true),
    })
}

/// Whether the properties ask for a webhook.
pub(super) fn wanted(triggers: Option<&Triggers>) -> Option<&Triggers> {
    triggers.filter(|triggers| triggers.Webhook == Some(true))
}

async fn create(cx: &Cx<'_>, project: &str, wanted: &Triggers) -> Result<(), OpError> {
    const OP: &str = "CreateWebhook";
    // The answer holds the webhook's secret; nobody keeps it.
    let call = cx.sdk.codebuild().create_webhook().project_name(project);
    let call = crate::pass!(OP, call, wanted => {
        set_build_type: BuildType, set_filter_groups: FilterGroups,
        set_pull_request_build_policy: PullRequestBuildPolicy, set_scope_configuration: ScopeConfiguration,
    });
    call.send().await.map(drop).map_err(op(OP))
}

/// Takes the webhook away. One that is not there is as good.
pub(super) async fn delete(cx: &Cx<'_>, project: &str) -> Result<(), OpError> {
    match cx.sdk.codebuild().delete_webhook().project_name(project).send().await.map_err(op("DeleteWebhook"))
    {
        Err(error) if error.is(&["ResourceNotFoundException"]) => Ok(()),
        answer => answer.map(drop),
    }
}

async fn update(cx: &Cx<'_>, project: &str, wanted: &Triggers) -> Result<(), OpError> {
    const OP: &str = "UpdateWebhook";
    let call = cx.sdk.codebuild().update_webhook().project_name(project);
    let call = crate::pass!(OP, call, wanted => {
        set_filter_groups: FilterGroups, set_pull_request_build_policy: PullRequestBuildPolicy,
    });
    // Builds that are no batches are what a new webhook starts (API Reference, CreateWebhook).
    let kind = wanted.BuildType.clone().unwrap_or_else(|| "BUILD".into());
    call.set_build_type(sent(OP, Some(&kind))?).send().await.map(drop).map_err(op(OP))
}

/// Brings the webhook to what is wanted. `UpdateWebhook` takes neither a scope nor a way to say that there are no filters
/// any more: for those there is a new webhook.
pub(super) async fn settle(
    cx: &Cx<'_>,
    project: &str,
    live: Option<&types::Webhook>,
    old: Option<&Triggers>,
    triggers: Option<&Triggers>,
) -> Result<(), OpError> {
    match (of(live), wanted(triggers)) {
        (None, None) => Ok(()),
        (None, Some(wanted)) => create(cx, project, wanted).await,
        (Some(_), None) => delete(cx, project).await,
        (Some(have), Some(wanted)) => {
            let old = old.cloned().unwrap_or_default();
            let scope = wanted.ScopeConfiguration.is_some() || old.ScopeConfiguration.is_some();
            let anew = scope && have.ScopeConfiguration != wanted.ScopeConfiguration
                || old.FilterGroups.is_some() && wanted.FilterGroups.is_none()
                || old.PullRequestBuildPolicy.is_some() && wanted.PullRequestBuildPolicy.is_none();
            if anew {
                delete(cx, project).await?;
                return create(cx, project, wanted).await;
            }
            let differs = have.BuildType.as_deref().unwrap_or("BUILD")
                != wanted.BuildType.as_deref().unwrap_or("BUILD")
                || wanted.FilterGroups.is_some() && !same_groups(&have, wanted)
                || wanted.PullRequestBuildPolicy.is_some()
                    && have.PullRequestBuildPolicy != wanted.PullRequestBuildPolicy;
            if differs { update(cx, project, wanted).await } else { Ok(()) }
        }
    }
}

/// Whether the filters are the same; a pattern that is not excluded may say so or not.
fn same_groups(have: &Triggers, wanted: &Triggers) -> bool {
    let plain = |triggers: &Triggers| {
        let mut groups = triggers.FilterGroups.clone().unwrap_or_default();
        for filter in groups.iter_mut().flatten() {
            filter.ExcludeMatchedPattern = filter.ExcludeMatchedPattern.filter(|excluded| *excluded);
        }
        groups
    };
    plain(have) == plain(wanted)
}
