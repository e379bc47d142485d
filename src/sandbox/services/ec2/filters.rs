//! Filters of describe calls: values are alternatives, filters add up, `*` and `?` match anything.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::common::invalid;
use crate::sandbox::Fault;

/// A filter's name and the path to what it looks at; lists on the way are entered.
pub(super) type Filter = (&'static str, &'static str);

/// The rows that pass all filters.
///
/// # Errors
/// `InvalidParameterValue` for a filter the call does not know.
pub(super) fn apply(
    mut rows: Vec<Json>,
    wanted: &[Json],
    known: &[Filter],
    tags: &str,
) -> Result<Vec<Json>, Fault> {
    for filter in wanted {
        let name = filter["Name"].as_str().unwrap_or_default();
        let values: Vec<&str> =
            filter["Values"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let path = known.iter().find(|(known, _)| *known == name).map(|(_, path)| *path);
        let key = name.strip_prefix("tag:").filter(|key| !key.is_empty());
        let of_tags = !tags.is_empty() && (key.is_some() || matches!(name, "tag-key" | "tag-value"));
        if path.is_none() && !of_tags {
            return Err(invalid(format!("The filter '{name}' is invalid")));
        }
        if values.is_empty() {
            return Err(invalid(format!("The filter '{name}' needs at least one value")));
        }
        let (literal, patterns): (Vec<&str>, Vec<&str>) =
            values.into_iter().partition(|value| is_literal(value));
        let literal: HashSet<&str> = literal.into_iter().collect();
        rows.retain(|row| {
            let found = match (path, key) {
                (Some(path), _) => texts(row, path),
                (None, Some(key)) => tagged(row, tags, "Value", |tag| tag["Key"] == key),
                (None, None) if name == "tag-key" => tagged(row, tags, "Key", |_| true),
                (None, None) => tagged(row, tags, "Value", |_| true),
            };
            found
                .iter()
                .any(|text| literal.contains(text.as_str()) || patterns.iter().any(|p| matches(p, text)))
        });
    }
    Ok(rows)
}

/// Whether a filter's value stands for itself.
pub(super) fn is_literal(value: &str) -> bool {
    !value.contains(['*', '?', '\\'])
}

/// Whether a row has the tag that a filter `tag:KEY` asks for.
pub(super) fn has_tag(row: &Json, tags: &str, filter: &Json) -> bool {
    let key = filter["Name"].as_str().and_then(|name| name.strip_prefix("tag:")).unwrap_or_default();
    let mut own = row[tags].as_array().into_iter().flatten().filter(|tag| tag["Key"] == key);
    let values = || filter["Values"].as_array().into_iter().flatten().filter_map(Json::as_str);
    own.any(|tag| {
        let text = tag["Value"].as_str().unwrap_or_default();
        values().any(|value| value == text || !is_literal(value) && matches(value, text))
    })
}

fn tagged(row: &Json, tags: &str, member: &str, fits: impl Fn(&Json) -> bool) -> Vec<String> {
    let list = row[tags].as_array().into_iter().flatten();
    list.filter(|tag| fits(tag)).filter_map(|tag| tag[member].as_str().map(ToOwned::to_owned)).collect()
}

/// Everything at the end of a path, as text.
fn texts(row: &Json, path: &str) -> Vec<String> {
    let mut at = vec![row];
    for part in path.split('.') {
        at = at
            .into_iter()
            .flat_map(|value| match value {
                Json::Array(items) => items.iter().collect(),
                one => vec![one],
            })
            .map(|value| &value[part])
            .collect();
    }
    at.into_iter()
        .flat_map(|value| match value {
            Json::Array(items) => items.iter().collect(),
            one => vec![one],
        })
        .filter_map(|value| match value {
            Json::String(text) => Some(text.clone()),
            Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
            _ => None,
        })
        .collect()
}

/// Whether a text matches a pattern with `*`, `?` and `\`.
fn matches(pattern: &str, text: &str) -> bool {
    fn go(pattern: &[char], text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['*', rest @ ..] => (0..=text.len()).any(|skip| go(rest, &text[skip..])),
            ['?', rest @ ..] => !text.is_empty() && go(rest, &text[1..]),
            ['\\', literal, rest @ ..] => text.first() == Some(literal) && go(rest, &text[1..]),
            [literal, rest @ ..] => text.first() == Some(literal) && go(rest, &text[1..]),
        }
    }
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    go(&pattern, &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn filters_enter_lists_match_wildcards_and_refuse_unknown_names() {
        let rows = vec![
            json!({"Id": "a", "List": [{"On": true}, {"On": false}], "Tags": [{"Key": "Name", "Value": "web-1"}]}),
            json!({"Id": "b", "List": [], "Tags": []}),
        ];
        let known: &[Filter] = &[("on", "List.On")];
        let ids = |name: &str, value: &str| {
            let wanted = [json!({"Name": name, "Values": [value]})];
            apply(rows.clone(), &wanted, known, "Tags")
                .map(|rows| rows.iter().map(|row| row["Id"].as_str().unwrap().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(ids("on", "false").unwrap(), ["a"]);
        assert_eq!(ids("tag:Name", "web-?").unwrap(), ["a"]);
        assert_eq!(ids("tag-key", "N*").unwrap(), ["a"]);
        assert!(ids("tag:Name", "web").unwrap().is_empty());
        assert_eq!(ids("off", "false").unwrap_err().code, "InvalidParameterValue");
    }
}
