//! Metrics and their points.

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Reply, Request, World, done};

/// Metrics by region, namespace, name and dimensions.
pub(super) const METRICS: &str = "cloudwatch.metric";

/// Points older than this are dropped: rehearsals need hours, not fifteen months.
const KEPT: f64 = 86_400.0 * 15.0;

/// Dimensions in one order, as a key.
pub(super) fn dimension_key(dimensions: &Json) -> String {
    let mut all: Vec<String> = dimensions
        .as_array()
        .into_iter()
        .flatten()
        .map(|d| {
            format!("{}={}", d["Name"].as_str().unwrap_or_default(), d["Value"].as_str().unwrap_or_default())
        })
        .collect();
    all.sort();
    all.join(",")
}

/// The key of a metric's row.
pub(super) fn metric_key(region: &str, namespace: &str, name: &str, dimensions: &Json) -> String {
    format!("{region}/{namespace}/{name}/{}", dimension_key(dimensions))
}

/// One observation, or the summary of several.
pub(super) struct Observed {
    pub count: f64,
    pub sum: f64,
    pub min: f64,
    pub max: f64,
}

fn add(world: &mut World, region: &str, namespace: &str, datum: &Json, at: f64, seen: &Observed) {
    let name = datum["MetricName"].as_str().unwrap_or_default();
    let dimensions = if datum["Dimensions"].is_array() { datum["Dimensions"].clone() } else { json!([]) };
    let key = metric_key(region, namespace, name, &dimensions);
    if world.get(METRICS, &key).is_none() {
        let row = json!({
            "Namespace": namespace, "MetricName": name, "Dimensions": dimensions, "_region": region, "_points": [],
        });
        world.put(METRICS, &key, row);
    }
    let horizon = world.now_secs() - KEPT;
    if let Some(points) = world.get_mut(METRICS, &key).and_then(|row| row["_points"].as_array_mut()) {
        points.retain(|point| point[0].as_f64().is_some_and(|time| time >= horizon));
        points.push(json!([at, seen.count, seen.sum, seen.min, seen.max, datum["Unit"]]));
    }
}

/// Lets a service of the world publish a point, as AWS services publish theirs: `dimensions` are name and
/// value.
pub fn publish(
    world: &mut World,
    region: &str,
    namespace: &str,
    name: &str,
    dimensions: &[(&str, &str)],
    value: f64,
) {
    let dimensions: Vec<Json> =
        dimensions.iter().map(|(name, value)| json!({"Name": name, "Value": value})).collect();
    let datum = json!({"MetricName": name, "Dimensions": dimensions});
    let seen = Observed { count: 1.0, sum: value, min: value, max: value };
    add(world, region, namespace, &datum, world.now_secs(), &seen);
}

/// A datum has a value, values, or a summary of them (the words: LocalStack's recordings of AWS,
/// `test_put_metric_data_validation`).
fn check_forms(nth: usize, datum: &Json) -> Result<(), Fault> {
    let has = |form: &str| !datum[form].is_null();
    let other = match (has("Value"), has("Values"), has("StatisticValues")) {
        (true, true, _) => "Values",
        (true, _, true) | (_, true, true) => "StatisticValues",
        (false, false, false) => {
            let message = format!(
                "The parameters MetricData.member.{nth}.Value and MetricData.member.{nth}.StatisticValues are mutually \
                 exclusive and you have specified both or none."
            );
            return Err(Fault::new("InvalidParameterCombination", message));
        }
        _ => return Ok(()),
    };
    let message = format!(
        "The parameters MetricData.member.{nth}.Value and MetricData.member.{nth}.{other} are mutually exclusive and you \
         have specified both."
    );
    Err(Fault::new("InvalidParameterCombination", message))
}

pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let namespace = rq.text("Namespace");
    if namespace.starts_with("AWS/") {
        return Err(Fault::new(
            "InvalidParameterValue",
            "The value AWS/ for parameter Namespace is invalid.",
        ));
    }
    let data = rq.list("MetricData").to_vec();
    let nested =
        rq.list("EntityMetricData").iter().flat_map(|e| e["MetricData"].as_array().into_iter().flatten());
    let data: Vec<Json> = data.into_iter().chain(nested.cloned()).collect();
    if data.is_empty() {
        return Err(Fault::new("MissingParameter", "The parameter MetricData is required."));
    }
    for (nth, datum) in (1..).zip(&data) {
        let now = world.now_secs();
        let at = datum["Timestamp"].as_f64().unwrap_or(now);
        if at < now - 14.0 * 86_400.0 || at > now + 7_200.0 {
            let message = format!(
                "The parameter MetricData.member.{nth}.Timestamp must specify a time no more than two weeks in the past \
                 and no more than two hours in the future."
            );
            return Err(Fault::new("InvalidParameterValue", message));
        }
        check_forms(nth, datum)?;
        // LocalStack's recordings of AWS, `test_put_metric_data_validation`.
        let sizes = (datum["Values"].as_array(), datum["Counts"].as_array());
        if let (Some(values), Some(counts)) = sizes
            && values.len() != counts.len()
        {
            let message = format!(
                "The parameters MetricData.member.{nth}.Values and MetricData.member.{nth}.Counts must be of the same \
                 size."
            );
            return Err(Fault::new("InvalidParameterValue", message));
        }
        let number = |value: &Json| value.as_f64().unwrap_or(0.0);
        if let Some(set) = datum.get("StatisticValues").filter(|set| set.is_object()) {
            let seen = Observed {
                count: number(&set["SampleCount"]),
                sum: number(&set["Sum"]),
                min: number(&set["Minimum"]),
                max: number(&set["Maximum"]),
            };
            add(world, rq.region, namespace, datum, at, &seen);
        } else if let Some(values) = datum["Values"].as_array() {
            for (each, value) in values.iter().enumerate() {
                let (value, count) = (number(value), datum["Counts"][each].as_f64().unwrap_or(1.0));
                let seen = Observed { count, sum: value * count, min: value, max: value };
                add(world, rq.region, namespace, datum, at, &seen);
            }
        } else {
            let value = number(&datum["Value"]);
            let seen = Observed { count: 1.0, sum: value, min: value, max: value };
            add(world, rq.region, namespace, datum, at, &seen);
        }
    }
    done()
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let wanted = rq.list("Dimensions");
    let all: Vec<Json> = world
        .rows(METRICS)
        .map(|(_, row)| row)
        .filter(|row| row["_region"] == rq.region)
        .filter(|row| rq.opt("Namespace").is_none_or(|namespace| row["Namespace"] == namespace))
        .filter(|row| rq.opt("MetricName").is_none_or(|name| row["MetricName"] == name))
        .filter(|row| {
            wanted.iter().all(|filter| {
                row["Dimensions"].as_array().into_iter().flatten().any(|dimension| {
                    dimension["Name"] == filter["Name"]
                        && (filter["Value"].is_null() || dimension["Value"] == filter["Value"])
                })
            })
        })
        .map(|row| {
            json!({"Namespace": row["Namespace"], "MetricName": row["MetricName"], "Dimensions": row["Dimensions"]})
        })
        .collect();
    let (page, next) = rq.page(all, "", "NextToken", 500, "InvalidParameterValue")?;
    let mut out = json!({"Metrics": page});
    if let Some(next) = next {
        out["NextToken"] = json!(next);
    }
    Ok(out)
}
