//! What must hold in every moment of a migration, by the names of the specification.

use migrate::{
    ledger::{Happened, Phase, Snapshot, Verb},
    operations::{
        discover::{Resolved, Steering, Task, TrafficSet},
        gates::GATES,
        steering,
    },
    sandbox::World,
};
use serde_json::Value as Json;

/// How long resolvers may keep an old answer after a change, in milliseconds: it spreads, then its TTL passes.
const SPREADS: i64 = 35_000;

/// One side of a migration, as its clients see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Source,
    Target,
}

/// Watches a film: some invariants are about what came before.
#[derive(Default)]
pub struct Watch {
    /// Weights as they were last, source and target, by name; and since when.
    weights: Vec<(String, (i64, i64), i64)>,
    /// When each forward task was started anew.
    fresh: Vec<(String, Json)>,
}

/// How requests are shared out in the account: source and target.
fn shares(world: &World, set: &TrafficSet) -> (i64, i64) {
    match &set.by {
        Steering::Records(records) => {
            let plain = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
            let weight = |identifier: &str| {
                let found = world.rows("route53.record").find(|(_, row)| {
                    row["SetIdentifier"] == identifier
                        && plain(row["Name"].as_str().unwrap_or_default()) == plain(&records.record)
                });
                found.and_then(|(_, row)| row["Weight"].as_i64()).unwrap_or_default()
            };
            (weight(&records.source.set), weight(&records.target.set))
        }
        Steering::Listener(forwarding) => {
            let table = if forwarding.rule { "elbv2.rule" } else { "elbv2.listener" };
            let found = world.rows(table).find(|(key, _)| *key == forwarding.arn).expect("the listener").1;
            let actions = &found[if forwarding.rule { "Actions" } else { "DefaultActions" }];
            let weight = |arn: &str| {
                let groups = actions[0]["ForwardConfig"]["TargetGroups"].as_array().into_iter().flatten();
                let own = groups.into_iter().find(|group| group["TargetGroupArn"] == arn);
                own.and_then(|group| group["Weight"].as_i64()).unwrap_or_default()
            };
            (weight(&forwarding.source_group.arn), weight(&forwarding.target_group.arn))
        }
    }
}

/// Whether anything can open a session: a rule lets a client in that is no replication instance.
fn door(world: &World, resolved: &Resolved, side: Side) -> bool {
    let database = if side == Side::Source { &resolved.source } else { &resolved.target };
    world.rows("ec2.security-group-rule").any(|(_, rule)| {
        let of = |name: &str| rule[name].as_str().unwrap_or_default().to_owned();
        let peer = rule["ReferencedGroupInfo"]["GroupId"].as_str().unwrap_or_default();
        rule["IsEgress"] != true
            && database.groups.contains(&of("GroupId"))
            && !resolved.keep.iter().any(|group| group == peer)
    })
}

/// Whether a service that writes there has tasks, or a group instances that serve.
fn writers(world: &World, resolved: &Resolved, side: Side) -> bool {
    let all = match side {
        Side::Source => &resolved.source_writers,
        Side::Target if resolved.target_writers.is_empty() => &resolved.source_writers,
        Side::Target => &resolved.target_writers,
    };
    let services = world.rows("ecs.service").any(|(_, row)| {
        let tasks = |name: &str| row[name].as_i64().unwrap_or_default();
        all.iter().any(|writer| row["serviceName"] == *writer.service)
            && tasks("desiredCount") + tasks("runningCount") > 0
    });
    services
        || world.rows("ec2.instance").any(|(_, row)| {
            let group = row["_group"].as_str().unwrap_or_default();
            row["_lifecycle"] == "InService"
                && all.iter().any(|writer| !writer.fleet.is_tasks() && group.ends_with(&writer.service))
        })
}

fn active(world: &World, task: &Task) -> bool {
    world.rows("dms.task").any(|(_, row)| {
        row["ReplicationTaskArn"] == *task.arn
            && ["running", "starting", "stopping"].contains(&row["Status"].as_str().unwrap_or_default())
    })
}

/// Whether a phase was entered after the last time that another one was.
fn since(snapshot: &Snapshot, wanted: Phase, last: Phase) -> bool {
    let mut phases = snapshot.operations.timeline.iter().rev().filter_map(|moment| match &moment.happened {
        Happened::Phase { to, .. } => Some(*to),
        _ => None,
    });
    phases.by_ref().take_while(|phase| *phase != last).any(|phase| phase == wanted)
}

