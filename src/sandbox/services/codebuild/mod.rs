//! CodeBuild: projects with their webhooks, and the credentials of source providers. Builds are not run.
//!
//! Tables: `codebuild.project` by `region/name`, `codebuild.source-credential` by ARN; no token is kept.

mod checks;
mod common;
mod credentials;
mod projects;
mod webhooks;

use crate::sandbox::Operation;
use common::{arn, exists, invalid, key, missing, shown};

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
