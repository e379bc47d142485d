//! Gates: pure functions of samples. A gate is open, closed or unknown, and unknown is closed: a gate that has no data has
//! not been passed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::declare::Limits;

/// What a gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It may be passed.
    Open,
    /// Nobody can tell; it is closed.
    Unknown,
    /// It may not be passed.
    Closed,
}

impl Verdict {
    /// As events and people have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unknown => "unknown",
            Self::Closed => "closed",
        }
    }
}

/// One measurement of one gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Which gate.
    pub gate: String,
    /// What it says.
    pub verdict: Verdict,
    /// In words.
    pub summary: String,
    /// What it was judged by.
    pub samples: Json,
}

/// One metric's points, as CloudWatch answered.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Series {
    /// Whether the answer was `Complete`.
    pub complete: bool,
    /// Begin of the minute in seconds since the epoch, and its value; in the order of time.
    pub points: Vec<(i64, f64)>,
}

/// A task, as DMS describes it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TaskSample {
    /// Its name.
    pub name: String,
    /// `running`, ...
    pub status: String,
    /// Why it stopped.
    pub stop_reason: Option<String>,
    /// What went wrong.
    pub failure: Option<String>,
    /// Percent of the full load.
    pub percent: i64,
    /// Tables in trouble, loading and queued.
    pub errored: i64,
    /// Tables that load.
    pub loading: i64,
    /// Tables that wait.
    pub queued: i64,
    /// Whether the full load has a finish date.
    pub finished: bool,
    /// Whether its dates are those of the journal.
    pub as_journalled: bool,
}

/// A table, as DMS counts it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TableSample {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// `Table completed`, ...
    pub state: String,
    /// `Validated`, ...
    pub validation: String,
    /// Rows whose validation waits.
    pub pending: i64,
    /// Rows that differ.
    pub failed: i64,
    /// Rows that could not be compared.
    pub suspended: i64,
    /// Captured inserts, updates, deletes.
    pub captured: i64,
    /// Applied inserts, updates, deletes.
    pub applied: i64,
    /// Captured DDL.
    pub ddls: i64,
    /// Applied DDL.
    pub applied_ddls: i64,
}

impl TableSample {
    /// `schema.table`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.schema, self.table)
    }

    /// Whether it is one of DMS's own tables.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.table.starts_with("awsdms_")
    }
}

/// A service and its targets.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ServiceSample {
    /// Its name.
    pub name: String,
    /// Tasks that should run.
    pub desired: i64,
    /// Tasks that run.
    pub running: i64,
    /// `COMPLETED`, ...
    pub rollout: String,
    /// Healthy targets, and all.
    pub healthy: i64,
    /// All targets.
    pub targets: i64,
}

/// Everything gates are judged by.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Samples {
    /// When it was measured, in seconds since the epoch.
    pub now: i64,
    /// From when on points count: the fence's proof.
    pub since: Option<i64>,
    /// The tasks.
    pub tasks: Vec<TaskSample>,
    /// Their tables.
    pub tables: Vec<TableSample>,
    /// Tables that must be there.
    pub expected_tables: Vec<String>,
    /// Metrics by name, the tasks' worst.
    pub metrics: BTreeMap<String, Series>,
    /// Messages of the tasks' events, oldest first.
    pub events: Vec<String>,
    /// Alarms and their states.
    pub alarms: Vec<(String, String)>,
    /// Services that serve, or will.
    pub services: Vec<ServiceSample>,
    /// Gigabytes of the replication instance's storage.
    pub storage_gb: f64,
    /// Each task's settings.
    pub settings: Vec<Json>,
    /// The reverse task's state, if there is one, and what is wrong with it.
    pub reverse: Option<(String, Vec<String>)>,
    /// Whether a way back is required, and why there is none.
    pub no_reverse: Option<String>,
    /// DDL counted when the migration became synced.
    pub ddl_base: Option<i64>,
}

/// Every gate, in the order in which they are shown.
pub const GATES: &[&str] = &[
    "task",
    "full-load",
    "tables",
    "validation",
    "lag",
    "backlog",
    "reading",
    "instance",
    "ddl",
    "errors-visible",
    "alarms",
    "target-health",
    "reverse-ready",
];

/// What the names of gates begin with that a plan declares itself.
pub const CUSTOM: &str = "custom:";

/// What `lag` shows.
pub const LAG: &[&str] = &["task", "lag", "backlog", "reading"];
/// What `verify` shows.
pub const VERIFY: &[&str] = &["full-load", "tables", "validation", "ddl"];
/// What a shift needs.
pub const SHIFT: &[&str] =
    &["task", "full-load", "tables", "lag", "backlog", "reading", "alarms", "target-health"];
