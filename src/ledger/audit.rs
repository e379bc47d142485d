//! What does not fit together in a ledger whose every entry is intact.

use std::collections::BTreeMap;

use super::Snapshot;
use crate::model::Address;

/// Findings in words; empty when all is well. `known` tells the resource types of this version.
#[must_use]
pub fn audit(snapshot: &Snapshot, known: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut findings = Vec::new();
    let mut owners: BTreeMap<(&str, &str, &str), &Address> = BTreeMap::new();
    for (address, object) in snapshot.objects() {
        let declared = &object.declared;
        if !known(&declared.kind) {
            findings.push(format!("{address}: this version does not know {}", declared.kind));
        }
        let key = (declared.kind.as_str(), declared.region.as_str(), object.physical_id.as_str());
        if let Some(other) = owners.insert(key, address) {
            findings.push(format!("{} is both {other} and {address}", object.physical_id));
        }
        for on in &declared.depends_on {
            if snapshot.current(on).is_none() && !snapshot.resources.contains_key(on) {
                findings.push(format!("{address} depends on {on}, which the ledger does not hold"));
            }
        }
        let next = snapshot.next_generation(address);
        if object.generation >= next {
            findings.push(format!(
                "{address}: generation {} exists, but {next} would be handed out next",
                object.generation
            ));
        }
    }
    for open in snapshot.open.values().filter(|open| open.op > snapshot.last_op) {
        findings.push(format!("intent {} is newer than the last number {}", open.op, snapshot.last_op));
    }
    findings
}
