//! Asynchronous invocations, for a sandbox that runs functions: each waits in a queue, is tried up to three times, and is
//! sent to where its function wants failed events (Lambda Developer Guide, "How Lambda handles errors and retries with
//! asynchronous invocation"). What is waited for passes on the sandbox's clock, and the queue outlives the server.
//!
//! Tables: `lambda.queue`; `sqs.message`: what went to queues, of which there is no more here.

use serde_json::{Value as Json, json};

use super::{Job, event_config, jobs, parts};
use crate::sandbox::{
    World,
    services::{events, sns},
};

pub(super) const QUEUE: &str = "lambda.queue";
const SQS: &str = "sqs.message";
/// "A one-minute wait between the first two attempts, and two minutes between the second and third attempts."
const WAITS: [i64; 2] = [60_000, 120_000];

/// An invocation that nobody waits for.
#[derive(Debug, Clone, Copy)]
pub struct Queued<'q> {
    /// Name or ARN of the function.
    pub function: &'q str,
    /// Version or alias.
    pub qualifier: Option<&'q str>,
    /// The event: JSON.
    pub payload: &'q str,
    /// The delivery of a rule that it comes from.
    pub delivery: Option<&'q str>,
}

/// An invocation that is to be made now.
#[derive(Debug, Clone)]
pub struct Due {
    /// Its place in the queue.
    pub key: String,
    /// The request's id: the same for each attempt.
    pub id: String,
    /// The function.
    pub job: Job,
    /// The event.
    pub payload: String,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// What the function answered, or its error.
    pub answer: &'a str,
    /// Whether that is an error.
    pub failed: bool,
}

/// Why an event is not tried any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Success,
    RetriesExhausted,
    EventAgeExceeded,
}

impl End {
    /// `requestContext.condition` of an invocation record.
    fn condition(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::RetriesExhausted => "RetriesExhausted",
            Self::EventAgeExceeded => "EventAgeExceeded",
        }
    }
}

/// Puts an invocation at the end of the queue.
pub fn enqueue(world: &mut World, region: &str, event: Queued<'_>) {
    let id = world.uuid();
    let key = format!("{:020}", world.next());
    let row = json!({
        "Function": event.function, "Qualifier": event.qualifier, "Payload": event.payload, "Id": id, "Attempts": 0,
        "Accepted": world.now(), "Due": world.now(), "Delivery": event.delivery, "_region": region,
    });
    world.put(QUEUE, &key, row);
}

/// The key (`region/name`) of a row's function and its qualifier.
fn target(row: &Json) -> (String, String) {
    let (name, behind) = parts(row["Function"].as_str().unwrap_or_default());
    let qualifier = row["Qualifier"].as_str().or(behind).unwrap_or("$LATEST");
    (format!("{}/{name}", row["_region"].as_str().unwrap_or_default()), qualifier.to_owned())
}

/// What is to be invoked now, oldest first. Events that waited too long are discarded, those of functions that are gone too.
pub fn due(world: &mut World) -> Vec<Due> {
    let now = world.now();
    let rows: Vec<(String, Json)> =
        world.rows(QUEUE).map(|(key, row)| (key.to_owned(), row.clone())).collect();
    let mut found = Vec::new();
    for (key, row) in rows {
        let (function, qualifier) = target(&row);
        let age = now - row["Accepted"].as_i64().unwrap_or(now);
        if age > event_config::of(world, &function, &qualifier).max_age_s * 1_000 {
            end(world, &key, End::EventAgeExceeded);
            continue;
        }
        if row["Due"].as_i64().is_some_and(|due| due > now) {
            continue;
        }
        let text = |member: &str| row[member].as_str().unwrap_or_default();
        match jobs::job(world, text("_region"), text("Function"), row["Qualifier"].as_str()) {
            Ok(job) => {
                let (id, payload) = (text("Id").to_owned(), text("Payload").to_owned());
                found.push(Due { key, id, job, payload });
            }
            Err(fault) => {
                tell(world, &row, &fault.message);
                world.remove(QUEUE, &key);
            }
        }
    }
    found
}

/// Notes how an attempt ended: it was the last one, or another follows.
pub fn attempted(world: &mut World, key: &str, attempt: Attempt<'_>) {
    let now = world.now();
    let Some(row) = world.get_mut(QUEUE, key) else { return };
    let attempts = row["Attempts"].as_i64().unwrap_or_default() + 1;
    row["Attempts"] = json!(attempts);
    row["Answer"] = json!(attempt.answer);
    row["Failed"] = json!(attempt.failed);
    let row = row.clone();
    tell(world, &row, if attempt.failed { attempt.answer } else { "ok" });
    let (function, qualifier) = target(&row);
    if !attempt.failed {
        return end(world, key, End::Success);
    }
    let wait = usize::try_from(attempts - 1).ok().and_then(|at| WAITS.get(at));
    match wait.filter(|_| attempts <= event_config::of(world, &function, &qualifier).retries) {
        Some(wait) => {
            if let Some(row) = world.get_mut(QUEUE, key) {
                row["Due"] = json!(now + wait);
            }
        }
        None => end(world, key, End::RetriesExhausted),
    }
}

