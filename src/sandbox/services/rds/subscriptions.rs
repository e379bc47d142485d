//! Event subscriptions.

use serde_json::{Value as Json, json};

use super::store::{filtered, invalid, key, paged, public, rows};
use crate::sandbox::{Effect, Fault, Reply, Request, World};

pub const SUBSCRIPTION: &str = "rds.event-subscription";

/// How long a subscription takes to become active, or to go.
const SETTLE: i64 = 10_000;

/// Kinds of sources (API reference, CreateEventSubscription).
const SOURCES: &[&str] = &[
    "blue-green-deployment",
    "custom-engine-version",
    "db-cluster",
    "db-cluster-snapshot",
    "db-instance",
    "db-parameter-group",
    "db-proxy",
    "db-security-group",
    "db-snapshot",
    "zero-etl",
];

/// The categories of a kind of source ("Amazon RDS event categories and event messages", Amazon RDS User Guide, and the
/// same chapter of the Amazon Aurora User Guide).
fn categories(kind: &str) -> &'static [&'static str] {
    match kind {
        "db-instance" => &[
            "availability",
            "backtrack",
            "backup",
            "configuration change",
            "creation",
            "deletion",
            "failover",
            "failure",
            "low storage",
            "maintenance",
            "notification",
            "read replica",
            "recovery",
            "restoration",
            "security",
            "security patching",
        ],
        "db-cluster" => &[
            "configuration change",
            "creation",
            "deletion",
            "failover",
            "failure",
            "global-failover",
            "maintenance",
            "migration",
            "notification",
            "serverless",
        ],
        "db-cluster-snapshot" => &["backup", "notification"],
        "db-parameter-group" => &["configuration change"],
        "db-security-group" => &["configuration change", "failure"],
        "db-snapshot" => &["creation", "deletion", "failure", "notification", "restoration"],
        "db-proxy" => &["configuration change", "creation", "deletion", "failure"],
        "blue-green-deployment" => &["creation", "deletion", "failure", "notification"],
        "custom-engine-version" => &["creation", "failure", "restoring"],
        "zero-etl" => &["creation", "deletion", "failure", "notification"],
        _ => &[],
    }
}

/// `DescribeEventCategories`.
pub fn describe_categories(_world: &mut World, rq: &Request<'_>) -> Reply {
    // The call has filters in its interface but none that it knows.
    filtered(rq, Vec::new(), |_| None)?;
    let wanted = rq.opt("SourceType").filter(|kind| !kind.is_empty());
    if let Some(kind) = wanted.filter(|kind| !SOURCES.contains(kind)) {
        return Err(invalid(format!("Source type {kind} is not valid.")));
    }
    let kinds = SOURCES.iter().filter(|kind| wanted.is_none_or(|wanted| wanted == **kind));
    let list: Vec<Json> =
        kinds.map(|kind| json!({"SourceType": kind, "EventCategories": categories(kind)})).collect();
    Ok(json!({"EventCategoriesMapList": list}))
}

fn place(rq: &Request<'_>) -> String {
    key(rq, rq.text("SubscriptionName"))
}

fn absent(rq: &Request<'_>) -> Fault {
    Fault::new("SubscriptionNotFound", format!("Subscription {} not found.", rq.text("SubscriptionName")))
}

fn check(world: &World, rq: &Request<'_>) -> Result<(), Fault> {
    if let Some(arn) = rq.opt("SnsTopicArn")
        && world.get("sns.topic", arn).is_none()
    {
        return Err(Fault::new("SNSTopicArnNotFound", format!("SNS topic {arn} does not exist")));
    }
    match rq.opt("SourceType") {
        Some(kind) if !kind.is_empty() && !SOURCES.contains(&kind) => {
            Err(invalid(format!("Source type {kind} is not valid.")))
        }
        None | Some("") if !rq.list("SourceIds").is_empty() => {
            Err(invalid("SourceType must be provided when SourceIds are."))
        }
        _ => Ok(()),
    }
}

pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    check(world, rq)?;
    let name = rq.text("SubscriptionName");
    if name.is_empty() || name.len() > 255 {
        return Err(invalid("The SubscriptionName must have 1 to 255 characters."));
    }
    if world.get(SUBSCRIPTION, &place(rq)).is_some() {
        return Err(Fault::new("SubscriptionAlreadyExist", format!("Subscription {name} already exists.")));
    }
    let row = json!({
        "CustomerAwsId": world.account, "CustSubscriptionId": name, "SnsTopicArn": rq.text("SnsTopicArn"),
        "Status": "creating", "SubscriptionCreationTime": world.now_secs().to_string(),
        "SourceType": rq.opt("SourceType").filter(|kind| !kind.is_empty()),
        "SourceIdsList": rq.list("SourceIds"), "EventCategoriesList": rq.list("EventCategories"),
        "Enabled": rq.get("Enabled").as_bool().unwrap_or(true),
        "EventSubscriptionArn": world.arn("rds", rq.region, &format!("es:{}", name.to_lowercase())),
        "_region": rq.region, "_tags": rq.list("Tags"),
    });
    let shown = public(&row);
    world.put(SUBSCRIPTION, &place(rq), row);
    world.set_after(SETTLE, SUBSCRIPTION, &place(rq), json!({"Status": "active"}));
    Ok(json!({"EventSubscription": shown}))
}

pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut found = filtered(rq, rows(world, rq, SUBSCRIPTION), |_| None)?;
    if rq.opt("SubscriptionName").is_some_and(|name| !name.is_empty()) {
        let row = world.get(SUBSCRIPTION, &place(rq)).cloned().ok_or_else(|| absent(rq))?;
        found = vec![row];
    }
    paged(rq, "EventSubscriptionsList", found.iter().map(public).collect())
}

fn changed(world: &mut World, rq: &Request<'_>, change: impl FnOnce(&mut Json)) -> Reply {
    let row = world.get_mut(SUBSCRIPTION, &place(rq)).ok_or_else(|| absent(rq))?;
    if row["Status"] == "deleting" {
        return Err(absent(rq));
    }
    change(row);
    row["Status"] = json!("modifying");
    let shown = public(row);
    world.set_after(SETTLE, SUBSCRIPTION, &place(rq), json!({"Status": "active"}));
    Ok(json!({"EventSubscription": shown}))
}

pub fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    check(world, rq)?;
    changed(world, rq, |row| {
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
    })
}

pub fn add_source(world: &mut World, rq: &Request<'_>) -> Reply {
    let source = rq.text("SourceIdentifier").to_owned();
    if world.get(SUBSCRIPTION, &place(rq)).is_some_and(|row| row["SourceType"].is_null()) {
        return Err(invalid("The subscription has no source type."));
    }
    changed(world, rq, |row| {
        if let Some(list) = row["SourceIdsList"].as_array_mut()
            && !list.iter().any(|one| *one == source.as_str())
        {
            list.push(json!(source));
        }
    })
}

pub fn remove_source(world: &mut World, rq: &Request<'_>) -> Reply {
    let source = rq.text("SourceIdentifier").to_owned();
    let there = world.get(SUBSCRIPTION, &place(rq)).map(|row| {
        row["SourceIdsList"].as_array().is_some_and(|list| list.iter().any(|one| *one == source.as_str()))
    });
    if there == Some(false) {
        return Err(Fault::new("SourceNotFound", format!("Source {source} is not in the subscription.")));
    }
    changed(world, rq, |row| {
        if let Some(list) = row["SourceIdsList"].as_array_mut() {
            list.retain(|one| *one != source.as_str());
        }
    })
}

pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = world.get_mut(SUBSCRIPTION, &place(rq)).ok_or_else(|| absent(rq))?;
    if row["Status"] == "deleting" {
        return Err(Fault::new("InvalidEventSubscriptionState", "The subscription is being deleted."));
    }
    row["Status"] = json!("deleting");
    let shown = public(row);
    world.cancel(SUBSCRIPTION, &place(rq));
    world.after(SETTLE, SUBSCRIPTION, &place(rq), Effect::Remove);
    Ok(json!({"EventSubscription": shown}))
}
