//! Runs all lints and leaves out what the plan allows.

use std::collections::HashSet;

use super::{LINTS, allow::Allowed, report::Report, view::View};
use crate::{
    error::{Diagnostic, Problems, Severity},
    graph::{Graph, Idioms, StackDraft},
    model::Address,
};

/// What the lints say about a plan; errors are what AWS would refuse.
#[must_use]
pub fn check(stacks: &[StackDraft], graph: &Graph, idioms: Idioms) -> Vec<Diagnostic> {
    let broken = HashSet::new();
    let view = View::new(stacks, graph, &broken, idioms);
    let mut problems = Problems::default();
    let mut allowed = Allowed::read(&view, &mut problems);
    for lint in LINTS {
        let mut report = Report::new(lint);
        (lint.check)(&view, &mut report);
        report.found.retain(|finding| !allowed.permits(&lint.code, finding));
        problems.extend(report.found);
    }
    allowed.unused(&mut problems);
    match problems.finish() {
        Ok(found) | Err(found) => found,
    }
}

/// What AWS would refuse of a plan that has errors already: nothing is said about resources that are broken.
#[must_use]
pub fn refused(graph: &Graph, broken: &HashSet<Address>, idioms: Idioms) -> Vec<Diagnostic> {
    let view = View::new(&[], graph, broken, idioms);
    let mut found = Vec::new();
    for lint in LINTS.iter().filter(|lint| lint.code.severity == Severity::Error) {
        let mut report = Report::new(lint);
        (lint.check)(&view, &mut report);
        found.extend(report.found);
    }
    found
}
