//! The Serverless Application Repository: AWS's rotation functions for databases, copied for whoever asks. Nobody publishes
//! anything here.
//!
//! Table: `serverlessrepo.template`, by region and id. Copies are objects in a bucket of the repository's own, which everybody
//! may read.

mod applications;
mod copies;

use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("CreateCloudFormationTemplate", copies::create),
    Operation::read("GetCloudFormationTemplate", copies::get),
];
