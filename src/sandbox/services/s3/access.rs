//! Access control lists of buckets and objects, and whether a policy is public.
//!
//! Order, codes and words of the refusals are LocalStack's recordings of AWS (`test_s3_bucket_acl_exceptions`,
//! `test_s3_object_acl_exceptions`).

use serde_json::{Value as Json, json};

use super::{
    objects::meant,
    policies, rules,
    tables::{BUCKETS, OBJECTS, bucket, owner, setting},
};
use crate::sandbox::{Fault, Reply, Request, World, done};

const EVERYBODY: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";
const ANY_ACCOUNT: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

/// Headers that grant, with their permissions.
const GRANTS: &[(&str, &str, &str)] = &[
    ("GrantFullControl", "x-amz-grant-full-control", "FULL_CONTROL"),
    ("GrantRead", "x-amz-grant-read", "READ"),
    ("GrantReadACP", "x-amz-grant-read-acp", "READ_ACP"),
    ("GrantWrite", "x-amz-grant-write", "WRITE"),
    ("GrantWriteACP", "x-amz-grant-write-acp", "WRITE_ACP"),
];

fn invalid(message: &str, name: &str, value: &str) -> Fault {
    let mut fault = Fault::new("InvalidArgument", message);
    fault.members = json!({"ArgumentName": name, "ArgumentValue": value});
    fault
}

