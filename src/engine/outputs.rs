//! The stacks' outputs at the end of a run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::run::Run;
use crate::{
    ledger::{Entry, Snapshot},
    model::{Reference, Unknown, dynamic::is_dynamic},
    planner::Operation,
    schema,
};

/// An attribute, or the property of that name: as it was given, or empty where it was left to AWS.
fn known(snapshot: &Snapshot, reference: &Reference) -> Option<Json> {
    let (address, name) = (&reference.address, &reference.attribute);
    if let Some(value) = snapshot.attribute(address, name) {
        return Some(value.clone());
    }
    let declared = &snapshot.current(address)?.declared;
    let top = name.split('.').next().unwrap_or(name);
    let schema = schema::of(&declared.kind).filter(|schema| schema.property(top).is_some())?;
    let given = declared
        .properties
        .pointer(&format!("/{}", name.as_str().replace('.', "/")))
        .filter(|value| !value.is_null());
    // A secret stays out of outputs.
    let given = given.filter(|value| !is_dynamic(&value.to_string()));
    match given {
        Some(value) => Some(value.clone()),
        None => (!schema.is_read_only(top)).then(|| Json::String(String::new())),
    }
}

/// Values by stack and name.
type Outputs = BTreeMap<String, BTreeMap<String, Json>>;

impl Run<'_, '_> {
    /// Computes and records outputs and exports. An output that cannot be computed says so instead of a value.
    pub(super) async fn outputs(&self) -> BTreeMap<String, BTreeMap<String, Json>> {
        let mut outputs: BTreeMap<String, BTreeMap<String, Json>> = BTreeMap::new();
        if matches!(self.set.operation, Operation::Rollback | Operation::Cleanup) {
            return outputs;
        }
        let mut exports = BTreeMap::new();
        let mut imports = BTreeSet::new();
        let main = self.engine.ledger.borrow().snapshot().binding.as_ref().map(|b| b.region.clone());
        if self.set.operation == Operation::Up {
            for stack in &self.set.stacks {
                imports.extend(stack.imports.iter().map(|name| format!("{}/{name}", stack.region)));
                for output in &stack.outputs {
                    let value = {
                        let ledger = self.engine.ledger.borrow();
                        let lookup = |reference: &Reference| known(ledger.snapshot(), reference);
                        output.value.resolve(&lookup)
                    };
                    let value = match value {
                        Ok(value) => value,
                        Err(Unknown::Reference(reference)) => Json::String(format!("(unknown: {reference})")),
                        Err(Unknown::Invalid(why)) => Json::String(format!("(invalid: {why})")),
                    };
                    if let Some(export) = &output.export {
                        // Export names hold no slash; the ledger's own region goes without saying.
                        let key = if main.as_deref() == Some(stack.region.as_str()) {
                            export.clone()
                        } else {
                            format!("{}/{export}", stack.region)
                        };
                        exports.insert(key, value.clone());
                    }
                    outputs.entry(stack.name.clone()).or_default().insert(output.name.clone(), value);
                }
            }
        }
        let (kept, exports) = self.with_others(outputs.clone(), exports);
        let recorded = {
            let ledger = self.engine.ledger.borrow();
            let known = ledger.snapshot();
            known.outputs == kept && known.exports == exports && known.imports == imports
        };
        if !recorded {
            // A failure to write is kept in `broken` and reported with the run's result.
            self.append(Entry::Outputs { outputs: kept, exports, imports }).ok();
        }
        outputs
    }

    /// What the ledger keeps: stacks that this run left out keep their outputs as long as they hold anything.
    fn with_others(
        &self,
        mut outputs: Outputs,
        mut exports: BTreeMap<String, Json>,
    ) -> (Outputs, BTreeMap<String, Json>) {
        let ledger = self.engine.ledger.borrow();
        let snapshot = ledger.snapshot();
        let left_out = |stack: &str| {
            self.set.stacks.iter().all(|own| own.name != stack)
                && snapshot.resources.iter().any(|(at, r)| at.stack() == stack && r.current.is_some())
        };
        let others = snapshot.outputs.iter().filter(|(stack, _)| left_out(stack));
        let others: Vec<_> = others.map(|(stack, values)| (stack.clone(), values.clone())).collect();
        if !others.is_empty() {
            for (name, value) in &snapshot.exports {
                exports.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        outputs.extend(others);
        (outputs, exports)
    }
}
