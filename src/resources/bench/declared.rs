//! What the law asks of a type's declarations: properties and attributes as in its schema.

use super::{Field, ResourceType, Shape, registry, schema};

/// The attributes that the type must have once ready.
pub(super) fn attribute_names<T: ResourceType>() -> Vec<String> {
    let schema = schema::of(T::FACTS.kind).unwrap_or_else(|| panic!("{}: no schema", T::FACTS.kind));
    let mut names: Vec<String> =
        schema.read_only().filter(|path| !path.contains('*')).map(|path| path.replace('/', ".")).collect();
    names.push("Ref".into());
    names
}

/// Every declared property is in the schema and may be written.
pub(super) fn declared<T: ResourceType>() {
    let kind = T::FACTS.kind;
    assert!(registry::find(kind).is_some(), "{kind} is not registered in registry.rs");
    let schema = schema::of(kind).unwrap_or_else(|| panic!("{kind}: the schema does not parse"));
    let fields = <T::Props as Shape>::FIELDS;
    for field in fields {
        let node = schema.property(field.name);
        let node = node.unwrap_or_else(|| panic!("{kind}: the schema has no property {}", field.name));
        assert!(!schema.is_read_only(field.name), "{kind}: {} is read-only", field.name);
        nested(kind, field.name, node, field.nested);
    }
}

fn nested(kind: &str, path: &str, node: schema::Node<'_>, fields: &[Field]) {
    if fields.is_empty() {
        return;
    }
    let node = node.items().unwrap_or(node);
    let node = if node.members().is_none() { node.member("any").unwrap_or(node) } else { node };
    if node.members().is_none() {
        return;
    }
    for field in fields {
        let inner = node.member(field.name);
        let inner = inner.unwrap_or_else(|| panic!("{kind}: the schema has no {path}.{}", field.name));
        nested(kind, &format!("{path}.{}", field.name), inner, field.nested);
    }
}
