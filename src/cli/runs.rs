//! From the command line to a run and back: opening ledgers, and what the end of a run means for the exit code.

use std::{path::Path, sync::Arc};

use super::{
    Verdict,
    exit::Code,
    ledgers::{ledger_broke, ledger_error},
    session::Session,
    terminal::Terminal,
};
use crate::{
    clock::{Clock, SystemClock},
    engine::{self, Stop},
    error::{Class, Diagnostic},
    ledger::{Ledger, Snapshot, new_lineage},
    planner::ChangeSet,
    runs::{Context, Ended, RunError, Task, run},
};

/// Opens the ledger for a run.
///
/// # Errors
/// Locked, or damaged.
pub fn open(
    session: &Session,
    dir: &Path,
    verb: &str,
    lineage: impl FnOnce() -> String,
) -> Result<Ledger, Vec<Diagnostic>> {
    Ledger::open(dir, session.ledger_clock(), &session.holder(verb), lineage)
        .map_err(|error| ledger_error(&error, dir))
}

/// Opens the ledger for a command that makes no calls.
///
/// # Errors
/// Locked or damaged.
pub fn open_alone(dir: &Path, verb: &str) -> Result<Ledger, Vec<Diagnostic>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let holder = super::session::holder(verb);
    Ledger::open(dir, clock, &holder, new_lineage).map_err(|error| ledger_error(&error, dir))
}

/// Opens a ledger that was edited by hand and seals it as it stands.
///
/// # Errors
/// Locked, or damaged beyond checksums.
pub fn open_edited(dir: &Path) -> Result<Ledger, Vec<Diagnostic>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let holder = super::session::holder("ledger verify --accept-edits");
    Ledger::reseal(dir, clock, &holder).map_err(|error| ledger_error(&error, dir))
}

/// The session as a run's context.
#[must_use]
pub fn context(session: &Session, stop: Stop) -> Context<'_> {
    Context {
        cloud: &session.cloud,
        clock: Arc::clone(&session.clock),
        stop,
        by: session.who(),
        tick: session.tick(),
    }
}

/// Looks which deletions AWS would refuse because of deletion protection.
pub fn protect(session: &Session, snapshot: &Snapshot, set: &mut ChangeSet) {
    session.block_on(engine::protect(&session.cloud, snapshot, set));
}

/// Runs a change set on the terminal.
///
/// # Errors
/// What ended it before its first step.
pub fn conduct(
    session: &Session,
    dir: &Path,
    ledger: Ledger,
    task: Task<'_>,
    mut terminal: Terminal<'_>,
) -> Result<Ended, Vec<Diagnostic>> {
    let context = context(session, terminal.stop.clone());
    let ended = session.block_on(run(&context, ledger, task, &mut terminal));
    ended.map_err(|error| run_error(error, dir))
}

/// What a run's end means for the exit code.
///
/// # Errors
/// What the ledger or AWS kept it from.
pub fn verdict(ended: Ended, dir: &Path, again: &str) -> Verdict {
    if let Some(error) = ended.finished.ledger_error {
        return Err(ledger_broke(&error, dir, again));
    }
    let Some((address, error)) = ended.unresolved else { return Ok(Code::from(ended.finished.outcome)) };
    Err(vec![
        Diagnostic::error("M7001", Class::Doubtful, "cannot determine what a call with a lost answer made")
            .at(&address)
            .help(format!("everything else is deleted; run the same command again, it tries again ({error})"))
            .request(error.request_id),
    ])
}

/// Why a run did not begin, as diagnostics.
#[must_use]
pub fn run_error(error: RunError, dir: &Path) -> Vec<Diagnostic> {
    match error {
        RunError::Refused(why) => why,
        RunError::Ledger(error) => ledger_error(&error, dir),
        RunError::Unresolved(address, error) => vec![
            Diagnostic::error(
                "M7001",
                Class::Doubtful,
                format!("cannot determine what an interrupted call did: {error}"),
            )
            .at(&address)
            .request(error.request_id)
            .help("nothing was changed; run the same command again"),
        ],
    }
}
