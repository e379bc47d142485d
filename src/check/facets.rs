//! What a schema says about single values: enums, patterns, bounds, and which members go together.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, LazyLock, RwLock},
};

use fancy_regex::Regex;
use serde_json::Value as Json;

use crate::{error::suggest, schema::Node};

/// A finding: code, message, help.
pub(super) type Finding = (&'static str, String, Option<String>);

/// Compiled patterns by their text; `None` for those that cannot be compiled.
type Patterns = HashMap<&'static str, Option<Arc<Regex>>>;

static PATTERNS: LazyLock<RwLock<Patterns>> = LazyLock::new(RwLock::default);

/// The compiled pattern; `None` if it is in a dialect that cannot be compiled, which then is not checked.
fn compiled(pattern: &'static str) -> Option<Arc<Regex>> {
    if let Some(known) = PATTERNS.read().ok()?.get(pattern) {
        return known.clone();
    }
    let regex = Regex::new(pattern).ok().map(Arc::new);
    PATTERNS.write().ok()?.insert(pattern, regex.clone());
    regex
}

/// Checks a text.
pub(super) fn text(node: Node<'static>, text: &str, found: &mut Vec<Finding>) {
    let (min, max) = (node.keyword("minLength").as_u64(), node.keyword("maxLength").as_u64());
    let length = if min.or(max).is_some() { text.chars().count() as u64 } else { 0 };
    if min.is_some_and(|min| length < min) || max.is_some_and(|max| length > max) {
        let message = format!("the text has {length} characters; {}", bounds(min, max));
        found.push(("M2009", message, None));
        return;
    }
    if let Some(pattern) = node.keyword("pattern").as_str()
        && let Some(regex) = compiled(pattern)
    {
        match regex.is_match(text) {
            Ok(true) => {}
            Ok(false) => found.push(("M2007", format!("`{text}` does not match {pattern}"), None)),
            // What could not be checked is not taken for right.
            Err(_) => {
                let message =
                    format!("the text cannot be checked against {pattern}: that takes too many steps");
                found.push(("M2007", message, None));
            }
        }
    }
    if restricted(node) {
        allowed(node, &Json::String(text.to_owned()), found);
    }
}

/// Whether only certain values are allowed.
fn restricted(node: Node<'static>) -> bool {
    ["const", "enum", "enumCaseInsensitive"].iter().any(|key| !node.keyword(key).is_null())
}

fn bounds<T: std::fmt::Display>(min: Option<T>, max: Option<T>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("allowed are {min} to {max}"),
        (Some(min), None) => format!("at least {min} are needed"),
        (None, Some(max)) => format!("at most {max} are allowed"),
        (None, None) => String::new(),
    }
}

/// Checks a number.
pub(super) fn number(node: Node<'static>, number: f64, found: &mut Vec<Finding>) {
    let (min, max) = (node.keyword("minimum").as_f64(), node.keyword("maximum").as_f64());
    let (above, below) =
        (node.keyword("exclusiveMinimum").as_f64(), node.keyword("exclusiveMaximum").as_f64());
    if min.is_some_and(|min| number < min)
        || max.is_some_and(|max| number > max)
        || above.is_some_and(|min| number <= min)
        || below.is_some_and(|max| number >= max)
    {
        let range = match (min, max) {
            (Some(min), Some(max)) => format!("it must be {min} to {max}"),
            (Some(min), None) => format!("it must be at least {min}"),
            (None, Some(max)) => format!("it must be at most {max}"),
            (None, None) => "it must be within the bounds of the schema".to_owned(),
        };
        found.push(("M2008", format!("{number} is out of range; {range}"), None));
    }
}

/// Checks a value against `enum` and `const`.
pub(super) fn allowed(node: Node<'static>, value: &Json, found: &mut Vec<Finding>) {
    if !restricted(node) {
        return;
    }
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let constant = node.keyword("const");
    if !constant.is_null() && constant != value {
        found.push(("M2006", format!("`{shown}` is not allowed; it must be {constant}"), None));
        return;
    }
    let exact = node.keyword("enum").as_array();
    let loose = node.keyword("enumCaseInsensitive").as_array();
    let Some(values) = exact.or(loose) else { return };
    let fits = values.iter().any(|other| {
        other == value
            || loose.is_some()
                && other.as_str().zip(value.as_str()).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
    });
    if fits {
        return;
    }
    let names: Vec<String> =
        values.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
    // Numbers are near by their value, not by their digits.
    let near = if value.is_number() { neighbours(value, values) } else { None };
    let help = match suggest(&shown, names.iter().map(String::as_str)).filter(|_| !value.is_number()) {
        _ if near.is_some() => format!("the nearest are {}", near.unwrap_or_default()),
        Some(near) => format!("did you mean `{near}`?"),
        None if names.len() <= 20 => format!("allowed: {}", names.join(", ")),
        None => format!("allowed: {} and {} more", names[..20].join(", "), names.len() - 20),
    };
    found.push(("M2006", format!("`{shown}` is not one of the allowed values"), Some(help)));
}

