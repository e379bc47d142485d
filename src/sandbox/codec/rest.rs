//! Bindings of the REST protocols: which operation a method and path mean, and members outside the body.

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value as Json};

use super::{
    aws_chunked,
    form::scalar,
    json,
    model::{Location, Model, OperationModel, Ref, Shape, Type},
    wire::{Incoming, Protocol},
    xml_in, xml_tree,
};
use crate::sandbox::Fault;

/// Older operations that share their binding with the ones which replaced them.
const SUPERSEDED: &[&str] =
    &["GetBucketLifecycle", "PutBucketLifecycle", "GetBucketNotification", "PutBucketNotification"];

/// Labels of a path by name.
pub type Labels = Vec<(String, String)>;

/// Finds the operation of a request. `path` is the path with the bucket in front.
pub fn route<'m>(model: &'m Model, rq: &Incoming, path: &str) -> Option<(&'m OperationModel, Labels)> {
    let mut best: Option<((bool, usize, usize), &OperationModel, Labels)> = None;
    for operation in model.operations.values() {
        if operation.http.method != rq.method || SUPERSEDED.contains(&operation.name.as_str()) {
            continue;
        }
        let (pattern, markers) =
            operation.http.request_uri.split_once('?').unwrap_or((&operation.http.request_uri, ""));
        let Some((labels, literals)) = labels(pattern, path) else { continue };
        let markers: Vec<&str> = markers.split('&').filter(|m| !m.is_empty()).collect();
        let marked = markers.iter().all(|marker| match marker.split_once('=') {
            Some((name, value)) => rq.parameter(name) == Some(value),
            None => rq.parameter(marker).is_some(),
        });
        if !marked {
            continue;
        }
        let (satisfied, required) = required(model, operation, rq);
        let rank = (satisfied, literals * 100 + markers.len() * 10 + required, 0);
        if best.as_ref().is_none_or(|(other, ..)| rank > *other) {
            best = Some((rank, operation, labels));
        }
    }
    best.map(|(_, operation, labels)| (operation, labels))
}

/// Whether required query and header members are there, and how many there are: `GET ?analytics` lists,
/// `GET ?analytics&id=x` gets.
fn required(model: &Model, operation: &OperationModel, rq: &Incoming) -> (bool, usize) {
    let Some(shape) = operation.input.as_ref().map(|input| model.shape(input)) else { return (true, 0) };
    let (mut satisfied, mut count) = (true, 0);
    for member in &shape.required {
        let Some(reference) = shape.members.get(member) else { continue };
        let name = model.location_name(reference).unwrap_or(member);
        match reference.location {
            Some(Location::QueryString) => satisfied &= rq.parameter(name).is_some(),
            Some(Location::Header) => satisfied &= rq.header(name).is_some(),
            _ => continue,
        }
        count += 1;
    }
    (satisfied, count)
}

fn labels(pattern: &str, path: &str) -> Option<(Labels, usize)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pattern: Vec<&str> = pattern.trim_matches('/').split('/').filter(|part| !part.is_empty()).collect();
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut rest = Some(path).filter(|p| !p.is_empty());
    let (mut labels, mut literals) = (Vec::new(), 0);
    for part in pattern {
        let here = rest?;
        match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
            Some(name) if name.ends_with('+') => {
                labels.push((name.trim_end_matches('+').to_owned(), decode(here)));
                rest = None;
                continue;
            }
            Some(name) => {
                let (segment, tail) = here.split_once('/').map_or((here, None), |(s, t)| (s, Some(t)));
                if segment.is_empty() {
                    return None;
                }
                labels.push((name.to_owned(), decode(segment)));
                rest = tail;
            }
            None => {
                let (segment, tail) = here.split_once('/').map_or((here, None), |(s, t)| (s, Some(t)));
                if segment != part {
                    return None;
                }
                literals += 1;
                rest = tail;
            }
        }
        rest = rest.filter(|tail| !tail.is_empty());
    }
    rest.is_none().then_some((labels, literals))
}

/// The path with the bucket in front, whether it came in the host or in the path.
pub fn bucket_path(rq: &Incoming) -> String {
    let host = rq.host();
    let before = |mark: &str| host.split_once(mark).map(|(bucket, _)| bucket);
    let bucket = before(".s3.").or_else(|| before(".s3-")).or_else(|| host.strip_suffix(".localhost"));
    match bucket.filter(|bucket| !bucket.is_empty() && *bucket != "s3") {
        Some(bucket) => format!("/{bucket}{}", rq.path),
        None => rq.path.clone(),
    }
}

