//! The account: one store across services and regions.

pub mod durations;
mod interfaces;
mod roles;
mod store;

pub use roles::RoleProblem;
pub use store::{Dates, Delta, Effect, World, partition};
