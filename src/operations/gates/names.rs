//! The gates by name, and the metrics behind them.

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
    "transactions",
    "alarms",
    "target-health",
    "route53-health",
    "reverse-ready",
];

/// What the names of gates begin with that a plan declares itself.
pub const CUSTOM: &str = "custom:";

/// What `lag` shows.
pub const LAG: &[&str] = &["task", "lag", "backlog", "reading"];
/// What `verify` shows.
pub const VERIFY: &[&str] = &["full-load", "tables", "validation", "ddl"];
/// What a shift needs.
pub const SHIFT: &[&str] = &[
    "task",
    "full-load",
    "tables",
    "lag",
    "backlog",
    "reading",
    "alarms",
    "target-health",
    "route53-health",
];
/// What is measured while a share of the traffic is held, and after the opening.
pub const ERRORS: &str = "errors";
/// Gates outside of the cutover's list: of the start, of a held share, of the reverse task's slot, of `finalize`.
pub const OTHERS: &[&str] = &["assessment", ERRORS, "slot", "soak"];
/// What can never be passed over.
pub const STRICT: &[&str] = &["task", "tables"];

/// The metrics of the lag.
pub(super) const LATENCIES: [&str; 2] = ["CDCLatencyTarget", "CDCLatencySource"];
/// The metrics of changes that wait.
pub const BACKLOG: [&str; 5] = [
    "CDCIncomingChanges",
    "CDCChangesMemorySource",
    "CDCChangesDiskSource",
    "CDCChangesMemoryTarget",
    "CDCChangesDiskTarget",
];
/// The metrics of changes that wait in a serverless replication (DMS User Guide, Serverless replication metrics).
pub const SERVERLESS_BACKLOG: [&str; 1] = ["CDCIncomingChanges"];

/// The metrics of changes that wait.
pub(super) fn backlog(serverless: bool) -> &'static [&'static str] {
    if serverless { &SERVERLESS_BACKLOG } else { &BACKLOG }
}

/// The metrics of a task, or of a serverless replication.
#[must_use]
pub fn metrics_of(task: bool) -> Vec<&'static str> {
    LATENCIES.into_iter().chain(backlog(!task).iter().copied()).collect()
}

/// The metrics of a serverless replication's capacity.
pub const CAPACITY_METRICS: [&str; 2] = ["CapacityUtilization", "CPUUtilization"];

/// The metrics of what runs a task, or a serverless replication.
#[must_use]
pub fn instance_metrics(task: bool) -> &'static [&'static str] {
    if task { &INSTANCE_METRICS } else { &CAPACITY_METRICS }
}
/// The metrics of a replication instance.
pub const INSTANCE_METRICS: [&str; 3] = ["FreeStorageSpace", "CPUUtilization", "SwapUsage"];
/// The metrics of requests and of answers that a target made with a status of 500 or more.
pub const REQUEST_METRICS: [&str; 2] = ["RequestCount", "HTTPCode_Target_5XX_Count"];
