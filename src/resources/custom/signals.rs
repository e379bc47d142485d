//! `AWS::CloudFormation::WaitConditionHandle` and `WaitCondition`: an address to which whoever is ready writes a signal,
//! and the wait for enough of them.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-waitcondition.html>. Each signal is a version
//! of one object in the plan's bucket of answers.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value as Json, json};

use super::{function_backed::seconds, protocol};
use crate::{
    aws::{OpError, op},
    model::{Attributes, Ownership, PhysicalId},
    resources::{Created, Cx, Found, Goal, Probe},
};

/// How long signals are taken: the longest that an address can be signed for is seven days, but not longer than the
/// credentials that sign it live. "The maximum time that can be specified is 12 hours" (the reference of `Timeout`).
const LIFE: Duration = Duration::from_secs(12 * 60 * 60);

const ABSENT: &[&str] = &["NotFound", "NoSuchKey", "NoSuchBucket"];

fn place(cx: &Cx<'_>) -> String {
    format!("{}/signals", protocol::folder(cx))
}

/// Makes the address; nothing is called.
pub(super) async fn create_handle(cx: &Cx<'_>, props: &Json) -> Result<Created, OpError> {
    let (bucket, key) = (protocol::bucket(props)?, place(cx));
    let url = protocol::address(cx, bucket, &key, LIFE).await?;
    Ok(Created {
        id: format!("{bucket}/{key}").into(),
        attributes: Attributes::from([("Ref".to_owned(), json!(url))]),
    })
}

/// Bucket and key of a handle's address. The bucket is in the host's name or begins the path.
fn of_address(url: &str) -> Option<(String, String)> {
    let rest = url.split_once("://")?.1.split('?').next()?;
    let (host, path) = rest.split_once('/')?;
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    match host.split_once(".s3") {
        Some((bucket, more)) if more.starts_with(['.', '-']) => Some((bucket.to_owned(), decode(path))),
        _ => path.split_once('/').map(|(bucket, key)| (bucket.to_owned(), decode(key))),
    }
}

/// A condition is nothing by itself.
pub(super) fn create_condition(cx: &Cx<'_>) -> Created {
    Created { id: place(cx).into(), attributes: Attributes::new() }
}

/// A handle's address, or a condition, is found where it is kept: in the ledger.
pub(super) fn found() -> Option<Found> {
    None
}

pub(super) fn ownership() -> Ownership {
    Ownership::Ours
}

/// How long a condition waits.
pub(super) fn deadline(props: &Json) -> Option<Duration> {
    seconds(&props["Timeout"]).map(Duration::from_secs)
}

pub(super) fn check(props: &Json) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    let open = |value: &Json| value.as_str().is_some_and(|text| text.contains("{{resolve:"));
    for name in ["Handle", "Timeout"] {
        if props[name].is_null() {
            let why = "it is missing; a WaitCondition waits for signals to a WaitConditionHandle";
            problems.push((name.to_owned(), why.to_owned()));
        }
    }
    let timeout = &props["Timeout"];
    if !timeout.is_null() && !open(timeout) && seconds(timeout).is_none_or(|s| s > LIFE.as_secs()) {
        problems
            .push(("Timeout".to_owned(), "it is a number of seconds, at most 43200 (12 hours)".to_owned()));
    }
    let count = &props["Count"];
    if !count.is_null() && !open(count) && seconds(count).is_none() {
        problems.push(("Count".to_owned(), "it is a whole number".to_owned()));
    }
    problems
}

/// Counts the signals.
pub(super) async fn probe(cx: &Cx<'_>, id: &PhysicalId, props: &Json, goal: Goal) -> Result<Probe, OpError> {
    if goal == Goal::Gone {
        return Ok(Probe::Reached(Attributes::new()));
    }
    let wanted = seconds(&props["Count"]).unwrap_or(1);
    let place = props["Handle"].as_str().and_then(of_address);
    let (bucket, key) = place.ok_or_else(|| {
        OpError::not_sent("ListObjectVersions", "Handle is no address of a WaitConditionHandle")
    })?;
    let list = cx.sdk.s3().list_object_versions().bucket(&bucket).prefix(&key);
    let versions = match list.send().await.map_err(op("ListObjectVersions")) {
        Ok(answer) => answer.versions.unwrap_or_default(),
        Err(error) if error.is(ABSENT) => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut data: BTreeMap<String, Json> = BTreeMap::new();
    for version in versions.iter().filter(|version| version.key() == Some(key.as_str())) {
        let get =
            cx.sdk.s3().get_object().bucket(&bucket).key(&key).set_version_id(version.version_id.clone());
        let body = match get.send().await.map_err(op("GetObject")) {
            Ok(answer) => answer.body.collect().await.map(|bytes| bytes.to_vec()).unwrap_or_default(),
            Err(error) if error.is(ABSENT) => continue,
            Err(error) => return Err(error),
        };
        let signal: Json = serde_json::from_slice(&body).unwrap_or_default();
        match signal["Status"].as_str() {
            Some("SUCCESS") => {
                // Signals of one id count once.
                let unique = signal["UniqueId"].as_str().unwrap_or_default().to_owned();
                data.entry(unique).or_insert_with(|| signal["Data"].clone());
            }
            Some("FAILURE") => {
                let why = signal["Reason"].as_str().unwrap_or("no reason was given");
                return Ok(Probe::Failed(format!("a failure was signalled: {why}")));
            }
            _ => {}
        }
    }
    let count = data.len() as u64;
    if count < wanted {
        return Ok(Probe::Pending(format!("{count} of {wanted} signals")));
    }
    let data = serde_json::to_string(&data).unwrap_or_default();
    Ok(Probe::Reached(Attributes::from([
        ("Ref".to_owned(), json!(id.as_str())),
        ("Data".to_owned(), json!(data)),
    ])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_signals_is_read_from_the_address() {
        for url in [
            "https://b-1.s3.us-east-1.amazonaws.com/app/Handle/l.0/signals?X-Amz-Signature=a",
            "https://b-1.s3.amazonaws.com/app%2FHandle/l.0/signals",
            "http://127.0.0.1:4566/b-1/app/Handle/l.0/signals?x=y",
        ] {
            assert_eq!(of_address(url), Some(("b-1".into(), "app/Handle/l.0/signals".into())), "{url}");
        }
    }
}
