//! Groups and their members.

use serde_json::{Value as Json, json};

use super::entity::{GROUP, USER, conflict, missing, paged, under_path};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// `CreateGroup`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = GROUP.fresh(world, rq, "AGPA")?;
    world.put(GROUP.table, rq.text("GroupName"), row.clone());
    Ok(json!({"Group": row}))
}

fn members(world: &World, group: &str) -> Vec<Json> {
    world.rows(USER.table).filter(|(_, user)| in_group(user, group)).map(|(_, user)| user.clone()).collect()
}

fn in_group(user: &Json, group: &str) -> bool {
    user["_groups"].as_array().is_some_and(|groups| groups.iter().any(|name| name == group))
}

/// `GetGroup`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let group = GROUP.get(world, rq)?.clone();
    let mut answer = paged(rq, "Users", members(world, rq.text("GroupName")))?;
    answer["Group"] = group;
    Ok(answer)
}

/// `UpdateGroup`: another name or path.
pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("GroupName");
    GROUP.get(world, rq)?;
    let new = rq.opt("NewGroupName").unwrap_or(name).to_owned();
    if !new.eq_ignore_ascii_case(name) && GROUP.taken(world, &new) {
        return Err(Fault::new("EntityAlreadyExists", format!("Group with name {new} already exists.")));
    }
    let users: Vec<String> = world
        .rows(USER.table)
        .filter(|(_, user)| in_group(user, name))
        .map(|(key, _)| key.to_owned())
        .collect();
    GROUP.rename(world, name, &new, rq.opt("NewPath"));
    for user in users {
        let groups = world.get_mut(USER.table, &user).and_then(|row| row["_groups"].as_array_mut());
        for group in groups.into_iter().flatten().filter(|group| *group == name) {
            *group = json!(new);
        }
    }
    done()
}

/// `ListGroups`.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    paged(rq, "Groups", under_path(world, rq, GROUP.table))
}

/// `ListGroupsForUser`.
pub(super) fn of_user(world: &mut World, rq: &Request<'_>) -> Reply {
    let user = USER.get(world, rq)?;
    let groups = world
        .rows(GROUP.table)
        .filter(|(name, _)| in_group(user, name))
        .map(|(_, row)| row.clone())
        .collect();
    paged(rq, "Groups", groups)
}

/// `AddUserToGroup`.
pub(super) fn add_user(world: &mut World, rq: &Request<'_>) -> Reply {
    let group = rq.text("GroupName");
    GROUP.get(world, rq)?;
    let user = USER.get_mut(world, rq)?;
    if !in_group(user, group)
        && let Some(groups) = user["_groups"].as_array_mut()
    {
        groups.push(json!(group));
    }
    done()
}

/// `RemoveUserFromGroup`.
pub(super) fn remove_user(world: &mut World, rq: &Request<'_>) -> Reply {
    let group = rq.text("GroupName");
    GROUP.get(world, rq)?;
    let user = USER.get_mut(world, rq)?;
    if !in_group(user, group) {
        return Err(missing(format!(
            "The user with name {} is not in the group {group}.",
            rq.text("UserName")
        )));
    }
    if let Some(groups) = user["_groups"].as_array_mut() {
        groups.retain(|name| name != group);
    }
    done()
}

/// `DeleteGroup`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("GroupName");
    let row = GROUP.get(world, rq)?;
    if !members(world, name).is_empty() {
        return Err(conflict("Cannot delete entity, must remove users from group first."));
    }
    GROUP.deletable(row)?;
    world.remove(GROUP.table, name);
    done()
}
