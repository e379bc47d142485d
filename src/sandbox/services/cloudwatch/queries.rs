//! Statistics over stored points.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{
    math,
    metrics::{METRICS, metric_key},
};
use crate::sandbox::{Fault, Reply, Request, World};

/// Statistics by the start of their period, in whole seconds.
pub(super) type Series = BTreeMap<i64, f64>;

/// The samples of one period.
#[derive(Default)]
struct Bucket {
    count: f64,
    sum: f64,
    min: f64,
    max: f64,
    values: Vec<f64>,
}

impl Bucket {
    fn statistic(&mut self, name: &str) -> Option<f64> {
        Some(match name {
            "SampleCount" => self.count,
            "Sum" => self.sum,
            "Average" => self.sum / self.count,
            "Minimum" => self.min,
            "Maximum" => self.max,
            other => {
                let percent: f64 = other.strip_prefix('p')?.parse().ok()?;
                self.values.sort_by(f64::total_cmp);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    clippy::cast_precision_loss,
                    reason = "a rank among a few values"
                )]
                let rank = ((percent / 100.0) * self.values.len() as f64).ceil() as usize;
                *self.values.get(rank.max(1) - 1)?
            }
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "seconds since the epoch")]
fn whole(seconds: f64) -> i64 {
    seconds.floor() as i64
}

fn buckets(world: &World, key: &str, period: i64, start: f64, end: f64) -> BTreeMap<i64, Bucket> {
    let mut out: BTreeMap<i64, Bucket> = BTreeMap::new();
    let points = world.get(METRICS, key).and_then(|row| row["_points"].as_array());
    for point in points.into_iter().flatten() {
        let number = |at: usize| point[at].as_f64().unwrap_or(0.0);
        let time = number(0);
        if time < start || time >= end {
            continue;
        }
        let slot = whole(time).div_euclid(period) * period;
        let bucket =
            out.entry(slot).or_insert_with(|| Bucket { min: f64::MAX, max: f64::MIN, ..Bucket::default() });
        bucket.count += number(1);
        bucket.sum += number(2);
        bucket.min = bucket.min.min(number(3));
        bucket.max = bucket.max.max(number(4));
        bucket.values.push(number(2) / number(1).max(1.0));
    }
    out
}

/// The statistic of a metric from `start` to `end`.
pub(super) fn series(world: &World, region: &str, stat: &Json, start: f64, end: f64) -> Series {
    let metric = &stat["Metric"];
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let key =
        metric_key(region, &text(&metric["Namespace"]), &text(&metric["MetricName"]), &metric["Dimensions"]);
    let period = stat["Period"].as_i64().unwrap_or(60).max(1);
    let name = text(&stat["Stat"]);
    buckets(world, &key, period, start, end)
        .into_iter()
        .filter_map(|(at, mut bucket)| Some((at, bucket.statistic(&name)?)))
        .collect()
}

