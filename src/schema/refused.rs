//! Which properties of a type are refused by name: those of the schema that its `Props` does not declare.

use super::{Node, TypeSchema};
use crate::model::{Facts, shape::Field};

/// A property that migrate does not implement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Dotted if nested: `MetadataConfiguration.Thing`.
    pub path: String,
    /// In one sentence, without a full stop.
    pub why: Option<&'static str>,
}

impl Refusal {
    /// Whether it is a property of the type itself and not of an object inside.
    #[must_use]
    pub fn is_top(&self) -> bool {
        !self.path.contains('.')
    }
}

/// All refused properties of a type of which `fields` are implemented, nested ones after the objects around them.
#[must_use]
pub fn refused(facts: &Facts, fields: &[Field]) -> Vec<Refusal> {
    let Some(schema) = super::of(facts.kind) else { return Vec::new() };
    let mut paths = Vec::new();
    collect(schema, schema.root(), fields, "", &mut paths);
    paths.into_iter().map(|path| Refusal { why: facts.why_refused(&path), path }).collect()
}

fn collect(schema: &TypeSchema, node: Node<'_>, fields: &[Field], path: &str, found: &mut Vec<String>) {
    let node = std::iter::successors(Some(node), |node| node.items()).last().unwrap_or(node);
    // The values of a free-form map share one shape.
    let node = if node.members().is_none() { node.member("any").unwrap_or(node) } else { node };
    for name in node.members().into_iter().flatten() {
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match (fields.iter().find(|field| field.name == name), node.member(name)) {
            (Some(field), Some(inner)) if !field.nested.is_empty() => {
                collect(schema, inner, field.nested, &path, found);
            }
            (Some(_), _) => {}
            (None, _) if schema.is_read_only(&path.replace('.', "/")) => {}
            (None, _) => found.push(path),
        }
    }
}
