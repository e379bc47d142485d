//! Key material. What KMS makes itself follows from the world's seed and the key's id and is written down only where making
//! it again would cost time (RSA); what was imported stands in `kms.private`. Both belong to a rehearsal and protect nothing.
//!
//! A key's history of material stands in its row under `_materials`, in the entries' form of `ListKeyRotations`; a key that
//! was never rotated and imported nothing has none.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::store::KEY;
use crate::sandbox::{
    Fault, World,
    codec::NOT_IMPLEMENTED,
    crypto::{curve::Curve, draw::Draw, rsa},
};

/// Imported material and RSA keys: under the key's id, of symmetric keys under `id/material`.
pub const PRIVATE: &str = "kms.private";

/// What a key works with.
pub enum Secret {
    /// Symmetric keys and those of MACs.
    Bytes(Vec<u8>),
    /// RSA.
    Rsa(Box<rsa::Key>),
    /// A curve and the private number on it.
    Curve(Box<Curve>, Vec<u8>),
    /// Ed25519's seed.
    Edwards(Vec<u8>),
}

/// Bytes that nobody can foresee who does not know the world's seed.
pub fn random(world: &mut World, count: usize) -> Vec<u8> {
    stream(world).bytes(count)
}

/// A stream of such bytes.
pub fn stream(world: &mut World) -> Draw {
    Draw::new(format!("kms.random:{}", world.hex(64)).as_bytes())
}

/// Bits of an RSA key by its spec.
pub fn rsa_bits(spec: &str) -> Option<usize> {
    spec.strip_prefix("RSA_")?.parse().ok()
}

/// Bytes of a symmetric key or of a MAC's ("Key spec reference", KMS Developer Guide).
pub fn length(spec: &str) -> usize {
    match spec {
        "HMAC_224" => 28,
        "HMAC_384" => 48,
        "HMAC_512" => 64,
        _ => 32,
    }
}

/// Nobody computes with such keys here.
fn beyond(spec: &str) -> Fault {
    let message =
        format!("The sandbox does not compute with keys of spec {spec}: it keeps and describes them.");
    Fault::new(NOT_IMPLEMENTED, message)
}

/// A new secret for a spec.
///
/// # Errors
/// The sandbox does not know the arithmetic.
pub fn generate(spec: &str, draw: &mut Draw) -> Result<Secret, Fault> {
    if let Some(bits) = rsa_bits(spec) {
        return rsa::Key::generate(bits, draw)
            .map(|key| Secret::Rsa(Box::new(key)))
            .ok_or_else(|| beyond(spec));
    }
    if let Some(curve) = Curve::of(spec) {
        let private = curve.generate(draw);
        return Ok(Secret::Curve(Box::new(curve), private));
    }
    match spec {
        "ECC_NIST_EDWARDS25519" => Ok(Secret::Edwards(draw.bytes(32))),
        "SYMMETRIC_DEFAULT" => Ok(Secret::Bytes(draw.bytes(32))),
        spec if spec.starts_with("HMAC_") => Ok(Secret::Bytes(draw.bytes(length(spec)))),
        _ => Err(beyond(spec)),
    }
}

/// A secret as clients write it down: PKCS #8, or the bytes themselves.
pub fn written(secret: &Secret) -> Vec<u8> {
    match secret {
        Secret::Bytes(bytes) => bytes.clone(),
        Secret::Rsa(key) => key.private_der(),
        Secret::Curve(curve, private) => curve.private_der(private).unwrap_or_default(),
        Secret::Edwards(seed) => {
            use crate::sandbox::crypto::der;
            der::private_key(&[der::oid(der::ED25519)], &der::octets(seed))
        }
    }
}

/// A secret from what clients wrote down; nothing if it does not go with the spec.
pub fn read(spec: &str, bytes: &[u8]) -> Option<Secret> {
    use crate::sandbox::crypto::der;
    if let Some(bits) = rsa_bits(spec) {
        let key = rsa::Key::read(bytes).filter(|key| key.size() == bits)?;
        return Some(Secret::Rsa(Box::new(key)));
    }
    if let Some(curve) = Curve::of(spec) {
        let private = curve.read_private(bytes)?;
        return Some(Secret::Curve(Box::new(curve), private));
    }
    if spec == "ECC_NIST_EDWARDS25519" {
        let (name, _, key) = der::read_private_key(bytes)?;
        let seed = der::Reader::new(key).octets().filter(|seed| seed.len() == 32 && name == der::ED25519)?;
        return Some(Secret::Edwards(seed.to_vec()));
    }
    (bytes.len() == length(spec)).then(|| Secret::Bytes(bytes.to_vec()))
}

