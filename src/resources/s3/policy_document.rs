//! When two resource policies mean the same.

use serde_json::Value as Json;

/// Whether two policy documents mean the same: single-element lists equal their element, order in lists of
/// actions, resources and principals means nothing, `{"AWS": "*"}` equals `"*"`, and an account id equals its
/// root's ARN.
#[must_use]
pub fn same(a: &Json, b: &Json) -> bool {
    canonical(a) == canonical(b)
}

fn canonical(document: &Json) -> Json {
    let parsed = match document {
        Json::String(text) => serde_json::from_str(text).unwrap_or_else(|_| document.clone()),
        other => other.clone(),
    };
    let mut out = parsed;
    if out.get("Statement").is_some_and(Json::is_object) {
        out["Statement"] = Json::Array(vec![out["Statement"].clone()]);
    }
    for statement in out.get_mut("Statement").and_then(Json::as_array_mut).into_iter().flatten() {
        // An empty id is none.
        if let Some(members) =
            statement.as_object_mut().filter(|members| members.get("Sid") == Some(&"".into()))
        {
            members.remove("Sid");
        }
        for (name, value) in statement.as_object_mut().into_iter().flatten() {
            match name.as_str() {
                "Action" | "NotAction" => *value = list(value, &str::to_lowercase),
                "Resource" | "NotResource" => *value = list(value, &str::to_owned),
                "Principal" | "NotPrincipal" => {
                    if value == "*" {
                        *value = serde_json::json!({"AWS": ["*"]});
                    }
                    for (_, who) in value.as_object_mut().into_iter().flatten() {
                        *who = list(who, &account);
                    }
                }
                "Condition" => {
                    for (_, keys) in value.as_object_mut().into_iter().flatten() {
                        for (_, values) in keys.as_object_mut().into_iter().flatten() {
                            *values = list(values, &str::to_owned);
                        }
                    }
                }
                _ => {}
            }
        }
    }
    out
}

/// AWS stores an account id as the ARN of the account's root.
fn account(principal: &str) -> String {
    let parts: Vec<&str> = principal.split(':').collect();
    if let ["arn", _, "iam", "", id, "root"] = parts[..] { id.to_owned() } else { principal.to_owned() }
}

fn list(value: &Json, spell: &dyn Fn(&str) -> String) -> Json {
    let one = |item: &Json| match item {
        Json::String(text) => spell(text),
        other => other.to_string(),
    };
    let mut all: Vec<String> = match value {
        Json::Array(many) => many.iter().map(one).collect(),
        single => vec![one(single)],
    };
    all.sort();
    all.dedup();
    all.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_aws_normalises_is_no_difference() {
        let sent = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject",
            "Principal": {"AWS": "123456789012"}, "Resource": ["b", "a"],
            "Condition": {"Bool": {"aws:SecureTransport": false}}}});
        let live = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"],
            "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]}, "Resource": ["a", "b"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]});
        assert!(same(&sent, &live));
        assert!(same(&sent, &json!(live.to_string())));
        let mut other = live.clone();
        other["Statement"][0]["Effect"] = json!("Deny");
        assert!(!same(&sent, &other));
    }
}
