//! Alarms look at their metrics: states follow from points, so they are computed when somebody asks.

use serde_json::{Value as Json, json};

use super::{
    alarms::ALARMS,
    history,
    queries::{self, Series},
};
use crate::sandbox::World;

/// Brings the states of a region's alarms up to date.
pub(super) fn all(world: &mut World, region: &str) {
    let rows = world.rows_under(ALARMS, format!("{region}/"), None);
    let keys: Vec<String> = rows.map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        one(world, region, &key);
    }
}

/// Brings the state of one alarm up to date: it follows from its metrics alone, so nothing else has to be looked at.
pub(super) fn one(world: &mut World, region: &str, key: &str) {
    let Some((state, reason)) = changed(world, region, key) else { return };
    let now = world.now_secs();
    let Some(row) = world.get_mut(ALARMS, key) else { return };
    let old = row["StateValue"].as_str().unwrap_or_default().to_owned();
    let name = row["AlarmName"].as_str().unwrap_or_default().to_owned();
    row["StateValue"] = json!(state);
    row["StateReason"] = json!(reason);
    row["StateUpdatedTimestamp"] = json!(now);
    row["StateTransitionedTimestamp"] = json!(now);
    history::note(world, region, &name, "StateUpdate", &format!("Alarm updated from {old} to {state}"));
}

/// The state an alarm has now, whoever asks.
pub fn state_of(world: &World, region: &str, name: &str) -> Option<String> {
    let key = format!("{region}/{name}");
    let kept = world.get(ALARMS, &key)?["StateValue"].as_str().unwrap_or_default();
    Some(changed(world, region, &key).map_or_else(|| kept.to_owned(), |(state, _)| state.to_owned()))
}

/// The state that an alarm should show and does not yet.
fn changed(world: &World, region: &str, key: &str) -> Option<(&'static str, String)> {
    let alarm = world.get(ALARMS, key).filter(|row| row["_kind"] == "MetricAlarm")?;
    if alarm["_held"].as_f64().is_some_and(|until| until > world.now_secs()) {
        return None;
    }
    state(world, region, alarm).filter(|(state, _)| alarm["StateValue"] != *state)
}

/// The period and the series an alarm watches, and the series of its threshold if that is computed.
fn watched(world: &World, region: &str, alarm: &Json, now: f64) -> Option<(i64, Series, Option<Series>)> {
    let periods = alarm["EvaluationPeriods"].as_i64()?;
    let from = |period: i64| now - f64::from(i32::try_from(period * (periods + 2)).unwrap_or(i32::MAX));
    if alarm["MetricName"].is_string() {
        let period = alarm["Period"].as_i64()?;
        let stat = json!({
            "Metric": {
                "Namespace": alarm["Namespace"], "MetricName": alarm["MetricName"],
                "Dimensions": alarm["Dimensions"],
            },
            "Period": period, "Unit": alarm["Unit"],
            "Stat": if alarm["Statistic"].is_string() { &alarm["Statistic"] } else { &alarm["ExtendedStatistic"] },
        });
        return Some((period, queries::series(world, region, &stat, (from(period), now), false), None));
    }
    let metrics = alarm["Metrics"].as_array()?;
    let period = metrics.iter().find_map(|query| query["MetricStat"]["Period"].as_i64()).unwrap_or(60);
    let known = queries::solve(world, region, metrics, (from(period), now), false).ok()?;
    let limit = alarm["ThresholdMetricId"].as_str();
    let main = metrics.iter().find(|q| q["ReturnData"] != false && limit.is_none_or(|id| q["Id"] != id))?;
    let series = known.get(main["Id"].as_str()?)?.clone();
    Some((period, series, limit.and_then(|id| known.get(id).cloned())))
}

fn breaches(operator: &str, value: f64, limit: f64) -> bool {
    match operator {
        "GreaterThanOrEqualToThreshold" => value >= limit,
        "LessThanThreshold" | "LessThanLowerThreshold" => value < limit,
        "LessThanOrEqualToThreshold" => value <= limit,
        _ => value > limit,
    }
}

/// The state that follows from the last periods; `None` leaves it as it is.
fn state(world: &World, region: &str, alarm: &Json) -> Option<(&'static str, String)> {
    let now = world.now_secs();
    let (period, series, limits) = watched(world, region, alarm, now + 0.001)?;
    let periods = alarm["EvaluationPeriods"].as_i64()?;
    let needed = alarm["DatapointsToAlarm"].as_i64().unwrap_or(periods);
    let operator = alarm["ComparisonOperator"].as_str()?;
    #[expect(clippy::cast_possible_truncation, reason = "seconds since the epoch")]
    let mut current = (now as i64).div_euclid(period) * period;
    if !series.contains_key(&current) {
        // The period under way has time left for its point.
        current -= period;
    }
    let slots = || (0..periods).map(|back| current - back * period);
    let limit =
        |at: i64| limits.as_ref().map_or(alarm["Threshold"].as_f64(), |series| series.get(&at).copied());
    let missing = slots().filter(|at| !series.contains_key(at)).count();
    let mut breaching = 0;
    for at in slots() {
        match (series.get(&at), limit(at)) {
            (Some(value), Some(limit)) => breaching += i64::from(breaches(operator, *value, limit)),
            _ => breaching += i64::from(alarm["TreatMissingData"] == "breaching"),
        }
    }
    let nothing = usize::try_from(periods).is_ok_and(|all| missing == all);
    match alarm["TreatMissingData"].as_str().unwrap_or("missing") {
        "missing" if nothing => {
            Some(("INSUFFICIENT_DATA", "Insufficient Data: no datapoints were received.".to_owned()))
        }
        "ignore" if nothing => None,
        _ if breaching >= needed => Some((
            "ALARM",
            format!("Threshold Crossed: {breaching} out of the last {periods} datapoints were breaching."),
        )),
        _ => Some(("OK", "Threshold Crossed: datapoints were not breaching.".to_owned())),
    }
}