/// The allowed numbers next to one that is not allowed.
fn neighbours(value: &Json, allowed: &[Json]) -> Option<String> {
    let number = value.as_f64()?;
    let all = || allowed.iter().filter_map(Json::as_f64);
    let below = all().filter(|other| *other < number).max_by(f64::total_cmp);
    let above = all().filter(|other| *other > number).min_by(f64::total_cmp);
    let both: Vec<String> = [below, above].into_iter().flatten().map(|n| n.to_string()).collect();
    (!both.is_empty()).then(|| both.join(" and "))
}

/// Checks a list's length.
pub(super) fn items(node: Node<'static>, count: usize, found: &mut Vec<Finding>) {
    let count = count as u64;
    let (min, max) = (node.keyword("minItems").as_u64(), node.keyword("maxItems").as_u64());
    if min.is_some_and(|min| count < min) || max.is_some_and(|max| count > max) {
        found.push((
            "M2010",
            format!("the list has {count} item{}; {}", if count == 1 { "" } else { "s" }, bounds(min, max)),
            None,
        ));
    }
}

/// Positions of known items that were there before, each with the first such item's.
pub(super) fn repeated(node: Node<'static>, items: &[Option<Json>]) -> Vec<(usize, usize)> {
    if *node.keyword("uniqueItems") != Json::Bool(true) {
        return Vec::new();
    }
    let mut seen = HashMap::new();
    let mut found = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Some(item) = item else { continue };
        match seen.entry(item.to_string()) {
            Entry::Occupied(first) => found.push((at, *first.get())),
            Entry::Vacant(free) => {
                free.insert(at);
            }
        }
    }
    found
}

fn names(json: &'static Json) -> impl Iterator<Item = &'static str> {
    json.as_array().into_iter().flatten().filter_map(Json::as_str)
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Checks which members are there: `(member the finding is about, finding)`.
pub(super) fn members(
    node: Node<'static>,
    has: &dyn Fn(&str) -> bool,
) -> Vec<(Option<&'static str>, Finding)> {
    let mut found: Vec<(Option<&'static str>, Finding)> = Vec::new();
    for name in names(node.keyword("required")).filter(|name| !has(name)) {
        found.push((None, ("M2004", format!("the required property `{name}` is missing"), None)));
    }
    let one: Vec<&str> = names(node.keyword("requiredXor")).collect();
    if !one.is_empty() {
        let given: Vec<&'static str> = names(node.keyword("requiredXor")).filter(|name| has(name)).collect();
        match given.as_slice() {
            [_] => {}
            [] => found.push((None, ("M2012", format!("one of {} is needed", list(&one)), None))),
            [_, second, ..] => {
                let message = format!("{} exclude each other", list(&given));
                found.push((Some(second), ("M2012", message, None)));
            }
        }
    }
    for (key, finding) in [("dependentRequired", true), ("dependentExcluded", false)] {
        for (name, others) in
            node.keyword(key).as_object().into_iter().flatten().filter(|(name, _)| has(name))
        {
            let others: Vec<&'static str> = names(others).filter(|other| has(other) != finding).collect();
            match (others.as_slice(), finding) {
                ([], _) => {}
                (missing, true) => {
                    let message = format!("`{name}` needs {} too", list(missing));
                    found.push((Some(name), ("M2013", message, None)));
                }
                // Where both sides name each other, one finding is enough.
                (excluded, false) => {
                    let known = |f: &(Option<&str>, Finding)| {
                        f.1.0 == "M2014" && f.0.is_some_and(|n| excluded.contains(&n))
                    };
                    if !found.iter().any(known) {
                        let message = format!("`{name}` excludes {}", list(excluded));
                        found.push((Some(name), ("M2014", message, None)));
                    }
                }
            }
        }
    }
    for key in ["anyOf", "oneOf"] {
        let alternatives: Vec<&'static Json> = node.keyword(key).as_array().into_iter().flatten().collect();
        let satisfied = |alternative: &&'static Json| names(&alternative["required"]).all(has);
        if !alternatives.is_empty() && !alternatives.iter().any(satisfied) {
            let wanted: Vec<&str> =
                alternatives.iter().flat_map(|alternative| names(&alternative["required"])).collect();
            found.push((None, ("M2012", format!("one of {} is needed", list(&wanted)), None)));
        }
    }
    found
}
