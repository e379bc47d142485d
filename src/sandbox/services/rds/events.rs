//! Events of instances and clusters: categories and sentences of "Amazon RDS event categories and event messages" (Amazon RDS
//! User Guide; for clusters that of the Amazon Aurora User Guide). Only those that something in this sandbox brings about.
//! They follow from the states: each is told when a call shows that a state has changed.
//!
//! Tables: `rds.event`: what was told; `rds.said`: the last known state of each instance and cluster.

use serde_json::{Value as Json, json};

use super::store::{CLUSTER, INSTANCE, combination, filtered, paged, rows};
use crate::sandbox::{Reply, Request, World};

const EVENT: &str = "rds.event";
const SAID: &str = "rds.said";

/// A category and a sentence.
type News = (&'static str, String);

/// What is changed while an instance is `modifying`: the member that waits, the sentences before and after
/// (RDS-EVENT-0012 and 0014, 0018 and 0017).
const CHANGES: &[(&str, &str, &str)] = &[
    (
        "DBInstanceClass",
        "Applying modification to database instance class.",
        "Finished applying modification to DB instance class.",
    ),
    (
        "AllocatedStorage",
        "Applying modification to allocated storage.",
        "Finished applying modification to allocated storage.",
    ),
];

/// RDS-EVENT-0024 and 0025, 0030 and 0029.
const ZONES: [(&str, &str); 2] = [
    (
        "Applying modification to convert to a standard (Single-AZ) DB instance.",
        "Finished applying modification to convert to a standard (Single-AZ) DB instance.",
    ),
    (
        "Applying modification to convert to a Multi-AZ DB instance.",
        "Finished applying modification to convert to a Multi-AZ DB instance.",
    ),
];

/// The sentences of what waits to be changed: before and after.
fn changing(row: &Json) -> Vec<(&'static str, &'static str)> {
    let pending = &row["PendingModifiedValues"];
    let known = CHANGES.iter().filter(|(member, ..)| !pending[*member].is_null());
    let zones = pending["MultiAZ"].as_bool().map(|to| ZONES[usize::from(to)]);
    known.map(|(_, before, after)| (*before, *after)).chain(zones).collect()
}

/// What a new state of an instance is told as; `finished` are the sentences of the changes that were begun.
fn instance(from: &str, to: &str, row: &Json, finished: &Json) -> Vec<News> {
    let one = |category: &'static str, text: &str| vec![(category, text.to_owned())];
    let created = ("creation", "DB instance created.".to_owned());
    let backed_up = ("backup", "Finished DB instance backup.".to_owned());
    match (from, to) {
        ("creating", "backing-up") => vec![created, ("backup", "Backing up DB instance.".to_owned())],
        // A call may have come only after the first backup.
        ("creating", "available") if row["BackupRetentionPeriod"].as_i64().is_some_and(|days| days > 0) => {
            vec![created, ("backup", "Backing up DB instance.".to_owned()), backed_up]
        }
        ("creating", "available") => vec![created],
        ("backing-up", "available") => vec![backed_up],
        (_, "modifying") => {
            changing(row).into_iter().map(|(before, _)| ("configuration change", before.to_owned())).collect()
        }
        ("modifying", "available") => {
            let texts = finished.as_array().into_iter().flatten().filter_map(Json::as_str);
            texts.map(|text| ("configuration change", text.to_owned())).collect()
        }
        (_, "rebooting") => one("availability", "DB instance shutdown."),
        ("rebooting", "available") => one("availability", "DB instance restarted."),
        (_, "stopped") => one("notification", "DB instance stopped."),
        ("starting", "available") => one("notification", "DB instance started."),
        (_, "storage-full") => one(
            "availability",
            "DB instance has reached the storage-full threshold, and the database has been shut down. You can increase the \
             allocated storage to address this issue.",
        ),
        (_, "failed" | "incompatible-restore" | "restore-error") => one(
            "failure",
            &format!(
                "DB instance put into {to} state. RDS recommends that you initiate a point-in-time-restore."
            ),
        ),
        (_, "incompatible-parameters") => one(
            "failure",
            "Database instance put into incompatible-parameters. The parameter group holds a value that the instance class does \
             not take.",
        ),
        (_, "incompatible-network") => one(
            "failure",
            "Database instance in incompatible-network. Some of the specified subnet IDs are invalid or do not exist.",
        ),
        _ => Vec::new(),
    }
}

fn cluster(from: &str, to: &str) -> Vec<News> {
    let text = match (from, to) {
        ("creating", "available") => ("creation", "DB cluster created"),
        (_, "stopped") => ("notification", "DB cluster stopped."),
        ("starting", "available") => ("notification", "DB cluster started."),
        _ => return Vec::new(),
    };
    vec![(text.0, text.1.to_owned())]
}

/// Tells what has changed since the last call.
pub fn settle(world: &mut World) {
    for (table, status, name, arn, kind) in [
        (INSTANCE, "DBInstanceStatus", "DBInstanceIdentifier", "DBInstanceArn", "db-instance"),
        (CLUSTER, "Status", "DBClusterIdentifier", "DBClusterArn", "db-cluster"),
    ] {
        let (mut moved, mut gone) = (Vec::new(), Vec::new());
        // Only what was touched can have anything to say; a world that was just opened is looked at as a whole.
        let keys = world.news(table).unwrap_or_else(|| {
            let known = world.rows_under(SAID, format!("{kind}/"), None);
            let known = known.filter_map(|(key, _)| key.split_once('/')).map(|(_, key)| key);
            world.rows(table).map(|(key, _)| key).chain(known).map(str::to_owned).collect()
        });
        for key in keys {
            let said = world.get(SAID, &format!("{kind}/{key}"));
            let Some(row) = world.get(table, &key) else {
                gone.extend(said.map(|said| (key.clone(), said.clone())));
                continue;
            };
            let from = said.and_then(|said| said["status"].as_str()).unwrap_or_default();
            // Two objects of one name, one after the other, are told apart by their ARN and birth.
            if said.is_none() || from != row[status] {
                let said = said.cloned().unwrap_or_default();
                moved.push((key, row.clone(), said));
            }
        }
        for (key, row, said) in moved {
            let (from, to) =
                (said["status"].as_str().unwrap_or_default(), row[status].as_str().unwrap_or_default());
            let news = if kind == "db-instance" {
                instance(from, to, &row, &said["finished"])
            } else {
                cluster(from, to)
            };
            let finished: Vec<&str> = changing(&row).into_iter().map(|(_, after)| after).collect();
            let said =
                json!({"status": to, "name": row[name], "arn": row[arn], "kind": kind, "finished": finished});
            tell(world, &key, &said, news);
            world.put(SAID, &format!("{kind}/{key}"), said);
        }
        for (key, said) in gone {
            let text = if kind == "db-instance" { "DB instance deleted." } else { "DB cluster deleted." };
            tell(world, &key, &said, vec![("deletion", text.to_owned())]);
            world.remove(SAID, &format!("{kind}/{key}"));
        }
    }
}

/// Instances or clusters have other names: what was known under the old ones (`gone`) is known under the new ones, so that nothing
/// is told as deleted or made.
pub fn renamed(world: &mut World, table: &str, gone: &[String], now: &[String]) {
    let (status, name, arn, kind) = if table == INSTANCE {
        ("DBInstanceStatus", "DBInstanceIdentifier", "DBInstanceArn", "db-instance")
    } else {
        ("Status", "DBClusterIdentifier", "DBClusterArn", "db-cluster")
    };
    for key in gone {
        world.remove(SAID, &format!("{kind}/{key}"));
    }
    for key in now {
        let Some(row) = world.get(table, key) else { continue };
        let said = json!({
            "status": row[status], "name": row[name], "arn": row[arn], "kind": kind, "finished": [],
        });
        world.put(SAID, &format!("{kind}/{key}"), said);
    }
}

fn tell(world: &mut World, key: &str, said: &Json, news: Vec<News>) {
    let region = key.split('/').next().unwrap_or_default().to_owned();
    for (category, message) in news {
        // None is ever taken away, so their count numbers them; ids of objects do not depend on what is told of others.
        let number = world.rows(EVENT).count();
        let row = json!({
            "SourceIdentifier": said["name"], "SourceType": said["kind"], "SourceArn": said["arn"], "Message": message,
            "EventCategories": [category], "Date": World::seconds(world.date()),
        });
        world.put(EVENT, &format!("{region}/{number:012}"), row);
    }
}

/// `DescribeEvents`: of the last hour unless asked otherwise (API Reference).
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    if rq.opt("SourceIdentifier").is_some() && rq.opt("SourceType").is_none() {
        return Err(combination("SourceType must be provided if SourceIdentifier is."));
    }
    let now = World::seconds(world.date());
    let minutes = f64::from(i32::try_from(rq.int("Duration").unwrap_or(60)).unwrap_or(i32::MAX));
    let from = rq.get("StartTime").as_f64().unwrap_or(now - 60.0 * minutes);
    let until = rq.get("EndTime").as_f64().unwrap_or(f64::MAX);
    let categories = rq.texts("EventCategories");
    let mut found = rows(world, rq, EVENT);
    found.retain(|row| {
        let at = row["Date"].as_f64().unwrap_or_default();
        let named =
            |id: &str| row["SourceIdentifier"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(id));
        at >= from
            && at <= until
            && rq.opt("SourceType").is_none_or(|kind| row["SourceType"] == kind)
            && rq.opt("SourceIdentifier").is_none_or(named)
            && (categories.is_empty() || categories.iter().any(|name| row["EventCategories"][0] == *name))
    });
    // "Filters: This parameter isn't currently supported."
    let found = filtered(rq, found, |_| None)?;
    paged(rq, "Events", found.iter().map(super::store::public).collect())
}
