//! What people and programs see of every verb of the operations, as golden files: text and JSON.

use std::process::Output;

use super::{Desk, text};

/// Folders, versions, and digests that tell of both differ from machine to machine; everything else is the same on all of
/// them.
fn settled(desk: &Desk, raw: &str) -> String {
    let text = raw
        .replace(&desk.plan.display().to_string(), "PLAN")
        .replace(&desk.dir.path().display().to_string(), "DIR")
        .replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(|ch: char| ch.is_ascii_hexdigit()) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|ch: char| !ch.is_ascii_hexdigit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        out.push_str(before);
        // The head of the evidence, and what tells ledgers of one name apart: it comes from where the plan lies.
        let of_ledger = digits.len() == 8 && out.ends_with("payments-multi-stack-dev-");
        out.push_str(&if digits.len() == 64 || of_ledger {
            "0".repeat(digits.len())
        } else {
            digits.to_owned()
        });
        rest = after;
    }
    out + rest
}

/// Exit code, stdout and stderr as one text.
fn shown(desk: &Desk, words: &[&str], output: &Output) -> String {
    let [out, err] =
        [&output.stdout, &output.stderr].map(|bytes| settled(desk, &String::from_utf8_lossy(bytes)));
    // What begins with events is read line by line, to its end.
    let parsed = |line: &str| serde_json::from_str::<serde_json::Value>(line).is_ok();
    let streams = words.contains(&"--json") && out.lines().next().is_some_and(parsed);
    assert!(!streams || out.lines().all(parsed), "not JSON line by line: {words:?}\n{out}");
    for line in out.lines().chain(err.lines()) {
        assert!(!line.contains('\u{1b}'), "colour without a terminal: {line}");
        let json = line.trim_start().starts_with(['{', '"', '[', '}', ']']) || line.contains("\": ");
        // Commands, addresses and the runbook's Markdown are never cut.
        // Previews name what they are about in full, and so does the one line before the commands that reopen the source.
        // Tables are whole where no terminal cuts them.
        let table = words[0] == "status";
        let full = table
            || words[0] == "runbook"
            || words.contains(&"--dry-run")
            || line.contains("writes are REFUSED");
        let told = full || ["error[", "warning[", " = "].iter().any(|start| line.starts_with(start));
        let whole =
            told || ["aws ", "`", "migrate ", "TapStack", "|", "- "].iter().any(|word| line.contains(word));
        assert!(json || whole || line.chars().count() <= 80, "wider than 80 columns in {words:?}: {line}");
    }
    format!(
        "$ migrate {}\nexit code {:?}\n--- stdout\n{out}--- stderr\n{err}",
        words.join(" "),
        output.status.code()
    )
}

