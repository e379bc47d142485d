//! `PublishBatch`. Refusals: LocalStack's recordings of AWS, `test_publish_batch_*`.

use serde_json::{Value as Json, json};

use super::{messages, topics::topic};
use crate::sandbox::{Fault, Reply, Request, World};

/// "The total aggregate size of all messages ... 256 KB" (`PublishBatch`).
const MOST: usize = 262_144;

fn checked(entries: &[Json]) -> Result<(), Fault> {
    if entries.is_empty() {
        return Err(Fault::new("EmptyBatchRequest", "The batch request doesn't contain any entries."));
    }
    if entries.len() > 10 {
        let message = "The batch request contains more entries than permissible.";
        return Err(Fault::new("TooManyEntriesInBatchRequest", message));
    }
    let id = |entry: &Json| entry["Id"].as_str().unwrap_or_default().to_owned();
    for (at, entry) in entries.iter().enumerate() {
        let own = id(entry);
        if own.chars().count() > 80 {
            let message = format!("The Id of a batch entry in the batch request is too long: {own}");
            return Err(Fault::new("InvalidBatchEntryId", message));
        }
        if own.is_empty() || !own.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            let message = format!(
                "The Id of a batch entry in the batch request contains an impermissible character: {own}"
            );
            return Err(Fault::new("InvalidBatchEntryId", message));
        }
        if entries[..at].iter().any(|other| id(other) == own) {
            let message = "Two or more batch entries in the request have the same Id.";
            return Err(Fault::new("BatchEntryIdsNotDistinct", message));
        }
    }
    let attributes = |entry: &Json| -> usize {
        let all = entry["MessageAttributes"].as_object().into_iter().flatten();
        all.map(|(name, value)| {
            let text = |member: &str| value[member].as_str().map_or(0, str::len);
            name.len() + text("DataType") + text("StringValue") + text("BinaryValue")
        })
        .sum()
    };
    let size: usize =
        entries.iter().map(|entry| entry["Message"].as_str().map_or(0, str::len) + attributes(entry)).sum();
    if size > MOST {
        let message = "The length of all the messages put together is more than the limit.";
        return Err(Fault::new("BatchRequestTooLong", message));
    }
    Ok(())
}

pub(super) fn publish(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("TopicArn");
    topic(world, rq, arn)?;
    let entries = rq.list("PublishBatchRequestEntries");
    checked(entries)?;
    let of = |entry: &Json| {
        let mut input = entry.clone();
        input["TopicArn"] = json!(arn);
        Request { operation: rq.operation, region: rq.region, access_key: rq.access_key, input }
    };
    // What one message lacks, the batch is refused for: nothing of it is published.
    for entry in entries {
        messages::check(world, &of(entry))?;
    }
    let mut successful = Vec::new();
    for entry in entries {
        let mut answer = messages::publish(world, &of(entry))?;
        answer["Id"] = entry["Id"].clone();
        successful.push(answer);
    }
    Ok(json!({"Successful": successful, "Failed": []}))
}
