//! What kinds of keys there are (`CreateKey`, KMS API Reference; "Key spec reference", KMS Developer Guide).

use serde_json::{Value as Json, json};

use crate::sandbox::Fault;

const SIGNS: &str = "SIGN_VERIFY";
const ENCRYPTS: &str = "ENCRYPT_DECRYPT";
const AGREES: &str = "KEY_AGREEMENT";
const MACS: &str = "GENERATE_VERIFY_MAC";

/// What a key of that spec may be used for.
fn usages(spec: &str) -> &'static [&'static str] {
    match spec {
        "SYMMETRIC_DEFAULT" => &[ENCRYPTS],
        "SM2" => &[ENCRYPTS, SIGNS, AGREES],
        "ECC_SECG_P256K1" => &[SIGNS],
        spec if spec.starts_with("RSA_") => &[ENCRYPTS, SIGNS],
        spec if spec.starts_with("ECC_NIST_P") => &[SIGNS, AGREES],
        spec if spec.starts_with("HMAC_") => &[MACS],
        _ => &[SIGNS],
    }
}

/// The usage of a new key.
///
/// # Errors
/// The usage was not given, or does not go with the spec.
pub fn usage(spec: &str, sent: Option<&str>) -> Result<&'static str, Fault> {
    let invalid = |message: String| Fault::new("ValidationException", message);
    match sent {
        None if spec == "SYMMETRIC_DEFAULT" => Ok(ENCRYPTS),
        None => Err(invalid(
            "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.".into(),
        )),
        Some(sent) => usages(spec)
            .iter()
            .find(|usage| **usage == sent)
            .copied()
            .ok_or_else(|| invalid(format!("KeyUsage {sent} is not compatible with KeySpec {spec}"))),
    }
}

/// The member that lists a key's algorithms, and those.
pub fn algorithms(spec: &str, usage: &str) -> (&'static str, Json) {
    match usage {
        MACS => ("MacAlgorithms", json!([spec.replace("HMAC_", "HMAC_SHA_")])),
        AGREES => ("KeyAgreementAlgorithms", json!(["ECDH"])),
        ENCRYPTS => {
            let all = match spec {
                "SYMMETRIC_DEFAULT" => json!(["SYMMETRIC_DEFAULT"]),
                "SM2" => json!(["SM2PKE"]),
                _ => json!(["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]),
            };
            ("EncryptionAlgorithms", all)
        }
        _ => {
            let all = match spec {
                "ECC_NIST_P256" | "ECC_SECG_P256K1" => json!(["ECDSA_SHA_256"]),
                "ECC_NIST_P384" => json!(["ECDSA_SHA_384"]),
                "ECC_NIST_P521" => json!(["ECDSA_SHA_512"]),
                "SM2" => json!(["SM2DSA"]),
                spec if spec.starts_with("RSA_") => json!([
                    "RSASSA_PKCS1_V1_5_SHA_256",
                    "RSASSA_PKCS1_V1_5_SHA_384",
                    "RSASSA_PKCS1_V1_5_SHA_512",
                    "RSASSA_PSS_SHA_256",
                    "RSASSA_PSS_SHA_384",
                    "RSASSA_PSS_SHA_512",
                ]),
                spec if spec.starts_with("ML_DSA") => json!(["ML_DSA_SHAKE_256"]),
                _ => json!(["ED25519_SHA_512", "ED25519_PH_SHA_512"]),
            };
            ("SigningAlgorithms", all)
        }
    }
}
