//! Alarms and their states.

use std::{collections::BTreeSet, ops::Bound};

use serde_json::{Value as Json, json};

use super::{composite, evaluate, history};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Alarms by region and name; metric and composite alarms share their names.
pub(super) const ALARMS: &str = "cloudwatch.alarm";

fn key(rq: &Request<'_>, name: &str) -> String {
    format!("{}/{name}", rq.region)
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("ValidationError", message)
}

fn combination(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterCombination", message)
}

fn not_found() -> Fault {
    Fault::new("ResourceNotFound", "Alarm does not exist").status(404)
}

/// The rules that the model cannot state.
fn check(rq: &Request<'_>) -> Result<(), Fault> {
    let has = |member: &str| !rq.get(member).is_null();
    let kinds = [has("MetricName"), has("Metrics"), has("EvaluationCriteria")];
    if kinds.iter().filter(|kind| **kind).count() != 1 {
        return Err(invalid("Exactly one of MetricName, Metrics and EvaluationCriteria must be specified"));
    }
    if has("EvaluationCriteria") {
        return Ok(());
    }
    for member in ["ComparisonOperator", "EvaluationPeriods"] {
        if !has(member) {
            return Err(invalid(format!("{member} must be specified")));
        }
    }
    if has("Threshold") == has("ThresholdMetricId") {
        return Err(invalid("Exactly one of Threshold and ThresholdMetricId must be specified"));
    }
    let periods = rq.int("EvaluationPeriods").unwrap_or(1);
    if rq.int("DatapointsToAlarm").is_some_and(|points| points > periods) {
        return Err(invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods"));
    }
    let treat = rq.opt("TreatMissingData");
    if treat.is_some_and(|t| !["breaching", "notBreaching", "ignore", "missing"].contains(&t)) {
        return Err(Fault::new("InvalidParameterValue", "The value for TreatMissingData is invalid"));
    }
    if has("MetricName") {
        if has("Statistic") == has("ExtendedStatistic") {
            return Err(combination("Exactly one of Statistic and ExtendedStatistic must be specified"));
        }
        // moto's test_put_metric_alarm_error_extended_statistic and …_low_sample_count_percentile have the words.
        let named = |text: &str| {
            ["p", "tm", "wm", "tc", "ts", "TM", "WM", "TC", "TS", "PR", "IQM"]
                .iter()
                .any(|start| text.starts_with(start))
        };
        if let Some(text) = rq.opt("ExtendedStatistic").filter(|text| !named(text)) {
            let message = format!("The value {text} for parameter ExtendedStatistic is not supported.");
            return Err(Fault::new("InvalidParameterValue", message));
        }
        let low = rq
            .opt("EvaluateLowSampleCountPercentile")
            .filter(|how| !["", "evaluate", "ignore"].contains(how));
        if let Some(how) = low {
            return Err(invalid(format!(
                "Option {how} is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are \
                 evaluate and ignore."
            )));
        }
        if !has("Namespace") || !has("Period") {
            return Err(invalid("Namespace and Period must be specified with MetricName"));
        }
        let period = rq.int("Period").unwrap_or(60);
        if !(period == 10 || period == 20 || period == 30 || period % 60 == 0) {
            return Err(invalid("Period must be 10, 20, 30 or a multiple of 60"));
        }
        let span = period * periods;
        let most = if period >= 3600 { 604_800 } else { 86_400 };
        if span > most {
            return Err(invalid(
                "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) \
                 unless the period is one hour or more",
            ));
        }
    } else {
        math(rq)?;
    }
    Ok(())
}

fn math(rq: &Request<'_>) -> Result<(), Fault> {
    for member in ["Namespace", "Dimensions", "Period", "Statistic", "ExtendedStatistic", "Unit"] {
        if !rq.get(member).is_null() {
            return Err(combination(format!("{member} cannot be specified together with Metrics")));
        }
    }
    let mut ids = std::collections::BTreeSet::new();
    let mut returning = 0;
    for query in rq.list("Metrics") {
        if query["Expression"].is_null() == query["MetricStat"].is_null() {
            return Err(invalid("Each query needs exactly one of Expression and MetricStat"));
        }
        if !ids.insert(query["Id"].as_str().unwrap_or_default()) {
            return Err(invalid("The ids of metric queries must be unique"));
        }
        let threshold = rq.opt("ThresholdMetricId").is_some_and(|id| query["Id"] == id);
        returning += usize::from(query["ReturnData"] != false && !threshold);
    }
    if returning != 1 {
        return Err(invalid("Exactly one element of the metrics list should return data."));
    }
    if rq.opt("ThresholdMetricId").is_some_and(|id| !ids.contains(id)) {
        return Err(invalid("ThresholdMetricId must be the id of one of the queries"));
    }
    Ok(())
}

/// Stores what was sent. Tags count only when the alarm is new.
fn store(world: &mut World, rq: &Request<'_>, kind: &str) {
    let name = rq.text("AlarmName");
    let key = key(rq, name);
    let old = world.get(ALARMS, &key).cloned();
    let mut row = rq.input.clone();
    let tags = row.as_object_mut().and_then(|all| all.remove("Tags")).unwrap_or_else(|| json!([]));
    for list in ["AlarmActions", "OKActions", "InsufficientDataActions"] {
        if row[list].is_null() {
            row[list] = json!([]);
        }
    }
    if kind == "MetricAlarm" && row["Dimensions"].is_null() && !row["MetricName"].is_null() {
        row["Dimensions"] = json!([]);
    }
    for query in row.get_mut("Metrics").and_then(Json::as_array_mut).into_iter().flatten() {
        if query["ReturnData"].is_null() {
            query["ReturnData"] = json!(true);
        }
    }
    if row["ActionsEnabled"].is_null() {
        row["ActionsEnabled"] = json!(true);
    }
    let now = world.now_secs();
    row["AlarmArn"] = json!(world.arn("cloudwatch", rq.region, &format!("alarm:{name}")));
    row["AlarmConfigurationUpdatedTimestamp"] = json!(now);
    row["_kind"] = json!(kind);
    row["_region"] = json!(rq.region);
    match &old {
        Some(old) => {
            for member in [
                "StateValue",
                "StateReason",
                "StateUpdatedTimestamp",
                "StateTransitionedTimestamp",
                "_tags",
                "_born",
            ] {
                row[member] = old[member].clone();
            }
        }
        None => {
            row["StateValue"] = json!("INSUFFICIENT_DATA");
            row["StateReason"] = json!("Unchecked: Initial alarm creation");
            row["StateUpdatedTimestamp"] = json!(now);
            row["StateTransitionedTimestamp"] = json!(now);
            row["_tags"] = tags;
        }
    }
    world.put(ALARMS, &key, row);
    let what = if old.is_some() { "updated" } else { "created" };
    history::note(world, rq.region, name, "ConfigurationUpdate", &format!("Alarm \"{name}\" {what}"));
}

pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    check(rq)?;
    store(world, rq, "MetricAlarm");
    done()
}

