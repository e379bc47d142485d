//! The local JSON record of a migration: snapshot, write-ahead journal, lock.

mod permit;

pub use permit::Permit;
