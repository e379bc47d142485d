//! From the manifest's section to what is operated: for plans, and for ledgers.

use super::{
    declare::{Declaration, declare},
    discover::{Discovery, discover},
    inventory::Inventory,
};
use crate::{error::Diagnostic, graph::Graph, ledger::Snapshot, syntax::Tree};

/// Everything that is wrong with a plan's section, and what operators should know. A plan without the section is
/// judged when a verb of the operations needs it. Of a graph that is not `whole` only the section itself is judged.
#[must_use]
pub fn review(section: Option<&Tree>, graph: &Graph, whole: bool) -> Vec<Diagnostic> {
    if section.is_none() {
        return Vec::new();
    }
    match declare(section) {
        Ok(_) if !whole => Vec::new(),
        Ok(declared) => {
            let names = (graph.migration.as_str(), graph.environment.as_str());
            let mut problems = discover(&Inventory::of_graph(graph), &declared, names).problems;
            for problem in problems.iter_mut().filter(|problem| problem.span.is_none()) {
                let node = |address: &crate::model::Address| {
                    graph.nodes.iter().find(|node| node.address == *address)
                };
                let at = problem.address.as_ref().and_then(node).and_then(|node| node.span.clone());
                problem.span = at.or_else(|| section.map(|section| section.span.clone()));
            }
            problems
        }
        Err(problems) => problems,
    }
}

/// What is operated of the resources that a ledger holds.
///
/// # Errors
/// What is wrong with the section itself; what discovery finds wrong is in its problems.
pub fn understood(section: Option<&Tree>, snapshot: &Snapshot) -> Result<Discovery, Vec<Diagnostic>> {
    let declared: Declaration = declare(section)?;
    let binding = snapshot.binding.clone().unwrap_or_default();
    Ok(discover(&Inventory::of_ledger(snapshot), &declared, (&binding.migration, &binding.environment)))
}
