//! Lints: what AWS accepts, or refuses only halfway through a run, and what should not be done.

use crate::template::codes::Code;

/// One lint.
pub struct Lint {
    /// What it is called and what it says.
    pub code: Code,
}

/// Every lint, sorted by code.
pub static LINTS: &[&Lint] = &[];
