//! What a verb would do, as data: a pure function of the declaration, of what was seen, and of what was there before the
//! cutover. A step whose effect is there already is left out, so that a verb that died is resumed by planning it again.

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{
    calls,
    declare::TargetFence,
    discover::{Record, Resolved, Task, TrafficSet, Writer},
};
use crate::{
    ledger::{Facts, Operate, Phase},
    model::Address,
};

/// What a wait waits for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "until", rename_all = "kebab-case")]
pub enum Until {
    /// The task runs.
    Running {
        /// Which.
        task: Box<Task>,
    },
    /// The task has stopped, and its checkpoint is kept.
    Stopped {
        /// Which.
        task: Box<Task>,
    },
    /// No task of the services runs.
    Empty {
        /// Which.
        writers: Vec<Writer>,
    },
    /// What the tasks capture stands still: two equal reads, at least fifteen seconds apart.
    Quiet {
        /// Whose counters.
        tasks: Vec<Task>,
    },
    /// Everything has arrived: a sentinel, or points that began after the fence was proven.
    Drained {
        /// Whose changes.
        tasks: Vec<Task>,
        /// Whether the way is home.
        home: bool,
    },
    /// Every table is validated.
    Validated {
        /// Whose tables.
        tasks: Vec<Task>,
    },
    /// The target database reports a replication slot.
    Slot,
    /// Route 53 has the change everywhere.
    InSync {
        /// Of which resource.
        address: Address,
        /// The change; sent once more where the answer with its id was lost.
        call: Box<Operate>,
    },
    /// Resolvers have forgotten the old answer.
    Expired {
        /// After so many seconds.
        seconds: u64,
    },
    /// The services serve.
    Serving {
        /// Which.
        writers: Vec<Writer>,
    },
    /// It has served well for a while.
    Confirmed {
        /// How long, in seconds.
        seconds: u64,
    },
    /// A snapshot is available.
    Snapshot {
        /// `cluster` or `instance`.
        kind: String,
        /// Where.
        region: String,
        /// Its identifier.
        id: String,
    },
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// A call.
    Call {
        /// Of which resource.
        address: Address,
        /// The call.
        call: Box<Operate>,
    },
    /// A wait.
    Wait {
        /// What for, in words.
        name: String,
        /// What for.
        #[serde(flatten)]
        until: Until,
        /// How often to look, in seconds.
        every_s: u64,
        /// How long at most, in seconds.
        limit_s: u64,
    },
    /// A hook; one that is not declared is left out before.
    Hook {
        /// Which.
        name: String,
    },
    /// A new phase.
    Phase {
        /// Which.
        to: Phase,
        /// Why.
        why: String,
    },
    /// Writes are refused from here on.
    RefusalStarts {
        /// Commands that reopen the source.
        reopen: Vec<String>,
    },
    /// The ledger learns the ids of rules that were put back.
    Rebind {
        /// Where.
        region: String,
        /// The group.
        group: String,
    },
    /// From here on the target takes writes: nothing is undone automatically any more.
    Opens,
    /// Writes are taken again.
    RefusalEnds,
}

impl Step {
    /// In a few words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Call { call, .. } => call.name.clone(),
            Self::Wait { name, limit_s, .. } => format!("wait until {name} (at most {limit_s} s)"),
            Self::Hook { name } => format!("hook {name}"),
            Self::Phase { to, .. } => format!("phase {to}"),
            Self::RefusalStarts { .. } => "from here on writes are refused".to_owned(),
            Self::Rebind { group, .. } => format!("note the ids of the rules of {group}"),
            Self::Opens => "the target opens: from here on, going back is a rollback".to_owned(),
            Self::RefusalEnds => "writes are taken again".to_owned(),
        }
    }
}

/// Plans: keeps what will hold after the steps so far.
struct Planner<'r> {
    resolved: &'r Resolved,
    facts: Facts,
    steps: Vec<Step>,
    comment: &'r str,
}

