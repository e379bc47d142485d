//! What the operations share.

use serde_json::{Value as Json, json};

use super::{CLUSTERS, instances, rollout};

use crate::sandbox::{Fault, Request, World};

/// Lets happen what follows from what other services did meanwhile; called before each request.
pub fn settle(world: &mut World) {
    instances::settle(world);
    rollout::settle(world);
}

pub(super) fn client(message: impl Into<String>) -> Fault {
    Fault::new("ClientException", message)
}

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterException", message)
}

pub(super) fn no_cluster() -> Fault {
    Fault::new("ClusterNotFoundException", "Cluster not found.")
}

/// The name in a name or an ARN.
pub(super) fn short(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

/// The key of the cluster that a request means; `default` if it names none.
pub(super) fn cluster_key(rq: &Request<'_>, member: &str) -> String {
    format!("{}/{}", rq.region, short(rq.opt(member).unwrap_or("default")))
}

/// Tasks and services that say nothing of it run by their cluster's default strategy, else on instances (ECS API Reference,
/// RunTask and CreateService, capacityProviderStrategy).
pub(super) fn default_launch(cluster: &Json, row: &mut Json) {
    if !row["launchType"].is_null() || !row["capacityProviderStrategy"].is_null() {
        return;
    }
    let default = &cluster["defaultCapacityProviderStrategy"];
    if default.as_array().is_some_and(|items| !items.is_empty()) {
        row["capacityProviderStrategy"] = default.clone();
    } else {
        row["launchType"] = json!("EC2");
    }
}

/// The active cluster that a request means.
pub(super) fn cluster<'w>(world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
    let row = world.get(CLUSTERS, &cluster_key(rq, "cluster"));
    row.filter(|row| row["status"] != "INACTIVE").ok_or_else(no_cluster)
}

/// A request's tags as an object.
pub(super) fn tags_of(rq: &Request<'_>) -> Json {
    let mut tags = json!({});
    for tag in rq.list("tags") {
        tags[tag["key"].as_str().unwrap_or_default()] = tag["value"].as_str().unwrap_or_default().into();
    }
    tags
}

/// A row's tags as answers hold them.
pub(super) fn shown_tags(row: &Json) -> Vec<Json> {
    let all = row["_tags"].as_object().into_iter().flatten();
    all.map(|(key, value)| json!({"key": key, "value": value})).collect()
}

/// Something that is not there, as describe calls report it.
pub(super) fn missing(arn: &str) -> Json {
    json!({"arn": arn, "reason": "MISSING"})
}
