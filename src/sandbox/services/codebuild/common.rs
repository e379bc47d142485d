//! What the operations share.

use serde_json::{Value as Json, json};

use super::PROJECTS;

use crate::sandbox::{Fault, World};

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidInputException", message)
}

pub(super) fn missing(message: impl Into<String>) -> Fault {
    Fault::new("ResourceNotFoundException", message)
}

pub(super) fn exists(message: impl Into<String>) -> Fault {
    Fault::new("ResourceAlreadyExistsException", message)
}

/// The ARN of the project of that name.
pub(super) fn arn(world: &World, region: &str, name: &str) -> String {
    world.arn("codebuild", region, &format!("project/{name}"))
}

/// The key of the project that a name or an ARN names.
pub(super) fn key(world: &World, region: &str, id: &str) -> Result<String, Fault> {
    let name = id.rsplit_once(":project/").map_or(id, |(_, name)| name);
    let key = format!("{region}/{name}");
    match world.get(PROJECTS, &key) {
        Some(row) if !id.starts_with("arn:") || row["arn"] == id => Ok(key),
        _ => Err(missing(format!("Project cannot be found: {}", arn(world, region, name)))),
    }
}

/// A row as answers show it.
pub(super) fn shown(row: &Json) -> Json {
    let mut out: Json = row
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| !name.starts_with('_') && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let tags = row["_tags"].as_object().into_iter().flatten();
    out["tags"] = tags.map(|(key, value)| json!({"key": key, "value": value})).collect();
    // "secret: Only returned by the call that makes it" (API Reference, Webhook).
    if let Some(webhook) = out["webhook"].as_object_mut() {
        webhook.remove("secret");
    }
    out
}
