//! What deployments leave to operations: operated properties are no difference, and between the fence and the end of the
//! migration nothing that is operated is touched.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::{
    error::{Class, Diagnostic},
    graph::Graph,
    ledger::{Phase, Snapshot},
    model::{Address, Value},
    operations::{calls, discover::Resolved},
    planner::ChangeSet,
};

fn resolved(snapshot: &Snapshot) -> Option<Resolved> {
    serde_json::from_value(snapshot.operations.declared.clone()).ok()
}

/// Properties with the values that operations gave them, by resource.
fn operated(snapshot: &Snapshot) -> BTreeMap<Address, Vec<(&'static str, Json)>> {
    let mut all: BTreeMap<Address, Vec<(&'static str, Json)>> = BTreeMap::new();
    let operations = &snapshot.operations;
    let Some(resolved) = resolved(snapshot).filter(|_| operations.phase().operates()) else { return all };
    let facts = &operations.facts;
    for set in &resolved.traffic {
        for record in [&set.source, &set.target] {
            let weight =
                facts.get(&calls::record(set, record), "record").map(|record| record["Weight"].clone());
            if let Some(weight) = weight.filter(Json::is_number) {
                all.entry(record.address.clone()).or_default().push(("Weight", weight));
            }
        }
    }
    for writer in resolved.source_writers.iter().chain(&resolved.target_writers) {
        if let Some(count) =
            facts.get(&calls::service(writer), "desiredCount").filter(|count| count.is_number())
        {
            all.entry(writer.address.clone()).or_default().push(("DesiredCount", count.clone()));
        }
        if let (Some((_, address)), Some(subject)) = (&writer.scaling, calls::scaling(writer)) {
            if let Some(minimum) = facts.get(&subject, "MinCapacity").filter(|minimum| minimum.is_number()) {
                all.entry(address.clone()).or_default().push(("MinCapacity", minimum.clone()));
            }
            if let Some(state) = facts.get(&subject, "SuspendedState").filter(|state| {
                state.as_object().is_some_and(|flags| flags.values().any(|flag| *flag == true))
            }) {
                all.entry(address.clone()).or_default().push(("SuspendedState", state.clone()));
            }
        }
    }
    all
}

/// Every resource that operations work on, the rules of both databases' groups included.
fn addresses(snapshot: &Snapshot) -> BTreeSet<Address> {
    let Some(resolved) = resolved(snapshot) else { return BTreeSet::new() };
    let mut all: BTreeSet<Address> =
        resolved.forward.iter().chain(&resolved.reverse).map(|task| task.address.clone()).collect();
    for set in &resolved.traffic {
        all.extend([set.source.address.clone(), set.target.address.clone()]);
    }
    for writer in resolved.source_writers.iter().chain(&resolved.target_writers) {
        all.insert(writer.address.clone());
        all.extend(writer.scaling.iter().map(|(_, address)| address.clone()));
    }
    let groups: Vec<&String> = resolved.source.groups.iter().chain(&resolved.target.groups).collect();
    for database in [&resolved.source, &resolved.target] {
        all.extend(database.address.clone());
    }
    for (address, object) in snapshot.objects() {
        let declared = &object.declared;
        let own =
            |name: &str| declared.properties[name].as_str().is_some_and(|id| groups.iter().any(|g| *g == id));
        let group =
            object.attributes.get("GroupId").and_then(Json::as_str).unwrap_or(object.physical_id.as_str());
        match declared.kind.as_str() {
            "AWS::EC2::SecurityGroupIngress" if own("GroupId") => {
                all.insert(address.clone());
            }
            "AWS::EC2::SecurityGroup" if groups.iter().any(|g| *g == group) => {
                all.insert(address.clone());
            }
            _ => {}
        }
    }
    all
}

/// The plan and the ledger as a deployment sees them: operated properties have, on both sides, the value that operations
/// gave them. So they are no difference, and an update of something else beside them does not reset them.
#[must_use]
pub fn masked(graph: &Graph, snapshot: &Snapshot) -> Option<(Graph, Snapshot)> {
    let operated = operated(snapshot);
    if operated.is_empty() {
        return None;
    }
    let (mut graph, mut snapshot) = (graph.clone(), snapshot.clone());
    for node in &mut graph.nodes {
        for (property, value) in operated.get(&node.address).into_iter().flatten() {
            if let Value::Map(members) = &mut node.properties {
                members.insert((*property).to_owned(), Value::from_json(value.clone()));
            }
        }
    }
    for (address, properties) in &operated {
        let Some(resource) = snapshot.resources.get_mut(address) else { continue };
        if let Some(object) = &mut resource.current {
            for (property, value) in properties {
                object.declared.properties[*property] = value.clone();
            }
        }
    }
    Some((graph, snapshot))
}

/// What a review says about that; nothing before operations begin.
#[must_use]
pub fn remark(snapshot: &Snapshot) -> Option<String> {
    let operated = operated(snapshot);
    if operated.is_empty() {
        return None;
    }
    let list: Vec<String> = operated
        .iter()
        .map(|(address, properties)| {
            let names: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
            format!("{address} ({})", names.join(", "))
        })
        .collect();
    Some(format!(
        "The migration is in phase {}: these properties belong to operations and are left out: {}.",
        snapshot.operations.phase(),
        list.join(", ")
    ))
}

fn refused(phase: Phase, what: &str) -> Diagnostic {
    let message = format!("the migration is in phase {phase}: {what}");
    Diagnostic::error("O2010", Class::Refused, message).help(
        "nothing was changed. Complete or undo the cutover first: `migrate status` shows where it stands, `migrate rollback` \
         goes back, `migrate finalize` ends it",
    )
}

/// Refuses a change set that touches what is operated, from the fence until the migration is finalized or rolled back.
///
/// # Errors
/// The steps that touch it.
pub fn deploy(set: &ChangeSet, snapshot: &Snapshot) -> Result<(), Vec<Diagnostic>> {
    let phase = snapshot.operations.phase();
    if !snapshot.operations.protects() {
        return Ok(());
    }
    let operated = addresses(snapshot);
    let touched: Vec<Diagnostic> = set
        .steps
        .iter()
        .filter(|step| operated.contains(&step.address))
        .map(|step| {
            refused(phase, &format!("{} of {} is refused", step.action.verb(), step.address))
                .at(&step.address)
        })
        .collect();
    if touched.is_empty() { Ok(()) } else { Err(touched) }
}

/// Refuses a teardown, likewise.
///
/// # Errors
/// When the phase forbids it.
pub fn destroy(snapshot: &Snapshot) -> Result<(), Vec<Diagnostic>> {
    let phase = snapshot.operations.phase();
    if snapshot.operations.protects() { Err(vec![refused(phase, "destroy is refused")]) } else { Ok(()) }
}
