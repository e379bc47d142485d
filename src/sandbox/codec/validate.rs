//! Checks a decoded input against the model, as the services' front ends do, and words the refusal in the
//! service's manner.

use serde_json::Value as Json;

use super::model::{Model, Ref, Type};
use crate::sandbox::Fault;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Missing,
    Value,
}

struct Problem {
    rule: Rule,
    path: String,
    /// As the JSON services word it.
    message: String,
    /// The offending value.
    value: String,
}

/// Refuses an input that lacks required members or holds values that the model excludes.
pub fn check(service: &str, model: &Model, input: Option<&Ref>, value: &Json) -> Result<(), Fault> {
    let Some(reference) = input else { return Ok(()) };
    let mut problems = Vec::new();
    Checker { model, problems: &mut problems }.walk(reference, value, "");
    if problems.is_empty() { Ok(()) } else { Err(refuse(service, &problems)) }
}

struct Checker<'a> {
    model: &'a Model,
    problems: &'a mut Vec<Problem>,
}

impl Checker<'_> {
    fn problem(&mut self, path: &str, value: &Json, constraint: &str) {
        let value = match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let message = format!(
            "Value '{value}' at '{}' failed to satisfy constraint: Member must {constraint}",
            camel(path)
        );
        self.problems.push(Problem { rule: Rule::Value, path: path.into(), message, value });
    }

    fn range(&mut self, path: &str, value: &Json, size: f64, limits: (Option<f64>, Option<f64>), what: &str) {
        if let Some(min) = limits.0.filter(|min| size < *min) {
            self.problem(path, value, &format!("have {what} greater than or equal to {min}"));
        } else if let Some(max) = limits.1.filter(|max| size > *max) {
            self.problem(path, value, &format!("have {what} less than or equal to {max}"));
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "lengths are small")]
    fn walk(&mut self, reference: &Ref, value: &Json, path: &str) {
        let shape = self.model.shape(reference);
        let limits = (shape.min, shape.max);
        match (shape.kind, value) {
            (Type::Structure, Json::Object(members)) => {
                for name in shape.required.iter().filter(|name| !members.contains_key(*name)) {
                    let path = join(path, name);
                    let message = format!(
                        "Value null at '{}' failed to satisfy constraint: Member must not be null",
                        camel(&path)
                    );
                    self.problems.push(Problem { rule: Rule::Missing, path, message, value: String::new() });
                }
                for (name, inner) in members {
                    if let Some(inner_ref) = shape.members.get(name) {
                        self.walk(inner_ref, inner, &join(path, name));
                    }
                }
            }
            (Type::List, Json::Array(items)) => {
                self.range(path, value, items.len() as f64, limits, "length");
                if let Some(item) = &shape.member {
                    for (at, inner) in items.iter().enumerate() {
                        self.walk(item, inner, &format!("{path}.{}.member", at + 1));
                    }
                }
            }
            (Type::Map, Json::Object(members)) => {
                self.range(path, value, members.len() as f64, limits, "length");
                for (name, inner) in members {
                    if let Some(key) = &shape.key {
                        self.walk(key, &Json::String(name.clone()), &format!("{path}.key"));
                    }
                    if let Some(inner_ref) = &shape.value {
                        self.walk(inner_ref, inner, &format!("{path}.{name}.member"));
                    }
                }
            }
            (Type::String, Json::String(text)) => {
                if !shape.values.is_empty() && !shape.values.iter().any(|allowed| allowed == text) {
                    self.problem(
                        path,
                        value,
                        &format!("satisfy enum value set: [{}]", shape.values.join(", ")),
                    );
                    return;
                }
                self.range(path, value, text.chars().count() as f64, limits, "length");
                if shape.regex().is_some_and(|regex| !regex.is_match(text).unwrap_or(false)) {
                    let pattern = shape.pattern.as_deref().unwrap_or_default();
                    self.problem(path, value, &format!("satisfy regular expression pattern: {pattern}"));
                }
            }
            (Type::Integer | Type::Long | Type::Double | Type::Float, Json::Number(n)) => {
                self.range(path, value, n.as_f64().unwrap_or_default(), limits, "value");
            }
            _ => {}
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Front ends name members with a lower-case first letter.
fn camel(path: &str) -> String {
    path.split('.')
        .map(|part| {
            let mut chars = part.chars();
            chars
                .next()
                .map(|first| first.to_ascii_lowercase().to_string() + chars.as_str())
                .unwrap_or_default()
        })
        .collect::<Vec<_>>()
        .join(".")
}

/// The code of a validation error by service: for a missing parameter, for a bad value.
fn codes(service: &str) -> (&'static str, &'static str) {
    match service {
        "ec2" | "rds" => ("MissingParameter", "InvalidParameterValue"),
        "cloudwatch" => ("MissingParameter", "ValidationError"),
        "elbv2" | "iam" | "sts" => ("ValidationError", "ValidationError"),
        "sns" => ("InvalidParameter", "InvalidParameter"),
        "route53" => ("InvalidInput", "InvalidInput"),
        "s3" => ("MalformedXML", "MalformedXML"),
        "dms" => ("InvalidParameterValueException", "InvalidParameterValueException"),
        "ecs" | "logs" => ("InvalidParameterException", "InvalidParameterException"),
        _ => ("ValidationException", "ValidationException"),
    }
}

fn refuse(service: &str, problems: &[Problem]) -> Fault {
    let (missing, bad) = codes(service);
    let first = &problems[0];
    let code = match (service, first.rule) {
        // The one value of a document that S3 names in its refusal.
        ("s3", Rule::Value) if first.path.ends_with("LocationConstraint") => "InvalidLocationConstraint",
        (_, Rule::Missing) => missing,
        (_, Rule::Value) => bad,
    };
    let message = match (service, first.rule) {
        ("ec2" | "rds" | "cloudwatch", Rule::Missing) => {
            format!("The request must contain the parameter {}", first.path)
        }
        ("ec2", Rule::Value) => {
            format!(
                "Value ({}) for parameter {} is invalid. {}",
                first.value,
                camel(&first.path),
                first.message
            )
        }
        ("s3", _) => format!(
            "The XML you provided was not well-formed or did not validate against our published schema: {}",
            first.message
        ),
        _ => {
            let all: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
            let plural = if all.len() == 1 { "error" } else { "errors" };
            format!("{} validation {plural} detected: {}", all.len(), all.join("; "))
        }
    };
    Fault::new(code, message)
}
