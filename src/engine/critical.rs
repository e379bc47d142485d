//! The critical path of a run: the longest chain of needed edges, each step weighted by its own calls and
//! waits. Computed from durations and edges alone, independently of when the schedule ran what.

use serde::Serialize;

use crate::{
    graph::Needs,
    model::Address,
    planner::{ChangeSet, StepId},
};

/// How long a step's own work took, in seconds; time spent queueing for a place is not its own.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Timing {
    /// From its first call until its object existed (for deletes: until AWS had accepted it).
    pub to_created: f64,
    /// From its first call until its address was certain, where that was before it was done.
    pub to_addressable: Option<f64>,
    /// From its first call until it was done.
    pub to_ready: f64,
    /// Whether it was done at all.
    pub done: bool,
}

impl Timing {
    /// From its first call until it was so far.
    #[must_use]
    pub fn until(&self, needs: Needs) -> f64 {
        match needs {
            Needs::Created => self.to_created,
            Needs::Addressable => self.to_addressable.unwrap_or(self.to_ready),
            Needs::Ready => self.to_ready,
        }
    }
}

/// One step on the critical path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leg {
    /// The resource.
    pub address: Address,
    /// What was done.
    pub action: &'static str,
    /// Seconds of its own that count on this path.
    pub took_s: f64,
    /// How far the next step needed it; `ready` for the last.
    pub needed: Needs,
    /// Why the next step waited for it; empty for the last.
    pub why: String,
}

/// The longest path.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CriticalPath {
    /// Its length in seconds.
    pub seconds: f64,
    /// Its steps, first to last.
    pub legs: Vec<Leg>,
}

/// Finds the longest path; steps that did not finish do not count.
#[must_use]
pub fn critical_path(set: &ChangeSet, timings: &[Timing]) -> CriticalPath {
    let count = set.steps.len();
    let mut start = vec![0.0_f64; count];
    let mut before: Vec<Option<(StepId, Needs, &str)>> = vec![None; count];
    let at = |step: StepId| step.0 as usize;
    for step in &set.steps {
        for dependency in &step.after {
            let timing = timings[at(dependency.step)];
            if !timing.done {
                continue;
            }
            let end = start[at(dependency.step)] + timing.until(dependency.needs);
            if end > start[at(step.id)] {
                start[at(step.id)] = end;
                before[at(step.id)] = Some((dependency.step, dependency.needs, &dependency.why));
            }
        }
    }
    let end = |step: &crate::planner::Step| start[at(step.id)] + timings[at(step.id)].to_ready;
    let last = set
        .steps
        .iter()
        .filter(|step| timings[at(step.id)].done)
        .max_by(|a, b| end(a).total_cmp(&end(b)).then(b.id.cmp(&a.id)));
    let Some(last) = last else { return CriticalPath::default() };
    let mut path = CriticalPath { seconds: end(last), legs: Vec::new() };
    let mut next: Option<(StepId, Needs, &str)> = Some((last.id, Needs::Ready, ""));
    while let Some((id, needed, why)) = next {
        let step = &set.steps[at(id)];
        let timing = timings[at(id)];
        path.legs.push(Leg {
            address: step.address.clone(),
            action: step.action.verb(),
            took_s: timing.until(needed),
            needed,
            why: why.to_owned(),
        });
        next = before[at(id)];
    }
    path.legs.reverse();
    path
}
