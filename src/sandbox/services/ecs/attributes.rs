//! Attributes of container instances.

use serde_json::{Value as Json, json};

use super::{
    cluster,
    instances::{INSTANCES, find},
    invalid,
};
use crate::sandbox::{Fault, Reply, Request, World};

/// "You can specify up to 10 custom attributes for each resource" (API Reference, PutAttributes).
const MOST: usize = 10;

fn check(rq: &Request<'_>) -> Result<(), Fault> {
    let sent = rq.list("attributes");
    if sent.is_empty() || sent.len() > MOST {
        return Err(invalid(format!("Between 1 and {MOST} attributes can be sent at once.")));
    }
    for attribute in sent {
        let name = attribute["name"].as_str().unwrap_or_default();
        let odd = |c: char| !c.is_ascii_alphanumeric() && !"-_./\\".contains(c);
        if name.is_empty() || name.len() > 128 || name.contains(odd) {
            return Err(invalid(format!("Invalid attribute name: '{name}'.")));
        }
        if attribute["value"].as_str().is_some_and(|value| value.len() > 128) {
            return Err(invalid(format!("Invalid value of attribute '{name}': at most 128 characters.")));
        }
    }
    Ok(())
}

/// The keys of the instances that an attribute is about; of one that names no target, all of the cluster's (moto's
/// `test_attributes`).
fn targets(world: &World, rq: &Request<'_>, home: &Json, attribute: &Json) -> Result<Vec<String>, Fault> {
    let Some(target) = attribute["targetId"].as_str() else {
        let here = |row: &Json| row["_cluster"] == home["clusterArn"] && row["status"] != "INACTIVE";
        return Ok(world
            .rows(INSTANCES)
            .filter(|(_, row)| here(row))
            .map(|(key, _)| key.to_owned())
            .collect());
    };
    let found = find(world, rq, home, target).and_then(|row| row["containerInstanceArn"].as_str());
    let absent =
        || Fault::new("TargetNotFoundException", format!("The specified target {target} wasn't found."));
    Ok(vec![found.ok_or_else(absent)?.to_owned()])
}

/// An attribute as it is kept: its name, and its value if it has one.
fn bare(attribute: &Json) -> Json {
    let mut bare = json!({"name": attribute["name"]});
    if attribute["value"].is_string() {
        bare["value"] = attribute["value"].clone();
    }
    bare
}

/// An attribute as answers have it.
fn shown(attribute: &Json, target: &str) -> Json {
    let mut shown = bare(attribute);
    shown["targetId"] = json!(target);
    shown
}

/// `PutAttributes`.
pub fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?.clone();
    check(rq)?;
    let mut changes: Vec<(String, &Json)> = Vec::new();
    for attribute in rq.list("attributes") {
        let keys = targets(world, rq, &home, attribute)?;
        changes.extend(keys.into_iter().map(|key| (key, attribute)));
    }
    // Nothing is put if one of the instances would have too many.
    for (key, _) in &changes {
        let row = world.get(INSTANCES, key).cloned().unwrap_or_default();
        let mut own: std::collections::BTreeSet<String> = row["_own"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(ToOwned::to_owned))
            .collect();
        own.extend(
            changes
                .iter()
                .filter(|(other, _)| other == key)
                .filter_map(|(_, one)| one["name"].as_str())
                .map(ToOwned::to_owned),
        );
        if own.len() > MOST {
            let text = format!("You can apply up to {MOST} custom attributes for each resource.");
            return Err(Fault::new("AttributeLimitExceededException", text));
        }
    }
    let mut answer = Vec::new();
    for (key, attribute) in changes {
        answer.push(shown(attribute, &key));
        let Some(row) = world.get_mut(INSTANCES, &key) else { continue };
        if row["_own"].is_null() {
            row["_own"] = json!([]);
        }
        if let Some(own) = row["_own"].as_array_mut()
            && !own.contains(&attribute["name"])
        {
            own.push(attribute["name"].clone());
        }
        if let Some(all) = row["attributes"].as_array_mut() {
            all.retain(|known| known["name"] != attribute["name"]);
            all.push(bare(attribute));
        }
    }
    Ok(json!({"attributes": answer}))
}

/// `DeleteAttributes`; those that are not there are none to delete.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?.clone();
    check(rq)?;
    let mut answer = Vec::new();
    for attribute in rq.list("attributes") {
        for key in targets(world, rq, &home, attribute)? {
            let Some(row) = world.get_mut(INSTANCES, &key) else { continue };
            let goes = |known: &Json| {
                known["name"] == attribute["name"]
                    && (attribute["value"].is_null() || known["value"] == attribute["value"])
            };
            let Some(all) = row["attributes"].as_array_mut() else { continue };
            answer.extend(all.iter().filter(|known| goes(known)).map(|known| shown(known, &key)));
            let before = all.len();
            all.retain(|known| !goes(known));
            let gone = all.len() < before;
            if gone && let Some(own) = row["_own"].as_array_mut() {
                own.retain(|name| *name != attribute["name"]);
            }
        }
    }
    Ok(json!({"attributes": answer}))
}

/// `ListAttributes`.
pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = cluster(world, rq)?["clusterArn"].clone();
    let mut all = Vec::new();
    for (key, row) in
        world.rows(INSTANCES).filter(|(_, row)| row["_cluster"] == home && row["status"] != "INACTIVE")
    {
        let attributes = row["attributes"].as_array().into_iter().flatten();
        let wanted = attributes
            .filter(|one| rq.opt("attributeName").is_none_or(|name| one["name"] == name))
            .filter(|one| rq.opt("attributeValue").is_none_or(|value| one["value"] == value));
        all.extend(wanted.map(|one| shown(one, key)));
    }
    let (page, next) = rq.page(all, "maxResults", "nextToken", 100, "InvalidParameterException")?;
    Ok(json!({"attributes": page, "nextToken": next}))
}
