//! Gates by name.

use serde_json::Value as Json;

use super::{
    homogeneous,
    names::{LATENCIES, backlog},
    points::{by_metric, reading},
    replication,
    samples::{Reading, Samples, Verdict},
    serving,
};
use crate::operations::declare::Limits;

/// Measures a gate.
#[must_use]
pub fn judge(gate: &str, samples: &Samples, limits: &Limits) -> Reading {
    let fenced = samples.since.is_some();
    let data = samples.data.as_ref().and_then(|data| homogeneous::judge(gate, data, samples, limits));
    if let Some(reading) = data {
        return reading;
    }
    match gate {
        "task" => replication::task(samples),
        "full-load" => replication::full_load(samples),
        "tables" => replication::tables(samples),
        "validation" => replication::validation(samples, if fenced { 0 } else { limits.pending }),
        "lag" => by_metric("lag", &LATENCIES, samples, limits.points, limits.lag_s, " s"),
        "backlog" => {
            let limit = if fenced { 0.0 } else { limits.backlog };
            by_metric("backlog", backlog(samples.serverless), samples, limits.points, limit, "")
        }
        "reading" => replication::paused(samples),
        "instance" => replication::instance(samples, limits.points),
        "ddl" => replication::ddl(samples),
        "errors-visible" => replication::errors_visible(samples),
        "alarms" => serving::alarms(samples),
        "target-health" => serving::target_health(samples),
        "transactions" => replication::transactions(samples),
        "route53-health" => serving::route53_health(samples),
        "errors" => serving::errors(samples, limits.points),
        "assessment" => replication::assessment(samples),
        "reverse-ready" => replication::reverse_ready(samples),
        other => reading(other, Verdict::Unknown, "there is no such gate", Json::Null),
    }
}