pub(super) fn put_composite(world: &mut World, rq: &Request<'_>) -> Reply {
    if rq.text("AlarmRule").is_empty() {
        return Err(invalid("AlarmRule must not be empty"));
    }
    composite::check(world, rq)?;
    store(world, rq, "CompositeAlarm");
    done()
}

pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    if rq.opt("AlarmNamePrefix").is_some() && !rq.list("AlarmNames").is_empty() {
        return Err(combination("AlarmNames and AlarmNamePrefix cannot both be specified"));
    }
    let names: BTreeSet<String> = rq.texts("AlarmNames").into_iter().map(|name| key(rq, name)).collect();
    let types = rq.texts("AlarmTypes");
    let acts = |row: &Json, prefix: &str| {
        ["AlarmActions", "OKActions", "InsufficientDataActions"]
            .iter()
            .flat_map(|list| row[*list].as_array().into_iter().flatten())
            .any(|action| action.as_str().is_some_and(|arn| arn.starts_with(prefix)))
    };
    let fits = |row: &Json| {
        rq.opt("StateValue").is_none_or(|state| row["StateValue"] == state)
            && rq.opt("ActionPrefix").is_none_or(|prefix| acts(row, prefix))
            // Without a choice only metric alarms are listed.
            && if types.is_empty() { row["_kind"] == "MetricAlarm" } else { types.iter().any(|t| row["_kind"] == *t) }
    };
    let after = rq.page_after("NextToken", "InvalidNextToken")?.map(ToOwned::to_owned);
    let most = rq.int("MaxRecords").and_then(|n| usize::try_from(n).ok()).unwrap_or(50);
    // Alarms are evaluated as they are come to: a page, and one more, tells whether there is another.
    let mut found: Vec<(String, Json)> = Vec::new();
    let mut last = after;
    while found.len() <= most {
        let next = if names.is_empty() {
            let mut rows = world.rows_under(ALARMS, key(rq, rq.text("AlarmNamePrefix")), last.as_deref());
            rows.next().map(|(key, _)| key.to_owned())
        } else {
            let from = last.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            names.range::<str, _>((from, Bound::Unbounded)).next().cloned()
        };
        let Some(at) = next else { break };
        evaluate::one(world, rq.region, &at);
        found.extend(world.get(ALARMS, &at).filter(|row| fits(row)).map(|row| (at.clone(), row.clone())));
        last = Some(at);
    }
    let items = found.iter().map(|(key, row)| (key.as_str(), row));
    let (page, next) = rq.page_from(items, "MaxRecords", 50);
    let of = |kind: &str| page.iter().copied().filter(|row| row["_kind"] == kind).collect::<Vec<_>>();
    let mut out = json!({"MetricAlarms": of("MetricAlarm"), "CompositeAlarms": of("CompositeAlarm")});
    if let Some(next) = next {
        out["NextToken"] = json!(next);
    }
    Ok(out)
}

