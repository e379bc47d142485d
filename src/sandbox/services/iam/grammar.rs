//! The grammar of policy documents: what IAM refuses before it looks at anything else, and in which order.
//!
//! After the IAM User Guide, "Grammar of the IAM JSON policy language", and the documents and answers in moto's
//! `test_iam_policies.py`.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::sandbox::Fault;

/// Whose document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// A managed policy: resources, no principals, and the newer version of the language. "A managed policy must have a
    /// version string" (the console, SUSE/suse-best-practices#317), "Policy document must be version 2012-10-17 or greater"
    /// (the API, moto's recordings of `CreatePolicy`).
    Managed,
    /// A user's, group's or role's own: the same, and without a version it is of 2008-10-17 (IAM User Guide, "IAM JSON
    /// policy elements: Version").
    Inline,
    /// A role's trust policy: principals, no resources.
    Trust,
}

/// `MalformedPolicyDocument`.
pub(super) fn malformed(message: impl Into<String>) -> Fault {
    Fault::new("MalformedPolicyDocument", message)
}

fn syntax() -> Fault {
    malformed("Syntax errors in policy.")
}

fn legacy() -> Fault {
    malformed("The policy failed legacy parsing")
}

/// Condition operators without their prefixes (`ForAnyValue:`) and suffix (`IfExists`).
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

/// Partitions that an ARN can name.
const PARTITIONS: &[&str] =
    &["*", "aws", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-us-gov"];

/// What the path of an IAM resource begins with.
const IAM_PATHS: &[&str] = &[
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// The texts of a member that may be one or several.
pub(super) fn texts(value: &Json) -> Vec<&str> {
    match value {
        Json::String(one) => vec![one],
        Json::Array(many) => many.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether a member is a text or a list of texts.
fn textual(value: &Json) -> bool {
    match value {
        Json::String(_) => true,
        Json::Array(many) => many.iter().all(Json::is_string),
        _ => false,
    }
}

/// An operator's plain name; `None` if there is none of that name.
fn operator(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let rest = ["foranyvalue:", "forallvalues:"]
        .iter()
        .find_map(|start| lower.strip_prefix(start))
        .unwrap_or(&lower);
    let plain = rest.strip_suffix("ifexists").filter(|plain| *plain != "null").unwrap_or(rest);
    OPERATORS.iter().find(|known| known.eq_ignore_ascii_case(plain)).copied()
}

fn check_condition(condition: &Json) -> Result<(), Fault> {
    let operators = condition.as_object().ok_or_else(syntax)?;
    for (name, tests) in operators {
        if operator(name).is_none() {
            return Err(syntax());
        }
        for value in tests.as_object().ok_or_else(syntax)?.values() {
            let scalar = |value: &Json| value.is_string() || value.is_boolean() || value.is_number();
            let good = match value {
                Json::Array(many) => many.iter().all(scalar),
                one => scalar(one),
            };
            if !good {
                return Err(syntax());
            }
        }
    }
    Ok(())
}

fn check_statement(statement: &Json, of: Of) -> Result<(), Fault> {
    let members = statement.as_object().ok_or_else(syntax)?;
    for (name, value) in members {
        let good = match name.as_str() {
            "Sid" => value.is_string(),
            "Effect" => value
                .as_str()
                .is_some_and(|effect| ["allow", "deny"].iter().any(|e| effect.eq_ignore_ascii_case(e))),
            "Action" | "NotAction" | "Resource" | "NotResource" => textual(value),
            "Principal" | "NotPrincipal" => match value {
                Json::String(all) => all == "*",
                Json::Object(kinds) => kinds.iter().all(|(kind, who)| {
                    ["AWS", "Service", "Federated", "CanonicalUser"].contains(&kind.as_str()) && textual(who)
                }),
                _ => false,
            },
            "Condition" => {
                check_condition(value)?;
                true
            }
            _ => false,
        };
        if !good {
            return Err(syntax());
        }
    }
    if !members.contains_key("Effect") && !members.is_empty() && of == Of::Trust {
        return Err(syntax());
    }
    let both = |one: &str, other: &str| members.contains_key(one) && members.contains_key(other);
    if !members.contains_key("Effect")
        || both("Action", "NotAction")
        || both("Resource", "NotResource")
        || both("Principal", "NotPrincipal")
    {
        return Err(syntax());
    }
    Ok(())
}

/// The statements of a document that has the right form.
fn parse(text: &str, of: Of) -> Result<Vec<Json>, Fault> {
    let not_json = || if of == Of::Trust { malformed("This policy contains invalid Json") } else { syntax() };
    let document: Json = serde_json::from_str(text).map_err(|_| not_json())?;
    let members = document.as_object().ok_or_else(not_json)?;
    for (name, value) in members {
        let good = match name.as_str() {
            "Version" => value.as_str().is_some_and(|v| ["2012-10-17", "2008-10-17"].contains(&v)),
            "Id" => value.is_string(),
            "Statement" => value.is_object() || value.is_array(),
            _ => false,
        };
        if !good {
            return Err(syntax());
        }
    }
    let statements = match members.get("Statement") {
        Some(Json::Array(many)) => many.clone(),
        Some(one) => vec![one.clone()],
        None => return Err(syntax()),
    };
    if statements.is_empty() {
        return Err(syntax());
    }
    for statement in &statements {
        check_statement(statement, of)?;
    }
    if of == Of::Managed && document["Version"] != "2012-10-17" {
        return Err(malformed("Policy document must be version 2012-10-17 or greater."));
    }
    Ok(statements)
}

/// Whether a text is a date as conditions have it: ISO 8601, or seconds since the epoch.
fn date(text: &str) -> bool {
    if text.contains(['*', '$']) {
        return true;
    }
    if text.parse::<i64>().is_ok() {
        return true;
    }
    let pattern = r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])([Tt]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?([Zz]|[+-]([01]\d|2[0-3]):?[0-5]\d)?)?)?)?$";
    fancy_regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(text).unwrap_or_default())
}

