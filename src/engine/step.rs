//! The life of one step, written as straight-line code; the run polls many of them in one task.

use std::time::Duration;

use serde_json::Value as Json;

use super::{
    call::{Judging, OUTWAIT, Verbed},
    event::EventKind,
    lag::visible_by,
    life::Life,
    run::{Run, StepEnd, round},
};
use crate::{
    aws::OpError,
    graph::Needs,
    ledger::{Entry, Object, Permit, Verb},
    model::{Attributes, DeletionPolicy, OnConflict, PhysicalId, Value, WaitPolicy, dynamic::is_dynamic},
    planner::{Action, Keep, Step, Wait},
    resources::{AnyType, Goal, Progress},
    schema,
};

impl Run<'_, '_> {
    pub(super) fn started(&self, step: &Step) {
        self.emit(EventKind::StepStarted {
            step: step.id,
            address: step.address.clone(),
            r#type: step.kind.to_string(),
            action: step.action.verb(),
            typical_s: step.lasts(),
        });
    }

    pub(super) async fn step(&self, step: &Step) -> StepEnd {
        self.started(step);
        let began = self.now();
        let result = match &step.action {
            Action::Create { properties, generation, keep, .. } => {
                self.creates(step, properties, *generation, keep).await
            }
            Action::Update { physical_id, generation, properties, fields, keep } => {
                self.updates(step, physical_id, *generation, (properties, fields), keep).await
            }
            Action::Finish { physical_id, generation, properties, fields, keep } => {
                self.finishes(step, physical_id, *generation, (properties, fields), keep).await
            }
            Action::Delete { physical_id, generation, policy, .. } => {
                self.deletes(step, physical_id, *generation, *policy).await
            }
            Action::Forget { physical_id, generation, .. } => {
                self.forgets(step, physical_id, *generation).await
            }
        };
        match result {
            Ok((physical_id, note)) => {
                let took_s = round(self.since(began));
                tracing::info!(took_s = round(self.since(began)), "finished");
                self.emit(EventKind::StepFinished {
                    step: step.id,
                    address: step.address.clone(),
                    action: step.action.verb(),
                    physical_id: physical_id.map(|id| id.to_string()),
                    took_s,
                    note,
                });
                StepEnd::Done
            }
            Err(end) => {
                tracing::info!(took_s = round(self.since(began)), "not finished");
                self.timings.borrow_mut()[step.id.0 as usize].to_ready = self.since(began);
                end
            }
        }
    }

    /// Makes the object. Where the service makes it in the background and says only then that it could not, nothing is
    /// left of it: it is made anew, under a new token, if the reason passes by itself.
    async fn creates(&self, step: &Step, properties: &Value, generation: u32, keep: &Keep) -> Ended {
        let began = (self.now(), self.engine.cloud.paused());
        let (mut generation, mut attempt) = (generation, 0);
        loop {
            attempt += 1;
            let error = match self.makes(step, properties, generation, keep).await {
                Err(StepEnd::Failed { error, doubtful: false }) if self.was_not_made(step, generation) => {
                    error
                }
                ended => return ended,
            };
            let life = self.life(step, Json::Null, keep.clone(), generation, &step.region)?;
            let judging = Judging { attempt, began, retries: life.facts().retry, patience: OUTWAIT };
            self.after_rejection(&life, &error, &judging).await?;
            generation = self.engine.ledger.borrow().snapshot().next_generation(&step.address);
        }
    }

    /// Whether the create call of that generation was accepted, and the object is not there all the same.
    fn was_not_made(&self, step: &Step, generation: u32) -> bool {
        let ledger = self.engine.ledger.borrow();
        let snapshot = ledger.snapshot();
        snapshot.next_generation(&step.address) > generation
            && snapshot.object(&step.address, generation).is_none()
    }

