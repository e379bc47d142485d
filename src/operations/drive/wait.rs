//! What steps wait for.

use std::cell::Cell;

use serde_json::{Value as Json, json};

use super::driver::{Driver, Failure};
use crate::{
    aws::op,
    engine::{EventKind, operate::usually},
    ledger::{Happened, Noun, Operate, Seen, Subject},
    model::Address,
    operations::{
        calls,
        discover::{Task, Writer},
        fleets,
        gates::{Samples, Verdict, judge},
        measure::{self, Wanted},
        steps::{self, Until},
    },
};

/// How far apart two equal reads of the counters must be, in seconds.
const QUIET_S: i64 = 15;

fn sum(samples: &Samples) -> (i64, i64) {
    let own = samples.tables.iter().filter(|table| !table.is_own());
    own.fold((0, 0), |(captured, applied), table| (captured + table.captured, applied + table.applied))
}

/// Whether all tasks run: what they have not brought over by now does not come by waiting.
fn running(name: &str, samples: &Samples) -> Result<(), Failure> {
    match samples.tasks.iter().find(|task| task.status != "running") {
        None => Ok(()),
        Some(task) => {
            let reason = task.failure.as_ref().or(task.stop_reason.as_ref());
            let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            let why = format!("task {} is {}{reason}", task.name, task.status);
            Err(Failure::Broken { what: name.to_owned(), why })
        }
    }
}

