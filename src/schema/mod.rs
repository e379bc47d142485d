//! The official resource-type schemas, trimmed to facts by `trim.py`.

mod store;

pub use store::{Node, TypeSchema, of};
