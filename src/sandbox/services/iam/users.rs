//! Users, as far as policies and groups need them.

use serde_json::json;

use super::{
    entity::{USER, conflict, keep, paged, under_path},
    roles, tags,
};
use crate::sandbox::{Fault, Reply, Request, World, done, world::durations::IAM_PROPAGATION};

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
    if rq.opt("UserName").is_none() {
        return Err(Fault::new(
            "ValidationError",
            "Must specify userName when calling with non-User credentials",
        ));
    }
    Ok(json!({"User": USER.get(world, rq)?}))
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
    world.remove(USER.table, rq.text("UserName"));
    done()
}

/// `ListAccountAliases`: the account has none.
pub(super) fn aliases(_world: &mut World, rq: &Request<'_>) -> Reply {
    paged(rq, "AccountAliases", Vec::new())
}
