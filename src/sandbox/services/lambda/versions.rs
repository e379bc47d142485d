//! Versions of functions: numbered ones, and `$LATEST.PUBLISHED` of functions on instances.
//!
//! Table: `lambda.version` (`region/name:qualifier`). A row is the configuration as it was when it was published.

use serde_json::{Value as Json, json};

use super::{
    TABLE,
    functions::{idle, listed, page_of, revision, shown, stamp},
    invalid, named, row,
};
use crate::sandbox::{Fault, Reply, Request, World, durations};

/// Versions.
pub(super) const VERSIONS: &str = "lambda.version";

/// The version that functions on instances run.
pub(super) const PUBLISHED: &str = "$LATEST.PUBLISHED";

/// What differs between a function and its version though nobody changed anything.
const VOLATILE: &[&str] = &[
    "Description",
    "FunctionArn",
    "LastModified",
    "LastUpdateStatus",
    "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode",
    "RevisionId",
    "State",
    "StateReason",
    "StateReasonCode",
    "Version",
];

/// A function's or version's configuration under the ARN that names its version.
pub(super) fn qualified(row: &Json) -> Json {
    let mut answer = shown(row);
    let (arn, version) =
        (row["FunctionArn"].as_str().unwrap_or_default(), row["Version"].as_str().unwrap_or_default());
    if !arn.ends_with(&format!(":{version}")) {
        answer["FunctionArn"] = json!(format!("{arn}:{version}"));
    }
    answer
}

/// The versions of the function with that key: the published one, then those with numbers, the oldest first.
pub(super) fn of<'w>(world: &'w World, key: &str) -> Vec<(&'w str, &'w Json)> {
    let prefix = format!("{key}:");
    let mut found: Vec<_> = world.rows(VERSIONS).filter(|(place, _)| place.starts_with(&prefix)).collect();
    found.sort_by_key(|(_, row)| row["Version"].as_str().and_then(|number| number.parse::<u64>().ok()));
    found
}

/// The version of a function that a qualifier means.
pub(super) fn version<'w>(world: &'w World, key: &str, qualifier: &str) -> Option<&'w Json> {
    world.get(VERSIONS, &format!("{key}:{qualifier}"))
}

/// No version of that name.
pub(super) fn missing(row: &Json, qualifier: &str) -> Fault {
    let arn = row["FunctionArn"].as_str().unwrap_or_default();
    Fault::new("ResourceNotFoundException", format!("Function not found: {arn}:{qualifier}"))
}

/// Whether a version is what the function is now.
fn same(version: &Json, row: &Json) -> bool {
    let essence = |row: &Json| {
        let mut row = shown(row);
        row.as_object_mut()
            .into_iter()
            .for_each(|members| members.retain(|name, _| !VOLATILE.contains(&name.as_str())));
        row
    };
    essence(version) == essence(row) && version["_description"] == row["Description"]
}

/// Keeps the function as it is under that name.
fn keep(world: &mut World, key: &str, row: &Json, qualifier: &str, description: Option<&str>) -> Json {
    let place = format!("{key}:{qualifier}");
    let mut version = shown(row);
    version["Version"] = json!(qualifier);
    version = qualified(&version);
    version["_description"] = row["Description"].clone();
    version["_code"] = row["_code"].clone();
    version["_scaling"] = world.get(VERSIONS, &place).map(|old| old["_scaling"].clone()).unwrap_or_default();
    if let Some(text) = description {
        version["Description"] = json!(text);
    }
    stamp(world, &mut version);
    world.cancel(VERSIONS, &place);
    // A version of an active function is active at once; on instances it has to start (LocalStack's recordings of
    // AWS, `TestLambdaVersions::test_version_lifecycle`).
    let starts = !row["CapacityProviderConfig"].is_null() || row["State"] == "Pending";
    if !starts {
        version["State"] = json!("Active");
        version["LastUpdateStatus"] = json!("Successful");
        for member in
            ["StateReason", "StateReasonCode", "LastUpdateStatusReason", "LastUpdateStatusReasonCode"]
        {
            version[member] = Json::Null;
        }
        world.put(VERSIONS, &place, version.clone());
        return version;
    }
    version["State"] = json!("Pending");
    version["StateReason"] = json!("The function is being created.");
    version["StateReasonCode"] = json!("Creating");
    world.put(VERSIONS, &place, version.clone());
    let active = json!({"State": "Active", "StateReason": null, "StateReasonCode": null, "LastUpdateStatus": "Successful"});
    world.set_after(durations::LAMBDA_ACTIVE, VERSIONS, &place, active);
    version
}

