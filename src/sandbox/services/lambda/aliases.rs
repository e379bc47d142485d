//! Aliases: names for versions. Table: `lambda.alias` (`region/function:alias`).

use serde_json::{Value as Json, json};

use super::{functions::page_of, invalid, named, urls, versions};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Aliases.
const ALIASES: &str = "lambda.alias";

/// The alias of that name of the function with that key.
pub(super) fn alias<'w>(world: &'w World, key: &str, name: &str) -> Option<&'w Json> {
    world.get(ALIASES, &format!("{key}:{name}"))
}

/// Whether an alias points to a version.
pub(super) fn points_to(world: &World, key: &str, version: &str) -> Option<String> {
    let prefix = format!("{key}:");
    world
        .rows(ALIASES)
        .filter(|(place, _)| place.starts_with(&prefix))
        .find(|(_, row)| {
            row["FunctionVersion"] == version
                || !row["RoutingConfig"]["AdditionalVersionWeights"][version].is_null()
        })
        .and_then(|(_, row)| row["Name"].as_str().map(ToOwned::to_owned))
}

/// Takes a deleted function's aliases along.
pub(super) fn remove_all(world: &mut World, key: &str) {
    let prefix = format!("{key}:");
    let gone: Vec<String> = world
        .rows(ALIASES)
        .filter(|(place, _)| place.starts_with(&prefix))
        .map(|(place, _)| place.to_owned())
        .collect();
    for place in gone {
        world.remove(ALIASES, &place);
    }
}

fn missing(row: &Json, name: &str) -> Fault {
    let arn = row["FunctionArn"].as_str().unwrap_or_default();
    Fault::new("ResourceNotFoundException", format!("Cannot find alias arn: {arn}:{name}")).status(404)
}

/// Checks the version that an alias points to, and those that share its requests.
fn check(world: &World, key: &str, row: &Json, version: &str, routing: &Json) -> Result<(), Fault> {
    let known = |number: &str| number == "$LATEST" || versions::version(world, key, number).is_some();
    let absent = |number: &str| {
        let arn = row["FunctionArn"].as_str().unwrap_or_default();
        Fault::new("ResourceNotFoundException", format!("Function not found: {arn}:{number}")).status(404)
    };
    if !known(version) {
        return Err(absent(version));
    }
    let Some(weights) = routing["AdditionalVersionWeights"].as_object() else { return Ok(()) };
    if weights.is_empty() {
        return Ok(());
    }
    if weights.len() > 1 {
        return Err(invalid("Number of items in AdditionalVersionWeights cannot be greater than 1"));
    }
    if version == "$LATEST" {
        return Err(invalid("$LATEST is not supported for an alias pointing to more than 1 version"));
    }
    for (number, weight) in weights {
        if number == version {
            let message = format!(
                "Invalid function version {number}. Function version {number} is already included in routing configuration."
            );
            return Err(invalid(message));
        }
        if !known(number) {
            return Err(absent(number));
        }
        if !weight.as_f64().is_some_and(|weight| (0.0..=1.0).contains(&weight)) {
            return Err(invalid("The weight of a version must be between 0 and 1"));
        }
    }
    Ok(())
}

fn shown(row: &Json) -> Json {
    let mut row = row.clone();
    let weighted =
        row["RoutingConfig"]["AdditionalVersionWeights"].as_object().is_some_and(|m| !m.is_empty());
    if !weighted {
        row["RoutingConfig"] = Json::Null;
    }
    row
}

/// `CreateAlias`.
pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, row) = named(world, rq, rq.text("FunctionName"))?;
    let name = rq.text("Name");
    if alias(world, &key, name).is_some() {
        let arn = format!("{}:{name}", row["FunctionArn"].as_str().unwrap_or_default());
        return Err(
            Fault::new("ResourceConflictException", format!("Alias already exists: {arn}")).status(409)
        );
    }
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid("An alias cannot be a number"));
    }
    check(world, &key, &row, rq.text("FunctionVersion"), rq.get("RoutingConfig"))?;
    let revision = world.uuid();
    let new = json!({
        "AliasArn": format!("{}:{name}", row["FunctionArn"].as_str().unwrap_or_default()), "Name": name,
        "FunctionVersion": rq.text("FunctionVersion"), "Description": rq.text("Description"),
        "RoutingConfig": rq.get("RoutingConfig"), "RevisionId": revision,
    });
    world.put(ALIASES, &format!("{key}:{name}"), new.clone());
    Ok(shown(&new))
}

/// `GetAlias`.
pub fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, row) = named(world, rq, rq.text("FunctionName"))?;
    alias(world, &key, rq.text("Name")).map(shown).ok_or_else(|| missing(&row, rq.text("Name")))
}

/// `UpdateAlias`.
pub fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, row) = named(world, rq, rq.text("FunctionName"))?;
    let name = rq.text("Name");
    let mut new = alias(world, &key, name).cloned().ok_or_else(|| missing(&row, name))?;
    if rq.opt("RevisionId").is_some_and(|wanted| new["RevisionId"] != wanted) {
        return Err(Fault::new(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
             retrieve the latest Revision Id",
        )
        .status(412));
    }
    for member in ["FunctionVersion", "Description", "RoutingConfig"] {
        if !rq.get(member).is_null() {
            new[member] = rq.get(member).clone();
        }
    }
    check(world, &key, &row, new["FunctionVersion"].as_str().unwrap_or_default(), &new["RoutingConfig"])?;
    new["RevisionId"] = json!(world.uuid());
    world.put(ALIASES, &format!("{key}:{name}"), new.clone());
    Ok(shown(&new))
}

/// `DeleteAlias`: one that is gone is fine (LocalStack's recordings of AWS, `test_alias_lifecycle`).
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, _) = named(world, rq, rq.text("FunctionName"))?;
    world.remove(ALIASES, &format!("{key}:{}", rq.text("Name")));
    urls::remove_all(world, &key, rq.text("Name"));
    super::provisioned::forget(world, &key, Some(rq.text("Name")));
    done()
}

/// `ListAliases`.
pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, _) = named(world, rq, rq.text("FunctionName"))?;
    let prefix = format!("{key}:");
    let all: Vec<Json> = world
        .rows(ALIASES)
        .filter(|(place, _)| place.starts_with(&prefix))
        .filter(|(_, row)| rq.opt("FunctionVersion").is_none_or(|version| row["FunctionVersion"] == version))
        .map(|(_, row)| shown(row))
        .collect();
    let (page, next) = rq.page(all, "MaxItems", "Marker", 50, "InvalidParameterValueException")?;
    Ok(page_of("Aliases", page, next))
}
