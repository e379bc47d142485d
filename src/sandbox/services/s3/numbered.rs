//! Settings of which a bucket may have many, each with an id: analytics, intelligent tiering, inventory,
//! metrics.

use serde_json::{Value as Json, json};

use super::tables::{BUCKETS, bucket, setting};
use crate::sandbox::{Fault, Reply, Request, World, done};

const KINDS: &[&str] = &["Analytics", "IntelligentTiering", "Inventory", "Metrics"];

/// `MetricsConfiguration` of `PutBucketMetricsConfiguration`.
fn member(operation: &str) -> Result<String, Fault> {
    KINDS
        .iter()
        .find(|kind| operation.contains(*kind))
        .map(|kind| format!("{kind}Configuration"))
        .ok_or_else(|| Fault::new("NotImplemented", "no such configuration").status(501))
}

fn absent() -> Fault {
    Fault::new("NoSuchConfiguration", "The specified configuration does not exist.").status(404)
}

pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let member = member(rq.operation)?;
    let row = bucket(world, rq)?;
    let (id, value) = (rq.text("Id"), rq.get(&member));
    if value["Id"] != id {
        return Err(Fault::new("InvalidArgument", "The Id in the request and in the configuration differ"));
    }
    let existing = setting(row, &member).as_object();
    if existing.is_some_and(|all| all.len() >= 1000 && !all.contains_key(id)) {
        return Err(Fault::new(
            "TooManyConfigurations",
            "You are attempting to create a new configuration but have \
            already reached the 1,000-configuration limit.",
        ));
    }
    if member == "IntelligentTieringConfiguration" {
        for step in value["Tierings"].as_array().into_iter().flatten() {
            let least = if step["AccessTier"] == "DEEP_ARCHIVE_ACCESS" { 180 } else { 90 };
            if step["Days"].as_i64().is_some_and(|days| days < least || days > 730) {
                return Err(Fault::new("InvalidArgument", "Invalid number of days"));
            }
        }
    }
    let value = value.clone();
    if let Some(row) = world.get_mut(BUCKETS, rq.text("Bucket")) {
        row["_sub"][member.as_str()][id] = value;
    }
    done()
}

pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let member = member(rq.operation)?;
    let value = &setting(bucket(world, rq)?, &member)[rq.text("Id")];
    if value.is_null() { Err(absent()) } else { Ok(json!({member: value})) }
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let member = member(rq.operation)?;
    let all: Vec<Json> = setting(bucket(world, rq)?, &member)
        .as_object()
        .into_iter()
        .flat_map(|all| all.values().cloned())
        .collect();
    let (page, next) = rq.page(all, "", "ContinuationToken", 100, "InvalidArgument")?;
    let mut out = json!({"IsTruncated": next.is_some(), format!("{member}List"): page});
    if let Some(token) = rq.opt("ContinuationToken") {
        out["ContinuationToken"] = json!(token);
    }
    if let Some(next) = next {
        out["NextContinuationToken"] = json!(next);
    }
    Ok(out)
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let member = member(rq.operation)?;
    bucket(world, rq)?;
    let gone = world
        .get_mut(BUCKETS, rq.text("Bucket"))
        .and_then(|row| row["_sub"].get_mut(&member)?.as_object_mut()?.remove(rq.text("Id")));
    if gone.is_none() { Err(absent()) } else { done() }
}
