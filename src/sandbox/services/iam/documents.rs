//! Policy documents: what IAM refuses, and how it returns them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;

use crate::sandbox::{Fault, World};

/// RFC 3986: everything but letters, digits and `-_.~` is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A document as IAM returns it: URL-encoded.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

fn malformed(message: impl Into<String>) -> Fault {
    Fault::new("MalformedPolicyDocument", message)
}

fn statements(text: &str) -> Result<Vec<Json>, Fault> {
    let document: Json =
        serde_json::from_str(text).map_err(|_| malformed("This policy contains invalid Json"))?;
    if !document.is_object() {
        return Err(malformed("Syntax errors in policy."));
    }
    match document["Version"].as_str() {
        Some("2012-10-17" | "2008-10-17") => {}
        None if document["Version"].is_null() => {}
        _ => return Err(malformed("The policy failed legacy parsing")),
    }
    let list = match &document["Statement"] {
        Json::Array(list) => list.clone(),
        one @ Json::Object(_) => vec![one.clone()],
        _ => return Err(malformed("Syntax errors in policy.")),
    };
    if list.is_empty() {
        return Err(malformed("Syntax errors in policy."));
    }
    for statement in &list {
        if !statement.is_object() || !matches!(statement["Effect"].as_str(), Some("Allow" | "Deny")) {
            return Err(malformed("Syntax errors in policy."));
        }
        if !non_empty(&statement["Action"]) && !non_empty(&statement["NotAction"]) {
            return Err(malformed("Policy statement must contain actions."));
        }
    }
    Ok(list)
}

fn non_empty(value: &Json) -> bool {
    match value {
        Json::String(text) => !text.is_empty(),
        Json::Array(list) => !list.is_empty() && list.iter().all(Json::is_string),
        _ => false,
    }
}

fn texts(value: &Json) -> Vec<&str> {
    match value {
        Json::String(one) => vec![one],
        Json::Array(many) => many.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A policy of an identity: resources, no principals.
pub(super) fn check_identity(text: &str) -> Result<(), Fault> {
    for statement in statements(text)? {
        if !statement["Principal"].is_null() || !statement["NotPrincipal"].is_null() {
            return Err(malformed("Policy document should not specify a principal."));
        }
        if !non_empty(&statement["Resource"]) && !non_empty(&statement["NotResource"]) {
            return Err(malformed("Policy statement must contain resources."));
        }
        for action in texts(&statement["Action"]).into_iter().chain(texts(&statement["NotAction"])) {
            if action != "*" && !action.contains(':') {
                return Err(malformed(
                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
                ));
            }
        }
        for resource in texts(&statement["Resource"]).into_iter().chain(texts(&statement["NotResource"])) {
            if resource != "*" && !resource.starts_with("arn:") {
                let message = format!("Resource {resource} must be in ARN format or \"*\".");
                return Err(malformed(message));
            }
        }
    }
    Ok(())
}

/// A trust policy: principals that exist, no resources.
pub(super) fn check_trust(world: &World, text: &str) -> Result<(), Fault> {
    for statement in statements(text)? {
        if !statement["Resource"].is_null() || !statement["NotResource"].is_null() {
            return Err(malformed("Has prohibited field Resource"));
        }
        let principal = &statement["Principal"];
        if principal.is_null() && statement["NotPrincipal"].is_null() {
            return Err(malformed("Missing required field Principal"));
        }
        for action in texts(&statement["Action"]) {
            if !action.starts_with("sts:") && action != "*" {
                return Err(malformed("AssumeRole policy may only specify STS AssumeRole actions."));
            }
        }
        for service in texts(&principal["Service"]) {
            if !service.ends_with(".amazonaws.com") && !service.ends_with(".amazonaws.com.cn") {
                return Err(malformed(format!("Invalid principal in policy: \"SERVICE\":\"{service}\"")));
            }
        }
        for who in texts(&principal["AWS"]) {
            if !known_principal(world, who) {
                return Err(malformed(format!("Invalid principal in policy: \"AWS\":\"{who}\"")));
            }
        }
    }
    Ok(())
}

/// Roles and users of this account must exist and have propagated; other accounts are taken on trust.
fn known_principal(world: &World, who: &str) -> bool {
    if who == "*" || (who.len() == 12 && who.bytes().all(|b| b.is_ascii_digit())) {
        return true;
    }
    let parts: Vec<&str> = who.splitn(6, ':').collect();
    let [_, _, "iam" | "sts", _, account, resource] = parts[..] else { return false };
    if account != world.account
        || resource == "root"
        || !(resource.starts_with("role/") || resource.starts_with("user/"))
    {
        return true;
    }
    let usable = |row: &Json| row["_usable"].as_i64().is_none_or(|at| at <= world.now());
    world.rows("iam.role").chain(world.rows("iam.user")).any(|(_, row)| row["Arn"] == who && usable(row))
}

/// The length IAM counts: white space is free.
pub(super) fn length(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_refused_for_what_they_lack_and_returned_encoded() {
        let code = |text: &str| check_identity(text).unwrap_err().message;
        assert_eq!(code("{"), "This policy contains invalid Json");
        assert_eq!(code(r#"{"Statement":[]}"#), "Syntax errors in policy.");
        assert_eq!(
            code(r#"{"Statement":{"Effect":"Allow","Action":"s3:*"}}"#),
            "Policy statement must contain resources."
        );
        assert!(check_identity(r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#).is_ok());
        let world = World::new(1, 0);
        let trust = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:role/none"}}}"#;
        assert!(check_trust(&world, trust).unwrap_err().message.starts_with("Invalid principal in policy"));
        assert_eq!(encoded("{\"a\": 1}"), "%7B%22a%22%3A%201%7D");
    }
}
