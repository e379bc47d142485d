//! The account: one store across services and regions.

pub mod durations;
mod index;
mod interfaces;
mod roles;
mod store;

pub use index::By;
pub use roles::RoleProblem;
pub use store::{Dates, Delta, Effect, World, partition};
