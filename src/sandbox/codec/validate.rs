//! Checks a decoded input against the model, as the services' front ends do, and words the refusal in the
//! service's manner.

use serde_json::{Value as Json, json};

use super::model::{Location, Model, Ref, Shape, Type};
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
    /// Of a parameter in the query string or a header, its name there.
    outside: Option<String>,
}

/// Refuses an input that lacks required members or holds values that the model excludes.
pub fn check(service: &str, model: &Model, input: Option<&Ref>, value: &mut Json) -> Result<(), Fault> {
    let Some(reference) = input else { return Ok(()) };
    let mut problems = Vec::new();
    Checker { service, model, problems: &mut problems, outside: None, hidden: false }
        .walk(reference, value, "");
    if !problems.is_empty() {
        return Err(refuse(service, &problems));
    }
    if CASELESS.contains(&service) {
        canonical(model, reference, value);
    }
    Ok(())
}

/// Gives the request's own enumerations the model's spelling, which operations compare with. Settings further in
/// are kept as they were sent: they are shown so again.
fn canonical(model: &Model, reference: &Ref, value: &mut Json) {
    for (name, inner) in value.as_object_mut().into_iter().flatten() {
        let Some(member) = model.shape(reference).members.get(name) else { continue };
        let values = &model.shape(member).values;
        if let Some(text) = inner.as_str()
            && let Some(same) = values.iter().find(|value| value.eq_ignore_ascii_case(text))
        {
            *inner = Json::String(same.clone());
        }
    }
}

/// Values that services take although their models do not list them: `(service, shape, values)`.
const MORE_VALUES: &[(&str, &str, &[&str])] = &[
    // S3 User Guide, "Canned ACL": these apply to buckets too, or are ignored when a bucket is created.
    (
        "s3",
        "BucketCannedACL",
        &["aws-exec-read", "bucket-owner-full-control", "bucket-owner-read", "log-delivery-write"],
    ),
];

/// Services that compare values of enumerations without regard to case: DMS takes `NONE` and `SSE_S3`
/// (`TestAccDMSS3Endpoint_simple`, `TestAccDMSEndpoint_S3_basic` of terraform-provider-aws) where its model has
/// `none` and `sse-s3`.
const CASELESS: &[&str] = &["dms"];

/// What IAM does not repeat although its model does not call it sensitive: ids of credentials for single services and
/// their states, of which not even the values are listed (LocalStack's recordings of AWS, `test_user_match_id_mismatch`,
/// `test_invalid_update_parameters`).
const HIDDEN_IN_IAM: &[&str] = &["serviceSpecificCredentialId", "statusType"];

struct Checker<'a> {
    service: &'a str,
    model: &'a Model,
    problems: &'a mut Vec<Problem>,
    /// The wire name of the query parameter or header that is looked at.
    outside: Option<String>,
    /// Whether a refusal leaves the value out: secrets (LocalStack's recordings of AWS, "Value at 'plaintext' failed
    /// …"), and identifiers of log groups (moto's `test_get_log_events_using_arn`, which AWS passes).
    hidden: bool,
}

