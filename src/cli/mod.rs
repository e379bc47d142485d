//! The command line: one file per verb, the argument tree in [`args`], exit codes in [`exit`].

pub mod args;
mod args_ledger;
mod confirm;
mod destroy;
pub mod exit;
mod fidelity;
mod fixing;
mod forget;
mod graph;
mod import;
mod key;
mod ledger;
mod ledgers;
mod locate;
mod logging;
mod lookups;
mod neighbours;
pub mod operate;
mod outputs;
mod pages;
mod plan;
mod prepare;
mod program;
mod rebuild;
mod refresh;
mod remote;
mod runs;
mod sandbox;
mod session;
mod show;
mod sign_in;
mod signals;
mod stacks;
mod status;
mod synonyms;
mod terminal;
mod typed;
mod types;
mod up;
mod validate;
mod values;
mod whoami;

pub use prepare::{Prepared, examine};
pub use program::main;

use crate::error::Diagnostic;

/// What a verb returns: a documented exit code, or diagnostics that decide it.
pub(crate) type Verdict = Result<exit::Code, Vec<Diagnostic>>;
