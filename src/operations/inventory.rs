//! What exists or will exist, in one form: a plan that was never run, whose ids are not known yet, and a ledger, whose ids
//! are. Discovery looks at nothing else.

use serde_json::{Value as Json, json};

use crate::{
    graph::Graph,
    ledger::Snapshot,
    model::{Address, Reference},
};

/// One resource.
#[derive(Debug, Clone)]
pub struct Thing {
    /// Its name in the plan.
    pub address: Address,
    /// Its CloudFormation type.
    pub kind: String,
    /// Where it is.
    pub region: String,
    /// Its properties; references are values, or marks that name the other resource.
    pub properties: Json,
    /// Its attributes, or marks.
    attributes: Attributes,
}

#[derive(Debug, Clone)]
enum Attributes {
    /// Known.
    Known { id: String, all: Vec<(String, String)> },
    /// Marks made of its address.
    Marked,
}

const OPEN: char = '\u{27e6}';
const CLOSE: char = '\u{27e7}';

fn mark(address: &Address, attribute: &str) -> String {
    format!("{OPEN}{address}.{attribute}{CLOSE}")
}

impl Thing {
    /// Its handle, or what stands for it.
    #[must_use]
    pub fn id(&self) -> String {
        match &self.attributes {
            Attributes::Known { id, .. } => id.clone(),
            Attributes::Marked => mark(&self.address, "Ref"),
        }
    }

    /// An attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<String> {
        match &self.attributes {
            Attributes::Known { all, .. } => {
                all.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
            }
            Attributes::Marked => Some(mark(&self.address, name)),
        }
    }

    /// A property as a text.
    #[must_use]
    pub fn text(&self, property: &str) -> Option<&str> {
        self.properties[property].as_str()
    }

    /// Whether a text names this resource: by its handle or by one of its attributes.
    #[must_use]
    pub fn named_in(&self, text: &str) -> bool {
        match &self.attributes {
            Attributes::Marked => text.contains(&format!("{OPEN}{}.", self.address)),
            Attributes::Known { id, all } => {
                let whole = |value: &str| text.eq_ignore_ascii_case(value);
                // ARNs and host names cannot be mistaken for something else inside a longer text.
                let inside = |value: &str| {
                    value.len() > 12
                        && (value.contains(':') || value.contains('.'))
                        && text.to_ascii_lowercase().contains(&value.to_ascii_lowercase())
                };
                whole(id) || inside(id) || all.iter().any(|(_, value)| whole(value) || inside(value))
            }
        }
    }

    /// Whether a value names this resource anywhere.
    #[must_use]
    pub fn mentioned_by(&self, value: &Json) -> bool {
        match value {
            Json::String(text) => self.named_in(text),
            Json::Array(items) => items.iter().any(|item| self.mentioned_by(item)),
            Json::Object(members) => members.values().any(|item| self.mentioned_by(item)),
            _ => false,
        }
    }
}

/// All resources.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// In the order of their addresses.
    pub things: Vec<Thing>,
    /// Whether this is what a ledger holds, and not what a plan will make.
    pub deployed: bool,
}

impl Inventory {
    /// What a ledger holds.
    #[must_use]
    pub fn of_ledger(snapshot: &Snapshot) -> Self {
        let mut things: Vec<Thing> = Vec::new();
        for (address, resource) in &snapshot.resources {
            let Some(object) = &resource.current else { continue };
            let all = object.attributes.iter().filter_map(|(name, value)| {
                let text = match value {
                    Json::String(text) => text.clone(),
                    Json::Number(number) => number.to_string(),
                    _ => return None,
                };
                Some((name.clone(), text))
            });
            let all: Vec<(String, String)> = all.collect();
            let id = all.iter().find(|(name, _)| name == "Ref").map(|(_, value)| value.clone());
            things.push(Thing {
                address: address.clone(),
                kind: object.declared.kind.clone(),
                region: object.declared.region.clone(),
                properties: object.declared.properties.clone(),
                attributes: Attributes::Known {
                    id: id.unwrap_or_else(|| object.physical_id.to_string()),
                    all,
                },
            });
        }
        Self { things, deployed: true }
    }

    /// What a plan will make.
    #[must_use]
    pub fn of_graph(graph: &Graph) -> Self {
        let stands = |reference: &Reference| Some(json!(mark(&reference.address, &reference.attribute)));
        let mut things: Vec<Thing> = graph
            .nodes
            .iter()
            .map(|node| Thing {
                address: node.address.clone(),
                kind: node.kind.to_string(),
                region: node.region.to_string(),
                properties: node.properties.resolve(&stands).unwrap_or_default(),
                attributes: Attributes::Marked,
            })
            .collect();
        things.sort_by(|a, b| a.address.cmp(&b.address));
        Self { things, deployed: false }
    }

    /// The resource of that name.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<&Thing> {
        self.things.iter().find(|thing| thing.address == *address)
    }

    /// All of a type.
    pub fn of_kind<'i>(&'i self, kind: &'i str) -> impl Iterator<Item = &'i Thing> {
        self.things.iter().filter(move |thing| thing.kind == kind)
    }

    /// The one of a type that a value names.
    #[must_use]
    pub fn named<'i>(&'i self, kind: &'i str, value: &Json) -> Option<&'i Thing> {
        self.of_kind(kind).find(|thing| thing.mentioned_by(value))
    }
}
