//! Key pairs. There is no machine to log in to, so the private half that a creation answers is no key: random bytes in
//! the form of one.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use md5::{Digest, Md5};
use serde_json::{Value as Json, json};
use sha2::Sha256;

use super::{
    common::{Noun, invalid, lacking, tidy},
    filters,
};
use crate::sandbox::{Fault, Reply, Request, World};

pub(super) const KEY: Noun = Noun {
    table: "ec2.key-pair",
    prefix: "key",
    id: "KeyPairId",
    ids: "KeyPairIds",
    tags: "Tags",
    resource: "key-pair",
    missing: "InvalidKeyPair.NotFound",
    malformed: "InvalidKeyPair.NotFound",
    label: "key pair",
    filters: &[("fingerprint", "KeyFingerprint"), ("key-name", "KeyName"), ("key-pair-id", "KeyPairId")],
};

/// A key pair by name.
pub(super) fn named<'w>(world: &'w World, rq: &Request<'_>, name: &str) -> Result<&'w Json, Fault> {
    let message = || Fault::new(KEY.missing, format!("The key pair '{name}' does not exist"));
    KEY.all(world, rq).find(|row| row["KeyName"] == name).ok_or_else(message)
}

fn pairs(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

/// The request's name, which no other pair may have.
fn fresh<'r>(world: &World, rq: &'r Request<'_>) -> Result<&'r str, Fault> {
    let name = rq.text("KeyName");
    // API reference, CreateKeyPair: "Up to 255 ASCII characters".
    if name.is_empty() || name.len() > 255 || !name.is_ascii() {
        return Err(invalid(format!("Value ({name}) for parameter KeyName is invalid.")));
    }
    if named(world, rq, name).is_ok() {
        return Err(Fault::new(
            "InvalidKeyPair.Duplicate",
            format!("The keypair already exists: a key pair '{name}' is there."),
        ));
    }
    Ok(name)
}

/// What creations answer of a pair: neither its type nor its date.
fn made(row: &Json) -> Json {
    json!({
        "KeyName": row["KeyName"], "KeyFingerprint": row["KeyFingerprint"], "KeyPairId": row["KeyPairId"], "Tags": row["Tags"],
    })
}

/// `CreateKeyPair`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = fresh(world, rq)?.to_owned();
    let kind = rq.opt("KeyType").unwrap_or("rsa");
    let random = |world: &mut World, length: usize| -> Vec<u8> {
        (0..length.div_ceil(32)).flat_map(|_| Sha256::digest(world.hex(64))).take(length).collect()
    };
    // EC2 User Guide, "Verify the fingerprint of your key pair": SHA-1 of a created RSA key, SHA-256 of others.
    let (title, print) = if kind == "rsa" {
        ("RSA PRIVATE KEY", pairs(&Sha256::digest(random(world, 40))[..20]))
    } else {
        ("OPENSSH PRIVATE KEY", BASE64_STANDARD.encode(Sha256::digest(random(world, 40))))
    };
    let inner = BASE64_STANDARD.encode(random(world, if kind == "rsa" { 1190 } else { 280 }));
    let lines: Vec<&str> =
        (0..inner.len()).step_by(64).map(|at| &inner[at..inner.len().min(at + 64)]).collect();
    let material = match rq.opt("KeyFormat") {
        Some("ppk") => format!(
            "PuTTY-User-Key-File-3: {}\nEncryption: none\nComment: {name}\nPrivate-Lines: {}\n{}\n",
            if kind == "rsa" { "ssh-rsa" } else { "ssh-ed25519" },
            lines.len(),
            lines.join("\n")
        ),
        _ => format!("-----BEGIN {title}-----\n{}\n-----END {title}-----", lines.join("\n")),
    };
    let row = json!({
        "KeyName": name, "KeyType": kind, "KeyFingerprint": print, "CreateTime": world.now_secs(),
    });
    let id = KEY.create(world, rq, row)?;
    let mut shown = made(KEY.get(world, rq, &id)?);
    shown["KeyMaterial"] = json!(material);
    Ok(shown)
}

/// The fields of an OpenSSH key, each with its length before it.
fn fields(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        all.push(rest.get(..length)?);
        bytes = rest.get(length..)?;
    }
    Some(all)
}

/// One value of DER: its tag, its length, its content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    if content.len() >= 128 {
        out.push(0x80 | u8::try_from(significant.len()).unwrap_or_default());
    }
    out.extend_from_slice(significant);
    out.extend_from_slice(content);
    out
}

/// Type and fingerprint of a public key. EC2 User Guide, "Verify the fingerprint of your key pair": MD5 of an imported
/// RSA key in DER form, SHA-256 of an ED25519 key.
fn judged(text: &str) -> Option<(&'static str, String)> {
    let body = if text.trim_start().starts_with("----") {
        // RFC 4716: headers, which may go on after a backslash, and the key in lines.
        let mut inner = String::new();
        let mut header = false;
        for line in text.lines().map(str::trim_end).filter(|line| !line.starts_with("----")) {
            let begins = line.contains(':');
            if header || begins {
                header = line.ends_with('\\');
            } else {
                inner.push_str(line);
            }
        }
        inner
    } else {
        text.split_whitespace().nth(1)?.to_owned()
    };
    let bytes = BASE64_STANDARD.decode(body.replace('\\', "")).ok()?;
    let parts = fields(&bytes)?;
    match parts[..] {
        [b"ssh-rsa", exponent, modulus] => {
            // SubjectPublicKeyInfo with rsaEncryption (RFC 8017, A.1).
            let numbers = [der(2, modulus), der(2, exponent)].concat();
            let mut bits = vec![0];
            bits.extend(der(0x30, &numbers));
            let algorithm = [6, 9, 42, 134, 72, 134, 247, 13, 1, 1, 1, 5, 0];
            let whole = der(0x30, &[der(0x30, &algorithm), der(3, &bits)].concat());
            Some(("rsa", pairs(&Md5::digest(whole))))
        }
        [b"ssh-ed25519", _] => Some(("ed25519", BASE64_STANDARD.encode(Sha256::digest(&bytes)))),
        _ => None,
    }
}