pub(super) fn statistics(world: &mut World, rq: &Request<'_>) -> Reply {
    let (start, end) =
        (rq.get("StartTime").as_f64().unwrap_or(0.0), rq.get("EndTime").as_f64().unwrap_or(0.0));
    if start >= end {
        return Err(Fault::new(
            "InvalidParameterCombination",
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let names: Vec<&str> = rq.texts("Statistics");
    let extended: Vec<&str> = rq.texts("ExtendedStatistics");
    if names.is_empty() && extended.is_empty() {
        return Err(Fault::new("MissingParameter", "Must specify either Statistics or ExtendedStatistics"));
    }
    let period = rq.int("Period").unwrap_or(60).max(1);
    if (end - start) > 1440.0 * f64::from(i32::try_from(period).unwrap_or(i32::MAX)) {
        return Err(Fault::new(
            "InvalidParameterCombination",
            "You have requested up to more than 1,440 datapoints, which exceeds the limit of 1,440.",
        ));
    }
    let key = metric_key(rq.region, rq.text("Namespace"), rq.text("MetricName"), rq.get("Dimensions"));
    let unit = world.get(METRICS, &key).and_then(|row| row["_unit"].as_str()).unwrap_or("None").to_owned();
    if rq.opt("Unit").is_some_and(|wanted| wanted != unit) {
        return Ok(json!({"Label": rq.text("MetricName"), "Datapoints": []}));
    }
    let points: Vec<Json> = buckets(world, &key, period, start, end)
        .into_iter()
        .map(|(at, mut bucket)| {
            let mut point = json!({"Timestamp": at, "Unit": unit});
            for name in &names {
                point[*name] = json!(bucket.statistic(name));
            }
            for name in &extended {
                point["ExtendedStatistics"][*name] = json!(bucket.statistic(name));
            }
            point
        })
        .collect();
    Ok(json!({"Label": rq.text("MetricName"), "Datapoints": points}))
}

/// All series of a set of queries, expressions computed from the others.
pub(super) fn solve(
    world: &World,
    region: &str,
    queries: &[Json],
    start: f64,
    end: f64,
) -> Result<BTreeMap<String, Series>, Fault> {
    let mut known: BTreeMap<String, Series> = BTreeMap::new();
    for query in queries.iter().filter(|query| query["MetricStat"].is_object()) {
        let id = query["Id"].as_str().unwrap_or_default().to_owned();
        known.insert(id, series(world, region, &query["MetricStat"], start, end));
    }
    let mut open: Vec<&Json> = queries.iter().filter(|query| query["Expression"].is_string()).collect();
    while !open.is_empty() {
        let before = open.len();
        let (mut rest, mut missing) = (Vec::new(), String::new());
        for query in open {
            let text = query["Expression"].as_str().unwrap_or_default();
            match math::evaluate(text, &known) {
                Ok(series) => {
                    known.insert(query["Id"].as_str().unwrap_or_default().to_owned(), series);
                }
                Err(math::Problem::Unknown(id)) => {
                    rest.push(query);
                    missing = id;
                }
                Err(math::Problem::Syntax(why)) => {
                    return Err(Fault::new(
                        "ValidationError",
                        format!("Error in expression '{text}': {why}"),
                    ));
                }
            }
        }
        if rest.len() == before {
            let text = rest[0]["Expression"].as_str().unwrap_or_default();
            let why = format!("Error in expression '{text}': the id {missing} is not known");
            return Err(Fault::new("ValidationError", why));
        }
        open = rest;
    }
    Ok(known)
}

pub(super) fn data(world: &mut World, rq: &Request<'_>) -> Reply {
    let (start, end) =
        (rq.get("StartTime").as_f64().unwrap_or(0.0), rq.get("EndTime").as_f64().unwrap_or(0.0));
    if start >= end {
        return Err(Fault::new(
            "ValidationError",
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let queries = rq.list("MetricDataQueries");
    let known = solve(world, rq.region, queries, start, end)?;
    let ascending = rq.text("ScanBy") == "TimestampAscending";
    let shown: Vec<&Json> = queries.iter().filter(|query| query["ReturnData"] != false).collect();
    let id = |query: &Json| query["Id"].as_str().unwrap_or_default().to_owned();
    // Pages are cut from the points of all results, one after the other.
    let (mut all, mut ends) = (Vec::new(), Vec::new());
    for (of, query) in shown.iter().enumerate() {
        let mut points: Vec<(i64, f64)> =
            known.get(&id(query)).into_iter().flatten().map(|(t, v)| (*t, *v)).collect();
        if !ascending {
            points.reverse();
        }
        for (time, value) in points {
            all.push(json!({"of": of, "at": all.len(), "time": time, "value": value}));
        }
        ends.push(all.len());
    }
    let (page, next) = rq.page(all, "MaxDatapoints", "NextToken", 100_800, "InvalidNextToken")?;
    let told = page
        .last()
        .and_then(|point| point["at"].as_u64())
        .and_then(|at| usize::try_from(at + 1).ok())
        .unwrap_or_default();
    let results: Vec<Json> = shown
        .iter()
        .enumerate()
        .map(|(of, query)| {
            let id = id(query);
            let label = query["Label"]
                .as_str()
                .or_else(|| query["MetricStat"]["Metric"]["MetricName"].as_str())
                .unwrap_or(&id);
            let own: Vec<&Json> =
                page.iter().filter(|point| point["of"].as_u64() == u64::try_from(of).ok()).collect();
            let complete = next.is_none() || ends[of] <= told;
            json!({
                "Id": id, "Label": label, "StatusCode": if complete { "Complete" } else { "PartialData" },
                "Timestamps": own.iter().map(|point| point["time"].clone()).collect::<Vec<_>>(),
                "Values": own.iter().map(|point| point["value"].clone()).collect::<Vec<_>>(),
            })
        })
        .collect();
    let mut answer = json!({"MetricDataResults": results, "Messages": []});
    // What is computed comes without a token.
    if let Some(next) = next.filter(|_| !queries.iter().any(|query| query["Expression"].is_string())) {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}
