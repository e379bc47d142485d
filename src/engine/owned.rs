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

use serde_json::Value as Json;

use super::{
    call::eventually_consistent,
    recover::lag,
    refresh::{Drift, drift},
    run::Run,
    step::Life,
};
use crate::{
    aws::{Certainty, OpError},
    clock::written,
    ledger::Object,
    model::{Facts, Ownership, PhysicalId},
    resources::{AnyType, compare},
};

/// How long reads of EC2 and IAM may show an object as it was: AWS says to repeat them for up to five minutes.
/// <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>
const STALE: Duration = Duration::from_secs(5 * 60);

/// From when on reads surely show what our last call made of an object.
fn settled(object: &Object, facts: &Facts, now: SystemTime) -> SystemTime {
    let window = if eventually_consistent(facts) { STALE } else { lag(facts).0 };
    let last = [&object.made, &object.touched].into_iter().filter_map(|at| written(at, now)).max();
    last.unwrap_or(SystemTime::UNIX_EPOCH) + window
}

/// What a live object holds that neither the ledger nor one of the attempted forms says.
pub(super) fn strange(ty: &dyn AnyType, recorded: &Json, attempted: &[Json], live: &Json) -> Vec<String> {
    let explained = |item: &Drift| {
        attempted.iter().any(|form| {
            let tried = &form[item.property.as_str()];
            (tried.is_null() && item.live.is_null()) || ty.same(&item.property, tried, &item.live)
        })
    };
    let spread = ty.facts().spread;
    let differs = drift(ty, recorded, live);
    differs
        .into_iter()
        .filter(|item| !spread.contains(&item.property.as_str()) && !explained(item))
        .map(|item| item.property)
        .collect()
}

/// What cannot change of an object and is another one than recorded.
fn remade(ty: &dyn AnyType, recorded: &Json, live: &Json) -> Vec<String> {
    let names: Vec<String> = drift(ty, recorded, live).into_iter().map(|item| item.property).collect();
    compare::create_only(ty.facts().kind, &names)
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
        let whose = self.observe(life, async || life.ty.whose(&life.cx(), id, recorded).await).await?;
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
