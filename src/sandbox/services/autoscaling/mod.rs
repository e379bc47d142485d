//! EC2 Auto Scaling: groups whose instances are rows of `ec2.instance`, with `_group` and `_lifecycle`.
//!
//! Tables: `asg.group` by `region/name`, `asg.policy` and `asg.refresh` by id, `asg.activity`. What happens to instances is
//! planned ahead when a group changes: launches, drains and replacements each have their time.

mod activities;
mod alarms;
mod common;
mod extras;
mod fleet;
mod groups;
mod policies;
mod refreshes;
mod scheduled;
mod tags;

use crate::sandbox::Operation;
use common::{group, invalid, shown};

pub use fleet::lost;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("AttachLoadBalancerTargetGroups", extras::attach_groups),
    Operation::write("AttachLoadBalancers", extras::attach_balancers),
    Operation::write("AttachTrafficSources", extras::attach_sources),
    Operation::write("BatchDeleteScheduledAction", scheduled::delete_many),
    Operation::write("BatchPutScheduledUpdateGroupAction", scheduled::put_many),
    Operation::write("CancelInstanceRefresh", refreshes::cancel),
    Operation::write("CreateAutoScalingGroup", groups::create),
    Operation::write("CreateOrUpdateTags", tags::set),
    Operation::write("DeleteAutoScalingGroup", groups::delete),
    Operation::write("DeleteLifecycleHook", extras::delete_hook),
    Operation::write("DeleteNotificationConfiguration", extras::delete_notification),
    Operation::write("DeletePolicy", policies::delete),
    Operation::write("DeleteScheduledAction", scheduled::delete),
    Operation::write("DeleteTags", tags::unset),
    Operation::read("DescribeAutoScalingGroups", groups::describe),
    Operation::read("DescribeAutoScalingInstances", groups::instances),
    Operation::read("DescribeInstanceRefreshes", refreshes::describe),
    Operation::read("DescribeLifecycleHooks", extras::hooks),
    Operation::read("DescribeLoadBalancerTargetGroups", extras::groups),
    Operation::read("DescribeNotificationConfigurations", extras::notifications),
    Operation::read("DescribePolicies", policies::describe),
    Operation::read("DescribeScalingActivities", activities::describe),
    Operation::read("DescribeScheduledActions", scheduled::describe),
    Operation::read("DescribeTags", tags::describe),
    Operation::read("DescribeTrafficSources", extras::sources),
    Operation::write("DetachLoadBalancerTargetGroups", extras::detach_groups),
    Operation::write("DetachLoadBalancers", extras::detach_balancers),
    Operation::write("DetachTrafficSources", extras::detach_sources),
    Operation::write("DisableMetricsCollection", extras::disable_metrics),
    Operation::write("EnableMetricsCollection", extras::enable_metrics),
    Operation::write("PutLifecycleHook", extras::put_hook),
    Operation::write("PutNotificationConfiguration", extras::put_notification),
    Operation::write("PutScalingPolicy", policies::put),
    Operation::write("PutScheduledUpdateGroupAction", scheduled::put),
    Operation::write("ResumeProcesses", extras::resume),
    Operation::write("SetDesiredCapacity", groups::set_desired),
    Operation::write("SetInstanceProtection", groups::protect),
    Operation::write("StartInstanceRefresh", refreshes::start),
    Operation::write("SuspendProcesses", extras::suspend),
    Operation::write("TerminateInstanceInAutoScalingGroup", groups::terminate),
    Operation::write("UpdateAutoScalingGroup", groups::update),
];

/// Groups.
const GROUPS: &str = "asg.group";
/// Scaling policies.
const POLICIES: &str = "asg.policy";
/// Instance refreshes.
const REFRESHES: &str = "asg.refresh";
/// What happened.
const ACTIVITIES: &str = "asg.activity";
/// The code for a page token that is not ours.
const BAD_TOKEN: &str = "InvalidNextToken";
