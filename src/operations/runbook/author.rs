//! Writes the chapters: each with what it needs, how long it takes, how to see that it worked, and the way back.

use serde_json::json;

use super::{
    super::{
        by_hand, calls,
        discover::{Resolved, Task},
        gates,
        steps::{self, Step, Undo, Way, expected_s, refused_s},
    },
    book::{Chapter, Done, Gate, Manual, Runbook},
};
use crate::ledger::{Facts, Happened, Operations, Phase, Snapshot};

/// Builds commands of this program: a verb, and what follows it.
pub type Verb<'v> = &'v dyn Fn(&str, &[(&str, Option<&str>)]) -> String;

/// Writes a runbook.
struct Author<'a> {
    resolved: &'a Resolved,
    operations: &'a Operations,
    facts: &'a Facts,
    baseline: Facts,
    verb: Verb<'a>,
    comment: String,
}

fn limit(steps: &[Step]) -> u64 {
    let waits = steps.iter().map(|step| if let Step::Wait { limit_s, .. } = step { *limit_s } else { 0 });
    waits.sum()
}

/// What holds after steps that went well.
fn after(facts: &Facts, steps: &[Step]) -> Facts {
    let mut facts = facts.clone();
    let mut known = |task: &Task, status: &str| facts.set(&calls::task(task), "Status", json!(status));
    let mut learned = Vec::new();
    for step in steps {
        match step {
            Step::Call { call, .. } => learned.push(call.expect.clone()),
            Step::Wait { until: steps::Until::Running { task }, .. } => known(task, "running"),
            Step::Wait { until: steps::Until::Stopped { task }, .. } => known(task, "stopped"),
            _ => {}
        }
    }
    for expect in learned {
        // What a task's status becomes is told by the wait for it.
        let told: Vec<_> = expect.0.into_iter().filter(|(_, value)| !value.is_null()).collect();
        facts.0.extend(told);
    }
    facts
}

