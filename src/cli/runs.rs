//! Running a change set: what `up` and `destroy` share.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Verdict,
    args::Global,
    exit::Code,
    prepare::{ledger_error, recover_error},
    session::Session,
    signals,
};
use crate::{
    engine::{Engine, EventKind, Finished, SecretStore, Stop, recover},
    error::Diagnostic,
    graph::Secrets,
    ledger::Ledger,
    planner::ChangeSet,
    ui::{Printer, View},
};

/// An open, locked ledger and its folder.
pub struct Opened {
    /// The folder.
    pub dir: PathBuf,
    /// The ledger.
    pub ledger: RefCell<Ledger>,
}

/// What is run.
pub struct Job<'s> {
    /// The change set.
    pub set: &'s ChangeSet,
    /// Values of NoEcho parameters.
    pub secrets: Secrets,
    /// What recovery found before.
    pub recovered: Vec<EventKind>,
}

/// Opens the ledger for a run and settles what an earlier run left open.
///
/// # Errors
/// Locked, damaged, of another world; or AWS cannot be asked.
pub fn open(
    session: &Session,
    dir: &Path,
    verb: &str,
    lineage: impl FnOnce() -> String,
) -> Result<RefCell<Ledger>, Vec<Diagnostic>> {
    let clock = Arc::clone(&session.clock);
    let ledger = Ledger::open(dir, clock, &session.holder(verb), lineage)
        .map_err(|error| ledger_error(&error, dir))?;
    Ok(RefCell::new(ledger))
}

/// Settles open intents; says what was found.
///
/// # Errors
/// When AWS cannot be asked or the ledger cannot be written.
pub fn settle(
    session: &Session,
    ledger: &RefCell<Ledger>,
    dir: &Path,
) -> Result<Vec<EventKind>, Vec<Diagnostic>> {
    if ledger.borrow().snapshot().open.is_empty() {
        return Ok(Vec::new());
    }
    session
        .block_on(recover(&session.cloud, &session.clock, ledger))
        .map_err(|error| recover_error(error, dir))
}

/// Runs the change set with the view that fits, and ends with its exit code.
///
/// # Errors
/// When the ledger could not be written.
pub fn execute(
    global: &Global,
    session: Session,
    opened: Opened,
    job: Job<'_>,
    printer: &mut Printer,
) -> Verdict {
    let Opened { dir, ledger } = opened;
    let Job { set, secrets, recovered } = job;
    let stop = Stop::default();
    signals::listen(&stop);
    let finished = {
        let secrets = SecretStore::new(secrets);
        let mut view = View::new(printer, set, session.is_sandbox());
        view.recovered(&recovered);
        let observer: RefCell<&mut dyn crate::engine::Observer> = RefCell::new(&mut view);
        let engine = Engine {
            cloud: &session.cloud,
            clock: Arc::clone(&session.clock),
            ledger: &ledger,
            observer: &observer,
            secrets: &secrets,
            stop,
            by: session.who(),
            tick: session.tick(),
        };
        let finished = session.block_on(engine.run(set));
        drop(engine);
        view.finish(set, &finished, global.ledger.as_deref());
        finished
    };
    let folded = if finished.ledger_error.is_none() { ledger.borrow_mut().fold() } else { Ok(()) };
    drop(ledger);
    session.close()?;
    end(finished, folded, &dir)
}

fn end(finished: Finished, folded: Result<(), crate::ledger::LedgerError>, dir: &Path) -> Verdict {
    if let Some(error) = finished.ledger_error {
        return Err(ledger_error(&error, dir));
    }
    folded.map_err(|error| ledger_error(&error, dir))?;
    Ok(Code::from(finished.outcome))
}
