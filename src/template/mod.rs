//! The plan language: manifest, templates in YAML or JSON, and their evaluation to a resource graph.

pub mod suggest;
pub mod syntax;
