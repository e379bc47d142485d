//! How many calls may be in flight, per service and overall, and at which rate those that change something may be made;
//! adapts to throttling.
//!
//! AWS limits requests with token buckets ("Request throttling for the Amazon EC2 API", EC2 Developer Guide; CloudWatch
//! Logs quotas; CloudWatch quotas). So does this side: a call takes a token before it is made, and where there is none it
//! waits for its own, so that calls are spread and do not all collide with the same empty bucket. Where no rate is
//! published, a throttled call halves the places in flight and pauses the service.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    future::poll_fn,
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
    time::{Duration, SystemTime},
};

use crate::{clock::Clock, resources::service};

/// Calls in flight over all services.
const OVERALL: usize = 64;

/// A bucket as we believe it is on AWS's side.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    burst: f64,
    rate: f64,
    level: f64,
    at: SystemTime,
}

impl Bucket {
    fn new(burst: f64, rate: f64, now: SystemTime) -> Self {
        Self { burst, rate, level: burst, at: now }
    }

    fn refill(&mut self, now: SystemTime) {
        let passed = now.duration_since(self.at).unwrap_or_default().as_secs_f64();
        self.level = (self.level + passed * self.rate).min(self.burst);
        self.at = now;
    }

    /// Takes the next token, and says how long it is until that is there.
    fn take(&mut self, now: SystemTime) -> Duration {
        self.refill(now);
        self.level -= 1.0;
        Duration::from_secs_f64((-self.level / self.rate).max(0.0))
    }

    /// It was empty when we thought it was not.
    fn was_empty(&mut self, now: SystemTime) {
        self.refill(now);
        self.level = self.level.min(0.0);
        self.burst = (self.burst * 0.75).max(1.0);
        self.rate = (self.rate * 0.8).max(SLOWEST);
    }
}

/// Calls per second at least, however often a service asks to slow down.
const SLOWEST: f64 = 0.5;

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

    async fn enter(self: &Rc<Self>) -> Pass {
        poll_fn(|cx| {
            if self.in_flight.get() < self.allowed.get() {
                self.in_flight.set(self.in_flight.get() + 1);
                return Poll::Ready(());
            }
            self.waiting.borrow_mut().push_back(cx.waker().clone());
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

/// All gates of a run.
pub struct Limits {
    clock: Arc<dyn Clock>,
    overall: Rc<Gate>,
    services: RefCell<BTreeMap<String, Rc<Gate>>>,
    /// Of services with a published rate.
    buckets: RefCell<BTreeMap<String, Bucket>>,
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
        let gate = self.gate(service);
        let own = gate.enter().await;
        while let Some(at) = gate.resume_at.get() {
            match at.duration_since(self.clock.now()) {
                Ok(left) if !left.is_zero() => self.clock.sleep(left).await,
                _ => gate.resume_at.set(None),
            }
        }
        (own, self.overall.enter().await)
    }

    /// Waits for the token of a call that changes something, where the service's rate is published.
    pub async fn paced(&self, service: &str) {
        let Some((burst, rate)) = service::of(service).writes else { return };
        let wait = {
            let (now, mut buckets) = (self.clock.now(), self.buckets.borrow_mut());
            let bucket = buckets.entry(service.to_owned());
            bucket.or_insert_with(|| Bucket::new(burst.into(), rate.into(), now)).take(now)
        };
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
    }

    /// A call that changes something was throttled. Where its bucket is known, that is empty and smaller than it was
    /// thought to be, and the others of the service only keep their pace; else the service pauses.
    pub fn overdrawn(&self, service: &str, pause: Duration) {
        if let Some(bucket) = self.buckets.borrow_mut().get_mut(service) {
            bucket.was_empty(self.clock.now());
            return;
        }
        self.throttled(service, pause);
    }

    /// A read was throttled, or a call whose operation nobody knows: halve the service's places and pause it.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::VirtualClock;

    /// Makes so many calls at once against a bucket on the other side; how many were throttled, and when the last went
    /// through.
    fn run(service: &str, calls: usize, (burst, rate): (f64, f64)) -> (usize, f64) {
        let clock = VirtualClock::starting_at(SystemTime::UNIX_EPOCH);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let limits = Limits::new(Arc::clone(&shared));
        let began = shared.now();
        let theirs = RefCell::new(Bucket::new(burst, rate, began));
        let throttled = Cell::new(0);
        let all = (0..calls).map(|number| {
            let (limits, theirs, throttled, shared) = (&limits, &theirs, &throttled, &shared);
            async move {
                loop {
                    limits.paced(service).await;
                    let _passes = limits.enter(service).await;
                    let latency = Duration::from_millis(40 + (number as u64 * 7) % 30);
                    shared.sleep(latency).await;
                    let admitted = {
                        let mut bucket = theirs.borrow_mut();
                        bucket.refill(shared.now());
                        let there = bucket.level >= 1.0;
                        bucket.level -= f64::from(u8::from(there));
                        there
                    };
                    if admitted {
                        return;
                    }
                    throttled.set(throttled.get() + 1);
                    limits.overdrawn(service, Duration::from_secs(1));
                }
            }
        });
        clock.block_on(futures_util::future::join_all(all));
        (throttled.get(), shared.now().duration_since(began).unwrap_or_default().as_secs_f64())
    }

    #[test]
    fn known_rates_are_used_up_and_not_overdrawn() {
        let (throttled, seconds) = run("logs", 60, (10.0, 5.0));
        assert_eq!(throttled, 0);
        // Fifty calls at five a second after the first ten.
        assert!(seconds <= 10.0 * 1.1, "{seconds} s");
    }
}
