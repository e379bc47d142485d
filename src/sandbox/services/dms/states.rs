//! What EventBridge hears of serverless replications and data migrations: every state that they come to. `DescribeEvents`
//! and event subscriptions know instances and tasks only (API Reference, DescribeEvents, CreateEventSubscription).
//!
//! `DMS Replication State Change`, `DMS Data Migration State Change`: Amazon EventBridge Events Reference, AWS DMS. The form of
//! `detail`, `REPLICATION_INITIALIZING` and its sentence are those of a recorded event (a public report of an outage of
//! 2026), `REPLICATION_FAILED` that of public rules; the names of the other states are formed alike.
//!
//! Table: `dms.state`: states that lie ahead.

use serde_json::{Value as Json, json};

use super::{
    announce,
    store::{DATA_MIGRATION, REPLICATION},
};
use crate::sandbox::{World, services::events};

const AHEAD: &str = "dms.state";

/// The member with the state.
fn member(table: &str) -> &'static str {
    if table == DATA_MIGRATION { "DataMigrationStatus" } else { "Status" }
}

/// So many milliseconds from now a row gets these members; if its state is among them, EventBridge hears of it then.
pub(super) fn becomes(world: &mut World, table: &str, arn: &str, millis: i64, members: Json) {
    if let Some(state) = members[member(table)].as_str() {
        let number = world.next();
        let ahead = json!({"_at": world.now() + millis, "_table": table, "_arn": arn, "_state": state});
        world.put(AHEAD, &format!("{number:012}"), ahead);
    }
    world.set_after(millis, table, arn, members);
}

/// A row has come to a state just now.
pub(super) fn is(world: &mut World, table: &str, arn: &str) {
    let state = world.get(table, arn).and_then(|row| row[member(table)].as_str()).map(ToOwned::to_owned);
    if let Some(state) = state {
        emit(world, table, arn, &state);
    }
}

/// Whatever lay ahead of a row is off.
pub(super) fn cancel(world: &mut World, table: &str, arn: &str) {
    let gone: Vec<String> =
        world.rows(AHEAD).filter(|(_, row)| row["_arn"] == arn).map(|(key, _)| key.to_owned()).collect();
    for key in gone {
        world.remove(AHEAD, &key);
    }
    world.cancel(table, arn);
}

/// Tells what is due.
pub(super) fn settle(world: &mut World) {
    for (_, told) in announce::due(world, AHEAD) {
        let text = |member: &str| told[member].as_str().unwrap_or_default().to_owned();
        emit(world, &text("_table"), &text("_arn"), &text("_state"));
    }
}

/// What a state is, as EventBridge's categories have it.
fn category(state: &str) -> &'static str {
    match state {
        "created" | "ready" => "Creation",
        "deleting" => "Deletion",
        "failed" => "Failure",
        "modifying" => "ConfigurationChange",
        _ => "StateChange",
    }
}

/// The end of a sentence about a state: `is initializing`.
fn words(state: &str) -> String {
    match state {
        "created" => "has been created".to_owned(),
        "failed" => "has failed".to_owned(),
        "stopped" => "has stopped".to_owned(),
        "stopping" => "is being stopped".to_owned(),
        "modifying" => "is being modified".to_owned(),
        "deleting" => "is being deleted".to_owned(),
        "replication_starting" => "is starting".to_owned(),
        other => format!("is {}", other.replace('_', " ")),
    }
}

fn emit(world: &mut World, table: &str, arn: &str, state: &str) {
    let Some(row) = world.get(table, arn) else { return };
    let region = row["_region"].as_str().unwrap_or_default().to_owned();
    let name = arn.rsplit(':').next().unwrap_or_default();
    let (noun, start, kind, detail_type) = if table == REPLICATION {
        ("Replication", "REPLICATION", "REPLICATION_CONFIG", "DMS Replication State Change")
    } else {
        ("Data migration", "DATA_MIGRATION", "DATA_MIGRATION", "DMS Data Migration State Change")
    };
    let detail = json!({
        "type": kind, "category": category(state), "eventType": format!("{start}_{}", state.trim_start_matches("replication_").to_uppercase()),
        "detailMessage": format!("{noun} with resource id, '{name}', {}.", words(state)),
    });
    let resources = [arn];
    let event = events::Event { source: "aws.dms", detail_type, resources: &resources, detail: &detail };
    events::emit(world, &region, event);
}
