//! Checksums of objects and parts: kept as they were sent, computed where none was (S3 User Guide, "Checking object
//! integrity in Amazon S3").

use aws_smithy_checksums::ChecksumAlgorithm;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Request};

/// Algorithms with the members that carry their values.
pub(super) const KINDS: &[(&str, &str)] = &[
    ("CRC32", "ChecksumCRC32"),
    ("CRC32C", "ChecksumCRC32C"),
    ("CRC64NVME", "ChecksumCRC64NVME"),
    ("SHA1", "ChecksumSHA1"),
    ("SHA256", "ChecksumSHA256"),
];

fn request(message: impl Into<String>) -> Fault {
    Fault::new("InvalidRequest", message)
}

/// The member that carries an algorithm's value.
pub(super) fn member(kind: &str) -> &'static str {
    KINDS.iter().find(|(name, _)| *name == kind).map_or("ChecksumCRC64NVME", |(_, member)| member)
}

fn digest(kind: &str, content: &[u8]) -> Vec<u8> {
    let Ok(algorithm) = kind.to_ascii_lowercase().parse::<ChecksumAlgorithm>() else { return Vec::new() };
    let mut checksum = algorithm.into_impl();
    checksum.update(content);
    checksum.finalize().to_vec()
}

/// A content's checksum.
pub(super) fn of(kind: &str, content: &[u8]) -> String {
    STANDARD.encode(digest(kind, content))
}

/// The algorithm and the value that a request brings.
fn sent<'r>(rq: &'r Request<'_>) -> Result<Option<(&'static str, &'r str)>, Fault> {
    let mut all = KINDS.iter().filter_map(|(kind, member)| Some((*kind, rq.opt(member)?)));
    let first = all.next();
    if all.next().is_some() {
        return Err(request(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        ));
    }
    Ok(first)
}

/// The algorithm that a request names without a value: the value then travels behind the content.
fn named(rq: &Request<'_>) -> Option<&'static str> {
    let wanted = rq.opt("ChecksumAlgorithm")?;
    KINDS.iter().find(|(kind, _)| *kind == wanted).map(|(kind, _)| *kind)
}

/// The checksum that the content of a request gets, checked against the one it brings; `None` if it brings none.
pub(super) fn brought(rq: &Request<'_>, content: &[u8]) -> Result<Option<Json>, Fault> {
    let Some((kind, value)) = sent(rq)? else {
        return Ok(named(rq).map(|kind| whole(kind, content)));
    };
    let own = of(kind, content);
    let length = STANDARD.decode(value).map(|bytes| bytes.len());
    if length != Ok(STANDARD.decode(&own).unwrap_or_default().len()) {
        let header = kind.to_ascii_lowercase();
        return Err(request(format!("Value for x-amz-checksum-{header} header is invalid.")));
    }
    if own != value {
        return Err(Fault::new(
            "BadDigest",
            format!("The {kind} you specified did not match the calculated checksum."),
        ));
    }
    Ok(Some(whole(kind, content)))
}

/// The checksum of a content as a whole.
pub(super) fn whole(kind: &str, content: &[u8]) -> Json {
    json!({"kind": kind, "value": of(kind, content), "type": "FULL_OBJECT"})
}

/// The checksum of an object put at once: S3 computes one where none is sent.
pub(super) fn of_object(rq: &Request<'_>, content: &[u8]) -> Result<Json, Fault> {
    Ok(brought(rq, content)?.unwrap_or_else(|| whole("CRC64NVME", content)))
}

/// Adds a checksum to an answer, with its type where the answer has one.
pub(super) fn show(out: &mut Json, checksum: &Json, typed: bool) {
    let (Some(kind), Some(value)) = (checksum["kind"].as_str(), checksum["value"].as_str()) else { return };
    out[member(kind)] = json!(value);
    if typed {
        out["ChecksumType"] = checksum["type"].clone();
    }
}

/// Adds a checksum's algorithm and type to an item of a listing.
pub(super) fn list(out: &mut Json, checksum: &Json) {
    if checksum["kind"].is_string() {
        out["ChecksumAlgorithm"] = json!([checksum["kind"]]);
        out["ChecksumType"] = checksum["type"].clone();
    }
}

/// The algorithm and type of a new upload in parts; `None` if none was asked for.
pub(super) fn of_upload(rq: &Request<'_>) -> Result<Option<(&'static str, &'static str)>, Fault> {
    let Some(kind) = named(rq) else {
        return match rq.opt("ChecksumType") {
            None => Ok(None),
            Some(_) => Err(request(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
            )),
        };
    };
    let default = if kind == "CRC64NVME" { "FULL_OBJECT" } else { "COMPOSITE" };
    let wanted =
        if rq.opt("ChecksumType").unwrap_or(default) == "COMPOSITE" { "COMPOSITE" } else { "FULL_OBJECT" };
    let fits = match wanted {
        "COMPOSITE" => kind != "CRC64NVME",
        _ => !kind.starts_with("SHA"),
    };
    if !fits {
        let name = kind.to_ascii_lowercase();
        return Err(request(format!(
            "The {wanted} checksum type cannot be used with the {name} checksum algorithm."
        )));
    }
    Ok(Some((kind, wanted)))
}

/// The checksum of a completed upload: of the whole content, or of its parts' checksums.
pub(super) fn of_parts(kind: &str, how: &str, content: &[u8], parts: &[&[u8]]) -> Json {
    if how != "COMPOSITE" {
        return whole(kind, content);
    }
    let all: Vec<u8> = parts.iter().flat_map(|part| digest(kind, part)).collect();
    json!({"kind": kind, "value": format!("{}-{}", of(kind, &all), parts.len()), "type": "COMPOSITE"})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published check values of each algorithm for "123456789".
    #[test]
    fn values_are_those_of_the_algorithms() {
        for (kind, value) in [
            ("CRC32", "cbf43926"),
            ("CRC32C", "e3069283"),
            ("CRC64NVME", "ae8b14860a799888"),
            ("SHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
        ] {
            assert_eq!(hex::encode(digest(kind, b"123456789")), value, "{kind}");
        }
    }
}