    async fn makes(&self, step: &Step, properties: &Value, generation: u32, keep: &Keep) -> Ended {
        let recorded = self.resolve(step, properties)?;
        let life = self.life(step, recorded, keep.clone(), generation, &step.region)?;
        let sent = self.fill(&life, life.recorded()).await?;
        let facts = life.facts();
        let mut existing = None;
        if life.shared || facts.on_conflict == OnConflict::Overwrites {
            existing = self.existing(&life, false).await?;
        }
        let created = match existing {
            Some(found) => self.adopt_existing(&life, found)?,
            None => self.create(&life, &sent).await?,
        };
        // An object owned by others that is shared keeps its settings; our own, found again, may lack some.
        let configures = facts.configures && !self.object(step, generation)?.shared;
        let rest = configures || facts.ready.is_some() || self.lacks(&life, &created.attributes);
        let seq = if rest {
            self.engine.ledger.borrow().snapshot().seq
        } else {
            // Nothing more to do: one sync covers "created" and "ready".
            self.append(Entry::Ready {
                address: step.address.clone(),
                generation,
                attributes: Attributes::new(),
            })?
        };
        self.durable(seq).await?;
        self.note_created(&life);
        self.emit(EventKind::StepCreated {
            step: step.id,
            address: step.address.clone(),
            physical_id: created.id.to_string(),
        });
        self.milestone(step.id, Needs::Created);
        if rest {
            self.expects_address(&life);
            if configures {
                self.configure(&life, &created.id, &sent, None).await?;
            }
            life.looks.set(facts.authoritative);
            self.ready(&life, &created.id, &created.attributes, facts.ready).await?;
        }
        self.note_ready(&life);
        self.milestone(step.id, Needs::Ready);
        // It may have got its own handle only now.
        Ok((Some(self.object(step, generation)?.physical_id), not_waited(&life)))
    }

    /// The object is on its way up, and whatever address it has is the one it keeps.
    fn expects_address(&self, life: &Life<'_>) {
        life.unaddressed.set(life.facts().addressable.is_some());
    }

    /// An object that an earlier run saw with its address: who needs only that starts at once.
    fn addressed_before(&self, life: &Life<'_>, object: &Object) {
        let Some(stage) = life.facts().addressable else { return };
        self.expects_address(life);
        if stage.attributes.iter().all(|name| object.attributes.contains_key(*name)) {
            life.unaddressed.set(false);
            self.note_addressable(life);
            self.milestone(life.step.id, Needs::Addressable);
        }
    }

    /// Whether something refers to an attribute that is not known yet.
    fn lacks(&self, life: &Life<'_>, known: &Attributes) -> bool {
        self.wanted
            .get(&life.step.address)
            .is_some_and(|names| names.iter().any(|name| !known.contains_key(name)))
    }

    async fn configure(
        &self,
        life: &Life<'_>,
        id: &PhysicalId,
        sent: &Json,
        object: Option<&Object>,
    ) -> Result<(), StepEnd> {
        let verbed = Verbed {
            verb: Verb::Configure,
            physical_id: id,
            declared: None,
            retries: life.facts().retry,
            every: life.stage_pause(life.facts().ready),
            object,
        };
        self.repeat(life, &verbed, async |permit| life.ty.configure(&life.cx(), permit, id, sent).await)
            .await?;
        Ok(())
    }

