//! Operations: calls that belong to no resource's life, but to the migration. They use what every call uses: an intent on
//! disk before it is sent, a permit, the places of its service, and a look at its effect when the answer was lost.
//!
//! `send` makes the calls, `read` reads the properties they are about, `act` makes one call for certain.

mod act;
mod assessments;
mod many;
mod read;
mod replications;
mod send;

pub(super) use act::settle;
pub use act::{Acted, Halt, Operator};
pub use read::{Reader, canonical_record};
pub use replications::{Counted, Replication, lasted};

pub use crate::aws::{Provision, Replicator, is_starting, usually};
