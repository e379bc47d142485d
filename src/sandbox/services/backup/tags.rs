//! Tags of vaults and plans, as maps.

use serde_json::{Value as Json, json};

use super::{BAD_TOKEN, PLANS, VAULTS, missing};
use crate::sandbox::{Fault, Reply, Request, World, done};

fn place(world: &World, rq: &Request<'_>) -> Result<(&'static str, String), Fault> {
    let arn = rq.text("ResourceArn");
    let last = arn.rsplit(':').next().unwrap_or_default();
    let (table, key) = match arn.split(':').nth(5) {
        Some("backup-vault") => (VAULTS, format!("{}/{last}", rq.region)),
        _ => (PLANS, last.to_owned()),
    };
    if world.get(table, &key).is_none_or(|row| !row["DeletionDate"].is_null()) {
        return Err(missing(format!("Resource {arn} could not be found.")));
    }
    Ok((table, key))
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let (table, key) = place(world, rq)?;
    let tags = world.get(table, &key).map(|row| row["_tags"].clone()).unwrap_or_default();
    let all: Vec<Json> =
        tags.as_object().into_iter().flatten().map(|(key, value)| json!([key, value])).collect();
    let (page, next) = rq.page(all, "MaxResults", "NextToken", 1_000, BAD_TOKEN)?;
    let page: serde_json::Map<String, Json> =
        page.into_iter().filter_map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].clone()))).collect();
    Ok(json!({"Tags": page, "NextToken": next}))
}

pub(super) fn tag(world: &mut World, rq: &Request<'_>) -> Reply {
    let (table, key) = place(world, rq)?;
    if let Some(row) = world.get_mut(table, &key) {
        for (name, value) in rq.get("Tags").as_object().into_iter().flatten() {
            row["_tags"][name] = value.clone();
        }
    }
    done()
}

pub(super) fn untag(world: &mut World, rq: &Request<'_>) -> Reply {
    let (table, key) = place(world, rq)?;
    let keys = rq.texts("TagKeyList");
    if let Some(tags) = world.get_mut(table, &key).and_then(|row| row["_tags"].as_object_mut()) {
        tags.retain(|name, _| !keys.contains(&name.as_str()));
    }
    done()
}
