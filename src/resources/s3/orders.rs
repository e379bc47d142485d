//! Buckets before the buckets that replicate to them.

use crate::{model::Value, resources::orders::Orders};

/// Destination buckets known by name only, before the buckets that replicate to them.
pub(in crate::resources) fn buckets(orders: &mut Orders<'_>) {
    let buckets = orders.map.by_name("AWS::S3::Bucket", "BucketName", false);
    for source in orders.map.of_kind("AWS::S3::Bucket") {
        let Some(Value::List(rules)) =
            orders.map.node(source).properties.get("ReplicationConfiguration").and_then(|c| c.get("Rules"))
        else {
            continue;
        };
        for rule in rules {
            let text = rule.get("Destination").and_then(|d| d.get("Bucket")).and_then(Value::as_str);
            let name = text.and_then(|arn| arn.rsplit(':').next());
            for bucket in name.and_then(|name| buckets.get(&("", name))).cloned().unwrap_or_default() {
                orders.add(
                    source,
                    bucket,
                    "S3 replicates only to a bucket that exists and is versioned".into(),
                );
            }
        }
    }
}
