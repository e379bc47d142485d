//! DMS: subnet groups, replication instances, endpoints, connection tests, tasks that load and follow tables.

mod announce;
mod assessments;
mod certificates;
mod connections;
mod curves;
mod endpoints;
mod engines;
mod flow;
mod instances;
mod mappings;
mod migrations;
mod news;
mod operations;
mod progress;
mod providers;
mod replication_configs;
mod replications;
mod run;
mod settings;
mod states;
mod statistics;
mod store;
mod subnets;
mod subscriptions;
mod tags;
mod tasks;
#[cfg(test)]
mod tests;

pub use curves::{Curve, curve, follower};
pub use flow::settle;
pub use operations::OPERATIONS;
