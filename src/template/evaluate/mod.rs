//! From templates to drafts: parameters, conditions, functions.

mod answers;
mod arena;
mod compute;
mod conditions;
mod environment;
mod extend;
mod facts;
mod functions;
mod names;
mod nested;
mod outline;
mod parameters;
mod pattern;
mod plan;
mod run;
mod sub;

pub use environment::{Environment, Foreign, Imports};
pub use facts::account_facts;
pub use nested::remote_templates;
pub use run::{draft, ssm_parameters, zone_regions};

#[cfg(test)]
mod facts_tests;
#[cfg(test)]
mod nested_tests;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
