//! What else belongs to a user: signing certificates, SSH public keys, credentials of single services.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use md5::{Digest, Md5};
use serde_json::{Value as Json, json};

use super::{
    certificates::check_pem,
    credentials::user,
    entity::{missing, paged, unique_id},
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// A kind of these objects; its rows live under their ids.
pub(super) struct Kind {
    table: &'static str,
    /// The member that names one.
    id: &'static str,
    /// As messages call it.
    noun: &'static str,
    /// How many a user has at most (IAM User Guide, "IAM and AWS STS quotas"); of credentials, for each service.
    quota: usize,
    /// As the quota's refusal calls it.
    counted: &'static str,
    /// The member of the list's answer.
    list: &'static str,
    /// What the list shows.
    listed: &'static [&'static str],
}

/// Signing certificates.
pub(super) const CERTIFICATE: Kind = Kind {
    table: "iam.signing-certificate",
    id: "CertificateId",
    noun: "Certificate",
    quota: 2,
    counted: "CertificatesPerUser",
    list: "Certificates",
    listed: &["UserName", "CertificateId", "CertificateBody", "Status", "UploadDate"],
};
/// SSH public keys.
pub(super) const SSH_KEY: Kind = Kind {
    table: "iam.ssh-public-key",
    id: "SSHPublicKeyId",
    noun: "Public Key",
    quota: 5,
    counted: "SSHPublicKeysPerUser",
    list: "SSHPublicKeys",
    listed: &["UserName", "SSHPublicKeyId", "Status", "UploadDate"],
};
/// User names and passwords for single services.
pub(super) const CREDENTIAL: Kind = Kind {
    table: "iam.service-credential",
    id: "ServiceSpecificCredentialId",
    noun: "Service Specific Credential",
    quota: 2,
    counted: "ServiceSpecificCredentialsPerUser",
    list: "ServiceSpecificCredentials",
    listed: &[
        "UserName",
        "ServiceSpecificCredentialId",
        "ServiceName",
        "ServiceUserName",
        "Status",
        "CreateDate",
    ],
};
const KINDS: &[&Kind] = &[&CERTIFICATE, &SSH_KEY, &CREDENTIAL];

/// Services with such credentials (IAM API Reference, CreateServiceSpecificCredential).
const SERVICES: &[&str] = &["bedrock.amazonaws.com", "cassandra.amazonaws.com", "codecommit.amazonaws.com"];
/// The letters of passwords.
const PASSWORD: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Kind {
    fn of_user<'w>(&self, world: &'w World, user: &str) -> impl Iterator<Item = &'w Json> + use<'w> {
        let user = user.to_owned();
        world.rows(self.table).map(|(_, row)| row).filter(move |row| row["UserName"] == user.as_str())
    }

    /// The id that a request names, if the user has it.
    fn named(&self, world: &World, rq: &Request<'_>) -> Result<String, Fault> {
        let id = rq.text(self.id);
        // A user who is not there is what is said (moto's test_upload_cert_for_unknown_user, which AWS passes).
        if rq.opt("UserName").is_some() {
            user(world, rq)?;
        }
        // Of credentials AWS words it otherwise (LocalStack's recordings, `test_user_match_id_mismatch`).
        let absent = || match self.id {
            "ServiceSpecificCredentialId" => missing(format!("No such credential {id} exists")),
            _ => missing(format!("The {} with id {id} cannot be found.", self.noun)),
        };
        let row = world.get(self.table, id).ok_or_else(absent)?;
        // Of a credential the user is named or left out.
        let whose = match rq.opt("UserName") {
            Some(_) => user(world, rq)?,
            None => row["UserName"].as_str().unwrap_or_default().to_owned(),
        };
        if row["UserName"] == whose.as_str() { Ok(id.to_owned()) } else { Err(absent()) }
    }

    fn room(&self, held: usize) -> Result<(), Fault> {
        if held < self.quota {
            return Ok(());
        }
        Err(Fault::new("LimitExceeded", format!("Cannot exceed quota for {}: {}", self.counted, self.quota)))
    }
}

