//! Runs all lints and leaves out what the plan allows.

use std::collections::{HashMap, HashSet};

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
    let mut defaults = Vec::new();
    for lint in LINTS {
        let mut report = Report::new(lint);
        (lint.check)(&view, &mut report);
        report.found.retain(|finding| !allowed.permits(&lint.code, finding));
        report.defaults.retain(|finding| !allowed.permits(&lint.code, finding));
        problems.extend(report.found);
        defaults.extend(report.defaults);
    }
    problems.extend(joined(defaults));
    allowed.unused(&mut problems);
    match problems.finish() {
        Ok(found) | Err(found) => found,
    }
}

/// The findings about defaults, one for each resource.
fn joined(findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut by_resource: Vec<Vec<Diagnostic>> = Vec::new();
    let mut places: HashMap<Option<Address>, usize> = HashMap::new();
    for finding in findings {
        let at = *places.entry(finding.address.clone()).or_insert(by_resource.len());
        match by_resource.get_mut(at) {
            Some(all) => all.push(finding),
            None => by_resource.push(vec![finding]),
        }
    }
    let one = |mut all: Vec<Diagnostic>| {
        if all.len() == 1 {
            return all.remove(0);
        }
        let words: Vec<String> = all
            .iter()
            .map(|one| format!("{} ({})", one.message.replace("by default ", ""), one.code))
            .collect();
        let helps: Vec<&str> = all
            .iter()
            .filter_map(|one| one.help.as_deref())
            .map(|help| help.trim_start_matches("set "))
            .collect();
        let help = Some(format!("set {}", helps.join("; ")));
        let message = format!("DMS's defaults hold here: {}", words.join("; "));
        Diagnostic { message, help, ..all.remove(0) }
    };
    by_resource.into_iter().map(one).collect()
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
