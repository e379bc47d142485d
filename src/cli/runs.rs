//! Running a change set: what `up` and `destroy` share.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
};

use futures_util::future::{Either, select};

use super::{
    Verdict,
    args::Global,
    exit::Code,
    prepare::{ledger_broke, ledger_error, recover_error},
    session::Session,
    signals,
};
use crate::{
    clock::{Clock, SystemClock},
    engine::{
        self, Engine, EventKind, Finished, Look, Outcome, RecoverError, SecretStore, Stop, look_again,
        looks_until, recover,
    },
    error::{Class, Diagnostic},
    graph::{Graph, Secrets},
    ledger::{Entry, Ledger, Snapshot, new_lineage},
    planner::{self, ChangeSet, Operation},
    resources::registry,
    ui::{Printer, View, duration},
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
    /// The command that goes on after an interruption.
    pub again: String,
    /// Whether what the run created is removed again when a step fails.
    pub rollback: bool,
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
    let ledger = Ledger::open(dir, session.ledger_clock(), &session.holder(verb), lineage)
        .map_err(|error| ledger_error(&error, dir))?;
    Ok(RefCell::new(ledger))
}

/// Opens the ledger for a command that makes no calls.
///
/// # Errors
/// Locked or damaged.
pub fn open_alone(global: &Global, dir: &Path, verb: &str) -> Result<RefCell<Ledger>, Vec<Diagnostic>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let holder = super::session::holder(verb);
    debug_assert!(global.ledger.is_none() || global.ledger.as_deref() == Some(dir));
    let ledger = Ledger::open(dir, clock, &holder, new_lineage).map_err(|error| ledger_error(&error, dir))?;
    Ok(RefCell::new(ledger))
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

/// A command line as the user would type it again.
pub fn again(global: &Global, verb: &str, plan: &Path, environment: Option<&str>) -> String {
    let mut line = format!("migrate {verb}");
    if plan != Path::new(".") {
        line.push_str(&format!(" {}", plan.display()));
    }
    if let Some(name) = environment {
        line.push_str(&format!(" --environment {name}"));
    }
    if let Some(dir) = &global.ledger {
        line.push_str(&format!(" --ledger {}", dir.display()));
    }
    if global.sandbox {
        line.push_str(" --sandbox");
    }
    line
}

/// The line that opens a record in the history for something an operator does.
pub fn begun(ledger: &Ledger, operation: &str, steps: usize) -> Entry {
    let run = format!("run-{}", ledger.snapshot().seq + 1);
    Entry::RunStarted {
        run,
        operation: operation.into(),
        steps,
        by: super::session::who(),
        rolls_back: false,
    }
}

/// The line that ties a new ledger to its world; nothing for one that is tied.
pub fn bound(ledger: &Ledger, graph: &Graph, session: &Session) -> Vec<Entry> {
    if ledger.snapshot().binding.is_some() {
        return Vec::new();
    }
    let binding = super::prepare::binding(graph, session);
    vec![Entry::Bound {
        migration: binding.migration,
        environment: binding.environment,
        account: binding.account,
        region: binding.region,
        realm: binding.realm,
    }]
}

/// The line that says which stacks have termination protection from now on; nothing where that is known.
pub fn protected(ledger: &Ledger, graph: &Graph) -> Vec<Entry> {
    let known = &ledger.snapshot().protected;
    let mut stacks = known.clone();
    for stack in &graph.stacks {
        if stack.protected {
            stacks.insert(stack.name.clone());
        } else {
            stacks.remove(&stack.name);
        }
    }
    if stacks == *known { Vec::new() } else { vec![Entry::Protected { stacks }] }
}

/// Looks which deletions AWS would refuse because of deletion protection.
pub fn protect(session: &Session, snapshot: &Snapshot, set: &mut ChangeSet) {
    session.block_on(engine::protect(&session.cloud, snapshot, set));
}

/// Appends entries; not yet on disk.
///
/// # Errors
/// When the store fails.
pub fn append(ledger: &mut Ledger, entries: Vec<Entry>, dir: &Path) -> Result<(), Vec<Diagnostic>> {
    for entry in entries {
        ledger.append(entry).map_err(|error| ledger_error(&error, dir))?;
    }
    Ok(())
}

/// Writes what an operator decided, ends the record in the history, and folds.
///
/// # Errors
/// When the store fails.
pub fn write(ledger: &mut Ledger, entries: Vec<Entry>, dir: &Path) -> Result<(), Vec<Diagnostic>> {
    append(ledger, entries, dir)?;
    if let Some(run) = ledger.snapshot().running.clone() {
        append(ledger, vec![Entry::RunFinished { run, outcome: "complete".into() }], dir)?;
    }
    ledger.fold().map_err(|error| ledger_error(&error, dir))
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
    {
        let ledger = ledger.borrow();
        if ledger.snapshot().open.is_empty() && ledger.snapshot().late.is_empty() {
            return Ok(Vec::new());
        }
    }
    session
        .block_on(recover(&session.cloud, &session.clock, ledger))
        .map_err(|error| recover_error(error, dir))
}

