//! Whether a statement's conditions hold (IAM User Guide, "IAM JSON policy elements: Condition operators" and
//! "Multivalued context keys").

use std::{cmp::Ordering, net::IpAddr};

use serde_json::Value as Json;

use super::patterns::{Context, Piece, Reading, matches, matches_arn, pieces};
use crate::clock::{from_rfc3339, millis};

/// How the values of a key are put to an operator.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    /// The key has one value, and several of the policy are alternatives.
    Plain,
    /// `ForAllValues:`.
    All,
    /// `ForAnyValue:`.
    Any,
}

/// An operator, taken apart.
struct Operator {
    set: Set,
    /// In lower case, without prefix, suffix and `not`.
    plain: String,
    negated: bool,
    if_exists: bool,
}

impl Operator {
    fn of(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        let (set, rest) = match (lower.strip_prefix("forallvalues:"), lower.strip_prefix("foranyvalue:")) {
            (Some(rest), _) => (Set::All, rest),
            (_, Some(rest)) => (Set::Any, rest),
            _ => (Set::Plain, lower.as_str()),
        };
        let (rest, if_exists) = rest.strip_suffix("ifexists").map_or((rest, false), |rest| (rest, true));
        let negated = rest.contains("not");
        Self { set, plain: rest.replacen("not", "", 1), negated, if_exists }
    }
}

/// The values that a policy gives for a key.
pub(super) fn wanted(value: &Json) -> Vec<String> {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    match value {
        Json::Array(many) => many.iter().map(text).collect(),
        one => vec![text(one)],
    }
}

/// A date in milliseconds: ISO 8601, as far as dates of the W3C's profile go, or seconds since the epoch.
pub(super) fn date(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<i64>() {
        // Four digits are a year.
        if text.len() != 4 {
            return seconds.checked_mul(1_000);
        }
    }
    let full = match text.len() {
        4 => format!("{text}-01-01T00:00:00Z"),
        7 => format!("{text}-01T00:00:00Z"),
        10 => format!("{text}T00:00:00Z"),
        17 if text.ends_with('Z') => text.replace('Z', ":00Z"),
        _ => text.to_owned(),
    };
    let with_offset = aws_smithy_types::date_time::Format::DateTimeWithOffset;
    from_rfc3339(&full).map(millis).or_else(|| {
        aws_smithy_types::DateTime::from_str(&full, with_offset).ok().and_then(|at| at.to_millis().ok())
    })
}

/// An address, in the family that it means.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn in_network(network: &str, value: &str) -> bool {
    let Some(value) = address(value) else { return false };
    network
        .parse::<ipnet::IpNet>()
        .map_or_else(|_| address(network) == Some(value), |net| net.contains(&value))
}

fn lower(pieces: &[Piece]) -> Vec<Piece> {
    let one = |piece: &Piece| match piece {
        Piece::Is(character) => Piece::Is(character.to_ascii_lowercase()),
        other => *other,
    };
    pieces.iter().map(one).collect()
}

/// Whether one value of the policy describes one of the request, the operator's negation left out.
fn fits(operator: &str, pattern: &str, value: &str, variables: Option<&Context>) -> bool {
    let wild = matches!(operator, "stringlike" | "arnlike" | "arnequals");
    let Some(pattern) = pieces(pattern, Reading { wild, variables }) else { return false };
    let text = || -> String {
        let character = |piece: &Piece| match piece {
            Piece::Is(character) => *character,
            Piece::Any => '*',
            Piece::One => '?',
        };
        pattern.iter().map(character).collect()
    };
    let ordered = |numbers: Option<Ordering>| match operator {
        "numericequals" | "dateequals" => numbers == Some(Ordering::Equal),
        "numericlessthan" | "datelessthan" => numbers == Some(Ordering::Less),
        "numericlessthanequals" | "datelessthanequals" => numbers.is_some_and(Ordering::is_le),
        "numericgreaterthan" | "dategreaterthan" => numbers == Some(Ordering::Greater),
        _ => numbers.is_some_and(Ordering::is_ge),
    };
    match operator {
        "stringequals" | "stringlike" | "binaryequals" => matches(&pattern, value),
        "stringequalsignorecase" => matches(&lower(&pattern), &value.to_ascii_lowercase()),
        "arnlike" | "arnequals" => matches_arn(&pattern, value, false),
        "bool" => text().eq_ignore_ascii_case(value),
        "ipaddress" => in_network(&text(), value),
        _ if operator.starts_with("numeric") => {
            let number = |text: &str| text.trim().parse::<f64>().ok();
            ordered(number(value).zip(number(&text())).and_then(|(one, other)| one.partial_cmp(&other)))
        }
        _ if operator.starts_with("date") => {
            ordered(date(value).zip(date(&text())).map(|(one, other)| one.cmp(&other)))
        }
        _ => false,
    }
}

