//! Which IAM actions an API operation needs. Mostly `service:Operation`; the exceptions are here.

/// The IAM prefix of a service, by its name in the sandbox.
#[must_use]
pub fn prefix(service: &str) -> &str {
    match service {
        "elbv2" => "elasticloadbalancing",
        "resourcegroupstaggingapi" => "tag",
        other => other,
    }
}

/// Exceptions: `(service, operation, actions)`, sorted by service and operation.
pub const EXCEPTIONS: &[(&str, &str, &[&str])] = &[
    // "Required permissions" of the API Reference.
    ("dms", "DescribeDataProviders", &["dms:ListDataProviders"]),
    ("dms", "DescribeInstanceProfiles", &["dms:ListInstanceProfiles"]),
    ("dms", "DescribeMigrationProjects", &["dms:ListMigrationProjects"]),
    ("dms", "ModifyDataProvider", &["dms:UpdateDataProvider"]),
    ("dms", "ModifyInstanceProfile", &["dms:UpdateInstanceProfile"]),
    ("dms", "ModifyMigrationProject", &["dms:UpdateMigrationProject"]),
    ("s3", "CompleteMultipartUpload", &["s3:PutObject"]),
    ("s3", "CopyObject", &["s3:GetObject", "s3:PutObject"]),
    ("s3", "CreateBucketMetadataConfiguration", &["s3:CreateBucketMetadataTableConfiguration"]),
    ("s3", "CreateMultipartUpload", &["s3:PutObject"]),
    ("s3", "DeleteBucketAnalyticsConfiguration", &["s3:PutAnalyticsConfiguration"]),
    ("s3", "DeleteBucketCors", &["s3:PutBucketCORS"]),
    ("s3", "DeleteBucketEncryption", &["s3:PutEncryptionConfiguration"]),
    ("s3", "DeleteBucketIntelligentTieringConfiguration", &["s3:PutIntelligentTieringConfiguration"]),
    ("s3", "DeleteBucketInventoryConfiguration", &["s3:PutInventoryConfiguration"]),
    ("s3", "DeleteBucketLifecycle", &["s3:PutLifecycleConfiguration"]),
    ("s3", "DeleteBucketMetadataConfiguration", &["s3:DeleteBucketMetadataTableConfiguration"]),
    ("s3", "DeleteBucketMetricsConfiguration", &["s3:PutMetricsConfiguration"]),
    ("s3", "DeleteBucketOwnershipControls", &["s3:PutBucketOwnershipControls"]),
    ("s3", "DeleteBucketReplication", &["s3:PutReplicationConfiguration"]),
    ("s3", "DeleteBucketTagging", &["s3:PutBucketTagging"]),
    ("s3", "DeleteObjects", &["s3:DeleteObject", "s3:DeleteObjectVersion"]),
    ("s3", "DeletePublicAccessBlock", &["s3:PutBucketPublicAccessBlock"]),
    ("s3", "GetBucketAccelerateConfiguration", &["s3:GetAccelerateConfiguration"]),
    ("s3", "GetBucketAnalyticsConfiguration", &["s3:GetAnalyticsConfiguration"]),
    ("s3", "GetBucketCors", &["s3:GetBucketCORS"]),
    ("s3", "GetBucketEncryption", &["s3:GetEncryptionConfiguration"]),
    ("s3", "GetBucketIntelligentTieringConfiguration", &["s3:GetIntelligentTieringConfiguration"]),
    ("s3", "GetBucketInventoryConfiguration", &["s3:GetInventoryConfiguration"]),
    ("s3", "GetBucketLifecycleConfiguration", &["s3:GetLifecycleConfiguration"]),
    ("s3", "GetBucketMetadataConfiguration", &["s3:GetBucketMetadataTableConfiguration"]),
    ("s3", "GetBucketMetricsConfiguration", &["s3:GetMetricsConfiguration"]),
    ("s3", "GetBucketNotificationConfiguration", &["s3:GetBucketNotification"]),
    ("s3", "GetBucketReplication", &["s3:GetReplicationConfiguration"]),
    ("s3", "GetObjectLockConfiguration", &["s3:GetBucketObjectLockConfiguration"]),
    ("s3", "GetPublicAccessBlock", &["s3:GetBucketPublicAccessBlock"]),
    ("s3", "HeadBucket", &["s3:ListBucket"]),
    ("s3", "HeadObject", &["s3:GetObject"]),
    ("s3", "ListBucketAnalyticsConfigurations", &["s3:GetAnalyticsConfiguration"]),
    ("s3", "ListBucketIntelligentTieringConfigurations", &["s3:GetIntelligentTieringConfiguration"]),
    ("s3", "ListBucketInventoryConfigurations", &["s3:GetInventoryConfiguration"]),
    ("s3", "ListBucketMetricsConfigurations", &["s3:GetMetricsConfiguration"]),
    ("s3", "ListBuckets", &["s3:ListAllMyBuckets"]),
    ("s3", "ListMultipartUploads", &["s3:ListBucketMultipartUploads"]),
    ("s3", "ListObjectVersions", &["s3:ListBucketVersions"]),
    ("s3", "ListObjects", &["s3:ListBucket"]),
    ("s3", "ListObjectsV2", &["s3:ListBucket"]),
    ("s3", "ListParts", &["s3:ListMultipartUploadParts"]),
    ("s3", "PutBucketAccelerateConfiguration", &["s3:PutAccelerateConfiguration"]),
    ("s3", "PutBucketAnalyticsConfiguration", &["s3:PutAnalyticsConfiguration"]),
    ("s3", "PutBucketCors", &["s3:PutBucketCORS"]),
    ("s3", "PutBucketEncryption", &["s3:PutEncryptionConfiguration"]),
    ("s3", "PutBucketIntelligentTieringConfiguration", &["s3:PutIntelligentTieringConfiguration"]),
    ("s3", "PutBucketInventoryConfiguration", &["s3:PutInventoryConfiguration"]),
    ("s3", "PutBucketLifecycleConfiguration", &["s3:PutLifecycleConfiguration"]),
    ("s3", "PutBucketMetricsConfiguration", &["s3:PutMetricsConfiguration"]),
    ("s3", "PutBucketNotificationConfiguration", &["s3:PutBucketNotification"]),
    ("s3", "PutBucketReplication", &["s3:PutReplicationConfiguration"]),
    ("s3", "PutObject", &["s3:PutObject", "s3:PutObjectTagging"]),
    ("s3", "PutObjectLockConfiguration", &["s3:PutBucketObjectLockConfiguration"]),
    ("s3", "PutPublicAccessBlock", &["s3:PutBucketPublicAccessBlock"]),
    ("s3", "UploadPart", &["s3:PutObject"]),
    ("s3", "UploadPartCopy", &["s3:GetObject", "s3:PutObject"]),
];

