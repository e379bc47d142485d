//! What steps are made of: calls whose effect is not there yet, waits, hooks.

use serde_json::{Value as Json, json};

use super::{
    super::{
        calls,
        discover::{Resolved, Task, TrafficSet, Writer},
    },
    step::{Step, Until},
};
use crate::{
    engine::operate::is_starting,
    ledger::{Facts, Operate, Phase},
    model::Address,
};

/// A change of a name that was sent, and what has to be waited for.
pub(super) struct Move {
    name: String,
    change: Until,
    ttl_s: u64,
}

/// Plans: keeps what will hold after the steps so far.
pub(super) struct Planner<'r> {
    pub(super) resolved: &'r Resolved,
    pub(super) facts: Facts,
    pub(super) steps: Vec<Step>,
    pub(super) comment: &'r str,
}

impl<'r> Planner<'r> {
    pub(super) fn new(resolved: &'r Resolved, facts: &Facts, comment: &'r str) -> Self {
        Self { resolved, facts: facts.clone(), steps: Vec::new(), comment }
    }

    pub(super) fn call(&mut self, address: &Address, call: Operate) {
        let there =
            call.expect.0.iter().all(|(key, value)| !value.is_null() && self.facts.0.get(key) == Some(value));
        if there {
            return;
        }
        self.facts.learn(&call.expect);
        self.facts.learn(&call.touches);
        self.steps.push(Step::Call { address: address.clone(), call: Box::new(call) });
    }

    pub(super) fn wait(&mut self, name: &str, until: Until, every_s: u64, limit_s: u64) {
        self.steps.push(Step::Wait { name: name.to_owned(), until, every_s, limit_s });
    }

    pub(super) fn phase(&mut self, to: Phase, why: &str) {
        self.steps.push(Step::Phase { to, why: why.to_owned() });
    }

    pub(super) fn hook(&mut self, name: &str) {
        if self.resolved.declared.hooks.contains_key(name) {
            self.steps.push(Step::Hook { name: name.to_owned() });
        }
    }

    pub(super) fn status(&self, task: &Task) -> &str {
        self.facts.get(&calls::task(task), "Status").and_then(Json::as_str).unwrap_or_default()
    }

    pub(super) fn runs(&self, task: &Task) -> bool {
        calls::runs(task, &self.facts)
    }

    /// Ends the sessions: services go to zero, their scaling rests.
    pub(super) fn empty(&mut self, writers: &[Writer]) {
        for writer in writers {
            if let Some(call) = calls::scale(writer, &json!(0), &calls::suspended(), &self.facts) {
                let address = writer.scaling.as_ref().map_or(&writer.address, |(_, address)| address).clone();
                self.call(&address, call);
            }
            let call = calls::desire(writer, 0, &self.facts);
            self.call(&writer.address, call);
        }
    }

    /// Shuts the door of a database.
    pub(super) fn shut(&mut self, source: bool) {
        let resolved = self.resolved;
        let database = if source { &resolved.source } else { &resolved.target };
        let Some(address) = &database.address else { return };
        for id in &database.groups {
            let subject = calls::group(&database.region, id);
            let rules =
                self.facts.get(&subject, "ingress").and_then(Json::as_array).cloned().unwrap_or_default();
            for rule in rules.iter().filter(|rule| !calls::stays(rule, &resolved.keep)) {
                let call = calls::revoke(&database.region, id, rule, &self.facts);
                self.call(address, call);
            }
        }
    }

    /// Opens the door again, to what it was.
    pub(super) fn open(&mut self, source: bool, baseline: &Facts) {
        let resolved = self.resolved;
        let database = if source { &resolved.source } else { &resolved.target };
        let Some(address) = &database.address else { return };
        for id in &database.groups {
            let subject = calls::group(&database.region, id);
            let list = |facts: &Facts| {
                facts.get(&subject, "ingress").and_then(Json::as_array).cloned().unwrap_or_default()
            };
            let present = list(&self.facts);
            for rule in list(baseline).iter().filter(|rule| !present.contains(rule)) {
                let call = calls::allow(&database.region, id, rule, &self.facts, baseline);
                self.call(address, call);
            }
            self.steps.push(Step::Rebind { region: database.region.clone(), group: id.clone() });
        }
    }

    /// Services return to their counts, their scaling to what it was.
    pub(super) fn refill(&mut self, writers: &[Writer], baseline: &Facts) {
        for writer in writers {
            let was = baseline.get(&calls::service(writer), "desiredCount").and_then(Json::as_i64);
            if let Some(count) = was {
                let call = calls::desire(writer, count, &self.facts);
                self.call(&writer.address, call);
            }
            let Some(subject) = calls::scaling(writer) else { continue };
            let before = (baseline.get(&subject, "MinCapacity"), baseline.get(&subject, "SuspendedState"));
            if let (Some(minimum), Some(state)) = before
                && let Some(call) = calls::scale(writer, minimum, state, &self.facts)
            {
                let address = writer.scaling.as_ref().map_or(&writer.address, |(_, address)| address).clone();
                self.call(&address, call);
            }
        }
    }

    /// Moves all traffic sets, and waits until nobody asks the old side any more.
    pub(super) fn flip(&mut self, weights: impl Fn(&TrafficSet) -> (u64, u64)) {
        let moves = self.send(weights);
        self.settle(&moves);
    }

    /// Sends the changes of all traffic sets; what has to be waited for afterwards.
    pub(super) fn send(&mut self, weights: impl Fn(&TrafficSet) -> (u64, u64)) -> Vec<Move> {
        let resolved = self.resolved;
        let mut moves = Vec::new();
        for set in &resolved.traffic {
            let call = calls::flip(set, weights(set), self.comment, &self.facts);
            let change = Until::InSync { address: set.target.address.clone(), call: Box::new(call.clone()) };
            self.call(&set.target.address, call);
            moves.push(Move {
                name: format!("the change of {} is in sync", set.record),
                change,
                ttl_s: set.ttl_s,
            });
        }
        moves
    }

    /// Waits until changes are in sync, and until the answers from before have expired.
    pub(super) fn settle(&mut self, moves: &[Move]) {
        self.in_sync(moves);
        self.expired(moves);
    }

    /// Waits until changes are in sync.
    pub(super) fn in_sync(&mut self, moves: &[Move]) {
        for one in moves {
            self.wait(&one.name, one.change.clone(), 3, 300);
        }
    }

    /// Waits until the answers from before have expired, counted from when the changes were seen in sync.
    pub(super) fn expired(&mut self, moves: &[Move]) {
        if let Some(ttl) = moves.iter().map(|one| one.ttl_s).max() {
            let expired = Until::Expired { seconds: ttl };
            self.wait("resolvers have forgotten the old answer", expired, ttl.max(1), ttl + 60);
        }
    }

    pub(super) fn stop(&mut self, tasks: &[Task], why: &str) {
        for task in tasks {
            if is_starting(self.status(task)) {
                // DMS refuses to stop what does not run yet.
                let runs = format!("the {} runs", task.kind.words());
                let limit = task.kind.starts_within();
                self.wait(&runs, Until::Running { task: Box::new(task.clone()) }, 10, limit);
                self.facts.set(&calls::task(task), "Status", json!("running"));
            }
            if self.runs(task) {
                let call = calls::stop(task, &self.facts);
                self.call(&task.address, call);
            }
            self.wait(why, Until::Stopped { task: Box::new(task.clone()) }, 5, 900);
        }
    }
}
