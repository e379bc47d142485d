//! Signatures, MACs, public keys and shared secrets.

use serde_json::{Value as Json, json};

use super::{
    data::{algorithm, decoded, dry_run, encoded, no_recipient},
    material::{self, Secret},
    store::ready,
};
use crate::sandbox::{Fault, Reply, Request, World, codec::NOT_IMPLEMENTED, crypto::hash::Hash};

const SIGNS: &str = "SIGN_VERIFY";
const MACS: &str = "GENERATE_VERIFY_MAC";

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("ValidationException", message)
}

/// What is signed: the digest of a message, or the digest that the client made.
fn digest(rq: &Request<'_>, by: &str, hash: Hash) -> Result<Vec<u8>, Fault> {
    let message = decoded(rq, "Message");
    match rq.opt("MessageType") {
        Some("DIGEST") if message.len() == hash.len() => Ok(message),
        // LocalStack's recordings of AWS, `test_sign_verify`.
        Some("DIGEST") => Err(invalid(format!("Digest is invalid length for algorithm {by}."))),
        Some("EXTERNAL_MU") => {
            Err(invalid(format!("Message type EXTERNAL_MU is not valid for algorithm {by}.")))
        }
        _ => Ok(hash.digest(&message)),
    }
}

fn signing_key(world: &mut World, rq: &Request<'_>, operation: &str) -> Result<(Json, Secret), Fault> {
    let key = ready(world, rq, rq.text("KeyId"), SIGNS, operation)?;
    algorithm(&key, "SigningAlgorithms", rq.text("SigningAlgorithm"))?;
    if rq.text("SigningAlgorithm") == "ED25519_PH_SHA_512" {
        return Err(Fault::new(
            NOT_IMPLEMENTED,
            "The sandbox does not know ED25519_PH_SHA_512; ED25519_SHA_512 it does.",
        ));
    }
    let secret = material::secret(world, &key, None)?;
    Ok((key, secret))
}

/// A digest's algorithm that a signature's algorithm names.
fn hash(by: &str) -> Result<Hash, Fault> {
    Hash::of(by).ok_or_else(|| Fault::new(NOT_IMPLEMENTED, format!("The sandbox does not know {by}.")))
}

/// Ed25519 signs the message itself.
fn raw(rq: &Request<'_>, by: &str) -> Result<Vec<u8>, Fault> {
    if rq.opt("MessageType").is_some_and(|kind| kind != "RAW") {
        return Err(invalid(format!("Algorithm {by} signs messages of type RAW only.")));
    }
    Ok(decoded(rq, "Message"))
}

pub fn sign(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, secret) = signing_key(world, rq, "Sign")?;
    let by = rq.text("SigningAlgorithm");
    let hash = hash(by)?;
    let mut draw = material::stream(world);
    let signature = match &secret {
        Secret::Edwards(seed) => {
            let message = raw(rq, by)?;
            let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(seed).ok();
            pair.map(|pair| pair.sign(&message).as_ref().to_vec())
        }
        Secret::Curve(curve, private) => curve.sign(private, &digest(rq, by, hash)?),
        Secret::Rsa(rsa) if by.contains("_PSS_") => rsa.sign_pss(hash, &digest(rq, by, hash)?, &mut draw),
        Secret::Rsa(rsa) => rsa.sign_pkcs1(hash, &digest(rq, by, hash)?),
        Secret::Bytes(_) => None,
    };
    dry_run(rq)?;
    let signature = signature.ok_or_else(|| Fault::new("KMSInternalException", ""))?;
    Ok(json!({"KeyId": key["Arn"], "Signature": encoded(&signature), "SigningAlgorithm": by}))
}

