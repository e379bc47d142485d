//! `AWS::IAM::Policy`: one inline policy, put on roles, users and groups.
//!
//! The object on the first principal is what `create` makes; `configure` puts the policy on the others. The
//! handle is the policy's name and that first principal, joined with `|`.

use serde_json::{Value as Json, json};

use super::{
    account, documents,
    principals::{self, BUSY, Principal},
};
use crate::{
    aws::{Certainty, OpError},
    ledger::Permit,
    model::{
        Attributes, Document, Facts, Identity, NameRule, OnConflict, Once, Ownership, PhysicalId, Retry,
    },
    props,
    resources::{Asked, Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare},
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

    /// Whether that is the document, and that principal one of its.
    fn is_on(&self, principal: Principal<'_>, name: &str, live: &Json) -> bool {
        self.name() == name
            && self.principals().contains(&principal)
            && self.PolicyDocument.as_ref().is_some_and(|sent| documents::alike(sent, live))
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

/// Puts the policy on a principal that has none of that name, or one that `forms` say. Nothing is called where it is
/// there already.
async fn claim(
    cx: &Cx<'_>,
    principal: Principal<'_>,
    props: &Props,
    forms: &[&Props],
) -> Result<(), OpError> {
    if let Some(text) = principal.get(cx, props.name()).await? {
        let live = documents::decoded(&text);
        if !forms.iter().any(|form| form.is_on(principal, props.name(), &live)) {
            return Err(OpError {
                operation: "PutRolePolicy".into(),
                code: Some("AlreadyExists".into()),
                message: format!(
                    "{} has an inline policy {} that is not this migration's; it is not overwritten. Delete that policy, \
                     or choose another PolicyName; what was changed by hand, `migrate up --refresh` shows and changes back",
                    principal.label(),
                    props.name()
                ),
                request_id: None,
                certainty: Certainty::NotSent,
                barrier: None,
            });
        }
        if props.PolicyDocument.as_ref().is_some_and(|sent| documents::alike(sent, &live)) {
            return Ok(());
        }
    }
    principal.put(cx, props.name(), &props.text()).await
}

/// Takes the policy off principals where it is one that `forms` say. Whether there was any, and where another one is.
async fn release(
    cx: &Cx<'_>,
    leave: &[(Principal<'_>, &str)],
    forms: &[&Props],
) -> Result<(bool, Vec<String>), OpError> {
    let (mut any, mut left) = (false, Vec::new());
    for (principal, name) in leave {
        let Some(text) = principal.get(cx, name).await? else { continue };
        let live = documents::decoded(&text);
        if forms.iter().any(|form| form.is_on(*principal, name, &live)) {
            any |= principal.delete(cx, name).await?;
        } else {
            left.push(principal.label());
        }
    }
    Ok((any, left))
}

/// Where the policy may be, and under which name.
fn places<'f>(forms: &[&'f Props]) -> Vec<(Principal<'f>, &'f str)> {
    let mut all = Vec::new();
    for form in forms {
        for principal in form.principals() {
            if !all.contains(&(principal, form.name())) {
                all.push((principal, form.name()));
            }
        }
    }
    all
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
        judged: &["PolicyDocument"],
        spread: &["Groups", "Roles", "Users"],
        parts_in: &["Groups", "Roles", "Users"],
        iam: &[
            "iam:DeleteGroupPolicy",
            "iam:DeleteRolePolicy",
            "iam:DeleteUserPolicy",
            "iam:GetAccountAuthorizationDetails",
            "iam:GetGroupPolicy",
            "iam:GetRolePolicy",
            "iam:GetUserPolicy",
            "iam:PutGroupPolicy",
            "iam:PutRolePolicy",
            "iam:PutUserPolicy",
        ],
        global: true,
        // PutRolePolicy: inline policies are unique within their role, user or group.
        once: Some(&[
            Once::Each("Groups", &["PolicyName"]),
            Once::Each("Roles", &["PolicyName"]),
            Once::Each("Users", &["PolicyName"]),
        ]),
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

    const MANY: usize = usize::MAX;
    const MANY_FROM: usize = account::FROM;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let principals: Vec<Principal<'_>> = asked.iter().flat_map(|one| one.hint.principals()).collect();
        account::gather_inline(cx, &principals).await
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let id = props.id(props.first("GetRolePolicy")?);
        for principal in props.principals() {
            if principal.get(cx, props.name()).await?.is_some() {
                let attributes = props.attributes(&id);
                return Ok(Some(Found { id, attributes, ownership: Ownership::Untaggable }));
            }
        }
        Ok(None)
    }

    /// By its places: an update moves the policy to other principals, and the handle keeps the first one it had.
    async fn ownership(cx: &Cx<'_>, _id: &PhysicalId, props: &Props) -> Result<Option<Ownership>, OpError> {
        Ok(Self::find(cx, props).await?.map(|found| found.ownership))
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
        let attempts: Vec<Props> = cx.attempts();
        let forms: Vec<&Props> = attempts.iter().chain([props]).collect();
        for principal in props.principals().into_iter().skip(1) {
            claim(cx, principal, props, &forms).await?;
        }
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let attempts: Vec<Props> = cx.attempts();
        let forms: Vec<&Props> = attempts.iter().chain([change.old]).collect();
        let wanted = change.new.principals();
        for principal in &wanted {
            claim(cx, *principal, change.new, &forms).await?;
        }
        let mut leave = places(&forms);
        leave.retain(|(principal, name)| !wanted.contains(principal) || *name != change.new.name());
        // What others put there since stays.
        release(cx, &leave, &forms).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let attempts: Vec<Props> = cx.attempts();
        let forms: Vec<&Props> = attempts.iter().chain([props]).collect();
        let (any, left) = release(cx, &places(&forms), &forms).await?;
        Ok(match (any, left.as_slice()) {
            (_, [_, ..]) => Progress::Kept(format!(
                "the inline policy {} of {} is another one by now, which is not this migration's",
                props.name(),
                left.join(" and ")
            )),
            (true, []) => Progress::Done,
            (false, []) => Progress::Absent,
        })
    }
}
