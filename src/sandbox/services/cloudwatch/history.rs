//! What happened to alarms.

use serde_json::{Value as Json, json};

use crate::sandbox::{Reply, Request, World};

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
    super::evaluate::all(world, rq.region);
    let (start, end) = (rq.get("StartDate").as_f64(), rq.get("EndDate").as_f64());
    let mut all: Vec<Json> = world
        .rows(HISTORY)
        .map(|(_, row)| row)
        .filter(|row| row["_region"] == rq.region)
        .filter(|row| rq.opt("AlarmName").is_none_or(|name| row["AlarmName"] == name))
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
