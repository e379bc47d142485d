//! What a published schema says of provisioning: handlers, identifiers, tagging.
//! <https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html>

use serde_json::Value as Json;

use super::TypeSchema;

/// The limit for a handler that names none, in minutes: "the default is 120 minutes" (Resource type schema, handlers).
const MINUTES: u64 = 120;

fn texts<'s>(value: &'s Json) -> impl Iterator<Item = &'s str> + use<'s> {
    value.as_array().into_iter().flatten().filter_map(Json::as_str)
}

/// `/properties/A/B` is `A/B`.
fn path(pointer: &str) -> &str {
    pointer.strip_prefix("/properties/").unwrap_or(pointer)
}

impl TypeSchema {
    /// The type's name.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.document()["typeName"].as_str().unwrap_or_default()
    }

    /// The parts of the primary identifier, as `A/B`.
    #[must_use]
    pub fn identifier(&self) -> Vec<&str> {
        texts(&self.document()["primaryIdentifier"]).map(path).collect()
    }

    /// Further identifiers, each of one or several parts.
    #[must_use]
    pub fn additional_identifiers(&self) -> Vec<Vec<&str>> {
        let all = self.document()["additionalIdentifiers"].as_array();
        all.into_iter().flatten().map(|parts| texts(parts).map(path).collect()).collect()
    }

    /// Whether the type has a handler for `create`, `read`, `update`, `delete` or `list`.
    #[must_use]
    pub fn handles(&self, verb: &str) -> bool {
        self.document()["handlers"][verb].is_object()
    }

    /// The IAM actions that a handler needs.
    pub fn permissions(&self, verb: &str) -> impl Iterator<Item = &str> {
        texts(&self.document()["handlers"][verb]["permissions"])
    }

    /// The properties that a list of the type's objects has to be asked with.
    #[must_use]
    pub fn list_needs(&self) -> Vec<&str> {
        texts(&self.document()["handlers"]["list"]["needs"]).collect()
    }

    /// How long a handler may take, in minutes.
    #[must_use]
    pub fn minutes(&self, verb: &str) -> u64 {
        self.document()["handlers"][verb]["timeoutInMinutes"].as_u64().unwrap_or(MINUTES)
    }

    /// The property that holds the tags of an object, if the type can carry tags from its creation on.
    #[must_use]
    pub fn tag_property(&self) -> Option<&str> {
        let tagging = &self.document()["tagging"];
        let on_create = tagging["taggable"] == true && tagging["tagOnCreate"] != false;
        on_create.then(|| tagging["tagProperty"].as_str().map(path))?
    }

    /// The IAM actions that tagging needs.
    pub fn tag_permissions(&self) -> impl Iterator<Item = &str> {
        texts(&self.document()["tagging"]["permissions"])
    }

    /// Properties that `Ref` answers, where that is not the primary identifier.
    #[must_use]
    pub fn reference(&self) -> Vec<&str> {
        texts(&self.document()["ref"]).collect()
    }

    /// Paths of properties that AWS never returns, `A/*/B`.
    pub fn write_only(&self) -> impl Iterator<Item = &str> {
        texts(&self.document()["writeOnlyProperties"]).map(path)
    }

    /// Transforms of values that AWS returns in another form: the property's path, and the expression.
    pub fn transforms(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.document()["propertyTransform"].as_object();
        all.into_iter()
            .flatten()
            .filter_map(|(pointer, expression)| Some((path(pointer), expression.as_str()?)))
    }
}
