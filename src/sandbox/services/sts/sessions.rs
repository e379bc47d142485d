//! Credentials on loan, and the tags that travel with them.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::caller::{self, SESSION};
use crate::sandbox::{Fault, Reply, Request, World};

/// When a session ends, in milliseconds since the epoch.
const UNTIL: &str = "_until";

/// Whether the credentials were on loan, and the time is over.
#[must_use]
pub fn ended(world: &World, access_key: &str) -> bool {
    let until = world.get(SESSION, access_key).and_then(|session| session[UNTIL].as_i64());
    until.is_some_and(|until| until <= world.now())
}

/// Hands out credentials; `session` says whom they stand for (`Arn`, `UserId`, `Role` or `User`).
pub(super) fn lend(world: &mut World, seconds: i64, mut session: Json) -> Json {
    let (key, secret, token) = (world.hex(16).to_uppercase(), world.hex(40), world.hex(64));
    let key = format!("ASIA{key}");
    let until = world.now_secs() + f64::from(i32::try_from(seconds).unwrap_or(3_600));
    session[UNTIL] = json!(world.now() + seconds * 1000);
    world.put(SESSION, &key, session);
    json!({"AccessKeyId": key, "SecretAccessKey": secret, "SessionToken": token, "Expiration": until})
}

/// `GetSessionToken`: the caller's own, for a while.
pub(super) fn session_token(world: &mut World, rq: &Request<'_>) -> Reply {
    let caller = caller::caller_of(world, rq);
    if caller.role.is_some() {
        return Err(
            Fault::new("AccessDenied", "Cannot call GetSessionToken with session credentials").status(403)
        );
    }
    let session = json!({"Arn": caller.arn, "UserId": caller.id, "User": caller.user});
    let credentials = lend(world, rq.int("DurationSeconds").unwrap_or(43_200), session);
    Ok(json!({"Credentials": credentials}))
}

/// Checks the tags of a session and those that are to travel on (LocalStack's recordings of AWS,
/// `TestSTSAssumeRoleTagging::test_assume_role_tag_validation`). `inherited` are keys that an earlier session passed.
///
/// # Errors
/// `InvalidParameterValue`.
pub(super) fn check_tags(rq: &Request<'_>, inherited: &[Json]) -> Result<(), Fault> {
    let refused = |message: &str| Err(Fault::new("InvalidParameterValue", message));
    let mut keys = BTreeSet::new();
    for tag in rq.list("Tags") {
        let key = tag["Key"].as_str().unwrap_or_default().to_lowercase();
        if !keys.insert(key) {
            return refused("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
        }
    }
    let inherited_key = |key: &str| {
        inherited.iter().any(|tag| tag["Key"].as_str().is_some_and(|k| k.eq_ignore_ascii_case(key)))
    };
    if keys.iter().any(|key| inherited_key(key)) {
        return refused(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
        );
    }
    if rq
        .texts("TransitiveTagKeys")
        .iter()
        .any(|key| !keys.contains(&key.to_lowercase()) && !inherited_key(key))
    {
        return refused("The specified transitive tag key must be included in the requested tags.");
    }
    Ok(())
}
