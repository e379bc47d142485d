//! The verbs on a serverless replication: the same words as for tasks.

use serde_json::{Value as Json, json};

use super::{Desk, said, text};
use crate::serverless::plan;

const NAME: &str = "serverless-oracle-to-aurora dev";

fn desk() -> Desk {
    let desk = Desk::of(&plan(), NAME);
    let old = plan().join("old-site.yaml").display().to_string();
    let planted = desk.bare(&["--sandbox", "sandbox", "plant", &old]);
    assert!(planted.status.success(), "{}", text(&planted));
    desk.expect(0, &["up", "--yes"]);
    desk
}

fn replication(desk: &Desk) -> Json {
    desk.account(|world| world.rows("dms.replication-config").next().expect("a replication").1.clone())
}

fn replicating(desk: &Desk) -> Json {
    let output = desk.expect(0, &["replicate", "status", "--json"]);
    let all: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    all["tasks"][0].clone()
}

#[test]
fn it_is_started_changed_stopped_and_resumed_with_the_words_for_tasks() {
    let desk = desk();
    let told = said(&desk.expect(0, &["replicate", "test-connections", "--yes"]));
    assert!(told.contains("tests its connections itself"), "{told}");
    let told = said(&desk.expect(0, &["replicate", "start", "--dry-run"]));
    assert!(told.contains("start serverless replication Shop-dev/Replication"), "{told}");
    let told = said(&desk.expect(0, &["replicate", "start", "--yes", "--wait", "loaded"]));
    for state in ["preparing_metadata_resources", "provisioning_capacity, usually"] {
        assert!(told.contains(state), "{state}: {told}");
    }
    assert_eq!(desk.phase(), "following");
    let first = replicating(&desk);
    assert_eq!((&first["kind"], &first["status"]), (&json!("serverless"), &json!("running")));
    assert_eq!(first["provision"]["state"], "provisioned");
    let told = said(&desk.expect(0, &["replicate", "status"]));
    assert!(told.contains("forward serverless replication Shop-dev/Replication: running"), "{told}");
    assert!(told.contains("DCU provisioned"), "{told}");
    desk.expect(0, &["lag", "--check"]);
    desk.expect(0, &["verify"]);

    let output = desk.expect(0, &["watch", "--json", "--rounds", "1"]);
    let look: Json = serde_json::from_slice(&output.stdout).expect("one look");
    assert_eq!(look["running"][0]["status"], "running", "{look:#}");
    assert!(
        look["running"][0]["capacity"].as_str().is_some_and(|text| text.contains("DCU provisioned")),
        "{look:#}"
    );
    assert!(look["running"][0]["since_s"].is_number(), "{look:#}");

    // A second plan is empty, whatever DMS has added by now.
    let again = said(&desk.expect(0, &["plan"]));
    assert!(again.to_lowercase().contains("nothing to"), "{again}");
    let loaded = replication(&desk)["_fresh"].clone();

    desk.expect(0, &["replicate", "stop", "--yes"]);
    assert_eq!(replication(&desk)["Status"], "stopped");
    let told = said(&desk.run(&["replicate", "start", "--yes"]));
    assert!(told.contains("replicate resume"), "{told}");
    desk.expect(0, &["replicate", "resume", "--yes"]);
    let row = replication(&desk);
    assert_eq!((&row["Status"], &row["_fresh"]), (&json!("running"), &loaded));
    desk.expect(
        0,
        &["replicate", "reload", "--yes", "--confirm", &format!("reload {NAME}"), "--table", "SHOP.orders"],
    );
    assert!(replication(&desk)["_reload"]["SHOP.orders"].is_number());
}

#[test]
fn the_cutover_stops_it_and_the_names_lead_to_aurora() {
    let desk = desk();
    desk.expect(0, &["replicate", "start", "--yes", "--wait", "loaded"]);
    desk.expect(0, &["lag", "--check"]);
    let known = [
        "--override",
        "target-health=its applications are no part of this plan",
        "--confirm",
        "no way back for serverless-oracle-to-aurora dev",
    ];
    let output = desk.cut_over(&known, None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.phase(), "live");
    assert_eq!(replication(&desk)["Status"], "stopped");
    assert!(desk.operated().iter().any(|line| line.ends_with("\"new\" 100")), "{:?}", desk.operated());
    let told = said(&desk.run(&["runbook"]));
    assert!(told.contains("aws dms describe-replications"), "{told}");
}

#[test]
fn a_start_whose_answer_is_lost_is_not_made_twice() {
    let desk = desk();
    let faults = json!([{"match": {"operation": "StartReplication", "nth": 1}, "action": "lose-answer"}]);
    let output = desk.run_with(&["replicate", "start", "--yes"], Some(&faults));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(replication(&desk)["Status"], "running");
}

#[test]
fn a_replication_that_cannot_connect_is_told_with_its_endpoint() {
    let desk = desk();
    desk.account(|world| {
        let key =
            world.rows("secretsmanager.secret").find(|(_, row)| row["Name"] == "on-premises-shop-oracle");
        let key = key.expect("the secret").0.to_owned();
        world.remove("secretsmanager.secret", &key);
    });
    let told = said(&desk.expect(1, &["replicate", "start", "--yes"]));
    assert!(
        told.contains("Test connection failed for endpoint") && told.contains("shop-oracle-dev"),
        "{told}"
    );
}

#[test]
fn somebody_elses_restart_is_noticed() {
    let desk = desk();
    desk.expect(0, &["replicate", "start", "--yes", "--wait", "loaded"]);
    desk.change(
        "dms.replication-config",
        |_| true,
        |row| {
            row["_fresh"] = json!(row["_fresh"].as_i64().unwrap_or_default() + 60_000);
        },
    );
    let told = said(&desk.expect(12, &["replicate", "stop", "--yes"]));
    assert!(told.contains("StartReplication"), "who did it can be looked up: {told}");
}

/// The plan with a declared assessment; the copy's folder goes with it.
fn assessed() -> (Desk, tempfile::TempDir) {
    let section = "  require: {reverse: false}\n  assessment: true";
    let copy =
        crate::support::edited_plan(&plan(), &[("migration.yaml", "  require: {reverse: false}", section)]);
    let desk = Desk::of(copy.path(), NAME);
    let old = plan().join("old-site.yaml").display().to_string();
    assert!(desk.bare(&["--sandbox", "sandbox", "plant", &old]).status.success());
    desk.expect(0, &["up", "--yes"]);
    (desk, copy)
}

#[test]
fn its_start_has_it_assessed_and_a_failed_assessment_starts_nothing() {
    let (desk, _copy) = assessed();
    let failing = desk.fork();
    desk.expect(0, &["replicate", "start", "--yes"]);
    let row = replication(&desk);
    assert_eq!(row["PremigrationAssessmentStatuses"][0]["Status"], "passed", "{row:#}");
    failing.change(
        "dms.replication-config",
        |_| true,
        |row| row["_assess"] = json!({"unsupported-data-types-in-source": "failed"}),
    );
    let output = failing.run(&["replicate", "start", "--yes"]);
    assert_ne!(output.status.code(), Some(0), "{}", text(&output));
    assert_ne!(replication(&failing)["Status"], "running");
}
