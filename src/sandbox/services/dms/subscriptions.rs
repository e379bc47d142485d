//! Event subscriptions.

use serde_json::{Value as Json, json};

use super::{
    news::{self, News},
    store::{SUBSCRIPTION, exists, here, invalid, listed, missing},
};
use crate::sandbox::{Fault, Reply, Request, World, services::sns, world::Effect};

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
    let kind = rq.opt("SourceType").filter(|kind| !kind.is_empty());
    if let Some(other) = kind
        && news::CATEGORIES.iter().all(|(source, _)| source.name() != other)
    {
        return Err(invalid(format!("Invalid source type: {other}")));
    }
    let known = |name: &str| {
        let fits = |(source, categories): &(news::Source, &[news::Category])| {
            kind.is_none_or(|kind| source.name() == kind)
                && categories.iter().any(|category| category.name().eq_ignore_ascii_case(name))
        };
        news::CATEGORIES.iter().any(fits)
    };
    match rq.texts("EventCategories").into_iter().find(|name| !known(name)) {
        None => Ok(()),
        Some(other) => Err(invalid(format!("Invalid event category: {other}"))),
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

/// Sends an event to the topics of the subscriptions that it fits, in the form of recorded notifications (the test event
/// `dms_notification.py` of terraform-aws-modules/terraform-aws-notify-slack). Empty lists of sources and categories stand for
/// all of them (API reference, CreateEventSubscription).
pub(super) fn notify(world: &mut World, region: &str, news: News, name: &str, message: &str, date: f64) {
    let fits = |row: &Json| {
        let listed = |member: &str, wanted: &str| {
            let list = row[member].as_array().map(Vec::as_slice).unwrap_or_default();
            list.is_empty()
                || list.iter().filter_map(Json::as_str).any(|one| one.eq_ignore_ascii_case(wanted))
        };
        let source = row["SourceType"].as_str().unwrap_or_default();
        row["_region"] == region
            && row["Enabled"] == true
            && !matches!(row["Status"].as_str(), Some("creating" | "deleting"))
            && (source.is_empty() || source == news.source.name())
            && listed("SourceIdsList", name)
            && listed("EventCategoriesList", news.category.name())
    };
    let found: Vec<(String, Json)> = world
        .rows(SUBSCRIPTION)
        .filter(|(_, row)| fits(row))
        .map(|(key, row)| (key.to_owned(), row.clone()))
        .collect();
    let time = crate::sandbox::codec::iso_date(date).replace('T', " ");
    let place = if news.source == news::Source::Task { "tasks" } else { "replication-instances" };
    let told = json!({
        "Event Source": news.source.name(),
        "Event Time": time.trim_end_matches('Z'),
        "Identifier Link":
            format!("https://console.aws.amazon.com/dms/home?region={region}#{place}:ids={name}\nSourceId: {name} "),
        "Event ID":
            format!("http://docs.aws.amazon.com/dms/latest/userguide/CHAP_Events.html#DMS-EVENT-{:04} ", news.id),
        "Event Message": message,
    });
    for (key, row) in found {
        let id = row["CustSubscriptionId"].as_str().unwrap_or_default();
        let source = world.arn("dms", region, &format!("es:{id}"));
        // Subscriptions to topics that nobody gave a policy work: TestAccDMSEventSubscription_basic has no other.
        let from = sns::Sender { service: "dms.amazonaws.com", source: &source, by_default: true };
        let request = json!({"Subject": "DMS Notification Message", "Message": told.to_string()});
        let topic = row["SnsTopicArn"].as_str().unwrap_or_default();
        // API reference, EventSubscription: what its status says of a topic.
        let status = match sns::deliver(world, region, topic, from, request) {
            Ok(()) => "active",
            Err(sns::Refused::NoTopic) => "topic-not-exist",
            Err(sns::Refused::NoPermission) => "no-permission",
        };
        if row["Status"] != "modifying"
            && row["Status"] != status
            && let Some(row) = world.get_mut(SUBSCRIPTION, &key)
        {
            row["Status"] = json!(status);
        }
    }
}
