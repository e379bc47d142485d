//! What a step knows while it lives, and the reads it makes.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, SystemTime},
};

use serde_json::Value as Json;

use super::{
    event::EventKind,
    limit::{BEGUN, Pass},
    reads::{Patience, Reads, Watch},
    run::{Run, StepEnd},
};
use crate::{
    aws::{OpError, Owner, Sdk},
    ledger::{Declared, Intend, Object, Verb},
    model::{DeletionPolicy, Facts, Reference, Unknown, Value, WaitPolicy},
    planner::{Keep, Step},
    resources::{AnyType, Cx, registry},
    schema,
};

/// When something began, and how long calls had waited for credentials by then.
pub(super) type Began = (std::time::SystemTime, Duration);

/// Everything that stays the same while a step lives.
pub(super) struct Life<'a> {
    pub step: &'a Step,
    pub ty: &'static dyn AnyType,
    pub generation: u32,
    pub shared: bool,
    sdk: Rc<Sdk>,
    account: &'a str,
    partition: &'a str,
    pub(super) owner: Owner,
    pub(super) declared: Declared,
    pub(super) snapshot: Option<String>,
    pub(super) takes: Vec<String>,
    /// What earlier calls were to make of the object; the last is what this step wants.
    forms: Vec<Json>,
    /// How many of them were called for.
    tried: Cell<usize>,
    /// Its address becomes certain before it is ready, and nobody was told yet.
    pub(super) unaddressed: Cell<bool>,
    /// The next wait begins with a look: the object may be there already.
    pub(super) looks: Cell<bool>,
    /// Until when it was not waited for.
    pub(super) unwaited: Cell<Option<&'static str>>,
    pub(super) began: SystemTime,
    pub(super) queued: Cell<f64>,
}

impl Life<'_> {
    pub fn cx(&self) -> Cx<'_> {
        Cx {
            sdk: &self.sdk,
            region: &self.declared.region,
            account: self.account,
            partition: self.partition,
            owner: &self.owner,
            address: &self.step.address,
            empty_on_delete: self.declared.metadata["Migrate"]["EmptyOnDelete"].as_bool().unwrap_or(false),
            snapshot: self.snapshot.as_deref(),
            attempted: self.attempted(),
            takes: &self.takes,
            update_policy: &self.declared.metadata["UpdatePolicy"],
            shelf: None,
        }
    }

    /// What earlier calls, of this run or one before, may have made of the object.
    pub fn attempted(&self) -> &[Json] {
        &self.forms[..self.tried.get().min(self.forms.len())]
    }

    /// A call was made: it may have taken effect in part, whatever was answered.
    pub fn called(&self) {
        self.tried.set(self.forms.len());
    }

    /// The object as the ledger has it, and what this step wants to make of it.
    pub fn acts_on(&mut self, object: &Object, wanted: Option<Json>) {
        self.forms = object.attempted.clone().into_iter().collect();
        self.tried.set(self.forms.len());
        self.forms.extend(wanted);
    }

    pub fn facts(&self) -> &'static Facts {
        self.ty.facts()
    }

    pub fn service(&self) -> &'static str {
        self.facts().service
    }

    /// The resource as the ledger holds it, or will.
    pub fn declared(&self) -> &Declared {
        &self.declared
    }

    /// How long the step has taken, in seconds.
    pub fn lived(&self, run: &Run<'_, '_>) -> f64 {
        run.since(self.began)
    }

    /// The properties as the ledger holds them, secrets as references.
    pub fn recorded(&self) -> &Json {
        &self.declared.properties
    }

    pub fn create_intent(&self) -> Intend {
        Intend {
            verb: Verb::Create,
            address: self.step.address.clone(),
            generation: self.generation,
            physical_id: None,
            declared: Some(Box::new(self.declared.clone())),
            shared: self.shared,
            operate: None,
        }
    }

    /// Pause between the stages of a staged verb.
    pub fn stage_pause(&self, policy: Option<WaitPolicy>) -> Duration {
        policy.map_or(Duration::from_secs(2), |p| p.every)
    }
}

