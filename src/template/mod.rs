//! The plan language: manifest, templates in YAML or JSON, and their evaluation to drafts of resources.

mod assembly;
mod evaluate;
mod load;
mod lookups;
mod manifest;
mod masking;
mod nested;
mod options;
mod serverless;

pub use evaluate::{
    Asked, Environment, Foreign, Imports, Wanted, account_facts, draft, questions, remote_templates, wanted,
};
pub use load::{is_plan, load, load_readable};
pub use lookups::Lookup;
pub use masking::{mask, open_parameters};
pub use nested::{Home, Remote};
pub use options::{Assembly, FallbackRegion, Given, Loaded, Nested, Options, Place, StackSource};
pub use serverless::Application;

#[cfg(test)]
mod hostile_tests;
