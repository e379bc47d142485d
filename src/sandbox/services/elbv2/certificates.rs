//! Certificates of listeners besides the default one (Application Load Balancers Guide, "Certificate list").

use serde_json::{Value as Json, json};

use super::{LISTENERS, invalid, no_listener};
use crate::sandbox::{Fault, Reply, Request, World};

/// Quota of certificates of a load balancer, not counting default ones (guide, quotas).
const MOST: usize = 25;

fn secure(row: &Json) -> Result<(), Fault> {
    if ["HTTPS", "TLS"].iter().any(|protocol| row["Protocol"] == *protocol) {
        return Ok(());
    }
    Err(invalid("Certificates cannot be specified for listeners that are not HTTPS or TLS"))
}

fn default(row: &Json) -> Option<&str> {
    row["Certificates"][0]["CertificateArn"].as_str()
}

/// `AddListenerCertificates`: one that is there already is no error.
pub fn add(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ListenerArn");
    let row = world.get(LISTENERS, arn).ok_or_else(no_listener)?;
    secure(row)?;
    let mut all = row["_certificates"].as_array().cloned().unwrap_or_default();
    for one in rq.list("Certificates") {
        let named = one["CertificateArn"].as_str().unwrap_or_default();
        if !named.starts_with("arn:") {
            return Err(Fault::new("CertificateNotFound", format!("Certificate '{named}' not found")));
        }
        if !one["IsDefault"].is_null() {
            return Err(invalid("You cannot specify IsDefault when adding certificates"));
        }
        if default(row) != Some(named) && !all.iter().any(|known| known == named) {
            all.push(json!(named));
        }
    }
    if all.len() > MOST {
        return Err(Fault::new(
            "TooManyCertificates",
            "You've reached the limit on the number of certificates",
        ));
    }
    if let Some(row) = world.get_mut(LISTENERS, arn) {
        row["_certificates"] = json!(all);
    }
    let shown: Vec<Json> = rq
        .list("Certificates")
        .iter()
        .map(|one| json!({"CertificateArn": one["CertificateArn"], "IsDefault": false}))
        .collect();
    Ok(json!({"Certificates": shown}))
}

/// `RemoveListenerCertificates`: the default one stays.
pub fn remove(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ListenerArn");
    let row = world.get(LISTENERS, arn).ok_or_else(no_listener)?;
    let gone: Vec<&str> =
        rq.list("Certificates").iter().filter_map(|one| one["CertificateArn"].as_str()).collect();
    let listed =
        |named: &&str| row["_certificates"].as_array().is_some_and(|all| all.iter().any(|one| one == *named));
    if gone.iter().any(|named| default(row) == Some(named) && !listed(named)) {
        return Err(Fault::new(
            "OperationNotPermitted",
            "Default certificate cannot be removed from a listener",
        ));
    }
    if let Some(all) = world.get_mut(LISTENERS, arn).and_then(|row| row["_certificates"].as_array_mut()) {
        all.retain(|one| !gone.iter().any(|named| one == *named));
    }
    Ok(json!({}))
}

/// `DescribeListenerCertificates`: the default one first.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = world.get(LISTENERS, rq.text("ListenerArn")).ok_or_else(no_listener)?;
    let mut all: Vec<Json> =
        default(row).map(|arn| json!({"CertificateArn": arn, "IsDefault": true})).into_iter().collect();
    let more = row["_certificates"].as_array().into_iter().flatten();
    all.extend(more.map(|arn| json!({"CertificateArn": arn, "IsDefault": false})));
    let (page, next) = rq.page(all, "PageSize", "Marker", 400, "ValidationError")?;
    Ok(json!({"Certificates": page, "NextMarker": next}))
}
