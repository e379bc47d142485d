//! Tags of zones and health checks.

use serde_json::{Value as Json, json};

use super::{health::CHECKS, zones::ZONES};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// An id as tags take it: bare. A path (`/hostedzone/Z…`) is longer than ids may be, as moto's recording shows
/// (test_hosted_zone_id_in_change_tags, verified on AWS).
fn short(id: &str) -> Result<&str, Fault> {
    if id.len() > 32 && id.contains('/') {
        return Err(Fault::new(
            "InvalidInput",
            format!(
                "1 validation error detected: Value '{id}' at 'resourceId' failed to satisfy constraint: Member must have \
                 length less than or equal to 32"
            ),
        ));
    }
    Ok(id)
}

fn table(kind: &str, id: &str, world: &World) -> Result<&'static str, Fault> {
    let (table, code) = match kind {
        "hostedzone" => (ZONES, "NoSuchHostedZone"),
        _ => (CHECKS, "NoSuchHealthCheck"),
    };
    if world.get(table, id).is_none() {
        return Err(Fault::new(code, format!("No {kind} found with ID: {id}")).status(404));
    }
    Ok(table)
}

fn shown(world: &World, kind: &str, id: &str) -> Result<Json, Fault> {
    let table = table(kind, id, world)?;
    let tags = world.get(table, id).map_or(json!([]), |row| row["_tags"].clone());
    Ok(json!({"ResourceType": kind, "ResourceId": id, "Tags": tags.as_array().cloned().unwrap_or_default()}))
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    Ok(json!({"ResourceTagSet": shown(world, rq.text("ResourceType"), short(rq.text("ResourceId"))?)?}))
}

pub(super) fn list_many(world: &mut World, rq: &Request<'_>) -> Reply {
    let sets: Result<Vec<Json>, Fault> =
        rq.texts("ResourceIds").iter().map(|id| shown(world, rq.text("ResourceType"), short(id)?)).collect();
    Ok(json!({"ResourceTagSets": sets?}))
}

pub(super) fn change(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = short(rq.text("ResourceId"))?.to_owned();
    let table = table(rq.text("ResourceType"), &id, world)?;
    let gone = rq.texts("RemoveTagKeys");
    if rq.list("AddTags").is_empty() && gone.is_empty() {
        return Err(Fault::new("InvalidInput", "AddTags or RemoveTagKeys must be specified"));
    }
    if let Some(row) = world.get_mut(table, &id) {
        let mut tags = row["_tags"].as_array().cloned().unwrap_or_default();
        tags.retain(|tag| !gone.iter().any(|key| tag["Key"] == *key));
        for new in rq.list("AddTags") {
            tags.retain(|old| old["Key"] != new["Key"]);
            tags.push(new.clone());
        }
        row["_tags"] = json!(tags);
    }
    done()
}
