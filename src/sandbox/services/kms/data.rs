//! Encrypt, Decrypt, ReEncrypt and the data keys. Ciphertexts decrypt to what was encrypted, with the same key and the same
//! encryption context only; their form is the sandbox's own, as KMS's is KMS's own.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value as Json, json};

use super::{
    material::{self, Secret},
    store::{find, ready, state},
};
use crate::sandbox::{
    Fault, Reply, Request, World,
    codec::NOT_IMPLEMENTED,
    crypto::{aes, hash::Hash},
};

const USAGE: &str = "ENCRYPT_DECRYPT";
const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";
/// How ciphertexts begin; the key's id (36 letters) and its material's (32 bytes) follow.
const START: &[u8] = &[1, 2, 2, 0, 0x78];
const ID: usize = 36;
const MATERIAL: usize = 32;

pub fn decoded(rq: &Request<'_>, member: &str) -> Vec<u8> {
    STANDARD.decode(rq.text(member)).unwrap_or_default()
}

pub fn encoded(bytes: &[u8]) -> Json {
    json!(STANDARD.encode(bytes))
}

/// "Checks if your request will succeed" and does nothing (KMS Developer Guide, testing your permissions).
pub fn dry_run(rq: &Request<'_>) -> Result<(), Fault> {
    if rq.flag("DryRun") {
        // LocalStack's recordings of AWS, `test_generate_data_key_pair_dry_run`.
        let message = "The request would have succeeded, but the DryRun option is set.";
        return Err(Fault::new("DryRunOperationException", message));
    }
    Ok(())
}

/// Enclaves are not played.
pub fn no_recipient(rq: &Request<'_>) -> Result<(), Fault> {
    for member in ["Recipient", "DryRunModifiers"] {
        if !rq.get(member).is_null() {
            return Err(Fault::new(NOT_IMPLEMENTED, format!("The sandbox does not know {member}.")));
        }
    }
    Ok(())
}

/// An encryption context as the authenticated bytes: pairs in the order of their names.
fn context(rq: &Request<'_>, member: &str) -> Vec<u8> {
    let pairs: BTreeMap<&str, &str> = rq
        .get(member)
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
        .collect();
    serde_json::to_vec(&pairs).unwrap_or_default()
}

/// LocalStack's recordings of AWS, `test_invalid_generate_mac`.
pub fn incompatible(algorithm: &str, key: &Json) -> Fault {
    let spec = key["KeySpec"].as_str().unwrap_or_default();
    Fault::new(
        "InvalidKeyUsageException",
        format!("Algorithm {algorithm} is incompatible with key spec {spec}."),
    )
}

/// Whether a key lists the algorithm.
pub fn algorithm(key: &Json, list: &str, algorithm: &str) -> Result<(), Fault> {
    let listed = key[list].as_array().is_some_and(|all| all.iter().any(|one| one == algorithm));
    if listed { Ok(()) } else { Err(incompatible(algorithm, key)) }
}

/// A symmetric ciphertext of a key's current material.
fn seal(world: &mut World, key: &Json, context: &[u8], message: &[u8]) -> Result<Vec<u8>, Fault> {
    let current = key["CurrentKeyMaterialId"].as_str().unwrap_or_default().to_owned();
    let bytes = material::symmetric(world, key, &current)?;
    let nonce = material::random(world, 12);
    let hidden = aes::seal(&bytes, &nonce, context, message).ok_or_else(garbled)?;
    let id = key["KeyId"].as_str().unwrap_or_default().as_bytes();
    let mark = hex::decode(&current).unwrap_or_default();
    Ok([START, id, &mark, &hidden].concat())
}

/// The recordings, `test_encrypt_decrypt_encryption_context`.
fn garbled() -> Fault {
    Fault::new("InvalidCiphertextException", "")
}

/// The recordings, `test_error_messaging_for_invalid_keys`.
fn incorrect() -> Fault {
    Fault::new(
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this operation.",
    )
}

/// A request's ciphertext, and with what it is to be decrypted.
struct Hidden<'a> {
    key: Option<&'a str>,
    algorithm: &'a str,
    context: Vec<u8>,
    operation: &'a str,
}