/// What can never be passed over.
pub const STRICT: &[&str] = &["task", "tables"];

const LATENCIES: [&str; 2] = ["CDCLatencyTarget", "CDCLatencySource"];
/// The metrics of changes that wait.
pub const BACKLOG: [&str; 5] = [
    "CDCIncomingChanges",
    "CDCChangesMemorySource",
    "CDCChangesDiskSource",
    "CDCChangesMemoryTarget",
    "CDCChangesDiskTarget",
];
/// The metrics of a task.
#[must_use]
pub fn task_metrics() -> Vec<&'static str> {
    LATENCIES.into_iter().chain(BACKLOG).collect()
}
/// The metrics of a replication instance.
pub const INSTANCE_METRICS: [&str; 3] = ["FreeStorageSpace", "CPUUtilization", "SwapUsage"];
/// How old the newest minute may be, counted from its end, in seconds.
const FRESH: i64 = 180;

/// The last `count` minutes of a metric: consecutive, complete and fresh, or why not.
fn recent(series: Option<&Series>, samples: &Samples, count: usize) -> Result<Vec<(i64, f64)>, String> {
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

fn worst(points: &[(i64, f64)]) -> f64 {
    points.iter().map(|(_, value)| *value).fold(f64::MIN, f64::max)
}

fn reading(gate: &str, verdict: Verdict, summary: impl Into<String>, samples: Json) -> Reading {
    Reading { gate: gate.to_owned(), verdict, summary: summary.into(), samples }
}

fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    let more = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn by_metric(gate: &str, names: &[&str], samples: &Samples, count: usize, limit: f64, unit: &str) -> Reading {
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

/// Measures a gate.
#[must_use]
pub fn judge(gate: &str, samples: &Samples, limits: &Limits) -> Reading {
    let fenced = samples.since.is_some();
    match gate {
        "task" => task(samples),
        "full-load" => full_load(samples),
        "tables" => tables(samples),
        "validation" => validation(samples, if fenced { 0 } else { limits.pending }),
        "lag" => by_metric("lag", &LATENCIES, samples, limits.points, limits.lag_s, " s"),
        "backlog" => {
            let limit = if fenced { 0.0 } else { limits.backlog };
            by_metric("backlog", &BACKLOG, samples, limits.points, limit, "")
        }
        "reading" => paused(samples),
        "instance" => instance(samples, limits.points),
        "ddl" => ddl(samples),
        "errors-visible" => errors_visible(samples),
        "alarms" => alarms(samples),
        "target-health" => target_health(samples),
        "reverse-ready" => reverse_ready(samples),
        other => reading(other, Verdict::Unknown, "there is no such gate", Json::Null),
    }
}

fn task(samples: &Samples) -> Reading {
    let wrong: Vec<String> = samples
        .tasks
        .iter()
        .filter_map(|task| {
            let why = if task.status != "running" {
                let reason = task.failure.clone().or_else(|| task.stop_reason.clone()).unwrap_or_default();
                format!("{} {reason}", task.status).trim_end().to_owned()
            } else if !task.as_journalled {
                "somebody else has started it again".to_owned()
            } else {
                return None;
            };
            Some(format!("{} is {why}", task.name))
        })
        .collect();
    let verdict = match (samples.tasks.is_empty(), wrong.is_empty()) {
        (true, _) => Verdict::Unknown,
        (_, true) => Verdict::Open,
        _ => Verdict::Closed,
    };
    let words = if wrong.is_empty() { format!("{} running", samples.tasks.len()) } else { wrong.join("; ") };
    reading("task", verdict, words, json!(samples.tasks))
}

fn full_load(samples: &Samples) -> Reading {
    let done = |task: &&TaskSample| {
        task.percent == 100 && task.errored == 0 && task.loading == 0 && task.queued == 0 && task.finished
    };
    let open = !samples.tasks.is_empty() && samples.tasks.iter().all(|task| done(&task));
    let words: Vec<String> = samples
        .tasks
        .iter()
        .map(|task| {
            format!(
                "{} %, {} errored, {} loading, {} queued",
                task.percent, task.errored, task.loading, task.queued
            )
        })
        .collect();
    let verdict = match (samples.tasks.is_empty(), open) {
        (true, _) => Verdict::Unknown,
        (_, true) => Verdict::Open,
        _ => Verdict::Closed,
    };
    reading("full-load", verdict, words.join("; "), json!(samples.tasks))
}

fn tables(samples: &Samples) -> Reading {
    let seen = json!(samples.tables.iter().map(|t| json!([t.name(), t.state])).collect::<Vec<_>>());
    let own: Vec<&TableSample> = samples.tables.iter().filter(|table| !table.is_own()).collect();
    if own.is_empty() {
        return reading("tables", Verdict::Closed, "no table is replicated", seen);
    }
    let wrong: Vec<String> = own
        .iter()
        .filter(|table| table.state != "Table completed")
        .map(|table| format!("{}: {}", table.name(), table.state))
        .collect();
    let lacking: Vec<String> = samples
        .expected_tables
        .iter()
        .filter(|name| own.iter().all(|table| table.name() != **name))
        .cloned()
        .collect();
    if !lacking.is_empty() {
        return reading("tables", Verdict::Closed, format!("not replicated: {}", listed(&lacking)), seen);
    }
    if !wrong.is_empty() {
        return reading("tables", Verdict::Closed, listed(&wrong), seen);
    }
    reading("tables", Verdict::Open, format!("{} completed", own.len()), seen)
}

fn validation(samples: &Samples, limit: i64) -> Reading {
    let own: Vec<&TableSample> = samples.tables.iter().filter(|table| !table.is_own()).collect();
    let seen = json!(
        own.iter()
            .map(|t| json!([t.name(), t.validation, t.pending, t.failed, t.suspended]))
            .collect::<Vec<_>>()
    );
    if own.is_empty() {
        return reading("validation", Verdict::Unknown, "no table is replicated", seen);
    }
    let bad =
        ["Not enabled", "No primary key", "Mismatched records", "Suspended records", "Table error", "Error"];
    let wrong: Vec<String> = own
        .iter()
        .filter(|table| table.failed > 0 || table.suspended > 0 || bad.contains(&table.validation.as_str()))
        .map(|table| {
            format!(
                "{}: {}, {} failed, {} suspended",
                table.name(),
                table.validation,
                table.failed,
                table.suspended
            )
        })
        .collect();
    if !wrong.is_empty() {
        return reading("validation", Verdict::Closed, listed(&wrong), seen);
    }
    let strange: Vec<String> = own
        .iter()
        .filter(|table| {
            !["Validated", "Pending records", "Pending validation"].contains(&table.validation.as_str())
        })
        .map(|table| format!("{}: {}", table.name(), table.validation))
        .collect();
    if !strange.is_empty() {
        return reading("validation", Verdict::Unknown, listed(&strange), seen);
    }
    let pending: i64 = own.iter().map(|table| table.pending).sum();
    let unsettled = own.iter().filter(|table| table.validation != "Validated").count();
    let open = pending <= limit && (limit > 0 || unsettled == 0);
    let words = format!(
        "{} of {} validated, {pending} rows pending; limit {limit}",
        own.len() - unsettled,
        own.len()
    );
    reading("validation", if open { Verdict::Open } else { Verdict::Closed }, words, seen)
}

fn paused(samples: &Samples) -> Reading {
    let said = samples.events.iter().rev().find_map(|message| {
        let lower = message.to_lowercase();
        if lower.contains("reading resumed") {
            Some(false)
        } else {
            lower.contains("reading paused").then_some(true)
        }
    });
    match said {
        Some(true) => reading("reading", Verdict::Closed, "DMS has paused reading", json!(samples.events)),
        _ => reading("reading", Verdict::Open, "not paused", json!(samples.events.len())),
    }
}

fn instance(samples: &Samples, count: usize) -> Reading {
    let (mut verdict, mut words) = (Verdict::Open, Vec::new());
    let seen: BTreeMap<&str, Json> = INSTANCE_METRICS
        .iter()
        .map(|name| (*name, json!(samples.metrics.get(*name).map(|series| &series.points))))
        .collect();
    for name in INSTANCE_METRICS {
        match recent(samples.metrics.get(name), samples, count.min(3)) {
            Ok(points) => {
                let (first, last) = (points[0].1, points[points.len() - 1].1);
                let (good, text) = match name {
                    "FreeStorageSpace" => {
                        let share = last / (samples.storage_gb.max(1.0) * 1_073_741_824.0) * 100.0;
                        (share >= 10.0, format!("storage {share:.0} % free"))
                    }
                    "CPUUtilization" => (worst(&points) <= 80.0, format!("CPU {:.0} %", worst(&points))),
                    _ => (last <= first, format!("swap {:.0} MB", last / 1e6)),
                };
                verdict = verdict.max(if good { Verdict::Open } else { Verdict::Closed });
                words.push(text);
            }
            Err(why) => {
                verdict = verdict.max(Verdict::Unknown);
                words.push(format!("{name}: {why}"));
            }
        }
    }
    reading("instance", verdict, words.join(", "), json!(seen))
}

fn ddl(samples: &Samples) -> Reading {
    let (captured, applied) =
        samples.tables.iter().fold((0, 0), |(c, a), table| (c + table.ddls, a + table.applied_ddls));
    let seen = json!({"captured": captured, "applied": applied, "base": samples.ddl_base});
    if samples.tables.is_empty() {
        return reading("ddl", Verdict::Unknown, "no table is replicated", seen);
    }
    if captured != applied {
        return reading("ddl", Verdict::Closed, format!("{captured} captured, {applied} applied"), seen);
    }
    match samples.ddl_base {
        Some(base) if base != captured => {
            let words = format!("{} since the migration was in sync", captured - base);
            reading("ddl", Verdict::Closed, words, seen)
        }
        _ => reading("ddl", Verdict::Open, format!("{captured} captured and applied"), seen),
    }
}

/// DMS's defaults ignore or only log what cannot be applied; then nothing tells of it.
fn errors_visible(samples: &Samples) -> Reading {
    if samples.settings.is_empty() {
        return reading("errors-visible", Verdict::Unknown, "no task", Json::Null);
    }
    let stops = |value: &Json| matches!(value.as_str(), Some("STOP_TASK" | "SUSPEND_TABLE"));
    let hidden = samples.settings.iter().any(|settings| {
        let policies = &settings["ErrorBehavior"];
        let applies = ["ApplyErrorInsertPolicy", "ApplyErrorUpdatePolicy", "ApplyErrorDeletePolicy"]
            .iter()
            .all(|name| stops(&policies[*name]));
        let validated = settings["ValidationSettings"]["EnableValidation"] == true;
        !applies && !validated
    });
    if hidden {
        let words = "apply errors are only logged, and no validation covers the tables";
        return reading("errors-visible", Verdict::Closed, words, json!(samples.settings));
    }
    reading("errors-visible", Verdict::Open, "validation or apply policies show them", Json::Null)
}

fn alarms(samples: &Samples) -> Reading {
    let not_ok: Vec<String> = samples
        .alarms
        .iter()
        .filter(|(_, state)| state != "OK")
        .map(|(name, state)| format!("{name} {state}"))
        .collect();
    let seen = json!(samples.alarms);
    if not_ok.is_empty() {
        return reading("alarms", Verdict::Open, format!("{} OK", samples.alarms.len()), seen);
    }
    let alarm = samples.alarms.iter().any(|(_, state)| state == "ALARM");
    reading("alarms", if alarm { Verdict::Closed } else { Verdict::Unknown }, listed(&not_ok), seen)
}

fn target_health(samples: &Samples) -> Reading {
    let seen = json!(samples.services);
    if samples.services.is_empty() {
        return reading("target-health", Verdict::Unknown, "no service of the target is known", seen);
    }
    let wrong: Vec<String> = samples
        .services
        .iter()
        .filter(|s| {
            s.desired == 0
                || s.running < s.desired
                || s.rollout != "COMPLETED"
                || s.healthy < s.targets
                || (s.targets > 0 && s.healthy < s.desired)
        })
        .map(|s| {
            format!(
                "{}: {} of {} run, {} of {} healthy, rollout {}",
                s.name, s.running, s.desired, s.healthy, s.targets, s.rollout
            )
        })
        .collect();
    if wrong.is_empty() {
        let healthy: i64 = samples.services.iter().map(|service| service.healthy).sum();
        return reading("target-health", Verdict::Open, format!("{healthy} healthy"), seen);
    }
    reading("target-health", Verdict::Closed, wrong.join("; "), seen)
}

fn reverse_ready(samples: &Samples) -> Reading {
    let seen = json!(samples.reverse);
    match (&samples.reverse, &samples.no_reverse) {
        (None, Some(reason)) => {
            reading("reverse-ready", Verdict::Open, format!("no way back: {reason}"), seen)
        }
        (None, None) => {
            let words = "there is no reverse task, and none is declared unnecessary";
            reading("reverse-ready", Verdict::Closed, words, seen)
        }
        (Some((status, wrong)), _) => {
            let resting = ["ready", "stopped", "failed"].contains(&status.as_str());
            if !wrong.is_empty() {
                reading("reverse-ready", Verdict::Closed, wrong.join("; "), seen)
            } else if resting {
                reading("reverse-ready", Verdict::Open, format!("the reverse task is {status}"), seen)
            } else {
                reading("reverse-ready", Verdict::Closed, format!("the reverse task is {status}"), seen)
            }
        }
    }
}
