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
mod stacks;
mod sub;

pub use environment::{Asked, Environment, Foreign, Imports};
pub use facts::account_facts;
pub use nested::remote_templates;
pub use run::{Wanted, draft, questions, wanted};

#[cfg(test)]
mod facts_tests;
#[cfg(test)]
mod imports_tests;
#[cfg(test)]
mod nested_tests;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
