//! Key policies. Each key has one, named `default`.

use serde_json::{Value as Json, json};

use super::store::{changeable, find_key, paged, row_mut};
use crate::sandbox::{Fault, Reply, Request, World, done};

fn malformed(message: &str) -> Fault {
    Fault::new("MalformedPolicyDocumentException", message)
}

/// The policy of a key that was given none ("Default key policy", KMS Developer Guide).
pub fn default(world: &World) -> String {
    json!({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [{
        "Sid": "Enable IAM User Permissions", "Effect": "Allow",
        "Principal": {"AWS": world.arn("iam", "", "root")}, "Action": "kms:*", "Resource": "*",
    }]})
    .to_string()
}

fn all(value: &Json) -> Vec<&str> {
    match value {
        Json::String(one) => vec![one],
        Json::Array(many) => many.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether an action pattern of a policy covers an action.
fn covers(pattern: &str, action: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, rest)) => action.starts_with(start) && action.ends_with(rest),
        None => pattern.eq_ignore_ascii_case(action),
    }
}

/// A policy's text, if KMS takes it: statements with principals that exist, and somebody in the account who may still
/// change the policy ("lockout safety check", `PutKeyPolicy`).
///
/// # Errors
/// It does not.
pub fn check(world: &World, rq: &Request<'_>, text: &str) -> Result<String, Fault> {
    let policy: Json = serde_json::from_str(text).map_err(|_| malformed("Policy is not valid JSON."))?;
    let statements = match &policy["Statement"] {
        Json::Array(many) => many.clone(),
        one @ Json::Object(_) => vec![one.clone()],
        _ => return Err(malformed("Policy contains no statements.")),
    };
    let mut open = rq.flag("BypassPolicyLockoutSafetyCheck");
    for statement in &statements {
        let principal = &statement["Principal"];
        if principal.is_null() && statement["NotPrincipal"].is_null() {
            return Err(malformed("Policy statement must contain a principal."));
        }
        let accounts = if *principal == "*" { vec!["*"] } else { all(&principal["AWS"]) };
        for name in &accounts {
            exists(world, name)?;
        }
        let mine = |name: &&str| {
            let name = *name;
            name == "*" || name == world.account || name.contains(&format!(":{}:", world.account))
        };
        open |= statement["Effect"] == "Allow"
            && accounts.iter().any(mine)
            && all(&statement["Action"]).iter().any(|pattern| covers(pattern, "kms:PutKeyPolicy"));
    }
    if !open {
        return Err(malformed(
            "The new key policy will not allow you to update the key policy in the future.",
        ));
    }
    Ok(text.to_owned())
}

/// A role or user of this account that a policy names has to be there already.
fn exists(world: &World, principal: &str) -> Result<(), Fault> {
    let mine = format!(":{}:", world.account);
    let Some((_, rest)) = principal.split_once(&mine) else { return Ok(()) };
    let table = match rest.split('/').next() {
        Some("role") => "iam.role",
        Some("user") => "iam.user",
        _ => return Ok(()),
    };
    if world.any(table, |row| row["Arn"] == principal) {
        return Ok(());
    }
    Err(malformed("Policy contains a statement with one or more invalid principals."))
}

fn named(rq: &Request<'_>) -> Result<(), Fault> {
    match rq.opt("PolicyName") {
        None | Some("default") => Ok(()),
        Some(_) => Err(Fault::new("NotFoundException", "No such policy exists")),
    }
}

pub fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = find_key(world, rq, rq.text("KeyId"))?;
    named(rq)?;
    Ok(json!({"Policy": key["_policy"], "PolicyName": "default"}))
}

pub fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = changeable(world, rq)?;
    named(rq)?;
    let policy = check(world, rq, rq.text("Policy"))?;
    if let Some(row) = row_mut(world, &key) {
        row["_policy"] = json!(policy);
    }
    done()
}

pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    find_key(world, rq, rq.text("KeyId"))?;
    paged(rq, "PolicyNames", vec![json!("default")])
}
