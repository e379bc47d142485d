//! What the ledger knows of operations: the phase, what was last seen of the operated properties, the calls made, and
//! everything an auditor asks for.
//!
//! An operation is an intent like any other. It carries the exact request, what was read just before, and how its
//! effect is recognised: a set of [`Facts`] that hold once it has happened.

mod call;
mod facts;
mod phase;
#[cfg(test)]
mod tests;
mod timeline;

pub use call::{Operate, Repeat, Request, Seen, digest};
pub use facts::{Facts, Noun, Subject};
pub use phase::Phase;
pub use timeline::{ABORTING, CUTOVER, Happened, Moment, Operations};
