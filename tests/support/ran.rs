//! What a run did, and who watched it.

use migrate::{
    engine::{Event, EventKind, Finished, Observer, Outcome},
    error::Diagnostic,
    ledger::Snapshot,
    planner::ChangeSet,
    runs::{Frontend, Notice, Phase, Watch},
};

/// What one run did.
pub struct Ran {
    /// `None` when the process was killed or broke off.
    pub finished: Option<Finished>,
    /// Why it broke off before its steps.
    pub broke_off: Option<String>,
    /// The whole stream.
    pub events: Vec<Event>,
    /// What was to be done; empty when the run did not come that far.
    pub change_set: ChangeSet,
    /// Mutating operations the sandbox saw.
    pub mutations: Vec<String>,
    /// Number of calls the sandbox saw.
    pub calls: usize,
    /// How often each rule of the fault script was applied.
    pub faults: Vec<u64>,
}

impl Ran {
    /// The run's outcome.
    ///
    /// # Panics
    /// If the run was killed.
    pub fn outcome(&self) -> Outcome {
        self.finished
            .as_ref()
            .unwrap_or_else(|| panic!("the run was killed or broke off: {:?}", self.broke_off))
            .outcome
    }

    /// Asserts that the run was complete, and says why not.
    ///
    /// # Panics
    /// If it was not.
    #[track_caller]
    pub fn complete(self) -> Self {
        let finished =
            self.finished.as_ref().unwrap_or_else(|| panic!("killed or broke off: {:?}", self.broke_off));
        assert_eq!(
            finished.outcome,
            Outcome::Complete,
            "{:#?}\n{:?}",
            finished.failures,
            finished.ledger_error
        );
        self
    }
}

/// Confirms everything and keeps what it is shown.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) events: Vec<Event>,
    pub(super) change_set: Option<ChangeSet>,
}

impl Frontend for Recorder {
    fn confirm(&mut self, set: &ChangeSet, _: &Snapshot) -> Result<(), Vec<Diagnostic>> {
        self.change_set = Some(set.clone());
        Ok(())
    }

    fn watch<'s>(&'s mut self, _: &'s ChangeSet, _: Phase) -> Box<dyn Watch + 's> {
        Box::new(Recording(&mut self.events))
    }

    fn notice(&mut self, _: Notice) {}
}

struct Recording<'r>(&'r mut Vec<Event>);

impl Observer for Recording<'_> {
    fn on(&mut self, event: &Event) {
        self.0.push(event.clone());
    }
}

impl Watch for Recording<'_> {
    fn recovered(&mut self, found: &[EventKind]) {
        for kind in found {
            self.on(&Event { seq: 0, at: String::new(), elapsed_s: 0.0, kind: kind.clone() });
        }
    }

    fn finished(&mut self, _: &Finished) {}
}
