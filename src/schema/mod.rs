//! The official resource-type schemas, trimmed to facts by `trim.py`.

pub(crate) mod check;
pub(crate) mod documents;
mod facets;
mod fill;
mod refused;
mod store;

pub use fill::convert;
pub use refused::{Refusal, refused};
pub use store::{Attribute, Node, TypeSchema, of};
