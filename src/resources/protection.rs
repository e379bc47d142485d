//! Deletion protection, as properties tell it: while it is on, AWS refuses to delete the object.

use serde_json::{Value as Json, json};

/// The load balancer's attribute.
const BALANCER: &str = "deletion_protection.enabled";

/// Properties that protect an object from deletion, in all published schemas.
const SWITCHES: &[&str] = &[
    "DeleteProtection",
    "DeletionProtected",
    "DeletionProtection",
    "DeletionProtectionEnabled",
    "DisableApiTermination",
    "EnableTerminationProtection",
    "TerminationProtectionEnabled",
];

/// What says "on" where that is no boolean: Cognito user pools, OpenSearch Serverless collections and Verified Permissions
/// stores, Auto Scaling groups (whose `prevent-force-deletion` lets an empty group go).
const ON: &[&str] = &["true", "ACTIVE", "ENABLED", "prevent-all-deletion"];

fn is_on(value: &Json) -> bool {
    match value {
        Json::Bool(on) => *on,
        Json::String(text) => ON.iter().any(|on| text.eq_ignore_ascii_case(on)),
        Json::Object(members) => members.get("Mode").is_some_and(is_on),
        _ => false,
    }
}

/// The property that protects the object from deletion, if it is on.
#[must_use]
pub fn protected(properties: &Json) -> Option<&'static str> {
    let on = is_on;
    if let Some(name) = SWITCHES.iter().find(|name| on(&properties[**name])) {
        return Some(name);
    }
    if on(&properties["Instances"]["TerminationProtected"]) {
        return Some("Instances.TerminationProtected");
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
        "AWS::EC2::Instance" => hint["DisableApiTermination"] = json!(true),
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
    use crate::schema;

    /// Every type's own switch is known, whatever it is called and whatever it takes.
    #[test]
    fn every_published_switch_is_known() {
        // Not a switch of the object, but a rule about objects that were used lately.
        const OTHER: &[&str] = &["DeletionProtectionCheck"];
        let mut unknown = Vec::new();
        let mut known = 0;
        for kind in schema::published() {
            let Some(schema) = schema::as_published(&kind) else { continue };
            for name in schema.properties().filter(|name| !OTHER.contains(name)) {
                let lower = name.to_lowercase();
                let protects =
                    lower.contains("protect") && (lower.contains("delet") || lower.contains("terminat"));
                if !protects && name != "DisableApiTermination" {
                    continue;
                }
                let all = ON.iter().map(|on| json!(on)).chain([json!(true), json!({"Mode": "ENABLED"})]);
                let seen = all.filter(|on| protected(&json!({name: on})).is_some()).count();
                known += seen.min(1);
                if seen == 0 {
                    unknown.push(format!("{kind} {name}"));
                }
            }
        }
        assert!(unknown.is_empty() && known >= 20, "{known} known, not: {unknown:#?}");
    }

    #[test]
    fn protection_is_seen_in_every_form() {
        assert!(protected(&json!({"DeletionProtection": "ACTIVE"})).is_some(), "a Cognito user pool");
        assert!(protected(&json!({"DeletionProtection": {"Mode": "ENABLED"}})).is_some(), "a policy store");
        assert!(protected(&json!({"Instances": {"TerminationProtected": true}})).is_some(), "an EMR cluster");
        for off in
            [json!("INACTIVE"), json!("none"), json!("prevent-force-deletion"), json!({"Mode": "DISABLED"})]
        {
            assert_eq!(protected(&json!({"DeletionProtection": off})), None);
        }
        assert_eq!(protected(&json!({"DeletionProtection": true})), Some("DeletionProtection"));
        assert_eq!(protected(&json!({"DeletionProtection": "true"})), Some("DeletionProtection"));
        assert_eq!(protected(&json!({"DeletionProtectionEnabled": true})), Some("DeletionProtectionEnabled"));
        assert_eq!(protected(&json!({"DeletionProtection": false})), None);
        assert_eq!(protected(&json!({"DisableApiTermination": true})), Some("DisableApiTermination"));
        let balancer = |value: Json| json!({"LoadBalancerAttributes": [{"Key": BALANCER, "Value": value}]});
        assert!(
            protected(&balancer(json!("true"))).is_some() && protected(&balancer(json!("false"))).is_none()
        );
        assert!(hint("AWS::SNS::Topic", &json!({})).is_none());
        assert!(hint("AWS::Logs::LogGroup", &json!({"DeletionProtectionEnabled": true})).is_some());
    }
}
