//! Tags.

use serde_json::{Value as Json, json};

use super::{BALANCERS, GROUPS, LISTENERS, RULES, no_balancer, no_group, no_listener, tags_of};
use crate::sandbox::{Fault, Reply, Request, World, done};

fn table(arn: &str) -> (&'static str, fn() -> Fault) {
    if arn.contains(":targetgroup/") {
        (GROUPS, no_group)
    } else if arn.contains(":listener/") {
        (LISTENERS, no_listener)
    } else if arn.contains(":listener-rule/") {
        (RULES, || Fault::new("RuleNotFound", "One or more rules not found"))
    } else {
        (BALANCERS, no_balancer)
    }
}

/// `AddTags`.
pub fn add(world: &mut World, rq: &Request<'_>) -> Reply {
    let tags = tags_of(rq)?;
    for arn in rq.texts("ResourceArns") {
        let (table, missing) = table(arn);
        let row = world.get_mut(table, arn).ok_or_else(missing)?;
        for (key, value) in tags.as_object().into_iter().flatten() {
            row["_tags"][key] = value.clone();
        }
    }
    done()
}

/// `RemoveTags`.
pub fn remove(world: &mut World, rq: &Request<'_>) -> Reply {
    for arn in rq.texts("ResourceArns") {
        let (table, missing) = table(arn);
        let row = world.get_mut(table, arn).ok_or_else(missing)?;
        for key in rq.texts("TagKeys") {
            if let Some(tags) = row["_tags"].as_object_mut() {
                tags.remove(key);
            }
        }
    }
    done()
}

/// `DescribeTags`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut found = Vec::new();
    for arn in rq.texts("ResourceArns") {
        let (table, missing) = table(arn);
        let row = world.get(table, arn).ok_or_else(missing)?;
        let tags: Vec<Json> = row["_tags"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| json!({"Key": key, "Value": value}))
            .collect();
        found.push(json!({"ResourceArn": arn, "Tags": tags}));
    }
    Ok(json!({"TagDescriptions": found}))
}
