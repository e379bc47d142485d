//! From drafts of steps to steps in order: cycles are opened at their weakest place, dependencies get numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Dependency, Step, StepId};
use crate::{
    graph::{Needs, cycles},
    ledger::Object,
    model::{Address, DeletionPolicy, Facts},
    resources::{AnyType, Lookup, custom, protection},
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
#[derive(Debug, Clone)]
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

/// Drafts of steps and where to find them. Of a large plan they are most of the memory: they become steps where they stand.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    /// All of them: steps without numbers and dependencies.
    pub(super) list: Vec<Step>,
    /// What each waits for.
    pub(super) waits: Vec<Vec<Wait>>,
    /// Those that delete or forget objects, by address.
    pub(super) removing: BTreeMap<Address, Vec<usize>>,
}

/// How long an object of that type usually takes to be usable, in seconds.
pub(super) fn typical_ready(facts: &Facts) -> u64 {
    facts.ready.map_or(1, |wait| wait.typical.as_secs().max(1))
}

impl Drafts {
    /// Adds a draft that waits for nothing.
    pub(super) fn push(&mut self, draft: Step) -> usize {
        self.list.push(draft);
        self.waits.push(Vec::new());
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
        // What custom resources answered is of no use without them.
        let answers = custom::keeps_answers(address, &object.declared.metadata);
        let data_loss = facts
            .and_then(|facts| facts.stateful)
            .filter(|_| !stays && !object.stray && !answers)
            .map(|what| match policy {
                DeletionPolicy::Snapshot => format!("{what} would be deleted; a final snapshot stays"),
                _ => match ty.and_then(|ty| ty.grace(&object.declared.properties)) {
                    Some(grace) => format!("{what} would be lost; {grace}"),
                    None => format!("{what} would be lost"),
                },
            });
        let protected = protection::protected(&object.declared.properties).filter(|_| !stays);
        let protected = protected.map(ToOwned::to_owned);
        let typical_s = match facts {
            _ if stays => 0,
            Some(facts) => facts.gone.map_or(1, |wait| wait.typical.as_secs().max(1)),
            None => 1,
        };
        let index = self.push(Step {
            why: why.into(),
            data_loss,
            protected,
            typical_s,
            ..Step::of(address, &object.declared.kind, &object.declared.region, action)
        });
        self.removing.entry(address.clone()).or_default().push(index);
        index
    }

    /// Lets `draft` wait for `on`.
    pub(super) fn wait(&mut self, draft: usize, on: usize, needs: Needs, strength: Strength, why: String) {
        if draft != on {
            self.waits[draft].push(Wait { on, needs, why, strength });
        }
    }

