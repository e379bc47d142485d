//! Certificates ("Requesting a public certificate", "DNS validation", ACM User Guide).

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::tags;
use crate::sandbox::{Fault, Reply, Request, World, done};

pub(super) const CERTIFICATE: &str = "acm.certificate";

/// From the request until a certificate is issued whose records are there ("ACM User Guide, DNS validation": usually
/// within minutes).
const ISSUED_AFTER: i64 = 180_000;

/// Names of a certificate besides its first ("Quotas": 10 names a certificate until more are asked for).
const MAX_NAMES: usize = 10;

/// The certificate of an ARN.
///
/// # Errors
/// It is no ARN of a certificate, or there is none.
pub(super) fn find(world: &World, rq: &Request<'_>) -> Result<(String, Json), Fault> {
    let arn = rq.text("CertificateArn");
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, region, _, resource) = (parts.next(), parts.next(), parts.next(), parts.next());
    if service != Some("acm") || !resource.is_some_and(|resource| resource.starts_with("certificate/")) {
        return Err(Fault::new("InvalidArnException", format!("Invalid arn {arn}")));
    }
    world
        .get(CERTIFICATE, arn)
        .filter(|_| region == Some(rq.region))
        .map(|row| (arn.to_owned(), row.clone()))
        .ok_or_else(|| Fault::new("ResourceNotFoundException", format!("Could not find certificate {arn}.")))
}

