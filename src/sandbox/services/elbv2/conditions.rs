//! Conditions of rules: what Elastic Load Balancing refuses, in its words (API Reference, `RuleCondition`; moto's
//! `test_create_rule_validate_condition`).

use serde_json::Value as Json;

use super::invalid;
use crate::sandbox::Fault;

/// Fields with the member that configures them.
const FIELDS: &[(&str, &str)] = &[
    ("host-header", "HostHeaderConfig"),
    ("http-header", "HttpHeaderConfig"),
    ("http-request-method", "HttpRequestMethodConfig"),
    ("path-pattern", "PathPatternConfig"),
    ("query-string", "QueryStringConfig"),
    ("source-ip", "SourceIpConfig"),
];

/// How long a value is at most.
const LONGEST: usize = 128;
/// How long the name of a header or a method is at most.
const NAME: usize = 40;
/// How many values the conditions of a rule have together at most.
const VALUES: usize = 5;

fn long(what: &str, limit: usize) -> Fault {
    invalid(format!("The '{what}' value is too long; the limit is '{limit}'"))
}

fn texts(value: &Json) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

/// The values of a field that may be given in two ways: as plain values, one at most, or in the field's own member.
fn either<'j>(condition: &'j Json, field: &str, member: &str) -> Result<Vec<&'j str>, Fault> {
    let plain = texts(&condition["Values"]);
    if plain.len() > 1 {
        return Err(invalid(format!("The '{field}' field contains too many values; the limit is '1'")));
    }
    let regex = texts(&condition[member]["RegexValues"]);
    let own = texts(&condition[member]["Values"]);
    let all: Vec<&str> = plain.into_iter().chain(own).chain(regex).collect();
    if all.is_empty() { Err(invalid("A condition value must be specified")) } else { Ok(all) }
}

/// Checks one condition; answers how many values it has.
fn one(condition: &Json) -> Result<usize, Fault> {
    let field = condition["Field"].as_str().unwrap_or_default();
    let Some((_, member)) = FIELDS.iter().find(|(name, _)| *name == field) else {
        let known: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
        return Err(invalid(format!("Condition field '{field}' must be one of '[{}]'", known.join(", "))));
    };
    let config = &condition[*member];
    let needed = || invalid(format!("A '{member}' must be specified with '{field}'"));
    if let Some((_, other)) = FIELDS.iter().find(|(name, m)| *name != field && !condition[*m].is_null()) {
        return Err(invalid(format!("You cannot specify '{other}' with '{field}'")));
    }
    match field {
        "host-header" | "path-pattern" => {
            let values = either(condition, field, member)?;
            if values.iter().any(|value| value.chars().count() > LONGEST) {
                return Err(long(field, LONGEST));
            }
            Ok(values.len())
        }
        "http-header" => {
            if config.is_null() {
                return Err(needed());
            }
            let name = config["HttpHeaderName"].as_str().unwrap_or_default();
            if name.is_empty() {
                return Err(invalid("A 'HttpHeaderName' must be specified in 'HttpHeaderConfig'"));
            }
            if name.chars().count() > NAME {
                return Err(long("HttpHeaderName", NAME));
            }
            let values: Vec<&str> =
                texts(&config["Values"]).into_iter().chain(texts(&config["RegexValues"])).collect();
            if values.is_empty() {
                return Err(invalid("A 'http-header' value must be specified"));
            }
            if values.iter().any(|value| value.chars().count() > LONGEST) {
                return Err(long(field, LONGEST));
            }
            Ok(values.len())
        }
        "http-request-method" => {
            if config.is_null() {
                return Err(needed());
            }
            let values = texts(&config["Values"]);
            if values.is_empty() {
                return Err(invalid("A 'http-request-method' value must be specified"));
            }
            for value in &values {
                if value.chars().count() > NAME {
                    return Err(long(field, NAME));
                }
                if !value.chars().all(|c| c.is_ascii_uppercase() || c == '-' || c == '_') {
                    return Err(invalid(format!(
                        "The '{field}' value is invalid; the allowed characters are A-Z, hyphen and underscore"
                    )));
                }
            }
            Ok(values.len())
        }
        "query-string" => {
            if config.is_null() {
                return Err(needed());
            }
            let pairs = config["Values"].as_array().map_or(&[][..], Vec::as_slice);
            if pairs.is_empty() {
                return Err(invalid("A 'query-string' value must be specified"));
            }
            for pair in pairs {
                if pair["Value"].is_null() {
                    return Err(invalid("A 'Value' must be specified in 'QueryStringKeyValuePair'"));
                }
                for part in ["Key", "Value"] {
                    if pair[part].as_str().is_some_and(|text| text.chars().count() > LONGEST) {
                        return Err(long(part, LONGEST));
                    }
                }
            }
            Ok(pairs.len())
        }
        _ => {
            if config.is_null() {
                return Err(needed());
            }
            let values = texts(&config["Values"]);
            if values.is_empty() {
                return Err(invalid("A 'source-ip' value must be specified"));
            }
            if let Some(bad) = values.iter().find(|value| value.parse::<ipnet::IpNet>().is_err()) {
                return Err(invalid(format!("The 'source-ip' value '{bad}' must be in CIDR format")));
            }
            Ok(values.len())
        }
    }
}

/// Checks the conditions of a rule.
pub(super) fn check(conditions: &[Json]) -> Result<(), Fault> {
    let mut values = 0;
    for condition in conditions {
        values += one(condition)?;
    }
    for single in ["host-header", "path-pattern", "http-request-method", "source-ip"] {
        if conditions.iter().filter(|condition| condition["Field"] == single).count() > 1 {
            return Err(invalid(format!("Rules cannot have multiple '{single}' conditions")));
        }
    }
    if values > VALUES {
        return Err(invalid(format!("A rule can only have '{VALUES}' condition values")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_are_refused_in_the_services_words() {
        let long = "x".repeat(200);
        for (condition, words) in [
            (json!({"Field": "colour", "Values": ["red"]}), "Condition field 'colour' must be one of"),
            (json!({"Field": "host-header"}), "A condition value must be specified"),
            (
                json!({"Field": "host-header", "Values": [long]}),
                "The 'host-header' value is too long; the limit is '128'",
            ),
            (
                json!({"Field": "path-pattern", "Values": ["/a", "/b"]}),
                "The 'path-pattern' field contains too many values; the limit is '1'",
            ),
            (
                json!({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": long, "Values": ["v"]}}),
                "The 'HttpHeaderName' value is too long; the limit is '40'",
            ),
            (
                json!({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["get"]}}),
                "The 'http-request-method' value is invalid; the allowed characters are A-Z, hyphen and underscore",
            ),
            (
                json!({"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "k"}]}}),
                "A 'Value' must be specified in 'QueryStringKeyValuePair'",
            ),
            (json!({"Field": "source-ip"}), "A 'SourceIpConfig' must be specified with 'source-ip'"),
            (
                json!({"Field": "source-ip", "SourceIpConfig": {"Values": ["here"]}}),
                "The 'source-ip' value 'here'",
            ),
        ] {
            let message = check(&[condition]).unwrap_err().message;
            assert!(message.starts_with(words), "{message}");
        }
        let hosts = json!({"Field": "host-header", "HostHeaderConfig": {"Values": ["a", "b", "c"]}});
        assert!(check(std::slice::from_ref(&hosts)).is_ok());
        let paths = json!({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/b", "/c"]}});
        assert_eq!(check(&[hosts, paths]).unwrap_err().message, "A rule can only have '5' condition values");
    }
}
