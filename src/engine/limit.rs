//! How many calls may be in flight, per service and overall, and at which rate those that change something may be made;
//! adapts to throttling.
//!
//! AWS limits requests with token buckets ("Request throttling for the Amazon EC2 API", EC2 Developer Guide; CloudWatch
//! Logs quotas; CloudWatch quotas). So does this side: a call takes a token before it is made, and where there is none it
//! waits for its own, so that calls are spread and do not all collide with the same empty bucket. Where no rate is known,
//! the first throttled call teaches it.

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

/// Calls that were made of one kind, as long as no rate is known.
#[derive(Debug, Clone, Copy)]
struct Made {
    calls: u32,
    since: SystemTime,
}

/// What is known of the rate of one kind of call.
#[derive(Debug, Clone, Copy)]
enum Pace {
    Unknown(Made),
    Known(Bucket),
}

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
    /// By service, and operation where the service has no known bucket for all of them.
    paces: RefCell<BTreeMap<(String, String), Pace>>,
}

impl Limits {
    /// Fresh gates.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            overall: Rc::new(Gate::new(OVERALL)),
            services: RefCell::default(),
            paces: RefCell::default(),
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

    /// Which bucket an operation that changes something takes its tokens from.
    fn bucket(service: &str, operation: &str) -> (String, String) {
        let shared = service::of(service).writes.is_some();
        (service.to_owned(), if shared { String::new() } else { operation.to_owned() })
    }

    /// Waits for the token of a call that changes something.
    pub async fn paced(&self, service: &str, operation: &str) {
        let wait = {
            let (now, mut paces) = (self.clock.now(), self.paces.borrow_mut());
            let pace = paces.entry(Self::bucket(service, operation)).or_insert_with(|| {
                match service::of(service).writes {
                    Some((burst, rate)) => Pace::Known(Bucket::new(burst.into(), rate.into(), now)),
                    None => Pace::Unknown(Made { calls: 0, since: now }),
                }
            });
            match pace {
                Pace::Known(bucket) => bucket.take(now),
                Pace::Unknown(made) => {
                    made.calls += 1;
                    Duration::ZERO
                }
            }
        };
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
    }

    /// A call that changes something was throttled. Its bucket is empty, and smaller than it was thought to be. The
    /// others of the service go on.
    pub fn overdrawn(&self, service: &str, operation: &str) {
        let (now, mut paces) = (self.clock.now(), self.paces.borrow_mut());
        let pace = paces.entry(Self::bucket(service, operation));
        let pace = pace.or_insert(Pace::Unknown(Made { calls: 1, since: now }));
        match pace {
            Pace::Known(bucket) => bucket.was_empty(now),
            Pace::Unknown(made) => {
                // What got through in this time, of which the first were the bucket's content: rather too slow at first
                // than throttled again.
                let passed = now.duration_since(made.since).unwrap_or_default().as_secs_f64().max(1.0);
                let rate = (f64::from(made.calls) / passed / 2.0).max(SLOWEST);
                *pace = Pace::Known(Bucket { burst: 1.0, rate, level: 0.0, at: now });
            }
        }
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
                    limits.paced(service, "Put").await;
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
                    limits.overdrawn(service, "Put");
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

    #[test]
    fn a_rate_that_nobody_knew_is_learned_from_the_first_refusals() {
        let (throttled, seconds) = run("sns", 60, (10.0, 5.0));
        // Those that were in flight when the bucket ran empty, and not one for each call.
        assert!(throttled <= 12, "{throttled} throttled");
        assert!(seconds <= 30.0, "{seconds} s");
    }
}
