//! Provisioned concurrency of versions and aliases. Refusals: LocalStack's recordings of AWS,
//! `TestLambdaProvisionedConcurrency`.
//!
//! Table: `lambda.provisioned` (`region/function:qualifier`).

use serde_json::{Value as Json, json};

use super::{TABLE, aliases, functions::page_of, invalid, parts, qualifier, settings, versions};
use crate::sandbox::{Fault, Reply, Request, World, done};

const PROVISIONED: &str = "lambda.provisioned";
/// A small number of environments is there within a minute or two.
const TAKES: i64 = 60_000;

/// The key of the function, its row and the qualifier of a request, which must be a version's or an alias's.
fn place(world: &World, rq: &Request<'_>, latest: &str) -> Result<(String, Json, String), Fault> {
    let id = rq.text("FunctionName");
    let wanted = qualifier(rq, id)?.unwrap_or_default().to_owned();
    if wanted == "$LATEST" {
        return Err(invalid(latest));
    }
    let (name, _) = parts(id);
    let key = format!("{}/{name}", rq.region);
    let arn = world.arn("lambda", rq.region, &format!("function:{name}:{wanted}"));
    let row = world.get(TABLE, &key);
    let number = wanted.chars().all(|c| c.is_ascii_digit());
    let there = if number {
        versions::version(world, &key, &wanted).is_some()
    } else {
        aliases::alias(world, &key, &wanted).is_some()
    };
    match row {
        Some(row) if there => Ok((key, row.clone(), wanted)),
        _ => {
            let what = if number { "Function not found" } else { "Cannot find alias arn" };
            Err(Fault::new("ResourceNotFoundException", format!("{what}: {arn}")).status(404))
        }
    }
}

const NO_LATEST: &str = "The function resource provided must be an alias or a published version.";

fn absent() -> Fault {
    Fault::new(
        "ProvisionedConcurrencyConfigNotFoundException",
        "No Provisioned Concurrency Config found for this function",
    )
    .status(404)
}

fn shown(row: &Json) -> Json {
    let all = row.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with('_'));
    Json::Object(all.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// The version that a qualifier leads to.
fn version(world: &World, key: &str, qualifier: &str) -> String {
    let alias = aliases::alias(world, key, qualifier);
    alias.and_then(|alias| alias["FunctionVersion"].as_str()).unwrap_or(qualifier).to_owned()
}

/// What is provisioned for a function, by qualifier.
fn of(world: &World, key: &str) -> Vec<(String, Json)> {
    let prefix = format!("{key}:");
    let mine = world
        .rows(PROVISIONED)
        .filter_map(|(place, row)| Some((place.strip_prefix(&prefix)?.to_owned(), row.clone())));
    mine.collect()
}

fn count(row: &Json) -> i64 {
    row["RequestedProvisionedConcurrentExecutions"].as_i64().unwrap_or(0)
}

/// `PutProvisionedConcurrencyConfig`.
pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let latest = "Provisioned Concurrency Configs cannot be applied to unpublished function versions.";
    let (key, row, wanted) = place(world, rq, latest)?;
    let others: Vec<(String, Json)> =
        of(world, &key).into_iter().filter(|(name, _)| *name != wanted).collect();
    let target = version(world, &key, &wanted);
    if let Some((name, _)) = others.iter().find(|(name, _)| version(world, &key, name) == target) {
        let conflict = |message: &str| Err(Fault::new("ResourceConflictException", message).status(409));
        return if *name == target {
            conflict(
                "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
            )
        } else {
            conflict("Version is pointed by a Provisioned Concurrency alias")
        };
    }
    let asked = rq.int("ProvisionedConcurrentExecutions").unwrap_or(0);
    let own: i64 = others.iter().map(|(_, row)| count(row)).sum();
    match row["_reserved"].as_i64() {
        // "The maximum allowed provisioned concurrency is the reserved concurrency" (Lambda Developer Guide).
        Some(reserved) if own + asked > reserved => {
            return Err(invalid(
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
            ));
        }
        Some(_) => {}
        None => settings::room(world, rq, own + asked)?,
    }
    let config = json!({
        "RequestedProvisionedConcurrentExecutions": asked, "AvailableProvisionedConcurrentExecutions": 0,
        "AllocatedProvisionedConcurrentExecutions": 0, "Status": "IN_PROGRESS",
        "LastModified": super::functions::date(world),
    });
    let place = format!("{key}:{wanted}");
    world.cancel(PROVISIONED, &place);
    world.put(PROVISIONED, &place, config.clone());
    let ready = json!({
        "AvailableProvisionedConcurrentExecutions": asked, "AllocatedProvisionedConcurrentExecutions": asked,
        "Status": "READY",
    });
    world.set_after(TAKES, PROVISIONED, &place, ready);
    Ok(config)
}

/// `GetProvisionedConcurrencyConfig`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, _, wanted) = place(world, rq, NO_LATEST)?;
    world.get(PROVISIONED, &format!("{key}:{wanted}")).map(shown).ok_or_else(absent)
}

/// `DeleteProvisionedConcurrencyConfig`: what is not there is deleted (`delete_provisioned_config_doesnotexist`).
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, _, wanted) = place(world, rq, NO_LATEST)?;
    world.remove(PROVISIONED, &format!("{key}:{wanted}"));
    done()
}

/// `ListProvisionedConcurrencyConfigs`.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, row) = super::named(world, rq, rq.text("FunctionName"))?;
    let arn = row["FunctionArn"].as_str().unwrap_or_default();
    let rows = of(world, &key).into_iter().map(|(name, row)| {
        let mut row = shown(&row);
        row["FunctionArn"] = json!(format!("{arn}:{name}"));
        row
    });
    let (page, next) = rq.page(rows.collect(), "MaxItems", "Marker", 50, "InvalidParameterValueException")?;
    Ok(page_of("ProvisionedConcurrencyConfigs", page, next))
}

/// What is provisioned for a version or an alias goes with it; for all of a function if none is named.
pub(super) fn forget(world: &mut World, key: &str, qualifier: Option<&str>) {
    for (name, _) in of(world, key) {
        if qualifier.is_none_or(|gone| gone == name) {
            world.remove(PROVISIONED, &format!("{key}:{name}"));
        }
    }
}
