//! Objects and their versions.

use base64::Engine;
use md5::{Digest, Md5};
use serde_json::{Value as Json, json};

use super::{
    access, checksums, customer_keys, expiry, reading, replicas, retention, rules,
    tables::{OBJECTS, bucket, setting, version_key, versioning, versions_of},
};
use crate::sandbox::{Fault, Reply, Request, World, done, services::kms};

/// What an object keeps of the request that made it.
pub(super) const KEPT: &[&str] = &[
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
    // S3's times are whole seconds.
    row["LastModified"] = json!(world.now_secs().floor());
    row["_bucket"] = json!(name);
    if row["_marker"] != true {
        encrypt(world, bucket, &mut row);
        retention::default(world, bucket, &mut row);
        // With a key of the customer's the tag is no digest of the content (S3 API Reference, Object, ETag).
        if row["SSECustomerKeyMD5"].is_string() && row["_parts"].is_null() {
            row["ETag"] = json!(format!("\"{}\"", world.hex(32)));
        }
    }
    let at = version_key(&name, key, world.next());
    replicas::send(world, bucket, &at, &mut row);
    world.put(OBJECTS, &at, row.clone());
    row
}

/// The ARN of a key; without one, of the key that S3 keeps for the account.
fn key_arn(world: &World, region: &str, key: Option<&str>) -> String {
    match key {
        Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
        Some(alias) if alias.starts_with("alias/") => world.arn("kms", region, alias),
        Some(id) => world.arn("kms", region, &format!("key/{id}")),
        None => kms::managed_arn(world, region, "s3").as_str().unwrap_or_default().to_owned(),
    }
}

/// Fills in how an object is encrypted: as it was asked for, else as the bucket's default says.
pub(super) fn encrypt(world: &World, bucket: &Json, row: &mut Json) {
    let rule = &setting(bucket, "ServerSideEncryptionConfiguration")["Rules"][0];
    let default = &rule["ApplyServerSideEncryptionByDefault"];
    let region = bucket["_region"].as_str().unwrap_or("us-east-1");
    let own = !row["ServerSideEncryption"].is_null();
    if !own && row["SSECustomerAlgorithm"].is_null() {
        row["ServerSideEncryption"] =
            if default["SSEAlgorithm"].is_null() { json!("AES256") } else { default["SSEAlgorithm"].clone() };
    }
    if row["ServerSideEncryption"].as_str().is_some_and(|algorithm| algorithm.starts_with("aws:kms")) {
        let key = row["SSEKMSKeyId"].as_str().or(if own { None } else { default["KMSMasterKeyID"].as_str() });
        row["SSEKMSKeyId"] = json!(key_arn(world, region, key));
        if row["BucketKeyEnabled"].is_null() && rule["BucketKeyEnabled"] == true && !own {
            row["BucketKeyEnabled"] = json!(true);
        }
    }
}

pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = bucket(world, rq)?.clone();
    let key = rq.text("Key");
    if key.len() > 1024 {
        return Err(Fault::new("KeyTooLongError", "Your key is too long"));
    }
    customer_keys::of_write(rq)?;
    rules::object_acl(&home, rq)?;
    writable(world, rq)?;
    let content = bytes(rq.get("Body"));
    let checksum = checksums::of_object(rq, &content)?;
    let mut row = json!({
        "ETag": etag(&content), "Size": content.len(), "_body": rq.get("Body"), "_checksum": checksum,
    });
    keep(&mut row, rq)?;
    let row = store(world, &home, key, row);
    let mut out = outcome(&row, false);
    checksums::show(&mut out, &row["_checksum"], true);
    if let Some(text) = expiry::of(&home, &row) {
        out["Expiration"] = json!(text);
    }
    Ok(out)
}

/// A header that only other kinds of buckets or operations have.
fn unusual(header: &str, more: Option<&str>) -> Fault {
    let mut fault =
        Fault::new("NotImplemented", "A header you provided implies functionality that is not implemented")
            .status(501);
    fault.members = json!({"Header": header});
    if let Some(more) = more {
        fault.members["additionalMessage"] = json!(more);
    }
    fault
}

