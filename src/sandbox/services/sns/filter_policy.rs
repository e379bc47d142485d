//! Filter policies: what SNS refuses, in its words (LocalStack's recordings of AWS, `test_sns_filter_policy.py`). The
//! place in the text, which AWS adds, is left out.

use serde_json::Value as Json;

/// How many keys a policy has at most.
const KEYS: usize = 5;
/// How many combinations of values a policy stands for at most.
const COMBINATIONS: usize = 150;

/// Why a text is no filter policy for that scope.
pub(super) enum Refusal {
    /// A policy that is wrong in itself.
    Policy(String),
    /// A policy that needs the other scope.
    Scope,
}

fn no<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Policy(why.into()))
}

/// Checks a policy.
pub(super) fn check(text: &str, scope: &str) -> Result<(), Refusal> {
    let Ok(Json::Object(policy)) = serde_json::from_str::<Json>(text) else {
        return no("failed to parse JSON.");
    };
    let mut nested = false;
    let mut keys = 0;
    let combinations = rules(&policy, 1, &mut keys, &mut nested)?;
    if nested && scope != "MessageBody" {
        return Err(Refusal::Scope);
    }
    if keys > KEYS {
        return no(format!("Filter policy can not have more than {KEYS} keys"));
    }
    if combinations > COMBINATIONS {
        return no("Filter policy is too complex");
    }
    Ok(())
}

/// Checks the keys of an object; answers how many combinations of values it stands for.
fn rules(
    object: &serde_json::Map<String, Json>,
    depth: usize,
    keys: &mut usize,
    nested: &mut bool,
) -> Result<usize, Refusal> {
    let mut combinations = 1_usize;
    for (key, value) in object {
        let own = match (key.as_str(), value) {
            ("$or", Json::Array(ways)) if ways.len() > 1 && ways.iter().all(Json::is_object) => {
                let mut sum = 0_usize;
                for way in ways.iter().filter_map(Json::as_object) {
                    sum = sum.saturating_add(rules(way, depth, keys, nested)?);
                }
                sum
            }
            (_, Json::Object(inner)) => {
                *nested = true;
                if inner.is_empty() {
                    return no("Empty objects are not allowed");
                }
                rules(inner, depth + 1, keys, nested)?
            }
            (_, Json::Array(values)) => {
                if values.is_empty() {
                    return no("Empty arrays are not allowed");
                }
                values.iter().try_for_each(condition)?;
                *keys += 1;
                values.len().saturating_mul(depth)
            }
            _ => return no(format!("\"{key}\" must be an object or an array")),
        };
        combinations = combinations.saturating_mul(own);
    }
    Ok(combinations)
}

/// One value of a key: a scalar, or an object of one operator.
fn condition(value: &Json) -> Result<(), Refusal> {
    let operators = match value {
        Json::Array(_) => return no("Match value must be String, number, true, false, or null"),
        Json::Object(operators) => operators,
        _ => return Ok(()),
    };
    let mut all = operators.iter();
    let Some((operator, operand)) = all.next() else { return no("Empty expression") };
    if !known(operator) {
        return no(format!("Unrecognized match type {operator}"));
    }
    if all.next().is_some() {
        return no("Only one key allowed in match expression");
    }
    match operator.as_str() {
        "exists" if !operand.is_boolean() => no("exists match pattern must be either true or false."),
        "prefix" | "suffix" | "equals-ignore-case" | "wildcard" if !operand.is_string() => {
            no(format!("{operator} match pattern must be a string"))
        }
        // AWS words it after the first of these operators.
        "cidr" => match operand.as_str() {
            Some(text) => cidr(text),
            None => no("prefix match pattern must be a string"),
        },
        "numeric" => numeric(operand),
        "anything-but" => anything_but(operand),
        _ => Ok(()),
    }
}

fn known(operator: &str) -> bool {
    matches!(
        operator,
        "exists"
            | "prefix"
            | "suffix"
            | "equals-ignore-case"
            | "wildcard"
            | "cidr"
            | "numeric"
            | "anything-but"
    )
}

fn anything_but(operand: &Json) -> Result<(), Refusal> {
    let scalar = |value: &Json| value.is_string() || value.is_number();
    match operand {
        Json::Object(inner) => match inner.iter().next() {
            Some((operator, value)) if operator == "prefix" => {
                if value.is_string() {
                    Ok(())
                } else {
                    no("prefix match pattern must be a string")
                }
            }
            Some((operator, _)) => no(format!("Unsupported anything-but pattern: {operator}")),
            None => no("Empty expression"),
        },
        Json::Array(values) if !values.is_empty() && values.iter().all(scalar) => Ok(()),
        value if scalar(value) => Ok(()),
        _ => no("Value of anything-but must be an array or single string/number value."),
    }
}

