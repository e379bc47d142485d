//! `AWS::SecretsManager::ResourcePolicy`: who may use a secret besides those whose own policies say so. A secret has
//! one policy at most, so the secret is the natural key.

use aws_sdk_secretsmanager::operation::get_resource_policy::GetResourcePolicyOutput;
use serde_json::Value as Json;

use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Document, Facts, Identity, OnConflict, PhysicalId, Retry},
    resources::{
        Change, Created, Cx, Described, Outcome, OwnTags, Progress, described::alike, s3::policy_document,
    },
};

crate::props! {
    /// The properties of a secret's policy.
    pub struct Props { BlockPublicPolicy: bool, ResourcePolicy: Json, SecretId: String }
}

/// `AWS::SecretsManager::ResourcePolicy`.
pub struct ResourcePolicy;

const ABSENT: &[&str] = &["ResourceNotFoundException"];

fn object(secret: &str) -> Created {
    Created { id: secret.into(), attributes: alike(&["Ref", "Id"], secret) }
}

async fn put(cx: &Cx<'_>, secret: &str, props: &Props) -> Result<Option<String>, OpError> {
    let text = match &props.ResourcePolicy {
        Some(Json::String(text)) => text.clone(),
        Some(document) => document.to_string(),
        None => String::new(),
    };
    let call = cx.sdk.secrets().put_resource_policy().secret_id(secret).resource_policy(text);
    let answer = call
        .set_block_public_policy(props.BlockPublicPolicy)
        .send()
        .await
        .map_err(op("PutResourcePolicy"))?;
    Ok(answer.arn)
}

impl Described for ResourcePolicy {
    type Props = Props;
    type Live = GetResourcePolicyOutput;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        on_conflict: OnConflict::Overwrites,
        early: &["Ref", "Id"],
        retry: &[Retry {
            code: "MalformedPolicyDocumentException",
            message: "invalid principal",
            why: "the principal is not known to Secrets Manager yet",
        }],
        documents: &[("ResourcePolicy", Document::ResourcePolicy)],
        absent: ABSENT,
        silent_delete: Some("DeleteResourcePolicy succeeds on a secret without a policy"),
        iam: &[
            "secretsmanager:DeleteResourcePolicy",
            "secretsmanager:GetResourcePolicy",
            "secretsmanager:PutResourcePolicy",
        ],
        ..Facts::new("AWS::SecretsManager::ResourcePolicy", "secretsmanager")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            "ResourcePolicy" => policy_document::same(desired, recorded),
            _ => desired == recorded,
        }
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.SecretId.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let call = cx.sdk.secrets().get_resource_policy().secret_id(id.as_str());
        match call.send().await.map_err(op("GetResourcePolicy")) {
            // A secret that waits for its deletion has no policy for us.
            Err(error) if error.is(&["InvalidRequestException"]) && error.message.contains("deletion") => {
                Ok(None)
            }
            answer => {
                let mut live = answer?;
                live.arn.get_or_insert_with(|| id.to_string());
                Ok(Some(live).filter(|live| live.resource_policy.is_some()))
            }
        }
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(live.arn().unwrap_or_default())
    }

    async fn props(_: &Cx<'_>, live: Self::Live, _: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let policy = live.resource_policy.unwrap_or_default();
        Ok(Props {
            ResourcePolicy: Some(serde_json::from_str(&policy).unwrap_or(Json::String(policy))),
            SecretId: hint.SecretId.clone().or(live.arn),
            ..Props::default()
        })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let secret = props.SecretId.as_deref().unwrap_or_default();
        Ok(object(put(cx, secret, props).await?.as_deref().unwrap_or(secret)))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        put(cx, id.as_str(), change.new).await.map(|_| Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.secrets().delete_resource_policy().secret_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteResourcePolicy"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resources::{bench::Bench, secretsmanager::testing};

    fn props(action: &str) -> Json {
        json!({
            "SecretId": testing::ARN, "BlockPublicPolicy": true,
            "ResourcePolicy": {"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": action, "Resource": "*",
            }]},
        })
    }

    #[test]
    fn keeps_the_law() {
        let bench = Bench::new();
        testing::secret(&bench);
        bench.law_covering::<ResourcePolicy>(&[(
            props("secretsmanager:GetSecretValue"),
            Some(props("secretsmanager:DescribeSecret")),
        )]);
    }
}
