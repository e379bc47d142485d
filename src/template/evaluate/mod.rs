//! From templates to the resource graph: parameters, conditions, functions, tags.

mod arena;
mod compute;
mod conditions;
mod environment;
mod extend;
mod facts;
mod functions;
mod names;
mod outline;
mod parameters;
mod plan;
mod run;
mod secure;
mod sub;
mod tags;

pub use environment::{Environment, Foreign, Imports};
pub use facts::account_facts;
pub use run::{evaluate, ssm_parameters, zone_regions};

#[cfg(test)]
mod facts_tests;
#[cfg(test)]
mod tests;
