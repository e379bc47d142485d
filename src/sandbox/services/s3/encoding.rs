//! `EncodingType=url`: keys and prefixes of a listing travel percent-encoded, because XML cannot carry them all.

use serde_json::Value as Json;

use crate::sandbox::Request;

/// Members of a listing itself that are encoded.
const FRAME: &[&str] =
    &["Delimiter", "KeyMarker", "Marker", "NextKeyMarker", "NextMarker", "Prefix", "StartAfter"];
/// Lists whose items' `Key` or `Prefix` is encoded.
const LISTS: &[&str] = &["CommonPrefixes", "Contents", "DeleteMarkers", "Uploads", "Versions"];

/// As S3 encodes: a blank becomes `+`, slashes stay.
fn url(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b if b.is_ascii_alphanumeric() || b"-_.*/".contains(&b) => out.push(char::from(b)),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

fn encode(value: &mut Json) {
    if let Some(text) = value.as_str() {
        *value = Json::String(url(text));
    }
}

/// The listing, encoded if the request asks for it.
pub(super) fn encoded(rq: &Request<'_>, mut out: Json) -> Json {
    if rq.opt("EncodingType") != Some("url") {
        return out;
    }
    out["EncodingType"] = Json::String("url".to_owned());
    for member in FRAME {
        if let Some(value) = out.get_mut(member) {
            encode(value);
        }
    }
    for list in LISTS {
        for item in out.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten() {
            for member in ["Key", "Prefix"] {
                if let Some(value) = item.get_mut(member) {
                    encode(value);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_encoded_only_when_asked_for() {
        let listing = json!({"Prefix": "a b", "Contents": [{"Key": "a b/c+d.txt", "ETag": "\"+\""}]});
        let rq = |input| Request { operation: "ListObjectsV2", region: "us-east-1", access_key: "", input };
        assert_eq!(encoded(&rq(json!({})), listing.clone()), listing);
        let got = encoded(&rq(json!({"EncodingType": "url"})), listing);
        assert_eq!(got["Contents"][0], json!({"Key": "a+b/c%2Bd.txt", "ETag": "\"+\""}));
        assert_eq!(got["Prefix"], "a+b");
        assert_eq!(url("ä"), "%C3%A4");
    }
}
