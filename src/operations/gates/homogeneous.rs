//! Gates of homogeneous data migrations. DMS reports counts of tables and one latency of them, no table by name, no row that
//! was compared, and no metric.

use serde_json::json;

use super::{
    points::reading,
    samples::{DataSample, Reading, Samples, Verdict},
};
use crate::operations::declare::Limits;

/// How much older than the fence everything must be that has arrived, in seconds: the latency is a rounded number.
const MARGIN_S: i64 = 15;

/// What a gate says of data migrations; `None` where they are judged as tasks are.
pub(super) fn judge(gate: &str, data: &DataSample, samples: &Samples, limits: &Limits) -> Option<Reading> {
    let seen = json!(data);
    let (verdict, words) = match gate {
        "tables" => {
            let open = data.loaded > 0 && data.errored + data.loading + data.queued == 0;
            let words = format!(
                "{} loaded, {} errored, {} loading, {} queued",
                data.loaded, data.errored, data.loading, data.queued
            );
            (if open { Verdict::Open } else { Verdict::Closed }, words)
        }
        "lag" => latency(data, samples, limits),
        "backlog" if data.latency_s.is_some() => {
            (Verdict::Open, "a data migration reports none; its latency stands for it".to_owned())
        }
        "backlog" => (Verdict::Unknown, "a data migration reports none, and no latency either".to_owned()),
        "reading" => (Verdict::Open, "a data migration reports no pauses".to_owned()),
        "instance" => (Verdict::Open, "DMS runs the data migration itself".to_owned()),
        "errors-visible" => {
            (Verdict::Open, "the engine's own tools end a data migration at an error".to_owned())
        }
        "validation" => {
            let words =
                "DMS compares no rows of a data migration: compare both sides yourself (hook `checks`)";
            (Verdict::Unknown, words.to_owned())
        }
        "ddl" => (Verdict::Unknown, "DMS counts no DDL of a data migration".to_owned()),
        _ => return None,
    };
    Some(reading(gate, verdict, words, seen))
}

/// Everything that was committed before the present moment less the latency has arrived. So behind a fence everything has
/// arrived once that moment is later than the fence.
fn latency(data: &DataSample, samples: &Samples, limits: &Limits) -> (Verdict, String) {
    let Some(latency) = data.latency_s else {
        return (Verdict::Unknown, "DMS reports no latency".to_owned());
    };
    let words = format!("CDCLatency {latency} s; limit {:.0} s", limits.lag_s);
    #[expect(clippy::cast_precision_loss, reason = "seconds of a latency")]
    if latency as f64 > limits.lag_s {
        return (Verdict::Closed, words);
    }
    match samples.since {
        Some(fence) if samples.now - latency < fence + MARGIN_S => (
            Verdict::Closed,
            format!("{words}; what was written just before the fence may still be on its way"),
        ),
        _ => (Verdict::Open, words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_arrived_once_the_latency_is_shorter_than_the_fence_is_old() {
        let limits = Limits { lag_s: 10.0, ..Limits::default() };
        let data = DataSample { latency_s: Some(5), loaded: 6, ..DataSample::default() };
        let lag = |now: i64, since: Option<i64>| {
            let samples = Samples { now, since, ..Samples::default() };
            judge("lag", &data, &samples, &limits).unwrap().verdict
        };
        assert_eq!(lag(1_000, None), Verdict::Open);
        assert_eq!(lag(1_000, Some(990)), Verdict::Closed);
        assert_eq!(lag(1_010, Some(990)), Verdict::Open);
        let behind = DataSample { latency_s: Some(11), ..data };
        assert_eq!(judge("lag", &behind, &Samples::default(), &limits).unwrap().verdict, Verdict::Closed);
        let silent = DataSample { latency_s: None, ..data };
        assert_eq!(judge("lag", &silent, &Samples::default(), &limits).unwrap().verdict, Verdict::Unknown);
        assert_eq!(judge("tables", &data, &Samples::default(), &limits).unwrap().verdict, Verdict::Open);
        let loading = DataSample { loading: 1, ..data };
        assert_eq!(judge("tables", &loading, &Samples::default(), &limits).unwrap().verdict, Verdict::Closed);
        assert_eq!(
            judge("validation", &data, &Samples::default(), &limits).unwrap().verdict,
            Verdict::Unknown
        );
    }
}
