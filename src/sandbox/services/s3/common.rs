//! What the operations share.

use super::objects;

use crate::sandbox::{Request, World};

/// Bucket and key of an address of an object, in either style.
pub(crate) fn addressed(url: &str) -> Option<(String, String)> {
    let rest = url.split_once("://")?.1.split('?').next()?;
    let (host, path) = rest.split_once('/')?;
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    match host.split_once(".s3.") {
        Some((bucket, _)) => Some((bucket.to_owned(), decoded(path))),
        None => path.split_once('/').map(|(bucket, key)| (bucket.to_owned(), decoded(key))),
    }
}

/// Writes an object as whoever has a presigned address would; what S3 refuses is not written.
pub(crate) fn put_signed(world: &mut World, region: &str, (bucket, key): (&str, &str), body: &[u8]) {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let input = serde_json::json!({"Bucket": bucket, "Key": key, "Body": BASE64_STANDARD.encode(body)});
    let put = Request { operation: "PutObject", region, access_key: "", input };
    let _refused = objects::put(world, &put);
}
