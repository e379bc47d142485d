//! How many calls may be in flight, per service and overall, and in which pace those that change something are made
//! ([`Bucket`]); adapts to throttling.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    future::poll_fn,
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
    time::{Duration, SystemTime},
};

use super::rate::Bucket;
use crate::{clock::Clock, resources::service};

/// Calls in flight over all services.
const OVERALL: usize = 64;

struct Gate {
    ceiling: usize,
    allowed: Cell<usize>,
    in_flight: Cell<usize>,
    successes: Cell<usize>,
    resume_at: Cell<Option<SystemTime>>,
    waiting: RefCell<VecDeque<Waker>>,
}

impl Gate {
    fn new(ceiling: usize) -> Self {
        Self {
            ceiling,
            allowed: Cell::new(ceiling),
            in_flight: Cell::new(0),
            successes: Cell::new(0),
            resume_at: Cell::new(None),
            waiting: RefCell::default(),
        }
    }

    /// Waits for a place; `first` of all that wait, or after them.
    async fn enter(self: &Rc<Self>, first: bool) -> Pass {
        poll_fn(|cx| {
            if self.in_flight.get() < self.allowed.get() {
                self.in_flight.set(self.in_flight.get() + 1);
                return Poll::Ready(());
            }
            let mut waiting = self.waiting.borrow_mut();
            match first {
                true => waiting.push_front(cx.waker().clone()),
                false => waiting.push_back(cx.waker().clone()),
            }
            Poll::Pending
        })
        .await;
        Pass(Rc::clone(self))
    }
}

/// A place among the calls in flight; given back when dropped.
pub struct Pass(Rc<Gate>);

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.in_flight.set(self.0.in_flight.get().saturating_sub(1));
        if let Some(waker) = self.0.waiting.borrow_mut().pop_front() {
            waker.wake();
        }
    }
}

/// The bucket of a service, and who waits for its next token.
struct Paced {
    bucket: Bucket,
    turn: Rc<Gate>,
}

impl From<Bucket> for Paced {
    fn from(bucket: Bucket) -> Self {
        Self { bucket, turn: Rc::new(Gate::new(1)) }
    }
}

/// All gates of a run.
pub struct Limits {
    clock: Arc<dyn Clock>,
    overall: Rc<Gate>,
    services: RefCell<BTreeMap<String, Rc<Gate>>>,
    /// Of services with a published rate, and of those that have throttled a call.
    buckets: RefCell<BTreeMap<String, Paced>>,
}

impl Limits {
    /// Fresh gates.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            overall: Rc::new(Gate::new(OVERALL)),
            services: RefCell::default(),
            buckets: RefCell::default(),
        }
    }

    fn gate(&self, service: &str) -> Rc<Gate> {
        let mut services = self.services.borrow_mut();
        Rc::clone(
            services
                .entry(service.to_owned())
                .or_insert_with(|| Rc::new(Gate::new(service::of(service).ceiling))),
        )
    }

    /// Waits for a place; also sits out a pause that throttling imposed on the service.
    pub async fn enter(&self, service: &str) -> (Pass, Pass) {
        self.place(service, false).await
    }

    async fn place(&self, service: &str, first: bool) -> (Pass, Pass) {
        let gate = self.gate(service);
        let own = gate.enter(first).await;
        while let Some(at) = gate.resume_at.get() {
            match at.duration_since(self.clock.now()) {
                Ok(left) if !left.is_zero() => self.clock.sleep(left).await,
                _ => gate.resume_at.set(None),
            }
        }
        (own, self.overall.enter(first).await)
    }

    /// Waits for the token and the place of a call that changes something.
    pub async fn admit(&self, service: &str) -> (Pass, Pass) {
        loop {
            // First the token: whoever waits for it keeps no place that a read could take.
            let paced = self.token(service).await;
            // Then a place, before all reads: tokens of calls that wait behind them would be used all at once.
            let passes = self.place(service, paced).await;
            // Whoever came for a place before anybody knew of a rate takes a token now.
            if paced || !self.buckets.borrow().contains_key(service) {
                return passes;
            }
        }
    }

    /// Waits for a token, where the service's rate is known; whether it is.
    async fn token(&self, service: &str) -> bool {
        if let Some((burst, rate)) = service::of(service).writes {
            let bucket = || Bucket::published(burst.into(), rate.into(), self.clock.now());
            self.buckets.borrow_mut().entry(service.to_owned()).or_insert_with(|| bucket().into());
        }
        let Some(turn) = self.buckets.borrow().get(service).map(|own| Rc::clone(&own.turn)) else {
            return false;
        };
        // One waits for the next token, and the others for their turn: the rate may change meanwhile.
        let _turn = turn.enter(false).await;
        let now = self.clock.now();
        let wait =
            self.buckets.borrow_mut().get_mut(service).map_or(Duration::ZERO, |own| own.bucket.take(now));
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
        true
    }

    /// A call that changes something was throttled: the service's bucket is empty, and the next calls keep its pace.
    pub fn overdrawn(&self, service: &str) {
        let now = self.clock.now();
        let mut buckets = self.buckets.borrow_mut();
        match buckets.get_mut(service) {
            Some(own) => own.bucket.was_empty(now),
            None => drop(buckets.insert(service.to_owned(), Bucket::learned(now).into())),
        }
    }

    /// A call that changes something went through.
    pub fn granted(&self, service: &str) {
        if let Some(own) = self.buckets.borrow_mut().get_mut(service) {
            own.bucket.granted(self.clock.now());
        }
        self.succeeded(service);
    }

    /// A read was throttled: halve the service's places and pause it.
    pub fn throttled(&self, service: &str, pause: Duration) {
        let gate = self.gate(service);
        gate.allowed.set((gate.allowed.get() / 2).max(1));
        gate.successes.set(0);
        let until = self.clock.now() + pause;
        if gate.resume_at.get().is_none_or(|at| at < until) {
            gate.resume_at.set(Some(until));
        }
    }

    /// A call went through: after as many successes as there are places, one more place.
    pub fn succeeded(&self, service: &str) {
        let gate = self.gate(service);
        if gate.allowed.get() >= gate.ceiling {
            return;
        }
        gate.successes.set(gate.successes.get() + 1);
        if gate.successes.get() >= gate.allowed.get() {
            gate.successes.set(0);
            gate.allowed.set(gate.allowed.get() + 1);
            if let Some(waker) = gate.waiting.borrow_mut().pop_front() {
                waker.wake();
            }
        }
    }
}
