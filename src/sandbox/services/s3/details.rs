//! What S3's refusals say besides code and message: the bucket, the key, the version, … Clients show and match them.

use serde_json::json;

use crate::sandbox::{Fault, Request};

/// Codes whose answer names the bucket.
const OF_BUCKET: &[&str] = &[
    "BucketAlreadyExists",
    "BucketAlreadyOwnedByYou",
    "BucketNotEmpty",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchCORSConfiguration",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchTagSet",
    "NoSuchWebsiteConfiguration",
    "ObjectLockConfigurationNotFoundError",
    "OwnershipControlsNotFoundError",
    "ReplicationConfigurationNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
];

/// Fills in what the request says; what the operation has said already stays.
pub fn fill(rq: &Request<'_>, mut fault: Fault) -> Fault {
    let mut add = |name: &str, value: &str| {
        if fault.members[name].is_null() {
            fault.members[name] = json!(value);
        }
    };
    match fault.code.as_str() {
        code if OF_BUCKET.contains(&code) => add("BucketName", rq.text("Bucket")),
        "NoSuchKey" => add("Key", rq.text("Key")),
        "NoSuchVersion" => {
            add("Key", rq.text("Key"));
            add("VersionId", rq.text("VersionId"));
        }
        "NoSuchUpload" | "InvalidPartOrder" | "InvalidPart" => add("UploadId", rq.text("UploadId")),
        "MethodNotAllowed" => {
            let method = match rq.operation {
                name if name.starts_with("Get") => "GET",
                name if name.starts_with("Head") => "HEAD",
                name if name.starts_with("Delete") => "DELETE",
                _ => "PUT",
            };
            add("Method", method);
            add("ResourceType", "DeleteMarker");
        }
        _ => {}
    }
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_what_they_are_about() {
        let input = json!({"Bucket": "b", "Key": "k", "VersionId": "v"});
        let rq = Request { operation: "GetObject", region: "us-east-1", access_key: "", input };
        let members = |code: &str| fill(&rq, Fault::new(code, "")).members;
        assert_eq!(members("NoSuchBucket"), json!({"BucketName": "b"}));
        assert_eq!(members("NoSuchVersion"), json!({"Key": "k", "VersionId": "v"}));
        assert_eq!(members("MethodNotAllowed"), json!({"Method": "GET", "ResourceType": "DeleteMarker"}));
        let mut said = Fault::new("NoSuchBucket", "");
        said.members = json!({"BucketName": "source"});
        assert_eq!(fill(&rq, said).members, json!({"BucketName": "source"}));
    }
}