impl Author<'_> {
    fn owner(&self, part: &str) -> String {
        self.resolved.declared.owners.get(part).cloned().unwrap_or_else(|| part.to_owned())
    }

    fn tell(&self) -> Vec<String> {
        let mut all: Vec<String> = self.resolved.declared.owners.values().cloned().collect();
        all.dedup();
        all
    }

    fn manual(&self, verb: &str, steps: &[Step]) -> Vec<Manual> {
        let mut all: Vec<Manual> = Vec::new();
        for step in steps {
            if matches!(step, Step::Rebind { .. }) {
                continue;
            }
            let (words, commands) = by_hand::commands(step, verb, self.resolved, self.facts, &self.baseline);
            all.push(Manual { words, commands });
        }
        all
    }

    fn gates(&self, names: &[&str]) -> Vec<Gate> {
        let last = |wanted: &str| {
            self.operations.timeline.iter().rev().find_map(|moment| match &moment.happened {
                Happened::Measured { gate, verdict, summary, .. } if gate == wanted => Some(Gate {
                    gate: gate.clone(),
                    verdict: Some(verdict.clone()),
                    summary: summary.clone(),
                    at: Some(moment.at.clone()),
                }),
                _ => None,
            })
        };
        let never = |wanted: &str| Gate {
            gate: wanted.to_owned(),
            verdict: None,
            summary: "not measured yet".to_owned(),
            at: None,
        };
        names.iter().map(|name| last(name).unwrap_or_else(|| never(name))).collect()
    }

    /// When a phase was entered last, if that was after everything that undoes it.
    fn done(&self, to: Phase, undone: &[Phase]) -> Option<Done> {
        let entered = |moment: &&crate::ledger::Moment| matches!(&moment.happened, Happened::Phase { to: now, .. } if *now == to || undone.contains(now));
        let last = self.operations.timeline.iter().rev().find(entered)?;
        let there = matches!(&last.happened, Happened::Phase { to: now, .. } if *now == to);
        there.then(|| Done { at: last.at.clone(), entry: last.seq })
    }

    /// What is left to be checked when the tasks of PostgreSQL sources are gone. A slot that nobody reads keeps the log of its
    /// database (DMS User Guide, "Using a PostgreSQL database as an AWS DMS source").
    fn slots(&self) -> &'static str {
        let resolved = self.resolved;
        let postgres = |database: &super::super::discover::Database| database.engine.contains("postgres");
        if postgres(&resolved.source) || postgres(&resolved.target) {
            ". Check on both databases that no replication slot is left, and drop those of the tasks: \
             `SELECT slot_name, active FROM pg_replication_slots`. A forgotten slot fills the disk"
        } else {
            ""
        }
    }

    fn verb(&self, verb: &str, more: &[(&str, Option<&str>)]) -> String {
        (self.verb)(verb, more)
    }

    fn connections(&self) -> Chapter {
        let tasks = || self.resolved.forward.iter().chain(&self.resolved.reverse);
        let mut by_hand: Vec<Manual> = Vec::new();
        let tested = tasks().filter(|task| task.kind.is_task());
        for (task, end) in tested.flat_map(|task| [(task, &task.from), (task, &task.to)]) {
            let call = calls::test_connection(&task.region, &task.instance, end, self.facts);
            let commands =
                vec![calls::as_command(&call.request), by_hand::connected(&task.region, &task.instance, end)];
            let one = Manual { words: call.name, commands };
            if !by_hand.contains(&one) {
                by_hand.push(one);
            }
        }
        Chapter {
            key: "test-connections",
            title: "Test the connections",
            owner: self.owner("database"),
            tell: Vec::new(),
            command: self.verb("replicate test-connections", &[("--yes", None)]),
            preview: Some(self.verb("replicate test-connections", &[("--dry-run", None)])),
            needs: "everything is deployed (`migrate up`)".into(),
            gates: Vec::new(),
            limit_s: 300,
            expected_s: 0,
            refused_s: None,
            worked: if tasks().all(|task| task.kind.is_task()) {
                "every connection is `successful`; the phase is `tested`".into()
            } else {
                "every connection of tasks is `successful`; serverless replications test theirs when they start".into()
            },
            back: "none needed: nothing was changed".into(),
            loses: "nothing".into(),
            done: self.done(Phase::Tested, &[Phase::Deployed]),
            by_hand,
        }
    }

    fn load(&self) -> Chapter {
        let mut by_hand: Vec<Manual> = Vec::new();
        for task in &self.resolved.forward {
            let call = calls::start(task, "start-replication", self.facts);
            by_hand.push(Manual { words: call.name, commands: vec![calls::as_command(&call.request)] });
            let words = format!("wait until the full load of {} is complete", task.address);
            by_hand.push(Manual { words, commands: vec![by_hand::loaded(task)] });
        }
        Chapter {
            key: "load",
            title: "Full load and ongoing replication",
            owner: self.owner("database"),
            tell: Vec::new(),
            command: self.verb("replicate start", &[("--wait", Some("loaded")), ("--yes", None)]),
            preview: Some(self.verb("replicate start", &[("--dry-run", None)])),
            needs: "phase `tested`. Never start a task twice: a second `start-replication` creates the slot anew, and \
                    the changes in between are lost"
                .into(),
            gates: self.gates(&["errors-visible"]),
            limit_s: 604_800,
            expected_s: 0,
            refused_s: None,
            worked: "100 % loaded, no table in error; the phase is `following`".into(),
            back: format!("`{}`", self.verb("rollback", &[("--yes", None)])),
            loses: "nothing: the source serves all the time".into(),
            done: self.done(Phase::Following, &[Phase::Loading, Phase::Tested, Phase::Deployed]),
            by_hand,
        }
    }

    fn look(&self) -> Chapter {
        let mut by_hand = Vec::new();
        for task in &self.resolved.forward {
            let words = format!("what {} has loaded, and whether both sides are the same", task.address);
            by_hand.push(Manual { words, commands: by_hand::tables(task) });
            by_hand.push(Manual {
                words: format!("how far {} is behind, in seconds and changes, newest last", task.address),
                commands: by_hand::lag(task),
            });
        }
        let names: Vec<&str> = gates::LAG.iter().chain(gates::VERIFY).copied().collect();
        Chapter {
            key: "gates",
            title: "Check the gates",
            owner: self.owner("database"),
            tell: Vec::new(),
            command: format!("{} && {}", self.verb("lag", &[("--check", None)]), self.verb("verify", &[])),
            preview: None,
            needs: "phase `following`".into(),
            gates: self.gates(&names),
            limit_s: 0,
            expected_s: 0,
            refused_s: None,
            worked: "both exit with 0; with 11 they name the gate that is closed".into(),
            back: "none needed: this only reads".into(),
            loses: "nothing".into(),
            done: None,
            by_hand,
        }
    }

    fn cutover(&self, planned: &[Step]) -> Chapter {
        let resolved = self.resolved;
        let name = format!("{} {}", resolved.migration, resolved.environment);
        let (typed, lossy) = (format!("cut over {name}"), format!("no way back for {name}"));
        let mut more: Vec<(&str, Option<&str>)> = Vec::new();
        if resolved.declared.require.ticket {
            more.push(("--ticket", Some("ID")));
        }
        let preview = self.verb("cutover", &[("--dry-run", None)]);
        more.extend([("--yes", None), ("--confirm", Some(typed.as_str()))]);
        if resolved.reverse.is_none() {
            more.push(("--confirm", Some(lossy.as_str())));
        }
        let mut needs = String::from("every gate is open, or passed over with `--override GATE=REASON`");
        if resolved.declared.require.approval {
            needs.push_str(&format!("; somebody else has run `{}`", self.verb("approve", &[])));
        }
        Chapter {
            key: "cutover",
            title: "Cut over",
            owner: self.owner("traffic"),
            tell: self.tell(),
            command: self.verb("cutover", &more),
            preview: Some(preview),
            needs,
            gates: self.gates(gates::GATES),
            limit_s: limit(planned),
            expected_s: expected_s(planned),
            refused_s: refused_s(planned, false),
            worked: "the phase is `live`; the target serves, and the source's rules stay revoked, so that a client with an \
                     old address is refused and not lost"
                .into(),
            back: format!(
                "until the target opens a failure undoes everything by itself; after an interruption `{}`",
                self.verb("cutover", &[("--abort", None)])
            ),
            loses: "nothing until the target opens".into(),
            done: self.done(Phase::Live, &[Phase::Synced, Phase::RolledBack, Phase::Loading]),
            by_hand: self.manual("cutover", planned),
        }
    }

    fn undo(&self, shut: &Facts) -> Chapter {
        let from = Undo { phase: Phase::Switched, back: Phase::Synced, sent: true, comment: &self.comment };
        let planned = steps::abort(self.resolved, from, shut, &self.baseline);
        Chapter {
            key: "abort",
            title: "Undo the cutover before the target opens",
            owner: self.owner("traffic"),
            tell: self.tell(),
            command: self.verb("cutover", &[("--abort", None)]),
            preview: Some(self.verb("cutover", &[("--abort", None), ("--dry-run", None)])),
            needs: "a cutover was interrupted; the target has taken no write".into(),
            gates: Vec::new(),
            limit_s: limit(&planned),
            expected_s: expected_s(&planned),
            refused_s: refused_s(&planned, true),
            worked: "the phase is the one before the cutover; weights, rules, counts and scaling are those of before".into(),
            back: format!("`{}`", self.verb("cutover", &[("--continue", None)])),
            loses: "nothing: writes were refused, none was taken".into(),
            done: None,
            by_hand: self.manual("abort", &planned),
        }
    }

    fn rollback(&self, live: &Facts) -> Chapter {
        let resolved = self.resolved;
        let name = format!("{} {}", resolved.migration, resolved.environment);
        let lossy = resolved.reverse.is_none();
        let id = format!("migrate-{}-{}-by-hand", resolved.migration, resolved.environment);
        let snapshot = (lossy && !resolved.target.is_external()).then_some(id.as_str());
        let way = Way { lossy, snapshot, sent: false, comment: &self.comment };
        let planned = steps::rollback(resolved, Phase::Live, live, &self.baseline, way);
        let typed = format!("roll back {name}");
        let mut more: Vec<(&str, Option<&str>)> = vec![("--yes", None)];
        if lossy {
            more.extend([("--accept-loss", None), ("--confirm", Some("lose all changes"))]);
        } else {
            more.push(("--confirm", Some(&typed)));
        }
        let (needs, loses) = if lossy {
            (
                "phase `live`; a snapshot of the target is taken first, so that its writes can be recovered by hand",
                "every write made on the target since it opened",
            )
        } else {
            (
                "phase `live`; the reverse task is within its gates",
                "nothing: what was written to the target is copied back by the reverse task before the source opens; if that cannot \
                 be shown, the rollback stops",
            )
        };
        Chapter {
            key: "rollback",
            title: "Roll back after the target has opened",
            owner: self.owner("traffic"),
            tell: self.tell(),
            command: self.verb("rollback", &more),
            preview: Some(self.verb("rollback", &[("--dry-run", None)])),
            needs: needs.into(),
            gates: Vec::new(),
            limit_s: limit(&planned),
            expected_s: expected_s(&planned),
            refused_s: refused_s(&planned, false),
            worked: "the phase is `rolled-back`; weights, rules, counts and scaling are those of before"
                .into(),
            back: format!("forward again: `{}`", self.verb("replicate reload", &[])),
            loses: loses.into(),
            done: self.done(Phase::RolledBack, &[Phase::Loading, Phase::Live]),
            by_hand: self.manual("rollback", &planned),
        }
    }

    fn finalize(&self, live: &Facts) -> Chapter {
        let name = format!("{} {}", self.resolved.migration, self.resolved.environment);
        let tasks: Vec<Task> = self.resolved.reverse.iter().cloned().collect();
        let planned = steps::stopping(self.resolved, &tasks, live);
        let typed = format!("finalize {name}");
        Chapter {
            key: "finalize",
            title: "Finalize",
            owner: self.owner("database"),
            tell: self.tell(),
            command: self.verb("finalize", &[("--yes", None), ("--confirm", Some(&typed))]),
            preview: Some(self.verb("finalize", &[("--dry-run", None)])),
            needs: "phase `live` for 24 hours".into(),
            gates: Vec::new(),
            limit_s: limit(&planned),
            expected_s: expected_s(&planned),
            refused_s: refused_s(&planned, false),
            worked: format!(
                "the phase is `finalized`. Then take the replication stack out of the manifest and run `migrate up`: that \
                 deletes the tasks{}",
                self.slots()
            ),
            back: "none: a new migration".into(),
            loses: "the way back".into(),
            done: self.done(Phase::Finalized, &[]),
            by_hand: self.manual("finalize", &planned),
        }
    }
}

