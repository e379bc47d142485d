//! Diagnostics: what went wrong, where, and what to type next.

use std::fmt;

use serde::Serialize;

use super::Fix;
use crate::model::{Address, Span};

/// Whether a diagnostic stops the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The command does nothing.
    Error,
    /// The command goes on; `--deny-warnings` turns it into an error.
    Warning,
}

impl Severity {
    /// As people and machines read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// The classes of failure; each has one documented exit code (see `cli::exit`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The command line itself.
    Usage,
    /// The plan: unreadable, invalid, cyclic.
    Plan,
    /// The ledger: damaged, from a newer version, of another migration.
    Ledger,
    /// Another run holds the ledger's lock.
    Locked,
    /// No credentials, no network, or another account or region than the ledger's.
    Access,
    /// A confirmation or an explicit permission is missing.
    Refused,
    /// A step failed.
    Failed,
    /// The outcome of a call is unknown and could not be determined.
    Doubtful,
    /// Stopped by a signal.
    Stopped,
    /// A gate is closed.
    Closed,
    /// Somebody else changed what is operated.
    Changed,
    /// Rolled back automatically.
    RolledBack,
    /// A defect of this program.
    Internal,
    /// Standard output could not be written.
    Output,
}

/// One finding, for people and for machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, `M` (operations: `O`) and four digits.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// Decides the exit code.
    pub class: Class,
    /// One sentence, no full stop.
    pub message: String,
    /// The resource it is about.
    pub address: Option<Address>,
    /// The place in the plan's files.
    pub span: Option<Span>,
    /// Other places that belong to it, each with a few words.
    pub labels: Vec<(Span, String)>,
    /// The AWS request id of the answer behind it.
    pub request_id: Option<String>,
    /// What to do next: a command to type or a change to make.
    pub help: Option<String>,
    /// The edit that makes that change, where the plan's files are all that is needed.
    pub fix: Option<Box<Fix>>,
}

impl Diagnostic {
    /// An error.
    #[must_use]
    pub fn error(code: &'static str, class: Class, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            class,
            message: message.into(),
            address: None,
            span: None,
            labels: Vec::new(),
            request_id: None,
            help: None,
            fix: None,
        }
    }

    /// A warning.
    #[must_use]
    pub fn warning(code: &'static str, class: Class, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, class, message) }
    }

    /// Names the resource.
    #[must_use]
    pub fn at(mut self, address: &Address) -> Self {
        self.address = Some(address.clone());
        self
    }

    /// Names the place.
    #[must_use]
    pub fn span(mut self, span: Option<Span>) -> Self {
        self.span = span;
        self
    }

    /// Names another place that belongs to it.
    #[must_use]
    pub fn label(mut self, span: Option<Span>, words: impl Into<String>) -> Self {
        self.labels.extend(span.map(|span| (span, words.into())));
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Names the AWS request.
    #[must_use]
    pub fn request(mut self, id: Option<String>) -> Self {
        self.request_id = id;
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Diagnostic {}
