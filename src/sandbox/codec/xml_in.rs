//! Reads request bodies in XML by the model.

use serde_json::{Map, Value as Json};

use super::{
    form::{scalar, unknown},
    model::{Model, Ref, Shape, Type},
    xml_tree::Element,
};
use crate::sandbox::Fault;

/// Reads the members of a structure out of an element; members bound elsewhere are left out.
pub fn structure(
    model: &Model,
    shape: &Shape,
    element: &Element,
    path: &str,
) -> Result<Map<String, Json>, Fault> {
    let mut out = Map::new();
    let mut known: Vec<&str> = Vec::new();
    for (member, reference) in &shape.members {
        if reference.location.is_some() {
            continue;
        }
        if reference.xml_attribute {
            let name = model.location_name(reference).unwrap_or(member);
            let bare = name.rsplit(':').next().unwrap_or(name);
            let found =
                element.attributes.iter().find(|(key, _)| key == name || key.ends_with(&format!(":{bare}")));
            if let Some((_, value)) = found {
                out.insert(member.clone(), Json::String(value.clone()));
            }
            continue;
        }
        let target = model.shape(reference);
        let flat = matches!(target.kind, Type::List | Type::Map) && model.flattened(reference);
        let own = model.location_name(reference).unwrap_or(member);
        let name = match (&target.member, flat) {
            (Some(item), true) => {
                // The list's own name wins for flattened lists unless only the item has one.
                if reference.has_name() { own } else { model.location_name(item).unwrap_or(own) }
            }
            _ => own,
        };
        known.push(name);
        let inner = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let found: Vec<&Element> = element.children.iter().filter(|child| child.name == name).collect();
        if found.is_empty() {
            continue;
        }
        let read = match (target.kind, flat) {
            (Type::List, true) => list(model, target, &found, &inner)?,
            (Type::Map, true) => map(model, target, &found, &inner)?,
            _ => value(model, reference, found[0], &inner)?,
        };
        out.insert(member.clone(), read);
    }
    match element.children.iter().find(|child| !known.contains(&child.name.as_str())) {
        Some(child) if path.is_empty() => Err(unknown(&child.name)),
        Some(child) => Err(unknown(&format!("{path}.{}", child.name))),
        None => Ok(out),
    }
}

fn list(model: &Model, shape: &Shape, items: &[&Element], path: &str) -> Result<Json, Fault> {
    let Some(item) = &shape.member else { return Err(unknown(path)) };
    items.iter().map(|element| value(model, item, element, path)).collect::<Result<_, _>>().map(Json::Array)
}

fn map(model: &Model, shape: &Shape, entries: &[&Element], path: &str) -> Result<Json, Fault> {
    let (Some(key), Some(inner)) = (&shape.key, &shape.value) else { return Err(unknown(path)) };
    let mut out = Map::new();
    for entry in entries {
        let name = entry
            .child(model.location_name(key).unwrap_or("key"))
            .map(|e| e.text.clone())
            .unwrap_or_default();
        if let Some(found) = entry.child(model.location_name(inner).unwrap_or("value")) {
            out.insert(name, value(model, inner, found, path)?);
        }
    }
    Ok(Json::Object(out))
}

/// Reads one value.
pub fn value(model: &Model, reference: &Ref, element: &Element, path: &str) -> Result<Json, Fault> {
    let shape = model.shape(reference);
    match shape.kind {
        Type::Structure => structure(model, shape, element, path).map(Json::Object),
        Type::List => {
            let name = shape.member.as_ref().and_then(|item| model.location_name(item)).unwrap_or("member");
            if let Some(stray) = element.children.iter().find(|child| child.name != name) {
                return Err(unknown(&format!("{path}.{}", stray.name)));
            }
            list(model, shape, &element.children.iter().collect::<Vec<_>>(), path)
        }
        Type::Map => map(model, shape, &element.children.iter().collect::<Vec<_>>(), path),
        _ => {
            if let Some(stray) = element.children.first() {
                return Err(unknown(&format!("{path}.{}", stray.name)));
            }
            scalar(model, reference, &element.text, "iso8601").ok_or_else(|| {
                Fault::new("MalformedInput", format!("Value ({}) at {path} has the wrong type", element.text))
            })
        }
    }
}
