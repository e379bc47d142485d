//! Application Auto Scaling: scalable targets and scaling policies.

pub(super) mod orders;
mod predictive;
mod scalable_target;
mod scaling_policy;
mod scheduled;
mod tags;
#[cfg(test)]
mod tests;
mod tracking;

pub use scalable_target::ScalableTarget;
pub use scaling_policy::ScalingPolicy;
