//! The JSON types of a place that may have no schema.

use crate::schema::{Node, Types};

/// The JSON types that are allowed there.
pub(super) fn types_of(node: Option<Node<'static>>) -> Types {
    node.map_or(Types::OPEN, |node| node.rules().types)
}
