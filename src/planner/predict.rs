//! Attributes of objects that are made anew under the same fixed name: known before they exist.
//!
//! An object that was lost and is made again has the name and the ARN that its users know. Those that only use it need no
//! new object themselves; what lives in it (a policy of a bucket, a service of a cluster) went with it and is made again.

use serde_json::Value as Json;

use crate::{graph::Node, model::Facts, resources::AnyType, schema};

/// An attribute of an object with a name that the template fixes, if it follows from the name.
pub(super) fn predicted(
    ty: &dyn AnyType,
    node: &Node,
    attribute: &str,
    account: &str,
    known: &dyn Fn(&str) -> Option<Json>,
) -> Option<Json> {
    let facts = ty.facts();
    let rule = facts.name?;
    let name = known(rule.property)?;
    let name = name.as_str()?;
    if let Some((_, pattern)) = facts.arn.filter(|(names, _)| names.contains(&attribute)) {
        let path = known("Path");
        let path = path.as_ref().and_then(Json::as_str).unwrap_or("/");
        let arn = pattern
            .replace("{partition}", partition(&node.region))
            .replace("{region}", &node.region)
            .replace("{account}", account)
            .replace("{path}", path)
            .replace("{name}", name);
        return Some(Json::String(arn));
    }
    (attribute == rule.property || (attribute == "Ref" && is_identifier(facts, rule.property)))
        .then(|| Json::String(name.to_owned()))
}

/// Whether CloudFormation's `Ref` is the name: where the name is the whole primary identifier.
fn is_identifier(facts: &Facts, property: &str) -> bool {
    schema::of(facts.kind).is_some_and(|schema| {
        let identifier = schema.root().keyword("primaryIdentifier").as_array();
        identifier.is_some_and(|paths| {
            paths.len() == 1 && paths[0].as_str() == Some(&format!("/properties/{property}"))
        })
    })
}

fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}
