//! Topics and their attributes.

use serde_json::{Value as Json, json};

use super::permissions;
use crate::sandbox::{By, Fault, Reply, Request, World, done};

/// Topics by ARN.
pub(super) const TOPICS: &str = "sns.topic";

/// Attributes that callers may set.
const SETTABLE: &[&str] = &[
    "ApplicationFailureFeedbackRoleArn",
    "ApplicationSuccessFeedbackRoleArn",
    "ApplicationSuccessFeedbackSampleRate",
    "ArchivePolicy",
    "ContentBasedDeduplication",
    "DeliveryPolicy",
    "DisplayName",
    "FifoThroughputScope",
    "FirehoseFailureFeedbackRoleArn",
    "FirehoseSuccessFeedbackRoleArn",
    "FirehoseSuccessFeedbackSampleRate",
    "HTTPFailureFeedbackRoleArn",
    "HTTPSuccessFeedbackRoleArn",
    "HTTPSuccessFeedbackSampleRate",
    "KmsMasterKeyId",
    "LambdaFailureFeedbackRoleArn",
    "LambdaSuccessFeedbackRoleArn",
    "LambdaSuccessFeedbackSampleRate",
    "MaximumMessageSize",
    "Policy",
    "SQSFailureFeedbackRoleArn",
    "SQSSuccessFeedbackRoleArn",
    "SQSSuccessFeedbackSampleRate",
    "SignatureVersion",
    "TracingConfig",
];

/// A refused parameter.
pub(super) fn invalid(message: impl std::fmt::Display) -> Fault {
    Fault::new("InvalidParameter", format!("Invalid parameter: {message}"))
}

/// There is no such topic.
pub(super) fn no_topic() -> Fault {
    Fault::new("NotFound", "Topic does not exist").status(404)
}

/// The topic of an ARN, which must be of the region that was called.
pub(super) fn topic<'w>(world: &'w World, rq: &Request<'_>, arn: &str) -> Result<&'w Json, Fault> {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", _, "sns", region, _, _] = parts[..] else { return Err(invalid("TopicArn")) };
    if region != rq.region {
        return Err(invalid("TopicArn"));
    }
    world.get(TOPICS, arn).ok_or_else(no_topic)
}

fn check(world: &World, fifo: bool, name: &str, value: &str) -> Result<(), Fault> {
    if !SETTABLE.contains(&name) {
        return Err(invalid("AttributeName"));
    }
    let only_fifo = ["ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy"].contains(&name);
    if only_fifo && !fifo {
        return Err(invalid(format_args!("Attributes Reason: {name} is only valid for FIFO topics")));
    }
    let one_of = |allowed: &[&str]| {
        if allowed.contains(&value) {
            Ok(())
        } else {
            Err(invalid(format_args!("Attributes Reason: {name} {value}")))
        }
    };
    match name {
        "Policy" => permissions::admit(world, value),
        "DeliveryPolicy" | "ArchivePolicy" if !value.is_empty() => serde_json::from_str::<Json>(value)
            .map(|_| ())
            .map_err(|_| invalid(format_args!("{name}: JSON is not valid"))),
        "SignatureVersion" => one_of(&["1", "2"]),
        "TracingConfig" => one_of(&["PassThrough", "Active"]),
        "ContentBasedDeduplication" => one_of(&["true", "false"]),
        "FifoThroughputScope" => one_of(&["Topic", "MessageGroup"]),
        "DisplayName" if value.chars().count() > 100 => Err(invalid("DisplayName")),
        "MaximumMessageSize" => match value.parse::<u32>() {
            Ok(1_024..=1_048_576) => Ok(()),
            _ => Err(invalid("MaximumMessageSize")),
        },
        rate if rate.ends_with("SampleRate") && !value.is_empty() => match value.parse::<u8>() {
            Ok(0..=100) => Ok(()),
            _ => Err(invalid(name)),
        },
        _ => Ok(()),
    }
}

/// What AWS fills in for a new topic.
fn born(world: &World, arn: &str, fifo: bool) -> Json {
    let mut all = json!({
        "TopicArn": arn, "Owner": world.account, "DisplayName": "", "SubscriptionsDeleted": "0",
        "Policy": permissions::default(world, arn),
        "EffectiveDeliveryPolicy": json!({"http": {
            "defaultHealthyRetryPolicy": {"minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3,
                "numMaxDelayRetries": 0, "numNoDelayRetries": 0, "numMinDelayRetries": 0, "backoffFunction": "linear"},
            "disableSubscriptionOverrides": false,
            "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
        }}).to_string(),
    });
    if fifo {
        all["FifoTopic"] = json!("true");
        all["ContentBasedDeduplication"] = json!("false");
    }
    all
}

pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("Name");
    let sent = rq.get("Attributes").as_object().cloned().unwrap_or_default();
    let fifo = sent.get("FifoTopic").is_some_and(|value| value == "true");
    let stem = name.strip_suffix(".fifo").unwrap_or(name);
    let fits = stem.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if stem.is_empty() || name.len() > 256 || !fits || fifo != name.ends_with(".fifo") {
        return Err(invalid("Topic Name"));
    }
    let arn = world.arn("sns", rq.region, name);
    let mut attributes = born(world, &arn, fifo);
    for (key, value) in &sent {
        let value = value.as_str().unwrap_or_default();
        if key == "FifoTopic" {
            // `false` says what is so without it.
            if !["true", "false"].contains(&value) {
                return Err(invalid("Attributes Reason: FifoTopic"));
            }
            continue;
        }
        check(world, fifo, key, value)?;
        attributes[key.as_str()] = json!(value);
    }
    archive(world, &mut attributes);
    if let Some(old) = world.get(TOPICS, &arn) {
        let same = |key: &str, value: &Json| {
            old["_attributes"][key] == *value || key == "FifoTopic" && !fifo && value == "false"
        };
        if sent.iter().any(|(key, value)| !same(key, value)) {
            return Err(invalid("Attributes Reason: Topic already exists with different attributes"));
        }
        // Some of the topic's tags, or none, are fine.
        let has = |tag: &Json| old["_tags"].as_array().is_some_and(|tags| tags.contains(tag));
        if !rq.list("Tags").iter().all(has) {
            return Err(invalid("Tags Reason: Topic already exists with different tags"));
        }
        return Ok(json!({"TopicArn": arn}));
    }
    let row = json!({
        "TopicArn": arn, "_attributes": attributes, "_tags": rq.list("Tags"), "_region": rq.region,
        "_protection": rq.text("DataProtectionPolicy"),
    });
    world.put(TOPICS, &arn, row);
    Ok(json!({"TopicArn": arn}))
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("TopicArn");
    // Deleting what is not there succeeds.
    if topic(world, rq, arn).is_err_and(|fault| fault.code != "NotFound") {
        return Err(invalid("TopicArn"));
    }
    world.remove(TOPICS, arn);
    let gone: Vec<String> = world
        .with(super::subscriptions::SUBSCRIPTIONS, &By::Path("TopicArn"), arn)
        .into_iter()
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in gone {
        world.remove(super::subscriptions::SUBSCRIPTIONS, &key);
    }
    done()
}

pub(super) fn attributes(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("TopicArn");
    let mut all = topic(world, rq, arn)?["_attributes"].clone();
    let count = |pending: bool| {
        let rows = world.with(super::subscriptions::SUBSCRIPTIONS, &By::Path("TopicArn"), arn);
        rows.iter().filter(|(_, row)| (row["_pending"] == true) == pending).count().to_string()
    };
    all["SubscriptionsPending"] = json!(count(true));
    all["SubscriptionsConfirmed"] = json!(count(false));
    if let Some(members) = all.as_object_mut() {
        members.retain(|name, value| !value.is_null() && (value != "" || name == "DisplayName"));
    }
    Ok(json!({"Attributes": all}))
}

pub(super) fn set(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, name, value) = (rq.text("TopicArn"), rq.text("AttributeName"), rq.text("AttributeValue"));
    let fifo = topic(world, rq, arn)?["_attributes"]["FifoTopic"] == "true";
    check(world, fifo, name, value)?;
    let mut all = topic(world, rq, arn)?["_attributes"].clone();
    all[name] = json!(value);
    if name == "ArchivePolicy" {
        archive(world, &mut all);
    }
    if let Some(row) = world.get_mut(TOPICS, arn) {
        row["_attributes"] = all;
    }
    done()
}

/// Notes when a topic began to keep its messages, or that it does not.
fn archive(world: &World, attributes: &mut Json) {
    let kept = attributes["ArchivePolicy"].as_str().is_some_and(|text| !text.is_empty() && text != "{}");
    if !kept {
        attributes["BeginningArchiveTime"] = Json::Null;
    } else if attributes["BeginningArchiveTime"].is_null() {
        let now = crate::clock::rfc3339(crate::clock::from_millis(world.date()));
        attributes["BeginningArchiveTime"] = json!(now);
    }
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let all: Vec<Json> = world
        .rows(TOPICS)
        .filter(|(_, row)| row["_region"] == rq.region)
        .map(|(arn, _)| json!({"TopicArn": arn}))
        .collect();
    let (page, next) = rq.page(all, "", "NextToken", 100, "InvalidParameter")?;
    let mut out = json!({"Topics": page});
    if let Some(next) = next {
        out["NextToken"] = json!(next);
    }
    Ok(out)
}

pub(super) fn get_data_protection(world: &mut World, rq: &Request<'_>) -> Reply {
    let policy = &topic(world, rq, rq.text("ResourceArn"))?["_protection"];
    Ok(json!({"DataProtectionPolicy": policy.as_str().unwrap_or_default()}))
}

pub(super) fn put_data_protection(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, text) = (rq.text("ResourceArn"), rq.text("DataProtectionPolicy"));
    topic(world, rq, arn)?;
    if !text.is_empty() && serde_json::from_str::<Json>(text).is_err() {
        return Err(invalid("DataProtectionPolicy: JSON is not valid"));
    }
    if let Some(row) = world.get_mut(TOPICS, arn) {
        row["_protection"] = json!(text);
    }
    done()
}
