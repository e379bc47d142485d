//! What is operated: from the plan's section and the ledger's resources, or as the journal has it.

use serde_json::{Value as Json, json};

use crate::{
    cli::{
        args::{Global, LedgerArgs},
        prepare,
    },
    error::Diagnostic,
    ledger::{Operations, Phase, Snapshot},
    operations::{
        self,
        discover::{Discovery, Finding, Resolved},
    },
    ui::{diagnostics, paragraph},
};

/// What is operated. From the fence on it is what the journal has: a plan that is edited during a cutover does not change
/// what an abort restores.
///
/// # Errors
/// What is wrong with the plan's section. What discovery finds wrong is among its problems.
pub fn discovered(
    global: &Global,
    which: &LedgerArgs,
    snapshot: &Snapshot,
) -> Result<Discovery, Vec<Diagnostic>> {
    let journalled = || serde_json::from_value::<Resolved>(snapshot.operations.declared.clone()).ok();
    if snapshot.operations.protects()
        && let Some(resolved) = journalled()
    {
        return Ok(Discovery { resolved: Some(resolved), problems: Vec::new() });
    }
    match prepare::load_named(global, which.plan(), which.environment.as_deref()) {
        Ok(loaded) => operations::understood(loaded.operations.as_ref(), snapshot),
        // Without the plan's files everything works that was declared before.
        Err(problems) => match journalled() {
            Some(resolved) => Ok(Discovery { resolved: Some(resolved), problems: Vec::new() }),
            None if which.plan.is_some() => Err(problems),
            None => operations::understood(None, snapshot),
        },
    }
}

/// Whether there is anything to say about operations.
fn concerns(found: &Discovery, snapshot: &Snapshot) -> bool {
    found.resolved.is_some() || snapshot.operations.phase.is_some()
}

/// The status's members.
#[must_use]
pub fn as_json(found: &Discovery, snapshot: &Snapshot) -> Option<(Phase, Json)> {
    if !concerns(found, snapshot) {
        return None;
    }
    let operations = &snapshot.operations;
    let findings: &[Finding] = found.resolved.as_ref().map_or(&[], |resolved| &resolved.findings);
    let value = json!({
        "since": (!operations.since.is_empty()).then_some(&operations.since), "discovered": findings,
        "diagnostics": diagnostics::as_json(&found.problems)["diagnostics"],
        "writes_refused_since": operations.refused_since(),
    });
    Some((operations.phase(), value))
}

/// What to type next, where something is shut or a verb has ended in the middle.
fn next(operations: &Operations) -> Option<&'static str> {
    if operations.interrupted() {
        return Some(match (operations.opened(), operations.aborting()) {
            (true, _) => "`migrate cutover --continue` completes the cutover; `migrate rollback` goes back",
            (_, true) => "`migrate cutover --abort` completes the abort: it reopens the source",
            _ => {
                "`migrate cutover --abort` reopens the source; `migrate cutover --continue` completes the cutover"
            }
        });
    }
    match operations.phase() {
        Phase::RollingBack => Some("`migrate rollback` completes the rollback: it reopens the source"),
        _ => operations.refused_since().map(|_| "`migrate rollback` reopens the source"),
    }
}

/// The status's paragraph: what is operated, and at its end, where eyes are, what is shut and what to type.
#[must_use]
pub fn as_text(found: &Discovery, snapshot: &Snapshot, width: usize) -> String {
    if !concerns(found, snapshot) {
        return String::new();
    }
    let operations = &snapshot.operations;
    let mut text = String::from("\noperated, and why:\n");
    for finding in found.resolved.iter().flat_map(|resolved| &resolved.findings) {
        let words = format!("{} ({})", finding.which, finding.why);
        text.push_str(&paragraph(&finding.what, &words, width));
    }
    for problem in &found.problems {
        text.push_str(&format!("{} {}: {}\n", problem.severity.as_str(), problem.code, problem.message));
        if let Some(help) = &problem.help {
            text.push_str(&format!("  {help}\n"));
        }
    }
    text.push_str(&format!("\noperations: phase {}", operations.phase()));
    if !operations.since.is_empty() {
        text.push_str(&format!(" since {}", operations.since));
    }
    text.push('\n');
    if let Some(since) = operations.refused_since() {
        text.push_str(&format!("WRITES ARE REFUSED since {since}\n"));
    }
    if let Some(next) = next(operations) {
        text.push_str(&format!("Next: {next}\n"));
    }
    text
}
