//! Lists of objects and of versions, with prefixes, delimiters and markers.

use serde_json::{Value as Json, json};

use super::{
    checksums,
    encoding::encoded,
    tables::{self, bucket, owner},
};
use crate::sandbox::{Fault, Reply, Request, World};

/// One entry of a listing, under the name that orders it.
enum Entry {
    Item { name: String, row: Json, latest: bool },
    Folder(String),
}

impl Entry {
    fn name(&self) -> &str {
        match self {
            Self::Item { name, .. } | Self::Folder(name) => name,
        }
    }
}

/// All entries below the request's prefix; keys that contain its delimiter after that fold into folders.
fn entries(world: &World, rq: &Request<'_>, every_version: bool) -> Vec<Entry> {
    let (prefix, delimiter) = (rq.text("Prefix"), rq.text("Delimiter"));
    let mut out: Vec<Entry> = Vec::new();
    let mut last = None;
    for (_, row) in tables::versions(world, rq.text("Bucket")) {
        let key = row["Key"].as_str().unwrap_or_default();
        let latest = last.as_deref() != Some(key);
        last = Some(key.to_owned());
        if !key.starts_with(prefix) || (!every_version && (!latest || row["_marker"] == true)) {
            continue;
        }
        let folder = (!delimiter.is_empty())
            .then(|| {
                key[prefix.len()..].find(delimiter).map(|at| &key[..prefix.len() + at + delimiter.len()])
            })
            .flatten();
        match folder {
            Some(folder) if out.last().is_some_and(|e| matches!(e, Entry::Folder(f) if f == folder)) => {}
            Some(folder) => out.push(Entry::Folder(folder.to_owned())),
            None => out.push(Entry::Item { name: key.to_owned(), row: row.clone(), latest }),
        }
    }
    out
}

fn limit(rq: &Request<'_>) -> usize {
    rq.int("MaxKeys").and_then(|n| usize::try_from(n).ok()).unwrap_or(1000).min(1000)
}

fn folders(page: &[Entry]) -> Vec<Json> {
    page.iter()
        .filter_map(|entry| match entry {
            Entry::Folder(prefix) => Some(json!({"Prefix": prefix})),
            Entry::Item { .. } => None,
        })
        .collect()
}

fn contents(page: &[Entry], owner: Option<&Json>) -> Vec<Json> {
    page.iter()
        .filter_map(|entry| match entry {
            Entry::Item { row, .. } => {
                let mut out = json!({
                    "Key": row["Key"], "ETag": row["ETag"], "Size": row["Size"],
                    "LastModified": row["LastModified"],
                    "StorageClass": row["StorageClass"].as_str().unwrap_or("STANDARD"),
                });
                checksums::list(&mut out, &row["_checksum"]);
                if let Some(owner) = owner {
                    out["Owner"] = owner.clone();
                }
                Some(out)
            }
            Entry::Folder(_) => None,
        })
        .collect()
}

/// What every listing repeats of its request.
fn frame(rq: &Request<'_>, more: bool) -> Json {
    let mut out = json!({"Name": rq.text("Bucket"), "Prefix": rq.text("Prefix"), "MaxKeys": limit(rq), "IsTruncated": more});
    if let Some(delimiter) = rq.opt("Delimiter").filter(|text| !text.is_empty()) {
        out["Delimiter"] = json!(delimiter);
    }
    out
}

fn set_lists(out: &mut Json, lists: [(&str, Vec<Json>); 2]) {
    for (name, list) in lists {
        if !list.is_empty() {
            out[name] = json!(list);
        }
    }
}

