//! Elastic Load Balancing: load balancers, target groups, listeners and their rules.

mod actions;
mod attributes;
mod listener;
mod listener_certificate;
mod listener_rule;
mod load_balancer;
pub(super) mod orders;
mod rule_form;
#[cfg(test)]
mod rule_tests;
mod tags;
mod target_group;
#[cfg(test)]
pub mod tests;

pub use listener::Listener;
pub use listener_certificate::ListenerCertificate;
pub use listener_rule::ListenerRule;
pub use load_balancer::LoadBalancer;
pub use target_group::TargetGroup;
