//! `AWS::S3::BucketPolicy`.

use serde_json::{Value as Json, json};

use super::policy_document;
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, OnConflict, Ownership, PhysicalId, Retry},
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType},
};

crate::props! {
    /// The policy of a bucket.
    pub struct BucketPolicyProps { Bucket: String, PolicyDocument: Json }
}

/// `AWS::S3::BucketPolicy`: known by its bucket's name.
pub struct BucketPolicy;

const ABSENT: &[&str] = &["NoSuchBucketPolicy", "NoSuchBucket"];

fn attributes(bucket: &str) -> Attributes {
    Attributes::from([("Ref".to_owned(), json!(bucket))])
}

/// The live document, or `None`.
async fn live(cx: &Cx<'_>, bucket: &str) -> Result<Option<String>, OpError> {
    match cx.sdk.s3().get_bucket_policy().bucket(bucket).send().await.map_err(op("GetBucketPolicy")) {
        Ok(answer) => Ok(answer.policy),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn put(cx: &Cx<'_>, bucket: &str, props: &BucketPolicyProps) -> Result<(), OpError> {
    let text = match &props.PolicyDocument {
        Some(Json::String(text)) => text.clone(),
        Some(document) => document.to_string(),
        None => String::new(),
    };
    cx.sdk
        .s3()
        .put_bucket_policy()
        .bucket(bucket)
        .policy(text)
        .send()
        .await
        .map_err(op("PutBucketPolicy"))?;
    Ok(())
}

impl ResourceType for BucketPolicy {
    type Props = BucketPolicyProps;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        on_conflict: OnConflict::Overwrites,
        early: &["Ref"],
        retry: &[
            Retry {
                code: "MalformedPolicy",
                message: "Invalid principal in policy",
                why: "the principal is not known to S3 yet",
            },
            Retry { code: "OperationAborted", message: "", why: "another change of the bucket is under way" },
            Retry { code: "NoSuchBucket", message: "", why: "the new bucket is not seen everywhere yet" },
        ],
        retry_delete: &[Retry {
            code: "OperationAborted",
            message: "",
            why: "another change of the bucket is under way",
        }],
        iam: &["s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:DeleteBucketPolicy"],
        global: true,
        ..Facts::new("AWS::S3::BucketPolicy", "s3")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            "PolicyDocument" => policy_document::same(desired, recorded),
            _ => desired == recorded,
        }
    }

    async fn find(cx: &Cx<'_>, props: &Self::Props) -> Result<Option<Found>, OpError> {
        let Some(bucket) = props.Bucket.as_deref() else { return Ok(None) };
        Ok(live(cx, bucket).await?.map(|_| Found {
            id: bucket.into(),
            attributes: attributes(bucket),
            ownership: Ownership::Untaggable,
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Self::Props, goal: Goal) -> Result<Probe, OpError> {
        let there = live(cx, id.as_str()).await?.is_some();
        Ok(match (goal, there) {
            (Goal::Ready, true) => Probe::Reached(attributes(id.as_str())),
            (Goal::Ready, false) => Probe::Pending("not seen yet".into()),
            (Goal::Gone, true) => Probe::Pending("still there".into()),
            (Goal::Gone, false) => Probe::Reached(Attributes::new()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, _hint: &Self::Props) -> Result<Option<Self::Props>, OpError> {
        Ok(live(cx, id.as_str()).await?.map(|text| BucketPolicyProps {
            Bucket: Some(id.as_str().to_owned()),
            PolicyDocument: Some(serde_json::from_str(&text).unwrap_or(Json::String(text))),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Self::Props) -> Result<Created, OpError> {
        let bucket = props.Bucket.as_deref().unwrap_or_default();
        put(cx, bucket, props).await?;
        Ok(Created { id: bucket.into(), attributes: attributes(bucket) })
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
        let gone = cx.sdk.s3().delete_bucket_policy().bucket(id.as_str()).send().await;
        match gone.map_err(op("DeleteBucketPolicy")) {
            Err(error) if !error.is(ABSENT) => Err(error),
            _ => Ok(Progress::Done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    #[test]
    fn the_law_while_the_principal_propagates() {
        let bench = Bench::new();
        bench.world(|world| {
            let row = json!({
                "Name": "guarded", "_region": "us-east-1", "_owner": "123456789012",
                "_sub": {"PublicAccessBlockConfiguration": {"BlockPublicPolicy": true}},
            });
            world.put("s3.bucket", "guarded", row);
            let role = json!({"Arn": "arn:aws:iam::123456789012:role/app", "_usable": world.now() + 10_000});
            world.put("iam.role", "app", role);
        });
        let policy = |action: &str| {
            json!({"Bucket": "guarded", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/app"}, "Action": action,
                 "Resource": ["arn:aws:s3:::guarded/*"]},
                {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::guarded",
                 "Condition": {"Bool": {"aws:SecureTransport": false}}}]}})
        };
        bench.law_covering::<BucketPolicy>(&[(policy("s3:GetObject"), Some(policy("s3:PutObject")))]);
    }
}