/// Whether an existing object without our tags may be adopted instead of being refused: the account-global
/// roles that AWS services look up by fixed names, and what the template says explicitly.
pub(crate) fn may_adopt(facts: &Facts, properties: &Json, metadata: &Json) -> bool {
    let name = facts.name.and_then(|rule| properties[rule.property].as_str());
    let named = name.is_some_and(|name| facts.shared_names.contains(&name));
    named || metadata["Migrate"]["AdoptExisting"].as_bool().unwrap_or(false)
}

/// Tells of a step's reads.
struct Reported<'t, 'r, 'a, 's> {
    run: &'t Run<'r, 'a>,
    life: &'t Life<'s>,
}

impl Watch for Reported<'_, '_, '_, '_> {
    fn urgency(&self) -> u64 {
        self.run.urgency(self.life)
    }

    fn queued(&self, time: Duration) {
        self.life.queued.set(self.life.queued.get() + time.as_secs_f64());
    }

    fn clean(&self, error: OpError) -> OpError {
        self.run.engine.secrets.redactor.clean_error(error)
    }

    fn again(&self, error: &OpError, failed: u32, pause: Duration) {
        self.run.retrying(self.life, error, failed, pause, "looking again");
    }
}

impl Run<'_, '_> {
    /// A step's failure with secrets removed.
    pub fn failure(&self, error: OpError) -> StepEnd {
        StepEnd::Failed { error: self.engine.secrets.redactor.clean_error(error), doubtful: false }
    }

    pub fn retrying(&self, life: &Life<'_>, error: &OpError, attempt: u32, delay: Duration, why: &str) {
        let error = self.engine.secrets.redactor.clean_error(error.clone());
        self.emit(EventKind::StepRetrying {
            step: life.step.id,
            address: life.step.address.clone(),
            operation: error.operation,
            code: error.code,
            message: error.message,
            attempt,
            delay_s: delay.as_secs_f64(),
            why: why.to_owned(),
        });
    }

    /// Takes a place among the calls in flight; the time spent queueing is not the step's own.
    pub async fn enter(&self, life: &Life<'_>) -> (Pass, Pass) {
        let asked = self.now();
        let passes = self.limits.admit(life.service(), self.ranks[life.step.id.0 as usize]).await;
        life.queued.set(life.queued.get() + self.since(asked));
        passes
    }

    /// How urgent a look at what the step has begun is.
    pub fn urgency(&self, life: &Life<'_>) -> u64 {
        BEGUN + self.ranks[life.step.id.0 as usize]
    }

