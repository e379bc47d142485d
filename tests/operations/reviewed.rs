//! A cutover that was saved, reviewed and approved elsewhere; rollbacks that end at the source; names that move early.

use serde_json::{Value as Json, json};

use super::{Desk, is_forward, said, text};

const STRICT: (&str, &str, &str) = (
    "migration.yaml",
    "require: {ticket: false, approval: false, reverse: true}",
    "require: {ticket: false, approval: true, reverse: true}",
);

fn document(desk: &Desk, file: &str) -> Json {
    let text = std::fs::read_to_string(desk.dir.path().join(file)).expect("a file");
    serde_json::from_str(&text).expect("a document")
}

#[test]
fn a_saved_cutover_is_carried_out_only_while_it_is_what_would_be_done() {
    let desk = Desk::synced(0);
    let output = desk.expect(0, &["cutover", "--dry-run", "--out", "cutover.json"]);
    for command in ["--change-set cutover.json", "--of cutover.json"] {
        assert!(said(&output).contains(command), "{command}: {}", text(&output));
    }
    let saved = document(&desk, "cutover.json");
    assert!(saved["steps"].as_array().is_some_and(|steps| steps.len() > 15), "{saved:#}");
    let before = desk.operated();
    // Somebody has scaled the service since: that is what scaling is for. The task's settings are another matter.
    let changed = desk.fork();
    changed.change("dms.task", is_forward, |row| {
        let text = row["ReplicationTaskSettings"].as_str().expect("settings");
        let mut settings: Json = serde_json::from_str(text).expect("JSON");
        settings["ErrorBehavior"]["DataErrorPolicy"] = json!("IGNORE_RECORD");
        row["ReplicationTaskSettings"] = json!(settings.to_string());
    });
    let output = changed.cut_over(&["--change-set", "cutover.json"], None);
    assert_eq!(output.status.code(), Some(7), "{}", text(&output));
    let words = said(&output);
    assert!(words.contains("O2016") && words.contains("the settings of a replication task"), "{words}");
    assert_eq!(changed.operated(), before, "nothing was changed");
    // Weights by hand, accepted: the steps are others now.
    let moved = desk.fork();
    moved.shorten();
    let output = moved.cut_over(&["--change-set", "cutover.json"], None);
    assert_eq!(output.status.code(), Some(7), "{}", text(&output));
    assert!(said(&output).contains("O2016"), "{}", text(&output));
    // Edited, or something else altogether.
    let forged = std::fs::read_to_string(desk.dir.path().join("cutover.json"))
        .expect("it")
        .replace("Source/Ecs", "Target/Ecs");
    crate::support::write(&desk.dir.path().join("forged.json"), &forged);
    for (file, why) in [("forged.json", "it was edited"), ("faults.json", "it is no cutover")] {
        crate::support::write(&desk.dir.path().join("faults.json"), "{}");
        let output = desk.cut_over(&["--change-set", file], None);
        assert_eq!(output.status.code(), Some(2), "{file}: {}", text(&output));
        assert!(said(&output).contains(why), "{file}: {}", text(&output));
    }
    let output = desk.cut_over(&["--change-set", "cutover.json"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.phase(), "live");
}

#[test]
fn an_approval_is_of_one_saved_cutover_and_comes_from_somebody_else() {
    let (desk, _plan) = Desk::edited(&[STRICT]);
    desk.sync();
    let before = desk.operated();
    desk.expect(0, &["cutover", "--dry-run", "--out", "cutover.json"]);
    // Whoever approves needs neither the plan nor the ledger.
    let elsewhere = tempfile::tempdir().expect("a folder");
    std::fs::copy(desk.dir.path().join("cutover.json"), elsewhere.path().join("cutover.json"))
        .expect("a copy");
    let approve = |who: &str, out: &str| {
        let output = crate::process::program()
            .current_dir(elsewhere.path())
            .args(["--sandbox", "approve", "--of", "cutover.json", "--out", out, "--yes", "--as", who])
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        std::fs::copy(elsewhere.path().join(out), desk.dir.path().join(out)).expect("a copy");
    };
    approve("dba@example.com", "approval.json");
    let refused = desk.cut_over(&[], None);
    assert_eq!(refused.status.code(), Some(7), "{}", text(&refused));
    // Edited to be by somebody else.
    let forged =
        std::fs::read_to_string(desk.dir.path().join("approval.json")).expect("it").replace("dba@", "cto@");
    crate::support::write(&desk.dir.path().join("forged.json"), &forged);
    let output = desk.cut_over(&["--approval", "forged.json"], None);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    // Of another cutover.
    let other = desk.fork();
    other.shorten();
    let output = other.cut_over(&["--approval", "approval.json"], None);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(said(&output).contains("another cutover"), "{}", text(&output));
    assert_eq!(desk.operated(), before, "nothing was changed");
    let by_ledger = desk.fork();
    by_ledger.expect(0, &["approve", "--of", "cutover.json", "--yes", "--as", "dba@example.com"]);
    assert_eq!(by_ledger.cut_over(&[], None).status.code(), Some(0));
    let output = desk.cut_over(&["--approval", "approval.json"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let told: Json =
        serde_json::from_slice(&desk.expect(0, &["evidence", "--json", "--out", "bundle"]).stdout)
            .expect("JSON");
    assert!(told["head"].is_string());
    let bundle = document(&desk, "bundle/evidence.json");
    assert!(bundle["people"]["approvals"].to_string().contains("dba@example.com"), "{:#}", bundle["people"]);
}

#[test]
fn a_rollback_to_the_source_ends_there_also_out_of_a_shift() {
    let (synced, _plan) = Desk::splitting();
    synced.expect(0, &["shift", "--to", "25", "--yes"]);
    let fault = json!([{"match": {"operation": "StopReplicationTask"}, "action": {"crash": "after"}}]);
    let output = synced.cut_over(&[], Some(&fault));
    assert_eq!(output.status.code(), Some(137), "{}", text(&output));
    let desk = synced.fork();
    desk.expect(0, &["rollback", "--yes"]);
    assert_eq!(desk.phase(), "shifting(25)");
    synced.expect(0, &["rollback", "--to-source", "--yes"]);
    assert_eq!(synced.phase(), "synced");
    assert!(synced.operated().iter().any(|line| line.starts_with("record") && line.ends_with(" 100")));
}

const OVERLAP: (&str, &str, &str) =
    ("migration.yaml", "  fence: {target: cold}", "  fence: {target: cold}\n  order: overlap");

#[test]
fn names_that_move_with_the_drain_shorten_the_time_without_writes_and_an_abort_moves_them_back() {
    let refused = |desk: &Desk| {
        let timeline = desk.ledger().operations.timeline;
        let ended = timeline.iter().rev().find_map(|moment| match moment.happened {
            migrate::ledger::Happened::RefusalEnded { seconds } => Some(seconds),
            _ => None,
        });
        ended.expect("writes were refused")
    };
    let usual = Desk::synced(0);
    assert_eq!(usual.cut_over(&[], None).status.code(), Some(0));
    let (synced, _plan) = Desk::edited(&[OVERLAP]);
    synced.sync();
    let before = synced.operated();
    let film =
        super::film::Film::of(&synced, &synced.cutting().iter().map(String::as_str).collect::<Vec<_>>());
    let mut watch = super::invariants::Watch::default();
    for (frame, world, snapshot) in film.states() {
        let flaws = watch.flaws(&world, &snapshot);
        assert!(flaws.is_empty(), "{}: {flaws:#?}", frame.at);
    }
    let desk = synced.fork();
    let output = desk.cut_over(&[], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.phase(), "live");
    assert!(refused(&desk) + 30 < refused(&usual), "{} s and {} s", refused(&desk), refused(&usual));
    // Dead in the drain, with the names moved already.
    let fault = json!([{"match": {"operation": "StopReplicationTask"}, "action": {"crash": "before"}}]);
    let output = synced.cut_over(&[], Some(&fault));
    assert_eq!(output.status.code(), Some(137), "{}", text(&output));
    let onward = synced.fork();
    assert_eq!(onward.cut_over(&["--continue"], None).status.code(), Some(0));
    assert_eq!(onward.phase(), "live");
    let output = synced.cut_over(&["--abort"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(synced.operated(), before, "I7");
}

#[test]
fn what_is_declared_and_cannot_be_done_is_refused_by_name() {
    let hooks = "  gates: {lag";
    let cases = [
        (
            "  hooks: {before-open: {lambda: Ops/Sequences}}\n  gates: {lag",
            hooks,
            "O1001",
            "`before-open` names Ops/Sequences",
        ),
        (
            "  hooks: {checks: {sql: {cluster: a, text: b}}}\n  gates: {lag",
            hooks,
            "O1013",
            "`checks` as `sql`",
        ),
        (
            "    - listener: {rule: a/b, source: a/c, target: a/d}\n      name: api",
            "    - name: api",
            "M1011",
            "has `records` or a `listener`, not both",
        ),
        (
            "    - listener: {rule: a/b, source: a/c}\n      name: web\n    - name: api",
            "    - name: api",
            "M1011",
            "`listener` needs a `rule`, and the target groups",
        ),
        ("    - protect: true\n      name: api", "    - name: api", "O1013", "`protect`"),
        ("  order: never\n  gates: {lag", hooks, "M1011", "sequential or overlap"),
        ("  auto_rollback: always\n  gates: {lag", hooks, "M1011", "never or live"),
        ("  orders: overlap\n  gates: {lag", hooks, "M1010", "orders"),
    ];
    for (with, old, code, words) in cases {
        let (desk, _plan) = Desk::edited(&[("migration.yaml", old, with)]);
        let output = desk.run(&["validate"]);
        assert_eq!(output.status.code(), Some(3), "{with}: {}", text(&output));
        assert!(text(&output).contains(code) && said(&output).contains(words), "{with}: {}", text(&output));
    }
    let warm = ("migration.yaml", "  fence: {target: cold}", "  fence: {target: warm}\n  order: overlap");
    let (desk, _plan) = Desk::edited(&[warm]);
    let output = desk.run(&["validate"]);
    assert!(said(&output).contains("`order: overlap` needs a target that is shut"), "{}", text(&output));
}

#[test]
fn what_slows_a_fence_or_hides_rows_is_said_before_it_matters() {
    let (desk, _plan) = Desk::edited(&[]);
    let output = desk.expect(0, &["validate"]);
    for code in ["O1023", "O1024", "O1025"] {
        assert!(!text(&output).contains(code), "{code}: {}", text(&output));
    }
    let slow = (
        "environment.yaml",
        "deregistration_delay.timeout_seconds, Value: '30'",
        "deregistration_delay.timeout_seconds, Value: '120'",
    );
    let (desk, _plan) = Desk::edited(&[slow]);
    let output = desk.expect(0, &["validate"]);
    assert!(text(&output).contains("O1023") && said(&output).contains("up to 120 s"), "{}", text(&output));
    // The blue-green plan has a function that moves weights, and declares it.
    let blue = Desk::new(2);
    let output = blue.expect(0, &["validate"]);
    assert!(!text(&output).contains("O1025"), "{}", text(&output));
    let line = "  operators: ['TapStack${EnvironmentSuffix}/Cutover']\n";
    let plan = crate::support::edited_plan(&blue.plan, &[("migration.yaml", line, "")]);
    let desk = Desk { plan: plan.path().to_owned(), ..Desk::new(2) };
    let output = desk.run(&["validate"]);
    assert!(text(&output).contains("O1025"), "{}", text(&output));
}
