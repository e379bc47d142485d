//! Objects and their versions.

use base64::Engine;
use md5::{Digest, Md5};
use serde_json::{Value as Json, json};

use super::{
    replicas, retention,
    tables::{OBJECTS, bucket, setting, version_key, versioning, versions_of},
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// What an object keeps of the request that made it.
const KEPT: &[&str] = &[
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "Metadata",
    "ObjectLockLegalHoldStatus",
    "ObjectLockMode",
    "ObjectLockRetainUntilDate",
    "SSECustomerAlgorithm",
    "SSECustomerKeyMD5",
    "SSEKMSKeyId",
    "ServerSideEncryption",
    "BucketKeyEnabled",
    "StorageClass",
    "WebsiteRedirectLocation",
];

pub(super) fn no_such_key() -> Fault {
    Fault::new("NoSuchKey", "The specified key does not exist.").status(404)
}

fn no_such_version() -> Fault {
    Fault::new("NoSuchVersion", "The specified version does not exist.").status(404)
}

/// The content of a blob member.
pub(super) fn bytes(value: &Json) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap_or_default()).unwrap_or_default()
}

/// The entity tag of a content.
pub(super) fn etag(content: &[u8]) -> String {
    format!("\"{}\"", hex::encode(Md5::digest(content)))
}

/// `a=1&b=2` of the tagging header, percent-decoded.
fn header_tags(text: &str) -> Json {
    let decode = |part: &str| {
        percent_encoding::percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            json!({"Key": decode(key), "Value": decode(value)})
        })
        .collect()
}

/// Adds a version: a new one where versions are kept, else in the place of the null version. Replicates it.
pub(super) fn store(world: &mut World, bucket: &Json, key: &str, mut row: Json) -> Json {
    let name = bucket["Name"].as_str().unwrap_or_default().to_owned();
    let kept = versioning(bucket);
    let version = if kept == Some(true) { world.hex(32) } else { "null".to_owned() };
    if version == "null" {
        let old: Vec<String> = versions_of(world, &name, key)
            .into_iter()
            .filter(|(_, row)| row["VersionId"] == "null")
            .map(|(at, _)| at.to_owned())
            .collect();
        for at in old {
            world.remove(OBJECTS, &at);
        }
    }
    row["Key"] = json!(key);
    row["VersionId"] = json!(version);
    row["LastModified"] = json!(world.now_secs());
    row["_bucket"] = json!(name);
    if row["_marker"] != true {
        let default = &setting(bucket, "ServerSideEncryptionConfiguration")["Rules"][0];
        let by = &default["ApplyServerSideEncryptionByDefault"];
        if row["ServerSideEncryption"].is_null() {
            row["ServerSideEncryption"] = by["SSEAlgorithm"].clone();
            if !by["KMSMasterKeyID"].is_null() {
                row["SSEKMSKeyId"] = by["KMSMasterKeyID"].clone();
            }
        }
        retention::default(world, bucket, &mut row);
    }
    let at = version_key(&name, key, world.next());
    replicas::send(world, bucket, &at, &mut row);
    world.put(OBJECTS, &at, row.clone());
    row
}

pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = bucket(world, rq)?.clone();
    let key = rq.text("Key");
    if key.len() > 1024 {
        return Err(Fault::new("KeyTooLongError", "Your key is too long"));
    }
    let live = current(world, rq.text("Bucket"), key);
    if rq.text("IfNoneMatch") == "*" && live.is_some() {
        return Err(precondition());
    }
    if let Some(tag) = rq.opt("IfMatch")
        && live.is_none_or(|row| row["ETag"] != tag)
    {
        return Err(precondition());
    }
    let content = bytes(rq.get("Body"));
    let mut row = json!({"ETag": etag(&content), "Size": content.len(), "_body": rq.get("Body")});
    keep(&mut row, rq);
    let row = store(world, &home, key, row);
    Ok(outcome(&row))
}

fn precondition() -> Fault {
    Fault::new("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        .status(412)
}

/// Copies what an object keeps of a request.
pub(super) fn keep(row: &mut Json, rq: &Request<'_>) {
    for member in KEPT {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
    if let Some(tags) = rq.opt("Tagging") {
        row["_tags"] = header_tags(tags);
    }
}

/// The answer to whoever made a version.
pub(super) fn outcome(row: &Json) -> Json {
    let mut out = json!({"ETag": row["ETag"]});
    for member in ["ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled"] {
        if !row[member].is_null() {
            out[member] = row[member].clone();
        }
    }
    if row["VersionId"] != "null" {
        out["VersionId"] = row["VersionId"].clone();
    }
    out
}

fn current<'w>(world: &'w World, bucket: &str, key: &str) -> Option<&'w Json> {
    versions_of(world, bucket, key).first().map(|(_, row)| *row).filter(|row| row["_marker"] != true)
}

