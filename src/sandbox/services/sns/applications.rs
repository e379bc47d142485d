//! Platform applications and the endpoints of devices in them. Nothing reaches a device; credentials are not checked with
//! anybody.
//!
//! Tables: `sns.application` and `sns.endpoint`, by ARN, with `_attributes`. Refusals: LocalStack's recordings of AWS,
//! `TestSNSPlatformApplicationCrud` and `TestSNSPlatformEndpointCrud`.

use serde_json::{Map, Value as Json, json};

use super::topics::invalid;
use crate::sandbox::{Fault, Reply, Request, World, done};

const APPLICATIONS: &str = "sns.application";
/// Devices.
pub(super) const ENDPOINTS: &str = "sns.endpoint";

/// `CreatePlatformApplication`, Platform.
const PLATFORMS: &[&str] = &[
    "ADM",
    "APNS",
    "APNS_SANDBOX",
    "APNS_VOIP",
    "APNS_VOIP_SANDBOX",
    "BAIDU",
    "GCM",
    "MACOS",
    "MACOS_SANDBOX",
    "MPNS",
    "WNS",
];

/// What an application's attributes can be (`SetPlatformApplicationAttributes`); the first ones are never shown.
const KNOWN: &[&str] = &[
    "PlatformCredential",
    "PlatformPrincipal",
    "ApplePlatformBundleID",
    "ApplePlatformTeamID",
    "Enabled",
    "EventDeliveryFailure",
    "EventEndpointCreated",
    "EventEndpointDeleted",
    "EventEndpointUpdated",
    "FailureFeedbackRoleArn",
    "SuccessFeedbackRoleArn",
    "SuccessFeedbackSampleRate",
];

fn absent(what: &str) -> Fault {
    Fault::new("NotFound", format!("{what} does not exist")).status(404)
}

/// The object of an ARN: `app/PLATFORM/name`, `endpoint/PLATFORM/name/id`.
fn find<'w>(world: &'w World, table: &str, member: &str, arn: &str) -> Result<&'w Json, Fault> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    if parts.len() < 6 {
        let message = format!("{member} Reason: An ARN must have at least 6 elements, not {}", parts.len());
        return Err(invalid(message));
    }
    let slashes = if table == APPLICATIONS { 2 } else { 3 };
    if parts[5].matches('/').count() != slashes {
        return Err(invalid(format!(
            "{member} Reason: Wrong number of slashes in relative portion of the ARN."
        )));
    }
    let what = if table == APPLICATIONS { "PlatformApplication" } else { "Endpoint" };
    world.get(table, arn).ok_or_else(|| absent(what))
}

fn texts(value: &Json) -> Map<String, Json> {
    value.as_object().cloned().unwrap_or_default()
}

fn checked(sent: &Map<String, Json>) -> Result<(), Fault> {
    for (name, value) in sent {
        if !KNOWN.contains(&name.as_str()) {
            return Err(invalid(format!("Attributes Reason: Invalid attribute name: {name}")));
        }
        let text = value.as_str().unwrap_or_default();
        if name == "SuccessFeedbackSampleRate" && !text.parse::<u8>().is_ok_and(|rate| rate <= 100) {
            return Err(invalid(format!("Attributes Reason: Invalid value for attribute: {name}: {text}")));
        }
    }
    for (one, other) in
        [("PlatformPrincipal", "PlatformCredential"), ("PlatformCredential", "PlatformPrincipal")]
    {
        if sent.contains_key(one) && !sent.contains_key(other) {
            return Err(invalid(format!("Attributes Reason: {one} attribute provided without {other}")));
        }
    }
    Ok(())
}

/// Credentials are kept from view.
fn shown(row: &Json) -> Json {
    let mut all = texts(&row["_attributes"]);
    all.retain(|name, _| !matches!(name.as_str(), "PlatformCredential" | "PlatformPrincipal"));
    Json::Object(all)
}

pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, platform) = (rq.text("Name"), rq.text("Platform"));
    if name.is_empty() {
        return Err(invalid(" Reason: cannot be empty"));
    }
    if name.chars().count() > 256 {
        return Err(invalid(format!("{name} Reason: must be at most 256 characters long")));
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) {
        return Err(invalid(format!(
            "{name} Reason: must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'"
        )));
    }
    if !PLATFORMS.contains(&platform) {
        return Err(invalid(format!("Platform Reason: {platform} is not supported")));
    }
    let mut attributes = texts(rq.get("Attributes"));
    checked(&attributes)?;
    if !attributes.contains_key("PlatformCredential") {
        // `CreatePlatformApplication`: every platform needs its credentials.
        return Err(invalid("Attributes Reason: PlatformCredential attribute is required"));
    }
    attributes.entry("Enabled").or_insert_with(|| json!("true"));
    let arn = world.arn("sns", rq.region, &format!("app/{platform}/{name}"));
    world.put(APPLICATIONS, &arn, json!({"_attributes": attributes, "_region": rq.region}));
    Ok(json!({"PlatformApplicationArn": arn}))
}

pub(super) fn attributes(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = find(world, APPLICATIONS, "PlatformApplicationArn", rq.text("PlatformApplicationArn"))?;
    Ok(json!({"Attributes": shown(row)}))
}

pub(super) fn set(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("PlatformApplicationArn");
    find(world, APPLICATIONS, "PlatformApplicationArn", arn)?;
    let sent = texts(rq.get("Attributes"));
    checked(&sent)?;
    merge(world, APPLICATIONS, arn, sent);
    done()
}

