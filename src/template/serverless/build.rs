//! Trees that no file holds; all of one is at the place of what it was made of.

use crate::{
    model::{Scalar, Span, Text},
    syntax::{Entry, Node, Tree},
};

/// Makes trees at one place.
#[derive(Clone, Copy)]
pub(super) struct At<'s>(pub &'s Span);

impl At<'_> {
    pub(super) fn text(self, text: impl Into<Text>) -> Tree {
        Tree { value: Node::Scalar(Scalar::quoted(text)), span: self.0.clone() }
    }

    pub(super) fn list(self, items: Vec<Tree>) -> Tree {
        Tree { value: Node::List(items), span: self.0.clone() }
    }

    pub(super) fn map<const N: usize>(self, members: [(&str, Tree); N]) -> Tree {
        let entries = members.into_iter().map(|(key, value)| self.entry(key, value));
        self.entries(entries.collect())
    }

    pub(super) fn entry(self, key: &str, value: Tree) -> Entry {
        Entry { key: key.into(), key_span: self.0.clone(), value }
    }

    pub(super) fn entries(self, entries: Vec<Entry>) -> Tree {
        Tree { value: Node::Map(entries), span: self.0.clone() }
    }

    pub(super) fn attribute(self, id: &str, name: &str) -> Tree {
        self.map([("Fn::GetAtt", self.list(vec![self.text(id), self.text(name)]))])
    }

    pub(super) fn sub(self, text: &str) -> Tree {
        self.map([("Fn::Sub", self.text(text))])
    }

    pub(super) fn joined(self, parts: Vec<Tree>) -> Tree {
        self.map([("Fn::Join", self.list(vec![self.text(""), self.list(parts)]))])
    }
}

/// The members of an object.
pub(super) fn members(tree: &Tree) -> &[Entry] {
    tree.as_map().unwrap_or_default()
}

/// An object without a member.
pub(super) fn without(tree: &Tree, key: &str) -> Tree {
    let entries = members(tree).iter().filter(|entry| entry.key != key).cloned().collect();
    Tree { value: Node::Map(entries), span: tree.span.clone() }
}

/// An object with a member in the place of its own of that name, or at its end.
pub(super) fn with(tree: &Tree, key: &str, value: Tree) -> Tree {
    let mut entries: Vec<Entry> = members(tree).to_vec();
    match entries.iter_mut().find(|entry| entry.key == key) {
        Some(entry) => entry.value = value,
        None => entries.push(At(&tree.span).entry(key, value)),
    }
    Tree { value: Node::Map(entries), span: tree.span.clone() }
}
