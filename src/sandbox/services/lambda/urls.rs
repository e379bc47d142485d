//! Function URLs. Words and answers are those of LocalStack's recordings of AWS (`TestLambdaUrl`). Nothing listens there.
//!
//! Table: `lambda.url` (`region/function:alias`, `region/function:` of the function itself).

use serde_json::{Value as Json, json};

use super::{aliases, functions::page_of, named, qualifier};
use crate::sandbox::{Fault, Reply, Request, World, done};

const URLS: &str = "lambda.url";

fn no_function() -> Fault {
    Fault::new("ResourceNotFoundException", "Function does not exist").status(404)
}

fn absent() -> Fault {
    Fault::new("ResourceNotFoundException", "The resource you requested does not exist.").status(404)
}

/// Where a request's URL is, and the ARN of what it is of.
fn place(world: &World, rq: &Request<'_>) -> Result<(String, String), Fault> {
    let id = rq.text("FunctionName");
    let wanted = qualifier(rq, id)?;
    let (key, row) = named(world, rq, id).map_err(|_| no_function())?;
    let arn = row["FunctionArn"].as_str().unwrap_or_default();
    let Some(name) = wanted else { return Ok((format!("{key}:"), arn.to_owned())) };
    aliases::alias(world, &key, name).ok_or_else(no_function)?;
    Ok((format!("{key}:{name}"), format!("{arn}:{name}")))
}

/// Times of URLs are texts.
fn date(world: &World) -> Json {
    json!(crate::sandbox::codec::iso_date(world.now_secs()))
}

/// What an answer to a change leaves out.
fn without(row: &Json, gone: &[&str]) -> Json {
    let mut shown = row.clone();
    if let Some(members) = shown.as_object_mut() {
        members.retain(|name, value| !gone.contains(&name.as_str()) && !value.is_null());
    }
    shown
}

/// `CreateFunctionUrlConfig`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, arn) = place(world, rq)?;
    if world.get(URLS, &key).is_some() {
        let message = format!(
            "Failed to create function url config for [functionArn = {arn}]. Error message:  FunctionUrlConfig exists \
             for this Lambda function"
        );
        return Err(Fault::new("ResourceConflictException", message).status(409));
    }
    let host = world.letters(32, b"abcdefghijklmnopqrstuvwxyz234567");
    let now = date(world);
    let row = json!({
        "FunctionUrl": format!("https://{host}.lambda-url.{}.on.aws/", rq.region), "FunctionArn": arn,
        "AuthType": rq.get("AuthType"), "Cors": rq.get("Cors"), "CreationTime": now, "LastModifiedTime": now,
        "InvokeMode": rq.opt("InvokeMode").unwrap_or("BUFFERED"),
    });
    world.put(URLS, &key, row.clone());
    let mode = if rq.opt("InvokeMode").is_some() { "" } else { "InvokeMode" };
    Ok(without(&row, &["LastModifiedTime", mode]))
}

/// `GetFunctionUrlConfig`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, _) =
        place(world, rq).map_err(|fault| if fault.status == Some(404) { absent() } else { fault })?;
    world.get(URLS, &key).map(|row| without(row, &[])).ok_or_else(absent)
}

/// `UpdateFunctionUrlConfig`.
pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, _) = place(world, rq)?;
    let now = date(world);
    let row = world.get_mut(URLS, &key).ok_or_else(absent)?;
    for member in ["AuthType", "Cors", "InvokeMode"] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    row["LastModifiedTime"] = now;
    let mode = if rq.opt("InvokeMode").is_some() { "" } else { "InvokeMode" };
    Ok(without(row, &[mode]))
}

/// `DeleteFunctionUrlConfig`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, _) = place(world, rq)?;
    world.remove(URLS, &key).ok_or_else(absent)?;
    done()
}

/// `ListFunctionUrlConfigs`.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, _) = named(world, rq, rq.text("FunctionName")).map_err(|_| no_function())?;
    let prefix = format!("{key}:");
    let found = world.rows(URLS).filter(|(place, _)| place.starts_with(&prefix));
    let found = found.map(|(_, row)| without(row, &[])).collect();
    let (page, next) = rq.page(found, "MaxItems", "Marker", 50, "InvalidParameterValueException")?;
    Ok(page_of("FunctionUrlConfigs", page, next))
}

/// Takes the URL of a deleted alias along, or with an empty name those of a deleted function.
pub(super) fn remove_all(world: &mut World, key: &str, alias: &str) {
    let prefix = format!("{key}:{alias}");
    let fits = |place: &str| if alias.is_empty() { place.starts_with(&prefix) } else { place == prefix };
    let gone: Vec<String> =
        world.rows(URLS).filter(|(place, _)| fits(place)).map(|(place, _)| place.to_owned()).collect();
    for place in gone {
        world.remove(URLS, &place);
    }
}
