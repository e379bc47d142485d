//! Elastic Load Balancing: load balancers, target groups and listeners.

mod actions;
mod attributes;
mod listener;
mod load_balancer;
mod tags;
mod target_group;
#[cfg(test)]
pub mod tests;

pub use listener::Listener;
pub use load_balancer::LoadBalancer;
pub use target_group::TargetGroup;
