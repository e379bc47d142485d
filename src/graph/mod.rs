//! The resource graph: what the plan means once parameters, conditions and intrinsics are evaluated.

pub mod cycles;
mod edges;
mod implicit;
mod node;
mod stacks;
#[cfg(test)]
pub mod testing;

pub use edges::{CIRCLE, Links, Lookup, link};
pub use node::{Edge, Graph, Needs, Node, Output, Places, Secrets, StackInfo, Why};
