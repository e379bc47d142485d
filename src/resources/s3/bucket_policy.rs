//! `AWS::S3::BucketPolicy`.

use serde_json::Value as Json;

use super::policy_document;
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Document, Facts, Identity, OnConflict, PhysicalId, Retry},
    resources::{Change, Created, Cx, Described, Outcome, OwnTags, Progress, described::alike},
};

crate::props! {
    /// The policy of a bucket.
    pub struct Props { Bucket: String, PolicyDocument: Json }
}

/// `AWS::S3::BucketPolicy`: known by its bucket's name.
pub struct BucketPolicy;

fn object(bucket: &str) -> Created {
    Created { id: bucket.into(), attributes: alike(&["Ref"], bucket) }
}

async fn put(cx: &Cx<'_>, bucket: &str, props: &Props) -> Result<(), OpError> {
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

impl Described for BucketPolicy {
    type Props = Props;
    /// The bucket and the text of its policy.
    type Live = (PhysicalId, String);

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
        documents: &[("PolicyDocument", Document::ResourcePolicy)],
        absent: &["NoSuchBucketPolicy", "NoSuchBucket"],
        silent_delete: Some(
            "S3 deletes a policy that is not there without a word (DeleteBucketPolicy answers 204)",
        ),
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

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.Bucket.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let call = cx.sdk.s3().get_bucket_policy().bucket(id.as_str());
        let policy = call.send().await.map_err(op("GetBucketPolicy"))?.policy;
        Ok(policy.map(|text| (id.clone(), text)))
    }

    fn object(_cx: &Cx<'_>, (bucket, _): &Self::Live) -> Created {
        object(bucket.as_str())
    }

    async fn props(_: &Cx<'_>, (bucket, text): Self::Live, _: OwnTags, _: &Props) -> Result<Props, OpError> {
        let document = serde_json::from_str(&text).unwrap_or(Json::String(text));
        Ok(Props { Bucket: Some(bucket.to_string()), PolicyDocument: Some(document) })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let bucket = props.Bucket.as_deref().unwrap_or_default();
        put(cx, bucket, props).await?;
        Ok(object(bucket))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        put(cx, id.as_str(), change.new).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.s3().delete_bucket_policy().bucket(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteBucketPolicy"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
