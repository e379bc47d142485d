//! What the operations share.

use serde_json::Value as Json;

use super::GROUPS;

use crate::sandbox::{Fault, Request, World};

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterException", message)
}

pub(super) fn no_group() -> Fault {
    Fault::new("ResourceNotFoundException", "The specified log group does not exist.")
}

/// The group's name in a name or an ARN.
pub(super) fn name_of(identifier: &str) -> &str {
    match identifier.split_once(":log-group:") {
        Some((_, tail)) => tail.strip_suffix(":*").unwrap_or(tail),
        None => identifier,
    }
}

/// The key of the group that a request names in one of the usual members.
pub(super) fn key(rq: &Request<'_>) -> String {
    let members = ["logGroupName", "logGroupIdentifier", "resourceArn", "resourceIdentifier"];
    let name = members.iter().find_map(|member| rq.opt(member)).unwrap_or_default();
    format!("{}/{}", rq.region, name_of(name))
}

/// Whether a region has a log group of that name.
pub fn is_there(world: &World, region: &str, name: &str) -> bool {
    world.get(GROUPS, &format!("{region}/{name}")).is_some()
}

/// Refuses a group that is named in two ways (LocalStack's recordings of AWS,
/// `test_describe_log_streams_with_log_group_identifier`).
pub(super) fn exclusive(rq: &Request<'_>) -> Result<(), Fault> {
    if rq.opt("logGroupName").is_some() && rq.opt("logGroupIdentifier").is_some() {
        let message = "LogGroup name and LogGroup ARN are mutually exclusive parameters.";
        return Err(Fault::new("ValidationException", message));
    }
    Ok(())
}

pub(super) fn group<'w>(world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
    exclusive(rq)?;
    world.get(GROUPS, &key(rq)).ok_or_else(no_group)
}

pub(super) fn group_mut<'w>(world: &'w mut World, rq: &Request<'_>) -> Result<&'w mut Json, Fault> {
    world.get_mut(GROUPS, &key(rq)).ok_or_else(no_group)
}

/// Takes a member out of a row.
pub(super) fn drop_member(row: &mut Json, member: &str) {
    if let Some(members) = row.as_object_mut() {
        members.remove(member);
    }
}
