//! What settles a finding in the plan's files.

use crate::model::Span;

/// An edit of a plan file: the text at a place becomes another one. An empty place is where something is put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The place, with the file as it was read.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}
