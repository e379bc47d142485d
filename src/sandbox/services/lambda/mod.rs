//! Lambda: functions, their versions and aliases, layers, settings, resource policies and tags. Code is kept as its
//! digest and size; nothing is run.
//!
//! Table: `lambda.function` (`region/name`). Rows hold the function's configuration as the API returns it; tags,
//! policy, reserved concurrency and the like live in members of the world's own.

mod aliases;
mod common;
mod custom;
mod event_config;
mod functions;
mod invoke;
mod jobs;
mod layers;
mod mappings;
mod permissions;
mod provisioned;
mod queue;
mod runtimes;
mod settings;
mod signing;
mod tags;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_queue;
mod urls;
mod versions;

pub use jobs::{Job, job};
pub use queue::{Attempt, Due, Queued, attempted, due, enqueue};

use crate::sandbox::Operation;
use common::{invalid, named, parts, qualifier, resolved, row};

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("AddLayerVersionPermission", layers::add_permission),
    Operation::write("AddPermission", permissions::add),
    Operation::write("CreateAlias", aliases::create),
    Operation::write("CreateCodeSigningConfig", signing::create),
    Operation::write("CreateEventSourceMapping", mappings::create),
    Operation::write("CreateFunction", functions::create),
    Operation::write("CreateFunctionUrlConfig", urls::create),
    Operation::write("DeleteAlias", aliases::delete),
    Operation::write("DeleteCodeSigningConfig", signing::delete),
    Operation::write("DeleteEventSourceMapping", mappings::delete),
    Operation::write("DeleteFunction", functions::delete),
    Operation::write("DeleteFunctionCodeSigningConfig", settings::delete_signing),
    Operation::write("DeleteFunctionConcurrency", settings::delete_concurrency),
    Operation::write("DeleteFunctionEventInvokeConfig", event_config::delete),
    Operation::write("DeleteFunctionUrlConfig", urls::delete),
    Operation::write("DeleteLayerVersion", layers::delete),
    Operation::write("DeleteProvisionedConcurrencyConfig", provisioned::delete),
    Operation::read("GetAccountSettings", settings::account),
    Operation::read("GetAlias", aliases::get),
    Operation::read("GetCodeSigningConfig", signing::get),
    Operation::read("GetEventSourceMapping", mappings::get),
    Operation::read("GetFunction", functions::get),
    Operation::read("GetFunctionCodeSigningConfig", settings::get_signing),
    Operation::read("GetFunctionConcurrency", settings::get_concurrency),
    Operation::read("GetFunctionConfiguration", functions::get_configuration),
    Operation::read("GetFunctionEventInvokeConfig", event_config::get),
    Operation::read("GetFunctionRecursionConfig", settings::get_recursion),
    Operation::read("GetFunctionScalingConfig", versions::get_scaling),
    Operation::read("GetFunctionUrlConfig", urls::get),
    Operation::read("GetLayerVersion", layers::get),
    Operation::read("GetLayerVersionByArn", layers::get_by_arn),
    Operation::read("GetLayerVersionPolicy", layers::policy),
    Operation::read("GetPolicy", permissions::get),
    Operation::read("GetProvisionedConcurrencyConfig", provisioned::get),
    Operation::read("GetRuntimeManagementConfig", settings::get_runtime),
    Operation::write("Invoke", invoke::invoke),
    Operation::read("ListAliases", aliases::list),
    Operation::read("ListCodeSigningConfigs", signing::list),
    Operation::read("ListEventSourceMappings", mappings::list),
    Operation::read("ListFunctionEventInvokeConfigs", event_config::list),
    Operation::read("ListFunctionUrlConfigs", urls::list),
    Operation::read("ListFunctions", functions::list),
    Operation::read("ListFunctionsByCodeSigningConfig", signing::functions),
    Operation::read("ListLayerVersions", layers::list_versions),
    Operation::read("ListLayers", layers::list),
    Operation::read("ListProvisionedConcurrencyConfigs", provisioned::list),
    Operation::read("ListTags", tags::list),
    Operation::read("ListVersionsByFunction", versions::list),
    Operation::write("PublishLayerVersion", layers::publish),
    Operation::write("PublishVersion", versions::publish),
    Operation::write("PutFunctionCodeSigningConfig", settings::put_signing),
    Operation::write("PutFunctionConcurrency", settings::put_concurrency),
    Operation::write("PutFunctionEventInvokeConfig", event_config::put),
    Operation::write("PutFunctionRecursionConfig", settings::put_recursion),
    Operation::write("PutFunctionScalingConfig", versions::put_scaling),
    Operation::write("PutProvisionedConcurrencyConfig", provisioned::put),
    Operation::write("PutRuntimeManagementConfig", settings::put_runtime),
    Operation::write("RemoveLayerVersionPermission", layers::remove_permission),
    Operation::write("RemovePermission", permissions::remove),
    Operation::write("TagResource", tags::tag),
    Operation::write("UntagResource", tags::untag),
    Operation::write("UpdateAlias", aliases::update),
    Operation::write("UpdateCodeSigningConfig", signing::update),
    Operation::write("UpdateEventSourceMapping", mappings::update),
    Operation::write("UpdateFunctionCode", functions::update_code),
    Operation::write("UpdateFunctionConfiguration", functions::update_configuration),
    Operation::write("UpdateFunctionEventInvokeConfig", event_config::update),
    Operation::write("UpdateFunctionUrlConfig", urls::update),
];

/// Functions.
const TABLE: &str = "lambda.function";
