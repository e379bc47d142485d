//! Who hears of DMS's events, at the moment they happen: `DescribeEvents`, EventBridge's rules and event subscriptions
//! (AWS DMS User Guide, "Working with Amazon EventBridge events and notifications" and "Working with Amazon SNS events and
//! notifications").
//!
//! Tables: `dms.announcement`: events that lie ahead; `dms.event`: those that were.

use serde_json::{Value as Json, json};

use super::{
    news::{self, Category, News, Source},
    store::{INSTANCE, TASK, filtered, here, paged},
    subscriptions,
};
use crate::sandbox::{
    Reply, Request, World,
    services::{events, kms},
};

const AHEAD: &str = "dms.announcement";
const EVENT: &str = "dms.event";
/// What a row's last event of a state said: states that no operation planned are noticed by it.
const SAID: &str = "_said";

/// An event that happens `millis` from now.
pub(super) fn at(news: News, millis: i64) -> (News, i64, Option<String>) {
    (news, millis, None)
}

/// Announces what is going to happen to an instance or a task, in order. Whatever was announced of it before and lies ahead
/// is off: `replaces` says whether that is so.
pub(super) fn announce(
    world: &mut World,
    region: &str,
    row: &Json,
    replaces: bool,
    all: &[(News, i64, Option<String>)],
) {
    let Some((first, ..)) = all.first() else { return };
    let (arn, name) = match first.source {
        Source::Instance => ("ReplicationInstanceArn", "ReplicationInstanceIdentifier"),
        Source::Task => ("ReplicationTaskArn", "ReplicationTaskIdentifier"),
    };
    if replaces {
        forget(world, row[arn].as_str().unwrap_or_default());
    }
    let number = world.next();
    for (place, (news, millis, message)) in all.iter().enumerate() {
        let told = json!({
            "_at": world.now() + millis, "_region": region, "_arn": row[arn], "_name": row[name], "_id": news.id,
            "_message": message.as_deref().unwrap_or(news.message),
        });
        let key = format!("{number:012}/{place}");
        if *millis == 0 {
            emit(world, &key, *news, &told);
        } else {
            world.put(AHEAD, &key, told);
        }
    }
}

/// What lies ahead of an object does not happen.
fn forget(world: &mut World, arn: &str) {
    let gone: Vec<String> =
        world.rows(AHEAD).filter(|(_, row)| row["_arn"] == arn).map(|(key, _)| key.to_owned()).collect();
    for key in gone {
        world.remove(AHEAD, &key);
    }
}

fn emit(world: &mut World, key: &str, news: News, told: &Json) {
    let text = |member: &str| told[member].as_str().unwrap_or_default();
    let (region, name) = (text("_region"), text("_name"));
    let ago = told["_at"].as_i64().map_or(0, |at| world.now() - at);
    let date = World::seconds(world.date_after(-ago));
    let row = json!({
        "SourceIdentifier": name, "SourceType": news.source.name(), "Message": text("_message"),
        "EventCategories": [news.category.name()], "Date": date, "_region": region,
    });
    world.put(EVENT, key, row);
    let page = if news.source == Source::Task { "taskDetails" } else { "replicationInstanceDetails" };
    let id = format!("DMS-EVENT-{:04}", news.id);
    let detail = json!({
        "type": news.source.kind(), "category": news.category.detail(), "eventType": news.kind, "eventId": id,
        "detailMessage": text("_message"),
        "resourceLink": format!("https://console.aws.amazon.com/dms/v2/home?region={region}#{page}/{name}"),
    });
    let event = events::Event {
        source: "aws.dms",
        detail_type: news.detail_type,
        resources: &[text("_arn")],
        detail: &detail,
    };
    events::emit(world, region, event);
    subscriptions::notify(world, region, news, name, text("_message"), date);
}

/// The table and the member with the status of what an event is about.
fn subject(source: Source) -> (&'static str, &'static str) {
    match source {
        Source::Instance => (INSTANCE, "ReplicationInstanceStatus"),
        Source::Task => (TASK, "Status"),
    }
}

/// Whether what was announced has come about: an object may have failed instead.
fn happened(world: &World, news: News, told: &Json) -> bool {
    let (table, member) = subject(news.source);
    let Some(row) = world.get(table, told["_arn"].as_str().unwrap_or_default()) else {
        return news.category == Category::Deletion;
    };
    let status = row[member].as_str().unwrap_or_default();
    let failed = status == "failed" || failure(world, news.source, row, status).is_some();
    // A task that failed after it had started has both events.
    let later = row["_halt"].as_i64().zip(told["_at"].as_i64()).is_some_and(|(halt, at)| halt > at);
    !failed || news.source == Source::Task && later
}

/// The event of a state into which things get without anybody's doing.
fn failure(world: &World, source: Source, row: &Json, status: &str) -> Option<News> {
    match (source, status) {
        (Source::Task, "failed") => Some(news::TASK_FAILED),
        (Source::Task, _) | (Source::Instance, "deleting") => None,
        (Source::Instance, "storage-full") => Some(news::STORAGE_FAILURE),
        (Source::Instance, "incompatible-network") => Some(news::NETWORK_FAILURE),
        (Source::Instance, _) => {
            let key = row["KmsKeyId"].as_str().unwrap_or_default();
            kms::unusable(world, key).then_some(news::KEY_FAILURE)
        }
    }
}

