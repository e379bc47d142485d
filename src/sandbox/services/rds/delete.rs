//! `DeleteDBInstance`.

use serde_json::{Value as Json, json};

use super::{
    backups, clusters, origins, snapshots,
    store::{INSTANCE, SNAPSHOT, combination, identifier, key, no_instance, public},
};
use crate::sandbox::{Effect, Fault, Reply, Request, World, durations};

pub fn delete_db_instance(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBInstanceIdentifier");
    let key_text = key(rq, name);
    let row = world.get(INSTANCE, &key_text).cloned().ok_or_else(|| no_instance(name))?;
    let status = row["DBInstanceStatus"].as_str().unwrap_or_default();
    if status == "deleting" {
        return Err(Fault::new(
            "InvalidDBInstanceState",
            format!("Instance {name} is already being deleted."),
        ));
    }
    if row["DeletionProtection"] == true {
        return Err(combination(
            "Cannot delete protected DB Instance, please disable deletion protection and try again.",
        ));
    }
    let member = !row["DBClusterIdentifier"].is_null();
    let replica = !row["ReadReplicaSourceDBInstanceIdentifier"].is_null();
    match (rq.flag("SkipFinalSnapshot"), rq.opt("FinalDBSnapshotIdentifier")) {
        (true, Some(_)) => {
            return Err(combination(
                "FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is enabled.",
            ));
        }
        (false, Some(_)) if member || replica => {
            return Err(combination(
                "FinalDBSnapshotIdentifier can not be specified when deleting a cluster member or a replica instance.",
            ));
        }
        (false, None) if !member => {
            return Err(combination(
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
            ));
        }
        (false, Some(snapshot)) => {
            identifier("FinalDBSnapshotIdentifier", snapshot, 255)?;
            if world.get(SNAPSHOT, &key(rq, snapshot)).is_some() {
                return Err(Fault::new(
                    "DBSnapshotAlreadyExists",
                    format!(
                        "Cannot create the snapshot because a snapshot with the identifier {snapshot} already exists."
                    ),
                ));
            }
            if status == "creating" {
                return Err(Fault::new(
                    "InvalidDBInstanceState",
                    format!("Instance {name} is in the creating state and can't be snapshotted."),
                ));
            }
            snapshots::take(world, rq, &row, snapshot);
        }
        _ => {}
    }
    world.cancel(INSTANCE, &key_text);
    let gone_at = world.now() + durations::RDS_DOWN;
    if let Some(row) = world.get_mut(INSTANCE, &key_text) {
        row["DBInstanceStatus"] = json!("deleting");
        row["_gone_at"] = json!(gone_at);
    }
    drop_managed_secret(world, &row);
    clusters::leave(world, rq, &row);
    backups::orphan(world, rq, &row);
    origins::leave_source(world, rq, &row);
    origins::orphan_replicas(world, rq, &row);
    let shown = world.get(INSTANCE, &key_text).map(public).unwrap_or_default();
    world.after(durations::RDS_DOWN, INSTANCE, &key_text, Effect::Remove);
    let arn = row["DBInstanceArn"].as_str().unwrap_or_default();
    world.release_interfaces(arn, durations::RDS_DOWN + durations::INTERFACE_LINGERS / 3);
    Ok(json!({"DBInstance": shown}))
}

/// The secret that RDS keeps goes with the instance.
pub fn drop_managed_secret(world: &mut World, row: &Json) {
    let Some(arn) = row["MasterUserSecret"]["SecretArn"].as_str() else { return };
    let key =
        world.rows("secretsmanager.secret").find(|(_, s)| s["ARN"] == arn).map(|(key, _)| key.to_owned());
    if let Some(key) = key {
        world.remove("secretsmanager.secret", &key);
    }
}
