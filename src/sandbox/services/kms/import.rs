//! Key material of the customer's own: parameters for its import, the import, its end.

use serde_json::{Value as Json, json};

use super::{
    data::{decoded, encoded},
    material::{self, PRIVATE, Secret},
    store::{find_key, origin, pending, pending_deletion, place, row_mut},
};
use crate::sandbox::{
    Fault, Reply, Request, World,
    codec::NOT_IMPLEMENTED,
    crypto::{aes, draw::Draw, hash::Hash},
    world::Effect,
};

/// Import tokens, and under `region/spec` the key that wraps.
const IMPORT: &str = "kms.import";
/// "The import token and public key are valid for 24 hours" (`GetParametersForImport`).
const VALID: i64 = 86_400_000;

fn imports(world: &World, rq: &Request<'_>) -> Result<Json, Fault> {
    let key = find_key(world, rq, rq.text("KeyId"))?;
    origin(&key, "EXTERNAL")?;
    Ok(key)
}

pub fn parameters(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = imports(world, rq)?;
    if pending(&key) {
        return Err(pending_deletion(&key));
    }
    let (by, spec) = (rq.text("WrappingAlgorithm"), rq.text("WrappingKeySpec"));
    if by == "RSAES_PKCS1_V1_5" {
        // "As of October 10, 2023, AWS KMS does not support the RSAES_PKCS1_V1_5 wrapping algorithm" (the same page).
        return Err(Fault::new("UnsupportedOperationException", "RSAES_PKCS1_V1_5 is not supported."));
    }
    if by == "SM2PKE" || spec == "SM2" {
        return Err(Fault::new("UnsupportedOperationException", "SM2 exists in China Regions only."));
    }
    if key["KeySpec"].as_str().is_some_and(|spec| spec.starts_with("RSA_")) && !by.starts_with("RSA_AES_") {
        // The same page: RSA private keys are wrapped with RSA_AES_KEY_WRAP_SHA_*.
        let message = format!("{by} cannot wrap an RSA private key.");
        return Err(Fault::new("ValidationException", message));
    }
    // One wrapping key for each size serves all tokens here; KMS makes one for each.
    let shelf = format!("{}/{spec}", rq.region);
    let wrapping =
        match world.get(IMPORT, &shelf).and_then(|row| row["public"].as_str().map(ToOwned::to_owned)) {
            Some(public) => public,
            None => {
                let seed = format!("kms.wrapping:{}:{shelf}", world.seed);
                let made = material::generate(spec, &mut Draw::new(seed.as_bytes()))?;
                material::keep(world, &format!("wrapping/{shelf}"), &material::written(&made));
                let public = encoded(&material::public(&made).unwrap_or_default());
                world.put(IMPORT, &shelf, json!({"public": public, "_region": rq.region}));
                public.as_str().unwrap_or_default().to_owned()
            }
        };
    let token = material::random(world, 64);
    let until = World::seconds(world.date() + VALID);
    let row = json!({"key": key["Arn"], "by": by, "spec": spec, "until": until});
    world.put(IMPORT, &hex::encode(&token), row);
    Ok(json!({
        "KeyId": key["Arn"], "ImportToken": encoded(&token), "PublicKey": wrapping, "ParametersValidTo": until,
    }))
}

/// What the customer wrapped.
fn unwrapped(world: &mut World, rq: &Request<'_>, token: &Json) -> Result<Vec<u8>, Fault> {
    // `ImportKeyMaterial`, InvalidCiphertextException: "AWS KMS could not decrypt the encrypted (wrapped) key material".
    let garbled = || Fault::new("InvalidCiphertextException", "");
    let (by, spec) = (token["by"].as_str().unwrap_or_default(), token["spec"].as_str().unwrap_or_default());
    let holder = json!({"KeyId": format!("wrapping/{}/{spec}", rq.region), "KeySpec": spec});
    let Secret::Rsa(rsa) = material::secret(world, &holder, None)? else { return Err(garbled()) };
    let hash = Hash::of(by)
        .ok_or_else(|| Fault::new(NOT_IMPLEMENTED, format!("The sandbox does not know {by}.")))?;
    let wrapped = decoded(rq, "EncryptedKeyMaterial");
    if !by.starts_with("RSA_AES_") {
        return rsa.decrypt(hash, &wrapped).ok_or_else(garbled);
    }
    let (first, rest) = wrapped.split_at_checked(rsa.size() / 8).ok_or_else(garbled)?;
    let inner = rsa.decrypt(hash, first).ok_or_else(garbled)?;
    aes::unwrap(&inner, rest).ok_or_else(garbled)
}

