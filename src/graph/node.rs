//! Nodes, edges and the graph itself.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::model::{Address, DeletionPolicy, Needs, Packed, Span, Text, Value, item::Item};

/// Why an edge exists; shown in reviews.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// A property uses an attribute.
    Reference {
        /// `Ref` or an attribute's name.
        attribute: Text,
        /// Where it is used, as `Property.Nested.0`.
        property: Text,
    },
    /// The template says `DependsOn`.
    DependsOn,
    /// AWS needs it though the template does not say so.
    Implicit(String),
}

/// One resource waits for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The needed resource.
    pub to: Address,
    /// How far it must be.
    pub needs: Needs,
    /// Why.
    pub why: Why,
}

/// One resource of the plan.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its name.
    pub address: Address,
    /// The CloudFormation type.
    pub kind: Text,
    /// Where it is made.
    pub region: Text,
    /// A [`Value::Map`]; tags of plan and stack are merged in, scalars are coerced to the schema's types.
    pub properties: Value,
    /// From `DependsOn`; references are found in `properties`, implicit edges by `check::link`.
    pub depends_on: Vec<Address>,
    /// What happens on deletion.
    pub deletion_policy: DeletionPolicy,
    /// What happens to the old object on replacement.
    pub update_replace_policy: DeletionPolicy,
    /// The resource's `Metadata`.
    pub metadata: Json,
    /// Where the resource is declared.
    pub span: Option<Span>,
    /// Where its parts are written, as long as somebody may ask.
    pub places: Option<Box<Places>>,
}

/// Where the parts of a resource are written.
#[derive(Debug, Clone)]
pub struct Places {
    /// The properties before they were fitted to their type: they still know their places.
    pub(crate) properties: Packed,
    /// `Metadata`.
    pub(crate) metadata: Option<Item>,
    /// Each name in `DependsOn`.
    pub(crate) depends_on: Vec<(Address, Span)>,
}

impl Places {
    /// Where the key of the property `A.B.0` is written, or its nearest ancestor's.
    #[must_use]
    pub fn key(&self, property: &str) -> Option<Span> {
        self.properties.place(property).map(|(span, _)| span)
    }

    /// Where the value of the property `A.B.0` is written, or its nearest ancestor's.
    #[must_use]
    pub fn value(&self, property: &str) -> Option<Span> {
        self.properties.place(property).map(|(_, part)| part.span())
    }

    /// Where an edge comes from.
    #[must_use]
    pub fn edge(&self, edge: &Edge) -> Option<Span> {
        match &edge.why {
            Why::Reference { property, .. } => self.value(property),
            Why::DependsOn => {
                self.depends_on.iter().find(|(address, _)| *address == edge.to).map(|(_, span)| span.clone())
            }
            Why::Implicit(_) => None,
        }
    }
}

impl Node {
    /// A switch below `Metadata: {Migrate: {...}}`.
    #[must_use]
    pub fn switch(&self, name: &str) -> bool {
        self.metadata["Migrate"][name].as_bool().unwrap_or(false)
    }
}

/// A stack's output.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Output {
    /// Its name within the stack.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// The name under which other plans may import it.
    pub export: Option<String>,
    /// What it is.
    pub description: Option<String>,
}

/// One stack of the plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StackInfo {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// The template's description.
    pub description: Option<String>,
    /// Its outputs, in the template's order.
    pub outputs: Vec<Output>,
    /// Names of what it imports from other plans.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<String>,
    /// Whether it has termination protection: then it is not deleted as a whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
}

/// The plan after evaluation, across all stacks.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// The migration's name (manifest, or the file's name).
    pub migration: String,
    /// The environment's name; `default` when none is given.
    pub environment: String,
    /// Stacks in the manifest's order.
    pub stacks: Vec<StackInfo>,
    /// Resources, stack by stack, in the templates' order.
    pub nodes: Vec<Node>,
    /// Where each address is in `nodes`.
    pub index: HashMap<Address, usize>,
    /// Values of `NoEcho` parameters by the text that stands for them; in memory only.
    pub secrets: Secrets,
    /// A stack, and one that has to be complete before it though no reference may say so.
    pub stacks_after: Vec<(String, String)>,
    /// What reviews must say of the plan itself.
    pub notes: Vec<String>,
    /// Some stacks of the plan were left out: what they hold is no business of the run.
    pub partial: bool,
    /// The plan's main region, if its first stack may have been left out.
    pub region: Option<String>,
}

impl Graph {
    /// The plan's main region: its first stack's.
    #[must_use]
    pub fn main_region(&self) -> String {
        let first = || self.stacks.first().map(|stack| stack.region.clone());
        self.region.clone().or_else(first).unwrap_or_default()
    }

    /// The resource of that name.
    #[must_use]
    pub fn node(&self, address: &Address) -> Option<&Node> {
        self.index.get(address).and_then(|at| self.nodes.get(*at))
    }
}

/// Values that must never be shown or stored, by their placeholder text.
#[derive(Clone, Default)]
pub struct Secrets(pub BTreeMap<String, String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}
