//! Carries steps out: calls that are journalled, waits that measure, hooks, phases that have been earned.
//!
//! `advance` computes the phases that nobody has to do anything for, `driver` goes through the steps, `wait` looks whether what a step waits for is there, `hook` runs commands, `mirror`
//! writes the phase where the plan's own tooling reads it.

mod advance;
mod driver;
pub(in crate::operations) mod hook;
pub(in crate::operations) mod mirror;
mod wait;

pub use driver::{Driver, Failure, Play};
