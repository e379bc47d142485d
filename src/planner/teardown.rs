//! Everything goes, from the ledger alone: the plan's files are not needed.

use super::{ChangeSet, FORMAT, Operation, Target, order::Drafts, plan::open_intents};
use crate::{graph::Lookup, ledger::Snapshot};

/// Works out how to delete (or let go) everything the ledger holds, users before what they use.
#[must_use]
pub fn teardown(snapshot: &Snapshot, account: &str, types: Lookup<'_>) -> ChangeSet {
    let mut drafts = Drafts::default();
    let mut ending = Vec::new();
    let mut notes: Vec<String> = open_intents(snapshot).into_iter().collect();
    for (address, resource) in &snapshot.resources {
        for object in resource.current.iter().chain(&resource.superseded) {
            let newest = resource.current.as_ref().is_none_or(|c| c.generation == object.generation);
            let ty = types(&object.declared.kind);
            if ty.is_none() {
                notes.push(format!(
                    "this version does not know {}, the type of {address}",
                    object.declared.kind
                ));
            }
            let mut why =
                if newest { "everything is destroyed" } else { "it was replaced in an earlier run" }
                    .to_owned();
            if object.declared.metadata["Migrate"]["EmptyOnDelete"].as_bool().unwrap_or(false) {
                why.push_str("; what it holds goes with it (EmptyOnDelete)");
            }
            let policy = object.policy(newest);
            ending.push((drafts.remove(ty, address, object, !newest, policy, why), object));
        }
    }
    drafts.removals_in_reverse(ending.into_iter());
    let (steps, dropped) = drafts.into_steps();
    notes.extend(dropped);
    let binding = snapshot.binding.clone().unwrap_or_default();
    ChangeSet {
        format: FORMAT,
        operation: Operation::Destroy,
        target: Target {
            migration: binding.migration,
            environment: binding.environment,
            account: account.to_owned(),
            lineage: snapshot.lineage.clone(),
            serial: snapshot.seq,
            // No graph is involved; the serial says whether the change set still holds.
            graph_digest: String::new(),
        },
        stacks: Vec::new(),
        steps,
        unchanged: Vec::new(),
        notes,
    }
}