fn cidr(text: &str) -> Result<(), Refusal> {
    let Some((address, mask)) = text.split_once('/') else { return no("Malformed CIDR, one '/' required") };
    if mask.parse::<u8>().is_err() {
        return no("Malformed CIDR, mask bits must be an integer");
    }
    if address.parse::<std::net::IpAddr>().is_err() {
        return no(format!("Nonstandard IP address: {address}"));
    }
    Ok(())
}

/// A number as messages show it.
fn shown(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn numeric(operand: &Json) -> Result<(), Refusal> {
    let Some(terms) = operand.as_array() else { return no("Value of numeric must be an array.") };
    let Some(first) = terms.first() else { return no("Invalid member in numeric match: ]") };
    let Some(operator) = first.as_str() else {
        return no(format!("Invalid member in numeric match: {}", shown(first)));
    };
    let name = if operator == "=" { "equals" } else { operator };
    if !["=", "<", "<=", ">", ">="].contains(&operator) {
        return no(format!("Unrecognized numeric range operator: {operator}"));
    }
    let Some(low) = terms.get(1).and_then(Json::as_f64) else {
        return no(format!("Value of {name} must be numeric"));
    };
    let Some(second) = terms.get(2) else { return Ok(()) };
    if !operator.starts_with('>') {
        return no("Too many elements in numeric expression");
    }
    let Some(second) = second.as_str() else {
        return no(format!("Bad value in numeric range: {}", shown(second)));
    };
    if !["<", "<="].contains(&second) {
        return no(format!("Bad numeric range operator: {second}"));
    }
    let Some(high) = terms.get(3).and_then(Json::as_f64) else {
        return no(format!("Value of {second} must be numeric"));
    };
    if low >= high {
        return no("Bottom must be less than top");
    }
    if terms.len() > 4 {
        return no("Too many terms in numeric range expression");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        match check(text, "MessageAttributes") {
            Ok(()) => String::new(),
            Err(Refusal::Scope) => "scope".into(),
            Err(Refusal::Policy(why)) => why,
        }
    }

    #[test]
    fn policies_are_refused_as_sns_refuses_them() {
        for (policy, why) in [
            (r#"{"k": ["v", 1, null, true]}"#, ""),
            (r#"{"k": [{"prefix": "a"}, {"numeric": [">", 1, "<=", 2]}, {"exists": false}]}"#, ""),
            (r#"{"k": [{"anything-but": ["a", "b"]}, {"anything-but": {"prefix": "x"}}]}"#, ""),
            (r#"{"k": [{"cidr": "10.0.0.0/24"}], "$or": [{"a": ["1"]}, {"b": ["2"]}]}"#, ""),
            ("[]", "failed to parse JSON."),
            (r#"{"k": "v"}"#, "\"k\" must be an object or an array"),
            (r#"{"k": {"prefix": "v"}}"#, "\"prefix\" must be an object or an array"),
            (r#"{"k": {"inner": ["v"]}}"#, "scope"),
            (r#"{"k": []}"#, "Empty arrays are not allowed"),
            (r#"{"k": [["v"]]}"#, "Match value must be String, number, true, false, or null"),
            (r#"{"k": [{"starts": "v"}]}"#, "Unrecognized match type starts"),
            (r#"{"k": [{"suffix": "v", "prefix": "w"}]}"#, "Only one key allowed in match expression"),
            (r#"{"k": [{"suffix": 1}]}"#, "suffix match pattern must be a string"),
            (r#"{"k": [{"exists": "yes"}]}"#, "exists match pattern must be either true or false."),
            (r#"{"k": [{"numeric": []}]}"#, "Invalid member in numeric match: ]"),
            (r#"{"k": [{"numeric": ["="]}]}"#, "Value of equals must be numeric"),
            (r#"{"k": [{"numeric": ["<", 1, ">", 0]}]}"#, "Too many elements in numeric expression"),
            (r#"{"k": [{"numeric": [">", 3, "<", 1]}]}"#, "Bottom must be less than top"),
            (r#"{"k": [{"anything-but": {"suffix": "v"}}]}"#, "Unsupported anything-but pattern: suffix"),
            (r#"{"k": [{"cidr": "10.0.0.0"}]}"#, "Malformed CIDR, one '/' required"),
            (
                r#"{"a": [1], "b": [1], "c": [1], "d": [1], "e": [1], "f": [1]}"#,
                "Filter policy can not have more than 5 keys",
            ),
            (r#"{"a": [1,2,3,4,5,6], "b": [1,2,3,4,5,6], "c": [1,2,3,4,5]}"#, "Filter policy is too complex"),
        ] {
            assert_eq!(refused(policy), why, "{policy}");
        }
        assert!(check(r#"{"k": {"inner": ["v"]}}"#, "MessageBody").is_ok());
    }
}
