//! Approvals by somebody else, tickets, and what a declaration demands.

use super::{Desk, text};

const STRICT: (&str, &str, &str) = (
    "migration.yaml",
    "require: {ticket: false, approval: false, reverse: true}",
    "require: {ticket: true, approval: true, reverse: true}",
);

#[test]
fn a_cutover_that_needs_an_approval_gets_one_from_somebody_else() {
    let (desk, plan) = Desk::edited(&[STRICT]);
    desk.sync();
    let before = desk.operated();
    let output = desk.cut_over(&[], None);
    assert_eq!(output.status.code(), Some(7), "{}", text(&output));
    assert!(text(&output).contains("--ticket"), "{}", text(&output));
    let output = desk.cut_over(&["--ticket", "CHG-1"], None);
    assert_eq!(output.status.code(), Some(7), "{}", text(&output));
    assert!(text(&output).contains("migrate approve"), "{}", text(&output));
    // One's own approval is none.
    desk.expect(0, &["approve", "--yes"]);
    assert_eq!(desk.cut_over(&["--ticket", "CHG-1"], None).status.code(), Some(7));
    desk.expect(0, &["approve", "--yes", "--as", "dba@example.com"]);
    // It holds for what was declared then.
    let manifest = plan.path().join("migration.yaml");
    let declared = std::fs::read_to_string(&manifest).expect("a manifest");
    let other = desk.fork();
    crate::support::write(&manifest, &declared.replace("limit_s: 10", "limit_s: 3000"));
    let output = other.cut_over(&["--ticket", "CHG-1"], None);
    assert_eq!(output.status.code(), Some(7), "another declaration: {}", text(&output));
    crate::support::write(&manifest, &declared);
    assert_eq!(desk.operated(), before);
    let output = desk.cut_over(&["--ticket", "CHG-1"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn who_approves_on_aws_is_not_for_the_command_line_to_say() {
    let desk = Desk::new(0);
    let output = desk.bare(&["approve", "--yes", "--as", "somebody"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("--as is for rehearsals"), "{}", text(&output));
}

#[test]
fn no_way_back_is_said_before_the_fence_and_costs_a_text_of_its_own() {
    let none = (
        "migration.yaml",
        "reverse: TapStack${EnvironmentSuffix}Replication/ReverseTask",
        "reverse: {none: the old database is switched off the same day}",
    );
    let (desk, _plan) = Desk::edited(&[none]);
    let output = desk.run(&["validate"]);
    assert!(text(&output).contains("contradict"), "{}", text(&output));
    let free = ("migration.yaml", "reverse: true}", "reverse: false}");
    let (desk, _plan) = Desk::edited(&[none, free]);
    desk.sync();
    let before = desk.operated();
    let output = desk.cut_over(&[], None);
    assert_eq!(output.status.code(), Some(7), "{}", text(&output));
    assert!(text(&output).contains("no way back for payments-multi-stack dev"), "{}", text(&output));
    assert_eq!(desk.operated(), before, "asked before anything was shut");
    let output = desk.cut_over(&["--confirm", "no way back for payments-multi-stack dev"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let output = desk.expect(11, &["rollback", "--yes"]);
    assert!(text(&output).contains("loses every write"), "{}", text(&output));
}
