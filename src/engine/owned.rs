//! Whose an object is, asked in the moment before it is changed or deleted.
//!
//! The ledger knows a handle; whose the object of that handle is by now only the account knows. A name may have been
//! freed and taken by another owner, ownership tags may have been replaced, and a ledger may have been edited. So the
//! engine looks before every call that changes or deletes, and leaves alone what it does not recognise:
//!
//! | the type | is ours if |
//! |---|---|
//! | carries tags | it carries this resource's ownership tags |
//! | carries none, has a handle of its own that AWS never uses twice | no property that cannot change is another one |
//! | carries none, is known by its natural key | it holds what the ledger or an interrupted call says it was given |
//! | is put on several others (a topic policy, an inline policy) | its handler judges each place by itself, in the same way |
//! | was imported | no property that cannot change is another one |
//!
//! It costs one read for each of these calls, two where tags are read by a call of their own, and one more for what has
//! no tags. Between that read and the call another owner may still be faster; AWS offers no condition on most calls
//! that would close that gap.

use std::time::{Duration, SystemTime};

use super::{
    lag::{hidden, lag},
    life::Life,
    run::Run,
};
use crate::{
    aws::{Certainty, OpError},
    clock::written,
    ledger::Object,
    model::{Facts, Ownership, PhysicalId},
    resources::{remade, strange},
};

/// From when on reads surely show what our last call made of an object.
fn settled(object: &Object, facts: &Facts, now: SystemTime) -> SystemTime {
    let last = [&object.made, &object.touched].into_iter().filter_map(|at| written(at, now)).max();
    last.unwrap_or(SystemTime::UNIX_EPOCH) + hidden(facts)
}

/// The words for it.
pub(super) const UNTAGGED: &str = "it carries no ownership tags of this resource";

fn holds(properties: &[String]) -> String {
    format!("its {} is not what the ledger says", properties.join(" and "))
}

/// An error that says that an object is not ours; nothing was sent.
pub(super) fn not_ours(kind: &str, id: &PhysicalId, why: &str) -> OpError {
    OpError {
        operation: format!("find {kind}"),
        code: Some("NotOurs".into()),
        message: format!(
            "`{id}` is not this migration's any more: {why}. It was left as it is; `migrate refresh` shows what differs, \
             `migrate forget` stops managing it"
        ),
        request_id: None,
        certainty: Certainty::NotSent,
        barrier: None,
    }
}

impl Run<'_, '_> {
    /// Why an object of the ledger must not be touched; `None` if it is ours, or if there is none.
    pub(super) async fn objection(
        &self,
        life: &Life<'_>,
        id: &PhysicalId,
        object: &Object,
    ) -> Result<Option<String>, OpError> {
        let facts = life.facts();
        // What is shared was there before us, and adopting it is what the plan says. Handlers look where objects of a type
        // are on several others, or change together.
        if object.shared || !facts.spread.is_empty() || facts.together.is_some() {
            return Ok(None);
        }
        let (settled, pause) = (settled(object, facts, self.now()), lag(facts).1.max(Duration::from_secs(1)));
        loop {
            let asked = self.now();
            let Some(why) = self.looks_foreign(life, id, object).await? else { return Ok(None) };
            if asked >= settled {
                return Ok(Some(why));
            }
            self.engine.clock.sleep(pause).await;
        }
    }

    async fn looks_foreign(
        &self,
        life: &Life<'_>,
        id: &PhysicalId,
        object: &Object,
    ) -> Result<Option<String>, OpError> {
        let recorded = &object.declared.properties;
        let whose = self.observe(life, async || life.ty.ownership(&life.cx(), id, recorded).await).await?;
        let by_handle = match whose {
            None | Some(Ownership::Ours) => return Ok(None),
            Some(Ownership::Foreign) if !object.claimed => return Ok(Some(UNTAGGED.to_owned())),
            Some(Ownership::Foreign) => true,
            Some(Ownership::Untaggable) => life.facts().unique_handle,
        };
        let live = self.observe(life, async || life.ty.read(&life.cx(), id, recorded).await).await?;
        let Some(live) = live else { return Ok(None) };
        let different = if by_handle {
            remade(life.ty, recorded, &live)
        } else {
            strange(life.ty, recorded, life.attempted(), &live)
        };
        Ok((!different.is_empty()).then(|| holds(&different)))
    }
}
