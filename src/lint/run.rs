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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;

    #[test]
    fn defaults_of_one_resource_are_told_where_its_first_one_was() {
        let finding = |address: Option<&str>, code: &'static str| {
            let message = format!("by default {code} holds");
            let mut finding = Diagnostic::warning(code, Class::Plan, message).help(format!("set {code}: 1"));
            finding.address = address.map(|address| address.parse().expect("an address"));
            finding
        };
        let told = joined(vec![
            finding(Some("app/B"), "M8401"),
            finding(None, "M8401"),
            finding(Some("app/A"), "M8402"),
            finding(Some("app/B"), "M8403"),
            finding(None, "M8404"),
            finding(Some("app/B"), "M8405"),
        ]);
        let told: Vec<_> =
            told.iter().map(|one| (one.code, one.message.as_str(), one.help.as_deref())).collect();
        assert_eq!(
            told,
            [
                (
                    "M8401",
                    "DMS's defaults hold here: M8401 holds (M8401); M8403 holds (M8403); M8405 holds (M8405)",
                    Some("set M8401: 1; M8403: 1; M8405: 1")
                ),
                (
                    "M8401",
                    "DMS's defaults hold here: M8401 holds (M8401); M8404 holds (M8404)",
                    Some("set M8401: 1; M8404: 1")
                ),
                ("M8402", "by default M8402 holds", Some("set M8402: 1")),
            ]
        );
    }
}
