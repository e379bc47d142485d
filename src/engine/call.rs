//! Makes the calls of one verb and judges their errors.
//!
//! | what AWS said | what is known | what the engine does |
//! |---|---|---|
//! | success | it happened | journal it, go on |
//! | slow down | nothing happened | halve the service's places, pause, call again |
//! | a rejection the type outwaits | nothing happened | pause, call again |
//! | any other rejection | nothing happened | the step fails |
//! | nothing, garbage, or 5xx | unknown | create: look for the object, adopt it or repeat with the same token; other verbs are idempotent: repeat |

use std::time::Duration;

use tracing::{Instrument as _, debug_span};

use super::{
    event::EventKind,
    lag::pauses,
    life::{Began, Life},
    looking::how_found,
    owned::not_ours,
    reads::{Patience, STRIKES, backoff},
    run::{Run, StepEnd, round},
};
use crate::{
    aws::{Certainty, OpError},
    ledger::{Entry, Intend, Object, Permit, Resolution, Verb},
    model::{Address, Attributes, OnConflict, Ownership, PhysicalId, Retry},
    resources::{Created, Found, Progress, strange},
};

/// How long passing rejections (a role that propagates) are outwaited on create, configure and update.
pub(super) const OUTWAIT: Duration = Duration::from_secs(5 * 60);
/// How long on delete: network interfaces of load balancers and databases linger for many minutes.
const OUTWAIT_DELETE: Duration = Duration::from_secs(45 * 60);

/// Pause while outwaiting a passing rejection: dense at first, because a role is usable after seconds; after some two
/// minutes it is about what lingers for long.
fn outwait_pause(attempt: u32) -> Duration {
    let longest = if attempt < 26 { 5 } else { 15 };
    Duration::from_secs(u64::from(attempt).clamp(1, longest))
}

/// A pause between half of that and all of it, another one for each step and attempt: whoever was throttled together does
/// not come again together. The same in every rehearsal.
fn spread(pause: Duration, address: &Address, attempt: u32) -> Duration {
    // FNV-1a.
    let bytes = address.as_str().bytes().chain(attempt.to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let share = u32::try_from((hash >> 32) % 1_000).unwrap_or_default();
    pause / 2 + pause / 2 * share / 1_000
}

fn outwaited<'r>(error: &OpError, retries: &'r [Retry]) -> Option<&'r Retry> {
    if error.certainty != Certainty::Rejected {
        return None;
    }
    retries.iter().find(|r| error.is(&[r.code]) && error.message.contains(r.message))
}

/// Rejections that may mean "it is there already": worth a look before giving up.
fn says_exists(error: &OpError) -> bool {
    error.code.as_deref().is_some_and(|code| {
        [
            "Exist",
            "Duplicate",
            "AlreadyOwned",
            "AlreadyAssociated",
            "Conflict",
            "InUse",
            "Idempotent",
            "InvalidChangeBatch",
        ]
        .iter()
        .any(|part| code.contains(part))
    })
}

/// What decides whether a rejection is outwaited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judging<'j> {
    /// The how-manieth call it answered.
    pub attempt: u32,
    /// When the first was made.
    pub began: Began,
    /// Rejections that pass.
    pub retries: &'j [Retry],
    /// How long they are outwaited.
    pub patience: Duration,
}

/// Which verb of the contract, and how it is journaled.
pub(super) struct Verbed<'v> {
    pub verb: Verb,
    pub physical_id: &'v PhysicalId,
    pub declared: Option<&'v crate::ledger::Declared>,
    pub retries: &'v [Retry],
    /// Pause between the stages of a staged verb.
    pub every: Duration,
    /// The object as the ledger has it, where the call may meet another owner's: it is asked for before each call. One
    /// that this very step made needs no question.
    pub object: Option<&'v Object>,
}

impl Run<'_, '_> {
    /// Writes the intent, waits until it is on disk, returns the permit.
    pub async fn intend(&self, intend: Intend) -> Result<Permit, StepEnd> {
        let draft = self.engine.ledger.borrow_mut().intend(intend).map_err(|e| self.ledger_broke(e))?;
        self.durable(draft.seq()).await?;
        self.engine.ledger.borrow_mut().permit(draft).map_err(|e| self.ledger_broke(e))
    }

