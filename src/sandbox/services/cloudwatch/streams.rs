//! Metric streams. Nothing flows: there is no Firehose to receive it.

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Reply, Request, World, done};

/// Metric streams by region and name.
pub(super) const STREAMS: &str = "cloudwatch.metric-stream";

fn key(rq: &Request<'_>, name: &str) -> String {
    format!("{}/{name}", rq.region)
}

/// `PutMetricStream`: a new one runs at once; an existing one keeps its state.
pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("Name");
    // API reference: "You cannot include ExcludeFilters and IncludeFilters in the same operation."
    if !rq.list("IncludeFilters").is_empty() && !rq.list("ExcludeFilters").is_empty() {
        return Err(Fault::new(
            "InvalidParameterCombination",
            "IncludeFilters and ExcludeFilters cannot both be specified.",
        ));
    }
    if rq.text("FirehoseArn").split(':').nth(2) != Some("firehose") {
        return Err(Fault::new("InvalidParameterValue", "FirehoseArn must be the ARN of a delivery stream."));
    }
    world.assumable(rq.text("RoleArn"), "streams.metrics.cloudwatch.amazonaws.com").map_err(|_| {
        Fault::new("InvalidParameterValue", "The role cannot be assumed by CloudWatch metric streams.")
    })?;
    let old = world.get(STREAMS, &key(rq, name)).cloned();
    let now = world.now_secs();
    let mut row = json!({
        "Name": name, "Arn": world.arn("cloudwatch", rq.region, &format!("metric-stream/{name}")), "State": "running",
        "CreationDate": now, "LastUpdateDate": now, "IncludeLinkedAccountsMetrics": rq.flag("IncludeLinkedAccountsMetrics"),
        "_region": rq.region, "_tags": rq.list("Tags"),
    });
    for member in [
        "FirehoseArn",
        "RoleArn",
        "OutputFormat",
        "IncludeFilters",
        "ExcludeFilters",
        "StatisticsConfigurations",
    ] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    // API reference, Tags: with an existing stream they are ignored.
    for member in ["State", "CreationDate", "_tags"] {
        if let Some(old) = &old {
            row[member] = old[member].clone();
        }
    }
    let arn = row["Arn"].clone();
    world.put(STREAMS, &key(rq, name), row);
    Ok(json!({"Arn": arn}))
}

/// `GetMetricStream`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("Name");
    world.get(STREAMS, &key(rq, name)).cloned().ok_or_else(|| {
        Fault::new("ResourceNotFoundException", format!("MetricStream {name} does not exist")).status(404)
    })
}

/// `ListMetricStreams`.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let found: Vec<Json> = world
        .rows(STREAMS)
        .filter(|(_, row)| row["_region"] == rq.region)
        .map(|(_, row)| {
            // An entry of the list says less than GetMetricStream.
            let shown =
                ["Arn", "CreationDate", "LastUpdateDate", "Name", "FirehoseArn", "State", "OutputFormat"];
            Json::Object(shown.iter().map(|name| ((*name).to_owned(), row[*name].clone())).collect())
        })
        .collect();
    let (page, next) = rq.page(found, "MaxResults", "NextToken", 500, "InvalidNextToken")?;
    Ok(json!({"Entries": page, "NextToken": next}))
}

fn turn(world: &mut World, rq: &Request<'_>, state: &str) -> Reply {
    let now = world.now_secs();
    for name in rq.texts("Names") {
        if let Some(row) = world.get_mut(STREAMS, &key(rq, name)) {
            row["State"] = json!(state);
            row["LastUpdateDate"] = json!(now);
        }
    }
    done()
}

/// `StartMetricStreams`.
pub(super) fn start(world: &mut World, rq: &Request<'_>) -> Reply {
    turn(world, rq, "running")
}

/// `StopMetricStreams`.
pub(super) fn stop(world: &mut World, rq: &Request<'_>) -> Reply {
    turn(world, rq, "stopped")
}

/// `DeleteMetricStream`: its errors know no missing stream, and one that is gone is fine (API reference, Errors;
/// `TestAccCloudWatchMetricStream_disappears` deletes it twice).
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    world.remove(STREAMS, &key(rq, rq.text("Name")));
    done()
}
