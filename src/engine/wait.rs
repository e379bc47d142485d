//! Repeats probes until a goal is reached: the waiter.

use std::time::Duration;

use serde_json::Value as Json;

use super::{
    event::EventKind,
    life::Life,
    pace,
    reads::{Failures, Patience},
    run::{Run, StepEnd, round},
};
use crate::{
    aws::OpError,
    graph::Needs,
    ledger::Entry,
    model::{Attributes, PhysicalId, WaitPolicy},
    planner::Wait,
    resources::{Goal, Probe},
};

/// A wait that is longer than usual asks for news at the earliest after so long, and then as often.
const NEWS_AFTER: Duration = Duration::from_secs(120);
const NEWS_EVERY: Duration = Duration::from_secs(120);

impl Run<'_, '_> {
    /// Probes until the goal is reached.
    pub async fn wait(
        &self,
        life: &Life<'_>,
        id: &PhysicalId,
        props: &Json,
        goal: Goal,
        policy: &WaitPolicy,
    ) -> Result<Attributes, StepEnd> {
        let (began, paused) = (self.now(), self.engine.cloud.paused());
        life.unwaited.set(None);
        let mut failures = Failures::new(Patience::RUN);
        let (mut last, mut news, mut told_at) = (None, None, None);
        let mut delay = if life.looks.take() {
            Duration::ZERO
        } else {
            pace::pause(policy, self.expected(life, policy, Duration::ZERO), Duration::ZERO)
        };
        loop {
            if !delay.is_zero() {
                self.pause(delay).await?;
            }
            let passes = self.limits.enter(life.service(), self.urgency(life)).await;
            let answer = life.ty.probe(&life.cx(), id, props, goal).await;
            drop(passes);
            let waited = self.waited(began, paused);
            match answer {
                Ok(Probe::Reached(attributes)) => return Ok(attributes),
                Ok(Probe::Named(physical_id, attributes)) => {
                    // What follows, "ready", is synced with it.
                    let (address, generation) = (life.step.address.clone(), life.generation);
                    self.append(Entry::Named { address, generation, physical_id })?;
                    return Ok(attributes);
                }
                Ok(Probe::NotMade { code, reason }) => {
                    let (address, generation) = (life.step.address.clone(), life.generation);
                    let seq = self.append(Entry::Gone { address, generation, kept: None })?;
                    self.durable(seq).await?;
                    let error = OpError {
                        operation: format!("create {}", life.step.kind),
                        code: Some(code),
                        message: reason,
                        request_id: None,
                        certainty: crate::aws::Certainty::Rejected,
                        barrier: None,
                    };
                    return Err(self.failure(error));
                }
                Ok(Probe::Failed(reason)) => {
                    // Why stands in the service's events where the state alone does not say it.
                    let told = self.news(life, id, props, waited).await;
                    let told = told.filter(|news| !reason.contains(news.as_str()));
                    let told =
                        told.map(|news| format!("; {} says: {news}", life.service())).unwrap_or_default();
                    let error = OpError {
                        operation: format!("wait for {}", life.step.kind),
                        code: Some("LifecycleFailed".into()),
                        message: format!("{reason}{told}"),
                        request_id: None,
                        certainty: crate::aws::Certainty::Rejected,
                        barrier: None,
                    };
                    return Err(self.failure(error));
                }
                Ok(Probe::Works(_)) if goal == Goal::Ready && self.leaves(life, Wait::Ready).is_some() => {
                    life.unwaited.set(self.leaves(life, Wait::Ready));
                    return Ok(Attributes::new());
                }
                Ok(answer @ (Probe::Pending(_) | Probe::Works(_) | Probe::Addressable { .. })) => {
                    failures.over();
                    let (detail, known) = match answer {
                        Probe::Addressable { detail, attributes } => (detail, Some(attributes)),
                        Probe::Pending(detail) | Probe::Works(detail) => (detail, None),
                        _ => continue,
                    };
                    if let Some(attributes) = known {
                        self.addressable(life, attributes, &detail, waited).await?;
                    }
                    // Longer than usual: what the service itself says of it, once in a while.
                    let due = told_at.is_none_or(|at: Duration| waited >= at + NEWS_EVERY);
                    if waited > policy.typical * 2 && waited > NEWS_AFTER && due {
                        told_at = Some(waited);
                        news = self.news(life, id, props, waited).await;
                    }
                    let detail = match &news {
                        Some(news) => format!("{detail}; {}: {news}", life.service()),
                        None => detail,
                    };
                    self.emit(EventKind::StepWaiting {
                        step: life.step.id,
                        address: life.step.address.clone(),
                        detail: self.engine.secrets.redactor.clean(&detail),
                        waited_s: round(waited.as_secs_f64()),
                        typical_s: policy.typical.as_secs(),
                    });
                    delay = pace::pause(policy, self.expected(life, policy, waited), waited);
                    last = Some(detail);
                }
                Err(error) => {
                    let Some(pause) = failures.another(&error, self.now(), self.engine.cloud.paused()) else {
                        return Err(self.failure(error));
                    };
                    delay = pause.max(policy.every);
                    if error.is_throttle() {
                        self.limits.throttled(life.service(), delay);
                    }
                    self.retrying(life, &error, failures.count, delay, "looking again");
                }
            }
            let deadline = match goal {
                Goal::Ready => life.ty.deadline(props).unwrap_or(policy.deadline),
                Goal::Gone => policy.deadline,
            };
            if waited > deadline {
                let fresh = self.news(life, id, props, waited).await;
                let said = fresh.map(|news| format!("; {} says: {news}", life.service())).unwrap_or_default();
                let minutes = deadline.as_secs() / 60;
                let error = OpError {
                    operation: format!("wait for {}", life.step.kind),
                    code: Some("DeadlineExceeded".into()),
                    message: format!(
                        "not {} after {}{}{said}",
                        if goal == Goal::Ready { "ready" } else { "gone" },
                        if minutes < 2 {
                            format!("{} seconds", deadline.as_secs())
                        } else {
                            format!("{minutes} minutes")
                        },
                        last.map(|detail| format!("; last seen: {detail}")).unwrap_or_default()
                    ),
                    request_id: None,
                    certainty: crate::aws::Certainty::Rejected,
                    barrier: None,
                };
                return Err(self.failure(error));
            }
        }
    }

