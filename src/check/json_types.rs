//! The JSON types of a schema.

use serde_json::Value as Json;

use crate::schema::Node;

/// The JSON types a schema allows, as it names them: one, several, or null if it does not say.
#[derive(Clone, Copy)]
pub(super) struct Types(&'static Json);

impl Types {
    pub(super) fn of(node: Option<Node<'static>>) -> Self {
        Self(node.map_or(&Json::Null, |node| node.keyword("type")))
    }

    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        let many = self.0.as_array().into_iter().flatten().filter_map(Json::as_str);
        self.0.as_str().into_iter().chain(many)
    }

    /// The schema does not say.
    pub(super) fn open(self) -> bool {
        self.names().next().is_none()
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.names().any(|other| other == name)
    }

    pub(super) fn only(self, name: &str) -> bool {
        self.has(name) && self.names().count() == 1
    }

    pub(super) fn scalar(self) -> bool {
        self.names().any(|name| !matches!(name, "array" | "object"))
    }
}
