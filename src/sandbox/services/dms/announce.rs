//! DMS's events on EventBridge: what happens to tasks, at the moment it happens
//! (<https://docs.aws.amazon.com/dms/latest/userguide/CHAP_EventBridge.html>).
//!
//! Table: `dms.announcement`: events that lie ahead.

use serde_json::{Value as Json, json};

use crate::sandbox::{World, services::events};

const AHEAD: &str = "dms.announcement";

/// What happens to a task.
#[derive(Debug, Clone, Copy)]
pub(super) enum News {
    Created,
    Started,
    Stopped,
    Deleted,
}

impl News {
    /// Category, type and id of the event, and its message.
    fn words(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Created => {
                ("Creation", "REPLICATION_TASK_CREATED", "DMS-EVENT-0074", "Replication task created.")
            }
            Self::Started => {
                ("StateChange", "REPLICATION_TASK_STARTED", "DMS-EVENT-0069", "Replication task started.")
            }
            Self::Stopped => {
                ("StateChange", "REPLICATION_TASK_STOPPED", "DMS-EVENT-0079", "Replication task stopped.")
            }
            Self::Deleted => {
                ("Deletion", "REPLICATION_TASK_DELETED", "DMS-EVENT-0073", "Replication task deleted.")
            }
        }
    }
}

/// Sends an event, `millis` from now.
pub(super) fn announce(world: &mut World, region: &str, task: &Json, news: News, millis: i64) {
    let (category, kind, id, message) = news.words();
    let name = task["ReplicationTaskIdentifier"].as_str().unwrap_or_default();
    let detail = json!({
        "type": "REPLICATION_TASK", "category": category, "eventType": kind, "eventId": id, "detailMessage": message,
        "resourceLink": format!("https://console.aws.amazon.com/dms/v2/home?region={region}#taskDetails/{name}"),
    });
    let row = json!({
        "_at": world.now() + millis, "_region": region, "_task": task["ReplicationTaskArn"], "_detail": detail,
    });
    if millis == 0 {
        emit(world, &row);
        return;
    }
    // Only what somebody may hear is worth a row.
    if events::anybody(world, region) {
        let key = format!("{:012}", world.next());
        world.put(AHEAD, &key, row);
    }
}

fn emit(world: &mut World, row: &Json) {
    let text = |member: &str| row[member].as_str().unwrap_or_default();
    let event = events::Event {
        source: "aws.dms",
        detail_type: "DMS Replication Task State Change",
        resources: &[text("_task")],
        detail: &row["_detail"],
    };
    events::emit(world, text("_region"), event);
}

/// Sends what is due.
pub(super) fn settle(world: &mut World) {
    let now = world.now();
    let due: Vec<String> = world
        .rows(AHEAD)
        .filter(|(_, row)| row["_at"].as_i64().is_some_and(|at| at <= now))
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in due {
        if let Some(row) = world.remove(AHEAD, &key) {
            emit(world, &row);
        }
    }
}
