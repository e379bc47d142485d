//! Codes of diagnostics: what every kind of finding is called and how it is explained.

use super::Severity;

/// One kind of finding.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    /// `M` and four digits.
    pub code: &'static str,
    /// A lint's name, by which it can be explained and allowed; other codes have none.
    pub name: Option<&'static str>,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why that is so, and what to do.
    pub text: &'static str,
    /// What it is unless `--deny-warnings` says otherwise.
    pub severity: Severity,
    /// The AWS document a lint's rule comes from.
    pub source: Option<&'static str>,
    /// What brings it about.
    pub example: Example,
}

/// What brings a code about.
#[derive(Debug, Clone, Copy)]
pub enum Example {
    /// A template, complete.
    Template(&'static str),
    /// The files of a folder; the first is the one to validate, or the folder itself if it is a manifest.
    Files(&'static [(&'static str, &'static str)]),
    /// A template, and what else is said on the command line of `validate`.
    With(&'static str, &'static [&'static str]),
    /// Commands, given in an empty folder one after the other; the last one fails.
    Commands(&'static [&'static str]),
    /// Nothing that fits a few lines; the reason says why.
    Circumstances(&'static str),
}

impl Code {
    /// An error.
    #[must_use]
    pub const fn error(code: &'static str, title: &'static str, text: &'static str) -> Self {
        let example = Example::Circumstances("");
        Self { code, name: None, title, text, severity: Severity::Error, source: None, example }
    }

    /// A warning.
    #[must_use]
    pub const fn warning(code: &'static str, title: &'static str, text: &'static str) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, title, text) }
    }

    /// Whether it is the code, or the lint, of that name.
    #[must_use]
    pub fn is(&self, wanted: &str) -> bool {
        self.code.eq_ignore_ascii_case(wanted) || self.name.is_some_and(|n| n.eq_ignore_ascii_case(wanted))
    }

    /// A lint, by its name.
    #[must_use]
    pub const fn lint(
        code: &'static str,
        name: &'static str,
        title: &'static str,
        text: &'static str,
    ) -> Self {
        Self { name: Some(name), ..Self::warning(code, title, text) }
    }

    /// A lint about what AWS refuses anyway: an error that cannot be allowed.
    #[must_use]
    pub const fn refused(mut self) -> Self {
        self.severity = Severity::Error;
        self
    }

    /// The AWS document behind the rule.
    #[must_use]
    pub const fn from(mut self, source: &'static str) -> Self {
        self.source = Some(source);
        self
    }

    /// A template that brings it about.
    #[must_use]
    pub const fn template(mut self, text: &'static str) -> Self {
        self.example = Example::Template(text);
        self
    }

    /// What brings it about, if that is not one template.
    #[must_use]
    pub const fn example(mut self, example: Example) -> Self {
        self.example = example;
        self
    }
}
