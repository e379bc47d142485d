//! Application Auto Scaling.
//!
//! Tables: `autoscaling.target` (`region/namespace/dimension/resource`), `autoscaling.policy` and
//! `autoscaling.action` (the target's key, `|` and the name). Policies and actions go with their target;
//! the alarms of target tracking are rows of `cloudwatch.alarm` and go with their policy.

mod actions;
mod alarms;
mod common;
mod policies;
mod targets;

pub use targets::leave;

use crate::sandbox::Operation;
use common::{invalid, no_target, target_key};

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("DeleteScalingPolicy", policies::delete),
    Operation::write("DeleteScheduledAction", actions::delete),
    Operation::write("DeregisterScalableTarget", targets::deregister),
    Operation::read("DescribeScalableTargets", targets::describe),
    Operation::read("DescribeScalingActivities", targets::activities),
    Operation::read("DescribeScalingPolicies", policies::describe),
    Operation::read("DescribeScheduledActions", actions::describe),
    Operation::read("ListTagsForResource", targets::list_tags),
    Operation::write("PutScalingPolicy", policies::put),
    Operation::write("PutScheduledAction", actions::put),
    Operation::write("RegisterScalableTarget", targets::register),
    Operation::write("TagResource", targets::tag),
    Operation::write("UntagResource", targets::untag),
];

/// Scalable targets.
const TARGETS: &str = "autoscaling.target";
/// Scaling policies.
const POLICIES: &str = "autoscaling.policy";
/// Scheduled actions.
const ACTIONS: &str = "autoscaling.action";
