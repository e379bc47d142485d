//! Policy documents: sent as compact text, returned URL-encoded, compared by meaning.

use serde_json::{Map, Value as Json};

/// The text to send: a document given as text stays as it is.
pub(super) fn text(document: &Json) -> String {
    match document {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A document as IAM returned it: decoded, and parsed where it is JSON.
pub(super) fn decoded(encoded: &str) -> Json {
    let text = percent_encoding::percent_decode_str(encoded).decode_utf8_lossy();
    serde_json::from_str(&text).unwrap_or_else(|_| Json::String(text.into_owned()))
}

/// Whether two documents grant the same: key order, the order of sets, and single values in or out of a list
/// mean nothing to IAM.
pub(super) fn alike(a: &Json, b: &Json) -> bool {
    normal(a) == normal(b)
}

fn normal(document: &Json) -> Json {
    let parsed = match document {
        Json::String(text) => serde_json::from_str(text).unwrap_or_else(|_| document.clone()),
        other => other.clone(),
    };
    let Json::Object(mut members) = parsed else { return parsed };
    if let Some(statement) = members.remove("Statement") {
        let list = match statement {
            Json::Array(list) => list,
            one => vec![one],
        };
        members.insert("Statement".into(), list.into_iter().map(statement_normal).collect());
    }
    Json::Object(members)
}

fn statement_normal(statement: Json) -> Json {
    let Json::Object(members) = statement else { return statement };
    Json::Object(
        members
            .into_iter()
            .map(|(key, value)| {
                let value = match key.as_str() {
                    "Action" | "NotAction" | "Resource" | "NotResource" => set(value),
                    "Principal" | "NotPrincipal" => each(value, set),
                    "Condition" => each(value, |keys| each(keys, set)),
                    _ => value,
                };
                (key, value)
            })
            .collect::<Map<_, _>>(),
    )
}

fn each(value: Json, change: impl Fn(Json) -> Json) -> Json {
    match value {
        Json::Object(members) => {
            Json::Object(members.into_iter().map(|(key, value)| (key, change(value))).collect())
        }
        other => other,
    }
}

/// A sorted list without doubles, of texts.
fn set(value: Json) -> Json {
    let mut items: Vec<String> = match value {
        Json::Array(items) => items.iter().map(plain).collect(),
        one => vec![plain(&one)],
    };
    items.sort();
    items.dedup();
    Json::from(items)
}

/// IAM takes `true` and `"true"` for the same.
fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_compare_by_meaning() {
        let one = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "s3:GetObject", "Resource": ["b", "a"],
            "Condition": {"Bool": {"aws:SecureTransport": true}},
        }});
        let other = json!({"Statement": [{
            "Condition": {"Bool": {"aws:SecureTransport": ["true"]}},
            "Resource": ["a", "b"], "Action": ["s3:GetObject"], "Effect": "Allow",
        }], "Version": "2012-10-17"});
        assert!(alike(&one, &other));
        assert!(alike(&json!(one.to_string()), &other));
        let denied = json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:GetObject", "Resource": ["b", "a"]}});
        assert!(!alike(&one, &denied));
        assert_eq!(decoded("%7B%22a%22%3A%201%7D"), json!({"a": 1}));
    }
}
