//! `Custom::CDKAsset`: a file of a cloud assembly in a bucket that the plan makes for it.
//!
//! `cdk deploy` puts files into the bootstrap stack's bucket and never takes them away; here they belong to the
//! plan like everything else. Assemblies name this type nowhere: reading one writes it into the graph wherever a
//! stack needs a file that cannot travel inside a call.

use aws_sdk_s3::{operation::head_object::HeadObjectOutput, primitives::ByteStream};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, OnConflict, PhysicalId, Retry},
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType},
};

crate::props! {
    /// The properties. `Body` stands for the file's bytes by their digest until the call is made.
    pub struct Asset { Body: String, Bucket: String, ContentType: String, Key: String }
}

/// `Custom::CDKAsset`.
pub struct CdkAsset;

const ABSENT: &[&str] = &["NotFound", "NoSuchKey", "NoSuchBucket"];

const LATE_BUCKET: Retry =
    Retry { code: "NoSuchBucket", message: "", why: "the new bucket is not seen everywhere yet" };

fn id(props: &Asset) -> PhysicalId {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    format!("{}|{}", text(&props.Bucket), text(&props.Key)).into()
}

fn place(id: &PhysicalId) -> (&str, &str) {
    id.as_str().split_once('|').unwrap_or((id.as_str(), ""))
}

fn attributes(id: &PhysicalId) -> Attributes {
    let (bucket, key) = place(id);
    Attributes::from([("Ref".to_owned(), json!(format!("s3://{bucket}/{key}")))])
}

async fn head(cx: &Cx<'_>, id: &PhysicalId) -> Result<Option<HeadObjectOutput>, OpError> {
    let (bucket, key) = place(id);
    match cx.sdk.s3().head_object().bucket(bucket).key(key).send().await.map_err(op("HeadObject")) {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The bytes of a `data:` URL.
fn bytes(props: &Asset) -> Result<Vec<u8>, OpError> {
    let fail = |why: &str| OpError::not_sent("PutObject", format!("the file {why}"));
    let encoded = props.Body.as_deref().and_then(|body| body.split_once(";base64,")).map(|(_, text)| text);
    let encoded = encoded.ok_or_else(|| fail("is not there"))?;
    BASE64_STANDARD.decode(encoded).map_err(|error| fail(&format!("is damaged: {error}")))
}

async fn put(cx: &Cx<'_>, props: &Asset) -> Result<(), OpError> {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let tags: Vec<String> =
        cx.tags(None).iter().map(|tag| format!("{}={}", encode(tag.key()), encode(tag.value()))).collect();
    cx.sdk
        .s3()
        .put_object()
        .set_bucket(props.Bucket.clone())
        .set_key(props.Key.clone())
        .set_content_type(props.ContentType.clone())
        .tagging(tags.join("&"))
        .body(ByteStream::from(bytes(props)?))
        .send()
        .await
        .map_err(op("PutObject"))?;
    Ok(())
}

impl ResourceType for CdkAsset {
    type Props = Asset;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        on_conflict: OnConflict::Overwrites,
        early: &["Ref"],
        retry: &[LATE_BUCKET],
        absent: ABSENT,
        silent_delete: Some(
            "S3 deletes a key that is not there without a word (DeleteObject, S3 API Reference)",
        ),
        iam: &[
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:GetObjectTagging",
            "s3:PutObject",
            "s3:PutObjectTagging",
        ],
        ..Facts::new("Custom::CDKAsset", "s3")
    };

    async fn find(cx: &Cx<'_>, props: &Asset) -> Result<Option<Found>, OpError> {
        let id = id(props);
        let (bucket, key) = place(&id);
        let tags = cx.sdk.s3().get_object_tagging().bucket(bucket).key(key).send().await;
        match tags.map_err(op("GetObjectTagging")) {
            Ok(answer) => {
                let ownership = cx.owns(answer.tag_set().iter().map(|tag| (tag.key(), tag.value())));
                Ok(Some(Found { attributes: attributes(&id), id, ownership }))
            }
            Err(error) if error.is(ABSENT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Asset, goal: Goal) -> Result<Probe, OpError> {
        let there = head(cx, id).await?.is_some();
        Ok(match (goal, there) {
            (Goal::Ready, true) => Probe::Reached(attributes(id)),
            (Goal::Ready, false) => Probe::Pending("not seen yet".into()),
            (Goal::Gone, true) => Probe::Pending("still there".into()),
            (Goal::Gone, false) => Probe::Reached(Attributes::new()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, _hint: &Asset) -> Result<Option<Asset>, OpError> {
        let (bucket, key) = place(id);
        Ok(head(cx, id).await?.map(|answer| Asset {
            Body: None,
            Bucket: Some(bucket.to_owned()),
            ContentType: answer.content_type,
            Key: Some(key.to_owned()),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Asset) -> Result<Created, OpError> {
        put(cx, props).await?;
        let id = id(props);
        Ok(Created { attributes: attributes(&id), id })
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        change: &Change<'_, Asset>,
    ) -> Result<Progress, OpError> {
        put(cx, change.new).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Asset,
    ) -> Result<Progress, OpError> {
        let (bucket, key) = place(id);
        let call = cx.sdk.s3().delete_object().bucket(bucket).key(key);
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteObject"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{aws::Certainty, resources::bench::Bench};

    fn bucket(bench: &Bench) {
        bench.run(async {
            bench.sdk().s3().create_bucket().bucket("files-of-the-plan").send().await.unwrap();
            bench.advance(std::time::Duration::from_secs(10));
        });
    }

    #[test]
    fn keeps_the_law_and_sends_the_very_bytes() {
        let bench = Bench::new();
        bucket(&bench);
        let body =
            |text: &str| format!("data:application/octet-stream;base64,{}", BASE64_STANDARD.encode(text));
        let props = |text: &str| json!({"Bucket": "files-of-the-plan", "Key": "ab12.txt", "ContentType": "text/plain", "Body": body(text)});
        bench.law_covering::<CdkAsset>(&[(props("one"), Some(props("two")))]);
        let typed: Asset = serde_json::from_value(props("three")).unwrap();
        let made = bench.cx(|cx| bench.run(CdkAsset::create(cx, &bench.permit(), &typed))).unwrap();
        assert_eq!(made.attributes["Ref"], json!("s3://files-of-the-plan/ab12.txt"));
        let text = bench.run(async {
            let get = bench.sdk().s3().get_object().bucket("files-of-the-plan").key("ab12.txt");
            get.send().await.unwrap().body.collect().await.unwrap().into_bytes()
        });
        assert_eq!(text.as_ref(), b"three");
    }

    #[test]
    fn a_file_that_is_not_known_is_not_sent() {
        let bench = Bench::new();
        let typed = Asset { Body: Some("{{resolve:asset:ab}}".into()), ..Asset::default() };
        let error = bench.cx(|cx| bench.run(CdkAsset::create(cx, &bench.permit(), &typed))).unwrap_err();
        assert_eq!(error.certainty, Certainty::NotSent);
        assert_eq!(bench.operations(), []);
    }
}
