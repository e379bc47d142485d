//! The catalogue of RDS engines: versions, parameter families, instance classes, storage, licences, by engine.
//!
//! One data file, `catalogue.json`, with its date and source; `renew.py` beside it renews it from an account or from
//! published lists. Plans are checked against it, and the sandbox answers from it.

mod catalogue;
mod version;

pub use catalogue::{Catalogue, Engine, EngineOption, OptionSetting, Parameter, catalogue};
pub use version::{family_of, is_older, major_of};
