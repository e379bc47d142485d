//! Rows and who may touch them.

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Request, World};

/// Buckets by name.
pub(super) const BUCKETS: &str = "s3.bucket";
/// Versions of objects.
pub(super) const OBJECTS: &str = "s3.object";
/// Unfinished uploads by id.
pub(super) const UPLOADS: &str = "s3.upload";
/// Answers of finished uploads by id, for whoever asks again.
pub(super) const COMPLETED: &str = "s3.completed-upload";
/// Names that were given up a moment ago.
pub(super) const NAMES: &str = "s3.name";

/// There is no such bucket.
pub(super) fn no_such_bucket() -> Fault {
    Fault::new("NoSuchBucket", "The specified bucket does not exist").status(404)
}

/// Somebody else's, or forbidden.
pub(super) fn denied() -> Fault {
    Fault::new("AccessDenied", "Access Denied").status(403)
}

/// The request's bucket, if it is ours and of the request's region.
pub(super) fn bucket<'w>(world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
    let row = world.get(BUCKETS, rq.text("Bucket")).ok_or_else(no_such_bucket)?;
    let lent = row["_lent"] == true && matches!(rq.operation, "GetObject" | "HeadObject");
    if row["_owner"] != world.account.as_str() && !lent {
        return Err(denied());
    }
    if let Some(owner) = rq.opt("ExpectedBucketOwner") {
        if owner.len() != 12 || !owner.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = format!(
                "The value of the expected bucket owner parameter must be an AWS Account ID... [{owner}]"
            );
            return Err(Fault::new("InvalidBucketOwnerAWSAccountID", message));
        }
        if row["_owner"] != owner {
            return Err(denied());
        }
    }
    if row["_region"] != rq.region {
        let region = row["_region"].as_str().unwrap_or("us-east-1");
        let mut fault = Fault::new(
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint. Please send \
             all future requests to this endpoint.",
        )
        .status(301)
        .header("x-amz-bucket-region", region);
        let name = rq.text("Bucket");
        fault.members = json!({"Endpoint": format!("{name}.s3.{region}.amazonaws.com"), "Bucket": name});
        return Err(fault);
    }
    Ok(row)
}

/// A setting of a bucket; null if it has none.
pub(super) fn setting<'w>(row: &'w Json, name: &str) -> &'w Json {
    &row["_sub"][name]
}

/// Whether the bucket keeps versions: `Some(true)` enabled, `Some(false)` suspended, `None` never set.
pub(super) fn versioning(row: &Json) -> Option<bool> {
    setting(row, "VersioningConfiguration")["Status"].as_str().map(|status| status == "Enabled")
}

/// The canonical user id of the account, as ACLs show it.
pub(super) fn owner(world: &World) -> Json {
    use sha2::{Digest, Sha256};
    json!({"ID": hex::encode(Sha256::digest(world.account.as_bytes()))})
}

/// The key of a version's row: versions of one object stand together, the newest first.
pub(super) fn version_key(bucket: &str, key: &str, sequence: u64) -> String {
    format!("{bucket}/{key}\u{0}{:020}", u64::MAX - sequence)
}

/// Visible versions and delete markers of a bucket in listing order, with their row keys.
pub(super) fn versions<'w>(world: &'w World, bucket: &str) -> Vec<(&'w str, &'w Json)> {
    world
        .rows(OBJECTS)
        .filter(|(_, row)| row["_bucket"] == bucket)
        .filter(|(_, row)| row["_visible"].as_i64().is_none_or(|at| at <= world.now()))
        .collect()
}

/// Visible versions of one object, the newest first.
pub(super) fn versions_of<'w>(world: &'w World, bucket: &str, key: &str) -> Vec<(&'w str, &'w Json)> {
    versions(world, bucket).into_iter().filter(|(_, row)| row["Key"] == key).collect()
}