/// The version that a request means, with its row key.
pub(super) fn meant<'w>(world: &'w World, rq: &Request<'_>) -> Result<(String, &'w Json), Fault> {
    bucket(world, rq)?;
    let all = versions_of(world, rq.text("Bucket"), rq.text("Key"));
    let (at, row) = match rq.opt("VersionId") {
        None => all.first().ok_or_else(no_such_key)?,
        Some(version) => {
            all.iter().find(|(_, row)| row["VersionId"] == version).ok_or_else(no_such_version)?
        }
    };
    if row["_marker"] == true {
        return Err(if rq.opt("VersionId").is_some() {
            Fault::new("MethodNotAllowed", "The specified method is not allowed against this resource.")
                .status(405)
        } else {
            no_such_key()
        });
    }
    Ok(((*at).to_owned(), row))
}

/// What GetObject and HeadObject tell besides the content.
fn described(row: &Json) -> Json {
    let mut out = outcome(row);
    for member in KEPT {
        if !row[*member].is_null() {
            out[*member] = row[*member].clone();
        }
    }
    if out["ContentType"].is_null() {
        out["ContentType"] = json!("binary/octet-stream");
    }
    if out["StorageClass"] == "STANDARD" {
        out.as_object_mut().map(|all| all.remove("StorageClass"));
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

fn not_modified(rq: &Request<'_>, row: &Json) -> Result<(), Fault> {
    if rq.opt("IfMatch").is_some_and(|tag| row["ETag"] != tag) {
        return Err(precondition());
    }
    if rq.opt("IfNoneMatch").is_some_and(|tag| row["ETag"] == tag) {
        return Err(Fault::new("NotModified", "Not Modified").status(304));
    }
    Ok(())
}

pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let (_, row) = meant(world, rq)?;
    not_modified(rq, row)?;
    let mut out = described(row);
    let content = bytes(&row["_body"]);
    let total = content.len();
    let (from, to) = match rq.opt("Range").and_then(|text| text.strip_prefix("bytes=")) {
        None => (0, total),
        Some(range) => {
            let (first, last) = range.split_once('-').unwrap_or((range, ""));
            let (from, to) = match (first.parse::<usize>(), last.parse::<usize>()) {
                (Ok(from), Ok(to)) => (from, (to + 1).min(total)),
                (Ok(from), Err(_)) => (from, total),
                (Err(_), Ok(tail)) => (total.saturating_sub(tail), total),
                _ => (0, total),
            };
            if from >= total {
                return Err(Fault::new("InvalidRange", "The requested range is not satisfiable").status(416));
            }
            out["ContentRange"] = json!(format!("bytes {from}-{}/{total}", to - 1));
            (from, to)
        }
    };
    let part = content.get(from..to).unwrap_or_default();
    out["ContentLength"] = json!(part.len());
    out["Body"] = json!(base64::engine::general_purpose::STANDARD.encode(part));
    Ok(out)
}

pub(super) fn head(world: &mut World, rq: &Request<'_>) -> Reply {
    let (_, row) = meant(world, rq).map_err(|fault| match fault.status {
        Some(404) => Fault::new("NotFound", "Not Found").status(404),
        _ => fault,
    })?;
    not_modified(rq, row)?;
    Ok(described(row))
}

/// Deletes a version or, where versions are kept, puts a delete marker on top.
fn remove(world: &mut World, rq: &Request<'_>, key: &str, version: Option<&str>) -> Reply {
    let home = bucket(world, rq)?.clone();
    let name = rq.text("Bucket");
    if let Some(version) = version {
        let found = versions_of(world, name, key)
            .into_iter()
            .find(|(_, row)| row["VersionId"] == version)
            .map(|(at, row)| (at.to_owned(), row.clone()));
        let mut out = json!({"VersionId": version});
        if let Some((at, row)) = found {
            retention::allows_deletion(world, &row, rq.flag("BypassGovernanceRetention"))?;
            world.remove(OBJECTS, &at);
            if row["_marker"] == true {
                out["DeleteMarker"] = json!(true);
            }
        }
        return Ok(out);
    }
    if versioning(&home).is_none() {
        let old: Vec<String> =
            versions_of(world, name, key).into_iter().map(|(at, _)| at.to_owned()).collect();
        for at in old {
            world.remove(OBJECTS, &at);
        }
        return done();
    }
    let marker = store(world, &home, key, json!({"_marker": true}));
    Ok(json!({"DeleteMarker": true, "VersionId": marker["VersionId"]}))
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    remove(world, rq, rq.text("Key"), rq.opt("VersionId"))
}

pub(super) fn delete_many(world: &mut World, rq: &Request<'_>) -> Reply {
    bucket(world, rq)?;
    let batch = rq.get("Delete");
    let objects = batch["Objects"].as_array().cloned().unwrap_or_default();
    if objects.is_empty() || objects.len() > 1000 {
        return Err(Fault::new(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ));
    }
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in objects {
        let (key, version) = (object["Key"].as_str().unwrap_or_default(), object["VersionId"].as_str());
        let mut entry = json!({"Key": key});
        if let Some(version) = version {
            entry["VersionId"] = json!(version);
        }
        match remove(world, rq, key, version) {
            Ok(out) => {
                if out["DeleteMarker"] == true {
                    entry["DeleteMarker"] = json!(true);
                    entry["DeleteMarkerVersionId"] = out["VersionId"].clone();
                }
                deleted.push(entry);
            }
            Err(fault) => {
                entry["Code"] = json!(fault.code);
                entry["Message"] = json!(fault.message);
                errors.push(entry);
            }
        }
    }
    let mut out = json!({});
    if batch["Quiet"] != true {
        out["Deleted"] = json!(deleted);
    }
    if !errors.is_empty() {
        out["Errors"] = json!(errors);
    }
    Ok(out)
}

pub(super) fn copy(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = bucket(world, rq)?.clone();
    let source = percent_encoding::percent_decode_str(rq.text("CopySource")).decode_utf8_lossy().into_owned();
    let source = source.trim_start_matches('/');
    let (path, version) = source.split_once("?versionId=").map_or((source, None), |(p, v)| (p, Some(v)));
    let Some((from, key)) = path.split_once('/') else {
        return Err(Fault::new(
            "InvalidArgument",
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
        ));
    };
    let mut input = json!({"Bucket": from, "Key": key});
    if let Some(version) = version {
        input["VersionId"] = json!(version);
    }
    let region =
        world.get(super::tables::BUCKETS, from).and_then(|row| row["_region"].as_str()).unwrap_or(rq.region);
    let old = meant(world, &Request { operation: "GetObject", region, input })?.1.clone();
    let replaces = rq.text("MetadataDirective") == "REPLACE";
    if from == rq.text("Bucket") && key == rq.text("Key") && !replaces && rq.get("StorageClass").is_null() {
        return Err(Fault::new(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let mut row = json!({"ETag": old["ETag"], "Size": old["Size"], "_body": old["_body"]});
    for member in ["ContentType", "Metadata", "CacheControl", "ContentEncoding", "_tags"] {
        let tags_replaced = member == "_tags" && rq.text("TaggingDirective") == "REPLACE";
        if !old[member].is_null() && !replaces && !tags_replaced {
            row[member] = old[member].clone();
        }
    }
    keep(&mut row, rq);
    let row = store(world, &home, rq.text("Key"), row);
    let mut out = outcome(&row);
    out["CopyObjectResult"] = json!({"ETag": row["ETag"], "LastModified": row["LastModified"]});
    if let Some(all) = out.as_object_mut() {
        all.remove("ETag");
    }
    Ok(out)
}

pub(super) fn get_tagging(world: &mut World, rq: &Request<'_>) -> Reply {
    let (_, row) = meant(world, rq)?;
    let mut out = json!({"TagSet": row["_tags"].as_array().cloned().unwrap_or_default()});
    if row["VersionId"] != "null" {
        out["VersionId"] = row["VersionId"].clone();
    }
    Ok(out)
}

fn set_tags(world: &mut World, rq: &Request<'_>, tags: Json) -> Reply {
    let (at, row) = meant(world, rq)?;
    let version = row["VersionId"].clone();
    if let Some(row) = world.get_mut(OBJECTS, &at) {
        row["_tags"] = tags;
    }
    Ok(if version == "null" { json!({}) } else { json!({"VersionId": version}) })
}

pub(super) fn put_tagging(world: &mut World, rq: &Request<'_>) -> Reply {
    let tags = rq.get("Tagging")["TagSet"].clone();
    if tags.as_array().is_some_and(|all| all.len() > 10) {
        return Err(Fault::new("BadRequest", "Object tags cannot be greater than 10"));
    }
    set_tags(world, rq, tags)
}

pub(super) fn delete_tagging(world: &mut World, rq: &Request<'_>) -> Reply {
    set_tags(world, rq, json!([]))
}
