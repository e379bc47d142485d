//! Gates of tasks and tables.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{
    names::instance_metrics,
    points::{listed, reading, recent, worst},
    samples::{Reading, Samples, TableSample, TaskSample, Verdict},
};

pub(super) fn task(samples: &Samples) -> Reading {
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

pub(super) fn full_load(samples: &Samples) -> Reading {
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

pub(super) fn tables(samples: &Samples) -> Reading {
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

pub(super) fn validation(samples: &Samples, limit: i64) -> Reading {
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

pub(super) fn paused(samples: &Samples) -> Reading {
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

pub(super) fn instance(samples: &Samples, count: usize) -> Reading {
    let (mut verdict, mut words) = (Verdict::Open, Vec::new());
    let names = instance_metrics(!samples.serverless);
    let seen: BTreeMap<&str, Json> = names
        .iter()
        .map(|name| (*name, json!(samples.metrics.get(*name).map(|series| &series.points))))
        .collect();
    for name in names.iter().copied() {
        match recent(samples.metrics.get(name), samples, count.min(3)) {
            Ok(points) => {
                let (first, last) = (points[0].1, points[points.len() - 1].1);
                let (good, text) = match name {
                    "FreeStorageSpace" => {
                        let share = last / (samples.storage_gb.max(1.0) * 1_073_741_824.0) * 100.0;
                        (share >= 10.0, format!("storage {share:.0} % free"))
                    }
                    // More than that, and it is about to fail for lack of memory (user guide, Tuning autoscaling).
                    "CapacityUtilization" => {
                        (worst(&points) <= 90.0, format!("capacity {:.0} % used", worst(&points)))
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

pub(super) fn ddl(samples: &Samples) -> Reading {
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
pub(super) fn errors_visible(samples: &Samples) -> Reading {
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

pub(super) fn reverse_ready(samples: &Samples) -> Reading {
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
            let resting = ["ready", "created", "stopped", "failed"].contains(&status.as_str())
                || (samples.early && status == "running");
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

/// The longest that a transaction may be open, in seconds.
const OPEN_S: f64 = 10.0;

/// No AWS API tells how long a transaction of a database is open without Performance Insights, so a hook does. Without one
/// nothing is closed: the drain proves that everything committed has arrived, and the fence ends the sessions.
pub(super) fn transactions(samples: &Samples) -> Reading {
    match &samples.transactions {
        None => {
            let words = "not knowable without a hook `transactions`; the drain waits for what is open";
            reading("transactions", Verdict::Open, words, Json::Null)
        }
        Some(Err(why)) => reading("transactions", Verdict::Unknown, why.clone(), Json::Null),
        Some(Ok(seconds)) => {
            let verdict = if *seconds <= OPEN_S { Verdict::Open } else { Verdict::Closed };
            let words = format!("the oldest is open for {seconds:.1} s; limit {OPEN_S:.0} s");
            reading("transactions", verdict, words, json!(seconds))
        }
    }
}

/// What premigration assessments found; the states are those of
/// https://docs.aws.amazon.com/dms/latest/APIReference/API_ReplicationTaskAssessmentRun.html
pub(super) fn assessment(samples: &Samples) -> Reading {
    let Some(all) = &samples.assessments else {
        return reading("assessment", Verdict::Open, "none is declared", Json::Null);
    };
    if all.is_empty() {
        let words = "DMS assesses a serverless replication when it starts, and does not start one that fails";
        return reading("assessment", Verdict::Open, words, json!(all));
    }
    let (mut verdict, mut words) = (Verdict::Open, Vec::new());
    for one in all {
        let (said, text) = match one.status.as_str() {
            "" => (Verdict::Closed, "was never assessed; `migrate replicate assess` does it".to_owned()),
            "passed" | "warning" if one.outdated => {
                (Verdict::Closed, format!("changed after run {}; assess it again", one.run))
            }
            "passed" => (Verdict::Open, "passed".to_owned()),
            "warning" => (Verdict::Open, format!("passed with warnings: {}", listed(&one.wrong))),
            "starting" | "provisioning" | "running" => (Verdict::Unknown, format!("is {}", one.status)),
            other if one.wrong.is_empty() => (Verdict::Closed, format!("is {other}")),
            other => (Verdict::Closed, format!("is {other}: {}", listed(&one.wrong))),
        };
        verdict = verdict.max(said);
        words.push(format!("{} {text}", one.task));
    }
    reading("assessment", verdict, words.join("; "), json!(all))
}
