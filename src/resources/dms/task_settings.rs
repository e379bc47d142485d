//! Task settings and other JSON texts. DMS returns settings with every default filled in and in its own order.

use serde_json::{Map, Value as Json};

/// A document as the API takes it: templates write some as objects.
pub(super) fn document(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// Whether two documents, as texts or as objects, hold the same.
pub(super) fn same_document(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Null, _) | (_, Json::Null) => a == b,
        _ => same_json(&document(a), &document(b)),
    }
}

/// Whether two texts hold the same JSON; texts that are none compare as they are.
pub(super) fn same_json(a: &str, b: &str) -> bool {
    match (serde_json::from_str::<Json>(a), serde_json::from_str::<Json>(b)) {
        (Ok(a), Ok(b)) => same(&a, &b),
        _ => a == b,
    }
}

/// Like equality, but lists of components (with `Id`) are sets and `1` equals `1.0`.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, x)| b.get(name).is_some_and(|y| same(x, y)))
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() && is_keyed(a) => {
            a.iter().all(|x| b.iter().any(|y| same(x, y)))
        }
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(x, y)| same(x, y)),
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}

fn is_keyed(items: &[Json]) -> bool {
    !items.is_empty() && items.iter().all(|item| item["Id"].is_string())
}

/// The part of the whole settings that `sent` sets: what nobody set is DMS's own business.
pub(super) fn shown(whole: &str, sent: &str) -> String {
    match (serde_json::from_str::<Json>(whole), serde_json::from_str::<Json>(sent)) {
        (Ok(whole), Ok(sent)) => part(&whole, &sent).to_string(),
        _ => whole.to_owned(),
    }
}

fn part(whole: &Json, sent: &Json) -> Json {
    match (whole, sent) {
        (Json::Object(whole), Json::Object(sent)) => Json::Object(
            sent.iter()
                .filter_map(|(name, value)| Some((name.clone(), part(whole.get(name)?, value))))
                .collect::<Map<_, _>>(),
        ),
        (Json::Array(whole), Json::Array(sent)) if is_keyed(sent) => sent
            .iter()
            .filter_map(|item| Some(part(whole.iter().find(|live| live["Id"] == item["Id"])?, item)))
            .collect(),
        (whole, _) => whole.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_and_order_are_no_differences_but_changed_values_are() {
        let sent = r#"{"Logging": {"EnableLogging": true, "LogComponents": [{"Id": "IO", "Severity": "A"}, {"Id": "SORTER", "Severity": "B"}]}}"#;
        let whole = r#"{"Logging": {"LogComponents": [{"Severity": "B", "Id": "SORTER"}, {"Id": "X", "Severity": "C"}, {"Id": "IO", "Severity": "A"}], "EnableLogging": true, "CloudWatchLogGroup": null}, "TargetMetadata": {"LobMaxSize": 32}}"#;
        assert!(same_json(sent, &shown(whole, sent)));
        let changed = whole.replace("true", "false");
        assert!(!same_json(sent, &shown(&changed, sent)));
        let lost = whole.replace("EnableLogging", "Other");
        assert!(!same_json(sent, &shown(&lost, sent)));
    }
}
