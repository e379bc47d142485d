//! `AWS::IAM::RolePolicy`: one inline policy of one role. The handle is the policy's name and the role's, joined with
//! `|`, as the schema's identifier has them.
//!
//! An inline policy carries no tags. One of that name whose document is not what this migration put there is not
//! overwritten and not deleted.

use serde_json::{Value as Json, json};

use super::{
    documents,
    principals::{BUSY, Principal},
};
use crate::{
    aws::OpError,
    ledger::Permit,
    model::{Attributes, Document, Facts, Identity, OnConflict, PhysicalId, Retry},
    props,
    resources::{Change, Created, Cx, Described, Outcome, OwnTags, Progress, compare},
};

/// The type.
pub struct RolePolicy;

props! {
    /// The properties.
    pub struct Props { PolicyDocument: Json, PolicyName: String, RoleName: String }
}

/// A live inline policy.
pub struct Live {
    policy: String,
    role: String,
    document: Json,
}

impl Props {
    fn policy(&self) -> &str {
        self.PolicyName.as_deref().unwrap_or_default()
    }

    fn role(&self) -> Principal<'_> {
        Principal::Role(self.RoleName.as_deref().unwrap_or_default())
    }

    fn is(&self, live: &Json) -> bool {
        self.PolicyDocument.as_ref().is_some_and(|sent| documents::alike(sent, live))
    }

    async fn put(&self, cx: &Cx<'_>) -> Result<(), OpError> {
        let text = self.PolicyDocument.as_ref().map(documents::text).unwrap_or_default();
        self.role().put(cx, self.policy(), &text).await
    }
}

fn object(policy: &str, role: &str) -> Created {
    let id = format!("{policy}|{role}");
    Created { attributes: Attributes::from([("Ref".into(), json!(id))]), id: id.into() }
}

impl Described for RolePolicy {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        on_conflict: OnConflict::Overwrites,
        early: &["Ref"],
        retry: &[
            BUSY,
            Retry { code: "NoSuchEntity", message: "The role with name", why: "the role is not visible yet" },
        ],
        retry_delete: &[BUSY],
        documents: &[("PolicyDocument", Document::IdentityPolicy)],
        iam: &["iam:DeleteRolePolicy", "iam:GetRolePolicy", "iam:PutRolePolicy"],
        global: true,
        ..Facts::new("AWS::IAM::RolePolicy", "iam")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        if property == "PolicyDocument" {
            return documents::alike(desired, recorded);
        }
        compare::same(Self::FACTS.kind, property, desired, recorded)
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        // The schema leaves it open, `PutRolePolicy` does not.
        if props["PolicyDocument"].is_null() {
            return vec![("PolicyDocument".into(), "is needed".into())];
        }
        Vec::new()
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        Some(object(props.PolicyName.as_deref()?, props.RoleName.as_deref()?).id)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Live>, OpError> {
        let [policy, role] = id.parts()[..] else { return Ok(None) };
        let text = Principal::Role(role).get(cx, policy).await?;
        Ok(text.map(|text| Live {
            policy: policy.to_owned(),
            role: role.to_owned(),
            document: documents::decoded(&text),
        }))
    }

    fn object(_cx: &Cx<'_>, live: &Live) -> Created {
        object(&live.policy, &live.role)
    }

    async fn props(_: &Cx<'_>, live: Live, _: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(Props {
            PolicyDocument: Some(live.document),
            PolicyName: Some(live.policy),
            RoleName: Some(live.role),
        })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        props.put(cx).await?;
        Ok(object(props.policy(), props.RoleName.as_deref().unwrap_or_default()))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, _id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        change.new.put(cx).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, _id: &PhysicalId, props: &Props) -> Outcome {
        let Some(text) = props.role().get(cx, props.policy()).await? else { return Ok(Progress::Absent) };
        let live = documents::decoded(&text);
        let attempts: Vec<Props> = cx.attempts();
        if !attempts.iter().chain([props]).any(|form| form.is(&live)) {
            return Ok(Progress::Kept(format!(
                "the inline policy {} of role/{} is another one by now, which is not this migration's",
                props.policy(),
                props.RoleName.as_deref().unwrap_or_default()
            )));
        }
        let any = props.role().delete(cx, props.policy()).await?;
        Ok(if any { Progress::Done } else { Progress::Absent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    fn role(bench: &Bench) {
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": "ec2.amazonaws.com"}}]});
        bench.run(async {
            let call = bench.sdk().iam().create_role().role_name("web");
            call.assume_role_policy_document(trust.to_string()).send().await.unwrap();
        });
    }

    fn props(action: &str) -> Json {
        json!({"PolicyName": "read", "RoleName": "web", "PolicyDocument": {"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}})
    }

    #[test]
    fn keeps_the_law() {
        let bench = Bench::new();
        role(&bench);
        bench.law_covering::<RolePolicy>(&[(props("s3:GetObject"), Some(props("s3:ListBucket")))]);
        assert_eq!(RolePolicy::check(&json!({"PolicyName": "a", "RoleName": "b"}))[0].0, "PolicyDocument");
    }

    /// A policy of that name that somebody else wrote since is not deleted.
    #[test]
    fn another_document_stays() {
        let bench = Bench::new();
        role(&bench);
        let ours: Props = serde_json::from_value(props("s3:GetObject")).unwrap();
        let theirs: Props = serde_json::from_value(props("s3:PutObject")).unwrap();
        let put = |props: &Props| bench.cx(|cx| bench.run(props.put(cx))).unwrap();
        put(&ours);
        put(&theirs);
        bench.advance(std::time::Duration::from_secs(1));
        let id = object("read", "web").id;
        let kept = bench.cx(|cx| bench.run(RolePolicy::delete(cx, &bench.permit(), &id, &ours))).unwrap();
        assert!(matches!(kept, Progress::Kept(_)), "{kept:?}");
        assert!(bench.cx(|cx| bench.run(ours.role().get(cx, "read"))).unwrap().is_some());
    }
}
