//! Creates that showed no effect, and may have had one.
//!
//! EC2 gives no token for VPCs, internet gateways and addresses: where the answer of such a create is lost, only
//! looking tells whether it took effect, and a look may be too early ([AWS: eventual
//! consistency](https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html)). The engine looks for a
//! while and then calls again; what it called before stays in the ledger (`Snapshot::late`) and is looked for at the
//! end of the run and at the beginning of the next, until it would surely have shown. What shows then is adopted or,
//! beside an object that was made since, deleted.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    event::EventKind,
    lag::hidden,
    limit::Limits,
    looking::{RecoverError, looking, migration},
    reads::{Patience, Reads, Unwatched},
};
use crate::{
    aws::{Cloud, OpError, Owner},
    clock::{Clock, millis, written},
    ledger::{Entry, Late, Ledger, Open, Snapshot},
    model::{Address, Facts, Identity, Ownership},
    resources::{AnyType, Found, registry},
};

/// Between looks.
const PAUSE: Duration = Duration::from_secs(15);

/// How long to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// One look; what is not sure yet is left to the next run.
    Once,
    /// Until it is sure: there may be no next run.
    UntilSure,
}

/// When an effect would surely have shown, as of an instant after the call.
fn sure(open: &Open, facts: &Facts, after: SystemTime) -> SystemTime {
    written(&open.at, after).unwrap_or(SystemTime::UNIX_EPOCH) + hidden(facts)
}

/// Nothing needs to be asked where the call cannot have made an object that the ledger does not hold.
fn accounted(snapshot: &Snapshot, open: &Open, ty: &dyn AnyType) -> bool {
    match ty.facts().identity {
        // The next call with the same token answers with the same object.
        Identity::Token => true,
        // There can be only one of a name.
        Identity::Name => snapshot.current(&open.address).is_some(),
        Identity::Tag => false,
    }
}

/// The latest moment until when there is something to look for, as of now; `None` if there is nothing.
#[must_use]
pub fn looks_until(snapshot: &Snapshot, now: SystemTime) -> Option<SystemTime> {
    let late = snapshot.late.iter().filter_map(|late| Some((&late.call, type_of(&late.call)?)));
    late.filter(|(call, ty)| !accounted(snapshot, call, *ty))
        .map(|(call, ty)| sure(call, ty.facts(), now))
        .max()
}

fn type_of(open: &Open) -> Option<&'static dyn AnyType> {
    registry::find(&open.declared.as_ref()?.kind)
}

/// Looks for what creates without a visible effect may have made. What shows is written into the ledger: as the
/// resource's object, or as a stray one that [`crate::planner::cleanup`] deletes. Returns what was found, for views.
///
/// # Errors
/// When AWS cannot be asked or the ledger cannot be written; what was not found out stays to be looked for.
pub async fn look_again(
    cloud: &Cloud,
    clock: &Arc<dyn Clock>,
    ledger: &RefCell<Ledger>,
    look: Look,
) -> Result<Vec<EventKind>, RecoverError> {
    let mut told = Vec::new();
    let began = clock.now();
    loop {
        let objects = calls_by_object(ledger.borrow().snapshot());
        if objects.is_empty() {
            return Ok(told);
        }
        for calls in objects {
            told.extend(one(cloud, clock, ledger, &calls, began).await?);
        }
        ledger.borrow_mut().sync()?;
        if look == Look::Once {
            return Ok(told);
        }
        if !ledger.borrow().snapshot().late.is_empty() {
            clock.sleep(PAUSE).await;
        }
    }
}

/// The calls that were to make the same object: one look is for all of them.
fn calls_by_object(snapshot: &Snapshot) -> Vec<Vec<Late>> {
    let in_doubt = |address: &Address| snapshot.open.values().any(|open| open.address == *address);
    let mut objects: BTreeMap<(Address, u32), Vec<Late>> = BTreeMap::new();
    // What is in doubt is recovery's, and what only another version knows is that version's.
    let ours = |call: &Open| !in_doubt(&call.address) && type_of(call).is_some();
    for late in snapshot.late.iter().filter(|late| ours(&late.call)) {
        objects.entry((late.call.address.clone(), late.call.generation)).or_default().push(late.clone());
    }
    objects.into_values().collect()
}

async fn one(
    cloud: &Cloud,
    clock: &Arc<dyn Clock>,
    ledger: &RefCell<Ledger>,
    calls: &[Late],
    began: SystemTime,
) -> Result<Vec<EventKind>, RecoverError> {
    let mut told = Vec::new();
    let last = calls.last().and_then(|late| Some((&late.call, type_of(&late.call)?)));
    if let Some((last, ty)) = last.filter(|(open, ty)| !accounted(ledger.borrow().snapshot(), open, *ty)) {
        let asked = clock.now();
        let found = find(cloud, clock, ledger, last, ty)
            .await
            .map_err(|error| RecoverError::Look(last.address.clone(), error))?;
        let mut waiting = calls.iter();
        for found in found {
            let known = |ledger: &Ledger| ledger.snapshot().objects().any(|(_, o)| o.physical_id == found.id);
            let unmanaged = calls.iter().any(|late| late.unmanaged.contains(&found.id));
            if found.ownership != Ownership::Ours || unmanaged || known(&ledger.borrow()) {
                continue;
            }
            let Some(Late { call, .. }) = waiting.next() else { break };
            // Of a name there is only one: whatever had its place was this object.
            let tagged = ty.facts().identity == Identity::Tag;
            let stray = tagged && ledger.borrow().snapshot().next_generation(&call.address) > call.generation;
            let id = found.id.clone();
            ledger.borrow_mut().append(Entry::Appeared {
                op: call.op,
                physical_id: found.id,
                attributes: found.attributes,
                stray,
            })?;
            let how = if stray { "appeared late, a replacement exists" } else { "appeared late, adopted" };
            told.push(EventKind::Recovered {
                address: call.address.clone(),
                verb: "create".into(),
                how: how.into(),
                physical_id: Some(id.to_string()),
            });
        }
        // Later calls may show later: all are looked for until the last is sure.
        if millis(asked) < millis(sure(last, ty.facts(), began)) {
            return Ok(told);
        }
    }
    for late in calls {
        ledger.borrow_mut().append(Entry::NeverAppeared { op: late.call.op })?;
    }
    Ok(told)
}

/// Every object with the tags of the one that was called for.
async fn find(
    cloud: &Cloud,
    clock: &Arc<dyn Clock>,
    ledger: &RefCell<Ledger>,
    open: &Open,
    ty: &dyn AnyType,
) -> Result<Vec<Found>, OpError> {
    let Some(declared) = &open.declared else { return Ok(Vec::new()) };
    let owner = {
        let ledger = ledger.borrow();
        let snapshot = ledger.snapshot();
        let lineage = snapshot.lineage.clone();
        Owner { migration: migration(snapshot), lineage, generation: open.generation }
    };
    let sdk = cloud.sdk(&declared.region);
    let cx = looking(cloud, &sdk, &declared.region, &owner, &open.address);
    let limits = Limits::new(Arc::clone(clock));
    let reads = Reads { cloud, clock: clock.as_ref(), limits: &limits, patience: Patience::RUN };
    reads.ask(ty.facts().service, &Unwatched, async || ty.find_all(&cx, &declared.properties).await).await
}