    /// The drafts that wait for a draft, directly or through others; itself included.
    pub(super) fn waiting_for(&self, draft: usize) -> BTreeSet<usize> {
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); self.list.len()];
        for (at, waits) in self.waits.iter().enumerate() {
            waits.iter().for_each(|wait| users[wait.on].push(at));
        }
        let (mut found, mut stack) = (BTreeSet::from([draft]), vec![draft]);
        while let Some(at) = stack.pop() {
            stack.extend(users[at].iter().copied().filter(|user| found.insert(*user)));
        }
        found
    }

    /// Objects go before what they were made upon.
    pub(super) fn removals_in_reverse<'o>(
        &mut self,
        objects: impl Iterator<Item = (usize, &'o Object)>,
        types: Lookup<'_>,
    ) {
        let mut waits = Vec::new();
        for (user, object) in objects {
            let deleted = matches!(self.list[user].action, Action::Delete { .. });
            let frees =
                types(&object.declared.kind).filter(|_| deleted).map_or(&[][..], |ty| ty.facts().frees_early);
            for address in &object.declared.depends_on {
                for used in self.removing.get(address).into_iter().flatten() {
                    let other = &self.list[user].address;
                    if frees.contains(&self.list[*used].kind.as_str()) {
                        let why = format!(
                            "{other} depends on it; once its deletion is accepted it needs it no more"
                        );
                        waits.push((*used, user, Needs::Created, why));
                    } else {
                        let why = format!("{other} depends on it and goes first");
                        waits.push((*used, user, Needs::Ready, why));
                    }
                }
            }
        }
        for (used, user, needs, why) in waits {
            self.wait(used, user, needs, Strength::Firm, why);
        }
    }

    /// Lets drafts run in one call: they start when everything that any of them waits for is done, and none waits for
    /// another. Where that cannot be, because what one of them needs waits for another, each runs alone.
    pub(super) fn join(&mut self, groups: impl IntoIterator<Item = Vec<usize>>) {
        let mut next = 0;
        for members in groups {
            for &at in &members {
                self.list[at].batch = Some(next);
            }
            next += 1;
            let tangled = cycles::strongly_connected(&self.needs(Some(Strength::Hard)));
            if members.len() > 1 && tangled.iter().flatten().any(|at| members.contains(at)) {
                for &at in &members {
                    self.list[at].batch = Some(next);
                    next += 1;
                }
            }
        }
    }

    /// The first draft of each one's batch.
    fn first(&self) -> Vec<usize> {
        let mut firsts: BTreeMap<u32, usize> = BTreeMap::new();
        let first = |(at, draft): (usize, &Step)| match draft.batch {
            Some(batch) => *firsts.entry(batch).or_insert(at),
            None => at,
        };
        self.list.iter().enumerate().map(first).collect()
    }

    /// Steps in order. Cycles are opened by dropping the weakest dependencies in them, which the second part
    /// tells about.
    pub(super) fn into_steps(mut self) -> (Vec<Step>, Vec<String>) {
        let mut notes = Vec::new();
        let mut needs = self.needs(None);
        for strength in [Strength::Soft, Strength::Firm, Strength::Hard] {
            let strongly_connected = cycles::strongly_connected(&needs);
            if strongly_connected.is_empty() {
                break;
            }
            self.open(&strongly_connected, strength, &mut notes);
            needs = self.needs(None);
        }
        let rank = |at: usize| {
            let draft = &self.list[at];
            let removes = matches!(draft.action, Action::Delete { .. } | Action::Forget { .. });
            (draft.address.clone(), !removes, at)
        };
        let first = self.first();
        // Without cycles every draft is in the order. A batch has its place where its first draft has it.
        let order: Vec<usize> = cycles::order(&needs, rank)
            .unwrap_or_default()
            .into_iter()
            .filter(|at| first[*at] == *at)
            .flat_map(|at| self.together(at, &first))
            .collect();
        let mut number = vec![StepId(0); self.list.len()];
        for (position, at) in order.iter().enumerate() {
            number[*at] = StepId(u32::try_from(position).unwrap_or(u32::MAX));
        }
        // Those of a batch wait for the same.
        let batched = |at: usize| {
            let members = self.together(first[at], &first);
            let all = members.iter().flat_map(|member| self.waits[*member].clone());
            all.filter(|wait| first[wait.on] != first[at]).collect()
        };
        let joined = (0..self.list.len()).filter(|at| self.list[*at].batch.is_some());
        let joined: Vec<(usize, Vec<Wait>)> = joined.map(|at| (at, batched(at))).collect();
        for (at, waits) in joined {
            self.waits[at] = waits;
        }
        for ((step, waits), id) in self.list.iter_mut().zip(self.waits).zip(&number) {
            step.id = *id;
            step.after = dependencies(waits, &number);
        }
        let mut steps = self.list;
        if order.len() < steps.len() {
            return (Vec::new(), notes);
        }
        for at in 0..steps.len() {
            // Each swap brings one step to its place.
            while steps[at].id.0 as usize != at {
                let place = steps[at].id.0 as usize;
                steps.swap(at, place);
            }
        }
        (steps, notes)
    }

    /// The drafts whose first is that one.
    fn together(&self, at: usize, first: &[usize]) -> Vec<usize> {
        match self.list[at].batch {
            None => vec![at],
            Some(_) => (at..first.len()).filter(|other| first[*other] == at).collect(),
        }
    }

    /// What each draft waits for, only by waits of that strength if one is given. A batch waits as its first draft, for
    /// what any of its drafts waits for.
    fn needs(&self, only: Option<Strength>) -> Vec<Vec<usize>> {
        let first = self.first();
        let mut needs = vec![Vec::new(); self.list.len()];
        for (at, waits) in self.waits.iter().enumerate() {
            let waits = waits.iter().filter(|wait| only.is_none_or(|only| wait.strength == only));
            let on = waits.map(|wait| first[wait.on]).filter(|on| *on != first[at]);
            needs[first[at]].extend(on);
        }
        for on in &mut needs {
            on.sort_unstable();
            on.dedup();
        }
        needs
    }

    /// Drops dependencies of that strength inside the strongly connected parts.
    fn open(&mut self, strongly_connected: &[Vec<usize>], strength: Strength, notes: &mut Vec<String>) {
        let first = self.first();
        let mut knot_of = vec![usize::MAX; self.list.len()];
        for (number, members) in strongly_connected.iter().enumerate() {
            members.iter().for_each(|member| knot_of[*member] = number);
        }
        for members in strongly_connected {
            let drafts: Vec<usize> = members.iter().flat_map(|at| self.together(*at, &first)).collect();
            for at in drafts {
                let address = self.list[at].address.clone();
                let verb = self.list[at].action.verb();
                let mut dropped = Vec::new();
                self.waits[at].retain(|wait| {
                    let (on, here) = (first[wait.on], first[at]);
                    let drop = wait.strength == strength && on != here && knot_of[on] == knot_of[here];
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
    let dependency = |wait: Wait| Dependency { step: number[wait.on], needs: wait.needs, why: wait.why };
    let mut all: Vec<Dependency> = waits.into_iter().map(dependency).collect();
    all.sort_by_key(|dependency| dependency.step);
    all.dedup_by(|later, held| {
        let same = later.step == held.step;
        if same && later.needs > held.needs {
            std::mem::swap(later, held);
        }
        same
    });
    all.shrink_to_fit();
    all
}
