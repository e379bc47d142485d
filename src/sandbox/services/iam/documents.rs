//! Policy documents: what IAM refuses, and how it returns them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;

use super::grammar::{self, Of, malformed, texts};
use crate::sandbox::{By, Fault, World};

/// RFC 3986: everything but letters, digits and `-_.~` is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A document as IAM returns it: URL-encoded.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// A policy in a user, group or role: resources, no principals.
pub(super) fn check_inline(text: &str) -> Result<(), Fault> {
    grammar::check(text, Of::Inline).map(drop)
}

/// A managed policy.
pub(super) fn check_managed(text: &str) -> Result<(), Fault> {
    grammar::check(text, Of::Managed).map(drop)
}

/// A trust policy: principals that exist, no resources.
pub(super) fn check_trust(world: &World, text: &str) -> Result<(), Fault> {
    for statement in grammar::check(text, Of::Trust)? {
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
    ["iam.role", "iam.user"].iter().any(|table| world.any_with(table, &By::Path("Arn"), who, usable))
}

/// The length IAM counts: white space is free.
pub(super) fn length(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_must_exist_and_documents_are_returned_encoded() {
        let world = World::new(1, 0);
        let trust = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:role/none"}}}"#;
        assert!(check_trust(&world, trust).unwrap_err().message.starts_with("Invalid principal in policy"));
        assert_eq!(encoded("{\"a\": 1}"), "%7B%22a%22%3A%201%7D");
    }
}
