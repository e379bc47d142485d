//! Lambda: functions, their settings, resource policies and tags. Code is kept as its digest and size; nothing is
//! run, so `Invoke` is not modelled.
//!
//! Table: `lambda.function` (`region/name`). Rows hold the function's configuration as the API returns it; tags,
//! policy, reserved concurrency and the like live in members of the world's own.

mod functions;
mod permissions;
mod settings;
mod tags;
#[cfg(test)]
mod tests;
mod versions;

use serde_json::Value as Json;

use crate::sandbox::{Fault, Operation, Request, World};

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("AddPermission", permissions::add),
    Operation::write("CreateFunction", functions::create),
    Operation::write("DeleteFunction", functions::delete),
    Operation::write("DeleteFunctionCodeSigningConfig", settings::delete_signing),
    Operation::write("DeleteFunctionConcurrency", settings::delete_concurrency),
    Operation::read("GetAccountSettings", settings::account),
    Operation::read("GetFunction", functions::get),
    Operation::read("GetFunctionCodeSigningConfig", settings::get_signing),
    Operation::read("GetFunctionConcurrency", settings::get_concurrency),
    Operation::read("GetFunctionConfiguration", functions::get_configuration),
    Operation::read("GetFunctionRecursionConfig", settings::get_recursion),
    Operation::read("GetFunctionScalingConfig", versions::get_scaling),
    Operation::read("GetPolicy", permissions::get),
    Operation::read("GetRuntimeManagementConfig", settings::get_runtime),
    Operation::read("ListFunctions", functions::list),
    Operation::read("ListTags", tags::list),
    Operation::read("ListVersionsByFunction", versions::list),
    Operation::write("PublishVersion", versions::publish),
    Operation::write("PutFunctionCodeSigningConfig", settings::put_signing),
    Operation::write("PutFunctionConcurrency", settings::put_concurrency),
    Operation::write("PutFunctionRecursionConfig", settings::put_recursion),
    Operation::write("PutFunctionScalingConfig", versions::put_scaling),
    Operation::write("PutRuntimeManagementConfig", settings::put_runtime),
    Operation::write("RemovePermission", permissions::remove),
    Operation::write("TagResource", tags::tag),
    Operation::write("UntagResource", tags::untag),
    Operation::write("UpdateFunctionCode", functions::update_code),
    Operation::write("UpdateFunctionConfiguration", functions::update_configuration),
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