/// Publishes the function, as the next number or as `$LATEST.PUBLISHED`. What has not changed since the last number
/// gets no new one.
fn put(world: &mut World, rq: &Request<'_>, key: &str) -> Result<Json, Fault> {
    let row = world.get(TABLE, key).cloned().unwrap_or_default();
    let description = rq.opt("Description").filter(|_| rq.operation == "PublishVersion");
    if rq.opt("PublishTo").is_some() {
        if row["CapacityProviderConfig"].is_null() {
            return Err(invalid(
                "Only functions with a capacity provider are published to LATEST_PUBLISHED.",
            ));
        }
        return Ok(keep(world, key, &row, PUBLISHED, description));
    }
    let last = row["_number"].as_u64().unwrap_or_default();
    if let Some(version) = version(world, key, &last.to_string()).filter(|version| same(version, &row)) {
        return Ok(version.clone());
    }
    if let Some(row) = world.get_mut(TABLE, key) {
        row["_number"] = json!(last + 1);
    }
    Ok(keep(world, key, &row, &(last + 1).to_string(), description))
}

/// Publishes what `CreateFunction` or `UpdateFunctionCode` made, if the request says so with `Publish` or
/// `PublishTo`; answers the version if it has a number.
pub(super) fn along(world: &mut World, rq: &Request<'_>, key: &str) -> Result<Option<Json>, Fault> {
    if rq.opt("PublishTo").is_none() && !rq.flag("Publish") {
        return Ok(None);
    }
    let version = put(world, rq, key)?;
    Ok((version["Version"] != PUBLISHED).then_some(version))
}

/// `PublishVersion`.
pub fn publish(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, row) = row(world, rq)?;
    idle(&row)?;
    if let Some(digest) = rq.opt("CodeSha256").filter(|digest| row["CodeSha256"] != *digest) {
        let now = row["CodeSha256"].as_str().unwrap_or_default();
        return Err(invalid(format!(
            "CodeSHA256 ({digest}) is different from current CodeSHA256 in $LATEST ({now}). Please try again with the CodeSHA256 in $LATEST."
        )));
    }
    revision(&row, rq)?;
    put(world, rq, &key).map(|version| shown(&version))
}

/// `ListVersionsByFunction`.
pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, row) = row(world, rq)?;
    let mut items = vec![listed(qualified(&row))];
    items.extend(of(world, &key).into_iter().map(|(_, row)| listed(shown(row))));
    let (page, next) = rq.page(items, "MaxItems", "Marker", 50, "InvalidParameterValueException")?;
    Ok(page_of("Versions", page, next))
}

/// Takes away one version, or all of a function's.
pub(super) fn remove(world: &mut World, key: &str, qualifier: Option<&str>) {
    let gone: Vec<String> = match qualifier {
        Some(qualifier) => vec![format!("{key}:{qualifier}")],
        None => of(world, key).into_iter().map(|(place, _)| place.to_owned()).collect(),
    };
    for place in gone {
        world.cancel(VERSIONS, &place);
        world.remove(VERSIONS, &place);
    }
}

/// The function's key and the published version that scales.
fn scaled(world: &World, rq: &Request<'_>) -> Result<(String, Json), Fault> {
    let (key, row) = named(world, rq, rq.text("FunctionName"))?;
    let qualifier = rq.text("Qualifier");
    let version = version(world, &key, qualifier).cloned().ok_or_else(|| missing(&row, qualifier))?;
    if version["CapacityProviderConfig"].is_null() {
        return Err(invalid(
            "Only versions of functions with a capacity provider have a scaling configuration.",
        ));
    }
    Ok((key, version))
}

/// `PutFunctionScalingConfig`; without a configuration Lambda scales by itself again.
pub fn put_scaling(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, version) = scaled(world, rq)?;
    let wanted = rq.get("FunctionScalingConfig").clone();
    let (least, most) =
        (wanted["MinExecutionEnvironments"].as_i64(), wanted["MaxExecutionEnvironments"].as_i64());
    if least.zip(most).is_some_and(|(least, most)| least > most) {
        return Err(invalid("MinExecutionEnvironments cannot be greater than MaxExecutionEnvironments."));
    }
    if let Some(row) = world.get_mut(VERSIONS, &format!("{key}:{}", rq.text("Qualifier"))) {
        row["_scaling"] = wanted;
    }
    Ok(json!({"FunctionState": version["State"]}))
}

/// `GetFunctionScalingConfig`.
pub fn get_scaling(world: &mut World, rq: &Request<'_>) -> Reply {
    let (_, version) = scaled(world, rq)?;
    let mut answer = json!({"FunctionArn": version["FunctionArn"]});
    if version["_scaling"].is_object() {
        answer["RequestedFunctionScalingConfig"] = version["_scaling"].clone();
        answer["AppliedFunctionScalingConfig"] = version["_scaling"].clone();
    }
    Ok(answer)
}
