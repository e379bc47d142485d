//! CloudFormation: stacks that somebody else deployed, described and listed. Nothing is deployed here: stacks are planted,
//! and every operation that changes one is refused by name.
//!
//! Table: `cloudformation.stack`, by region and name; of several with one name only the last may be there.

mod exports;
mod planted;
mod stacks;

pub use planted::plant;

use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::read("DescribeStacks", stacks::describe),
    Operation::read("ListExports", exports::list),
    Operation::read("ListImports", exports::importers),
    Operation::read("ListStacks", stacks::list),
];
