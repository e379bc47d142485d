//! Who is on the other side of a run: a terminal, a script's log, a test.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

use crate::{
    aws::{Cloud, KeysNotice},
    engine::{EventKind, Finished, Observer},
    error::Diagnostic,
    ledger::Snapshot,
    planner::ChangeSet,
};

/// Which of a run's change sets is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The one that was confirmed.
    Main,
    /// After a failure: what the run created is deleted again.
    Rollback,
    /// Objects that appeared late, beside their replacements, are deleted; what was adopted late is finished.
    Cleanup,
}

/// Something a run says that is no event of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The answer of a create was lost; the account is searched for up to that long for what it may have made.
    Searching(Duration),
    /// The answer of a create was lost, and what it made may still appear: the next run searches again.
    MayAppear,
    /// Credentials ran out, or came back, while no change set was applied.
    Keys(KeysNotice),
    /// The search was stopped before its end; the next run searches again.
    SearchStopped,
}

/// Shows, confirms and watches a run. It cannot change what is done, only refuse it.
pub trait Frontend {
    /// Decides on a change set before anything is called. Called once per run, also for an empty set; `snapshot` is the
    /// ledger it was made from.
    ///
    /// # Errors
    /// Why not: nothing is called then.
    fn confirm(&mut self, set: &ChangeSet, snapshot: &Snapshot) -> Result<(), Vec<Diagnostic>>;

    /// A change set is about to be applied; what is returned receives its events.
    fn watch<'s>(&'s mut self, set: &'s ChangeSet, phase: Phase) -> Box<dyn Watch + 's>;

    /// Something to say between change sets.
    fn notice(&mut self, notice: Notice);
}

/// Does something that makes calls outside a change set, and passes on what there is to tell about credentials
/// meanwhile.
pub(super) async fn attended<T>(
    cloud: &Cloud,
    frontend: &mut dyn Frontend,
    stage: impl Future<Output = T>,
) -> T {
    let mut stage = pin!(stage);
    poll_fn(|cx| {
        let polled = stage.as_mut().poll(cx);
        for notice in cloud.keys_notices() {
            frontend.notice(Notice::Keys(notice));
        }
        polled
    })
    .await
}

/// Receives what happens while one change set is applied.
pub trait Watch: Observer {
    /// What was settled or found before it.
    fn recovered(&mut self, found: &[EventKind]);

    /// How it ended. Not called when there was nothing to apply.
    fn finished(&mut self, finished: &Finished);
}
