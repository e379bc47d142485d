//! What the steps of a change set mean by what is live, asked before a review and again before anything runs: which deletions
//! AWS would refuse because of deletion protection, what others have put on objects that goes with them, and what runs and is
//! interrupted.

use futures_util::{StreamExt as _, stream};

use super::looking::{looking, migration};
use crate::{
    aws::{Cloud, Owner},
    ledger::{Object, Snapshot},
    model::Activity,
    planner::{Action, Attachment, ChangeSet, Step},
    resources::{protection, registry},
};

/// Objects that are read at the same time.
const AT_ONCE: usize = 16;

/// Corrects what the change set says about deletion protection by what is on now: the ledger knows what was declared,
/// and people turn protection on and off by hand. Where nothing can be read the ledger's word stands. What is on the
/// objects that go is listed in [`Step::takes`]: only that is taken off.
pub async fn protect(cloud: &Cloud, snapshot: &Snapshot, set: &mut ChangeSet) {
    let migration = &migration(snapshot);
    let seen: Vec<_> = stream::iter(set.steps.iter())
        .map(|step| async move {
            let protected = live(cloud, snapshot, migration, step).await;
            let takes = attachments(cloud, snapshot, migration, step).await;
            (step.id, protected, takes, activity(cloud, snapshot, migration, step).await)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    for (id, protected, takes, now) in seen {
        let Some(step) = set.steps.get_mut(id.0 as usize) else { continue };
        if let Some(protected) = protected {
            step.protected = protected.map(ToOwned::to_owned);
        }
        step.takes = takes;
        step.now = now;
    }
}

fn owner(snapshot: &Snapshot, migration: &str, object: &Object) -> Owner {
    Owner { migration: migration.to_owned(), lineage: snapshot.lineage.clone(), generation: object.mark() }
}

/// What the object of a step, or what uses it, does now. Only types that answer
/// [`ResourceType::activity`](crate::resources::ResourceType) make calls.
async fn activity(cloud: &Cloud, snapshot: &Snapshot, migration: &str, step: &Step) -> Option<Vec<Activity>> {
    let (id, generation) = match &step.action {
        // Only the ledger is brought up to date.
        Action::Update { fields, .. } if fields.is_empty() => return None,
        Action::Update { physical_id, generation, .. }
        | Action::Finish { physical_id, generation, .. }
        | Action::Delete { physical_id, generation, .. } => (physical_id, *generation),
        Action::Create { replaces: Some(id), .. } => (id, snapshot.current(&step.address)?.generation),
        Action::Create { .. } | Action::Forget { .. } => return None,
    };
    let object = snapshot.object(&step.address, generation)?;
    let ty = registry::find(&step.kind)?;
    // Of what goes only what replicates itself is told: its endpoints and its instance go after it.
    if matches!(step.action, Action::Delete { .. }) && !ty.facts().replicates {
        return None;
    }
    let owner = owner(snapshot, migration, object);
    let sdk = cloud.sdk(&object.declared.region);
    let cx = looking(cloud, &sdk, &object.declared.region, &owner, &step.address);
    ty.activity(&cx, id).await.ok().flatten()
}

/// What is on an object that goes. Only types that answer [`ResourceType::attachments`](crate::resources::ResourceType)
/// make calls.
async fn attachments(cloud: &Cloud, snapshot: &Snapshot, migration: &str, step: &Step) -> Vec<Attachment> {
    let Action::Delete { physical_id, generation, .. } = &step.action else { return Vec::new() };
    let (Some(object), Some(ty)) = (snapshot.object(&step.address, *generation), registry::find(&step.kind))
    else {
        return Vec::new();
    };
    let owner = owner(snapshot, migration, object);
    let sdk = cloud.sdk(&object.declared.region);
    let cx = looking(cloud, &sdk, &object.declared.region, &owner, &step.address);
    let found = ty.attachments(&cx, physical_id, &object.declared.properties).await.unwrap_or_default();
    found
        .into_iter()
        .map(|what| {
            // An inline policy is known by its name and where it is, a managed one by its ARN.
            let name = what.rsplit(' ').next().unwrap_or(&what).to_owned();
            let ours = snapshot.objects().any(|(_, other)| {
                let properties = &other.declared.properties;
                let on = |list: &str| {
                    let items = properties[list].as_array().into_iter().flatten();
                    items.filter_map(|item| item.as_str()).any(|item| item == physical_id.as_str())
                };
                other.physical_id.as_str() == name
                    || (properties["PolicyName"] == name.as_str()
                        && (on("Roles") || properties["RoleName"] == physical_id.as_str()))
            });
            Attachment { what, ours }
        })
        .collect()
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
    let owner = owner(snapshot, migration, object);
    let sdk = cloud.sdk(&object.declared.region);
    let cx = looking(cloud, &sdk, &object.declared.region, &owner, &step.address);
    match ty.read(&cx, physical_id, &hint).await {
        Ok(Some(properties)) => Some(protection::protected(&properties)),
        // Gone already: nothing refuses.
        Ok(None) => Some(None),
        Err(_) => None,
    }
}
