//! Projects themselves.

use serde_json::{Map, Value as Json, json};

use super::{PROJECTS, arn, checks, exists, invalid, key, shown};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Members that are answered as they were sent.
const PLAIN: &[&str] = &[
    "artifacts",
    "autoRetryLimit",
    "buildBatchConfig",
    "cache",
    "concurrentBuildLimit",
    "description",
    "encryptionKey",
    "environment",
    "fileSystemLocations",
    "logsConfig",
    "queuedTimeoutInMinutes",
    "secondaryArtifacts",
    "secondarySourceVersions",
    "secondarySources",
    "serviceRole",
    "source",
    "sourceVersion",
    "timeoutInMinutes",
    "vpcConfig",
];

/// Objects that an empty one takes away (hashicorp/terraform-provider-aws, internal/service/codebuild/project.go).
const EMPTIED: &[&str] = &["buildBatchConfig", "vpcConfig"];

fn tags(rq: &Request<'_>) -> Result<Json, Fault> {
    let mut all = Map::new();
    for tag in rq.list("tags") {
        let key = tag["key"].as_str().unwrap_or_default();
        if key.is_empty() {
            return Err(invalid("Invalid tags: a tag needs a key"));
        }
        if all.insert(key.to_owned(), json!(tag["value"].as_str().unwrap_or_default())).is_some() {
            return Err(invalid(format!("Invalid tags: the key {key} is there twice")));
        }
    }
    Ok(Json::Object(all))
}

/// What a request says, put into a row.
fn fill(world: &mut World, rq: &Request<'_>, row: &mut Json) -> Result<(), Fault> {
    for member in PLAIN {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
    for member in EMPTIED {
        if row[*member].as_object().is_some_and(Map::is_empty) {
            row[*member] = Json::Null;
        }
    }
    // "To remove this limit, set this value to -1."
    if row["concurrentBuildLimit"] == -1 && rq.operation == "UpdateProject" {
        row["concurrentBuildLimit"] = Json::Null;
    }
    if !rq.get("tags").is_null() {
        row["_tags"] = tags(rq)?;
    }
    if let Some(enabled) = rq.get("badgeEnabled").as_bool() {
        row["badge"] = json!({"badgeEnabled": enabled});
        if enabled {
            let id = world.hex(64);
            let host = format!("https://codebuild.{}.amazonaws.com", rq.region);
            row["badge"]["badgeRequestUrl"] = json!(format!("{host}/badges?uuid={id}&branch=master"));
        }
    }
    checks::whole(world, rq.region, row)?;
    if !rq.get("serviceRole").is_null() {
        checks::role(world, rq.text("serviceRole"))?;
    }
    row["lastModified"] = json!(world.now_secs());
    Ok(())
}

pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("name");
    let arn = arn(world, rq.region, name);
    let key = format!("{}/{name}", rq.region);
    if world.get(PROJECTS, &key).is_some() {
        return Err(exists(format!("Project already exists: {arn}")));
    }
    // Defaults: TestAccCodeBuildProject_basic.
    let mut row = json!({
        "name": name, "arn": arn, "created": world.now_secs(), "timeoutInMinutes": 60, "queuedTimeoutInMinutes": 480,
        "cache": {"type": "NO_CACHE"}, "badge": {"badgeEnabled": false}, "projectVisibility": "PRIVATE",
        "encryptionKey": world.arn("kms", rq.region, "alias/aws/s3"), "_tags": {}, "_region": rq.region,
    });
    fill(world, rq, &mut row)?;
    let answer = json!({"project": shown(&row)});
    world.put(PROJECTS, &key, row);
    Ok(answer)
}

pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = key(world, rq.region, rq.text("name"))?;
    let mut row = world.get(PROJECTS, &key).cloned().unwrap_or_default();
    fill(world, rq, &mut row)?;
    let answer = json!({"project": shown(&row)});
    world.put(PROJECTS, &key, row);
    Ok(answer)
}

/// It succeeds whether there is such a project or not: the model has no error for it.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Ok(key) = key(world, rq.region, rq.text("name")) {
        world.remove(PROJECTS, &key);
    }
    done()
}

pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let (mut found, mut absent) = (Vec::new(), Vec::new());
    for name in rq.texts("names") {
        match key(world, rq.region, name).ok().and_then(|key| world.get(PROJECTS, &key)) {
            Some(row) => found.push(shown(row)),
            None => absent.push(name),
        }
    }
    Ok(json!({"projects": found, "projectsNotFound": absent}))
}

/// "In no particular order" without `sortBy`; at most 100 at once.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut rows: Vec<&Json> =
        world.rows(PROJECTS).map(|(_, row)| row).filter(|row| row["_region"] == rq.region).collect();
    let by = match rq.opt("sortBy") {
        Some("CREATED_TIME") => "created",
        Some("LAST_MODIFIED_TIME") => "lastModified",
        _ => "name",
    };
    rows.sort_by(|a, b| match by {
        "name" => a["name"].as_str().cmp(&b["name"].as_str()),
        moment => a[moment].as_f64().unwrap_or_default().total_cmp(&b[moment].as_f64().unwrap_or_default()),
    });
    if rq.opt("sortOrder") == Some("DESCENDING") {
        rows.reverse();
    }
    let names = rows.iter().map(|row| row["name"].clone()).collect();
    let (page, next) = rq.page(names, "", "nextToken", 100, "InvalidInputException")?;
    Ok(json!({"projects": page, "nextToken": next}))
}

pub(super) fn show(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = key(world, rq.region, rq.text("projectArn"))?;
    if let Some(role) = rq.opt("resourceAccessRole") {
        checks::role(world, role)?;
    }
    let alias = world.hex(32);
    let Some(row) = world.get_mut(PROJECTS, &key) else { return Err(super::missing(key)) };
    row["projectVisibility"] = rq.get("projectVisibility").clone();
    if let Some(role) = rq.opt("resourceAccessRole") {
        row["resourceAccessRole"] = json!(role);
    }
    if row["projectVisibility"] == "PUBLIC_READ" && row["publicProjectAlias"].is_null() {
        row["publicProjectAlias"] = json!(alias);
    }
    let mut answer = json!({"projectArn": row["arn"], "projectVisibility": row["projectVisibility"]});
    if row["projectVisibility"] == "PUBLIC_READ" {
        answer["publicProjectAlias"] = row["publicProjectAlias"].clone();
    }
    Ok(answer)
}
