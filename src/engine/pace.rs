//! When to look next: readiness is seen soon after it is reached, and the time before costs few calls.

use std::time::Duration;

use crate::model::WaitPolicy;

/// The longest pause between two probes while the typical duration is still far: an object that has failed is seen by
/// then.
const LONGEST: Duration = Duration::from_secs(60);
/// So late readiness may be seen at most, of whatever is near its typical duration: this, or [`SHARE`] of the duration.
const SOON: Duration = Duration::from_secs(3);
/// One part in so many of the time that has passed.
const SHARE: u32 = 50;

/// The longest pause around the typical duration and after it; types that are looked at more often stay so.
fn gap(policy: &WaitPolicy, waited: Duration) -> Duration {
    policy.every.min(SOON.max(waited / SHARE))
}

/// The pause before the next look, `waited` after the wait began, for something that typically comes at `expected`:
/// halves the way to it, hits it, and goes on in small steps.
pub(super) fn pause(policy: &WaitPolicy, expected: Duration, waited: Duration) -> Duration {
    let left = expected.saturating_sub(waited);
    let gap = gap(policy, waited);
    if left <= gap / 4 {
        gap
    } else if left <= gap * 2 {
        left
    } else {
        (left / 2).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks until what comes at `ready` is seen: how many looks, and when.
    fn looks(policy: &WaitPolicy, ready: f64) -> (u32, f64) {
        let (mut waited, mut looks) = (Duration::ZERO, 0);
        while looks == 0 || waited.as_secs_f64() < ready {
            waited += pause(policy, policy.typical, waited);
            looks += 1;
        }
        (looks, waited.as_secs_f64())
    }

    /// How many looks the former rule made, which halved the way and then looked every `policy.every`.
    fn formerly(policy: &WaitPolicy, ready: f64) -> u32 {
        let (mut waited, mut looks) = (Duration::ZERO, 0);
        while looks == 0 || waited.as_secs_f64() < ready {
            let left = policy.typical.saturating_sub(waited);
            waited += (left / 2).clamp(policy.every, LONGEST.max(policy.every));
            looks += 1;
        }
        looks
    }

    #[test]
    fn readiness_is_seen_within_three_seconds_or_two_percent_at_no_more_calls() {
        for (typical, every) in
            [(430, 15), (360, 15), (150, 10), (100, 5), (90, 10), (60, 5), (240, 15), (30, 2)]
        {
            let policy = WaitPolicy::secs(typical, every, 3600);
            // Some per cent around what is typical.
            for percent in [99.0, 99.9, 100.0, 100.1, 101.0, 103.0] {
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let ready = typical as f64 * percent / 100.0;
                let (looks, seen) = looks(&policy, ready);
                assert!(
                    seen - ready <= f64::max(3.0, ready * 0.0201),
                    "{typical} s ready at {ready}: seen at {seen}"
                );
                let before = formerly(&policy, ready);
                assert!(
                    looks <= before + 2,
                    "{typical} s ready at {ready}: {looks} looks, formerly {before}"
                );
            }
        }
    }

    #[test]
    fn what_takes_much_longer_is_looked_at_as_often_as_the_policy_says() {
        let policy = WaitPolicy::secs(430, 15, 3600);
        assert_eq!(pause(&policy, policy.typical, Duration::from_secs(900)), policy.every);
        let quick = WaitPolicy::secs(1, 1, 120);
        assert_eq!(pause(&quick, quick.typical, Duration::ZERO), Duration::from_secs(1));
    }
}
