//! The verbs on a homogeneous data migration: the same words as for tasks, as far as DMS tells what they need.

use serde_json::{Value as Json, json};

use super::{Desk, said, text};
use crate::homogeneous::plan;

const NAME: &str = "homogeneous-postgres dev";

fn migration(desk: &Desk) -> Json {
    desk.account(|world| world.rows("dms.data-migration").next().expect("a data migration").1.clone())
}

fn loaded() -> Desk {
    let desk = Desk::of(&plan(), NAME);
    desk.expect(0, &["up", "--yes"]);
    desk.expect(0, &["replicate", "test-connections", "--yes"]);
    desk.expect(0, &["replicate", "start", "--yes", "--wait", "loaded"]);
    desk
}

#[test]
fn it_is_started_changed_stopped_and_resumed_with_the_words_for_tasks() {
    let desk = loaded();
    assert_eq!(desk.phase(), "following");
    desk.expect(0, &["lag", "--check"]);
    let output = desk.expect(0, &["replicate", "status", "--json"]);
    let all: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    let first = &all["tasks"][0];
    assert_eq!((&first["kind"], &first["status"]), (&json!("data"), &json!("running")));
    assert_eq!(first["data"]["loaded"], 6);
    let told = said(&desk.expect(0, &["replicate", "status"]));
    assert!(told.contains("forward data migration Shop-dev/Migration: running"), "{told}");
    assert!(told.contains("tables: 6 loaded, 0 loading, 0 queued, 0 errored"), "{told}");
    let told = said(&desk.expect(11, &["verify"]));
    assert!(told.contains("DMS compares no rows of a data migration"), "{told}");

    let began = migration(&desk)["_fresh"].clone();
    let again = said(&desk.expect(0, &["plan"]));
    assert!(again.to_lowercase().contains("nothing to"), "{again}");

    desk.expect(0, &["replicate", "stop", "--yes"]);
    assert_eq!(migration(&desk)["DataMigrationStatus"], "stopped");
    desk.expect(0, &["replicate", "resume", "--yes"]);
    assert_eq!(migration(&desk)["DataMigrationStatus"], "running");
    let confirm = format!("reload {NAME}");
    let told =
        said(&desk.run(&["replicate", "reload", "--yes", "--confirm", &confirm, "--table", "public.orders"]));
    assert!(told.contains("no single table"), "{told}");
    desk.expect(0, &["replicate", "reload", "--yes", "--confirm", &confirm]);
    assert_ne!(migration(&desk)["_fresh"], began, "loaded again");
}

#[test]
fn the_cutover_needs_a_reason_for_what_dms_does_not_tell() {
    let desk = loaded();
    let output = desk.cut_over(&[], None);
    assert_eq!(output.status.code(), Some(11), "{}", text(&output));
    let reasons = [
        "--override",
        "validation=counts and checksums compared by hand",
        "--override",
        "ddl=the schema is frozen since Monday",
        "--override",
        "target-health=its applications are no part of this plan",
        "--confirm",
        "no way back for homogeneous-postgres dev",
    ];
    let output = desk.cut_over(&reasons, None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.phase(), "live");
    assert_eq!(migration(&desk)["DataMigrationStatus"], "stopped");
}
