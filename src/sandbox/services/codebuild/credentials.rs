//! With what CodeBuild signs in to source providers: one for each kind of provider and region. Tokens are taken and
//! forgotten.
//!
//! API Reference, ImportSourceCredentials, DeleteSourceCredentials.

use serde_json::{Value as Json, json};

use super::{CREDENTIALS, exists, invalid, missing};
use crate::sandbox::{Reply, Request, World};

pub(super) fn import(world: &mut World, rq: &Request<'_>) -> Reply {
    let (server, auth) = (rq.text("serverType"), rq.text("authType"));
    // "username: ... not valid for other types of source providers or connections"; BASIC_AUTH is Bitbucket's.
    if auth == "BASIC_AUTH" && server != "BITBUCKET" {
        return Err(invalid(format!("Auth type BASIC_AUTH is not valid for server type {server}")));
    }
    if auth == "BASIC_AUTH" && rq.opt("username").is_none() {
        return Err(invalid("Username is required for auth type BASIC_AUTH"));
    }
    let arn = world.arn("codebuild", rq.region, &format!("token/{}", server.to_lowercase()));
    let overwrite = rq.get("shouldOverwrite").as_bool().unwrap_or(true);
    if world.get(CREDENTIALS, &arn).is_some() && !overwrite {
        return Err(exists(format!("Access token with server type {server} already exists.")));
    }
    let mut row = json!({"arn": arn, "serverType": server, "authType": auth, "_region": rq.region});
    // "The connection ARN": a connection is named, a token is not shown.
    if matches!(auth, "CODECONNECTIONS" | "SECRETS_MANAGER") {
        row["resource"] = rq.get("token").clone();
    }
    world.put(CREDENTIALS, &arn, row);
    Ok(json!({"arn": arn}))
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("arn");
    match world.remove(CREDENTIALS, arn) {
        Some(_) => Ok(json!({"arn": arn})),
        None => Err(missing(format!("Could not find credentials with ARN {arn}"))),
    }
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let rows = world.rows(CREDENTIALS).map(|(_, row)| row).filter(|row| row["_region"] == rq.region);
    let shown = |row: &Json| -> Json {
        let members = row.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with('_'));
        members.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let all: Vec<Json> = rows.map(shown).collect();
    Ok(json!({"sourceCredentialsInfos": all}))
}
