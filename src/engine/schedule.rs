//! Which step may start next: dependencies as counters, the most urgent first.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::{
    graph::Needs,
    planner::{ChangeSet, StepId},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Started,
    Ended,
    Skipped,
}

/// The order of one run.
#[derive(Debug)]
pub struct Schedule {
    /// Unmet dependencies of each step.
    unmet: Vec<usize>,
    /// Who waits for a step, and how far it must be for them.
    waiting: Vec<Vec<(Needs, StepId)>>,
    rank: Vec<u64>,
    state: Vec<State>,
    ready: BinaryHeap<(u64, Reverse<StepId>)>,
}

fn index(step: StepId) -> usize {
    step.0 as usize
}

impl Schedule {
    /// The order for a change set, whose dependencies come before their dependents, with the ranks of its steps.
    #[must_use]
    pub fn new(set: &ChangeSet, ranks: &[u64]) -> Self {
        let count = set.steps.len();
        let mut unmet = vec![0; count];
        let mut waiting = vec![Vec::new(); count];
        for step in &set.steps {
            for dependency in &step.after {
                unmet[index(step.id)] += 1;
                waiting[index(dependency.step)].push((dependency.needs, step.id));
            }
        }
        let mut schedule = Self {
            unmet,
            waiting,
            rank: ranks.to_vec(),
            state: vec![State::Waiting; count],
            ready: BinaryHeap::new(),
        };
        for step in &set.steps {
            schedule.offer(step.id);
        }
        schedule
    }

    fn offer(&mut self, step: StepId) {
        let at = index(step);
        if self.unmet[at] == 0 && self.state[at] == State::Waiting {
            self.ready.push((self.rank[at], Reverse(step)));
        }
    }

    /// The most urgent step that may start.
    pub fn pop(&mut self) -> Option<StepId> {
        while let Some((_, Reverse(step))) = self.ready.pop() {
            if self.state[index(step)] == State::Waiting {
                self.state[index(step)] = State::Started;
                return Some(step);
            }
        }
        None
    }

    /// A step has come this far: its dependents have one thing less to wait for.
    pub fn reached(&mut self, step: StepId, needs: Needs) {
        // Whoever is ready is addressable too.
        let all = std::mem::take(&mut self.waiting[index(step)]);
        let (waiting, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|(needed, _)| *needed <= needs);
        self.waiting[index(step)] = later;
        for (_, next) in waiting {
            self.unmet[index(next)] -= 1;
            self.offer(next);
        }
        if needs == Needs::Ready {
            self.state[index(step)] = State::Ended;
        }
    }

    /// A step will not get further: everything that waits for it is skipped, transitively. Returns the newly
    /// skipped steps.
    pub fn failed(&mut self, step: StepId) -> Vec<StepId> {
        self.state[index(step)] = State::Ended;
        let mut skipped = Vec::new();
        let mut frontier = vec![step];
        while let Some(at) = frontier.pop() {
            for (_, next) in std::mem::take(&mut self.waiting[index(at)]) {
                if self.state[index(next)] == State::Waiting {
                    self.state[index(next)] = State::Skipped;
                    skipped.push(next);
                    frontier.push(next);
                }
            }
        }
        skipped.sort_unstable();
        skipped
    }

    /// Steps that were neither started nor skipped.
    #[must_use]
    pub fn untouched(&self) -> usize {
        self.state.iter().filter(|state| **state == State::Waiting).count()
    }
}
