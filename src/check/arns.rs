//! Where a role's ARN is wanted, and a name is refused only when the call is made.

use crate::{resources::registry, schema::Node};

/// Whether a pattern takes nothing but ARNs: it begins with `arn`, and has no other branch.
fn demands_arn(pattern: &str) -> bool {
    let mut depth = 0_i32;
    let branches = pattern.chars().any(|ch| {
        match ch {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        ch == '|' && depth == 0
    });
    let start = pattern.trim_start_matches('^');
    !branches && (start.starts_with("arn:") || start.starts_with("arn["))
}

/// Whether the schema takes nothing but ARNs there.
pub(super) fn by_pattern(node: Option<Node<'_>>) -> bool {
    node.is_some_and(|node| demands_arn(node.keyword("pattern").as_str().unwrap_or_default()))
}

/// Whether a property (a path without positions) takes the ARN of a role and no name. Where the schema has no pattern its name
/// says so: `…RoleArn` in any letter case. What differs stands with the type.
pub(super) fn of_role(kind: &str, path: &str) -> bool {
    let facts = registry::find(kind).map(|ty| ty.facts());
    let (names, arns) = facts.map_or((&[][..], &[][..]), |facts| (facts.roles_by_name, facts.role_arns));
    let last = path.rsplit('.').next().unwrap_or_default();
    (last.to_ascii_lowercase().ends_with("rolearn") || arns.contains(&path)) && !names.contains(&path)
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::schema;

    /// Texts whose name ends with `Role`, with their paths. A definition is not entered twice on one way.
    fn roles(root: &Json, node: &Json, path: &[String], within: &[String], found: &mut Vec<(String, bool)>) {
        if let Some(name) = node["$ref"].as_str().and_then(|place| place.rsplit('/').next()) {
            if !within.iter().any(|other| other == name) {
                let within = [within, &[name.to_owned()]].concat();
                roles(root, &root["definitions"][name], path, &within, found);
            }
            return;
        }
        for (name, inner) in node["properties"].as_object().into_iter().flatten() {
            roles(root, inner, &[path, std::slice::from_ref(name)].concat(), within, found);
        }
        if !node["items"].is_null() {
            roles(root, &node["items"], path, within, found);
        }
        if path.last().is_some_and(|name| name.ends_with("Role")) && node["type"] == "string" {
            found.push((path.join("."), demands_arn(node["pattern"].as_str().unwrap_or_default())));
        }
    }

    /// Every text called `Role` takes an ARN by its schema, or its type says what it takes; and types say nothing else.
    #[test]
    fn every_role_of_every_type_is_decided() {
        for facts in registry::TYPES.iter().map(|ty| ty.facts()) {
            let Some(schema) = schema::of(facts.kind) else { continue };
            let mut found = Vec::new();
            roles(schema.document(), schema.document(), &[], &[], &mut found);
            let (kind, names, arns) = (facts.kind, facts.roles_by_name, facts.role_arns);
            for (path, by_pattern) in &found {
                let known = names.contains(&path.as_str()) || arns.contains(&path.as_str());
                assert!(*by_pattern || known, "{kind}.{path}: does AWS take a role's name there?");
            }
            for path in arns {
                assert!(found.iter().any(|(other, _)| other == path), "{kind} has no {path}");
            }
            for path in names {
                assert!(schema.property(path).is_some(), "{kind} has no {path}");
            }
        }
    }

    #[test]
    fn arns_are_told_from_names() {
        assert!(of_role("AWS::DMS::Endpoint", "S3Settings.ServiceAccessRoleArn"));
        assert!(of_role("AWS::ApplicationAutoScaling::ScalableTarget", "RoleARN"));
        assert!(of_role("AWS::S3::Bucket", "ReplicationConfiguration.Role"));
        assert!(of_role("AWS::ECS::Service", "VolumeConfigurations.ManagedEBSVolume.RoleArn"));
        assert!(!of_role("AWS::ECS::TaskDefinition", "TaskRoleArn"));
        assert!(!of_role("AWS::ECS::Service", "Role"));
        assert!(!of_role("AWS::RDS::DBInstance", "DomainIAMRoleName"));
        assert!(demands_arn("^arn:aws:iam::.*") && !demands_arn("^[a-z]+|arn:.*"));
    }
}
