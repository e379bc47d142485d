//! Event source mappings of queues and streams. They are kept, and nothing is polled. Words and answers are those of
//! LocalStack's recordings of AWS (`test_event_source_mapping_exceptions`, `test_duplicate_event_source_mappings`,
//! `test_event_source_mapping_default_batch_size`, …).
//!
//! Table: `lambda.event-source-mapping` (`region/UUID`).

use serde_json::{Value as Json, json};

use super::{functions::page_of, invalid, named, qualifier, resolved};
use crate::sandbox::{Effect, Fault, Reply, Request, World, codec::NOT_IMPLEMENTED};

pub(super) const MAPPINGS: &str = "lambda.event-source-mapping";

/// How long a mapping takes to become enabled or disabled, and to go.
const SETTLE: i64 = 15_000;

/// What is taken from a request as it is.
const KEPT: &[&str] = &[
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "FilterCriteria",
    "FunctionResponseTypes",
    "KMSKeyArn",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ParallelizationFactor",
    "ProvisionedPollerConfig",
    "ScalingConfig",
    "SourceAccessConfigurations",
    "StartingPosition",
    "StartingPositionTimestamp",
    "TumblingWindowInSeconds",
];

fn absent() -> Fault {
    Fault::new("ResourceNotFoundException", "The resource you requested does not exist.").status(404)
}

/// Whether a source is a stream; queues are the others.
fn is_stream(arn: &str) -> bool {
    matches!(arn.split(':').nth(2), Some("kinesis" | "dynamodb"))
}

/// The ARN of the function, the version or the alias that a request names.
fn target(world: &World, rq: &Request<'_>) -> Result<String, Fault> {
    let id = rq.text("FunctionName");
    let unknown = |_| invalid("Function does not exist");
    let wanted = qualifier(rq, id)?;
    let (key, row) = named(world, rq, id).map_err(unknown)?;
    let found = resolved(world, &key, &row, wanted).map_err(unknown)?;
    Ok(found["FunctionArn"].as_str().unwrap_or_default().to_owned())
}

/// Refuses sizes and windows that do not go together, in the row as it would be.
fn check(row: &Json) -> Result<(), Fault> {
    let arn = row["EventSourceArn"].as_str().unwrap_or_default();
    let stream = is_stream(arn);
    let (size, window) = (row["BatchSize"].as_i64(), row["MaximumBatchingWindowInSeconds"].as_i64());
    if !stream && size.is_some_and(|size| size > 10) && window.is_none_or(|window| window == 0) {
        return Err(invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
        ));
    }
    if !stream && !row["DestinationConfig"].is_null() {
        return Err(invalid("Unsupported DestinationConfig parameter for given event source mapping type."));
    }
    if stream && row["StartingPosition"].is_null() {
        return Err(invalid(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not \
             be null.",
        ));
    }
    if row["StartingPosition"] == "AT_TIMESTAMP" && arn.split(':').nth(2) == Some("dynamodb") {
        return Err(invalid(format!("Unsupported starting position for arn type: {arn}")));
    }
    Ok(())
}

fn shown(row: &Json) -> Json {
    let mut all = row.clone();
    if let Some(members) = all.as_object_mut() {
        members.retain(|name, value| !name.starts_with('_') && !value.is_null());
    }
    all
}

/// `CreateEventSourceMapping`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let Some(source) = rq.opt("EventSourceArn").filter(|arn| !arn.is_empty()) else {
        return Err(invalid("Unrecognized event source."));
    };
    let stream = is_stream(source);
    if !stream && source.split(':').nth(2) != Some("sqs") {
        let message = format!("The sandbox has no event source mappings of sources like {source}; AWS has.");
        return Err(Fault::new(NOT_IMPLEMENTED, message));
    }
    let function = target(world, rq)?;
    let reason = if stream { "User action" } else { "USER_INITIATED" };
    let mut row = json!({
        "EventSourceArn": source, "FunctionArn": function, "BatchSize": if stream { 100 } else { 10 },
        "MaximumBatchingWindowInSeconds": 0, "FunctionResponseTypes": [], "StateTransitionReason": reason,
        "State": "Creating", "LastModified": world.now_secs(), "_region": rq.region,
        "_tags": rq.get("Tags").as_object().cloned().unwrap_or_default(),
    });
    if stream {
        let more = json!({
            "BisectBatchOnFunctionError": false, "LastProcessingResult": "No records processed",
            "MaximumRecordAgeInSeconds": -1, "MaximumRetryAttempts": -1, "ParallelizationFactor": 1,
            "TumblingWindowInSeconds": 0, "DestinationConfig": {"OnFailure": {}},
        });
        if let (Some(row), Json::Object(more)) = (row.as_object_mut(), more) {
            row.extend(more);
        }
    }
    take(&mut row, rq);
    check(&row)?;
    let same = |row: &Json| row["EventSourceArn"] == source && row["FunctionArn"] == function.as_str();
    let twin = world.rows(MAPPINGS).map(|(_, row)| row).find(|row| same(row));
    if let Some(id) = twin.and_then(|row| row["UUID"].as_str()) {
        let name = function.split(':').nth(6).unwrap_or_default();
        let start = if stream {
            format!(
                "The event source arn (\" {source} \") and function (\" {name} \") provided mapping already exists."
            )
        } else {
            format!(
                "An event source mapping with SQS arn (\" {source} \") and function (\" {name} \") already exists."
            )
        };
        let message = format!("{start} Please update or delete the existing mapping with UUID {id}");
        return Err(Fault::new("ResourceConflictException", message).status(409));
    }
    let id = world.uuid();
    row["UUID"] = json!(id);
    row["EventSourceMappingArn"] =
        json!(world.arn("lambda", rq.region, &format!("event-source-mapping:{id}")));
    let key = format!("{}/{id}", rq.region);
    world.put(MAPPINGS, &key, row.clone());
    settle(world, rq, &key);
    Ok(shown(&row))
}