/// Decrypts: the key, its material if it is symmetric, and the message.
fn open(
    world: &mut World,
    rq: &Request<'_>,
    hidden: &Hidden<'_>,
) -> Result<(Json, Option<String>, Vec<u8>), Fault> {
    if rq.get("CiphertextBlob").is_null() {
        return Err(Fault::new("ValidationException", "CiphertextBlob is required."));
    }
    let blob = decoded(rq, "CiphertextBlob");
    if hidden.algorithm != SYMMETRIC {
        let name = hidden.key.ok_or_else(|| {
            Fault::new("ValidationException", "A KeyId is required with an asymmetric encryption algorithm.")
        })?;
        let key = ready(world, rq, name, USAGE, hidden.operation)?;
        algorithm(&key, "EncryptionAlgorithms", hidden.algorithm)?;
        let secret = material::secret(world, &key, None)?;
        let (Secret::Rsa(rsa), Some(hash)) = (&secret, Hash::of(hidden.algorithm)) else {
            return Err(incompatible(hidden.algorithm, &key));
        };
        let message = rsa.decrypt(hash, &blob).ok_or_else(garbled)?;
        return Ok((key, None, message));
    }
    let named = hidden.key.map(|name| find(world, rq, name)).transpose()?;
    if let Some(key) = &named {
        state(key)?;
        if key["KeySpec"] != SYMMETRIC {
            return Err(incorrect());
        }
    }
    let rest = blob.strip_prefix(START).ok_or_else(garbled)?;
    let (id, rest) = rest.split_at_checked(ID).ok_or_else(garbled)?;
    let (mark, sealed) = rest.split_at_checked(MATERIAL).ok_or_else(garbled)?;
    let id = std::str::from_utf8(id).map_err(|_| garbled())?;
    // A ciphertext tells its key; that of another Region's key is none here.
    let key = find(world, rq, id).map_err(|_| garbled())?;
    if named.is_some_and(|named| named["Arn"] != key["Arn"]) {
        return Err(incorrect());
    }
    state(&key)?;
    let mark = hex::encode(mark);
    if !material::has(&key, &mark) {
        return Err(garbled());
    }
    let bytes = material::symmetric(world, &key, &mark)?;
    let message = aes::open(&bytes, &hidden.context, sealed).ok_or_else(garbled)?;
    Ok((key, Some(mark), message))
}

/// Encrypts with whatever the key is.
fn hide(world: &mut World, key: &Json, by: &str, context: &[u8], message: &[u8]) -> Result<Vec<u8>, Fault> {
    algorithm(key, "EncryptionAlgorithms", by)?;
    if by == SYMMETRIC {
        return seal(world, key, context, message);
    }
    if context != b"{}" {
        // `Encrypt`, EncryptionContext: "An encryption context is valid only for cryptographic operations with a
        // symmetric encryption KMS key"; the words are not recorded anywhere.
        let message = "An encryption context is valid only with a symmetric encryption key.";
        return Err(Fault::new("ValidationException", message));
    }
    let secret = material::secret(world, key, None)?;
    let (Secret::Rsa(rsa), Some(hash)) = (&secret, Hash::of(by)) else { return Err(incompatible(by, key)) };
    let mut draw = material::stream(world);
    rsa.encrypt(hash, message, &mut draw).ok_or_else(|| {
        let (spec, room) = (key["KeySpec"].as_str().unwrap_or_default(), rsa.room(hash));
        // The recordings, `test_encrypt_validate_plaintext_size_per_key_type`.
        let message =
            format!("Algorithm {by} and key spec {spec} cannot encrypt data larger than {room} bytes.");
        Fault::new("ValidationException", message)
    })
}

pub fn encrypt(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = ready(world, rq, rq.text("KeyId"), USAGE, "Encrypt")?;
    let by = rq.opt("EncryptionAlgorithm").unwrap_or(SYMMETRIC);
    algorithm(&key, "EncryptionAlgorithms", by)?;
    dry_run(rq)?;
    let blob = hide(world, &key, by, &context(rq, "EncryptionContext"), &decoded(rq, "Plaintext"))?;
    Ok(json!({"CiphertextBlob": encoded(&blob), "KeyId": key["Arn"], "EncryptionAlgorithm": by}))
}

pub fn decrypt(world: &mut World, rq: &Request<'_>) -> Reply {
    no_recipient(rq)?;
    let by = rq.opt("EncryptionAlgorithm").unwrap_or(SYMMETRIC);
    let hidden = Hidden {
        key: rq.opt("KeyId"),
        algorithm: by,
        context: context(rq, "EncryptionContext"),
        operation: "Decrypt",
    };
    let (key, material, message) = open(world, rq, &hidden)?;
    dry_run(rq)?;
    Ok(json!({
        "Plaintext": encoded(&message), "KeyId": key["Arn"], "EncryptionAlgorithm": by, "KeyMaterialId": material,
    }))
}

