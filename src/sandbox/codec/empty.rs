//! Which services take an empty text as if it had not been sent.
//!
//! Clients in Go send optional texts that nobody set as empty ones (`EngineVersion=`, `"AllowedPattern": ""`), and
//! Terraform's AWS provider does so in most of its calls, which AWS passes (its tests `TestAccRDSInstance_*`,
//! `TestAccELBV2TargetGroup_basic`, every `aws_ssm_parameter`). Where an empty text is a value, it stays: topic and
//! queue attributes, descriptions that are cleared, values of tags.

use serde_json::Value as Json;

use super::model::{Model, Ref, Type};

/// What an empty text of a request's own member means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// A value like any other.
    Value,
    /// Nothing was sent, if the member is optional.
    Absent,
}

/// The rule of a service.
fn rule(service: &str) -> Rule {
    match service {
        "rds" | "elbv2" | "ec2" | "ssm" | "dms" => Rule::Absent,
        _ => Rule::Value,
    }
}

/// Members whose empty text is a value although their service takes empty ones as absent.
const VALUES: &[(&str, &str, &str)] = &[
    // The one way to take a description away (EC2 API Reference).
    ("ec2", "ModifySecurityGroupRules", "Description"),
    ("ec2", "ModifyFpgaImageAttribute", "Description"),
    // A parameter's description can be emptied by overwriting it.
    ("ssm", "PutParameter", "Description"),
];

/// Drops the empty texts that stand for nothing.
pub fn drop(service: &str, operation: &str, model: &Model, input: Option<&Ref>, value: &mut Json) {
    let (Some(reference), Some(members)) = (input, value.as_object_mut()) else { return };
    let shape = model.shape(reference);
    members.retain(|name, value| {
        if value.as_str() != Some("") {
            return true;
        }
        // No service hands out an empty token: it is the end of the last listing, sent again.
        if matches!(name.as_str(), "NextToken" | "nextToken" | "Marker") {
            return shape.required.contains(name);
        }
        let text = shape.members.get(name).is_some_and(|member| model.shape(member).kind == Type::String);
        !text
            || shape.required.contains(name)
            || rule(service) == Rule::Value
            || VALUES.contains(&(service, operation, name.as_str()))
    });
}
