//! Uploads in parts.

use base64::Engine;
use md5::{Digest, Md5};
use serde_json::{Value as Json, json};

use super::{
    checksums, customer_keys, expiry,
    objects::{bytes, encrypt, etag, keep, original, outcome, store},
    rules,
    tables::{COMPLETED, UPLOADS, bucket, owner, versions_of},
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
    let home = bucket(world, rq)?.clone();
    customer_keys::of_write(rq)?;
    rules::object_acl(&home, rq)?;
    let checksum = checksums::of_upload(rq)?;
    let id = world.hex(64);
    let mut object = json!({});
    keep(&mut object, rq)?;
    encrypt(world, &home, &mut object);
    object["VersionId"] = json!("null");
    let mut answer = outcome(&object, false);
    let row = json!({
        "UploadId": id, "Key": rq.text("Key"), "Initiated": world.now_secs().floor(), "_bucket": rq.text("Bucket"),
        "StorageClass": rq.opt("StorageClass").unwrap_or("STANDARD"), "_object": object, "_parts": {},
        "_checksum": checksum.map(|(kind, how)| json!({"kind": kind, "type": how})),
    });
    world.put(UPLOADS, &id, row);
    for (member, value) in [("Bucket", rq.text("Bucket")), ("Key", rq.text("Key")), ("UploadId", &id)] {
        answer[member] = json!(value);
    }
    if let Some((kind, how)) = checksum {
        answer["ChecksumAlgorithm"] = json!(kind);
        answer["ChecksumType"] = json!(how);
    }
    Ok(answer)
}

fn part_number(rq: &Request<'_>) -> Result<i64, Fault> {
    let number = rq.int("PartNumber").unwrap_or(0);
    if (1..=10_000).contains(&number) {
        return Ok(number);
    }
    Err(Fault::new("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive"))
}

/// A part's entity tag: a digest, unless the customer's own key hides the content.
fn tag_of(world: &mut World, encryption: &Json, content: &[u8]) -> String {
    if encryption["SSECustomerKeyMD5"].is_string() { format!("\"{}\"", world.hex(32)) } else { etag(content) }
}

/// The bytes that a part copies (LocalStack's recordings of AWS, `test_upload_part_copy_range`).
fn copied<'c>(rq: &Request<'_>, content: &'c [u8]) -> Result<&'c [u8], Fault> {
    let Some(text) = rq.opt("CopySourceRange") else { return Ok(content) };
    let argument = |message: String| {
        let mut fault = Fault::new("InvalidArgument", message);
        fault.members = json!({"ArgumentName": "x-amz-copy-source-range", "ArgumentValue": text});
        fault
    };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<usize>().ok())?;
    let range = text.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let Some((first, last)) = range
        .and_then(|(first, last)| Some((number(first)?, number(last)?)))
        .filter(|(first, last)| first <= last)
    else {
        return Err(argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the \
             zero-based offsets of the first and last bytes to copy"
                .into(),
        ));
    };
    if first >= content.len() {
        return Err(Fault::new(
            "InvalidRequest",
            "The specified copy range is invalid for the source object size",
        ));
    }
    content.get(first..=last).ok_or_else(|| {
        argument(format!("Range specified is not valid for source object of size: {}", content.len()))
    })
}

/// `UploadPartCopy`: a part out of an object, or out of a range of it.
pub(super) fn upload_part_copy(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = upload(world, rq)?;
    let wanted = row["_checksum"]["kind"].as_str().map(ToOwned::to_owned);
    let encryption = row["_object"].clone();
    customer_keys::of_part(rq, &encryption)?;
    let number = part_number(rq)?;
    let (old, _) = original(world, rq)?;
    let all = bytes(&old["_body"]);
    let content = copied(rq, &all)?;
    let tag = tag_of(world, &encryption, content);
    let checksum = wanted.map(|kind| checksums::whole(&kind, content));
    let now = world.now_secs().floor();
    let part = json!({
        "PartNumber": number, "ETag": tag, "Size": content.len(), "LastModified": now,
        "_body": base64::engine::general_purpose::STANDARD.encode(content), "_checksum": checksum,
    });
    if let Some(row) = world.get_mut(UPLOADS, rq.text("UploadId")) {
        row["_parts"][format!("{number:05}")] = part;
    }
    let mut answer = outcome(&encryption, false);
    answer["CopyPartResult"] = json!({"ETag": tag, "LastModified": now});
    if let Some(checksum) = checksum {
        checksums::show(&mut answer["CopyPartResult"], &checksum, false);
    }
    if old["VersionId"] != "null" {
        answer["CopySourceVersionId"] = old["VersionId"].clone();
    }
    if let Some(all) = answer.as_object_mut() {
        all.remove("ETag");
    }
    Ok(answer)
}

