//! `GetObjectAttributes`.

use serde_json::{Value as Json, json};

use super::{
    checksums, customer_keys,
    objects::{meant, shown_version},
    tables::{bucket, versioning},
};
use crate::sandbox::{Fault, Reply, Request, World};

/// What may be asked for.
const KNOWN: &[&str] = &["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];

/// The parts of an object. Only those of uploads with checksums of their own are listed one by one (LocalStack's
/// recordings of AWS, `test_complete_multipart_parts_checksum_composite`, `…_full_object`).
fn parts(rq: &Request<'_>, row: &Json) -> Json {
    let sizes = row["_parts"].as_array().map_or(&[][..], Vec::as_slice);
    let mut out = json!({"TotalPartsCount": sizes.len()});
    let Some(sums) = row["_part_checksums"].as_array() else { return out };
    let number = |member: &str| rq.int(member).and_then(|n| usize::try_from(n).ok());
    let (after, most) =
        (number("PartNumberMarker").unwrap_or(0), number("MaxParts").unwrap_or(1000).min(1000));
    let all: Vec<Json> = sizes
        .iter()
        .zip(sums)
        .enumerate()
        .skip(after)
        .take(most)
        .map(|(at, (size, sum))| {
            let mut part = json!({"PartNumber": at + 1, "Size": size});
            checksums::show(&mut part, sum, false);
            part
        })
        .collect();
    let last = after + all.len();
    out["IsTruncated"] = json!(last < sizes.len());
    out["MaxParts"] = json!(most);
    out["PartNumberMarker"] = json!(after);
    out["NextPartNumberMarker"] = json!(last);
    out["Parts"] = json!(all);
    out
}

/// `GetObjectAttributes`: what the request names, of the object's content.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let (_, row) = meant(world, rq)?;
    customer_keys::of_read(rq, "", row)?;
    let wanted = rq.texts("ObjectAttributes");
    if let Some(other) = wanted.iter().find(|one| !KNOWN.contains(one)) {
        let mut fault = Fault::new("InvalidArgument", "Invalid attribute name specified.");
        fault.members = json!({"ArgumentName": "x-amz-object-attributes", "ArgumentValue": other});
        return Err(fault);
    }
    let mut out = json!({"LastModified": row["LastModified"]});
    for one in wanted {
        match one {
            "ETag" => out["ETag"] = json!(row["ETag"].as_str().unwrap_or_default().trim_matches('"')),
            "Checksum" if row["_checksum"]["kind"].is_string() => {
                out["Checksum"] = json!({});
                let mut sum = row["_checksum"].clone();
                // A checksum of checksums is told here without the number of parts.
                let value = sum["value"].as_str().unwrap_or_default();
                sum["value"] = json!(value.split_once('-').map_or(value, |(value, _)| value));
                checksums::show(&mut out["Checksum"], &sum, true);
            }
            "ObjectParts" if row["_parts"].is_array() => out["ObjectParts"] = parts(rq, row),
            "StorageClass" => out["StorageClass"] = json!(row["StorageClass"].as_str().unwrap_or("STANDARD")),
            "ObjectSize" => out["ObjectSize"] = row["Size"].clone(),
            _ => {}
        }
    }
    shown_version(&mut out, row, versioning(bucket(world, rq)?).is_some());
    Ok(out)
}
