//! Tags.

use serde_json::json;

use super::{
    CLUSTERS, DEFINITIONS, SERVICES, TASKS, instances::INSTANCES, invalid, no_cluster, providers::PROVIDERS,
    shown_tags, tags_of, tasksets::SETS,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Where the object of an ARN is.
fn at(world: &World, arn: &str) -> Result<(&'static str, String), Fault> {
    let mut parts = arn.splitn(6, ':');
    let (region, resource) = (parts.nth(3).unwrap_or_default(), parts.nth(1).unwrap_or_default());
    let (table, key, fault): (_, _, fn() -> Fault) = match resource.split_once('/') {
        Some(("cluster", name)) => (CLUSTERS, format!("{region}/{name}"), no_cluster),
        Some(("service", _)) => (SERVICES, arn.to_owned(), || {
            invalid("The specified service is inactive. Specify an active service and try again.")
        }),
        Some(("task-definition", _)) => {
            (DEFINITIONS, arn.to_owned(), || invalid("The specified task definition does not exist."))
        }
        Some(("capacity-provider", name)) => (PROVIDERS, format!("{region}/{name}"), || {
            invalid("The specified capacity provider does not exist.")
        }),
        Some(("container-instance", _)) => {
            (INSTANCES, arn.to_owned(), || invalid("The specified container instance does not exist."))
        }
        Some(("task-set", _)) => (SETS, arn.to_owned(), || invalid("The specified task set does not exist.")),
        Some(("task", _)) => (TASKS, arn.to_owned(), || invalid("The specified task is not found.")),
        _ => return Err(invalid(format!("Invalid ARN: {arn}"))),
    };
    let gone = |row: &serde_json::Value| table != DEFINITIONS && row["status"] == "INACTIVE";
    match world.get(table, &key) {
        Some(row) if !gone(row) => Ok((table, key)),
        _ => Err(fault()),
    }
}

/// `TagResource`.
pub fn tag(world: &mut World, rq: &Request<'_>) -> Reply {
    let (table, key) = at(world, rq.text("resourceArn"))?;
    if let Some(row) = world.get_mut(table, &key) {
        for (name, value) in tags_of(rq).as_object().into_iter().flatten() {
            row["_tags"][name] = value.clone();
        }
    }
    done()
}

/// `UntagResource`.
pub fn untag(world: &mut World, rq: &Request<'_>) -> Reply {
    let (table, key) = at(world, rq.text("resourceArn"))?;
    if let Some(tags) = world.get_mut(table, &key).and_then(|row| row["_tags"].as_object_mut()) {
        tags.retain(|name, _| !rq.texts("tagKeys").contains(&name.as_str()));
    }
    done()
}

/// `ListTagsForResource`.
pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let (table, key) = at(world, rq.text("resourceArn"))?;
    Ok(json!({"tags": world.get(table, &key).map(shown_tags)}))
}
