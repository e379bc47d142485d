//! The resource graph: what the plan means once parameters, conditions and intrinsics are evaluated.

mod address;
pub mod cycles;
mod edges;
mod implicit;
mod node;
mod stacks;
#[cfg(test)]
pub mod testing;
mod value;

pub use address::Address;
pub use edges::{CIRCLE, Links, Lookup, link};
pub use node::{DeletionPolicy, Edge, Graph, Needs, Node, Output, Places, Secrets, StackInfo, Why};
pub use value::{Call, Reference, Unknown, Value, functions};