/// Reads an operation's input from path, query string, headers and body.
pub fn read(
    model: &Model,
    protocol: Protocol,
    operation: &OperationModel,
    labels: &Labels,
    rq: &Incoming,
) -> Result<Json, Fault> {
    let Some(input) = &operation.input else { return Ok(Json::Object(Map::new())) };
    let shape = model.shape(input);
    known_query(model, protocol, operation, shape, rq)?;
    let mut out = Map::new();
    for (member, reference) in &shape.members {
        let name = model.location_name(reference).unwrap_or(member);
        let text = match reference.location {
            Some(Location::Uri) => {
                labels.iter().find(|(label, _)| label == name).map(|(_, value)| value.clone())
            }
            Some(Location::QueryString) => {
                if model.shape(reference).kind == Type::List {
                    let values = rq.query.iter().filter(|(key, _)| key == name);
                    let values: Vec<Json> =
                        values.map(|(_, v)| Json::String(v.clone().unwrap_or_default())).collect();
                    if !values.is_empty() {
                        out.insert(member.clone(), Json::Array(values));
                    }
                    continue;
                }
                rq.parameter(name).map(ToOwned::to_owned)
            }
            Some(Location::Header) => rq.header(name).map(ToOwned::to_owned),
            Some(Location::Headers) => {
                let mut map = Map::new();
                for (key, value) in &rq.headers {
                    if let (Some(rest), Ok(value)) = (key.as_str().strip_prefix(name), value.to_str()) {
                        map.insert(rest.to_owned(), Json::String(value.to_owned()));
                    }
                }
                if !map.is_empty() {
                    out.insert(member.clone(), Json::Object(map));
                }
                continue;
            }
            Some(Location::StatusCode) | None => continue,
        };
        let Some(text) = text else { continue };
        let value = header_value(model, reference, &text).ok_or_else(|| {
            Fault::new("InvalidArgument", format!("Value ({text}) for parameter {name} has the wrong type"))
        })?;
        out.insert(member.clone(), value);
    }
    if model.metadata.service_id == "S3" {
        content_digest(rq)?;
    }
    body(model, protocol, &operation.name, shape, rq, &mut out)?;
    Ok(Json::Object(out))
}

/// Checks the body against the digest that a request to S3 brings (LocalStack's recordings of AWS,
/// `test_s3_invalid_content_md5`).
fn content_digest(rq: &Incoming) -> Result<(), Fault> {
    use md5::{Digest, Md5};
    let Some(sent) = rq.header("content-md5") else { return Ok(()) };
    let Some(expected) = STANDARD.decode(sent).ok().filter(|bytes| bytes.len() == 16) else {
        let mut fault = Fault::new("InvalidDigest", "The Content-MD5 you specified was invalid.");
        fault.members = serde_json::json!({"Content-MD5": sent});
        return Err(fault);
    };
    let calculated = Md5::digest(payload(rq)?);
    if expected[..] != calculated[..] {
        let mut fault =
            Fault::new("BadDigest", "The Content-MD5 you specified did not match what we received.");
        fault.members =
            serde_json::json!({"ExpectedDigest": sent, "CalculatedDigest": STANDARD.encode(calculated)});
        return Err(fault);
    }
    Ok(())
}

/// Refuses what the query string holds beyond the operation's members and markers. In S3 a stranger names a
/// sub-resource, so that another operation is meant, one that is not modelled.
fn known_query(
    model: &Model,
    protocol: Protocol,
    operation: &OperationModel,
    shape: &Shape,
    rq: &Incoming,
) -> Result<(), Fault> {
    let markers = operation.http.request_uri.split_once('?').map_or("", |(_, markers)| markers);
    let markers: Vec<&str> =
        markers.split('&').map(|marker| marker.split('=').next().unwrap_or_default()).collect();
    let members = || shape.members.iter().filter(|(_, r)| r.location == Some(Location::QueryString));
    if members().any(|(_, r)| model.shape(r).kind == Type::Map) {
        return Ok(());
    }
    for (key, _) in &rq.query {
        // The SDKs' hint at the operation, and signatures that travel in the query string.
        let envelope = key == "x-id"
            || key.to_ascii_lowercase().starts_with("x-amz-")
            || matches!(key.as_str(), "AWSAccessKeyId" | "Signature" | "Expires");
        let known = envelope
            || markers.contains(&key.as_str())
            || members().any(|(member, r)| model.location_name(r).unwrap_or(member) == key);
        if !known && protocol == Protocol::RestXml && operation.http.request_uri.starts_with("/{Bucket}") {
            let message = format!("the sandbox does not model the sub-resource {key} of {}", operation.name);
            return Err(Fault::new(super::NOT_IMPLEMENTED, message));
        }
        if !known {
            return Err(super::form::unknown(key));
        }
    }
    Ok(())
}

