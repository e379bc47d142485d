//! One run as its steps see it: events, the ledger, pauses, what has come how far.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    future::poll_fn,
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
    time::{Duration, SystemTime},
};

use super::{
    critical::Timing,
    event::{Event, EventKind, Observer},
    limit::Limits,
    naming::Names,
    secrets::SecretStore,
    stop::Stop,
};
use crate::{
    aws::{Cloud, OpError},
    clock::{Clock, rfc3339},
    graph::Needs,
    ledger::{Entry, Ledger, LedgerError},
    model::Address,
    planner::{Action, ChangeSet, Step, StepId},
    resources::{Obstacle, registry},
};

/// How a step ended.
#[derive(Debug)]
pub(super) enum StepEnd {
    /// As planned.
    Done,
    /// A stop signal, or the ledger broke: the journal says how far it came.
    Stopped,
    /// It failed.
    Failed { error: OpError, doubtful: bool },
}

/// What a run needs.
pub struct Engine<'a> {
    /// Where calls go.
    pub cloud: &'a Cloud,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The open, locked ledger.
    pub ledger: &'a RefCell<Ledger>,
    /// Receives events.
    pub observer: &'a RefCell<&'a mut dyn Observer>,
    /// Answers dynamic references.
    pub secrets: &'a SecretStore,
    /// Raised by signals.
    pub stop: Stop,
    /// Who runs it, for the ledger's history.
    pub by: String,
    /// Whether the caller rolls back what a failed run created; kept in the ledger for the run after a crash.
    pub rolls_back: bool,
    /// Whether no step is begun any more once one has failed: nothing that runs needs one that was not begun.
    pub fail_fast: bool,
    /// How often [`Observer::tick`] is called; never in virtual time.
    pub tick: Option<Duration>,
}

/// How long anything is waited for that AWS takes away by itself.
const LINGERS: Duration = Duration::from_secs(12 * 60);
/// How long a part of a network may be held by something that is gone: EC2 is eventually consistent ("Eventual
/// consistency in the Amazon EC2 API", EC2 Developer Guide). Where nothing in the run leaves network interfaces behind,
/// whatever holds it longer is somebody's.
const LINGERS_NETWORK: Duration = Duration::from_secs(3 * 60);

/// What was last seen in the way of deletions at one place.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub asked: Option<SystemTime>,
    pub asking: bool,
    pub obstacles: Vec<Obstacle>,
}

/// The state shared by the steps of one run.
pub(super) struct Run<'r, 'a> {
    pub engine: &'r Engine<'a>,
    pub set: &'r ChangeSet,
    pub limits: Limits,
    /// How much is left to do after the first call of each step.
    pub ranks: Vec<u64>,
    /// Attributes of each resource that other steps and outputs use.
    pub wanted: HashMap<Address, BTreeSet<String>>,
    /// Steps whose address others wait for.
    pub addressed: BTreeSet<StepId>,
    /// Steps others wait for until they are ready.
    pub awaited: BTreeSet<StepId>,
    pub broken: RefCell<Option<LedgerError>>,
    pub(super) started: SystemTime,
    pub(super) seq: Cell<u64>,
    pub(super) syncing: RefCell<Vec<Waker>>,
    pub(super) milestones: RefCell<VecDeque<(StepId, Needs)>>,
    /// Steps that have begun and not ended.
    pub(super) in_flight: Cell<usize>,
    /// Those of them that pause after a rejection which passes by itself.
    pub(super) outwaiting: Cell<usize>,
    /// When a step last came further.
    pub(super) progressed: Cell<SystemTime>,
    pub timings: RefCell<Vec<Timing>>,
    /// What was last seen in the way of deletions, by region and place.
    pub(super) places: RefCell<BTreeMap<(String, String), Looked>>,
    /// Names that steps are about to ask for together, by region and type.
    pub(super) naming: RefCell<BTreeMap<(String, &'static str), Rc<Names>>>,
}

impl Run<'_, '_> {
    pub fn elapsed(&self) -> f64 {
        self.since(self.started)
    }

    pub fn now(&self) -> SystemTime {
        self.engine.clock.now()
    }

    pub fn since(&self, at: SystemTime) -> f64 {
        self.now().duration_since(at).unwrap_or_default().as_secs_f64()
    }