/// What the oldest part of IAM's parser stumbles over: the case of effects, dates, ARNs with too few parts.
fn check_legacy(statements: &[Json]) -> Result<(), Fault> {
    for statement in statements {
        if !matches!(statement["Effect"].as_str(), Some("Allow" | "Deny")) {
            return Err(legacy());
        }
        for (name, tests) in statement["Condition"].as_object().into_iter().flatten() {
            if operator(name).is_none_or(|plain| !plain.starts_with("Date")) {
                continue;
            }
            let values = tests.as_object().into_iter().flatten().flat_map(|(_, value)| texts(value));
            if values.into_iter().any(|value| !date(value)) {
                return Err(legacy());
            }
        }
        let resources = texts(&statement["Resource"]).into_iter().chain(texts(&statement["NotResource"]));
        for resource in resources {
            let parts: Vec<&str> = resource.split(':').collect();
            let arn = parts.len() > 2 && PARTITIONS.contains(&parts[1]);
            if arn && (parts.len() < 6 || parts[2].is_empty()) {
                return Err(legacy());
            }
        }
    }
    Ok(())
}

/// What is wrong with a resource; nothing if it is a pattern or an ARN.
fn resource_problem(resource: &str) -> Option<String> {
    if resource == "*" {
        return None;
    }
    let Some((_, rest)) = resource.split_once(':') else {
        return Some(format!("Resource {resource} must be in ARN format or \"*\"."));
    };
    let parts: Vec<&str> = rest.splitn(5, ':').collect();
    if !PARTITIONS.contains(&parts[0]) {
        let part = |at: usize| {
            parts.get(at).filter(|part| !part.is_empty() || parts.len() > at + 1).map_or("*", |p| p)
        };
        let shown: Vec<&str> = (1..5).map(part).collect();
        return Some(format!(
            "Partition \"{}\" is not valid for resource \"arn:{}:{}\".",
            parts[0],
            parts[0],
            shown.join(":")
        ));
    }
    if parts.len() < 2 {
        return Some("Resource vendor must be fully qualified and cannot contain regexes.".into());
    }
    let (vendor, region, path) =
        (parts[1], parts.get(2).copied().unwrap_or_default(), parts.get(4).copied().unwrap_or_default());
    match vendor {
        "iam" if !region.is_empty() => {
            Some(format!("IAM resource {resource} cannot contain region information."))
        }
        // Access points are of a region, unlike buckets.
        "s3" if !region.is_empty() && region != "*" && !path.starts_with("accesspoint/") => {
            Some(format!("Resource {resource} can not contain region information."))
        }
        "iam"
            if path != "*"
                && !path.starts_with('*')
                && !path.starts_with("${")
                && path != "root"
                && !IAM_PATHS.iter().any(|start| path.starts_with(start)) =>
        {
            Some(format!("IAM resource path must either be \"*\" or start with {}.", IAM_PATHS.join(", ")))
        }
        _ => None,
    }
}

