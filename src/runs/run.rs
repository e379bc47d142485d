//! The stages of a run.

use std::{
    cell::{Ref, RefCell, RefMut},
    sync::Arc,
    time::Duration,
};

use super::{
    apply::Ended,
    frontend::{Frontend, attended},
};
use crate::{
    aws::{Cloud, OpError},
    clock::Clock,
    engine::{EventKind, Outcome, RecoverError, Seen, Stop, protect, recover, refresh, refresh_entries},
    error::Diagnostic,
    graph::Secrets,
    ledger::{Binding, Entry, Ledger, LedgerError, Snapshot},
    model::{Address, Found},
    planner::ChangeSet,
};

/// Where and by whom something is run.
pub struct Context<'a> {
    /// The account: identified, or ownership could not be judged.
    pub cloud: &'a Cloud,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Raised from outside to stop in stages.
    pub stop: Stop,
    /// Who runs it, for the ledger's history.
    pub by: String,
    /// How often a live view's clock ticks; never in virtual time.
    pub tick: Option<Duration>,
}

/// Why a run ended before its first step.
#[derive(Debug)]
pub enum RunError {
    /// The ledger could not be read or written.
    Ledger(LedgerError),
    /// What an earlier run left open could not be determined: AWS did not answer.
    Unresolved(Address, Box<OpError>),
    /// The plan, the ledger's binding, or whoever was asked says no. Nothing was called.
    Refused(Vec<Diagnostic>),
}

impl From<LedgerError> for RunError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<RecoverError> for RunError {
    fn from(error: RecoverError) -> Self {
        match error {
            RecoverError::Ledger(error) => Self::Ledger(error),
            RecoverError::Look(address, error) => Self::Unresolved(address, Box::new(error)),
        }
    }
}

impl From<Vec<Diagnostic>> for RunError {
    fn from(why: Vec<Diagnostic>) -> Self {
        Self::Refused(why)
    }
}

/// What is to be run, for [`run`].
pub struct Task<'t> {
    /// Refuses a ledger of another account, realm, migration or region, before anything is asked of AWS.
    pub admit: &'t dyn Fn(&Snapshot) -> Result<(), Vec<Diagnostic>>,
    /// What a new ledger is bound to; a teardown needs no binding but the ledger's own.
    pub binding: Option<Binding>,
    /// The plan's stacks, and which of them have termination protection from now on.
    pub stacks: Vec<(String, bool)>,
    /// Whether the ledger learns from the live state first.
    pub refresh: bool,
    /// The change set for the ledger as it is by then.
    pub plan: &'t dyn Fn(&Snapshot) -> Result<ChangeSet, Vec<Diagnostic>>,
    /// What lookups found for the plan; `None` where there is no plan, as in a teardown.
    pub lookups: Option<Vec<Found>>,
    /// Values of NoEcho parameters.
    pub secrets: Secrets,
    /// Whether what the run created is deleted again when a step fails.
    pub rolls_back: bool,
    /// Whether no step is begun any more once one has failed.
    pub fail_fast: bool,
}

/// Runs a change set: every stage, in order.
///
/// # Errors
/// What ended it before its first step. Failed steps are no errors: see [`Ended`].
pub async fn run(
    context: &Context<'_>,
    ledger: Ledger,
    task: Task<'_>,
    frontend: &mut dyn Frontend,
) -> Result<Ended, RunError> {
    let mut run = Run::open(context, ledger, task.admit)?;
    attended(context.cloud, frontend, run.settle()).await?;
    if task.refresh {
        attended(context.cloud, frontend, run.refresh()).await?;
    }
    let snapshot = run.snapshot().clone();
    let mut set = (task.plan)(&snapshot)?;
    // What the ledger says about deletion protection may be old: people turn it on and off by hand.
    attended(context.cloud, frontend, protect(context.cloud, &snapshot, &mut set)).await;
    frontend.confirm(&set, &snapshot)?;
    if let Some(binding) = task.binding {
        run.bind(binding)?;
    }
    run.protect_stacks(&task.stacks)?;
    run.keep_lookups(task.lookups)?;
    Ok(run.apply(&set, task.secrets, (task.rolls_back, task.fail_fast), frontend).await)
}

