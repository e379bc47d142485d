//! Published messages: kept, for whoever looks.

use serde_json::{Value as Json, json};

use super::{
    applications, permissions,
    topics::{TOPICS, invalid, topic},
};
use crate::sandbox::{Fault, Reply, Request, World};

const MESSAGES: &str = "sns.message";

/// Refuses a message that cannot be published; whether its topic is in order.
pub(super) fn check(world: &World, rq: &Request<'_>) -> Result<bool, Fault> {
    let target = rq.opt("TopicArn").or_else(|| rq.opt("TargetArn"));
    let mut ordered = false;
    let mut most = 262_144;
    match (target, rq.opt("PhoneNumber")) {
        (Some(arn), None) if arn.contains(":endpoint/") => applications::reachable(world, arn)?,
        (Some(arn), None) => {
            let attributes = &topic(world, rq, arn)?["_attributes"];
            if let Some(size) = attributes["MaximumMessageSize"].as_str().and_then(|size| size.parse().ok()) {
                most = size;
            }
            if attributes["FifoTopic"] == "true" {
                if rq.opt("MessageGroupId").is_none() {
                    return Err(invalid("The MessageGroupId parameter is required for FIFO topics"));
                }
                if rq.opt("MessageDeduplicationId").is_none()
                    && attributes["ContentBasedDeduplication"] != "true"
                {
                    return Err(invalid(
                        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId \
                         provided explicitly",
                    ));
                }
                ordered = true;
            }
        }
        // LocalStack's recordings of AWS, `test_publish_wrong_phone_format`.
        (None, Some(number)) if !is_number(number) => {
            return Err(invalid(format!("PhoneNumber Reason: {number} is not valid to publish to")));
        }
        (None, Some(_)) => {}
        _ => return Err(invalid("TopicArn or TargetArn Reason: no value for required parameter")),
    }
    if rq.text("Message").is_empty() {
        return Err(invalid("Empty message"));
    }
    if rq.text("Message").len() > most {
        return Err(invalid("Message too long"));
    }
    if rq.text("MessageStructure") == "json" {
        let parsed: Option<serde_json::Value> = serde_json::from_str(rq.text("Message")).ok();
        match parsed {
            Some(message) if message["default"].is_string() => {}
            Some(_) => return Err(invalid("Message Structure - No default entry in JSON message body")),
            None => return Err(invalid("Message Structure - JSON message body failed to parse")),
        }
    }
    Ok(ordered)
}

/// E.164, as SNS takes it.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (1..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit())
}

pub(super) fn publish(world: &mut World, rq: &Request<'_>) -> Reply {
    let ordered = check(world, rq)?;
    let sequence = ordered.then(|| format!("1{:019}", world.next()));
    let id = keep(world, rq.region, rq.input.clone());
    let mut out = json!({"MessageId": id});
    if let Some(sequence) = sequence {
        out["SequenceNumber"] = json!(sequence);
    }
    Ok(out)
}

/// Keeps a message; its id.
fn keep(world: &mut World, region: &str, request: Json) -> String {
    let id = world.uuid();
    let key = format!("{:020}", world.next());
    let row = json!({"MessageId": id, "_request": request, "_at": world.now(), "_region": region});
    world.put(MESSAGES, &key, row);
    id
}

/// Why a service cannot publish to a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is no such topic.
    NoTopic,
    /// Its policy does not let the service publish.
    NoPermission,
}

/// A service publishes on behalf of one of its resources, if the topic's policy lets it. `request` is what `Publish` would
/// be sent, without the topic.
///
/// # Errors
/// The topic is gone, or refuses.
pub fn deliver(
    world: &mut World,
    region: &str,
    topic: &str,
    from: permissions::Sender<'_>,
    mut request: Json,
) -> Result<(), Refused> {
    let row = world.get(TOPICS, topic).ok_or(Refused::NoTopic)?;
    let policy = row["_attributes"]["Policy"].as_str().unwrap_or_default();
    if !permissions::lets_publish(policy, &world.account, from) {
        return Err(Refused::NoPermission);
    }
    request["TopicArn"] = json!(topic);
    keep(world, region, request);
    Ok(())
}
