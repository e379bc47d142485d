//! Tags of groups, each with a word on whether instances get it too; and filters by tags.

use serde_json::{Value as Json, json};

use super::{BAD_TOKEN, GROUPS, invalid};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// A tag as it is shown.
pub(super) fn of(group: &str, tag: &Json) -> Json {
    json!({
        "ResourceId": group, "ResourceType": "auto-scaling-group", "Key": tag["Key"],
        "Value": tag["Value"].as_str().unwrap_or_default(), "PropagateAtLaunch": tag["PropagateAtLaunch"] == true,
    })
}

fn key(world: &World, rq: &Request<'_>, tag: &Json) -> Result<String, Fault> {
    let name = tag["ResourceId"].as_str().unwrap_or_default();
    let key = format!("{}/{name}", rq.region);
    match world.get(GROUPS, &key) {
        Some(_) => Ok(key),
        None => {
            Err(invalid(format!("AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")))
        }
    }
}

/// `CreateOrUpdateTags`.
pub(super) fn set(world: &mut World, rq: &Request<'_>) -> Reply {
    for tag in rq.list("Tags") {
        key(world, rq, tag)?;
    }
    for tag in rq.list("Tags") {
        let key = key(world, rq, tag)?;
        if let Some(all) = world.get_mut(GROUPS, &key).and_then(|row| row["Tags"].as_array_mut()) {
            all.retain(|old| old["Key"] != tag["Key"]);
            all.push(of(tag["ResourceId"].as_str().unwrap_or_default(), tag));
        }
    }
    done()
}

/// `DeleteTags`: those that are not there are passed over.
pub(super) fn unset(world: &mut World, rq: &Request<'_>) -> Reply {
    for tag in rq.list("Tags") {
        let key = key(world, rq, tag)?;
        if let Some(all) = world.get_mut(GROUPS, &key).and_then(|row| row["Tags"].as_array_mut()) {
            all.retain(|old| old["Key"] != tag["Key"]);
        }
    }
    done()
}

/// `DescribeTags`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let rows = world.rows(GROUPS).filter(|(_, row)| row["_region"] == rq.region);
    let mut all: Vec<Json> =
        rows.flat_map(|(_, row)| row["Tags"].as_array().cloned().unwrap_or_default()).collect();
    for filter in rq.list("Filters") {
        let name = filter["Name"].as_str().unwrap_or_default();
        let member = match name {
            "auto-scaling-group" => "ResourceId",
            "key" => "Key",
            "value" => "Value",
            "propagate-at-launch" => "PropagateAtLaunch",
            _ => {
                return Err(invalid(format!(
                    "Filter type {name} is not correct. Allowed Filter types are: auto-scaling-group key value propagate-at-launch"
                )));
            }
        };
        let values = filter["Values"].as_array().cloned().unwrap_or_default();
        all.retain(|tag| {
            values.iter().any(|value| {
                tag[member] == *value || value.as_str() == Some(tag[member].to_string().as_str())
            })
        });
    }
    let (page, next) = rq.page(all, "MaxRecords", "NextToken", 50, BAD_TOKEN)?;
    Ok(json!({"Tags": page, "NextToken": next}))
}

/// Groups that pass filters by tags.
pub(super) fn filtered(mut rows: Vec<Json>, filters: &[Json]) -> Result<Vec<Json>, Fault> {
    for filter in filters {
        let name = filter["Name"].as_str().unwrap_or_default();
        let values: Vec<&str> =
            filter["Values"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let fits = |tag: &Json| match name {
            "tag-key" => values.iter().any(|value| tag["Key"] == *value),
            "tag-value" => values.iter().any(|value| tag["Value"] == *value),
            other => {
                tag["Key"].as_str() == other.strip_prefix("tag:")
                    && values.iter().any(|value| tag["Value"] == *value)
            }
        };
        if !["tag-key", "tag-value"].contains(&name) && !name.starts_with("tag:") {
            return Err(invalid(format!(
                "Filter type {name} is not correct. Allowed Filter types are: tag-key tag-value tag:<key>"
            )));
        }
        rows.retain(|row| row["Tags"].as_array().into_iter().flatten().any(fits));
    }
    Ok(rows)
}