/// A migration, verb by verb.
#[test]
fn a_migration_from_the_shell() {
    let desk = Desk::new(0);
    desk.expect(0, &["up", "--yes"]);
    let shot = |name: &str, words: &[&str]| {
        insta::assert_snapshot!(name, shown(&desk, words, &desk.run(words)));
    };
    // On a copy: what comes after it does not depend on it.
    let aside = |name: &str, words: &[&str]| {
        let copy = desk.fork();
        insta::assert_snapshot!(name, shown(&copy, words, &copy.run(words)));
    };
    shot("ops-01-status-deployed", &["status"]);
    aside("ops-50-status-json", &["status", "--json"]);
    aside("ops-51-test-connections-json", &["replicate", "test-connections", "--yes", "--json"]);
    shot("ops-02-start-too-early", &["replicate", "start", "--yes"]);
    shot("ops-03-test-dry-run", &["replicate", "test-connections", "--dry-run"]);
    shot("ops-04-test-connections", &["replicate", "test-connections", "--yes"]);
    shot("ops-04b-assess-not-declared", &["replicate", "assess", "--yes"]);
    shot("ops-05-start-dry-run", &["replicate", "start", "--dry-run"]);
    aside("ops-52-start-json", &["replicate", "start", "--yes", "--json"]);
    shot("ops-06-start", &["replicate", "start", "--yes", "--wait", "loaded"]);
    shot("ops-07-lag", &["lag"]);
    shot("ops-08-lag-check", &["lag", "--check"]);
    shot("ops-09-lag-json", &["lag", "--json"]);
    shot("ops-10-verify", &["verify"]);
    shot("ops-11-verify-json", &["verify", "--json"]);
    shot("ops-11b-revalidate", &["verify", "--revalidate", "--yes"]);
    shot("ops-12-replicate-status", &["replicate", "status"]);
    shot("ops-13-replicate-status-json", &["replicate", "status", "--json"]);
    shot("ops-14-shift-refused", &["shift", "--to", "25", "--yes"]);
    aside("ops-53-shift-refused-json", &["shift", "--to", "25", "--yes", "--json"]);
    aside("ops-54-stop-json", &["replicate", "stop", "--yes", "--json"]);
    let reload = "reload payments-multi-stack dev";
    aside("ops-55-reload", &["replicate", "reload", "--yes", "--confirm", reload]);
    shot("ops-15-stop", &["replicate", "stop", "--yes"]);
    shot("ops-16-resume", &["replicate", "resume", "--yes"]);
    desk.expect(0, &["lag", "--check"]);
    shot("ops-17-approve", &["approve", "--yes", "--as", "dba@example.com"]);
    shot("ops-18-cutover-asks", &["cutover", "--yes"]);
    shot("ops-19-cutover-dry-run", &["cutover", "--dry-run"]);
    shot("ops-20-runbook", &["runbook"]);
    aside("ops-56-approve-json", &["approve", "--yes", "--json", "--as", "dba@example.com"]);
    aside("ops-57-cutover-dry-run-json", &["cutover", "--dry-run", "--json"]);
    aside("ops-58-runbook-json", &["runbook", "--json"]);
    shot("ops-21-cutover", &["cutover", "--yes", "--confirm", "cut over payments-multi-stack dev"]);
    shot("ops-22-status-live", &["status"]);
    shot("ops-22b-watch", &["watch", "--rounds", "2"]);
    shot("ops-22c-watch-json", &["watch", "--rounds", "1", "--json"]);
    shot("ops-23-destroy-refused", &["destroy", "--yes"]);
    shot("ops-24-finalize-too-early", &["finalize", "--yes"]);
    let soak = "soak=nobody waits in a test";
    let confirm = "finalize payments-multi-stack dev";
    aside("ops-59-finalize", &["finalize", "--yes", "--override", soak, "--confirm", confirm]);
    aside("ops-60-finalize-json", &["finalize", "--yes", "--json", "--override", soak, "--confirm", confirm]);
    shot("ops-25-rollback-dry-run", &["rollback", "--dry-run"]);
    shot("ops-26-rollback-asks", &["rollback", "--yes"]);
    let confirm = "roll back payments-multi-stack dev";
    shot("ops-27-rollback-json", &["rollback", "--yes", "--json", "--confirm", confirm]);
    shot("ops-28-reload-asks", &["replicate", "reload", "--yes"]);
    shot("ops-29-reconcile-nothing", &["reconcile", "--accept", "all", "--reason", "none", "--yes"]);
    aside("ops-61-reconcile-json", &["reconcile", "--accept", "all", "--reason", "none", "--yes", "--json"]);
    aside("ops-62-evidence-json", &["evidence", "--out", "bundle", "--json"]);
    shot("ops-30-evidence", &["evidence", "--out", "bundle"]);
    let verified = desk.bare(&["evidence", "verify", "bundle"]);
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified));
}

/// Where a verb ends in the middle, the text names what is shut and the command that opens it.
#[test]
fn an_interrupted_cutover_from_the_shell() {
    let desk = Desk::synced(0);
    let fault =
        serde_json::json!([{"match": {"operation": "StopReplicationTask"}, "action": {"crash": "after"}}]);
    let output = desk.cut_over(&[], Some(&fault));
    assert_eq!(output.status.code(), Some(137), "{}", text(&output));
    let shot = |name: &str, words: &[&str]| {
        insta::assert_snapshot!(name, shown(&desk, words, &desk.run(words)));
    };
    shot("ops-40-status-shut", &["status"]);
    shot("ops-41-abort-dry-run", &["cutover", "--abort", "--dry-run"]);
    shot("ops-42-abort", &["cutover", "--abort", "--yes"]);
    let refused = serde_json::json!([{"match": {"operation": "StopReplicationTask", "times": 1}, "action": {"error":
        {"code": "InvalidResourceStateFault", "status": 400, "message": "not now"}}}]);
    desk.pass(600);
    let words = ["cutover"];
    insta::assert_snapshot!("ops-43-rolled-back", shown(&desk, &words, &desk.cut_over(&[], Some(&refused))));
    desk.change("route53.record", |row| row["Weight"] == 0, |row| row["Weight"] = serde_json::json!(50));
    shot("ops-44-changed-by-somebody", &["replicate", "stop", "--yes"]);
    shot(
        "ops-45-reconcile",
        &["reconcile", "--accept", "all", "--reason", "weights by hand, CHG-7", "--yes"],
    );
}
