//! What can be seen now of a call whose outcome is unknown; for the person who has to decide.

use std::sync::Arc;

use serde::Serialize;

use super::{looking::migration, recover::look};
use crate::{
    aws::{Cloud, OpError, Owner},
    clock::Clock,
    ledger::{Open, Snapshot, Verb},
    model::{Ownership, PhysicalId},
};

/// What a look found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "seen", rename_all = "kebab-case")]
pub enum Evidence {
    /// An object with this resource's ownership tags.
    Ours {
        /// Its handle.
        id: PhysicalId,
    },
    /// An object of that name; the type carries no tags.
    Untaggable {
        /// Its handle.
        id: PhysicalId,
    },
    /// An object of that name that is not marked as ours.
    Foreign {
        /// Its handle.
        id: PhysicalId,
    },
    /// Nothing, also after reads had time to catch up.
    Nothing,
    /// The verb is idempotent: nothing needs to be known.
    Repeatable,
    /// AWS did not answer.
    Unknown {
        /// Why.
        error: OpError,
    },
}

/// Looks for what the intent may have made. Changes nothing.
pub async fn evidence(cloud: &Cloud, clock: &Arc<dyn Clock>, snapshot: &Snapshot, open: &Open) -> Evidence {
    if open.verb != Verb::Create {
        return Evidence::Repeatable;
    }
    let lineage = snapshot.lineage.clone();
    let owner = Owner { migration: migration(snapshot), lineage, generation: open.generation };
    // Strangers are evidence too, though recovery would not adopt them.
    let anyone = Open { shared: true, ..open.clone() };
    match look(cloud, clock, &anyone, &owner).await {
        Err(error) => Evidence::Unknown { error },
        Ok(None) => Evidence::Nothing,
        Ok(Some((found, _))) => match found.ownership {
            Ownership::Ours => Evidence::Ours { id: found.id },
            Ownership::Untaggable => Evidence::Untaggable { id: found.id },
            Ownership::Foreign => Evidence::Foreign { id: found.id },
        },
    }
}