impl Checker<'_> {
    /// Whether an enumeration has a value, in the way the service compares them.
    fn listed(&self, shape: &str, values: &[String], text: &str) -> bool {
        // Which regions a bucket can be created in hangs on where the request is sent: the operation looks.
        // Lambda words its refusal of a runtime itself.
        if shape == "BucketLocationConstraint" || (self.service, shape) == ("lambda", "Runtime") {
            return true;
        }
        // DMS's values have hyphens in the model, underscores in its documentation, and it takes both.
        let plain = |text: &str| text.to_ascii_lowercase().replace('_', "-");
        let same = |allowed: &str| {
            allowed == text || CASELESS.contains(&self.service) && plain(allowed) == plain(text)
        };
        let more = |(service, name, values): &(&str, &str, &[&str])| {
            *service == self.service && *name == shape && values.contains(&text)
        };
        values.iter().any(|value| same(value)) || MORE_VALUES.iter().any(more)
    }

    fn problem(&mut self, path: &str, value: &Json, constraint: &str) {
        self.violated(path, written(value), constraint);
    }

    fn violated(&mut self, path: &str, value: String, constraint: &str) {
        let told = if self.hidden { String::new() } else { format!(" '{value}'") };
        let message = format!("Value{told} at '{}' failed to satisfy constraint: {constraint}", camel(path));
        let outside = self.outside.clone();
        self.problems.push(Problem { rule: Rule::Value, path: path.into(), message, value, outside });
    }

    fn range(&mut self, path: &str, value: &Json, size: f64, limits: (Option<f64>, Option<f64>), what: &str) {
        if let Some(min) = limits.0.filter(|min| size < *min) {
            self.problem(path, value, &format!("Member must have {what} greater than or equal to {min}"));
        } else if let Some(max) = limits.1.filter(|max| size > *max) {
            self.problem(path, value, &format!("Member must have {what} less than or equal to {max}"));
        }
    }

    /// The items of a list, or the keys or values of a map. What is wrong with a plain one is said of the whole, with
    /// all that holds for each of them (LocalStack's recordings of AWS, `test_architectures`, `test_vpc_config`,
    /// `test_alias_routingconfig`, …); structures are looked at one by one.
    fn each<'j>(
        &mut self,
        reference: &Ref,
        inner: impl Iterator<Item = (String, &'j Json)>,
        whole: (&str, &Json, &str),
    ) {
        let shape = self.model.shape(reference);
        let plain = !matches!(shape.kind, Type::Structure | Type::List | Type::Map);
        let before = self.problems.len();
        for (path, item) in inner {
            self.walk(reference, item, &path);
        }
        if !plain || self.problems.len() == before {
            return;
        }
        let Some(outside) = self.problems.drain(before..).next().map(|problem| problem.outside) else {
            return;
        };
        let (path, value, subject) = whole;
        self.hidden = shape.sensitive;
        let constraints = self.constraints(shape);
        self.violated(path, written(value), &format!("{subject} must satisfy constraint: [{constraints}]"));
        if let Some(problem) = self.problems.last_mut() {
            problem.outside = outside;
        }
    }

    /// All that must hold of a plain value, in the order in which the front ends say it.
    fn constraints(&self, shape: &Shape) -> String {
        let what = if shape.kind == Type::String || shape.kind == Type::Blob { "length" } else { "value" };
        let number = |limit: f64| match shape.kind {
            Type::Double | Type::Float => format!("{limit:?}"),
            _ => limit.to_string(),
        };
        let mut all = Vec::new();
        if !shape.values.is_empty() {
            all.push(format!("Member must satisfy enum value set: [{}]", shape.values.join(", ")));
        }
        if let Some(most) = shape.max {
            all.push(format!("Member must have {what} less than or equal to {}", number(most)));
        }
        if let Some(least) = shape.min {
            all.push(format!("Member must have {what} greater than or equal to {}", number(least)));
        }
        if let Some(pattern) = &shape.pattern {
            all.push(format!("Member must satisfy regular expression pattern: {pattern}"));
        }
        // Lambda says it of architectures and weights (`test_architectures`, `test_alias_routingconfig`), not of layers,
        // subnets and groups.
        if self.service == "lambda" && (shape.kind == Type::Double || !shape.values.is_empty()) {
            all.push("Member must not be null".to_owned());
        }
        all.join(", ")
    }

    #[expect(clippy::cast_precision_loss, reason = "lengths are small")]
    fn walk(&mut self, reference: &Ref, value: &Json, path: &str) {
        let shape = self.model.shape(reference);
        let limits = (shape.min, shape.max);
        self.hidden = shape.sensitive
            || (self.service == "logs" && path == "logGroupIdentifier")
            || (self.service == "iam" && HIDDEN_IN_IAM.contains(&reference.shape.as_str()));
        match (shape.kind, value) {
            (Type::Structure, Json::Object(members)) => {
                for name in shape.required.iter().filter(|name| !members.contains_key(*name)) {
                    let path = join(path, name);
                    let message = format!(
                        "Value null at '{}' failed to satisfy constraint: Member must not be null",
                        camel(&path)
                    );
                    let value = String::new();
                    self.problems.push(Problem { rule: Rule::Missing, path, message, value, outside: None });
                }
                for (name, inner) in members {
                    if let Some(inner_ref) = shape.members.get(name) {
                        if path.is_empty() {
                            let away =
                                matches!(inner_ref.location, Some(Location::Header | Location::QueryString));
                            let wire = self.model.location_name(inner_ref).unwrap_or(name);
                            self.outside = away.then(|| wire.to_owned());
                        }
                        self.walk(inner_ref, inner, &join(path, name));
                    }
                }
            }
            (Type::List, Json::Array(items)) => {
                self.range(path, value, items.len() as f64, limits, "length");
                // `DescribeInstanceTypes` says itself which of the types are none.
                let looks = (self.service, reference.shape.as_str()) == ("ec2", "RequestInstanceTypeList");
                if let Some(item) = shape.member.as_ref().filter(|_| !looks) {
                    let all =
                        items.iter().enumerate().map(|(at, one)| (format!("{path}.{}.member", at + 1), one));
                    self.each(item, all, (path, value, "Member"));
                }
            }
            (Type::Map, Json::Object(members)) => {
                self.range(path, value, members.len() as f64, limits, "length");
                if let Some(key) = &shape.key {
                    let keys: Vec<Json> = members.keys().map(|name| json!(name)).collect();
                    let all = keys.iter().map(|key| (format!("{path}.key"), key));
                    self.each(key, all, (path, value, "Map keys"));
                }
                if let Some(inner) = &shape.value {
                    let all = members.iter().map(|(name, one)| (format!("{path}.{name}.member"), one));
                    self.each(inner, all, (path, value, "Map value"));
                }
            }
            (Type::String, Json::String(text)) => {
                if !shape.values.is_empty() && !self.listed(&reference.shape, &shape.values, text) {
                    let listed = format!("Member must satisfy enum value set: [{}]", shape.values.join(", "));
                    let bare = self.service == "iam" && self.hidden;
                    self.problem(
                        path,
                        value,
                        if bare { "Member must satisfy enum value set" } else { &listed },
                    );
                    return;
                }
                self.range(path, value, text.chars().count() as f64, limits, "length");
                // The slash between bucket and key may be escaped, as Terraform's provider escapes it
                // (`TestAccS3ObjectCopy_basic`).
                // The names that a policy is excluded by may have wildcards, which the pattern of names does not have ("Wildcard
                // characters are supported to match multiple entities", IAM API Reference, InlinePolicyIdentifierType).
                let plain = match (self.service, reference.shape.as_str()) {
                    ("s3", "CopySource") => text.replace("%2F", "/"),
                    ("iam", "AttachmentName") => text.replace(['*', '?'], ""),
                    _ => text.clone(),
                };
                if shape.regex().is_some_and(|regex| !regex.is_match(&plain).unwrap_or(false)) {
                    let pattern = shape.pattern.as_deref().unwrap_or_default();
                    self.problem(
                        path,
                        value,
                        &format!("Member must satisfy regular expression pattern: {pattern}"),
                    );
                }
            }
            (Type::Blob, Json::String(text)) if limits != (None, None) => {
                let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
                let length = (text.len() / 4 * 3).saturating_sub(padding);
                // Front ends write bytes as Java does.
                let shown = json!(format!("java.nio.HeapByteBuffer[pos=0 lim={length} cap={length}]"));
                self.range(path, &shown, length as f64, limits, "length");
            }
            (Type::Integer | Type::Long | Type::Double | Type::Float, Json::Number(n)) => {
                self.range(path, value, n.as_f64().unwrap_or_default(), limits, "value");
            }
            _ => {}
        }
    }
}

