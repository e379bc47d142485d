//! Resource Groups Tagging API: what carries which tags, across the services of one region.
//!
//! The services keep their tags in rows of their own; they are read here in the forms in which they are kept. As on AWS,
//! roles, users and inline policies of IAM are not found ("Supported services", user guide of the tagging API), and what
//! is global is found in us-east-1.

mod found;
mod operations;
mod rows;

use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::read("GetResources", operations::resources),
    Operation::read("GetTagKeys", operations::keys),
    Operation::read("GetTagValues", operations::values),
];
