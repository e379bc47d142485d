//! Users, as far as policies and groups need them.

use serde_json::json;

use super::{
    credentials, devices,
    entity::{USER, conflict, keep, missing, paged, under_path},
    personal, roles, tags,
};
use crate::sandbox::{Fault, Reply, Request, World, done, services::sts, world::durations::IAM_PROPAGATION};

/// `CreateUser`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    tags::check(rq.list("Tags"))?;
    let mut row = USER.fresh(world, rq, "AIDA")?;
    keep(&mut row, rq, &["Tags"]);
    if let Some(arn) = rq.opt("PermissionsBoundary") {
        row["PermissionsBoundary"] = roles::boundary(world, arn)?;
    }
    row["_groups"] = json!([]);
    row["_usable"] = json!(world.now() + IAM_PROPAGATION);
    world.put(USER.table, rq.text("UserName"), row.clone());
    Ok(json!({"User": row}))
}

/// `GetUser`; without a name, the caller.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    if rq.opt("UserName").is_some() {
        return Ok(json!({"User": USER.get(world, rq)?}));
    }
    let caller = sts::caller_of(world, rq);
    let row = caller.user.as_deref().and_then(|name| world.get(USER.table, name));
    let user = row.ok_or_else(|| {
        Fault::new("ValidationError", "Must specify userName when calling with non-User credentials")
    })?;
    Ok(json!({"User": user}))
}

/// `UpdateUser`: another name or path.
pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("UserName");
    USER.get(world, rq)?;
    let new = rq.opt("NewUserName").unwrap_or(name).to_owned();
    if !new.eq_ignore_ascii_case(name) && USER.taken(world, &new) {
        return Err(Fault::new("EntityAlreadyExists", format!("User with name {new} already exists.")));
    }
    USER.rename(world, name, &new, rq.opt("NewPath"));
    if new != name {
        credentials::rename(world, name, &new);
        devices::rename(world, name, &new);
        personal::rename(world, name, &new);
    }
    done()
}

/// `PutUserPermissionsBoundary`.
pub(super) fn put_boundary(world: &mut World, rq: &Request<'_>) -> Reply {
    USER.get(world, rq)?;
    let boundary = roles::boundary(world, rq.text("PermissionsBoundary"))?;
    USER.get_mut(world, rq)?["PermissionsBoundary"] = boundary;
    done()
}

/// `DeleteUserPermissionsBoundary`.
pub(super) fn delete_boundary(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(members) = USER.get_mut(world, rq)?.as_object_mut() {
        members.remove("PermissionsBoundary");
    }
    done()
}

/// `ListUsers`.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let users = under_path(world, rq, USER.table)
        .into_iter()
        .map(|mut user| {
            if let Some(members) = user.as_object_mut() {
                members.remove("Tags");
                members.remove("PermissionsBoundary");
            }
            user
        })
        .collect();
    paged(rq, "Users", users)
}

/// `DeleteUser`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = USER.get(world, rq)?;
    if row["_groups"].as_array().is_some_and(|groups| !groups.is_empty()) {
        return Err(conflict("Cannot delete entity, must remove users from group first."));
    }
    USER.deletable(row)?;
    let (keys, profile) = credentials::held(world, rq.text("UserName"));
    if keys {
        return Err(conflict("Cannot delete entity, must delete access keys first."));
    }
    if profile {
        return Err(conflict("Cannot delete entity, must delete login profile first."));
    }
    // IAM API Reference, DeleteUser: devices are deactivated first.
    if devices::held(world, rq.text("UserName")) {
        return Err(conflict("Cannot delete entity, must delete MFA device first."));
    }
    if let Some(why) = personal::in_the_way(world, rq.text("UserName")) {
        return Err(conflict(why));
    }
    world.remove(USER.table, rq.text("UserName"));
    done()
}

/// The account's alias: it has one or none.
const ALIAS: &str = "iam.account-alias";

/// `ListAccountAliases`.
pub(super) fn aliases(world: &mut World, rq: &Request<'_>) -> Reply {
    let all = world.rows(ALIAS).map(|(alias, _)| json!(alias)).collect();
    paged(rq, "AccountAliases", all)
}

/// `CreateAccountAlias`: it takes the place of an earlier one.
pub(super) fn create_alias(world: &mut World, rq: &Request<'_>) -> Reply {
    let old: Vec<String> = world.rows(ALIAS).map(|(alias, _)| alias.to_owned()).collect();
    for alias in old {
        world.remove(ALIAS, &alias);
    }
    world.put(ALIAS, rq.text("AccountAlias"), json!({}));
    done()
}

/// `DeleteAccountAlias`.
pub(super) fn delete_alias(world: &mut World, rq: &Request<'_>) -> Reply {
    let alias = rq.text("AccountAlias");
    world
        .remove(ALIAS, alias)
        .map(|_| json!({}))
        .ok_or_else(|| missing(format!("The account alias {alias} cannot be found.")))
}