/// `RequestCertificate`: with a token that was used within the hour, the certificate of that request.
pub(super) fn request(world: &mut World, rq: &Request<'_>) -> Reply {
    let domain = rq.text("DomainName").to_ascii_lowercase();
    let mut names = vec![domain.clone()];
    for name in rq.texts("SubjectAlternativeNames") {
        let name = name.to_ascii_lowercase();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > MAX_NAMES {
        return Err(Fault::new(
            "LimitExceededException",
            format!("You have exceeded the maximum number of {MAX_NAMES} names"),
        ));
    }
    let token = rq.opt("IdempotencyToken").unwrap_or_default();
    let hour = world.now() - 3_600_000;
    let same = |row: &Json| {
        !token.is_empty()
            && row["_token"] == token
            && row["_region"] == rq.region
            && row["DomainName"] == domain
            && row["_made"].as_i64().is_some_and(|made| made > hour)
    };
    if let Some((arn, _)) = world.rows(CERTIFICATE).find(|(_, row)| same(row)) {
        return Ok(json!({"CertificateArn": arn}));
    }
    let tags = tags::merged(&json!([]), rq.list("Tags"))?;
    let id = world.uuid();
    let arn = world.arn("acm", rq.region, &format!("certificate/{id}"));
    let method = rq.opt("ValidationMethod").unwrap_or("EMAIL");
    let algorithm = rq.opt("KeyAlgorithm").unwrap_or("RSA_2048").replace('-', "_");
    let row = json!({
        "CertificateArn": arn, "DomainName": domain, "SubjectAlternativeNames": names, "Type": "AMAZON_ISSUED",
        "KeyAlgorithm": algorithm, "CreatedAt": world.now_secs(), "RenewalEligibility": "INELIGIBLE",
        "Options": {"CertificateTransparencyLoggingPreference": "ENABLED"}, "_method": method, "_token": token,
        "_made": world.now(), "_tags": tags, "_region": rq.region,
    });
    world.put(CERTIFICATE, &arn, row);
    Ok(json!({"CertificateArn": arn}))
}

/// The CNAME record that proves who owns a domain: the same for every certificate of an account and for its wildcard.
fn record(world: &World, name: &str) -> Json {
    let bare = name.strip_prefix("*.").unwrap_or(name);
    let digest = hex::encode(Sha256::digest(format!("{}:{bare}", world.account)));
    json!({
        "Name": format!("_{}.{bare}.", &digest[..32]), "Type": "CNAME",
        "Value": format!("_{}.mhbtsbpdnt.acm-validations.aws.", &digest[32..]),
    })
}

/// Whether a hosted zone of the account holds a record.
fn answered(world: &World, record: &Json) -> bool {
    world.any("route53.record", |row| {
        let values = row["ResourceRecords"].as_array().into_iter().flatten();
        let same = |value: &Json| {
            let value = value["Value"].as_str().unwrap_or_default().trim_end_matches('.');
            record["Value"].as_str().unwrap_or_default().trim_end_matches('.') == value
        };
        row["Type"] == "CNAME" && row["Name"] == record["Name"] && values.into_iter().any(same)
    })
}

/// A certificate as it is now.
fn shown(world: &World, row: &Json) -> Json {
    let members = row.as_object().into_iter().flatten();
    let mut shown: Json = members
        .filter(|(name, value)| !name.starts_with('_') && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let made = row["_made"].as_i64().unwrap_or_default();
    let names: Vec<&str> =
        row["SubjectAlternativeNames"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let old_enough = world.now() >= made + ISSUED_AFTER;
    let planted = row["_issued"] == true;
    let mut all = planted || row["_method"] == "DNS" && old_enough;
    let mut options = Vec::new();
    for name in names {
        let mut option =
            json!({"DomainName": name, "ValidationDomain": name, "ValidationMethod": row["_method"]});
        let mut validated = planted;
        if row["_method"] == "DNS" {
            let record = record(world, name);
            validated |= old_enough && answered(world, &record);
            option["ResourceRecord"] = record;
        }
        option["ValidationStatus"] = json!(if validated { "SUCCESS" } else { "PENDING_VALIDATION" });
        all &= validated;
        options.push(option);
    }
    shown["DomainValidationOptions"] = json!(options);
    shown["Status"] = json!(if all { "ISSUED" } else { "PENDING_VALIDATION" });
    if all {
        let issued = World::seconds(made);
        shown["IssuedAt"] = json!(issued);
        shown["NotBefore"] = json!(issued);
        // 13 months (395 days): "ACM certificate characteristics".
        shown["NotAfter"] = json!(issued + 395.0 * 86_400.0);
        shown["Issuer"] = json!("Amazon");
    }
    shown["InUseBy"] = json!(users(world, row));
    shown
}

/// Load balancers whose listeners use it.
fn users(world: &World, row: &Json) -> Vec<String> {
    let arn = &row["CertificateArn"];
    let uses = |listener: &Json, member: &str| {
        listener[member]
            .as_array()
            .into_iter()
            .flatten()
            .any(|one| one["CertificateArn"] == *arn || one == arn)
    };
    let listeners = world.rows("elbv2.listener").map(|(_, listener)| listener);
    let mut users: Vec<String> = listeners
        .filter(|listener| uses(listener, "Certificates") || uses(listener, "_certificates"))
        .filter_map(|listener| listener["LoadBalancerArn"].as_str().map(ToOwned::to_owned))
        .collect();
    users.sort();
    users.dedup();
    users
}

pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let (_, row) = find(world, rq)?;
    Ok(json!({"Certificate": shown(world, &row)}))
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, row) = find(world, rq)?;
    if !users(world, &row).is_empty() {
        let message = format!("Certificate {arn} in account {} is in use.", world.account);
        return Err(Fault::new("ResourceInUseException", message));
    }
    world.remove(CERTIFICATE, &arn);
    done()
}

/// `ListCertificates`: without a filter by algorithm only RSA keys of 1024 and 2048 bits ("Filters", API reference).
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let includes = rq.get("Includes");
    let texts = |list: &Json| -> Vec<String> {
        let items = list.as_array().into_iter().flatten().filter_map(Json::as_str);
        items.map(|text| text.replace('-', "_")).collect()
    };
    let algorithms = match texts(&includes["keyTypes"]) {
        none if none.is_empty() => vec!["RSA_1024".to_owned(), "RSA_2048".to_owned()],
        some => some,
    };
    let statuses = rq.texts("CertificateStatuses");
    let rows: Vec<Json> = world
        .rows(CERTIFICATE)
        .map(|(_, row)| row)
        .filter(|row| row["_region"] == rq.region)
        .cloned()
        .collect();
    let mut found = Vec::new();
    for row in rows {
        let full = shown(world, &row);
        let text = |member: &str| full[member].as_str().unwrap_or_default().to_owned();
        if !algorithms.contains(&text("KeyAlgorithm"))
            || !statuses.is_empty() && !statuses.contains(&text("Status").as_str())
        {
            continue;
        }
        let mut summary = json!({
            "SubjectAlternativeNameSummaries": full["SubjectAlternativeNames"],
            "HasAdditionalSubjectAlternativeNames": false, "InUse": full["InUseBy"].as_array().is_some_and(|all| !all.is_empty()),
        });
        for member in [
            "CertificateArn",
            "DomainName",
            "Status",
            "Type",
            "KeyAlgorithm",
            "RenewalEligibility",
            "NotBefore",
            "NotAfter",
            "CreatedAt",
            "IssuedAt",
        ] {
            if !full[member].is_null() {
                summary[member] = full[member].clone();
            }
        }
        found.push(summary);
    }
    if rq.text("SortBy") == "CREATED_AT" {
        found.sort_by(|one, two| {
            one["CreatedAt"].as_f64().unwrap_or(0.0).total_cmp(&two["CreatedAt"].as_f64().unwrap_or(0.0))
        });
        if rq.text("SortOrder") == "DESCENDING" {
            found.reverse();
        }
    }
    let (page, next) = rq.page(found, "MaxItems", "NextToken", 1_000, "ValidationException")?;
    let mut answer = json!({"CertificateSummaryList": page});
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}
