//! Requests: their progress, and what a client token means.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::model::Model;
use crate::sandbox::{Fault, Reply, Request, World};

/// The table, by the request's token.
pub const TABLE: &str = "cloudcontrol.request";

/// "A client token is valid for 36 hours once used" (API Reference, CreateResource).
const TOKEN_LIFE: i64 = 36 * 60 * 60 * 1000;

/// "ListResourceRequests ... returns ... requests for the past seven days" (API Reference).
const REMEMBERED: i64 = 7 * 24 * 60 * 60 * 1000;

/// The progress event of a request.
pub fn event(row: &Json) -> Json {
    let shown = row
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| !name.starts_with('_') && !value.is_null());
    Json::Object(shown.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// What of a request a token stands for.
fn body(rq: &Request<'_>) -> String {
    let mut input = rq.input.clone();
    if let Some(members) = input.as_object_mut() {
        members.remove("ClientToken");
    }
    hex::encode(Sha256::digest(format!("{}{input}", rq.operation)))
}

/// The request that was made with the same client token, if there is one.
pub fn repeated(world: &World, rq: &Request<'_>) -> Result<Option<Json>, Fault> {
    let Some(token) = rq.opt("ClientToken") else { return Ok(None) };
    let now = world.date();
    let fresh = |row: &Json| row["_at"].as_i64().is_some_and(|at| now - at < TOKEN_LIFE);
    let known = world
        .rows(TABLE)
        .map(|(_, row)| row)
        .find(|row| row["_client_token"] == token && row["_region"] == rq.region && fresh(row));
    match known {
        Some(row) if row["_body"] == body(rq) => Ok(Some(json!({"ProgressEvent": event(row)}))),
        Some(_) => {
            let message = format!("The client token '{token}' was already used in another resource request.");
            Err(Fault::new("ClientTokenConflictException", message))
        }
        None => Ok(None),
    }
}

/// Whether a request works on that object.
pub fn busy(world: &World, rq: &Request<'_>, model: Model, identifier: &str) -> Result<(), Fault> {
    let running = world.rows(TABLE).any(|(_, row)| {
        row["TypeName"] == model.name()
            && row["Identifier"] == identifier
            && row["_region"] == rq.region
            && matches!(row["OperationStatus"].as_str(), Some("IN_PROGRESS" | "CANCEL_IN_PROGRESS"))
    });
    if running {
        let message = format!(
            "Resource of type '{}' with identifier '{identifier}' has a conflicting operation in progress.",
            model.name()
        );
        return Err(Fault::new("ConcurrentOperationException", message));
    }
    Ok(())
}

/// Begins a request that ends after `millis` with those members set; answers its first event.
pub fn begin(
    world: &mut World,
    rq: &Request<'_>,
    model: Model,
    (action, identifier, millis): (&str, Option<&str>, i64),
    end: Json,
) -> Json {
    let token = world.uuid();
    let row = json!({
        "TypeName": model.name(), "RequestToken": token, "Operation": action, "OperationStatus": "IN_PROGRESS",
        "Identifier": identifier, "EventTime": world.now_secs(), "_client_token": rq.opt("ClientToken"),
        "_body": body(rq), "_region": rq.region, "_at": world.date(),
    });
    world.put(TABLE, &token, row.clone());
    world.set_after(millis, TABLE, &token, end);
    json!({"ProgressEvent": event(&row)})
}

fn row<'w>(world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
    let token = rq.text("RequestToken");
    let known = |row: &&Json| {
        row["_region"] == rq.region && row["_at"].as_i64().is_some_and(|at| world.date() - at < REMEMBERED)
    };
    world.get(TABLE, token).filter(known).ok_or_else(|| {
        Fault::new("RequestTokenNotFoundException", format!("Request with token {token} was not found"))
    })
}

pub fn status(world: &mut World, rq: &Request<'_>) -> Reply {
    Ok(json!({"ProgressEvent": event(row(world, rq)?)}))
}

pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let filter = rq.get("ResourceRequestStatusFilter");
    let takes = |member: &str, value: &Json| {
        filter[member].as_array().is_none_or(|wanted| wanted.is_empty() || wanted.contains(value))
    };
    let now = world.date();
    let mut rows: Vec<&Json> = world
        .rows(TABLE)
        .map(|(_, row)| row)
        .filter(|row| {
            row["_region"] == rq.region && row["_at"].as_i64().is_some_and(|at| now - at < REMEMBERED)
        })
        .filter(|row| {
            takes("Operations", &row["Operation"]) && takes("OperationStatuses", &row["OperationStatus"])
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row["_at"].as_i64()));
    let (page, next) =
        rq.page(rows.into_iter().map(event).collect(), "MaxResults", "NextToken", 20, "ValidationException")?;
    let mut answer = json!({"ResourceRequestStatusSummaries": page});
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

/// Only what is not done yet can be cancelled (API Reference, CancelResourceRequest).
pub fn cancel(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = row(world, rq)?.clone();
    let token = rq.text("RequestToken").to_owned();
    if row["OperationStatus"] != "IN_PROGRESS" {
        let message = format!(
            "Resource operation with request token {token} cannot be canceled, its status is {}",
            row["OperationStatus"].as_str().unwrap_or_default()
        );
        return Err(Fault::new("ValidationException", message));
    }
    world.cancel(TABLE, &token);
    if let Some(row) = world.get_mut(TABLE, &token) {
        row["OperationStatus"] = json!("CANCEL_IN_PROGRESS");
    }
    world.set_after(2_000, TABLE, &token, json!({"OperationStatus": "CANCEL_COMPLETE"}));
    if let (Some(table), Some(key)) = (row["_table"].as_str(), row["_key"].as_str()) {
        world.cancel(table, key);
        match row["Operation"].as_str() {
            Some("CREATE") => drop(world.remove(table, key)),
            _ => {
                if let Some(object) = world.get_mut(table, key) {
                    object["_status"] = json!("live");
                }
            }
        }
    }
    let shown = world.get(TABLE, &token).map(event);
    Ok(json!({"ProgressEvent": shown}))
}

/// Ties a request to the row it works on, for its cancellation.
pub fn tie(world: &mut World, answer: &Json, table: &str, key: &str) {
    let token = answer["ProgressEvent"]["RequestToken"].as_str().unwrap_or_default().to_owned();
    if let Some(row) = world.get_mut(TABLE, &token) {
        row["_table"] = json!(table);
        row["_key"] = json!(key);
    }
}
