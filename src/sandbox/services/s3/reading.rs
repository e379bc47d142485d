//! `GetObject` and `HeadObject`: conditions, ranges and parts, headers that the request overrides.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value as Json, json};

use super::{
    checksums, customer_keys, expiry,
    objects::{KEPT, bytes, meant, precondition, shown_version},
    tables::{bucket, versioning},
};
use crate::sandbox::{Fault, Reply, Request, World};

/// Headers of the answer that a request may set.
const OVERRIDES: &[(&str, &str)] = &[
    ("ResponseCacheControl", "CacheControl"),
    ("ResponseContentDisposition", "ContentDisposition"),
    ("ResponseContentEncoding", "ContentEncoding"),
    ("ResponseContentLanguage", "ContentLanguage"),
    ("ResponseContentType", "ContentType"),
    ("ResponseExpires", "Expires"),
];

/// What GetObject and HeadObject tell besides the content.
fn described(row: &Json, versioned: bool) -> Json {
    let mut out = json!({"ETag": row["ETag"], "Metadata": {}});
    for member in KEPT {
        if !row[*member].is_null() {
            out[*member] = row[*member].clone();
        }
    }
    shown_version(&mut out, row, versioned);
    if out["BucketKeyEnabled"] != true {
        out["BucketKeyEnabled"] = Json::Null;
    }
    if out["ContentType"].is_null() {
        out["ContentType"] = json!("binary/octet-stream");
    }
    if out["StorageClass"] == "STANDARD" {
        out["StorageClass"] = Json::Null;
    }
    if let Some(tags) = row["_tags"].as_array().filter(|tags| !tags.is_empty()) {
        out["TagCount"] = json!(tags.len());
    }
    if !row["ReplicationStatus"].is_null() {
        out["ReplicationStatus"] = row["ReplicationStatus"].clone();
    }
    out["LastModified"] = row["LastModified"].clone();
    out["AcceptRanges"] = json!("bytes");
    out["ContentLength"] = row["Size"].clone();
    out
}

/// Whether two entity tags are the same; quotes mean nothing.
pub(super) fn same_tag(one: &str, other: &Json) -> bool {
    one == "*" || other.as_str().is_some_and(|tag| tag.trim_matches('"') == one.trim_matches('"'))
}

/// The conditions of a request, in the order in which HTTP has them decided (RFC 9110, 13.2.2): whether the object is
/// the one that is meant, then whether the caller has it already.
fn conditions(world: &World, rq: &Request<'_>, row: &Json) -> Result<(), Fault> {
    let changed = row["LastModified"].as_f64().unwrap_or_default().floor();
    if let Some(tag) = rq.opt("IfMatch") {
        if !same_tag(tag, &row["ETag"]) {
            return Err(precondition("If-Match"));
        }
    } else if rq.get("IfUnmodifiedSince").as_f64().is_some_and(|since| changed > since) {
        return Err(precondition("If-Unmodified-Since"));
    }
    let known = match rq.opt("IfNoneMatch") {
        Some(tag) => same_tag(tag, &row["ETag"]),
        // A date that has not come yet is ignored.
        None => rq
            .get("IfModifiedSince")
            .as_f64()
            .is_some_and(|since| since <= world.now_secs() && changed <= since),
    };
    if !known {
        return Ok(());
    }
    // With the entity tag, which caches go by (moto's test_head_object_if_none_match; RFC 9110, 15.4.5).
    let tag = row["ETag"].as_str().unwrap_or_default();
    Err(Fault::new("NotModified", "Not Modified").status(304).header("etag", tag))
}

/// The bytes `from..to` that a request wants, with the value of the range header if it is not the whole object.
fn wanted(rq: &Request<'_>, row: &Json, total: usize, out: &mut Json) -> Result<(usize, usize), Fault> {
    let range = rq.opt("Range").and_then(|text| text.strip_prefix("bytes="));
    if let Some(number) = rq.int("PartNumber") {
        if range.is_some() {
            let message = "Cannot specify both Range header and partNumber query parameter";
            return Err(Fault::new("InvalidRequest", message));
        }
        return part(row, number, total, out);
    }
    let Some(range) = range else { return Ok((0, total)) };
    let (first, last) = range.split_once('-').unwrap_or((range, ""));
    let (from, to) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(from), Ok(to)) if from <= to => (from, (to + 1).min(total)),
        (Ok(from), Err(_)) if last.is_empty() => (from, total),
        (Err(_), Ok(tail)) if first.is_empty() && tail > 0 => (total.saturating_sub(tail), total),
        // What is no range is ignored.
        _ => return Ok((0, total)),
    };
    if from >= total {
        let mut fault = Fault::new("InvalidRange", "The requested range is not satisfiable").status(416);
        fault.members = json!({"ActualObjectSize": total.to_string(), "RangeRequested": rq.text("Range")});
        return Err(fault);
    }
    out["ContentRange"] = json!(format!("bytes {from}-{}/{total}", to - 1));
    Ok((from, to))
}

