//! Loads a type's schema on first use and answers questions about it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{LazyLock, OnceLock},
};

use serde_json::{Map, Value as Json};

use super::place::{Place, Rules};

/// Where the answer of `Fn::GetAtt` comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    /// AWS: a read-only property.
    Output,
    /// The template: a property that was set.
    Property,
}

/// The schema of one type.
#[derive(Debug)]
pub struct TypeSchema {
    document: &'static Json,
    root: Place,
    /// `definitions`, to which references lead.
    pub(super) definitions: Vec<(&'static str, Place)>,
    create_only: BTreeSet<String>,
    conditional_create_only: BTreeSet<String>,
    read_only: BTreeSet<String>,
    /// Those of `read_only`, and again without the `*` that stand for the items of lists.
    read_only_everywhere: BTreeSet<String>,
    write_only: BTreeSet<String>,
}

/// Every schema of `types/`, by the type's name and sorted by it; `build.rs` makes the table.
static SCHEMAS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/schemas.rs"));

/// A schema's text, and the schema once it was asked for.
type Lazy = (&'static str, OnceLock<Option<TypeSchema>>);

static CACHE: LazyLock<HashMap<&'static str, Lazy>> =
    LazyLock::new(|| SCHEMAS.iter().map(|(kind, text)| (*kind, (*text, OnceLock::new()))).collect());

/// The schema of a type: of those that have a handler of their own from `types/`, of all others as published.
#[must_use]
pub fn of(kind: &str) -> Option<&'static TypeSchema> {
    match CACHE.get(kind) {
        Some((text, parsed)) => parsed.get_or_init(|| TypeSchema::parse(text)).as_ref(),
        None => super::published::find(kind),
    }
}

/// Names of all types that have a schema in `types/`, sorted.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    SCHEMAS.iter().map(|(kind, _)| *kind)
}

/// `/properties/A/B/*/C` becomes `A/B/*/C`.
fn paths(document: &Json, key: &str) -> BTreeSet<String> {
    document[key]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|path| {
            path.as_str()?.strip_prefix("/properties/").map(|p| p.replace("/properties/", "/"))
        })
        .collect()
}

impl TypeSchema {
    /// Reads a trimmed schema. It stays in memory: what is asked for once is asked for again.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let document: &'static Json = Box::leak(Box::new(serde_json::from_str(text).ok()?));
        let definitions = document["definitions"].as_object().into_iter().flatten();
        let read_only = paths(document, "readOnlyProperties");
        let of_items = read_only.iter().map(|path| path.replace("/*", ""));
        Some(Self {
            root: Place::new(document),
            definitions: definitions.map(|(name, json)| (name.as_str(), Place::new(json))).collect(),
            create_only: paths(document, "createOnlyProperties"),
            conditional_create_only: paths(document, "conditionalCreateOnlyProperties"),
            read_only_everywhere: read_only.iter().cloned().chain(of_items).collect(),
            read_only,
            write_only: paths(document, "writeOnlyProperties"),
            document,
        })
    }

    /// The whole document: `properties`, `required`, `requiredXor`, `dependentRequired` and so on.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node { schema: self, place: &self.root }
    }

    /// The whole document as it is published, trimmed.
    #[must_use]
    pub fn document(&self) -> &'static Json {
        self.document
    }

    /// A top-level property.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<Node<'_>> {
        self.root().member(name)
    }

    /// Names of all top-level properties, read-only ones included.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        self.document["properties"].as_object().into_iter().flat_map(Map::keys).map(String::as_str)
    }

    /// Whether a change of the top-level property, or of anything inside it, needs a new object.
    #[must_use]
    pub fn is_create_only(&self, property: &str) -> bool {
        self.create_only.contains(property)
    }

    /// Whether some changes of the top-level property need a new object.
    #[must_use]
    pub fn is_conditional_create_only(&self, property: &str) -> bool {
        self.conditional_create_only.contains(property)
    }

    /// Whether the property (as `A` or `A/B`, also of the items of a list) is an attribute, not an input.
    #[must_use]
    pub fn is_read_only(&self, path: &str) -> bool {
        self.read_only_everywhere.contains(path)
    }

    /// The same of a path in parts, without joining them: the check asks it for nearly every member of every object.
    pub(crate) fn is_read_only_at<'n>(
        &self,
        parts: impl DoubleEndedIterator<Item = &'n str> + Clone,
    ) -> bool {
        self.read_only_everywhere.iter().any(|known| {
            let mut rest = known.as_str();
            for (at, part) in parts.clone().rev().enumerate() {
                let before = if at == 0 { Some(rest) } else { rest.strip_suffix('/') };
                let Some(before) = before.and_then(|before| before.strip_suffix(part)) else { return false };
                rest = before;
            }
            rest.is_empty()
        })
    }

    /// Top-level properties that a user gives and that identify an object.
    pub fn identifiers(&self) -> impl Iterator<Item = &str> {
        let all = self.document["primaryIdentifier"].as_array().into_iter().flatten();
        all.filter_map(|path| path.as_str()?.strip_prefix("/properties/"))
            .filter(|path| !path.contains('/') && !self.read_only.contains(*path))
    }

    /// Whether AWS never returns the property (as `A` or `A/B`).
    #[must_use]
    pub fn is_write_only(&self, path: &str) -> bool {
        self.write_only.contains(path)
    }

    /// Takes off everything that AWS never returns.
    pub fn without_write_only(&self, properties: &mut Json) {
        for path in &self.write_only {
            strip(properties, &path.split('/').collect::<Vec<_>>());
        }
    }

    /// Paths of read-only properties (`Endpoint/Address`): the attributes.
    pub fn read_only(&self) -> impl Iterator<Item = &str> {
        self.read_only.iter().map(String::as_str)
    }

    /// Where `Fn::GetAtt` gets `A.B` from; `None` if the type has no such attribute. `properties_too`: the type answers
    /// for ordinary properties as well.
    #[must_use]
    pub fn attribute(&self, name: &str, properties_too: bool) -> Option<Attribute> {
        let path = name.replace('.', "/");
        let read_only = self.read_only.iter().any(|known| {
            path.strip_prefix(known.as_str()).is_some_and(|rest| {
                rest.is_empty() || (rest.starts_with('/') && self.attribute_node(name).is_some())
            })
        });
        if read_only {
            return Some(Attribute::Output);
        }
        let open = properties_too && self.attribute_node(name).is_some();
        open.then_some(Attribute::Property)
    }

    /// The schema of the value that `Fn::GetAtt` answers for `A.B`.
    #[must_use]
    pub fn attribute_node(&self, name: &str) -> Option<Node<'_>> {
        name.split('.').try_fold(self.root(), |node, part| node.member(part))
    }

    /// Names for `Fn::GetAtt`, those of ordinary properties left out.
    pub fn attributes(&self) -> impl Iterator<Item = String> {
        self.read_only.iter().map(|path| path.replace('/', "."))
    }

    /// Paths of create-only properties, nested ones included.
    pub fn create_only(&self) -> impl Iterator<Item = &str> {
        self.create_only.iter().map(String::as_str)
    }
}

