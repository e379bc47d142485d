//! Replication: a matching new version appears in the destination a while later.

use serde_json::{Value as Json, json};

use super::tables::{BUCKETS, OBJECTS, setting, version_key, versioning};
use crate::sandbox::World;

/// How long a replica takes.
const REPLICATION: i64 = 15_000;

fn matches(rule: &Json, key: &str, row: &Json) -> bool {
    if rule["Status"] != "Enabled" {
        return false;
    }
    if row["_marker"] == true
        && rule["DeleteMarkerReplication"]["Status"] != "Enabled"
        && !rule["Filter"].is_null()
    {
        return false;
    }
    let filter = &rule["Filter"];
    let prefixes = [&rule["Prefix"], &filter["Prefix"], &filter["And"]["Prefix"]];
    let wanted = filter["And"]["Tags"].as_array().into_iter().flatten().chain(filter.get("Tag"));
    let tags = row["_tags"].as_array().map_or(&[][..], Vec::as_slice);
    prefixes.iter().filter_map(|p| p.as_str()).all(|prefix| key.starts_with(prefix))
        && wanted.filter(|tag| !tag.is_null()).all(|tag| tags.contains(tag))
}

/// Sends a new version on its way to every destination whose highest-priority rule matches. A replica is not
/// replicated again.
pub(super) fn send(world: &mut World, home: &Json, at: &str, row: &mut Json) {
    let configuration = setting(home, "ReplicationConfiguration");
    if configuration.is_null() || row["ReplicationStatus"] == "REPLICA" {
        return;
    }
    let key = row["Key"].as_str().unwrap_or_default().to_owned();
    let mut rules: Vec<&Json> = configuration["Rules"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|rule| matches(rule, &key, row))
        .collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule["Priority"].as_i64().unwrap_or(0)));
    let mut sent: Vec<&str> = Vec::new();
    let role = configuration["Role"].as_str().unwrap_or_default();
    for rule in rules {
        let to = &rule["Destination"];
        let Some(name) = to["Bucket"].as_str().and_then(|arn| arn.split_once(":s3:::")).map(|(_, name)| name)
        else {
            continue;
        };
        if sent.contains(&name) {
            continue;
        }
        sent.push(name);
        let ready = world.get(BUCKETS, name).is_some_and(|target| versioning(target) == Some(true))
            && world.assumable(role, "s3.amazonaws.com").is_ok();
        if !ready {
            row["ReplicationStatus"] = json!("FAILED");
            continue;
        }
        let mut replica = row.clone();
        replica["_bucket"] = json!(name);
        replica["ReplicationStatus"] = json!("REPLICA");
        replica["_visible"] = json!(world.now() + REPLICATION);
        if to["StorageClass"].is_string() {
            replica["StorageClass"] = to["StorageClass"].clone();
        }
        let replica_key = version_key(name, &key, world.next());
        world.put(OBJECTS, &replica_key, replica);
        if row["_marker"] != true {
            row["ReplicationStatus"] = json!("PENDING");
            world.set_after(REPLICATION, OBJECTS, at, json!({"ReplicationStatus": "COMPLETED"}));
        }
    }
}