pub(super) fn objects_v2(world: &mut World, rq: &Request<'_>) -> Reply {
    bucket(world, rq)?;
    let after = match rq.opt("ContinuationToken") {
        Some(token) => hex::decode(token)
            .ok()
            .and_then(|raw| String::from_utf8(raw).ok())
            .ok_or_else(|| Fault::new("InvalidArgument", "The continuation token provided is incorrect"))?,
        None => rq.text("StartAfter").to_owned(),
    };
    let mut all = entries(world, rq, false);
    all.retain(|entry| after.is_empty() || entry.name() > after.as_str());
    let more = all.len() > limit(rq);
    all.truncate(limit(rq));
    let mut out = frame(rq, more);
    let owner = owner(world);
    let listed = contents(&all, rq.flag("FetchOwner").then_some(&owner));
    out["KeyCount"] = json!(all.len());
    set_lists(&mut out, [("Contents", listed), ("CommonPrefixes", folders(&all))]);
    // A token says where to go on; where the listing began is no longer told.
    match (rq.opt("ContinuationToken"), rq.opt("StartAfter")) {
        (Some(token), _) => out["ContinuationToken"] = json!(token),
        (None, Some(after)) => out["StartAfter"] = json!(after),
        (None, None) => {}
    }
    if more {
        out["NextContinuationToken"] = json!(hex::encode(all.last().map_or("", Entry::name)));
    }
    Ok(encoded(rq, out))
}

pub(super) fn objects(world: &mut World, rq: &Request<'_>) -> Reply {
    bucket(world, rq)?;
    let marker = rq.text("Marker");
    let mut all = entries(world, rq, false);
    all.retain(|entry| marker.is_empty() || entry.name() > marker);
    let more = all.len() > limit(rq);
    all.truncate(limit(rq));
    let mut out = frame(rq, more);
    let owner = owner(world);
    out["Marker"] = json!(marker);
    set_lists(&mut out, [("Contents", contents(&all, Some(&owner))), ("CommonPrefixes", folders(&all))]);
    if more && rq.opt("Delimiter").is_some() {
        out["NextMarker"] = json!(all.last().map_or("", Entry::name));
    }
    Ok(encoded(rq, out))
}

fn versions_page(world: &World, rq: &Request<'_>) -> (Vec<Entry>, bool) {
    let (key, version) = (rq.text("KeyMarker"), rq.opt("VersionIdMarker").filter(|v| !v.is_empty()));
    let all = entries(world, rq, true);
    let start = if key.is_empty() {
        0
    } else {
        let named = version.and_then(|version| {
            all.iter().position(
                |entry| matches!(entry, Entry::Item { name, row, .. } if name == key && row["VersionId"] == version),
            )
        });
        match named {
            Some(at) => at + 1,
            None => all.iter().position(|entry| entry.name() > key).unwrap_or(all.len()),
        }
    };
    let mut page: Vec<Entry> = all.into_iter().skip(start).collect();
    let more = page.len() > limit(rq);
    page.truncate(limit(rq));
    (page, more)
}

fn versions_listing(world: &World, rq: &Request<'_>) -> Json {
    let (page, more) = versions_page(world, rq);
    let mut out = frame(rq, more);
    let owner = owner(world);
    let (mut versions, mut markers) = (Vec::new(), Vec::new());
    for entry in &page {
        let Entry::Item { row, latest, .. } = entry else { continue };
        let mut one = json!({
            "Key": row["Key"], "VersionId": row["VersionId"], "IsLatest": latest, "LastModified": row["LastModified"],
            "Owner": owner,
        });
        if row["_marker"] == true {
            markers.push(one);
        } else {
            one["ETag"] = row["ETag"].clone();
            one["Size"] = row["Size"].clone();
            one["StorageClass"] = json!(row["StorageClass"].as_str().unwrap_or("STANDARD"));
            checksums::list(&mut one, &row["_checksum"]);
            versions.push(one);
        }
    }
    out["KeyMarker"] = json!(rq.text("KeyMarker"));
    out["VersionIdMarker"] = json!(rq.text("VersionIdMarker"));
    set_lists(&mut out, [("Versions", versions), ("DeleteMarkers", markers)]);
    let folders = folders(&page);
    if !folders.is_empty() {
        out["CommonPrefixes"] = json!(folders);
    }
    if more && let Some(last) = page.last() {
        out["NextKeyMarker"] = json!(last.name());
        if let Entry::Item { row, .. } = last {
            out["NextVersionIdMarker"] = row["VersionId"].clone();
        }
    }
    out
}

pub(super) fn versions(world: &mut World, rq: &Request<'_>) -> Reply {
    bucket(world, rq)?;
    Ok(encoded(rq, versions_listing(world, rq)))
}
