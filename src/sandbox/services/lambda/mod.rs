//! Lambda: functions, their versions and aliases, layers, settings, resource policies and tags. Code is kept as its
//! digest and size; nothing is run.
//!
//! Table: `lambda.function` (`region/name`). Rows hold the function's configuration as the API returns it; tags,
//! policy, reserved concurrency and the like live in members of the world's own.

mod aliases;
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
use serde_json::Value as Json;

use crate::sandbox::{Fault, Operation, Request, World};

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

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValueException", message)
}

/// The function's name and the qualifier behind it, of a name, a partial ARN or an ARN.
fn parts(id: &str) -> (&str, Option<&str>) {
    let tail = id.rsplit_once(":function:").map_or(id, |(_, tail)| tail);
    tail.split_once(':').map_or((tail, None), |(name, rest)| (name, Some(rest)))
}

/// The version or alias that a request names, behind the function's name or by itself.
fn qualifier<'r>(rq: &'r Request<'_>, id: &'r str) -> Result<Option<&'r str>, Fault> {
    match (parts(id).1, rq.opt("Qualifier")) {
        (Some(behind), Some(own)) if behind != own => Err(invalid(
            "The derived qualifier from the function name does not match the specified qualifier.",
        )),
        (behind, own) => Ok(own.or(behind)),
    }
}

/// The function that a name, a partial ARN or an ARN means, whatever its qualifier: its key and its row.
fn named(world: &World, rq: &Request<'_>, id: &str) -> Result<(String, Json), Fault> {
    let (name, _) = parts(id);
    // An ARN of elsewhere is not looked up by its name here (LocalStack's recordings of AWS,
    // `test_get_function_wrong_region`).
    let elsewhere =
        id.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(2)).filter(|region| *region != rq.region);
    if let Some(region) = elsewhere {
        let message = format!("Functions from '{region}' are not reachable in this region ('{}')", rq.region);
        return Err(Fault::new("ResourceNotFoundException", message).status(404));
    }
    let key = format!("{}/{name}", rq.region);
    let row = world.get(TABLE, &key).cloned().ok_or_else(|| {
        let arn = world.arn("lambda", rq.region, &format!("function:{name}"));
        Fault::new("ResourceNotFoundException", format!("Function not found: {arn}"))
    })?;
    Ok((key, row))
}

/// The row of the function that the request names, for operations that versions do not have here.
fn row(world: &World, rq: &Request<'_>) -> Result<(String, Json), Fault> {
    let id = rq.text("FunctionName");
    let (key, row) = named(world, rq, id)?;
    match qualifier(rq, id)? {
        None | Some("$LATEST") => Ok((key, row)),
        Some(other) => Err(versions::missing(&row, other)),
    }
}

/// The configuration that a qualifier means: the function's own, a version's, or that of the version an alias names.
fn resolved(world: &World, key: &str, row: &Json, qualifier: Option<&str>) -> Result<Json, Fault> {
    match qualifier {
        None => Ok(row.clone()),
        Some("$LATEST") => Ok(versions::qualified(row)),
        Some(name) => {
            let target = aliases::alias(world, key, name);
            let number = target.and_then(|alias| alias["FunctionVersion"].as_str()).unwrap_or(name);
            let mut found = if number == "$LATEST" {
                row.clone()
            } else {
                versions::version(world, key, number).cloned().ok_or_else(|| versions::missing(row, name))?
            };
            if let Some(alias) = target {
                found["FunctionArn"] = alias["AliasArn"].clone();
            }
            Ok(found)
        }
    }
}

/// A revision's id.
fn uuid(world: &mut World) -> String {
    let digits = world.hex(32);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}
