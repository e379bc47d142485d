//! Layers and their versions. Table: `lambda.layer-version` (`region/name:number`).

use serde_json::{Value as Json, json};

use super::{
    functions::{code_of, page_of},
    invalid,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Versions of layers; those that were deleted stay, without content, so that no number is given twice.
const VERSIONS: &str = "lambda.layer-version";

/// The layer's name, of a name or an ARN.
fn name_of(text: &str) -> &str {
    text.split_once(":layer:").map_or(text, |(_, tail)| tail.split(':').next().unwrap_or(tail))
}

fn key(rq: &Request<'_>, number: i64) -> String {
    format!("{}/{}:{number:010}", rq.region, name_of(rq.text("LayerName")))
}

fn absent() -> Fault {
    Fault::new("ResourceNotFoundException", "The resource you requested does not exist.").status(404)
}

/// The live versions of a layer, the newest first.
fn versions<'w>(world: &'w World, region: &str, name: &str) -> Vec<&'w Json> {
    let prefix = format!("{region}/{name}:");
    let mut all: Vec<&Json> = world
        .rows(VERSIONS)
        .filter(|(key, row)| key.starts_with(&prefix) && row["_gone"] != true)
        .map(|(_, row)| row)
        .collect();
    all.reverse();
    all
}

fn live<'w>(world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
    let number = rq.int("VersionNumber").unwrap_or_default();
    if number < 1 {
        return Err(invalid("Layer Version Cannot be less than 1."));
    }
    world.get(VERSIONS, &key(rq, number)).filter(|row| row["_gone"] != true).ok_or_else(absent)
}

/// `PublishLayerVersion`.
pub fn publish(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = name_of(rq.text("LayerName")).to_owned();
    let (digest, size, _) = code_of(world, rq, rq.get("Content"))?;
    let prefix = format!("{}/{name}:", rq.region);
    let last = world.rows(VERSIONS).filter(|(key, _)| key.starts_with(&prefix)).last();
    let number = last.and_then(|(_, row)| row["Version"].as_i64()).unwrap_or_default() + 1;
    let layer = world.arn("lambda", rq.region, &format!("layer:{name}"));
    let date = crate::clock::rfc3339(crate::clock::from_millis(world.date())).replace('Z', ".000+0000");
    let row = json!({
        "LayerArn": layer, "LayerVersionArn": format!("{layer}:{number}"), "Version": number, "CreatedDate": date,
        "Description": rq.text("Description"), "CompatibleRuntimes": rq.get("CompatibleRuntimes"),
        "CompatibleArchitectures": rq.get("CompatibleArchitectures"), "LicenseInfo": rq.get("LicenseInfo"),
        "Content": {"CodeSha256": digest, "CodeSize": size, "Location": format!(
            "https://awslambda-{0}-layers.s3.{0}.amazonaws.com/snapshots/layer", rq.region
        )},
        "_name": name, "_statements": [],
    });
    world.put(VERSIONS, &format!("{prefix}{number:010}"), row.clone());
    Ok(row)
}

/// `GetLayerVersion`.
pub fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    live(world, rq).cloned()
}

/// `GetLayerVersionByArn`.
pub fn get_by_arn(world: &mut World, rq: &Request<'_>) -> Reply {
    let found = world
        .rows(VERSIONS)
        .find(|(_, row)| row["LayerVersionArn"] == rq.text("Arn") && row["_gone"] != true);
    found.map(|(_, row)| row.clone()).ok_or_else(absent)
}

fn fits(row: &Json, rq: &Request<'_>) -> bool {
    [("CompatibleRuntime", "CompatibleRuntimes"), ("CompatibleArchitecture", "CompatibleArchitectures")]
        .iter()
        .all(|(wanted, list)| {
            rq.opt(wanted).is_none_or(|one| row[*list].as_array().is_some_and(|l| l.iter().any(|v| v == one)))
        })
}

fn item(row: &Json) -> Json {
    let mut row = row.clone();
    if let Some(members) = row.as_object_mut() {
        members.remove("Content");
        members.remove("LayerArn");
    }
    row
}

/// `ListLayerVersions`.
pub fn list_versions(world: &mut World, rq: &Request<'_>) -> Reply {
    let all = versions(world, rq.region, name_of(rq.text("LayerName")));
    let items = all.into_iter().filter(|row| fits(row, rq)).map(item).collect();
    let (page, next) = rq.page(items, "MaxItems", "Marker", 50, "InvalidParameterValueException")?;
    Ok(page_of("LayerVersions", page, next))
}

