//! What happened to alarms.

use serde_json::{Value as Json, json};

use crate::sandbox::{By, Reply, Request, World};

const HISTORY: &str = "cloudwatch.history";

/// Notes an event.
pub(super) fn note(world: &mut World, region: &str, alarm: &str, kind: &str, summary: &str) {
    let row = json!({
        "AlarmName": alarm, "AlarmType": "MetricAlarm", "HistoryItemType": kind, "HistorySummary": summary,
        "HistoryData": json!({"version": "1.0", "type": kind}).to_string(), "Timestamp": world.now_secs(),
        "_region": region,
    });
    let key = format!("{:020}", world.next());
    world.put(HISTORY, &key, row);
}

pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    match rq.opt("AlarmName") {
        Some(name) => super::evaluate::one(world, rq.region, &format!("{}/{name}", rq.region)),
        None => super::evaluate::all(world, rq.region),
    }
    let (start, end) = (rq.get("StartDate").as_f64(), rq.get("EndDate").as_f64());
    let rows: Vec<&Json> = match rq.opt("AlarmName") {
        Some(name) => {
            world.with(HISTORY, &By::Path("AlarmName"), name).into_iter().map(|(_, row)| row).collect()
        }
        None => world.rows(HISTORY).map(|(_, row)| row).collect(),
    };
    let mut all: Vec<Json> = rows
        .into_iter()
        .filter(|row| row["_region"] == rq.region)
        .filter(|row| rq.opt("HistoryItemType").is_none_or(|kind| row["HistoryItemType"] == kind))
        .filter(|row| start.is_none_or(|from| row["Timestamp"].as_f64() >= Some(from)))
        .filter(|row| end.is_none_or(|to| row["Timestamp"].as_f64() <= Some(to)))
        .cloned()
        .collect();
    if rq.text("ScanBy") != "TimestampAscending" {
        all.reverse();
    }
    let (page, next) = rq.page(all, "MaxRecords", "NextToken", 100, "InvalidNextToken")?;
    let mut out = json!({"AlarmHistoryItems": page});
    if let Some(next) = next {
        out["NextToken"] = json!(next);
    }
    Ok(out)
}
