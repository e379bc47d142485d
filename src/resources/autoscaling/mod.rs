//! Resource types of AWS::AutoScaling.

mod group;
mod group_extras;
mod group_form;
mod group_tags;
mod refresh;
mod scaling_policy;
mod scaling_policy_form;
mod update_policy;

pub use group::AutoScalingGroup;
pub use scaling_policy::ScalingPolicy;

#[cfg(test)]
mod tests;
