//! Lookups: objects that an account has already, found by id, name or tags.

mod certificates;
mod databases;
mod look;
mod network;
mod query;
mod stacks;
mod zones;

pub use look::{Candidate, Looked};
pub use query::{Kind, Query};
pub use stacks::{Answer, Question};
