//! `migrate watch`: a live view of a migration; it only reads, and takes no lock.

use std::{path::Path, time::Duration};

use clap::Args;

use super::desk;
use crate::{
    aws::OpError,
    cli::{
        Verdict,
        args::{Global, LedgerArgs},
        exit::Code,
        ledgers,
    },
    clock::{from_rfc3339, millis, rfc3339},
    engine::operate::{Provision, Reader, usually},
    ledger::{Ledger, Phase, Snapshot},
    operations::{
        calls,
        discover::{Resolved, Task},
        gates::{Verdict as Gate, judge},
        measure::{self, Wanted},
        steering,
    },
    ui::{
        Picture, Printer,
        watch::{GateState, Lag, Look, Running, Weights, line, picture},
    },
};

/// The gates that are worth a glance.
const WATCHED: &[&str] = &["task", "lag", "backlog", "reading", "alarms", "target-health"];
/// How often virtual time is looked at, where nobody watches.
const ROUNDS: u32 = 5;

/// `watch`.
#[derive(Debug, Args)]
pub struct WatchCommand {
    /// Which plan.
    #[command(flatten)]
    pub which: LedgerArgs,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub every: u64,
    /// End after so many looks [default: never; 5 in the sandbox]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: Option<u32>,
}

/// Runs the verb.
pub fn run(global: &Global, args: &WatchCommand, printer: &mut Printer) -> Verdict {
    let dir = ledgers::find_ledger(global, &args.which, printer)?;
    let rounds = args.rounds.or(global.sandbox.then_some(ROUNDS));
    desk::reading(global, &args.which, printer, async |reader, resolved, first, printer| {
        let (mut round, mut drawn) = (0_u32, Picture::default());
        loop {
            // Another process moves the migration on while this one looks.
            let snapshot = now_known(&dir, first);
            let look = look(reader, resolved, &snapshot).await?;
            show(printer, &look, &mut drawn);
            round += 1;
            if rounds.is_some_and(|rounds| round >= rounds) {
                return Ok(Code::Success);
            }
            reader.pause(Duration::from_secs(args.every)).await;
        }
    })
}

fn now_known(dir: &Path, first: &Snapshot) -> Snapshot {
    Ledger::peek(dir).ok().flatten().unwrap_or_else(|| first.clone())
}

fn show(printer: &mut Printer, look: &Look, drawn: &mut Picture) {
    if printer.is_json() {
        printer.json_line(&serde_json::to_string(look).unwrap_or_default());
    } else if printer.is_live() {
        let width = printer.measure();
        let text = picture(look, width.min(100), printer.talks_in_color());
        printer.talk_event(&drawn.draw("", &text, width));
    } else {
        printer.out(&line(look));
    }
}

/// What a task has captured and not applied.
async fn behind(
    reader: &Reader<'_>,
    resolved: &Resolved,
    snapshot: &Snapshot,
    tasks: &[Task],
) -> Result<i64, OpError> {
    let wanted = Wanted { gates: &["counters"], tasks, writers: &[], since: None };
    let samples = measure::measure(reader, resolved, &snapshot.operations, wanted).await?;
    let own = samples.tables.iter().filter(|table| !table.is_own());
    Ok(own.map(|table| table.captured - table.applied).sum())
}

/// What DMS says of the replications that are no tasks.
async fn running(reader: &Reader<'_>, tasks: &[Task], events: &[String]) -> Result<Vec<Running>, OpError> {
    let mut all = Vec::new();
    for task in tasks.iter().filter(|task| !task.kind.is_task()) {
        let subject = calls::task(task);
        let facts = reader.facts(std::slice::from_ref(&subject)).await?;
        let value = |name: &str| facts.get(&subject, name).cloned().unwrap_or_default();
        let status = value("Status").as_str().unwrap_or_default().to_owned();
        let provision: Option<Provision> = serde_json::from_value(value("Provision")).ok();
        #[expect(clippy::cast_precision_loss, reason = "seconds that a person reads")]
        let since = |at: i64| ((millis(reader.clock.now()) - at).max(0) as f64 / 1_000.0).round();
        all.push(Running {
            address: task.address.to_string(),
            usually: usually(task.kind, &status).map(ToOwned::to_owned),
            since_s: value("StateSince").as_i64().map(since),
            capacity: provision.map(|provision| provision.words()),
            event: events.last().cloned().filter(|_| tasks.len() == 1),
            status,
        });
    }
    Ok(all)
}

async fn look(reader: &Reader<'_>, resolved: &Resolved, snapshot: &Snapshot) -> Result<Look, OpError> {
    let operations = &snapshot.operations;
    let phase = operations.phase();
    let reverse =
        matches!(phase, Phase::Live | Phase::RollingBack).then_some(resolved.reverse.as_ref()).flatten();
    let tasks: Vec<Task> = reverse.map_or_else(|| resolved.forward.clone(), |task| vec![task.clone()]);
    let wanted = Wanted { gates: WATCHED, tasks: &tasks, ..Wanted::forward(resolved, WATCHED) };
    let samples = measure::measure(reader, resolved, operations, wanted).await?;
    let limits = resolved.declared.limits;
    let points = |name: &str| {
        let series = samples.metrics.get(name).map(|series| series.points.as_slice()).unwrap_or_default();
        series.iter().map(|(_, value)| *value).collect()
    };
    let backlog = behind(reader, resolved, snapshot, &tasks).await?;
    let mut weights = Vec::new();
    for set in &resolved.traffic {
        let facts = reader.facts(&steering::subjects(set)).await?;
        let (source, target) = steering::weights(set, &facts).unzip();
        weights.push(Weights { name: steering::label(set), source, target });
    }
    let now = millis(reader.clock.now());
    #[expect(clippy::cast_precision_loss, reason = "seconds since something that a person remembers")]
    let since = |at: &str| from_rfc3339(at).map(|at| ((now - millis(at)).max(0) as f64 / 1_000.0).round());
    let opened = operations.opened();
    let at_risk = match (opened, reverse.is_some(), samples.tasks.iter().all(|task| task.status == "running"))
    {
        (false, ..) => "nothing: the source has every write".to_owned(),
        (true, true, true) => format!("{backlog} changes of the target have not come back to the source"),
        (true, true, false) => {
            "the reverse task does not run: what is written now does not come back".to_owned()
        }
        (true, false, _) => "every write since the target opened: there is no way back".to_owned(),
    };
    let gates = WATCHED.iter().map(|gate| judge(gate, &samples, &limits)).map(|reading| GateState {
        verdict: match reading.verdict {
            Gate::Open => "open",
            Gate::Unknown => "unknown",
            Gate::Closed => "closed",
        }
        .to_owned(),
        gate: reading.gate,
        summary: reading.summary,
    });
    Ok(Look {
        at: rfc3339(reader.clock.now()),
        name: format!("{} ({})", resolved.migration, resolved.environment),
        phase: phase.to_string(),
        phase_s: since(&operations.since),
        running: running(reader, &tasks, &samples.events).await?,
        direction: if reverse.is_some() { "reverse" } else { "forward" },
        lag: vec![
            Lag { side: "target", points: points("CDCLatencyTarget") },
            Lag { side: "source", points: points("CDCLatencySource") },
        ],
        limit_s: limits.lag_s,
        backlog: Some(backlog),
        weights,
        gates: gates.collect(),
        refused_s: operations.refused_since().and_then(since),
        at_risk,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_watched_gate_exists() {
        assert!(super::WATCHED.iter().all(|gate| crate::operations::gates::GATES.contains(gate)));
    }
}
