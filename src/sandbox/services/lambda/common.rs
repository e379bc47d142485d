//! What the operations share.

use serde_json::Value as Json;

use super::{TABLE, aliases, versions};

use crate::sandbox::{Fault, Request, World};

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValueException", message)
}

/// The function's name and the qualifier behind it, of a name, a partial ARN or an ARN.
pub(super) fn parts(id: &str) -> (&str, Option<&str>) {
    let tail = id.rsplit_once(":function:").map_or(id, |(_, tail)| tail);
    tail.split_once(':').map_or((tail, None), |(name, rest)| (name, Some(rest)))
}

/// The version or alias that a request names, behind the function's name or by itself.
pub(super) fn qualifier<'r>(rq: &'r Request<'_>, id: &'r str) -> Result<Option<&'r str>, Fault> {
    match (parts(id).1, rq.opt("Qualifier")) {
        (Some(behind), Some(own)) if behind != own => Err(invalid(
            "The derived qualifier from the function name does not match the specified qualifier.",
        )),
        (behind, own) => Ok(own.or(behind)),
    }
}

/// The function that a name, a partial ARN or an ARN means, whatever its qualifier: its key and its row.
pub(super) fn named(world: &World, rq: &Request<'_>, id: &str) -> Result<(String, Json), Fault> {
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
pub(super) fn row(world: &World, rq: &Request<'_>) -> Result<(String, Json), Fault> {
    let id = rq.text("FunctionName");
    let (key, row) = named(world, rq, id)?;
    match qualifier(rq, id)? {
        None | Some("$LATEST") => Ok((key, row)),
        Some(other) => Err(versions::missing(&row, other)),
    }
}

/// The configuration that a qualifier means: the function's own, a version's, or that of the version an alias names.
pub(super) fn resolved(world: &World, key: &str, row: &Json, qualifier: Option<&str>) -> Result<Json, Fault> {
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
