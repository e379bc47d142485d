//! The stacks' outputs at the end of a run.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::run::Run;
use crate::{
    graph::{Reference, Unknown},
    ledger::Entry,
    planner::Operation,
};

impl Run<'_, '_> {
    /// Computes and records outputs and exports. An output that cannot be computed says so instead of a value.
    pub(super) async fn outputs(&self) -> BTreeMap<String, BTreeMap<String, Json>> {
        let mut outputs: BTreeMap<String, BTreeMap<String, Json>> = BTreeMap::new();
        if self.set.operation == Operation::Rollback {
            return outputs;
        }
        let mut exports = BTreeMap::new();
        if self.set.operation == Operation::Up {
            for stack in &self.set.stacks {
                for output in &stack.outputs {
                    let value = {
                        let ledger = self.engine.ledger.borrow();
                        let lookup = |reference: &Reference| {
                            ledger.snapshot().attribute(&reference.address, &reference.attribute).cloned()
                        };
                        output.value.resolve(&lookup)
                    };
                    let value = match value {
                        Ok(value) => value,
                        Err(Unknown::Reference(reference)) => Json::String(format!("(unknown: {reference})")),
                        Err(Unknown::Invalid(why)) => Json::String(format!("(invalid: {why})")),
                    };
                    if let Some(export) = &output.export {
                        exports.insert(export.clone(), value.clone());
                    }
                    outputs.entry(stack.name.clone()).or_default().insert(output.name.clone(), value);
                }
            }
        }
        let recorded = {
            let ledger = self.engine.ledger.borrow();
            ledger.snapshot().outputs == outputs && ledger.snapshot().exports == exports
        };
        if !recorded {
            // A failure to write is kept in `broken` and reported with the run's result.
            if let Ok(seq) = self.append(Entry::Outputs { outputs: outputs.clone(), exports }) {
                debug_assert!(seq > 0);
            }
        }
        outputs
    }
}
