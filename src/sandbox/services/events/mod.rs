//! EventBridge: buses, rules, targets, and where events go.
//!
//! Tables: `events.bus` by `region/name` (the default bus is there without a row), `events.rule` by ARN (targets under
//! `_targets`), `events.delivery`: what became of an event for each target.

mod buses;
mod common;
mod delivery;
mod pattern;
mod rules;
mod tags;
mod targets;

pub use delivery::{Event, emit, emit_on, ran};

use crate::sandbox::Operation;
use common::{bus, invalid, missing, rule, rule_arn};

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("CreateEventBus", buses::create),
    Operation::write("DeleteEventBus", buses::delete),
    Operation::write("DeleteRule", rules::delete),
    Operation::read("DescribeEventBus", buses::describe),
    Operation::read("DescribeRule", rules::describe),
    Operation::write("DisableRule", rules::disable),
    Operation::write("EnableRule", rules::enable),
    Operation::read("ListEventBuses", buses::list),
    Operation::read("ListRuleNamesByTarget", targets::rules_of),
    Operation::read("ListRules", rules::list),
    Operation::read("ListTagsForResource", tags::list),
    Operation::read("ListTargetsByRule", targets::list),
    Operation::write("PutEvents", delivery::put),
    Operation::write("PutRule", rules::put),
    Operation::write("PutTargets", targets::put),
    Operation::write("RemoveTargets", targets::remove),
    Operation::write("TagResource", tags::tag),
    Operation::read("TestEventPattern", delivery::test),
    Operation::write("UntagResource", tags::untag),
];

/// Buses that were made.
const BUSES: &str = "events.bus";
/// Rules.
pub(super) const RULES: &str = "events.rule";
/// The bus that every account has.
const DEFAULT: &str = "default";
