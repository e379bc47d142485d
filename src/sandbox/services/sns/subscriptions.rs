//! Subscriptions, confirmed or not.

use serde_json::{Value as Json, json};

use super::{
    filter_policy::{self, Refusal},
    topics::{invalid, topic},
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Subscriptions by ARN.
pub(super) const SUBSCRIPTIONS: &str = "sns.subscription";

const SETTABLE: &[&str] = &[
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "ReplayPolicy",
    "SubscriptionRoleArn",
];

fn no_subscription() -> Fault {
    Fault::new("NotFound", "Subscription does not exist").status(404)
}

fn endpoint(protocol: &str, endpoint: &str) -> Result<(), Fault> {
    let arn = |service: &str| endpoint.starts_with("arn:") && endpoint.split(':').nth(2) == Some(service);
    let fits = match protocol {
        "http" => endpoint.starts_with("http://"),
        "https" => endpoint.starts_with("https://"),
        "email" | "email-json" => endpoint.contains('@'),
        "sms" => {
            endpoint.trim_start_matches('+').chars().all(|c| c.is_ascii_digit() || c == '-')
                && !endpoint.is_empty()
        }
        "sqs" => arn("sqs"),
        "lambda" => arn("lambda"),
        "firehose" => arn("firehose"),
        "application" => arn("sns"),
        other => return Err(invalid(format_args!("Does not support this protocol string: {other}"))),
    };
    if fits { Ok(()) } else { Err(invalid(format_args!("{protocol} endpoint"))) }
}

/// Refuses a filter policy; `place` is how the call names what it refuses.
fn filter(text: &str, scope: &str, place: &str) -> Result<(), Fault> {
    filter_policy::check(text, scope).map_err(|refusal| match refusal {
        Refusal::Policy(why) => invalid(format_args!("{place}FilterPolicy: {why}")),
        Refusal::Scope => {
            invalid("Filter policy scope MessageAttributes does not support nested filter policy")
        }
    })
}

fn check(
    world: &World,
    protocol: &str,
    all: &Json,
    (name, value): (&str, &str),
    place: &str,
) -> Result<(), Fault> {
    if !SETTABLE.contains(&name) {
        return Err(invalid("AttributeName"));
    }
    match name {
        // An empty one takes the policy away.
        "FilterPolicy" if value.is_empty() => Ok(()),
        "FilterPolicy" => {
            filter(value, all["FilterPolicyScope"].as_str().unwrap_or("MessageAttributes"), place)
        }
        "FilterPolicyScope" if !["MessageAttributes", "MessageBody"].contains(&value) => {
            Err(invalid(format_args!(
                "{place}FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
            )))
        }
        "FilterPolicyScope" if value == "MessageAttributes" => {
            filter(all["FilterPolicy"].as_str().filter(|text| !text.is_empty()).unwrap_or("{}"), value, place)
        }
        "RawMessageDelivery" if !["true", "false"].contains(&value) => {
            Err(invalid("Attributes Reason: RawMessageDelivery: Invalid value"))
        }
        "RawMessageDelivery"
            if value == "true" && !["sqs", "http", "https", "firehose"].contains(&protocol) =>
        {
            Err(invalid("Attributes Reason: Delivery protocol does not support raw message delivery"))
        }
        "RedrivePolicy" if !value.is_empty() => {
            let policy: Json =
                serde_json::from_str(value).map_err(|_| invalid("RedrivePolicy: failed to parse JSON."))?;
            let queue = policy["deadLetterTargetArn"].as_str().unwrap_or_default();
            if queue.split(':').nth(2) == Some("sqs") {
                Ok(())
            } else {
                Err(invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn"))
            }
        }
        "DeliveryPolicy" | "ReplayPolicy" if !value.is_empty() => serde_json::from_str::<Json>(value)
            .map(|_| ())
            .map_err(|_| invalid(format_args!("{name}: failed to parse JSON."))),
        "SubscriptionRoleArn" if world.assumable(value, "sns.amazonaws.com").is_err() => {
            Err(invalid("SubscriptionRoleArn: the role cannot be assumed"))
        }
        _ => Ok(()),
    }
}

pub(super) fn subscribe(world: &mut World, rq: &Request<'_>) -> Reply {
    let (topic_arn, protocol, target) = (rq.text("TopicArn"), rq.text("Protocol"), rq.text("Endpoint"));
    let fifo = topic(world, rq, topic_arn)?["_attributes"]["FifoTopic"] == "true";
    endpoint(protocol, target)?;
    if fifo && protocol != "sqs" {
        return Err(invalid("Invalid protocol type: FIFO topics deliver to queues only"));
    }
    let sent = rq.get("Attributes").clone();
    for (name, value) in sent.as_object().into_iter().flatten() {
        check(world, protocol, &sent, (name, value.as_str().unwrap_or_default()), "Attributes Reason: ")?;
    }
    if protocol == "firehose" && sent["SubscriptionRoleArn"].is_null() {
        return Err(invalid("Attributes Reason: SubscriptionRoleArn is required for firehose"));
    }
    let answer = |arn: &str, pending: bool| {
        let hidden = pending && !rq.flag("ReturnSubscriptionArn");
        Ok(json!({"SubscriptionArn": if hidden { "pending confirmation" } else { arn }}))
    };
    let same = world
        .rows(SUBSCRIPTIONS)
        .find(|(_, row)| {
            row["TopicArn"] == topic_arn && row["Protocol"] == protocol && row["Endpoint"] == target
        })
        .map(|(arn, row)| (arn.to_owned(), row.clone()));
    if let Some((arn, row)) = same {
        let differs = sent.as_object().is_some_and(|all| {
            all.iter().any(|(name, value)| {
                let parse =
                    |text: &Json| serde_json::from_str::<Json>(text.as_str().unwrap_or_default()).ok();
                let stored = &row["_attributes"][name.as_str()];
                stored != value && (parse(stored).is_none() || parse(stored) != parse(value))
            })
        });
        if differs {
            return Err(invalid("Attributes Reason: Subscription already exists with different attributes"));
        }
        return answer(&arn, row["_pending"] == true);
    }
    let uuid = world.uuid();
    let arn = format!("{topic_arn}:{uuid}");
    let pending = ["http", "https", "email", "email-json"].contains(&protocol);
    let token = world.hex(64);
    let row = json!({
        "SubscriptionArn": arn, "TopicArn": topic_arn, "Protocol": protocol, "Endpoint": target,
        "Owner": world.account, "_pending": pending, "_attributes": sent, "_region": rq.region, "_token": token,
    });
    world.put(SUBSCRIPTIONS, &arn, row);
    answer(&arn, pending)
}

pub(super) fn confirm(world: &mut World, rq: &Request<'_>) -> Reply {
    topic(world, rq, rq.text("TopicArn"))?;
    let found = world
        .rows(SUBSCRIPTIONS)
        .find(|(_, row)| row["TopicArn"] == rq.text("TopicArn") && row["_token"] == rq.text("Token"))
        .map(|(arn, _)| arn.to_owned());
    let arn = found.ok_or_else(|| invalid("Token"))?;
    if let Some(row) = world.get_mut(SUBSCRIPTIONS, &arn) {
        row["_pending"] = json!(false);
        row["_authenticated"] = json!(rq.text("AuthenticateOnUnsubscribe") == "true");
    }
    Ok(json!({"SubscriptionArn": arn}))
}

pub(super) fn unsubscribe(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("SubscriptionArn");
    if !arn.starts_with("arn:") {
        return Err(invalid("SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"));
    }
    if world.get(SUBSCRIPTIONS, arn).is_some_and(|row| row["_pending"] == true) {
        // Terraform looks for these words, to leave such subscriptions alone.
        return Err(invalid(
            "This subscription is not confirmed. Cannot unsubscribe a subscription that is pending confirmation",
        ));
    }
    // Unsubscribing what is not there succeeds.
    world.remove(SUBSCRIPTIONS, arn);
    done()
}

pub(super) fn attributes(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = world.get(SUBSCRIPTIONS, rq.text("SubscriptionArn")).ok_or_else(no_subscription)?;
    let mut all = row["_attributes"].clone();
    if !all.is_object() {
        all = json!({});
    }
    if all["RawMessageDelivery"].is_null() {
        all["RawMessageDelivery"] = json!("false");
    }
    if all["FilterPolicy"] == "{}" {
        all["FilterPolicy"] = json!("");
    }
    let filtered = all["FilterPolicy"].as_str().is_some_and(|text| !text.is_empty());
    if filtered && all["FilterPolicyScope"].is_null() {
        all["FilterPolicyScope"] = json!("MessageAttributes");
    }
    for (name, value) in [
        ("SubscriptionArn", &row["SubscriptionArn"]),
        ("TopicArn", &row["TopicArn"]),
        ("Protocol", &row["Protocol"]),
        ("Endpoint", &row["Endpoint"]),
        ("Owner", &row["Owner"]),
    ] {
        all[name] = value.clone();
    }
    all["SubscriptionPrincipal"] = json!(world.arn("iam", "", "root"));
    all["PendingConfirmation"] = json!((row["_pending"] == true).to_string());
    all["ConfirmationWasAuthenticated"] = json!((row["_pending"] != true).to_string());
    if let Some(members) = all.as_object_mut() {
        members.retain(|_, value| value.as_str().is_some_and(|text| !text.is_empty()));
    }
    Ok(json!({"Attributes": all}))
}

pub(super) fn set(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, name, value) =
        (rq.text("SubscriptionArn"), rq.text("AttributeName"), rq.text("AttributeValue"));
    let row = world.get(SUBSCRIPTIONS, arn).ok_or_else(no_subscription)?;
    check(world, row["Protocol"].as_str().unwrap_or_default(), &row["_attributes"], (name, value), "")?;
    if let Some(row) = world.get_mut(SUBSCRIPTIONS, arn) {
        row["_attributes"][name] = json!(value);
    }
    done()
}

fn page(world: &World, rq: &Request<'_>, fits: impl Fn(&Json) -> bool) -> Reply {
    let all: Vec<Json> = world
        .rows(SUBSCRIPTIONS)
        .filter(|(_, row)| row["_region"] == rq.region && fits(row))
        .map(|(arn, row)| {
            let shown = if row["_pending"] == true { "PendingConfirmation" } else { arn };
            json!({
                "SubscriptionArn": shown, "TopicArn": row["TopicArn"], "Protocol": row["Protocol"],
                "Endpoint": row["Endpoint"], "Owner": row["Owner"],
            })
        })
        .collect();
    let (page, next) = rq.page(all, "", "NextToken", 100, "InvalidParameter")?;
    let mut out = json!({"Subscriptions": page});
    if let Some(next) = next {
        out["NextToken"] = json!(next);
    }
    Ok(out)
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    page(world, rq, |_| true)
}

pub(super) fn list_by_topic(world: &mut World, rq: &Request<'_>) -> Reply {
    topic(world, rq, rq.text("TopicArn"))?;
    page(world, rq, |row| row["TopicArn"] == rq.text("TopicArn"))
}