fn incorrect(message: impl Into<String>) -> Fault {
    Fault::new("IncorrectKeyMaterialException", message)
}

/// How long it lasts: the model and, if it ends, the date.
fn expiration(world: &World, rq: &Request<'_>) -> Result<(&'static str, Option<f64>), Fault> {
    let until = rq.get("ValidTo").as_f64();
    match (rq.opt("ExpirationModel"), until) {
        (Some("KEY_MATERIAL_DOES_NOT_EXPIRE"), None) => Ok(("KEY_MATERIAL_DOES_NOT_EXPIRE", None)),
        (Some("KEY_MATERIAL_DOES_NOT_EXPIRE"), Some(_)) => Err(Fault::new(
            "ValidationException",
            "A validTo date cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE",
        )),
        // LocalStack's recordings of AWS, `test_import_key_symmetric`.
        (_, None) => Err(Fault::new(
            "ValidationException",
            "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES",
        )),
        (_, Some(until)) if until <= world.now_secs() => {
            Err(Fault::new("ValidationException", "The validTo date must be in the future."))
        }
        (_, until) => Ok(("KEY_MATERIAL_EXPIRES", until)),
    }
}

pub fn import(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = imports(world, rq)?;
    if pending(&key) {
        return Err(pending_deletion(&key));
    }
    let (model, until) = expiration(world, rq)?;
    let token = world.get(IMPORT, &hex::encode(decoded(rq, "ImportToken"))).cloned();
    let token = token.filter(|token| token["key"] == key["Arn"]);
    let token =
        token.ok_or_else(|| Fault::new("InvalidImportTokenException", "The import token is not valid."))?;
    if token["until"].as_f64().is_some_and(|end| end < world.now_secs()) {
        return Err(Fault::new("ExpiredImportTokenException", "The import token has expired."));
    }
    let bytes = unwrapped(world, rq, &token)?;
    let spec = key["KeySpec"].as_str().unwrap_or_default().to_owned();
    if material::read(&spec, &bytes).is_none() {
        return Err(incorrect(format!("The key material does not go with key spec {spec}.")));
    }
    let id = material::imported_id(&key, &bytes);
    let symmetric = spec == "SYMMETRIC_DEFAULT";
    if !symmetric && !rq.get("ImportType").is_null() {
        return Err(Fault::new(
            "ValidationException",
            "ImportType is valid for symmetric encryption keys only.",
        ));
    }
    if rq.opt("KeyMaterialId").is_some_and(|wanted| wanted != id) {
        return Err(incorrect("The key material has another id than the request says."));
    }
    let mut all = material::all(&key);
    if symmetric {
        placed(&key, &mut all, &id, rq)?;
    } else if key["_fingerprint"].as_str().is_some_and(|known| known != id) {
        return Err(incorrect("The key material is not the one that was imported before."));
    }
    material::keep(world, &material::place(&key, symmetric.then_some(id.as_str())), &bytes);
    if let Some(one) = all.iter_mut().find(|one| one["KeyMaterialId"] == id) {
        one["ImportState"] = json!("IMPORTED");
        one["ExpirationModel"] = json!(model);
        one["ValidTo"] = json!(until);
        if let Some(text) = rq.opt("KeyMaterialDescription") {
            one["KeyMaterialDescription"] = json!(text);
        }
    }
    let whole = all.iter().all(|one| one["ImportState"] != "PENDING_IMPORT");
    let current = all.iter().find(|one| one["KeyMaterialState"] == "CURRENT").cloned();
    let now_enabled = whole && key["KeyState"] == "PendingImport";
    if let Some(row) = row_mut(world, &key) {
        if symmetric {
            row["_materials"] = json!(all);
            row["CurrentKeyMaterialId"] = current.map_or(Json::Null, |one| one["KeyMaterialId"].clone());
        } else {
            row["_fingerprint"] = json!(id);
        }
        if now_enabled {
            row["KeyState"] = json!("Enabled");
            row["Enabled"] = json!(true);
        }
        row["ExpirationModel"] = json!(model);
        row["ValidTo"] = json!(until);
    }
    world.cancel(super::store::KEY, place(&key));
    if let Some(until) = until {
        let left = ((until - world.now_secs()) * 1000.0) as i64;
        let mut members = lost(&key);
        if symmetric {
            members["_materials"] = json!(without(all, &id));
        }
        let millis = world.lifecycle_time(left);
        world.after(millis, super::store::KEY, place(&key), Effect::Set(members));
    }
    let mut answer = json!({"KeyId": key["Arn"]});
    if symmetric {
        answer["KeyMaterialId"] = json!(id);
    }
    Ok(answer)
}

