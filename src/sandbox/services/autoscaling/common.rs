//! What the operations share.

use serde_json::Value as Json;

use super::GROUPS;

use crate::sandbox::{Fault, Request, World};

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("ValidationError", message)
}

/// The key of the group that a request names; it must be there.
pub(super) fn group(world: &World, rq: &Request<'_>) -> Result<String, Fault> {
    let name = rq.text("AutoScalingGroupName");
    let key = format!("{}/{name}", rq.region);
    match world.get(GROUPS, &key) {
        Some(_) => Ok(key),
        None => {
            Err(invalid(format!("AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")))
        }
    }
}

/// What the API shows of a row.
pub(super) fn shown(row: &Json) -> Json {
    let all = row.as_object().into_iter().flatten();
    all.filter(|(name, value)| !name.starts_with('_') && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
