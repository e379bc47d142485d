//! Roles and their policies: what acts with a role waits for what the role may do.

use std::collections::HashMap;

use crate::resources::orders::{Orders, each_text, only_names_roles};

const ROLE: &str = "AWS::IAM::Role";

/// Nodes that attach policies to a role, by the role.
pub(in crate::resources) fn attachments(orders: &Orders<'_>) -> HashMap<usize, Vec<usize>> {
    let names = orders.map.by_name(ROLE, "RoleName", false);
    let mut attached: HashMap<usize, Vec<usize>> = HashMap::new();
    for (kind, property) in [
        ("AWS::IAM::ManagedPolicy", "Roles"),
        ("AWS::IAM::Policy", "Roles"),
        ("AWS::IAM::RolePolicy", "RoleName"),
    ] {
        for policy in orders.map.of_kind(kind) {
            let mut roles: Vec<usize> =
                orders.map.through(policy, property).filter(|to| orders.map.is(*to, ROLE)).collect();
            each_text(orders.map.node(policy).properties.get(property), &mut |name| {
                roles.extend(names.get(&("", name)).into_iter().flatten());
            });
            for role in roles {
                attached.entry(role).or_default().push(policy);
            }
        }
    }
    attached
}

/// A role's policies before everything that acts with the role.
pub(in crate::resources) fn roles(orders: &mut Orders<'_>) {
    let attached = attachments(orders);
    for role in orders.map.of_kind(ROLE) {
        let Some(policies) = attached.get(&role) else { continue };
        let acts = |user: &usize| {
            let kind = orders.map.node(*user).kind.as_str();
            let mut through = orders.map.refers[*user].iter().filter(|(to, _)| *to == role);
            !kind.starts_with("AWS::IAM::") && through.any(|(_, property)| !only_names_roles(kind, property))
        };
        let users: Vec<usize> = orders.map.users[role].iter().copied().filter(acts).collect();
        policies_first(orders, role, policies, &users);
    }
}

/// Policies before these users of their role.
pub(in crate::resources) fn policies_first(
    orders: &mut Orders<'_>,
    role: usize,
    policies: &[usize],
    users: &[usize],
) {
    for user in users {
        for policy in policies {
            let (user_name, role_name) = (&orders.map.node(*user).address, &orders.map.node(role).address);
            let reason = format!("{user_name} uses role {role_name}: its policies come first");
            orders.add(*user, *policy, reason);
        }
    }
}
