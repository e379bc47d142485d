//! Loads a type's schema on first use and answers questions about it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{LazyLock, OnceLock},
};

use serde_json::{Map, Value as Json};

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
    document: Json,
    create_only: BTreeSet<String>,
    conditional_create_only: BTreeSet<String>,
    read_only: BTreeSet<String>,
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
    /// Reads a trimmed schema.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let document: Json = serde_json::from_str(text).ok()?;
        Some(Self {
            create_only: paths(&document, "createOnlyProperties"),
            conditional_create_only: paths(&document, "conditionalCreateOnlyProperties"),
            read_only: paths(&document, "readOnlyProperties"),
            write_only: paths(&document, "writeOnlyProperties"),
            document,
        })
    }

    /// The whole document: `properties`, `required`, `requiredXor`, `dependentRequired` and so on.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node { schema: self, node: &self.document }
    }

    /// The whole document as it is published, trimmed.
    #[must_use]
    pub fn document(&self) -> &Json {
        &self.document
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
        self.read_only.contains(path) || self.read_only.iter().any(|known| known.replace("/*", "") == path)
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
    node: &'s Json,
}

impl<'s> Node<'s> {
    fn follow(schema: &'s TypeSchema, mut node: &'s Json) -> Self {
        while let Some(name) = node["$ref"].as_str().and_then(|r| r.strip_prefix("#/definitions/")) {
            node = &schema.document["definitions"][name];
        }
        Self { schema, node }
    }

    /// A keyword of the schema (`enum`, `pattern`, `minimum`), or null.
    #[must_use]
    pub fn keyword(&self, name: &str) -> &'s Json {
        &self.node[name]
    }

    /// A member of an object; also what `patternProperties` allows under any name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Node<'s>> {
        let direct = &self.node["properties"][name];
        if !direct.is_null() {
            return Some(Self::follow(self.schema, direct));
        }
        let alternatives =
            ["oneOf", "anyOf"].into_iter().filter_map(|key| self.node[key].as_array()).flatten();
        if let Some(found) = alternatives.map(|node| &node["properties"][name]).find(|found| !found.is_null())
        {
            return Some(Self::follow(self.schema, found));
        }
        let open = self.node["patternProperties"].as_object()?.values().next()?;
        Some(Self::follow(self.schema, open))
    }

    /// Whether the object's members are named; they are not for a free-form object.
    #[must_use]
    pub fn has_members(&self) -> bool {
        let named = |node: &Json| node["properties"].as_object().is_some_and(|members| !members.is_empty());
        named(self.node)
            || ["oneOf", "anyOf"].into_iter().filter_map(|key| self.node[key].as_array()).flatten().any(named)
    }

    /// Names of the object's members; `None` for a free-form object.
    #[must_use]
    pub fn members(&self) -> Option<impl Iterator<Item = &'s str> + use<'s>> {
        let alternatives =
            ["oneOf", "anyOf"].into_iter().filter_map(|key| self.node[key].as_array()).flatten();
        let mut names: Vec<&'s str> = alternatives
            .chain(std::iter::once(self.node))
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
        let items = &self.node["items"];
        (!items.is_null()).then(|| Self::follow(self.schema, items))
    }

    /// Allowed JSON types; empty if the schema does not say.
    #[must_use]
    pub fn types(&self) -> Vec<&'s str> {
        match &self.node["type"] {
            Json::String(one) => vec![one.as_str()],
            Json::Array(many) => many.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// A list whose order means nothing.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.node["insertionOrder"] == Json::Bool(false)
            || self.node["uniqueItems"] == Json::Bool(true)
            // Tags are sets everywhere, though not every schema says so.
            || self.items().is_some_and(|item| {
                item.node["properties"].as_object().is_some_and(|p| p.len() == 2 && p.contains_key("Key") && p.contains_key("Value"))
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
