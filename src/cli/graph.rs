//! `migrate graph`: the resource graph as DOT or Mermaid, without an account.

use super::{
    Verdict,
    args::{Global, GraphCommand, GraphFormat},
    exit::Code,
    lookups, prepare,
};
use crate::{
    template::Environment,
    ui::{Printer, graphviz},
};

/// Runs the verb.
pub fn run(global: &Global, args: &GraphCommand, printer: &mut Printer) -> Verdict {
    let loaded = prepare::load(global, &args.plan)?;
    lookups::tell_made_up(&loaded, printer);
    let prepared = prepare::evaluate(&loaded, &Environment::offline(), args.plan.deny_warnings, printer)?;
    let text = match args.format {
        GraphFormat::Dot => graphviz::dot(&prepared.graph, &prepared.links),
        GraphFormat::Mermaid => graphviz::mermaid(&prepared.graph, &prepared.links),
    };
    printer.out(&text);
    Ok(Code::Success)
}
