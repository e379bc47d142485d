//! What reads outside of a run's steps have in common: whose objects they look for, and what they end in.

use crate::{
    aws::{Cloud, OpError, Owner, Sdk},
    ledger::{LedgerError, Snapshot},
    model::{Address, Identity, Ownership},
    resources::Cx,
};

/// Why recovery could not look.
#[derive(Debug)]
pub enum RecoverError {
    /// The ledger could not be written.
    Ledger(LedgerError),
    /// AWS did not answer; the intent stays open.
    Look(Address, OpError),
}

impl From<LedgerError> for RecoverError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// The migration's name as ownership tags have it.
pub(super) fn migration(snapshot: &Snapshot) -> String {
    snapshot.binding.as_ref().map(|b| format!("{}-{}", b.migration, b.environment)).unwrap_or_default()
}

/// A context for reads.
pub(super) fn looking<'a>(
    cloud: &'a Cloud,
    sdk: &'a Sdk,
    region: &'a str,
    owner: &'a Owner,
    address: &'a Address,
) -> Cx<'a> {
    let (account, partition) = (&cloud.account, &cloud.partition);
    Cx {
        sdk,
        region,
        account,
        partition,
        owner,
        address,
        empty_on_delete: false,
        snapshot: None,
        attempted: &[],
        takes: &[],
        update_policy: &serde_json::Value::Null,
        shelf: None,
    }
}

/// How an object was found that an earlier call made.
pub(super) fn how_found(ownership: Ownership, identity: Identity) -> &'static str {
    match (ownership, identity) {
        (Ownership::Foreign, _) => "existed before, shared, adopted without ownership",
        (_, Identity::Tag) => "created before the interruption, found by tag, adopted",
        (_, Identity::Name) => "created before the interruption, found by name, adopted",
        (_, Identity::Token) => "created before the interruption, adopted",
    }
}
