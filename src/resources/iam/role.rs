//! `AWS::IAM::Role`.
//!
//! A role is ready when its policies are on it. That services cannot assume it for some seconds more is not
//! waited for here: each consumer knows the rejection that says so and outwaits it.

use serde_json::{Value as Json, json};

use super::{
    account, documents,
    principals::{ABSENT, BUSY, Principal, tags, was_there},
};
use crate::{
    aws::{Certainty, OpError, op},
    ledger::Permit,
    model::{Attributes, Document, Facts, Identity, NameRule, Once, PhysicalId, Retry, Tag},
    props,
    resources::{Asked, Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare},
};

/// The type.
pub struct Role;

props! {
    /// The properties.
    pub struct Props {
        AssumeRolePolicyDocument: Json,
        Description: String,
        ManagedPolicyArns: Vec<String>,
        MaxSessionDuration: i32,
        Path: String,
        PermissionsBoundary: String,
        Policies: Vec<InlinePolicy>,
        RoleName: String,
        Tags: Vec<Tag>,
    }
    /// A policy embedded in the role.
    pub struct InlinePolicy { PolicyDocument: Json, PolicyName: String }
}

/// The names that DMS looks up by itself: one role serves the whole account, so a role that is already there is
/// used as it is, and goes only when nothing of DMS is left.
const SHARED: &[&str] = &["dms-vpc-role", "dms-cloudwatch-logs-role", "dms-access-for-endpoint"];

impl InlinePolicy {
    fn name(&self) -> &str {
        self.PolicyName.as_deref().unwrap_or_default()
    }

    fn text(&self) -> String {
        self.PolicyDocument.as_ref().map(documents::text).unwrap_or_default()
    }
}

impl Props {
    fn name(&self) -> &str {
        self.RoleName.as_deref().unwrap_or_default()
    }

    fn inline(&self) -> &[InlinePolicy] {
        self.Policies.as_deref().unwrap_or_default()
    }

    fn managed(&self) -> &[String] {
        self.ManagedPolicyArns.as_deref().unwrap_or_default()
    }
}

fn attributes(role: &aws_sdk_iam::types::Role) -> Attributes {
    Attributes::from([
        ("Ref".into(), json!(role.role_name())),
        ("Arn".into(), json!(role.arn())),
        ("RoleId".into(), json!(role.role_id())),
    ])
}