impl Watch {
    /// Everything that does not hold.
    pub fn flaws(&mut self, world: &World, snapshot: &Snapshot) -> Vec<String> {
        let operations = &snapshot.operations;
        let Ok(resolved) = serde_json::from_value::<Resolved>(operations.declared.clone()) else {
            return Vec::new();
        };
        let now = world.now();
        let mut wrong = Vec::new();
        let mut reachable = [resolved.traffic.is_empty(); 2];
        for set in &resolved.traffic {
            let is = shares(world, set);
            let label = steering::label(set);
            let known = self.weights.iter_mut().find(|(name, ..)| *name == label);
            let stale = match known {
                None => {
                    self.weights.push((label.clone(), is, i64::MIN / 2));
                    false
                }
                Some((_, was, at)) => {
                    if *was != is {
                        if !announced(snapshot, set, is) {
                            wrong.push(format!(
                                "I3: {label} changed from {was:?} to {is:?} without an intent",
                            ));
                        }
                        (*was, *at) = (is, now);
                    }
                    let ttl = steering::ttl_s(set).map(|ttl| i64::try_from(ttl).unwrap_or(i64::MAX));
                    ttl.is_some_and(|ttl| now - *at < SPREADS + ttl * 1_000)
                }
            };
            let whole = is.0 == 0 || is.1 == 0;
            let shifted = matches!(operations.phase(), Phase::Shifting(_))
                || set.splits != migrate::operations::declare::Splits::Never;
            if !whole && !shifted {
                wrong.push(format!("I3: {label} is split {is:?}"));
            }
            reachable[0] |= is.0 > 0 || stale;
            reachable[1] |= is.1 > 0 || stale;
        }
        // Until resolvers have forgotten the old answer nobody may rely on where the names lead.
        let settled = matches!(operations.phase(), Phase::Switched | Phase::RolledBack);
        if settled && reachable == [true; 2] && !resolved.traffic.is_empty() {
            wrong.push(format!(
                "I3: phase {} while resolvers may still have the old answer",
                operations.phase()
            ));
        }
        let takes = |side: Side| {
            reachable[usize::from(side == Side::Target)]
                && door(world, &resolved, side)
                && writers(world, &resolved, side)
        };
        let safe =
            resolved.traffic.iter().any(|set| set.splits != migrate::operations::declare::Splits::Never);
        if takes(Side::Source) && takes(Side::Target) && !safe {
            wrong.push("I1: both databases take writes of the application".to_owned());
        }
        let phase = operations.phase();
        let serves = matches!(phase, Phase::Fenced | Phase::Drained | Phase::Switched | Phase::Live);
        if takes(Side::Target) && serves && !since(snapshot, Phase::Drained, Phase::Fenced) {
            wrong.push(format!("I2: the target takes writes in phase {phase}, before everything arrived"));
        }
        if let Some(reverse) = &resolved.reverse {
            let forward = resolved.forward.iter().any(|task| active(world, task));
            if forward && active(world, reverse) {
                wrong.push("I5: the forward task and the reverse task run at the same time".to_owned());
            }
        }
        for task in &resolved.forward {
            let row = world.rows("dms.task").find(|(_, row)| row["ReplicationTaskArn"] == *task.arn);
            let fresh = row.map(|(_, row)| row["_fresh"].clone()).unwrap_or_default();
            match self.fresh.iter_mut().find(|(arn, _)| *arn == task.arn) {
                None => self.fresh.push((task.arn.clone(), fresh)),
                Some((_, was)) if was.is_null() => *was = fresh,
                Some((_, was)) if *was != fresh => {
                    wrong.push(format!("I6: {} was started anew: {was} -> {fresh}", task.address));
                }
                Some(_) => {}
            }
        }
        wrong.extend(gated(snapshot));
        wrong
    }
}

/// Whether the ledger announced exactly this: an intent is open whose one batch sets both weights.
fn announced(snapshot: &Snapshot, set: &TrafficSet, is: (i64, i64)) -> bool {
    snapshot.open.values().filter(|open| open.verb == Verb::Operate).any(|open| {
        let Some(call) = open.operate.as_ref() else { return false };
        let input = &call.request.input;
        if let Steering::Listener(forwarding) = &set.by {
            let actions = if forwarding.rule { &input["Actions"] } else { &input["DefaultActions"] };
            let weight = |arn: &str| {
                let groups = actions[0]["ForwardConfig"]["TargetGroups"].as_array().into_iter().flatten();
                let own = groups.into_iter().find(|group| group["TargetGroupArn"] == arn);
                own.and_then(|group| group["Weight"].as_i64()).unwrap_or_default()
            };
            let arns = [&forwarding.source_group.arn, &forwarding.target_group.arn];
            return call.request.operation.starts_with("Modify") && is == (weight(arns[0]), weight(arns[1]));
        }
        let Steering::Records(records) = &set.by else { return false };
        let changes = input["ChangeBatch"]["Changes"].as_array().cloned().unwrap_or_default();
        let sets = |identifier: &str, weight: i64| {
            changes.iter().map(|change| &change["ResourceRecordSet"]).any(|record| {
                record["SetIdentifier"] == identifier && record["Weight"].as_i64() == Some(weight)
            })
        };
        sets(&records.source.set, is.0) && sets(&records.target.set, is.1)
    })
}

/// I8: before writes are refused, every gate was open in this run or the ones before it since the last phase, or passed
/// over with a reason.
fn gated(snapshot: &Snapshot) -> Vec<String> {
    let timeline = &snapshot.operations.timeline;
    let Some(refused) = timeline.iter().rposition(|m| m.happened == Happened::RefusalStarted) else {
        return Vec::new();
    };
    let began = timeline[..refused].iter().rposition(|m| matches!(m.happened, Happened::Began { .. }));
    let Some(began) = began else { return vec!["I8: writes are refused outside of a verb".to_owned()] };
    let Happened::Began { verb, .. } = &timeline[began].happened else { return Vec::new() };
    if verb != "cutover" {
        return Vec::new();
    }
    let run = &timeline[began..refused];
    let open = |gate: &str| {
        let last = run.iter().rev().find_map(|moment| match &moment.happened {
            Happened::Measured { gate: name, verdict, .. } if name == gate => Some(verdict == "open"),
            _ => None,
        });
        let passed =
            run.iter().any(|m| matches!(&m.happened, Happened::Override { gate: name, .. } if name == gate));
        last == Some(true) || passed
    };
    GATES
        .iter()
        .filter(|gate| !open(gate))
        .map(|gate| format!("I8: writes are refused though gate {gate} was not open"))
        .collect()
}
