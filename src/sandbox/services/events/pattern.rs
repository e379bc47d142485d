//! Event patterns: what EventBridge refuses, and which events match (EventBridge User Guide, "Comparison operators for
//! use in event patterns").

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Map, Value as Json};

use crate::sandbox::Fault;

fn wrong(why: impl std::fmt::Display) -> Fault {
    Fault::new("InvalidEventPatternException", format!("Event pattern is not valid. Reason: {why}"))
}

/// A pattern, if the text is one.
pub(super) fn check(text: &str) -> Result<Map<String, Json>, Fault> {
    let Ok(Json::Object(pattern)) = serde_json::from_str::<Json>(text) else {
        return Err(wrong("Filter is not an object"));
    };
    if pattern.is_empty() {
        return Err(wrong("Empty event pattern is not allowed"));
    }
    fields(&pattern)?;
    Ok(pattern)
}

fn fields(pattern: &Map<String, Json>) -> Result<(), Fault> {
    for (name, value) in pattern {
        match value {
            Json::Object(inner) if inner.is_empty() => return Err(wrong("Empty objects are not allowed")),
            Json::Object(inner) => fields(inner)?,
            Json::Array(ways) if name == "$or" && ways.len() > 1 && ways.iter().all(Json::is_object) => {
                ways.iter().filter_map(Json::as_object).try_for_each(fields)?;
            }
            Json::Array(values) if values.is_empty() => return Err(wrong("Empty arrays are not allowed")),
            Json::Array(values) => values.iter().try_for_each(condition)?,
            _ => return Err(wrong(format!("\"{name}\" must be an object or an array"))),
        }
    }
    Ok(())
}

fn condition(value: &Json) -> Result<(), Fault> {
    let operators = match value {
        Json::Array(_) => return Err(wrong("Match value must be String, number, true, false, or null")),
        Json::Object(operators) => operators,
        _ => return Ok(()),
    };
    let mut all = operators.iter();
    let (Some((operator, operand)), None) = (all.next(), all.next()) else {
        return Err(wrong("Only one key allowed in match expression"));
    };
    let text = || {
        if operand.is_string() {
            Ok(())
        } else {
            Err(wrong(format!("{operator} match pattern must be a string")))
        }
    };
    match operator.as_str() {
        // A prefix or suffix may ignore case.
        "prefix" | "suffix" if operand["equals-ignore-case"].is_string() => Ok(()),
        "prefix" | "suffix" | "equals-ignore-case" | "wildcard" => text(),
        "exists" if operand.is_boolean() => Ok(()),
        "exists" => Err(wrong("exists match pattern must be either true or false.")),
        "cidr" if operand.as_str().is_some_and(|text| text.parse::<IpNet>().is_ok()) => Ok(()),
        "cidr" => Err(wrong("Malformed CIDR, one '/' required")),
        "numeric" => numeric(operand).map(drop),
        "anything-but" => match operand {
            Json::Object(inner) => match inner.iter().next() {
                Some((name, value))
                    if ["prefix", "suffix", "equals-ignore-case", "wildcard"].contains(&name.as_str()) =>
                {
                    let texts = value.is_string()
                        || value
                            .as_array()
                            .is_some_and(|all| !all.is_empty() && all.iter().all(Json::is_string));
                    if texts { Ok(()) } else { Err(wrong(format!("{name} match pattern must be a string"))) }
                }
                _ => Err(wrong("Unsupported anything-but pattern")),
            },
            Json::Array(values)
                if values.is_empty() || values.iter().any(|one| one.is_array() || one.is_object()) =>
            {
                Err(wrong("Value of anything-but must be an array or single string/number value."))
            }
            _ => Ok(()),
        },
        other => Err(wrong(format!("Unrecognized match type {other}"))),
    }
}

/// The comparisons of a numeric range.
fn numeric(operand: &Json) -> Result<Vec<(String, f64)>, Fault> {
    let terms = operand.as_array().ok_or_else(|| wrong("Value of numeric must be an array."))?;
    if terms.is_empty() || terms.len() % 2 != 0 || terms.len() > 4 {
        return Err(wrong("Invalid numeric match"));
    }
    terms
        .chunks(2)
        .map(|pair| match (pair[0].as_str(), pair[1].as_f64()) {
            (Some(operator @ ("=" | "<" | "<=" | ">" | ">=")), Some(number)) => {
                Ok((operator.to_owned(), number))
            }
            (Some(operator @ ("=" | "<" | "<=" | ">" | ">=")), None) => {
                Err(wrong(format!("Value of {operator} must be numeric")))
            }
            (operator, _) => {
                Err(wrong(format!("Unrecognized numeric range operator: {}", operator.unwrap_or("?"))))
            }
        })
        .collect()
}

/// Whether an event matches.
pub(super) fn matches(pattern: &Map<String, Json>, event: &Json) -> bool {
    pattern.iter().all(|(name, wanted)| match wanted {
        Json::Object(inner) => match &event[name] {
            // A field of any object of a list counts.
            Json::Array(items) => items.iter().any(|item| matches(inner, item)),
            value => matches(inner, value),
        },
        Json::Array(ways) if name == "$or" && ways.iter().all(Json::is_object) => {
            ways.iter().filter_map(Json::as_object).any(|way| matches(way, event))
        }
        Json::Array(conditions) => {
            let values: Vec<&Json> = match event.get(name) {
                None => Vec::new(),
                Some(Json::Array(items)) => items.iter().collect(),
                Some(one) => vec![one],
            };
            conditions.iter().any(|condition| fits(condition, &values, event.get(name).is_some()))
        }
        _ => false,
    })
}

