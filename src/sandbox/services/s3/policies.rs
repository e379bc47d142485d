//! Bucket policies: well-formed, about this bucket, for principals that exist, and public only where allowed.

use serde_json::Value as Json;

use super::tables::{denied, setting};
use crate::sandbox::{Fault, World};

fn malformed(message: &str) -> Fault {
    Fault::new("MalformedPolicy", message)
}

/// The statements of a policy; one alone needs no list.
fn statements(document: &Json) -> Vec<&Json> {
    match &document["Statement"] {
        Json::Array(many) => many.iter().collect(),
        Json::Null => Vec::new(),
        one => vec![one],
    }
}

/// The texts of a member that is one text or a list of them.
fn texts(value: &Json) -> Vec<&str> {
    match value {
        Json::String(one) => vec![one.as_str()],
        Json::Array(many) => many.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether a statement of the policy allows something to a service or to everybody.
pub(super) fn names_service(policy: &str, service: &str) -> bool {
    let document: Json = serde_json::from_str(policy).unwrap_or_default();
    statements(&document).into_iter().any(|statement| {
        let principal = &statement["Principal"];
        statement["Effect"] == "Allow"
            && (principal == "*" || texts(&principal["Service"]).contains(&service))
    })
}

/// Whether everybody is allowed something without a condition.
pub(super) fn is_public(policy: &str) -> bool {
    let document: Json = serde_json::from_str(policy).unwrap_or_default();
    statements(&document).into_iter().any(|statement| {
        let principal = &statement["Principal"];
        let everybody = principal == "*" || texts(&principal["AWS"]).contains(&"*");
        statement["Effect"] == "Allow" && everybody && statement["Condition"].is_null()
    })
}

/// Whether an AWS principal is one S3 knows now.
fn known(world: &World, principal: &str) -> bool {
    if principal == "*" || (principal.len() == 12 && principal.bytes().all(|b| b.is_ascii_digit())) {
        return true;
    }
    let parts: Vec<&str> = principal.split(':').collect();
    let ["arn", _, "iam", "", account, name] = parts[..] else {
        // Assumed-role sessions and canonical user ids are not looked up.
        return principal.contains(":sts::") || principal.len() == 64;
    };
    if name == "root" || account != world.account {
        return true;
    }
    if name.starts_with("role/") {
        return world.rows("iam.role").any(|(_, role)| {
            role["Arn"] == principal && role["_usable"].as_i64().is_none_or(|at| at <= world.now())
        });
    }
    world.any("iam.user", |user| user["Arn"] == principal)
}

/// Checks a new bucket policy.
pub(super) fn admit(world: &World, row: &Json, text: &str) -> Result<(), Fault> {
    if text.len() > 20 * 1024 {
        return Err(malformed("Policy exceeds the maximum allowed document size."));
    }
    let document: Json = serde_json::from_str(text)
        .map_err(|_| malformed("Policies must be valid JSON and the first byte must be '{'"))?;
    if !document.is_object() {
        return Err(malformed("Policies must be valid JSON and the first byte must be '{'"));
    }
    let all = statements(&document);
    if all.is_empty() {
        return Err(malformed("Missing required field Statement"));
    }
    let arn = format!("arn:{}:s3:::{}", world.partition(), row["Name"].as_str().unwrap_or_default());
    for statement in all {
        if !matches!(statement["Effect"].as_str(), Some("Allow" | "Deny")) {
            return Err(malformed("Missing required field Effect"));
        }
        let principal = if statement["Principal"].is_null() {
            &statement["NotPrincipal"]
        } else {
            &statement["Principal"]
        };
        if principal.is_null() {
            return Err(malformed("Missing required field Principal"));
        }
        if let Some(text) = principal.as_str()
            && text != "*"
        {
            return Err(malformed("Invalid principal in policy"));
        }
        if !texts(&principal["AWS"]).into_iter().all(|who| known(world, who)) {
            return Err(malformed("Invalid principal in policy"));
        }
        let actions: Vec<&str> =
            texts(&statement["Action"]).into_iter().chain(texts(&statement["NotAction"])).collect();
        if actions.is_empty() {
            return Err(malformed("Missing required field Action"));
        }
        if actions.iter().any(|action| *action != "*" && !action.to_lowercase().starts_with("s3:")) {
            return Err(malformed("Policy has invalid action"));
        }
        let about: Vec<&str> =
            texts(&statement["Resource"]).into_iter().chain(texts(&statement["NotResource"])).collect();
        if about.is_empty() {
            return Err(malformed("Missing required field Resource"));
        }
        let ours = |resource: &&str| {
            *resource == "*" || *resource == arn || resource.starts_with(&format!("{arn}/"))
        };
        if !about.iter().all(ours) {
            return Err(malformed("Policy has invalid resource"));
        }
    }
    if is_public(text) && setting(row, "PublicAccessBlockConfiguration")["BlockPublicPolicy"] == true {
        return Err(denied());
    }
    Ok(())
}
