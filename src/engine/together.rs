//! Steps that are one call: several objects that AWS changes as a whole or not at all.
//!
//! Each step has its own intents and outcomes, so each is recovered by itself; what keeps them together after a crash
//! is that the next plan puts them into one call again, and that the call looks at what there is. Outcomes are written
//! in the order delete, update, create: whoever dies in between leaves creates open, and those are found by what they
//! made. Written the other way round, a record that moved to another logical id could be deleted as the old one's.

use serde_json::Value as Json;

use super::{
    call::{Judging, OUTWAIT},
    event::EventKind,
    life::{Began, Life},
    reads::{STRIKES, backoff},
    run::{Run, StepEnd, round},
};
use crate::{
    aws::{Certainty, OpError},
    graph::Needs,
    ledger::{Entry, Intend, Permit, Resolution, Verb},
    model::{Address, Attributes, PhysicalId, Retry},
    planner::{Action, Step, StepId},
    resources::{Joined, Part},
};

/// One step of a call.
struct Member<'a> {
    life: Life<'a>,
    verb: Verb,
    id: Option<PhysicalId>,
    before: Vec<Json>,
    after: Option<Json>,
    /// A call of ours had an unknown outcome.
    called: bool,
    /// What became of it, and what it has known as its attributes.
    joined: Option<Joined>,
    note: Option<&'static str>,
}

impl Member<'_> {
    fn intent(&self) -> Intend {
        match self.verb {
            Verb::Create => self.life.create_intent(),
            verb => Intend {
                verb,
                address: self.life.step.address.clone(),
                generation: self.life.generation,
                physical_id: self.id.clone(),
                declared: (verb == Verb::Update).then(|| Box::new(self.life.declared().clone())),
                shared: false,
                operate: None,
            },
        }
    }

    fn part(&self) -> Part<'_, Json> {
        Part {
            address: &self.life.step.address,
            id: self.id.as_ref(),
            before: self.before.clone(),
            after: self.after.clone(),
            called: self.called,
        }
    }

    /// Deletes are written down first, creates last.
    fn rank(&self) -> u8 {
        match self.verb {
            Verb::Delete => 0,
            Verb::Update | Verb::Configure | Verb::Operate => 1,
            Verb::Create => 2,
        }
    }
}

impl Run<'_, '_> {
    /// Runs steps that are one call.
    pub(super) async fn together(&self, steps: &[&Step]) -> Vec<(StepId, StepEnd)> {
        for step in steps {
            self.started(step);
        }
        let began = (self.now(), self.engine.cloud.paused());
        let mut members = Vec::new();
        let mut ends: Vec<(StepId, StepEnd)> = Vec::new();
        for step in steps {
            match self.member(step).await {
                Ok(member) => members.push(member),
                Err(end) => ends.push((step.id, end)),
            }
        }
        members.sort_by_key(Member::rank);
        let failed = ends.first().map(|(id, _)| *id);
        if let Some(failed) = failed {
            // All or none: the others are not called for either.
            let blamed = self.set.step(failed).map(|step| step.address.to_string()).unwrap_or_default();
            for member in members.drain(..) {
                let why = format!("it changes in one call with {blamed}, which failed");
                let mut error = OpError::not_sent(&member.life.step.kind, why);
                error.code = Some("ChangesTogether".into());
                ends.push((member.life.step.id, self.failure(error)));
            }
        }
        while members.iter().any(|member| member.joined.is_none()) {
            if self.call_together(&mut members, &mut ends, began).await.is_err() {
                let open = members.iter().filter(|member| member.joined.is_none());
                ends.extend(open.map(|member| (member.life.step.id, StepEnd::Stopped)));
                break;
            }
        }
        members.retain(|member| member.joined.is_some());
        ends.extend(self.finish_together(members).await);
        for (id, end) in &ends {
            if !matches!(end, StepEnd::Done) {
                self.timings.borrow_mut()[id.0 as usize].to_ready = self.since(began.0);
            }
        }
        ends
    }

