//! Multi-Region keys: replicas, and which of them is the primary.

use serde_json::{Value as Json, json};

use super::{
    material::family,
    policies,
    store::{KEY, find, find_key, public, state},
    tags,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// "This key state changes to Enabled after a few seconds" (`ReplicateKey`).
const CREATES: i64 = 5_000;
/// How long primary and replica are Updating: no page says; AWS's guide has callers poll.
const UPDATES: i64 = 30_000;

fn unsupported(message: String) -> Fault {
    Fault::new("UnsupportedOperationException", message)
}

/// A primary key that is ready for it.
fn primary(world: &World, rq: &Request<'_>) -> Result<Json, Fault> {
    let key = find_key(world, rq, rq.text("KeyId"))?;
    if key["MultiRegionConfiguration"]["MultiRegionKeyType"] != "PRIMARY" {
        // LocalStack's recordings of AWS, `test_replicate_replica_key_should_fail`.
        let arn = key["Arn"].as_str().unwrap_or_default();
        return Err(unsupported(format!("{arn} is not a multi-region primary key.")));
    }
    Ok(key)
}

/// Writes into all rows of a multi-Region key who they are now: the primary, or the rows without what is gone.
pub fn record_family(world: &mut World, key: &Json, primary: &str) {
    let member = |row: &Json| json!({"Arn": row["Arn"], "Region": row["_region"]});
    let places = family(world, key);
    let rows: Vec<Json> = places.iter().filter_map(|place| world.get(KEY, place).cloned()).collect();
    let first = rows.iter().find(|row| row["_region"] == primary).map(member);
    let others: Vec<Json> = rows.iter().filter(|row| row["_region"] != primary).map(member).collect();
    for place in places {
        if let Some(row) = world.get_mut(KEY, &place) {
            let kind = if row["_region"] == primary { "PRIMARY" } else { "REPLICA" };
            row["MultiRegionConfiguration"] =
                json!({"MultiRegionKeyType": kind, "PrimaryKey": first, "ReplicaKeys": others});
        }
    }
}

pub fn replicate(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = primary(world, rq)?;
    state(&key)?;
    let region = rq.text("ReplicaRegion");
    let id = key["KeyId"].as_str().unwrap_or_default().to_owned();
    let arn = world.arn("kms", region, &format!("key/{id}"));
    if crate::sandbox::partition(region) != crate::sandbox::partition(rq.region) {
        return Err(Fault::new("ValidationException", format!("{region} is in another partition.")));
    }
    if family(world, &key)
        .iter()
        .any(|place| world.get(KEY, place).is_some_and(|row| row["_region"] == region))
    {
        // `ReplicateKey`, AlreadyExistsException; "You can create only one replica of a primary key in a Region".
        return Err(Fault::new("AlreadyExistsException", format!("{arn} already exists.")));
    }
    let labels = tags::checked(rq.list("Tags"))?;
    let policy = match rq.opt("Policy") {
        Some(text) => policies::check(world, rq, text)?,
        None => policies::default(world),
    };
    let place = format!("{id}@{region}");
    let mut row = key.clone();
    for gone in
        ["_born", "_rotation", "_next", "_materials", "_rotating", "_rotations", "ValidTo", "ExpirationModel"]
    {
        row[gone] = Json::Null;
    }
    row["Arn"] = json!(arn);
    row["_place"] = json!(place);
    row["_region"] = json!(region);
    row["CreationDate"] = json!(world.now_secs());
    row["Description"] = json!(rq.text("Description"));
    row["_policy"] = json!(policy);
    row["_tags"] = labels.clone();
    row["Enabled"] = json!(false);
    row["KeyState"] = json!("Creating");
    row["CurrentKeyMaterialId"] = Json::Null;
    world.put(KEY, &place, row);
    record_family(world, &key, rq.region);
    let external = key["Origin"] == "EXTERNAL";
    let after = if external {
        json!({"KeyState": "PendingImport"})
    } else {
        // Material is shared: rotations before, and the one in use.
        json!({
            "KeyState": "Enabled", "Enabled": true, "CurrentKeyMaterialId": key["CurrentKeyMaterialId"],
            "_materials": key["_materials"],
        })
    };
    world.set_after(CREATES, KEY, &place, after);
    let shown = world.get(KEY, &place).map(public);
    let labels = labels.as_object().into_iter().flatten();
    let labels: Vec<Json> = labels.map(|(key, value)| json!({"TagKey": key, "TagValue": value})).collect();
    Ok(json!({"ReplicaKeyMetadata": shown, "ReplicaPolicy": policy, "ReplicaTags": labels}))
}

pub fn update_primary(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = primary(world, rq)?;
    state(&key)?;
    let region = rq.text("PrimaryRegion");
    let next = family(world, &key).into_iter().find(|place| {
        region != rq.region && world.get(KEY, place).is_some_and(|row| row["_region"] == region)
    });
    let Some(next) = next else {
        let arn = world.arn("kms", region, &format!("key/{}", key["KeyId"].as_str().unwrap_or_default()));
        return Err(Fault::new("NotFoundException", format!("Key '{arn}' does not exist")));
    };
    if let Some(row) = world.get(KEY, &next) {
        state(row)?;
    }
    record_family(world, &key, region);
    for place in [super::store::place(&key).to_owned(), next] {
        let back = world.get(KEY, &place).map_or(Json::Null, |row| json!({"KeyState": row["KeyState"]}));
        if let Some(row) = world.get_mut(KEY, &place) {
            row["KeyState"] = json!("Updating");
        }
        world.set_after(UPDATES, KEY, &place, back);
    }
    done()
}

/// Replicas that keep a primary key from its deletion: those that are not gone.
pub fn replicas(world: &World, key: &Json) -> usize {
    family(world, key).len().saturating_sub(1)
}

/// Brings a multi-Region key up to date after its replicas' deletion: the list of them, and the primary key's waiting
/// period, which begins when the last one is gone (`ScheduleKeyDeletion`).
pub fn settle(world: &mut World, rq: &Request<'_>) {
    let name = rq.text("KeyId");
    let Some(key) = find(world, rq, name).ok().filter(|key| key["MultiRegion"] == true) else { return };
    let configuration = &key["MultiRegionConfiguration"];
    let listed = configuration["ReplicaKeys"].as_array().map_or(0, Vec::len);
    if listed != replicas(world, &key) {
        let region = configuration["PrimaryKey"]["Region"].as_str().unwrap_or_default().to_owned();
        record_family(world, &key, &region);
    }
    let id = key["KeyId"].as_str().unwrap_or_default();
    let waits =
        world.rows(KEY).find(|(_, row)| row["KeyId"] == id && row["KeyState"] == "PendingReplicaDeletion");
    let Some((place, key)) = waits.map(|(place, row)| (place.to_owned(), row.clone())) else { return };
    if replicas(world, &key) > 0 {
        return;
    }
    let days = key["PendingDeletionWindowInDays"].as_i64().unwrap_or(30);
    super::keys::wait(world, &key, days);
    if let Some(row) = world.get_mut(KEY, &place) {
        row["PendingDeletionWindowInDays"] = Json::Null;
    }
}