    /// Fn::GetAtt names properties too, and the template may have left them to AWS: what the object has, else what was sent,
    /// else an empty text, for there is none.
    async fn with_properties(
        &self,
        life: &Life<'_>,
        id: &PhysicalId,
        known: &Attributes,
        mut attributes: Attributes,
    ) -> Attributes {
        let Some(names) = self.wanted.get(&life.step.address) else { return attributes };
        let schema = schema::of(&life.step.kind);
        let is_property = |name: &str| {
            let top = name.split('.').next().unwrap_or(name);
            schema.is_some_and(|schema| schema.property(top).is_some() && !schema.is_read_only(top))
        };
        let lacking: Vec<&String> = names
            .iter()
            .filter(|name| !known.contains_key(*name) && !attributes.contains_key(*name) && is_property(name))
            .collect();
        if lacking.is_empty() {
            return attributes;
        }
        // A look that fails costs nothing but the value: the object is there and usable.
        let live = life.ty.read(&life.cx(), id, life.recorded()).await.ok().flatten().unwrap_or_default();
        for name in lacking {
            let pointer = format!("/{}", name.replace('.', "/"));
            let sides = [live.pointer(&pointer), life.recorded().pointer(&pointer)];
            let value =
                sides.into_iter().flatten().find(|value| !value.is_null() && !is_dynamic(&value.to_string()));
            attributes.insert(name.clone(), value.cloned().unwrap_or_else(|| Json::String(String::new())));
        }
        attributes
    }

    /// Waits until the object is usable and records that.
    pub(super) async fn ready(
        &self,
        life: &Life<'_>,
        id: &PhysicalId,
        known: &Attributes,
        policy: Option<WaitPolicy>,
    ) -> Result<(), StepEnd> {
        const LOOK: WaitPolicy = WaitPolicy::secs(0, 1, 120);
        let leaves =
            self.leaves(life, Wait::Applied).filter(|_| policy.is_some() && !self.lacks(life, known));
        if leaves.is_some() {
            life.unwaited.set(leaves);
            return self.unwaited(life).await;
        }
        let attributes = match policy {
            Some(policy) => self.wait(life, id, life.recorded(), Goal::Ready, &policy).await?,
            None if self.lacks(life, known) => {
                self.wait(life, id, life.recorded(), Goal::Ready, &LOOK).await?
            }
            None => Attributes::new(),
        };
        if life.unwaited.get().is_some() {
            return self.unwaited(life).await;
        }
        self.alters(life).await?;
        let attributes = self.with_properties(life, id, known, attributes).await;
        let attributes = self.any_other(life, attributes);
        let (address, generation) = (life.step.address.clone(), life.generation);
        let seq = self.append(Entry::Ready { address, generation, attributes })?;
        self.durable(seq).await
    }

    /// Records until when the object was not waited for. It stays unfinished, so that the next run waits for it.
    async fn unwaited(&self, life: &Life<'_>) -> Result<(), StepEnd> {
        let until = life.unwaited.get().unwrap_or_default().to_owned();
        let (address, generation) = (life.step.address.clone(), life.generation);
        let seq = self.append(Entry::Unwaited { address, generation, until })?;
        self.durable(seq).await
    }

    /// A rehearsed function knows no names: one answer stands for every attribute that somebody wants (`*`).
    fn any_other(&self, life: &Life<'_>, mut attributes: Attributes) -> Attributes {
        let Some(Json::String(any)) = attributes.remove(ANY) else { return attributes };
        for name in self.wanted.get(&life.step.address).into_iter().flatten() {
            attributes.entry(name.clone()).or_insert_with(|| Json::String(any.replace(ANY, name)));
        }
        attributes
    }

    async fn updates(
        &self,
        step: &Step,
        id: &PhysicalId,
        generation: u32,
        (properties, fields): (&Value, &[String]),
        keep: &Keep,
    ) -> Ended {
        let object = self.object(step, generation)?;
        let recorded = self.resolve(step, properties)?;
        let mut life = self.life(step, recorded, keep.clone(), generation, &object.declared.region)?;
        life.owner.generation = object.mark();
        life.acts_on(&object, Some(life.recorded().clone()));
        // The object exists; those who only need its id need not wait.
        self.milestone(step.id, Needs::Created);
        let mut changed = differences(life.ty, life.recorded(), &object.declared.properties);
        let mut old = object.declared.properties.clone();
        self.gone_along(&life, id, &object, fields, &mut changed, &mut old).await?;
        let note;
        if changed.is_empty() {
            note = Some("nothing to call after all".to_owned());
            let entry = Entry::Redeclared {
                address: step.address.clone(),
                declared: Box::new(life.declared.clone()),
            };
            let seq = self.append(entry)?;
            self.durable(seq).await?;
        } else {
            self.update(&life, id, &old, &changed, &object).await?;
            note = not_waited(&life);
        }
        self.note_created(&life);
        self.note_ready(&life);
        self.milestone(step.id, Needs::Ready);
        Ok((Some(id.clone()), note))
    }