    /// Makes the object exist: calls, and adopts what a lost answer left behind. The outcome is appended to the
    /// ledger but not yet synced.
    pub async fn create(&self, life: &Life<'_>, sent: &serde_json::Value) -> Result<Created, StepEnd> {
        let began = (self.now(), self.engine.cloud.paused());
        let (mut attempt, mut strikes) = (0, 0);
        loop {
            attempt += 1;
            if attempt > 1 && life.facts().on_conflict == OnConflict::Overwrites {
                // Somebody may have taken the name since the first look, and the call would overwrite.
                if let Some(found) = self.existing(life, strikes > 0).await? {
                    return self.adopt_existing(life, found);
                }
            }
            let permit = self.intend(life.create_intent()).await?;
            let passes = self.enter(life).await;
            let span = debug_span!("create", attempt);
            let answer = life.ty.create(&life.cx(), &permit, sent).instrument(span).await;
            drop(passes);
            let op = permit.op();
            let error = match answer {
                Ok(created) => {
                    self.limits.granted(life.service());
                    let physical_id = Some(created.id.clone());
                    let attributes = created.attributes.clone();
                    self.append(Entry::Landed { op, physical_id, attributes, more: false })?;
                    return Ok(created);
                }
                Err(error) => self.engine.secrets.redactor.clean_error(error),
            };
            if error.certainty == Certainty::Unknown {
                strikes += 1;
                self.retrying(
                    life,
                    &error,
                    attempt,
                    Duration::ZERO,
                    "the answer was lost; looking whether it took effect",
                );
                match self.look(life).await {
                    Ok(Some(found)) => return self.adopt(life, op, found),
                    Ok(None) if strikes < STRIKES => {
                        self.append(Entry::Resolved {
                            op,
                            by: Resolution::Absent,
                            attributes: Attributes::new(),
                            shared: false,
                        })?;
                        self.pause(backoff(strikes)).await?;
                        continue;
                    }
                    Ok(None) => {
                        self.append(Entry::Resolved {
                            op,
                            by: Resolution::Absent,
                            attributes: Attributes::new(),
                            shared: false,
                        })?;
                        return Err(self.failure(error));
                    }
                    Err(looking) => {
                        self.append(Entry::Doubtful { op, error: looking.clone() })?;
                        return Err(StepEnd::Failed { error: looking, doubtful: true });
                    }
                }
            }
            if error.certainty == Certainty::Rejected
                && !error.is_throttle()
                && (strikes > 0 || says_exists(&error))
            {
                // Our own earlier call may have made it: its answer was lost, or the service is idempotent. What
                // creates already collide with, reads may not show yet.
                if let Ok(Some(found)) = self.look(life).await
                    && self.is_ours(life, &found, strikes > 0).await
                {
                    return self.adopt(life, op, found);
                }
            }
            self.append(Entry::Refused { op, error: error.clone() })?;
            let judging = Judging { attempt, began, retries: life.facts().retry, patience: OUTWAIT };
            self.after_rejection(life, &error, &judging).await?;
        }
    }

    /// Whether an object that a create collides with was made by an earlier call of ours: it says so itself or, where
    /// it cannot, we called without seeing an effect, and it is what we asked for.
    pub async fn is_ours(&self, life: &Life<'_>, found: &Found, lost: bool) -> bool {
        match found.ownership {
            Ownership::Ours => true,
            // Looked at only where somebody else's would do.
            Ownership::Foreign => lost,
            Ownership::Untaggable => {
                let unseen = self.engine.ledger.borrow().snapshot().unseen.contains(&life.step.address);
                if !lost && !unseen {
                    return false;
                }
                let read = async || life.ty.read(&life.cx(), &found.id, life.recorded()).await;
                match self.observe(life, read).await {
                    Ok(Some(live)) => strange(life.ty, life.recorded(), &[], &live).is_empty(),
                    _ => false,
                }
            }
        }
    }

    fn adopt(&self, life: &Life<'_>, op: u64, found: Found) -> Result<Created, StepEnd> {
        self.append(Entry::Resolved {
            op,
            by: Resolution::Adopted(found.id.clone()),
            attributes: found.attributes.clone(),
            shared: found.ownership == Ownership::Foreign,
        })?;
        self.emit(EventKind::Recovered {
            address: life.step.address.clone(),
            verb: "create".into(),
            how: how_found(found.ownership, life.facts().identity).into(),
            physical_id: Some(found.id.to_string()),
        });
        Ok(Created { id: found.id, attributes: found.attributes })
    }

