//! `AWS::IAM::Policy`: one inline policy, put on roles, users and groups.
//!
//! The object on the first principal is what `create` makes; `configure` puts the policy on the others. The
//! handle is the policy's name and that first principal, joined with `|`.

use serde_json::{Value as Json, json};

use super::{
    documents,
    principals::{self, BUSY, Principal},
};
use crate::{
    aws::OpError,
    ledger::Permit,
    model::{Attributes, Document, Facts, Identity, NameRule, OnConflict, Ownership, PhysicalId, Retry},
    props,
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare},
};

/// The type.
pub struct Policy;

props! {
    /// The properties.
    pub struct Props {
        Groups: Vec<String>,
        PolicyDocument: Json,
        PolicyName: String,
        Roles: Vec<String>,
        Users: Vec<String>,
    }
}

impl Props {
    fn name(&self) -> &str {
        self.PolicyName.as_deref().unwrap_or_default()
    }

    fn text(&self) -> String {
        self.PolicyDocument.as_ref().map(documents::text).unwrap_or_default()
    }

    fn principals(&self) -> Vec<Principal<'_>> {
        principals::all(self.Roles.as_ref(), self.Users.as_ref(), self.Groups.as_ref())
    }

    fn first(&self, operation: &str) -> Result<Principal<'_>, OpError> {
        let first = self.principals().into_iter().next();
        first.ok_or_else(|| OpError::not_sent(operation, "the policy names no role, user or group"))
    }

    fn id(&self, first: Principal<'_>) -> PhysicalId {
        PhysicalId(format!("{}|{}", self.name(), first.label()))
    }

    fn attributes(&self, id: &PhysicalId) -> Attributes {
        Attributes::from([("Ref".into(), json!(self.name())), ("Id".into(), json!(id.as_str()))])
    }
}

impl ResourceType for Policy {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "PolicyName", max: 128, lower: false, separator: '-' }),
        on_conflict: OnConflict::Overwrites,
        configures: true,
        early: &["Ref", "Id"],
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
        retry_delete: &[BUSY],
        documents: &[("PolicyDocument", Document::IdentityPolicy)],
        iam: &[
            "iam:DeleteGroupPolicy",
            "iam:DeleteRolePolicy",
            "iam:DeleteUserPolicy",
            "iam:GetGroupPolicy",
            "iam:GetRolePolicy",
            "iam:GetUserPolicy",
            "iam:PutGroupPolicy",
            "iam:PutRolePolicy",
            "iam:PutUserPolicy",
        ],
        global: true,
        ..Facts::new("AWS::IAM::Policy", "iam")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        if property == "PolicyDocument" {
            return documents::alike(desired, recorded);
        }
        compare::same(Self::FACTS.kind, property, desired, recorded)
    }

    /// The schema calls nothing create-only, but the name is what `Ref` answers: a new name is a new object.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        change.changed.iter().filter(|property| *property == "PolicyName").cloned().collect()
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let empty = |name: &str| props[name].as_array().map_or(props[name].is_null(), Vec::is_empty);
        if ["Roles", "Users", "Groups"].into_iter().all(empty) {
            return vec![(
                "Roles".into(),
                "at least one of Roles, Users and Groups must name a principal".into(),
            )];
        }
        Vec::new()
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let first = props.first("GetRolePolicy")?;
        let id = props.id(first);
        Ok(first.get(cx, props.name()).await?.map(|_| Found {
            attributes: props.attributes(&id),
            id,
            ownership: Ownership::Untaggable,
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, props: &Props, goal: Goal) -> Result<Probe, OpError> {
        for principal in props.principals() {
            let there = principal.get(cx, props.name()).await?.is_some();
            match goal {
                Goal::Ready if !there => return Ok(Probe::Pending("absent".into())),
                Goal::Gone if there => return Ok(Probe::Pending("present".into())),
                _ => {}
            }
        }
        Ok(Probe::Reached(match goal {
            Goal::Ready => props.attributes(id),
            Goal::Gone => Attributes::new(),
        }))
    }

    async fn read(cx: &Cx<'_>, _id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let (mut document, mut present) = (None, Vec::new());
        for principal in hint.principals() {
            if let Some(text) = principal.get(cx, hint.name()).await? {
                let live = documents::decoded(&text);
                // The copies should be alike; one that strayed is the one to report.
                let strayed = hint.PolicyDocument.as_ref().is_some_and(|sent| !documents::alike(sent, &live));
                if document.is_none() || strayed {
                    document = Some(live);
                }
                present.push(principal);
            }
        }
        let Some(document) = document else { return Ok(None) };
        let keep = |list: &Option<Vec<String>>, make: fn(&str) -> Principal<'_>| {
            list.as_ref().map(|names| names.iter().filter(|n| present.contains(&make(n))).cloned().collect())
        };
        Ok(Some(Props {
            PolicyName: Some(hint.name().to_owned()),
            PolicyDocument: Some(document),
            Roles: keep(&hint.Roles, |name| Principal::Role(name)),
            Users: keep(&hint.Users, |name| Principal::User(name)),
            Groups: keep(&hint.Groups, |name| Principal::Group(name)),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let first = props.first("PutRolePolicy")?;
        first.put(cx, props.name(), &props.text()).await?;
        let id = props.id(first);
        Ok(Created { attributes: props.attributes(&id), id })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        for principal in props.principals().into_iter().skip(1) {
            principal.put(cx, props.name(), &props.text()).await?;
        }
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let wanted = change.new.principals();
        let before = change.old.principals();
        for principal in &wanted {
            if change.has("PolicyDocument") || !before.contains(principal) {
                principal.put(cx, change.new.name(), &change.new.text()).await?;
            }
        }
        for principal in before.into_iter().filter(|principal| !wanted.contains(principal)) {
            principal.delete(cx, change.old.name()).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let mut progress = Progress::Absent;
        for principal in props.principals() {
            if principal.delete(cx, props.name()).await? {
                progress = Progress::Done;
            }
        }
        Ok(progress)
    }
}