/// Runs the change set with the view that fits, and ends with its exit code.
///
/// # Errors
/// When the ledger could not be written.
pub fn execute(session: Session, opened: Opened, mut job: Job<'_>, printer: &mut Printer) -> Verdict {
    let Opened { dir, ledger } = opened;
    let stop = Stop::default();
    signals::listen(&stop);
    let secrets = SecretStore::new(std::mem::take(&mut job.secrets));
    let again = job.again.clone();
    let mut finished = drive(&job, &session, &ledger, &secrets, &stop, printer);
    let mut unknown = None;
    let recovered = match finished.ledger_error {
        None => afterwards(&job, &mut finished, &session, &ledger, &dir, &stop, printer)
            .map_err(|error| unknown = Some(error))
            .unwrap_or_default(),
        Some(_) => Vec::new(),
    };
    let rolls_back = job.rollback && finished.outcome == Outcome::Failed && finished.ledger_error.is_none();
    let next = {
        let (ledger, account) = (ledger.borrow(), &session.cloud.account);
        let plan = if rolls_back {
            planner::rollback
        } else if job.set.operation == Operation::Destroy {
            planner::teardown
        } else {
            planner::cleanup
        };
        (rolls_back || !recovered.is_empty()).then(|| plan(ledger.snapshot(), account, &registry::find))
    };
    if let Some(set) = next.as_ref().filter(|set| !rolls_back && set.is_empty()) {
        View::new(printer, set, session.is_sandbox()).recovered(&recovered);
    } else if let Some(set) = next {
        printer.review(&set);
        let next =
            Job { set: &set, secrets: Secrets::default(), recovered, again: again.clone(), rollback: false };
        let done = drive(&next, &session, &ledger, &secrets, &stop, printer);
        // A command that failed has failed, however well this went; worse news about the ledger is kept.
        finished.ledger_error = done.ledger_error;
        if done.outcome == Outcome::Doubtful || finished.outcome == Outcome::Complete {
            finished.outcome = done.outcome;
        }
    }
    let folded = if finished.ledger_error.is_none() { ledger.borrow_mut().fold() } else { Ok(()) };
    drop(ledger);
    session.close()?;
    if let Some(unknown) = unknown {
        return Err(unknown);
    }
    end(finished, folded, &dir, &again)
}

/// Looks for what calls with lost answers may have made: after `destroy` until it is sure, because there may be no next
/// run; else once.
fn afterwards(
    job: &Job<'_>,
    finished: &mut Finished,
    session: &Session,
    ledger: &RefCell<Ledger>,
    dir: &Path,
    stop: &Stop,
    printer: &mut Printer,
) -> Result<Vec<EventKind>, Vec<Diagnostic>> {
    if ledger.borrow().snapshot().late.is_empty() || finished.outcome == Outcome::Stopped {
        return Ok(Vec::new());
    }
    let last = job.set.operation == Operation::Destroy && finished.outcome == Outcome::Complete;
    let until = looks_until(ledger.borrow().snapshot(), session.clock.now());
    let left = until.and_then(|until| until.duration_since(session.clock.now()).ok()).unwrap_or_default();
    if last && !left.is_zero() && !session.is_sandbox() && !printer.is_json() {
        printer.advise(&format!(
            "The answer of a call was lost, and AWS may show what it made only minutes later: looking for another {}. \
             Ctrl-C leaves that to the next run.",
            duration(left.as_secs_f64())
        ));
    }
    let look = if last { Look::UntilSure } else { Look::Once };
    let looking = pin!(look_again(&session.cloud, &session.clock, ledger, look));
    let stopped = pin!(stop.reached(1));
    match session.block_on(select(looking, stopped)) {
        Either::Left((Ok(found), _)) => {
            if looks_until(ledger.borrow().snapshot(), session.clock.now()).is_some() && !printer.is_json() {
                printer.advise(
                    "The answer of a create was lost, and AWS may yet show what it made: the next run looks for it \
                     (`migrate status` names it).",
                );
            }
            Ok(found)
        }
        // The next run looks again.
        Either::Left((Err(RecoverError::Look(..)), _)) if !last => Ok(Vec::new()),
        Either::Left((Err(RecoverError::Look(address, error)), _)) => Err(vec![
            Diagnostic::error(
                "M7001",
                Class::Doubtful,
                "cannot find out what a call with a lost answer made",
            )
            .at(&address)
            .help(format!("everything else is deleted; run the same command again, it looks again ({error})"))
            .request(error.request_id),
        ]),
        Either::Left((Err(error), _)) => Err(recover_error(error, dir)),
        Either::Right(_) => {
            if last {
                finished.outcome = Outcome::Stopped;
                if !printer.is_json() {
                    printer.advise(&format!("Stopped. `{}` goes on from here.", job.again));
                }
            }
            Ok(Vec::new())
        }
    }
}

/// One change set with its view.
fn drive(
    job: &Job<'_>,
    session: &Session,
    ledger: &RefCell<Ledger>,
    secrets: &SecretStore,
    stop: &Stop,
    printer: &mut Printer,
) -> Finished {
    let mut view = View::new(printer, job.set, session.is_sandbox());
    view.recovered(&job.recovered);
    let observer: RefCell<&mut dyn crate::engine::Observer> = RefCell::new(&mut view);
    let engine = Engine {
        cloud: &session.cloud,
        clock: Arc::clone(&session.clock),
        ledger,
        observer: &observer,
        secrets,
        stop: stop.clone(),
        by: session.who(),
        rolls_back: job.rollback,
        tick: session.tick(),
    };
    let finished = session.block_on(engine.run(job.set));
    drop(engine);
    view.finish(job.set, &finished, &job.again);
    finished
}

fn end(
    finished: Finished,
    folded: Result<(), crate::ledger::LedgerError>,
    dir: &Path,
    again: &str,
) -> Verdict {
    if let Some(error) = finished.ledger_error {
        return Err(ledger_broke(&error, dir, again));
    }
    folded.map_err(|error| ledger_broke(&error, dir, again))?;
    Ok(Code::from(finished.outcome))
}
