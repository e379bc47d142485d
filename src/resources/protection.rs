//! Deletion protection, as properties tell it: while it is on, AWS refuses to delete the object.

use serde_json::{Value as Json, json};

/// The load balancer's attribute.
const BALANCER: &str = "deletion_protection.enabled";

/// The property that protects the object from deletion, if it is on.
#[must_use]
pub fn protected(properties: &Json) -> Option<&'static str> {
    let on =
        |value: &Json| *value == true || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"));
    if let Some(name) =
        ["DeletionProtection", "DeletionProtectionEnabled"].iter().find(|n| on(&properties[**n]))
    {
        return Some(name);
    }
    let attributes = properties["LoadBalancerAttributes"].as_array();
    attributes
        .into_iter()
        .flatten()
        .any(|attribute| attribute["Key"] == BALANCER && on(&attribute["Value"]))
        .then_some("LoadBalancerAttributes (deletion_protection.enabled)")
}

/// What to read such an object with, to see its protection: `None` for types that have none worth a call.
#[must_use]
pub fn hint(kind: &str, properties: &Json) -> Option<Json> {
    let mut hint = properties.clone();
    match kind {
        "AWS::RDS::DBCluster" | "AWS::RDS::DBInstance" => hint["DeletionProtection"] = json!(true),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
            hint["LoadBalancerAttributes"] = json!([{"Key": BALANCER, "Value": "true"}]);
        }
        _ => return protected(properties).map(|_| hint),
    }
    Some(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protection_is_seen_in_every_form() {
        assert_eq!(protected(&json!({"DeletionProtection": true})), Some("DeletionProtection"));
        assert_eq!(protected(&json!({"DeletionProtection": "true"})), Some("DeletionProtection"));
        assert_eq!(protected(&json!({"DeletionProtectionEnabled": true})), Some("DeletionProtectionEnabled"));
        assert_eq!(protected(&json!({"DeletionProtection": false})), None);
        let balancer = |value: Json| json!({"LoadBalancerAttributes": [{"Key": BALANCER, "Value": value}]});
        assert!(
            protected(&balancer(json!("true"))).is_some() && protected(&balancer(json!("false"))).is_none()
        );
        assert!(hint("AWS::SNS::Topic", &json!({})).is_none());
        assert!(hint("AWS::Logs::LogGroup", &json!({"DeletionProtectionEnabled": true})).is_some());
    }
}