/// Tells the delivery of a rule, if there is one, what became of it.
fn tell(world: &mut World, row: &Json, how: &str) {
    if let Some(delivery) = row["Delivery"].as_str() {
        events::ran(world, delivery, how);
    }
}

/// Takes an event out of the queue and sends it where it is wanted.
fn end(world: &mut World, key: &str, how: End) {
    let Some(row) = world.remove(QUEUE, key) else { return };
    let (function, qualifier) = target(&row);
    let settings = event_config::of(world, &function, &qualifier);
    let region = row["_region"].as_str().unwrap_or_default();
    let destination = if how == End::Success { settings.on_success } else { settings.on_failure };
    if let Some(arn) = destination {
        let record = record(world, &row, how);
        to_destination(world, region, &arn, &record, how);
    }
    if how != End::Success {
        // "You can configure destinations in addition to or instead of a dead-letter queue."
        let name = row["Function"].as_str().unwrap_or_default();
        let job = jobs::job(world, region, name, row["Qualifier"].as_str());
        if let Some(arn) = job.ok().and_then(|job| job.dead_letters) {
            to_dead_letters(world, region, &arn, &row);
        }
    }
}

/// What a destination gets (Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations").
fn record(world: &World, row: &Json, how: End) -> Json {
    let (function, qualifier) = target(row);
    let (region, name) = function.split_once('/').unwrap_or_default();
    let parsed = |member: &str| -> Json {
        let text = row[member].as_str().unwrap_or_default();
        serde_json::from_str(text).unwrap_or_else(|_| json!(text))
    };
    let version = jobs::job(world, region, name, Some(&qualifier)).map(|job| job.version);
    let mut all = json!({
        "version": "1.0", "timestamp": crate::clock::rfc3339(crate::clock::from_millis(world.date())),
        "requestContext": {
            "requestId": row["Id"], "functionArn": world.arn("lambda", region, &format!("function:{name}:{qualifier}")),
            "condition": how.condition(), "approximateInvokeCount": row["Attempts"],
        },
        "requestPayload": parsed("Payload"),
    });
    // An event that was never tried has no response.
    if !row["Answer"].is_null() {
        all["responseContext"] = json!({"statusCode": 200, "executedVersion": version.ok()});
        if row["Failed"] == true {
            all["responseContext"]["functionError"] = json!("Unhandled");
        }
        all["responsePayload"] = parsed("Answer");
    }
    all
}

fn to_destination(world: &mut World, region: &str, arn: &str, record: &Json, how: End) {
    let text = record.to_string();
    match arn.split(':').nth(2).unwrap_or_default() {
        "lambda" => {
            enqueue(world, region, Queued { function: arn, qualifier: None, payload: &text, delivery: None });
        }
        "events" => {
            // Lambda Developer Guide: source `lambda`, and the result in the event's type.
            let outcome = if how == End::Success { "Success" } else { "Failure" };
            let function = record["requestContext"]["functionArn"].as_str().unwrap_or_default();
            let bus = arn.rsplit('/').next().unwrap_or_default();
            let event = events::Event {
                source: "lambda",
                detail_type: &format!("Lambda Function Invocation Result - {outcome}"),
                resources: &[arn, function],
                detail: record,
            };
            events::emit_on(world, region, bus, event);
        }
        _ => to_messages(world, region, arn, json!({"Message": text})),
    }
}

/// A dead-letter queue gets the event itself, and what became of it as attributes of the message (Lambda Developer Guide,
/// "Dead-letter queue message attributes": the first kilobyte of the error message).
fn to_dead_letters(world: &mut World, region: &str, arn: &str, row: &Json) {
    let answer: Json = serde_json::from_str(row["Answer"].as_str().unwrap_or_default()).unwrap_or_default();
    let message: String = answer["errorMessage"].as_str().unwrap_or_default().chars().take(1_024).collect();
    let attribute = |kind: &str, value: &Json| json!({"DataType": kind, "StringValue": value});
    let mut attributes = json!({
        "RequestID": attribute("String", &row["Id"]), "ErrorCode": attribute("Number", &json!("200")),
    });
    if !message.is_empty() {
        attributes["ErrorMessage"] = attribute("String", &json!(message));
    }
    to_messages(world, region, arn, json!({"Message": row["Payload"], "MessageAttributes": attributes}));
}

/// A topic or a queue. The function's role sends, and permissions of roles are not looked at here; what cannot be sent is
/// lost, as it is on AWS (metrics `DestinationDeliveryFailures` and `DeadLetterErrors`).
fn to_messages(world: &mut World, region: &str, arn: &str, request: Json) {
    if arn.split(':').nth(2) == Some("sns") {
        let from = sns::Sender { service: "lambda.amazonaws.com", source: arn, by_default: true };
        if let Err(why) = sns::deliver(world, region, arn, from, request) {
            tracing::warn!("{arn} does not take a failed event: {why:?}");
        }
        return;
    }
    let key = format!("{:020}", world.next());
    let row = json!({"Arn": arn, "_request": request, "_at": world.now(), "_region": region});
    world.put(SQS, &key, row);
}
