//! Which deletions of a change set AWS would refuse because of deletion protection, asked before anything runs.

use futures_util::{StreamExt as _, stream};

use super::recover::{looking, migration};
use crate::{
    aws::{Cloud, Owner},
    ledger::Snapshot,
    planner::{Action, ChangeSet, Step},
    resources::{protection, registry},
};

/// Objects that are read at the same time.
const AT_ONCE: usize = 16;

/// Corrects what the change set says about deletion protection by what is on now: the ledger knows what was declared,
/// and people turn protection on and off by hand. Where nothing can be read the ledger's word stands.
pub async fn protect(cloud: &Cloud, snapshot: &Snapshot, set: &mut ChangeSet) {
    let migration = &migration(snapshot);
    let seen: Vec<_> = stream::iter(set.steps.iter())
        .map(|step| async move { (step.id, live(cloud, snapshot, migration, step).await) })
        .buffered(AT_ONCE)
        .collect()
        .await;
    for (id, live) in seen {
        if let (Some(protected), Some(step)) = (live, set.steps.get_mut(id.0 as usize)) {
            step.protected = protected.map(ToOwned::to_owned);
        }
    }
}

async fn live(
    cloud: &Cloud,
    snapshot: &Snapshot,
    migration: &str,
    step: &Step,
) -> Option<Option<&'static str>> {
    let Action::Delete { physical_id, generation, .. } = &step.action else { return None };
    let object = snapshot.object(&step.address, *generation)?;
    let hint = protection::hint(&step.kind, &object.declared.properties)?;
    let ty = registry::find(&step.kind)?;
    let owner = Owner {
        migration: migration.to_owned(),
        lineage: snapshot.lineage.clone(),
        generation: object.generation,
    };
    let sdk = cloud.sdk(&object.declared.region);
    let cx = looking(cloud, &sdk, &object.declared.region, &owner, &step.address);
    match ty.read(&cx, physical_id, &hint).await {
        Ok(Some(properties)) => Some(protection::protected(&properties)),
        // Gone already: nothing refuses.
        Ok(None) => Some(None),
        Err(_) => None,
    }
}
