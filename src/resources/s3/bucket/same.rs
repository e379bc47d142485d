//! When two forms of a bucket's setting mean the same to AWS.

use serde_json::{Value as Json, json};

use crate::resources::compare;

/// Compares two values of a top-level property after both were brought to one form.
pub(super) fn same(kind: &str, property: &str, desired: &Json, recorded: &Json) -> bool {
    let (mut a, mut b) = (desired.clone(), recorded.clone());
    match property {
        "BucketEncryption" => {
            for side in [&mut a, &mut b] {
                for rule in items(side, "ServerSideEncryptionConfiguration") {
                    drop_if(rule, "BucketKeyEnabled", &json!(false));
                    if let Some(blocked) = rule.get_mut("BlockedEncryptionTypes") {
                        drop_if(blocked, "EncryptionType", &json!(["NONE"]));
                    }
                    drop_if(rule, "BlockedEncryptionTypes", &json!({}));
                }
            }
        }
        "PublicAccessBlockConfiguration" => {
            for side in [&mut a, &mut b] {
                for flag in
                    ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]
                {
                    drop_if(side, flag, &json!(false));
                }
            }
        }
        "MetadataConfiguration" => {
            for side in [&mut a, &mut b] {
                for table in ["AnnotationTableConfiguration", "InventoryTableConfiguration"] {
                    drop_if(side, table, &json!({"ConfigurationState": "DISABLED"}));
                }
            }
        }
        "LifecycleConfiguration" => {
            for side in [&mut a, &mut b] {
                items(side, "Rules").for_each(modern);
                drop_if(side, "TransitionDefaultMinimumObjectSize", &json!("all_storage_classes_128K"));
            }
            ignore_made_up_ids(&mut a, &mut b);
        }
        "ReplicationConfiguration" => {
            for side in [&mut a, &mut b] {
                for rule in items(side, "Rules") {
                    if let Some(filter) = rule.get_mut("Filter") {
                        drop_if(filter, "Prefix", &json!(""));
                    }
                    drop_if(rule, "Prefix", &json!(""));
                    if rule["Filter"].is_null() {
                        drop_if(rule, "Priority", &json!(0));
                        drop_if(rule, "DeleteMarkerReplication", &json!({"Status": "Enabled"}));
                    }
                }
            }
            ignore_made_up_ids(&mut a, &mut b);
        }
        "NotificationConfiguration" => {
            for side in [&mut a, &mut b] {
                for list in ["LambdaConfigurations", "QueueConfigurations", "TopicConfigurations"] {
                    for one in items(side, list) {
                        for rule in items(&mut one["Filter"]["S3Key"], "Rules") {
                            rule["Name"] = json!(rule["Name"].as_str().unwrap_or_default().to_lowercase());
                        }
                    }
                }
            }
        }
        "AnalyticsConfigurations"
        | "InventoryConfigurations"
        | "MetricsConfigurations"
        | "IntelligentTieringConfigurations" => {
            for side in [&mut a, &mut b] {
                if let Some(list) = side.as_array_mut() {
                    list.sort_by_key(|one| one["Id"].as_str().unwrap_or_default().to_owned());
                }
            }
        }
        _ => {}
    }
    prune(&mut a);
    prune(&mut b);
    compare::same(kind, property, &a, &b)
}

/// Reading through an index leaves nulls behind; they and what holds nothing else mean "not set".
fn prune(value: &mut Json) {
    match value {
        Json::Object(map) => {
            map.values_mut().for_each(prune);
            map.retain(|_, v| !v.is_null());
        }
        Json::Array(list) => list.iter_mut().for_each(prune),
        _ => {}
    }
}

fn items<'j>(value: &'j mut Json, list: &str) -> impl Iterator<Item = &'j mut Json> {
    value.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten()
}

fn drop_if(value: &mut Json, member: &str, default: &Json) {
    if let Some(map) = value.as_object_mut()
        && map.get(member) == Some(default)
    {
        map.remove(member);
    }
}

/// Old spellings of a lifecycle rule become the new ones.
fn modern(rule: &mut Json) {
    let Some(map) = rule.as_object_mut() else { return };
    for (single, list) in
        [("Transition", "Transitions"), ("NoncurrentVersionTransition", "NoncurrentVersionTransitions")]
    {
        if let Some(one) = map.remove(single) {
            let all = map.entry(list).or_insert_with(|| json!([]));
            if let Some(all) = all.as_array_mut() {
                all.insert(0, one);
            }
        }
        for step in map.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten() {
            if step["StorageClass"] == "Glacier" {
                step["StorageClass"] = json!("GLACIER");
            }
            whole_seconds(step, "TransitionDate");
        }
    }
    if let Some(days) = map.remove("NoncurrentVersionExpirationInDays") {
        map.entry("NoncurrentVersionExpiration").or_insert_with(|| json!({"NoncurrentDays": days}));
    }
    whole_seconds(rule, "ExpirationDate");
    drop_if(rule, "Prefix", &json!(""));
    drop_if(rule, "ExpiredObjectDeleteMarker", &json!(false));
}

fn whole_seconds(value: &mut Json, member: &str) {
    if let Some(text) = value.get(member).and_then(Json::as_str).and_then(|t| t.strip_suffix(".000Z")) {
        value[member] = json!(format!("{text}Z"));
    }
}

/// AWS names rules that have no name.
fn ignore_made_up_ids(a: &mut Json, b: &mut Json) {
    let named = |side: &Json| {
        side["Rules"].as_array().is_some_and(|rules| rules.iter().all(|rule| rule["Id"].is_string()))
    };
    if named(a) != named(b) {
        for rule in items(a, "Rules").chain(items(b, "Rules")) {
            if let Some(map) = rule.as_object_mut() {
                map.remove("Id");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "AWS::S3::Bucket";

    #[test]
    fn old_and_new_spellings_of_a_lifecycle_rule_are_one() {
        let old = json!({"Rules": [{"Status": "Enabled", "NoncurrentVersionExpirationInDays": 30,
            "Transition": {"StorageClass": "Glacier", "TransitionInDays": 10}}]});
        let new = json!({"Rules": [{"Status": "Enabled", "Id": "made-up", "Prefix": "",
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 10}]}],
            "TransitionDefaultMinimumObjectSize": "all_storage_classes_128K"});
        assert!(same(KIND, "LifecycleConfiguration", &old, &new));
        let other = json!({"Rules": [{"Status": "Enabled", "NoncurrentVersionExpirationInDays": 31}]});
        assert!(!same(KIND, "LifecycleConfiguration", &old, &other));
    }

    #[test]
    fn a_removed_nested_member_is_a_difference() {
        let sent = json!({"Rules": [{"Id": "a", "Status": "Enabled", "ExpirationInDays": 3, "Prefix": "x"}]});
        let less = json!({"Rules": [{"Id": "a", "Status": "Enabled", "ExpirationInDays": 3}]});
        assert!(!same(KIND, "LifecycleConfiguration", &less, &sent));
    }
}
