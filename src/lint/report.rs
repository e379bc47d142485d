//! What lints say.

use std::sync::Arc;

use super::{Lint, view::Part};
use crate::{
    error::{Class, Diagnostic, Fix, Severity},
    model::{Address, Source, Span},
};

/// Findings of one lint.
pub(crate) struct Report<'l> {
    lint: &'l Lint,
    pub(super) found: Vec<Diagnostic>,
    /// Findings about defaults of a service that a resource leaves as they are: those of one resource are told in one line.
    pub(super) defaults: Vec<Diagnostic>,
}

/// The finding that was just made, to say more about it.
pub(crate) struct Said<'r>(&'r mut Diagnostic);

impl<'l> Report<'l> {
    pub(super) fn new(lint: &'l Lint) -> Self {
        Self { lint, found: Vec::new(), defaults: Vec::new() }
    }

    /// Something is wrong with a part of a resource.
    pub(super) fn at(&mut self, part: &Part<'_>, message: impl Into<String>) -> Said<'_> {
        self.place(Some(&part.node.address), part.span(), message)
    }

    /// Something is wrong there.
    pub(super) fn place(
        &mut self,
        address: Option<&Address>,
        span: Option<Span>,
        message: impl Into<String>,
    ) -> Said<'_> {
        let code = self.lint.code.code;
        let mut diagnostic = match self.lint.code.severity {
            Severity::Error => Diagnostic::error(code, Class::Plan, message),
            Severity::Warning => Diagnostic::warning(code, Class::Plan, message),
        };
        diagnostic.address = address.cloned();
        self.found.push(diagnostic.span(span));
        let last = self.found.len() - 1;
        Said(&mut self.found[last])
    }
}

impl Report<'_> {
    /// The last finding is about a default.
    pub(super) fn by_default(&mut self) {
        self.defaults.extend(self.found.pop());
    }
}

impl Said<'_> {
    /// Hides what stands there: excerpts end up in logs.
    pub(super) fn masked(self) -> Self {
        if let Some(span) = &mut self.0.span {
            let (start, end) = (span.start as usize, span.end as usize);
            let mut text = span.source.text.clone();
            if let Some(secret) = text.get(start..end) {
                // Byte for byte, so that every place in the file stays where it is.
                let hide = |c: char| if c == '\n' { "\n".to_owned() } else { "*".repeat(c.len_utf8()) };
                let hidden: String = secret.chars().map(hide).collect();
                text.replace_range(start..end, &hidden);
                span.source = Arc::new(Source { path: span.source.path.clone(), text });
            }
        }
        self
    }

    /// Says what to do next.
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// The edit that does what the help says; the help says then how to have it made.
    pub(super) fn fix(self, fix: Option<Fix>) -> Self {
        if let (Some(fix), Some(help)) = (fix, &mut self.0.help) {
            help.push_str("; `migrate validate --fix` does it");
            self.0.fix = Some(Box::new(fix));
        }
        self
    }

    /// Names another part that belongs to it.
    pub(super) fn label(self, part: &Part<'_>, words: impl Into<String>) -> Self {
        self.0.labels.extend(part.span().map(|span| (span, words.into())));
        self
    }
}
