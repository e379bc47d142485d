//! Instances: describe, reboot, stop, start, roles.

use serde_json::{Value as Json, json};

use super::store::{INSTANCE, filtered, key, no_instance, paged, public, rows};
use crate::sandbox::{Fault, Reply, Request, World, durations};

pub fn describe_db_instances(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(name) = rq.opt("DBInstanceIdentifier").filter(|name| !name.is_empty()) {
        let row = world.get(INSTANCE, &key(rq, name)).ok_or_else(|| no_instance(name))?;
        return Ok(json!({"DBInstances": [public(row)]}));
    }
    let rows = filtered(rq, rows(world, rq, INSTANCE), |name| match name {
        "db-instance-id" => Some("DBInstanceIdentifier"),
        "db-cluster-id" => Some("DBClusterIdentifier"),
        "dbi-resource-id" => Some("DbiResourceId"),
        "engine" => Some("Engine"),
        _ => None,
    })?;
    paged(rq, "DBInstances", rows.iter().map(public).collect())
}

/// Moves an instance from `from` through `over` to `to`.
fn travel(world: &mut World, rq: &Request<'_>, from: &str, over: &str, to: Json, millis: i64) -> Reply {
    let name = rq.text("DBInstanceIdentifier");
    let key_text = key(rq, name);
    let row = world.get_mut(INSTANCE, &key_text).ok_or_else(|| no_instance(name))?;
    if row["DBInstanceStatus"] != from {
        return Err(Fault::new("InvalidDBInstanceState", format!("Instance {name} is not in {from} state.")));
    }
    row["DBInstanceStatus"] = json!(over);
    let shown = public(row);
    world.set_after(millis, INSTANCE, &key_text, to);
    Ok(json!({"DBInstance": shown}))
}

pub fn reboot_db_instance(world: &mut World, rq: &Request<'_>) -> Reply {
    let groups = world
        .get(INSTANCE, &key(rq, rq.text("DBInstanceIdentifier")))
        .map(|row| row["DBParameterGroups"].clone());
    let mut to = json!({"DBInstanceStatus": "available", "_cluster_parameters": null});
    if let Some(mut groups) = groups {
        for group in groups.as_array_mut().into_iter().flatten() {
            group["ParameterApplyStatus"] = json!("in-sync");
        }
        to["DBParameterGroups"] = groups;
    }
    travel(world, rq, "available", "rebooting", to, durations::RDS_MODIFY)
}

pub fn stop_db_instance(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBInstanceIdentifier");
    if let Some(row) = world.get(INSTANCE, &key(rq, name)) {
        let has = row["ReadReplicaDBInstanceIdentifiers"].as_array().is_some_and(|list| !list.is_empty());
        if has || !row["ReadReplicaSourceDBInstanceIdentifier"].is_null() {
            let message = format!("Instance {name} has a read replica or is one, and can't be stopped.");
            return Err(Fault::new("InvalidDBInstanceState", message));
        }
    }
    travel(world, rq, "available", "stopping", json!({"DBInstanceStatus": "stopped"}), durations::RDS_DOWN)
}

pub fn start_db_instance(world: &mut World, rq: &Request<'_>) -> Reply {
    travel(world, rq, "stopped", "starting", json!({"DBInstanceStatus": "available"}), durations::RDS_DOWN)
}

pub fn add_role(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, role, feature) = (rq.text("DBInstanceIdentifier"), rq.text("RoleArn"), rq.text("FeatureName"));
    let key_text = key(rq, name);
    let row = world.get(INSTANCE, &key_text).ok_or_else(|| no_instance(name))?;
    if row["DBInstanceStatus"] != "available" {
        return Err(Fault::new("InvalidDBInstanceState", "Database instance is not in available state."));
    }
    if row["AssociatedRoles"].as_array().is_some_and(|list| list.iter().any(|r| r["FeatureName"] == feature))
    {
        return Err(Fault::new(
            "DBInstanceRoleAlreadyExists",
            format!("A role for the feature {feature} is already associated with {name}."),
        ));
    }
    world.assumable(role, "rds.amazonaws.com").map_err(|_| {
        super::store::invalid(format!(
            "IAM role ARN value is invalid or does not include the required permissions for: {feature}"
        ))
    })?;
    if let Some(list) =
        world.get_mut(INSTANCE, &key_text).and_then(|row| row["AssociatedRoles"].as_array_mut())
    {
        list.push(json!({"RoleArn": role, "FeatureName": feature, "Status": "ACTIVE"}));
    }
    Ok(json!({}))
}

pub fn remove_role(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, role, feature) = (rq.text("DBInstanceIdentifier"), rq.text("RoleArn"), rq.text("FeatureName"));
    let row = world.get_mut(INSTANCE, &key(rq, name)).ok_or_else(|| no_instance(name))?;
    let Some(list) = row["AssociatedRoles"].as_array_mut() else { return Ok(json!({})) };
    let before = list.len();
    list.retain(|r| r["RoleArn"] != role || r["FeatureName"] != feature);
    if list.len() == before {
        return Err(Fault::new(
            "DBInstanceRoleNotFound",
            format!("The role {role} is not associated with {name}."),
        ));
    }
    Ok(json!({}))
}