    /// Adopts an object that was there before this run made any call: intent and outcome in one go.
    pub fn adopt_existing(&self, life: &Life<'_>, found: Found) -> Result<Created, StepEnd> {
        let draft =
            self.engine.ledger.borrow_mut().intend(life.create_intent()).map_err(|e| self.ledger_broke(e))?;
        let permit = self.engine.ledger.borrow_mut().permit(draft).map_err(|e| self.ledger_broke(e))?;
        self.adopt(life, permit.op(), found)
    }

    /// Looks until the object shows or the service's consistency window is over. Another owner's counts if shared; what
    /// has no tags must hold what was sent.
    async fn look(&self, life: &Life<'_>) -> Result<Option<Found>, OpError> {
        let mut pauses = pauses(life.facts()).iter();
        loop {
            let found = self.observe(life, async || life.ty.find(&life.cx(), life.recorded()).await).await?;
            if let Some(found) = found {
                let fits = match found.ownership {
                    Ownership::Ours => true,
                    Ownership::Foreign => life.shared,
                    Ownership::Untaggable => life.shared || self.is_ours(life, &found, true).await,
                };
                if fits {
                    return Ok(Some(found));
                }
            }
            let Some(pause) = pauses.next() else { return Ok(None) };
            self.engine.clock.sleep(Duration::from_secs(*pause)).await;
        }
    }

    /// Looks before a create that would silently overwrite. Another owner's object ends the step; one that an earlier
    /// call of this step may have made (`lost`) is ours if it is what was sent.
    pub(super) async fn existing(&self, life: &Life<'_>, lost: bool) -> Result<Option<Found>, StepEnd> {
        // Of what a lost call made, one look after all tells; a free name is no news then.
        if !lost && self.is_free(life).await {
            return Ok(None);
        }
        let found = self.observe(life, async || life.ty.find(&life.cx(), life.recorded()).await).await;
        let Some(found) = found.map_err(|e| self.failure(e))? else { return Ok(None) };
        if life.shared || (found.ownership != Ownership::Foreign && self.is_ours(life, &found, lost).await) {
            return Ok(Some(found));
        }
        Err(self.failure(OpError {
            operation: format!("find {}", life.step.kind),
            code: Some("AlreadyExists".into()),
            message: format!(
                "`{}` exists and is not this migration's; creating it would overwrite it. Delete or rename it, or \
                 put `Metadata: {{Migrate: {{AdoptExisting: true}}}}` on the resource to adopt it",
                found.id
            ),
            request_id: None,
            certainty: Certainty::NotSent,
            barrier: None,
        }))
    }

    /// After a rejection: outwaits it if it passes, else ends the step.
    pub(super) async fn after_rejection(
        &self,
        life: &Life<'_>,
        error: &OpError,
        judging: &Judging<'_>,
    ) -> Result<(), StepEnd> {
        let Judging { attempt, began, retries, patience } = *judging;
        let waited = self.waited(began.0, began.1);
        if error.is_throttle() && waited < Patience::RUN.throttled() {
            let delay = spread(backoff(attempt.min(3)), &life.step.address, attempt);
            self.limits.overdrawn(life.service());
            self.retrying(life, error, attempt, delay, "AWS asks to slow down");
            return self.pause(delay).await;
        }
        match outwaited(error, retries) {
            Some(_) if waited < patience && self.is_futile(error) => {
                let mut error = error.clone();
                error.message.push_str(" (nothing else is in flight that could change that)");
                Err(self.failure(error))
            }
            Some(retry) if waited < patience => {
                let delay = outwait_pause(attempt);
                self.retrying(life, error, attempt, delay, retry.why);
                self.outwait(delay).await
            }
            _ => Err(self.failure(error.clone())),
        }
    }

