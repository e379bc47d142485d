//! What the latest runs did: folded from the journal, kept in the snapshot, shown by `migrate ledger history`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    entry::{Entry, Resolution, Verb},
    object::{Late, Open, Resource},
};
use crate::{
    aws::OpError,
    model::{Address, PhysicalId},
};

/// How many runs are kept.
const RUNS: usize = 100;

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its name.
    pub run: String,
    /// `up`, `destroy`, `rollback`, `import`, ...
    pub operation: String,
    /// Who ran it.
    pub by: String,
    /// RFC 3339.
    pub started: String,
    /// RFC 3339; `None` while it runs, or when it was interrupted.
    pub finished: Option<String>,
    /// `complete`, `failed`, `stopped` or `doubtful`.
    pub outcome: Option<String>,
    /// Whether what it creates goes again should it fail.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rolls_back: bool,
    /// What changed, in order.
    pub changes: Vec<ChangeRecord>,
    /// Why it failed, if it did: one for each failed step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<FailureRecord>,
}

/// Why a step failed; without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRecord {
    /// The resource.
    pub address: Address,
    /// What failed.
    pub error: OpError,
}

/// One change of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRecord {
    /// The resource.
    pub address: Address,
    /// `created`, `replaced`, `updated`, `deleted`, `adopted`, `found late` (adopted too),
    /// `found twice` (another had its place), `let go`, `refreshed`.
    pub what: String,
    /// Its object.
    pub physical_id: Option<PhysicalId>,
}

pub(super) fn begin(history: &mut Vec<RunRecord>, record: RunRecord) {
    history.push(record);
    let surplus = history.len().saturating_sub(RUNS);
    history.drain(..surplus);
}

/// What the runs created that are one attempt: the latest, and those before it that were to be rolled back if they
/// failed and never came to an end, with the ways back that were begun and the doubts that were settled in between.
pub(crate) fn attempted(history: &[RunRecord]) -> BTreeSet<&Address> {
    let mut runs: Vec<&RunRecord> = Vec::new();
    let mut settling = Vec::new();
    for (age, record) in history.iter().rev().enumerate() {
        let complete = record.outcome.as_deref() == Some("complete");
        if age > 0 && record.operation == "resolve" {
            settling.push(record);
        } else if age == 0 || (!complete && (record.rolls_back || record.operation == "rollback")) {
            runs.append(&mut settling);
            runs.push(record);
        } else {
            break;
        }
    }
    let changes = runs.into_iter().flat_map(|run| &run.changes);
    changes
        .filter(|change| matches!(change.what.as_str(), "created" | "adopted" | "found late"))
        .map(|change| &change.address)
        .collect()
}

pub(super) fn end(
    history: &mut [RunRecord],
    run: &str,
    outcome: &str,
    failures: Vec<FailureRecord>,
    at: &str,
) {
    if let Some(record) = history.iter_mut().rev().find(|record| record.run == run) {
        record.finished = Some(at.into());
        record.outcome = Some(outcome.into());
        record.failures = failures;
    }
}

/// Notes what an entry says was changed; called before the entry is folded in.
pub(super) fn note(
    history: &mut [RunRecord],
    (open, late): (&BTreeMap<u64, Open>, &[Late]),
    resources: &BTreeMap<Address, Resource>,
    entry: &Entry,
) {
    let Some(record) = history.last_mut() else { return };
    let (address, what, physical_id) = match entry {
        Entry::Landed { op, physical_id, more: false, .. } => {
            let Some(open) = open.get(op) else { return };
            let what = match open.verb {
                Verb::Create if resources.get(&open.address).is_some_and(|r| r.current.is_some()) => {
                    "replaced"
                }
                Verb::Create => "created",
                Verb::Update => "updated",
                // Part of a creation, told again by `Gone`, or in the operations' own timeline.
                Verb::Configure | Verb::Delete | Verb::Operate => return,
            };
            (&open.address, what, physical_id.clone().or_else(|| open.physical_id.clone()))
        }
        Entry::Resolved { op, by: Resolution::Adopted(id) | Resolution::Claimed(id), .. } => {
            let Some(open) = open.get(op) else { return };
            (&open.address, "adopted", Some(id.clone()))
        }
        Entry::Appeared { op, physical_id, stray, .. } => {
            let Some(Late { call, .. }) = late.iter().find(|late| late.call.op == *op) else { return };
            (&call.address, if *stray { "found twice" } else { "found late" }, Some(physical_id.clone()))
        }
        Entry::Gone { address, generation, kept } => {
            let object = resources.get(address).and_then(|r| {
                r.current.iter().chain(&r.superseded).find(|object| object.generation == *generation)
            });
            let what = if kept.is_some() { "released" } else { "deleted" };
            (address, what, object.map(|object| object.physical_id.clone()))
        }
        Entry::Refreshed { address, .. } => (address, "refreshed", None),
        _ => return,
    };
    record.changes.push(ChangeRecord { address: address.clone(), what: what.into(), physical_id });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs as `operation outcome`, each with one resource of its number; `*` marks those that roll back.
    fn attempt(runs: &[&str]) -> Vec<String> {
        let history: Vec<RunRecord> = runs
            .iter()
            .enumerate()
            .map(|(number, run)| {
                let mut words = run.trim_end_matches('*').split(' ');
                let address = format!("stack/R{number}").parse().unwrap();
                RunRecord {
                    run: format!("run-{number}"),
                    operation: words.next().unwrap().into(),
                    by: "test".into(),
                    started: String::new(),
                    finished: None,
                    outcome: words.next().map(Into::into),
                    rolls_back: run.ends_with('*'),
                    changes: vec![ChangeRecord { address, what: "created".into(), physical_id: None }],
                    failures: Vec::new(),
                }
            })
            .collect();
        attempted(&history).into_iter().map(|address| address.logical_id().to_owned()).collect()
    }

    #[test]
    fn an_attempt_reaches_back_over_what_never_came_to_an_end() {
        assert_eq!(attempt(&["up complete", "up failed*"]), ["R1"]);
        assert_eq!(attempt(&["up*", "up failed*"]), ["R0", "R1"]);
        assert_eq!(attempt(&["up", "up failed*"]), ["R1"], "the first was not to be rolled back");
        assert_eq!(attempt(&["up failed*", "rollback", "up failed*"]), ["R0", "R1", "R2"]);
        assert_eq!(attempt(&["up failed*", "rollback complete", "up failed*"]), ["R2"]);
        assert_eq!(attempt(&["up*", "resolve complete", "up failed*"]), ["R0", "R1", "R2"]);
        assert_eq!(attempt(&["up failed", "resolve complete", "up failed*"]), ["R2"]);
        assert_eq!(attempt(&["up stopped*", "up doubtful*", "up failed*"]), ["R0", "R1", "R2"]);
    }
}
