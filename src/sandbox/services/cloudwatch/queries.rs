//! Statistics over stored points.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{
    math,
    metrics::{METRICS, metric_key},
    published,
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

/// A number with commas, as CloudWatch writes it.
fn thousands(number: i64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A metric of a region.
struct Metric<'q> {
    region: &'q str,
    namespace: &'q str,
    name: &'q str,
    dimensions: &'q Json,
}

impl<'q> Metric<'q> {
    fn of(region: &'q str, metric: &'q Json) -> Self {
        let text = |member: &str| metric[member].as_str().unwrap_or_default();
        Self {
            region,
            namespace: text("Namespace"),
            name: text("MetricName"),
            dimensions: &metric["Dimensions"],
        }
    }
}

/// The samples of a metric by unit and start of the period: those of different units are never put together
/// (CloudWatch User Guide, metrics concepts, units). `late` leaves out what a service has not made readable yet.
fn buckets(
    world: &World,
    metric: &Metric<'_>,
    unit: Option<&str>,
    period: i64,
    (start, end): (f64, f64),
    late: bool,
) -> BTreeMap<String, BTreeMap<i64, Bucket>> {
    let mut out: BTreeMap<String, BTreeMap<i64, Bucket>> = BTreeMap::new();
    let mut add = |own: &str, time: f64, [count, sum, min, max]: [f64; 4]| {
        if time < start || time >= end || unit.is_some_and(|wanted| wanted != own) {
            return;
        }
        let slot = whole(time).div_euclid(period) * period;
        let bucket = out.entry(own.to_owned()).or_default().entry(slot).or_insert_with(|| Bucket {
            min: f64::MAX,
            max: f64::MIN,
            ..Bucket::default()
        });
        bucket.count += count;
        bucket.sum += sum;
        bucket.min = bucket.min.min(min);
        bucket.max = bucket.max.max(max);
        bucket.values.push(sum / count.max(1.0));
    };
    let key = metric_key(metric.region, metric.namespace, metric.name, metric.dimensions);
    let stored = world.get(METRICS, &key).and_then(|row| row["_points"].as_array());
    for point in stored.into_iter().flatten() {
        let number = |at: usize| point[at].as_f64().unwrap_or(0.0);
        add(point[5].as_str().unwrap_or("None"), number(0), [number(1), number(2), number(3), number(4)]);
    }
    let names = (metric.region, metric.namespace, metric.name);
    if let Some((own, values)) = published::points(world, names, metric.dimensions, (start, end), late) {
        for (at, value) in values {
            #[expect(clippy::cast_precision_loss, reason = "seconds since the epoch")]
            add(own, at as f64, [1.0, value, value, value]);
        }
    }
    out
}

/// The units of a metric's points, where the query names none.
fn units(world: &World, region: &str, stat: &Json, span: (f64, f64)) -> Vec<String> {
    buckets(world, &Metric::of(region, &stat["Metric"]), stat["Unit"].as_str(), 60, span, true)
        .into_keys()
        .collect()
}

/// The statistic of a metric from `start` to `end`. Of several units, the first is taken.
pub(super) fn series(
    world: &World,
    region: &str,
    stat: &Json,
    (start, end): (f64, f64),
    late: bool,
) -> Series {
    let period = stat["Period"].as_i64().unwrap_or(60).max(1);
    let name = stat["Stat"].as_str().unwrap_or_default();
    let metric = Metric::of(region, &stat["Metric"]);
    buckets(world, &metric, stat["Unit"].as_str(), period, (start, end), late)
        .into_values()
        .next()
        .into_iter()
        .flatten()
        .filter_map(|(at, mut bucket)| Some((at, bucket.statistic(name)?)))
        .collect()
}

pub(super) fn statistics(world: &mut World, rq: &Request<'_>) -> Reply {
    let (start, end) =
        (rq.get("StartTime").as_f64().unwrap_or(0.0), rq.get("EndTime").as_f64().unwrap_or(0.0));
    if start >= end {
        return Err(Fault::new(
            "InvalidParameterValue",
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let names: Vec<&str> = rq.texts("Statistics");
    let extended: Vec<&str> = rq.texts("ExtendedStatistics");
    if names.is_empty() && extended.is_empty() {
        return Err(Fault::new("MissingParameter", "Must specify either Statistics or ExtendedStatistics"));
    }
    let period = rq.int("Period").unwrap_or(60).max(1);
    #[expect(clippy::cast_precision_loss, reason = "periods are seconds to days")]
    let wanted =
        whole(((end - start) / period as f64).ceil()) * i64::try_from(names.len().max(1)).unwrap_or(1);
    if wanted > 1440 {
        let message = format!(
            "You have requested up to {} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints \
             requested by increasing Period, or decreasing the time range.",
            thousands(wanted)
        );
        return Err(Fault::new("InvalidParameterCombination", message));
    }
    let metric = Metric {
        region: rq.region,
        namespace: rq.text("Namespace"),
        name: rq.text("MetricName"),
        dimensions: rq.get("Dimensions"),
    };
    let points: Vec<Json> = buckets(world, &metric, rq.opt("Unit"), period, (start, end), true)
        .into_iter()
        .flat_map(|(unit, slots)| slots.into_iter().map(move |(at, bucket)| (unit.clone(), at, bucket)))
        .map(|(unit, at, mut bucket)| {
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
    span: (f64, f64),
    late: bool,
) -> Result<BTreeMap<String, Series>, Fault> {
    let mut known: BTreeMap<String, Series> = BTreeMap::new();
    for query in queries.iter().filter(|query| query["MetricStat"].is_object()) {
        let id = query["Id"].as_str().unwrap_or_default().to_owned();
        known.insert(id, series(world, region, &query["MetricStat"], span, late));
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
    let known = solve(world, rq.region, queries, (start, end), true)?;
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
            let mut result = json!({
                "Id": id, "Label": label, "StatusCode": if complete { "Complete" } else { "PartialData" },
                "Timestamps": own.iter().map(|point| point["time"].clone()).collect::<Vec<_>>(),
                "Values": own.iter().map(|point| point["value"].clone()).collect::<Vec<_>>(),
            });
            let units = units(world, rq.region, &query["MetricStat"], (start, end));
            if units.len() > 1 {
                let message = format!("Multiple units returned: '[{}]'", units.join(", "));
                result["Messages"] = json!([{"Code": "MultipleUnits", "Value": message}]);
            }
            result
        })
        .collect();
    let mut answer = json!({"MetricDataResults": results, "Messages": []});
    // What is computed comes without a token.
    if let Some(next) = next.filter(|_| !queries.iter().any(|query| query["Expression"].is_string())) {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}
