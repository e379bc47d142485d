//! `migrate graph`: the resource graph as DOT or Mermaid, or its longest chain of waits, without an account.

use super::{
    Verdict,
    args::{Global, GraphCommand, GraphFormat},
    exit::Code,
    lookups, prepare,
};
use crate::{
    planner::typical_path,
    resources::registry,
    template::Environment,
    ui::{Printer, graphviz, path},
};

/// Runs the verb.
pub fn run(global: &Global, args: &GraphCommand, printer: &mut Printer) -> Verdict {
    let loaded = prepare::load_offline(global, &args.plan, printer)?;
    lookups::tell_made_up(&loaded, printer);
    let prepared = prepare::evaluate(loaded, &Environment::offline(), &args.plan, printer)?;
    if args.why {
        let path = typical_path(&prepared.graph, &prepared.links, &registry::find);
        if printer.is_json() {
            printer.json(&path::json(&path));
        } else {
            let text = path::text(&path, printer.width());
            printer.out(&text);
        }
        return Ok(Code::Success);
    }
    let text = match args.format {
        GraphFormat::Dot => graphviz::dot(&prepared.graph, &prepared.links),
        GraphFormat::Mermaid => graphviz::mermaid(&prepared.graph, &prepared.links),
    };
    printer.out(&text);
    Ok(Code::Success)
}
