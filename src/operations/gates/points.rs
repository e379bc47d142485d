//! Points of metrics: fresh, consecutive, complete, or why not.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::samples::{Reading, Samples, Series, Verdict};

/// How old the newest minute may be, counted from its end, in seconds.
const FRESH: i64 = 180;

/// The last `count` minutes of a metric: consecutive, complete and fresh, or why not.
pub(super) fn recent(
    series: Option<&Series>,
    samples: &Samples,
    count: usize,
) -> Result<Vec<(i64, f64)>, String> {
    let Some(series) = series.filter(|series| !series.points.is_empty()) else {
        return Err("no data".into());
    };
    if !series.complete {
        return Err("CloudWatch's answer is only partial".into());
    }
    let fresh: Vec<(i64, f64)> = series
        .points
        .iter()
        .copied()
        .filter(|(at, _)| samples.since.is_none_or(|since| *at >= since))
        .collect();
    let last = &fresh[fresh.len().saturating_sub(count)..];
    if last.len() < count {
        return Err(format!("{} of {count} points", last.len()));
    }
    if last.windows(2).any(|pair| pair[1].0 - pair[0].0 != 60) {
        return Err(format!("a minute is missing in the last {count}"));
    }
    let age = last.last().map_or(i64::MAX, |(at, _)| samples.now - at - 60);
    if age > FRESH {
        return Err(format!("the newest point is {age} s old"));
    }
    Ok(last.to_vec())
}

pub(super) fn worst(points: &[(i64, f64)]) -> f64 {
    let values = points.iter().map(|(_, value)| *value);
    // The maximum of nothing but NaN would be the smallest number.
    if values.clone().any(f64::is_nan) { f64::NAN } else { values.fold(f64::MIN, f64::max) }
}

pub(super) fn reading(gate: &str, verdict: Verdict, summary: impl Into<String>, samples: Json) -> Reading {
    Reading { gate: gate.to_owned(), verdict, summary: summary.into(), samples }
}

pub(super) fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    let more = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

pub(super) fn by_metric(
    gate: &str,
    names: &[&str],
    samples: &Samples,
    count: usize,
    limit: f64,
    unit: &str,
) -> Reading {
    let (mut verdict, mut words) = (Verdict::Open, Vec::new());
    let mut seen = BTreeMap::new();
    for name in names {
        let series = samples.metrics.get(*name);
        seen.insert((*name).to_owned(), json!(series.map(|series| &series.points)));
        match recent(series, samples, count) {
            Ok(points) => {
                let most = worst(&points);
                let fits = most.is_finite() && most <= limit;
                verdict = verdict.max(if fits { Verdict::Open } else { Verdict::Closed });
                words.push(format!("{name} {most:.1}{unit}"));
            }
            Err(why) => {
                verdict = verdict.max(Verdict::Unknown);
                words.push(format!("{name}: {why}"));
            }
        }
    }
    let newest =
        names.iter().filter_map(|name| samples.metrics.get(*name)?.points.last()).map(|(at, _)| *at).min();
    let age = newest.map_or(Json::Null, |at| json!(samples.now - at - 60));
    let samples =
        json!({"limit": limit, "points": count, "newest_age_s": age, "since": samples.since, "values": seen});
    reading(gate, verdict, format!("{}; limit {limit:.0}{unit}, {count} points", words.join(", ")), samples)
}
