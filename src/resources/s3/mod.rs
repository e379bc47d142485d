//! Resource types of AWS::S3.

mod bucket;
mod bucket_policy;
pub(super) mod orders;
pub mod policy_document;

pub use bucket::Bucket;
pub use bucket_policy::BucketPolicy;
