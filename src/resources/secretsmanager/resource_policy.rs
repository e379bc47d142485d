//! `AWS::SecretsManager::ResourcePolicy`: who may use a secret besides those whose own policies say so. A secret has
//! one policy at most, so the secret is the natural key.

use serde_json::{Value as Json, json};

use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, OnConflict, Ownership, PhysicalId, Retry},
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, s3::policy_document},
};

crate::props! {
    /// The properties of a secret's policy.
    pub struct ResourcePolicyProps { BlockPublicPolicy: bool, ResourcePolicy: Json, SecretId: String }
}

/// `AWS::SecretsManager::ResourcePolicy`.
pub struct ResourcePolicy;

const ABSENT: &[&str] = &["ResourceNotFoundException"];

fn attributes(secret: &str) -> Attributes {
    Attributes::from([("Ref".to_owned(), json!(secret)), ("Id".to_owned(), json!(secret))])
}

/// The secret's ARN and its policy, if it has one.
async fn look(cx: &Cx<'_>, secret: &str) -> Result<Option<(String, String)>, OpError> {
    match cx
        .sdk
        .secrets()
        .get_resource_policy()
        .secret_id(secret)
        .send()
        .await
        .map_err(op("GetResourcePolicy"))
    {
        Ok(answer) => {
            Ok(answer.resource_policy.map(|policy| (answer.arn.unwrap_or_else(|| secret.to_owned()), policy)))
        }
        Err(error) if error.is(ABSENT) => Ok(None),
        // A secret that waits for its deletion has no policy for us.
        Err(error) if error.is(&["InvalidRequestException"]) && error.message.contains("deletion") => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn put(cx: &Cx<'_>, secret: &str, props: &ResourcePolicyProps) -> Result<Option<String>, OpError> {
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

impl ResourceType for ResourcePolicy {
    type Props = ResourcePolicyProps;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        on_conflict: OnConflict::Overwrites,
        early: &["Ref", "Id"],
        retry: &[Retry {
            code: "MalformedPolicyDocumentException",
            message: "invalid principal",
            why: "the principal is not known to Secrets Manager yet",
        }],
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

    async fn find(cx: &Cx<'_>, props: &Self::Props) -> Result<Option<Found>, OpError> {
        let Some(secret) = props.SecretId.as_deref() else { return Ok(None) };
        Ok(look(cx, secret).await?.map(|(arn, _)| Found {
            attributes: attributes(&arn),
            id: arn.into(),
            ownership: Ownership::Untaggable,
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Self::Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (look(cx, id.as_str()).await?, goal) {
            (Some((arn, _)), Goal::Ready) => Probe::Reached(attributes(&arn)),
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
            (Some(_), Goal::Gone) => Probe::Pending("still there".into()),
            (None, Goal::Ready) => Probe::Pending("not seen yet".into()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Self::Props) -> Result<Option<Self::Props>, OpError> {
        Ok(look(cx, id.as_str()).await?.map(|(arn, policy)| ResourcePolicyProps {
            ResourcePolicy: Some(serde_json::from_str(&policy).unwrap_or(Json::String(policy))),
            SecretId: hint.SecretId.clone().or(Some(arn)),
            ..ResourcePolicyProps::default()
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Self::Props) -> Result<Created, OpError> {
        let secret = props.SecretId.as_deref().unwrap_or_default();
        let arn = put(cx, secret, props).await?.unwrap_or_else(|| secret.to_owned());
        Ok(Created { attributes: attributes(&arn), id: arn.into() })
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Self::Props>,
    ) -> Result<Progress, OpError> {
        put(cx, id.as_str(), change.new).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Self::Props,
    ) -> Result<Progress, OpError> {
        match cx
            .sdk
            .secrets()
            .delete_resource_policy()
            .secret_id(id.as_str())
            .send()
            .await
            .map_err(op("DeleteResourcePolicy"))
        {
            Err(error) if !error.is(ABSENT) => Err(error),
            _ => Ok(Progress::Done),
        }
    }
}

#[cfg(test)]
mod tests {
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
