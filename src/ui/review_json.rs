//! A change set for machines.

use serde_json::{Map, Value as Json, json};

use super::{
    review::expected_seconds,
    text::{SECRET, masked},
};
use crate::{
    model::Value,
    planner::{Action, ChangeSet, FORMAT, Shown, Step},
};

/// The change set for machines: `format`, `summary`, `steps`, `notes`. Passwords are masked; dynamic
/// references stay, they hold no secret.
#[must_use]
pub fn plan_json(change_set: &ChangeSet) -> Json {
    let sum = change_set.summary();
    let steps: Vec<Json> = change_set.steps.iter().map(|step| step_json(change_set, step)).collect();
    json!({
        "format": FORMAT,
        "operation": change_set.operation,
        "migration": change_set.target.migration,
        "environment": change_set.target.environment,
        "account": change_set.target.account,
        "stacks": change_set.stacks.iter().map(|stack| json!({"name": stack.name, "region": stack.region}))
            .collect::<Vec<_>>(),
        "expected_s": expected_seconds(change_set),
        "summary": {
            "create": sum.create,
            "update": sum.update,
            "replace": sum.replace,
            "delete": sum.delete,
            "unchanged": sum.unchanged,
        },
        "steps": steps,
        "notes": change_set.notes,
        "lookups": change_set.lookups,
    })
}

fn step_json(set: &ChangeSet, step: &Step) -> Json {
    let after: Vec<Json> = step
        .after
        .iter()
        .filter_map(|dependency| {
            let on = set.step(dependency.step)?;
            Some(json!({
                "address": on.address,
                "action": on.action.verb(),
                "needs": dependency.needs,
                "why": dependency.why,
            }))
        })
        .collect();
    let side = |property: &str, shown: &Shown| match shown {
        Shown::Value(value) => json!({ "value": masked(property, value, false) }),
        Shown::KnownAfter(what) => json!({ "known_after": what }),
        Shown::Absent => Json::Object(Map::new()),
    };
    let changes: Vec<Json> = step
        .changes
        .iter()
        .map(|change| {
            json!({
                "property": change.property,
                "old": side(&change.property, &change.old),
                "new": side(&change.property, &change.new),
                "replaces": change.replaces,
            })
        })
        .collect();
    let (physical_id, properties) = match &step.action {
        Action::Create { replaces, properties, .. } => (replaces.as_ref(), Some(properties)),
        Action::Update { physical_id, properties, .. } | Action::Finish { physical_id, properties, .. } => {
            (Some(physical_id), Some(properties))
        }
        Action::Delete { physical_id, .. } | Action::Forget { physical_id, .. } => (Some(physical_id), None),
    };
    let mut told = json!({
        "address": step.address,
        "type": step.kind,
        "region": step.region,
        "action": step.action.verb(),
        "physical_id": physical_id,
        "properties": properties.map(|properties| planned("", properties)),
        "after": after,
        "why": step.why,
        "changes": changes,
        "data_loss": step.data_loss,
        "interrupts": step.interruptions(),
    });
    if let Some(now) = &step.now {
        told["now"] = json!(now);
    }
    told
}

/// A planned value: what is not known yet stands as `{"known_after": "stack/Id.Attribute"}`, secrets as a word.
fn planned(path: &str, value: &Value) -> Json {
    match value {
        Value::Map(map) => Json::Object(
            map.iter().map(|(key, item)| (key.to_string(), planned(key, item))).collect::<Map<_, _>>(),
        ),
        Value::List(items) => items.iter().map(|item| planned(path, item)).collect(),
        other => match other.known() {
            Some(Json::String(text)) if is_own_secret(&text) => SECRET.into(),
            Some(json) => masked(path, &json, false),
            None => {
                let mut first = None;
                other.references(&mut |reference| {
                    first.get_or_insert_with(|| reference.to_string());
                });
                json!({ "known_after": first })
            }
        },
    }
}

/// Whether a text stands for a secret of the plan itself, which no one can look up: NoEcho and literal ones.
fn is_own_secret(text: &str) -> bool {
    ["{{resolve:parameter:", "{{resolve:literal:"].iter().any(|start| text.contains(start))
}
