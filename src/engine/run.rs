//! Drives a change set: starts ready steps, polls all of them in one task, syncs the ledger for them together.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Poll, Waker},
    time::{Duration, SystemTime},
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use serde_json::Value as Json;
use tracing::Instrument as _;

use super::{
    critical::{CriticalPath, Timing, critical_path},
    event::{Event, EventKind, FORMAT, Observer, Outcome},
    limit::Limits,
    schedule::Schedule,
    secrets::SecretStore,
    step::StepEnd,
    stop::Stop,
};
use crate::{
    aws::{Cloud, OpError},
    clock::{Clock, rfc3339},
    graph::Needs,
    ledger::{Entry, Ledger, LedgerError},
    model::Address,
    planner::{Action, ChangeSet, Step, StepId},
};

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
    /// How often [`Observer::tick`] is called; never in virtual time.
    pub tick: Option<Duration>,
}

/// A run's result.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub outcome: Outcome,
    /// Failed steps with their errors (secrets removed).
    pub failures: Vec<(Address, OpError)>,
    /// Outputs by stack; empty unless complete.
    pub outputs: BTreeMap<String, BTreeMap<String, Json>>,
    /// Wall clock in seconds.
    pub elapsed_s: f64,
    /// What explains it.
    pub critical: CriticalPath,
    /// Set when the ledger could not be written: nothing was called after that.
    pub ledger_error: Option<LedgerError>,
}

/// How long anything is waited for that AWS takes away by itself.
const LINGERS: Duration = Duration::from_secs(12 * 60);
/// How long a part of a network may be held by something that is gone: EC2 is eventually consistent ("Eventual
/// consistency in the Amazon EC2 API", EC2 Developer Guide). Where nothing in the run leaves network interfaces behind,
/// whatever holds it longer is somebody's.
const LINGERS_NETWORK: Duration = Duration::from_secs(3 * 60);
/// Types whose objects leave network interfaces behind for a while, when they go or change.
const LEAVE_INTERFACES: &[&str] = &[
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::DMS::ReplicationInstance",
    "AWS::EC2::NatGateway",
    "AWS::EC2::VPCEndpoint",
    "AWS::ECS::Service",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::Lambda::Function",
    "AWS::RDS::DBInstance",
];
/// Those of functions: Lambda takes up to 40 minutes (AWS knowledge centre, "How do I resolve the \"The subnet has
/// dependencies\" error").
const LINGERS_LAMBDA: Duration = Duration::from_secs(45 * 60);

/// The state shared by the steps of one run.
pub(super) struct Run<'r, 'a> {
    pub engine: &'r Engine<'a>,
    pub set: &'r ChangeSet,
    pub limits: Limits,
    /// Attributes of each resource that other steps and outputs use.
    pub wanted: HashMap<Address, BTreeSet<String>>,
    pub broken: RefCell<Option<LedgerError>>,
    started: SystemTime,
    seq: Cell<u64>,
    syncing: RefCell<Vec<Waker>>,
    milestones: RefCell<VecDeque<(StepId, Needs)>>,
    /// Steps that have begun and not ended.
    in_flight: Cell<usize>,
    /// Those of them that pause after a rejection which passes by itself.
    outwaiting: Cell<usize>,
    /// When a step last came further.
    progressed: Cell<SystemTime>,
    pub timings: RefCell<Vec<Timing>>,
}

type StepFuture<'r> = Pin<Box<dyn Future<Output = Vec<(StepId, StepEnd)>> + 'r>>;

impl Engine<'_> {
    /// Runs the change set to its end, or as far as it gets.
    pub async fn run(&self, set: &ChangeSet) -> Finished {
        let run = Run {
            engine: self,
            set,
            limits: Limits::new(Arc::clone(&self.clock)),
            wanted: wanted(set),
            broken: RefCell::new(None),
            started: self.clock.now(),
            seq: Cell::new(0),
            syncing: RefCell::default(),
            milestones: RefCell::default(),
            in_flight: Cell::new(0),
            outwaiting: Cell::new(0),
            progressed: Cell::new(self.clock.now()),
            timings: RefCell::new(vec![Timing::default(); set.steps.len()]),
        };
        run.drive().await
    }
}

