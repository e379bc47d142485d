//! The plan language: manifest, templates in YAML or JSON, and their evaluation to a resource graph.

mod assembly;
pub mod codes;
mod evaluate;
pub(crate) mod item;
mod load;
mod manifest;
mod options;
pub(crate) mod problems;
pub mod suggest;
pub mod syntax;
mod veil;

pub use evaluate::{Environment, Foreign, Imports, account_facts, evaluate, ssm_parameters, zone_regions};
pub use load::{is_plan, load};
pub use options::{Assembly, Given, Loaded, Options, StackSource};
pub use veil::veil;

#[cfg(test)]
mod hostile_tests;
