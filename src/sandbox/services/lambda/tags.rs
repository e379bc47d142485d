//! Tags of functions, by ARN.

use serde_json::{Map, Value as Json, json};

use super::{TABLE, invalid, mappings, named, parts};
use crate::sandbox::{Fault, Reply, Request, World};

/// Where the tags of an ARN are: a mapping's, or a function's; versions have none.
fn key_of(world: &World, rq: &Request<'_>) -> Result<(&'static str, String), Fault> {
    if let Some((_, id)) = rq.text("Resource").split_once(":event-source-mapping:") {
        let key = format!("{}/{id}", rq.region);
        let absent = || {
            Fault::new("ResourceNotFoundException", "The resource you requested does not exist.").status(404)
        };
        return world
            .get(mappings::MAPPINGS, &key)
            .map(|_| (mappings::MAPPINGS, key.clone()))
            .ok_or_else(absent);
    }
    if parts(rq.text("Resource")).1.is_some() {
        return Err(invalid(
            "Tags on function aliases and versions are not supported. Please specify either a function ARN.",
        ));
    }
    named(world, rq, rq.text("Resource")).map(|(key, _)| (TABLE, key))
}

fn tags_of<'w>(world: &'w mut World, rq: &Request<'_>) -> Result<&'w mut Map<String, Json>, Fault> {
    let (table, key) = key_of(world, rq)?;
    let missing = || Fault::new("ResourceNotFoundException", "The resource you requested does not exist.");
    let row = world.get_mut(table, &key).ok_or_else(missing)?;
    if row["_tags"].is_null() {
        row["_tags"] = json!({});
    }
    row["_tags"].as_object_mut().ok_or_else(missing)
}

pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let (table, key) = key_of(world, rq)?;
    let tags = world.get(table, &key).map(|row| row["_tags"].clone()).filter(Json::is_object);
    Ok(json!({"Tags": tags.unwrap_or_else(|| json!({}))}))
}

pub fn tag(world: &mut World, rq: &Request<'_>) -> Reply {
    let new = rq.get("Tags").as_object().cloned().unwrap_or_default();
    tags_of(world, rq)?.extend(new);
    Ok(json!({}))
}

pub fn untag(world: &mut World, rq: &Request<'_>) -> Reply {
    let keys: Vec<String> = rq.texts("TagKeys").into_iter().map(str::to_owned).collect();
    tags_of(world, rq)?.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}
