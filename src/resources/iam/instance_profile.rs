//! `AWS::IAM::InstanceProfile`.
//!
//! The profile is made empty and gets its role with a call of its own, so nothing uses it before that: an instance
//! that starts in between has no credentials. A profile holds one role at most ("An instance profile can contain only
//! one role", `AddRoleToInstanceProfile`, IAM API Reference).

use aws_sdk_iam::types;
use serde_json::json;

use super::principals::{ABSENT, BUSY, tags, was_there};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, PhysicalId, Retry, Tag},
    props,
    resources::{Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress},
};

/// The type. The schema has no tags, IAM does: the profile carries the ownership tags.
pub struct InstanceProfile;

props! {
    /// The properties.
    pub struct Props { InstanceProfileName: String, Path: String, Roles: Vec<String> }
}

impl Props {
    fn roles(&self) -> &[String] {
        self.Roles.as_deref().unwrap_or_default()
    }
}

async fn look(cx: &Cx<'_>, name: &str) -> Result<Option<types::InstanceProfile>, OpError> {
    match cx.sdk.iam().get_instance_profile().instance_profile_name(name).send().await {
        Ok(answer) => Ok(answer.instance_profile),
        Err(error) => match op("GetInstanceProfile")(error) {
            error if error.is(ABSENT) => Ok(None),
            error => Err(error),
        },
    }
}

fn held(live: &types::InstanceProfile) -> Vec<String> {
    live.roles().iter().map(|role| role.role_name().to_owned()).collect()
}

async fn take_out(cx: &Cx<'_>, profile: &str, role: &str) -> Result<(), OpError> {
    let call = cx.sdk.iam().remove_role_from_instance_profile().instance_profile_name(profile);
    let answer = call.role_name(role).send().await.map(drop).map_err(op("RemoveRoleFromInstanceProfile"));
    was_there(answer).map(drop)
}

/// Brings the profile to hold exactly these roles.
async fn settle(cx: &Cx<'_>, name: &str, wanted: &[String]) -> Result<(), OpError> {
    let live = look(cx, name).await?.as_ref().map(held).unwrap_or_default();
    for role in live.iter().filter(|role| !wanted.contains(role)) {
        take_out(cx, name, role).await?;
    }
    for role in wanted.iter().filter(|role| !live.contains(role)) {
        let call = cx.sdk.iam().add_role_to_instance_profile().instance_profile_name(name).role_name(role);
        call.send().await.map_err(op("AddRoleToInstanceProfile"))?;
    }
    Ok(())
}

impl Described for InstanceProfile {
    type Props = Props;
    type Live = types::InstanceProfile;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "InstanceProfileName", max: 128, lower: false, separator: '-' }),
        configures: true,
        parts_in: &["Roles"],
        retry: &[
            BUSY,
            Retry { code: "NoSuchEntity", message: "", why: "the profile or its role is not visible yet" },
            // The role that it held goes out first; IAM may still see it for a moment.
            Retry {
                code: "LimitExceeded",
                message: "InstanceSessionsPerInstanceProfile",
                why: "the earlier role is still in it",
            },
        ],
        retry_delete: &[
            BUSY,
            Retry { code: "DeleteConflict", message: "", why: "its role is still leaving it" },
        ],
        absent: ABSENT,
        iam: &[
            "iam:AddRoleToInstanceProfile",
            "iam:CreateInstanceProfile",
            "iam:DeleteInstanceProfile",
            "iam:GetInstanceProfile",
            "iam:PassRole",
            "iam:RemoveRoleFromInstanceProfile",
            "iam:TagInstanceProfile",
        ],
        global: true,
        arn: Some((&["Arn"], "arn:{partition}:iam::{account}:instance-profile{path}{name}")),
        ..Facts::new("AWS::IAM::InstanceProfile", "iam")
    };

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.InstanceProfileName.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        look(cx, id.as_str()).await
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let name = live.instance_profile_name();
        let attributes = Attributes::from([("Ref".into(), json!(name)), ("Arn".into(), json!(live.arn()))]);
        Created { id: name.into(), attributes }
    }

    async fn tags(_cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Ok(Some(live.tags().iter().map(|tag| Tag::new(tag.key(), tag.value())).collect()))
    }

    async fn props(_: &Cx<'_>, live: Self::Live, _tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(Props {
            Roles: Some(held(&live)),
            InstanceProfileName: Some(live.instance_profile_name),
            Path: Some(live.path),
        })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateInstanceProfile";
        let call = crate::pass!(OP, cx.sdk.iam().create_instance_profile(), props => {
            set_instance_profile_name: InstanceProfileName, set_path: Path,
        });
        let call = call.set_tags(Some(tags(OP, &cx.tags(None))?));
        let profile = call.send().await.map_err(op(OP))?.instance_profile;
        Ok(Self::object(cx, &profile.ok_or_else(|| OpError::missing(OP, "the instance profile"))?))
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        settle(cx, id.as_str(), props.roles()).await?;
        Ok(Progress::Done)
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        settle(cx, id.as_str(), change.new.roles()).await?;
        Ok(Progress::Done)
    }

    /// A profile with a role in it cannot be deleted. Whatever role it holds goes out first: it is our profile.
    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let Some(live) = look(cx, id.as_str()).await? else { return Ok(Progress::Absent) };
        for role in held(&live) {
            take_out(cx, id.as_str(), &role).await?;
        }
        let call = cx.sdk.iam().delete_instance_profile().instance_profile_name(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteInstanceProfile"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    fn role(bench: &Bench, name: &str) {
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": "ec2.amazonaws.com"}}]});
        bench.run(async {
            let call = bench.sdk().iam().create_role().role_name(name);
            call.assume_role_policy_document(trust.to_string()).send().await.unwrap();
        });
    }

    #[test]
    fn the_law_with_a_change_of_role() {
        let bench = Bench::new();
        role(&bench, "web");
        role(&bench, "api");
        let props = json!({"InstanceProfileName": "servers", "Path": "/apps/", "Roles": ["web"]});
        let changed = json!({"InstanceProfileName": "servers", "Path": "/apps/", "Roles": ["api"]});
        let empty = json!({"InstanceProfileName": "empty", "Roles": []});
        bench.law_covering::<InstanceProfile>(&[(props, Some(changed)), (empty, None)]);
        // The roles stay where they were made.
        let left: Vec<String> =
            bench.world(|w| w.rows("iam.role").map(|(name, _)| name.to_owned()).collect());
        assert!(left.contains(&"web".to_owned()) && left.contains(&"api".to_owned()), "{left:?}");
    }
}
