//! From drafts to a graph: schema, documents, tags, policies, links, lints.
//!
//! What is checked here is true of AWS, whatever language the plan is written in.

mod apart;
mod arns;
mod conceal;
mod documents;
mod facets;
mod graph;
mod ignored;
mod inherited;
mod json_types;
mod link;
mod properties;
mod run;
mod secure;
mod stacks;
mod tags;

pub use conceal::conceal;
pub use graph::graph;
pub use link::{CIRCLE, link};
pub use run::{Checked, as_kept, check};