    /// Calls an idempotent verb until it is done. The last outcome is appended but not yet synced.
    pub async fn repeat<F>(&self, life: &Life<'_>, verbed: &Verbed<'_>, call: F) -> Result<Progress, StepEnd>
    where
        F: AsyncFn(&Permit) -> Result<Progress, OpError>,
    {
        let began = (self.now(), self.engine.cloud.paused());
        let (mut attempt, mut strikes) = (0, 0);
        let mut request: Option<String> = None;
        let longest = life.facts().ready.map_or(OUTWAIT_DELETE, |policy| policy.deadline.max(OUTWAIT_DELETE));
        let longest = life.ty.deadline(life.recorded()).unwrap_or(longest);
        let patience = if verbed.verb == Verb::Delete { OUTWAIT_DELETE } else { OUTWAIT };
        loop {
            attempt += 1;
            if verbed.verb == Verb::Delete {
                self.clear_way(life, verbed.physical_id, began, patience).await?;
            }
            let permit = self
                .intend(Intend {
                    verb: verbed.verb,
                    address: life.step.address.clone(),
                    generation: life.generation,
                    physical_id: Some(verbed.physical_id.clone()),
                    declared: verbed.declared.map(|d| Box::new(d.clone())),
                    shared: false,
                    operate: None,
                })
                .await?;
            let op = permit.op();
            let landed = |more| Entry::Landed { op, physical_id: None, attributes: Attributes::new(), more };
            if let Some(object) = verbed.object {
                let why = match self.objection(life, verbed.physical_id, object).await {
                    Ok(None) => None,
                    Ok(Some(why)) if verbed.verb == Verb::Delete => {
                        self.append(landed(false))?;
                        return Ok(Progress::Kept(format!("it is not this migration's any more: {why}")));
                    }
                    Ok(Some(why)) => Some(not_ours(&life.step.kind, verbed.physical_id, &why)),
                    Err(error) => Some(error),
                };
                if let Some(error) = why {
                    self.append(Entry::Refused { op, error: error.clone() })?;
                    return Err(self.failure(error));
                }
            }
            let permit = permit.following(request.take());
            let asked = permit.request().map(str::to_owned);
            let passes = self.enter(life).await;
            let span = debug_span!("verb", kind = ?verbed.verb, attempt);
            let answer = call(&permit).instrument(span).await;
            drop(passes);
            life.called();
            let (answer, begun) = match answer {
                Ok(Progress::Underway { request, detail }) => (Ok(Progress::Again(detail)), Some(request)),
                answer => (answer, None),
            };
            match answer {
                Ok(Progress::Again(detail)) => {
                    request = begun;
                    self.limits.granted(life.service());
                    let seq = self.append(landed(true))?;
                    self.durable(seq).await?;
                    (attempt, strikes) = (0, 0);
                    self.emit(EventKind::StepWaiting {
                        step: life.step.id,
                        address: life.step.address.clone(),
                        detail: self.engine.secrets.redactor.clean(&detail),
                        waited_s: round(self.waited(began.0, began.1).as_secs_f64()),
                        typical_s: life.step.lasts(),
                    });
                    if self.waited(began.0, began.1) > longest {
                        let minutes = longest.as_secs() / 60;
                        let mut error = OpError::not_sent(
                            &life.step.kind,
                            format!("not finished after {minutes} minutes: {detail}"),
                        );
                        error.code = Some("DeadlineExceeded".into());
                        return Err(self.failure(error));
                    }
                    self.pause(verbed.every).await?;
                }
                Ok(progress) => {
                    self.limits.granted(life.service());
                    self.append(landed(false))?;
                    return Ok(progress);
                }
                Err(error) => {
                    let error = self.engine.secrets.redactor.clean_error(error);
                    if error.certainty == Certainty::Unknown || error.is_throttle() {
                        // The request goes on, whoever did not hear of it: it is asked for again.
                        request = asked;
                    }
                    if error.certainty == Certainty::Unknown {
                        strikes += 1;
                        self.append(Entry::Resolved {
                            op,
                            by: Resolution::Repeated,
                            attributes: Attributes::new(),
                            shared: false,
                        })?;
                        if strikes >= STRIKES {
                            return Err(self.failure(error));
                        }
                        let delay = backoff(strikes);
                        self.retrying(
                            life,
                            &error,
                            attempt,
                            delay,
                            "the answer was lost; the call is idempotent",
                        );
                        self.pause(delay).await?;
                    } else {
                        self.append(Entry::Refused { op, error: error.clone() })?;
                        let judging = Judging { attempt, began, retries: verbed.retries, patience };
                        self.after_rejection(life, &error, &judging).await?;
                    }
                }
            }
        }
    }
}
