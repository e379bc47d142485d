//! When DMS means the same though it writes it differently.

use serde_json::Value as Json;

/// Lists whose order means nothing.
pub(super) fn same_set(desired: &Json, recorded: &Json) -> bool {
    let sorted = |value: &Json| {
        let mut texts: Vec<String> = value
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| item.as_str().unwrap_or_default().to_owned())
            .collect();
        texts.sort();
        texts.dedup();
        texts
    };
    sorted(desired) == sorted(recorded)
}

/// Texts that DMS keeps in lower case.
pub(super) fn same_text(desired: &Json, recorded: &Json) -> bool {
    match (desired.as_str(), recorded.as_str()) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        _ => desired == recorded,
    }
}

/// Keys: an alias, an id and an ARN may mean one key; DMS answers with the ARN. What an alias means cannot be
/// seen here, and the property cannot be changed anyway.
pub(super) fn same_key(desired: &Json, recorded: &Json) -> bool {
    match (desired.as_str(), recorded.as_str()) {
        (Some(a), Some(b)) => {
            let alias = |key: &str| key.contains("alias/");
            a == b
                || b.ends_with(&format!("/{a}"))
                || a.ends_with(&format!("/{b}"))
                || (alias(a) && !alias(b))
        }
        _ => desired == recorded,
    }
}

/// `3.5` is met by `3.5.4`: DMS chose the patch.
pub(super) fn same_version(desired: &Json, recorded: &Json) -> bool {
    match (desired.as_str(), recorded.as_str()) {
        (Some(a), Some(b)) => a == b || b.strip_prefix(a).is_some_and(|rest| rest.starts_with('.')),
        _ => desired == recorded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn other_spellings_are_no_differences() {
        assert!(same_set(&json!(["b", "a"]), &json!(["a", "b"])));
        assert!(!same_set(&json!(["b"]), &json!(["a", "b"])));
        assert!(same_text(&json!("Sun:06:00"), &json!("sun:06:00")));
        assert!(same_version(&json!("3.5"), &json!("3.5.4")));
        assert!(!same_version(&json!("3.5"), &json!("3.51.4")));
        assert!(same_key(&json!("k-1"), &json!("arn:aws:kms:us-east-1:123456789012:key/k-1")));
        assert!(!same_key(&json!("k-1"), &json!("arn:aws:kms:us-east-1:123456789012:key/k-2")));
    }
}
