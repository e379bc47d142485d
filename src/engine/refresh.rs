//! Reads live objects and says where they differ from the ledger. Changes nothing.

use std::{cell::Cell, sync::Arc};

use futures_util::{StreamExt as _, stream};

use super::{
    gather,
    lag::visible_by,
    limit::Limits,
    looking::{looking, migration},
    reads::{Patience, Reads, Unwatched},
};
use crate::{
    aws::{Cloud, OpError, Owner},
    clock::Clock,
    ledger::{Entry, Object, Snapshot},
    model::{Address, Ownership, PhysicalId},
    resources::{AnyType, Cx, Drift, Shelf, drift, registry},
};

/// Objects that are read at the same time; each service has its own, lower limit besides.
const AT_ONCE: usize = 32;
/// What a look at one object found.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The resource.
    pub address: Address,
    /// Its object.
    pub generation: u32,
    /// Its CloudFormation type.
    pub kind: String,
    /// The object's handle.
    pub physical_id: PhysicalId,
    /// How it is.
    pub finding: Finding,
}

/// How an object is, compared with the ledger.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// As recorded.
    InSync,
    /// It holds other properties.
    Drifted(Vec<Drift>),
    /// It does not exist.
    Missing,
    /// An object of that name or handle exists, but it does not carry this resource's ownership tags: it is another
    /// owner's by now. Nothing is learned from it, and neither `up` nor `destroy` touches it.
    NotOurs,
    /// It could not be read.
    Unreadable(OpError),
}

/// Looks at every object of the ledger, in the ledger's order. What holds secrets and what AWS never returns is
/// not compared.
pub async fn refresh(cloud: &Cloud, clock: &Arc<dyn Clock>, snapshot: &Snapshot) -> Vec<Seen> {
    let limits = Limits::new(Arc::clone(clock));
    let migration = &migration(snapshot);
    let limits = &limits;
    let reads = Reads { cloud, clock: clock.as_ref(), limits, patience: Patience::REPORT };
    let shelf = &gather::shelf(&reads, snapshot, migration).await;
    stream::iter(snapshot.objects())
        .map(|(address, object)| async move {
            let owner = Owner {
                migration: migration.clone(),
                lineage: snapshot.lineage.clone(),
                generation: object.mark(),
            };
            let finding = match registry::find(&object.declared.kind) {
                None => Finding::Unreadable(OpError::not_sent(
                    &object.declared.kind,
                    "this version of migrate does not know the type",
                )),
                Some(ty) => {
                    let look = Look { cloud, clock, limits, owner: &owner, address, object, ty };
                    match look.finding(Some(shelf)).await {
                        // What differs is never said of a description that others were read with.
                        Finding::Drifted(_) | Finding::Missing | Finding::NotOurs => look.finding(None).await,
                        told => told,
                    }
                }
            };
            Seen {
                address: address.clone(),
                generation: object.generation,
                kind: object.declared.kind.clone(),
                physical_id: object.physical_id.clone(),
                finding,
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// One object, and all that a look at it needs.
struct Look<'l> {
    cloud: &'l Cloud,
    clock: &'l Arc<dyn Clock>,
    limits: &'l Limits,
    owner: &'l Owner,
    address: &'l Address,
    object: &'l Object,
    ty: &'static dyn AnyType,
}

impl Look<'_> {
    /// How the object is; by what lies on a shelf, where it does.
    async fn finding(&self, shelf: Option<&Shelf>) -> Finding {
        let Self { cloud, clock, limits, owner, address, object, ty } = *self;
        let sdk = cloud.sdk(&object.declared.region);
        let cx = Cx { shelf, ..looking(cloud, &sdk, &object.declared.region, owner, address) };
        let (settled, pause) = visible_by(object, ty.facts(), clock.now());
        let reads = Reads { cloud, clock: clock.as_ref(), limits, patience: Patience::REPORT };
        let asked = Cell::new(clock.now());
        let sight = async || {
            asked.set(clock.now());
            ty.sight(&cx, &object.physical_id, &object.declared.properties).await
        };
        loop {
            match reads.ask(ty.facts().service, &Unwatched, &sight).await {
                Ok(Some(seen)) => {
                    // As before each change and deletion (`owned.rs`): what a run would leave alone is said here.
                    if seen.ownership == Ownership::Foreign && !object.shared && !object.claimed {
                        return Finding::NotOurs;
                    }
                    let drift = drift(ty, &object.declared.properties, &seen.properties);
                    return if drift.is_empty() { Finding::InSync } else { Finding::Drifted(drift) };
                }
                // Made a moment ago, it may not show yet; to say that it is missing would have it made again.
                Ok(None) if shelf.is_none() && asked.get() < settled => clock.sleep(pause).await,
                Ok(None) => return Finding::Missing,
                Err(error) => return Finding::Unreadable(error),
            }
        }
    }
}

/// What the ledger has to learn so that planning sees the world as it is. What could not be read stays as it
/// was recorded.
#[must_use]
pub fn refresh_entries(snapshot: &Snapshot, seen: &[Seen]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for one in seen {
        match &one.finding {
            Finding::InSync | Finding::Unreadable(_) | Finding::NotOurs => {}
            Finding::Missing => entries.push(Entry::Gone {
                address: one.address.clone(),
                generation: one.generation,
                kept: None,
            }),
            Finding::Drifted(drift) => {
                let Some(object) = snapshot.object(&one.address, one.generation) else { continue };
                let mut properties = object.declared.properties.clone();
                if let Some(members) = properties.as_object_mut() {
                    for item in drift {
                        if item.live.is_null() {
                            members.remove(&item.property);
                        } else {
                            members.insert(item.property.clone(), item.live.clone());
                        }
                    }
                }
                entries.push(Entry::Refreshed {
                    address: one.address.clone(),
                    generation: one.generation,
                    properties,
                });
            }
        }
    }
    entries
}
