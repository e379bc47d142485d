//! A lost ledger: nothing is made a second time, and it is made again from plan and account.

use std::path::Path;

use crate::{
    program::{migrate, text},
    support::{in_parallel, write},
};

fn lost(plan: &Path, ledger: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let plan = plan.to_str().expect("a path");
    let up = migrate(dir.path(), &["up", plan, "--sandbox", "--yes"]);
    assert_eq!(up.status.code(), Some(0), "{}", text(&up.stderr));
    let before = migrate(dir.path(), &["sandbox", "show", "--json"]);
    let ledgers = std::fs::read_dir(dir.path().join(".migrate/sandbox")).expect("the sandbox").flatten();
    let known = ledgers
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(ledger)));
    let moved = std::process::Command::new("mv")
        .arg(known.expect("the ledger"))
        .arg(dir.path().join("lost"))
        .status();
    assert!(moved.expect("mv runs").success(), "it is moved away");

    let again = migrate(dir.path(), &["up", plan, "--sandbox", "--yes"]);
    assert_eq!(again.status.code(), Some(4), "{}", text(&again.stderr));
    let said = text(&again.stderr);
    assert!(said.contains("M4111") && said.contains("migrate ledger rebuild"), "{said}");
    let after = migrate(dir.path(), &["sandbox", "show", "--json"]);
    assert_eq!(text(&before.stdout), text(&after.stdout), "nothing was made");

    let rebuilt = migrate(dir.path(), &["ledger", "rebuild", plan, "--sandbox", "--yes"]);
    assert_eq!(rebuilt.status.code(), Some(0), "{}", text(&rebuilt.stderr));
    assert!(!text(&rebuilt.stderr).contains("unknown "), "{}", text(&rebuilt.stderr));
    let same = migrate(dir.path(), &["plan", plan, "--sandbox", "--detailed-exitcode"]);
    assert_eq!(same.status.code(), Some(0), "{}{}", text(&same.stdout), text(&same.stderr));

    let destroy = migrate(dir.path(), &["destroy", plan, "--sandbox", "--yes", "--allow-data-loss", "all"]);
    assert_eq!(destroy.status.code(), Some(0), "{}", text(&destroy.stderr));
}

#[test]
fn a_lost_ledger_is_rebuilt_from_plan_and_account() {
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    let all = ["payments-single-stack", "payments-multi-stack"];
    in_parallel(&all, |_, name| lost(&plans.join(name), &format!("{name}-dev")));
}

/// Types that Cloud Control deploys: most have identifiers that only the ledger knew, with tags or (a subscription filter)
/// without.
const SECOND_HAND: &str = "
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Named: {Type: AWS::SQS::Queue, Properties: {QueueName: orders}}
  Table: {Type: AWS::DynamoDB::Table, DeletionPolicy: Delete, UpdateReplacePolicy: Delete, Properties: {BillingMode: PAY_PER_REQUEST,
    AttributeDefinitions: [{AttributeName: a, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: HASH}]}}
  Files: {Type: AWS::EFS::FileSystem, DeletionPolicy: Delete, UpdateReplacePolicy: Delete, Properties: {Encrypted: true}}
  Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /orders}}
  Filter: {Type: AWS::Logs::SubscriptionFilter, Properties: {LogGroupName: !Ref Log, FilterPattern: '',
    DestinationArn: 'arn:aws:lambda:us-east-1:123456789012:function:x'}}
";

/// Fails where `find` alone looks: of these nothing but the log group was found, and `up` would have made all again.
#[test]
fn what_cloud_control_made_is_found_without_its_ledger() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("second.yaml");
    write(&file, SECOND_HAND);
    lost(&file, "second-default");
    // Without anything native the account still knows whose all this is.
    write(&file, "Resources: {Queue: {Type: 'AWS::SQS::Queue'}}\n");
    lost(&file, "second-default");
}

/// What carries the ledger's tags and is not taken in is named: no run will ever delete it.
#[test]
fn what_is_not_in_the_rebuilt_ledger_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| migrate(dir.path(), args);
    let done = |args: &[&str]| {
        let output = run(args);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    let kept = "Resources:\n  Kept: {Type: 'AWS::SNS::Topic', UpdateReplacePolicy: Retain}\n";
    write(&dir.path().join("plan.yaml"), &format!("{kept}  Gone: {{Type: 'AWS::SNS::Topic'}}\n"));
    done(&["up", "plan.yaml", "--sandbox", "--yes"]);
    done(&["up", "plan.yaml", "--sandbox", "--yes", "--replace", "plan/Kept"]);
    write(&dir.path().join("plan.yaml"), kept);
    std::fs::remove_dir_all(dir.path().join(".migrate/sandbox/plan-default")).expect("the ledger");
    let told = done(&["ledger", "rebuild", "plan.yaml", "--sandbox", "--yes"]);
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("is object 0 of it; object 1 is in use"), "{told}");
    assert!(told.contains("unknown plan/Gone") && told.contains("is not in the plan"), "{told}");
    done(&["plan", "plan.yaml", "--sandbox", "--detailed-exitcode"]);
}
