//! From drafts of steps to steps in order: cycles are opened at their weakest place, dependencies get numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Dependency, PropertyChange, Step, StepId};
use crate::{
    graph::{Needs, cycles},
    ledger::Object,
    model::{Address, DeletionPolicy, Facts},
    resources::{AnyType, protection},
};

/// How much a dependency matters when not all can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// Tidier so: an object goes after those that use it have turned away from it.
    Soft,
    /// AWS usually refuses otherwise: an object goes after the objects that were made upon it.
    Firm,
    /// It cannot work otherwise.
    Hard,
}

/// What a draft waits for.
#[derive(Debug)]
pub(super) struct Wait {
    /// Index of the other draft.
    pub(super) on: usize,
    /// How far it must be.
    pub(super) needs: Needs,
    /// Why, in words.
    pub(super) why: String,
    /// What it takes to drop it.
    pub(super) strength: Strength,
}

/// A step without a number.
#[derive(Debug)]
pub(super) struct Draft {
    /// Which resource.
    pub(super) address: Address,
    /// Its type.
    pub(super) kind: String,
    /// Its region.
    pub(super) region: String,
    /// What is done.
    pub(super) action: Action,
    /// Why.
    pub(super) why: String,
    /// What differs.
    pub(super) changes: Vec<PropertyChange>,
    /// What is lost.
    pub(super) data_loss: Option<String>,
    /// Which property protects it from deletion.
    pub(super) protected: Option<String>,
    /// Typical duration.
    pub(super) typical_s: u64,
    /// What comes first.
    pub(super) waits: Vec<Wait>,
}

/// Drafts and where to find them.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    /// All of them.
    pub(super) list: Vec<Draft>,
    /// Those that delete or forget objects, by address.
    pub(super) removing: BTreeMap<Address, Vec<usize>>,
}

/// How long an object of that type usually takes to be usable, in seconds.
pub(super) fn typical_ready(facts: &Facts) -> u64 {
    facts.ready.map_or(1, |wait| wait.typical.as_secs().max(1))
}

impl Drafts {
    /// Adds a draft.
    pub(super) fn push(&mut self, draft: Draft) -> usize {
        self.list.push(draft);
        self.list.len() - 1
    }

    /// Adds the end of an object: its deletion, or that it is let go.
    pub(super) fn remove(
        &mut self,
        ty: Option<&dyn AnyType>,
        address: &Address,
        object: &Object,
        superseded: bool,
        policy: DeletionPolicy,
        why: String,
    ) -> usize {
        let (physical_id, generation) = (object.physical_id.clone(), object.generation);
        let facts = ty.map(AnyType::facts);
        let stays = object.shared || super::decide::retained(policy);
        let why = match (object.shared, stays) {
            (true, _) => format!("{why}; it was there before and others may use it"),
            (false, true) => format!("{why}; its deletion policy keeps it"),
            (false, false) => why,
        };
        let action = if stays {
            Action::Forget { physical_id, generation, superseded }
        } else {
            Action::Delete { physical_id, generation, superseded, policy }
        };
        let data_loss = facts.and_then(|facts| facts.stateful).filter(|_| !stays && !object.stray).map(
            |what| match policy {
                DeletionPolicy::Snapshot => format!("{what} would be deleted; a final snapshot stays"),
                _ => format!("{what} would be lost"),
            },
        );
        let protected = protection::protected(&object.declared.properties).filter(|_| !stays);
        let protected = protected.map(ToOwned::to_owned);
        let typical_s = match facts {
            _ if stays => 0,
            Some(facts) => facts.gone.map_or(1, |wait| wait.typical.as_secs().max(1)),
            None => 1,
        };
        let index = self.push(Draft {
            address: address.clone(),
            kind: object.declared.kind.clone(),
            region: object.declared.region.clone(),
            action,
            why,
            changes: Vec::new(),
            data_loss,
            protected,
            typical_s,
            waits: Vec::new(),
        });
        self.removing.entry(address.clone()).or_default().push(index);
        index
    }

    /// Lets `draft` wait for `on`.
    pub(super) fn wait(&mut self, draft: usize, on: usize, needs: Needs, strength: Strength, why: String) {
        if draft != on {
            self.list[draft].waits.push(Wait { on, needs, why, strength });
        }
    }

