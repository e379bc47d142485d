//! Where a role's ARN is wanted, and a name is refused only when the call is made.

use crate::{model::Facts, schema::Node};

/// Whether a pattern takes nothing but ARNs: it begins with `arn`, and has no other branch.
fn demands_arn(pattern: &str) -> bool {
    let start = pattern.trim_start_matches('^');
    let mut depth = 0_i32;
    let mut branches = || {
        pattern.chars().any(|ch| {
            match ch {
                '(' | '[' => depth += 1,
                ')' | ']' => depth -= 1,
                _ => {}
            }
            ch == '|' && depth == 0
        })
    };
    (start.starts_with("arn:") || start.starts_with("arn[")) && !branches()
}

/// Whether the schema takes nothing but ARNs there.
pub(super) fn by_pattern(node: Option<Node<'_>>) -> bool {
    node.and_then(|node| node.rules().pattern.as_ref()).is_some_and(|pattern| demands_arn(pattern.text))
}

/// Whether a property takes the ARN of a role and no name. Where the schema has no pattern its name says so: `…RoleArn` in any
/// letter case. What differs stands with the type. `name` is the last part of its `path`, a path without positions, which is
/// asked for only where a type says something: this is asked about every text.
pub(super) fn of_role(facts: Option<&Facts>, name: &str, path: impl FnOnce() -> String) -> bool {
    let (names, arns) = facts.map_or((&[][..], &[][..]), |facts| (facts.roles_by_name, facts.role_arns));
    let end = name.len().saturating_sub("rolearn".len());
    let by_name = name.as_bytes()[end..].eq_ignore_ascii_case(b"rolearn");
    if arns.is_empty() && (names.is_empty() || !by_name) {
        return by_name;
    }
    let path = path();
    (by_name || arns.contains(&path.as_str())) && !names.contains(&path.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::{resources::registry, schema};

    fn of_role(kind: &str, path: &str) -> bool {
        let name = path.rsplit('.').next().unwrap_or_default();
        super::of_role(registry::find(kind).map(|ty| ty.facts()), name, || path.to_owned())
    }

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

    /// The path is not asked for where the name is enough, and the answer is what the whole path says.
    #[test]
    fn the_last_name_of_a_path_is_enough_where_the_type_says_nothing() {
        let odd = ["", "olearn", "Role.Arn", "A.ROLEARN", "RoleArn.Name", "Élan", "éRoleArn", "Rôlearn"];
        for facts in registry::TYPES.iter().map(|ty| ty.facts()) {
            let (names, arns) = (facts.roles_by_name, facts.role_arns);
            let schema = schema::of(facts.kind).into_iter().flat_map(|schema| schema.properties());
            for path in odd.iter().chain(names).chain(arns).copied().chain(schema) {
                let last = path.rsplit('.').next().unwrap_or_default();
                let named = last.to_ascii_lowercase().ends_with("rolearn");
                let wanted = (named || arns.contains(&path)) && !names.contains(&path);
                assert_eq!(of_role(facts.kind, path), wanted, "{}.{path}", facts.kind);
            }
        }
        let nothing = || panic!("the path is not needed");
        assert!(super::of_role(None, "RoleArn", nothing) && !super::of_role(None, "Role", nothing));
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
