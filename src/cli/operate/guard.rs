//! What deployments leave to operations: operated properties are no difference, and between the fence and the end of the
//! migration nothing that is operated is touched.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::{
    error::{Class, Diagnostic},
    graph::Graph,
    ledger::{Phase, Snapshot},
    model::{Address, Value},
    operations::{
        calls,
        discover::{Fleet, Group, Resolved, Steering},
        steering,
    },
    planner::ChangeSet,
};

fn resolved(snapshot: &Snapshot) -> Option<Resolved> {
    serde_json::from_value(snapshot.operations.declared.clone()).ok()
}

/// What operations gave a property.
enum Given {
    /// This value.
    Value(Json),
    /// Weights of these target groups, in a list of actions.
    Weights(Vec<(Group, u64)>),
}

impl Given {
    /// Gives it to a property.
    fn to(&self, property: &mut Value) {
        match self {
            Self::Value(value) => *property = Value::from_json(value.clone()),
            Self::Weights(groups) => {
                let Value::List(actions) = property else { return };
                for action in actions {
                    let Some(Value::Map(forward)) = member(action, "ForwardConfig") else { continue };
                    let Some(Value::List(targets)) = forward.get_mut("TargetGroups") else { continue };
                    for target in targets {
                        weigh(target, groups);
                    }
                }
            }
        }
    }
}

fn member<'v>(value: &'v mut Value, name: &str) -> Option<&'v mut Value> {
    if let Value::Map(members) = value { members.get_mut(name) } else { None }
}

/// Gives one of a listener's target groups the weight that operations gave it.
fn weigh(target: &mut Value, groups: &[(Group, u64)]) {
    let Value::Map(members) = target else { return };
    let own = |group: &Group| match members.get("TargetGroupArn") {
        Some(Value::Attribute(reference)) => reference.address == group.address,
        Some(Value::String(arn)) => *arn == group.arn,
        _ => false,
    };
    if let Some((_, weight)) = groups.iter().find(|(group, _)| own(group)) {
        members.insert("Weight".into(), Value::from_json(Json::from(*weight)));
    }
}

/// Properties with what operations gave them, by resource.
fn operated(snapshot: &Snapshot) -> BTreeMap<Address, Vec<(&'static str, Given)>> {
    let mut all: BTreeMap<Address, Vec<(&'static str, Given)>> = BTreeMap::new();
    let operations = &snapshot.operations;
    let Some(resolved) = resolved(snapshot).filter(|_| operations.phase().operates()) else { return all };
    let facts = &operations.facts;
    for set in &resolved.traffic {
        let Some((source, target)) = steering::weights(set, facts) else { continue };
        match &set.by {
            Steering::Records(records) => {
                for (record, weight) in [(&records.source, source), (&records.target, target)] {
                    let given = Given::Value(Json::from(weight));
                    all.entry(record.address.clone()).or_default().push(("Weight", given));
                }
            }
            Steering::Listener(forwarding) => {
                let groups = [(&forwarding.source_group, source), (&forwarding.target_group, target)];
                let given = Given::Weights(groups.map(|(group, weight)| (group.clone(), weight)).to_vec());
                let property = if forwarding.rule { "Actions" } else { "DefaultActions" };
                all.entry(forwarding.listener.clone()).or_default().push((property, given));
            }
        }
    }
    for writer in resolved.source_writers.iter().chain(&resolved.target_writers) {
        let counts: &[(&str, &str)] = match writer.fleet {
            Fleet::Tasks => &[("desiredCount", "DesiredCount")],
            Fleet::Instances => &[("MinSize", "MinSize"), ("DesiredCapacity", "DesiredCapacity")],
        };
        for (fact, property) in counts {
            if let Some(count) = facts.get(&calls::writer(writer), fact).filter(|count| count.is_number()) {
                // CloudFormation has the sizes of a group as texts.
                let value =
                    if writer.fleet.is_tasks() { count.clone() } else { Json::String(count.to_string()) };
                all.entry(writer.address.clone()).or_default().push((property, Given::Value(value)));
            }
        }
        if let (Some((_, address)), Some(subject)) = (&writer.scaling, calls::scaling(writer)) {
            if let Some(minimum) = facts.get(&subject, "MinCapacity").filter(|minimum| minimum.is_number()) {
                all.entry(address.clone()).or_default().push(("MinCapacity", Given::Value(minimum.clone())));
            }
            if let Some(state) = facts.get(&subject, "SuspendedState").filter(|state| {
                state.as_object().is_some_and(|flags| flags.values().any(|flag| *flag == true))
            }) {
                all.entry(address.clone()).or_default().push(("SuspendedState", Given::Value(state.clone())));
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
        all.extend(steering::addresses(set).into_iter().cloned());
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
        for (property, given) in operated.get(&node.address).into_iter().flatten() {
            if let Value::Map(members) = &mut node.properties {
                given.to(members.or_null(property));
            }
        }
    }
    for (address, properties) in &operated {
        let Some(resource) = snapshot.resources.get_mut(address) else { continue };
        if let Some(object) = &mut resource.current {
            for (property, given) in properties {
                let mut value = Value::from_json(object.declared.properties[*property].take());
                given.to(&mut value);
                object.declared.properties[*property] = value.resolve(&|_| None).unwrap_or_default();
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
