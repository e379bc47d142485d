//! When lifecycle rules will expire an object: the header `x-amz-expiration`.
//!
//! The rules are LocalStack's recordings of AWS (`test_s3.py::TestS3BucketLifecycle`): the first rule that fits, for the
//! current version only, and not where a version was asked for by id. Days end at midnight (S3 User Guide, "Lifecycle
//! configuration elements": the time "is rounded up to midnight UTC the next day").

use serde_json::Value as Json;

use super::tables::setting;
use crate::sandbox::codec::http_date;

const DAY: f64 = 86_400.0;

/// Whether a rule's filter takes an object in.
fn fits(rule: &Json, row: &Json) -> bool {
    let filter = &rule["Filter"];
    let all = if filter["And"].is_object() { &filter["And"] } else { filter };
    let key = row["Key"].as_str().unwrap_or_default();
    let size = row["Size"].as_f64().unwrap_or_default();
    let prefix = all["Prefix"].as_str().or(rule["Prefix"].as_str()).unwrap_or_default();
    let mut wanted =
        all["Tags"].as_array().into_iter().flatten().chain(all["Tag"].as_object().map(|_| &all["Tag"]));
    let tags = row["_tags"].as_array();
    key.starts_with(prefix)
        && all["ObjectSizeGreaterThan"].as_f64().is_none_or(|least| size > least)
        && all["ObjectSizeLessThan"].as_f64().is_none_or(|most| size < most)
        && wanted.all(|tag| tags.is_some_and(|tags| tags.contains(tag)))
}

/// The header's value for a current version; `None` if nothing will expire it.
pub(super) fn of(bucket: &Json, row: &Json) -> Option<String> {
    let rules = setting(bucket, "LifecycleConfiguration")["Rules"].as_array()?;
    let expires = |rule: &&Json| {
        rule["Status"] == "Enabled"
            && (rule["Expiration"]["Days"].is_number() || rule["Expiration"]["Date"].is_number())
            && fits(rule, row)
    };
    let rule = rules.iter().find(expires)?;
    let at = match rule["Expiration"]["Days"].as_f64() {
        Some(days) => ((row["LastModified"].as_f64()? + days * DAY) / DAY).floor() * DAY + DAY,
        None => rule["Expiration"]["Date"].as_f64()?,
    };
    let id = percent_encoding::utf8_percent_encode(rule["ID"].as_str()?, percent_encoding::NON_ALPHANUMERIC);
    let id = id.to_string().replace("%5F", "_").replace("%2D", "-").replace("%2E", ".");
    Some(format!("expiry-date=\"{}\", rule-id=\"{id}\"", http_date(at)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_rule_that_fits_counts() {
        let rule = |id: &str, filter: Json| json!({"ID": id, "Status": "Enabled", "Filter": filter, "Expiration": {"Days": 7}});
        let bucket = json!({"_sub": {"LifecycleConfiguration": {"Rules": [
            {"ID": "off", "Status": "Disabled", "Filter": {}, "Expiration": {"Days": 1}},
            rule("pre", json!({"Prefix": "logs/"})),
            rule("big", json!({"ObjectSizeGreaterThan": 20})),
            rule("tagged", json!({"And": {"Prefix": "", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}})),
        ]}}});
        let object = |key: &str, size: u64, tags: Json| json!({"Key": key, "Size": size, "_tags": tags, "LastModified": 1_760_000_000.0});
        let both = json!([{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]);
        let ids = |row: Json| of(&bucket, &row).map(|text| text.split('"').nth(3).unwrap().to_owned());
        assert_eq!(ids(object("logs/1", 30, json!([]))).as_deref(), Some("pre"));
        assert_eq!(ids(object("x", 30, json!([]))).as_deref(), Some("big"));
        assert_eq!(ids(object("x", 1, both.clone())).as_deref(), Some("tagged"));
        assert_eq!(ids(object("x", 1, json!([{"Key": "a", "Value": "1"}]))), None);
        // 2025-10-09 08:53 and seven days, at the midnight behind it.
        let text = of(&bucket, &object("logs/1", 1, both)).unwrap();
        assert!(text.starts_with("expiry-date=\"Fri, 17 Oct 2025 00:00:00 GMT\""), "{text}");
    }
}
