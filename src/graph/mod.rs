//! The resource graph: what the plan means once parameters, conditions and intrinsics are evaluated.

mod address;
mod node;
mod value;

pub use address::Address;
pub use node::{DeletionPolicy, Edge, Graph, Needs, Node, Output, Secrets, StackInfo, Why};
pub use value::{Call, Reference, Unknown, Value, functions};