/// Why a user cannot be deleted yet.
pub(super) fn in_the_way(world: &World, user: &str) -> Option<&'static str> {
    let held = KINDS.iter().find(|kind| kind.of_user(world, user).next().is_some())?;
    Some(match held.table {
        "iam.signing-certificate" => "Cannot delete entity, must delete signing certificates first.",
        "iam.ssh-public-key" => "Cannot delete entity, must delete SSH public keys first.",
        // LocalStack's recordings of AWS, `test_delete_user_after_service_credential_created`.
        _ => "Cannot delete entity, must remove referenced objects first.",
    })
}

/// Moves what belongs to a user who is renamed.
pub(super) fn rename(world: &mut World, old: &str, new: &str) {
    for kind in KINDS {
        let ids: Vec<String> =
            kind.of_user(world, old).filter_map(|row| row[kind.id].as_str().map(Into::into)).collect();
        for id in ids {
            if let Some(row) = world.get_mut(kind.table, &id) {
                row["UserName"] = json!(new);
            }
        }
    }
}

/// `UploadSigningCertificate`.
pub(super) fn upload_certificate(world: &mut World, rq: &Request<'_>) -> Reply {
    let user = user(world, rq)?;
    // It is kept with its last line's end (moto's test_signing_certs, which AWS passes).
    let body = rq.text("CertificateBody");
    check_pem(body.trim(), "CERTIFICATE", "certificate")?;
    if let Some(same) = world.rows(CERTIFICATE.table).find(|(_, row)| row["CertificateBody"] == body) {
        let message = format!("The certificate is already in use: {}", same.0);
        return Err(Fault::new("DuplicateCertificate", message));
    }
    CERTIFICATE.room(CERTIFICATE.of_user(world, &user).count())?;
    let id = world.letters(32, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    let row = json!({
        "UserName": user, "CertificateId": id, "CertificateBody": body, "Status": "Active",
        "UploadDate": world.now_secs(),
    });
    world.put(CERTIFICATE.table, &id, row.clone());
    Ok(json!({"Certificate": row}))
}

/// The bytes of a public key in one of the two forms, and the form's name.
fn key_bytes(body: &str) -> Option<(Vec<u8>, &'static str)> {
    if check_pem(body, "PUBLIC KEY", "key").is_ok() {
        let inner: String = body.trim().lines().filter(|line| !line.starts_with("-----")).collect();
        return BASE64_STANDARD
            .decode(inner.replace(char::is_whitespace, ""))
            .ok()
            .map(|bytes| (bytes, "PEM"));
    }
    let mut parts = body.split_whitespace();
    let (kind, text) = (parts.next()?, parts.next()?);
    let known = kind == "ssh-rsa" || kind == "ssh-ed25519" || kind.starts_with("ecdsa-sha2-");
    BASE64_STANDARD.decode(text).ok().filter(|_| known).map(|bytes| (bytes, "SSH"))
}

/// `UploadSSHPublicKey`.
pub(super) fn upload_ssh_key(world: &mut World, rq: &Request<'_>) -> Reply {
    let user = user(world, rq)?;
    let body = rq.text("SSHPublicKeyBody").trim();
    let (bytes, form) = key_bytes(body)
        .ok_or_else(|| Fault::new("InvalidPublicKey", "The public key is invalid or malformed."))?;
    let pairs: Vec<String> = Md5::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let fingerprint = pairs.join(":");
    if SSH_KEY.of_user(world, &user).any(|row| row["Fingerprint"] == fingerprint.as_str()) {
        let message = "The SSH public key is already associated with the specified IAM user.";
        return Err(Fault::new("DuplicateSSHPublicKey", message));
    }
    SSH_KEY.room(SSH_KEY.of_user(world, &user).count())?;
    let id = unique_id(world, "APKA");
    let row = json!({
        "UserName": user, "SSHPublicKeyId": id, "Fingerprint": fingerprint, "SSHPublicKeyBody": body,
        "Status": "Active", "UploadDate": world.now_secs(), "_form": form,
    });
    world.put(SSH_KEY.table, &id, row.clone());
    Ok(json!({"SSHPublicKey": row}))
}

/// `GetSSHPublicKey`.
pub(super) fn ssh_key(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = SSH_KEY.named(world, rq)?;
    let row = world.get(SSH_KEY.table, &id).cloned().unwrap_or_default();
    if row["_form"] != rq.text("Encoding") {
        let message = "The sandbox answers SSH public keys in the encoding that they were uploaded in only.";
        return Err(Fault::new("SandboxOperationNotImplemented", message));
    }
    Ok(json!({"SSHPublicKey": row}))
}

/// `CreateServiceSpecificCredential`.
pub(super) fn create_credential(world: &mut World, rq: &Request<'_>) -> Reply {
    let user = user(world, rq)?;
    let service = rq.text("ServiceName");
    if !SERVICES.contains(&service) {
        let message = format!("No such service {service} is supported for Service Specific Credentials");
        // The model's NotSupportedService is not what is answered (LocalStack's recordings of AWS,
        // `test_create_service_specific_credential_invalid_service`).
        return Err(missing(message));
    }
    let held = CREDENTIAL.of_user(world, &user).filter(|row| row["ServiceName"] == service).count();
    CREDENTIAL.room(held)?;
    let (id, account) = (unique_id(world, "ACCA"), &world.account);
    let number = if held == 0 { String::new() } else { format!("+{held}") };
    let row = json!({
        "UserName": user, "ServiceSpecificCredentialId": id, "ServiceName": service, "Status": "Active",
        "ServiceUserName": format!("{user}{number}-at-{account}"), "CreateDate": world.now_secs(),
    });
    world.put(CREDENTIAL.table, &id, row.clone());
    Ok(with_password(world, row))
}

/// A credential with a password: the one time that it is shown.
fn with_password(world: &mut World, mut row: Json) -> Json {
    row["ServicePassword"] = json!(world.letters(44, PASSWORD));
    json!({"ServiceSpecificCredential": row})
}

/// `ResetServiceSpecificCredential`.
pub(super) fn reset_credential(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = CREDENTIAL.named(world, rq)?;
    let row = world.get(CREDENTIAL.table, &id).cloned().unwrap_or_default();
    Ok(with_password(world, row))
}

/// `Update…`: active or not.
pub(super) fn update(world: &mut World, rq: &Request<'_>, kind: &Kind) -> Reply {
    let id = kind.named(world, rq)?;
    if let Some(row) = world.get_mut(kind.table, &id) {
        row["Status"] = json!(rq.text("Status"));
    }
    done()
}

/// `Delete…`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>, kind: &Kind) -> Reply {
    let id = kind.named(world, rq)?;
    world.remove(kind.table, &id);
    done()
}