/// The conditions of a write: whether the key is free, or its object the one that is meant.
pub(super) fn writable(world: &World, rq: &Request<'_>) -> Result<(), Fault> {
    let live = current(world, rq.text("Bucket"), rq.text("Key"));
    match (rq.opt("IfMatch"), rq.opt("IfNoneMatch")) {
        (Some(_), Some(_)) => Err(unusual(
            "If-Match,If-None-Match",
            Some("Multiple conditional request headers present in the request"),
        )),
        (None, Some("*")) if live.is_some() => Err(precondition("If-None-Match")),
        (None, Some("*") | None) => Ok(()),
        (None, Some(_)) => Err(unusual(
            "If-None-Match",
            Some("We don't accept the provided value of If-None-Match header for this API"),
        )),
        (Some(_), None) if live.is_none() => Err(no_such_key()),
        (Some(tag), None) if live.is_some_and(|row| reading::same_tag(tag, &row["ETag"])) => Ok(()),
        (Some(_), None) => Err(precondition("If-Match")),
    }
}

/// A condition does not hold.
pub(super) fn precondition(condition: &str) -> Fault {
    let mut fault =
        Fault::new("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
            .status(412);
    fault.members = json!({"Condition": condition});
    fault
}

/// Copies what an object keeps of a request.
pub(super) fn keep(row: &mut Json, rq: &Request<'_>) -> Result<(), Fault> {
    for member in KEPT {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
    if row["ObjectLockMode"].is_null() != row["ObjectLockRetainUntilDate"].is_null() {
        let message = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied";
        return Err(Fault::new("InvalidArgument", message));
    }
    access::of_object(row, rq)?;
    if let Some(tags) = rq.opt("Tagging") {
        row["_tags"] = header_tags(tags);
        rules::object_tags(&row["_tags"])?;
    }
    Ok(())
}

/// The answer to whoever made a version. `null_too`: whether the version that is named null is told.
pub(super) fn outcome(row: &Json, null_too: bool) -> Json {
    let mut out = json!({"ETag": row["ETag"]});
    for member in [
        "ServerSideEncryption",
        "SSEKMSKeyId",
        "BucketKeyEnabled",
        "SSECustomerAlgorithm",
        "SSECustomerKeyMD5",
    ] {
        if !row[member].is_null() && row[member] != false {
            out[member] = row[member].clone();
        }
    }
    shown_version(&mut out, row, null_too);
    out
}

/// Tells a version's id: in buckets that keep versions, or once did, the null version's too.
pub(super) fn shown_version(out: &mut Json, row: &Json, null_too: bool) {
    if null_too || row["VersionId"] != "null" {
        out["VersionId"] = row["VersionId"].clone();
    }
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
        // The content of a deleted object is missing, its tags and the like cannot be had of a marker.
        let named = rq.opt("VersionId").is_some();
        let content =
            matches!(rq.operation, "GetObject" | "HeadObject" | "GetObjectAcl" | "GetObjectAttributes")
                && !named;
        let fault = if content {
            no_such_key()
        } else {
            Fault::new("MethodNotAllowed", "The specified method is not allowed against this resource.")
                .status(405)
                .header("allow", "DELETE")
        };
        let changed = crate::sandbox::codec::http_date(row["LastModified"].as_f64().unwrap_or_default());
        return Err(fault
            .header("x-amz-delete-marker", "true")
            .header("x-amz-version-id", row["VersionId"].as_str().unwrap_or_default())
            .header("last-modified", changed));
    }
    Ok(((*at).to_owned(), row))
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
        // An id of S3's own making that names nothing is fine; others S3 cannot even read.
        if found.is_none() && version != "null" && (version.len() != 32 || hex::decode(version).is_err()) {
            let mut fault = Fault::new("InvalidArgument", "Invalid version id specified");
            fault.members = json!({"ArgumentName": "versionId", "ArgumentValue": version});
            return Err(fault);
        }
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

/// The conditions of a deletion: the current object's entity tag, and in directory buckets its time and size (S3 API
/// Reference, DeleteObject; LocalStack's recordings of AWS, `TestS3DeletePrecondition`).
fn deletable(world: &World, name: &str, key: &str, tag: Option<&str>) -> Result<(), Fault> {
    let Some(tag) = tag else { return Ok(()) };
    match current(world, name, key) {
        Some(row) if reading::same_tag(tag, &row["ETag"]) => Ok(()),
        Some(_) => Err(precondition("If-Match")),
        // moto's test_delete_object_if_match, which AWS passes.
        None => Err(no_such_key()),
    }
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    bucket(world, rq)?;
    for (member, header) in [
        ("IfMatchLastModifiedTime", "x-amz-if-match-last-modified-time"),
        ("IfMatchSize", "x-amz-if-match-size"),
    ] {
        if !rq.get(member).is_null() {
            return Err(unusual(header, None));
        }
    }
    deletable(world, rq.text("Bucket"), rq.text("Key"), rq.opt("IfMatch"))?;
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
        let allowed = deletable(world, rq.text("Bucket"), key, object["ETag"].as_str());
        match allowed.and_then(|()| remove(world, rq, key, version)) {
            Ok(out) => {
                if out["DeleteMarker"] == true {
                    entry["DeleteMarker"] = json!(true);
                    entry["DeleteMarkerVersionId"] = out["VersionId"].clone();
                }
                deleted.push(entry);
            }
            Err(fault) => {
                let fault =
                    if fault.message.starts_with("Invalid version id") { no_such_version() } else { fault };
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

/// The conditions under which an object is copied.
fn copyable(world: &World, rq: &Request<'_>, old: &Json) -> Result<(), Fault> {
    reading::readable(old)?;
    let changed = old["LastModified"].as_f64().unwrap_or_default();
    let tag = |member: &str| rq.opt(member).map(|tag| reading::same_tag(tag, &old["ETag"]));
    let date = |member: &str| rq.get(member).as_f64().filter(|since| *since <= world.now_secs());
    if tag("CopySourceIfMatch") == Some(false) {
        return Err(precondition("x-amz-copy-source-If-Match"));
    }
    if tag("CopySourceIfMatch").is_none()
        && rq.get("CopySourceIfUnmodifiedSince").as_f64().is_some_and(|since| changed > since)
    {
        return Err(precondition("x-amz-copy-source-If-Unmodified-Since"));
    }
    if tag("CopySourceIfNoneMatch") == Some(true) {
        return Err(precondition("x-amz-copy-source-If-None-Match"));
    }
    if tag("CopySourceIfNoneMatch").is_none()
        && date("CopySourceIfModifiedSince").is_some_and(|since| changed <= since)
    {
        return Err(precondition("x-amz-copy-source-If-Modified-Since"));
    }
    Ok(())
}

/// Bucket, key and version.
type Place = (String, String, Option<String>);

/// Where a copy comes from: bucket, key and version.
fn source(rq: &Request<'_>) -> Result<Place, Fault> {
    let text = rq.text("CopySource").replace('+', " ");
    let (path, version) = text.split_once("?versionId=").map_or((text.as_str(), None), |(p, v)| (p, Some(v)));
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
    match path.trim_start_matches('/').split_once('/') {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => {
            Ok((bucket.to_owned(), key.to_owned(), version.map(ToOwned::to_owned)))
        }
        _ => {
            let mut fault = Fault::new("InvalidArgument", "Invalid copy source object key");
            fault.members =
                json!({"ArgumentName": "x-amz-copy-source", "ArgumentValue": "x-amz-copy-source"});
            Err(fault)
        }
    }
}

/// What a copy takes from its source unless the request replaces it.
const COPIED: &[&str] = &[
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "Metadata",
];

/// The object that a copy is made of, with its bucket, key and version as the request names them.
pub(super) fn original(world: &World, rq: &Request<'_>) -> Result<(Json, Place), Fault> {
    let (from, key, version) = source(rq)?;
    let region = world
        .get(super::tables::BUCKETS, &from)
        .and_then(|row| row["_region"].as_str())
        .unwrap_or(rq.region)
        .to_owned();
    let mut input = json!({"Bucket": from, "Key": key});
    if let Some(version) = &version {
        input["VersionId"] = json!(version);
    }
    let asked = Request { operation: "GetObject", region: &region, access_key: rq.access_key, input };
    let old = meant(world, &asked).map(|(_, row)| row.clone()).map_err(|fault| match fault.status {
        Some(405) => Fault::new(
            "InvalidRequest",
            "The source of a copy request may not specifically refer to a delete marker by version id.",
        ),
        _ => super::details::fill(&asked, fault),
    })?;
    customer_keys::of_read(rq, "CopySource", &old)?;
    copyable(world, rq, &old)?;
    Ok((old, (from, key, version)))
}

pub(super) fn copy(world: &mut World, rq: &Request<'_>) -> Reply {
    let home = bucket(world, rq)?.clone();
    customer_keys::of_write(rq)?;
    rules::object_acl(&home, rq)?;
    let (old, (from, key, version)) = original(world, rq)?;
    let replaces = rq.text("MetadataDirective") == "REPLACE";
    let changes = [
        "StorageClass",
        "WebsiteRedirectLocation",
        "ServerSideEncryption",
        "SSEKMSKeyId",
        "SSECustomerAlgorithm",
        "ChecksumAlgorithm",
    ];
    // What a bucket with another default encryption or a redirecting object makes of a copy differs from its source.
    let default = &setting(&home, "ServerSideEncryptionConfiguration")["Rules"][0]["ApplyServerSideEncryptionByDefault"];
    let recoded = default["SSEAlgorithm"].is_string()
        && default["SSEAlgorithm"] != old["ServerSideEncryption"]
        || !old["WebsiteRedirectLocation"].is_null()
        || old["SSECustomerKeyMD5"].is_string();
    let in_place = from == rq.text("Bucket") && key == rq.text("Key") && version.is_none() && !recoded;
    if in_place && !replaces && changes.iter().all(|member| rq.get(member).is_null()) {
        return Err(Fault::new(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let mut row = json!({"ETag": old["ETag"], "Size": old["Size"], "_body": old["_body"]});
    keep(&mut row, rq)?;
    if !replaces {
        for member in COPIED {
            row[*member] = old[*member].clone();
        }
    }
    if rq.text("TaggingDirective") != "REPLACE" {
        row["_tags"] = old["_tags"].clone();
    }
    let content = bytes(&old["_body"]);
    let kind = rq.opt("ChecksumAlgorithm").or(old["_checksum"]["kind"].as_str()).unwrap_or("CRC64NVME");
    // Whatever its parts were, a copy is one object.
    row["_checksum"] = checksums::whole(kind, &content);
    if old["_parts"].is_array() {
        row["ETag"] = json!(etag(&content));
    }
    let row = store(world, &home, rq.text("Key"), row);
    let mut out = outcome(&row, versioning(&home).is_some());
    out["CopyObjectResult"] = json!({"ETag": row["ETag"], "LastModified": row["LastModified"]});
    checksums::show(&mut out["CopyObjectResult"], &row["_checksum"], true);
    if old["VersionId"] != "null" {
        out["CopySourceVersionId"] = old["VersionId"].clone();
    }
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
    rules::object_tags(&tags)?;
    set_tags(world, rq, tags)
}

pub(super) fn delete_tagging(world: &mut World, rq: &Request<'_>) -> Reply {
    set_tags(world, rq, json!([]))
}
