//! AWS Backup: vaults, plans, selections, and recovery points that are made on demand.
//!
//! Tables: `backup.vault` by `region/name`, `backup.plan` by id, `backup.selection` by id, `backup.job` by id and
//! `backup.recovery-point` by ARN.

mod jobs;
mod plans;
mod selections;
mod tags;
mod vaults;

use crate::sandbox::{Fault, Operation, Request, World};

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("CreateBackupPlan", plans::create),
    Operation::write("CreateBackupSelection", selections::create),
    Operation::write("CreateBackupVault", vaults::create),
    Operation::write("DeleteBackupPlan", plans::delete),
    Operation::write("DeleteBackupSelection", selections::delete),
    Operation::write("DeleteBackupVault", vaults::delete),
    Operation::write("DeleteBackupVaultAccessPolicy", vaults::delete_policy),
    Operation::write("DeleteBackupVaultLockConfiguration", vaults::delete_lock),
    Operation::write("DeleteBackupVaultNotifications", vaults::delete_notifications),
    Operation::write("DeleteRecoveryPoint", jobs::delete_point),
    Operation::read("DescribeBackupJob", jobs::describe),
    Operation::read("DescribeBackupVault", vaults::describe),
    Operation::read("DescribeRecoveryPoint", jobs::describe_point),
    Operation::read("GetBackupPlan", plans::get),
    Operation::read("GetBackupSelection", selections::get),
    Operation::read("GetBackupVaultAccessPolicy", vaults::policy),
    Operation::read("GetBackupVaultNotifications", vaults::notifications),
    Operation::read("ListBackupPlans", plans::list),
    Operation::read("ListBackupSelections", selections::list),
    Operation::read("ListBackupVaults", vaults::list),
    Operation::read("ListRecoveryPointsByBackupVault", jobs::points),
    Operation::read("ListTags", tags::list),
    Operation::write("PutBackupVaultAccessPolicy", vaults::put_policy),
    Operation::write("PutBackupVaultLockConfiguration", vaults::put_lock),
    Operation::write("PutBackupVaultNotifications", vaults::put_notifications),
    Operation::write("StartBackupJob", jobs::start),
    Operation::write("TagResource", tags::tag),
    Operation::write("UntagResource", tags::untag),
    Operation::write("UpdateBackupPlan", plans::update),
];

/// Vaults.
const VAULTS: &str = "backup.vault";
/// Plans.
const PLANS: &str = "backup.plan";
/// Selections.
const SELECTIONS: &str = "backup.selection";
/// Recovery points.
const POINTS: &str = "backup.recovery-point";
/// Jobs.
const JOBS: &str = "backup.job";

/// Most selections that a page has, and the code for a token of others.
const BAD_TOKEN: &str = "InvalidParameterValueException";

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValueException", message)
}

fn missing(message: impl Into<String>) -> Fault {
    Fault::new("ResourceNotFoundException", message)
}

fn refused(message: impl Into<String>) -> Fault {
    Fault::new("InvalidRequestException", message)
}

/// An id as the service makes them.
fn uuid(world: &mut World) -> String {
    let hex = world.hex(32);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// The key of the vault that a request names; it must be there.
fn vault(world: &World, rq: &Request<'_>) -> Result<String, Fault> {
    let name = rq.text("BackupVaultName");
    let key = format!("{}/{name}", rq.region);
    match world.get(VAULTS, &key) {
        Some(_) => Ok(key),
        None => Err(missing(format!("Backup vault {name} could not be found."))),
    }
}

/// The role that Backup works with: it tries it at once.
fn role(world: &World, arn: &str) -> Result<(), Fault> {
    world
        .assumable(arn, "backup.amazonaws.com")
        .map_err(|_| invalid(format!("IAM Role {arn} cannot be assumed by AWS Backup")))
}