fn check_action(action: &str) -> Result<(), Fault> {
    if action == "*" {
        return Ok(());
    }
    let Some((vendor, name)) = action.split_once(':') else {
        return Err(malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."));
    };
    if name.contains(':') {
        return Err(malformed("Actions/Condition can contain only one colon."));
    }
    if vendor.is_empty() || !vendor.chars().all(|c| c.is_ascii_alphanumeric() || "-.*?".contains(c)) {
        return Err(malformed(format!("Vendor {vendor} is not valid")));
    }
    Ok(())
}

/// The statements of a document, checked.
///
/// # Errors
/// `MalformedPolicyDocument`, as IAM words it.
pub(super) fn check(text: &str, of: Of) -> Result<Vec<Json>, Fault> {
    let statements = parse(text, of)?;
    check_legacy(&statements)?;
    let mut sids = BTreeSet::new();
    for sid in statements.iter().filter_map(|s| s["Sid"].as_str()).filter(|sid| !sid.is_empty()) {
        if of != Of::Trust && !sid.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(malformed(format!(
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]* and that {sid} does"
            )));
        }
        if !sids.insert(sid) {
            return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
        }
    }
    let has = |statement: &Json, one: &str, other: &str| {
        [one, other].iter().any(|member| !texts(&statement[*member]).is_empty())
    };
    // An action without a vendor is told before resources are missed.
    let actions = |statement: &Json| -> Vec<String> {
        let both = texts(&statement["Action"]).into_iter().chain(texts(&statement["NotAction"]));
        both.map(ToOwned::to_owned).collect()
    };
    if statements.iter().any(|statement| !has(statement, "Action", "NotAction")) {
        return Err(malformed("Policy statement must contain actions."));
    }
    if of != Of::Trust {
        for statement in &statements {
            if !statement["Principal"].is_null() || !statement["NotPrincipal"].is_null() {
                return Err(malformed("Policy document should not specify a principal."));
            }
        }
        for action in statements.iter().filter(|s| !has(s, "Resource", "NotResource")).flat_map(&actions) {
            check_action(&action)?;
        }
        if statements.iter().any(|statement| !has(statement, "Resource", "NotResource")) {
            return Err(malformed("Policy statement must contain resources."));
        }
        let resources =
            statements.iter().flat_map(|s| texts(&s["Resource"]).into_iter().chain(texts(&s["NotResource"])));
        if let Some(problem) = resources.into_iter().find_map(resource_problem) {
            return Err(malformed(problem));
        }
    }
    for action in statements.iter().flat_map(&actions) {
        check_action(&action)?;
    }
    Ok(statements)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(document: &Json) -> String {
        check(&document.to_string(), Of::Managed).err().map(|fault| fault.message).unwrap_or_default()
    }

    /// A document of one statement, with members replaced; null takes one away.
    fn with(changes: Json) -> Json {
        let mut statement =
            json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::one/*"});
        for (name, value) in changes.as_object().into_iter().flatten() {
            if value.is_null() {
                statement.as_object_mut().unwrap().remove(name);
            } else {
                statement[name] = value.clone();
            }
        }
        json!({"Version": "2012-10-17", "Statement": statement})
    }

    #[test]
    fn what_is_refused_and_in_which_words() {
        const SYNTAX: &str = "Syntax errors in policy.";
        const LEGACY: &str = "The policy failed legacy parsing";
        const VERSION: &str = "Policy document must be version 2012-10-17 or greater.";
        let plain = with(json!({}))["Statement"].clone();
        let cases = [
            (json!({"Statement": plain}), VERSION),
            (json!({"Version": "2008-10-17", "Statement": plain}), VERSION),
            (json!({"Version": "2020-01-01", "Statement": plain}), SYNTAX),
            (json!({"Version": "2012-10-17", "Statement": plain, "Comment": "x"}), SYNTAX),
            (json!({"Version": "2012-10-17", "Statement": []}), SYNTAX),
            (json!({"Version": "2012-10-17", "Id": [], "Statement": plain}), SYNTAX),
            (with(json!({"Comment": "x"})), SYNTAX),
            (with(json!({"Effect": null})), SYNTAX),
            (with(json!({"Effect": "Perhaps"})), SYNTAX),
            (with(json!({"Effect": "ALLOW"})), LEGACY),
            (with(json!({"Sid": []})), SYNTAX),
            (with(json!({"Action": [[]]})), SYNTAX),
            (with(json!({"NotAction": "s3:PutObject"})), SYNTAX),
            (with(json!({"NotResource": "*"})), SYNTAX),
            (with(json!({"Condition": []})), SYNTAX),
            (with(json!({"Condition": {"StringEqual": {"a": "1"}}})), SYNTAX),
            (with(json!({"Condition": {"Bool": "true"}})), SYNTAX),
            (with(json!({"Condition": {"ForAnyValue::StringLike": {"a": "1"}}})), SYNTAX),
            (with(json!({"Condition": {"DateLessThan": {"a": "tomorrow"}}})), LEGACY),
            (with(json!({"Condition": {"DateLessThan": {"a": "2020-01-01T25:00:00Z"}}})), LEGACY),
            (with(json!({"Action": null})), "Policy statement must contain actions."),
            (with(json!({"Action": []})), "Policy statement must contain actions."),
            (with(json!({"Resource": null})), "Policy statement must contain resources."),
            (with(json!({"Action": "x y:Get"})), "Vendor x y is not valid"),
            (with(json!({"Action": "s3:Get:Object"})), "Actions/Condition can contain only one colon."),
            (with(json!({"Resource": "bucket"})), "Resource bucket must be in ARN format or \"*\"."),
            (with(json!({"Resource": "arn:aws:s3::one"})), LEGACY),
            (with(json!({"Resource": "arn:aws::::one"})), LEGACY),
            (
                with(json!({"Resource": "arn:aws"})),
                "Resource vendor must be fully qualified and cannot contain regexes.",
            ),
            (
                with(json!({"Resource": "arn:oops:s3:::one"})),
                "Partition \"oops\" is not valid for resource \"arn:oops:s3:::one\".",
            ),
            (
                with(json!({"Resource": "a:b:c"})),
                "Partition \"b\" is not valid for resource \"arn:b:c:*:*:*\".",
            ),
            (
                with(json!({"Resource": "arn:aws:iam:eu-west-1::role/x"})),
                "IAM resource arn:aws:iam:eu-west-1::role/x cannot contain region information.",
            ),
            (with(json!({"Principal": "*"})), "Policy document should not specify a principal."),
        ];
        for (document, message) in cases {
            assert_eq!(refused(&document), message, "{document}");
        }
        let path = with(json!({"Resource": "arn:aws:iam::123456789012:thing/x"}));
        assert!(refused(&path).starts_with("IAM resource path must either be"));
        let twice = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "a", "Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Sid": "a", "Effect": "Allow", "Action": "*", "Resource": "*"},
        ]});
        assert_eq!(refused(&twice), "Statement IDs (SID) in a single policy must be unique.");
        assert!(
            refused(&with(json!({"Sid": "two words"})))
                .starts_with("Statement IDs (SID) must be alpha-numeric")
        );
    }

    #[test]
    fn only_a_managed_policy_needs_the_newer_version() {
        let plain = with(json!({}))["Statement"].clone();
        for document in [json!({"Statement": plain}), json!({"Version": "2008-10-17", "Statement": plain})] {
            assert!(check(&document.to_string(), Of::Inline).is_ok(), "{document}");
            assert!(check(&document.to_string(), Of::Managed).is_err(), "{document}");
        }
        let unknown = json!({"Version": "2020-01-01", "Statement": plain});
        assert!(check(&unknown.to_string(), Of::Inline).is_err());
    }

    #[test]
    fn what_is_taken() {
        for document in [
            with(json!({})),
            with(json!({"Action": ["s3:*", "ec2:Describe*"], "Resource": ["arn:aws:s3:::a", "*"]})),
            with(json!({"Action": "*", "Resource": "*"})),
            with(json!({"Condition": {"Bool": {"aws:SecureTransport": false}}})),
            with(json!({"Condition": {"ForAllValues:StringLikeIfExists": {"aws:TagKeys": ["a", "b"]}}})),
            with(json!({"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}})),
            with(json!({"Condition": {"DateLessThan": {"aws:EpochTime": "1767225600"}}})),
            with(json!({"Condition": {}})),
            with(json!({"Resource": "arn:aws:iam::123456789012:role/x"})),
            with(json!({"Resource": "arn:aws-cn:s3:::one"})),
            with(json!({"Action": null, "NotAction": "iam:*"})),
            with(json!({"Resource": null, "NotResource": "arn:aws:sqs:*:*:q"})),
            with(json!({"Sid": ""})),
        ] {
            assert_eq!(refused(&document), "", "{document}");
        }
    }
}
