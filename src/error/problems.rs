//! Collects findings so that one pass reports them all.

use crate::{
    error::{Class, Diagnostic, Severity},
    model::{Address, Span},
};

/// Findings of one pass.
#[derive(Debug, Default)]
pub struct Problems(Vec<Diagnostic>);

/// The finding that was just noted, to say more about it.
pub struct Noted<'p>(&'p mut Diagnostic);

impl Noted<'_> {
    /// Says what to do next.
    pub fn help(self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Says what to do next, if anything is known.
    pub fn maybe_help(self, help: Option<String>) -> Self {
        self.0.help = help;
        self
    }
}

impl Problems {
    /// Notes an error in the plan.
    pub fn error(
        &mut self,
        code: &'static str,
        span: Option<&Span>,
        message: impl Into<String>,
    ) -> Noted<'_> {
        self.add(Diagnostic::error(code, Class::Plan, message).span(span.cloned()))
    }

    /// Notes a warning about the plan.
    pub fn warning(
        &mut self,
        code: &'static str,
        span: Option<&Span>,
        message: impl Into<String>,
    ) -> Noted<'_> {
        self.add(Diagnostic::warning(code, Class::Plan, message).span(span.cloned()))
    }

    /// Notes a finding made elsewhere.
    pub fn add(&mut self, diagnostic: Diagnostic) -> Noted<'_> {
        self.0.push(diagnostic);
        let last = self.0.len() - 1;
        Noted(&mut self.0[last])
    }

    /// Notes findings made elsewhere.
    pub fn extend(&mut self, diagnostics: Vec<Diagnostic>) {
        self.0.extend(diagnostics);
    }

    /// How many there are. Looking for similar names is not worth its time when there are thousands.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The resources that have an error.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.0.iter().filter(|d| d.severity == Severity::Error).filter_map(|d| d.address.as_ref())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// All of them, as they were found.
    #[must_use]
    pub fn into_findings(self) -> Vec<Diagnostic> {
        self.0
    }

    /// The warnings if there is no error, all findings otherwise; in the order of the files.
    ///
    /// # Errors
    /// When any of them is an error.
    pub fn finish(mut self) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        // Stable: what has no place, or the same, stays in the order in which it was found.
        self.0.sort_by(|a, b| match (&a.span, &b.span) {
            (Some(a), Some(b)) => (&a.source.path, a.start).cmp(&(&b.source.path, b.start)),
            (a, b) => a.is_some().cmp(&b.is_some()),
        });
        self.0.dedup();
        if self.has_errors() { Err(self.0) } else { Ok(self.0) }
    }
}
