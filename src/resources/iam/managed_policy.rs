//! `AWS::IAM::ManagedPolicy`.
//!
//! The type has no tags in its schema, the API has: they carry the ownership.

use aws_sdk_iam::types::{Policy as Live, PolicyUsageType};
use aws_smithy_types::date_time::Format;
use serde_json::{Value as Json, json};

use super::{
    documents,
    principals::{self, ABSENT, BUSY, Principal, tags, was_there},
};
use crate::{
    aws::{OpError, TAG_LINEAGE, op},
    ledger::Permit,
    model::{Attributes, Document, Facts, Identity, NameRule, Once, PhysicalId, Retry},
    props,
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare},
};

/// The type.
pub struct ManagedPolicy;

props! {
    /// The properties.
    pub struct Props {
        Description: String,
        Groups: Vec<String>,
        ManagedPolicyName: String,
        Path: String,
        PolicyDocument: Json,
        Roles: Vec<String>,
        Users: Vec<String>,
    }
}

/// How many versions IAM keeps of a policy.
const VERSIONS: usize = 5;

impl Props {
    fn name(&self) -> &str {
        self.ManagedPolicyName.as_deref().unwrap_or_default()
    }

    fn text(&self) -> String {
        self.PolicyDocument.as_ref().map(documents::text).unwrap_or_default()
    }

    fn principals(&self) -> Vec<Principal<'_>> {
        principals::all(self.Roles.as_ref(), self.Users.as_ref(), self.Groups.as_ref())
    }

    fn arn(&self, cx: &Cx<'_>) -> String {
        let path = self.Path.as_deref().unwrap_or("/");
        format!("arn:{}:iam::{}:policy{path}{}", cx.partition, cx.account, self.name())
    }
}

fn attributes(policy: &Live) -> Attributes {
    let date = |at: Option<&aws_smithy_types::DateTime>| at.and_then(|at| at.fmt(Format::DateTime).ok());
    Attributes::from([
        ("Ref".into(), json!(policy.arn())),
        ("PolicyArn".into(), json!(policy.arn())),
        ("PolicyId".into(), json!(policy.policy_id())),
        ("DefaultVersionId".into(), json!(policy.default_version_id())),
        ("AttachmentCount".into(), json!(policy.attachment_count())),
        ("PermissionsBoundaryUsageCount".into(), json!(policy.permissions_boundary_usage_count())),
        ("IsAttachable".into(), json!(policy.is_attachable())),
        ("CreateDate".into(), json!(date(policy.create_date()))),
        ("UpdateDate".into(), json!(date(policy.update_date()))),
    ])
}

