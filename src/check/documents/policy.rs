//! IAM policy documents.

use super::{Field, Findings, Unknown, Want, field, fits, needed, text_of, unknown};
use crate::{
    error::suggest,
    model::item::{Item, Kind},
};

/// PolicyKind policy it is: that decides about principals and resources.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PolicyKind {
    /// Of a user, group or role: says what it may do.
    Identity,
    /// Who may assume a role.
    Trust,
    /// Of a bucket, topic, queue, secret or key.
    Resource,
}

static DOCUMENT: &[Field] = &[
    field("Version", Want::OneOf(&["2012-10-17", "2008-10-17"])),
    field("Id", Want::Text),
    needed("Statement", Want::Any),
];

const STATEMENT: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

const PRINCIPALS: &[&str] = &["AWS", "Service", "Federated", "CanonicalUser"];

const OPERATORS: &[&str] = &[
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "BinaryEquals",
    "Bool",
    "DateEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateNotEquals",
    "IpAddress",
    "NotIpAddress",
    "Null",
    "NumericEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericNotEquals",
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
];

/// Checks a document.
pub(super) fn check(document: &Item, whose: PolicyKind, found: &mut Findings) {
    if matches!(document.kind, Kind::Deferred(_) | Kind::Poison | Kind::NoValue | Kind::Scalar(_)) {
        return;
    }
    fits(document, &Want::Object(DOCUMENT), "the policy", Unknown::Refused, found);
    let Some(statement) = document.get("Statement") else { return };
    let one = std::slice::from_ref(&statement.value);
    let statements = match &statement.value.kind {
        Kind::List(items) if items.is_empty() => {
            found.error("M2102", &statement.value.span, "the policy has no statement");
            return;
        }
        Kind::List(items) => items.as_slice(),
        _ => one,
    };
    let mut sids: Vec<&str> = Vec::new();
    for statement in statements {
        match &statement.kind {
            Kind::Map(_) => self::statement(statement, whose, found),
            Kind::Deferred(_) | Kind::Poison | Kind::NoValue => {}
            _ => {
                let message = format!("a statement must be an object, not {}", statement.describe());
                found.error("M2103", &statement.span, message);
            }
        }
        if let Some((sid, span)) = text_of(statement, "Sid") {
            if sids.contains(&sid) && !sid.is_empty() && whose != PolicyKind::Resource {
                found.error("M2107", span, format!("two statements have the Sid `{sid}`"));
            }
            sids.push(sid);
        }
    }
}

/// Checks a managed policy. IAM takes policies of users, groups and roles without a version, as those of 2008-10-17, but of
/// a managed policy it asks for the newer one ("IAM JSON policy elements: Version"; CreatePolicy: "Policy document must be
/// version 2012-10-17 or greater").
pub(super) fn check_managed(document: &Item, found: &mut Findings) {
    check(document, PolicyKind::Identity, found);
    if !matches!(document.kind, Kind::Map(_)) {
        return;
    }
    let help = Some("write `Version: '2012-10-17'`".to_owned());
    match document.get("Version") {
        None => {
            let message = "the policy has no `Version`; a managed policy must be of 2012-10-17";
            found.error("M2102", &document.span, message).help = help;
        }
        Some(member) => {
            if let Kind::Scalar(scalar) = &member.value.kind
                && scalar.text == "2008-10-17"
            {
                let message = "a managed policy must be of Version 2012-10-17, not of 2008-10-17";
                found.error("M2103", &member.value.span, message).help = help;
            }
        }
    }
}

