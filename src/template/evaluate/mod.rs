//! From templates to the resource graph: parameters, conditions, functions, tags.

mod arena;
mod compute;
mod conditions;
mod environment;
mod extend;
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
pub use run::{evaluate, ssm_parameters, zone_regions};

#[cfg(test)]
mod tests;
