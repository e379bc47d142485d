//! How many calls may be in flight, per service and overall, and in which pace those that change something are made
//! ([`Bucket`]); adapts to throttling.
//!
//! Who waits is let in by urgency, not by arrival: the longer what is left to do after a call, the sooner it is made. Otherwise
//! thousands of quick creates that are ready at once would go before the one that everything else waits for.

use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::BTreeMap,
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

/// Before all others.
pub const AT_ONCE: u64 = u64::MAX;
/// What is added to the urgency of a look at something that has begun: it goes before calls that begin something.
pub const BEGUN: u64 = 1 << 62;

/// The place of one that waits: the most urgent first, then the earliest.
type Ticket = (Reverse<u64>, u64);

struct Gate {
    ceiling: usize,
    allowed: Cell<usize>,
    in_flight: Cell<usize>,
    successes: Cell<usize>,
    resume_at: Cell<Option<SystemTime>>,
    waiting: RefCell<BTreeMap<Ticket, Waker>>,
    tickets: Cell<u64>,
}

/// One that waits at a gate, or has just been let in.
struct Queued<'g> {
    gate: &'g Gate,
    ticket: Ticket,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.gate.waiting.borrow_mut().remove(&self.ticket);
        // Whoever is next may have been told before this one came or went.
        self.gate.call();
    }
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
            tickets: Cell::new(0),
        }
    }

    fn is_open(&self) -> bool {
        self.in_flight.get() < self.allowed.get()
    }

    /// Tells the first that waits, if there is a place.
    fn call(&self) {
        if self.is_open()
            && let Some((_, waker)) = self.waiting.borrow().first_key_value()
        {
            waker.wake_by_ref();
        }
    }

    /// Waits for a place.
    async fn enter(self: &Rc<Self>, urgency: u64) -> Pass {
        self.tickets.set(self.tickets.get() + 1);
        let ticket = (Reverse(urgency), self.tickets.get());
        let queued = Queued { gate: self, ticket };
        poll_fn(|cx| {
            let mut waiting = self.waiting.borrow_mut();
            waiting.insert(ticket, cx.waker().clone());
            let first = waiting.first_key_value().is_some_and(|(first, _)| *first == ticket);
            if first && self.is_open() {
                self.in_flight.set(self.in_flight.get() + 1);
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
        drop(queued);
        Pass(Rc::clone(self))
    }
}

/// A place among the calls in flight; given back when dropped.
pub struct Pass(Rc<Gate>);

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.in_flight.set(self.0.in_flight.get().saturating_sub(1));
        self.0.call();
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
    pub async fn enter(&self, service: &str, urgency: u64) -> (Pass, Pass) {
        let gate = self.gate(service);
        let own = gate.enter(urgency).await;
        while let Some(at) = gate.resume_at.get() {
            match at.duration_since(self.clock.now()) {
                Ok(left) if !left.is_zero() => self.clock.sleep(left).await,
                _ => gate.resume_at.set(None),
            }
        }
        (own, self.overall.enter(urgency).await)
    }

    /// Waits for the token and the place of a call that changes something.
    pub async fn admit(&self, service: &str, urgency: u64) -> (Pass, Pass) {
        loop {
            // First the token: whoever waits for it keeps no place that a read could take.
            let paced = self.token(service, urgency).await;
            // Then a place, before all reads: tokens of calls that wait behind them would be used all at once.
            let passes = self.enter(service, if paced { AT_ONCE } else { urgency }).await;
            // Whoever came for a place before anybody knew of a rate takes a token now.
            if paced || !self.buckets.borrow().contains_key(service) {
                return passes;
            }
        }
    }

    /// Waits for a token, where the service's rate is known; whether it is.
    async fn token(&self, service: &str, urgency: u64) -> bool {
        if let Some((burst, rate)) = service::of(service).writes {
            let bucket = || Bucket::published(burst.into(), rate.into(), self.clock.now());
            self.buckets.borrow_mut().entry(service.to_owned()).or_insert_with(|| bucket().into());
        }
        let Some(turn) = self.buckets.borrow().get(service).map(|own| Rc::clone(&own.turn)) else {
            return false;
        };
        // One waits for the next token, and the others for their turn: the rate may change meanwhile.
        let _turn = turn.enter(urgency).await;
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
            gate.call();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use futures_util::future::join_all;

    use super::*;
    use crate::clock::VirtualClock;

    /// When each of these calls was let in, in milliseconds; those of a name are asked for at its time.
    fn admitted(service: &str, asked: &[(&'static str, u64, u64, usize)]) -> Vec<(&'static str, u128)> {
        let clock = VirtualClock::starting_at(UNIX_EPOCH);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let limits = Limits::new(Arc::clone(&shared));
        let log = RefCell::new(Vec::new());
        let calls = asked.iter().flat_map(|one| std::iter::repeat_n(one, one.3));
        let all = calls.map(|(name, at, urgency, _)| {
            let (limits, shared, log) = (&limits, &shared, &log);
            async move {
                shared.sleep(Duration::from_millis(*at)).await;
                let _passes = match name.starts_with("look") {
                    true => limits.enter(service, *urgency).await,
                    false => limits.admit(service, *urgency).await,
                };
                let now = shared.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
                log.borrow_mut().push((*name, now));
                shared.sleep(Duration::from_millis(50)).await;
            }
        });
        clock.block_on(join_all(all));
        log.into_inner()
    }

    fn when(log: &[(&str, u128)], name: &str) -> u128 {
        log.iter().find(|(one, _)| *one == name).map_or(u128::MAX, |(_, at)| *at)
    }

    /// 600 creates of a service that takes five a second were ready first: two minutes, and neither the look at what has begun
    /// nor the create of what everything else waits for is made to wait for them.
    #[test]
    fn the_urgent_do_not_wait_for_those_that_came_first() {
        let asked = [("quick", 0, 100, 600), ("look", 1_000, BEGUN + 9_000, 1), ("urgent", 2_000, 9_000, 1)];
        let log = admitted("logs", &asked);
        assert_eq!(log.len(), 602);
        assert_eq!(when(&log, "look"), 1_000);
        // At most the token that somebody waits for already goes first.
        assert!(when(&log, "urgent") <= 2_400, "{}", when(&log, "urgent"));
    }

    /// The same at the places of a service whose rate nobody knows.
    #[test]
    fn places_go_to_the_most_urgent() {
        let asked = [("quick", 0, 100, 2_000), ("urgent", 10, 9_000, 1), ("look", 10, BEGUN + 100, 1)];
        let log = admitted("iam", &asked);
        assert_eq!(log.len(), 2_002);
        assert!(when(&log, "look") <= 50 && when(&log, "urgent") <= 50, "{log:?}");
        let at = |name: &str| log.iter().position(|(one, _)| *one == name);
        assert!(at("look") < at("urgent"));
    }

    /// Nobody who gives up waiting takes a place with him.
    #[test]
    fn who_leaves_the_queue_leaves_no_hole() {
        let clock = VirtualClock::starting_at(UNIX_EPOCH);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let limits = Limits::new(Arc::clone(&shared));
        let ceiling = service::of("iam").ceiling;
        clock.block_on(async {
            let mut held = Vec::new();
            for _ in 0..ceiling {
                held.push(limits.enter("iam", 0).await);
            }
            let mut leaves = Box::pin(limits.enter("iam", 5));
            let mut stays = Box::pin(limits.enter("iam", 1));
            assert!(futures_util::poll!(&mut leaves).is_pending());
            assert!(futures_util::poll!(&mut stays).is_pending());
            held.pop();
            // It has been told of the place by now.
            drop(leaves);
            let _passes = stays.await;
        });
    }
}
