//! `AWS::Backup::BackupSelection`.

use aws_sdk_backup::{operation::get_backup_selection::GetBackupSelectionOutput, types};
use serde_json::{Value as Json, json};

use super::tags::ABSENT;
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Identity, PhysicalId, Retry},
    resources::{
        Created, Cx, Described, Outcome, OwnTags, Progress, compare,
        mirror::{pruned, received, sent},
    },
};

crate::words!(types::ConditionType);

crate::props! {
    /// The properties of a selection; none can be changed.
    pub struct Props { BackupPlanId: String, BackupSelection: Selection }
}

crate::mirrored! {
    /// What is backed up.
    pub struct Selection: types::BackupSelection
        = types::BackupSelection::builder().selection_name("").iam_role_arn("").build()? => {
        Conditions/conditions: Conditions, IamRoleArn/iam_role_arn: String, ListOfTags/list_of_tags: Vec<Condition>,
        NotResources/not_resources: Vec<String>, Resources/resources: Vec<String>,
        SelectionName/selection_name: String,
    }
    /// A tag that selects.
    pub struct Condition: types::Condition = types::Condition::builder()
        .condition_type(types::ConditionType::Stringequals).condition_key("").condition_value("").build()? => {
        ConditionKey/condition_key: String, ConditionType/condition_type: String,
        ConditionValue/condition_value: String,
    }
    /// Conditions that all hold.
    pub struct Conditions: types::Conditions = types::Conditions::builder().build() => {
        StringEquals/string_equals: Vec<ConditionParameter>, StringLike/string_like: Vec<ConditionParameter>,
        StringNotEquals/string_not_equals: Vec<ConditionParameter>,
        StringNotLike/string_not_like: Vec<ConditionParameter>,
    }
    /// A tag's key and value.
    pub struct ConditionParameter: types::ConditionParameter = types::ConditionParameter::builder().build() => {
        ConditionKey/condition_key: String, ConditionValue/condition_value: String,
    }
}

/// What a plan backs up. Its handle is its id and its plan's, as CloudFormation has it.
pub struct BackupSelection;

/// Selection and plan of a handle.
fn parts(id: &PhysicalId) -> (&str, &str) {
    id.as_str().split_once('_').unwrap_or((id.as_str(), ""))
}

fn object(plan: &str, selection: &str) -> Created {
    let id = format!("{selection}_{plan}");
    let attributes = [
        ("Ref", json!(id)),
        ("Id", json!(id)),
        ("SelectionId", json!(selection)),
        ("BackupPlanId", json!(plan)),
    ];
    Created {
        id: id.as_str().into(),
        attributes: attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
    }
}

impl Described for BackupSelection {
    type Props = Props;
    type Live = GetBackupSelectionOutput;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        unique_handle: true,
        properties_are_attributes: true,
        early: &["BackupPlanId", "Id", "Ref", "SelectionId"],
        retry: &[
            // hashicorp/terraform-provider-aws, internal/service/backup/selection.go.
            Retry {
                code: "InvalidParameterValueException",
                message: "cannot be assumed",
                why: "the role is not usable yet",
            },
            Retry {
                code: "InvalidParameterValueException",
                message: "is not authorized to call",
                why: "the role's policies are not known everywhere yet",
            },
        ],
        absent: ABSENT,
        iam: &[
            "backup:CreateBackupSelection",
            "backup:DeleteBackupSelection",
            "backup:GetBackupSelection",
            "backup:ListBackupSelections",
            "iam:PassRole",
        ],
        ..Facts::new("AWS::Backup::BackupSelection", "backup")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        // The type of a condition is taken in any case and answered in capitals.
        let upper = |value: &Json| {
            let mut value = value.clone();
            for tag in value["ListOfTags"].as_array_mut().into_iter().flatten() {
                if let Some(kind) = tag["ConditionType"].as_str() {
                    tag["ConditionType"] = json!(kind.to_uppercase());
                }
            }
            value
        };
        if property == "BackupSelection" && desired.is_object() && recorded.is_object() {
            return compare::same(Self::FACTS.kind, property, &upper(desired), &upper(recorded));
        }
        compare::same(Self::FACTS.kind, property, desired, recorded)
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let selection = &props["BackupSelection"];
        let says = ["Resources", "NotResources", "ListOfTags", "Conditions"];
        if says.iter().all(|name| selection[*name].is_null()) {
            let why = "it selects nothing: set Resources, NotResources, ListOfTags or Conditions";
            return vec![("BackupSelection".into(), why.into())];
        }
        Vec::new()
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let (selection, plan) = parts(id);
        let call = cx.sdk.backup().get_backup_selection().backup_plan_id(plan).selection_id(selection);
        call.send().await.map(Some).map_err(op("GetBackupSelection"))
    }

    /// Selections of that name in the plan.
    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Self::Live>, OpError> {
        let wanted = props.BackupSelection.as_ref().and_then(|one| one.SelectionName.as_deref());
        let Some(plan) = props.BackupPlanId.as_deref() else { return Ok(Vec::new()) };
        let (mut found, mut token) = (Vec::new(), None);
        loop {
            let call = cx.sdk.backup().list_backup_selections().backup_plan_id(plan).set_next_token(token);
            let page = call.send().await.map_err(op("ListBackupSelections"))?;
            for one in page.backup_selections_list().iter().filter(|one| one.selection_name() == wanted) {
                let id = format!("{}_{plan}", one.selection_id().unwrap_or_default());
                found.extend(Self::get(cx, &id.as_str().into(), props).await?);
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(live.backup_plan_id().unwrap_or_default(), live.selection_id().unwrap_or_default())
    }

    async fn props(_: &Cx<'_>, live: Self::Live, _: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let read = Props {
            BackupPlanId: live.backup_plan_id.clone(),
            BackupSelection: received(live.backup_selection.as_ref()),
        };
        Ok(pruned(read, hint))
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateBackupSelection";
        let mut props = props.clone();
        let tags = props.BackupSelection.iter_mut().flat_map(|one| one.ListOfTags.iter_mut().flatten());
        for kind in tags.filter_map(|tag| tag.ConditionType.as_mut()) {
            *kind = kind.to_uppercase();
        }
        let call = cx.sdk.backup().create_backup_selection().creator_request_id(permit.token());
        let call = call.set_backup_plan_id(props.BackupPlanId.clone());
        let call = call.set_backup_selection(sent(OP, props.BackupSelection.as_ref())?);
        let made = call.send().await.map_err(op(OP))?;
        let id = made.selection_id().ok_or_else(|| OpError::missing(OP, "SelectionId"))?;
        Ok(object(props.BackupPlanId.as_deref().unwrap_or_default(), id))
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let (selection, plan) = parts(id);
        let call = cx.sdk.backup().delete_backup_selection().backup_plan_id(plan).selection_id(selection);
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteBackupSelection"))
    }
}
