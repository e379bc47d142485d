//! When the reverse task starts: at a position after the opening, or before the fence.

use serde_json::Value as Json;

use super::{Desk, text};

fn reverse(desk: &Desk) -> Json {
    desk.account(|world| {
        let found = world.rows("dms.task").find(|(_, row)| row["MigrationType"] == "cdc");
        found.expect("a reverse task").1.clone()
    })
}

fn there_and_back(desk: &Desk) {
    let before: Vec<String> = desk.operated().into_iter().filter(|line| !line.starts_with("task")).collect();
    let output = desk.cut_over(&[], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.phase(), "live");
    assert_eq!(reverse(desk)["Status"], "running");
    let output = desk.roll_back();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let after: Vec<String> = desk.operated().into_iter().filter(|line| !line.starts_with("task")).collect();
    assert_eq!(after, before);
}

/// The order of calls and waits that the last cutover's ledger tells: what comes first of two names.
fn first_of(desk: &Desk, one: &str, other: &str) -> bool {
    let timeline = serde_json::to_value(&desk.ledger().operations.timeline).expect("JSON");
    let place = |wanted: &str| {
        timeline.as_array().into_iter().flatten().position(|moment| moment.to_string().contains(wanted))
    };
    place(one).expect(one) < place(other).expect(other)
}

const SLOT: (&str, &str, &str) = (
    "replication.yaml",
    "SecretsManagerAccessRoleArn: !GetAtt DmsSecretsRole.Arn
        PluginName: test-decoding
        HeartbeatEnable",
    "SecretsManagerAccessRoleArn: !GetAtt DmsSecretsRole.Arn
        PluginName: test-decoding
        SlotName: migrate_reverse
        HeartbeatEnable",
);

#[test]
fn a_position_taken_behind_the_fence_lets_the_reverse_task_start_after_the_opening() {
    let (desk, _plan) = Desk::hooked(&["reverse-position"], "#!/bin/sh\necho 0/16B3748\n", &[SLOT]);
    desk.sync();
    there_and_back(&desk);
    assert_eq!(reverse(&desk)["CdcStartPosition"], "0/16B3748");
    assert!(first_of(&desk, "reverse-position", "refusal-ended"));
    assert!(
        first_of(&desk, "refusal-ended", "CdcStartPosition"),
        "it adds nothing to the time without writes"
    );
}

#[test]
fn a_position_that_is_none_undoes_the_cutover() {
    for nonsense in ["echo", "echo two words", "echo 'rm -rf $HOME'", "exit 1"] {
        let script = format!("#!/bin/sh\n{nonsense}\n");
        let (desk, _plan) = Desk::hooked(&["reverse-position"], &script, &[SLOT]);
        desk.sync();
        let before = desk.operated();
        let output = desk.cut_over(&[], None);
        assert_eq!(output.status.code(), Some(13), "{nonsense}: {}", text(&output));
        assert_eq!(desk.operated(), before, "{nonsense}");
    }
}

#[test]
fn a_death_between_the_opening_and_the_start_at_a_position_is_completed() {
    let (desk, _plan) = Desk::hooked(&["reverse-position"], "#!/bin/sh\necho 0/16B3748\n", &[SLOT]);
    desk.sync();
    for moment in ["before", "after"] {
        let desk = desk.fork();
        let faults = serde_json::json!([{"match": {"operation": "StartReplicationTask"}, "action": {"crash": moment}}]);
        let output = desk.cut_over(&[], Some(&faults));
        assert_eq!(output.status.code(), Some(137), "{moment}: {}", text(&output));
        assert_eq!(desk.status()["operations"]["writes_refused_since"], Json::Null, "{moment}");
        let output = desk.cut_over(&["--continue"], None);
        assert_eq!(output.status.code(), Some(0), "{moment}: {}", text(&output));
        assert_eq!(reverse(&desk)["CdcStartPosition"], "0/16B3748");
        assert_eq!(desk.phase(), "live");
    }
}

#[test]
fn a_position_of_postgresql_needs_the_slot_that_keeps_it() {
    let (desk, _plan) = Desk::hooked(&["reverse-position"], "#!/bin/sh\necho 0/1\n", &[]);
    let output = desk.run(&["validate"]);
    assert!(text(&output).contains("O1012"), "{}", text(&output));
    assert_ne!(output.status.code(), Some(0));
}

const EARLY: (&str, &str, &str) = (
    "migration.yaml",
    "    reverse: TapStack${EnvironmentSuffix}Replication/ReverseTask",
    "    reverse: TapStack${EnvironmentSuffix}Replication/ReverseTask\n    reverse_start: early",
);
const LOOPBACK: &str = "{
          \"LoopbackPreventionSettings\": {\"EnableLoopbackPrevention\": true, \"SourceSchema\": \"dms\", \"TargetSchema\": \"dms\"},
          \"TargetMetadata\"";
const TASKS: (&str, &str) = ("replication.yaml", "{\n          \"TargetMetadata\"");

#[test]
fn an_early_reverse_task_runs_before_the_fence() {
    let twice = (TASKS.0, TASKS.1, LOOPBACK);
    let (desk, _plan) = Desk::edited(&[EARLY, twice, twice]);
    desk.sync();
    there_and_back(&desk);
    assert!(first_of(&desk, "start task TapStack", "refusal-started"));
    // And an abort ends it again.
    let (desk, _plan) = Desk::edited(&[EARLY, twice, twice]);
    desk.sync();
    let before = desk.operated();
    let refusal = serde_json::json!([{"match": {"operation": "ChangeResourceRecordSets", "times": 1}, "action":
        {"error": {"code": "InvalidInput", "status": 400, "message": "not now"}}}]);
    let output = desk.cut_over(&[], Some(&refusal));
    assert_eq!(output.status.code(), Some(13), "{}", text(&output));
    assert_eq!(desk.operated(), before);
}

#[test]
fn an_early_reverse_task_needs_loopback_prevention_on_both_sides() {
    let (desk, _plan) = Desk::edited(&[EARLY, (TASKS.0, TASKS.1, LOOPBACK)]);
    let output = desk.run(&["validate"]);
    assert!(
        text(&output).contains("O1009") && text(&output).contains("reverse_start: early"),
        "{}",
        text(&output)
    );
}
