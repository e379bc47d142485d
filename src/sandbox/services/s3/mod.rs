//! S3: buckets with all their settings, objects with versions, uploads, replication.
//!
//! Tables: `s3.bucket` (key: name; settings under `_sub`), `s3.object` (key: bucket, key and age of a version,
//! the newest first), `s3.upload`, and `s3.name` for names that were just given up.

mod access;
mod attributes;
mod buckets;
mod checksums;
mod common;
mod customer_keys;
mod details;
mod encoding;
mod expiry;
mod listing;
mod metadata;
mod numbered;
mod objects;
mod policies;
pub mod public;
mod reading;
mod replicas;
mod retention;
mod rules;
mod settings;
mod tables;
mod uploads;

pub use details::fill;

use crate::sandbox::Operation;
pub(crate) use common::{addressed, put_signed};

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("AbortMultipartUpload", uploads::abort),
    Operation::write("CompleteMultipartUpload", uploads::complete),
    Operation::write("CopyObject", objects::copy),
    Operation::write("CreateBucket", buckets::create),
    Operation::write("CreateBucketMetadataConfiguration", metadata::create),
    Operation::write("CreateBucketMetadataTableConfiguration", metadata::create_table),
    Operation::write("CreateMultipartUpload", uploads::create),
    Operation::write("DeleteBucket", buckets::delete),
    Operation::write("DeleteBucketAnalyticsConfiguration", numbered::delete),
    Operation::write("DeleteBucketCors", settings::delete),
    Operation::write("DeleteBucketEncryption", settings::delete),
    Operation::write("DeleteBucketIntelligentTieringConfiguration", numbered::delete),
    Operation::write("DeleteBucketInventoryConfiguration", numbered::delete),
    Operation::write("DeleteBucketLifecycle", settings::delete),
    Operation::write("DeleteBucketMetadataConfiguration", metadata::delete),
    Operation::write("DeleteBucketMetadataTableConfiguration", metadata::delete_table),
    Operation::write("DeleteBucketMetricsConfiguration", numbered::delete),
    Operation::write("DeleteBucketOwnershipControls", settings::delete),
    Operation::write("DeleteBucketPolicy", settings::delete),
    Operation::write("DeleteBucketReplication", settings::delete),
    Operation::write("DeleteBucketTagging", settings::delete),
    Operation::write("DeleteBucketWebsite", settings::delete),
    Operation::write("DeleteObject", objects::delete),
    Operation::write("DeleteObjectTagging", objects::delete_tagging),
    Operation::write("DeleteObjects", objects::delete_many),
    Operation::write("DeletePublicAccessBlock", settings::delete),
    Operation::read("GetBucketAbac", settings::get),
    Operation::read("GetBucketAccelerateConfiguration", settings::get),
    Operation::read("GetBucketAcl", access::get_acl),
    Operation::read("GetBucketAnalyticsConfiguration", numbered::get),
    Operation::read("GetBucketCors", settings::get),
    Operation::read("GetBucketEncryption", settings::get),
    Operation::read("GetBucketIntelligentTieringConfiguration", numbered::get),
    Operation::read("GetBucketInventoryConfiguration", numbered::get),
    Operation::read("GetBucketLifecycleConfiguration", settings::get),
    Operation::read("GetBucketLocation", buckets::location),
    Operation::read("GetBucketLogging", settings::get),
    Operation::read("GetBucketMetadataConfiguration", metadata::get),
    Operation::read("GetBucketMetadataTableConfiguration", metadata::get_table),
    Operation::read("GetBucketMetricsConfiguration", numbered::get),
    Operation::read("GetBucketNotificationConfiguration", settings::get),
    Operation::read("GetBucketOwnershipControls", settings::get),
    Operation::read("GetBucketPolicy", settings::get),
    Operation::read("GetBucketPolicyStatus", access::policy_status),
    Operation::read("GetBucketReplication", settings::get),
    Operation::read("GetBucketRequestPayment", settings::get),
    Operation::read("GetBucketTagging", settings::get),
    Operation::read("GetBucketVersioning", settings::get),
    Operation::read("GetBucketWebsite", settings::get),
    Operation::read("GetObject", reading::get),
    Operation::read("GetObjectAcl", access::get_object_acl),
    Operation::read("GetObjectAttributes", attributes::get),
    Operation::read("GetObjectLegalHold", retention::get_hold),
    Operation::read("GetObjectLockConfiguration", settings::get),
    Operation::read("GetObjectRetention", retention::get),
    Operation::read("GetObjectTagging", objects::get_tagging),
    Operation::read("GetPublicAccessBlock", settings::get),
    Operation::read("HeadBucket", buckets::head),
    Operation::read("HeadObject", reading::head),
    Operation::read("ListBucketAnalyticsConfigurations", numbered::list),
    Operation::read("ListBucketIntelligentTieringConfigurations", numbered::list),
    Operation::read("ListBucketInventoryConfigurations", numbered::list),
    Operation::read("ListBucketMetricsConfigurations", numbered::list),
    Operation::read("ListBuckets", buckets::list),
    Operation::read("ListMultipartUploads", uploads::list),
    Operation::read("ListObjectVersions", listing::versions),
    Operation::read("ListObjects", listing::objects),
    Operation::read("ListObjectsV2", listing::objects_v2),
    Operation::read("ListParts", uploads::parts),
    Operation::write("PutBucketAbac", settings::put),
    Operation::write("PutBucketAccelerateConfiguration", settings::put),
    Operation::write("PutBucketAcl", access::put_acl),
    Operation::write("PutBucketAnalyticsConfiguration", numbered::put),
    Operation::write("PutBucketCors", settings::put),
    Operation::write("PutBucketEncryption", settings::put),
    Operation::write("PutBucketIntelligentTieringConfiguration", numbered::put),
    Operation::write("PutBucketInventoryConfiguration", numbered::put),
    Operation::write("PutBucketLifecycleConfiguration", settings::put),
    Operation::write("PutBucketLogging", settings::put),
    Operation::write("PutBucketMetricsConfiguration", numbered::put),
    Operation::write("PutBucketNotificationConfiguration", settings::put),
    Operation::write("PutBucketOwnershipControls", settings::put),
    Operation::write("PutBucketPolicy", settings::put),
    Operation::write("PutBucketReplication", settings::put),
    Operation::write("PutBucketRequestPayment", settings::put),
    Operation::write("PutBucketTagging", settings::put),
    Operation::write("PutBucketVersioning", settings::put),
    Operation::write("PutBucketWebsite", settings::put),
    Operation::write("PutObject", objects::put),
    Operation::write("PutObjectAcl", access::put_object_acl),
    Operation::write("PutObjectLegalHold", retention::put_hold),
    Operation::write("PutObjectLockConfiguration", settings::put),
    Operation::write("PutObjectRetention", retention::put),
    Operation::write("PutObjectTagging", objects::put_tagging),
    Operation::write("PutPublicAccessBlock", settings::put),
    Operation::write("UpdateBucketMetadataAnnotationTableConfiguration", metadata::update),
    Operation::write("UpdateBucketMetadataInventoryTableConfiguration", metadata::update),
    Operation::write("UpdateBucketMetadataJournalTableConfiguration", metadata::update),
    Operation::write("UploadPart", uploads::upload_part),
    Operation::write("UploadPartCopy", uploads::upload_part_copy),
];

#[cfg(test)]
mod tests;
