//! Elastic Container Service: clusters, task definitions and services.

mod cluster;
mod connect;
mod container;
mod deployment;
mod service;
mod steady;
mod tags;
mod task_definition;
mod volume;

#[cfg(test)]
mod tests;

pub use cluster::Cluster;
pub use service::Service;
pub use task_definition::TaskDefinition;
