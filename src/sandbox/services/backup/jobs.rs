//! Backups on demand, and the recovery points they leave.

use serde_json::{Value as Json, json};

use super::{BAD_TOKEN, JOBS, POINTS, VAULTS, missing, refused, role, vault};
use crate::sandbox::{Fault, Reply, Request, World, done, durations};

/// The service and the kind of an ARN, as Backup calls them.
fn kind(arn: &str) -> &'static str {
    match (arn.split(':').nth(2), arn.split(':').nth(5)) {
        (Some("rds"), Some("cluster")) => "Aurora",
        (Some("rds"), _) => "RDS",
        (Some("ec2"), Some(part)) if part.starts_with("volume/") => "EBS",
        (Some("ec2"), _) => "EC2",
        (Some("dynamodb"), _) => "DynamoDB",
        (Some("elasticfilesystem"), _) => "EFS",
        (Some("s3"), _) => "S3",
        _ => "Unknown",
    }
}

pub(super) fn start(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = vault(world, rq)?;
    let (resource, role_arn) = (rq.text("ResourceArn").to_owned(), rq.text("IamRoleArn"));
    role(world, role_arn)?;
    let token = rq.opt("IdempotencyToken");
    if let Some((_, old)) =
        world.rows(JOBS).find(|(_, row)| token.is_some_and(|token| row["_token"] == token))
    {
        return Ok(json!({
            "BackupJobId": old["BackupJobId"], "RecoveryPointArn": old["RecoveryPointArn"], "CreationDate": old["CreationDate"],
        }));
    }
    if kind(&resource) == "Unknown" {
        return Err(refused(format!("Unsupported resource type: {resource}")));
    }
    let (job, point) = (world.uuid(), world.uuid());
    let row = world.get(VAULTS, &key).cloned().unwrap_or_default();
    let arn = world.arn("backup", rq.region, &format!("recovery-point:{point}"));
    let common = json!({
        "BackupVaultName": row["BackupVaultName"], "BackupVaultArn": row["BackupVaultArn"], "ResourceArn": resource,
        "ResourceType": kind(&resource), "IamRoleArn": role_arn, "CreationDate": world.now_secs(),
        "RecoveryPointArn": arn, "_region": rq.region,
    });
    let mut one = common.clone();
    one["Status"] = json!("CREATING");
    one["Lifecycle"] = rq.get("Lifecycle").clone();
    one["EncryptionKeyArn"] = row["EncryptionKeyArn"].clone();
    world.put(POINTS, &arn, one);
    let mut running = common;
    running["BackupJobId"] = json!(job);
    running["State"] = json!("RUNNING");
    running["_token"] = json!(token);
    world.put(JOBS, &job, running);
    world.set_after(durations::BACKUP_JOB, POINTS, &arn, json!({"Status": "COMPLETED"}));
    world.set_after(durations::BACKUP_JOB, JOBS, &job, json!({"State": "COMPLETED", "PercentDone": "100.0"}));
    Ok(json!({"BackupJobId": job, "RecoveryPointArn": arn, "CreationDate": world.now_secs()}))
}

fn public(row: &Json) -> Json {
    let all = row.as_object().into_iter().flatten();
    all.filter(|(name, value)| !name.starts_with('_') && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("BackupJobId");
    let row = world.get(JOBS, id).ok_or_else(|| missing(format!("Backup job {id} could not be found.")))?;
    Ok(public(row))
}

fn point<'w>(world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
    let key = vault(world, rq)?;
    let own = world.get(VAULTS, &key).map(|row| row["BackupVaultArn"].clone()).unwrap_or_default();
    let arn = rq.text("RecoveryPointArn");
    let row = world.get(POINTS, arn).filter(|row| row["BackupVaultArn"] == own);
    row.ok_or_else(|| missing(format!("Recovery point {arn} could not be found.")))
}

pub(super) fn describe_point(world: &mut World, rq: &Request<'_>) -> Reply {
    Ok(public(point(world, rq)?))
}

pub(super) fn delete_point(world: &mut World, rq: &Request<'_>) -> Reply {
    if point(world, rq)?["Status"] == "CREATING" {
        return Err(Fault::new("InvalidResourceStateException", "Recovery point is still being created."));
    }
    let key = vault(world, rq)?;
    let locked = world.get(VAULTS, &key).is_some_and(|row| !row["MinRetentionDays"].is_null());
    if locked {
        return Err(refused(
            "Recovery point cannot be deleted: the retention of its locked vault is not over.",
        ));
    }
    world.remove(POINTS, rq.text("RecoveryPointArn"));
    done()
}

pub(super) fn points(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = vault(world, rq)?;
    let own = world.get(VAULTS, &key).map(|row| row["BackupVaultArn"].clone()).unwrap_or_default();
    let (resource, kind) = (rq.opt("ByResourceArn"), rq.opt("ByResourceType"));
    let rows = world.rows(POINTS).map(|(_, row)| row).filter(|row| row["BackupVaultArn"] == own);
    let rows = rows.filter(|row| resource.is_none_or(|arn| row["ResourceArn"] == arn));
    let all = rows.filter(|row| kind.is_none_or(|kind| row["ResourceType"] == kind)).map(public).collect();
    let (page, next) = rq.page(all, "MaxResults", "NextToken", 1_000, BAD_TOKEN)?;
    Ok(json!({"RecoveryPoints": page, "NextToken": next}))
}