impl Driver<'_> {
    /// Waits.
    pub(super) async fn wait(
        &self,
        name: &str,
        until: &Until,
        every_s: u64,
        limit_s: u64,
    ) -> Result<(), Failure> {
        match until {
            Until::Running { task } => {
                self.until(name, every_s, limit_s, async || self.status(name, task, "running").await).await
            }
            Until::Stopped { task } => {
                self.until(name, every_s, limit_s, async || self.status(name, task, "stopped").await).await?;
                self.checkpoint(task).await
            }
            Until::Empty { writers } => {
                self.until(name, every_s, limit_s, async || self.empty(writers).await).await
            }
            Until::Quiet { tasks } => self.quiet(name, tasks, every_s, limit_s).await,
            Until::Drained { tasks, home } => self.drained(name, tasks, *home, every_s, limit_s).await,
            Until::Validated { tasks } => {
                if self.overridden.iter().any(|gate| gate == "validation") {
                    return Ok(());
                }
                if self.rests("validation-proof", tasks).await? {
                    return Ok(());
                }
                self.until(name, every_s, limit_s, async || self.validated(tasks).await).await?;
                self.note(Happened::Noted { name: "validation-proof".into(), value: json!(tasks.len()) })
            }
            Until::Slot => self.slot(name, every_s, limit_s).await,
            Until::InSync { address, call } => {
                let change = self.change(address, call).await?;
                self.until(name, every_s, limit_s, async || self.in_sync(&change).await).await?;
                self.note(Happened::Noted {
                    name: "in sync".into(),
                    value: json!({
                        "call": call.name, "change": change, "at": measure::now(&self.operator.reader),
                    }),
                })
            }
            Until::Applied { call } => {
                let subjects = call.expect.subjects();
                self.until(name, every_s, limit_s, async || {
                    let now = self.operator.reader.facts(&subjects).await?;
                    let there = call.seen(&now) == Seen::Landed;
                    Ok(if there { Ok(()) } else { Err("it does not show yet".to_owned()) })
                })
                .await
            }
            Until::Expired { seconds } => {
                let now = measure::now(&self.operator.reader);
                // Answers from before can be no younger than the moment when the change was seen everywhere.
                let synced = self.noted("in sync").and_then(|value| value["at"].as_i64());
                let began = synced.filter(|at| *at <= now).unwrap_or(now);
                self.until(name, every_s, limit_s, async || {
                    let waited = measure::now(&self.operator.reader) - began;
                    let left = i64::try_from(*seconds).unwrap_or(i64::MAX) - waited;
                    Ok(if left <= 0 { Ok(()) } else { Err(format!("answers live for {seconds} s")) })
                })
                .await
            }
            Until::Serving { writers } => {
                self.until(name, every_s, limit_s, async || self.serving(writers).await).await
            }
            Until::Confirmed { seconds } => self.confirmed(name, *seconds, every_s, limit_s).await,
            Until::Snapshot { kind, region, id } => {
                let subject = Subject::new(Noun::Snapshot, region, &[kind, id]);
                self.until(name, every_s, limit_s, async || {
                    let facts = self.operator.reader.facts(std::slice::from_ref(&subject)).await?;
                    let status = facts.get(&subject, "Status").and_then(Json::as_str).unwrap_or("missing");
                    Ok(if status == "available" { Ok(()) } else { Err(status.to_owned()) })
                })
                .await
            }
        }
    }

    async fn status(&self, name: &str, task: &Task, wanted: &str) -> Result<Result<(), String>, Failure> {
        let subject = calls::task(task);
        let facts = self.operator.reader.facts(std::slice::from_ref(&subject)).await?;
        let text = |property: &str| facts.get(&subject, property).and_then(Json::as_str).unwrap_or_default();
        let status = text("Status");
        if status == wanted {
            return Ok(Ok(()));
        }
        if matches!(status, "failed" | "gone") {
            let reason = [text("LastFailureMessage"), text("StopReason")].join(" ");
            let why = format!("{} {} is {status} {}", task.kind.words(), task.address, reason.trim());
            return Err(Failure::Broken { what: name.to_owned(), why: why.trim().to_owned() });
        }
        if !task.kind.is_task() {
            let takes =
                usually(task.kind, status).map(|takes| format!(", usually {takes}")).unwrap_or_default();
            return Ok(Err(format!("{status}{takes}")));
        }
        Ok(Err(format!("{} is {status}", task.address)))
    }

    /// Keeps the position at which a task stopped.
    async fn checkpoint(&self, task: &Task) -> Result<(), Failure> {
        let subject = calls::task(task);
        let facts = self.operator.reader.facts(std::slice::from_ref(&subject)).await?;
        let value = json!({
            "checkpoint": facts.get(&subject, "RecoveryCheckpoint"), "reason": facts.get(&subject, "StopReason"),
        });
        self.note(Happened::Noted { name: format!("checkpoint of {}", task.address), value })
    }

    async fn empty(&self, writers: &[Writer]) -> Result<Result<(), String>, Failure> {
        let mut left = Vec::new();
        for writer in writers {
            let subject = calls::writer(writer);
            let facts = self.operator.reader.facts(std::slice::from_ref(&subject)).await?;
            let (running, passing) = fleets::count(writer, &facts);
            if running + passing > 0 {
                let words = if writer.fleet.is_tasks() { "running and" } else { "in service and" };
                let other = if writer.fleet.is_tasks() { "pending" } else { "coming or going" };
                left.push(format!("{} has {running} {words} {passing} {other}", writer.service));
            }
        }
        Ok(if left.is_empty() { Ok(()) } else { Err(left.join(", ")) })
    }

    /// The proof of a fence: the writers are gone, and two reads of the counters that are far enough apart are equal.
    async fn quiet(&self, name: &str, tasks: &[Task], every_s: u64, limit_s: u64) -> Result<(), Failure> {
        let last: Cell<Option<(i64, i64)>> = Cell::new(None);
        self.until(name, every_s.max(QUIET_S.unsigned_abs()), limit_s, async || {
            let wanted = Wanted { gates: &["task", "counters"], tasks, writers: &[], since: None };
            let samples = self.samples(wanted).await?;
            // Nothing is captured by a task that does not run: its counters prove nothing.
            running(name, &samples)?;
            let (captured, _) = sum(&samples);
            let told = last.replace(Some((samples.now, captured)));
            Ok(match told {
                Some((at, before)) if before == captured && samples.now - at >= QUIET_S => Ok(()),
                Some((_, before)) if before != captured => {
                    Err(format!("{} changes were captured since the last look", captured - before))
                }
                _ => Err("looking twice".to_owned()),
            })
        })
        .await?;
        let value = json!(measure::now(&self.operator.reader));
        self.note(Happened::Noted { name: "fence-proof".into(), value })
    }

    /// Whether something was proven behind this fence, and a task is stopped or about to stop since. Only what comes after the
    /// proof stops tasks, and nothing is committed behind a fence: the proof still holds, and cannot be made again.
    async fn rests(&self, proof: &str, tasks: &[Task]) -> Result<bool, Failure> {
        if !self.known().noted_since(proof, "fence-proof") {
            return Ok(false);
        }
        let wanted = Wanted { gates: &["task"], tasks, writers: &[], since: None };
        let samples = self.samples(wanted).await?;
        Ok(samples.tasks.iter().any(|task| matches!(task.status.as_str(), "stopping" | "stopped")))
    }

    /// Everything committed has arrived: by a sentinel, or circumstantially.
    async fn drained(
        &self,
        name: &str,
        tasks: &[Task],
        home: bool,
        every_s: u64,
        limit_s: u64,
    ) -> Result<(), Failure> {
        if !home && self.rests("drain-proof", tasks).await? {
            return Ok(());
        }
        let hooks = &self.resolved.declared.hooks;
        if !home && hooks.contains_key("sentinel-write") && hooks.contains_key("sentinel-read") {
            // Batch apply does not keep the order of commits: a second row, written after the first one arrived, does.
            let batch = self
                .resolved
                .forward
                .iter()
                .any(|task| task.settings["TargetMetadata"]["BatchApplyEnabled"] == true);
            for round in 0..=u8::from(batch) {
                let token = format!("{}-{round}-{}", self.run, measure::now(&self.operator.reader));
                self.hook("sentinel-write", Some(&token)).await?;
                self.until(name, 1, limit_s, async || {
                    let seen = self.hook("sentinel-read", Some(&token)).await?;
                    if seen.trim() == token {
                        return Ok(Ok(()));
                    }
                    // It never arrives through a task that has failed.
                    let wanted = Wanted { gates: &["task"], tasks, writers: &[], since: None };
                    running(name, &self.samples(wanted).await?)?;
                    Ok(Err("the sentinel has not arrived".to_owned()))
                })
                .await?;
            }
            self.note(Happened::Noted { name: "drain-proof".into(), value: json!("sentinel") })?;
            return self.counted(tasks).await;
        }
        let since = self.noted("fence-proof").and_then(|value| value.as_i64());
        let text = "no sentinel is declared: the proof is circumstantial, from counters and from points that began after \
                    the fence; it takes about five minutes more";
        self.operator.emit(EventKind::Remark { text: text.into() });
        let gates = ["task", "lag", "backlog", "counters"];
        self.until(name, every_s.max(15), limit_s, async || {
            let samples = self.samples(Wanted { gates: &gates, tasks, writers: &[], since }).await?;
            running(name, &samples)?;
            let (captured, applied) = sum(&samples);
            if captured != applied {
                return Ok(Err(format!("{captured} captured, {applied} applied")));
            }
            let limits = self.resolved.declared.limits;
            for gate in ["lag", "backlog"] {
                let reading = judge(gate, &samples, &limits);
                if reading.verdict != Verdict::Open {
                    return Ok(Err(format!("{gate}: {}", reading.summary)));
                }
            }
            self.judge(&["lag", "backlog"], &samples)?;
            Ok(Ok(()))
        })
        .await?;
        self.note(Happened::Noted { name: "drain-proof".into(), value: json!("circumstantial") })?;
        self.counted(tasks).await
    }

    /// Keeps the tables' counters as they are when everything has arrived.
    async fn counted(&self, tasks: &[Task]) -> Result<(), Failure> {
        let wanted = Wanted { gates: &["counters"], tasks, writers: &[], since: None };
        let samples = self.samples(wanted).await?;
        self.note(Happened::Noted { name: "tables when drained".into(), value: json!(samples.tables) })
    }

    async fn validated(&self, tasks: &[Task]) -> Result<Result<(), String>, Failure> {
        let since = Some(measure::now(&self.operator.reader));
        let samples = self.samples(Wanted { gates: &["validation"], tasks, writers: &[], since }).await?;
        let reading = judge("validation", &samples, &self.resolved.declared.limits);
        if reading.verdict != Verdict::Open {
            return Ok(Err(reading.summary));
        }
        self.judge(&["validation"], &samples)?;
        Ok(Ok(()))
    }

    /// A PostgreSQL target reports the slot that the reverse task reads from. Whether a task that runs implies one is not
    /// documented; the metric exists only where there is a slot.
    async fn slot(&self, name: &str, every_s: u64, limit_s: u64) -> Result<(), Failure> {
        let target = &self.resolved.target;
        if !target.engine.contains("postgres") || target.is_external() {
            return Ok(());
        }
        if self.overridden.iter().any(|gate| gate == "slot") {
            return Ok(());
        }
        let kind =
            if target.kind == "AWS::RDS::DBCluster" { "DBClusterIdentifier" } else { "DBInstanceIdentifier" };
        self.until(name, every_s, limit_s, async || {
            let now = measure::now(&self.operator.reader);
            let names = ["OldestReplicationSlotLag"];
            let dimensions = [(kind, target.id.as_str())];
            let span = (now - 600, now);
            let reader = &self.operator.reader;
            let found = measure::metrics(
                reader,
                &target.region,
                ("AWS/RDS", &names, measure::MAXIMUM),
                &dimensions,
                span,
            )
            .await?;
            let there = found.values().any(|series| !series.points.is_empty());
            Ok(if there { Ok(()) } else { Err("OldestReplicationSlotLag has no point yet".to_owned()) })
        })
        .await
    }

    /// The id of a change: noted, or, where its answer was lost, that of the same change sent once more.
    async fn change(&self, address: &Address, call: &Operate) -> Result<String, Failure> {
        if let Some(id) = self.known().change(&call.name) {
            return Ok(id.to_owned());
        }
        let acted = self.operator.again(address, call).await?;
        let id = acted.answer.get("ChangeId").and_then(Json::as_str).map(ToOwned::to_owned);
        id.ok_or_else(|| Failure::Broken {
            what: call.name.clone(),
            why: "the answer to the change was lost twice, so that it is not known when it is in sync".into(),
        })
    }

    async fn in_sync(&self, change: &str) -> Result<Result<(), String>, Failure> {
        let sdk = self.operator.reader.sdk("us-east-1");
        let ask = async || {
            let answer = sdk
                .route53()
                .get_change()
                .id(change.trim_start_matches("/change/"))
                .send()
                .await
                .map_err(op("GetChange"))?;
            Ok(answer.change_info.map(|info| info.status))
        };
        let status = self.operator.reader.ask("route53", ask).await?;
        let synced = status == Some(aws_sdk_route53::types::ChangeStatus::Insync);
        Ok(if synced { Ok(()) } else { Err("PENDING".to_owned()) })
    }

    async fn serving(&self, writers: &[Writer]) -> Result<Result<(), String>, Failure> {
        let mut wrong = Vec::new();
        for writer in writers {
            let seen = measure::service(&self.operator.reader, writer).await?;
            let fit = seen.desired == 0
                || (seen.running >= seen.desired
                    && (writer.groups.is_empty() || seen.healthy >= seen.desired));
            if !fit {
                wrong.push(format!(
                    "{}: {} of {} run, {} healthy",
                    seen.name, seen.running, seen.desired, seen.healthy
                ));
            }
        }
        Ok(if wrong.is_empty() { Ok(()) } else { Err(wrong.join(", ")) })
    }

    /// It serves well for a while: two closed measurements in a row end it.
    async fn confirmed(&self, name: &str, seconds: u64, every_s: u64, limit_s: u64) -> Result<(), Failure> {
        let began = measure::now(&self.operator.reader);
        let bad = Cell::new(0_u8);
        let gates = ["target-health", "alarms", "errors"];
        self.until(name, every_s, limit_s, async || {
            let writers = steps::target_writers(self.resolved);
            let samples = self.samples(Wanted { gates: &gates, tasks: &[], writers, since: None }).await?;
            let limits = self.resolved.declared.limits;
            let readings = gates.map(|gate| judge(gate, &samples, &limits));
            let closed = self.barred(&readings).into_iter().filter(|r| r.verdict == Verdict::Closed);
            let closed: Vec<_> = closed.collect();
            if closed.is_empty() {
                bad.set(0);
                let served = measure::now(&self.operator.reader) - began;
                if served >= i64::try_from(seconds).unwrap_or(i64::MAX) {
                    self.judge(&gates, &samples)?;
                    return Ok(Ok(()));
                }
                return Ok(Err("it serves".to_owned()));
            }
            bad.set(bad.get() + 1);
            if bad.get() > 1 {
                return Err(Failure::Closed(closed));
            }
            Ok(Err(closed[0].summary.clone()))
        })
        .await
    }
}
