//! Inline policies of roles, users and groups.

use serde_json::{Value as Json, json};

use super::{
    documents,
    entity::{Entity, missing, paged},
};
use crate::sandbox::{Fault, Reply, Request, World, done, world::durations::IAM_PROPAGATION};

fn absent(entity: &Entity, name: &str) -> Fault {
    missing(format!("The {} policy with name {name} cannot be found.", entity.noun))
}

/// `Put*Policy`: overwrites silently.
pub(super) fn put(world: &mut World, rq: &Request<'_>, entity: &Entity) -> Reply {
    let (policy, text) = (rq.text("PolicyName"), rq.text("PolicyDocument"));
    let row = entity.get(world, rq)?;
    super::roles::modifiable(row)?;
    documents::check_inline(text)?;
    let others: usize = row["_policies"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| *name != policy)
        .map(|(_, old)| documents::length(old.as_str().unwrap_or_default()))
        .sum();
    if others + documents::length(text) > entity.inline_limit {
        let (limit, noun, name) = (entity.inline_limit, entity.noun, rq.text(entity.member));
        let message = format!("Maximum policy size of {limit} bytes exceeded for {noun} {name}");
        return Err(Fault::new("LimitExceeded", message));
    }
    let usable = world.now() + IAM_PROPAGATION;
    let row = entity.get_mut(world, rq)?;
    row["_policies"][policy] = json!(text);
    row["_permitted"] = json!(usable);
    done()
}

/// `Get*Policy`.
pub(super) fn get(world: &mut World, rq: &Request<'_>, entity: &Entity) -> Reply {
    let policy = rq.text("PolicyName");
    let row = entity.get(world, rq)?;
    let text = row["_policies"][policy].as_str().ok_or_else(|| absent(entity, policy))?;
    Ok(json!({
        entity.member: row[entity.member], "PolicyName": policy, "PolicyDocument": documents::encoded(text),
    }))
}

/// `List*Policies`.
pub(super) fn list(world: &mut World, rq: &Request<'_>, entity: &Entity) -> Reply {
    let row = entity.get(world, rq)?;
    let names: Vec<Json> =
        row["_policies"].as_object().into_iter().flatten().map(|(name, _)| json!(name)).collect();
    paged(rq, "PolicyNames", names)
}

/// `Delete*Policy`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>, entity: &Entity) -> Reply {
    let policy = rq.text("PolicyName");
    let row = entity.get_mut(world, rq)?;
    super::roles::modifiable(row)?;
    let gone = row["_policies"].as_object_mut().and_then(|map| map.remove(policy));
    gone.map(|_| json!({})).ok_or_else(|| absent(entity, policy))
}
