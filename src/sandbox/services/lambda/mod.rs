//! Lambda: functions, their settings, resource policies and tags. Code is kept as its digest and size; nothing is
//! run, so `Invoke` is not modelled.
//!
//! Table: `lambda.function` (`region/name`). Rows hold the function's configuration as the API returns it; tags,
//! policy, reserved concurrency and the like live in members of the world's own.

mod functions;
mod permissions;
mod settings;
mod tags;

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
    Operation::read("GetFunctionScalingConfig", settings::get_scaling),
    Operation::read("GetPolicy", permissions::get),
    Operation::read("GetRuntimeManagementConfig", settings::get_runtime),
    Operation::read("ListFunctions", functions::list),
    Operation::read("ListTags", tags::list),
    Operation::read("ListVersionsByFunction", functions::list_versions),
    Operation::write("PublishVersion", functions::publish),
    Operation::write("PutFunctionCodeSigningConfig", settings::put_signing),
    Operation::write("PutFunctionConcurrency", settings::put_concurrency),
    Operation::write("PutFunctionRecursionConfig", settings::put_recursion),
    Operation::write("PutFunctionScalingConfig", settings::put_scaling),
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

/// The key of the function that a name, a partial ARN or an ARN means; versions and aliases are not modelled.
fn key_of(world: &World, rq: &Request<'_>, id: &str) -> Result<String, Fault> {
    let tail = id.rsplit_once(":function:").map_or(id, |(_, tail)| tail);
    let (name, qualifier) = tail.split_once(':').map_or((tail, None), |(name, rest)| (name, Some(rest)));
    let key = format!("{}/{name}", rq.region);
    let qualified = qualifier.or(rq.opt("Qualifier")).is_some_and(|qualifier| qualifier != "$LATEST");
    if qualified || world.get(TABLE, &key).is_none() {
        let arn = world.arn("lambda", rq.region, &format!("function:{tail}"));
        return Err(Fault::new("ResourceNotFoundException", format!("Function not found: {arn}")));
    }
    Ok(key)
}

/// The row of the function that the request names.
fn row(world: &World, rq: &Request<'_>) -> Result<(String, Json), Fault> {
    let key = key_of(world, rq, rq.text("FunctionName"))?;
    let row = world.get(TABLE, &key).cloned().unwrap_or_default();
    Ok((key, row))
}