/// A value as the front ends write it: lists as `[a, b]`, maps as `{a=1}`.
fn written(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Json::Object(members) => {
            let all: Vec<String> =
                members.iter().map(|(name, one)| format!("{name}={}", written(one))).collect();
            format!("{{{}}}", all.join(", "))
        }
        other => other.to_string(),
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
        "autoscaling" | "elbv2" | "iam" | "sts" => ("ValidationError", "ValidationError"),
        "sns" => ("InvalidParameter", "InvalidParameter"),
        "route53" => ("InvalidInput", "InvalidInput"),
        "s3" => ("MalformedXML", "MalformedXML"),
        "backup" | "dms" => ("InvalidParameterValueException", "InvalidParameterValueException"),
        "ecs" | "logs" => ("InvalidParameterException", "InvalidParameterException"),
        _ => ("ValidationException", "ValidationException"),
    }
}

/// How S3 refuses a query parameter or a header: with its name and value (LocalStack's recordings of AWS,
/// `test_list_ops_encoding_type_validation`, `test_s3_bucket_acl_exceptions`, `test_bucket_ownership_controls_exc`, …).
fn refuse_argument(name: &str, value: &str) -> Fault {
    let argument = |message: String| {
        let mut fault = Fault::new("InvalidArgument", message);
        fault.members = json!({"ArgumentName": name, "ArgumentValue": value});
        fault
    };
    match name {
        "encoding-type" => argument("Invalid Encoding Method specified in Request".into()),
        "x-amz-acl" => argument(String::new()),
        "x-amz-object-ownership" => argument(format!("Invalid x-amz-object-ownership header: {value}")),
        "x-amz-object-lock-mode" => argument("Unknown wormMode directive.".into()),
        "x-amz-metadata-directive" => argument("Unknown metadata directive.".into()),
        "x-amz-tagging-directive" => argument("Unknown tagging directive.".into()),
        "x-amz-server-side-encryption" => argument("The encryption method specified is not supported".into()),
        "x-amz-storage-class" => {
            let mut fault = Fault::new("InvalidStorageClass", "The storage class you specified is not valid");
            fault.members = json!({"StorageClassRequested": value});
            fault
        }
        "x-amz-sdk-checksum-algorithm" | "x-amz-checksum-algorithm" => Fault::new(
            "InvalidRequest",
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, \
             CRC64NVME, SHA1, SHA256]",
        ),
        _ => argument(format!("Invalid value for {name}")),
    }
}

fn refuse(service: &str, problems: &[Problem]) -> Fault {
    let (missing, bad) = codes(service);
    let first = &problems[0];
    if let ("s3", Some(name)) = (service, &first.outside) {
        return refuse_argument(name, &first.value);
    }
    let code = match (service, first.rule) {
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
        ("s3", _) => {
            "The XML you provided was not well-formed or did not validate against our published schema"
                .to_owned()
        }
        _ => {
            let all: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
            let plural = if all.len() == 1 { "error" } else { "errors" };
            format!("{} validation {plural} detected: {}", all.len(), all.join("; "))
        }
    };
    Fault::new(code, message)
}
