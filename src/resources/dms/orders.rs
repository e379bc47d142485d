//! What DMS needs that nothing refers to.

use crate::resources::{iam, orders::Orders};

/// What DMS makes with its two roles.
const USERS: &[&str] = &[
    "AWS::DMS::ReplicationSubnetGroup",
    "AWS::DMS::ReplicationInstance",
    "AWS::DMS::ReplicationTask",
    "AWS::DMS::ReplicationConfig",
];

/// DMS finds two roles by their fixed names, so nothing refers to them. Both are there before its first object
/// and go after its last: as long as there is one, the roles are kept.
pub(in crate::resources) fn account_roles(orders: &mut Orders<'_>) {
    let attached = iam::orders::attachments(orders);
    let names = orders.map.by_name("AWS::IAM::Role", "RoleName", false);
    let users: Vec<usize> = USERS.iter().flat_map(|kind| orders.map.of_kind(kind)).collect();
    for name in ["dms-vpc-role", "dms-cloudwatch-logs-role"] {
        for role in names.get(&("", name)).cloned().unwrap_or_default() {
            for user in &users {
                orders.add(*user, role, format!("DMS looks for the account's role {name} by its name"));
            }
            if let Some(policies) = attached.get(&role) {
                iam::orders::policies_first(orders, role, policies, &users);
            }
        }
    }
}
