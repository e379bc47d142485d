//! Gates of what serves: alarms, targets, errors, health checks.

use serde_json::json;

use super::{
    points::{listed, reading, recent},
    samples::{Reading, Samples, Series, Verdict},
};

pub(super) fn alarms(samples: &Samples) -> Reading {
    let not_ok: Vec<String> = samples
        .alarms
        .iter()
        .filter(|(_, state)| state != "OK")
        .map(|(name, state)| format!("{name} {state}"))
        .collect();
    let seen = json!(samples.alarms);
    if not_ok.is_empty() {
        return reading("alarms", Verdict::Open, format!("{} OK", samples.alarms.len()), seen);
    }
    let alarm = samples.alarms.iter().any(|(_, state)| state == "ALARM");
    reading("alarms", if alarm { Verdict::Closed } else { Verdict::Unknown }, listed(&not_ok), seen)
}

pub(super) fn target_health(samples: &Samples) -> Reading {
    let seen = json!(samples.services);
    if samples.services.is_empty() {
        return reading("target-health", Verdict::Unknown, "no service of the target is known", seen);
    }
    let wrong: Vec<String> = samples
        .services
        .iter()
        .filter(|s| {
            s.desired == 0
                || s.running < s.desired
                || s.rollout != "COMPLETED"
                || s.healthy < s.targets
                || (s.targets > 0 && s.healthy < s.desired)
        })
        .map(|s| {
            format!(
                "{}: {} of {} run, {} of {} healthy, rollout {}",
                s.name, s.running, s.desired, s.healthy, s.targets, s.rollout
            )
        })
        .collect();
    if wrong.is_empty() {
        let healthy: i64 = samples.services.iter().map(|service| service.healthy).sum();
        return reading("target-health", Verdict::Open, format!("{healthy} healthy"), seen);
    }
    reading("target-health", Verdict::Closed, wrong.join("; "), seen)
}

/// How many minutes of a health check are looked at.
const CHECKED: usize = 3;

/// The checks' own metric: 1 is healthy. `GetHealthCheckStatus` is for diagnosis only, says its documentation, because not
/// all checkers' states count: https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHealthCheckStatus.html
pub(super) fn route53_health(samples: &Samples) -> Reading {
    let seen = json!(samples.checks);
    if samples.checks.is_empty() {
        return reading("route53-health", Verdict::Open, "no operated record has a health check", seen);
    }
    let (mut verdict, mut words) = (Verdict::Open, Vec::new());
    for (check, series) in &samples.checks {
        match recent(Some(series), samples, CHECKED) {
            Ok(points) if points.iter().all(|(_, value)| *value >= 1.0) => {
                words.push(format!("{check} healthy"));
            }
            Ok(_) => {
                verdict = verdict.max(Verdict::Closed);
                words.push(format!("{check} unhealthy"));
            }
            Err(why) => {
                verdict = verdict.max(Verdict::Unknown);
                words.push(format!("{check}: {why}"));
            }
        }
    }
    reading("route53-health", verdict, words.join(", "), seen)
}

/// The largest share of errors, in percent, and the fewest requests that say anything.
const ERRORS_PERCENT: f64 = 1.0;
const REQUESTS: f64 = 100.0;

/// Both metrics are reported only when they are not zero, so a minute without an error is 0 only if it has requests:
/// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
pub(super) fn errors(samples: &Samples, minutes: usize) -> Reading {
    let seen = json!(samples.errors);
    if samples.errors.is_empty() {
        return reading("errors", Verdict::Open, "no load balancer is in front of the target", seen);
    }
    let from = samples.now / 60 * 60 - 60 * (i64::try_from(minutes).unwrap_or(5) + 2);
    let (mut verdict, mut words) = (Verdict::Open, Vec::new());
    for one in &samples.errors {
        let sum = |series: &Series| {
            let late = series.points.iter().filter(|(at, _)| *at >= from);
            // The sum of nothing is -0.
            late.map(|(_, value)| *value).sum::<f64>() + 0.0
        };
        let (requests, errors) = (sum(&one.requests), sum(&one.errors));
        let complete = one.requests.complete && one.errors.complete;
        let share = errors / requests * 100.0;
        let (said, text) = if !complete {
            (Verdict::Unknown, "CloudWatch's answer is only partial".to_owned())
        } else if requests < REQUESTS {
            (
                Verdict::Unknown,
                format!("{requests:.0} requests are too few to tell; {REQUESTS:.0} are needed"),
            )
        } else {
            let fits = share.is_finite() && share <= ERRORS_PERCENT;
            let words = format!("{share:.2} % of {requests:.0} requests; limit {ERRORS_PERCENT:.0} %");
            (if fits { Verdict::Open } else { Verdict::Closed }, words)
        };
        verdict = verdict.max(said);
        words.push(format!("{}: {text}", one.group));
    }
    reading("errors", verdict, words.join("; "), seen)
}
