//! Tags of log groups, by ARN and, in the older operations, by name.

use serde_json::json;

use super::{group, group_mut};
use crate::sandbox::{Reply, Request, World, done};

/// `TagResource` and `TagLogGroup`.
pub fn tag(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = group_mut(world, rq)?;
    for (name, value) in rq.get("tags").as_object().into_iter().flatten() {
        row["_tags"][name] = value.clone();
    }
    done()
}

/// `UntagResource` (`tagKeys`) and `UntagLogGroup` (`tags`).
pub fn untag(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = group_mut(world, rq)?;
    let keys = [rq.texts("tagKeys"), rq.texts("tags")].concat();
    if let Some(tags) = row["_tags"].as_object_mut() {
        tags.retain(|name, _| !keys.contains(&name.as_str()));
    }
    done()
}

/// `ListTagsForResource` and `ListTagsLogGroup`.
pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    Ok(json!({"tags": group(world, rq)?["_tags"]}))
}
