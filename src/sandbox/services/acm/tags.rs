//! Tags of certificates.

use serde_json::{Value as Json, json};

use super::certificates::{CERTIFICATE, find};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Tags of a certificate ("Quotas").
const MAX_TAGS: usize = 50;

/// The tags with new ones, which take the place of those with the same key.
///
/// # Errors
/// A key is AWS's own, or there are too many.
pub(super) fn merged(old: &Json, new: &[Json]) -> Result<Json, Fault> {
    let mut all: Vec<Json> = old.as_array().cloned().unwrap_or_default();
    for tag in new {
        let key = tag["Key"].as_str().unwrap_or_default();
        if key.to_ascii_lowercase().starts_with("aws:") {
            let message = format!(
                "Tag key {key} is invalid: aws: prefixed tag key names are not allowed for external use"
            );
            return Err(Fault::new("InvalidTagException", message));
        }
        all.retain(|known| known["Key"] != key);
        all.push(json!({"Key": key, "Value": tag["Value"].as_str().unwrap_or_default()}));
    }
    if all.len() > MAX_TAGS {
        return Err(Fault::new("TooManyTagsException", format!("A certificate has at most {MAX_TAGS} tags")));
    }
    Ok(Json::Array(all))
}

pub(super) fn add(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, row) = find(world, rq)?;
    let all = merged(&row["_tags"], rq.list("Tags"))?;
    set(world, &arn, all)
}

/// A tag whose value is given goes only if it has that value ("RemoveTagsFromCertificate").
pub(super) fn remove(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, row) = find(world, rq)?;
    let mut all: Vec<Json> = row["_tags"].as_array().cloned().unwrap_or_default();
    for gone in rq.list("Tags") {
        all.retain(|tag| {
            tag["Key"] != gone["Key"] || !gone["Value"].is_null() && tag["Value"] != gone["Value"]
        });
    }
    set(world, &arn, Json::Array(all))
}

fn set(world: &mut World, arn: &str, tags: Json) -> Reply {
    if let Some(row) = world.get_mut(CERTIFICATE, arn) {
        row["_tags"] = tags;
    }
    done()
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let (_, row) = find(world, rq)?;
    Ok(json!({"Tags": row["_tags"]}))
}