/// Writes the runbook. `facts` is what is known of everything that is operated.
#[must_use]
pub fn runbook(resolved: &Resolved, snapshot: &Snapshot, facts: &Facts, verb: Verb<'_>) -> Runbook {
    let operations = &snapshot.operations;
    let began = operations.protects();
    // What was there before the cutover, once one has begun; until then, what is there.
    let before = operations.baseline.clone().filter(|_| began || operations.phase() == Phase::RolledBack);
    let baseline = before.unwrap_or_else(|| facts.clone());
    let comment = format!("migrate {} by hand", resolved.migration);
    // The chapters tell the whole way, also where a part of it is done: from what was there at its beginning.
    let mut start = facts.clone();
    start.learn(&baseline);
    for task in &resolved.forward {
        start.set(&calls::task(task), "Status", json!("running"));
    }
    if let Some(reverse) = &resolved.reverse {
        start.set(&calls::task(reverse), "Status", json!("ready"));
    }
    let planned = steps::cutover(resolved, Phase::Synced, &start, &baseline, &comment);
    let opens = planned.iter().position(|step| matches!(step, Step::Opens)).unwrap_or(planned.len());
    let shut = after(&start, &planned[..opens]);
    let live = after(&start, &planned);
    let author = Author { resolved, operations, facts: &start, baseline: baseline.clone(), verb, comment };
    let binding = snapshot.binding.clone().unwrap_or_default();
    Runbook {
        format: 1,
        migration: resolved.migration.clone(),
        environment: resolved.environment.clone(),
        account: binding.account,
        phase: operations.phase(),
        serial: snapshot.seq,
        owners: resolved.declared.owners.clone().into_iter().collect(),
        point_of_no_return:
            "the opening of the target inside the cutover: before it everything is undone automatically; \
                             after it going back is a rollback"
                .into(),
        reopen: steps::reopening(resolved, steps::Side::Source, &baseline),
        functions: by_hand::functions(resolved),
        chapters: vec![
            author.connections(),
            author.load(),
            author.look(),
            author.cutover(&planned),
            author.undo(&shut),
            author.rollback(&live),
            author.finalize(&live),
        ],
    }
}

/// Whether everything is known that the runbook's commands are made of.
#[must_use]
pub fn complete(resolved: &Resolved, facts: &Facts) -> bool {
    calls::watched(resolved).iter().all(|subject| facts.0.keys().any(|(known, _)| known == subject))
}
