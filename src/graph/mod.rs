//! The resource graph: what the plan means once parameters, conditions and intrinsics are evaluated.

pub mod cycles;
mod draft;
mod links;
mod node;
mod stacks;
#[cfg(test)]
pub mod testing;

pub use crate::model::Needs;
pub use draft::{Draft, Drafts, Idioms, OutputDraft, ParameterDraft, StackDraft};
pub use links::Links;
pub use node::{Edge, Graph, Node, Output, Places, Secrets, StackInfo, Why};
