//! CloudWatch Logs: log groups.

mod log_group;
pub(super) mod orders;
mod tags;

pub use log_group::LogGroup;
