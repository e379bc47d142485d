//! Looks what is in the way before a part of a network is deleted, and instead of calling in vain again.
//!
//! Balancers, databases and functions leave network interfaces behind that hold subnets and security groups for a minute
//! or more (`DependencyViolation`). One look at the network tells all that wait for it what holds them.

use std::time::Duration;

use super::{
    event::EventKind,
    life::{Began, Life},
    run::{Run, StepEnd, round},
};
use crate::{
    aws::{Certainty, OpError},
    model::PhysicalId,
    planner::Action,
    resources::{Obstacle, registry},
};

/// Between two looks at one network.
const EVERY: Duration = Duration::from_secs(5);
/// While another step asks.
const SOON: Duration = Duration::from_millis(200);

impl Run<'_, '_> {
    /// Waits until nothing holds the object any more that a look can tell of. What it cannot tell, AWS says when it is
    /// called; and so it does when nothing in this run could take the obstacle away.
    pub(super) async fn clear_way(
        &self,
        life: &Life<'_>,
        id: &PhysicalId,
        began: Began,
        patience: Duration,
    ) -> Result<(), StepEnd> {
        let Some(place) = life.ty.place(life.recorded()).filter(|_| self.leaves_interfaces()) else {
            return Ok(());
        };
        loop {
            let held = self.holders(life, &place, id).await?;
            let waited = self.waited(began.0, began.1);
            if held.is_empty() || waited > patience || self.is_futile(&refused(&life.step.kind)) {
                return Ok(());
            }
            self.emit(EventKind::StepWaiting {
                step: life.step.id,
                address: life.step.address.clone(),
                detail: self.engine.secrets.redactor.clean(&format!("in use by {}", held.join(", "))),
                waited_s: round(waited.as_secs_f64()),
                typical_s: life.step.lasts(),
            });
            self.outwait(EVERY).await?;
        }
    }

    /// Whether something that goes in this run leaves network interfaces behind.
    fn leaves_interfaces(&self) -> bool {
        self.set.steps.iter().any(|step| {
            matches!(step.action, Action::Delete { .. })
                && registry::find(&step.kind).is_some_and(|ty| ty.facts().leaves_interfaces.is_some())
        })
    }

    /// What holds the object, from the last look at its place if that was a moment ago.
    async fn holders(&self, life: &Life<'_>, place: &str, id: &PhysicalId) -> Result<Vec<String>, StepEnd> {
        let key = (life.cx().region.to_owned(), place.to_owned());
        loop {
            let now = self.now();
            let fresh = {
                let mut places = self.places.borrow_mut();
                let looked = places.entry(key.clone()).or_default();
                if looked.asked.is_some_and(|at| now < at + EVERY) {
                    return Ok(held_by(&looked.obstacles, id));
                }
                !std::mem::replace(&mut looked.asking, true)
            };
            if !fresh {
                self.pause(SOON).await?;
                continue;
            }
            let answer = self.observe(life, async || life.ty.in_the_way(&life.cx(), place).await).await;
            let mut places = self.places.borrow_mut();
            let looked = places.entry(key.clone()).or_default();
            looked.asking = false;
            // Who may not look calls, and is told by AWS.
            looked.obstacles = answer.unwrap_or_default();
            looked.asked = Some(now);
            return Ok(held_by(&looked.obstacles, id));
        }
    }
}

/// What of the obstacles holds an object.
fn held_by(obstacles: &[Obstacle], id: &PhysicalId) -> Vec<String> {
    let holding = obstacles.iter().filter(|obstacle| obstacle.holds.iter().any(|held| held == id.as_str()));
    holding.map(|obstacle| obstacle.what.clone()).collect()
}

/// What AWS would answer.
fn refused(kind: &str) -> OpError {
    OpError {
        code: Some("DependencyViolation".into()),
        certainty: Certainty::Rejected,
        ..OpError::not_sent(kind, "it is in use")
    }
}
