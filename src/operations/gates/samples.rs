//! What gates are judged by, and what they say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

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

/// What DMS tells of data migrations: the worst of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DataSample {
    /// How far they are behind, in seconds.
    pub latency_s: Option<i64>,
    /// Tables that are loaded.
    pub loaded: i64,
    /// Tables with errors.
    pub errored: i64,
    /// Tables that load.
    pub loading: i64,
    /// Tables that wait.
    pub queued: i64,
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

/// The latest assessment run of a task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AssessmentSample {
    /// The task's name.
    pub task: String,
    /// The run's name; empty if there was none.
    pub run: String,
    /// `passed`, `failed`, ...
    pub status: String,
    /// Whether the task was created, or declared anew, after it.
    pub outdated: bool,
    /// What did not pass, with its state.
    pub wrong: Vec<String>,
}

/// The requests that a target group got, and those that it answered with a status of 500 or more.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ErrorSample {
    /// The group's name.
    pub group: String,
    /// Requests by minute.
    pub requests: Series,
    /// Errors by minute.
    pub errors: Series,
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
    /// Whether nothing but serverless replications is measured: they publish fewer metrics, and have no instance.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub serverless: bool,
    /// What data migrations tell, if nothing but such is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataSample>,
    /// Gigabytes of the replication instance's storage.
    pub storage_gb: f64,
    /// Each task's settings.
    pub settings: Vec<Json>,
    /// The reverse task's state, if there is one, and what is wrong with it.
    pub reverse: Option<(String, Vec<String>)>,
    /// Whether the reverse task may run already.
    pub early: bool,
    /// Whether a way back is required, and why there is none.
    pub no_reverse: Option<String>,
    /// DDL counted when the migration became synced.
    pub ddl_base: Option<i64>,
    /// The oldest open transaction in seconds, as the hook `transactions` tells it, or why it cannot be told; `None`
    /// without that hook.
    pub transactions: Option<Result<f64, String>>,
    /// Health checks of the operated records, each with the worst of its states by minute.
    pub checks: Vec<(String, Series)>,
    /// Requests and errors by target group.
    pub errors: Vec<ErrorSample>,
    /// The tasks' assessments; `None` if none is declared.
    pub assessments: Option<Vec<AssessmentSample>>,
}
