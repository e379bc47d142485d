//! Tags of rules and buses.

use serde_json::{Value as Json, json};

use super::{BUSES, RULES, missing};
use crate::sandbox::{Fault, Reply, Request, World, done};

fn place(world: &World, rq: &Request<'_>) -> Result<(&'static str, String), Fault> {
    let arn = rq.text("ResourceARN");
    let at = match arn.split_once(":event-bus/") {
        Some((_, name)) => (BUSES, format!("{}/{name}", rq.region)),
        None => (RULES, arn.to_owned()),
    };
    if world.get(at.0, &at.1).is_some() {
        return Ok(at);
    }
    // EventBridge names what it looked for.
    let (_, path) = arn.split_once(":rule/").unwrap_or(("", arn));
    let (bus, name) = path.rsplit_once('/').unwrap_or(("default", path));
    Err(missing(format!("Rule {name} does not exist on EventBus {bus}.")))
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let (table, key) = place(world, rq)?;
    let tags = world.get(table, &key).and_then(|row| row["_tags"].as_array().cloned());
    Ok(json!({"Tags": tags.unwrap_or_default()}))
}

fn edit(world: &mut World, rq: &Request<'_>, act: impl FnOnce(&mut Vec<Json>)) -> Reply {
    let (table, key) = place(world, rq)?;
    if let Some(row) = world.get_mut(table, &key) {
        let mut tags = row["_tags"].as_array().cloned().unwrap_or_default();
        act(&mut tags);
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
