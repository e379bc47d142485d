//! EventBridge: buses, rules, targets, and where events go.
//!
//! Tables: `events.bus` by `region/name` (the default bus is there without a row), `events.rule` by ARN (targets under
//! `_targets`), `events.delivery`: what became of an event for each target.

mod buses;
mod delivery;
mod pattern;
mod rules;
mod tags;
mod targets;

pub use delivery::{Event, emit, emit_on, ran};

use crate::sandbox::{Fault, Operation, Request, World};

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

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("ValidationException", message)
}

fn missing(message: impl Into<String>) -> Fault {
    Fault::new("ResourceNotFoundException", message)
}

/// The name of the bus that a member of the request means, by name or ARN; it must be there.
fn bus(world: &World, rq: &Request<'_>, member: &str) -> Result<String, Fault> {
    let named = rq.opt(member).unwrap_or(DEFAULT);
    let name = named.split_once(":event-bus/").map_or(named, |(_, name)| name);
    if name != DEFAULT && world.get(BUSES, &format!("{}/{name}", rq.region)).is_none() {
        return Err(missing(format!("Event bus {name} does not exist.")));
    }
    Ok(name.to_owned())
}

/// The ARN of a rule: the default bus stands in none.
fn rule_arn(world: &World, region: &str, bus: &str, name: &str) -> String {
    let path = if bus == DEFAULT { name.to_owned() } else { format!("{bus}/{name}") };
    world.arn("events", region, &format!("rule/{path}"))
}

/// The rule that a request means: its ARN.
fn rule(world: &World, rq: &Request<'_>, member: &str) -> Result<String, Fault> {
    let (bus, name) = (bus(world, rq, "EventBusName")?, rq.text(member));
    let arn = rule_arn(world, rq.region, &bus, name);
    if world.get(RULES, &arn).is_none() {
        return Err(missing(format!("Rule {name} does not exist on EventBus {bus}.")));
    }
    Ok(arn)
}
