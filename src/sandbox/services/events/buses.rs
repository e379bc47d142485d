//! Event buses. The default one is in every account and cannot be made or deleted.

use serde_json::{Value as Json, json};

use super::{BUSES, DEFAULT, RULES, bus, invalid};
use crate::sandbox::{Fault, Reply, Request, World, done};

fn shown(world: &World, region: &str, name: &str) -> Json {
    let arn = world.arn("events", region, &format!("event-bus/{name}"));
    let row = world.get(BUSES, &format!("{region}/{name}")).cloned().unwrap_or_default();
    let mut all = json!({"Name": name, "Arn": arn});
    for member in [
        "Description",
        "KmsKeyIdentifier",
        "DeadLetterConfig",
        "LogConfig",
        "CreationTime",
        "LastModifiedTime",
    ] {
        if !row[member].is_null() {
            all[member] = row[member].clone();
        }
    }
    all
}

pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("Name");
    if name == DEFAULT || world.get(BUSES, &format!("{}/{name}", rq.region)).is_some() {
        return Err(Fault::new(
            "ResourceAlreadyExistsException",
            format!("Event bus {name} already exists."),
        ));
    }
    if rq.opt("EventSourceName").is_some() {
        let text = format!("Event source {} does not exist.", rq.text("EventSourceName"));
        return Err(super::missing(text));
    }
    if name.contains('/') {
        return Err(invalid("Event bus name must not contain '/'."));
    }
    let mut row = json!({"Name": name, "CreationTime": world.now_secs(), "LastModifiedTime": world.now_secs(),
        "_region": rq.region, "_tags": rq.list("Tags")});
    for member in ["Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig"] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    world.put(BUSES, &format!("{}/{name}", rq.region), row);
    let mut out = shown(world, rq.region, name);
    out["EventBusArn"] = out["Arn"].take();
    if let Some(members) = out.as_object_mut() {
        members.retain(|member, _| {
            !["Name", "Arn", "CreationTime", "LastModifiedTime"].contains(&member.as_str())
        });
    }
    Ok(out)
}

/// Deleting what is not there succeeds; a bus with rules is refused.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("Name");
    if name == DEFAULT {
        return Err(invalid("Cannot delete event bus default."));
    }
    if world.any(RULES, |row| row["EventBusName"] == name && row["_region"] == rq.region) {
        return Err(invalid("Event bus can't be deleted since it has rules."));
    }
    world.remove(BUSES, &format!("{}/{name}", rq.region));
    done()
}

pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = bus(world, rq, "Name")?;
    Ok(shown(world, rq.region, &name))
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let prefix = rq.text("NamePrefix");
    let own = world.rows(BUSES).filter(|(_, row)| row["_region"] == rq.region);
    let mut names: Vec<String> =
        own.filter_map(|(_, row)| row["Name"].as_str().map(ToOwned::to_owned)).collect();
    names.push(DEFAULT.to_owned());
    names.sort();
    let all = names
        .iter()
        .filter(|name| name.starts_with(prefix))
        .map(|name| shown(world, rq.region, name))
        .collect();
    let (page, next) = rq.page(all, "Limit", "NextToken", 100, "ValidationException")?;
    Ok(json!({"EventBuses": page, "NextToken": next}))
}
