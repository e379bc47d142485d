//! One verb, moment by moment: every state of account and ledger in which its process could have died.
//!
//! The program itself runs, as a process, and is killed at its very last call: then the ledger's journal and the
//! sandbox's list of changes are still there, line by line, both with virtual times. Every prefix of the two, in their
//! common order, is what a process that died there would have left behind.

use std::path::{Path, PathBuf};

use migrate::{
    clock::{from_rfc3339, millis},
    ledger::{Ledger, Snapshot},
    sandbox::{Home, World},
};
use serde_json::{Value as Json, json};

use super::{Desk, text};
use crate::support::write;

/// A moment of a verb.
pub struct Frame {
    /// What had just been written, or done.
    pub at: String,
    /// Lines of the ledger's journal.
    journal: usize,
    /// Lines of the sandbox's changes.
    changes: usize,
    /// The clock, in milliseconds.
    now: i64,
}

/// A verb from its beginning to its last call.
pub struct Film {
    /// The state that it began with.
    before: Desk,
    /// Its journal.
    journal: Vec<String>,
    /// Lines of the journal that were there before it began: those of a verb that died.
    older: usize,
    /// What it changed in the account.
    changes: Vec<String>,
    /// Its moments, in order.
    pub frames: Vec<Frame>,
}

/// The ledger's folder of a desk.
pub fn ledger(desk: &Desk) -> PathBuf {
    fn below(dir: &Path) -> Option<PathBuf> {
        if dir.join("ledger.json").exists() {
            return Some(dir.to_owned());
        }
        let folders = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
        folders.filter(|path| path.is_dir()).find_map(|path| below(&path))
    }
    below(&desk.dir.path().join(".migrate")).expect("a ledger")
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(ToOwned::to_owned).collect()
}

/// A change in words: its tables.
fn changed(change: &Json) -> String {
    let rows = change["rows"].as_array().into_iter().flatten();
    let mut tables: Vec<&str> = rows.filter_map(|row| row[0].as_str()).collect();
    tables.dedup();
    format!("change of {}", tables.join(", "))
}

/// The table that a call changes.
fn table(operation: &str) -> &'static str {
    match operation {
        "UpdateService" => "ecs.service",
        "RegisterScalableTarget" => "autoscaling.target",
        "RevokeSecurityGroupIngress" | "AuthorizeSecurityGroupIngress" => "ec2.security-group-rule",
        "StartReplicationTask" | "StopReplicationTask" | "ReloadTables" => "dms.task",
        "StartReplication" | "StopReplication" | "ReloadReplicationTables" => "dms.replication-config",
        "StartDataMigration" | "StopDataMigration" => "dms.data-migration",
        "StartReplicationTaskAssessmentRun" => "dms.assessment",
        "ChangeResourceRecordSets" => "route53.record",
        "ModifyRule" => "elbv2.rule",
        "ModifyListener" => "elbv2.listener",
        "UpdateAutoScalingGroup" | "SuspendProcesses" | "ResumeProcesses" => "asg.group",
        _ => "none",
    }
}

fn parsed(line: &str) -> Json {
    serde_json::from_str(line).expect("a line of JSON")
}

impl Film {
    /// Films a verb.
    pub fn of(desk: &Desk, words: &[&str]) -> Self {
        // How many calls it makes, then once more, up to the last of them.
        let whole = desk.fork();
        let mut counted = words.to_vec();
        counted.extend(["-vv", "--log-file", "calls.log"]);
        let output = whole.run(&counted);
        let log = std::fs::read_to_string(whole.dir.path().join("calls.log")).expect("a log");
        let calls = log.lines().filter(|line| line.contains(" operation=")).count();
        assert!(calls > 0, "{words:?} makes no call: {}", text(&output));
        let died = desk.fork();
        let rule = json!([{"match": {"call": calls}, "action": {"crash": "before"}}]);
        let output = died.run_with(words, Some(&rule));
        assert_eq!(output.status.code(), Some(137), "{words:?}: call {calls}\n{}", text(&output));
        let journal = lines(&ledger(&died).join("journal.jsonl"));
        let changes = lines(&died.dir.path().join(".migrate/sandbox/world.jsonl"));
        let older = lines(&ledger(desk).join("journal.jsonl"));
        assert!(journal.starts_with(&older), "{words:?}: the journal was folded while it was filmed");
        let mut film = Self { before: desk.fork(), frames: Vec::new(), older: older.len(), journal, changes };
        film.cut();
        film
    }

