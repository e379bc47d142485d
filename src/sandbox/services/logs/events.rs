//! Log streams and their events.

use serde_json::{Value as Json, json};

use super::{GROUPS, STREAMS, group, invalid, key, patterns};
use crate::sandbox::{Fault, Reply, Request, World, done};

fn stream_key(rq: &Request<'_>) -> String {
    format!("{}|{}", key(rq), rq.text("logStreamName"))
}

fn no_stream() -> Fault {
    Fault::new("ResourceNotFoundException", "The specified log stream does not exist.")
}

/// `CreateLogStream`.
pub fn create_stream(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = group(world, rq)?["logGroupArn"].as_str().unwrap_or_default().to_owned();
    if world.get(STREAMS, &stream_key(rq)).is_some() {
        return Err(Fault::new("ResourceAlreadyExistsException", "The specified log stream already exists"));
    }
    let name = rq.text("logStreamName");
    let row = json!({
        "logStreamName": name, "arn": format!("{arn}:log-stream:{name}"), "creationTime": world.date(),
        "storedBytes": 0, "_events": [],
    });
    world.put(STREAMS, &stream_key(rq), row);
    done()
}

/// `DeleteLogStream`.
pub fn delete_stream(world: &mut World, rq: &Request<'_>) -> Reply {
    group(world, rq)?;
    world.remove(STREAMS, &stream_key(rq)).ok_or_else(no_stream)?;
    done()
}

fn streams(world: &World, rq: &Request<'_>) -> Vec<Json> {
    let prefix = format!("{}|", key(rq));
    world.rows_under(STREAMS, prefix, None).map(|(_, row)| row.clone()).collect()
}

/// `DescribeLogStreams`.
pub fn describe_streams(world: &mut World, rq: &Request<'_>) -> Reply {
    group(world, rq)?;
    let prefix = rq.opt("logStreamNamePrefix").unwrap_or_default();
    let by_time = rq.text("orderBy") == "LastEventTime";
    if by_time && !prefix.is_empty() {
        return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let mut found = streams(world, rq);
    found.retain(|row| row["logStreamName"].as_str().is_some_and(|name| name.starts_with(prefix)));
    if by_time {
        found.sort_by_key(|row| row["lastEventTimestamp"].as_i64());
    }
    if rq.flag("descending") {
        found.reverse();
    }
    let (page, next) = rq.page(found, "limit", "nextToken", 50, "InvalidParameterException")?;
    Ok(json!({"logStreams": page, "nextToken": next}))
}

/// `PutLogEvents`.
pub fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    group(world, rq)?;
    let now = world.date();
    let mut sent = rq.list("logEvents").to_vec();
    if sent.windows(2).any(|pair| pair[0]["timestamp"].as_i64() > pair[1]["timestamp"].as_i64()) {
        return Err(invalid("Log events in a single PutLogEvents request must be in chronological order."));
    }
    let retention = world.get(GROUPS, &key(rq)).and_then(|row| row["retentionInDays"].as_i64());
    let rejected = rejected(&sent, now, retention);
    sent.retain(|event| event["timestamp"].as_i64().is_some_and(|at| within(at, now, retention)));
    for event in &mut sent {
        event["ingestionTime"] = json!(now);
    }
    world.get(STREAMS, &stream_key(rq)).ok_or_else(no_stream)?;
    super::filters::observe(world, rq, &sent);
    let token = world.hex(56);
    let row = world.get_mut(STREAMS, &stream_key(rq)).ok_or_else(no_stream)?;
    let mut all = row["_events"].as_array().cloned().unwrap_or_default();
    all.extend(sent);
    all.sort_by_key(|event| event["timestamp"].as_i64());
    row["firstEventTimestamp"] = all.first().map_or(Json::Null, |event| event["timestamp"].clone());
    row["lastEventTimestamp"] = all.last().map_or(Json::Null, |event| event["timestamp"].clone());
    row["lastIngestionTime"] = json!(now);
    row["uploadSequenceToken"] = json!(token);
    row["_events"] = json!(all);
    let mut answer = json!({"nextSequenceToken": token});
    if rejected.is_object() {
        answer["rejectedLogEventsInfo"] = rejected;
    }
    Ok(answer)
}

