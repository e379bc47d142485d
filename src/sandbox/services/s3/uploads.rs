//! Uploads in parts.

use base64::Engine;
use md5::{Digest, Md5};
use serde_json::{Value as Json, json};

use super::{
    objects::{bytes, etag, keep, outcome, store},
    tables::{UPLOADS, bucket, owner},
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// The least size of every part but the last.
const LEAST_PART: usize = 5 * 1024 * 1024;

fn no_such_upload() -> Fault {
    Fault::new(
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or \
         completed.",
    )
    .status(404)
}

fn upload<'w>(world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
    bucket(world, rq)?;
    world
        .get(UPLOADS, rq.text("UploadId"))
        .filter(|row| row["_bucket"] == rq.text("Bucket") && row["Key"] == rq.text("Key"))
        .ok_or_else(no_such_upload)
}

pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    bucket(world, rq)?;
    let id = world.hex(64);
    let mut object = json!({});
    keep(&mut object, rq);
    let row = json!({
        "UploadId": id, "Key": rq.text("Key"), "Initiated": world.now_secs(), "_bucket": rq.text("Bucket"),
        "StorageClass": rq.opt("StorageClass").unwrap_or("STANDARD"), "_object": object, "_parts": {},
    });
    world.put(UPLOADS, &id, row);
    Ok(json!({"Bucket": rq.text("Bucket"), "Key": rq.text("Key"), "UploadId": id}))
}

pub(super) fn upload_part(world: &mut World, rq: &Request<'_>) -> Reply {
    upload(world, rq)?;
    let number = rq.int("PartNumber").unwrap_or(0);
    if !(1..=10_000).contains(&number) {
        return Err(Fault::new(
            "InvalidArgument",
            "Part number must be an integer between 1 and 10000, inclusive",
        ));
    }
    let content = bytes(rq.get("Body"));
    let tag = etag(&content);
    let part = json!({
        "PartNumber": number, "ETag": tag, "Size": content.len(), "LastModified": world.now_secs(),
        "_body": rq.get("Body"),
    });
    if let Some(row) = world.get_mut(UPLOADS, rq.text("UploadId")) {
        row["_parts"][format!("{number:05}")] = part;
    }
    Ok(json!({"ETag": tag, "ServerSideEncryption": "AES256"}))
}

pub(super) fn complete(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = upload(world, rq)?.clone();
    let home = bucket(world, rq)?.clone();
    let wanted = rq.get("MultipartUpload")["Parts"].as_array().cloned().unwrap_or_default();
    if wanted.is_empty() {
        return Err(Fault::new(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ));
    }
    let (mut content, mut digests, mut before) = (Vec::new(), Vec::new(), 0);
    for (at, part) in wanted.iter().enumerate() {
        let number = part["PartNumber"].as_i64().unwrap_or(0);
        if number <= before {
            return Err(Fault::new(
                "InvalidPartOrder",
                "The list of parts was not in ascending order. Parts must be ordered by part number.",
            ));
        }
        before = number;
        let stored = &row["_parts"][format!("{number:05}")];
        let tag = |value: &Json| value.as_str().unwrap_or_default().trim_matches('"').to_owned();
        if stored.is_null() || tag(&stored["ETag"]) != tag(&part["ETag"]) {
            return Err(Fault::new(
                "InvalidPart",
                "One or more of the specified parts could not be found. The part may not have been uploaded, or the \
                 specified entity tag may not match the part's entity tag.",
            ));
        }
        let body = bytes(&stored["_body"]);
        if body.len() < LEAST_PART && at + 1 < wanted.len() {
            return Err(Fault::new(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
            ));
        }
        digests.extend(Md5::digest(&body));
        content.extend(body);
    }
    let mut object = row["_object"].clone();
    object["ETag"] = json!(format!("\"{}-{}\"", hex::encode(Md5::digest(&digests)), wanted.len()));
    object["Size"] = json!(content.len());
    object["_body"] = json!(base64::engine::general_purpose::STANDARD.encode(&content));
    world.remove(UPLOADS, rq.text("UploadId"));
    let made = store(world, &home, rq.text("Key"), object);
    let mut out = outcome(&made);
    let (name, key) = (rq.text("Bucket"), rq.text("Key"));
    out["Bucket"] = json!(name);
    out["Key"] = json!(key);
    out["Location"] = json!(format!("https://{name}.s3.{}.amazonaws.com/{key}", rq.region));
    Ok(out)
}

pub(super) fn abort(world: &mut World, rq: &Request<'_>) -> Reply {
    upload(world, rq)?;
    world.remove(UPLOADS, rq.text("UploadId"));
    done()
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    bucket(world, rq)?;
    let who = owner(world);
    let mut all: Vec<Json> = world
        .rows(UPLOADS)
        .filter(|(_, row)| row["_bucket"] == rq.text("Bucket"))
        .filter(|(_, row)| row["Key"].as_str().is_some_and(|key| key.starts_with(rq.text("Prefix"))))
        .map(|(id, row)| {
            json!({
                "UploadId": id, "Key": row["Key"], "Initiated": row["Initiated"],
                "StorageClass": row["StorageClass"], "Owner": who, "Initiator": who,
            })
        })
        .collect();
    let order = |one: &Json| {
        let text = |member: &str| one[member].as_str().unwrap_or_default().to_owned();
        (text("Key"), text("UploadId"))
    };
    all.sort_by_key(order);
    if let Some(marker) = rq.opt("KeyMarker").filter(|m| !m.is_empty()) {
        let from = (marker.to_owned(), rq.text("UploadIdMarker").to_owned());
        all.retain(|one| if from.1.is_empty() { order(one).0 > from.0 } else { order(one) > from });
    }
    let most = rq.int("MaxUploads").and_then(|n| usize::try_from(n).ok()).unwrap_or(1000).min(1000);
    let more = all.len() > most;
    all.truncate(most);
    let mut out = json!({"Bucket": rq.text("Bucket"), "MaxUploads": most, "IsTruncated": more});
    if let (true, Some(last)) = (more, all.last()) {
        out["NextKeyMarker"] = last["Key"].clone();
        out["NextUploadIdMarker"] = last["UploadId"].clone();
    }
    if !all.is_empty() {
        out["Uploads"] = json!(all);
    }
    Ok(super::encoding::encoded(rq, out))
}

pub(super) fn parts(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = upload(world, rq)?;
    let after = rq.int("PartNumberMarker").unwrap_or(0);
    let most = rq.int("MaxParts").and_then(|n| usize::try_from(n).ok()).unwrap_or(1000).min(1000);
    let mut all: Vec<Json> = row["_parts"]
        .as_object()
        .into_iter()
        .flat_map(|parts| parts.values())
        .filter(|part| part["PartNumber"].as_i64().is_some_and(|n| n > after))
        .map(|part| {
            json!({
                "PartNumber": part["PartNumber"], "ETag": part["ETag"], "Size": part["Size"],
                "LastModified": part["LastModified"],
            })
        })
        .collect();
    let more = all.len() > most;
    all.truncate(most);
    let who = owner(world);
    let mut out = json!({
        "Bucket": rq.text("Bucket"), "Key": rq.text("Key"), "UploadId": rq.text("UploadId"), "MaxParts": most,
        "IsTruncated": more, "StorageClass": row["StorageClass"], "Owner": who, "Initiator": who,
    });
    if let (true, Some(last)) = (more, all.last()) {
        out["NextPartNumberMarker"] = last["PartNumber"].clone();
    }
    if !all.is_empty() {
        out["Parts"] = json!(all);
    }
    Ok(out)
}
