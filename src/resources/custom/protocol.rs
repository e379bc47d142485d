//! The protocol of custom resources: what a function is told, and what it answers.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-requesttypes.html> and
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-responses.html>
//!
//! A function answers by writing one object to a presigned address in the plan's bucket of answers. A request's id follows
//! from what is asked for, so that whoever asks again asks the same, and finds an answer that is there already.

use std::time::Duration;

use aws_sdk_lambda::{primitives::Blob, types::InvocationType};
use aws_sdk_s3::{presigning::PresigningConfig, primitives::ByteStream};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::ANSWERS;
use crate::{
    aws::{Certainty, OpError, op},
    model::Attributes,
    resources::Cx,
};

/// How long an address for an answer is good: an hour is the longest that a function may take (`ServiceTimeout`), and
/// asynchronous invocations may wait in a queue before.
const ADDRESS_LIFE: Duration = Duration::from_secs(6 * 60 * 60);

const ABSENT: &[&str] = &["NotFound", "NoSuchKey", "NoSuchBucket"];

/// What is asked of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask<'a> {
    /// Make it.
    Create,
    /// Change the object of that physical id from what it was.
    Update {
        /// The physical id.
        id: &'a str,
        /// What was sent before.
        old: &'a Json,
    },
    /// Delete the object of that physical id.
    Delete(&'a str),
}

/// A function's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Answer {
    /// `SUCCESS` or `FAILED`.
    pub status: String,
    /// Why it failed.
    #[serde(default)]
    pub reason: Option<String>,
    /// The id of what was made.
    #[serde(default)]
    pub physical_resource_id: Option<String>,
    /// The request that is answered.
    #[serde(default)]
    pub request_id: Option<String>,
    /// Whether `Data` must not be shown.
    #[serde(default)]
    pub no_echo: Option<Json>,
    /// What `Fn::GetAtt` answers.
    #[serde(default)]
    pub data: Option<Map<String, Json>>,
}

impl Answer {
    pub(super) fn succeeded(&self) -> bool {
        self.status == "SUCCESS"
    }

    /// Why it failed, in the function's words.
    pub(super) fn why(&self) -> String {
        match self.reason.as_deref() {
            Some(reason) if !reason.is_empty() => reason.to_owned(),
            _ => format!("the function answered `{}` without a reason", self.status),
        }
    }

    fn is_secret(&self) -> bool {
        matches!(&self.no_echo, Some(Json::Bool(true)))
            || matches!(&self.no_echo, Some(Json::String(text)) if text.eq_ignore_ascii_case("true"))
    }
}

/// The bucket of answers.
pub(super) fn bucket(props: &Json) -> Result<&str, OpError> {
    let bucket = props[ANSWERS].as_str().filter(|bucket| !bucket.is_empty());
    bucket.ok_or_else(|| OpError::not_sent("Invoke", "the bucket for answers is not known"))
}

/// What the keys of all answers of one object begin with.
pub(super) fn folder(cx: &Cx<'_>) -> String {
    format!("{}/{}", cx.address, cx.owner.mark())
}

fn key(cx: &Cx<'_>, name: &str) -> String {
    format!("{}/{name}.json", folder(cx))
}