/// The bytes of one part; an object that was put at once is one part.
fn part(row: &Json, number: i64, total: usize, out: &mut Json) -> Result<(usize, usize), Fault> {
    let sizes: Vec<usize> = match row["_parts"].as_array() {
        Some(sizes) => sizes
            .iter()
            .filter_map(|size| size.as_u64().and_then(|size| usize::try_from(size).ok()))
            .collect(),
        None => vec![total],
    };
    let at = usize::try_from(number - 1).ok().filter(|at| *at < sizes.len());
    let Some(at) = at else {
        let mut fault =
            Fault::new("InvalidPartNumber", "The requested partnumber is not satisfiable").status(416);
        fault.members = json!({
            "ActualPartCount": sizes.len().to_string(), "PartNumberRequested": number.to_string(),
        });
        return Err(fault);
    };
    let from: usize = sizes[..at].iter().sum();
    let to = from + sizes[at];
    if row["_parts"].is_array() {
        out["PartsCount"] = json!(sizes.len());
    }
    if to > from {
        out["ContentRange"] = json!(format!("bytes {from}-{}/{total}", to - 1));
    }
    Ok((from, to))
}

/// The answer without the content, and which part of the content it is about.
fn answer(world: &World, rq: &Request<'_>, row: &Json) -> Result<(Json, usize, usize), Fault> {
    customer_keys::of_read(rq, "", row)?;
    conditions(world, rq, row)?;
    let home = bucket(world, rq)?;
    let mut out = described(row, versioning(home).is_some());
    if let Some(text) = expiry::of(home, row).filter(|_| rq.opt("VersionId").is_none()) {
        out["Expiration"] = json!(text);
    }
    let total = row["Size"].as_u64().and_then(|size| usize::try_from(size).ok()).unwrap_or_default();
    let (from, to) = wanted(rq, row, total, &mut out)?;
    out["ContentLength"] = json!(to - from);
    for (sent, member) in OVERRIDES {
        if !rq.get(sent).is_null() {
            out[*member] = rq.get(sent).clone();
        }
    }
    // A checksum is of the whole object and would not fit a part of it.
    if rq.text("ChecksumMode") == "ENABLED" && to - from == total {
        checksums::show(&mut out, &row["_checksum"], true);
    }
    Ok((out, from, to))
}

/// Refuses an object that lies in an archive: nothing restores it here (LocalStack's recordings of AWS,
/// `test_put_object_storage_class`, `test_s3_copy_object_storage_class`).
pub(super) fn readable(row: &Json) -> Result<(), Fault> {
    match row["StorageClass"].as_str() {
        Some(class @ ("GLACIER" | "DEEP_ARCHIVE")) => {
            let message = "The operation is not valid for the object's storage class";
            let mut fault = Fault::new("InvalidObjectState", message).status(403);
            fault.members = json!({"StorageClass": class});
            Err(fault)
        }
        _ => Ok(()),
    }
}

/// `GetObject`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let (_, row) = meant(world, rq)?;
    readable(row)?;
    let (mut out, from, to) = answer(world, rq, row)?;
    let content = bytes(&row["_body"]);
    out["Body"] = json!(STANDARD.encode(content.get(from..to).unwrap_or_default()));
    Ok(out)
}

/// `HeadObject`.
pub(super) fn head(world: &mut World, rq: &Request<'_>) -> Reply {
    let (_, row) = meant(world, rq).map_err(|fault| match fault.status {
        // An answer to HEAD has no body to carry the finer code.
        Some(404) => Fault { code: "NotFound".into(), message: "Not Found".into(), ..fault },
        _ => fault,
    })?;
    answer(world, rq, row).map(|(out, ..)| out)
}
