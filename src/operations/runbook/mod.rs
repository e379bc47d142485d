//! The runbook: the way from here to the end for people, as a pure function of what is operated and of the ledger.

mod author;
mod book;
mod render;

pub use author::{Verb, complete, runbook};
pub use book::{Chapter, Done, Gate, Manual, Runbook};
pub use render::{as_json, markdown};