    /// The drafts that wait for a draft, directly or through others; itself included.
    pub(super) fn waiting_for(&self, draft: usize) -> BTreeSet<usize> {
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); self.list.len()];
        for (at, other) in self.list.iter().enumerate() {
            other.waits.iter().for_each(|wait| users[wait.on].push(at));
        }
        let (mut found, mut stack) = (BTreeSet::from([draft]), vec![draft]);
        while let Some(at) = stack.pop() {
            stack.extend(users[at].iter().copied().filter(|user| found.insert(*user)));
        }
        found
    }

    /// Objects go before what they were made upon.
    pub(super) fn removals_in_reverse<'o>(&mut self, objects: impl Iterator<Item = (usize, &'o Object)>) {
        let mut waits = Vec::new();
        for (user, object) in objects {
            for address in &object.declared.depends_on {
                for used in self.removing.get(address).into_iter().flatten() {
                    let why = format!("{} depends on it and goes first", self.list[user].address);
                    waits.push((*used, user, why));
                }
            }
        }
        for (used, user, why) in waits {
            self.wait(used, user, Needs::Ready, Strength::Firm, why);
        }
    }

    /// Steps in order. Cycles are opened by dropping the weakest dependencies in them, which the second part
    /// tells about.
    pub(super) fn into_steps(mut self) -> (Vec<Step>, Vec<String>) {
        let mut notes = Vec::new();
        let mut needs = self.needs();
        for strength in [Strength::Soft, Strength::Firm, Strength::Hard] {
            let strongly_connected = cycles::strongly_connected(&needs);
            if strongly_connected.is_empty() {
                break;
            }
            self.open(&strongly_connected, strength, &mut notes);
            needs = self.needs();
        }
        let rank = |at: usize| {
            let draft = &self.list[at];
            let removes = matches!(draft.action, Action::Delete { .. } | Action::Forget { .. });
            (draft.address.clone(), !removes, at)
        };
        // Without cycles every draft is in the order.
        let order = cycles::order(&needs, rank).unwrap_or_default();
        let mut number = vec![StepId(0); self.list.len()];
        for (position, at) in order.iter().enumerate() {
            number[*at] = StepId(u32::try_from(position).unwrap_or(u32::MAX));
        }
        let mut drafts: Vec<Option<Draft>> = self.list.into_iter().map(Some).collect();
        let steps = order
            .into_iter()
            .filter_map(|at| {
                let draft = drafts[at].take()?;
                Some(Step {
                    id: number[at],
                    address: draft.address,
                    kind: draft.kind,
                    region: draft.region,
                    action: draft.action,
                    after: dependencies(draft.waits, &number),
                    why: draft.why,
                    changes: draft.changes,
                    data_loss: draft.data_loss,
                    protected: draft.protected,
                    typical_s: draft.typical_s,
                })
            })
            .collect();
        (steps, notes)
    }

    fn needs(&self) -> Vec<Vec<usize>> {
        self.list
            .iter()
            .map(|draft| {
                let mut on: Vec<usize> = draft.waits.iter().map(|wait| wait.on).collect();
                on.sort_unstable();
                on.dedup();
                on
            })
            .collect()
    }

    /// Drops dependencies of that strength inside the strongly connected parts.
    fn open(&mut self, strongly_connected: &[Vec<usize>], strength: Strength, notes: &mut Vec<String>) {
        let mut knot_of = vec![usize::MAX; self.list.len()];
        for (number, members) in strongly_connected.iter().enumerate() {
            members.iter().for_each(|member| knot_of[*member] = number);
        }
        for members in strongly_connected {
            for &at in members {
                let address = self.list[at].address.clone();
                let verb = self.list[at].action.verb();
                let mut dropped = Vec::new();
                self.list[at].waits.retain(|wait| {
                    let drop = wait.strength == strength && knot_of[wait.on] == knot_of[at];
                    if drop {
                        dropped
                            .push(format!("{verb} {address} does not wait, to avoid a cycle: {}", wait.why));
                    }
                    !drop
                });
                notes.extend(dropped);
            }
        }
    }
}

/// One dependency a step: the strongest need, its first reason.
fn dependencies(waits: Vec<Wait>, number: &[StepId]) -> Vec<Dependency> {
    let mut by_step: BTreeMap<StepId, Dependency> = BTreeMap::new();
    for wait in waits {
        let step = number[wait.on];
        let candidate = Dependency { step, needs: wait.needs, why: wait.why };
        match by_step.get_mut(&step) {
            Some(held) if held.needs >= candidate.needs => {}
            Some(held) => *held = candidate,
            None => {
                by_step.insert(step, candidate);
            }
        }
    }
    by_step.into_values().collect()
}