pub fn re_encrypt(world: &mut World, rq: &Request<'_>) -> Reply {
    no_recipient(rq)?;
    let from = rq.opt("SourceEncryptionAlgorithm").unwrap_or(SYMMETRIC);
    let to = rq.opt("DestinationEncryptionAlgorithm").unwrap_or(SYMMETRIC);
    let hidden = Hidden {
        key: rq.opt("SourceKeyId"),
        algorithm: from,
        context: context(rq, "SourceEncryptionContext"),
        operation: "ReEncrypt",
    };
    let (source, old, message) = open(world, rq, &hidden)?;
    let key = ready(world, rq, rq.text("DestinationKeyId"), USAGE, "ReEncrypt")?;
    algorithm(&key, "EncryptionAlgorithms", to)?;
    dry_run(rq)?;
    let blob = hide(world, &key, to, &context(rq, "DestinationEncryptionContext"), &message)?;
    Ok(json!({
        "CiphertextBlob": encoded(&blob), "SourceKeyId": source["Arn"], "KeyId": key["Arn"],
        "SourceEncryptionAlgorithm": from, "DestinationEncryptionAlgorithm": to,
        "SourceKeyMaterialId": old, "DestinationKeyMaterialId": key["CurrentKeyMaterialId"],
    }))
}

/// The symmetric key that protects a data key.
fn protector(world: &World, rq: &Request<'_>, operation: &str) -> Result<Json, Fault> {
    let key = ready(world, rq, rq.text("KeyId"), USAGE, operation)?;
    algorithm(&key, "EncryptionAlgorithms", SYMMETRIC)?;
    Ok(key)
}

fn data_key(world: &mut World, rq: &Request<'_>, operation: &str, shown: bool) -> Reply {
    no_recipient(rq)?;
    let bytes = match (rq.opt("KeySpec"), rq.int("NumberOfBytes")) {
        (Some("AES_128"), None) => 16,
        (Some(_), None) => 32,
        (None, Some(count)) => usize::try_from(count).unwrap_or(0),
        // moto, `test_generate_data_key_invalid_size_params`.
        _ => {
            let message = "Please specify either number of bytes or key spec.";
            return Err(Fault::new("ValidationException", message));
        }
    };
    let key = protector(world, rq, operation)?;
    dry_run(rq)?;
    let plain = material::random(world, bytes);
    let blob = seal(world, &key, &context(rq, "EncryptionContext"), &plain)?;
    let mut answer = json!({
        "CiphertextBlob": encoded(&blob), "KeyId": key["Arn"], "KeyMaterialId": key["CurrentKeyMaterialId"],
    });
    if shown {
        answer["Plaintext"] = encoded(&plain);
    }
    Ok(answer)
}

pub fn generate_key(world: &mut World, rq: &Request<'_>) -> Reply {
    data_key(world, rq, "GenerateDataKey", true)
}

pub fn generate_hidden_key(world: &mut World, rq: &Request<'_>) -> Reply {
    data_key(world, rq, "GenerateDataKeyWithoutPlaintext", false)
}

fn data_pair(world: &mut World, rq: &Request<'_>, operation: &str, shown: bool) -> Reply {
    no_recipient(rq)?;
    let key = protector(world, rq, operation)?;
    let spec = rq.text("KeyPairSpec");
    dry_run(rq)?;
    let mut draw = material::stream(world);
    let pair = material::generate(spec, &mut draw)?;
    let plain = material::written(&pair);
    let blob = seal(world, &key, &context(rq, "EncryptionContext"), &plain)?;
    let mut answer = json!({
        "PrivateKeyCiphertextBlob": encoded(&blob), "KeyId": key["Arn"], "KeyPairSpec": spec,
        "PublicKey": encoded(&material::public(&pair).unwrap_or_default()), "KeyMaterialId": key["CurrentKeyMaterialId"],
    });
    if shown {
        answer["PrivateKeyPlaintext"] = encoded(&plain);
    }
    Ok(answer)
}

pub fn generate_pair(world: &mut World, rq: &Request<'_>) -> Reply {
    data_pair(world, rq, "GenerateDataKeyPair", true)
}

pub fn generate_hidden_pair(world: &mut World, rq: &Request<'_>) -> Reply {
    data_pair(world, rq, "GenerateDataKeyPairWithoutPlaintext", false)
}

pub fn generate_random(world: &mut World, rq: &Request<'_>) -> Reply {
    no_recipient(rq)?;
    if let Some(store) = rq.opt("CustomKeyStoreId") {
        let message = format!("There is no custom key store {store} in this account.");
        return Err(Fault::new("CustomKeyStoreNotFoundException", message));
    }
    // The recordings, `test_generate_random_invalid_number_of_bytes`.
    let count = rq
        .int("NumberOfBytes")
        .ok_or_else(|| Fault::new("ValidationException", "NumberOfBytes is required."))?;
    let bytes = material::random(world, usize::try_from(count).unwrap_or(0));
    Ok(json!({"Plaintext": encoded(&bytes)}))
}
