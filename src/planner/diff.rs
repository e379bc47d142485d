//! Desired against recorded properties.

use serde_json::{Map, Value as Json};

use super::{PropertyChange, items};
use crate::{
    model::{Reference, Unknown, Value, secret},
    resources::{AnyType, compare},
    schema,
};

/// Answers references as far as they are known while planning.
pub(super) type Resolve<'r> = &'r dyn Fn(&Reference) -> Option<Json>;

/// What differs between a desired and a recorded resource.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// Top-level properties whose new value is known and another one.
    pub(super) known: Vec<String>,
    /// Top-level properties whose new value hangs on an attribute that is not known yet.
    pub(super) unknown: Vec<(String, Reference)>,
    /// Those of both that need a new object.
    pub(super) replacing: Vec<String>,
    /// The same for people.
    pub(super) changes: Vec<PropertyChange>,
    /// The new properties as far as they are known, the old ones where they are not.
    pub(super) new: Json,
}

impl Differences {
    /// Whether the properties are the same.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.unknown.is_empty()
    }

    /// All top-level properties that differ or may differ, sorted.
    pub(super) fn fields(&self) -> Vec<String> {
        let mut fields: Vec<String> =
            self.known.iter().chain(self.unknown.iter().map(|(name, _)| name)).cloned().collect();
        fields.sort_unstable();
        fields
    }
}

/// Looks for functions that do not fit their arguments.
///
/// # Errors
/// The property and why.
pub(super) fn computable(desired: &Value, resolve: Resolve<'_>) -> Result<(), (String, String)> {
    let Value::Map(properties) = desired else { return Ok(()) };
    for (name, value) in properties {
        if let Err(Unknown::Invalid(message)) = value.resolve(resolve) {
            return Err((name.to_string(), message));
        }
    }
    Ok(())
}

/// Compares property by property.
///
/// # Errors
/// A property whose functions do not fit their arguments, and why.
pub(super) fn differences(
    ty: &dyn AnyType,
    desired: &Value,
    recorded: &Json,
    resolve: Resolve<'_>,
) -> Result<Differences, (String, String)> {
    let empty = Map::new();
    let old = recorded.as_object().unwrap_or(&empty);
    let mut new = Map::new();
    let mut found = Differences::default();
    // Whether the secrets in these have changed, nobody can tell: their digests are by two keys.
    let mut rekeyed = Vec::new();
    if let Value::Map(properties) = desired {
        for (name, value) in properties {
            let before = old.get(name.as_str()).filter(|value| !value.is_null());
            match value.resolve(resolve) {
                Ok(Json::Null) => {}
                Ok(json) => {
                    if !before.is_some_and(|before| ty.same(name, &json, before)) {
                        found.known.push(name.to_string());
                        if before.is_some_and(|before| secret::same_but_for_keys(&json, before)) {
                            rekeyed.push(name.to_string());
                        }
                    }
                    new.insert(name.to_string(), json);
                }
                Err(Unknown::Reference(reference)) => {
                    found.unknown.push((name.to_string(), reference));
                    // The type's own judgement below needs complete properties.
                    if let Some(before) = before {
                        new.insert(name.to_string(), before.clone());
                    }
                }
                Err(Unknown::Invalid(message)) => return Err((name.to_string(), message)),
            }
        }
    }
    let wanted =
        |name: &str| new.contains_key(name) || found.unknown.iter().any(|(unknown, _)| unknown == name);
    let removed: Vec<String> = old
        .iter()
        .filter(|(name, value)| !value.is_null() && !wanted(name))
        .map(|(name, _)| name.clone())
        .collect();
    found.known.extend(removed);
    found.known.sort_unstable();
    if !found.is_empty() {
        let new = Json::Object(new);
        found.replacing = replacing(ty, recorded, &new, &found);
        // What can be set again is set again; no object is replaced on a suspicion.
        let kept: Vec<String> =
            found.replacing.iter().filter(|name| rekeyed.contains(name)).cloned().collect();
        found.replacing.retain(|name| !kept.contains(name));
        found.known.retain(|name| !kept.contains(name));
        found.changes = changes(&found, desired, old, resolve);
        found.new = new;
    }
    Ok(found)
}

fn replacing(ty: &dyn AnyType, old: &Json, new: &Json, found: &Differences) -> Vec<String> {
    let kind = ty.facts().kind;
    let mut names = if found.known.is_empty() {
        Vec::new()
    } else {
        // Recorded properties that no longer fit the type were written by another version of this program;
        // the schema alone then decides.
        ty.replaces(old, new, &found.known).unwrap_or_else(|_| compare::create_only(kind, &found.known))
    };
    let unknown: Vec<String> = found.unknown.iter().map(|(name, _)| name.clone()).collect();
    // By name only: the type sees equal values, and the schema has its say whatever the type thinks of them.
    names.extend(ty.replaces(old, old, &unknown).unwrap_or_default());
    names.extend(compare::create_only(kind, &unknown));
    if let Some(schema) = schema::of(kind) {
        for path in schema.create_only().filter(|path| path.contains('/') && !path.contains('*')) {
            let top = path.split('/').next().unwrap_or_default();
            let pointer = format!("/{path}");
            if found.known.iter().any(|name| name == top) && old.pointer(&pointer) != new.pointer(&pointer) {
                names.push(top.to_owned());
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn changes(
    found: &Differences,
    desired: &Value,
    old: &Map<String, Json>,
    resolve: Resolve<'_>,
) -> Vec<PropertyChange> {
    let mut list = Vec::new();
    for name in found.fields() {
        let replaces = found.replacing.contains(&name);
        let below = items::differing(&name, old.get(&name), desired.get(&name), resolve);
        list.extend(below.into_iter().map(|change| PropertyChange { replaces, ..change }));
    }
    list
}
