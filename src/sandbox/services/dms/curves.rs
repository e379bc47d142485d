//! Metrics of tasks and instances, as functions of their rows and the time: one value for each minute in which it applies.
//!
//! Names, units and meanings: AWS DMS User Guide, Monitoring replication tasks using Amazon CloudWatch.

use serde_json::Value as Json;

use super::{
    flow, progress,
    store::{INSTANCE, REPLICATION, TASK, moving},
};
use crate::sandbox::World;

/// The value in the minute that begins at that millisecond.
pub type Curve<'w> = Box<dyn Fn(i64) -> Option<f64> + 'w>;

const MINUTE: i64 = 60_000;

/// Something between 0 and `most`, always the same for the same minute.
fn noise(minute: i64, most: i64) -> f64 {
    let mixed = (minute / MINUTE).wrapping_mul(2_654_435_761).rem_euclid(1_000_003);
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let value = (mixed % (most + 1)) as f64;
    value
}

/// The spans in which a task followed changes: earlier runs and the present one.
fn following(task: &Json, now: i64) -> Vec<(i64, i64)> {
    let mut spans: Vec<(i64, i64)> = task["_past"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|span| Some((span[0].as_i64()?, span[1].as_i64()?)))
        .collect();
    if task["MigrationType"] != "full-load"
        && let Some(run) = task["_run"].as_i64()
    {
        let left = (progress::load_time(task) - task["_active"].as_i64().unwrap_or_default()).max(0);
        let until = task["_halt"].as_i64().unwrap_or(i64::MAX).min(now);
        spans.push((run + left, until));
    }
    spans
}

/// The span that a run of a task ends, for the next one to remember.
pub(super) fn past(task: &Json, now: i64) -> Json {
    let spans = following(task, now).into_iter().filter(|(from, until)| from < until);
    spans.map(|(from, until)| serde_json::json!([from, until])).collect()
}

/// Seconds of lag that a test has planted for that minute: `_lag` holds begin, end and seconds.
fn planted(task: &Json, minute: i64) -> Option<f64> {
    task["_lag"].as_array().into_iter().flatten().find_map(|lag| {
        let (from, until) = (lag[0].as_i64()?, lag[1].as_i64()?);
        (from..until).contains(&minute).then(|| lag[2].as_f64())?
    })
}

fn task<'w>(world: &'w World, name: &str, arn: &str, row: &'w Json) -> Option<(&'static str, Curve<'w>)> {
    let spans = following(row, world.now());
    let quiet = flow::quiet(world, arn);
    let name = name.to_owned();
    let unit = if name.starts_with("CDCLatency") { "Seconds" } else { "Count" };
    let known = [
        "CDCLatencySource",
        "CDCLatencyTarget",
        "CDCIncomingChanges",
        "CDCChangesMemorySource",
        "CDCChangesDiskSource",
        "CDCChangesMemoryTarget",
        "CDCChangesDiskTarget",
    ];
    if !known.contains(&name.as_str()) {
        return None;
    }
    Some((
        unit,
        Box::new(move |minute| {
            // A minute belongs to a run that saw at least half of it.
            spans
                .iter()
                .any(|(from, until)| *from <= minute + MINUTE / 2 && minute + MINUTE / 2 < *until)
                .then_some(())?;
            let idle = quiet.is_some_and(|since| minute >= since);
            let lag = planted(row, minute);
            Some(match name.as_str() {
                // It resets to 0 when nothing new is read.
                "CDCLatencySource" => lag.unwrap_or(if idle { 0.0 } else { noise(minute, 1) }),
                "CDCLatencyTarget" => lag.unwrap_or(if idle { 0.0 } else { 1.0 + noise(minute, 2) }),
                "CDCIncomingChanges" => {
                    lag.map_or(if idle { 0.0 } else { noise(minute, 40) }, |lag| lag * 100.0)
                }
                "CDCChangesMemoryTarget" => {
                    if idle {
                        0.0
                    } else {
                        noise(minute, 9)
                    }
                }
                _ => 0.0,
            })
        }),
    ))
}

/// The dimension of a serverless replication's metrics: the account and the last part of its configuration's ARN
/// (`123456789012:K7QWZ3MXR2NPLVBD5TYAH8FJCS`). The guide says only that they are grouped by replication; this is what
/// dashboards and alarms of public Terraform modules have that show data.
const SERVERLESS: &str = "ReplicationConfigId";

/// Metrics of a serverless replication (User Guide, AWS DMS Serverless components, Serverless replication metrics): those
/// of a task but for the queues in memory and on disk, and how full its capacity is while it is provisioned.
fn serverless<'w>(
    world: &'w World,
    name: &str,
    arn: &str,
    row: &'w Json,
) -> Option<(&'static str, Curve<'w>)> {
    if name.starts_with("CDCChanges") {
        return None;
    }
    if let Some(found) = task(world, name, arn, row) {
        return Some(found);
    }
    let value = match name {
        "CapacityUtilization" => 35.0,
        "CPUUtilization" => 20.0,
        _ => return None,
    };
    let (run, halt) = (row["_run"].as_i64(), row["_halt"].as_i64());
    Some((
        "Percent",
        Box::new(move |minute| {
            (run.is_some_and(|run| minute >= run) && halt.is_none_or(|halt| minute < halt)).then_some(value)
        }),
    ))
}

/// The curve of a metric in the namespace `AWS/DMS`. A dimension that names nothing has none.
pub fn curve<'w>(
    world: &'w World,
    region: &str,
    name: &str,
    dimension: &dyn Fn(&str) -> Option<String>,
) -> Option<(&'static str, Curve<'w>)> {
    if let Some(id) = dimension(SERVERLESS) {
        let (account, id) = id.split_once(':')?;
        let parts = |arn: &str| (arn.split(':').nth(4) == Some(account), arn.rsplit(':').next() == Some(id));
        let fits = |(arn, row): &(&str, &Json)| parts(arn) == (true, true) && row["_region"] == region;
        let (arn, row) = world.rows(REPLICATION).find(fits)?;
        return serverless(world, name, arn, row);
    }
    let wanted = dimension("ReplicationInstanceIdentifier")?;
    let (arn, instance) = world.rows(INSTANCE).find(|(_, row)| {
        row["ReplicationInstanceIdentifier"] == wanted.as_str() && row["_region"] == region
    })?;
    if let Some(id) = dimension("ReplicationTaskIdentifier") {
        let (key, row) = world
            .rows(TASK)
            .find(|(key, row)| key.rsplit(':').next() == Some(&id) && row["ReplicationInstanceArn"] == arn)?;
        return task(world, name, key, row);
    }
    let born = instance["_born"].as_i64().unwrap_or_default() + super::instances::UP;
    let storage = instance["AllocatedStorage"].as_f64().unwrap_or(50.0) * 1_073_741_824.0;
    let value = match name {
        "FreeStorageSpace" => storage * 0.8,
        "CPUUtilization" => 20.0,
        "FreeableMemory" => 2_000_000_000.0,
        "SwapUsage" => 0.0,
        _ => return None,
    };
    let unit = if name == "CPUUtilization" { "Percent" } else { "Bytes" };
    Some((unit, Box::new(move |minute| (minute >= born).then_some(value))))
}

/// Whether a running task follows the changes of a database, and since when: its slot is there.
pub fn follower(world: &World, identifier: &str) -> Option<i64> {
    moving(world)
        .filter(|(_, row)| row["MigrationType"] != "full-load" && !row["_run"].is_null())
        .filter(|(_, row)| flow::reads_from(world, row, identifier))
        .filter_map(|(_, row)| row["_fresh"].as_i64())
        .min()
}
