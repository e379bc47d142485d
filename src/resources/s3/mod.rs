//! Resource types of AWS::S3.

mod bucket;
mod bucketpolicy;
pub(super) mod orders;
pub mod policy_document;

pub use bucket::Bucket;
pub use bucketpolicy::BucketPolicy;
