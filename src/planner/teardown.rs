//! Everything goes, from the ledger alone: the plan's files are not needed. Or only what one run made.

use std::collections::BTreeMap;

use super::{
    Action, ChangeSet, FORMAT, Operation, Target, Wishes,
    order::Drafts,
    plan::{open_intents, second_hand},
    taken::{Held, together},
};
use crate::{
    ledger::{Object, Snapshot},
    model::{Address, DeletionPolicy},
    resources::Lookup,
};

/// Works out how to delete (or let go) everything the ledger holds, users before what they use.
#[must_use]
pub fn teardown(snapshot: &Snapshot, account: &str, types: Lookup<'_>) -> ChangeSet {
    let mut drafts = Drafts::default();
    let mut ending = Vec::new();
    let mut notes: Vec<String> = open_intents(snapshot).into_iter().collect();
    for stack in &snapshot.protected {
        if snapshot.objects().any(|(address, _)| address.stack() == stack) {
            notes.push(format!("stack {stack} has termination protection: `destroy` refuses it"));
        }
    }
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
            let mut why = if newest { "everything is destroyed" } else { left_over(object) }.to_owned();
            if object.declared.metadata["Migrate"]["EmptyOnDelete"].as_bool().unwrap_or(false) {
                why.push_str("; what it holds goes with it (EmptyOnDelete)");
            }
            let policy = object.policy(newest);
            ending.push((drafts.remove(ty, address, object, !newest, policy, why), object));
        }
    }
    assemble(Operation::Destroy, snapshot, (account, types), drafts, ending, notes)
}

/// Why an object goes that is not the one in use.
pub(super) fn left_over(object: &Object) -> &'static str {
    if object.stray {
        "it was made by a call whose answer was lost, and again since; nothing uses it"
    } else {
        "it was replaced in an earlier run"
    }
}

/// Works out how to delete what calls with lost answers left behind.
#[must_use]
pub fn cleanup(snapshot: &Snapshot, account: &str, types: Lookup<'_>) -> ChangeSet {
    let mut drafts = Drafts::default();
    let ending = strays(snapshot, types, &mut drafts);
    assemble(Operation::Cleanup, snapshot, (account, types), drafts, ending, Vec::new())
}

fn strays<'s>(snapshot: &'s Snapshot, types: Lookup<'_>, drafts: &mut Drafts) -> Vec<(usize, &'s Object)> {
    let strays = snapshot.objects().filter(|(_, object)| object.stray);
    strays
        .map(|(address, object)| {
            let (ty, why) = (types(&object.declared.kind), left_over(object).to_owned());
            (drafts.remove(ty, address, object, true, DeletionPolicy::Delete, why), object)
        })
        .collect()
}

/// Works out how to remove again what the latest run created, and the interrupted ones whose work it took up. Left
/// alone, and named in the notes: what replaced an older object (going back would need that object again), and what
/// something remaining depends on.
#[must_use]
pub fn rollback(snapshot: &Snapshot, account: &str, types: Lookup<'_>) -> ChangeSet {
    let created = snapshot.attempted();
    let mut notes: Vec<String> = open_intents(snapshot).into_iter().collect();
    let mut going: BTreeMap<&Address, &Object> = BTreeMap::new();
    for (address, resource) in &snapshot.resources {
        if let (Some(object), true) = (&resource.current, created.contains(address)) {
            if resource.superseded.iter().all(|other| other.stray) && !object.shared {
                going.insert(address, object);
            } else {
                notes.push(format!("{address} stays: it took the place of an older object, or is shared"));
            }
        }
    }
    // What remains keeps what it depends on.
    loop {
        let needed = snapshot.objects().find_map(|(address, object)| {
            let stays = !going.contains_key(address);
            let held = object.declared.depends_on.iter().find(|on| stays && going.contains_key(on))?;
            Some((held.clone(), address.clone()))
        });
        let Some((held, by)) = needed else { break };
        going.remove(&held);
        notes.push(format!("{held} stays: {by}, which existed before, uses it now"));
    }
    let mut drafts = Drafts::default();
    let mut ending = strays(snapshot, types, &mut drafts);
    ending.extend(going.into_iter().map(|(address, object)| {
        // As in CloudFormation: only Retain keeps what a failed creation made; there is nothing to snapshot.
        let policy = match object.declared.deletion_policy {
            DeletionPolicy::Retain => DeletionPolicy::Retain,
            _ => DeletionPolicy::Delete,
        };
        let why = "this run created it and failed".to_owned();
        let draft = drafts.remove(types(&object.declared.kind), address, object, false, policy, why);
        // It never was in use: nothing that anybody could miss.
        drafts.list[draft].data_loss = None;
        (draft, object)
    }));
    assemble(Operation::Rollback, snapshot, (account, types), drafts, ending, notes)
}

fn assemble(
    operation: Operation,
    snapshot: &Snapshot,
    (account, types): (&str, Lookup<'_>),
    mut drafts: Drafts,
    ending: Vec<(usize, &Object)>,
    mut notes: Vec<String>,
) -> ChangeSet {
    drafts.removals_in_reverse(ending.iter().copied(), types);
    let mut groups: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    for (draft, object) in &ending {
        let deletes = matches!(drafts.list[*draft].action, Action::Delete { .. });
        if let Some(ty) = types(&object.declared.kind).filter(|_| deletes)
            && let Some(key) = together(ty, &|name| Held::recorded(&object.declared.properties, name))
        {
            groups.entry((ty.facts().kind, key)).or_default().push(*draft);
        }
    }
    drafts.join(groups.into_values());
    let (steps, dropped) = drafts.into_steps();
    notes.extend(dropped);
    notes.extend(second_hand(&steps, types));
    let binding = snapshot.binding.clone().unwrap_or_default();
    ChangeSet {
        format: FORMAT,
        operation,
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
        wishes: Wishes::default(),
        lookups: Vec::new(),
    }
}
