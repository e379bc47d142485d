//! `migrate outputs`: the stacks' outputs of the last complete run.

use serde_json::{Value as Json, json};

use super::{
    Verdict,
    args::{Global, OutputsCommand},
    exit::Code,
    ledgers,
    session::one,
};
use crate::{
    error::{Class, Diagnostic},
    ui::{Printer, outputs_text},
};

/// Runs the verb.
pub fn run(global: &Global, args: &OutputsCommand, printer: &mut Printer) -> Verdict {
    let dir = ledgers::find_ledger(global, &args.which, printer)?;
    let snapshot = ledgers::existing(global, &dir)?;
    let outputs = &snapshot.outputs;
    if let Some(name) = &args.only {
        let found: Vec<&Json> = match name.split_once('.') {
            Some((stack, name)) => outputs.get(stack).and_then(|o| o.get(name)).into_iter().collect(),
            None => outputs.values().filter_map(|o| o.get(name)).collect(),
        };
        let [value] = found.as_slice() else {
            let known: Vec<String> =
                outputs.iter().flat_map(|(s, o)| o.keys().map(move |n| format!("{s}.{n}"))).collect();
            let message = if found.is_empty() {
                format!("there is no output `{name}`")
            } else {
                format!("several stacks have an output `{name}`; write stack.Name")
            };
            return Err(one(Diagnostic::error("M0005", Class::Usage, message)
                .help(format!("outputs: {}", known.join(", ")))));
        };
        if printer.is_json() {
            printer.json(value);
        } else {
            printer
                .out(&format!("{}\n", value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)));
        }
        return Ok(Code::Success);
    }
    if printer.is_json() {
        printer.json(&json!(outputs));
    } else {
        printer.out(&outputs_text(outputs, printer.width()));
    }
    Ok(Code::Success)
}