pub(super) fn upload_part(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = upload(world, rq)?;
    let wanted = row["_checksum"]["kind"].as_str().map(ToOwned::to_owned);
    let encryption = row["_object"].clone();
    customer_keys::of_part(rq, &encryption)?;
    let number = part_number(rq)?;
    let content = bytes(rq.get("Body"));
    let tag = tag_of(world, &encryption, &content);
    let brought = checksums::brought(rq, &content)?;
    if let (Some(wanted), Some(actual)) = (&wanted, brought.as_ref().and_then(|one| one["kind"].as_str()))
        && wanted != actual
    {
        let message = format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            wanted.to_ascii_lowercase(),
            actual.to_ascii_lowercase()
        );
        return Err(Fault::new("InvalidRequest", message));
    }
    let checksum = brought.or_else(|| wanted.map(|kind| checksums::whole(&kind, &content)));
    let part = json!({
        "PartNumber": number, "ETag": tag, "Size": content.len(), "LastModified": world.now_secs().floor(),
        "_body": rq.get("Body"), "_checksum": checksum,
    });
    if let Some(row) = world.get_mut(UPLOADS, rq.text("UploadId")) {
        row["_parts"][format!("{number:05}")] = part;
    }
    let mut answer = outcome(&encryption, false);
    answer["ETag"] = json!(tag);
    if let Some(checksum) = checksum {
        checksums::show(&mut answer, &checksum, false);
    }
    Ok(answer)
}

fn invalid_part(rq: &Request<'_>, part: &Json) -> Fault {
    let mut fault = Fault::new(
        "InvalidPart",
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified \
         entity tag may not match the part's entity tag.",
    );
    fault.members = json!({
        "UploadId": rq.text("UploadId"), "PartNumber": part["PartNumber"].to_string(),
        "ETag": part["ETag"].as_str().unwrap_or_default().trim_matches('"'),
    });
    fault
}

/// The answer to whoever completes an upload again, as long as its object is there (moto's
/// `test_idempotent_multipart_upload`, which AWS passes).
fn completed(world: &World, rq: &Request<'_>) -> Option<Json> {
    let (name, key) = (rq.text("Bucket"), rq.text("Key"));
    let row = world
        .get(COMPLETED, rq.text("UploadId"))
        .filter(|row| row["_bucket"] == name && row["_key"] == key)?;
    let same = |row: &Json, made: &Json| row["ETag"] == made["ETag"] && row["VersionId"] == made["VersionId"];
    let there = versions_of(world, name, key).iter().any(|(_, made)| same(&row["_made"], made));
    there.then(|| row["_answer"].clone())
}

