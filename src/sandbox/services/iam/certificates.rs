//! Server certificates and identity providers.

use serde_json::{Value as Json, json};

use super::{
    entity::{keep, missing, paged, under_path, unique_id},
    tags,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Server certificates, by name.
pub(super) const CERTIFICATES: &str = "iam.server-certificate";
/// OpenID Connect providers, by ARN.
pub(super) const PROVIDERS: &str = "iam.oidc-provider";
/// How long a certificate is valid: its text is not read.
const VALID: f64 = 31_536_000.0;

fn absent(name: &str) -> Fault {
    missing(format!("The Server Certificate with name {name} cannot be found."))
}

/// What lists and updates show of a certificate.
fn metadata(row: &Json) -> Json {
    let members = ["Path", "ServerCertificateName", "ServerCertificateId", "Arn", "UploadDate", "Expiration"];
    members
        .iter()
        .map(|member| ((*member).to_owned(), row[*member].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Refuses what is no PEM text of that kind.
pub(super) fn check_pem(text: &str, kind: &str, noun: &str) -> Result<(), Fault> {
    let framed = |line: &str| line.starts_with("-----") && line.contains(kind);
    let mut lines = text.trim().lines();
    if lines.next().is_some_and(framed) && lines.next_back().is_some_and(framed) {
        return Ok(());
    }
    Err(Fault::new(
        "MalformedCertificate",
        format!("Unable to parse {noun}. Please ensure the {noun} is in PEM format."),
    ))
}

/// `UploadServerCertificate`.
pub(super) fn upload(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("ServerCertificateName");
    if world.rows(CERTIFICATES).any(|(key, _)| key.eq_ignore_ascii_case(name)) {
        let message = format!("The Server Certificate with name {name} already exists.");
        return Err(Fault::new("EntityAlreadyExists", message));
    }
    tags::check(rq.list("Tags"))?;
    check_pem(rq.text("CertificateBody"), "CERTIFICATE", "certificate")?;
    check_pem(rq.text("PrivateKey"), "PRIVATE KEY", "key")?;
    if let Some(chain) = rq.opt("CertificateChain") {
        check_pem(chain, "CERTIFICATE", "certificate")?;
    }
    let path = rq.opt("Path").unwrap_or("/");
    let now = world.now_secs();
    let mut row = json!({
        "ServerCertificateName": name, "Path": path, "ServerCertificateId": unique_id(world, "ASCA"),
        "Arn": world.arn("iam", "", &format!("server-certificate{path}{name}")), "UploadDate": now,
        "Expiration": now + VALID, "CertificateBody": rq.text("CertificateBody").trim(),
    });
    keep(&mut row, rq, &["CertificateChain", "Tags"]);
    world.put(CERTIFICATES, name, row.clone());
    Ok(json!({"ServerCertificateMetadata": metadata(&row), "Tags": row["Tags"]}))
}

/// `GetServerCertificate`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("ServerCertificateName");
    let row = world.get(CERTIFICATES, name).ok_or_else(|| absent(name))?;
    Ok(json!({"ServerCertificate": {
        "ServerCertificateMetadata": metadata(row), "CertificateBody": row["CertificateBody"],
        "CertificateChain": row["CertificateChain"], "Tags": row["Tags"],
    }}))
}

/// `ListServerCertificates`.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let rows = under_path(world, rq, CERTIFICATES).iter().map(metadata).collect();
    paged(rq, "ServerCertificateMetadataList", rows)
}

/// `UpdateServerCertificate`: another name or path.
pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("ServerCertificateName");
    let new = rq.opt("NewServerCertificateName").unwrap_or(name).to_owned();
    if new != name && world.get(CERTIFICATES, &new).is_some() {
        let message = format!("The Server Certificate with name {new} already exists.");
        return Err(Fault::new("EntityAlreadyExists", message));
    }
    let mut row = world.remove(CERTIFICATES, name).ok_or_else(|| absent(name))?;
    let path = rq.opt("NewPath").or(row["Path"].as_str()).unwrap_or("/").to_owned();
    row["Arn"] = json!(world.arn("iam", "", &format!("server-certificate{path}{new}")));
    row["ServerCertificateName"] = json!(new);
    row["Path"] = json!(path);
    world.put(CERTIFICATES, &new, row);
    done()
}

/// `DeleteServerCertificate`: not while a listener uses it.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("ServerCertificateName");
    let arn = world.get(CERTIFICATES, name).ok_or_else(|| absent(name))?["Arn"].clone();
    let uses = |row: &Json| {
        let listed =
            |list: &Json| list.as_array().is_some_and(|l| l.iter().any(|one| one["CertificateArn"] == arn));
        listed(&row["Certificates"]) || listed(&row["_certificates"])
    };
    if world.any("elbv2.listener", uses) {
        let message = format!(
            "Certificate: {} is currently in use by arn:aws:elasticloadbalancing.",
            row_id(world, name)
        );
        return Err(Fault::new("DeleteConflict", message));
    }
    world.remove(CERTIFICATES, name);
    done()
}

