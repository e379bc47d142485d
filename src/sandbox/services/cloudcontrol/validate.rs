//! Checks properties against a type's schema, as Cloud Control does before it calls a handler.

use fancy_regex::Regex;
use serde_json::{Map, Value as Json};

use super::model::Model;

/// The first things that are wrong, each with its place (`#/Tags/0: required key [Key] not found`).
pub fn problems(model: Model, properties: &Json) -> Vec<String> {
    let mut found = Vec::new();
    check(model, model.document, properties, "#", &mut found);
    found
}

fn fits(model: Model, node: &'static Json, value: &Json) -> bool {
    let mut found = Vec::new();
    check(model, node, value, "#", &mut found);
    found.is_empty()
}

fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(number) if number.is_f64() && number.as_f64().is_some_and(|n| n.fract() != 0.0) => {
            "number"
        }
        Json::Number(_) => "integer",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

fn allowed_type(node: &Json, value: &Json) -> bool {
    let is = type_of(value);
    let fits = |name: &str| name == is || (name == "number" && is == "integer");
    match &node["type"] {
        Json::String(one) => fits(one),
        Json::Array(many) => many.iter().filter_map(Json::as_str).any(fits),
        _ => true,
    }
}

fn check(model: Model, node: &'static Json, value: &Json, place: &str, found: &mut Vec<String>) {
    let node = model.follow(node);
    if !allowed_type(node, value) {
        found.push(format!("{place}: expected type: {}, found: {}", node["type"], type_of(value)));
        return;
    }
    if let Some(values) = node["enum"].as_array()
        && !values.contains(value)
    {
        found.push(format!("{place}: {value} is not a valid enum value"));
    }
    if !node["const"].is_null() && node["const"] != *value {
        found.push(format!("{place}: the value must be {}", node["const"]));
    }
    match value {
        Json::String(text) => text_fits(node, text, place, found),
        Json::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            if node["minimum"].as_f64().is_some_and(|min| number < min)
                || node["maximum"].as_f64().is_some_and(|max| number > max)
            {
                found.push(format!("{place}: {value} is not within the bounds of the schema"));
            }
        }
        Json::Array(items) => {
            let length = items.len() as u64;
            if node["minItems"].as_u64().is_some_and(|min| length < min) {
                found.push(format!(
                    "{place}: expected minimum item count: {}, found: {length}",
                    node["minItems"]
                ));
            }
            if node["maxItems"].as_u64().is_some_and(|max| length > max) {
                found.push(format!(
                    "{place}: expected maximum item count: {}, found: {length}",
                    node["maxItems"]
                ));
            }
            if node["uniqueItems"] == true && (1..items.len()).any(|at| items[..at].contains(&items[at])) {
                found.push(format!("{place}: array items are not unique"));
            }
            if node["items"].is_object() {
                for (at, item) in items.iter().enumerate() {
                    check(model, &node["items"], item, &format!("{place}/{at}"), found);
                }
            }
        }
        Json::Object(members) => members_fit(model, node, members, place, found),
        _ => {}
    }
    combined(model, node, value, place, found);
}

fn text_fits(node: &'static Json, text: &str, place: &str, found: &mut Vec<String>) {
    let length = text.chars().count() as u64;
    if node["minLength"].as_u64().is_some_and(|min| length < min) {
        found.push(format!("{place}: expected minLength: {}, actual: {length}", node["minLength"]));
    }
    if node["maxLength"].as_u64().is_some_and(|max| length > max) {
        found.push(format!("{place}: expected maxLength: {}, actual: {length}", node["maxLength"]));
    }
    if let Some(pattern) = node["pattern"].as_str()
        && Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text).unwrap_or(true))
    {
        found.push(format!("{place}: failed validation constraint for keyword [pattern]"));
    }
}

fn members_fit(
    model: Model,
    node: &'static Json,
    members: &Map<String, Json>,
    place: &str,
    found: &mut Vec<String>,
) {
    for name in node["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        if !members.contains_key(name) {
            found.push(format!("{place}: required key [{name}] not found"));
        }
    }
    let patterns = node["patternProperties"].as_object();
    for (name, value) in members {
        let place = format!("{place}/{name}");
        let known = &node["properties"][name];
        if !known.is_null() {
            check(model, known, value, &place, found);
            continue;
        }
        let by_pattern = patterns
            .into_iter()
            .flatten()
            .find(|(pattern, _)| Regex::new(pattern).is_ok_and(|regex| regex.is_match(name).unwrap_or(true)));
        match by_pattern {
            Some((_, inner)) => check(model, inner, value, &place, found),
            None if node["additionalProperties"] == false && in_alternative(model, node, name) => {}
            None if node["additionalProperties"] == false => {
                found.push(format!("{place}: extraneous key [{name}] is not permitted"));
            }
            None => {}
        }
    }
}

/// Whether an alternative of the node declares the member.
fn in_alternative(model: Model, node: &'static Json, name: &str) -> bool {
    let alternatives =
        ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|key| node[key].as_array()).flatten();
    alternatives.map(|one| model.follow(one)).any(|one| !one["properties"][name].is_null())
}

fn combined(model: Model, node: &'static Json, value: &Json, place: &str, found: &mut Vec<String>) {
    let count =
        |key: &str| node[key].as_array().map(|all| all.iter().filter(|one| fits(model, one, value)).count());
    if count("anyOf") == Some(0) {
        found.push(format!("{place}: no subschema matched out of the anyOf subschemas"));
    }
    if let Some(matched) = count("oneOf").filter(|matched| *matched != 1) {
        found.push(format!("{place}: {matched} subschemas matched instead of one"));
    }
    for one in node["allOf"].as_array().into_iter().flatten() {
        check(model, one, value, place, found);
    }
}
