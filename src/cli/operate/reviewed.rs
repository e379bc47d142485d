//! A cutover as a document: what a dry run would do, saved, approved by somebody else, and carried out only as long as it
//! is still what would be done.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::{desk::End, runbook::write};
use crate::{
    error::{Class, Diagnostic},
    files,
    ledger::{Binding, Facts, Operations, digest},
    operations::{
        calls,
        discover::Resolved,
        steps::{self, Step},
    },
};

/// Largest document that is read, in bytes.
const MAX: u64 = 16 << 20;

/// What the documents are.
const CUTOVER: &str = "cutover";
const APPROVAL: &str = "approval";

/// One step as it is compared: without what may change by itself until it is carried out. A service's count is that of
/// the moment, as scaling moves it.
fn compared(step: &Step) -> Json {
    match step {
        Step::Call { call, .. } => {
            let mut request = json!({
                "service": call.request.service, "operation": call.request.operation, "region": call.request.region,
                "input": call.request.input,
            });
            let mut does = call.name.clone();
            if request["input"]["desiredCount"].as_i64().is_some_and(|count| count > 0) {
                request["input"]["desiredCount"] = json!("as before");
                does = does
                    .rsplit_once(" to ")
                    .map_or(does.clone(), |(start, _)| format!("{start} to its count"));
            }
            json!({"does": does, "request": request})
        }
        other => json!({"does": other.words()}),
    }
}

/// The cutover that would be carried out now. `settings` are the tasks' own, as DMS has them.
#[must_use]
pub fn document(
    resolved: &Resolved,
    known: &Operations,
    binding: &Binding,
    facts: &Facts,
    settings: &[Json],
) -> (Json, Vec<Step>) {
    let before = known.baseline.clone().filter(|_| known.interrupted()).unwrap_or_else(|| facts.clone());
    let comment = format!("migrate {}", resolved.migration);
    let planned = steps::cutover(resolved, known.phase(), facts, &before, &comment);
    let started: Vec<&Json> =
        resolved.forward.iter().filter_map(|task| facts.get(&calls::task(task), "FreshStartDate")).collect();
    let mut document = json!({
        "format": 1, "document": CUTOVER, "migration": resolved.migration, "environment": resolved.environment,
        "account": binding.account, "region": binding.region,
        "declaration": digest(&serde_json::to_value(resolved).unwrap_or_default()),
        "task_settings": digest(&json!(settings)), "started_ms": started,
        "steps": planned.iter().map(compared).collect::<Vec<_>>(),
    });
    document["digest"] = json!(digest(&document));
    (document, planned)
}

fn wrong(file: &Path, why: &str, help: &str) -> Vec<Diagnostic> {
    let message = format!("{}: {why}", file.display());
    vec![Diagnostic::error("O2016", Class::Usage, message).help(help)]
}

/// Reads a document of a kind, and checks that nobody has edited it.
fn read(file: &Path, kind: &str, help: &str) -> Result<Json, Vec<Diagnostic>> {
    let bytes = files::read_input(file, MAX).map_err(|error| {
        let message = format!("cannot read {}: {error}", file.display());
        vec![Diagnostic::error("M0004", Class::Usage, message)]
    })?;
    let mut document: Json = serde_json::from_slice(&bytes)
        .map_err(|error| wrong(file, &format!("it is no JSON: {error}"), help))?;
    if document["document"] != kind || document["format"] != 1 {
        return Err(wrong(file, &format!("it is no {kind} of this version of migrate"), help));
    }
    let said = document.as_object_mut().and_then(|members| members.remove("digest")).unwrap_or_default();
    if said != json!(digest(&document)) {
        return Err(wrong(file, "its digest does not fit: it was edited", help));
    }
    document["digest"] = said;
    Ok(document)
}

/// A saved cutover.
///
/// # Errors
/// When it is none, or was edited.
pub fn read_cutover(file: &Path) -> Result<Json, Vec<Diagnostic>> {
    read(file, CUTOVER, "`migrate cutover --dry-run --out FILE` writes one")
}

/// Writes a cutover to a file.
///
/// # Errors
/// When it cannot be written.
pub fn save(file: &Path, document: &Json) -> Result<(), Vec<Diagnostic>> {
    write(file, &format!("{}\n", serde_json::to_string_pretty(document).unwrap_or_default()))
}

/// An approval of a cutover, as a document.
#[must_use]
pub fn approval(cutover: &Json, by: &str, at: &str) -> Json {
    let mut document = json!({
        "format": 1, "document": APPROVAL, "of": cutover["digest"], "migration": cutover["migration"],
        "environment": cutover["environment"], "account": cutover["account"], "by": by, "at": at,
    });
    document["digest"] = json!(digest(&document));
    document
}

/// Who has approved this cutover, from the approval's file.
///
/// # Errors
/// When it is no approval, was edited, or approves another cutover.
pub fn approved_by(file: &Path, now: &Json) -> Result<String, Vec<Diagnostic>> {
    let document = read(file, APPROVAL, "`migrate approve --of FILE --out FILE` writes one")?;
    if document["of"] != now["digest"] {
        let help = "review it again: `migrate cutover --dry-run --out FILE`, then `migrate approve --of FILE --out FILE`";
        return Err(wrong(
            file,
            "it approves another cutover than the one that would be carried out now",
            help,
        ));
    }
    Ok(document["by"].as_str().unwrap_or_default().to_owned())
}

/// What differs between a saved cutover and the one that would be carried out now.
fn differences(then: &Json, now: &Json) -> Vec<String> {
    let mut all = Vec::new();
    for (member, words) in [
        ("account", "the account"),
        ("migration", "the migration"),
        ("environment", "the environment"),
        ("declaration", "the section `operations`, or what it names"),
        ("task_settings", "the settings of a replication task"),
        ("started_ms", "a task was started anew"),
    ] {
        if then[member] != now[member] {
            all.push(words.to_owned());
        }
    }
    let steps = |document: &Json| document["steps"].as_array().cloned().unwrap_or_default();
    let (before, after) = (steps(then), steps(now));
    let does = |step: &Json| step["does"].as_str().unwrap_or_default().to_owned();
    let only = |these: &[Json], others: &[Json], how: &str| -> Vec<String> {
        let own = these.iter().filter(|step| !others.contains(step));
        own.map(|step| format!("{how} `{}`", does(step))).collect()
    };
    all.extend(only(&before, &after, "it would not, or otherwise,"));
    all.extend(only(&after, &before, "it would now"));
    all
}

/// Refuses to carry out what is no longer what was saved.
///
/// # Errors
/// What differs.
pub fn fits(file: &Path, now: &Json) -> Result<(), End> {
    let then = read_cutover(file)?;
    if then["digest"] == now["digest"] {
        return Ok(());
    }
    let mut all = differences(&then, now);
    let more = all.len().saturating_sub(4);
    all.truncate(4);
    if more > 0 {
        all.push(format!("{more} more"));
    }
    let message = format!("{} no longer fits: {}", file.display(), all.join("; "));
    let help = "nothing was changed. Review it again: `migrate cutover --dry-run --out FILE`";
    Err(Diagnostic::error("O2016", Class::Refused, message).help(help).into())
}
