//! CloudWatch: alarms, dashboards, metrics.
//!
//! Tables: `cloudwatch.metric-stream`, `cloudwatch.alarm` and `cloudwatch.dashboard` (tags under `_tags`), `cloudwatch.history`,
//! `cloudwatch.metric` (one row per metric, its points under `_points`). Other services of the world publish
//! through [`publish`].

mod alarms;
mod composite;
mod dashboards;
mod evaluate;
mod history;
mod math;
mod metrics;
mod published;
mod queries;
mod streams;
mod tags;

pub use evaluate::state_of;
pub use metrics::publish;

use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("DeleteAlarms", alarms::delete),
    Operation::write("DeleteDashboards", dashboards::delete),
    Operation::write("DeleteMetricStream", streams::delete),
    Operation::read("DescribeAlarmHistory", history::describe),
    Operation::read("DescribeAlarms", alarms::describe),
    Operation::write("DisableAlarmActions", alarms::disable_actions),
    Operation::write("EnableAlarmActions", alarms::enable_actions),
    Operation::read("GetDashboard", dashboards::get),
    Operation::read("GetMetricData", queries::data),
    Operation::read("GetMetricStatistics", queries::statistics),
    Operation::read("GetMetricStream", streams::get),
    Operation::read("ListDashboards", dashboards::list),
    Operation::read("ListMetrics", metrics::list),
    Operation::read("ListMetricStreams", streams::list),
    Operation::read("ListTagsForResource", tags::list),
    Operation::write("PutCompositeAlarm", alarms::put_composite),
    Operation::write("PutDashboard", dashboards::put),
    Operation::write("PutMetricAlarm", alarms::put),
    Operation::write("PutMetricData", metrics::put),
    Operation::write("PutMetricStream", streams::put),
    Operation::write("SetAlarmState", alarms::set_state),
    Operation::write("StartMetricStreams", streams::start),
    Operation::write("StopMetricStreams", streams::stop),
    Operation::write("TagResource", tags::tag),
    Operation::write("UntagResource", tags::untag),
];

#[cfg(test)]
mod tests;