/// A request's id: the same for the same question about the same object. `salt` tells the questions apart.
pub(super) fn request_id(cx: &Cx<'_>, verb: &str, salt: &str) -> String {
    let text = format!("{}\n{}\n{verb}\n{salt}", cx.address, cx.owner.mark());
    let hex = hex::encode(Sha256::digest(text));
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

/// A digest of properties.
pub(super) fn digest(props: &Json) -> String {
    hex::encode(Sha256::digest(props.to_string()))[..32].to_owned()
}

/// CloudFormation hands every scalar over as a text.
fn texts(value: &Json) -> Json {
    match value {
        Json::Bool(truth) => Json::String(truth.to_string()),
        Json::Number(number) => Json::String(number.to_string()),
        Json::Array(items) => items.iter().map(texts).collect(),
        Json::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), texts(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// The properties as a function sees them.
pub(super) fn shown(props: &Json) -> Json {
    let mut shown = texts(props);
    if let Some(map) = shown.as_object_mut() {
        map.remove(ANSWERS);
    }
    shown
}

/// `AWS::StackId` of the stack, nested or not, that the resource stands in.
fn stack_id(cx: &Cx<'_>) -> String {
    let path =
        cx.address.logical_id().rsplit_once('.').map(|(path, _)| format!("-{}", path.replace('.', "-")));
    let name = format!("{}{}", cx.address.stack(), path.unwrap_or_default());
    format!("arn:{}:cloudformation:{}:{}:stack/{name}/migrate", cx.partition, cx.region, cx.account)
}

/// The id that a function gets to see for what it made without naming it.
pub(super) fn nameless(cx: &Cx<'_>) -> String {
    let hex = request_id(cx, "name", "");
    format!("{}-{}-{}", cx.address.stack(), cx.address.logical_id().replace('.', "-"), &hex[..8])
}

/// A presigned address under which one object may be written.
pub(super) async fn address(cx: &Cx<'_>, bucket: &str, key: &str, life: Duration) -> Result<String, OpError> {
    const OP: &str = "PutObject";
    let config =
        PresigningConfig::expires_in(life).map_err(|error| OpError::not_sent(OP, error.to_string()))?;
    // A checksum of a body that nobody knows yet would be signed with the address.
    let required = aws_sdk_s3::config::RequestChecksumCalculation::WhenRequired;
    let settings = aws_sdk_s3::Config::builder().request_checksum_calculation(required);
    let call = cx.sdk.s3().put_object().bucket(bucket).key(key).customize().config_override(settings);
    Ok(call.presigned(config).await.map_err(op(OP))?.uri().to_owned())
}

/// Asks the function. The call returns when Lambda has taken the question, not when it is answered.
pub(super) async fn ask(
    cx: &Cx<'_>,
    kind: &str,
    props: &Json,
    ask: Ask<'_>,
    request: &str,
) -> Result<(), OpError> {
    let bucket = bucket(props)?;
    let token = props["ServiceToken"].as_str().unwrap_or_default();
    let url = address(cx, bucket, &key(cx, request), ADDRESS_LIFE).await?;
    let logical = cx.address.logical_id();
    let mut event = json!({
        "RequestType": match ask {
            Ask::Create => "Create",
            Ask::Update { .. } => "Update",
            Ask::Delete(_) => "Delete",
        },
        "ServiceToken": token,
        "ResponseURL": url,
        "StackId": stack_id(cx),
        "RequestId": request,
        "LogicalResourceId": logical.rsplit_once('.').map_or(logical, |(_, id)| id),
        "ResourceType": kind,
        "ResourceProperties": shown(props),
    });
    match ask {
        Ask::Create => {}
        Ask::Update { id, old } => {
            event["PhysicalResourceId"] = json!(id);
            event["OldResourceProperties"] = shown(old);
        }
        Ask::Delete(id) => event["PhysicalResourceId"] = json!(id),
    }
    let call = cx.sdk.lambda().invoke().function_name(token).invocation_type(InvocationType::Event);
    call.payload(Blob::new(event.to_string())).send().await.map(drop).map_err(op("Invoke"))
}

async fn read(cx: &Cx<'_>, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, OpError> {
    const OP: &str = "GetObject";
    match cx.sdk.s3().get_object().bucket(bucket).key(key).send().await.map_err(op(OP)) {
        Ok(found) => match found.body.collect().await {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(error) => {
                let mut failed = OpError::not_sent(OP, error.to_string());
                failed.certainty = Certainty::Unknown;
                Err(failed)
            }
        },
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The answer to a request, if it is there.
pub(super) async fn answer(cx: &Cx<'_>, props: &Json, request: &str) -> Result<Option<Answer>, OpError> {
    let Some(bytes) = read(cx, bucket(props)?, &key(cx, request)).await? else { return Ok(None) };
    let answer = serde_json::from_slice(&bytes).unwrap_or_else(|error| Answer {
        status: "FAILED".to_owned(),
        reason: Some(format!("the function's answer is no JSON document of the protocol: {error}")),
        physical_resource_id: None,
        request_id: None,
        no_echo: None,
        data: None,
    });
    Ok(Some(answer))
}

/// Forgets an answer, so that the same question can be asked again.
pub(super) async fn forget(cx: &Cx<'_>, props: &Json, name: &str) -> Result<(), OpError> {
    let call = cx.sdk.s3().delete_object().bucket(bucket(props)?).key(key(cx, name));
    match call.send().await.map(drop).map_err(op("DeleteObject")) {
        Err(error) if error.is(ABSENT) => Ok(()),
        other => other,
    }
}

/// A word that a verb leaves for a later one.
pub(super) async fn note(cx: &Cx<'_>, props: &Json, name: &str, text: &str) -> Result<(), OpError> {
    let body = ByteStream::from(json!({ "Note": text }).to_string().into_bytes());
    let call = cx.sdk.s3().put_object().bucket(bucket(props)?).key(key(cx, name)).body(body);
    call.send().await.map(drop).map_err(op("PutObject"))
}

/// The word that was left.
pub(super) async fn noted(cx: &Cx<'_>, props: &Json, name: &str) -> Result<Option<String>, OpError> {
    let bytes = read(cx, bucket(props)?, &key(cx, name)).await?;
    let value: Option<Json> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok(value.and_then(|value| value["Note"].as_str().map(str::to_owned)))
}

/// What `Ref` and `Fn::GetAtt` answer. Of data that must not be shown, only where it is: it is read for each call that
/// needs it.
pub(super) fn attributes(cx: &Cx<'_>, props: &Json, request: &str, answer: &Answer) -> Attributes {
    let id = answer.physical_resource_id.clone().unwrap_or_else(|| nameless(cx));
    let mut out = Attributes::from([("Ref".to_owned(), json!(id))]);
    for (name, value) in answer.data.iter().flatten() {
        let value = match answer.is_secret() {
            true => {
                let bucket = props[ANSWERS].as_str().unwrap_or_default();
                json!(format!("{{{{resolve:answer:{bucket}:{}:{name}}}}}", key(cx, request)))
            }
            false => value.clone(),
        };
        out.insert(name.clone(), value);
    }
    out
}
