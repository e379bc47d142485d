//! Views of a run: JSON lines, plain lines, or a live picture. A view consumes events and decides nothing.

use super::{
    Printer,
    live::Live,
    plain::Plain,
    recap::{Tally, recap},
    tables::{duration, outputs_text},
    text::{count, hung, wrap_whole},
};
use crate::{
    clock::{Clock as _, SystemClock, rfc3339},
    engine::{Event, EventKind, Finished, Observer, Outcome},
    graph::Needs,
    planner::ChangeSet,
};

enum Kind {
    Json,
    Plain(Plain),
    Live(Live),
}

/// The view that fits the printer.
pub struct View<'p> {
    printer: &'p mut Printer,
    kind: Kind,
    sandbox: bool,
    services: Vec<(String, u64)>,
    tally: Tally,
}

impl<'p> View<'p> {
    /// JSON lines with `--json`, a live picture on a terminal, plain lines otherwise. A rehearsal ends before
    /// anybody could watch, so it is always plain.
    #[must_use]
    pub fn new(printer: &'p mut Printer, set: &ChangeSet, sandbox: bool) -> Self {
        let kind = if printer.is_json() {
            Kind::Json
        } else if printer.is_live() && !sandbox {
            Kind::Live(Live::new(set, printer.width(), printer.talks_in_color()))
        } else {
            Kind::Plain(Plain::new(printer.width(), printer.talks_in_color(), sandbox))
        };
        Self { printer, kind, sandbox, services: Vec::new(), tally: Tally::default() }
    }

    /// What was settled before the run, told as events with sequence number 0.
    pub fn recovered(&mut self, told: &[EventKind]) {
        for kind in told {
            let at = if self.sandbox { String::new() } else { rfc3339(SystemClock.now()) };
            self.on(&Event { seq: 0, at, elapsed_s: 0.0, kind: kind.clone() });
        }
    }

    /// The end: outputs on stdout, everything else as talk.
    pub fn finish(&mut self, set: &ChangeSet, finished: &Finished, again: &str) {
        if matches!(self.kind, Kind::Json) {
            return;
        }
        let mut text = String::new();
        if let Kind::Live(live) = &mut self.kind {
            text.push_str(&live.clear());
        }
        text.push_str(&self.summary(set, finished, again));
        self.printer.talk_styled(&text);
        if finished.outcome == Outcome::Complete && !finished.outputs.is_empty() {
            let width = self.printer.width();
            self.printer.out(&outputs_text(&finished.outputs, width));
        }
    }

    /// An empty line and a wrapped text.
    fn paragraph(&self, text: &str) -> String {
        format!("\n{}\n", wrap_whole(&self.printer.completed(text), self.printer.width()).join("\n"))
    }

    fn summary(&self, set: &ChangeSet, finished: &Finished, again: &str) -> String {
        let time = if self.sandbox { "virtual time" } else { "wall clock" };
        let verb = set.operation.as_str();
        let mut text = match finished.outcome {
            Outcome::Complete if set.is_empty() => {
                format!("\nNothing to do: {} resources as planned.\n", set.unchanged.len())
            }
            Outcome::Complete => format!("\n{verb} complete in {} ({time}).\n", duration(finished.elapsed_s)),
            Outcome::Failed => format!("\n{verb} FAILED after {} ({time}).\n", duration(finished.elapsed_s)),
            Outcome::Stopped => {
                format!("\n{verb} stopped after {} ({time}).\n", duration(finished.elapsed_s))
            }
            Outcome::Doubtful => {
                format!(
                    "\n{verb} ended with unresolved calls after {} ({time}).\n",
                    duration(finished.elapsed_s)
                )
            }
        };
        let critical = &finished.critical;
        if critical.legs.len() > 1 {
            text.push_str(&format!("\nCritical path, {}:\n", duration(critical.seconds)));
            for leg in &critical.legs {
                let upto = match leg.needed {
                    Needs::Created if leg.action == "delete" => "until accepted",
                    Needs::Created => "until created",
                    Needs::Addressable => "until its address is known",
                    Needs::Ready if leg.action == "delete" => "until gone",
                    Needs::Ready => "until ready",
                };
                let (took, width) = (format!("  {:>8}  ", duration(leg.took_s)), self.printer.width());
                text.push_str(&hung(&took, &format!("{} {} {upto}", leg.action, leg.address), width));
                if leg.needed != Needs::Created && !leg.why.is_empty() {
                    text.push_str(&hung(&" ".repeat(12), &format!("next waits: {}", leg.why), width));
                }
            }
        }
        if !self.services.is_empty() {
            let total: u64 = self.services.iter().map(|(_, n)| n).sum();
            let total = usize::try_from(total).unwrap_or(usize::MAX);
            let list: Vec<String> = self.services.iter().map(|(name, n)| format!("{name} {n}")).collect();
            text.push_str(&self.paragraph(&format!("{}: {}", count(total, "API call"), list.join(", "))));
        }
        match finished.outcome {
            Outcome::Complete => {}
            Outcome::Failed => {
                if !finished.failures.is_empty() {
                    text.push_str(&recap(set, finished, &self.tally, again, self.printer.width()));
                }
                // A ledger that broke is told by an error of its own, which knows what mends it.
                if finished.ledger_error.is_none() {
                    text.push_str(&self.paragraph(&format!(
                        "What was done is in the ledger. Fix the cause, then resume with `{again}`."
                    )));
                }
            }
            Outcome::Stopped => text.push_str(&self.paragraph(&format!("Resume with `{again}`."))),
            Outcome::Doubtful => text.push_str(&self.doubtful(set, finished, again)),
        }
        text.push('\n');
        text
    }

    fn doubtful(&self, set: &ChangeSet, finished: &Finished, again: &str) -> String {
        let mut text = recap(set, finished, &self.tally, again, self.printer.width());
        text.push_str(&self.paragraph(&format!(
            "`migrate status` shows what is open, `migrate ledger resolve ADDRESS` what is known of it; \
                 `{again}` retries the lookup."
        )));
        text
    }
}

impl Observer for View<'_> {
    fn on(&mut self, event: &Event) {
        if let EventKind::RunFinished { calls_by_service, .. } = &event.kind {
            self.services = calls_by_service.iter().map(|(name, n)| (name.clone(), *n)).collect();
        }
        match &event.kind {
            EventKind::RunFinished { done, failed, .. } => {
                (self.tally.done, self.tally.failed) = (*done, *failed);
            }
            EventKind::StepSkipped { address, because, .. } => {
                self.tally.skipped.entry(because.clone()).or_default().push(address.clone());
            }
            _ => {}
        }
        match &mut self.kind {
            Kind::Json => {
                let line = serde_json::to_string(event).unwrap_or_default();
                self.printer.json_line(&line);
            }
            Kind::Plain(plain) => {
                if let Some(text) = plain.line(event) {
                    self.printer.talk_styled(&text);
                }
            }
            Kind::Live(live) => {
                live.resize(self.printer.measure(), self.printer.rows());
                let text = live.on(event);
                self.printer.talk_styled(&text);
            }
        }
    }

    fn tick(&mut self, elapsed_s: f64) {
        if let Kind::Live(live) = &mut self.kind {
            live.resize(self.printer.measure(), self.printer.rows());
            let text = live.tick(elapsed_s);
            self.printer.talk_styled(&text);
        }
    }
}
