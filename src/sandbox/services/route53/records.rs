//! Records: changed in atomic batches, listed in the order of names.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{
    changes,
    names::{bare, full, order, set, size},
    rules,
    zones::zone,
};
use crate::sandbox::{Fault, Reply, Request, World};

/// Records by zone, name, type and set identifier.
pub(super) const RECORDS: &str = "route53.record";

/// The key of a record's row: rows of a zone come in the order of names.
pub(super) fn record_key(zone: &str, record: &Json) -> String {
    let text = |member: &str| record[member].as_str().unwrap_or_default();
    format!("{zone}|{}|{}|{}", order(text("Name")).join("\u{1}"), text("Type"), text("SetIdentifier"))
}

/// The records of a zone by row key.
pub(super) fn of_zone(world: &World, zone: &str) -> BTreeMap<String, Json> {
    world
        .rows(RECORDS)
        .filter(|(_, record)| record["_zone"] == zone)
        .map(|(key, record)| (key.to_owned(), record.clone()))
        .collect()
}

/// `[name='www.example.com.', type='A']`, as messages name a record.
fn named(record: &Json) -> String {
    let text = |member: &str| record[member].as_str().unwrap_or_default();
    let set =
        record["SetIdentifier"].as_str().map(|set| format!(", set-identifier='{set}'")).unwrap_or_default();
    format!("[name='{}', type='{}'{set}]", text("Name"), text("Type"))
}

/// What a record says, without the world's own members and in one order of values.
fn content(record: &Json) -> Json {
    let mut out = record.clone();
    if let Some(members) = out.as_object_mut() {
        members.retain(|name, _| !name.starts_with('_'));
    }
    if let Some(values) = out["ResourceRecords"].as_array_mut() {
        values.sort_by_key(Json::to_string);
    } else if let Some(members) = out.as_object_mut() {
        members.remove("ResourceRecords");
    }
    if let Some(name) = out["AliasTarget"]["DNSName"].as_str().map(full) {
        out["AliasTarget"]["DNSName"] = json!(name);
    } else if let Some(members) = out.as_object_mut() {
        members.remove("AliasTarget");
    }
    out
}

pub(super) fn change(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = bare(rq.text("HostedZoneId")).to_owned();
    let home = zone(world, &id)?.clone();
    let batch = rq.get("ChangeBatch");
    let wanted = batch["Changes"].as_array().cloned().unwrap_or_default();
    if wanted.is_empty() || wanted.len() > 1000 {
        return Err(Fault::new("InvalidInput", "A batch has 1 to 1000 changes"));
    }
    for change in &wanted {
        rules::shape(change)?;
        if let Some(check) = change["ResourceRecordSet"]["HealthCheckId"].as_str()
            && change["Action"] != "DELETE"
            && world.get(super::health::CHECKS, check).is_none()
        {
            return Err(Fault::new(
                "NoSuchHealthCheck",
                format!("No health check exists with the specified ID: {check}"),
            )
            .status(404));
        }
    }
    let mut all = of_zone(world, &id);
    let mut problems = Vec::new();
    for change in &wanted {
        let mut record = change["ResourceRecordSet"].clone();
        record["Name"] = json!(full(record["Name"].as_str().unwrap_or_default()));
        if let Some(target) = record["AliasTarget"]["DNSName"].as_str().map(full) {
            record["AliasTarget"]["DNSName"] = json!(target);
        } else if let Some(members) = record.as_object_mut() {
            members.remove("AliasTarget");
        }
        let key = record_key(&id, &record);
        let action = change["Action"].as_str().unwrap_or_default();
        if action == "DELETE" {
            match all.get(&key) {
                None => problems
                    .push(format!("Tried to delete resource record set {} but it was not found", named(&record))),
                Some(old) if content(old) != content(&record) => problems.push(format!(
                    "Tried to delete resource record set {} but the values provided do not match the current values",
                    named(&record)
                )),
                Some(_) => drop(all.remove(&key)),
            }
            continue;
        }
        if action == "CREATE" && all.contains_key(&key) {
            problems.push(format!(
                "Tried to create resource record set {} but it already exists",
                named(&record)
            ));
            continue;
        }
        let found = rules::content(world, &home, &all, &key, &record);
        if found.is_empty() {
            record["_zone"] = json!(id);
            all.insert(key, record);
        } else {
            problems.extend(found);
        }
    }
    if problems.is_empty() {
        problems = rules::whole(&home, &all);
    }
    if !problems.is_empty() {
        let mut fault = Fault::new("InvalidChangeBatch", format!("[{}]", problems.join(", ")));
        fault.members = json!({"messages": problems});
        return Err(fault);
    }
    let before = of_zone(world, &id);
    for key in before.keys().filter(|key| !all.contains_key(*key)) {
        world.remove(RECORDS, key);
    }
    for (key, record) in all {
        if before.get(&key) != Some(&record) {
            world.put(RECORDS, &key, record);
        }
    }
    Ok(json!({"ChangeInfo": changes::note(world, batch["Comment"].as_str())}))
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = bare(rq.text("HostedZoneId")).to_owned();
    zone(world, &id)?;
    if rq.opt("StartRecordType").is_some() && rq.opt("StartRecordName").is_none() {
        return Err(Fault::new("InvalidInput", "The StartRecordType needs a StartRecordName"));
    }
    let key = |record: &Json| {
        let text = |member: &str| record[member].as_str().unwrap_or_default().to_owned();
        (order(&text("Name")), text("Type"), text("SetIdentifier"))
    };
    let mut all: Vec<Json> = of_zone(world, &id).into_values().collect();
    all.sort_by_key(key);
    if let Some(name) = rq.opt("StartRecordName") {
        let from =
            (order(name), rq.text("StartRecordType").to_owned(), rq.text("StartRecordIdentifier").to_owned());
        all.retain(|record| key(record) >= from);
    }
    let most = size(rq, "MaxItems", 300)?;
    let next = all.get(most).cloned();
    all.truncate(most);
    let mut out =
        json!({"ResourceRecordSets": all, "IsTruncated": next.is_some(), "MaxItems": most.to_string()});
    if let Some(next) = next {
        out["NextRecordName"] = next["Name"].clone();
        out["NextRecordType"] = next["Type"].clone();
        set(&mut out, &[("NextRecordIdentifier", next["SetIdentifier"].clone())]);
    }
    Ok(out)
}