fn fits(condition: &Json, values: &[&Json], present: bool) -> bool {
    let Some((operator, operand)) = condition.as_object().and_then(|one| one.iter().next()) else {
        return values.iter().any(|value| same(value, condition));
    };
    let texts = |test: &dyn Fn(&str) -> bool| values.iter().filter_map(|value| value.as_str()).any(test);
    match operator.as_str() {
        "exists" => operand.as_bool() == Some(present),
        "anything-but" => present && values.iter().all(|value| !excluded(operand, value)),
        "numeric" => values.iter().filter_map(|value| value.as_f64()).any(|value| {
            numeric(operand).unwrap_or_default().iter().all(|(operator, bound)| match operator.as_str() {
                "=" => (value - bound).abs() < f64::EPSILON,
                "<" => value < *bound,
                "<=" => value <= *bound,
                ">" => value > *bound,
                _ => value >= *bound,
            })
        }),
        "cidr" => texts(&|text| {
            let net = operand.as_str().and_then(|net| net.parse::<IpNet>().ok());
            matches!((net, text.parse::<IpAddr>()), (Some(net), Ok(address)) if net.contains(&address))
        }),
        name => texts(&|text| text_fits(name, operand, text)),
    }
}

/// Numbers are equal however they are written.
fn same(a: &Json, b: &Json) -> bool {
    a == b || matches!((a.as_f64(), b.as_f64()), (Some(x), Some(y)) if (x - y).abs() < f64::EPSILON)
}

fn excluded(operand: &Json, value: &Json) -> bool {
    match operand {
        Json::Array(all) => all.iter().any(|one| same(one, value)),
        Json::Object(inner) => inner.iter().any(|(name, wanted)| {
            let Some(text) = value.as_str() else { return false };
            match wanted {
                Json::Array(all) => all.iter().any(|one| text_fits(name, one, text)),
                one => text_fits(name, one, text),
            }
        }),
        one => same(one, value),
    }
}

fn text_fits(operator: &str, operand: &Json, text: &str) -> bool {
    let (wanted, text) = match operand["equals-ignore-case"].as_str() {
        Some(wanted) => (wanted.to_lowercase(), text.to_lowercase()),
        None => (operand.as_str().unwrap_or_default().to_owned(), text.to_owned()),
    };
    match operator {
        "prefix" => text.starts_with(&wanted),
        "suffix" => text.ends_with(&wanted),
        "equals-ignore-case" => text.to_lowercase() == wanted.to_lowercase(),
        "wildcard" => wildcard(wanted.as_bytes(), text.as_bytes()),
        _ => false,
    }
}

/// Whether a text fits a pattern in which `*` stands for anything.
pub(super) fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', rest @ ..] => (0..=text.len()).any(|skip| wildcard(rest, &text[skip..])),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => {
            text.first() == Some(literal) && wildcard(rest, &text[1..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_match_as_the_user_guide_says() {
        let event = json!({
            "source": "aws.dms", "detail-type": "DMS Replication Task State Change",
            "resources": ["arn:aws:dms:us-east-1:123456789012:task:ABC"],
            "detail": {"type": "REPLICATION_TASK", "category": "StateChange", "count": 5, "ip": "10.0.0.9", "null": null},
        });
        for (pattern, wanted) in [
            (json!({"source": ["aws.dms"], "detail": {"type": ["REPLICATION_TASK"]}}), true),
            (json!({"source": ["aws.ec2"]}), false),
            (json!({"resources": ["arn:aws:dms:us-east-1:123456789012:task:ABC", "other"]}), true),
            (json!({"resources": [{"suffix": ":task:ABC"}]}), true),
            (json!({"detail": {"count": [{"numeric": [">", 1, "<=", 5]}]}}), true),
            (json!({"detail": {"count": [{"numeric": ["<", 5]}]}}), false),
            (json!({"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}), true),
            (json!({"detail": {"none": [{"exists": false}]}}), true),
            (json!({"detail": {"type": [{"exists": false}]}}), false),
            (json!({"detail": {"category": [{"anything-but": ["StateChange"]}]}}), false),
            (json!({"detail": {"category": [{"anything-but": {"prefix": "Fail"}}]}}), true),
            (json!({"detail": {"type": [{"equals-ignore-case": "replication_task"}]}}), true),
            (json!({"detail": {"type": [{"wildcard": "REP*_TASK"}]}}), true),
            (json!({"detail": {"null": [null]}}), true),
            (json!({"$or": [{"source": ["x"]}, {"detail": {"count": [5]}}]}), true),
            (json!({"missing": ["x"]}), false),
        ] {
            let parsed = check(&pattern.to_string()).unwrap();
            assert_eq!(matches(&parsed, &event), wanted, "{pattern}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for pattern in [
            "[]",
            "{}",
            r#"{"source": "aws.dms"}"#,
            r#"{"source": []}"#,
            r#"{"detail": {}}"#,
            r#"{"source": [{"starts": "x"}]}"#,
            r#"{"a": [{"numeric": [">", "x"]}]}"#,
            r#"{"a": [["x"]]}"#,
            r#"{"a": [{"exists": "yes"}]}"#,
            r#"{"a": [{"cidr": "10.0.0.0"}]}"#,
            r#"{"a": [{"anything-but": []}]}"#,
        ] {
            assert_eq!(check(pattern).unwrap_err().code, "InvalidEventPatternException", "{pattern}");
        }
    }
}