    /// Until when an object is not waited for, if this run waits so far only and nothing in it needs more.
    pub(super) fn leaves(&self, life: &Life<'_>, wait: Wait) -> Option<&'static str> {
        let leaves = self.set.wishes.wait == wait && !self.awaited.contains(&life.step.id);
        wait.omits(life.facts().settles).filter(|_| leaves)
    }

    /// The newest that the service itself says of an object, without secrets. A look that fails says nothing.
    async fn news(&self, life: &Life<'_>, id: &PhysicalId, props: &Json, waited: Duration) -> Option<String> {
        let passes = self.limits.enter(life.service(), self.urgency(life)).await;
        let told = life.ty.news(&life.cx(), id, props, waited).await;
        drop(passes);
        let newest = told.ok()?.into_iter().next()?;
        Some(self.engine.secrets.redactor.clean(&newest))
    }

    /// What is looked for next typically comes so long after the wait began: the address, if somebody waits for it.
    fn expected(&self, life: &Life<'_>, policy: &WaitPolicy, waited: Duration) -> Duration {
        let works = life.facts().settles.and_then(|settles| settles.works);
        if let Some((_, usual)) = works.filter(|_| self.leaves(life, Wait::Ready).is_some()) {
            return usual.min(policy.typical);
        }
        let stage = life.facts().addressable.filter(|_| life.unaddressed.get());
        let stage = stage.filter(|_| self.addressed.contains(&life.step.id));
        match stage {
            // A little longer than typical; then it may come only with the rest.
            Some(stage) if waited < stage.typical + stage.typical / 20 => stage.typical.min(policy.typical),
            _ => policy.typical,
        }
    }

    /// The address of an object that is not ready is certain: writes it down, and lets those start who need only that.
    pub(super) async fn addressable(
        &self,
        life: &Life<'_>,
        attributes: Attributes,
        detail: &str,
        waited: Duration,
    ) -> Result<(), StepEnd> {
        let Some(stage) = life.facts().addressable.filter(|_| life.unaddressed.replace(false)) else {
            return Ok(());
        };
        // What else the answer tells may still change, and nobody may take it for certain in a later run.
        let mut attributes = attributes;
        attributes.retain(|name, _| stage.attributes.contains(&name.as_str()));
        let (address, generation) = (life.step.address.clone(), life.generation);
        let seq = self.append(Entry::Addressable { address, generation, attributes })?;
        self.durable(seq).await?;
        self.note_addressable(life);
        self.emit(EventKind::StepAddressable {
            step: life.step.id,
            address: life.step.address.clone(),
            detail: self.engine.secrets.redactor.clean(detail),
            waited_s: round(waited.as_secs_f64()),
        });
        self.milestone(life.step.id, Needs::Addressable);
        Ok(())
    }
}
