//! The edges of a whole graph.

use super::{Edge, Why};
use crate::model::Address;

/// The edges of every node of one graph.
#[derive(Debug, Clone, Default)]
pub struct Links {
    edges: Vec<Vec<Edge>>,
    order: Vec<usize>,
    notes: Vec<String>,
}

impl Links {
    /// Edges by node, an order in which each node comes after all it waits for, and what is to be said about them.
    #[must_use]
    pub fn new(edges: Vec<Vec<Edge>>, order: Vec<usize>, notes: Vec<String>) -> Self {
        Self { edges, order, notes }
    }

    /// What the node at that index of [`Graph::nodes`] waits for.
    #[must_use]
    pub fn of(&self, node: usize) -> &[Edge] {
        self.edges.get(node).map_or(&[], Vec::as_slice)
    }

    /// Indices of all nodes, each after everything it waits for.
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Implicit edges that were left out because they would have closed a cycle.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl Why {
    /// The reason in words, for an edge that leads to `to`.
    #[must_use]
    pub fn words(&self, to: &Address) -> String {
        match self {
            Self::Reference { attribute, property } if attribute == "Ref" => {
                format!("{property} refers to {to}")
            }
            Self::Reference { attribute, property } => format!("{property} uses {to}.{attribute}"),
            Self::DependsOn => format!("DependsOn {to}"),
            Self::Implicit(reason) => reason.clone(),
        }
    }
}
