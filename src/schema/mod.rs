//! The official resource-type schemas, trimmed to facts by `trim.py`.

pub(crate) mod check;
mod facets;
mod store;

pub use store::{Attribute, Node, TypeSchema, of};