/// An open ledger in its account.
pub struct Run<'c> {
    pub(super) context: &'c Context<'c>,
    pub(super) ledger: RefCell<Ledger>,
    pub(super) recovered: Vec<EventKind>,
}

impl<'c> Run<'c> {
    /// Takes an open, locked ledger.
    ///
    /// # Errors
    /// What `admit` says against it.
    pub fn open(
        context: &'c Context<'c>,
        ledger: Ledger,
        admit: impl FnOnce(&Snapshot) -> Result<(), Vec<Diagnostic>>,
    ) -> Result<Self, RunError> {
        admit(ledger.snapshot())?;
        Ok(Self { context, ledger: RefCell::new(ledger), recovered: Vec::new() })
    }

    /// The ledger's state.
    #[must_use]
    pub fn snapshot(&self) -> Ref<'_, Snapshot> {
        Ref::map(self.ledger.borrow(), Ledger::snapshot)
    }

    /// The ledger, to be written. Not to be held over an await.
    #[must_use]
    pub fn ledger(&self) -> RefMut<'_, Ledger> {
        self.ledger.borrow_mut()
    }

    /// Settles what an earlier run left open, by looking; what it found is told when something is applied.
    ///
    /// # Errors
    /// When AWS cannot be asked or the ledger cannot be written.
    pub async fn settle(&mut self) -> Result<(), RunError> {
        let settled = {
            let snapshot = self.snapshot();
            snapshot.open.is_empty() && snapshot.late.is_empty()
        };
        if !settled {
            self.recovered = recover(self.context.cloud, &self.context.clock, &self.ledger).await?;
        }
        Ok(())
    }

    /// Reads every object and writes what differs into the ledger: a fact, whatever is decided about the plan.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub async fn refresh(&self) -> Result<Vec<Seen>, RunError> {
        let snapshot = self.snapshot().clone();
        let seen = refresh(self.context.cloud, &self.context.clock, &snapshot).await;
        for entry in refresh_entries(&snapshot, &seen) {
            self.ledger().append(entry)?;
        }
        Ok(seen)
    }

    /// Ties a new ledger to its account; one that is bound stays as it is.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn bind(&self, binding: Binding) -> Result<(), RunError> {
        Ok(super::bind(&mut self.ledger(), binding)?)
    }

    /// Records which stacks have termination protection from now on; nothing where that is known.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn protect_stacks(&self, stacks: &[(String, bool)]) -> Result<(), RunError> {
        let mut ledger = self.ledger();
        let known = &ledger.snapshot().protected;
        let mut protected = known.clone();
        for (stack, on) in stacks {
            if *on {
                protected.insert(stack.clone());
            } else {
                protected.remove(stack);
            }
        }
        if protected != *known {
            ledger.append(Entry::Protected { stacks: protected })?;
        }
        Ok(())
    }

    /// Records what lookups found; nothing where that is known.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn keep_lookups(&self, lookups: Option<Vec<Found>>) -> Result<(), RunError> {
        let mut ledger = self.ledger();
        if let Some(lookups) = lookups.filter(|lookups| *lookups != ledger.snapshot().lookups) {
            ledger.append(Entry::LookedUp { lookups })?;
        }
        Ok(())
    }

    /// Runs an operation that is no change set, as one record of the history: `work` journals its own effects (an
    /// intent that is on disk before each call, its outcome after it). The record's end and the fold follow, however
    /// it ended; an error leaves the record open, as a crash would, and the next run settles what was in flight.
    ///
    /// # Errors
    /// What `work` says, or when the ledger cannot be written.
    pub async fn operate<T>(
        self,
        operation: &str,
        steps: usize,
        work: impl AsyncFnOnce(&Context<'_>, &RefCell<Ledger>) -> Result<(Outcome, T), RunError>,
    ) -> Result<(Outcome, T), RunError> {
        let run = super::begin(&mut self.ledger(), operation, steps, &self.context.by)?;
        let (outcome, value) = work(self.context, &self.ledger).await?;
        let mut ledger = self.ledger();
        ledger.append(Entry::RunFinished { run, outcome: outcome.as_str().into(), failures: Vec::new() })?;
        ledger.fold()?;
        Ok((outcome, value))
    }
}
