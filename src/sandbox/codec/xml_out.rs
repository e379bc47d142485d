//! Writes projected answers as XML by the model.

use serde_json::{Map, Value as Json};

use super::{
    model::{Model, Ref, Shape, Type},
    time,
};

/// Escapes text for element content and attribute values.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        match ch {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // A bare carriage return would be read back as a line feed.
            '\r' => out.push_str("&#xD;"),
            // No escape makes these XML (https://www.w3.org/TR/xml/#charsets): one of them would make the whole
            // answer unreadable.
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                out.push(char::REPLACEMENT_CHARACTER);
            }
            _ => out.push(ch),
        }
    }
    out
}

/// Writes the members of a structure that travel in the body.
pub fn members(model: &Model, shape: &Shape, value: &Map<String, Json>, out: &mut String) {
    for (name, inner) in value {
        let Some(reference) = shape.members.get(name) else { continue };
        if reference.location.is_none() && !reference.xml_attribute {
            member(model, name, reference, inner, out);
        }
    }
}

fn member(model: &Model, name: &str, reference: &Ref, value: &Json, out: &mut String) {
    let shape = model.shape(reference);
    let wire = model.location_name(reference).unwrap_or(name);
    match (shape.kind, value) {
        (Type::List, Json::Array(items)) if model.flattened(reference) => {
            let Some(item) = &shape.member else { return };
            let wire = if reference.has_name() { wire } else { model.location_name(item).unwrap_or(wire) };
            for inner in items {
                element(model, wire, item, inner, out);
            }
        }
        (Type::Map, Json::Object(entries)) if model.flattened(reference) => {
            for (key, inner) in entries {
                entry(model, shape, wire, key, inner, out);
            }
        }
        _ => element(model, wire, reference, value, out),
    }
}

/// Writes one value as an element of that name.
pub fn element(model: &Model, wire: &str, reference: &Ref, value: &Json, out: &mut String) {
    let shape = model.shape(reference);
    out.push('<');
    out.push_str(wire);
    if let Some(namespace) = model.namespace(reference) {
        match &namespace.prefix {
            Some(prefix) => out.push_str(&format!(" xmlns:{prefix}=\"{}\"", namespace.uri)),
            None => out.push_str(&format!(" xmlns=\"{}\"", namespace.uri)),
        }
    }
    if let Some(members) = value.as_object().filter(|_| shape.kind == Type::Structure) {
        for (name, inner) in members {
            if let Some(attribute) = shape.members.get(name).filter(|r| r.xml_attribute) {
                let wire = model.location_name(attribute).unwrap_or(name);
                out.push_str(&format!(" {wire}=\"{}\"", escape(inner.as_str().unwrap_or_default())));
            }
        }
    }
    out.push('>');
    content(model, reference, shape, value, out);
    out.push_str("</");
    out.push_str(wire);
    out.push('>');
}

fn content(model: &Model, reference: &Ref, shape: &Shape, value: &Json, out: &mut String) {
    match (shape.kind, value) {
        (Type::Structure, Json::Object(inner)) => members(model, shape, inner, out),
        (Type::List, Json::Array(items)) => {
            let Some(item) = &shape.member else { return };
            let wire = model.location_name(item).unwrap_or("member");
            for inner in items {
                element(model, wire, item, inner, out);
            }
        }
        (Type::Map, Json::Object(entries)) => {
            for (key, inner) in entries {
                entry(model, shape, "entry", key, inner, out);
            }
        }
        // S3 writes the milliseconds that its times never have.
        _ if model.metadata.service_id == "S3" => {
            out.push_str(&escape(&text(model, reference, value, "iso8601-millis")));
        }
        _ => out.push_str(&escape(&text(model, reference, value, "iso8601"))),
    }
}

fn entry(model: &Model, shape: &Shape, wire: &str, key: &str, value: &Json, out: &mut String) {
    let (Some(key_ref), Some(value_ref)) = (&shape.key, &shape.value) else { return };
    let key_name = model.location_name(key_ref).unwrap_or("key");
    out.push_str(&format!("<{wire}><{key_name}>{}</{key_name}>", escape(key)));
    element(model, model.location_name(value_ref).unwrap_or("value"), value_ref, value, out);
    out.push_str(&format!("</{wire}>"));
}

/// A scalar as text.
pub fn text(model: &Model, reference: &Ref, value: &Json, timestamp: &str) -> String {
    match (model.shape(reference).kind, value) {
        (Type::Timestamp, Json::Number(n)) => time::write(
            n.as_f64().unwrap_or_default(),
            model.timestamp_format(reference).unwrap_or(timestamp),
        ),
        (_, Json::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn every_character_makes_readable_xml() {
        let text: String =
            (0..=0x2ff_u32).chain([0xfffe, 0xffff, 0x1f600]).filter_map(char::from_u32).collect();
        let xml = escape(&text);
        let illegal =
            |ch: char| ch < '\u{20}' && !"\t\n\r".contains(ch) || matches!(ch, '\u{fffe}' | '\u{ffff}');
        assert!(!xml.contains(illegal), "{xml:?}");
        let back = quick_xml::escape::unescape(&xml).unwrap();
        let kept: String =
            text.chars().map(|ch| if illegal(ch) { char::REPLACEMENT_CHARACTER } else { ch }).collect();
        assert_eq!(back, kept);
    }
}
