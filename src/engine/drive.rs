//! Drives a change set: starts ready steps, polls all of them in one task, syncs the ledger for them together.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap},
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Poll, Waker},
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use serde_json::Value as Json;
use tracing::Instrument as _;

use super::{
    critical::{CriticalPath, Timing, critical_path},
    event::{EventKind, FORMAT, Outcome},
    limit::Limits,
    run::{Engine, Run, StepEnd, round},
    schedule::Schedule,
    stop::Stop,
    urgency::ranks,
};
use crate::{
    aws::OpError,
    graph::Needs,
    ledger::{Entry, FailureRecord, LedgerError},
    model::{Address, Reference},
    planner::{Action, ChangeSet, Step, StepId},
};

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

type StepFuture<'r> = Pin<Box<dyn Future<Output = Vec<(StepId, StepEnd)>> + 'r>>;

impl Engine<'_> {
    /// Runs the change set to its end, or as far as it gets.
    pub async fn run(&self, set: &ChangeSet) -> Finished {
        let run = Run {
            engine: self,
            set,
            limits: Limits::new(Arc::clone(&self.clock)),
            ranks: ranks(set),
            wanted: wanted(set),
            addressed: waited_for(set, Needs::Addressable),
            awaited: waited_for(set, Needs::Ready),
            broken: RefCell::new(None),
            started: self.clock.now(),
            seq: Cell::new(0),
            syncing: RefCell::default(),
            milestones: RefCell::default(),
            in_flight: Cell::new(0),
            outwaiting: Cell::new(0),
            progressed: Cell::new(self.clock.now()),
            timings: RefCell::new(vec![Timing::default(); set.steps.len()]),
            places: RefCell::default(),
            naming: RefCell::default(),
        };
        run.drive().await
    }
}

/// Which attributes anything refers to: only these are worth a call of their own.
fn wanted(set: &ChangeSet) -> HashMap<Address, BTreeSet<String>> {
    let mut wanted: HashMap<Address, BTreeSet<String>> = HashMap::new();
    let mut note = |reference: &Reference| {
        wanted.entry(reference.address.clone()).or_default().insert(reference.attribute.to_string());
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

/// The steps that others wait for until they are so far.
fn waited_for(set: &ChangeSet, needs: Needs) -> BTreeSet<StepId> {
    let all = set.steps.iter().flat_map(|step| &step.after);
    all.filter(|dependency| dependency.needs == needs).map(|dependency| dependency.step).collect()
}

impl Run<'_, '_> {
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
        let record =
            |failed: &Failed| FailureRecord { address: failed.address.clone(), error: failed.error.clone() };
        let _ = self.append(Entry::RunFinished {
            run: name,
            outcome: outcome.as_str().into(),
            failures: failures.iter().map(record).collect(),
        });
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
        let mut schedule = Schedule::new(self.set, &self.ranks);
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
                        halted |= error.is_credentials() || self.engine.fail_fast;
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