fn row_id(world: &World, name: &str) -> String {
    world
        .get(CERTIFICATES, name)
        .and_then(|row| row["ServerCertificateId"].as_str())
        .unwrap_or_default()
        .to_owned()
}

fn no_provider(arn: &str) -> Fault {
    missing(format!("OpenIDConnect Provider not found for arn {arn}"))
}

/// `CreateOpenIDConnectProvider`.
pub(super) fn create_provider(world: &mut World, rq: &Request<'_>) -> Reply {
    let url = rq.text("Url");
    let Some(host) = url.strip_prefix("https://").filter(|host| !host.is_empty() && !host.contains('?'))
    else {
        return Err(Fault::new("ValidationError", "Invalid Open ID Connect Provider URL"));
    };
    tags::check(rq.list("Tags"))?;
    let host = host.trim_end_matches('/');
    let arn = world.arn("iam", "", &format!("oidc-provider/{host}"));
    if world.get(PROVIDERS, &arn).is_some() {
        let message = "Provider with url https://".to_owned() + host + " already exists.";
        return Err(Fault::new("EntityAlreadyExists", message));
    }
    check_prints(rq)?;
    let row = json!({
        "Url": host, "ClientIDList": rq.list("ClientIDList"), "ThumbprintList": rq.list("ThumbprintList"),
        "CreateDate": world.now_secs(), "Tags": rq.list("Tags"),
    });
    world.put(PROVIDERS, &arn, row);
    Ok(json!({"OpenIDConnectProviderArn": arn, "Tags": rq.list("Tags")}))
}

/// Refuses what is no SHA-1 digest.
fn check_prints(rq: &Request<'_>) -> Result<(), Fault> {
    if let Some(bad) = rq.texts("ThumbprintList").iter().find(|print| print.len() != 40) {
        let message = format!(
            "1 validation error detected: Value '[{bad}]' at 'thumbprintList' failed to satisfy constraint: Member must \
             satisfy constraint: [Member must have length less than or equal to 40, Member must have length greater \
             than or equal to 40]"
        );
        return Err(Fault::new("ValidationError", message));
    }
    Ok(())
}

/// `UpdateOpenIDConnectProviderThumbprint`: the whole list is replaced.
pub(super) fn update_prints(world: &mut World, rq: &Request<'_>) -> Reply {
    check_prints(rq)?;
    let arn = rq.text("OpenIDConnectProviderArn");
    world.get_mut(PROVIDERS, arn).ok_or_else(|| no_provider(arn))?["ThumbprintList"] =
        json!(rq.list("ThumbprintList"));
    done()
}

/// `GetOpenIDConnectProvider`.
pub(super) fn provider(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("OpenIDConnectProviderArn");
    world.get(PROVIDERS, arn).cloned().ok_or_else(|| no_provider(arn))
}

/// `ListOpenIDConnectProviders`.
pub(super) fn providers(world: &mut World, _rq: &Request<'_>) -> Reply {
    let all: Vec<Json> = world.rows(PROVIDERS).map(|(arn, _)| json!({"Arn": arn})).collect();
    Ok(json!({"OpenIDConnectProviderList": all}))
}

/// `AddClientIDToOpenIDConnectProvider`, `RemoveClientIDFromOpenIDConnectProvider`.
pub(super) fn client(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, client) = (rq.text("OpenIDConnectProviderArn"), rq.text("ClientID"));
    let row = world.get_mut(PROVIDERS, arn).ok_or_else(|| no_provider(arn))?;
    if let Some(list) = row["ClientIDList"].as_array_mut() {
        list.retain(|old| old != client);
        if rq.operation.starts_with("Add") {
            list.push(json!(client));
        }
    }
    done()
}

/// `DeleteOpenIDConnectProvider`: one that is gone is fine (IAM API Reference: "This operation is idempotent; it does
/// not fail or return an error if you call the operation for a provider that does not exist").
pub(super) fn delete_provider(world: &mut World, rq: &Request<'_>) -> Reply {
    world.remove(PROVIDERS, rq.text("OpenIDConnectProviderArn"));
    done()
}
