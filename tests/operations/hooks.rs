//! Hooks that fail, hang, or print nonsense: nothing is lost, and what was shut opens again.

use super::{Desk, said, text};

/// Answers sensibly wherever an answer is wanted, and tells what it was told.
const GOOD: &str = "#!/bin/sh
echo \"$1 $MIGRATE_OP $MIGRATE_PHASE $MIGRATE_RUN\" >> told
case $1 in
  sentinel-read) printf %s \"$MIGRATE_TOKEN\";;
  transactions) echo 0.2;;
  custom:*) echo 'business is quiet';;
esac
";

const PLACES: [&str; 9] = [
    "fence",
    "sentinel-write",
    "sentinel-read",
    "checks",
    "before-open",
    "before-reverse",
    "before-return",
    "unfence",
    "transactions",
];

/// As [`GOOD`], with one place that does something else.
fn but(place: &str, what: &str) -> String {
    GOOD.replace("case $1 in", &format!("case $1 in\n  {place}) {what};;"))
}

#[test]
fn hooks_run_in_their_places_and_know_where_they_are() {
    let mut names = PLACES.to_vec();
    names.push("custom:business");
    let (desk, plan) = Desk::hooked(&names, GOOD, &[]);
    desk.sync();
    let output = desk.cut_over(&[], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.roll_back().status.code(), Some(0));
    let told = std::fs::read_to_string(plan.path().join("told")).expect("what hooks were told");
    let mut order: Vec<String> =
        told.lines().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect();
    order.dedup();
    assert_eq!(
        order,
        [
            "transactions cutover following",
            "custom:business cutover following",
            "fence cutover synced",
            "sentinel-write cutover fenced",
            "sentinel-read cutover fenced",
            "checks cutover fenced",
            "before-open cutover drained",
            "before-reverse cutover drained",
            "before-return rollback rolling-back",
            "unfence rollback rolling-back",
        ],
        "{told}"
    );
    // The proof is a sentinel now, and not circumstantial.
    let proof = desk.ledger().operations.noted("drain-proof").cloned();
    assert!(proof.is_some());
    assert!(!text(&output).contains("circumstantial"), "{}", text(&output));
}

#[test]
fn a_hook_that_fails_hangs_or_prints_nonsense_before_the_opening_undoes_the_cutover() {
    let (desk, plan) = Desk::hooked(&PLACES, GOOD, &[]);
    desk.sync();
    let before = desk.operated();
    let script = plan.path().join("hook.sh");
    let manifest = plan.path().join("migration.yaml");
    let short = std::fs::read_to_string(&manifest).expect("a manifest").replace("limit: 20s", "limit: 4s");
    crate::support::write(&manifest, &short);
    let cases = [
        ("fence", "exit 3", "hook fence: it ended with exit code 3"),
        ("fence", "sleep 3600", "hook fence: it did not end within 4 s and was killed"),
        ("sentinel-write", "exit 1", "hook sentinel-write: it ended with exit code 1"),
        ("sentinel-read", "echo nonsense", "the sentinel has not arrived"),
        ("checks", "echo 4 rows differ; exit 1", "hook checks: it ended with exit code 1"),
        ("before-open", "kill -9 $$", "hook before-open"),
        ("before-reverse", "exit 2", "hook before-reverse: it ended with exit code 2"),
    ];
    for (place, what, says) in cases {
        super::write_script(&script, &but(place, what));
        let desk = desk.fork();
        let output = desk.cut_over(&[], None);
        let context = format!("{place}: {what}\n{}", text(&output));
        assert_eq!(output.status.code(), Some(13), "{context}");
        assert!(said(&output).contains(says), "`{says}` {context}");
        assert_eq!(desk.operated(), before, "I7: {context}");
        assert_eq!(desk.phase(), "synced", "{context}");
        // Resolved, it goes through.
        super::write_script(&script, GOOD);
        desk.pass(600);
        let output = desk.cut_over(&[], None);
        assert_eq!(output.status.code(), Some(0), "{context}\n{}", text(&output));
    }
}

#[test]
fn a_hook_that_is_a_gate_is_closed_by_everything_but_a_clear_answer() {
    let (desk, plan) = Desk::hooked(&["transactions", "custom:business"], GOOD, &[]);
    desk.sync();
    let before = desk.operated();
    let script = plan.path().join("hook.sh");
    let cases = [
        ("transactions", "echo 42", "gate transactions is closed: the oldest is open for 42.0 s; limit 10 s"),
        (
            "transactions",
            "echo soon",
            "gate transactions is unknown: its hook does not print a number of seconds",
        ),
        ("transactions", "echo NaN", "gate transactions is unknown"),
        ("transactions", "exit 4", "gate transactions is unknown: its hook ended with exit code 4"),
        (
            "custom:business",
            "echo it is Black Friday; exit 1",
            "gate custom:business is closed: it is Black Friday",
        ),
        ("custom:business", "exit 9", "gate custom:business is unknown: its hook ended with exit code 9"),
    ];
    for (place, what, says) in cases {
        super::write_script(&script, &but(place, what));
        let output = desk.cut_over(&[], None);
        assert_eq!(output.status.code(), Some(11), "{place}: {what}\n{}", text(&output));
        assert!(said(&output).contains(says), "`{says}` {place}: {what}\n{}", text(&output));
        assert_eq!(desk.operated(), before, "{place}: {what}");
    }
    let output = desk.cut_over(&["--override", "custom:business=the board has agreed"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn a_hook_that_fails_in_a_rollback_leaves_both_sides_shut_and_the_same_command_completes_it() {
    let (desk, plan) = Desk::hooked(&["before-return"], GOOD, &[]);
    desk.sync();
    let before: Vec<String> = desk.operated().into_iter().filter(|line| !line.starts_with("task")).collect();
    assert_eq!(desk.cut_over(&[], None).status.code(), Some(0));
    let script = plan.path().join("hook.sh");
    super::write_script(&script, &but("before-return", "exit 1"));
    let output = desk.roll_back();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("hook before-return"), "{}", text(&output));
    assert_eq!(desk.phase(), "rolling-back");
    assert!(desk.status()["operations"]["writes_refused_since"].is_string());
    super::write_script(&script, GOOD);
    let output = desk.roll_back();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let after: Vec<String> = desk.operated().into_iter().filter(|line| !line.starts_with("task")).collect();
    assert_eq!(after, before);
    assert!(desk.status()["operations"]["writes_refused_since"].is_null());
}
