//! Policy documents: sent as compact text, returned URL-encoded, compared by meaning.

use serde_json::Value as Json;

use crate::resources::s3::policy_document;

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

/// Whether two documents grant the same.
pub(super) fn alike(a: &Json, b: &Json) -> bool {
    policy_document::same(a, b)
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
        // IAM answers with the form that was sent last; an account id and its root's ARN are one principal to it
        // (User Guide, "AWS JSON policy elements: Principal").
        let trust = |principal: Json, sid: Option<&str>| {
            let mut statement =
                json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"});
            if let Some(sid) = sid {
                statement["Sid"] = json!(sid);
            }
            json!({"Version": "2012-10-17", "Statement": statement})
        };
        let root = json!({"AWS": ["arn:aws:iam::210987654321:root"]});
        assert!(alike(&trust(json!({"AWS": "210987654321"}), None), &trust(root.clone(), Some(""))));
        assert!(!alike(&trust(json!({"AWS": "123456789012"}), None), &trust(root.clone(), None)));
        assert!(!alike(
            &trust(json!({"AWS": "arn:aws:iam::210987654321:role/root"}), None),
            &trust(root, None)
        ));
        assert!(alike(&trust(json!("*"), None), &trust(json!({"AWS": "*"}), None)));
        let denied = json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:GetObject", "Resource": ["b", "a"]}});
        assert!(!alike(&one, &denied));
        assert_eq!(decoded("%7B%22a%22%3A%201%7D"), json!({"a": 1}));
    }
}
