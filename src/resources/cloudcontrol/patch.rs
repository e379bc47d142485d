//! What changes, as a JSON Patch (RFC 6902).
//!
//! Cloud Control applies it to what its read handler answers. `add` sets a member whether it is there or not; `remove`
//! fails for one that is not. What the read handler never answers (write-only properties) is missing in that state and
//! would be taken for removed, so it is sent again with every update, as the Terraform provider does
//! (<https://github.com/hashicorp/terraform-provider-awscc/pull/1737>).
//! <https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations-update.html>

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::schema::TypeSchema;

/// A member's name inside a JSON Pointer.
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The operations that bring `live` to `wanted` in the changed top-level properties.
pub(super) fn patch(schema: &TypeSchema, wanted: &Json, live: &Json, changed: &[String]) -> Vec<Json> {
    let mut names: BTreeSet<&str> = changed.iter().map(String::as_str).collect();
    if !names.is_empty() {
        names.extend(schema.write_only().filter_map(|path| path.split('/').next()));
    }
    let mut operations = Vec::new();
    for name in names {
        match (&wanted[name], &live[name]) {
            (Json::Null, Json::Null) => {}
            (Json::Null, _) => operations.push(json!({"op": "remove", "path": pointer(name)})),
            (value, _) => operations.push(json!({"op": "add", "path": pointer(name), "value": value})),
        }
    }
    operations
}

/// The client token of an update. The same token with another document is refused (ClientTokenConflictException,
/// UpdateResource), and a run that resumes may find a part of the change done: it asks for the rest under a token of its own.
pub(super) fn token(permit: &str, operations: &[Json]) -> String {
    let digest = Sha256::digest(Json::Array(operations.to_vec()).to_string());
    format!("{permit}-{}", hex::encode(digest.get(..4).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    #[test]
    fn exactly_the_changed_properties_are_sent_and_write_only_ones_again() {
        let queue = schema::as_published("AWS::SQS::Queue").unwrap();
        let changed = ["DelaySeconds".to_owned(), "KmsMasterKeyId".to_owned(), "RedrivePolicy".to_owned()];
        let wanted = json!({"QueueName": "q", "DelaySeconds": 5});
        let live = json!({"QueueName": "q", "DelaySeconds": 0, "KmsMasterKeyId": "k"});
        let expected = [
            json!({"op": "add", "path": "/DelaySeconds", "value": 5}),
            json!({"op": "remove", "path": "/KmsMasterKeyId"}),
        ];
        assert_eq!(patch(queue, &wanted, &live, &changed), expected);
        let cluster = schema::as_published("AWS::Redshift::Cluster").unwrap();
        let wanted = json!({"MasterUserPassword": "secret", "NumberOfNodes": 3});
        let sent = patch(cluster, &wanted, &json!({"NumberOfNodes": 2}), &["NumberOfNodes".to_owned()]);
        let paths: Vec<&str> = sent.iter().filter_map(|one| one["path"].as_str()).collect();
        assert_eq!(paths, ["/MasterUserPassword", "/NumberOfNodes"]);
        assert_eq!(patch(cluster, &wanted, &json!({}), &[]), Vec::<Json>::new());
    }
}
