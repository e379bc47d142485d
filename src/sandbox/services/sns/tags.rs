//! Tags of topics.

use serde_json::{Value as Json, json};

use super::topics::TOPICS;
use crate::sandbox::{Fault, Reply, Request, World, done};

fn row<'w>(world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
    world
        .get(TOPICS, rq.text("ResourceArn"))
        .ok_or_else(|| Fault::new("ResourceNotFound", "Resource does not exist").status(404))
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    Ok(json!({"Tags": row(world, rq)?["_tags"].as_array().cloned().unwrap_or_default()}))
}

fn edit(world: &mut World, rq: &Request<'_>, act: impl FnOnce(&mut Vec<Json>)) -> Reply {
    let mut tags = row(world, rq)?["_tags"].as_array().cloned().unwrap_or_default();
    act(&mut tags);
    if tags.len() > 50 {
        return Err(Fault::new(
            "TagLimitExceeded",
            "Could not complete request: tag quota of per resource exceeded",
        ));
    }
    if let Some(row) = world.get_mut(TOPICS, rq.text("ResourceArn")) {
        row["_tags"] = json!(tags);
    }
    done()
}

pub(super) fn tag(world: &mut World, rq: &Request<'_>) -> Reply {
    edit(world, rq, |tags| {
        for new in rq.list("Tags") {
            tags.retain(|old| old["Key"] != new["Key"]);
            tags.push(new.clone());
        }
    })
}

pub(super) fn untag(world: &mut World, rq: &Request<'_>) -> Reply {
    let keys = rq.texts("TagKeys");
    edit(world, rq, |tags| tags.retain(|tag| !keys.iter().any(|key| tag["Key"] == *key)))
}
