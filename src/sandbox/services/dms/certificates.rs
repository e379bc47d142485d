//! Imported certificates.

use serde_json::json;

use super::store::{
    CERTIFICATE, ENDPOINT, combination, exists, fresh_arn, here, identifier, listed, missing, state,
};
use crate::sandbox::{Fault, Reply, Request, World};

/// `ImportCertificate`.
pub(super) fn import(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = identifier(rq, "CertificateIdentifier", 255)?;
    let (pem, wallet) = (rq.opt("CertificatePem"), rq.opt("CertificateWallet"));
    if pem.is_some() == wallet.is_some() {
        return Err(combination("Either CertificatePem or CertificateWallet must be set."));
    }
    if pem.is_some_and(|pem| !pem.contains("-----BEGIN CERTIFICATE-----")) {
        return Err(Fault::new("InvalidCertificateFault", "The certificate was not valid."));
    }
    if world.any(CERTIFICATE, |row| row["CertificateIdentifier"] == name && row["_region"] == rq.region) {
        return Err(exists(format!("Certificate {name} already exists.")));
    }
    let arn = fresh_arn(world, rq, "cert", CERTIFICATE)?;
    let now = world.now_secs();
    let mut row = json!({
        "CertificateIdentifier": name, "CertificateArn": arn, "CertificateCreationDate": now,
        "CertificateOwner": world.account, "ValidFromDate": now, "ValidToDate": now + 315_360_000.0,
        "SigningAlgorithm": "SHA256withRSA", "KeyLength": 2048, "_region": rq.region, "_tags": rq.list("Tags"),
    });
    for member in ["CertificatePem", "CertificateWallet", "KmsKeyId"] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    world.put(CERTIFICATE, &arn, row.clone());
    Ok(json!({"Certificate": row}))
}

/// `DescribeCertificates`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let rows = here(world, rq, CERTIFICATE);
    let known: &[(&str, &[&str])] =
        &[("certificate-arn", &["CertificateArn"]), ("certificate-id", &["CertificateIdentifier"])];
    listed(rq, "Certificates", "Certificates", rows, known)
}

/// `DeleteCertificate`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("CertificateArn");
    if world.any(ENDPOINT, |row| row["CertificateArn"] == arn) {
        return Err(state(format!("Certificate {arn} is in use by an endpoint.")));
    }
    let row =
        world.remove(CERTIFICATE, arn).ok_or_else(|| missing(format!("Certificate not found: {arn}")))?;
    Ok(json!({"Certificate": row}))
}
