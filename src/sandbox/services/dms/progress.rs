//! How far a task is: a pure function of its row and the time.
//!
//! A task's own clock runs only while it runs: `_active` holds the milliseconds of earlier runs, `_run` when the
//! present run began, `_halt` when it ended. Tables are loaded in waves of `MaxFullLoadSubTasks`; afterwards, or
//! at once for tasks that only follow changes, changes flow at a steady rate.

use serde_json::{Value as Json, json};

use super::mappings::{self, Table};
use crate::sandbox::world::Dates;

/// How long one table takes to load.
const TABLE_LOAD: i64 = 20_000;
/// How long its validation takes after it is loaded.
const VALIDATION: i64 = 30_000;

/// One table's way.
pub(super) struct Loading {
    /// The table.
    pub table: Table,
    /// When its load begins and ends on the task's own clock; both 0 for tasks that load nothing.
    begin: i64,
    end: i64,
}

/// The state of a whole task.
pub(super) struct Progress {
    tables: Vec<Loading>,
    /// Milliseconds on the task's own clock.
    active: i64,
    loads: bool,
    follows: bool,
    validates: bool,
    /// Milliseconds since the epoch when the task's own clock showed 0, as if it had never been stopped.
    origin: i64,
}

/// Milliseconds on the task's own clock at `now`.
pub(super) fn active(task: &Json, now: i64) -> i64 {
    let before = task["_active"].as_i64().unwrap_or_default();
    let Some(run) = task["_run"].as_i64() else { return before };
    let until = task["_halt"].as_i64().unwrap_or(now).min(now);
    before + (until - run).max(0)
}

/// How long the full load takes on the task's own clock.
pub(super) fn load_time(task: &Json) -> i64 {
    of(task, 0).tables.iter().map(|loading| loading.end).max().unwrap_or_default()
}

/// The state at `now`.
pub(super) fn of(task: &Json, now: i64) -> Progress {
    let settings: Json = serde_json::from_str(task["ReplicationTaskSettings"].as_str().unwrap_or_default())
        .unwrap_or_default();
    let kind = task["MigrationType"].as_str().unwrap_or_default();
    let (loads, follows) = (kind != "cdc", kind != "full-load");
    let wide = settings["FullLoadSettings"]["MaxFullLoadSubTasks"].as_i64().unwrap_or(8).max(1);
    let tables = mappings::tables(task["TableMappings"].as_str().unwrap_or_default());
    let tables = (0..)
        .zip(tables)
        .map(|(at, table): (i64, Table)| {
            let again = task["_reload"][format!("{}.{}", table.schema, table.name)].as_i64();
            let begin = again.unwrap_or(at / wide * TABLE_LOAD);
            if loads {
                Loading { table, begin, end: begin + TABLE_LOAD }
            } else {
                Loading { table, begin: 0, end: 0 }
            }
        })
        .collect();
    let active = active(task, now);
    Progress {
        tables,
        active,
        loads,
        follows,
        validates: settings["ValidationSettings"]["EnableValidation"] == true,
        origin: task["_halt"].as_i64().unwrap_or(now).min(now) - active,
    }
}

impl Progress {
    /// Whether rows are compared.
    pub(super) fn validates(&self) -> bool {
        self.validates
    }

    fn loaded(&self, loading: &Loading) -> i64 {
        if !self.loads || self.active <= loading.begin {
            return 0;
        }
        let span = (loading.end - loading.begin).max(1);
        loading.table.rows * (self.active - loading.begin).min(span) / span
    }

