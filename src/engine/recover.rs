//! Settles what an earlier run left open, by looking. Never mutates anything but the ledger.

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
    time::SystemTime,
};

use super::{
    event::EventKind,
    lag::lag,
    late::{Look, look_again},
    limit::Limits,
    looking::{RecoverError, how_found, looking, migration},
    operate::{self, Reader},
    reads::{Patience, Reads, Unwatched},
};
use crate::{
    aws::{Cloud, OpError, Owner},
    clock::{Clock, millis, written},
    ledger::{Declared, Entry, Ledger, Open, Resolution, Verb},
    model::{Attributes, Facts, Identity, Ownership},
    resources::{AnyType, Cx, Found, registry, strange},
};

/// Settles every open intent: creates are looked for and adopted, everything else is idempotent and will be
/// repeated by the plan. Returns what it did, for views.
///
/// # Errors
/// When AWS cannot be asked or the ledger cannot be written; what was settled before stays settled.
pub async fn recover(
    cloud: &Cloud,
    clock: &Arc<dyn Clock>,
    ledger: &RefCell<Ledger>,
) -> Result<Vec<EventKind>, RecoverError> {
    let (open, lineage, migration): (Vec<Open>, String, String) = {
        let ledger = ledger.borrow();
        let snapshot = ledger.snapshot();
        (snapshot.open.values().cloned().collect(), snapshot.lineage.clone(), migration(snapshot))
    };
    let mut told = Vec::new();
    for intent in open {
        let owner =
            Owner { migration: migration.clone(), lineage: lineage.clone(), generation: intent.generation };
        let (by, attributes, shared, how) = if intent.verb == Verb::Create {
            match look(cloud, clock, &intent, &owner)
                .await
                .map_err(|e| RecoverError::Look(intent.address.clone(), e))?
            {
                Some((found, identity)) => {
                    let how = how_found(found.ownership, identity);
                    let shared = found.ownership == Ownership::Foreign;
                    (Resolution::Adopted(found.id), found.attributes, shared, how)
                }
                None => (Resolution::Absent, Attributes::new(), false, "the call had no effect"),
            }
        } else if intent.verb == Verb::Operate {
            let reader = Reader { cloud, clock: Arc::clone(clock), limits: Limits::new(Arc::clone(clock)) };
            let settled = operate::settle(&reader, &intent)
                .await
                .map_err(|e| RecoverError::Look(intent.address.clone(), e))?;
            // Neither done nor undone: only a person can tell. It stays open, and whoever needs it says so.
            let Some((by, how)) = settled else { continue };
            (by, Attributes::new(), false, how)
        } else {
            (Resolution::Repeated, Attributes::new(), false, "the call is idempotent and will be repeated")
        };
        let physical_id = match &by {
            Resolution::Adopted(id) => Some(id.to_string()),
            _ => intent.physical_id.as_ref().map(ToString::to_string),
        };
        ledger.borrow_mut().append(Entry::Resolved { op: intent.op, by, attributes, shared })?;
        told.push(EventKind::Recovered {
            address: intent.address,
            verb: format!("{:?}", intent.verb).to_lowercase(),
            how: how.into(),
            physical_id,
        });
    }
    ledger.borrow_mut().sync()?;
    match look_again(cloud, clock, ledger, Look::Once).await {
        Ok(found) => told.extend(found),
        // Nothing that this run needs to know; it is asked again at its end.
        Err(RecoverError::Look(..)) => {}
        Err(error) => return Err(error),
    }
    Ok(told)
}

/// Whether what was found may be what an intent made: it carries our tags or, where it cannot, it is what was sent.
async fn fits(
    ty: &dyn AnyType,
    cx: &Cx<'_>,
    reads: &Reads<'_>,
    found: &Found,
    intent: &Open,
    declared: &Declared,
) -> Result<bool, OpError> {
    if intent.shared || found.ownership != Ownership::Untaggable {
        return Ok(intent.shared || found.ownership == Ownership::Ours);
    }
    let read = async || ty.read(cx, &found.id, &declared.properties).await;
    let live = reads.ask(ty.facts().service, &Unwatched, read).await?;
    Ok(live.is_some_and(|live| strange(ty, &declared.properties, &[], &live).is_empty()))
}

/// Looks for the object an intent may have made.
pub(super) async fn look(
    cloud: &Cloud,
    clock: &Arc<dyn Clock>,
    intent: &Open,
    owner: &Owner,
) -> Result<Option<(Found, Identity)>, OpError> {
    let Some(declared) = &intent.declared else { return Ok(None) };
    let Some(ty) = registry::find(&declared.kind) else {
        return Err(OpError::not_sent(&declared.kind, "this version of migrate does not know the type"));
    };
    let sdk = cloud.sdk(&declared.region);
    let cx = looking(cloud, &sdk, &declared.region, owner, &intent.address);
    let identity = ty.facts().identity;
    let (window, pause) = lag(ty.facts());
    let settled = written(&intent.at, clock.now()).unwrap_or_else(|| clock.now()) + window;
    let limits = Limits::new(Arc::clone(clock));
    let reads = Reads { cloud, clock: clock.as_ref(), limits: &limits, patience: Patience::RUN };
    // A slow answer tells how things were when it was asked for, not how they are when it arrives.
    let asked = Cell::new(clock.now());
    let find = async || {
        asked.set(clock.now());
        ty.find(&cx, &declared.properties).await
    };
    loop {
        match reads.ask(ty.facts().service, &Unwatched, &find).await? {
            Some(found) if fits(ty, &cx, &reads, &found, intent, declared).await? => {
                return Ok(Some((found, identity)));
            }
            _ if millis(asked.get()) >= millis(settled) => {
                return expired(intent, ty.facts(), clock.now()).map_or(Ok(None), Err);
            }
            _ => clock.sleep(pause).await,
        }
    }
}

/// Why a create must not be called again: its client token is no longer the same request, and nothing else tells whether
/// it took effect.
fn expired(intent: &Open, facts: &Facts, now: SystemTime) -> Option<OpError> {
    let life = facts.token_life.filter(|_| facts.identity == Identity::Token)?;
    let called = written(&intent.at, now)?;
    (now > called + life).then(|| {
        let (hours, at, address) = (life.as_secs() / 3600, &intent.at, &intent.address);
        let mut error = OpError::not_sent(
            &format!("create {}", facts.kind),
            format!(
                "the call of {at} may have made an object, and AWS keeps its client token for {hours} hours only: calling \
                 again might make a second one. Look for the object in the account, then `migrate ledger resolve {address} \
                 --exists PHYSICAL_ID`, or `migrate ledger resolve {address} --absent`"
            ),
        );
        error.code = Some("TokenExpired".into());
        error
    })
}
