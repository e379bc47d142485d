//! Runs all lints and leaves out what the plan allows.

use super::{LINTS, allow::Allowed, report::Report, view::View};
use crate::{
    error::Diagnostic,
    graph::Graph,
    template::{StackSource, problems::Problems},
};

/// What the lints say about a plan; errors are what AWS would refuse.
#[must_use]
pub fn check(stacks: &[StackSource], graph: &Graph) -> Vec<Diagnostic> {
    let view = View::new(stacks, graph);
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
