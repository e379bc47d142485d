//! `$Latest` and `$Default` of launch templates that the plan itself makes.
//!
//! Both hide changes: the text stays the same when the template gets a new version (CloudFormation does not take them at
//! all, `AWS::AutoScaling::AutoScalingGroup LaunchTemplateSpecification`). Here they stand for the number, so that whoever
//! uses the template changes with it, and the review shows from which version to which.

use crate::model::{Address, Reference, Value};

const TEMPLATE: &str = "AWS::EC2::LaunchTemplate";

/// Puts attributes of the template where its version is written as a word.
pub fn resolve<'k>(value: &mut Value, kind_of: &dyn Fn(&Address) -> Option<&'k str>) {
    match value {
        Value::Map(members) => {
            let template = match members.get("LaunchTemplateId") {
                Some(Value::Attribute(reference))
                    if ["Ref", "LaunchTemplateId"].contains(&reference.attribute.as_str())
                        && kind_of(&reference.address) == Some(TEMPLATE) =>
                {
                    Some(reference.address.clone())
                }
                _ => None,
            };
            let attribute = match members.get("Version") {
                Some(Value::String(word)) if word == "$Latest" => Some("LatestVersionNumber"),
                Some(Value::String(word)) if word == "$Default" => Some("DefaultVersionNumber"),
                _ => None,
            };
            if let (Some(address), Some(attribute)) = (template, attribute) {
                let version = Reference { address, attribute: attribute.into() };
                members.insert("Version".into(), Value::Attribute(version.into()));
            }
            members.values_mut().for_each(|member| resolve(member, kind_of));
        }
        Value::List(items) => items.iter_mut().for_each(|item| resolve(item, kind_of)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_attributes_of_the_plans_own_templates_only() {
        let own = Address::new("app", "Template");
        let named = |address: &Address, version: &str| {
            let id = Reference { address: address.clone(), attribute: "Ref".into() };
            let id = Value::Attribute(id.into());
            let members =
                [("LaunchTemplateId".into(), id), ("Version".into(), Value::String(version.into()))];
            Value::Map(members.into())
        };
        let kind_of = |address: &Address| (address == &Address::new("app", "Template")).then_some(TEMPLATE);
        let version = |mut value: Value| {
            resolve(&mut value, &kind_of);
            match value {
                Value::Map(members) => members["Version"].clone(),
                other => other,
            }
        };
        let attribute =
            |name: &str| Value::Attribute(Reference { address: own.clone(), attribute: name.into() }.into());
        assert_eq!(version(named(&own, "$Latest")), attribute("LatestVersionNumber"));
        assert_eq!(version(named(&own, "$Default")), attribute("DefaultVersionNumber"));
        assert_eq!(version(named(&own, "3")), Value::String("3".into()));
        let other = Address::new("app", "Other");
        assert_eq!(version(named(&other, "$Latest")), Value::String("$Latest".into()));
    }
}
