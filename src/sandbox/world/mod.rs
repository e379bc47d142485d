//! The account: one store across services and regions.

mod census;
pub mod durations;
mod index;
mod interfaces;
mod look;
mod queue;
mod roles;
mod store;

pub use index::By;
#[cfg(test)]
pub(in crate::sandbox) use look::LOOKED;
pub use queue::Effect;
pub use roles::RoleProblem;
pub use store::{Dates, Delta, Lag, World, partition};
