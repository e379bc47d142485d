//! A database that answers before whoever connects to it.

use std::collections::{HashMap, HashSet};

use crate::{
    model::Needs,
    resources::{custom, orders::Orders, registry},
};

const DATABASES: &[&str] = &["AWS::RDS::DBInstance", "AWS::RDS::DBCluster"];

/// Whether a type opens connections to whatever database it is led to.
fn connects(kind: &str) -> bool {
    kind == custom::RESOURCE
        || kind.starts_with("Custom::")
        || registry::find(kind).is_some_and(|ty| ty.facts().connects)
}

/// A secret is attached to a database as soon as that has an address. Whoever takes the address from there, or from an
/// attribute, and only passes it on, waits for no more; who connects (a replication task through its endpoints, the
/// rotation of a password, a custom resource that runs SQL) waits until the database answers.
pub(in crate::resources) fn answering(orders: &mut Orders<'_>) {
    // Who has an address of a database that may not answer yet.
    let mut addressed: HashMap<usize, Vec<usize>> = HashMap::new();
    for kind in DATABASES {
        for database in orders.map.of_kind(kind) {
            for user in orders.map.users[database].clone() {
                if takes_address(orders, user, database) {
                    addressed.entry(user).or_default().push(database);
                }
            }
        }
    }
    if addressed.is_empty() {
        return;
    }
    let mut inferred: HashMap<usize, Vec<usize>> = HashMap::new();
    for candidate in orders.found() {
        inferred.entry(candidate.from).or_default().push(candidate.to);
    }
    for user in 0..orders.map.len() {
        if !connects(&orders.map.node(user).kind) {
            continue;
        }
        for database in databases(orders, &inferred, &addressed, user) {
            let name = orders.map.node(database).address.clone();
            orders.add(user, database, format!("it connects to {name}, which has to answer"));
        }
    }
}

/// Whether a node uses the address of a database, before that is ready.
fn takes_address(orders: &Orders<'_>, user: usize, database: usize) -> bool {
    let asks = |property: &str| {
        let facts = registry::find(&orders.map.node(user).kind).map(|ty| ty.facts());
        facts.is_some_and(|facts| !facts.asked(property).is_empty())
    };
    orders.map.stated(user).any(|(to, edge)| to == database && edge.needs == Needs::Addressable)
        || orders.map.refers[user].iter().any(|(to, property)| *to == database && asks(property))
}

/// The databases that a node is led to by what it waits for, directly or not.
fn databases(
    orders: &Orders<'_>,
    inferred: &HashMap<usize, Vec<usize>>,
    addressed: &HashMap<usize, Vec<usize>>,
    user: usize,
) -> Vec<usize> {
    let (mut seen, mut stack) = (HashSet::from([user]), vec![user]);
    let mut found = Vec::new();
    while let Some(at) = stack.pop() {
        found.extend(addressed.get(&at).into_iter().flatten().copied());
        let stated = orders.map.stated(at).map(|(to, _)| to);
        let all = stated.chain(inferred.get(&at).into_iter().flatten().copied());
        stack.extend(all.filter(|to| seen.insert(*to)));
    }
    found.sort_unstable();
    found.dedup();
    found.retain(|database| *database != user);
    found
}
