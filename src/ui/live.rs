//! A picture of the run at the bottom of the terminal: what runs, what waits and why, elapsed and expected time.
//! Lines about finished and failed steps scroll by above it.

use std::collections::BTreeMap;

use super::{
    picture::Picture,
    plain::{Plain, seconds},
    review::expected_seconds,
    tables::duration,
    text::{fit, plain},
};
use crate::{
    engine::{Event, EventKind},
    planner::{ChangeSet, StepId},
};

/// Running steps shown at most.
const ROWS: usize = 12;

struct Running {
    address: String,
    action: &'static str,
    since: f64,
    typical_s: u64,
    detail: String,
}

/// The picture's state.
pub struct Live {
    plain: Plain,
    width: usize,
    height: usize,
    running: BTreeMap<StepId, Running>,
    total: usize,
    finished: usize,
    failed: usize,
    expected_s: u64,
    elapsed: f64,
    picture: Picture,
}

impl Live {
    /// A picture for a change set.
    #[must_use]
    pub fn new(set: &ChangeSet, width: usize, color: bool) -> Self {
        Self {
            plain: Plain::new(width, color, false),
            width,
            height: usize::MAX,
            running: BTreeMap::new(),
            total: set.steps.len(),
            finished: 0,
            failed: 0,
            expected_s: expected_seconds(set),
            elapsed: 0.0,
            picture: Picture::default(),
        }
    }

    /// The bytes that bring the terminal up to date.
    pub fn on(&mut self, event: &Event) -> String {
        self.elapsed = event.elapsed_s;
        let mut above = None;
        match &event.kind {
            EventKind::StepStarted { step, address, action, typical_s, .. } => {
                let running = Running {
                    address: address.to_string(),
                    action,
                    since: event.elapsed_s,
                    typical_s: *typical_s,
                    detail: String::new(),
                };
                self.running.insert(*step, running);
            }
            EventKind::StepCreated { step, physical_id, .. } => self.detail(*step, physical_id),
            EventKind::StepWaiting { step, detail, .. } => self.detail(*step, detail),
            EventKind::StepRetrying { step, why, .. } => {
                self.detail(*step, why);
                above = self.plain.line(event);
            }
            EventKind::StepFinished { step, .. } => {
                self.running.remove(step);
                self.finished += 1;
                above = self.plain.line(event);
            }
            EventKind::StepFailed { step, .. } => {
                self.running.remove(step);
                self.failed += 1;
                above = self.plain.line(event);
            }
            _ => above = self.plain.line(event),
        }
        self.draw(above.as_deref().unwrap_or(""))
    }

    fn detail(&mut self, step: StepId, text: &str) {
        if let Some(running) = self.running.get_mut(&step) {
            text.clone_into(&mut running.detail);
        }
    }

    /// Time went by.
    pub fn tick(&mut self, elapsed_s: f64) -> String {
        self.elapsed = elapsed_s;
        self.draw("")
    }

    /// The terminal is so wide and so high now.
    pub fn resize(&mut self, width: usize, height: usize) {
        self.width = width;
        self.height = height;
        self.plain.resize(width);
    }

    /// Takes the picture away.
    pub fn clear(&mut self) -> String {
        self.picture.clear(self.width)
    }

    fn draw(&mut self, above: &str) -> String {
        let lines: String = self.lines().iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        self.picture.draw(above, &lines, self.width)
    }

    /// The picture's lines, each within the width.
    fn lines(&self) -> Vec<String> {
        let mut rows: Vec<&Running> = self.running.values().collect();
        // The longest expected wait first: it is what the reader is waiting for.
        rows.sort_by(|a, b| {
            let left = |r: &Running| seconds(r.typical_s) - (self.elapsed - r.since);
            left(b).total_cmp(&left(a))
        });
        let waiting = self.total.saturating_sub(self.finished + self.failed + self.running.len());
        let mut head = format!(
            "{} of {} done, {} running, {waiting} waiting; {} of about {}",
            self.finished,
            self.total,
            self.running.len(),
            duration(self.elapsed),
            duration(seconds(self.expected_s)),
        );
        if self.failed > 0 {
            head.push_str(&format!("; {} FAILED", self.failed));
        }
        let mut lines = vec![fit(&head, self.width)];
        // The picture must fit the terminal whole, the cursor's row included: what scrolls away cannot be redrawn. Of
        // what is left, one row may be needed to say how many more there are.
        let most = ROWS.min(self.height.saturating_sub(2));
        let fitting = if rows.len() <= most { most } else { most.min(self.height.saturating_sub(3)) };
        for running in rows.iter().take(fitting) {
            let took = duration(self.elapsed - running.since);
            let usual = if running.typical_s > 0 {
                format!(" of {}", duration(seconds(running.typical_s)))
            } else {
                String::new()
            };
            let time = format!("{took}{usual}");
            let line = format!("  {time:>16}  {} {}  {}", running.action, running.address, running.detail);
            lines.push(fit(plain(&line).trim_end(), self.width));
        }
        if rows.len() > fitting && self.height > 2 {
            lines.push(fit(&format!("  {:>16}  and {} more", "", rows.len() - fitting), self.width));
        }
        lines
    }
}
