//! The catalogue: every code that any command can answer with, explained and shown by an example.

mod assemblies;
mod catalogue;
mod documents;
mod files;
mod language;
mod lints;
mod running;
mod schema;

pub use catalogue::{all, families, find};