/// Takes what is due out of a table of what lies ahead, in the order of its times (`_at`).
pub(super) fn due(world: &mut World, table: &str) -> Vec<(String, Json)> {
    let now = world.now();
    let mut due: Vec<(i64, String)> = world
        .rows(table)
        .filter_map(|(key, row)| Some((row["_at"].as_i64().filter(|at| *at <= now)?, key.to_owned())))
        .collect();
    due.sort();
    due.into_iter().filter_map(|(_, key)| world.remove(table, &key).map(|told| (key, told))).collect()
}

/// Tells what is due, and what happened that nobody had planned.
pub(super) fn settle(world: &mut World) {
    for (key, told) in due(world, AHEAD) {
        let id = told["_id"].as_u64();
        let Some(news) = news::ALL.iter().find(|one| Some(u64::from(one.id)) == id).copied() else {
            continue;
        };
        if happened(world, news, &told) {
            say(world, news, told["_arn"].as_str().unwrap_or_default());
            emit(world, &key, news, &told);
        }
    }
    unplanned(world, Source::Instance);
    unplanned(world, Source::Task);
}

/// Notes what was said last of a state.
fn say(world: &mut World, news: News, arn: &str) {
    let state = matches!(news.category, Category::StateChange | Category::Failure)
        && news.id != news::RELOAD_REQUESTED.id;
    if state && let Some(row) = world.get_mut(subject(news.source).0, arn) {
        row[SAID] = json!(news.id);
    }
}

/// Failures, and tasks that stopped by themselves.
fn unplanned(world: &mut World, source: Source) {
    let (table, member) = subject(source);
    let mut found = Vec::new();
    for (arn, row) in world.rows(table) {
        let status = row[member].as_str().unwrap_or_default();
        let news = match failure(world, source, row, status) {
            Some(news) => Some(news),
            None if source == Source::Task && status == "stopped" && row[SAID] == news::TASK_STARTED.id => {
                Some(news::TASK_STOPPED)
            }
            None => None,
        };
        match news {
            Some(news) if row[SAID] != news.id => found.push((arn.to_owned(), row.clone(), Some(news))),
            // It works again: the next failure is news.
            None if source == Source::Instance && !row[SAID].is_null() => {
                found.push((arn.to_owned(), row.clone(), None));
            }
            _ => {}
        }
    }
    for (arn, row, news) in found {
        let Some(news) = news else {
            if let Some(row) = world.get_mut(table, &arn) {
                row[SAID] = Json::Null;
            }
            continue;
        };
        say(world, news, &arn);
        // What a failed task says of its failure is the message (recorded events of failed tasks).
        let why = (news == news::TASK_FAILED).then(|| row["LastFailureMessage"].as_str()).flatten();
        let region = row["_region"].as_str().unwrap_or_default();
        announce(world, region, &row, true, &[(news, 0, why.map(ToOwned::to_owned))]);
    }
}

/// `DescribeEvents`: of the last hour unless asked otherwise.
pub(super) fn events(world: &mut World, rq: &Request<'_>) -> Reply {
    let minutes = rq.int("Duration").unwrap_or(60);
    let from = rq
        .get("StartTime")
        .as_f64()
        .unwrap_or_else(|| world.now_secs() - 60.0 * f64::from(i32::try_from(minutes).unwrap_or(i32::MAX)));
    let until = rq.get("EndTime").as_f64().unwrap_or(f64::MAX);
    let categories = rq.texts("EventCategories");
    let mut rows = here(world, rq, EVENT);
    rows.retain(|row| {
        let at = row["Date"].as_f64().unwrap_or_default();
        at >= from
            && at <= until
            && rq.opt("SourceType").is_none_or(|kind| row["SourceType"] == kind)
            && rq.opt("SourceIdentifier").is_none_or(|id| row["SourceIdentifier"] == id)
            && (categories.is_empty() || categories.iter().any(|c| row["EventCategories"][0] == *c))
    });
    rows.sort_by(|one, other| {
        one["Date"].as_f64().unwrap_or_default().total_cmp(&other["Date"].as_f64().unwrap_or_default())
    });
    // The one filter this call has.
    let rows = filtered(rq, rows, &[("replication-instance-id", &["SourceIdentifier"])])?;
    paged(rq, "Events", rows, 100)
}

/// `DescribeEventCategories`.
pub(super) fn categories(_world: &mut World, rq: &Request<'_>) -> Reply {
    let wanted = rq.opt("SourceType");
    if let Some(kind) = wanted
        && news::CATEGORIES.iter().all(|(source, _)| source.name() != kind)
    {
        return Err(super::store::invalid(format!("Invalid source type: {kind}")));
    }
    let rows = news::CATEGORIES
        .iter()
        .filter(|(source, _)| wanted.is_none_or(|kind| source.name() == kind))
        .map(|(source, categories)| {
            let names: Vec<&str> = categories.iter().map(|category| category.name()).collect();
            json!({"SourceType": source.name(), "EventCategories": names})
        })
        .collect();
    // API reference: "Filters applied to the event categories", without a name for one.
    let rows = filtered(rq, rows, &[])?;
    Ok(json!({"EventCategoryGroupList": rows}))
}
