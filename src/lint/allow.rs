//! `Metadata: {Migrate: {Allow: [{Code, Reason}]}}`: what a resource, or a whole template, is allowed.

use std::collections::HashMap;

use super::{LINTS, view::View};
use crate::{
    error::{Code, Diagnostic, Problems, Severity, suggest},
    model::{
        Address, Span,
        item::{Item, Kind},
    },
};

/// One permission.
struct Permission {
    /// The resource, or nothing for a whole template.
    address: Option<Address>,
    code: &'static str,
    span: Span,
    used: bool,
}

/// All permissions of a plan.
#[derive(Default)]
pub(super) struct Allowed {
    all: Vec<Permission>,
    /// Which of them are of a lint, by resource: a large plan may have as many permissions as findings.
    index: HashMap<(&'static str, Option<Address>), Vec<usize>>,
}

impl Allowed {
    /// Reads them and reports what is wrong with them.
    pub(super) fn read(view: &View<'_>, problems: &mut Problems) -> Self {
        let mut allowed = Self::default();
        for part in view.nodes() {
            let Some(metadata) = part.node.places.as_ref().and_then(|places| places.metadata.as_ref()) else {
                continue;
            };
            allowed.list(Some(&part.node.address), metadata, problems);
        }
        let mut seen: Vec<&Span> = Vec::new();
        for stack in view.stacks {
            for metadata in &stack.metadata {
                // Stacks of one template share what it says.
                if seen.contains(&&metadata.span) {
                    continue;
                }
                seen.push(&metadata.span);
                allowed.list(None, metadata, problems);
            }
        }
        allowed
    }

    fn list(&mut self, address: Option<&Address>, metadata: &Item, problems: &mut Problems) {
        let Some(list) = metadata.get("Migrate").and_then(|member| member.value.get("Allow")) else { return };
        let mut wrong = |span: &Span, message: String, help: Option<String>| {
            let diagnostic = Diagnostic::warning("M8001", crate::error::Class::Plan, message);
            let mut diagnostic = diagnostic.span(Some(span.clone()));
            diagnostic.address = address.cloned();
            problems.add(diagnostic).maybe_help(help);
        };
        let Kind::List(items) = &list.value.kind else {
            let form = "write [{Code: name, Reason: why}]".to_owned();
            wrong(&list.value.span, "`Allow` must be a list".into(), Some(form));
            return;
        };
        for entry in items {
            let text = |key: &str| match entry.get(key).map(|member| &member.value.kind) {
                Some(Kind::Scalar(scalar)) => Some(scalar.text.trim()).filter(|text| !text.is_empty()),
                _ => None,
            };
            let Some(name) = text("Code") else {
                wrong(&entry.span, "the permission does not say which lint it allows".into(), None);
                continue;
            };
            let span = entry.get("Code").map_or(&entry.span, |member| &member.value.span);
            let lints = || LINTS.iter().map(|lint| &lint.code);
            let Some(code) = find(name) else {
                let known = lints().flat_map(|code| [Some(code.code), code.name]).flatten();
                let help = suggest(name, known).map(|near| format!("did you mean `{near}`?"));
                let help = help.or_else(|| Some("`migrate explain` lists all lints".into()));
                wrong(span, format!("there is no lint `{name}`"), help);
                continue;
            };
            if code.severity == Severity::Error {
                let message = format!("`{name}` cannot be allowed: AWS refuses it");
                wrong(span, message, Some("correct what it reports".into()));
                continue;
            }
            if text("Reason").is_none() {
                let help = "add `Reason`: why is this right here?".to_owned();
                wrong(span, format!("`{name}` is allowed without a reason"), Some(help));
                continue;
            }
            let (address, span) = (address.cloned(), span.clone());
            self.index.entry((code.code, address.clone())).or_default().push(self.all.len());
            self.all.push(Permission { address, code: code.code, span, used: false });
        }
    }

    /// Whether a finding is allowed; the permission counts as used.
    pub(super) fn permits(&mut self, code: &Code, finding: &Diagnostic) -> bool {
        let mut permitted = false;
        let own = self.index.get(&(code.code, finding.address.clone()));
        for at in own.into_iter().flatten() {
            let permission = &mut self.all[*at];
            // A template's permission is for what stands in no resource, its parameters.
            let same_file = |span: &Span| span.source.path == permission.span.source.path;
            let fits = permission.address.is_some() || finding.span.as_ref().is_some_and(same_file);
            permission.used |= fits;
            permitted |= fits;
        }
        permitted
    }

    /// Warns of permissions that permit nothing.
    pub(super) fn unused(self, problems: &mut Problems) {
        let mut by_place: Vec<Permission> = Vec::new();
        let mut places: HashMap<(u32, u32), Vec<usize>> = HashMap::new();
        for permission in self.all {
            let here = places.entry((permission.span.start, permission.span.end)).or_default();
            // One template in several stacks: used once is used.
            match here.iter().find(|at| by_place[**at].span == permission.span) {
                Some(at) => by_place[*at].used |= permission.used,
                None => {
                    here.push(by_place.len());
                    by_place.push(permission);
                }
            }
        }
        for permission in by_place.iter().filter(|permission| !permission.used) {
            let name = find(permission.code).and_then(|code| code.name).unwrap_or(permission.code);
            let message = format!("`{name}` is allowed, but there is nothing to allow");
            let diagnostic = Diagnostic::warning("M8002", crate::error::Class::Plan, message);
            let mut diagnostic = diagnostic.span(Some(permission.span.clone()));
            diagnostic.address.clone_from(&permission.address);
            problems.add(diagnostic).help("remove the permission");
        }
    }
}

/// The lint of that code or name.
fn find(wanted: &str) -> Option<&'static Code> {
    LINTS.iter().map(|lint| &lint.code).find(|code| code.is(wanted))
}
