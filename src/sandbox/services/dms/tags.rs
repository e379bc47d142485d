//! Tags of everything that has an ARN.

use serde_json::{Value as Json, json};

use super::store::{
    CERTIFICATE, DATA_MIGRATION, DATA_PROVIDER, ENDPOINT, INSTANCE, INSTANCE_PROFILE, PROJECT, REPLICATION,
    SUBNET_GROUP, SUBSCRIPTION, TASK, invalid, missing,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// The table and key of an ARN.
fn locate(world: &World, arn: &str) -> Result<(&'static str, String), Fault> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let [_, _, "dms", region, _, noun, last] = parts[..] else {
        return Err(invalid(format!("Invalid resource arn: {arn}")));
    };
    let (table, key) = match noun {
        "rep" => (INSTANCE, arn.to_owned()),
        "endpoint" => (ENDPOINT, arn.to_owned()),
        "task" => (TASK, arn.to_owned()),
        "replication-config" => (REPLICATION, arn.to_owned()),
        "data-provider" => (DATA_PROVIDER, arn.to_owned()),
        "instance-profile" => (INSTANCE_PROFILE, arn.to_owned()),
        "migration-project" => (PROJECT, arn.to_owned()),
        "data-migration" => (DATA_MIGRATION, arn.to_owned()),
        "cert" => (CERTIFICATE, arn.to_owned()),
        "subgrp" => (SUBNET_GROUP, format!("{region}/{last}")),
        "es" => (SUBSCRIPTION, format!("{region}/{last}")),
        _ => return Err(invalid(format!("Invalid resource arn: {arn}"))),
    };
    if world.get(table, &key).is_none() {
        return Err(missing(format!("Resource {arn} not found.")));
    }
    Ok((table, key))
}

/// `AddTagsToResource`.
pub(super) fn add(world: &mut World, rq: &Request<'_>) -> Reply {
    let (table, key) = locate(world, rq.text("ResourceArn"))?;
    if let Some(row) = world.get_mut(table, &key) {
        let mut tags: Vec<Json> = row["_tags"].as_array().cloned().unwrap_or_default();
        for tag in rq.list("Tags") {
            match tags.iter_mut().find(|old| old["Key"] == tag["Key"]) {
                Some(old) => *old = tag.clone(),
                None => tags.push(tag.clone()),
            }
        }
        row["_tags"] = json!(tags);
    }
    done()
}

/// `RemoveTagsFromResource`.
pub(super) fn remove(world: &mut World, rq: &Request<'_>) -> Reply {
    let (table, key) = locate(world, rq.text("ResourceArn"))?;
    let keys = rq.texts("TagKeys");
    if let Some(tags) = world.get_mut(table, &key).and_then(|row| row["_tags"].as_array_mut()) {
        tags.retain(|tag| !tag["Key"].as_str().is_some_and(|k| keys.contains(&k)));
    }
    done()
}

/// `ListTagsForResource`, for one ARN or for several.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let many = rq.texts("ResourceArnList");
    let arns = if many.is_empty() { vec![rq.text("ResourceArn")] } else { many.clone() };
    let mut tags = Vec::new();
    for arn in arns {
        let (table, key) = locate(world, arn)?;
        let row = world.get(table, &key).map(|row| row["_tags"].clone()).unwrap_or_default();
        for tag in row.as_array().into_iter().flatten() {
            let mut tag = tag.clone();
            if !many.is_empty() {
                tag["ResourceArn"] = json!(arn);
            }
            tags.push(tag);
        }
    }
    Ok(json!({"TagList": tags}))
}