fn malformed() -> Fault {
    Fault::new(
        "MalformedACLError",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

fn known_group(uri: &str) -> bool {
    [EVERYBODY, LOG_DELIVERY, ANY_ACCOUNT].contains(&uri)
}

/// Canonical ids are 64 hexadecimal digits.
fn canonical(id: &str) -> bool {
    id.len() == 64 && hex::decode(id).is_ok()
}

/// Whether a request grants by headers.
pub(super) fn by_header(rq: &Request<'_>) -> bool {
    GRANTS.iter().any(|(member, ..)| rq.opt(member).is_some())
}

/// The grants of a request's headers: `uri="…", id="…"`.
fn header_grants(rq: &Request<'_>) -> Result<Vec<Json>, Fault> {
    let mut all = Vec::new();
    for (member, header, permission) in GRANTS {
        for one in rq.text(member).split(',').map(str::trim).filter(|one| !one.is_empty()) {
            let (kind, value) = one.split_once('=').unwrap_or((one, ""));
            let value = value.trim().trim_matches('"');
            let grantee = match kind.trim() {
                "uri" if known_group(value) => json!({"Type": "Group", "URI": value}),
                "uri" => return Err(invalid("Invalid group uri", "uri", value)),
                "id" if canonical(value) => json!({"Type": "CanonicalUser", "ID": value}),
                "id" => return Err(invalid("Invalid id", "id", value)),
                "emailAddress" => json!({"Type": "AmazonCustomerByEmail", "EmailAddress": value}),
                _ => return Err(invalid("Argument format not recognized", header, one)),
            };
            all.push(json!({"Grantee": grantee, "Permission": permission}));
        }
    }
    Ok(all)
}

/// The grants of a request's body.
fn body_grants(policy: &Json) -> Result<Vec<Json>, Fault> {
    let id = policy["Owner"]["ID"].as_str().ok_or_else(malformed)?;
    let grants = policy["Grants"].as_array().ok_or_else(malformed)?;
    let permitted = |grant: &Json| GRANTS.iter().any(|(.., permission)| grant["Permission"] == *permission);
    let typed = |grant: &Json| {
        matches!(grant["Grantee"]["Type"].as_str(), Some("CanonicalUser" | "Group" | "AmazonCustomerByEmail"))
    };
    if grants.iter().any(|grant| !permitted(grant) || !typed(grant)) {
        return Err(malformed());
    }
    if !canonical(id) {
        return Err(invalid("Invalid id", "CanonicalUser/ID", id));
    }
    for grantee in grants.iter().map(|grant| &grant["Grantee"]) {
        let text = |member: &str| grantee[member].as_str().unwrap_or_default();
        match text("Type") {
            "Group" if !known_group(text("URI")) => {
                return Err(invalid("Invalid group uri", "Group/URI", text("URI")));
            }
            "CanonicalUser" if !canonical(text("ID")) => {
                return Err(invalid("Invalid id", "CanonicalUser/ID", text("ID")));
            }
            _ => {}
        }
    }
    Ok(grants.clone())
}

/// What a request sets: a canned list, or grants.
enum Wanted {
    Canned(String),
    Grants(Vec<Json>),
}

/// The list that a request to set one brings, in one of three ways.
fn wanted(rq: &Request<'_>) -> Result<Wanted, Fault> {
    let (canned, headers, body) = (rq.opt("ACL"), by_header(rq), rq.get("AccessControlPolicy"));
    match (canned, headers, body.is_null()) {
        (Some(_), true, _) => {
            Err(Fault::new("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed"))
        }
        (Some(_), ..) | (_, true, _) if !body.is_null() => {
            Err(Fault::new("UnexpectedContent", "This request does not support content"))
        }
        (Some(name), ..) => Ok(Wanted::Canned(name.to_owned())),
        (None, true, _) => header_grants(rq).map(Wanted::Grants),
        (None, false, false) => body_grants(body).map(Wanted::Grants),
        (None, false, true) => {
            let mut fault = Fault::new("MissingSecurityHeader", "Your request was missing a required header");
            fault.members = json!({"MissingHeaderName": "x-amz-acl"});
            Err(fault)
        }
    }
}

/// Keeps what the request that makes an object says of its access.
pub(super) fn of_object(row: &mut Json, rq: &Request<'_>) -> Result<(), Fault> {
    if by_header(rq) && rq.opt("ACL").is_some() {
        return Err(Fault::new(
            "InvalidRequest",
            "Specifying both Canned ACLs and Header Grants is not allowed",
        ));
    }
    if by_header(rq) {
        row["_grants"] = json!(header_grants(rq)?);
    } else if let Some(name) = rq.opt("ACL") {
        row["_acl"] = json!(name);
    }
    Ok(())
}

/// The list as it is read: stored grants, or those of a canned list.
fn shown(owner: &Json, grants: &Json, canned: Option<&str>) -> Json {
    if grants.is_array() {
        return json!({"Owner": owner, "Grants": grants});
    }
    let group = |uri: &str, permission: &str| json!({"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission});
    let mut grants =
        vec![json!({"Grantee": {"Type": "CanonicalUser", "ID": owner["ID"]}, "Permission": "FULL_CONTROL"})];
    match canned {
        Some("public-read") => grants.push(group(EVERYBODY, "READ")),
        Some("public-read-write") => grants.extend([group(EVERYBODY, "READ"), group(EVERYBODY, "WRITE")]),
        Some("log-delivery-write") => {
            grants.extend([group(LOG_DELIVERY, "WRITE"), group(LOG_DELIVERY, "READ_ACP")]);
        }
        Some("authenticated-read") => grants.push(group(ANY_ACCOUNT, "READ")),
        _ => {}
    }
    json!({"Owner": owner, "Grants": grants})
}

pub(super) fn put_acl(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = bucket(world, rq)?;
    let (acl, grants) = match wanted(rq)? {
        Wanted::Canned(name) => {
            rules::acl(row, &name)?;
            (json!(name), Json::Null)
        }
        Wanted::Grants(grants) => {
            rules::acl(row, "custom")?;
            (json!("custom"), json!(grants))
        }
    };
    if let Some(row) = world.get_mut(BUCKETS, rq.text("Bucket")) {
        row["_sub"]["ACL"] = acl;
        row["_sub"]["Grants"] = grants;
    }
    done()
}

pub(super) fn get_acl(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = bucket(world, rq)?;
    Ok(shown(&owner(world), setting(row, "Grants"), setting(row, "ACL").as_str()))
}

pub(super) fn put_object_acl(world: &mut World, rq: &Request<'_>) -> Reply {
    let (at, _) = meant(world, rq)?;
    let home = bucket(world, rq)?;
    let (acl, grants) = match wanted(rq)? {
        Wanted::Canned(name) => {
            rules::acl(home, &name)?;
            (json!(name), Json::Null)
        }
        Wanted::Grants(grants) => {
            rules::acl(home, "custom")?;
            (Json::Null, json!(grants))
        }
    };
    if let Some(row) = world.get_mut(OBJECTS, &at) {
        row["_acl"] = acl;
        row["_grants"] = grants;
    }
    done()
}

pub(super) fn get_object_acl(world: &mut World, rq: &Request<'_>) -> Reply {
    let (_, row) = meant(world, rq)?;
    Ok(shown(&owner(world), &row["_grants"], row["_acl"].as_str()))
}

pub(super) fn policy_status(world: &mut World, rq: &Request<'_>) -> Reply {
    match setting(bucket(world, rq)?, "Policy").as_str() {
        Some(text) => Ok(json!({"PolicyStatus": {"IsPublic": policies::is_public(text)}})),
        None => Err(Fault::new("NoSuchBucketPolicy", "The bucket policy does not exist").status(404)),
    }
}