pub fn verify(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, secret) = signing_key(world, rq, "Verify")?;
    let by = rq.text("SigningAlgorithm");
    let (hash, signature) = (hash(by)?, decoded(rq, "Signature"));
    let valid = match &secret {
        Secret::Edwards(seed) => {
            use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
            let message = raw(rq, by)?;
            Ed25519KeyPair::from_seed_unchecked(seed).is_ok_and(|pair| {
                UnparsedPublicKey::new(&ED25519, pair.public_key()).verify(&message, &signature).is_ok()
            })
        }
        Secret::Curve(curve, private) => {
            let digest = digest(rq, by, hash)?;
            curve.public(private).is_some_and(|public| curve.verifies(&public, &digest, &signature))
        }
        Secret::Rsa(rsa) if by.contains("_PSS_") => {
            rsa.verifies_pss(hash, &digest(rq, by, hash)?, &signature)
        }
        Secret::Rsa(rsa) => rsa.verifies_pkcs1(hash, &digest(rq, by, hash)?, &signature),
        Secret::Bytes(_) => false,
    };
    dry_run(rq)?;
    if !valid {
        // `Verify`: "If the signature verification fails, the operation fails with a KMSInvalidSignatureException".
        return Err(Fault::new("KMSInvalidSignatureException", ""));
    }
    Ok(json!({"KeyId": key["Arn"], "SignatureValid": true, "SigningAlgorithm": by}))
}

fn mac(world: &mut World, rq: &Request<'_>, operation: &str) -> Result<(Json, Vec<u8>), Fault> {
    let key = ready(world, rq, rq.text("KeyId"), MACS, operation)?;
    let by = rq.text("MacAlgorithm");
    algorithm(&key, "MacAlgorithms", by)?;
    dry_run(rq)?;
    let bytes = material::written(&material::secret(world, &key, None)?);
    let mac = hash(by)?.mac(&bytes, &decoded(rq, "Message"));
    Ok((key, mac.unwrap_or_default()))
}

pub fn generate_mac(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, mac) = mac(world, rq, "GenerateMac")?;
    Ok(json!({"KeyId": key["Arn"], "Mac": encoded(&mac), "MacAlgorithm": rq.text("MacAlgorithm")}))
}

pub fn verify_mac(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, mac) = mac(world, rq, "VerifyMac")?;
    if mac != decoded(rq, "Mac") {
        // The recordings, `test_invalid_verify_mac`.
        return Err(Fault::new("KMSInvalidMacException", ""));
    }
    Ok(json!({"KeyId": key["Arn"], "MacValid": true, "MacAlgorithm": rq.text("MacAlgorithm")}))
}

pub fn public_key(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = ready(world, rq, rq.text("KeyId"), "", "GetPublicKey")?;
    let (arn, spec) = (key["Arn"].as_str().unwrap_or_default(), key["KeySpec"].as_str().unwrap_or_default());
    if spec == "SYMMETRIC_DEFAULT" || spec.starts_with("HMAC_") {
        let message = format!("{arn} key spec is {spec} which is not valid for GetPublicKey.");
        return Err(Fault::new("UnsupportedOperationException", message));
    }
    let secret = material::secret(world, &key, None)?;
    let mut answer = json!({
        "KeyId": arn, "PublicKey": encoded(&material::public(&secret).unwrap_or_default()), "KeySpec": spec,
        "CustomerMasterKeySpec": spec, "KeyUsage": key["KeyUsage"],
    });
    for list in ["EncryptionAlgorithms", "SigningAlgorithms", "KeyAgreementAlgorithms"] {
        if !key[list].is_null() {
            answer[list] = key[list].clone();
        }
    }
    Ok(answer)
}

pub fn derive(world: &mut World, rq: &Request<'_>) -> Reply {
    no_recipient(rq)?;
    let key = ready(world, rq, rq.text("KeyId"), "KEY_AGREEMENT", "DeriveSharedSecret")?;
    dry_run(rq)?;
    let Secret::Curve(curve, private) = material::secret(world, &key, None)? else {
        return Err(Fault::new(NOT_IMPLEMENTED, "The sandbox derives secrets on NIST's curves only."));
    };
    // The recordings, `test_derive_shared_secret`.
    let other = curve.read_public(&decoded(rq, "PublicKey")).ok_or_else(|| invalid(""))?;
    let secret = curve.shared(&private, &other).ok_or_else(|| invalid(""))?;
    Ok(json!({
        "KeyId": key["Arn"], "SharedSecret": encoded(&secret), "KeyAgreementAlgorithm": "ECDH",
        "KeyOrigin": key["Origin"],
    }))
}