/// `List…`, oldest first.
pub(super) fn list(world: &mut World, rq: &Request<'_>, kind: &Kind) -> Reply {
    let user = user(world, rq)?;
    let service = rq.opt("ServiceName");
    if let Some(name) = service.filter(|name| kind.table == CREDENTIAL.table && !SERVICES.contains(name)) {
        return Err(missing(format!("No such service {name} is supported for Service Specific Credentials")));
    }
    let mut rows: Vec<&Json> = kind
        .of_user(world, &user)
        .filter(|row| service.is_none_or(|name| row["ServiceName"] == name))
        .collect();
    let made = |row: &Json| row["UploadDate"].as_f64().or(row["CreateDate"].as_f64()).unwrap_or_default();
    rows.sort_by(|a, b| made(a).total_cmp(&made(b)));
    let shown = |row: &Json| -> Json {
        let members = kind.listed.iter().map(|member| ((*member).to_owned(), row[*member].clone()));
        members.collect::<serde_json::Map<_, _>>().into()
    };
    let rows: Vec<Json> = rows.into_iter().map(shown).collect();
    if kind.table == CREDENTIAL.table {
        // This one has no pages unless somebody asks for all users.
        return Ok(json!({kind.list: rows}));
    }
    paged(rq, kind.list, rows)
}
