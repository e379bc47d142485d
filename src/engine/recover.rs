//! Settles what an earlier run left open, by looking. Never mutates anything but the ledger.

use std::{
    cell::RefCell,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    call::{Judged, STRIKES, backoff, eventually_consistent, how_found, judge_read},
    event::EventKind,
    late::{Look, look_again},
    limit::Limits,
    operate::{self, Reader},
    owned::strange,
};
use crate::{
    aws::{Cloud, OpError, Owner, Sdk},
    clock::{Clock, millis, written},
    ledger::{Declared, Entry, Ledger, LedgerError, Object, Open, Resolution, Snapshot, Verb},
    model::{Address, Attributes, Facts, Identity, Ownership},
    resources::{AnyType, Cx, Found, registry},
};

/// How long after an intent reads may still hide the object it made, and how often to look until then.
pub(super) fn lag(facts: &Facts) -> (Duration, Duration) {
    match facts.identity {
        Identity::Token => (Duration::ZERO, Duration::ZERO),
        _ if eventually_consistent(facts) => (Duration::from_secs(30), Duration::from_secs(5)),
        _ => (Duration::from_secs(5), Duration::from_secs(1)),
    }
}

/// From when on reads surely show an object that exists, and how often to look until then.
pub(super) fn visible_by(object: &Object, facts: &Facts, now: SystemTime) -> (SystemTime, Duration) {
    let (window, pause) = lag(facts);
    (written(&object.made, now).unwrap_or(SystemTime::UNIX_EPOCH) + window, pause)
}

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
    }
}

/// Whether what was found may be what an intent made: it carries our tags or, where it cannot, it is what was sent.
async fn fits(
    ty: &dyn AnyType,
    cx: &Cx<'_>,
    found: &Found,
    intent: &Open,
    declared: &Declared,
) -> Result<bool, OpError> {
    if intent.shared || found.ownership != Ownership::Untaggable {
        return Ok(intent.shared || found.ownership == Ownership::Ours);
    }
    let mut failed = 0;
    loop {
        match ty.read(cx, &found.id, &declared.properties).await {
            Ok(live) => {
                return Ok(live.is_some_and(|live| strange(ty, &declared.properties, &[], &live).is_empty()));
            }
            Err(error) if failed + 1 >= STRIKES || judge_read(&error) == Judged::Final => return Err(error),
            Err(_) => failed += 1,
        }
    }
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
    let mut failed = 0;
    loop {
        // A slow answer tells of the world as it was when it was asked, not as it is when the answer arrives.
        let asked = millis(clock.now());
        match ty.find(&cx, &declared.properties).await {
            Ok(Some(found)) if fits(ty, &cx, &found, intent, declared).await? => {
                return Ok(Some((found, identity)));
            }
            Ok(_) => {
                if asked >= millis(settled) {
                    return expired(intent, ty.facts(), clock.now()).map_or(Ok(None), Err);
                }
                clock.sleep(pause).await;
            }
            Err(error) => {
                failed += 1;
                if failed >= STRIKES || judge_read(&error) == Judged::Final {
                    return Err(error);
                }
                clock.sleep(backoff(failed)).await;
            }
        }
    }
}

/// Why a create must not be called again: its client token is no longer the same request, and nothing else tells whether
/// it took effect.
fn expired(intent: &Open, facts: &Facts, now: SystemTime) -> Option<OpError> {
    let life = facts.token_life.filter(|_| facts.identity == Identity::Token)?;
    let called = written(&intent.at, now)?;
    (now > called + life).then(|| {
        let hours = life.as_secs() / 3600;
        let mut error = OpError::not_sent(
            &format!("create {}", facts.kind),
            format!(
                "the call of {} may have made an object, and AWS keeps its client token for {hours} hours only: calling \
                 again might make a second one. Look for the object in the account, then `migrate ledger resolve {}` \
                 with `--absent` or `--exists ID`",
                intent.at, intent.address
            ),
        );
        error.code = Some("TokenExpired".into());
        error
    })
}
