//! What steps are made of: calls whose effect is not there yet, waits, hooks.

use serde_json::{Value as Json, json};

use super::{
    super::{
        calls,
        discover::{Fleet, Resolved, Steering, Task, TrafficSet, Writer},
        steering,
    },
    step::{Step, Until},
};
use crate::{
    engine::operate::is_starting,
    ledger::{Facts, Operate, Phase},
    model::Address,
};

/// A change of what leads clients, as it was sent, and what has to be waited for.
pub(super) struct Move {
    name: String,
    change: Until,
    ttl_s: Option<u64>,
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
            for (address, call) in calls::emptied(writer, &self.facts) {
                self.call(&address, call);
            }
        }
    }

    /// Waits until nothing of the writers runs any more.
    pub(super) fn gone(&mut self, writers: Vec<Writer>) {
        // Load balancers drain an instance before EC2 shuts it down, by default for 300 seconds.
        let instances = writers.iter().any(|writer| writer.fleet == Fleet::Instances);
        let (name, limit) = if instances {
            ("no task and no instance of the writers runs", 600)
        } else {
            ("no task of the writers runs", 180)
        };
        self.wait(name, Until::Empty { writers }, 2, limit);
    }

    /// Listeners refuse requests, so that clients hear it at once.
    pub(super) fn refuse(&mut self) {
        for set in &self.resolved.traffic {
            if let Some(call) = steering::refuse(set, &self.facts) {
                self.call(steering::address(set), call);
            }
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
            for (address, call) in calls::refilled(writer, baseline, &self.facts) {
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
            let call = steering::steer(set, weights(set), self.comment, &self.facts);
            let address = steering::address(set).clone();
            let kept = Box::new(call.clone());
            let change = match set.by {
                Steering::Records(_) => Until::InSync { address: address.clone(), call: kept },
                Steering::Listener(_) => Until::Applied { call: kept },
            };
            self.call(&address, call);
            let name = format!("the change of {} is in sync", steering::label(set));
            moves.push(Move { name, change, ttl_s: steering::ttl_s(set) });
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
        if let Some(ttl) = moves.iter().filter_map(|one| one.ttl_s).max() {
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