fn header_value(model: &Model, reference: &Ref, text: &str) -> Option<Json> {
    if model.shape(reference).kind == Type::List {
        let item = model.shape(reference).member.as_ref()?;
        return text.split(',').map(|part| scalar(model, item, part.trim(), "rfc822")).collect();
    }
    scalar(model, reference, text, "rfc822")
}

/// Settings of S3 whose document the model does not require, and S3 does.
const BODIES: &[&str] = &["PutObjectLockConfiguration", "PutObjectLegalHold", "PutObjectRetention"];

fn body(
    model: &Model,
    protocol: Protocol,
    operation: &str,
    shape: &Shape,
    rq: &Incoming,
    out: &mut Map<String, Json>,
) -> Result<(), Fault> {
    let bytes = payload(rq)?;
    if model.metadata.service_id == "S3" && bytes.is_empty() && BODIES.contains(&operation) {
        // moto's test_put_object_lock_misconfiguration, which AWS passes.
        return Err(Fault::new("MissingRequestBodyError", "Request Body is empty"));
    }
    let malformed = || {
        Fault::new(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        )
    };
    if let Some((member, reference)) =
        shape.payload.as_ref().and_then(|name| shape.members.get_key_value(name))
    {
        let target = model.shape(reference);
        match target.kind {
            Type::Blob => {
                out.insert(member.clone(), Json::String(STANDARD.encode(&bytes)));
            }
            Type::String => {
                if !bytes.is_empty() {
                    out.insert(
                        member.clone(),
                        Json::String(String::from_utf8(bytes).map_err(|_| malformed())?),
                    );
                }
            }
            _ if bytes.is_empty() => {}
            _ if protocol == Protocol::RestJson => {
                let value = serde_json::from_slice(&bytes).map_err(|_| malformed())?;
                out.insert(member.clone(), json::read(model, reference, &value, member)?);
            }
            _ => {
                let text = std::str::from_utf8(&bytes).map_err(|_| malformed())?;
                let root = xml_tree::parse(text).ok_or_else(malformed)?;
                out.insert(member.clone(), Json::Object(xml_in::structure(model, target, &root, "")?));
            }
        }
        return Ok(());
    }
    if bytes.is_empty() {
        return Ok(());
    }
    if protocol == Protocol::RestJson {
        let value: Json = serde_json::from_slice(&bytes).map_err(|_| malformed())?;
        for (name, inner) in value.as_object().ok_or_else(malformed)? {
            let wired = |(_, reference): &(&String, &Ref)| {
                reference.location.is_none() && model.location_name(reference) == Some(name)
            };
            let found =
                shape.members.get_key_value(name).or_else(|| shape.members.iter().find(|one| wired(one)));
            let (member, reference) = found.ok_or_else(|| super::form::unknown(name))?;
            out.insert(member.clone(), json::read(model, reference, inner, name)?);
        }
        return Ok(());
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| malformed())?;
    let root = xml_tree::parse(text).ok_or_else(malformed)?;
    out.extend(xml_in::structure(model, shape, &root, "")?);
    Ok(())
}

/// The body without `aws-chunked` framing.
fn payload(rq: &Incoming) -> Result<Vec<u8>, Fault> {
    let chunked = rq.header("content-encoding").is_some_and(|v| v.contains("aws-chunked"))
        || rq.header("x-amz-content-sha256").is_some_and(|v| v.starts_with("STREAMING-"));
    if !chunked {
        return Ok(rq.body.clone());
    }
    aws_chunked::unframe(&rq.body)
        .ok_or_else(|| Fault::new("IncompleteBody", "The request body terminated unexpectedly"))
}