impl Planner<'_> {
    fn call(&mut self, address: &Address, call: Operate) {
        let there =
            call.expect.0.iter().all(|(key, value)| !value.is_null() && self.facts.0.get(key) == Some(value));
        if there {
            return;
        }
        self.facts.learn(&call.expect);
        self.facts.learn(&call.touches);
        self.steps.push(Step::Call { address: address.clone(), call: Box::new(call) });
    }

    fn wait(&mut self, name: &str, until: Until, every_s: u64, limit_s: u64) {
        self.steps.push(Step::Wait { name: name.to_owned(), until, every_s, limit_s });
    }

    fn phase(&mut self, to: Phase, why: &str) {
        self.steps.push(Step::Phase { to, why: why.to_owned() });
    }

    fn hook(&mut self, name: &str) {
        if self.resolved.declared.hooks.contains_key(name) {
            self.steps.push(Step::Hook { name: name.to_owned() });
        }
    }

    fn status(&self, task: &Task) -> &str {
        self.facts.get(&calls::task(task), "Status").and_then(Json::as_str).unwrap_or_default()
    }

    fn runs(&self, task: &Task) -> bool {
        matches!(self.status(task), "running" | "starting")
    }

    /// Ends the sessions: services go to zero, their scaling rests.
    fn empty(&mut self, writers: &[Writer]) {
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
    fn shut(&mut self, source: bool) {
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
    fn open(&mut self, source: bool, baseline: &Facts) {
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
    fn refill(&mut self, writers: &[Writer], baseline: &Facts) {
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

    /// Moves all traffic sets.
    fn flip(&mut self, weights: impl Fn(&TrafficSet) -> (u64, u64)) {
        let resolved = self.resolved;
        let mut ttl = 0;
        let before = self.steps.len();
        for set in &resolved.traffic {
            let call = calls::flip(set, weights(set), self.comment, &self.facts);
            let change = Until::InSync { address: set.target.address.clone(), call: Box::new(call.clone()) };
            self.call(&set.target.address, call);
            self.wait(&format!("the change of {} is in sync", set.record), change, 3, 300);
            ttl = ttl.max(set.ttl_s);
        }
        if self.steps.len() > before {
            self.wait(
                "resolvers have forgotten the old answer",
                Until::Expired { seconds: ttl },
                ttl.max(1),
                ttl + 60,
            );
        }
    }

    fn stop(&mut self, tasks: &[Task], why: &str) {
        for task in tasks {
            if self.status(task) == "starting" {
                // DMS refuses to stop what does not run yet.
                self.wait("the task runs", Until::Running { task: Box::new(task.clone()) }, 10, 900);
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

/// Whether a task compares rows: only then a table can become `Validated`.
fn validates(task: &Task) -> bool {
    task.settings["ValidationSettings"]["EnableValidation"] == true
}

/// Stops tasks, those that run or are about to.
#[must_use]
pub fn stopping(resolved: &Resolved, tasks: &[Task], facts: &Facts) -> Vec<Step> {
    let mut plan = Planner { resolved, facts: facts.clone(), steps: Vec::new(), comment: "" };
    for task in tasks.iter().filter(|task| plan_runs(task, facts)) {
        plan.stop(std::slice::from_ref(task), &format!("task {} has stopped", task.address));
    }
    plan.steps
}

fn plan_runs(task: &Task, facts: &Facts) -> bool {
    let status = facts.get(&calls::task(task), "Status").and_then(Json::as_str).unwrap_or_default();
    matches!(status, "running" | "starting" | "stopping")
}

/// What serves once the target is open: its own services, or the same ones as before.
#[must_use]
pub fn target_writers(resolved: &Resolved) -> &[Writer] {
    if resolved.target_writers.is_empty() { &resolved.source_writers } else { &resolved.target_writers }
}

/// Everything that is emptied when the source is fenced.
#[must_use]
pub fn fenced_writers(resolved: &Resolved) -> Vec<Writer> {
    let mut all = resolved.source_writers.clone();
    if resolved.declared.target == TargetFence::Cold {
        all.extend(resolved.target_writers.iter().cloned());
    }
    all
}

/// How long after the opening it is watched.
pub const CONFIRM_S: u64 = 900;

/// The cutover, from wherever it stands.
#[must_use]
pub fn cutover(
    resolved: &Resolved,
    phase: Phase,
    facts: &Facts,
    baseline: &Facts,
    comment: &str,
) -> Vec<Step> {
    let mut plan = Planner { resolved, facts: facts.clone(), steps: Vec::new(), comment };
    let declared = &resolved.declared;
    let emptied = fenced_writers(resolved);
    let early = !phase.in_window() && phase != Phase::Live;
    if early {
        // Of what was there before: an attempt that died may have shut a part of it already.
        plan.steps.push(Step::RefusalStarts { reopen: reopening(resolved, baseline) });
        plan.empty(&emptied);
        plan.hook("fence");
        plan.wait("no task of the writers runs", Until::Empty { writers: emptied.clone() }, 2, 180);
        plan.shut(true);
        if declared.target == TargetFence::Door {
            plan.shut(false);
        }
        plan.wait("what is captured stands still", Until::Quiet { tasks: resolved.forward.clone() }, 15, 180);
        plan.phase(Phase::Fenced, "no writer, no door, and the captured changes stand still");
    }
    if early || phase == Phase::Fenced {
        let limit = 300 + 60 * u64::try_from(declared.limits.points).unwrap_or(5);
        let drained = Until::Drained { tasks: resolved.forward.clone(), home: false };
        plan.wait("everything has arrived at the target", drained, 5, limit);
        plan.hook("checks");
        plan.wait("every table is validated", Until::Validated { tasks: resolved.forward.clone() }, 10, 180);
        plan.stop(&resolved.forward, "the forward task has stopped");
        plan.phase(
            Phase::Drained,
            "everything committed at the source is on the target; the forward task has stopped",
        );
    }
    if early || matches!(phase, Phase::Fenced | Phase::Drained) {
        plan.hook("before-open");
        if let Some(reverse) = &resolved.reverse {
            plan.hook("before-reverse");
            if !plan.runs(reverse) {
                // One that ran in an attempt that was aborted starts anew too: both sides are shut, nothing is between.
                let call = calls::start(reverse, "start-replication", &plan.facts);
                plan.call(&reverse.address, call);
            }
            plan.wait("the reverse task runs", Until::Running { task: Box::new(reverse.clone()) }, 10, 900);
            plan.wait("the target reports the reverse task's slot", Until::Slot, 15, 600);
        }
        if declared.target == TargetFence::Warm {
            plan.steps.push(Step::Opens);
        }
        plan.flip(|set| (0, set.weight));
        plan.phase(Phase::Switched, "all names lead to the target, in sync and expired");
    }
    if early || matches!(phase, Phase::Fenced | Phase::Drained | Phase::Switched) {
        let opening = target_writers(resolved);
        if declared.target != TargetFence::Warm {
            plan.steps.push(Step::Opens);
        }
        if declared.target == TargetFence::Door {
            plan.open(false, baseline);
        }
        plan.refill(opening, baseline);
        plan.wait("the target serves", Until::Serving { writers: opening.to_vec() }, 10, 900);
        plan.steps.push(Step::RefusalEnds);
        plan.phase(Phase::Live, "the target takes writes");
    }
    plan.wait("it has served well", Until::Confirmed { seconds: CONFIRM_S }, 60, CONFIRM_S + 120);
    plan.steps
}

fn weight_of(facts: &Facts, set: &TrafficSet, record: &Record) -> Option<u64> {
    facts.get(&calls::record(set, record), "record").and_then(|record| record["Weight"].as_u64())
}

/// Moves the names back to where they led: for an abort to what was there before, also in the middle of a shift; for a
/// rollback to the source.
fn names_back(plan: &mut Planner<'_>, baseline: &Facts, whole: bool) {
    let resolved = plan.resolved;
    let wished = |set: &TrafficSet| {
        let was = weight_of(baseline, set, &set.source).zip(weight_of(baseline, set, &set.target));
        if whole { (set.weight, 0) } else { was.unwrap_or((set.weight, 0)) }
    };
    let moved = resolved.traffic.iter().any(|set| {
        let is = weight_of(&plan.facts, set, &set.source).zip(weight_of(&plan.facts, set, &set.target));
        is != Some(wished(set))
    });
    if moved {
        plan.flip(|set| wished(set));
    }
}

/// Stops the reverse task, if it runs or is about to.
fn reverse_ends(plan: &mut Planner<'_>) {
    let resolved = plan.resolved;
    if let Some(reverse) = &resolved.reverse
        && matches!(plan.status(reverse), "running" | "starting" | "stopping")
    {
        plan.stop(std::slice::from_ref(reverse), "the reverse task has stopped");
    }
}

/// The source takes writes again.
fn source_opens(plan: &mut Planner<'_>, baseline: &Facts) {
    let resolved = plan.resolved;
    plan.open(true, baseline);
    plan.hook("unfence");
    plan.refill(&resolved.source_writers, baseline);
    plan.wait("the source serves", Until::Serving { writers: resolved.source_writers.clone() }, 10, 900);
    plan.steps.push(Step::RefusalEnds);
}

/// The target's door and its writers are as they were before, with no name that leads there.
fn target_rests(plan: &mut Planner<'_>, baseline: &Facts) {
    let resolved = plan.resolved;
    plan.open(false, baseline);
    plan.refill(&resolved.target_writers, baseline);
}

/// The abort of a cutover: nothing was written to the target, so nothing is lost. First the source serves again, which needs
/// neither task; then the tasks are what they were. `back` is the phase that the cutover began in.
#[must_use]
pub fn abort(
    resolved: &Resolved,
    phase: Phase,
    back: Phase,
    facts: &Facts,
    baseline: &Facts,
    comment: &str,
) -> Vec<Step> {
    let mut plan = Planner { resolved, facts: facts.clone(), steps: Vec::new(), comment };
    names_back(&mut plan, baseline, false);
    source_opens(&mut plan, baseline);
    reverse_ends(&mut plan);
    for task in &resolved.forward {
        if !plan.runs(task) {
            if plan.status(task) == "stopping" {
                let until = Until::Stopped { task: Box::new(task.clone()) };
                plan.wait("the forward task has stopped", until, 5, 900);
            }
            let call = calls::start(task, "resume-processing", &plan.facts);
            plan.call(&task.address, call);
        }
        plan.wait("the forward task runs", Until::Running { task: Box::new(task.clone()) }, 10, 900);
    }
    target_rests(&mut plan, baseline);
    if phase.in_window() {
        plan.phase(back, "the cutover was aborted: everything is as it was before");
    }
    plan.steps
}

/// The way back once the target has taken writes.
#[must_use]
pub fn rollback(
    resolved: &Resolved,
    phase: Phase,
    facts: &Facts,
    baseline: &Facts,
    way: Way<'_>,
) -> Vec<Step> {
    let mut plan = Planner { resolved, facts: facts.clone(), steps: Vec::new(), comment: way.comment };
    let writers = target_writers(resolved).to_vec();
    if phase == Phase::Live {
        plan.steps.push(Step::RefusalStarts { reopen: Vec::new() });
        plan.empty(&writers);
        plan.wait("no task of the writers runs", Until::Empty { writers }, 2, 180);
        plan.shut(false);
        if let (Some(id), Some(address)) = (way.snapshot, &resolved.target.address) {
            // Behind the fence it holds every write that the target has taken. It is as of this call, so the source does
            // not wait for it: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CreateSnapshot.html
            let target = &resolved.target;
            plan.call(address, calls::snapshot(&target.kind, &target.region, &target.id, id));
        }
        let reverse: Vec<Task> = resolved.reverse.iter().filter(|_| !way.lossy).cloned().collect();
        if !reverse.is_empty() {
            plan.wait("what is captured stands still", Until::Quiet { tasks: reverse }, 15, 180);
        }
        plan.phase(Phase::RollingBack, "the target is fenced");
    }
    if let Some(reverse) = resolved.reverse.as_ref().filter(|_| !way.lossy)
        && plan.runs(reverse)
    {
        let limit = 300 + 60 * u64::try_from(resolved.declared.limits.points).unwrap_or(5);
        let tasks = vec![reverse.clone()];
        let drained = Until::Drained { tasks: tasks.clone(), home: true };
        plan.wait("everything has arrived at the source", drained, 5, limit);
        if validates(reverse) {
            plan.wait("every table is validated", Until::Validated { tasks }, 10, 180);
        }
    }
    // Before the source opens: a task that still applies changes would write over what is new there.
    reverse_ends(&mut plan);
    plan.hook("before-return");
    names_back(&mut plan, baseline, true);
    source_opens(&mut plan, baseline);
    target_rests(&mut plan, baseline);
    plan.phase(Phase::RolledBack, "the source serves");
    if let Some(id) = way.snapshot.filter(|_| phase == Phase::Live) {
        let target = &resolved.target;
        let kind = if target.kind == "AWS::RDS::DBCluster" { "cluster" } else { "instance" };
        let until = Until::Snapshot { kind: kind.into(), region: target.region.clone(), id: id.to_owned() };
        plan.wait("the snapshot is available", until, 30, 7_200);
    }
    plan.steps
}

/// How to go back.
#[derive(Debug, Clone, Copy)]
pub struct Way<'w> {
    /// Changes that have not come home are given up.
    pub lossy: bool,
    /// Under this name a snapshot of the target is taken first.
    pub snapshot: Option<&'w str>,
    /// What changes of records say of themselves.
    pub comment: &'w str,
}

/// One step of a shift.
#[must_use]
pub fn shift(
    resolved: &Resolved,
    only: Option<&str>,
    percent: u8,
    facts: &Facts,
    comment: &str,
) -> Vec<Step> {
    let mut chosen = resolved.clone();
    chosen.traffic.retain(|set| only.is_none_or(|name| set.name == name));
    let share = u64::from(percent);
    // Of a whole that is large enough for percents; back at the source it is the plan's own.
    let split = |set: &TrafficSet| {
        let whole = if percent == 0 || set.weight >= 100 { set.weight } else { 100 };
        let target = whole * share / 100;
        (whole - target, target)
    };
    let mut plan = Planner { resolved: &chosen, facts: facts.clone(), steps: Vec::new(), comment };
    plan.flip(split);
    let to = if percent == 0 { Phase::Synced } else { Phase::Shifting(percent) };
    plan.phase(to, &format!("{percent} % of the traffic lead to the target"));
    plan.steps
}

/// Commands that reopen the source from any machine, as the AWS CLI takes them.
#[must_use]
pub fn reopening(resolved: &Resolved, facts: &Facts) -> Vec<String> {
    let mut commands = Vec::new();
    let source = &resolved.source;
    for id in &source.groups {
        let subject = calls::group(&source.region, id);
        let rules = facts.get(&subject, "ingress").and_then(Json::as_array).cloned().unwrap_or_default();
        for rule in rules.iter().filter(|rule| !calls::stays(rule, &resolved.keep)) {
            commands.push(calls::as_command(&calls::allow(&source.region, id, rule, facts, facts).request));
        }
    }
    for writer in &resolved.source_writers {
        if let Some(count) = facts.get(&calls::service(writer), "desiredCount").and_then(Json::as_i64) {
            commands.push(calls::as_command(&calls::desire(writer, count, facts).request));
        }
        if let Some(subject) = calls::scaling(writer)
            && let (Some(minimum), Some(state)) =
                (facts.get(&subject, "MinCapacity"), facts.get(&subject, "SuspendedState"))
            && let Some(call) = calls::scale(writer, minimum, state, facts)
        {
            commands.push(calls::as_command(&call.request));
        }
    }
    commands
}