    /// Everything a step needs before its call.
    async fn member<'s>(&'s self, step: &'s Step) -> Result<Member<'s>, StepEnd> {
        let forms = |object: &crate::ledger::Object| {
            let mut forms = vec![object.declared.properties.clone()];
            forms.extend(object.attempted.clone());
            forms
        };
        let (verb, generation, id, properties, keep) = match &step.action {
            Action::Create { properties, generation, keep, .. } => {
                (Verb::Create, *generation, None, Some(properties), keep.clone())
            }
            Action::Update { physical_id, generation, properties, keep, .. }
            | Action::Finish { physical_id, generation, properties, keep, .. } => {
                (Verb::Update, *generation, Some(physical_id.clone()), Some(properties), keep.clone())
            }
            Action::Delete { physical_id, generation, policy, .. } => (
                Verb::Delete,
                *generation,
                Some(physical_id.clone()),
                None,
                self.kept(step, *generation, *policy)?,
            ),
            Action::Forget { .. } => {
                return Err(self.failure(OpError::not_sent(&step.kind, "what is let go takes no call")));
            }
        };
        let object = if id.is_some() { Some(self.object(step, generation)?) } else { None };
        let recorded = match (properties, &object) {
            (Some(properties), _) => self.resolve(step, properties)?,
            (None, Some(object)) => object.declared.properties.clone(),
            (None, None) => Json::Null,
        };
        let region = object.as_ref().map_or(step.region.as_str(), |object| &object.declared.region);
        let life = self.life(step, recorded, keep, generation, region)?;
        let mut before = Vec::new();
        for form in object.as_ref().map(forms).unwrap_or_default() {
            before.push(self.fill(&life, &form).await?);
        }
        let after = match properties {
            Some(_) => Some(self.fill(&life, life.recorded()).await?),
            None => None,
        };
        let called = self.engine.ledger.borrow().snapshot().unseen.contains(&step.address);
        let finishes = matches!(step.action, Action::Finish { .. });
        let note = finishes.then_some("begun by an earlier run, now finished");
        Ok(Member { life, verb, id, before, after, called, joined: None, note })
    }

    /// One call for all that have no outcome yet. What failed for good has its end after it; an error is a stop.
    async fn call_together(
        &self,
        members: &mut Vec<Member<'_>>,
        ends: &mut Vec<(StepId, StepEnd)>,
        began: Began,
    ) -> Result<(), StepEnd> {
        let (mut attempt, mut strikes) = (0, 0);
        loop {
            attempt += 1;
            let permits = self.intend_all(members).await?;
            let Some(first) = members.iter().find(|member| member.joined.is_none()) else { return Ok(()) };
            let Some(permit) = permits.first() else { return Ok(()) };
            let parts: Vec<Part<'_, Json>> =
                members.iter().filter(|member| member.joined.is_none()).map(Member::part).collect();
            let others = self.others(members, first.life.facts().kind);
            let passes = self.enter(&first.life).await;
            let answers = first.life.ty.together(&first.life.cx(), permit, &parts, &others).await;
            drop(passes);
            let answers: Vec<Result<Joined, OpError>> = answers
                .into_iter()
                .map(|answer| answer.map_err(|error| self.engine.secrets.redactor.clean_error(error)))
                .collect();
            let mut failed: Vec<(usize, OpError)> = Vec::new();
            let pending: Vec<usize> = (0..members.len()).filter(|at| members[*at].joined.is_none()).collect();
            for ((at, permit), answer) in pending.into_iter().zip(&permits).zip(answers) {
                self.write_outcome(&members[at], permit.op(), &answer)?;
                match answer {
                    Ok(joined) => members[at].joined = Some(joined),
                    Err(error) => {
                        members[at].called |= error.certainty == Certainty::Unknown;
                        failed.push((at, error));
                    }
                }
            }
            let Some((at, error)) =
                failed.iter().find(|(_, e)| e.certainty == Certainty::Unknown).or(failed.first())
            else {
                self.limits.granted(members[0].life.service());
                return Ok(());
            };
            let life = &members[*at].life;
            let retried = if error.certainty == Certainty::Unknown {
                strikes += 1;
                if strikes < STRIKES {
                    let delay = backoff(strikes);
                    let why = "the answer was lost; looking what it did, and calling for the rest";
                    self.retrying(life, error, attempt, delay, why);
                    self.pause(delay).await
                } else {
                    Err(self.failure(error.clone()))
                }
            } else {
                let retries = self.outwaited_together(members);
                self.after_rejection(
                    life,
                    error,
                    &Judging { attempt, began, retries: &retries, patience: OUTWAIT },
                )
                .await
            };
            match retried {
                Ok(()) => {}
                Err(StepEnd::Failed { .. }) => {
                    for (at, error) in failed.into_iter().rev() {
                        let member = members.remove(at);
                        ends.push((member.life.step.id, self.failure(error)));
                    }
                    return Ok(());
                }
                Err(end) => return Err(end),
            }
        }
    }

