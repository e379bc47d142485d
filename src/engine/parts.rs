//! What of an object went with another one that was made anew, though every name stayed as it was.

use std::time::Duration;

use serde_json::Value as Json;

use super::{
    lag::visible_by,
    life::Life,
    run::{Run, StepEnd},
};
use crate::{aws::OpError, ledger::Object, model::PhysicalId, resources::drift};

impl Run<'_, '_> {
    /// Adds to `changed` the properties that refer to something made anew under its old name and that have to be set
    /// again, and takes out of `old` what is not there any more. By value nothing differs: an inline policy names the
    /// role it is on, and the new role has that name, but not the policy.
    ///
    /// For properties of `parts_in` that is certain. For all others (`fields` says which may differ) the account is asked:
    /// types of which nobody here knows what goes with what.
    ///
    /// # Errors
    /// When the account does not answer, or the object itself went along.
    pub(super) async fn gone_along(
        &self,
        life: &Life<'_>,
        id: &PhysicalId,
        object: &Object,
        fields: &[String],
        changed: &mut Vec<String>,
        old: &mut Json,
    ) -> Result<(), StepEnd> {
        let facts = life.facts();
        let (parts, others): (Vec<&String>, Vec<&String>) = fields
            .iter()
            .filter(|name| !changed.contains(name))
            .partition(|name| facts.parts_in.contains(&name.as_str()));
        for name in &parts {
            // What is on several others is judged place by place, by what is there.
            if !facts.spread.contains(&name.as_str())
                && let Some(members) = old.as_object_mut()
            {
                members.remove(*name);
            }
        }
        let with_parts = !parts.is_empty();
        changed.extend(parts.into_iter().cloned());
        if !others.is_empty() {
            match self.still_there(life, id, object).await? {
                Some(live) => {
                    for item in drift(life.ty, life.recorded(), &live) {
                        if others.iter().any(|name| **name == item.property) {
                            old[item.property.as_str()] = item.live;
                            changed.push(item.property);
                        }
                    }
                }
                // All of it lay there, and is put there again.
                None if with_parts => {}
                None => return Err(self.failure(missing(life, id))),
            }
        }
        changed.sort_unstable();
        Ok(())
    }

    /// The object as the account shows it; `None` once it would surely show.
    async fn still_there(
        &self,
        life: &Life<'_>,
        id: &PhysicalId,
        object: &Object,
    ) -> Result<Option<Json>, StepEnd> {
        let (settled, pause) = visible_by(object, life.facts(), self.now());
        loop {
            let asked = self.now();
            let live = self.observe(life, async || life.ty.read(&life.cx(), id, life.recorded()).await).await;
            let live = live.map_err(|error| self.failure(error))?;
            if live.is_some() || asked >= settled {
                return Ok(live);
            }
            self.pause(pause.max(Duration::from_secs(1))).await?;
        }
    }
}

fn missing(life: &Life<'_>, id: &PhysicalId) -> OpError {
    let message = format!("`{id}` does not exist any more; `migrate up --refresh` makes it again");
    let mut error = OpError::not_sent(&life.step.kind, message);
    error.code = Some("NotFound".into());
    error
}
