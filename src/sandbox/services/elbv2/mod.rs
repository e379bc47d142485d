//! Elastic Load Balancing (v2).
//!
//! Tables: `elbv2.load-balancer`, `elbv2.target-group`, `elbv2.listener`, `elbv2.rule`, each under its ARN,
//! and `elbv2.target` under `target group ARN|id|port`. Rows carry `_tags` (an object), `_attributes` (an
//! object, defaults included), `_region` and `_settings` (what the create call sent, to tell a repeated call
//! from a different one).

mod attribute_values;
mod attributes;
mod balancers;
mod certificates;
mod common;
mod conditions;
mod groups;
mod limits;
mod listeners;
mod rules;
mod ssl_policies;
mod tags;
mod targets;

use crate::sandbox::Operation;
use common::{invalid, no_balancer, no_group, no_listener, tags_of, tail};

pub use groups::balancers_of;
pub use targets::{deregister, register};

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("AddListenerCertificates", certificates::add),
    Operation::write("AddTags", tags::add),
    Operation::write("CreateListener", listeners::create),
    Operation::write("CreateLoadBalancer", balancers::create),
    Operation::write("CreateRule", rules::create),
    Operation::write("CreateTargetGroup", groups::create),
    Operation::write("DeleteListener", listeners::delete),
    Operation::write("DeleteLoadBalancer", balancers::delete),
    Operation::write("DeleteRule", rules::delete),
    Operation::write("DeleteTargetGroup", groups::delete),
    Operation::write("DeregisterTargets", targets::deregister_targets),
    Operation::read("DescribeAccountLimits", limits::describe),
    Operation::read("DescribeCapacityReservation", balancers::describe_capacity),
    Operation::read("DescribeListenerAttributes", attributes::describe_listener),
    Operation::read("DescribeListenerCertificates", certificates::describe),
    Operation::read("DescribeListeners", listeners::describe),
    Operation::read("DescribeLoadBalancerAttributes", attributes::describe_balancer),
    Operation::read("DescribeLoadBalancers", balancers::describe),
    Operation::read("DescribeRules", rules::describe),
    Operation::read("DescribeSSLPolicies", ssl_policies::describe),
    Operation::read("DescribeTags", tags::describe),
    Operation::read("DescribeTargetGroupAttributes", attributes::describe_group),
    Operation::read("DescribeTargetGroups", groups::describe),
    Operation::read("DescribeTargetHealth", targets::describe_health),
    Operation::write("ModifyCapacityReservation", balancers::modify_capacity),
    Operation::write("ModifyIpPools", balancers::modify_pools),
    Operation::write("ModifyListener", listeners::modify),
    Operation::write("ModifyListenerAttributes", attributes::modify_listener),
    Operation::write("ModifyLoadBalancerAttributes", attributes::modify_balancer),
    Operation::write("ModifyRule", rules::modify),
    Operation::write("ModifyTargetGroup", groups::modify),
    Operation::write("ModifyTargetGroupAttributes", attributes::modify_group),
    Operation::write("RegisterTargets", targets::register_targets),
    Operation::write("RemoveListenerCertificates", certificates::remove),
    Operation::write("RemoveTags", tags::remove),
    Operation::write("SetIpAddressType", balancers::set_ip_address_type),
    Operation::write("SetRulePriorities", rules::set_priorities),
    Operation::write("SetSecurityGroups", balancers::set_security_groups),
    Operation::write("SetSubnets", balancers::set_subnets),
];

/// Load balancers.
const BALANCERS: &str = "elbv2.load-balancer";
/// Target groups.
const GROUPS: &str = "elbv2.target-group";
/// Listeners.
const LISTENERS: &str = "elbv2.listener";
/// Rules.
const RULES: &str = "elbv2.rule";
/// Registered targets.
const TARGETS: &str = "elbv2.target";
