//! The official resource-type schemas, trimmed to facts by `trim.py`.

pub(crate) mod check;
pub(crate) mod documents;
mod facets;
mod store;

pub use store::{Attribute, Node, TypeSchema, of};
