//! Throws away what a bucket holds, one page per call.

use aws_sdk_s3::{Client, types as sdk};

use super::parts::{Outcome, built};
use crate::aws::{Certainty, OpError, op};

/// Deletes one page of versions and delete markers or, when there are none, unfinished uploads. `None` when
/// the bucket is empty.
pub(super) async fn step(s3: &Client, bucket: &str) -> Outcome<Option<String>> {
    let page = s3
        .list_object_versions()
        .bucket(bucket)
        .max_keys(1000)
        .send()
        .await
        .map_err(op("ListObjectVersions"))?;
    let versions = page.versions().iter().map(|v| (v.key.clone(), v.version_id.clone()));
    let markers = page.delete_markers().iter().map(|m| (m.key.clone(), m.version_id.clone()));
    let mut doomed = Vec::new();
    for (key, version) in versions.chain(markers) {
        let object = sdk::ObjectIdentifier::builder().set_key(key).set_version_id(version).build();
        doomed.push(built(object)?);
    }
    if !doomed.is_empty() {
        let count = doomed.len();
        let batch = built(sdk::Delete::builder().set_objects(Some(doomed)).quiet(true).build())?;
        let answer =
            s3.delete_objects().bucket(bucket).delete(batch).send().await.map_err(op("DeleteObjects"))?;
        if let Some(kept) = answer.errors().first() {
            // Locked or retained versions: nothing but their owner's decision gets rid of them.
            return Err(OpError {
                operation: "DeleteObjects".into(),
                code: kept.code.clone(),
                message: format!(
                    "{} of {count} versions stay, the first is {}: {}",
                    answer.errors().len(),
                    kept.key().unwrap_or_default(),
                    kept.message().unwrap_or_default(),
                ),
                request_id: None,
                certainty: Certainty::Rejected,
                barrier: None,
            });
        }
        return Ok(Some(format!("emptying the bucket: {count} versions deleted")));
    }
    let uploads =
        s3.list_multipart_uploads().bucket(bucket).send().await.map_err(op("ListMultipartUploads"))?;
    for upload in uploads.uploads() {
        let aborted = s3
            .abort_multipart_upload()
            .bucket(bucket)
            .set_key(upload.key.clone())
            .set_upload_id(upload.upload_id.clone())
            .send()
            .await
            .map_err(op("AbortMultipartUpload"));
        super::parts::unless(aborted, &["NoSuchUpload"])?;
    }
    let count = uploads.uploads().len();
    Ok((count > 0).then(|| format!("emptying the bucket: {count} unfinished uploads dropped")))
}
