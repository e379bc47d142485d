//! `AWS::KMS::Alias`: a name for a key. An alias carries no tags: one that points to another key is not ours.

use aws_sdk_kms::types::KeyMetadata;
use serde_json::{Value as Json, json};

use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, PhysicalId, Retry},
    props,
    resources::{Change, Created, Cx, Described, Outcome, OwnTags, Progress, compare},
};

/// `AWS::KMS::Alias`.
pub struct Alias;

props! {
    /// The properties.
    pub struct Props { AliasName: String, TargetKeyId: String }
}

/// An alias and the key it stands for.
pub struct Live {
    name: String,
    key: KeyMetadata,
}

/// A key's id in its id or ARN.
fn bare(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

fn object(name: &str) -> Created {
    Created { attributes: Attributes::from([("Ref".into(), json!(name))]), id: name.into() }
}

impl Described for Alias {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        early: &["Ref"],
        retry: &[Retry { code: "NotFoundException", message: "", why: "the key is not visible yet" }],
        absent: &["NotFoundException"],
        iam: &["kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:UpdateAlias"],
        ..Facts::new("AWS::KMS::Alias", "kms")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (property, desired.as_str(), recorded.as_str()) {
            ("TargetKeyId", Some(one), Some(two)) => bare(one) == bare(two),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        // "The alias name cannot begin with alias/aws/" (CreateAlias, KMS API Reference).
        if props["AliasName"].as_str().is_some_and(|name| name.starts_with("alias/aws/")) {
            problems.push(("AliasName".into(), "names that begin with alias/aws/ are AWS's own".into()));
        }
        // "A valid key ID is required. You can't specify an alias" (the same).
        if props["TargetKeyId"].as_str().is_some_and(|key| key.contains("alias/")) {
            problems.push(("TargetKeyId".into(), "must be a key's id or ARN, not another alias".into()));
        }
        problems
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.AliasName.as_deref().map(Into::into)
    }

    /// `DescribeKey` takes an alias; `ListAliases` would have to be paged through.
    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Live>, OpError> {
        let answer = cx.sdk.kms().describe_key().key_id(id.as_str()).send().await;
        let key = answer.map_err(op("DescribeKey"))?.key_metadata;
        Ok(key.map(|key| Live { name: id.as_str().to_owned(), key }))
    }

    fn object(_cx: &Cx<'_>, live: &Live) -> Created {
        object(&live.name)
    }

    fn fits(live: &Live, props: &Props) -> bool {
        props.TargetKeyId.as_deref().is_some_and(|wanted| bare(wanted) == live.key.key_id)
    }

    async fn props(_: &Cx<'_>, live: Live, _: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let by_arn = hint.TargetKeyId.as_deref().is_some_and(|key| key.starts_with("arn:"));
        let key = live.key.arn.filter(|_| by_arn).unwrap_or(live.key.key_id);
        Ok(Props { AliasName: Some(live.name), TargetKeyId: Some(key) })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateAlias";
        let call = crate::pass!(OP, cx.sdk.kms().create_alias(), props => {
            set_alias_name: AliasName, set_target_key_id: TargetKeyId,
        });
        call.send().await.map_err(op(OP))?;
        Ok(object(props.AliasName.as_deref().unwrap_or_default()))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let call = cx.sdk.kms().update_alias().alias_name(id.as_str());
        let call = call.set_target_key_id(change.new.TargetKeyId.clone());
        call.send().await.map(|_| Progress::Done).map_err(op("UpdateAlias"))
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.kms().delete_alias().alias_name(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteAlias"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    fn key(bench: &Bench) -> (String, String) {
        let answer = bench.run(bench.sdk().kms().create_key().send()).unwrap();
        let key = answer.key_metadata.unwrap();
        (key.key_id, key.arn.unwrap_or_default())
    }

    #[test]
    fn keeps_the_law() {
        let bench = Bench::new();
        let ((_, one), (two, _)) = (key(&bench), key(&bench));
        let props = |key: &str| json!({"AliasName": "alias/payments/db", "TargetKeyId": key});
        bench.law_covering::<Alias>(&[(props(&one), Some(props(&two)))]);
    }

    #[test]
    fn another_keys_alias_is_not_ours() {
        let bench = Bench::new();
        let ((one, _), (two, _)) = (key(&bench), key(&bench));
        let props = |key: &str| -> Props {
            serde_json::from_value(json!({"AliasName": "alias/db", "TargetKeyId": key})).unwrap()
        };
        bench.cx(|cx| {
            bench.run(async {
                Alias::create(cx, &bench.permit(), &props(&one)).await.unwrap();
                let found = <Alias as Described>::find_all(cx, &props(&two)).await.unwrap();
                assert_eq!(found[0].ownership, crate::model::Ownership::Foreign);
            });
        });
        let wrong = Alias::check(&json!({"AliasName": "alias/aws/rds", "TargetKeyId": "alias/db"}));
        assert_eq!(wrong.len(), 2);
    }
}