/// `ListLayers`.
pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let prefix = format!("{}/", rq.region);
    let mut names: Vec<&str> = world
        .rows(VERSIONS)
        .filter(|(key, row)| key.starts_with(&prefix) && row["_gone"] != true)
        .filter_map(|(_, row)| row["_name"].as_str())
        .collect();
    names.dedup();
    let items = names
        .into_iter()
        .filter_map(|name| {
            let newest = versions(world, rq.region, name).into_iter().find(|row| fits(row, rq))?;
            Some(json!({"LayerName": name, "LayerArn": newest["LayerArn"], "LatestMatchingVersion": item(newest)}))
        })
        .collect();
    let (page, next) = rq.page(items, "MaxItems", "Marker", 50, "InvalidParameterValueException")?;
    Ok(page_of("Layers", page, next))
}

/// `DeleteLayerVersion`: one that is gone is fine (LocalStack's recordings of AWS, `test_layer_exceptions`).
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let number = rq.int("VersionNumber").unwrap_or_default();
    if number < 1 {
        return Err(invalid("Layer Version Cannot be less than 1."));
    }
    let newest = versions(world, rq.region, name_of(rq.text("LayerName")))
        .first()
        .and_then(|row| row["Version"].as_i64());
    let place = key(rq, number);
    if newest.is_none_or(|newest| number >= newest) {
        // Its number must not come again: a tombstone remains.
        if let Some(row) = world.get_mut(VERSIONS, &place) {
            row["_gone"] = json!(true);
            row["Content"] = Json::Null;
        }
    } else {
        world.remove(VERSIONS, &place);
    }
    done()
}

/// `AddLayerVersionPermission`.
pub fn add_permission(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = live(world, rq)?;
    let id = rq.text("StatementId");
    if row["_statements"].as_array().is_some_and(|l| l.iter().any(|s| s["Sid"] == id)) {
        let message = format!(
            "The statement id ({id}) provided already exists. Please provide a new statement id, or remove the existing statement."
        );
        return Err(Fault::new("ResourceConflictException", message).status(409));
    }
    let principal = match rq.text("Principal") {
        "*" => json!("*"),
        account if account.len() == 12 => {
            json!({"AWS": format!("arn:{}:iam::{account}:root", world.partition())})
        }
        arn => json!({"AWS": arn}),
    };
    let mut statement = json!({
        "Sid": id, "Effect": "Allow", "Principal": principal, "Action": rq.text("Action"),
        "Resource": row["LayerVersionArn"],
    });
    if let Some(organization) = rq.opt("OrganizationId") {
        statement["Condition"] = json!({"StringEquals": {"aws:PrincipalOrgID": organization}});
    }
    let revision = world.uuid();
    let place = key(rq, rq.int("VersionNumber").unwrap_or_default());
    if let Some(row) = world.get_mut(VERSIONS, &place) {
        row["_revision"] = json!(revision);
        if let Some(list) = row["_statements"].as_array_mut() {
            list.push(statement.clone());
        }
    }
    Ok(json!({"Statement": statement.to_string(), "RevisionId": revision}))
}

fn no_policy() -> Fault {
    Fault::new("ResourceNotFoundException", "No policy is associated with the given resource.").status(404)
}

/// `GetLayerVersionPolicy`.
pub fn policy(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = live(world, rq)?;
    let statements = row["_statements"].as_array().filter(|list| !list.is_empty()).ok_or_else(no_policy)?;
    let document = json!({"Version": "2012-10-17", "Id": "default", "Statement": statements});
    Ok(json!({"Policy": document.to_string(), "RevisionId": row["_revision"]}))
}

/// `RemoveLayerVersionPermission`.
pub fn remove_permission(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("StatementId");
    let statements = live(world, rq)?["_statements"].as_array().cloned().unwrap_or_default();
    if statements.is_empty() {
        return Err(no_policy());
    }
    if !statements.iter().any(|statement| statement["Sid"] == id) {
        let message = format!("Statement {id} is not found in resource policy.");
        return Err(Fault::new("ResourceNotFoundException", message).status(404));
    }
    let revision = world.uuid();
    let place = key(rq, rq.int("VersionNumber").unwrap_or_default());
    if let Some(row) = world.get_mut(VERSIONS, &place) {
        row["_revision"] = json!(revision);
        if let Some(list) = row["_statements"].as_array_mut() {
            list.retain(|statement| statement["Sid"] != id);
        }
    }
    done()
}
