//! Physical names for resources whose template names none.

use sha2::{Digest, Sha256};

use crate::model::{Address, NameRule};

/// `<stack>-<LogicalId>-<hash>` fitted to the type's length and alphabet. The hash comes from the ledger's
/// lineage, the address and the generation: the same on every retry, new on replacement.
#[must_use]
pub fn physical_name(rule: &NameRule, lineage: &str, address: &Address, generation: u32) -> String {
    let digest = Sha256::digest(format!("{lineage}\n{address}\n{generation}"));
    let hash = &hex::encode(digest)[..10];
    let room = rule.max.saturating_sub(hash.len() + 1);
    let mut stem = String::new();
    for ch in format!("{}-{}", address.stack(), address.logical_id()).chars() {
        let ch = if ch.is_ascii_alphanumeric() { ch } else { rule.separator };
        // RDS, ELB and DMS refuse doubled separators and names that start with a digit.
        if ch == rule.separator && (stem.is_empty() || stem.ends_with(rule.separator)) {
            continue;
        }
        if stem.is_empty() && ch.is_ascii_digit() {
            stem.push('m');
        }
        stem.push(ch);
    }
    stem.truncate(room);
    let stem = stem.trim_end_matches(rule.separator);
    let name = format!("{stem}{}{hash}", rule.separator);
    if rule.lower { name.to_lowercase() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_differ_by_generation() {
        let rule = NameRule { property: "Name", max: 32, lower: true, separator: '-' };
        let address = Address::new("payments--primary-stack", "ApplicationLoadBalancer");
        let first = physical_name(&rule, "a1", &address, 0);
        assert_eq!(first, "payments-primary-stac-".to_owned() + &first[22..]);
        assert_eq!(first.len(), 32);
        assert_ne!(first, physical_name(&rule, "a1", &address, 1));
        assert_eq!(first, physical_name(&rule, "a1", &address, 0));
    }
}
