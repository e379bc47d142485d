//! What users sign in with: access keys and login profiles. There are no MFA devices, which their lists say: clients
//! look through them before they delete a user. See [`super::personal`] for the rest.

use serde_json::{Value as Json, json};

use super::entity::{USER, missing, paged};
use crate::sandbox::{Fault, Reply, Request, World, done, services::sts};

/// Access keys, by id; STS looks callers up here.
const KEYS: &str = "iam.access-key";
/// Login profiles, by user.
const PROFILES: &str = "iam.login-profile";
/// How many access keys a user has at most.
const QUOTA: usize = 2;
/// The letters of access key ids.
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// The letters of secrets.
const SECRET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The user a request names, or the caller.
pub(super) fn user(world: &World, rq: &Request<'_>) -> Result<String, Fault> {
    match rq.opt("UserName") {
        Some(name) => {
            USER.get(world, rq)?;
            Ok(name.to_owned())
        }
        None => sts::caller_of(world, rq).user.ok_or_else(|| {
            Fault::new("ValidationError", "Must specify userName when calling with non-User credentials")
        }),
    }
}

fn keys<'w>(world: &'w World, user: &str) -> impl Iterator<Item = &'w Json> {
    let user = user.to_owned();
    world.rows(KEYS).map(|(_, row)| row).filter(move |row| row["UserName"] == user.as_str())
}

/// Whether a user has access keys, a login profile.
pub(super) fn held(world: &World, user: &str) -> (bool, bool) {
    (keys(world, user).next().is_some(), world.get(PROFILES, user).is_some())
}

/// Moves what belongs to a user who is renamed.
pub(super) fn rename(world: &mut World, old: &str, new: &str) {
    let ids: Vec<String> =
        keys(world, old).filter_map(|row| row["AccessKeyId"].as_str().map(ToOwned::to_owned)).collect();
    for id in ids {
        if let Some(row) = world.get_mut(KEYS, &id) {
            row["UserName"] = json!(new);
        }
    }
    if let Some(mut row) = world.remove(PROFILES, old) {
        row["UserName"] = json!(new);
        world.put(PROFILES, new, row);
    }
}

/// `CreateAccessKey`: the one time that the secret is shown.
pub(super) fn create_key(world: &mut World, rq: &Request<'_>) -> Reply {
    let user = user(world, rq)?;
    if keys(world, &user).count() >= QUOTA {
        return Err(Fault::new(
            "LimitExceeded",
            format!("Cannot exceed quota for AccessKeysPerUser: {QUOTA}"),
        ));
    }
    let id = format!("AKIA{}", world.letters(16, LETTERS));
    let secret = world.letters(40, SECRET);
    let row = json!({
        "AccessKeyId": id, "UserName": user, "Status": "Active", "CreateDate": world.now_secs(),
    });
    world.put(KEYS, &id, row.clone());
    let mut shown = row;
    shown["SecretAccessKey"] = json!(secret);
    Ok(json!({"AccessKey": shown}))
}

/// The key a request names, if the user has it.
fn key_of(world: &World, rq: &Request<'_>) -> Result<String, Fault> {
    let (user, id) = (user(world, rq)?, rq.text("AccessKeyId"));
    match world.get(KEYS, id) {
        Some(row) if row["UserName"] == user.as_str() => Ok(id.to_owned()),
        _ => Err(missing(format!("The Access Key with id {id} cannot be found."))),
    }
}

/// `DeleteAccessKey`.
pub(super) fn delete_key(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = key_of(world, rq)?;
    world.remove(KEYS, &id);
    done()
}

/// `UpdateAccessKey`.
pub(super) fn update_key(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = key_of(world, rq)?;
    if let Some(row) = world.get_mut(KEYS, &id) {
        row["Status"] = json!(rq.text("Status"));
    }
    done()
}

