//! Canned ACLs and whether a policy is public.

use serde_json::json;

use super::{
    policies, rules,
    tables::{BUCKETS, bucket, owner, setting},
};
use crate::sandbox::{Fault, Reply, Request, World, done};

const EVERYBODY: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";
const ANY_ACCOUNT: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

pub(super) fn put_acl(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = bucket(world, rq)?;
    let grants = rq.get("AccessControlPolicy")["Grants"].clone();
    let by_header = rq.input.as_object().is_some_and(|all| all.keys().any(|name| name.starts_with("Grant")));
    match (rq.opt("ACL"), grants.is_null() && !by_header) {
        (Some(acl), true) => {
            rules::acl(row, acl)?;
            let acl = json!(acl);
            if let Some(row) = world.get_mut(BUCKETS, rq.text("Bucket")) {
                row["_sub"]["ACL"] = acl;
                row["_sub"]["Grants"] = json!(null);
            }
        }
        (None, false) => {
            rules::acl(row, "custom")?;
            let sent = rq.input.clone();
            if let Some(row) = world.get_mut(BUCKETS, rq.text("Bucket")) {
                row["_sub"]["ACL"] = json!("custom");
                row["_sub"]["Grants"] = grants;
                row["_sub"]["_acl_request"] = sent;
            }
        }
        (Some(_), false) => {
            return Err(Fault::new("UnexpectedContent", "This request does not support content"));
        }
        (None, true) => {
            return Err(Fault::new("MissingSecurityHeader", "Your request was missing a required header"));
        }
    }
    done()
}

pub(super) fn get_acl(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = bucket(world, rq)?;
    let owner = owner(world);
    let custom = setting(row, "Grants");
    if custom.is_array() {
        return Ok(json!({"Owner": owner, "Grants": custom}));
    }
    let group = |uri: &str, permission: &str| json!({"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission});
    let mut grants =
        vec![json!({"Grantee": {"Type": "CanonicalUser", "ID": owner["ID"]}, "Permission": "FULL_CONTROL"})];
    match setting(row, "ACL").as_str() {
        Some("public-read") => grants.push(group(EVERYBODY, "READ")),
        Some("public-read-write") => grants.extend([group(EVERYBODY, "READ"), group(EVERYBODY, "WRITE")]),
        Some("log-delivery-write") => {
            grants.extend([group(LOG_DELIVERY, "WRITE"), group(LOG_DELIVERY, "READ_ACP")]);
        }
        Some("authenticated-read") => grants.push(group(ANY_ACCOUNT, "READ")),
        _ => {}
    }
    Ok(json!({"Owner": owner, "Grants": grants}))
}

pub(super) fn policy_status(world: &mut World, rq: &Request<'_>) -> Reply {
    match setting(bucket(world, rq)?, "Policy").as_str() {
        Some(text) => Ok(json!({"PolicyStatus": {"IsPublic": policies::is_public(text)}})),
        None => Err(Fault::new("NoSuchBucketPolicy", "The bucket policy does not exist").status(404)),
    }
}
