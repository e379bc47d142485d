//! Reads that do not answer are made again: a read has no effect. Every read of the engine goes through here, whether a
//! run makes it, recovery, a refresh or an operation, so all of them have the same patience and keep within the limits.

use std::time::{Duration, SystemTime};

use tracing::{Instrument as _, debug_span};

use super::limit::{AT_ONCE, Limits};
use crate::{
    aws::{Certainty, Cloud, OpError},
    clock::Clock,
};

/// Unknown outcomes or failed reads in a row before a step gives up.
pub(super) const STRIKES: u32 = 6;

/// Pause before the `attempt`-th repetition of something that failed: 1, 2, 4, 8, then 15 seconds.
pub(super) fn backoff(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.saturating_sub(1).min(4)).min(Duration::from_secs(15))
}

/// How long reads are made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patience {
    /// So many lost answers and errors of AWS in a row are too many.
    strikes: u32,
    /// For so long AWS may ask to slow down.
    throttled: Duration,
}

impl Patience {
    /// In a run, before it and around it: whoever gives up leaves something open.
    pub const RUN: Self = Self { strikes: STRIKES, throttled: Duration::from_secs(15 * 60) };
    /// Where somebody waits for a report, and what could not be read is a line of it.
    pub const REPORT: Self = Self { throttled: Duration::from_secs(5 * 60), ..Self::RUN };

    /// How long calls of a verb are throttled before they fail, too.
    pub const fn throttled(self) -> Duration {
        self.throttled
    }
}

/// Failures of one question in a row.
#[derive(Debug)]
pub(super) struct Failures {
    patience: Patience,
    /// All of them.
    pub count: u32,
    /// Those that were no throttle.
    strikes: u32,
    /// When the first was, and how long calls had waited for credentials by then.
    since: Option<(SystemTime, Duration)>,
}

impl Failures {
    pub fn new(patience: Patience) -> Self {
        Self { patience, count: 0, strikes: 0, since: None }
    }

    /// An answer came.
    pub fn over(&mut self) {
        *self = Self::new(self.patience);
    }

    /// One more: how long to pause before the next question; `None` if it will not get better.
    pub fn another(&mut self, error: &OpError, now: SystemTime, paused: Duration) -> Option<Duration> {
        let (since, before) = *self.since.get_or_insert((now, paused));
        self.count += 1;
        if error.is_throttle() {
            // Waiting for credentials is nobody's throttling.
            let waited = now.duration_since(since).unwrap_or_default();
            let waited = waited.saturating_sub(paused.saturating_sub(before));
            return (waited < self.patience.throttled).then(|| backoff(self.count));
        }
        self.strikes += 1;
        // Only a rejection is final.
        let passes = error.certainty == Certainty::Unknown && self.strikes < self.patience.strikes;
        passes.then(|| backoff(self.count))
    }
}

/// Whoever wants to know how a read goes.
pub(super) trait Watch {
    /// How urgent it is: what belongs to no step is little, and others wait for it.
    fn urgency(&self) -> u64 {
        AT_ONCE
    }

    /// It waited so long for a place among the calls in flight.
    fn queued(&self, _time: Duration) {}

    /// The error as it may be shown.
    fn clean(&self, error: OpError) -> OpError {
        error
    }

    /// It is made again after that pause; `failed` times it had no answer.
    fn again(&self, _error: &OpError, _failed: u32, _pause: Duration) {}
}

/// Nobody.
pub(super) struct Unwatched;

impl Watch for Unwatched {}

/// What makes reads.
pub(super) struct Reads<'r> {
    pub cloud: &'r Cloud,
    pub clock: &'r dyn Clock,
    pub limits: &'r Limits,
    pub patience: Patience,
}

impl Reads<'_> {
    /// Makes a read until it answers.
    pub async fn ask<T>(
        &self,
        service: &str,
        watch: &impl Watch,
        read: impl AsyncFn() -> Result<T, OpError>,
    ) -> Result<T, OpError> {
        let mut failures = Failures::new(self.patience);
        loop {
            let queued = self.clock.now();
            let passes = self.limits.enter(service, watch.urgency()).await;
            watch.queued(self.clock.now().duration_since(queued).unwrap_or_default());
            let answer = read().instrument(debug_span!("read", attempt = failures.count + 1)).await;
            drop(passes);
            let error = match answer {
                Ok(value) => {
                    self.limits.succeeded(service);
                    return Ok(value);
                }
                Err(error) => watch.clean(error),
            };
            let Some(pause) = failures.another(&error, self.clock.now(), self.cloud.paused()) else {
                return Err(error);
            };
            if error.is_throttle() {
                self.limits.throttled(service, pause);
            }
            watch.again(&error, failures.count, pause);
            self.clock.sleep(pause).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, certainty: Certainty) -> OpError {
        OpError { code: Some(code.into()), certainty, ..OpError::not_sent("DescribeVpcs", "m") }
    }

    #[test]
    fn throttling_is_outwaited_by_the_clock_and_everything_else_counted() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let throttle = error("Throttling", Certainty::Rejected);
        let lost = error("InternalFailure", Certainty::Unknown);
        let none = Duration::ZERO;
        let mut failures = Failures::new(Patience::RUN);
        for minute in 0..15 {
            assert!(failures.another(&throttle, at(minute * 60), none).is_some(), "minute {minute}");
        }
        // Throttles are no strikes, and time that went into waiting for credentials does not count.
        assert!(failures.another(&lost, at(900), none).is_some());
        assert!(failures.another(&throttle, at(900), Duration::from_secs(60)).is_some());
        assert_eq!(failures.another(&throttle, at(900), none), None);
        failures.over();
        for strike in 1..STRIKES {
            assert_eq!(failures.another(&lost, at(1000), none), Some(backoff(strike)));
        }
        assert_eq!(failures.another(&lost, at(1000), none), None);
        failures.over();
        assert_eq!(failures.another(&error("AccessDenied", Certainty::Rejected), at(2000), none), None);
        assert_eq!(failures.another(&error("x", Certainty::NotSent), at(2000), none), None);
    }
}
