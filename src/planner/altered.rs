//! Attributes that another object changes as long as it exists (`Facts::alters`): where that one is made, changed or made anew
//! in the same run, nobody knows yet what they will be.

use std::collections::HashMap;

use super::plan::PlanInput;
use crate::model::{Address, Reference, Value};

/// Nodes that change attributes of others, by the other's address.
pub(super) struct Altered<'a> {
    by: HashMap<&'a Address, Vec<(usize, &'static [&'static str])>>,
}

impl<'a> Altered<'a> {
    pub(super) fn of(input: &PlanInput<'a>) -> Self {
        let mut by: HashMap<&'a Address, Vec<(usize, &'static [&'static str])>> = HashMap::new();
        for (at, node) in input.graph.nodes.iter().enumerate() {
            let Some(ty) = (input.types)(&node.kind).filter(|ty| !ty.facts().alters.is_empty()) else {
                continue;
            };
            for (property, attributes) in ty.facts().alters {
                if let Some(Value::Attribute(reference)) = node.properties.get(property) {
                    by.entry(&reference.address).or_default().push((at, attributes));
                }
            }
        }
        Self { by }
    }

    /// Whether a node of which `acts` is true changes the attribute.
    pub(super) fn is(&self, reference: &Reference, acts: impl Fn(usize) -> bool) -> bool {
        let nodes = self.by.get(&reference.address).into_iter().flatten();
        nodes
            .filter(|(_, attributes)| attributes.contains(&reference.attribute.as_str()))
            .any(|(at, _)| acts(*at))
    }
}