/// The IAM actions that calling an operation needs. Actions that depend on its parameters (`iam:PassRole`,
/// tagging at creation) are not among them.
#[must_use]
pub fn of(service: &str, operation: &str) -> Vec<String> {
    match EXCEPTIONS.binary_search_by(|(s, o, _)| (*s, *o).cmp(&(service, operation))) {
        Ok(at) => EXCEPTIONS[at].2.iter().map(|action| (*action).to_owned()).collect(),
        // Whoever the caller is, it may ask who it is.
        Err(_) if (service, operation) == ("sts", "GetCallerIdentity") => Vec::new(),
        Err(_) => vec![format!("{}:{operation}", prefix(service))],
    }
}

/// Whether an action is needed without being a call of its own: it depends on parameters (roles, tags, keys,
/// secrets) or on what the service does on the caller's behalf.
#[must_use]
pub fn is_implied(action: &str) -> bool {
    let (service, name) = action.split_once(':').unwrap_or(("", action));
    name.contains("Tag") || matches!(name, "PassRole" | "CreateServiceLinkedRole") || service == "kms"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_sorted_and_found() {
        assert!(EXCEPTIONS.windows(2).all(|pair| (pair[0].0, pair[0].1) < (pair[1].0, pair[1].1)));
        assert_eq!(of("s3", "HeadBucket"), ["s3:ListBucket"]);
        assert_eq!(of("elbv2", "CreateRule"), ["elasticloadbalancing:CreateRule"]);
        assert_eq!(of("cloudwatch", "PutMetricAlarm"), ["cloudwatch:PutMetricAlarm"]);
    }
}