fn take(row: &mut Json, rq: &Request<'_>) {
    for member in KEPT {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
    // No filters are none.
    if row["FilterCriteria"]["Filters"].as_array().is_none_or(Vec::is_empty)
        && let Some(members) = row.as_object_mut()
    {
        members.remove("FilterCriteria");
    }
}

/// The state that the mapping is on its way to.
fn settle(world: &mut World, rq: &Request<'_>, key: &str) {
    let on = rq.get("Enabled").as_bool();
    let before = world.get(MAPPINGS, key).is_none_or(|row| row["_enabled"] != false);
    let enabled = on.unwrap_or(before);
    if let Some(row) = world.get_mut(MAPPINGS, key) {
        row["_enabled"] = json!(enabled);
    }
    world.set_after(SETTLE, MAPPINGS, key, json!({"State": if enabled { "Enabled" } else { "Disabled" }}));
}

fn key(rq: &Request<'_>) -> String {
    format!("{}/{}", rq.region, rq.text("UUID"))
}

/// `GetEventSourceMapping`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    world.get(MAPPINGS, &key(rq)).map(shown).ok_or_else(absent)
}

/// `ListEventSourceMappings`.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let function = match rq.opt("FunctionName") {
        Some(_) => Some(target(world, rq)?),
        None => None,
    };
    let prefix = format!("{}/", rq.region);
    let found = world.rows(MAPPINGS).filter(|(key, _)| key.starts_with(&prefix)).map(|(_, row)| row);
    let found = found
        .filter(|row| function.as_ref().is_none_or(|arn| row["FunctionArn"] == arn.as_str()))
        .filter(|row| rq.opt("EventSourceArn").is_none_or(|arn| row["EventSourceArn"] == arn));
    let (page, next) =
        rq.page(found.map(shown).collect(), "MaxItems", "Marker", 100, "InvalidParameterValueException")?;
    Ok(page_of("EventSourceMappings", page, next))
}

/// The mapping of a request, unless it is changing.
fn still(world: &World, rq: &Request<'_>) -> Result<Json, Fault> {
    let row = world.get(MAPPINGS, &key(rq)).cloned().ok_or_else(absent)?;
    if matches!(row["State"].as_str(), Some("Enabled" | "Disabled")) {
        return Ok(row);
    }
    // API reference, ResourceInUseException: "The operation conflicts with the resource's availability".
    let message =
        "Cannot update the event source mapping because it is in use.".replace("update", verb(rq.operation));
    Err(Fault::new("ResourceInUseException", message).status(400))
}

fn verb(operation: &str) -> &'static str {
    if operation.starts_with("Delete") { "delete" } else { "update" }
}

/// `UpdateEventSourceMapping`.
pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut row = still(world, rq)?;
    if rq.opt("FunctionName").is_some() {
        row["FunctionArn"] = json!(target(world, rq)?);
    }
    take(&mut row, rq);
    check(&row)?;
    row["State"] = json!(match rq.get("Enabled").as_bool() {
        Some(true) if row["_enabled"] == false => "Enabling",
        Some(false) if row["_enabled"] != false => "Disabling",
        _ => "Updating",
    });
    row["LastModified"] = json!(world.now_secs());
    world.put(MAPPINGS, &key(rq), row.clone());
    settle(world, rq, &key(rq));
    Ok(shown(&row))
}

/// `DeleteEventSourceMapping`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut row = still(world, rq)?;
    row["State"] = json!("Deleting");
    world.put(MAPPINGS, &key(rq), row.clone());
    world.after(SETTLE, MAPPINGS, &key(rq), Effect::Remove);
    Ok(shown(&row))
}
