//! What must hold after a run.

use std::collections::BTreeMap;

use migrate::engine::{Finding, Seen};

use super::Rehearsal;

impl Rehearsal {
    /// Every object of the ledger exists and has the properties that were sent.
    #[track_caller]
    pub fn check_world(&self, context: &str) {
        let wrong: Vec<Seen> =
            self.refresh().into_iter().filter(|seen| seen.finding != Finding::InSync).collect();
        assert!(wrong.is_empty(), "{context}: {wrong:#?}");
    }

    /// Nothing open, nothing unfinished in the ledger.
    #[track_caller]
    pub fn check_invariants(&self, context: &str) {
        self.check_settled(context);
        // What shows late is mended, and must not need it where reads lag as usual.
        let late: Vec<String> = self
            .snapshot()
            .history
            .iter()
            .flat_map(|run| &run.changes)
            .filter(|change| change.what.starts_with("found"))
            .map(|change| format!("{} {}", change.what, change.address))
            .collect();
        assert!(late.is_empty(), "{context}: {late:?}");
    }

    /// The same, where reads lag behind for longer than anybody waits for them in mid run.
    pub fn check_settled(&self, context: &str) {
        let snapshot = self.snapshot();
        assert!(snapshot.open.is_empty(), "{context}: open intents {:?}", snapshot.open);
        assert!(
            snapshot.objects().all(|(_, o)| o.stage == migrate::ledger::Stage::Ready),
            "{context}: unfinished objects"
        );
        assert!(
            snapshot.resources.values().all(|r| r.superseded.is_empty()),
            "{context}: superseded objects"
        );
    }

    /// Objects of the world by table, without what AWS keeps by itself and what merely lingers.
    pub fn census(&self) -> BTreeMap<String, usize> {
        let mut world = self.world.clone();
        // Interfaces linger and change batches settle: look an hour later.
        let later = world.now() + 3_600_000;
        world.advance_to(later);
        world.census()
    }
}
