//! What a schema says about single values: enums, patterns, bounds, and which members go together.

use std::collections::{HashMap, hash_map::Entry};

use serde_json::Value as Json;

use crate::{error::suggest, schema::Rules};

/// A finding: code, message, help.
pub(super) type Finding = (&'static str, String, Option<String>);

/// Checks a text.
pub(super) fn text(rules: &Rules, text: &str, found: &mut Vec<Finding>) {
    let (min, max) = rules.length;
    let length = if min.or(max).is_some() { text.chars().count() as u64 } else { 0 };
    if min.is_some_and(|min| length < min) || max.is_some_and(|max| length > max) {
        let message = format!("the text has {length} characters; {}", bounds(min, max));
        found.push(("M2009", message, None));
        return;
    }
    if let Some(pattern) = &rules.pattern
        && let Some(regex) = pattern.regex()
    {
        let pattern = pattern.text;
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
    if !fits(rules, text) {
        allowed(rules, &Json::String(text.to_owned()), found);
    }
}

/// Whether `enum` and `const` allow a text: what [`allowed`] finds nothing about, told without a copy of it.
fn fits(rules: &Rules, text: &str) -> bool {
    let same = |other: &Json| match other.as_str() {
        Some(other) if rules.loose => other.eq_ignore_ascii_case(text),
        other => other == Some(text),
    };
    rules.constant.is_none_or(|constant| constant.as_str() == Some(text))
        && rules.listed.is_none_or(|values| values.iter().any(same))
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
pub(super) fn number(rules: &Rules, number: f64, found: &mut Vec<Finding>) {
    let ((min, max), (above, below)) = (rules.range, rules.within);
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
pub(super) fn allowed(rules: &Rules, value: &Json, found: &mut Vec<Finding>) {
    if rules.constant.is_none() && rules.listed.is_none() {
        return;
    }
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(constant) = rules.constant.filter(|constant| *constant != value) {
        found.push(("M2006", format!("`{shown}` is not allowed; it must be {constant}"), None));
        return;
    }
    let Some(values) = rules.listed else { return };
    let fits = values.iter().any(|other| {
        other == value
            || rules.loose
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
pub(super) fn items(rules: &Rules, count: usize, found: &mut Vec<Finding>) {
    let count = count as u64;
    let (min, max) = rules.count;
    if min.is_some_and(|min| count < min) || max.is_some_and(|max| count > max) {
        found.push((
            "M2010",
            format!("the list has {count} item{}; {}", if count == 1 { "" } else { "s" }, bounds(min, max)),
            None,
        ));
    }
}

/// Positions of known items that were there before, each with the first such item's.
pub(super) fn repeated(items: &[Option<Json>]) -> Vec<(usize, usize)> {
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

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Checks which members are there: `(member the finding is about, finding)`.
pub(super) fn members(rules: &Rules, has: &dyn Fn(&str) -> bool) -> Vec<(Option<&'static str>, Finding)> {
    let mut found: Vec<(Option<&'static str>, Finding)> = Vec::new();
    for name in rules.required.iter().filter(|name| !has(name)) {
        found.push((None, ("M2004", format!("the required property `{name}` is missing"), None)));
    }
    let one = &rules.one_of;
    if !one.is_empty() {
        let given: Vec<&'static str> = one.iter().copied().filter(|name| has(name)).collect();
        match given.as_slice() {
            [_] => {}
            [] => found.push((None, ("M2012", format!("one of {} is needed", list(one)), None))),
            [_, second, ..] => {
                let message = format!("{} exclude each other", list(&given));
                found.push((Some(second), ("M2012", message, None)));
            }
        }
    }
    for (dependents, finding) in [(&rules.needs, true), (&rules.excludes, false)] {
        for (name, others) in dependents.iter().filter(|(name, _)| has(name)) {
            let others: Vec<&'static str> =
                others.iter().copied().filter(|other| has(other) != finding).collect();
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
    for alternatives in &rules.alternatives {
        if !alternatives.iter().any(|names| names.iter().all(|name| has(name))) {
            let wanted = list(&alternatives.concat());
            found.push((None, ("M2012", format!("one of {wanted} is needed"), None)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    /// A text is judged without a copy of it only where nothing is to be said.
    #[test]
    fn a_text_fits_where_nothing_is_found() {
        let mut refused = 0;
        for schema in schema::kinds().filter_map(schema::of) {
            for node in schema.properties().filter_map(|name| schema.property(name)) {
                let rules = node.rules();
                let values = rules.listed.into_iter().flatten().chain(rules.constant);
                for value in values.filter_map(Json::as_str).chain(["", "no such value"]) {
                    for text in [value.to_owned(), value.to_ascii_uppercase(), value.to_ascii_lowercase()] {
                        let mut found = Vec::new();
                        allowed(rules, &Json::String(text.clone()), &mut found);
                        assert_eq!(fits(rules, &text), found.is_empty(), "{}: {text}", schema.kind());
                        refused += found.len();
                    }
                }
            }
        }
        assert!(refused > 100, "{refused}");
    }

    #[test]
    fn letter_case_counts_unless_the_schema_says_that_it_does_not() {
        let text = r#"{"properties": {
          "Exact": {"enum": ["On", 1]}, "Loose": {"enumCaseInsensitive": ["On", 1]},
          "Both": {"enum": ["On"], "enumCaseInsensitive": ["Off"]},
          "One": {"const": "On"}, "Number": {"const": 1}, "Free": {"const": null}
        }}"#;
        let schema = schema::TypeSchema::parse(text).unwrap();
        let wanted = [
            ("Exact", [true, false, false, false]),
            ("Loose", [true, true, false, false]),
            ("Both", [true, true, false, false]),
            ("One", [true, false, false, false]),
            ("Number", [false; 4]),
            ("Free", [true; 4]),
        ];
        for (name, wanted) in wanted {
            for (text, wanted) in ["On", "oN", "Off", "1"].into_iter().zip(wanted) {
                let (mut found, rules) = (Vec::new(), schema.property(name).unwrap().rules());
                super::text(rules, text, &mut found);
                assert_eq!(found.is_empty(), wanted, "{name}: {text}");
                assert_eq!(fits(rules, text), wanted, "{name}: {text}");
            }
        }
    }
}
