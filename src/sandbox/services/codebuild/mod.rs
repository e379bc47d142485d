//! CodeBuild: projects with their webhooks, and the credentials of source providers. Builds are not run.
//!
//! Tables: `codebuild.project` by `region/name`, `codebuild.source-credential` by ARN; no token is kept.

mod checks;
mod credentials;
mod projects;
mod webhooks;

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Operation, World};

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::read("BatchGetProjects", projects::get),
    Operation::write("CreateProject", projects::create),
    Operation::write("CreateWebhook", webhooks::create),
    Operation::write("DeleteProject", projects::delete),
    Operation::write("DeleteSourceCredentials", credentials::delete),
    Operation::write("DeleteWebhook", webhooks::delete),
    Operation::write("ImportSourceCredentials", credentials::import),
    Operation::read("ListProjects", projects::list),
    Operation::read("ListSourceCredentials", credentials::list),
    Operation::write("UpdateProject", projects::update),
    Operation::write("UpdateProjectVisibility", projects::show),
    Operation::write("UpdateWebhook", webhooks::update),
];

/// Projects.
const PROJECTS: &str = "codebuild.project";
/// Credentials of source providers.
const CREDENTIALS: &str = "codebuild.source-credential";

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidInputException", message)
}

fn missing(message: impl Into<String>) -> Fault {
    Fault::new("ResourceNotFoundException", message)
}

fn exists(message: impl Into<String>) -> Fault {
    Fault::new("ResourceAlreadyExistsException", message)
}

/// The ARN of the project of that name.
fn arn(world: &World, region: &str, name: &str) -> String {
    world.arn("codebuild", region, &format!("project/{name}"))
}

/// The key of the project that a name or an ARN names.
fn key(world: &World, region: &str, id: &str) -> Result<String, Fault> {
    let name = id.rsplit_once(":project/").map_or(id, |(_, name)| name);
    let key = format!("{region}/{name}");
    match world.get(PROJECTS, &key) {
        Some(row) if !id.starts_with("arn:") || row["arn"] == id => Ok(key),
        _ => Err(missing(format!("Project cannot be found: {}", arn(world, region, name)))),
    }
}

/// A row as answers show it.
fn shown(row: &Json) -> Json {
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
