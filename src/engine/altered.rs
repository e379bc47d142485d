//! Attributes of other objects that a step's object changes as long as it exists (`Facts::alters`): whoever refers to them
//! gets them as they are now.

use super::{
    lag::pauses,
    life::Life,
    looking::looking,
    run::{Run, StepEnd},
};
use crate::{
    aws::Owner,
    ledger::{Entry, Object},
    model::Address,
    planner::Action,
    resources::{Goal, Probe, registry},
};

impl Run<'_, '_> {
    /// Reads anew and records what the step's object has changed, or has not any more.
    ///
    /// # Errors
    /// When the account does not answer, or the ledger cannot be written.
    pub(super) async fn alters(&self, life: &Life<'_>) -> Result<(), StepEnd> {
        for (property, names) in life.facts().alters {
            let Some((address, object)) = self.altered(life, property) else { continue };
            let Some(ty) = registry::find(&object.declared.kind) else { continue };
            let (cloud, region) = (self.engine.cloud, object.declared.region.clone());
            let (sdk, owner) =
                (cloud.sdk(&region), Owner { generation: object.mark(), ..life.owner.clone() });
            let cx = looking(cloud, &sdk, &region, &owner, &address);
            let (id, recorded) = (&object.physical_id, &object.declared.properties);
            // A read may not show it yet. A run that ended between the change and its record has nothing left to see.
            for pause in [0].iter().chain(pauses(ty.facts())) {
                if *pause > 0 {
                    self.pause(std::time::Duration::from_secs(*pause)).await?;
                }
                let probe = self.observe(life, async || ty.probe(&cx, id, recorded, Goal::Ready).await).await;
                let Probe::Reached(mut attributes) = probe.map_err(|error| self.failure(error))? else {
                    continue;
                };
                attributes.retain(|name, value| {
                    names.contains(&name.as_str()) && object.attributes.get(name) != Some(value)
                });
                if !attributes.is_empty() {
                    let generation = object.generation;
                    let seq = self.append(Entry::Addressable { address, generation, attributes })?;
                    self.durable(seq).await?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// The object of this ledger that a property names, unless it goes in this run.
    fn altered(&self, life: &Life<'_>, property: &str) -> Option<(Address, Object)> {
        let id = life.recorded()[property].as_str()?;
        let ledger = self.engine.ledger.borrow();
        let (address, object) =
            ledger.snapshot().objects().find(|(_, object)| object.physical_id.as_str() == id)?;
        let goes = self.set.steps.iter().any(|step| {
            step.address == *address
                && matches!(&step.action, Action::Delete { generation, .. } if *generation == object.generation)
        });
        (!goes).then(|| (address.clone(), object.clone()))
    }
}
