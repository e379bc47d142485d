//! Encryption with keys of the customer (SSE-C): the key is checked and forgotten, its digest is kept.
//!
//! Order and words are those of LocalStack's recordings of AWS (`test_s3.py::TestS3SSECEncryption`).

use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Request};

const ARGUMENT: &str = "x-amz-server-side-encryption";

fn argument(message: &str) -> Fault {
    let mut fault = Fault::new("InvalidArgument", message);
    fault.members = json!({"ArgumentName": ARGUMENT});
    fault
}

fn mixed(value: &str) -> Fault {
    let mut fault = argument(
        "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
    );
    fault.members["ArgumentValue"] = json!(value);
    fault
}

fn algorithm(value: &str) -> Result<(), Fault> {
    if value == "AES256" {
        return Ok(());
    }
    let mut fault = Fault::new(
        "InvalidEncryptionAlgorithmError",
        "The Encryption request you specified is not valid. Supported value: AES256.",
    );
    fault.members = json!({"ArgumentName": ARGUMENT, "ArgumentValue": value});
    Err(fault)
}

/// The three members that carry a key; `of` is empty or `CopySource`.
fn sent<'r>(rq: &'r Request<'_>, of: &str) -> [Option<&'r str>; 3] {
    ["SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5"]
        .map(|member| rq.opt(&format!("{of}{member}")))
}

fn sound(key: &str, digest: &str) -> Result<(), Fault> {
    let bytes = STANDARD.decode(key).unwrap_or_default();
    if bytes.len() != 32 {
        return Err(argument("The secret key was invalid for the specified algorithm."));
    }
    if STANDARD.encode(Md5::digest(&bytes)) != digest {
        return Err(argument("The calculated MD5 hash of the key did not match the hash that was provided."));
    }
    Ok(())
}

/// Checks the key with which a request wants its object encrypted, if it brings one.
pub(super) fn of_write(rq: &Request<'_>) -> Result<(), Fault> {
    let (name, key, digest) = match sent(rq, "") {
        [None, None, None] => return Ok(()),
        [name, key, digest] => (name, key, digest),
    };
    if let Some(other) = rq.opt("ServerSideEncryption") {
        return Err(mixed(other));
    }
    let with = "Requests specifying Server Side Encryption with Customer provided keys must provide";
    let Some(name) = name else {
        return Err(argument(&format!("{with} a valid encryption algorithm.")));
    };
    algorithm(name)?;
    let Some(key) = key else {
        return Err(argument(&format!("{with} an appropriate secret key.")));
    };
    let Some(digest) = digest else {
        return Err(argument(&format!("{with} the client calculated MD5 of the secret key.")));
    };
    sound(key, digest)
}

/// Checks that a request brings the key with which an object is encrypted. `of` is empty or `CopySource`.
pub(super) fn of_read(rq: &Request<'_>, of: &str, row: &Json) -> Result<(), Fault> {
    let [name, key, digest] = sent(rq, of);
    let asked = name.is_some() || key.is_some() || digest.is_some();
    let Some(own) = row["SSECustomerKeyMD5"].as_str() else {
        return if asked {
            Err(Fault::new("InvalidRequest", "The encryption parameters are not applicable to this object."))
        } else {
            Ok(())
        };
    };
    if !asked {
        return Err(Fault::new(
            "InvalidRequest",
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided \
             to retrieve the object.",
        ));
    }
    algorithm(name.unwrap_or_default())?;
    if digest != Some(own) {
        return Err(Fault::new(
            "AccessDenied",
            "Requests specifying Server Side Encryption with Customer provided keys must provide the correct \
             secret key.",
        )
        .status(403));
    }
    sound(key.unwrap_or_default(), own)
}

/// Checks that a part brings the key that its upload was begun with.
pub(super) fn of_part(rq: &Request<'_>, upload: &Json) -> Result<(), Fault> {
    of_write(rq)?;
    match (rq.opt("SSECustomerKeyMD5"), upload["SSECustomerKeyMD5"].as_str()) {
        (Some(part), Some(own)) if part != own => Err(Fault::new(
            "InvalidRequest",
            "The provided encryption parameters did not match the ones used originally.",
        )),
        (Some(_), Some(_)) | (None, None) => Ok(()),
        _ => Err(Fault::new(
            "InvalidRequest",
            "The multipart upload initiate requested encryption. Subsequent part requests must include the \
             appropriate encryption parameters.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rq(input: Json) -> Request<'static> {
        Request { operation: "PutObject", region: "us-east-1", access_key: "", input }
    }

    fn keyed(bytes: &[u8]) -> Json {
        json!({
            "SSECustomerAlgorithm": "AES256", "SSECustomerKey": STANDARD.encode(bytes),
            "SSECustomerKeyMD5": STANDARD.encode(Md5::digest(bytes)),
        })
    }

    #[test]
    fn what_a_write_must_bring() {
        let fine = keyed(&[7; 32]);
        assert!(of_write(&rq(fine.clone())).is_ok() && of_write(&rq(json!({}))).is_ok());
        let short = keyed(&[7; 10]);
        let without = |member: &str| {
            let mut input = fine.clone();
            input.as_object_mut().unwrap().remove(member);
            input
        };
        let with = |member: &str, value: &str| {
            let mut input = fine.clone();
            input[member] = json!(value);
            input
        };
        for (input, words) in [
            (with("ServerSideEncryption", "AES256"), "incompatible with the encryption method"),
            (with("SSECustomerAlgorithm", "KMS"), "Supported value: AES256"),
            (without("SSECustomerAlgorithm"), "a valid encryption algorithm"),
            (without("SSECustomerKey"), "an appropriate secret key"),
            (without("SSECustomerKeyMD5"), "client calculated MD5"),
            (short, "was invalid for the specified algorithm"),
            (with("SSECustomerKeyMD5", "x"), "did not match the hash"),
        ] {
            let message = of_write(&rq(input)).unwrap_err().message;
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn what_a_read_must_bring() {
        let row = json!({"SSECustomerKeyMD5": keyed(&[7; 32])["SSECustomerKeyMD5"]});
        let code = |input: Json, row: &Json| of_read(&rq(input), "", row).map_err(|fault| fault.code);
        assert_eq!(code(keyed(&[7; 32]), &row), Ok(()));
        assert_eq!(code(json!({}), &json!({})), Ok(()));
        assert_eq!(code(json!({}), &row), Err("InvalidRequest".into()));
        assert_eq!(code(keyed(&[8; 32]), &row), Err("AccessDenied".into()));
        assert_eq!(code(keyed(&[7; 32]), &json!({})), Err("InvalidRequest".into()));
    }
}
