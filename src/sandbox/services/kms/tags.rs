//! Tags of keys.

use serde_json::{Map, Value as Json, json};

use super::store::{changeable, find_key, paged, row_mut};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Tags of a request as the map that rows keep.
///
/// # Errors
/// A key is AWS's own, or stands twice, or there are too many (`TagResource`: TagException, LimitExceededException).
pub fn checked(tags: &[Json]) -> Result<Json, Fault> {
    let mut map = Map::new();
    for tag in tags {
        let key = tag["TagKey"].as_str().unwrap_or_default();
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Fault::new("TagException", "Tags beginning with aws: are reserved"));
        }
        if map.insert(key.to_owned(), tag["TagValue"].clone()).is_some() {
            return Err(Fault::new("TagException", "Duplicate tag keys"));
        }
    }
    limited(map)
}

fn limited(map: Map<String, Json>) -> Result<Json, Fault> {
    if map.len() > 50 {
        return Err(Fault::new("TagException", "Too many tags"));
    }
    Ok(Json::Object(map))
}

pub fn tag(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = changeable(world, rq)?;
    let new = checked(rq.list("Tags"))?;
    let mut map = key["_tags"].as_object().cloned().unwrap_or_default();
    map.extend(new.as_object().cloned().unwrap_or_default());
    let all = limited(map)?;
    if let Some(row) = row_mut(world, &key) {
        row["_tags"] = all;
    }
    done()
}

pub fn untag(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = changeable(world, rq)?;
    if let Some(tags) = row_mut(world, &key).and_then(|row| row["_tags"].as_object_mut()) {
        for gone in rq.texts("TagKeys") {
            tags.remove(gone);
        }
    }
    done()
}

pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = find_key(world, rq, rq.text("KeyId"))?;
    let tags = key["_tags"].as_object().into_iter().flatten();
    let items = tags.map(|(key, value)| json!({"TagKey": key, "TagValue": value})).collect();
    paged(rq, "Tags", items)
}
