//! The command line as a run's frontend: reviews, questions, views, notices.

use super::signals;
use crate::{
    engine::{Event, EventKind, Finished, Observer, Stop},
    error::Diagnostic,
    ledger::Snapshot,
    planner::ChangeSet,
    runs::{Frontend, Notice, Phase, Watch},
    ui::{Printer, View, duration},
};

/// Asks for what a change set needs, given the ledger's state.
pub type Ask<'p> = dyn Fn(&mut Printer, &ChangeSet, &Snapshot) -> Result<(), Vec<Diagnostic>> + 'p;

/// Shows a run on the terminal, or as JSON lines.
pub struct Terminal<'p> {
    /// Writes everything.
    pub printer: &'p mut Printer,
    /// Whether this is a rehearsal.
    pub sandbox: bool,
    /// The command that resumes after an interruption.
    pub again: String,
    /// Raised by signals, once the change set is confirmed: before, Ctrl-C just ends the program.
    pub stop: Stop,
    /// Asks for what the change set needs; the review was shown.
    pub ask: &'p Ask<'p>,
}

impl Frontend for Terminal<'_> {
    fn confirm(&mut self, set: &ChangeSet, snapshot: &Snapshot) -> Result<(), Vec<Diagnostic>> {
        self.printer.review(set);
        if !set.is_empty() {
            (self.ask)(self.printer, set, snapshot)?;
        }
        signals::listen(&self.stop);
        Ok(())
    }

    fn watch<'s>(&'s mut self, set: &'s ChangeSet, phase: Phase) -> Box<dyn Watch + 's> {
        let reviewed = match phase {
            Phase::Main => true,
            // Also when nothing is left to delete: that is good news.
            Phase::Rollback => false,
            Phase::Cleanup => set.is_empty(),
        };
        if !reviewed {
            self.printer.review(set);
        }
        Box::new(Watching { view: View::new(self.printer, set, self.sandbox), set, again: &self.again })
    }

    fn notice(&mut self, notice: Notice) {
        let text = match notice {
            // In virtual time nobody waits.
            Notice::Searching(_) if self.sandbox => return,
            Notice::Searching(left) => format!(
                "The answer of a call was lost, and AWS may show what it made only minutes later: looking for another \
                 {}. Ctrl-C leaves that to the next run.",
                duration(left.as_secs_f64())
            ),
            Notice::MayAppear => {
                "The answer of a create was lost, and AWS may yet show what it made: the next run \
                                  looks for it (`migrate status` names it)."
                    .to_owned()
            }
            Notice::Keys(notice) => {
                let help = notice.remedy().map(|help| format!(". To renew them: {help}")).unwrap_or_default();
                format!("{}{help}", notice.words())
            }
            Notice::SearchStopped => format!("Stopped. Resume with `{}`.", self.again),
        };
        if !self.printer.is_json() {
            self.printer.advise(&text);
        }
    }
}

struct Watching<'s> {
    view: View<'s>,
    set: &'s ChangeSet,
    again: &'s str,
}

impl Observer for Watching<'_> {
    fn on(&mut self, event: &Event) {
        self.view.on(event);
    }

    fn tick(&mut self, elapsed_s: f64) {
        self.view.tick(elapsed_s);
    }
}

impl Watch for Watching<'_> {
    fn recovered(&mut self, found: &[EventKind]) {
        self.view.recovered(found);
    }

    fn finished(&mut self, finished: &Finished) {
        self.view.finish(self.set, finished, self.again);
    }
}
