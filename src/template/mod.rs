//! The plan language: manifest, templates in YAML or JSON, and their evaluation to drafts of resources.

mod assembly;
mod evaluate;
mod load;
mod lookups;
mod manifest;
mod masking;
mod nested;
mod options;

pub use evaluate::{
    Asked, Environment, Foreign, Imports, account_facts, draft, questions, remote_templates, ssm_parameters,
    zone_regions,
};
pub use load::{is_plan, load, load_readable};
pub use lookups::Lookup;
pub use masking::{mask, open_parameters};
pub use nested::Remote;
pub use options::{Assembly, FallbackRegion, Given, Loaded, Nested, Options, Place, StackSource};

#[cfg(test)]
mod hostile_tests;