/// Where material of a symmetric key belongs among what the key has ("ImportType", `ImportKeyMaterial`).
fn placed(key: &Json, all: &mut Vec<Json>, id: &str, rq: &Request<'_>) -> Result<(), Fault> {
    let known = all.iter().any(|one| one["KeyMaterialId"] == id);
    let default = if all.is_empty() { "NEW_KEY_MATERIAL" } else { "EXISTING_KEY_MATERIAL" };
    match (rq.opt("ImportType").unwrap_or(default), known) {
        ("NEW_KEY_MATERIAL", true) => {
            return Err(incorrect("The key material is already associated with the key."));
        }
        ("NEW_KEY_MATERIAL", false) => {
            if let Some(waits) = all.iter().find(|one| one["KeyMaterialState"] == "PENDING_ROTATION") {
                let (arn, other) = (key["Arn"].as_str().unwrap_or_default(), waits["KeyMaterialId"].as_str());
                // The recordings, `test_import_key_material_raises_if_there_is_already_key_material_pending`.
                let message = format!(
                    "New key material (id: {id}) cannot be imported into KMS key {arn}, because another key material \
                     (id: {}) is pending rotation.",
                    other.unwrap_or_default()
                );
                return Err(Fault::new("KMSInvalidStateException", message));
            }
            let state = if all.is_empty() { "CURRENT" } else { "PENDING_ROTATION" };
            all.push(json!({"KeyMaterialId": id, "KeyMaterialState": state}));
        }
        (_, false) => return Err(incorrect("The key material is not the one that was imported before.")),
        _ => {}
    }
    Ok(())
}

/// What becomes of a key that loses material.
fn lost(key: &Json) -> Json {
    let mut members = json!({"ExpirationModel": null, "ValidTo": null});
    if !pending(key) {
        members["KeyState"] = json!("PendingImport");
        members["Enabled"] = json!(false);
    }
    members
}

/// The list without the bytes of one material.
fn without(mut all: Vec<Json>, id: &str) -> Vec<Json> {
    all.retain(|one| one["KeyMaterialId"] != id || one["KeyMaterialState"] != "PENDING_ROTATION");
    for one in all.iter_mut().filter(|one| one["KeyMaterialId"] == id) {
        one["ImportState"] = json!("PENDING_IMPORT");
        one["ExpirationModel"] = Json::Null;
        one["ValidTo"] = Json::Null;
    }
    all
}

pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = imports(world, rq)?;
    let symmetric = key["KeySpec"] == "SYMMETRIC_DEFAULT";
    let all = material::all(&key);
    let current = all.iter().find(|one| one["KeyMaterialState"] == "CURRENT");
    let id = rq
        .opt("KeyMaterialId")
        .or(current.and_then(|one| one["KeyMaterialId"].as_str()))
        .map(ToOwned::to_owned);
    if let Some(wanted) = rq.opt("KeyMaterialId")
        && !all.iter().any(|one| one["KeyMaterialId"] == wanted)
    {
        return Err(Fault::new("NotFoundException", format!("Key material {wanted} does not exist")));
    }
    let was_pending = all.iter().any(|one| {
        one["KeyMaterialState"] == "PENDING_ROTATION" && one["KeyMaterialId"].as_str() == id.as_deref()
    });
    world.remove(PRIVATE, &material::place(&key, id.as_deref().filter(|_| symmetric)));
    let members = if was_pending { json!({}) } else { lost(&key) };
    if let Some(row) = row_mut(world, &key) {
        for (name, value) in members.as_object().into_iter().flatten() {
            row[name] = value.clone();
        }
        if let Some(id) = id.as_deref().filter(|_| symmetric) {
            row["_materials"] = json!(without(all, id));
        }
    }
    let mut answer = json!({"KeyId": key["Arn"]});
    if let Some(id) = id.filter(|_| symmetric) {
        answer["KeyMaterialId"] = json!(id);
    }
    Ok(answer)
}
