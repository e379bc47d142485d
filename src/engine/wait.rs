//! Repeats probes until a goal is reached: the waiter.

use std::time::Duration;

use serde_json::Value as Json;

use super::{
    event::EventKind,
    life::Life,
    reads::{Failures, Patience},
    run::{Run, StepEnd, round},
};
use crate::{
    aws::OpError,
    ledger::Entry,
    model::{Attributes, PhysicalId, WaitPolicy},
    resources::{Goal, Probe},
};

/// The longest pause between two probes while the typical duration is still far.
const LONGEST: Duration = Duration::from_secs(60);

/// When to look next: halve the way to the typical duration, then every `policy.every`.
fn pause(policy: &WaitPolicy, waited: Duration) -> Duration {
    let left = policy.typical.saturating_sub(waited);
    (left / 2).clamp(policy.every, LONGEST.max(policy.every))
}

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
        let mut failures = Failures::new(Patience::RUN);
        let mut delay = pause(policy, Duration::ZERO);
        loop {
            self.pause(delay).await?;
            let passes = self.limits.enter(life.service()).await;
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
                Ok(Probe::Vain { code, reason }) => {
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
                    let error = OpError {
                        operation: format!("wait for {}", life.step.kind),
                        code: Some("LifecycleFailed".into()),
                        message: reason,
                        request_id: None,
                        certainty: crate::aws::Certainty::Rejected,
                        barrier: None,
                    };
                    return Err(self.failure(error));
                }
                Ok(Probe::Pending(detail)) => {
                    failures.over();
                    self.emit(EventKind::StepWaiting {
                        step: life.step.id,
                        address: life.step.address.clone(),
                        detail: self.engine.secrets.redactor.clean(&detail),
                        waited_s: round(waited.as_secs_f64()),
                        typical_s: policy.typical.as_secs(),
                    });
                    delay = pause(policy, waited);
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
            if waited > policy.deadline {
                let minutes = policy.deadline.as_secs() / 60;
                let error = OpError {
                    operation: format!("wait for {}", life.step.kind),
                    code: Some("DeadlineExceeded".into()),
                    message: format!(
                        "not {} after {minutes} minutes",
                        if goal == Goal::Ready { "ready" } else { "gone" }
                    ),
                    request_id: None,
                    certainty: crate::aws::Certainty::Rejected,
                    barrier: None,
                };
                return Err(self.failure(error));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_get_denser_towards_the_typical_duration_and_never_denser_than_the_policy() {
        let policy = WaitPolicy::secs(430, 10, 3600);
        let mut waited = Duration::ZERO;
        let mut probes = 0;
        while waited < policy.typical {
            waited += pause(&policy, waited);
            probes += 1;
        }
        assert!(waited < policy.typical + policy.every, "overshoot is at most one interval: {waited:?}");
        assert!(probes <= 13, "{probes} probes");
        assert_eq!(pause(&policy, Duration::from_secs(500)), policy.every);
    }
}
