//! Callers and sessions. The sandbox checks no signatures: every caller is one administrator.

use serde_json::json;

use crate::sandbox::{Fault, Operation, Reply, Request, World};

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("AssumeRole", assume_role),
    Operation::read("GetCallerIdentity", caller),
    Operation::write("GetSessionToken", session_token),
];

/// The caller everything is done as.
const CALLER: &str = "user/sandbox";

fn caller(world: &mut World, _rq: &Request<'_>) -> Reply {
    Ok(
        json!({"UserId": "AIDASANDBOXCALLER0000", "Account": world.account, "Arn": world.arn("iam", "", CALLER)}),
    )
}

fn credentials(world: &mut World, seconds: i64) -> serde_json::Value {
    let (key, secret, token) = (world.hex(16).to_uppercase(), world.hex(40), world.hex(64));
    let until = world.now_secs() + f64::from(i32::try_from(seconds).unwrap_or(3_600));
    json!({
        "AccessKeyId": format!("ASIA{key}"), "SecretAccessKey": secret, "SessionToken": token, "Expiration": until,
    })
}

fn assume_role(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, session) = (rq.text("RoleArn"), rq.text("RoleSessionName"));
    let role = world.rows("iam.role").find(|(_, role)| role["Arn"] == arn).map(|(_, role)| role.clone());
    let usable = |role: &serde_json::Value| role["_usable"].as_i64().is_none_or(|at| at <= world.now());
    let Some(role) = role.filter(usable) else {
        let message = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            world.arn("iam", "", CALLER)
        );
        return Err(Fault::new("AccessDenied", message).status(403));
    };
    let longest = role["MaxSessionDuration"].as_i64().unwrap_or(3_600);
    let seconds = rq.int("DurationSeconds").unwrap_or(3_600);
    if seconds > longest {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(Fault::new("ValidationError", message));
    }
    let (name, id) =
        (role["RoleName"].as_str().unwrap_or_default(), role["RoleId"].as_str().unwrap_or_default());
    let assumed = world.arn("sts", "", &format!("assumed-role/{name}/{session}"));
    let credentials = credentials(world, seconds);
    Ok(json!({
        "Credentials": credentials,
        "AssumedRoleUser": {"AssumedRoleId": format!("{id}:{session}"), "Arn": assumed},
    }))
}

fn session_token(world: &mut World, rq: &Request<'_>) -> Reply {
    let credentials = credentials(world, rq.int("DurationSeconds").unwrap_or(43_200));
    Ok(json!({"Credentials": credentials}))
}