/// What `GetPublicKey` shows of a secret; nothing of a symmetric one.
pub fn public(secret: &Secret) -> Option<Vec<u8>> {
    use crate::sandbox::crypto::der;
    match secret {
        Secret::Bytes(_) => None,
        Secret::Rsa(key) => Some(key.public_der()),
        Secret::Curve(curve, private) => curve.public_der(private),
        Secret::Edwards(seed) => {
            use ring::signature::{Ed25519KeyPair, KeyPair};
            let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
            Some(der::public_key(&[der::oid(der::ED25519)], pair.public_key().as_ref()))
        }
    }
}

fn kept(world: &World, place: &str) -> Option<Vec<u8>> {
    STANDARD.decode(world.get(PRIVATE, place)?["secret"].as_str()?).ok()
}

/// Writes a secret down.
pub fn keep(world: &mut World, place: &str, secret: &[u8]) {
    world.put(PRIVATE, place, json!({"secret": STANDARD.encode(secret)}));
}

/// Where the secret of a key's material is written down.
pub fn place(key: &Json, material: Option<&str>) -> String {
    let id = key["KeyId"].as_str().unwrap_or_default();
    match material {
        Some(material) => format!("{id}/{material}"),
        None => id.to_owned(),
    }
}

/// The secret of a key; of a symmetric one, that of one of its materials.
///
/// # Errors
/// The sandbox does not know the arithmetic.
pub fn secret(world: &mut World, key: &Json, material: Option<&str>) -> Result<Secret, Fault> {
    let spec = key["KeySpec"].as_str().unwrap_or_default();
    let place = place(key, material);
    if let Some(known) = kept(world, &place).and_then(|bytes| read(spec, &bytes)) {
        return Ok(known);
    }
    let mut draw = Draw::new(format!("kms.material:{}:{place}", world.seed).as_bytes());
    let made = generate(spec, &mut draw)?;
    if matches!(made, Secret::Rsa(_)) {
        keep(world, &place, &written(&made));
    }
    Ok(made)
}

/// The bytes of a symmetric key's material.
pub fn symmetric(world: &mut World, key: &Json, material: &str) -> Result<Vec<u8>, Fault> {
    match secret(world, key, Some(material))? {
        Secret::Bytes(bytes) => Ok(bytes),
        _ => Err(beyond(key["KeySpec"].as_str().unwrap_or_default())),
    }
}

/// The id of imported material: the same for the same bytes in the same key.
pub fn imported_id(key: &Json, bytes: &[u8]) -> String {
    let mut digest = Sha256::new();
    digest.update(key["KeyId"].as_str().unwrap_or_default());
    digest.update(bytes);
    hex::encode(digest.finalize())
}

/// All material that a symmetric key has or had, the oldest first.
pub fn all(key: &Json) -> Vec<Json> {
    match &key["_materials"] {
        Json::Array(all) => all.clone(),
        _ => match key["CurrentKeyMaterialId"].as_str() {
            Some(id) => vec![json!({"KeyMaterialId": id, "KeyMaterialState": "CURRENT"})],
            None => Vec::new(),
        },
    }
}

/// Whether a key ever had that material and has it still.
pub fn has(key: &Json, material: &str) -> bool {
    all(key).iter().any(|one| one["KeyMaterialId"] == material && one["ImportState"] != "PENDING_IMPORT")
}

/// Places of the rows of a multi-Region key, primary and replicas; of another key, of its own.
pub fn family(world: &World, key: &Json) -> Vec<String> {
    let mine = world.rows(KEY).filter(|(_, row)| row["KeyId"] == key["KeyId"]);
    mine.map(|(place, _)| place.to_owned()).collect()
}