const DAY: i64 = 86_400_000;
/// How far an event may be ahead.
const AHEAD: i64 = 7_200_000;
/// How old an event may be, whatever the retention.
const OLDEST: i64 = 14 * DAY;

/// Whether an event is kept (PutLogEvents: neither older than fourteen days or the retention, nor more than two hours
/// ahead).
fn within(at: i64, now: i64, retention: Option<i64>) -> bool {
    at <= now + AHEAD && at >= now - OLDEST && retention.is_none_or(|days| at >= now - days * DAY)
}

/// What an answer tells of events that are not kept; null if all are.
fn rejected(sent: &[Json], now: i64, retention: Option<i64>) -> Json {
    let times: Vec<i64> = sent.iter().filter_map(|event| event["timestamp"].as_i64()).collect();
    let end = |limit: i64| times.iter().filter(|at| **at < limit).count();
    let mut info = json!({});
    let old = end(now - OLDEST);
    if old > 0 {
        info["tooOldLogEventEndIndex"] = json!(old);
    }
    if let Some(days) = retention.filter(|days| end(now - days * DAY) > old) {
        info["expiredLogEventEndIndex"] = json!(end(now - days * DAY));
    }
    if let Some(first) = times.iter().position(|at| *at > now + AHEAD) {
        info["tooNewLogEventStartIndex"] = json!(first);
    }
    if info.as_object().is_some_and(serde_json::Map::is_empty) { Json::Null } else { info }
}

fn in_time(rq: &Request<'_>, event: &Json) -> bool {
    let at = event["timestamp"].as_i64().unwrap_or_default();
    rq.int("startTime").is_none_or(|start| at >= start) && rq.int("endTime").is_none_or(|end| at < end)
}

/// `GetLogEvents`.
pub fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    group(world, rq)?;
    let row = world.get(STREAMS, &stream_key(rq)).ok_or_else(no_stream)?;
    let all: Vec<Json> =
        row["_events"].as_array().into_iter().flatten().filter(|event| in_time(rq, event)).cloned().collect();
    let limit = rq.int("limit").and_then(|n| usize::try_from(n).ok()).unwrap_or(10_000);
    let from = match rq.opt("nextToken") {
        Some(token) => token
            .get(2..)
            .and_then(|n| n.parse::<usize>().ok())
            .ok_or_else(|| invalid("The specified nextToken is invalid."))?,
        None if rq.flag("startFromHead") => 0,
        None => all.len().saturating_sub(limit),
    };
    let page: Vec<&Json> = all.iter().skip(from).take(limit).collect();
    let (forward, backward) = (from + page.len(), from.saturating_sub(limit));
    Ok(json!({
        "events": page, "nextForwardToken": format!("f/{forward}"), "nextBackwardToken": format!("b/{backward}"),
    }))
}

/// `FilterLogEvents`.
pub fn filter(world: &mut World, rq: &Request<'_>) -> Reply {
    group(world, rq)?;
    let pattern = rq.opt("filterPattern").unwrap_or_default();
    let pattern = patterns::read(pattern).ok_or_else(|| invalid("Invalid filter pattern"))?;
    let names = rq.texts("logStreamNames");
    let prefix = rq.opt("logStreamNamePrefix").unwrap_or_default();
    let mut found = Vec::new();
    for stream in streams(world, rq) {
        let name = stream["logStreamName"].as_str().unwrap_or_default();
        if !name.starts_with(prefix) || !(names.is_empty() || names.contains(&name)) {
            continue;
        }
        for (at, event) in stream["_events"].as_array().into_iter().flatten().enumerate() {
            let message = event["message"].as_str().unwrap_or_default();
            if in_time(rq, event) && pattern.matches(message).is_some() {
                let mut event = event.clone();
                event["logStreamName"] = json!(name);
                event["eventId"] = json!(format!("{name}:{at:020}"));
                found.push(event);
            }
        }
    }
    found.sort_by_key(|event| event["timestamp"].as_i64());
    let (page, next) = rq.page(found, "limit", "nextToken", 10_000, "InvalidParameterException")?;
    Ok(json!({"events": page, "nextToken": next}))
}