    /// How long something has taken since an instant at which calls had waited for credentials for `paused` in all:
    /// such waits are not its own.
    pub fn waited(&self, since: SystemTime, paused: Duration) -> Duration {
        let all = self.now().duration_since(since).unwrap_or_default();
        all.saturating_sub(self.engine.cloud.paused().saturating_sub(paused))
    }

    pub fn emit(&self, kind: EventKind) {
        self.seq.set(self.seq.get() + 1);
        let elapsed_s = (self.elapsed() * 1000.0).round() / 1000.0;
        let event = Event { seq: self.seq.get(), at: rfc3339(self.now()), elapsed_s, kind };
        self.engine.observer.borrow_mut().on(&event);
    }

    /// A step has come this far, and that is on disk.
    pub fn milestone(&self, step: StepId, needs: Needs) {
        self.progressed.set(self.now());
        self.milestones.borrow_mut().push_back((step, needs));
    }

    /// Pauses after a rejection that passes by itself; the step counts as one that waits for others.
    pub async fn outwait(&self, delay: Duration) -> Result<(), StepEnd> {
        self.outwaiting.set(self.outwaiting.get() + 1);
        let ended = self.pause(delay).await;
        self.outwaiting.set(self.outwaiting.get().saturating_sub(1));
        ended
    }

    /// Whether waiting on is in vain: every step in flight outwaits a rejection, and for longer than anything lingers that
    /// AWS takes away by itself, nothing has come further.
    pub fn is_futile(&self, error: &OpError) -> bool {
        // What goes may leave network interfaces behind for long, and what changes for a while.
        let leaves = |step: &Step| {
            let longest = registry::find(&step.kind)?.facts().leaves_interfaces?;
            match step.action {
                Action::Create { .. } => None,
                Action::Delete { .. } => Some(longest.max(LINGERS)),
                _ => Some(LINGERS),
            }
        };
        // What has not begun leaves nothing behind yet.
        let ended = |step: &Step| {
            let timing = &self.timings.borrow()[step.id.0 as usize];
            timing.done || timing.to_ready > 0.0
        };
        let held = error.code.as_deref() == Some("DependencyViolation");
        let lingers = match self.set.steps.iter().filter(|step| ended(step)).filter_map(leaves).max() {
            Some(longest) => longest,
            None if held && self.follows_a_complete_run() => LINGERS_NETWORK,
            None => LINGERS,
        };
        self.outwaiting.get() + 1 >= self.in_flight.get()
            && self.since(self.progressed.get()) > lingers.as_secs_f64()
    }

    /// Whether the run before this one did all it had to: what an interrupted one deleted may still linger.
    fn follows_a_complete_run(&self) -> bool {
        let ledger = self.engine.ledger.borrow();
        let before = ledger.snapshot().history.iter().rev().nth(1);
        before.is_none_or(|run| run.outcome.as_deref() == Some("complete"))
    }

    /// Appends an entry; see [`Self::durable`].
    pub fn append(&self, entry: Entry) -> Result<u64, StepEnd> {
        self.engine.ledger.borrow_mut().append(entry).map_err(|error| self.ledger_broke(error))
    }

    pub fn ledger_broke(&self, error: LedgerError) -> StepEnd {
        self.broken.borrow_mut().get_or_insert(error);
        StepEnd::Stopped
    }

    /// Ends when everything up to `seq` is on disk. All steps that wait at the same moment share one sync.
    pub async fn durable(&self, seq: u64) -> Result<(), StepEnd> {
        poll_fn(|cx| {
            if self.broken.borrow().is_some() {
                return Poll::Ready(Err(StepEnd::Stopped));
            }
            if self.engine.ledger.borrow().synced() >= seq {
                return Poll::Ready(Ok(()));
            }
            self.syncing.borrow_mut().push(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Sleeps; a second stop signal ends it early.
    pub async fn pause(&self, duration: Duration) -> Result<(), StepEnd> {
        let sleep = self.engine.clock.sleep(duration);
        let stop = std::pin::pin!(self.engine.stop.reached(2));
        match futures_util::future::select(sleep, stop).await {
            futures_util::future::Either::Left(_) => Ok(()),
            futures_util::future::Either::Right(_) => Err(StepEnd::Stopped),
        }
    }
}

pub(super) fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