async fn get(cx: &Cx<'_>, name: &str) -> Result<Option<aws_sdk_iam::types::Role>, OpError> {
    if let Some(role) = cx.shelved(name) {
        return Ok(Some(role));
    }
    match cx.sdk.iam().get_role().role_name(name).send().await.map_err(op("GetRole")) {
        Ok(answer) => {
            answer.role.iter().for_each(|role| cx.shelve(name, role));
            Ok(answer.role)
        }
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Managed policies of a role, on a shelf.
#[derive(Clone)]
pub(super) struct Attached(pub Vec<String>);

async fn attached(cx: &Cx<'_>, name: &str) -> Result<Vec<String>, OpError> {
    if let Some(Attached(arns)) = cx.shelved(name) {
        return Ok(arns);
    }
    let (mut arns, mut marker) = (Vec::new(), None);
    loop {
        let call = cx.sdk.iam().list_attached_role_policies().role_name(name).set_marker(marker);
        let page = match call.send().await.map_err(op("ListAttachedRolePolicies")) {
            Err(error) if error.is(ABSENT) => return Ok(arns),
            other => other?,
        };
        arns.extend(page.attached_policies().iter().filter_map(|p| p.policy_arn().map(ToOwned::to_owned)));
        marker = page.marker;
        if marker.is_none() {
            return Ok(arns);
        }
    }
}

async fn inline(cx: &Cx<'_>, name: &str) -> Result<Vec<String>, OpError> {
    let (mut names, mut marker) = (Vec::new(), None);
    loop {
        let call = cx.sdk.iam().list_role_policies().role_name(name).set_marker(marker);
        let page = match call.send().await.map_err(op("ListRolePolicies")) {
            Err(error) if error.is(ABSENT) => return Ok(names),
            other => other?,
        };
        names.extend(page.policy_names().iter().cloned());
        marker = page.marker;
        if marker.is_none() {
            return Ok(names);
        }
    }
}

/// Something that is on a role and keeps it from being deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
enum On {
    Attached(String),
    Inline(String),
    Profile(String),
}

impl On {
    /// As reviews and errors name it.
    fn words(&self) -> String {
        match self {
            Self::Attached(arn) => format!("managed policy {arn}"),
            Self::Inline(name) => format!("inline policy {name}"),
            Self::Profile(name) => format!("instance profile {name}"),
        }
    }

    async fn take_off(&self, cx: &Cx<'_>, name: &str) -> Result<(), OpError> {
        let role = Principal::Role(name);
        match self {
            Self::Attached(arn) => role.detach(cx, arn).await.map(drop),
            Self::Inline(policy) => role.delete(cx, policy).await.map(drop),
            Self::Profile(profile) => {
                let call = cx.sdk.iam().remove_role_from_instance_profile().role_name(name);
                let call = call.instance_profile_name(profile);
                let answer = call.send().await.map(drop).map_err(op("RemoveRoleFromInstanceProfile"));
                was_there(answer).map(drop)
            }
        }
    }
}

/// Whatever is on a role, whoever put it there.
async fn all_on(cx: &Cx<'_>, name: &str) -> Result<Vec<On>, OpError> {
    let mut all: Vec<On> = attached(cx, name).await?.into_iter().map(On::Attached).collect();
    all.extend(inline(cx, name).await?.into_iter().map(On::Inline));
    let mut marker = None;
    loop {
        let call = cx.sdk.iam().list_instance_profiles_for_role().role_name(name).set_marker(marker);
        let page = match call.send().await.map_err(op("ListInstanceProfilesForRole")) {
            Err(error) if error.is(ABSENT) => return Ok(all),
            other => other?,
        };
        let names = page.instance_profiles().iter().map(|profile| profile.instance_profile_name().to_owned());
        all.extend(names.map(On::Profile));
        marker = page.marker;
        if marker.is_none() {
            return Ok(all);
        }
    }
}

/// What is on a role besides what forms of its properties put there.
fn besides(all: Vec<On>, forms: &[&Props]) -> Vec<On> {
    let put = |on: &On| {
        forms.iter().any(|form| match on {
            On::Attached(arn) => form.managed().contains(arn),
            On::Inline(name) => form.inline().iter().any(|policy| policy.name() == name),
            On::Profile(_) => false,
        })
    };
    all.into_iter().filter(|on| !put(on)).collect()
}

/// Puts an inline policy on a role that has none of that name, or one that `forms` say.
async fn claim(cx: &Cx<'_>, name: &str, policy: &InlinePolicy, forms: &[&Props]) -> Result<(), OpError> {
    let role = Principal::Role(name);
    if let Some(text) = role.get(cx, policy.name()).await? {
        let live = documents::decoded(&text);
        let is = |known: &InlinePolicy| {
            known.name() == policy.name()
                && known.PolicyDocument.as_ref().is_some_and(|sent| documents::alike(sent, &live))
        };
        if !forms.iter().flat_map(|form| form.inline()).any(is) {
            return Err(OpError {
                operation: "PutRolePolicy".into(),
                code: Some("AlreadyExists".into()),
                message: format!(
                    "role {name} has an inline policy {} that is not this migration's; it is not overwritten. Delete \
                     that policy, or choose another name; what was changed by hand, `migrate up --refresh` shows and \
                     changes back",
                    policy.name()
                ),
                request_id: None,
                certainty: Certainty::NotSent,
                barrier: None,
            });
        }
        if is(policy) {
            return Ok(());
        }
    }
    role.put(cx, policy.name(), &policy.text()).await
}

/// Takes an inline policy off a role where it is one that `forms` say; what others put in its place stays.
async fn release(cx: &Cx<'_>, name: &str, policy: &str, forms: &[&Props]) -> Result<(), OpError> {
    let role = Principal::Role(name);
    let Some(text) = role.get(cx, policy).await? else { return Ok(()) };
    let live = documents::decoded(&text);
    let ours = forms.iter().flat_map(|form| form.inline()).any(|known| {
        known.name() == policy
            && known.PolicyDocument.as_ref().is_some_and(|sent| documents::alike(sent, &live))
    });
    if ours {
        role.delete(cx, policy).await?;
    }
    Ok(())
}

/// What of DMS still needs a shared role: a description, and whether it is going away by itself.
async fn dependent(cx: &Cx<'_>) -> Result<Option<(String, bool)>, OpError> {
    let dms = cx.sdk.dms();
    let instances = dms.describe_replication_instances().send().await;
    let instances = match instances.map_err(op("DescribeReplicationInstances")) {
        Err(error) if error.is(&["ResourceNotFoundFault"]) => Vec::new(),
        other => other?.replication_instances.unwrap_or_default(),
    };
    let mut going = None;
    for instance in &instances {
        let name = instance.replication_instance_identifier().unwrap_or_default();
        let what = format!("replication instance {name}");
        if instance.replication_instance_status() != Some("deleting") {
            return Ok(Some((what, false)));
        }
        going = Some((what, true));
    }
    if going.is_some() {
        return Ok(going);
    }
    let groups = dms.describe_replication_subnet_groups().send().await;
    let groups = match groups.map_err(op("DescribeReplicationSubnetGroups")) {
        Err(error) if error.is(&["ResourceNotFoundFault"]) => Vec::new(),
        other => other?.replication_subnet_groups.unwrap_or_default(),
    };
    let name = groups.first().and_then(|group| group.replication_subnet_group_identifier());
    Ok(name.map(|name| (format!("replication subnet group {name}"), false)))
}

impl ResourceType for Role {
    type Props = Props;

    const FACTS: Facts = Facts {
        judged: &["Policies"],
        identity: Identity::Name,
        name: Some(NameRule { property: "RoleName", max: 64, lower: false, separator: '-' }),
        configures: true,
        // The name is all that inline and managed policies need; the ARN waits until the policies are on.
        early: &["Ref"],
        retry: &[
            BUSY,
            Retry {
                code: "MalformedPolicyDocument",
                message: "Invalid principal in policy",
                why: "a principal of the trust policy is not visible yet",
            },
        ],
        retry_delete: &[BUSY],
        shared_names: SHARED,
        documents: &[
            ("AssumeRolePolicyDocument", Document::TrustPolicy),
            ("Policies/*/PolicyDocument", Document::IdentityPolicy),
        ],
        iam: &[
            "dms:DescribeReplicationInstances",
            "dms:DescribeReplicationSubnetGroups",
            "iam:AttachRolePolicy",
            "iam:CreateRole",
            "iam:DeleteRole",
            "iam:DeleteRolePermissionsBoundary",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:GetAccountAuthorizationDetails",
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListInstanceProfilesForRole",
            "iam:ListRolePolicies",
            "iam:ListRoles",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
            "iam:RemoveRoleFromInstanceProfile",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
        ],
        global: true,
        // CreateRole: names are unique in the account, "not distinguished by case".
        once: Some(&[Once::AnyCase(&["RoleName"])]),
        arn: Some((&["Arn"], "arn:{partition}:iam::{account}:role{path}{name}")),
        ..Facts::new("AWS::IAM::Role", "iam")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        let list = |value: &Json| value.as_array().cloned().unwrap_or_default();
        match property {
            "AssumeRolePolicyDocument" => documents::alike(desired, recorded),
            "Policies" => {
                let (left, right) = (list(desired), list(recorded));
                left.len() == right.len()
                    && left.iter().all(|policy| {
                        right.iter().any(|other| {
                            policy["PolicyName"] == other["PolicyName"]
                                && documents::alike(&policy["PolicyDocument"], &other["PolicyDocument"])
                        })
                    })
            }
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let names: Vec<&Json> =
            props["Policies"].as_array().into_iter().flatten().map(|p| &p["PolicyName"]).collect();
        let doubled =
            names.iter().enumerate().find(|(at, name)| name.is_string() && names[..*at].contains(name));
        doubled
            .map(|(_, name)| {
                ("Policies".to_owned(), format!("two policies are named {name}; the later would win"))
            })
            .into_iter()
            .collect()
    }

    const MANY: usize = usize::MAX;
    const MANY_FROM: usize = account::FROM;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        account::gather_roles(cx, asked).await
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        Ok(get(cx, props.name()).await?.map(|role| Found {
            id: role.role_name().into(),
            attributes: attributes(&role),
            ownership: cx.owns(role.tags().iter().map(|tag| (tag.key(), tag.value()))),
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (get(cx, id.as_str()).await?, goal) {
            (Some(role), Goal::Ready) => Probe::Reached(attributes(&role)),
            (None, Goal::Ready) => Probe::Pending("absent".into()),
            (Some(_), Goal::Gone) => Probe::Pending("present".into()),
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
        })
    }

    /// Only policies that the properties name are looked at: others may be `AWS::IAM::Policy` and
    /// `AWS::IAM::ManagedPolicy` resources of the same plan, and are compared there.
    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let name = id.as_str();
        let Some(role) = get(cx, name).await? else { return Ok(None) };
        let managed = match &hint.ManagedPolicyArns {
            None => None,
            Some(wanted) => {
                let mut live = attached(cx, name).await?;
                live.retain(|arn| wanted.contains(arn));
                Some(live)
            }
        };
        let mut policies = hint.Policies.as_ref().map(|_| Vec::new());
        for wanted in hint.inline() {
            if let Some(text) = Principal::Role(name).get(cx, wanted.name()).await? {
                let document = documents::decoded(&text);
                let policy =
                    InlinePolicy { PolicyName: wanted.PolicyName.clone(), PolicyDocument: Some(document) };
                policies.get_or_insert_default().push(policy);
            }
        }
        let boundary = role.permissions_boundary().and_then(|b| b.permissions_boundary_arn());
        Ok(Some(Props {
            AssumeRolePolicyDocument: role.assume_role_policy_document().map(documents::decoded),
            Description: role.description().map(ToOwned::to_owned),
            ManagedPolicyArns: managed,
            MaxSessionDuration: role.max_session_duration(),
            Path: Some(role.path().to_owned()),
            PermissionsBoundary: boundary.map(ToOwned::to_owned),
            Policies: policies,
            RoleName: Some(role.role_name().to_owned()),
            Tags: cx.own_tags(role.tags().iter().map(|tag| (tag.key(), tag.value()))),
        }))
    }

    async fn attachments(cx: &Cx<'_>, id: &PhysicalId, props: &Props) -> Result<Vec<String>, OpError> {
        let all = all_on(cx, id.as_str()).await?;
        Ok(besides(all, &[props]).iter().map(On::words).collect())
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let answer = cx
            .sdk
            .iam()
            .create_role()
            .role_name(props.name())
            .set_assume_role_policy_document(props.AssumeRolePolicyDocument.as_ref().map(documents::text))
            .set_description(props.Description.clone())
            .set_max_session_duration(props.MaxSessionDuration)
            .set_path(props.Path.clone())
            .set_permissions_boundary(props.PermissionsBoundary.clone())
            .set_tags(Some(tags("CreateRole", &cx.tags(props.Tags.as_ref()))?))
            .send()
            .await
            .map_err(op("CreateRole"))?;
        let role = answer.role().ok_or_else(|| OpError::missing("CreateRole", "the role"))?;
        Ok(Created { id: role.role_name().into(), attributes: attributes(role) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let role = Principal::Role(id.as_str());
        for arn in props.managed() {
            role.attach(cx, arn).await?;
        }
        for policy in props.inline() {
            role.put(cx, policy.name(), &policy.text()).await?;
        }
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let (iam, name, old, new) = (cx.sdk.iam(), id.as_str(), change.old, change.new);
        let role = Principal::Role(name);
        if change.has("AssumeRolePolicyDocument") {
            let text = new.AssumeRolePolicyDocument.as_ref().map(documents::text);
            let call = iam.update_assume_role_policy().role_name(name).set_policy_document(text);
            call.send().await.map_err(op("UpdateAssumeRolePolicy"))?;
        }
        if change.has("Description") || change.has("MaxSessionDuration") {
            // Whatever is left out of this call is reset by it.
            let call =
                iam.update_role().role_name(name).description(new.Description.clone().unwrap_or_default());
            let call = call.max_session_duration(new.MaxSessionDuration.unwrap_or(3_600));
            call.send().await.map_err(op("UpdateRole"))?;
        }
        if change.has("PermissionsBoundary") {
            match &new.PermissionsBoundary {
                Some(arn) => {
                    let call = iam.put_role_permissions_boundary().role_name(name).permissions_boundary(arn);
                    call.send().await.map_err(op("PutRolePermissionsBoundary"))?;
                }
                None => {
                    let call = iam.delete_role_permissions_boundary().role_name(name);
                    was_there(call.send().await.map(drop).map_err(op("DeleteRolePermissionsBoundary")))?;
                }
            }
        }
        if change.has("ManagedPolicyArns") {
            for arn in new.managed().iter().filter(|arn| !old.managed().contains(arn)) {
                role.attach(cx, arn).await?;
            }
            for arn in old.managed().iter().filter(|arn| !new.managed().contains(arn)) {
                role.detach(cx, arn).await?;
            }
        }
        if change.has("Policies") {
            let attempts: Vec<Props> = cx.attempts();
            let forms: Vec<&Props> = attempts.iter().chain([old]).collect();
            // Whatever an earlier call may have changed is looked at again.
            let certain = |policy: &InlinePolicy| forms.iter().all(|form| form.inline().contains(policy));
            for policy in new.inline().iter().filter(|policy| !certain(policy)) {
                claim(cx, name, policy, &forms).await?;
            }
            let kept = |policy: &str| new.inline().iter().any(|other| other.name() == policy);
            let known = forms.iter().flat_map(|form| form.inline()).map(InlinePolicy::name);
            for policy in known.filter(|policy| !kept(policy)).collect::<std::collections::BTreeSet<_>>() {
                release(cx, name, policy, &forms).await?;
            }
        }
        if change.has("Tags") {
            let (set, unset) = cx.tag_changes(old.Tags.as_ref(), new.Tags.as_ref());
            if !set.is_empty() {
                let call = iam.tag_role().role_name(name).set_tags(Some(tags("TagRole", &set)?));
                call.send().await.map_err(op("TagRole"))?;
            }
            if !unset.is_empty() {
                let call = iam.untag_role().role_name(name).set_tag_keys(Some(unset));
                call.send().await.map_err(op("UntagRole"))?;
            }
        }
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let name = id.as_str();
        if SHARED.contains(&name) {
            match dependent(cx).await? {
                Some((what, true)) => return Ok(Progress::Again(format!("{what} is being deleted"))),
                Some((what, false)) => return Ok(Progress::Kept(format!("still needed by {what}"))),
                None => {}
            }
        }
        // What we put on is known; a role that carries more is looked at only when IAM says so.
        for arn in props.managed() {
            Principal::Role(name).detach(cx, arn).await?;
        }
        for policy in props.inline() {
            Principal::Role(name).delete(cx, policy.name()).await?;
        }
        match cx.sdk.iam().delete_role().role_name(name).send().await.map_err(op("DeleteRole")) {
            Ok(_) => Ok(Progress::Done),
            Err(error) if error.is(ABSENT) => Ok(Progress::Absent),
            Err(mut error) if error.is(&["DeleteConflict"]) => {
                let attempts: Vec<Props> = cx.attempts();
                let forms: Vec<&Props> = attempts.iter().chain([props]).collect();
                let all = all_on(cx, name).await?;
                // What the review showed goes with the role; what has come since is another owner's business.
                let unseen: Vec<String> = besides(all.clone(), &forms)
                    .iter()
                    .map(On::words)
                    .filter(|words| !cx.takes.contains(words))
                    .collect();
                if !unseen.is_empty() {
                    error.message = format!(
                        "others have put on it what the review did not show: {}. Run the command again to review it, or \
                         take it off",
                        unseen.join(", ")
                    );
                    return Err(error);
                }
                for on in &all {
                    on.take_off(cx, name).await?;
                }
                Ok(Progress::Again("taking off its policies and instance profiles".into()))
            }
            Err(error) => Err(error),
        }
    }
}
