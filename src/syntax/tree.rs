//! The tree: null, scalars with their source text, lists, objects in source order.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use crate::model::{
    Scalar, Sense, Span, Text,
    item::{Item, Kind, Member},
};

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// What it is.
    pub value: Node,
    /// Where it is.
    pub span: Span,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `null`, `~` or nothing at all.
    Null,
    /// A text, number or boolean, not yet told apart.
    Scalar(Scalar),
    /// A list.
    List(Vec<Tree>),
    /// An object, in the order of the file; keys are unique.
    Map(Vec<Entry>),
}

/// One member of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name. Short forms (`!Sub`) have become long ones (`Fn::Sub`).
    pub key: Text,
    /// Where the name is.
    pub key_span: Span,
    /// The value.
    pub value: Tree,
}

/// The keys of an object so far. Most objects are small, so they are just looked through.
#[derive(Default)]
pub(super) struct Keys(HashSet<Text>);

impl Keys {
    const SMALL: usize = 12;

    /// Whether no member has that key yet; the caller adds it then.
    pub(super) fn is_new(&mut self, key: &str, entries: &[Entry]) -> bool {
        if entries.len() < Self::SMALL {
            return entries.iter().all(|entry| entry.key != key);
        }
        if self.0.is_empty() {
            self.0.extend(entries.iter().map(|entry| entry.key.clone()));
        }
        self.0.insert(key.into())
    }
}

impl Tree {
    /// Bytes of text in it, names included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.value {
            Node::Null => 0,
            Node::Scalar(scalar) => scalar.text.len(),
            Node::List(items) => items.iter().map(Self::bytes).sum(),
            Node::Map(entries) => entries.iter().map(|entry| entry.key.len() + entry.value.bytes()).sum(),
        }
    }

    /// The members, if it is an object.
    #[must_use]
    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.value {
            Node::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Tree]> {
        match &self.value {
            Node::List(items) => Some(items),
            _ => None,
        }
    }

    /// The scalar, if it is one.
    #[must_use]
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Node::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The scalar as a text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        self.as_scalar().map(Scalar::as_text)
    }

    /// The scalar as a name: as written, so that a condition may be called `Yes`.
    #[must_use]
    pub fn as_name(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| scalar.text.as_str())
    }

    /// The member of that name; looks at one after the other, so not for objects with many members.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.iter().find(|entry| entry.key == key)
    }

    /// The value of the member of that name.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// What it is, for messages.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match &self.value {
            Node::Null => "nothing",
            Node::Scalar(scalar) => match scalar.sense() {
                Sense::Bool(_) => "a boolean",
                Sense::Number => "a number",
                Sense::Text => "a text",
            },
            Node::List(_) => "a list",
            Node::Map(entries) => match entries.as_slice() {
                [only] if only.key == "Ref" || only.key.starts_with("Fn::") => "a function",
                _ => "an object",
            },
        }
    }

    /// The tree as a value, functions left as they are written.
    #[must_use]
    pub fn to_item(&self) -> Item {
        let kind = match &self.value {
            Node::Null => Kind::Null,
            Node::Scalar(scalar) => Kind::Scalar(scalar.clone()),
            Node::List(items) => Kind::List(items.iter().map(Self::to_item).collect()),
            Node::Map(entries) => Kind::Map(
                entries
                    .iter()
                    .map(|entry| Member {
                        key: entry.key.clone(),
                        key_span: entry.key_span.clone(),
                        value: entry.value.to_item(),
                    })
                    .collect(),
            ),
        };
        Item::new(kind, &self.span)
    }

    /// The tree as JSON, functions left as they are written.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match &self.value {
            Node::Null => Json::Null,
            Node::Scalar(scalar) => scalar.to_json(),
            Node::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Node::Map(entries) => {
                let mut map = Map::new();
                for entry in entries {
                    map.insert(entry.key.to_string(), entry.value.to_json());
                }
                Json::Object(map)
            }
        }
    }
}
