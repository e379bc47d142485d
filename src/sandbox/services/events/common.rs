//! What the operations share.

use super::{BUSES, DEFAULT, RULES};

use crate::sandbox::{Fault, Request, World};

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("ValidationException", message)
}

pub(super) fn missing(message: impl Into<String>) -> Fault {
    Fault::new("ResourceNotFoundException", message)
}

/// The name of the bus that a member of the request means, by name or ARN; it must be there.
pub(super) fn bus(world: &World, rq: &Request<'_>, member: &str) -> Result<String, Fault> {
    let named = rq.opt(member).unwrap_or(DEFAULT);
    let name = named.split_once(":event-bus/").map_or(named, |(_, name)| name);
    if name != DEFAULT && world.get(BUSES, &format!("{}/{name}", rq.region)).is_none() {
        return Err(missing(format!("Event bus {name} does not exist.")));
    }
    Ok(name.to_owned())
}

/// The ARN of a rule: the default bus stands in none.
pub(super) fn rule_arn(world: &World, region: &str, bus: &str, name: &str) -> String {
    let path = if bus == DEFAULT { name.to_owned() } else { format!("{bus}/{name}") };
    world.arn("events", region, &format!("rule/{path}"))
}

/// The rule that a request means: its ARN.
pub(super) fn rule(world: &World, rq: &Request<'_>, member: &str) -> Result<String, Fault> {
    let (bus, name) = (bus(world, rq, "EventBusName")?, rq.text(member));
    let arn = rule_arn(world, rq.region, &bus, name);
    if world.get(RULES, &arn).is_none() {
        return Err(missing(format!("Rule {name} does not exist on EventBus {bus}.")));
    }
    Ok(arn)
}