/// Which attributes anything refers to: only these are worth a call of their own.
fn wanted(set: &ChangeSet) -> HashMap<Address, BTreeSet<String>> {
    let mut wanted: HashMap<Address, BTreeSet<String>> = HashMap::new();
    let mut note = |reference: &crate::model::Reference| {
        wanted.entry(reference.address.clone()).or_default().insert(reference.attribute.clone());
    };
    for step in &set.steps {
        match &step.action {
            Action::Create { properties, .. }
            | Action::Update { properties, .. }
            | Action::Finish { properties, .. } => {
                properties.references(&mut note);
            }
            Action::Delete { .. } | Action::Forget { .. } => {}
        }
    }
    for output in set.stacks.iter().flat_map(|stack| &stack.outputs) {
        output.value.references(&mut note);
    }
    wanted
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
    pub fn in_vain(&self, error: &OpError) -> bool {
        let lambda = |step: &Step| {
            step.kind == "AWS::Lambda::Function" && matches!(step.action, Action::Delete { .. })
        };
        let leaves = |step: &Step| {
            LEAVE_INTERFACES.contains(&step.kind.as_str()) && !matches!(step.action, Action::Create { .. })
        };
        // What has not begun leaves nothing behind yet.
        let ended = |step: &Step| {
            let timing = &self.timings.borrow()[step.id.0 as usize];
            timing.done || timing.to_ready > 0.0
        };
        let held = error.code.as_deref() == Some("DependencyViolation");
        let lingers = if self.set.steps.iter().any(|step| lambda(step) && ended(step)) {
            LINGERS_LAMBDA
        } else if held
            && !self.set.steps.iter().any(|step| leaves(step) && ended(step))
            && self.follows_a_complete_run()
        {
            LINGERS_NETWORK
        } else {
            LINGERS
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

    /// Syncs for the steps that wait for it. Returns whether any did.
    fn sync_for_waiters(&self) -> bool {
        let waiters = std::mem::take(&mut *self.syncing.borrow_mut());
        if waiters.is_empty() {
            return false;
        }
        let synced = self.engine.ledger.borrow_mut().sync();
        if let Err(error) = synced {
            self.broken.borrow_mut().get_or_insert(error);
        }
        waiters.into_iter().for_each(Waker::wake);
        true
    }

    async fn drive(&self) -> Finished {
        let name = format!("run-{}", self.engine.ledger.borrow().snapshot().seq + 1);
        let operation = self.set.operation.as_str();
        self.emit(EventKind::RunStarted {
            format: FORMAT,
            run: name.clone(),
            operation,
            migration: self.set.target.migration.clone(),
            environment: self.set.target.environment.clone(),
            account: self.engine.cloud.account.clone(),
            realm: self.engine.cloud.realm.as_str(),
            virtual_time: self.engine.clock.is_virtual(),
            steps: self.set.steps.len(),
        });
        let _ = self.append(Entry::RunStarted {
            run: name.clone(),
            operation: operation.into(),
            steps: self.set.steps.len(),
            by: self.engine.by.clone(),
            rolls_back: self.engine.rolls_back,
        });
        let (tally, failures) = self.steps().await;
        let mut outcome = self.outcome(&tally, &failures);
        let mut outputs = BTreeMap::new();
        if outcome == Outcome::Complete {
            outputs = self.outputs().await;
            if !outputs.is_empty() {
                self.emit(EventKind::Outputs { outputs: outputs.clone() });
            }
        }
        let critical = critical_path(self.set, &self.timings.borrow());
        let _ = self.append(Entry::RunFinished { run: name, outcome: outcome.as_str().into() });
        if self.broken.borrow().is_none()
            && let Err(error) = self.engine.ledger.borrow_mut().sync()
        {
            *self.broken.borrow_mut() = Some(error);
        }
        // The last words of a run may be what no longer fits on the disk.
        if self.broken.borrow().is_some() && outcome == Outcome::Complete {
            outcome = Outcome::Failed;
        }
        let mut by_service: BTreeMap<String, u64> = BTreeMap::new();
        for ((service, _), count) in self.engine.cloud.meter.calls() {
            *by_service.entry(service).or_default() += count;
        }
        let resources = self.engine.ledger.borrow().snapshot().objects().count();
        self.emit(EventKind::RunFinished {
            outcome,
            elapsed_s: round(self.elapsed()),
            critical_path_s: round(critical.seconds),
            critical_path: critical.legs.clone(),
            api_calls: by_service.values().sum(),
            calls_by_service: by_service,
            resources,
            done: tally.done,
            failed: failures.len(),
            skipped: tally.skipped,
        });
        Finished {
            outcome,
            failures: failures.into_iter().map(|f| (f.address, f.error)).collect(),
            outputs,
            elapsed_s: self.elapsed(),
            critical,
            ledger_error: self.broken.borrow_mut().take(),
        }
    }

    fn outcome(&self, tally: &Tally, failures: &[Failed]) -> Outcome {
        if failures.iter().any(|f| f.doubtful) {
            Outcome::Doubtful
        } else if !failures.is_empty() || self.broken.borrow().is_some() {
            Outcome::Failed
        } else if tally.stopped > 0 || tally.untouched > 0 {
            Outcome::Stopped
        } else {
            Outcome::Complete
        }
    }

    async fn steps(&self) -> (Tally, Vec<Failed>) {
        let mut schedule = Schedule::new(self.set);
        let mut flying: FuturesUnordered<StepFuture<'_>> = FuturesUnordered::new();
        let mut tally = Tally::default();
        let mut failures = Vec::new();
        let mut halted = false;
        let stop = self.engine.stop.clone();
        let mut seen_level = stop.level();
        let mut ticking = self.ticker();
        loop {
            let may_start = seen_level == 0 && !halted && self.broken.borrow().is_none();
            let mut batches: BTreeMap<u32, Vec<&Step>> = BTreeMap::new();
            while may_start && let Some(id) = schedule.pop() {
                let step = &self.set.steps[id.0 as usize];
                self.in_flight.set(self.in_flight.get() + 1);
                let span = tracing::info_span!("step", address = %step.address, action = step.action.verb());
                match step.batch {
                    // Steps of a batch wait for the same: they are ready at the same moment.
                    Some(batch) => batches.entry(batch).or_default().push(step),
                    None => flying
                        .push(Box::pin(async move { vec![(id, self.step(step).instrument(span).await)] })),
                }
            }
            for steps in batches.into_values() {
                let span = tracing::info_span!("steps in one call", address = %steps[0].address);
                flying.push(Box::pin(async move { self.together(&steps).instrument(span).await }));
            }
            if flying.is_empty() {
                break;
            }
            let mut ended = Vec::new();
            let mut raised = pin!(stop.reached(seen_level + 1));
            poll_fn(|cx| {
                loop {
                    while let Poll::Ready(Some(end)) = flying.poll_next_unpin(cx) {
                        ended.extend(end);
                    }
                    if !self.sync_for_waiters() {
                        break;
                    }
                }
                for notice in self.engine.cloud.keys_notices() {
                    self.emit(EventKind::from(&notice));
                }
                if let Some(timer) = &mut ticking
                    && timer.as_mut().poll(cx).is_ready()
                {
                    self.engine.observer.borrow_mut().tick(self.elapsed());
                    ticking = self.ticker();
                    cx.waker().wake_by_ref();
                }
                let stopping = raised.as_mut().poll(cx).is_ready();
                if stopping || !ended.is_empty() || !self.milestones.borrow().is_empty() {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
            while let Some((step, needs)) = self.milestones.borrow_mut().pop_front() {
                schedule.reached(step, needs);
            }
            for (id, end) in ended {
                self.in_flight.set(self.in_flight.get().saturating_sub(1));
                self.progressed.set(self.now());
                let step = &self.set.steps[id.0 as usize];
                match end {
                    StepEnd::Done => tally.done += 1,
                    StepEnd::Stopped => tally.stopped += 1,
                    StepEnd::Failed { error, doubtful } => {
                        halted |= error.is_credentials();
                        let skipped = self.failed(step, &error, doubtful, &mut schedule);
                        tally.skipped += skipped;
                        failures.push(Failed { address: step.address.clone(), error, doubtful });
                    }
                }
            }
            let level = stop.level();
            if level > seen_level {
                seen_level = level;
                // Who stops a run does not wait for credentials.
                if let Some(keys) = self.engine.cloud.keys() {
                    keys.give_up();
                }
                self.emit(EventKind::StopRequested { level, meaning: Stop::meaning(level) });
                if level >= 3 {
                    break;
                }
            }
        }
        tally.untouched = schedule.untouched() + flying.len();
        (tally, failures)
    }

    fn ticker(&self) -> Option<crate::clock::Sleep> {
        self.engine.tick.map(|every| self.engine.clock.sleep(every))
    }

    fn failed(&self, step: &Step, error: &OpError, doubtful: bool, schedule: &mut Schedule) -> usize {
        self.emit(EventKind::StepFailed {
            step: step.id,
            address: step.address.clone(),
            operation: error.operation.clone(),
            code: error.code.clone(),
            message: error.message.clone(),
            request_id: error.request_id.clone(),
            took_s: round(self.timings.borrow()[step.id.0 as usize].to_ready),
            doubtful,
        });
        let skipped = schedule.failed(step.id);
        for other in &skipped {
            let other = &self.set.steps[other.0 as usize];
            let because = step.address.clone();
            self.emit(EventKind::StepSkipped { step: other.id, address: other.address.clone(), because });
        }
        skipped.len()
    }
}

#[derive(Debug, Default)]
struct Tally {
    done: usize,
    stopped: usize,
    skipped: usize,
    untouched: usize,
}

struct Failed {
    address: Address,
    error: OpError,
    doubtful: bool,
}

pub(super) fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