/// A place in a schema, references followed.
#[derive(Debug, Clone, Copy)]
pub struct Node<'s> {
    schema: &'s TypeSchema,
    pub(super) place: &'s Place,
}

impl<'s> Node<'s> {
    /// What the check of properties asks for.
    pub(crate) fn rules(&self) -> &'s Rules {
        self.place.rules(self.schema)
    }

    /// A keyword of the schema (`enum`, `pattern`, `minimum`), or null.
    #[must_use]
    pub fn keyword(&self, name: &str) -> &'s Json {
        &self.place.json[name]
    }

    /// A member of an object; also what `patternProperties` allows under any name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Node<'s>> {
        let place = self.rules().member(name, self.schema)?;
        Some(Node { place, ..*self })
    }

    /// Names of the object's members; `None` for a free-form object.
    #[must_use]
    pub fn members(&self) -> Option<impl Iterator<Item = &'s str> + use<'s>> {
        let json = self.place.json;
        let alternatives = ["oneOf", "anyOf"].into_iter().filter_map(|key| json[key].as_array()).flatten();
        let mut names: Vec<&'s str> = alternatives
            .chain(std::iter::once(json))
            .filter_map(|node| node["properties"].as_object())
            .flat_map(Map::keys)
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        (!names.is_empty()).then(|| names.into_iter())
    }

    /// The items of a list.
    #[must_use]
    pub fn items(&self) -> Option<Node<'s>> {
        let place = self.rules().items(self.schema)?;
        Some(Node { place, ..*self })
    }

    /// Allowed JSON types; empty if the schema does not say.
    #[must_use]
    pub fn types(&self) -> Vec<&'s str> {
        self.rules().types.names().collect()
    }

    /// A list whose order means nothing.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.place.json["insertionOrder"] == Json::Bool(false)
            || self.rules().unique
            // Tags are sets everywhere, though not every schema says so.
            || self.items().is_some_and(|item| {
                item.keyword("properties").as_object().is_some_and(|p| p.len() == 2 && p.contains_key("Key") && p.contains_key("Value"))
            })
    }
}
/// Removes a path (`A/*/B`) from a value.
fn strip(value: &mut Json, path: &[&str]) {
    match (value, path) {
        (Json::Object(members), [last]) => {
            members.remove(*last);
        }
        (Json::Object(members), [first, rest @ ..]) => {
            if let Some(inner) = members.get_mut(*first) {
                strip(inner, rest);
            }
        }
        (Json::Array(items), [first, rest @ ..]) => {
            let rest = if *first == "*" { rest } else { path };
            items.iter_mut().for_each(|item| strip(item, rest));
        }
        _ => {}
    }
}
