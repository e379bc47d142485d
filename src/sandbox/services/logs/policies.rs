//! Data protection and field index policies of log groups.

use serde_json::{Value as Json, json};

use super::{GROUPS, drop_member, group, group_mut, invalid, name_of, no_group};
use crate::sandbox::{Reply, Request, World, done};

/// `PutDataProtectionPolicy`.
pub fn put_protection(world: &mut World, rq: &Request<'_>) -> Reply {
    let text = rq.text("policyDocument").to_owned();
    let document: Json =
        serde_json::from_str(&text).map_err(|_| invalid("The policy document is not valid JSON."))?;
    if document["Statement"].as_array().is_none_or(|all| all.len() != 2) {
        return Err(invalid(
            "A data protection policy needs one statement that audits and one that de-identifies.",
        ));
    }
    let now = world.now();
    let row = group_mut(world, rq)?;
    row["dataProtectionStatus"] = json!("ACTIVATED");
    row["_protection"] = json!({"policyDocument": text, "lastUpdatedTime": now});
    Ok(json!({
        "logGroupIdentifier": rq.text("logGroupIdentifier"), "policyDocument": text, "lastUpdatedTime": now,
    }))
}

/// `GetDataProtectionPolicy`.
pub fn get_protection(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = group(world, rq)?;
    let mut answer = json!({"logGroupIdentifier": rq.text("logGroupIdentifier")});
    for (member, value) in row["_protection"].as_object().into_iter().flatten() {
        answer[member] = value.clone();
    }
    Ok(answer)
}

/// `DeleteDataProtectionPolicy`.
pub fn delete_protection(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = group_mut(world, rq)?;
    drop_member(row, "_protection");
    row["dataProtectionStatus"] = json!("DELETED");
    done()
}

/// `PutIndexPolicy`.
pub fn put_index(world: &mut World, rq: &Request<'_>) -> Reply {
    let text = rq.text("policyDocument").to_owned();
    let document: Json =
        serde_json::from_str(&text).map_err(|_| invalid("The policy document is not valid JSON."))?;
    let known = ["Fields", "FieldsV2"].iter().any(|member| !document[*member].is_null());
    if !known || document["Fields"].as_array().is_some_and(|fields| fields.len() > 20) {
        return Err(invalid("A field index policy names up to 20 fields."));
    }
    let now = world.now();
    let row = group_mut(world, rq)?;
    row["_index"] = json!({
        "logGroupIdentifier": row["logGroupArn"], "lastUpdateTime": now, "policyDocument": text,
        "source": "LOG_GROUP",
    });
    Ok(json!({"indexPolicy": row["_index"]}))
}

/// `DescribeIndexPolicies`.
pub fn describe_index(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut found = Vec::new();
    for identifier in rq.texts("logGroupIdentifiers") {
        let row =
            world.get(GROUPS, &format!("{}/{}", rq.region, name_of(identifier))).ok_or_else(no_group)?;
        if !row["_index"].is_null() {
            found.push(row["_index"].clone());
        }
    }
    Ok(json!({"indexPolicies": found}))
}

/// `DeleteIndexPolicy`.
pub fn delete_index(world: &mut World, rq: &Request<'_>) -> Reply {
    drop_member(group_mut(world, rq)?, "_index");
    done()
}
