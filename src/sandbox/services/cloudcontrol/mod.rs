//! Cloud Control: every published type that no service here models, from its schema alone.
//!
//! Objects are in a table a type (`cloudcontrol.AWS::SQS::Queue`), key `region/identifier`; requests in
//! `cloudcontrol.request`. What one object means to another is not modelled.

mod forms;
mod made;
mod model;
mod objects;
mod parts;
mod patch;
mod requests;
#[cfg(test)]
mod tests;
pub(crate) mod texts;
mod validate;

use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("CancelResourceRequest", requests::cancel),
    Operation::write("CreateResource", objects::create),
    Operation::write("DeleteResource", objects::delete),
    Operation::read("GetResource", objects::get),
    Operation::read("GetResourceRequestStatus", requests::status),
    Operation::read("ListResourceRequests", requests::list),
    Operation::read("ListResources", objects::list),
    Operation::write("UpdateResource", objects::update),
];
