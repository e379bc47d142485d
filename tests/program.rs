//! The binary as a user runs it: exit codes, streams, refusals.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::support::{payments, write};

pub(crate) fn migrate(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_migrate"))
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("NO_COLOR", "1")
        .env("HOME", dir)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("COLUMNS", "80")
        .output()
        .expect("the program runs")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_main_job_runs_from_the_shell() {
    let dir = tempfile::tempdir().expect("a folder");
    let plan = payments();
    let plan = plan.to_str().expect("a path");
    let up = migrate(dir.path(), &["up", plan, "--sandbox", "--yes"]);
    assert_eq!(up.status.code(), Some(0), "{}", text(&up.stderr));
    assert!(text(&up.stdout).contains("Outputs of"), "{}", text(&up.stdout));
    assert!(text(&up.stderr).starts_with("SANDBOX"), "{}", text(&up.stderr));

    let status = migrate(dir.path(), &["--sandbox", "status", plan, "--json"]);
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).expect("JSON");
    assert!(status["resources"].as_array().expect("a list").len() >= 85);
    assert_eq!(status["open_intents"], serde_json::json!([]));

    let plan_again = migrate(dir.path(), &["plan", plan, "--sandbox", "--json", "--detailed-exitcode"]);
    assert_eq!(plan_again.status.code(), Some(0), "{}", text(&plan_again.stderr));

    let refused = migrate(dir.path(), &["destroy", plan, "--sandbox"]);
    assert_eq!(refused.status.code(), Some(7), "no terminal, no --yes: {}", text(&refused.stderr));

    let destroy =
        migrate(dir.path(), &["destroy", plan, "--sandbox", "--yes", "--allow-data-loss", "all", "--json"]);
    assert_eq!(destroy.status.code(), Some(0), "{}", text(&destroy.stderr));
    let last = text(&destroy.stdout);
    let last: serde_json::Value = serde_json::from_str(last.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["event"], "run_finished");
    assert_eq!(last["outcome"], "complete");
    assert_eq!(last["resources"], 0);
}

#[test]
fn a_ledger_of_the_sandbox_is_never_used_against_aws() {
    let dir = tempfile::tempdir().expect("a folder");
    let template = dir.path().join("one.yaml");
    write(&template, "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n");
    let up = migrate(dir.path(), &["up", "one.yaml", "--sandbox", "--yes"]);
    assert_eq!(up.status.code(), Some(0), "{}", text(&up.stderr));
    let without = migrate(dir.path(), &["status", "one.yaml"]);
    assert!(text(&without.stdout).contains("SANDBOX"), "status says whose it is");
    let plan = migrate(dir.path(), &["plan", "one.yaml", "--region", "us-east-1"]);
    assert_eq!(plan.status.code(), Some(6), "no credentials here: {}", text(&plan.stderr));
    assert!(text(&plan.stderr).contains("M6001"), "{}", text(&plan.stderr));
}

#[test]
fn bad_input_gets_a_code_a_place_and_an_exit_code() {
    let dir = tempfile::tempdir().expect("a folder");
    let missing = migrate(dir.path(), &["validate", "nowhere"]);
    assert_eq!(missing.status.code(), Some(3), "{}", text(&missing.stderr));
    write(&dir.path().join("bad.yaml"), "Resources:\n  Vpc:\n    Type: AWS::EC2::VPCC\n");
    let unknown = migrate(dir.path(), &["validate", "bad.yaml", "--region", "us-east-1"]);
    assert_eq!(unknown.status.code(), Some(3));
    let shown = text(&unknown.stderr);
    assert!(shown.contains("bad.yaml:3:") && shown.contains("AWS::EC2::VPC"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colour without a terminal");
    write(&dir.path().join("good.yaml"), "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}");
    let faults =
        migrate(dir.path(), &["up", "good.yaml", "--region", "us-east-1", "--yes", "--faults", "none.json"]);
    assert_eq!(faults.status.code(), Some(2), "{}", text(&faults.stderr));
    assert!(text(&faults.stderr).contains("add --sandbox"), "{}", text(&faults.stderr));
    let usage = migrate(dir.path(), &["frobnicate"]);
    assert_eq!(usage.status.code(), Some(2));
}

#[test]
fn the_log_names_steps_calls_and_request_ids_and_goes_to_a_file() {
    let dir = tempfile::tempdir().expect("a folder");
    write(&dir.path().join("one.yaml"), "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}");
    let up = migrate(dir.path(), &["up", "one.yaml", "--sandbox", "--yes", "--log-file", "run.log"]);
    assert_eq!(up.status.code(), Some(0), "{}", text(&up.stderr));
    let log = std::fs::read_to_string(dir.path().join("run.log")).expect("the log");
    let call = log.lines().find(|line| line.contains("CreateTopic")).expect("the call");
    for part in [
        "step{address=one/Topic action=",
        "attempt=1",
        "service=\"SNS\"",
        "status=200",
        "request_id=",
        "took_ms=",
    ] {
        assert!(call.contains(part), "{part}: {call}");
    }
    assert!(!log.contains('\u{1b}'), "no colour in a file");
    assert!(!text(&up.stderr).contains("took_ms"), "the log went to the file");

    let once = migrate(dir.path(), &["destroy", "one.yaml", "--sandbox", "--yes", "-v"]);
    assert!(text(&once.stderr).contains("finished took_s="), "{}", text(&once.stderr));
    assert!(!text(&once.stderr).contains("took_ms"), "calls are for -vv");
    let nowhere =
        migrate(dir.path(), &["up", "one.yaml", "--sandbox", "--yes", "--log-file", "no/such/run.log"]);
    assert_eq!(nowhere.status.code(), Some(2), "{}", text(&nowhere.stderr));
    assert!(text(&nowhere.stderr).contains("M0004"), "{}", text(&nowhere.stderr));
}

/// What somebody else has put into a network does not go by waiting: that is said after minutes, not after an hour.
#[test]
fn a_network_that_others_use_is_told_soon() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join(name);
    write(
        &at("net.yaml"),
        "Resources:\n  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}\nOutputs:\n  Vpc: {Value: !Ref Vpc}\n",
    );
    write(
        &at("app.yaml"),
        "Parameters:\n  Vpc: {Type: String}\nResources:\n  Group: {Type: 'AWS::EC2::SecurityGroup', Properties: {VpcId: !Ref Vpc, \
         GroupDescription: theirs}}\n",
    );
    let up = migrate(dir.path(), &["up", "net.yaml", "--sandbox", "--yes"]);
    assert_eq!(up.status.code(), Some(0), "{}", text(&up.stderr));
    let vpc = migrate(dir.path(), &["outputs", "net.yaml", "--sandbox", "--only", "Vpc"]);
    let set = format!("Vpc={}", text(&vpc.stdout).trim());
    let up = migrate(dir.path(), &["up", "app.yaml", "--sandbox", "--yes", "--set", &set]);
    assert_eq!(up.status.code(), Some(0), "{}", text(&up.stderr));
    let destroy = migrate(dir.path(), &["destroy", "net.yaml", "--sandbox", "--yes", "--json"]);
    assert_eq!(destroy.status.code(), Some(1), "{}", text(&destroy.stderr));
    let events = text(&destroy.stdout);
    let last: serde_json::Value =
        serde_json::from_str(events.lines().last().expect("an event")).expect("JSON");
    assert!(last["elapsed_s"].as_f64().is_some_and(|elapsed| elapsed < 300.0), "{last}");
    assert!(events.lines().count() < 40, "{} events", events.lines().count());
    assert!(events.contains("nothing else is in flight that could change that"), "{events}");
}
