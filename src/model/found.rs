//! What lookups find in the account.

use serde::{Deserialize, Serialize};

/// What a lookup found for one parameter of one stack, or CloudFormation told one of its functions. Reviews, change sets and ledgers keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The stack.
    pub stack: String,
    /// Its parameter, or the function (`Fn::ImportValue network-vpc`).
    pub parameter: String,
    /// Where it was looked for.
    pub region: String,
    /// What was looked for, in words (`vpc with tag Name=shared`).
    pub sought: String,
    /// The ids of what was found; several only where a list was looked for.
    pub objects: Vec<String>,
    /// The parameter's value; the items of a list are joined with commas.
    pub value: String,
}

impl Found {
    /// Whether it is about the same parameter.
    #[must_use]
    pub fn same_place(&self, other: &Self) -> bool {
        self.stack == other.stack && self.parameter == other.parameter
    }
}