    /// Rejections that pass by themselves: while anything is made those of creates, else those of deletes.
    fn outwaited_together(&self, members: &[Member<'_>]) -> Vec<Retry> {
        let Some(first) = members.first() else { return Vec::new() };
        let facts = first.life.facts();
        let makes = members.iter().any(|member| member.joined.is_none() && member.after.is_some());
        (if makes { facts.retry } else { facts.retry_delete }).to_vec()
    }

    /// An intent for each, and one sync for all.
    async fn intend_all(&self, members: &[Member<'_>]) -> Result<Vec<Permit>, StepEnd> {
        let mut drafts = Vec::new();
        for member in members.iter().filter(|member| member.joined.is_none()) {
            let draft = self.engine.ledger.borrow_mut().intend(member.intent());
            drafts.push(draft.map_err(|e| self.ledger_broke(e))?);
        }
        if let Some(last) = drafts.last() {
            self.durable(last.seq()).await?;
        }
        let mut permits = Vec::new();
        for draft in drafts {
            permits.push(self.engine.ledger.borrow_mut().permit(draft).map_err(|e| self.ledger_broke(e))?);
        }
        Ok(permits)
    }

    /// Recorded objects of the type that have no part in this call.
    fn others(&self, members: &[Member<'_>], kind: &str) -> Vec<Json> {
        let inside = |address: &Address, generation: u32| {
            members.iter().any(|member| {
                member.life.step.address == *address
                    && member.life.generation == generation
                    && member.joined.is_none()
            })
        };
        let ledger = self.engine.ledger.borrow();
        let objects = ledger.snapshot().objects();
        objects
            .filter(|(address, object)| object.declared.kind == kind && !inside(address, object.generation))
            .map(|(_, object)| object.declared.properties.clone())
            .collect()
    }

    fn write_outcome(
        &self,
        member: &Member<'_>,
        op: u64,
        answer: &Result<Joined, OpError>,
    ) -> Result<(), StepEnd> {
        let none = Attributes::new;
        let address = member.life.step.address.clone();
        let entry = match (answer, member.verb) {
            (Ok(Joined::Made(made)), Verb::Create) => Entry::Landed {
                op,
                physical_id: Some(made.id.clone()),
                attributes: made.attributes.clone(),
                more: false,
            },
            (Ok(_), _) => Entry::Landed { op, physical_id: None, attributes: none(), more: false },
            (Err(error), verb) if error.certainty == Certainty::Unknown => {
                let by = if verb == Verb::Create { Resolution::Absent } else { Resolution::Repeated };
                Entry::Resolved { op, by, attributes: none(), shared: false }
            }
            (Err(error), _) => Entry::Refused { op, error: error.clone() },
        };
        self.append(entry)?;
        let kept = match answer {
            Ok(Joined::Gone) => None,
            Ok(Joined::Kept(why)) => Some(why.clone()),
            _ => return Ok(()),
        };
        self.append(Entry::Gone { address, generation: member.life.generation, kept })?;
        Ok(())
    }

    /// Writes down that everything is usable or gone, and tells.
    async fn finish_together(&self, members: Vec<Member<'_>>) -> Vec<(StepId, StepEnd)> {
        let mut ends = Vec::new();
        for member in members {
            let id = member.life.step.id;
            ends.push((id, self.finish_one(&member).await.err().unwrap_or(StepEnd::Done)));
        }
        ends
    }

    async fn finish_one(&self, member: &Member<'_>) -> Result<(), StepEnd> {
        let (life, step) = (&member.life, member.life.step);
        let mut note = member.note.map(str::to_owned);
        let mut id = member.id.clone();
        match &member.joined {
            Some(Joined::Made(made)) => {
                id.get_or_insert_with(|| made.id.clone());
                self.ready(life, &made.id, &made.attributes, None).await?;
                if member.verb == Verb::Create {
                    let (address, physical_id) = (step.address.clone(), made.id.to_string());
                    self.emit(EventKind::StepCreated { step: step.id, address, physical_id });
                }
            }
            Some(Joined::Kept(why)) => note = Some(format!("left in place: {why}")),
            Some(Joined::Gone) | None => {}
        }
        let seq = self.engine.ledger.borrow().snapshot().seq;
        self.durable(seq).await?;
        self.note_created(life);
        self.note_ready(life);
        self.milestone(step.id, Needs::Created);
        self.milestone(step.id, Needs::Ready);
        self.emit(EventKind::StepFinished {
            step: step.id,
            address: step.address.clone(),
            action: step.action.verb(),
            physical_id: id.map(|id| id.to_string()),
            took_s: round(life.lived(self)),
            note,
        });
        Ok(())
    }
}
