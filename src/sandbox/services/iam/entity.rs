//! What roles, users and groups have in common: a name, a path, inline and attached policies.
//!
//! Rows live under the entity's name. `_policies` maps inline policy names to their texts, `_attached` lists
//! the ARNs of attached managed policies.

use serde_json::{Value as Json, json};

use crate::sandbox::{By, Fault, Reply, Request, World};

/// A kind of principal.
pub(super) struct Entity {
    /// The world's table.
    pub table: &'static str,
    /// The member that names it in requests and answers.
    pub member: &'static str,
    /// As error messages write it.
    pub noun: &'static str,
    /// The same at the start of a sentence.
    pub title: &'static str,
    /// The total length of inline policies AWS allows.
    pub inline_limit: usize,
}

/// Roles.
pub(super) const ROLE: Entity =
    Entity { table: "iam.role", member: "RoleName", noun: "role", title: "Role", inline_limit: 10_240 };
/// Users.
pub(super) const USER: Entity =
    Entity { table: "iam.user", member: "UserName", noun: "user", title: "User", inline_limit: 2_048 };
/// Groups.
pub(super) const GROUP: Entity =
    Entity { table: "iam.group", member: "GroupName", noun: "group", title: "Group", inline_limit: 5_120 };

impl Entity {
    /// The entity the request names.
    pub(super) fn get<'w>(&self, world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
        world.get(self.table, rq.text(self.member)).ok_or_else(|| self.missing(rq.text(self.member)))
    }

    /// The entity the request names, to be changed.
    pub(super) fn get_mut<'w>(&self, world: &'w mut World, rq: &Request<'_>) -> Result<&'w mut Json, Fault> {
        world.get_mut(self.table, rq.text(self.member)).ok_or_else(|| self.missing(rq.text(self.member)))
    }

    /// No entity of that name.
    pub(super) fn missing(&self, name: &str) -> Fault {
        missing(format!("The {} with name {name} cannot be found.", self.noun))
    }

    /// Whether the name is taken, in whatever case.
    pub(super) fn taken(&self, world: &World, name: &str) -> bool {
        !world.with(self.table, &By::Lower(self.member), &name.to_ascii_lowercase()).is_empty()
    }

    /// A new row; names are unique regardless of case. `id` is the four-letter prefix of unique ids.
    pub(super) fn fresh(&self, world: &mut World, rq: &Request<'_>, id: &str) -> Result<Json, Fault> {
        let name = rq.text(self.member);
        if self.taken(world, name) {
            return Err(Fault::new(
                "EntityAlreadyExists",
                format!("{} with name {name} already exists.", self.title),
            ));
        }
        let path = rq.opt("Path").unwrap_or("/");
        let arn = world.arn("iam", "", &format!("{}{path}{name}", self.noun));
        let unique = unique_id(world, id);
        let (id_member, now) = (format!("{}Id", self.title), world.now_secs());
        Ok(json!({
            self.member: name, "Path": path, "Arn": arn, id_member: unique, "CreateDate": now,
            "_policies": {}, "_attached": [],
        }))
    }

    /// Gives an entity another name, another path, or both; its unique id stays.
    pub(super) fn rename(&self, world: &mut World, old: &str, new: &str, path: Option<&str>) {
        let Some(mut row) = world.remove(self.table, old) else { return };
        let path = path.or(row["Path"].as_str()).unwrap_or("/").to_owned();
        row["Arn"] = json!(world.arn("iam", "", &format!("{}{path}{new}", self.noun)));
        row[self.member] = json!(new);
        row["Path"] = json!(path);
        world.put(self.table, new, row);
    }

    /// Why it cannot be deleted yet.
    pub(super) fn deletable(&self, row: &Json) -> Result<(), Fault> {
        if row["_attached"].as_array().is_some_and(|list| !list.is_empty()) {
            return Err(conflict("Cannot delete entity, must detach all policies first."));
        }
        if row["_policies"].as_object().is_some_and(|map| !map.is_empty()) {
            return Err(conflict("Cannot delete entity, must delete policies first."));
        }
        Ok(())
    }
}

/// `AROA` and seventeen letters and digits.
pub(super) fn unique_id(world: &mut World, prefix: &str) -> String {
    format!("{prefix}{}", world.letters(17, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
}

/// `NoSuchEntity`.
pub(super) fn missing(message: impl Into<String>) -> Fault {
    Fault::new("NoSuchEntity", message)
}

/// `DeleteConflict`.
pub(super) fn conflict(message: impl Into<String>) -> Fault {
    Fault::new("DeleteConflict", message)
}

/// Rows of a table whose path starts as the request wants.
pub(super) fn under_path(world: &World, rq: &Request<'_>, table: &str) -> Vec<Json> {
    let prefix = rq.opt("PathPrefix").unwrap_or("/");
    world
        .rows(table)
        .filter(|(_, row)| row["Path"].as_str().is_some_and(|path| path.starts_with(prefix)))
        .map(|(_, row)| row.clone())
        .collect()
}

/// One page, as all of IAM's lists answer it.
pub(super) fn paged(rq: &Request<'_>, member: &str, items: Vec<Json>) -> Reply {
    let (page, next) = rq.page(items, "MaxItems", "Marker", 100, "ValidationError")?;
    let mut answer = json!({member: page, "IsTruncated": next.is_some()});
    if let Some(next) = next {
        answer["Marker"] = json!(next);
    }
    Ok(answer)
}

/// Copies optional members from the request to the row.
pub(super) fn keep(row: &mut Json, rq: &Request<'_>, members: &[&str]) {
    for member in members {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
}