    /// `ReplicationTaskStats`; the task's times are of the lifecycle clock, what is shown are dates.
    pub(super) fn stats(&self, task: &Json, dates: Dates) -> Json {
        let count =
            |fits: &dyn Fn(&Loading) -> bool| self.tables.iter().filter(|loading| fits(loading)).count();
        let started = !task["_run"].is_null();
        let begun = |loading: &Loading| started && self.active > loading.begin;
        let done = |loading: &Loading| started && self.active >= loading.end;
        let (total, have): (i64, i64) = self
            .tables
            .iter()
            .fold((0, 0), |(total, have), loading| (total + loading.table.rows, have + self.loaded(loading)));
        let percent = if !self.loads { 0 } else { have * 100 / total.max(1) };
        let all = self.loads && started && self.tables.iter().all(done);
        let mut stats = json!({
            "FullLoadProgressPercent": percent, "ElapsedTimeMillis": self.active,
            "TablesLoaded": if self.loads { count(&done) } else { 0 },
            "TablesLoading": if self.loads { count(&|l| begun(l) && !done(l)) } else { 0 },
            "TablesQueued": if self.loads && started { count(&|l| !begun(l)) } else { 0 },
            "TablesErrored": 0,
        });
        if started {
            stats["StartDate"] = json!(dates.secs(task["_run"].as_i64().unwrap_or_default()));
            stats["FreshStartDate"] = json!(dates.secs(task["_fresh"].as_i64().unwrap_or_default()));
            if self.loads {
                stats["FullLoadStartDate"] = json!(dates.secs(self.origin));
            }
            if all {
                let end = self.tables.iter().map(|loading| loading.end).max().unwrap_or_default();
                stats["FullLoadFinishDate"] = json!(dates.secs(self.origin + end));
            }
            if let Some(halt) = task["_halt"].as_i64() {
                stats["StopDate"] = json!(dates.secs(halt));
            }
        }
        stats
    }

    /// `TableStatistics`; none before the task first runs. `captured`: for how many milliseconds of writes changes came.
    pub(super) fn tables(&self, task: &Json, captured: i64, dates: Dates) -> Vec<Json> {
        if task["_run"].is_null() || self.active == 0 {
            return Vec::new();
        }
        self.tables.iter().map(|loading| self.table(task, loading, captured, dates)).collect()
    }

    fn table(&self, task: &Json, loading: &Loading, captured: i64, dates: Dates) -> Json {
        let done = self.active >= loading.end;
        let reloaded = !task["_reload"][format!("{}.{}", loading.table.schema, loading.table.name)].is_null();
        let state = match (done, self.active > loading.begin, reloaded) {
            (true, _, _) => "Table completed",
            (_, true, true) => "Table is being reloaded",
            (_, true, false) => "Full load",
            _ => "Before load",
        };
        // Changes made while a table loads are applied once it is loaded.
        let followed = if self.follows && done { captured / 1000 } else { 0 };
        let rate = loading.table.rows / 10_000;
        let (inserts, updates, deletes) = (followed * rate, followed * rate / 2, followed * rate / 10);
        let again = task["_revalidate"][format!("{}.{}", loading.table.schema, loading.table.name)].as_i64();
        let since = self.active - again.unwrap_or(loading.end).max(loading.end);
        // Rows that a test has made differ, until the table is compared again.
        let name = format!("{}.{}", loading.table.schema, loading.table.name);
        let mismatched = match task["_mismatch"][&name].as_i64() {
            Some(rows) if self.validates && done && again.is_none() => rows,
            _ => 0,
        };
        let (validation, pending) = match (self.validates, done) {
            _ if mismatched > 0 => ("Mismatched records", 0),
            (false, _) => ("Not enabled", 0),
            (true, false) => ("Pending records", loading.table.rows),
            (true, true) if since < VALIDATION => {
                ("Pending records", loading.table.rows * (VALIDATION - since) / VALIDATION)
            }
            _ => ("Validated", 0),
        };
        let mut row = json!({
            "SchemaName": loading.table.schema, "TableName": loading.table.name, "TableState": state,
            "FullLoadRows": self.loaded(loading), "FullLoadErrorRows": 0, "FullLoadCondtnlChkFailedRows": 0,
            "FullLoadReloaded": reloaded, "Inserts": inserts, "Updates": updates, "Deletes": deletes, "Ddls": 0,
            "AppliedInserts": inserts, "AppliedUpdates": updates, "AppliedDeletes": deletes, "AppliedDdls": 0,
            "ValidationState": validation, "ValidationPendingRecords": pending, "ValidationFailedRecords": mismatched,
            "ValidationSuspendedRecords": 0, "LastUpdateTime": dates.secs(self.origin + self.active),
        });
        if self.loads && self.active > loading.begin {
            row["FullLoadStartTime"] = json!(dates.secs(self.origin + loading.begin));
        }
        if self.loads && done {
            row["FullLoadEndTime"] = json!(dates.secs(self.origin + loading.end));
        }
        row
    }
}