/// Whether one key passes one operator.
fn passes(operator: &Operator, key: &str, wanted: &[String], context: &Context, variables: bool) -> bool {
    let values = context.values(key);
    if operator.plain == "null" {
        let absent = values.is_none_or(<[_]>::is_empty);
        return wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case("true") == absent);
    }
    let Some(values) = values else {
        // "If the key is not present, the condition is met": of IfExists, of negated operators, and of ForAllValues.
        return operator.if_exists
            || operator.set == Set::All
            || (operator.negated && operator.set == Set::Plain);
    };
    let variables = variables.then_some(context);
    let good = |value: &String| {
        wanted.iter().any(|pattern| fits(&operator.plain, pattern, value, variables)) != operator.negated
    };
    match operator.set {
        Set::All => values.iter().all(good),
        Set::Any => values.iter().any(good),
        Set::Plain if operator.negated => values.iter().all(good),
        Set::Plain => values.iter().any(good),
    }
}

/// Whether all conditions of a statement hold. `variables`: whether the document's version has them.
pub(super) fn hold(condition: &Json, context: &Context, variables: bool) -> bool {
    condition.as_object().into_iter().flatten().all(|(name, tests)| {
        let operator = Operator::of(name);
        tests
            .as_object()
            .into_iter()
            .flatten()
            .all(|(key, value)| passes(&operator, key, &wanted(value), context, variables))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(condition: Json) -> bool {
        let mut context = Context::default();
        let mut set = |key: &str, values: &[&str]| {
            context.set(key, values.iter().map(|value| (*value).to_owned()).collect());
        };
        set("aws:username", &["ann"]);
        set("aws:SourceIp", &["203.0.113.7"]);
        set("aws:CurrentTime", &["2026-01-02T03:04:05Z"]);
        set("aws:SecureTransport", &["true"]);
        set("s3:max-keys", &["10"]);
        set("aws:TagKeys", &["team", "cost"]);
        set("aws:PrincipalArn", &["arn:aws:iam::123456789012:role/app/one"]);
        set("aws:empty", &[]);
        hold(&condition, &context, true)
    }

    #[test]
    fn every_operator_says_yes_and_no() {
        for (operator, key, good, bad) in [
            ("StringEquals", "aws:UserName", json!(["bob", "ann"]), json!("Ann")),
            ("StringNotEquals", "aws:username", json!("bob"), json!(["ann", "bob"])),
            ("StringEqualsIgnoreCase", "aws:username", json!("ANN"), json!("an*")),
            ("StringNotEqualsIgnoreCase", "aws:username", json!("bob"), json!("ANN")),
            ("StringLike", "aws:username", json!("a?n"), json!("A*")),
            ("StringNotLike", "aws:username", json!("b*"), json!("a*")),
            ("NumericEquals", "s3:max-keys", json!(10), json!("11")),
            ("NumericNotEquals", "s3:max-keys", json!("11"), json!("10.0")),
            ("NumericLessThan", "s3:max-keys", json!("10.5"), json!("10")),
            ("NumericLessThanEquals", "s3:max-keys", json!("10"), json!("9")),
            ("NumericGreaterThan", "s3:max-keys", json!("9"), json!("10")),
            ("NumericGreaterThanEquals", "s3:max-keys", json!("10"), json!("11")),
            ("DateEquals", "aws:CurrentTime", json!("1767323045"), json!("2026-01-02")),
            ("DateNotEquals", "aws:CurrentTime", json!("2026-01-02"), json!("2026-01-02T03:04:05Z")),
            ("DateLessThan", "aws:CurrentTime", json!("2026-01-03"), json!("2026-01-02")),
            ("DateLessThanEquals", "aws:CurrentTime", json!("2026-01-02T03:04:05Z"), json!("2025")),
            ("DateGreaterThan", "aws:CurrentTime", json!("2026-01"), json!("2026-01-02T03:04:05Z")),
            ("DateGreaterThanEquals", "aws:CurrentTime", json!("2026-01-02T03:04:05Z"), json!("2027")),
            ("Bool", "aws:SecureTransport", json!(true), json!("false")),
            ("BinaryEquals", "aws:username", json!("ann"), json!("bob")),
            ("IpAddress", "aws:SourceIp", json!("203.0.113.0/24"), json!("203.0.113.8")),
            ("NotIpAddress", "aws:SourceIp", json!("10.0.0.0/8"), json!("203.0.113.7")),
            (
                "ArnEquals",
                "aws:PrincipalArn",
                json!("arn:aws:iam::*:role/app/*"),
                json!("arn:aws:iam::*:role/one"),
            ),
            ("ArnLike", "aws:PrincipalArn", json!("*"), json!("arn:aws:iam:*")),
            (
                "ArnNotLike",
                "aws:PrincipalArn",
                json!("arn:aws:iam::*:user/*"),
                json!("arn:aws:iam::*:role/*"),
            ),
            ("Null", "aws:username", json!("false"), json!("true")),
            ("Null", "aws:never", json!(true), json!("false")),
            ("StringLike", "aws:PrincipalArn", json!("*/${aws:never, 'one'}"), json!("*/${aws:never}")),
        ] {
            assert!(holds(json!({operator: {key: good}})), "{operator} {key} {good}");
            assert!(!holds(json!({operator: {key: bad}})), "{operator} {key} {bad}");
        }
    }

    #[test]
    fn sets_and_absent_keys() {
        for (operator, key, value, expected) in [
            ("ForAllValues:StringEquals", "aws:TagKeys", json!(["team", "cost", "x"]), true),
            ("ForAllValues:StringEquals", "aws:TagKeys", json!(["team"]), false),
            ("ForAnyValue:StringEquals", "aws:TagKeys", json!(["cost"]), true),
            ("ForAnyValue:StringEquals", "aws:TagKeys", json!(["x"]), false),
            ("ForAllValues:StringNotEquals", "aws:TagKeys", json!(["x"]), true),
            ("ForAllValues:StringNotEquals", "aws:TagKeys", json!(["team"]), false),
            ("ForAnyValue:StringNotEquals", "aws:TagKeys", json!(["team"]), true),
            ("ForAllValues:StringEquals", "aws:empty", json!(["x"]), true),
            ("ForAnyValue:StringEquals", "aws:empty", json!(["x"]), false),
            ("ForAllValues:StringLike", "aws:never", json!("x"), true),
            ("ForAnyValue:StringLike", "aws:never", json!("*"), false),
            ("StringEquals", "aws:never", json!("x"), false),
            ("StringEqualsIfExists", "aws:never", json!("x"), true),
            ("StringEqualsIfExists", "aws:username", json!("x"), false),
            ("StringNotEquals", "aws:never", json!("x"), true),
            ("NotIpAddress", "aws:never", json!("10.0.0.0/8"), true),
            ("NumericLessThan", "aws:username", json!("1"), false),
        ] {
            assert_eq!(holds(json!({operator: {key: value}})), expected, "{operator} {key} {value}");
        }
        assert!(!holds(
            json!({"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:username": "bob"}})
        ));
    }
}