    /// Makes a read until it answers: throttling and lost answers are outwaited, because a read has no effect.
    pub async fn observe<T, F>(&self, life: &Life<'_>, read: F) -> Result<T, OpError>
    where
        F: AsyncFn() -> Result<T, OpError>,
    {
        let engine = self.engine;
        let clock = engine.clock.as_ref();
        let reads = Reads { cloud: engine.cloud, clock, limits: &self.limits, patience: Patience::RUN };
        reads.ask(life.service(), &Reported { run: self, life }, read).await
    }

    /// Notes for the timings how far the step is.
    pub(super) fn note_created(&self, life: &Life<'_>) {
        let own = self.since(life.began) - life.queued.get();
        self.timings.borrow_mut()[life.step.id.0 as usize].to_created = own;
    }

    pub(super) fn note_addressable(&self, life: &Life<'_>) {
        let own = self.since(life.began) - life.queued.get();
        self.timings.borrow_mut()[life.step.id.0 as usize].to_addressable = Some(own);
    }

    pub(super) fn note_ready(&self, life: &Life<'_>) {
        let own = self.since(life.began) - life.queued.get();
        let timing = &mut self.timings.borrow_mut()[life.step.id.0 as usize];
        timing.to_ready = own;
        timing.done = true;
    }

    pub(super) fn life<'s>(
        &'s self,
        step: &'s Step,
        properties: Json,
        keep: Keep,
        generation: u32,
        region: &str,
    ) -> Result<Life<'s>, StepEnd> {
        let ty = registry::find(&step.kind).ok_or_else(|| {
            self.failure(OpError::not_sent(&step.kind, "this version of migrate does not know the type"))
        })?;
        let cloud = self.engine.cloud;
        let target = &self.set.target;
        Ok(Life {
            step,
            ty,
            generation,
            shared: may_adopt(ty.facts(), &properties, &keep.metadata),
            sdk: cloud.sdk(region),
            account: &cloud.account,
            partition: &cloud.partition,
            owner: Owner {
                migration: format!("{}-{}", target.migration, target.environment),
                lineage: target.lineage.clone(),
                generation,
            },
            declared: Declared {
                kind: step.kind.to_string(),
                region: region.to_owned(),
                properties,
                deletion_policy: keep.deletion_policy,
                update_replace_policy: keep.update_replace_policy,
                metadata: keep.metadata,
                depends_on: keep.depends_on,
            },
            snapshot: None,
            takes: Vec::new(),
            forms: Vec::new(),
            tried: Cell::new(0),
            unaddressed: Cell::new(false),
            looks: Cell::new(false),
            unwaited: Cell::new(None),
            began: self.now(),
            queued: Cell::new(0.0),
        })
    }

    /// The properties with every reference answered from the ledger.
    pub(super) fn resolve(&self, step: &Step, properties: &Value) -> Result<Json, StepEnd> {
        let ledger = self.engine.ledger.borrow();
        let lookup = |r: &Reference| ledger.snapshot().attribute(&r.address, &r.attribute).cloned();
        properties.resolve(&lookup).map_err(|unknown| {
            let message = match unknown {
                Unknown::Reference(reference) => {
                    format!("{reference} is not known, though the step needs it")
                }
                Unknown::Invalid(why) => why,
            };
            self.failure(OpError::not_sent(&step.kind, message))
        })
    }

    pub(super) async fn fill(&self, life: &Life<'_>, properties: &Json) -> Result<Json, StepEnd> {
        let (secrets, cloud, region) = (self.engine.secrets, self.engine.cloud, &life.declared.region);
        let filled = self.observe(life, async || secrets.fill(cloud, region, properties).await).await;
        let mut filled = filled.map_err(|error| self.failure(error))?;
        schema::convert(&life.declared.kind, &mut filled);
        Ok(filled)
    }

    /// The properties that are known by now.
    pub(super) fn known(&self, properties: &Value) -> Json {
        let ledger = self.engine.ledger.borrow();
        let lookup = |r: &Reference| ledger.snapshot().attribute(&r.address, &r.attribute).cloned();
        let Value::Map(members) = properties else { return Json::Null };
        let known =
            members.iter().filter_map(|(name, value)| Some((name.to_string(), value.resolve(&lookup).ok()?)));
        Json::Object(known.collect())
    }

    pub(super) fn object(&self, step: &Step, generation: u32) -> Result<Object, StepEnd> {
        let ledger = self.engine.ledger.borrow();
        ledger.snapshot().object(&step.address, generation).cloned().ok_or_else(|| {
            self.failure(OpError::not_sent(&step.kind, "the ledger no longer holds the object; plan again"))
        })
    }

    /// What the ledger keeps with an object that goes.
    pub(super) fn kept(&self, step: &Step, generation: u32, policy: DeletionPolicy) -> Result<Keep, StepEnd> {
        let object = self.object(step, generation)?;
        Ok(Keep {
            deletion_policy: policy,
            update_replace_policy: object.declared.update_replace_policy,
            metadata: object.declared.metadata.clone(),
            depends_on: Vec::new(),
        })
    }
}
