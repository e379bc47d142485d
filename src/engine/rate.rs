//! At which rate calls that change something may be made.
//!
//! AWS limits requests with token buckets ("Request throttling for the Amazon EC2 API", EC2 Developer Guide; CloudWatch
//! Logs quotas; CloudWatch quotas). So does this side: a call takes a token before it is made, and where there is none it
//! waits for its own, so that calls are spread and do not all collide with the same empty bucket. Most services publish no
//! rate. Theirs is learned: a throttled call says that the bucket is empty, and what goes through between two such moments
//! is what flows into it.

use std::time::{Duration, SystemTime};

/// Calls per second at least, however often a service asks to slow down.
const SLOWEST: f64 = 0.5;
/// Calls per second after the first throttled call, until the rate is known: what AWS publishes for most of EC2's actions
/// that change something.
const FIRST: f64 = 5.0;
/// Each call that goes through meanwhile makes the next ones so much faster.
const SEARCH: f64 = 1.1;
/// The same once the rate was measured: it may rise again.
const CREEP: f64 = 1.002;
/// Of a measured rate: calls do not arrive as evenly as they are made.
const SAFE: f64 = 0.99;
/// Throttled calls within this time tell of one moment.
const MOMENT: Duration = Duration::from_millis(500);
/// Fewer calls between two moments measure nothing.
const ENOUGH: u32 = 4;

/// How a rate is known.
#[derive(Debug, Clone, Copy)]
enum Known {
    /// AWS publishes it.
    Published,
    /// From throttled calls: when the bucket was last empty, how many calls went through since, whether it was measured.
    Learned { empty: SystemTime, granted: u32, measured: bool },
}

/// A bucket as we believe it is on AWS's side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    burst: f64,
    rate: f64,
    /// What AWS publishes; a rate that is learned has no bound.
    most: f64,
    level: f64,
    at: SystemTime,
    known: Known,
}

impl Bucket {
    /// One whose size and rate are known.
    pub(super) fn published(burst: f64, rate: f64, now: SystemTime) -> Self {
        Self { burst, rate, most: rate, level: burst, at: now, known: Known::Published }
    }

    /// One of which a throttled call told just now.
    pub(super) fn learned(now: SystemTime) -> Self {
        let known = Known::Learned { empty: now, granted: 0, measured: false };
        Self { burst: 1.0, rate: FIRST, most: f64::INFINITY, level: 0.0, at: now, known }
    }

    fn refill(&mut self, now: SystemTime) {
        let passed = now.duration_since(self.at).unwrap_or_default().as_secs_f64();
        self.level = (self.level + passed * self.rate).min(self.burst);
        self.at = now;
    }

    /// Takes the next token, and says how long it is until that is there.
    pub(super) fn take(&mut self, now: SystemTime) -> Duration {
        self.refill(now);
        self.level -= 1.0;
        Duration::from_secs_f64((-self.level / self.rate).max(0.0))
    }

    /// A call went through.
    pub(super) fn granted(&mut self, now: SystemTime) {
        let Known::Learned { granted, measured, .. } = &mut self.known else { return };
        *granted += 1;
        let faster = if *measured { CREEP } else { SEARCH };
        self.refill(now);
        self.rate = (self.rate * faster).min(self.most);
    }

    /// It was empty when we thought it was not.
    pub(super) fn was_empty(&mut self, now: SystemTime) {
        self.refill(now);
        self.level = self.level.min(0.0);
        match &mut self.known {
            // Somebody else calls too, or ours came in a bunch: what flows in for us is measured from now on, and rises again.
            Known::Published => {
                self.burst = 1.0;
                self.known = Known::Learned { empty: now, granted: 0, measured: true };
            }
            Known::Learned { empty, granted, measured } => {
                let passed = now.duration_since(*empty).unwrap_or_default();
                if passed < MOMENT {
                    return;
                }
                self.rate = if *granted >= ENOUGH {
                    *measured = true;
                    f64::from(*granted) / passed.as_secs_f64() * SAFE
                } else {
                    self.rate * 0.7
                };
                self.rate = self.rate.clamp(SLOWEST, self.most);
                (*empty, *granted) = (now, 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::{Cell, RefCell},
        sync::Arc,
    };

    use super::*;
    use crate::{
        clock::{Clock, VirtualClock},
        engine::limit::Limits,
        resources::service,
    };

    /// Makes so many calls at once against a bucket on the other side; how many were throttled, and when the last went
    /// through.
    fn run(service: &str, calls: usize, (burst, rate): (f64, f64)) -> (usize, f64) {
        run_from(service, calls, Bucket::published(burst, rate, SystemTime::UNIX_EPOCH))
    }

    /// The same where the bucket on the other side is as it is.
    fn run_from(service: &str, calls: usize, theirs: Bucket) -> (usize, f64) {
        let clock = VirtualClock::starting_at(SystemTime::UNIX_EPOCH);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let limits = Limits::new(Arc::clone(&shared));
        let began = shared.now();
        let theirs = RefCell::new(theirs);
        let throttled = Cell::new(0);
        let all = (0..calls).map(|number| {
            let (limits, theirs, throttled, shared) = (&limits, &theirs, &throttled, &shared);
            async move {
                loop {
                    let _passes = limits.admit(service, 0).await;
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
                        limits.granted(service);
                        return;
                    }
                    throttled.set(throttled.get() + 1);
                    limits.overdrawn(service);
                }
            }
        });
        clock.block_on(futures_util::future::join_all(all));
        (throttled.get(), shared.now().duration_since(began).unwrap_or_default().as_secs_f64())
    }

    #[test]
    fn published_rates_are_used_up_and_not_overdrawn() {
        let (throttled, seconds) = run("logs", 60, (10.0, 5.0));
        assert_eq!(throttled, 0);
        // Fifty calls at five a second after the first ten.
        assert!(seconds <= 10.0 * 1.1, "{seconds} s");
    }

    /// 5.9 times what the rate allows, where every throttled call of the first moment slowed all later ones down for good.
    #[test]
    fn a_bucket_that_others_had_emptied_costs_a_moment_and_not_the_rate() {
        let mut empty = Bucket::published(10.0, 3.0, SystemTime::UNIX_EPOCH);
        empty.level = 0.0;
        let (throttled, seconds) = run_from("cloudwatch", 600, empty);
        assert!(seconds <= 600.0 / 3.0 * 1.05, "{seconds} s, {throttled} throttled");
    }

    #[test]
    fn a_rate_that_nobody_publishes_is_learned() {
        for (service, calls, burst, rate) in [
            ("ec2", 250, 50.0, 10.0),
            ("iam", 200, 20.0, 15.0),
            ("rds", 100, 30.0, 2.0),
            ("ec2", 120, 50.0, 5.0),
            ("ec2", 2_000, 50.0, 10.0),
        ] {
            let (throttled, seconds) = run(service, calls, (burst, rate));
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let bound = (calls as f64 - burst) / rate;
            assert!(seconds <= bound * 1.1, "{service} {calls}: {seconds} s, the rate allows {bound} s");
            // Those that were in flight when the bucket was found empty, and one now and then.
            let most = 2 * service::of(service).ceiling + calls / 20;
            assert!(throttled <= most, "{service} {calls}: {throttled} throttled");
        }
    }
}
