//! Where ledgers lie, and whose they are.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value as Json;

use crate::{
    process::Place,
    program::{migrate, text},
    support::write,
};

const ORDERS: &str = "Resources:\n  Orders: {Type: 'AWS::SNS::Topic', Properties: {TopicName: orders}}\n";
const BILLING: &str = "Resources:\n  Billing: {Type: 'AWS::SNS::Topic', Properties: {TopicName: billing}}\n";

fn folder(path: &Path) {
    std::fs::create_dir_all(path).expect("a folder");
}

#[track_caller]
fn done(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
}

/// What was said, without line breaks.
fn unwrapped(output: &Output) -> String {
    text(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The topics of a sandbox.
fn topics(dir: &Path) -> u64 {
    let shown = migrate(dir, &["sandbox", "show", "--json"]);
    let world: Json = serde_json::from_slice(&shown.stdout).expect("JSON");
    world["objects"]["sns.topic"].as_u64().unwrap_or_default()
}

#[test]
fn two_plans_of_one_name_have_a_ledger_each() {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, template) in [("a", ORDERS), ("b", BILLING), ("c", ORDERS)] {
        folder(&dir.path().join(name));
        write(&dir.path().join(name).join("template.yaml"), template);
    }
    done(&migrate(dir.path(), &["up", "a/template.yaml", "--sandbox", "--yes"]));
    done(&migrate(dir.path(), &["up", "b/template.yaml", "--sandbox", "--yes"]));
    assert_eq!(topics(dir.path()), 2, "nothing of the first plan was deleted");
    // Neither by naming the other's ledger.
    let ledgers = std::fs::read_dir(dir.path().join(".migrate/sandbox")).expect("the sandbox").flatten();
    let all: Vec<_> =
        ledgers.map(|entry| entry.path()).filter(|path| path.join("ledger.json").exists()).collect();
    assert_eq!(all.len(), 2, "{all:?}");
    for ledger in &all {
        let ledger = ledger.to_str().expect("a path");
        for verb in [&["up", "c/template.yaml", "--yes"][..], &["destroy", "c/template.yaml", "--yes"]] {
            let refused = migrate(dir.path(), &[verb, &["--sandbox", "--ledger", ledger]].concat());
            assert_eq!(refused.status.code(), Some(4), "{}", text(&refused.stderr));
            let said = text(&refused.stderr);
            assert!(said.contains("M4114") && said.contains("ledger moved c/template.yaml"), "{said}");
        }
    }
    assert_eq!(topics(dir.path()), 2);
    // The sandbox's account is gone, and so are the ledgers that described it.
    done(&migrate(dir.path(), &["sandbox", "reset"]));
    assert!(all.iter().all(|ledger| !ledger.exists()));
    done(&migrate(dir.path(), &["up", "a/template.yaml", "--sandbox", "--yes"]));
    assert_eq!(topics(dir.path()), 1);
}

#[test]
fn a_plan_finds_its_ledger_from_every_folder_and_after_a_rehearsal() {
    let place = Place::new(ORDERS, 60);
    let (root, elsewhere) = (place.dir.path(), place.dir.path().join("elsewhere"));
    folder(&elsewhere);
    let from = |dir: &Path, args: &[&str]| place.command(args).current_dir(dir).output().expect("it runs");
    // Rehearse, then deploy: no flag tells the two apart but --sandbox.
    let rehearsed = from(&elsewhere, &["up", "../plan.yaml", "--sandbox", "--yes"]);
    done(&rehearsed);
    assert!(!root.join(".migrate/plan-default").exists());
    let deployed = from(root, &["up", "plan.yaml", "--yes"]);
    done(&deployed);
    assert!(root.join(".migrate/plan-default/ledger.json").exists());
    for plan in
        ["../plan.yaml", root.join("plan.yaml").to_str().expect("a path"), "../elsewhere/../plan.yaml"]
    {
        done(&from(&elsewhere, &["plan", plan, "--detailed-exitcode"]));
    }
    done(&from(&elsewhere, &["plan", "../plan.yaml", "--sandbox", "--detailed-exitcode"]));
    done(&from(&elsewhere, &["destroy", "../plan.yaml", "--yes"]));
    let left = place.left();
    assert_eq!(left["objects"], serde_json::json!({}), "{left:#}");
}

#[test]
fn ledgers_of_earlier_versions_are_moved_with_a_note() {
    let place = Place::new(ORDERS, 60);
    let root = place.dir.path();
    folder(&root.join("app"));
    write(&root.join("app/plan.yaml"), ORDERS);
    // Where they were: in the current folder, for AWS and for rehearsals alike.
    let rehearsal = |args: &[&str]| {
        let world = ["--sandbox", "--sandbox-dir", "world"];
        place.run(&[args, &world].concat())
    };
    done(&rehearsal(&["up", "app/plan.yaml", "--yes", "--ledger", ".migrate/plan-default"]));
    let same = rehearsal(&["plan", "app/plan.yaml", "--detailed-exitcode"]);
    done(&same);
    assert!(unwrapped(&same).contains("from now on"), "{}", text(&same.stderr));
    assert!(!root.join(".migrate/plan-default").exists());
    done(&place.run(&["up", "app/plan.yaml", "--yes", "--ledger", ".migrate/plan-default"]));
    let same = place.run(&["plan", "app/plan.yaml", "--detailed-exitcode"]);
    done(&same);
    assert!(unwrapped(&same).contains("app/.migrate/plan-default"), "{}", text(&same.stderr));
    assert!(root.join("app/.migrate/plan-default/ledger.json").exists());
    let again = place.run(&["plan", "app/plan.yaml", "--detailed-exitcode"]);
    done(&again);
    assert!(!unwrapped(&again).contains("from now on"), "{}", text(&again.stderr));
    // Another plan of that name does not take it along.
    done(&place.run(&["destroy", "app/plan.yaml", "--yes"]));
    done(&place.run(&["up", "app/plan.yaml", "--yes", "--ledger", ".migrate/plan-default"]));
    write(&root.join("plan.yaml"), BILLING);
    let refused = place.run(&["plan", "plan.yaml"]);
    assert_eq!(refused.status.code(), Some(4), "{}", text(&refused.stderr));
    assert!(text(&refused.stderr).contains("M4114"), "{}", text(&refused.stderr));
}

#[test]
fn a_moved_plan_keeps_its_ledger_and_a_replaced_one_is_said() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path();
    folder(&root.join("old"));
    write(&root.join("old/template.yaml"), ORDERS);
    let at = |args: &[&str]| migrate(root, &[args, &["--sandbox", "--ledger", "kept"]].concat());
    done(&at(&["up", "old/template.yaml", "--yes"]));
    let moved = Command::new("mv").arg(root.join("old")).arg(root.join("new")).status();
    assert!(moved.expect("mv runs").success());
    done(&at(&["plan", "new/template.yaml", "--detailed-exitcode"]));
    done(&at(&["up", "new/template.yaml", "--yes"]));
    // Both are there now: only one of them is the ledger's plan.
    folder(&root.join("old"));
    write(&root.join("old/template.yaml"), ORDERS);
    assert_eq!(at(&["plan", "old/template.yaml"]).status.code(), Some(4));
    done(&at(&["ledger", "moved", "old/template.yaml", "--yes"]));
    done(&at(&["plan", "old/template.yaml", "--detailed-exitcode"]));
    assert_eq!(at(&["plan", "new/template.yaml"]).status.code(), Some(4));
    done(&at(&["ledger", "verify", "old/template.yaml"]));
}

