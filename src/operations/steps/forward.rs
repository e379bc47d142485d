//! The cutover: fence, drain, stop, way back, flip, open.

use serde_json::Value as Json;

use super::{
    super::{
        calls,
        declare::{Order, POSITION, ReverseStart, TargetFence},
        discover::{Resolved, Steering, Task, Writer},
        steering,
    },
    planner::Planner,
    step::{Side, Step, Until},
};
use crate::ledger::{Facts, Phase};

/// Stops tasks, those that run or are about to.
#[must_use]
pub fn stopping(resolved: &Resolved, tasks: &[Task], facts: &Facts) -> Vec<Step> {
    let mut plan = Planner::new(resolved, facts, "");
    for task in tasks.iter().filter(|task| plan_runs(task, facts)) {
        let why = format!("{} {} has stopped", task.kind.words(), task.address);
        plan.stop(std::slice::from_ref(task), &why);
    }
    plan.steps
}

fn plan_runs(task: &Task, facts: &Facts) -> bool {
    let status = facts.get(&calls::task(task), "Status").and_then(Json::as_str).unwrap_or_default();
    calls::runs(task, facts) || status == "stopping"
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

/// The reverse task starts, and its slot is there.
fn reverse_starts(plan: &mut Planner<'_>) {
    let resolved = plan.resolved;
    let Some(reverse) = &resolved.reverse else { return };
    plan.hook("before-reverse");
    if !plan.runs(reverse) {
        // One that ran in an attempt that was aborted starts anew too: nothing that the target alone has is between.
        let call = calls::start(reverse, "start-replication", &plan.facts);
        plan.call(&reverse.address, call);
    }
    plan.wait(
        "the reverse task runs",
        Until::Running { task: Box::new(reverse.clone()) },
        10,
        reverse.kind.starts_within(),
    );
    plan.wait("the target reports the reverse task's slot", Until::Slot, 15, 600);
}

/// The cutover, from wherever it stands.
#[must_use]
pub fn cutover(
    resolved: &Resolved,
    phase: Phase,
    facts: &Facts,
    baseline: &Facts,
    comment: &str,
) -> Vec<Step> {
    let mut plan = Planner::new(resolved, facts, comment);
    let declared = &resolved.declared;
    let emptied = fenced_writers(resolved);
    let early = !phase.in_window() && phase != Phase::Live;
    let way = declared.reverse_start;
    if early && way == ReverseStart::Early {
        // Loopback prevention lets both run, so this adds nothing to the time without writes.
        reverse_starts(&mut plan);
    }
    if early {
        // Of what was there before: an attempt that died may have shut a part of it already.
        let reopen = reopening(resolved, Side::Source, baseline);
        plan.steps.push(Step::RefusalStarts { side: Side::Source, reopen });
        plan.refuse();
        plan.empty(&emptied);
        plan.hook("fence");
        plan.gone(emptied.clone());
        plan.shut(true);
        if declared.target == TargetFence::Door {
            plan.shut(false);
        }
        plan.wait("what is captured stands still", Until::Quiet { tasks: resolved.forward.clone() }, 15, 180);
        plan.phase(Phase::Fenced, "no writer, no door, and the captured changes stand still");
    }
    let overlap = declared.order == Order::Overlap;
    let mut moves = Vec::new();
    if overlap && (early || matches!(phase, Phase::Fenced | Phase::Drained)) {
        // The target is shut: whoever follows the names early is refused, as at the source.
        moves = plan.send(|set| (0, set.weight));
        plan.in_sync(&moves);
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
        if resolved.reverse.is_some() && way == ReverseStart::Position {
            plan.hook("before-reverse");
            plan.hook(POSITION);
        } else if way == ReverseStart::Inside {
            reverse_starts(&mut plan);
        }
        if declared.target == TargetFence::Warm {
            plan.steps.push(Step::Opens);
        }
        if overlap {
            plan.expired(&moves);
        } else {
            plan.flip(|set| (0, set.weight));
        }
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
        if let Some(reverse) = resolved.reverse.as_ref().filter(|_| way == ReverseStart::Position) {
            if !plan.runs(reverse) {
                plan.steps.push(Step::StartAt { task: Box::new(reverse.clone()) });
            }
            plan.wait(
                "the reverse task runs",
                Until::Running { task: Box::new(reverse.clone()) },
                10,
                reverse.kind.starts_within(),
            );
        }
        plan.phase(Phase::Live, "the target takes writes");
    }
    plan.wait("it has served well", Until::Confirmed { seconds: CONFIRM_S }, 60, CONFIRM_S + 120);
    plan.steps
}

/// Commands that reopen a side from any machine, as the AWS CLI takes them: to what the facts say that it was.
#[must_use]
pub fn reopening(resolved: &Resolved, side: Side, facts: &Facts) -> Vec<String> {
    let mut commands = Vec::new();
    let (database, writers) = match side {
        Side::Source => (&resolved.source, resolved.source_writers.as_slice()),
        Side::Target => (&resolved.target, target_writers(resolved)),
    };
    for id in &database.groups {
        let subject = calls::group(&database.region, id);
        let rules = facts.get(&subject, "ingress").and_then(Json::as_array).cloned().unwrap_or_default();
        for rule in rules.iter().filter(|rule| !calls::stays(rule, &resolved.keep)) {
            commands.push(calls::as_command(&calls::allow(&database.region, id, rule, facts, facts).request));
        }
    }
    for writer in writers {
        // From a state in which everything is shut, or a call whose effect is there already would be left out.
        let mut shut = facts.clone();
        for (_, call) in calls::emptied(writer, facts) {
            shut.learn(&call.expect);
        }
        let back = calls::refilled(writer, facts, &shut).into_iter();
        commands.extend(back.map(|(_, call)| calls::as_command(&call.request)));
    }
    for set in resolved.traffic.iter().filter(|set| matches!(set.by, Steering::Listener(_))) {
        // While it is refused, the listener answers for both sides itself.
        if let Some(weights) = steering::weights(set, facts) {
            commands.push(calls::as_command(&steering::steer(set, weights, "", facts).request));
        }
    }
    commands
}