/// Deletes all or, if one of several is missing, none.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let names = rq.texts("AlarmNames");
    if names.len() > 100 {
        return Err(invalid("At most 100 alarms can be deleted at once"));
    }
    // Alarms that are gone are fine (TestAccCloudWatchMetricAlarm_disappears).
    composite::free(world, rq, &names)?;
    for name in names {
        world.remove(ALARMS, &key(rq, name));
    }
    done()
}

fn switch_actions(world: &mut World, rq: &Request<'_>, on: bool) -> Reply {
    for name in rq.texts("AlarmNames") {
        if let Some(row) = world.get_mut(ALARMS, &key(rq, name)) {
            row["ActionsEnabled"] = json!(on);
        }
    }
    done()
}

pub(super) fn enable_actions(world: &mut World, rq: &Request<'_>) -> Reply {
    switch_actions(world, rq, true)
}

pub(super) fn disable_actions(world: &mut World, rq: &Request<'_>) -> Reply {
    switch_actions(world, rq, false)
}

pub(super) fn set_state(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("AlarmName");
    let at = key(rq, name);
    if world.get(ALARMS, &at).is_none() {
        return Err(not_found());
    }
    if let Some(data) = rq.opt("StateReasonData")
        && serde_json::from_str::<Json>(data).is_err()
    {
        return Err(Fault::new("InvalidFormat", "StateReasonData must be JSON"));
    }
    let now = world.now_secs();
    if let Some(row) = world.get_mut(ALARMS, &at) {
        if row["StateValue"] != rq.text("StateValue") {
            row["StateTransitionedTimestamp"] = json!(now);
        }
        row["StateValue"] = rq.get("StateValue").clone();
        row["StateReason"] = rq.get("StateReason").clone();
        row["StateReasonData"] = rq.get("StateReasonData").clone();
        row["StateUpdatedTimestamp"] = json!(now);
        // A set state holds until the next evaluation, a period later.
        row["_held"] = json!(now + row["Period"].as_f64().unwrap_or(60.0));
    }
    let text = format!("Alarm updated to {}", rq.text("StateValue"));
    history::note(world, rq.region, name, "StateUpdate", &text);
    done()
}
