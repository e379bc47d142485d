//! Instance profiles: each holds at most one role.

use serde_json::{Value as Json, json};

use super::{
    entity::{ROLE, conflict, keep, missing, paged, under_path, unique_id},
    roles, tags,
};
use crate::sandbox::{By, Fault, Reply, Request, World, done};

const TABLE: &str = "iam.instance-profile";

fn absent(name: &str) -> Fault {
    missing(format!("Instance Profile {name} cannot be found."))
}

fn shown(world: &World, row: &Json) -> Json {
    let mut profile = row.clone();
    let list: Vec<Json> = row["_roles"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| world.get(ROLE.table, name.as_str()?).map(roles::shown))
        .collect();
    profile["Roles"] = json!(list);
    profile
}

/// The profiles that a role is in.
pub(super) fn holding(world: &World, role: &str) -> Vec<Json> {
    let found = world.with(TABLE, &By::Path("_roles"), role).into_iter();
    found.map(|(_, row)| shown(world, row)).collect()
}

/// Whether a role is in any profile.
pub(super) fn any_with(world: &World, role: &str) -> bool {
    !world.with(TABLE, &By::Path("_roles"), role).is_empty()
}

/// `CreateInstanceProfile`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("InstanceProfileName");
    tags::check(rq.list("Tags"))?;
    let by = By::Lower("InstanceProfileName");
    if !world.with(TABLE, &by, &name.to_ascii_lowercase()).is_empty() {
        return Err(Fault::new("EntityAlreadyExists", format!("Instance Profile {name} already exists.")));
    }
    let path = rq.opt("Path").unwrap_or("/");
    let mut row = json!({
        "InstanceProfileName": name, "Path": path, "InstanceProfileId": unique_id(world, "AIPA"),
        "Arn": world.arn("iam", "", &format!("instance-profile{path}{name}")), "CreateDate": world.now_secs(),
        "_roles": [],
    });
    keep(&mut row, rq, &["Tags"]);
    world.put(TABLE, name, row.clone());
    Ok(json!({"InstanceProfile": shown(world, &row)}))
}

/// `GetInstanceProfile`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("InstanceProfileName");
    let row = world.get(TABLE, name).ok_or_else(|| absent(name))?;
    Ok(json!({"InstanceProfile": shown(world, row)}))
}

/// `ListInstanceProfiles`.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let rows = under_path(world, rq, TABLE).iter().map(|row| shown(world, row)).collect();
    paged(rq, "InstanceProfiles", rows)
}

/// `ListInstanceProfilesForRole`.
pub(super) fn of_role(world: &mut World, rq: &Request<'_>) -> Reply {
    ROLE.get(world, rq)?;
    let role = rq.text("RoleName");
    let rows =
        world.with(TABLE, &By::Path("_roles"), role).into_iter().map(|(_, row)| shown(world, row)).collect();
    paged(rq, "InstanceProfiles", rows)
}

/// `AddRoleToInstanceProfile`.
pub(super) fn add_role(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, role) = (rq.text("InstanceProfileName"), rq.text("RoleName"));
    ROLE.get(world, rq)?;
    let row = world.get_mut(TABLE, name).ok_or_else(|| absent(name))?;
    if row["_roles"].as_array().is_some_and(|list| !list.is_empty()) {
        return Err(Fault::new(
            "LimitExceeded",
            "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
        ));
    }
    row["_roles"] = json!([role]);
    done()
}

/// `RemoveRoleFromInstanceProfile`.
pub(super) fn remove_role(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, role) = (rq.text("InstanceProfileName"), rq.text("RoleName"));
    ROLE.get(world, rq)?;
    let row = world.get_mut(TABLE, name).ok_or_else(|| absent(name))?;
    if !row["_roles"].as_array().is_some_and(|list| list.iter().any(|name| name == role)) {
        return Err(missing(format!("Role {role} in Instance Profile {name} cannot be found.")));
    }
    row["_roles"] = json!([]);
    done()
}

/// `DeleteInstanceProfile`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("InstanceProfileName");
    let row = world.get(TABLE, name).ok_or_else(|| absent(name))?;
    if row["_roles"].as_array().is_some_and(|list| !list.is_empty()) {
        return Err(conflict("Cannot delete entity, must remove roles from instance profile first."));
    }
    world.remove(TABLE, name);
    done()
}