    /// Puts both lists in one order. The ledger's times are whole seconds, so what a call did is found by its tables: it
    /// lies between the call's intent and the line that says how it ended. Every other change lies where its time says.
    fn cut(&mut self) {
        let changes: Vec<Json> = self.changes.iter().map(|line| parsed(line)).collect();
        let clocks: Vec<i64> =
            changes.iter().map(|change| change["now"].as_i64().expect("a clock")).collect();
        let journal: Vec<Json> = self.journal.iter().map(|line| parsed(line)).collect();
        let second =
            |entry: &Json| millis(from_rfc3339(entry["at"].as_str().expect("a time")).expect("a time"));
        // Which change each intent brought about.
        let mut found: Vec<(u64, usize)> = Vec::new();
        let own = journal.iter().skip(self.older);
        for entry in own.filter(|entry| entry["kind"] == "intent") {
            let from = found.last().map_or(0, |(_, at)| at + 1);
            let table = table(entry["operate"]["request"]["operation"].as_str().unwrap_or_default());
            let touches = |at: &usize| {
                let rows = changes[*at]["rows"].as_array().into_iter().flatten();
                clocks[*at] >= second(entry) && rows.map(|row| &row[0]).any(|name| *name == table)
            };
            if let Some(at) = (from..changes.len()).find(touches) {
                found.push((entry["op"].as_u64().expect("a number"), at));
            }
        }
        let (mut shown, mut announced) = (0, 0);
        for (at, entry) in journal.iter().enumerate().skip(self.older) {
            let op = entry["op"].as_u64();
            let ends = entry["kind"] != "intent";
            let effect = found.iter().find(|(known, _)| Some(*known) == op).map(|(_, change)| *change);
            let until = match effect.filter(|_| ends) {
                Some(change) => change + 1,
                // Not beyond what the next intent brings about.
                None => {
                    let next = found.get(announced).map_or(changes.len(), |(_, change)| *change);
                    clocks.iter().take(next).take_while(|now| **now < second(entry)).count()
                }
            };
            while shown < until {
                let words = changed(&changes[shown]);
                shown += 1;
                self.frames.push(Frame { at: words, journal: at, changes: shown, now: clocks[shown - 1] });
            }
            if entry["kind"] == "intent" && effect.is_some() {
                announced += 1;
            }
            let now = second(entry).max(clocks.get(shown.wrapping_sub(1)).copied().unwrap_or_default());
            let words = self.journal[at].chars().take(220).collect();
            self.frames.push(Frame { at: words, journal: at + 1, changes: shown, now });
        }
        for (at, change) in changes.iter().enumerate().skip(shown) {
            let words = changed(change);
            self.frames.push(Frame { at: words, journal: journal.len(), changes: at + 1, now: clocks[at] });
        }
    }

    /// A desk as the process that died in that moment left it.
    pub fn desk(&self, frame: &Frame) -> Desk {
        let desk = self.before.fork();
        self.put(&desk, frame);
        desk.account(|world| world.advance_to(frame.now));
        desk
    }

    /// Writes ledger and account as they were in a moment; the account's clock stands where its last change left it.
    fn put(&self, desk: &Desk, frame: &Frame) {
        let part = |lines: &[String], count: usize| {
            lines[..count].iter().map(|line| format!("{line}\n")).collect::<String>()
        };
        write(&ledger(desk).join("journal.jsonl"), &part(&self.journal, frame.journal));
        let home = desk.dir.path().join(".migrate/sandbox");
        write(&home.join("world.jsonl"), &part(&self.changes, frame.changes));
    }

    /// Account and ledger in every moment.
    pub fn states(&self) -> impl Iterator<Item = (&Frame, World, Snapshot)> {
        // One folder for all: they are only looked at.
        let desk = self.before.fork();
        self.frames.iter().map(move |frame| {
            self.put(&desk, frame);
            let mut world = Home::peek(&desk.dir.path().join(".migrate/sandbox"), 1, 0).expect("a world");
            world.advance_to(frame.now);
            let snapshot = Ledger::peek(&ledger(&desk)).expect("a ledger").expect("a ledger");
            (frame, world, snapshot)
        })
    }

    /// Some of the moments, evenly spread, the first and the last included.
    pub fn sample(&self, count: usize) -> Vec<&Frame> {
        let last = self.frames.len() - 1;
        let count = count.min(self.frames.len()).max(2);
        let mut chosen: Vec<usize> = (0..count).map(|at| at * last / (count - 1)).collect();
        chosen.dedup();
        chosen.into_iter().map(|at| &self.frames[at]).collect()
    }
}
