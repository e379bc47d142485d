//! When two property values mean the same to AWS, and which properties need a new object.

use serde_json::{Map, Value as Json};

use super::s3::policy_document;
use crate::schema;

/// The default of [`ResourceType::same`](super::ResourceType::same).
#[must_use]
pub fn same(kind: &str, property: &str, desired: &Json, recorded: &Json) -> bool {
    let node = schema::of(kind).and_then(|schema| schema.property(property));
    alike(node, desired, recorded)
}

/// Semantic equality along a schema node: sets regardless of order, JSON documents given as text or object,
/// numbers and booleans given as text.
fn alike(node: Option<schema::Node<'_>>, a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Array(left), Json::Array(right)) => {
            let items = node.and_then(|n| n.items());
            if left.len() != right.len() {
                return false;
            }
            if node.is_some_and(|n| n.is_set()) {
                let mut rest: Vec<&Json> = right.iter().collect();
                return left.iter().all(|item| {
                    rest.iter()
                        .position(|other| alike(items, item, other))
                        .map(|at| rest.swap_remove(at))
                        .is_some()
                });
            }
            left.iter().zip(right).all(|(x, y)| alike(items, x, y))
        }
        // A policy says the same with `Action: x` and `Action: [x]`, and with its lists in any order (IAM User Guide, "Grammar
        // of the IAM JSON policy language").
        (Json::Object(left), Json::Object(right)) if is_policy(left) && is_policy(right) => {
            policy_document::same(a, b)
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, x)| {
                    right.get(key).is_some_and(|y| alike(node.and_then(|n| n.member(key)), x, y))
                })
        }
        (Json::String(text), Json::Object(_) | Json::Array(_)) => {
            serde_json::from_str::<Json>(text).is_ok_and(|parsed| alike(node, &parsed, b))
        }
        (Json::Object(_) | Json::Array(_), Json::String(_)) => alike(node, b, a),
        (Json::String(x), Json::String(y)) => x == y || json_texts_alike(x, y),
        (Json::Number(x), Json::Number(y)) => x == y || x.as_f64() == y.as_f64(),
        (Json::String(text), Json::Number(number)) => {
            text.parse::<serde_json::Number>().is_ok_and(|n| n == *number)
        }
        (Json::String(text), Json::Bool(value)) => text.parse::<bool>().is_ok_and(|b| b == *value),
        (Json::Number(_) | Json::Bool(_), Json::String(_)) => alike(node, b, a),
        _ => a == b,
    }
}

fn is_policy(document: &Map<String, Json>) -> bool {
    let first = match document.get("Statement") {
        Some(Json::Array(all)) => all.first(),
        other => other,
    };
    first.is_some_and(|statement| statement["Effect"].is_string())
}

fn json_texts_alike(x: &str, y: &str) -> bool {
    let document = |text: &str| {
        let trimmed = text.trim_start();
        (trimmed.starts_with('{') || trimmed.starts_with('['))
            .then(|| serde_json::from_str::<Json>(text).ok())
    };
    match (document(x), document(y)) {
        (Some(Some(x)), Some(Some(y))) => x == y || alike(None, &x, &y),
        _ => false,
    }
}

/// Those of `changed` that the schema calls create-only.
#[must_use]
pub fn create_only(kind: &str, changed: &[String]) -> Vec<String> {
    let Some(schema) = schema::of(kind) else { return Vec::new() };
    changed.iter().filter(|property| schema.is_create_only(property)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sets_texts_and_embedded_json_compare_by_meaning() {
        let tags = json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]);
        let turned = json!([{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]);
        assert!(same("AWS::EC2::VPC", "Tags", &tags, &turned));
        assert!(same(
            "AWS::DMS::ReplicationTask",
            "TableMappings",
            &json!("{\"a\": 1, \"b\": 2}"),
            &json!("{\"b\":2,\"a\":1}")
        ));
        assert!(same("AWS::RDS::DBInstance", "AllocatedStorage", &json!("100"), &json!(100)));
        let policy =
            |action: Json| json!({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]});
        for kind in ["AWS::EC2::VPCEndpoint", "AWS::SQS::QueuePolicy"] {
            assert!(same(kind, "PolicyDocument", &policy(json!("s3:*")), &policy(json!(["s3:*"]))), "{kind}");
            assert!(
                !same(kind, "PolicyDocument", &policy(json!("s3:*")), &policy(json!(["s3:Get*"]))),
                "{kind}"
            );
        }
        assert!(!same("AWS::EC2::VPC", "CidrBlock", &json!("10.0.0.0/16"), &json!("10.1.0.0/16")));
    }
}
