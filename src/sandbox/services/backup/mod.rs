//! AWS Backup: vaults, plans, selections, and recovery points that are made on demand.
//!
//! Tables: `backup.vault` by `region/name`, `backup.plan` by id, `backup.selection` by id, `backup.job` by id and
//! `backup.recovery-point` by ARN.

mod common;
mod jobs;
mod plans;
mod selections;
mod tags;
mod vaults;

use crate::sandbox::Operation;
use common::{invalid, missing, refused, role, vault};

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
