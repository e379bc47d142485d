//! How asynchronous invocations of a function, a version or an alias are retried and where they end.
//!
//! Table: `lambda.event-invoke-config` (`region/function:qualifier`). What Cloud Control made of `AWS::Lambda::EventInvokeConfig`
//! counts as well: it is the same setting.

use serde_json::{Value as Json, json};

use super::{functions::page_of, invalid, named, qualifier, resolved};
use crate::sandbox::{Fault, Reply, Request, World, done};

const CONFIGS: &str = "lambda.event-invoke-config";
const BY_CLOUD_CONTROL: &str = "cloudcontrol.AWS::Lambda::EventInvokeConfig";
/// "Lambda retries an asynchronous invocation twice", and keeps events for "up to six hours" (API reference,
/// PutFunctionEventInvokeConfig).
const RETRIES: i64 = 2;
const MAX_AGE_S: i64 = 21_600;

/// The settings that count for an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) retries: i64,
    pub(super) max_age_s: i64,
    pub(super) on_success: Option<String>,
    pub(super) on_failure: Option<String>,
}

fn settings(config: &Json) -> Settings {
    let to = |when: &str| {
        let arn = config["DestinationConfig"][when]["Destination"].as_str();
        arn.filter(|arn| !arn.is_empty()).map(ToOwned::to_owned)
    };
    Settings {
        retries: config["MaximumRetryAttempts"].as_i64().unwrap_or(RETRIES),
        max_age_s: config["MaximumEventAgeInSeconds"].as_i64().unwrap_or(MAX_AGE_S),
        on_success: to("OnSuccess"),
        on_failure: to("OnFailure"),
    }
}

/// What is set for a function (`region/name`) under a qualifier, or what holds where nothing is.
pub(super) fn of(world: &World, key: &str, qualifier: &str) -> Settings {
    if let Some(row) = world.get(CONFIGS, &format!("{key}:{qualifier}")) {
        return settings(row);
    }
    let Some((region, name)) = key.split_once('/') else { return settings(&Json::Null) };
    let prefix = format!("{region}/");
    let found =
        world.rows(BY_CLOUD_CONTROL).filter(|(place, _)| place.starts_with(&prefix)).find(|(_, row)| {
            let properties = &row["Properties"];
            let function = properties["FunctionName"].as_str().unwrap_or_default();
            super::parts(function).0 == name && properties["Qualifier"] == qualifier
        });
    settings(found.map_or(&Json::Null, |(_, row)| &row["Properties"]))
}

/// Takes a deleted function's settings along.
pub(super) fn remove_all(world: &mut World, key: &str) {
    let prefix = format!("{key}:");
    let gone: Vec<String> = world
        .rows(CONFIGS)
        .filter(|(place, _)| place.starts_with(&prefix))
        .map(|(place, _)| place.to_owned())
        .collect();
    for place in gone {
        world.remove(CONFIGS, &place);
    }
}

/// The place of the settings that a request names, the function's ARN with the qualifier, and the qualifier.
fn place(world: &World, rq: &Request<'_>) -> Result<(String, String), Fault> {
    let id = rq.text("FunctionName");
    let wanted = qualifier(rq, id)?.unwrap_or("$LATEST");
    let (key, row) = named(world, rq, id)?;
    resolved(world, &key, &row, Some(wanted))?;
    let arn = format!("{}:{wanted}", row["FunctionArn"].as_str().unwrap_or_default());
    Ok((format!("{key}:{wanted}"), arn))
}

fn absent(arn: &str) -> Fault {
    let message = format!("The function {arn} doesn't have an EventInvokeConfig");
    Fault::new("ResourceNotFoundException", message).status(404)
}

/// Refuses destinations that cannot be (LocalStack's recordings of AWS, `TestLambdaEventInvokeConfig`): "You can configure a
/// destination in another function, a queue, a topic or an event bus", a bucket for failures.
fn check(rq: &Request<'_>, arn: &str) -> Result<(), Fault> {
    let config = rq.get("DestinationConfig");
    let empty = |member: &str| rq.get(member).is_null();
    if empty("DestinationConfig") && empty("MaximumRetryAttempts") && empty("MaximumEventAgeInSeconds") {
        return Err(invalid("You must specify at least one of error handling or destination setting."));
    }
    for (when, services) in [
        ("OnSuccess", ["lambda", "sqs", "sns", "events", ""]),
        ("OnFailure", ["lambda", "sqs", "sns", "events", "s3"]),
    ] {
        let Some(to) = config[when]["Destination"].as_str().filter(|to| !to.is_empty()) else { continue };
        let service = to.split(':').nth(2).unwrap_or_default();
        if service.is_empty() || !services.contains(&service) {
            return Err(invalid(format!(
                "The provided destination config DestinationConfig is invalid: {to}"
            )));
        }
        let function = arn.rsplit_once(':').map_or(arn, |(function, _)| function);
        if to == function || to.starts_with(&format!("{function}:")) {
            return Err(invalid("You can't specify the function as a destination for itself."));
        }
    }
    Ok(())
}

fn shown(row: &Json) -> Json {
    let mut all = row.clone();
    if let Some(members) = all.as_object_mut() {
        members.retain(|name, value| !name.starts_with('_') && !value.is_null());
    }
    all
}

fn write(world: &mut World, rq: &Request<'_>, mut row: Json, (key, arn): (String, String)) -> Reply {
    for member in ["MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    for when in ["OnSuccess", "OnFailure"] {
        if row["DestinationConfig"][when].is_null() {
            row["DestinationConfig"][when] = json!({});
        }
    }
    row["FunctionArn"] = json!(arn);
    row["LastModified"] = json!(world.now_secs());
    world.put(CONFIGS, &key, row.clone());
    Ok(shown(&row))
}

/// `PutFunctionEventInvokeConfig`: what is not sent is not set any more.
pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let place = place(world, rq)?;
    check(rq, &place.1)?;
    write(world, rq, json!({}), place)
}

/// `UpdateFunctionEventInvokeConfig`: what is not sent stays.
pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let place = place(world, rq)?;
    check(rq, &place.1)?;
    let row = world.get(CONFIGS, &place.0).cloned().ok_or_else(|| absent(&place.1))?;
    write(world, rq, row, place)
}

/// `GetFunctionEventInvokeConfig`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, arn) = place(world, rq)?;
    world.get(CONFIGS, &key).map(shown).ok_or_else(|| absent(&arn))
}

/// `DeleteFunctionEventInvokeConfig`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, arn) = place(world, rq)?;
    world.remove(CONFIGS, &key).ok_or_else(|| absent(&arn))?;
    done()
}

/// `ListFunctionEventInvokeConfigs`.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, _) = named(world, rq, rq.text("FunctionName"))?;
    let prefix = format!("{key}:");
    let found =
        world.rows(CONFIGS).filter(|(place, _)| place.starts_with(&prefix)).map(|(_, row)| shown(row));
    let (page, next) =
        rq.page(found.collect(), "MaxItems", "Marker", 50, "InvalidParameterValueException")?;
    Ok(page_of("FunctionEventInvokeConfigs", page, next))
}