    async fn update(
        &self,
        life: &Life<'_>,
        id: &PhysicalId,
        old: &Json,
        changed: &[String],
        object: &Object,
    ) -> Result<(), StepEnd> {
        let sent = self.fill(life, life.recorded()).await?;
        let facts = life.facts();
        let verbed = Verbed {
            verb: Verb::Update,
            physical_id: id,
            declared: Some(&life.declared),
            retries: facts.retry,
            every: life.stage_pause(facts.ready),
            object: Some(object),
        };
        self.repeat(life, &verbed, async |permit| {
            life.ty.update(&life.cx(), permit, id, old, &sent, changed).await
        })
        .await?;
        let known = self.object(life.step, life.generation)?.attributes;
        life.looks.set(facts.authoritative);
        // A changed object is ready sooner than a new one.
        let policy = facts.ready.map(|p| WaitPolicy { typical: p.typical.min(Duration::from_secs(60)), ..p });
        self.ready(life, id, &known, policy).await
    }

    /// An object whose creation or update an earlier run began.
    async fn finishes(
        &self,
        step: &Step,
        id: &PhysicalId,
        generation: u32,
        (properties, fields): (&Value, &[String]),
        keep: &Keep,
    ) -> Ended {
        let object = self.object(step, generation)?;
        let recorded = self.resolve(step, properties)?;
        let mut life = self.life(step, recorded, keep.clone(), generation, &object.declared.region)?;
        life.shared = object.shared;
        life.owner.generation = object.mark();
        life.acts_on(&object, Some(life.recorded().clone()));
        self.note_created(&life);
        self.milestone(step.id, Needs::Created);
        let facts = life.facts();
        let mut changed = differences(life.ty, life.recorded(), &object.declared.properties);
        if let Some(attempted) = &object.attempted {
            // The object may hold what the interrupted update wanted: compare with that too.
            changed.extend(differences(life.ty, life.recorded(), attempted));
            changed.extend(differences(life.ty, attempted, &object.declared.properties));
        }
        // What an interrupted update was to put on an object that was made anew.
        let parts = fields.iter().filter(|name| facts.parts_in.contains(&name.as_str()));
        changed.extend(parts.cloned());
        changed.sort();
        changed.dedup();
        let sent = self.fill(&life, life.recorded()).await?;
        // It has had time since the earlier run: look soon instead of expecting the whole typical wait again. What was
        // only made, and never changed, is looked at now: no read tells that it is ready before it is.
        let soon = facts.ready.map(|p| WaitPolicy { typical: p.every, ..p });
        let only_made = object.touched.is_empty() && object.attempted.is_none() && changed.is_empty();
        life.looks.set(only_made || facts.authoritative);
        if only_made {
            self.addressed_before(&life, &object);
        }
        if facts.configures && !object.shared {
            // Settings of the interrupted creation first; they must be in place before the object is compared.
            self.configure(&life, id, &sent, Some(&object)).await?;
        }
        if changed.is_empty() {
            self.ready(&life, id, &object.attributes, soon).await?;
            if life.declared != object.declared {
                let declared = Box::new(life.declared.clone());
                let seq = self.append(Entry::Redeclared { address: step.address.clone(), declared })?;
                self.durable(seq).await?;
            }
        } else {
            if let Some(policy) = soon {
                self.wait(&life, id, life.recorded(), Goal::Ready, &policy).await?;
            }
            let old = self.live(&life, id, &object).await?;
            self.update(&life, id, &old, &changed, &object).await?;
        }
        self.note_ready(&life);
        self.milestone(step.id, Needs::Ready);
        let note = not_waited(&life).unwrap_or_else(|| "begun by an earlier run, now finished".into());
        Ok((Some(id.clone()), Some(note)))
    }

