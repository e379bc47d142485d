//! The ways back: the abort of a cutover, and the rollback once the target has taken writes.

use super::{
    super::{
        calls,
        declare::TargetFence,
        discover::{Resolved, Steering, Task, TrafficSet},
        steering,
    },
    forward::{reopening, target_writers},
    planner::{Move, Planner},
    step::{Side, Step, Until},
};
use crate::ledger::{Facts, Operations, Phase};

/// Whether a task compares rows: only then a table can become `Validated`.
fn validates(task: &Task) -> bool {
    task.settings["ValidationSettings"]["EnableValidation"] == true
}

/// Moves the names back to where they led: for an abort to what was there before, also in the middle of a shift; for a
/// rollback to the source. `sent`: they were moved since writes are refused, so that resolvers may still have any answer.
/// What has to be waited for.
fn names_back(plan: &mut Planner<'_>, baseline: &Facts, whole: bool, sent: bool) -> Vec<Move> {
    let resolved = plan.resolved;
    let wished = |set: &TrafficSet| {
        if whole { (set.weight, 0) } else { steering::weights(set, baseline).unwrap_or((set.weight, 0)) }
    };
    let moved = resolved.traffic.iter().any(|set| steering::weights(set, &plan.facts) != Some(wished(set)));
    // That the weights are right says nothing about what resolvers still answer: a way back that died has sent the change,
    // and nobody has waited for it.
    if moved || sent { plan.send(|set| wished(set)) } else { Vec::new() }
}

/// The names lead back, and the source takes writes again. While the target is shut, whoever still asks for its address is
/// refused, so the source does not wait for Route 53. It does where the same services serve both sides, or where a name may
/// be the database's own and the door of that database is open.
fn names_and_source(plan: &mut Planner<'_>, baseline: &Facts, whole: bool, sent: bool) {
    let resolved = plan.resolved;
    let barred = whole || resolved.declared.target == TargetFence::Door;
    let named = |set: &TrafficSet| matches!(&set.by, Steering::Records(records) if records.kind == "CNAME");
    let direct = resolved.traffic.iter().any(named);
    let first = resolved.target_writers.is_empty() || (direct && !barred);
    let moves = names_back(plan, baseline, whole, sent);
    if first {
        plan.settle(&moves);
    }
    source_opens(plan, baseline);
    if !first {
        plan.settle(&moves);
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
/// neither task; then the tasks are what they were.
#[must_use]
pub fn abort(resolved: &Resolved, from: Undo<'_>, facts: &Facts, baseline: &Facts) -> Vec<Step> {
    let mut plan = Planner::new(resolved, facts, from.comment);
    names_and_source(&mut plan, baseline, false, from.sent);
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
        let limit = task.kind.starts_within();
        plan.wait("the forward task runs", Until::Running { task: Box::new(task.clone()) }, 10, limit);
    }
    target_rests(&mut plan, baseline);
    if from.phase.in_window() {
        plan.phase(from.back, "the cutover was aborted: everything is as it was before");
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
    let mut plan = Planner::new(resolved, facts, way.comment);
    let writers = target_writers(resolved).to_vec();
    if phase == Phase::Live {
        let reopen = reopening(resolved, Side::Target, &plan.facts.clone());
        plan.steps.push(Step::RefusalStarts { side: Side::Target, reopen });
        plan.refuse();
        plan.empty(&writers);
        plan.gone(writers);
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
    names_and_source(&mut plan, baseline, true, way.sent);
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

/// What a cutover has come to that is to be undone.
#[derive(Debug, Clone, Copy)]
pub struct Undo<'u> {
    /// Where it stands.
    pub phase: Phase,
    /// The phase that it began in.
    pub back: Phase,
    /// Names were moved since writes are refused.
    pub sent: bool,
    /// What changes of records say of themselves.
    pub comment: &'u str,
}

impl<'u> Undo<'u> {
    /// As a ledger knows it.
    #[must_use]
    pub fn of(known: &Operations, comment: &'u str) -> Self {
        Self { phase: known.phase(), back: known.began_in(), sent: known.names_sent(), comment }
    }
}

/// How to go back.
#[derive(Debug, Clone, Copy)]
pub struct Way<'w> {
    /// Changes that have not come home are given up.
    pub lossy: bool,
    /// Under this name a snapshot of the target is taken first.
    pub snapshot: Option<&'w str>,
    /// Names were moved since writes are refused.
    pub sent: bool,
    /// What changes of records say of themselves.
    pub comment: &'w str,
}