#[test]
fn the_ledger_of_an_app_lies_beside_its_assembly() {
    let place = Place::new(ORDERS, 60);
    let out = place.dir.path().join("app/cdk.out");
    folder(&out);
    write(&out.join("cdk.out"), "{\"version\": \"38.0.0\"}");
    write(
        &out.join("manifest.json"),
        r#"{"version": "38.0.0", "artifacts": {"S": {"type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region", "properties": {"templateFile": "S.json"}}}}"#,
    );
    write(&out.join("S.json"), r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}"#);
    done(&place.run(&["up", "app/cdk.out", "--yes"]));
    assert!(place.dir.path().join("app/.migrate/app-default/ledger.json").exists());
    // `cdk synth` begins with an empty folder.
    std::fs::remove_file(out.join("cdk.out")).expect("it is deleted");
    write(&out.join("cdk.out"), "{\"version\": \"39.0.0\"}");
    done(&place.run(&["plan", "app/cdk.out", "--detailed-exitcode"]));
    done(&place.run(&["destroy", "app/cdk.out", "--yes"]));
}

/// A rehearsal's ledger is never taken to AWS: every verb that would sign in says so first, with the same command for the sandbox.
#[test]
fn verbs_that_would_sign_in_refuse_the_ledger_of_a_rehearsal() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write(&dir.join("plan.yaml"), ORDERS);
    done(&migrate(dir, &["up", "plan.yaml", "--sandbox", "--yes"]));
    let ledger = ".migrate/sandbox/plan-default";
    for verb in [
        &["refresh", "plan.yaml"][..],
        &["refresh", "--ledger", ledger],
        &["destroy", "plan.yaml", "--yes"],
        &["destroy", "--ledger", ledger, "--yes"],
        &["lag", "plan.yaml"],
        &["verify", "plan.yaml"],
        &["watch", "plan.yaml"],
        &["replicate", "status", "plan.yaml"],
        &["cutover", "plan.yaml", "--yes"],
        &["plan", "plan.yaml", "--ledger", ledger, "--region", "us-east-1"],
        &["up", "plan.yaml", "--ledger", ledger, "--region", "us-east-1", "--yes"],
        &["import", "plan/Orders", "x", "plan.yaml", "--ledger", ledger, "--region", "us-east-1"],
    ] {
        let output = migrate(dir, verb);
        let said = unwrapped(&output);
        assert_eq!(output.status.code(), Some(6), "{verb:?}: {said}");
        assert!(said.contains("M6101") && said.contains("belongs to the sandbox"), "{verb:?}: {said}");
        assert!(said.contains("--sandbox`") && !said.contains("M6001"), "{verb:?}: {said}");
    }
    // An open call of a rehearsal.
    let resolve = migrate(dir, &["ledger", "resolve", "plan/Orders", "--ledger", ledger]);
    assert!(unwrapped(&resolve).contains("no open intent"), "{}", unwrapped(&resolve));
    done(&migrate(dir, &["refresh", "plan.yaml", "--sandbox"]));
    done(&migrate(dir, &["destroy", "plan.yaml", "--sandbox", "--yes"]));
}