    /// What the object holds now, over what was recorded for properties AWS never returns. Some lists are read only as
    /// far as they are asked for (a role's policies, by name), so it is read with every form it may have: what an
    /// interrupted update added, and is not wanted any more, goes again.
    async fn live(&self, life: &Life<'_>, id: &PhysicalId, object: &Object) -> Result<Json, StepEnd> {
        let lists = |form: &Json| -> Vec<Json> {
            let members = form.as_object().into_iter().flatten();
            members.filter(|(_, value)| value.is_array()).map(|(_, value)| value.clone()).collect()
        };
        let mut hints: Vec<&Json> = vec![life.recorded()];
        for form in std::iter::once(&object.declared.properties).chain(&object.attempted) {
            if hints.iter().all(|hint| lists(hint) != lists(form)) {
                hints.push(form);
            }
        }
        let (spread, judged) = (life.facts().spread, life.facts().judged);
        let mut merged = object.declared.properties.clone();
        let mut seen: Option<serde_json::Map<String, Json>> = None;
        for hint in hints {
            let live = self.observe(life, async || life.ty.read(&life.cx(), id, hint).await).await;
            let Some(Json::Object(live)) = live.map_err(|e| self.failure(e))? else { continue };
            let all = seen.get_or_insert_default();
            for (name, value) in live {
                match (all.get_mut(&name), value) {
                    (Some(Json::Array(known)), Json::Array(items)) => {
                        let new = items.into_iter().filter(|item| !known.contains(item)).collect::<Vec<_>>();
                        known.extend(new);
                    }
                    (Some(_), _) => {}
                    (None, value) => {
                        all.insert(name, value);
                    }
                }
            }
        }
        if let (Some(merged), Some(live)) = (merged.as_object_mut(), seen) {
            // Where it is on several others, the ledger knows all of them; and what a handler judges by itself is compared
            // with what was recorded.
            let kept = |name: &str| spread.contains(&name) || judged.contains(&name);
            merged.extend(live.into_iter().filter(|(name, _)| !kept(name)));
        }
        Ok(merged)
    }

    async fn deletes(&self, step: &Step, id: &PhysicalId, generation: u32, policy: DeletionPolicy) -> Ended {
        let object = self.object(step, generation)?;
        let keep = self.kept(step, generation, policy)?;
        let region = object.declared.region.clone();
        let mut life = self.life(step, object.declared.properties.clone(), keep, generation, &region)?;
        if policy == DeletionPolicy::Snapshot {
            life.snapshot = Some(snapshot_name(step, generation, &self.set.target.lineage));
        }
        life.acts_on(&object, None);
        life.owner.generation = object.mark();
        life.takes = step.takes.iter().map(|attachment| attachment.what.clone()).collect();
        self.foresee(step).await?;
        let facts = life.facts();
        let verbed = Verbed {
            verb: Verb::Delete,
            physical_id: id,
            declared: None,
            retries: facts.retry_delete,
            every: life.stage_pause(facts.gone),
            object: Some(&object),
        };
        let (visible_by, pause) = visible_by(&object, facts, self.now());
        let progress = loop {
            let asked = self.now();
            let delete =
                async |permit: &Permit| life.ty.delete(&life.cx(), permit, id, life.recorded()).await;
            let progress = self.repeat(&life, &verbed, delete).await?;
            if progress != Progress::Absent || asked >= visible_by {
                break progress;
            }
            // Not known yet is what the service says of an object just made, too.
            self.pause(pause).await?;
        };
        let mut kept = None;
        match progress {
            Progress::Kept(why) => kept = Some(why),
            Progress::Done | Progress::Absent | Progress::Again(_) | Progress::Underway { .. } => {
                if let Some(policy) = facts.gone {
                    self.accepted(&life).await?;
                    self.wait(&life, id, life.recorded(), Goal::Gone, &policy).await?;
                }
            }
        }
        self.alters(&life).await?;
        let note = kept.as_ref().map(|why| format!("left in place: {why}"));
        let seq = self.append(Entry::Gone { address: step.address.clone(), generation, kept })?;
        self.durable(seq).await?;
        if facts.gone.is_none() || note.is_some() {
            self.note_created(&life);
        }
        self.note_ready(&life);
        self.milestone(step.id, Needs::Ready);
        Ok((Some(id.clone()), note))
    }

