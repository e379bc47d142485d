//! AWS Certificate Manager: certificates that are requested, validated by DNS and listed. No key is made, and nothing is
//! signed.
//!
//! Table: `acm.certificate`, by ARN.

mod certificates;
mod tags;

use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("AddTagsToCertificate", tags::add),
    Operation::write("DeleteCertificate", certificates::delete),
    Operation::read("DescribeCertificate", certificates::describe),
    Operation::read("ListCertificates", certificates::list),
    Operation::read("ListTagsForCertificate", tags::list),
    Operation::write("RemoveTagsFromCertificate", tags::remove),
    Operation::write("RequestCertificate", certificates::request),
];