pub(super) fn complete(world: &mut World, rq: &Request<'_>) -> Reply {
    bucket(world, rq)?;
    if let Some(answer) = completed(world, rq) {
        return Ok(answer);
    }
    let row = upload(world, rq)?.clone();
    let home = bucket(world, rq)?.clone();
    let wanted = rq.get("MultipartUpload")["Parts"].as_array().cloned().unwrap_or_default();
    if wanted.is_empty() {
        return Err(Fault::new(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ));
    }
    let how = &row["_checksum"];
    let (mut content, mut digests, mut before) = (Vec::new(), Vec::new(), 0);
    let mut bodies = Vec::new();
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
            return Err(invalid_part(rq, part));
        }
        if let Some(kind) = how["kind"].as_str().filter(|_| how["type"] == "COMPOSITE") {
            match part[checksums::member(kind)].as_str() {
                None => {
                    let kind = kind.to_ascii_lowercase();
                    return Err(Fault::new(
                        "InvalidRequest",
                        format!(
                            "The upload was created using a {kind} checksum. The complete request must include the \
                             checksum for each part. It was missing for part {number} in the request."
                        ),
                    ));
                }
                Some(value) if stored["_checksum"]["value"] != value => return Err(invalid_part(rq, part)),
                Some(_) => {}
            }
        }
        let body = bytes(&stored["_body"]);
        if body.len() < LEAST_PART && at + 1 < wanted.len() {
            let mut fault =
                Fault::new("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
            fault.members = json!({
                "ETag": tag(&stored["ETag"]), "MinSizeAllowed": LEAST_PART.to_string(),
                "PartNumber": number.to_string(), "ProposedSize": body.len().to_string(),
            });
            return Err(fault);
        }
        digests.extend(Md5::digest(&body));
        content.extend_from_slice(&body);
        bodies.push(body);
    }
    super::objects::writable(world, rq)?;
    let mut object = row["_object"].clone();
    object["ETag"] = json!(format!("\"{}-{}\"", hex::encode(Md5::digest(&digests)), wanted.len()));
    let parts: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
    let kind = how["kind"].as_str().unwrap_or("CRC64NVME");
    object["_checksum"] =
        checksums::of_parts(kind, how["type"].as_str().unwrap_or("FULL_OBJECT"), &content, &parts);
    object["_parts"] = json!(parts.iter().map(|part| part.len()).collect::<Vec<_>>());
    if how["type"] == "COMPOSITE" {
        object["_part_checksums"] = parts.iter().map(|part| checksums::whole(kind, part)).collect();
    }
    object["Size"] = json!(content.len());
    object["_body"] = json!(base64::engine::general_purpose::STANDARD.encode(&content));
    world.remove(UPLOADS, rq.text("UploadId"));
    let made = store(world, &home, rq.text("Key"), object);
    let mut out = outcome(&made, false);
    checksums::show(&mut out, &made["_checksum"], true);
    let (name, key) = (rq.text("Bucket"), rq.text("Key"));
    out["Bucket"] = json!(name);
    out["Key"] = json!(key);
    out["Location"] = json!(format!("https://{name}.s3.{}.amazonaws.com/{key}", rq.region));
    if let Some(text) = expiry::of(&home, &made) {
        out["Expiration"] = json!(text);
    }
    // This answer says nothing of the customer's key (LocalStack's recordings of AWS, `test_multipart_upload_sse_c`).
    if let Some(all) = out.as_object_mut() {
        all.retain(|member, _| !member.starts_with("SSECustomer"));
    }
    let answer = json!({
        "_bucket": name, "_key": key, "_answer": out,
        "_made": {"ETag": made["ETag"], "VersionId": made["VersionId"]},
    });
    world.put(COMPLETED, rq.text("UploadId"), answer);
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
    let (prefix, delimiter) = (rq.text("Prefix"), rq.text("Delimiter"));
    let marker = rq.text("KeyMarker");
    // The marker of an upload counts only next to that of its key.
    let upload = rq.text("UploadIdMarker");
    if !marker.is_empty() {
        let from = (marker.to_owned(), upload.to_owned());
        if !upload.is_empty() && !all.iter().any(|one| order(one) == from) {
            let mut fault = Fault::new("InvalidArgument", "Invalid uploadId marker");
            fault.members = json!({"ArgumentName": "upload-id-marker", "ArgumentValue": upload});
            return Err(fault);
        }
        all.retain(|one| if upload.is_empty() { order(one).0 > from.0 } else { order(one) > from });
    }
    let most = rq.int("MaxUploads").and_then(|n| usize::try_from(n).ok()).unwrap_or(1000).min(1000);
    let (mut uploads, mut folders, mut more) = (Vec::new(), Vec::<String>::new(), false);
    for one in all {
        let key = one["Key"].as_str().unwrap_or_default();
        let folder = (!delimiter.is_empty())
            .then(|| {
                key[prefix.len()..].find(delimiter).map(|at| &key[..prefix.len() + at + delimiter.len()])
            })
            .flatten();
        if folder.is_some_and(|folder| folders.iter().any(|old| old == folder) || folder == marker) {
            continue;
        }
        if uploads.len() + folders.len() == most {
            more = true;
            break;
        }
        match folder {
            Some(folder) => folders.push(folder.to_owned()),
            None => uploads.push(one),
        }
    }
    let last = |member: &str| uploads.last().map_or_else(|| json!(""), |one: &Json| one[member].clone());
    let mut out = json!({
        "Bucket": rq.text("Bucket"), "MaxUploads": most, "IsTruncated": more, "KeyMarker": marker,
        "UploadIdMarker": if marker.is_empty() { "" } else { upload }, "NextKeyMarker": last("Key"),
        "NextUploadIdMarker": last("UploadId"),
    });
    for (member, value) in [("Prefix", prefix), ("Delimiter", delimiter)] {
        if !value.is_empty() {
            out[member] = json!(value);
        }
    }
    if !folders.is_empty() {
        let all: Vec<Json> = folders.iter().map(|folder| json!({"Prefix": folder})).collect();
        out["CommonPrefixes"] = json!(all);
    }
    if !uploads.is_empty() {
        out["Uploads"] = json!(uploads);
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
            let mut one = json!({
                "PartNumber": part["PartNumber"], "ETag": part["ETag"], "Size": part["Size"],
                "LastModified": part["LastModified"],
            });
            if row["_checksum"]["kind"].is_string() {
                checksums::show(&mut one, &part["_checksum"], false);
            }
            one
        })
        .collect();
    let more = all.len() > most;
    all.truncate(most);
    let who = owner(world);
    let mut out = json!({
        "Bucket": rq.text("Bucket"), "Key": rq.text("Key"), "UploadId": rq.text("UploadId"), "MaxParts": most,
        "IsTruncated": more, "StorageClass": row["StorageClass"], "Owner": who, "Initiator": who,
    });
    out["PartNumberMarker"] = json!(after);
    out["NextPartNumberMarker"] = all.last().map_or_else(|| json!(0), |last| last["PartNumber"].clone());
    if row["_checksum"]["kind"].is_string() {
        out["ChecksumAlgorithm"] = row["_checksum"]["kind"].clone();
        out["ChecksumType"] = row["_checksum"]["type"].clone();
    }
    if !all.is_empty() {
        out["Parts"] = json!(all);
    }
    Ok(out)
}