/// `ImportKeyPair`.
pub(super) fn import(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = fresh(world, rq)?.to_owned();
    let bytes = BASE64_STANDARD.decode(rq.text("PublicKeyMaterial")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (kind, print) = judged(&text).ok_or_else(|| {
        // As in hashicorp/terraform-provider-aws#10117.
        Fault::new("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
    })?;
    let row = json!({
        "KeyName": name, "KeyType": kind, "KeyFingerprint": print, "CreateTime": world.now_secs(),
        "_public": text.trim(),
    });
    let id = KEY.create(world, rq, row)?;
    Ok(made(KEY.get(world, rq, &id)?))
}

/// `DescribeKeyPairs`; it has no pages.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let (names, ids) = (rq.texts("KeyNames"), rq.texts("KeyPairIds"));
    for name in &names {
        named(world, rq, name)?;
    }
    for id in &ids {
        KEY.get(world, rq, id)
            .map_err(|_| Fault::new(KEY.missing, format!("The key pair '{id}' does not exist")))?;
    }
    let asked = |row: &&Json| {
        (names.is_empty() && ids.is_empty())
            || names.iter().any(|name| row["KeyName"] == *name)
            || ids.iter().any(|id| row["KeyPairId"] == *id)
    };
    let public = rq.flag("IncludePublicKey");
    let rows = KEY.all(world, rq).filter(asked).map(|row| {
        let mut row = row.clone();
        if public {
            row["PublicKey"] = row["_public"].clone();
        }
        row
    });
    let rows = filters::apply(rows.collect(), rq.list("Filters"), KEY.filters, KEY.tags)?;
    Ok(json!({"KeyPairs": rows.into_iter().map(tidy).collect::<Vec<_>>()}))
}

/// `DeleteKeyPair`: one that is not there is deleted too (API reference, examples; `TestAccEC2KeyPair_disappears`).
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let found = match (rq.opt("KeyPairId"), rq.opt("KeyName")) {
        (None, None) => return Err(lacking("keyName")),
        (Some(id), _) => world.get(KEY.table, id).filter(|row| super::common::here(row, rq.region)),
        (None, Some(name)) => named(world, rq, name).ok(),
    };
    let id = found.and_then(|row| row["KeyPairId"].as_str()).map(ToOwned::to_owned);
    if let Some(id) = &id {
        world.remove(KEY.table, id);
    }
    Ok(tidy(json!({"Return": true, "KeyPairId": id})))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys and fingerprints of moto's `test_key_pairs_import`, the RSA ones of which AWS answers so.
    #[test]
    fn fingerprints_of_public_keys() {
        let rsa = "AAAAB3NzaC1yc2EAAAADAQABAAABAQDusXfgTE4eBP50NglSzCSEGnIL6+cr6m3H6cZANOQ+P1o/W4BdtcAL3sor4iGi7SOeJgo8k\
                   weyMQrhrt6HaKGgromRiz37LQx4YIAcBi4Zd023mO/V7Rc2Chh18mWgLSmA6ng+j37ip6452zxtv0jHAz9pJolbKBpJzbZlPN45ZC\
                   Tk9ck0fSVHRl6VRSSPQcpqi65XpRf+35zNOCGCc1mAOOTmw59Q2a6A3t8mL7r91aM5q6QOQm219lctFM8O7HRJnDgmhGpnjRwE1Ly\
                   KktWTbgFZ4SNWU2XqusUO07jKuSxzPumXBeU+JEtx0J1tqZwJlpGt2R+0qN7nKnPl2+hx";
        let print = "6a:49:07:1c:7e:bd:d2:bd:96:25:fe:b5:74:83:ae:fd";
        let expected = Some(("rsa", print.to_owned()));
        assert_eq!(judged(&format!("ssh-rsa {rsa} me@example.com")), expected);
        let rfc = format!(
            "---- BEGIN SSH2 PUBLIC KEY ----\nComment: a key \\\ngoing on\n{}\n{}\n---- END SSH2 PUBLIC KEY ----",
            &rsa[..70],
            &rsa[70..]
        );
        assert_eq!(judged(&rfc), expected);
        assert_eq!(judged("ssh-rsa AAAA"), None);
        assert_eq!(judged("sham-rsa"), None);
        let ed = judged("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEwsSB9HbTeKCdkSlMZeTq9jZggaPJUwAsUi/7wakB+B x");
        assert_eq!(ed.map(|(kind, print)| (kind, print.len())), Some(("ed25519", 44)));
    }
}