/// `ListAccessKeys`.
pub(super) fn list_keys(world: &mut World, rq: &Request<'_>) -> Reply {
    let user = user(world, rq)?;
    let mut rows: Vec<Json> = keys(world, &user).cloned().collect();
    let made = |row: &Json| row["CreateDate"].as_f64().unwrap_or_default();
    rows.sort_by(|a, b| made(a).total_cmp(&made(b)));
    paged(rq, "AccessKeyMetadata", rows)
}

/// `GetAccessKeyLastUsed`: uses are not remembered, which AWS words so for keys that were never used.
pub(super) fn key_last_used(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("AccessKeyId");
    let row = world.get(KEYS, id).ok_or_else(|| {
        let message = format!("The user with name {id} cannot be found.");
        missing(message)
    })?;
    Ok(json!({"UserName": row["UserName"], "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}}))
}

fn no_profile(user: &str) -> Fault {
    missing(format!("Login Profile for User {user} cannot be found."))
}

/// `CreateLoginProfile`.
pub(super) fn create_profile(world: &mut World, rq: &Request<'_>) -> Reply {
    let user = user(world, rq)?;
    if world.get(PROFILES, &user).is_some() {
        let message = format!("Login Profile for user {user} already exists.");
        return Err(Fault::new("EntityAlreadyExists", message));
    }
    check_password(world, rq)?;
    let row = json!({
        "UserName": user, "CreateDate": world.now_secs(), "PasswordResetRequired": rq.flag("PasswordResetRequired"),
    });
    world.put(PROFILES, &user, row.clone());
    Ok(json!({"LoginProfile": row}))
}

/// The account's password policy, or the default one: eight characters of three kinds (IAM User Guide, "Default
/// password policy").
fn check_password(world: &World, rq: &Request<'_>) -> Result<(), Fault> {
    type Kind = fn(char) -> bool;
    let Some(password) = rq.opt("Password") else { return Ok(()) };
    let kinds: [(&str, Kind); 4] = [
        ("RequireUppercaseCharacters", |c| c.is_ascii_uppercase()),
        ("RequireLowercaseCharacters", |c| c.is_ascii_lowercase()),
        ("RequireNumbers", |c| c.is_ascii_digit()),
        ("RequireSymbols", |c| !c.is_ascii_alphanumeric()),
    ];
    let used = |kind: Kind| password.chars().any(kind);
    let length = i64::try_from(password.chars().count()).unwrap_or(i64::MAX);
    let fits = match super::account::password_policy(world) {
        Some(policy) => {
            policy["MinimumPasswordLength"].as_i64().is_none_or(|least| length >= least)
                && kinds.iter().all(|(member, kind)| policy[*member] != true || used(*kind))
        }
        None => length >= 8 && kinds.iter().filter(|(_, kind)| used(*kind)).count() >= 3,
    };
    if fits {
        return Ok(());
    }
    let message = "Password does not conform to the account password policy.";
    Err(Fault::new("PasswordPolicyViolation", message))
}

/// `GetLoginProfile`.
pub(super) fn profile(world: &mut World, rq: &Request<'_>) -> Reply {
    let user = user(world, rq)?;
    let row = world.get(PROFILES, &user).ok_or_else(|| no_profile(&user))?;
    Ok(json!({"LoginProfile": row}))
}

/// `UpdateLoginProfile`.
pub(super) fn update_profile(world: &mut World, rq: &Request<'_>) -> Reply {
    let user = user(world, rq)?;
    check_password(world, rq)?;
    let row = world.get_mut(PROFILES, &user).ok_or_else(|| no_profile(&user))?;
    if !rq.get("PasswordResetRequired").is_null() {
        row["PasswordResetRequired"] = json!(rq.flag("PasswordResetRequired"));
    }
    done()
}

/// `DeleteLoginProfile`.
pub(super) fn delete_profile(world: &mut World, rq: &Request<'_>) -> Reply {
    let user = user(world, rq)?;
    world.remove(PROFILES, &user).map(|_| json!({})).ok_or_else(|| no_profile(&user))
}
