//! Event subscriptions.

use serde_json::{Value as Json, json};

use super::store::{SUBSCRIPTION, exists, here, invalid, listed, missing};
use crate::sandbox::{Fault, Reply, Request, World, world::Effect};

/// How long a subscription takes to become active, or to go.
const SETTLE: i64 = 5_000;

fn key(rq: &Request<'_>) -> String {
    format!("{}/{}", rq.region, rq.text("SubscriptionName"))
}

fn absent(rq: &Request<'_>) -> Fault {
    missing(format!("Event subscription {} not found.", rq.text("SubscriptionName")))
}

fn check(world: &World, rq: &Request<'_>) -> Result<(), Fault> {
    if let Some(arn) = rq.opt("SnsTopicArn")
        && !world.rows("sns.topic").any(|(key, row)| key == arn || row["TopicArn"] == arn)
    {
        return Err(Fault::new("SNSInvalidTopicFault", format!("The SNS topic {arn} is invalid.")));
    }
    match rq.opt("SourceType") {
        None | Some("replication-instance" | "replication-task") => Ok(()),
        Some(other) => Err(invalid(format!("Invalid source type: {other}"))),
    }
}

/// `CreateEventSubscription`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    check(world, rq)?;
    if world.get(SUBSCRIPTION, &key(rq)).is_some() {
        return Err(exists(format!("Event subscription {} already exists.", rq.text("SubscriptionName"))));
    }
    let row = json!({
        "CustomerAwsId": world.account, "CustSubscriptionId": rq.text("SubscriptionName"), "Status": "creating",
        "SnsTopicArn": rq.text("SnsTopicArn"), "SourceType": rq.text("SourceType"),
        "SubscriptionCreationTime": world.now_secs().to_string(), "SourceIdsList": rq.list("SourceIds"),
        "EventCategoriesList": rq.list("EventCategories"), "Enabled": rq.get("Enabled").as_bool().unwrap_or(true),
        "_region": rq.region, "_tags": rq.list("Tags"),
    });
    world.put(SUBSCRIPTION, &key(rq), row.clone());
    world.set_after(SETTLE, SUBSCRIPTION, &key(rq), json!({"Status": "active"}));
    Ok(json!({"EventSubscription": row}))
}

/// `DescribeEventSubscriptions`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut rows: Vec<Json> = here(world, rq, SUBSCRIPTION);
    if let Some(name) = rq.opt("SubscriptionName") {
        rows.retain(|row| row["CustSubscriptionId"] == name);
        if rows.is_empty() {
            return Err(absent(rq));
        }
    }
    let known: &[(&str, &[&str])] = &[("event-subscription-id", &["CustSubscriptionId"])];
    listed(rq, "EventSubscriptionsList", "Event Subscriptions", rows, known)
}

/// `ModifyEventSubscription`.
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    check(world, rq)?;
    let row = world.get_mut(SUBSCRIPTION, &key(rq)).ok_or_else(|| absent(rq))?;
    for (from, to) in [
        ("SnsTopicArn", "SnsTopicArn"),
        ("SourceType", "SourceType"),
        ("Enabled", "Enabled"),
        ("EventCategories", "EventCategoriesList"),
    ] {
        if !rq.get(from).is_null() {
            row[to] = rq.get(from).clone();
        }
    }
    row["Status"] = json!("modifying");
    let answer = row.clone();
    world.set_after(SETTLE, SUBSCRIPTION, &key(rq), json!({"Status": "active"}));
    Ok(json!({"EventSubscription": answer}))
}

/// `DeleteEventSubscription`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = world.get_mut(SUBSCRIPTION, &key(rq)).ok_or_else(|| absent(rq))?;
    row["Status"] = json!("deleting");
    let answer = row.clone();
    world.cancel(SUBSCRIPTION, &key(rq));
    world.after(SETTLE, SUBSCRIPTION, &key(rq), Effect::Remove);
    Ok(json!({"EventSubscription": answer}))
}
