//! Who is calling. Signatures are not checked: an access key that the account has handed out stands for whom it was
//! handed to, any other for the one user that is there from the start.

use serde_json::json;

use crate::sandbox::{Reply, Request, World};

/// The user everything is done as unless an access key says otherwise.
const USER: &str = "sandbox";
/// Its unique id.
const USER_ID: &str = "AIDASANDBOXCALLER0000";
/// Credentials that were lent, by access key.
pub(super) const SESSION: &str = "sts.session";
/// Users' own access keys, by access key.
const ACCESS_KEY: &str = "iam.access-key";

/// A caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Its ARN: a user's, or an assumed role's.
    pub arn: String,
    /// Its unique id; of an assumed role with the session's name.
    pub id: String,
    /// The user's name, if it is a user.
    pub user: Option<String>,
    /// The role's ARN, if it is an assumed role.
    pub role: Option<String>,
}

/// Makes the user that calls; IAM knows it as an administrator.
pub fn ensure_caller(world: &mut World) {
    if world.get("account.region", "caller").is_some() {
        return;
    }
    world.put("account.region", "caller", json!({"_original": true, "_born": 0}));
    let arn = world.arn("iam", "", &format!("user/{USER}"));
    let administrator = format!("arn:{}:iam::aws:policy/AdministratorAccess", world.partition());
    let row = json!({
        "UserName": USER, "UserId": USER_ID, "Arn": arn, "Path": "/", "CreateDate": world.now_secs(),
        "_policies": {}, "_attached": [administrator], "_groups": [], "_original": true, "_born": 0,
    });
    world.put("iam.user", USER, row);
}

/// Who makes a request.
#[must_use]
pub fn caller_of(world: &World, rq: &Request<'_>) -> Caller {
    if let Some(session) = world.get(SESSION, rq.access_key) {
        let text = |member: &str| session[member].as_str().unwrap_or_default().to_owned();
        let role = session["Role"].as_str().map(ToOwned::to_owned);
        let user = session["User"].as_str().map(ToOwned::to_owned);
        return Caller { arn: text("Arn"), id: text("UserId"), user, role };
    }
    let owner = world.get(ACCESS_KEY, rq.access_key).and_then(|key| key["UserName"].as_str());
    let name = owner.unwrap_or(USER);
    let row = world.get("iam.user", name);
    let text = |member: &str| row.and_then(|row| row[member].as_str()).map(ToOwned::to_owned);
    Caller {
        arn: text("Arn").unwrap_or_else(|| world.arn("iam", "", &format!("user/{name}"))),
        id: text("UserId").unwrap_or_else(|| USER_ID.to_owned()),
        user: Some(name.to_owned()),
        role: None,
    }
}

/// `GetCallerIdentity`.
pub(super) fn identity(world: &mut World, rq: &Request<'_>) -> Reply {
    let caller = caller_of(world, rq);
    Ok(json!({"UserId": caller.id, "Account": world.account, "Arn": caller.arn}))
}

/// `GetAccessKeyInfo`: every key belongs to the one account.
pub(super) fn key_info(world: &mut World, _rq: &Request<'_>) -> Reply {
    Ok(json!({"Account": world.account}))
}
