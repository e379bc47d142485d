//! `AWS::Backup::BackupPlan`.

use aws_sdk_backup::operation::get_backup_plan::GetBackupPlanOutput;
use serde_json::{Value as Json, json};

use super::{
    plan_form::{Plan, answered},
    tags::{self, ABSENT, Map, Tags},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, PhysicalId, WaitPolicy},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State,
        mirror::{pruned, sent},
        tags::to_map,
    },
};

crate::props! {
    /// The properties of a plan.
    pub struct Props { BackupPlan: Plan, BackupPlanTags: Map }
}

/// A backup plan. It can be deleted only when it has no selection.
pub struct BackupPlan;

fn object(id: &str, arn: &str, version: &str) -> Created {
    let attributes = [
        ("Ref", json!(id)),
        ("BackupPlanId", json!(id)),
        ("BackupPlanArn", json!(arn)),
        ("VersionId", json!(version)),
    ];
    Created {
        id: id.into(),
        attributes: attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
    }
}

impl Described for BackupPlan {
    type Props = Props;
    type Live = GetBackupPlanOutput;

    const FACTS: Facts = Facts {
        unique_handle: true,
        early: &["BackupPlanArn", "BackupPlanId", "Ref"],
        renews: &[("BackupPlan", &["VersionId"])],
        ready: Some(WaitPolicy::secs(0, 1, 60)),
        absent: ABSENT,
        iam: &[
            "backup:CreateBackupPlan",
            "backup:DeleteBackupPlan",
            "backup:GetBackupPlan",
            "backup:ListBackupPlans",
            "backup:ListTags",
            "backup:TagResource",
            "backup:UntagResource",
            "backup:UpdateBackupPlan",
        ],
        ..Facts::new("AWS::Backup::BackupPlan", "backup")
    };

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let rules = props["BackupPlan"]["BackupPlanRule"].as_array().map_or(&[][..], Vec::as_slice);
        for (at, rule) in rules.iter().enumerate() {
            let days = |name: &str| rule["Lifecycle"][name].as_i64();
            // AWS Backup Developer Guide, lifecycle: what is in cold storage stays there for 90 days.
            if let (Some(cold), Some(end)) = (days("MoveToColdStorageAfterDays"), days("DeleteAfterDays"))
                && end < cold + 90
            {
                let place = format!("BackupPlan.BackupPlanRule.{at}.Lifecycle.DeleteAfterDays");
                found.push((
                    place,
                    format!("recovery points stay in cold storage for 90 days: {} or more", cold + 90),
                ));
            }
        }
        found
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let call = cx.sdk.backup().get_backup_plan().backup_plan_id(id.as_str());
        call.send().await.map(Some).map_err(op("GetBackupPlan"))
    }

    /// Plans of that name: only their tags tell whose they are.
    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Self::Live>, OpError> {
        let wanted = props.BackupPlan.as_ref().and_then(|plan| plan.BackupPlanName.as_deref());
        let (mut found, mut token) = (Vec::new(), None);
        loop {
            let call = cx.sdk.backup().list_backup_plans().set_next_token(token);
            let page = call.send().await.map_err(op("ListBackupPlans"))?;
            for one in page.backup_plans_list().iter().filter(|one| one.backup_plan_name() == wanted) {
                let Some(id) = one.backup_plan_id() else { continue };
                match Self::get(cx, &id.into(), props).await {
                    Ok(live) => found.extend(live),
                    // Gone since it was listed.
                    Err(error) if error.is(ABSENT) => {}
                    Err(error) => return Err(error),
                }
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(
            live.backup_plan_id().unwrap_or_default(),
            live.backup_plan_arn().unwrap_or_default(),
            live.version_id().unwrap_or_default(),
        )
    }

    fn state(live: &Self::Live) -> State {
        if live.deletion_date().is_some() { State::Gone("deleted".into()) } else { State::Ready }
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.backup_plan_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Self::Live, own: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let plan = live.backup_plan().map(answered).transpose();
        let plan = plan.map_err(|error| OpError::missing("GetBackupPlan", &error.to_string()))?;
        Ok(pruned(Props { BackupPlan: plan, BackupPlanTags: tags::map(own) }, hint))
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateBackupPlan";
        let tags = to_map(cx.tags(tags::list(props.BackupPlanTags.as_ref()).as_ref()));
        // A request with the id of an earlier one answers with the plan that is there.
        let call = cx.sdk.backup().create_backup_plan().creator_request_id(permit.token());
        let call =
            call.set_backup_plan(sent(OP, props.BackupPlan.as_ref())?).set_backup_plan_tags(Some(tags));
        let made = call.send().await.map_err(op(OP))?;
        let id = made.backup_plan_id().ok_or_else(|| OpError::missing(OP, "BackupPlanId"))?;
        Ok(object(id, made.backup_plan_arn().unwrap_or_default(), made.version_id().unwrap_or_default()))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        const OP: &str = "UpdateBackupPlan";
        if change.has("BackupPlan") {
            let call = cx.sdk.backup().update_backup_plan().backup_plan_id(id.as_str());
            let call = call.set_backup_plan(sent(OP, change.new.BackupPlan.as_ref())?);
            call.send().await.map_err(op(OP))?;
        }
        let arn = format!("arn:{}:backup:{}:{}:backup-plan:{id}", cx.partition, cx.region, cx.account);
        let (old, new) = (change.old.BackupPlanTags.as_ref(), change.new.BackupPlanTags.as_ref());
        Tags::turn(cx, &arn, old, new).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.backup().delete_backup_plan().backup_plan_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteBackupPlan"))
    }
}