    /// AWS has accepted a deletion, and that is on disk: what needs no more than that may go.
    async fn accepted(&self, life: &Life<'_>) -> Result<(), StepEnd> {
        let seq = self.engine.ledger.borrow().snapshot().seq;
        self.durable(seq).await?;
        self.note_created(life);
        self.milestone(life.step.id, Needs::Created);
        Ok(())
    }

    /// Before an object goes to make room: asks AWS what can be asked about the one that comes. Where it cannot be asked,
    /// the step goes on.
    async fn foresee(&self, step: &Step) -> Result<(), StepEnd> {
        let awaited = |other: &&Step| other.after.iter().any(|dependency| dependency.step == step.id);
        for other in self.set.steps.iter().filter(awaited) {
            let Action::Create { properties, generation, keep, .. } = &other.action else { continue };
            let known = self.known(properties);
            let life = self.life(other, known, keep.clone(), *generation, &other.region)?;
            let asked =
                self.observe(&life, async || life.ty.foresee(&life.cx(), life.recorded()).await).await;
            if let Some((property, why)) = asked.unwrap_or_default().into_iter().next() {
                return Err(self.failure(OpError::not_sent(
                    &step.kind,
                    format!(
                        "not deleted, because {} could not come in its place: {property}: {why}. Correct the plan",
                        other.address
                    ),
                )));
            }
        }
        Ok(())
    }

    async fn forgets(&self, step: &Step, id: &PhysicalId, generation: u32) -> Ended {
        let kept = Some(step.why.to_string());
        let seq = self.append(Entry::Gone { address: step.address.clone(), generation, kept })?;
        self.durable(seq).await?;
        self.timings.borrow_mut()[step.id.0 as usize].done = true;
        self.milestone(step.id, Needs::Created);
        self.milestone(step.id, Needs::Ready);
        Ok((Some(id.clone()), Some("left in place".into())))
    }
}

/// What is told of an object that was not waited for.
fn not_waited(life: &Life<'_>) -> Option<String> {
    life.unwaited.get().map(|until| format!("not waited for until {until}"))
}

/// The name of the attribute that stands for all others.
const ANY: &str = "*";

type Ended = Result<(Option<PhysicalId>, Option<String>), StepEnd>;

/// Top-level properties that mean something else.
fn differences(ty: &dyn AnyType, desired: &Json, recorded: &Json) -> Vec<String> {
    let empty = serde_json::Map::new();
    let (desired, recorded) = (desired.as_object().unwrap_or(&empty), recorded.as_object().unwrap_or(&empty));
    let mut names: Vec<&String> = desired.keys().chain(recorded.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| match (desired.get(*name), recorded.get(*name)) {
            (Some(a), Some(b)) => !ty.same(name, a, b),
            _ => true,
        })
        .cloned()
        .collect()
}

/// A final snapshot's name: the same on every retry.
fn snapshot_name(step: &Step, generation: u32, lineage: &str) -> String {
    let rule = crate::model::NameRule { property: "", max: 60, lower: true, separator: '-' };
    format!("{}-final", crate::aws::physical_name(&rule, lineage, &step.address, generation))
}
