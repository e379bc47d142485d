//! Request rate limits: token buckets per service, on the sandbox's clock.

use std::collections::BTreeMap;

use crate::sandbox::Kind;

/// One bucket: its size, and how many tokens come back in a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Calls that may come at once.
    pub burst: f64,
    /// Calls per second in the long run.
    pub rate: f64,
}

/// Limits by service: `(for all calls, for calls that change something)`.
#[derive(Debug, Clone, Default)]
pub struct Throttles {
    limits: BTreeMap<&'static str, (Option<Bucket>, Option<Bucket>)>,
    levels: BTreeMap<(&'static str, bool), (f64, i64)>,
    /// Whether operations that carry data have limits of their own.
    data: bool,
}

/// Operations that carry data: AWS lets through far more of them than of those that change settings. Quotas of
/// CloudWatch (PutMetricData 500 a second, GetMetricData 50) and CloudWatch Logs (PutLogEvents 5,000 a second,
/// FilterLogEvents 10, GetLogEvents 25).
const DATA: &[(&str, &str, f64)] = &[
    ("cloudwatch", "GetMetricData", 50.0),
    ("cloudwatch", "PutMetricData", 500.0),
    ("logs", "FilterLogEvents", 10.0),
    ("logs", "GetLogEvents", 25.0),
    ("logs", "PutLogEvents", 5_000.0),
];

impl Throttles {
    /// No limits.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// What AWS does, approximately and on the generous side.
    #[must_use]
    pub fn aws() -> Self {
        let mut limits = BTreeMap::new();
        let writes = |burst, rate| (None, Some(Bucket { burst, rate }));
        limits.insert("route53", (Some(Bucket { burst: 5.0, rate: 5.0 }), None));
        limits.insert(
            "ec2",
            (Some(Bucket { burst: 100.0, rate: 20.0 }), Some(Bucket { burst: 50.0, rate: 10.0 })),
        );
        limits.insert("iam", writes(20.0, 15.0));
        limits.insert("rds", writes(30.0, 15.0));
        limits.insert("dms", writes(30.0, 15.0));
        limits.insert("elbv2", writes(40.0, 10.0));
        limits.insert("ecs", writes(20.0, 10.0));
        limits.insert("cloudwatch", writes(10.0, 3.0));
        limits.insert("logs", writes(10.0, 5.0));
        Self { limits, levels: BTreeMap::new(), data: true }
    }

    /// Sets one service's limits.
    #[must_use]
    pub fn with(mut self, service: &'static str, all: Option<Bucket>, writes: Option<Bucket>) -> Self {
        self.limits.insert(service, (all, writes));
        self
    }

    /// Takes a token; false means the call is throttled. `now` in milliseconds.
    pub fn admit(&mut self, service: &'static str, operation: &str, kind: Kind, now: i64) -> bool {
        let own = DATA.iter().find(|(of, name, _)| self.data && *of == service && *name == operation);
        if let Some(&(_, name, rate)) = own {
            return self.take(&[((name, false), Bucket { burst: rate, rate })], now);
        }
        let Some(&(all, writes)) = self.limits.get(service) else { return true };
        let writes = writes.filter(|_| kind == Kind::Write);
        let buckets = [(false, all), (true, writes)];
        let buckets: Vec<_> =
            buckets.iter().filter_map(|(write, bucket)| Some(((service, *write), (*bucket)?))).collect();
        self.take(&buckets, now)
    }

    /// Takes a token from each bucket, or from none.
    fn take(&mut self, buckets: &[((&'static str, bool), Bucket)], now: i64) -> bool {
        let mut taken = Vec::new();
        for &(key, bucket) in buckets {
            let (level, at) = self.levels.get(&key).copied().unwrap_or((bucket.burst, now));
            #[expect(clippy::cast_precision_loss, reason = "differences of milliseconds are small")]
            let level = (level + (now - at).max(0) as f64 / 1000.0 * bucket.rate).min(bucket.burst);
            self.levels.insert(key, (level, now));
            if level < 1.0 {
                return false;
            }
            taken.push((key, level));
        }
        for (key, level) in taken {
            self.levels.insert(key, (level - 1.0, now));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_empty_and_fill_again() {
        let mut throttles = Throttles::aws();
        let mut at = |kind, now| throttles.admit("route53", "GetChange", kind, now);
        assert!((0..5).all(|_| at(Kind::Read, 0)));
        assert!(!at(Kind::Write, 0));
        assert!(at(Kind::Write, 250));
        assert!(!at(Kind::Read, 250));
        assert!(Throttles::none().admit("route53", "GetChange", Kind::Read, 0));
    }

    #[test]
    fn data_flows_faster_than_settings_change() {
        let mut throttles = Throttles::aws();
        assert!((0..400).all(|_| throttles.admit("cloudwatch", "PutMetricData", Kind::Write, 0)));
        assert!((0..10).all(|_| throttles.admit("cloudwatch", "PutMetricAlarm", Kind::Write, 0)));
        assert!(!throttles.admit("cloudwatch", "PutMetricAlarm", Kind::Write, 0));
        assert!((0..5_000).all(|_| throttles.admit("logs", "PutLogEvents", Kind::Write, 0)));
        assert!(!throttles.admit("logs", "PutLogEvents", Kind::Write, 0));
    }
}