async fn get(cx: &Cx<'_>, arn: &str) -> Result<Option<Live>, OpError> {
    match cx.sdk.iam().get_policy().policy_arn(arn).send().await.map_err(op("GetPolicy")) {
        Ok(answer) => Ok(answer.policy),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The document of the default version.
async fn document(cx: &Cx<'_>, arn: &str, policy: &Live) -> Result<Option<Json>, OpError> {
    let Some(version) = policy.default_version_id() else { return Ok(None) };
    let call = cx.sdk.iam().get_policy_version().policy_arn(arn).version_id(version);
    match call.send().await.map_err(op("GetPolicyVersion")) {
        Ok(answer) => Ok(answer.policy_version().and_then(|v| v.document()).map(documents::decoded)),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Versions that are not the default, oldest first.
async fn spare_versions(cx: &Cx<'_>, arn: &str) -> Result<Vec<String>, OpError> {
    let call = cx.sdk.iam().list_policy_versions().policy_arn(arn);
    let answer = match call.send().await.map_err(op("ListPolicyVersions")) {
        Err(error) if error.is(ABSENT) => return Ok(Vec::new()),
        other => other?,
    };
    let mut spare: Vec<_> =
        answer.versions().iter().filter(|version| !version.is_default_version()).collect();
    let number = |id: Option<&str>| id.and_then(|id| id.trim_start_matches('v').parse::<u64>().ok());
    spare.sort_by_key(|version| number(version.version_id()));
    Ok(spare.iter().filter_map(|version| version.version_id().map(ToOwned::to_owned)).collect())
}

async fn delete_version(cx: &Cx<'_>, arn: &str, version: &str) -> Result<(), OpError> {
    let call = cx.sdk.iam().delete_policy_version().policy_arn(arn).version_id(version);
    was_there(call.send().await.map(drop).map_err(op("DeletePolicyVersion"))).map(drop)
}

/// Names of the roles, users and groups the policy is attached to.
type Names = (Vec<String>, Vec<String>, Vec<String>);

async fn entities(cx: &Cx<'_>, arn: &str) -> Result<Names, OpError> {
    let (mut roles, mut users, mut groups, mut marker) = (Vec::new(), Vec::new(), Vec::new(), None);
    loop {
        let call = cx.sdk.iam().list_entities_for_policy().policy_arn(arn).set_marker(marker);
        let page = match call.send().await.map_err(op("ListEntitiesForPolicy")) {
            Err(error) if error.is(ABSENT) => return Ok((roles, users, groups)),
            other => other?,
        };
        roles.extend(page.policy_roles().iter().filter_map(|r| r.role_name().map(ToOwned::to_owned)));
        users.extend(page.policy_users().iter().filter_map(|u| u.user_name().map(ToOwned::to_owned)));
        groups.extend(page.policy_groups().iter().filter_map(|g| g.group_name().map(ToOwned::to_owned)));
        marker = page.marker;
        if marker.is_none() {
            return Ok((roles, users, groups));
        }
    }
}

/// Whether a role carries ownership tags of the same ledger: what holds the policy there was put on by this migration.
async fn is_role_of_ours(cx: &Cx<'_>, name: &str) -> Result<bool, OpError> {
    match cx.sdk.iam().get_role().role_name(name).send().await.map_err(op("GetRole")) {
        Ok(answer) => Ok(answer.role().is_some_and(|role| {
            role.tags().iter().any(|tag| {
                let lineage = tag.value().rsplit_once('.').map(|(lineage, _)| lineage);
                tag.key() == TAG_LINEAGE && lineage == Some(cx.owner.lineage.as_str())
            })
        })),
        // Gone in the meantime: it holds nothing.
        Err(error) if error.is(ABSENT) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Those for which the policy is the boundary of their permissions: IAM counts them, and there is no detaching.
async fn bounded(cx: &Cx<'_>, arn: &str) -> Result<Vec<String>, OpError> {
    let call = cx.sdk.iam().list_entities_for_policy().policy_arn(arn);
    let call = call.policy_usage_filter(PolicyUsageType::PermissionsBoundary);
    let page = match call.send().await.map_err(op("ListEntitiesForPolicy")) {
        Err(error) if error.is(ABSENT) => return Ok(Vec::new()),
        other => other?,
    };
    let roles = page.policy_roles().iter().filter_map(|role| role.role_name()).map(|name| ("role", name));
    let users = page.policy_users().iter().filter_map(|user| user.user_name()).map(|name| ("user", name));
    Ok(roles.chain(users).map(|(kind, name)| format!("{kind}/{name} (as permissions boundary)")).collect())
}

/// Gives the policy a new default version, making room for it; nothing when the document is already in force.
async fn renew(cx: &Cx<'_>, arn: &str, props: &Props) -> Result<(), OpError> {
    let Some(policy) = get(cx, arn).await? else {
        return Err(OpError::not_sent("CreatePolicyVersion", format!("{arn} is gone")));
    };
    let live = document(cx, arn, &policy).await?;
    if live.is_some_and(|live| props.PolicyDocument.as_ref().is_some_and(|new| documents::alike(new, &live)))
    {
        return Ok(());
    }
    let spare = spare_versions(cx, arn).await?;
    if spare.len() + 1 >= VERSIONS
        && let Some(oldest) = spare.first()
    {
        delete_version(cx, arn, oldest).await?;
    }
    let call = cx.sdk.iam().create_policy_version().policy_arn(arn).policy_document(props.text());
    call.set_as_default(true).send().await.map_err(op("CreatePolicyVersion"))?;
    Ok(())
}

impl ResourceType for ManagedPolicy {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "ManagedPolicyName", max: 128, lower: false, separator: '-' }),
        configures: true,
        parts_in: &["Groups", "Roles", "Users"],
        early: &["Ref", "PolicyArn"],
        retry: &[
            BUSY,
            Retry { code: "NoSuchEntity", message: "The role with name", why: "the role is not visible yet" },
            Retry { code: "NoSuchEntity", message: "The user with name", why: "the user is not visible yet" },
            Retry {
                code: "NoSuchEntity",
                message: "The group with name",
                why: "the group is not visible yet",
            },
        ],
        held_by_users: true,
        retry_delete: &[BUSY],
        documents: &[("PolicyDocument", Document::ManagedPolicy)],
        iam: &[
            "iam:AttachGroupPolicy",
            "iam:AttachRolePolicy",
            "iam:AttachUserPolicy",
            "iam:CreatePolicy",
            "iam:CreatePolicyVersion",
            "iam:DeletePolicy",
            "iam:DeletePolicyVersion",
            "iam:DetachGroupPolicy",
            "iam:DetachRolePolicy",
            "iam:DetachUserPolicy",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:GetRole",
            "iam:ListEntitiesForPolicy",
            "iam:ListPolicyVersions",
            "iam:TagPolicy",
        ],
        global: true,
        // CreatePolicy: names are unique in the account, "not distinguished by case".
        once: Some(&[Once::AnyCase(&["ManagedPolicyName"])]),
        arn: Some((&["Ref", "PolicyArn"], "arn:{partition}:iam::{account}:policy{path}{name}")),
        ..Facts::new("AWS::IAM::ManagedPolicy", "iam")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        if property == "PolicyDocument" {
            return documents::alike(desired, recorded);
        }
        compare::same(Self::FACTS.kind, property, desired, recorded)
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let arn = props.arn(cx);
        Ok(get(cx, &arn).await?.map(|policy| Found {
            id: arn.into(),
            attributes: attributes(&policy),
            ownership: cx.owns(policy.tags().iter().map(|tag| (tag.key(), tag.value()))),
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (get(cx, id.as_str()).await?, goal) {
            (Some(policy), Goal::Ready) => Probe::Reached(attributes(&policy)),
            (None, Goal::Ready) => Probe::Pending("absent".into()),
            (Some(_), Goal::Gone) => Probe::Pending("present".into()),
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
        })
    }

    /// Only principals that the properties name are looked at: others may have been attached by roles of the
    /// same plan.
    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let arn = id.as_str();
        let Some(policy) = get(cx, arn).await? else { return Ok(None) };
        let (roles, users, groups) =
            if hint.principals().is_empty() { Names::default() } else { entities(cx, arn).await? };
        let keep = |wanted: &Option<Vec<String>>, live: &[String]| {
            wanted.as_ref().map(|names| names.iter().filter(|name| live.contains(name)).cloned().collect())
        };
        Ok(Some(Props {
            Description: policy.description().map(ToOwned::to_owned),
            Groups: keep(&hint.Groups, &groups),
            ManagedPolicyName: policy.policy_name().map(ToOwned::to_owned),
            Path: policy.path().map(ToOwned::to_owned),
            PolicyDocument: document(cx, arn, &policy).await?,
            Roles: keep(&hint.Roles, &roles),
            Users: keep(&hint.Users, &users),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let answer = cx
            .sdk
            .iam()
            .create_policy()
            .policy_name(props.name())
            .policy_document(props.text())
            .set_description(props.Description.clone())
            .set_path(props.Path.clone())
            .set_tags(Some(tags("CreatePolicy", &cx.tags(None))?))
            .send()
            .await
            .map_err(op("CreatePolicy"))?;
        let policy = answer.policy().ok_or_else(|| OpError::missing("CreatePolicy", "the policy"))?;
        let arn = policy.arn().ok_or_else(|| OpError::missing("CreatePolicy", "the ARN"))?;
        Ok(Created { id: arn.into(), attributes: attributes(policy) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        for principal in props.principals() {
            principal.attach(cx, id.as_str()).await?;
        }
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        if change.has("PolicyDocument") {
            renew(cx, id.as_str(), change.new).await?;
        }
        let (before, wanted) = (change.old.principals(), change.new.principals());
        for principal in wanted.iter().filter(|principal| !before.contains(principal)) {
            principal.attach(cx, id.as_str()).await?;
        }
        for principal in before.iter().filter(|principal| !wanted.contains(principal)) {
            principal.detach(cx, id.as_str()).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let arn = id.as_str();
        for principal in props.principals() {
            principal.detach(cx, arn).await?;
        }
        match cx.sdk.iam().delete_policy().policy_arn(arn).send().await.map_err(op("DeletePolicy")) {
            Ok(_) => Ok(Progress::Done),
            Err(error) if error.is(ABSENT) => Ok(Progress::Absent),
            Err(mut error) if error.is(&["DeleteConflict"]) => {
                let attempts: Vec<Props> = cx.attempts();
                let (roles, users, groups) = entities(cx, arn).await?;
                let mut foreign = bounded(cx, arn).await?;
                let mut ours = Vec::new();
                for principal in principals::all(Some(&roles), Some(&users), Some(&groups)) {
                    let named =
                        attempts.iter().chain([props]).any(|form| form.principals().contains(&principal));
                    let owned = match principal {
                        Principal::Role(role) if !named => is_role_of_ours(cx, role).await?,
                        Principal::User(_) | Principal::Group(_) | Principal::Role(_) => named,
                    };
                    if owned {
                        ours.push(principal);
                    } else {
                        foreign.push(principal.label());
                    }
                }
                // As in CloudFormation: who else relies on the policy keeps it.
                if !foreign.is_empty() {
                    error.message = format!(
                        "it is attached to what is not this migration's: {}. Detach it there, or keep it: \
                         DeletionPolicy: Retain",
                        foreign.join(", ")
                    );
                    return Err(error);
                }
                for principal in ours {
                    principal.detach(cx, arn).await?;
                }
                for version in spare_versions(cx, arn).await? {
                    delete_version(cx, arn, &version).await?;
                }
                Ok(Progress::Again("detaching it and deleting its older versions".into()))
            }
            Err(error) => Err(error),
        }
    }
}
