//! Applies a change set, and what follows from how that went.

use std::{cell::RefCell, pin::pin, sync::Arc};

use futures_util::future::{Either, select};

use super::{
    frontend::{Frontend, Notice, Phase, attended},
    run::Run,
};
use crate::{
    aws::OpError,
    engine::{
        Engine, EventKind, Finished, Look, Observer, Outcome, RecoverError, SecretStore, look_again,
        looks_until, protect,
    },
    graph::Secrets,
    model::Address,
    planner::{self, ChangeSet, Operation},
    resources::registry,
};

/// How a run ended: the main change set's result, in the light of what followed it.
#[derive(Debug)]
pub struct Ended {
    /// The main change set's result. Its outcome and its ledger error are those of the whole run.
    pub finished: Finished,
    /// Set when the last search for what a lost answer left behind got no answer: the command has not done its work.
    pub unresolved: Option<(Address, OpError)>,
}

impl Run<'_> {
    /// Applies a confirmed change set, searches for what calls with lost answers may have made, rolls back or cleans
    /// up, and folds the ledger. A failed command stays failed, however well the rest went.
    pub async fn apply(
        mut self,
        set: &ChangeSet,
        secrets: Secrets,
        (rolls_back, fail_fast): (bool, bool),
        frontend: &mut dyn Frontend,
    ) -> Ended {
        let secrets = SecretStore::new(secrets);
        let recovered = std::mem::take(&mut self.recovered);
        let failing = (rolls_back, fail_fast);
        let finished = self.drive(set, &secrets, failing, &recovered, Phase::Main, frontend).await;
        let mut ended = Ended { finished, unresolved: None };
        let found = self.search(set, &mut ended, frontend).await;
        self.follow(set, &mut ended, found, &secrets, rolls_back, frontend).await;
        if ended.finished.ledger_error.is_none()
            && let Err(error) = self.ledger().fold()
        {
            ended.broke(error);
        }
        ended
    }

    /// One change set, watched.
    async fn drive(
        &self,
        set: &ChangeSet,
        secrets: &SecretStore,
        (rolls_back, fail_fast): (bool, bool),
        recovered: &[EventKind],
        phase: Phase,
        frontend: &mut dyn Frontend,
    ) -> Finished {
        let mut watch = frontend.watch(set, phase);
        watch.recovered(recovered);
        let finished = {
            let observer: RefCell<&mut dyn Observer> = RefCell::new(watch.as_mut());
            let engine = Engine {
                cloud: self.context.cloud,
                clock: Arc::clone(&self.context.clock),
                ledger: &self.ledger,
                observer: &observer,
                secrets,
                stop: self.context.stop.clone(),
                by: self.context.by.clone(),
                rolls_back,
                fail_fast,
                tick: self.context.tick,
            };
            engine.run(set).await
        };
        watch.finished(&finished);
        finished
    }

    /// Searches for what calls with lost answers may have made: after a complete teardown until it is sure, because
    /// there may be no next run; else once.
    async fn search(
        &self,
        set: &ChangeSet,
        ended: &mut Ended,
        frontend: &mut dyn Frontend,
    ) -> Vec<EventKind> {
        let outcome = ended.finished.outcome;
        let nothing = self.snapshot().late.is_empty();
        if nothing || outcome == Outcome::Stopped || ended.finished.ledger_error.is_some() {
            return Vec::new();
        }
        let context = self.context;
        let last = set.operation == Operation::Destroy && outcome == Outcome::Complete;
        let until = looks_until(&self.snapshot(), self.context.clock.now());
        let left = until.and_then(|until| until.duration_since(context.clock.now()).ok()).unwrap_or_default();
        if last && !left.is_zero() {
            frontend.notice(Notice::Searching(left));
        }
        let look = if last { Look::UntilSure } else { Look::Once };
        let found = {
            let looking = pin!(look_again(context.cloud, &context.clock, &self.ledger, look));
            let stopped = pin!(context.stop.reached(1));
            match attended(context.cloud, frontend, select(looking, stopped)).await {
                Either::Left((found, _)) => Some(found),
                Either::Right(_) => None,
            }
        };
        match found {
            Some(Ok(found)) => {
                if looks_until(&self.snapshot(), self.context.clock.now()).is_some() {
                    frontend.notice(Notice::MayAppear);
                }
                found
            }
            // The next run searches again; of a teardown there may be none.
            Some(Err(RecoverError::Look(address, error))) => {
                ended.unresolved = last.then_some((address, error));
                Vec::new()
            }
            Some(Err(RecoverError::Ledger(error))) => {
                ended.broke(error);
                Vec::new()
            }
            None => {
                if last {
                    ended.finished.outcome = Outcome::Stopped;
                    frontend.notice(Notice::SearchStopped);
                }
                Vec::new()
            }
        }
    }

    /// The change set that follows from a failure that is to be rolled back, or from what appeared late.
    async fn follow(
        &self,
        set: &ChangeSet,
        ended: &mut Ended,
        found: Vec<EventKind>,
        secrets: &SecretStore,
        rolls_back: bool,
        frontend: &mut dyn Frontend,
    ) {
        let rolls_back = rolls_back && ended.finished.outcome == Outcome::Failed;
        if ended.finished.ledger_error.is_some() || (!rolls_back && found.is_empty()) {
            return;
        }
        let (phase, plan): (Phase, fn(&_, &str, _) -> ChangeSet) = if rolls_back {
            (Phase::Rollback, planner::rollback)
        } else if set.operation == Operation::Destroy {
            (Phase::Cleanup, planner::teardown)
        } else {
            (Phase::Cleanup, planner::cleanup)
        };
        let snapshot = self.snapshot().clone();
        let mut next = plan(&snapshot, &self.context.cloud.account, &registry::find);
        if !next.is_empty() {
            // Nobody reviews this one: what is on the objects now is what goes with them.
            protect(self.context.cloud, &snapshot, &mut next).await;
        }
        if next.is_empty() && !rolls_back {
            frontend.watch(&next, phase).recovered(&found);
            return;
        }
        let done = self.drive(&next, secrets, (false, false), &found, phase, frontend).await;
        // A command that failed has failed, however well this went; worse news is kept.
        ended.finished.ledger_error = done.ledger_error;
        if done.outcome == Outcome::Doubtful || ended.finished.outcome == Outcome::Complete {
            ended.finished.outcome = done.outcome;
        }
    }
}

impl Ended {
    /// The ledger could not be written: no run is complete then.
    fn broke(&mut self, error: crate::ledger::LedgerError) {
        self.finished.ledger_error = Some(error);
        if self.finished.outcome == Outcome::Complete {
            self.finished.outcome = Outcome::Failed;
        }
    }
}
