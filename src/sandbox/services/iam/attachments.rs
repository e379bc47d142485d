//! Managed policies attached to roles, users and groups.

use serde_json::{Value as Json, json};

use super::{
    aws_managed,
    entity::{Entity, GROUP, ROLE, USER, missing, paged},
};
use crate::sandbox::{By, Fault, Reply, Request, World, done, world::durations::IAM_PROPAGATION};

/// How many managed policies one entity takes.
const QUOTA: usize = 10;

fn holds(row: &Json, arn: &str) -> bool {
    row["_attached"].as_array().is_some_and(|list| list.iter().any(|item| item == arn))
}

/// An attached policy as lists show it.
pub(super) fn shown(arn: &str) -> Json {
    json!({"PolicyArn": arn, "PolicyName": arn.rsplit('/').next().unwrap_or(arn)})
}

/// How many entities a policy is attached to.
pub(super) fn count(world: &World, arn: &str) -> usize {
    [&ROLE, &USER, &GROUP].iter().map(|e| world.with(e.table, &By::Path("_attached"), arn).len()).sum()
}

/// Refuses what is no policy's ARN (LocalStack's recordings of AWS, `test_role_attach_policy`).
pub(super) fn check_arn(arn: &str) -> Result<(), Fault> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, "iam", "", _, resource] if resource.starts_with("policy/") => Ok(()),
        ["arn", _, _, _, _, _] => Err(Fault::new("InvalidInput", format!("ARN {arn} is not valid."))),
        _ => Err(Fault::new("ValidationError", "Invalid ARN:  Could not be parsed!")),
    }
}

/// `Attach*Policy`: attaching twice is fine.
pub(super) fn attach(world: &mut World, rq: &Request<'_>, entity: &Entity) -> Reply {
    let arn = rq.text("PolicyArn");
    let row = entity.get(world, rq)?;
    super::roles::modifiable(row)?;
    check_arn(arn)?;
    if world.get("iam.policy", arn).is_none() && !aws_managed::exists(arn) {
        return Err(missing(format!("Policy {arn} does not exist or is not attachable.")));
    }
    if holds(row, arn) {
        return done();
    }
    if row["_attached"].as_array().is_some_and(|list| list.len() >= QUOTA) {
        let message = format!("Cannot exceed quota for PoliciesPer{}: {QUOTA}", entity.title);
        return Err(Fault::new("LimitExceeded", message));
    }
    let usable = world.now() + IAM_PROPAGATION;
    let row = entity.get_mut(world, rq)?;
    if let Some(list) = row["_attached"].as_array_mut() {
        list.push(json!(arn));
    }
    row["_permitted"] = json!(usable);
    done()
}

/// `Detach*Policy`.
pub(super) fn detach(world: &mut World, rq: &Request<'_>, entity: &Entity) -> Reply {
    let arn = rq.text("PolicyArn");
    check_arn(arn)?;
    let row = entity.get_mut(world, rq)?;
    super::roles::modifiable(row)?;
    if !holds(row, arn) {
        return Err(missing(format!("Policy {arn} was not found.")));
    }
    if let Some(list) = row["_attached"].as_array_mut() {
        list.retain(|item| item != arn);
    }
    done()
}

/// `ListAttached*Policies`.
pub(super) fn list(world: &mut World, rq: &Request<'_>, entity: &Entity) -> Reply {
    let prefix = rq.opt("PathPrefix").unwrap_or("/");
    let row = entity.get(world, rq)?;
    let items = row["_attached"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .filter(|arn| arn.split_once(":policy").is_some_and(|(_, path)| path.starts_with(prefix)))
        .map(shown)
        .collect();
    paged(rq, "AttachedPolicies", items)
}

/// `ListEntitiesForPolicy`. A page holds entities of all kinds together.
pub(super) fn entities(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("PolicyArn");
    if world.get("iam.policy", arn).is_none() && !aws_managed::exists(arn) {
        return Err(missing(format!("Policy {arn} was not found.")));
    }
    let boundary = rq.text("PolicyUsageFilter") == "PermissionsBoundary";
    let prefix = rq.opt("PathPrefix").unwrap_or("/");
    let kind = rq.text("EntityFilter");
    let mut items = Vec::new();
    for (entity, filter) in [(&ROLE, "Role"), (&USER, "User"), (&GROUP, "Group")] {
        if !kind.is_empty() && kind != filter {
            continue;
        }
        let path = if boundary { "PermissionsBoundary.PermissionsBoundaryArn" } else { "_attached" };
        for (name, row) in world.with(entity.table, &By::Path(path), arn) {
            if row["Path"].as_str().is_some_and(|path| path.starts_with(prefix)) {
                let id = format!("{}Id", entity.title);
                items.push(json!({"_kind": filter, entity.member: name, id.as_str(): row[&id]}));
            }
        }
    }
    let mut answer = paged(rq, "_all", items)?;
    let page = answer["_all"].take();
    for kind in ["Role", "User", "Group"] {
        let some: Vec<Json> =
            page.as_array().into_iter().flatten().filter(|item| item["_kind"] == kind).cloned().collect();
        answer[format!("Policy{kind}s")] = json!(some);
    }
    Ok(answer)
}
