//! Secrets before whoever reads them.

use std::collections::HashSet;

use crate::resources::orders::Orders;

const SECRET: &str = "AWS::SecretsManager::Secret";
const ATTACHMENT: &str = "AWS::SecretsManager::SecretTargetAttachment";

/// A secret is attached to its database before others read it.
pub(in crate::resources) fn secrets(orders: &mut Orders<'_>) {
    for attachment in orders.map.of_kind(ATTACHMENT) {
        // The database itself takes its password from the secret, before it can be attached to it.
        let mut before: HashSet<usize> = HashSet::from([attachment]);
        for (to, _) in &orders.map.refers[attachment] {
            before.insert(*to);
            before.extend(orders.map.refers[*to].iter().map(|(next, _)| *next));
        }
        let secrets: Vec<usize> =
            orders.map.through(attachment, "SecretId").filter(|to| orders.map.is(*to, SECRET)).collect();
        for secret in secrets {
            for user in orders.map.users[secret].clone() {
                let kind = orders.map.node(user).kind.as_str();
                let reads = !kind.starts_with("AWS::IAM::")
                    && kind != ATTACHMENT
                    && kind != "AWS::SecretsManager::ResourcePolicy";
                if reads && !before.contains(&user) {
                    let name = &orders.map.node(secret).address;
                    let reason = format!("the secret {name} has no host and port before it is attached");
                    orders.add(user, attachment, reason);
                }
            }
        }
    }
}