fn merge(world: &mut World, table: &str, arn: &str, sent: Map<String, Json>) {
    let row = world.get_mut(table, arn);
    if let Some(all) = row.and_then(|row| row["_attributes"].as_object_mut()) {
        for (name, value) in sent {
            if value == "" {
                all.remove(&name);
            } else {
                all.insert(name, value);
            }
        }
    }
}

fn paged(rq: &Request<'_>, member: &str, rows: Vec<Json>) -> Reply {
    // "List ... returns up to 100 platform applications at a time", endpoints too.
    let (page, next) = rq.page(rows, "", "NextToken", 100, "InvalidParameter")?;
    Ok(json!({member: page, "NextToken": next}))
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let mine = world.rows(APPLICATIONS).filter(|(_, row)| row["_region"] == rq.region);
    let rows =
        mine.map(|(arn, row)| json!({"PlatformApplicationArn": arn, "Attributes": shown(row)})).collect();
    paged(rq, "PlatformApplications", rows)
}

/// The application goes, and its endpoints with it; one that is not there is gone already (the operation has no NotFound).
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("PlatformApplicationArn");
    world.remove(APPLICATIONS, arn);
    let own: Vec<String> = world
        .rows(ENDPOINTS)
        .filter(|(_, row)| row["_application"] == arn)
        .map(|(key, _)| key.to_owned())
        .collect();
    for endpoint in own {
        world.remove(ENDPOINTS, &endpoint);
    }
    done()
}

/// What a device's attributes can be, and how long.
fn device(sent: &Map<String, Json>) -> Result<(), Fault> {
    for (name, value) in sent {
        if !matches!(name.as_str(), "CustomUserData" | "Enabled" | "Token") {
            return Err(invalid(format!("Attributes Reason: Invalid attribute name: {name}")));
        }
        if name == "CustomUserData" && value.as_str().is_some_and(|text| text.len() > 2048) {
            return Err(invalid(
                "Attributes Reason: Invalid value for attribute: CustomUserData: must be at most 2048 bytes long in UTF-8 \
                 encoding",
            ));
        }
    }
    Ok(())
}

/// `CreatePlatformEndpoint`: one token is one endpoint.
pub(super) fn create_endpoint(world: &mut World, rq: &Request<'_>) -> Reply {
    let of = rq.text("PlatformApplicationArn");
    find(world, APPLICATIONS, "PlatformApplicationArn", of)?;
    let mut attributes = texts(rq.get("Attributes"));
    device(&attributes)?;
    if let Some(data) = rq.opt("CustomUserData") {
        // The attribute counts more than the member (`test_create_platform_endpoint_double_custom_data`).
        attributes.entry("CustomUserData").or_insert_with(|| json!(data));
    }
    attributes.entry("Enabled").or_insert_with(|| json!("true"));
    attributes.insert("Token".into(), json!(rq.text("Token")));
    device(&attributes)?;
    let known = world
        .rows(ENDPOINTS)
        .find(|(_, row)| row["_application"] == of && row["_attributes"]["Token"] == rq.text("Token"));
    if let Some((arn, row)) = known {
        if row["_attributes"] == Json::Object(attributes) {
            return Ok(json!({"EndpointArn": arn}));
        }
        return Err(invalid(format!(
            "Token Reason: Endpoint {arn} already exists with the same Token, but different attributes."
        )));
    }
    let id = world.uuid();
    let arn = format!("{}/{id}", of.replacen(":app/", ":endpoint/", 1));
    let row = json!({"_attributes": attributes, "_application": of, "_region": rq.region});
    world.put(ENDPOINTS, &arn, row);
    Ok(json!({"EndpointArn": arn}))
}

pub(super) fn endpoint(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = find(world, ENDPOINTS, "EndpointArn", rq.text("EndpointArn"))?;
    Ok(json!({"Attributes": row["_attributes"]}))
}

pub(super) fn set_endpoint(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("EndpointArn");
    let sent = texts(rq.get("Attributes"));
    find(world, ENDPOINTS, "EndpointArn", arn)?;
    device(&sent)?;
    merge(world, ENDPOINTS, arn, sent);
    done()
}

pub(super) fn endpoints(world: &mut World, rq: &Request<'_>) -> Reply {
    let of = rq.text("PlatformApplicationArn");
    find(world, APPLICATIONS, "PlatformApplicationArn", of)?;
    let own = world.rows(ENDPOINTS).filter(|(_, row)| row["_application"] == of);
    let rows = own.map(|(arn, row)| json!({"EndpointArn": arn, "Attributes": row["_attributes"]})).collect();
    paged(rq, "Endpoints", rows)
}

/// `DeleteEndpoint`: "This action is idempotent"; subscriptions stay (`test_delete_platform_endpoint_with_subscription`).
pub(super) fn delete_endpoint(world: &mut World, rq: &Request<'_>) -> Reply {
    world.remove(ENDPOINTS, rq.text("EndpointArn"));
    done()
}

/// Whether a message can go to a device.
pub(super) fn reachable(world: &World, arn: &str) -> Result<(), Fault> {
    let row = world
        .get(ENDPOINTS, arn)
        .ok_or_else(|| invalid("TargetArn Reason: No endpoint found for the target arn specified"))?;
    if row["_attributes"]["Enabled"] == "false" {
        return Err(Fault::new("EndpointDisabled", "Endpoint is disabled"));
    }
    Ok(())
}