fn statement(item: &Item, whose: PolicyKind, found: &mut Findings) {
    let Kind::Map(members) = &item.kind else { return };
    for member in members {
        if !STATEMENT.contains(&member.key.as_str()) {
            unknown(member, "a statement", STATEMENT.iter().copied(), Unknown::Refused, found);
        }
    }
    let meant = |name: &str| {
        item.get(name).is_some()
            || members.iter().any(|member| {
                !STATEMENT.contains(&member.key.as_str())
                    && suggest(&member.key, STATEMENT.iter().copied()) == Some(name)
            })
    };
    if !meant("Effect") {
        found.error("M2102", &item.span, "the statement has no `Effect`: Allow or Deny");
    } else if let Some(member) = item.get("Effect") {
        fits(&member.value, &Want::OneOf(&["Allow", "Deny"]), "Effect", Unknown::Refused, found);
    }
    pair(item, "Action", true, &meant, found);
    let principal = ["Principal", "NotPrincipal"].into_iter().find_map(|name| item.get(name));
    match (whose, principal) {
        (PolicyKind::Identity, Some(member)) => {
            let message = "a policy of a user, group or role has no principal: it is who has the policy";
            found.error("M2104", &member.key_span, message).help = Some("remove it".into());
        }
        (PolicyKind::Trust | PolicyKind::Resource, None) if !meant("Principal") => {
            let what =
                if whose == PolicyKind::Trust { "who may assume the role" } else { "whom it is about" };
            found.error("M2104", &item.span, format!("the statement has no `Principal`: {what}"));
        }
        (_, Some(member)) => self::principal(&member.value, found),
        _ => {}
    }
    if whose == PolicyKind::Trust {
        if let Some(member) = ["Resource", "NotResource"].into_iter().find_map(|name| item.get(name)) {
            let message = "a trust policy has no resource: it is the role itself";
            found.error("M2104", &member.key_span, message).help = Some("remove it".into());
        }
    } else {
        pair(item, "Resource", true, &meant, found);
    }
    for name in ["Action", "NotAction"] {
        item.get(name)
            .into_iter()
            .for_each(|member| each_text(&member.value, &mut |text, value| action(text, value, found)));
    }
    if let Some(Kind::Map(operators)) = item.get("Condition").map(|member| &member.value.kind) {
        for member in operators {
            let bare = member.key.trim_start_matches("ForAllValues:").trim_start_matches("ForAnyValue:");
            let bare = bare.strip_suffix("IfExists").unwrap_or(bare);
            if !OPERATORS.iter().any(|known| known.eq_ignore_ascii_case(bare)) {
                let near = suggest(bare, OPERATORS.iter().copied());
                let message = format!("`{}` is no operator of a condition", member.key);
                found.error("M2106", &member.key_span, message).help =
                    near.map(|near| format!("did you mean `{near}`?"));
            }
        }
    }
}

/// Exactly one of `Name` and `NotName`.
fn pair(item: &Item, name: &str, required: bool, meant: &dyn Fn(&str) -> bool, found: &mut Findings) {
    let not = format!("Not{name}");
    match (item.get(name), item.get(&not)) {
        (Some(_), Some(member)) => {
            let message = format!("a statement has either `{name}` or `{not}`");
            found.error("M2104", &member.key_span, message);
        }
        (None, None) if required && !meant(name) && !meant(&not) => {
            found.error("M2102", &item.span, format!("the statement has no `{name}`"));
        }
        (Some(member), None) | (None, Some(member)) => {
            if matches!(&member.value.kind, Kind::List(items) if items.is_empty()) {
                found.error("M2102", &member.value.span, format!("`{}` lists nothing", member.key));
            }
        }
        _ => {}
    }
}

fn principal(item: &Item, found: &mut Findings) {
    match &item.kind {
        Kind::Map(members) => {
            for member in members.iter().filter(|member| !PRINCIPALS.contains(&member.key.as_str())) {
                unknown(member, "a principal", PRINCIPALS.iter().copied(), Unknown::Refused, found);
            }
        }
        Kind::Scalar(scalar) if scalar.text != "*" => {
            let message = format!("a principal is `*` or an object, not `{}`", scalar.text);
            found.error("M2103", &item.span, message).help =
                Some("say what it is, for example {Service: ...} or {AWS: ...}".into());
        }
        _ => {}
    }
}

fn action(text: &str, item: &Item, found: &mut Findings) {
    let fine = text == "*"
        || text.split_once(':').is_some_and(|(service, action)| {
            !action.is_empty()
                && !service.is_empty()
                && service.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'*'))
                && action.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'*' | b'?' | b':'))
        });
    if !fine {
        let message = format!("`{text}` is no action");
        found.error("M2105", &item.span, message).help =
            Some("write service:Action, for example s3:GetObject, or *".into());
    }
}

fn each_text(item: &Item, each: &mut dyn FnMut(&str, &Item)) {
    match &item.kind {
        Kind::List(items) => items.iter().for_each(|item| each_text(item, each)),
        Kind::Scalar(scalar) => each(&scalar.text, item),
        _ => {}
    }
}
