//! All checks, one after the other.

use super::{graph::graph, link};
use crate::{
    error::{Class, Diagnostic, Severity, hint},
    graph::{Drafts, Graph, Links},
    lint,
    model::stored,
    parallel::both,
    resources::registry,
};

/// A plan in which nothing is wrong.
#[derive(Debug)]
pub struct Checked {
    /// The resource graph.
    pub graph: Graph,
    /// Its edges.
    pub links: Links,
    /// Findings that do not stop the command.
    pub warnings: Vec<Diagnostic>,
}

/// Turns drafts into a linked graph, linted.
///
/// # Errors
/// Everything that is wrong with the plan.
pub fn check(mut drafts: Drafts) -> Result<Checked, Vec<Diagnostic>> {
    let (mut graph, mut warnings) = graph(&mut drafts)?;
    // Neither needs the other, and of a large plan each takes its time.
    let (mut links, lints) =
        both(|| link(&graph, &registry::find), || lint::check(&drafts.stacks, &graph, drafts.idioms));
    let judged = |lint: &Diagnostic| lint.address.as_ref().is_none_or(|at| !drafts.unjudged.contains(at));
    warnings.extend(lints.into_iter().filter(judged));
    // Lints speak of what is written; what is planned and kept is what AWS makes of it.
    as_kept(&mut graph);
    if let (Ok(linked), false) = (&links, drafts.wanted.is_empty()) {
        graph.choose(linked, &drafts.wanted).map_err(|unknown| unknown_stacks(&unknown, &drafts))?;
        links = link(&graph, &registry::find);
    }
    match links {
        Ok(links) if warnings.iter().all(|finding| finding.severity == Severity::Warning) => {
            Ok(Checked { graph, links, warnings })
        }
        Ok(_) => Err(warnings),
        Err(mut tangled) => {
            tangled.append(&mut warnings);
            Err(tangled)
        }
    }
}

/// Texts become what AWS keeps of them (`Facts::stored`).
pub fn as_kept(graph: &mut Graph) {
    for node in &mut graph.nodes {
        if let Some(ty) = registry::find(&node.kind) {
            stored::keep(ty.facts(), &mut node.properties);
        }
    }
}

fn unknown_stacks(unknown: &[String], drafts: &Drafts) -> Vec<Diagnostic> {
    let say = |name: &String| {
        let message = format!("--stack {name}: the plan has no such stack");
        let known = drafts.stacks.iter().map(|stack| stack.name.as_str());
        let mut diagnostic = Diagnostic::error("M1903", Class::Usage, message);
        diagnostic.help = hint(name, "stacks", known);
        diagnostic
    };
    unknown.iter().map(say).collect()
}
