//! SAML providers. Metadata documents are looked at for their frame; nobody signs in with them.
//!
//! Table: `iam.saml-provider`, by ARN.

use serde_json::{Value as Json, json};

use super::{
    entity::{missing, unique_id},
    tags,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// SAML providers.
pub(super) const SAML: &str = "iam.saml-provider";
/// "It is valid for ten years" is what documents without a date of their own are shown with.
const VALID: f64 = 315_360_000.0;

fn absent(arn: &str) -> Fault {
    // moto's get_saml_provider; the ARN is written as it was sent.
    missing(format!("SAMLProvider not found for arn {arn}"))
}

/// A metadata document is an `EntityDescriptor` with an identity provider's descriptor ("Could not parse metadata" in the
/// documentation of `CreateSAMLProvider`'s InvalidInput).
fn document(text: &str) -> Result<(), Fault> {
    let has = |word: &str| text.contains(word);
    if text.trim_start().starts_with('<') && has("EntityDescriptor") && has("IDPSSODescriptor") {
        return Ok(());
    }
    Err(Fault::new("InvalidInput", "Could not parse metadata"))
}

/// `CreateSAMLProvider`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("Name");
    tags::check(rq.list("Tags"))?;
    document(rq.text("SAMLMetadataDocument"))?;
    let arn = world.arn("iam", "", &format!("saml-provider/{name}"));
    if world.get(SAML, &arn).is_some() {
        let message = format!("SAMLProvider with name {name} already exists.");
        return Err(Fault::new("EntityAlreadyExists", message));
    }
    let now = world.now_secs();
    let row = json!({
        "SAMLMetadataDocument": rq.text("SAMLMetadataDocument"), "CreateDate": now, "ValidUntil": now + VALID,
        "SAMLProviderUUID": unique_id(world, "AISP"), "AssertionEncryptionMode": rq.get("AssertionEncryptionMode"),
        "PrivateKeyList": keys(world, rq), "Tags": rq.list("Tags"),
    });
    world.put(SAML, &arn, row);
    Ok(json!({"SAMLProviderArn": arn, "Tags": rq.list("Tags")}))
}

/// A key that was added, as it is shown: never itself.
fn keys(world: &mut World, rq: &Request<'_>) -> Json {
    let added = rq.opt("AddPrivateKey").is_some();
    if !added {
        return json!([]);
    }
    json!([{"KeyId": unique_id(world, "ASKP"), "Timestamp": world.now_secs()}])
}

/// `GetSAMLProvider`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("SAMLProviderArn");
    world.get(SAML, arn).cloned().ok_or_else(|| absent(arn))
}

/// `ListSAMLProviders`.
pub(super) fn list(world: &mut World, _rq: &Request<'_>) -> Reply {
    let shown = |(arn, row): (&str, &Json)| json!({"Arn": arn, "ValidUntil": row["ValidUntil"], "CreateDate": row["CreateDate"]});
    let all: Vec<Json> = world.rows(SAML).map(shown).collect();
    Ok(json!({"SAMLProviderList": all}))
}

/// `UpdateSAMLProvider`.
pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("SAMLProviderArn").to_owned();
    let mut row = world.get(SAML, &arn).cloned().ok_or_else(|| absent(&arn))?;
    if let Some(text) = rq.opt("SAMLMetadataDocument") {
        document(text)?;
        row["SAMLMetadataDocument"] = json!(text);
        row["ValidUntil"] = json!(world.now_secs() + VALID);
    }
    if !rq.get("AssertionEncryptionMode").is_null() {
        row["AssertionEncryptionMode"] = rq.get("AssertionEncryptionMode").clone();
    }
    let new = keys(world, rq);
    if let Some(list) = row["PrivateKeyList"].as_array_mut() {
        list.extend(new.as_array().cloned().unwrap_or_default());
        list.retain(|key| rq.opt("RemovePrivateKey").is_none_or(|gone| key["KeyId"] != gone));
        if list.len() > 2 {
            // "You can have up to two private keys" (`UpdateSAMLProvider`).
            return Err(Fault::new("LimitExceeded", "Cannot exceed quota for PrivateKeysPerSAMLProvider: 2"));
        }
    }
    world.put(SAML, &arn, row);
    Ok(json!({"SAMLProviderArn": arn}))
}

/// `DeleteSAMLProvider`: "any attempt to assume a role that references a non-existent provider ... fails": roles are not asked.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("SAMLProviderArn");
    world.remove(SAML, arn).ok_or_else(|| absent(arn))?;
    done()
}
