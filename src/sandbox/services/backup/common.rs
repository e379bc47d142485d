//! What the operations share.

use super::VAULTS;

use crate::sandbox::{Fault, Request, World};

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValueException", message)
}

pub(super) fn missing(message: impl Into<String>) -> Fault {
    Fault::new("ResourceNotFoundException", message)
}

pub(super) fn refused(message: impl Into<String>) -> Fault {
    Fault::new("InvalidRequestException", message)
}

/// The key of the vault that a request names; it must be there.
pub(super) fn vault(world: &World, rq: &Request<'_>) -> Result<String, Fault> {
    let name = rq.text("BackupVaultName");
    let key = format!("{}/{name}", rq.region);
    match world.get(VAULTS, &key) {
        Some(_) => Ok(key),
        None => Err(missing(format!("Backup vault {name} could not be found."))),
    }
}

/// The role that Backup works with: it tries it at once.
pub(super) fn role(world: &World, arn: &str) -> Result<(), Fault> {
    world
        .assumable(arn, "backup.amazonaws.com")
        .map_err(|_| invalid(format!("IAM Role {arn} cannot be assumed by AWS Backup")))
}
