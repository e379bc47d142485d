//! Connection tests between a replication instance and an endpoint.

use serde_json::{Value as Json, json};

use super::{
    endpoints, engines, instances,
    store::{CONNECTION, here, listed, missing, role_works, state},
};
use crate::sandbox::{Fault, Reply, Request, World, world::durations::DMS_CONNECTION_TEST};

/// The key of a pair.
pub(super) fn key(instance: &str, endpoint: &str) -> String {
    format!("{instance}|{endpoint}")
}

/// The value of a secret, if it is there, not being deleted, and JSON.
pub(super) fn secret(world: &World, id: &str) -> Option<Json> {
    let (_, row) = world.rows("secretsmanager.secret").find(|(key, row)| {
        let arn = row["ARN"].as_str().unwrap_or_default();
        arn == id
            || arn.rsplit_once('-').is_some_and(|(stem, _)| stem == id)
            || key.ends_with(&format!("/{id}"))
    })?;
    if !row["DeletedDate"].is_null() {
        return None;
    }
    let current = row["_versions"].as_array()?.iter().find(|version| {
        version["VersionStages"]
            .as_array()
            .is_some_and(|stages| stages.iter().any(|stage| stage == "AWSCURRENT"))
    })?;
    serde_json::from_str(current["SecretString"].as_str()?).ok()
}

/// Why a connection to the endpoint fails.
pub(super) fn obstacle(world: &World, region: &str, endpoint: &Json) -> Option<String> {
    let engine = engines::find(endpoint["EngineName"].as_str()?)?;
    let settings = &endpoint[engine.settings];
    let role = settings["SecretsManagerAccessRoleArn"].as_str();
    if let (Some(id), Some(role)) = (settings["SecretsManagerSecretId"].as_str(), role) {
        if let Err(fault) = role_works(world, role, &format!("dms.{region}.amazonaws.com")) {
            return Some(format!(
                "Test Endpoint failed: Application-Status: 1020912, Application-Message: {}",
                fault.message
            ));
        }
        let Some(value) = secret(world, id) else {
            return Some(format!(
                "Test Endpoint failed: Application-Status: 1020912, Application-Message: the secret {id} cannot be read"
            ));
        };
        let lacking =
            ["username", "password", "host", "port"].into_iter().find(|name| value[*name].is_null());
        return lacking.map(|name| {
            format!("Test Endpoint failed: Application-Status: 1020912, Application-Message: the secret {id} has no {name}")
        });
    }
    let server = endpoint["ServerName"].as_str().or_else(|| settings["ServerName"].as_str());
    (engine.server && server.is_none())
        .then(|| "Test Endpoint failed: the endpoint names no server".to_owned())
}

/// What a test begun now will find; looked at when it begins, told when it ends.
fn begin(world: &mut World, key: &str) {
    let Some(row) = world.get(CONNECTION, key).cloned() else { return };
    let region = row["_region"].as_str().unwrap_or_default().to_owned();
    let endpoint = row["EndpointArn"].as_str().and_then(|arn| endpoints::endpoint(world, arn).ok()).cloned();
    let obstacle = endpoint.and_then(|endpoint| obstacle(world, &region, &endpoint));
    let end = match obstacle {
        None => json!({"Status": "successful", "LastFailureMessage": null}),
        Some(reason) => json!({"Status": "failed", "LastFailureMessage": reason}),
    };
    world.cancel(CONNECTION, key);
    if let Some(row) = world.get_mut(CONNECTION, key) {
        row["Status"] = json!("testing");
    }
    world.set_after(DMS_CONNECTION_TEST, CONNECTION, key, end);
}

/// Tests all connections of an endpoint again, as DMS does after a change.
pub(super) fn again(world: &mut World, endpoint: &str) {
    let keys: Vec<String> = world
        .rows(CONNECTION)
        .filter(|(_, row)| row["EndpointArn"] == endpoint)
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in keys {
        begin(world, &key);
    }
}

/// Drops the connections that fit.
pub(super) fn forget(world: &mut World, fits: impl Fn(&Json) -> bool) {
    let keys: Vec<String> =
        world.rows(CONNECTION).filter(|(_, row)| fits(row)).map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        world.remove(CONNECTION, &key);
    }
}

/// `TestConnection`.
pub(super) fn test(world: &mut World, rq: &Request<'_>) -> Reply {
    let (instance, endpoint) = (rq.text("ReplicationInstanceArn"), rq.text("EndpointArn"));
    instances::available(world, instance)?;
    let end = endpoints::endpoint(world, endpoint)?;
    if end["Status"] == "deleting" {
        return Err(state(format!("Endpoint {endpoint} is being deleted.")));
    }
    let key = key(instance, endpoint);
    if world.get(CONNECTION, &key).is_some_and(|row| row["Status"] == "testing") {
        return Err(state("Connection test is already in progress."));
    }
    let row = json!({
        "ReplicationInstanceArn": instance, "EndpointArn": endpoint, "Status": "testing",
        "EndpointIdentifier": end["EndpointIdentifier"],
        "ReplicationInstanceIdentifier": instances::instance(world, instance)?["ReplicationInstanceIdentifier"],
        "_region": rq.region,
    });
    world.put(CONNECTION, &key, row.clone());
    begin(world, &key);
    Ok(json!({"Connection": row}))
}

/// `DescribeConnections`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut rows = here(world, rq, CONNECTION);
    for row in &mut rows {
        if let Some(members) =
            row.as_object_mut().filter(|row| row.get("LastFailureMessage") == Some(&Json::Null))
        {
            members.remove("LastFailureMessage");
        }
    }
    let known: &[(&str, &[&str])] =
        &[("endpoint-arn", &["EndpointArn"]), ("replication-instance-arn", &["ReplicationInstanceArn"])];
    listed(rq, "Connections", "Connections", rows, known)
}

/// `DeleteConnection`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = key(rq.text("ReplicationInstanceArn"), rq.text("EndpointArn"));
    let row = world.get(CONNECTION, &key).ok_or_else(|| missing("Connection not found."))?;
    if row["Status"] == "testing" {
        return Err(state("The connection is being tested."));
    }
    let mut row = world.remove(CONNECTION, &key).unwrap_or_default();
    row["Status"] = json!("deleting");
    if let Some(members) = row.as_object_mut() {
        members.remove("LastFailureMessage");
    }
    Ok(json!({"Connection": row}))
}

/// Whether tasks may be started over this pair.
pub(super) fn proven(world: &World, instance: &str, endpoint: &str) -> Result<(), Fault> {
    if world.get(CONNECTION, &key(instance, endpoint)).is_some_and(|row| row["Status"] == "successful") {
        return Ok(());
    }
    Err(state(
        "Test connection for replication instance and endpoint should be successful for starting the replication task",
    ))
}
