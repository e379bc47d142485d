//! One decision: what becomes of a resource, and everything that a step needs to do it.

use super::{Interruption, PropertyChange};
use crate::{
    graph::Node,
    model::{Text, Value},
    resources::AnyType,
};

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing.
    Unchanged,
    /// It gets its first object.
    Create,
    /// Its object changes in place.
    Update,
    /// Its object is brought to the end of an interrupted creation or update.
    Finish,
    /// It gets another object.
    Replace {
        /// The old object must be gone before the new one can be made.
        old_first: bool,
    },
}

/// A fate with everything a step needs.
#[derive(Debug)]
pub(super) struct Decision {
    /// What is done.
    pub(super) fate: Fate,
    /// The name that is filled in: property and text.
    pub(super) name: Option<(&'static str, Text)>,
    /// Top-level properties that differ or may differ.
    pub(super) fields: Vec<String>,
    /// The same for people.
    pub(super) changes: Vec<PropertyChange>,
    /// Why, in words.
    pub(super) why: Text,
    /// Of the object that is made.
    pub(super) generation: u32,
    /// Why the old object goes before the new one is made, if it does.
    pub(super) in_the_way: Option<String>,
    /// What it interrupts.
    pub(super) interrupts: Vec<Interruption>,
}

impl Decision {
    /// The properties as they will be.
    pub(super) fn properties(&self, node: &Node) -> Value {
        with_name(&node.properties, self.name.as_ref())
    }

    /// Whether attributes of the resource may be other ones after the run.
    pub(super) fn renews(&self) -> bool {
        matches!(self.fate, Fate::Create | Fate::Replace { .. })
    }

    /// Whether this attribute may be another one after the run.
    pub(super) fn makes_anew(&self, ty: Option<&dyn AnyType>, attribute: &str) -> bool {
        let Some(facts) = ty.map(|ty| ty.facts()) else { return self.renews() };
        match self.fate {
            Fate::Update => facts.makes_anew(attribute, &self.fields),
            // What the interrupted change was to renew, nobody knows for certain.
            Fate::Finish if facts.renews_all => true,
            Fate::Finish => facts.renews.iter().any(|(_, attributes)| attributes.contains(&attribute)),
            _ => self.renews(),
        }
    }
}

pub(super) fn with_name(properties: &Value, name: Option<&(&'static str, Text)>) -> Value {
    let mut properties = properties.clone();
    if let (Value::Map(map), Some((property, text))) = (&mut properties, name) {
        map.insert((*property).into(), Value::String(text.clone()));
    }
    properties
}
