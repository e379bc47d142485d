//! Data protection, field index and resource policies of log groups.

use serde_json::{Value as Json, json};

use super::{GROUPS, drop_member, group, group_mut, invalid, name_of, no_group};
use crate::sandbox::{Fault, Reply, Request, World, done};

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

/// Where the policy that a request means is kept: the account's policies in their table, a log group's own in it.
const POLICIES: &str = "logs.resource-policy";

/// The row of the log group that the request names by its ARN, if it names one.
fn resource<'w>(world: &'w World, rq: &Request<'_>) -> Result<Option<&'w Json>, Fault> {
    rq.opt("resourceArn").map(|_| group(world, rq)).transpose()
}

/// The revision a change expects must be the current one.
fn expected(rq: &Request<'_>, current: &Json) -> Result<(), Fault> {
    if rq.opt("expectedRevisionId") == current["revisionId"].as_str() {
        return Ok(());
    }
    let message = "The expected revision ID is not the current one.";
    Err(Fault::new("OperationAbortedException", message))
}

/// `PutResourcePolicy`: of a log group, or under a name of the account.
pub fn put_resource(world: &mut World, rq: &Request<'_>) -> Reply {
    let text = rq.text("policyDocument");
    let document: Json =
        serde_json::from_str(text).map_err(|_| invalid("The policy document is not valid JSON."))?;
    if !document["Statement"].is_array() {
        return Err(invalid("The policy document has no statements."));
    }
    let mut policy = json!({"policyDocument": text, "lastUpdatedTime": world.now(), "revisionId": world.hex(32)});
    if let Some(row) = resource(world, rq)? {
        expected(rq, &row["_resource"])?;
        policy["resourceArn"] = row["logGroupArn"].clone();
        policy["policyScope"] = json!("RESOURCE");
        group_mut(world, rq)?["_resource"] = policy.clone();
    } else {
        let name = rq.opt("policyName").ok_or_else(|| invalid("A policy of the account needs a name."))?;
        policy["policyName"] = json!(name);
        policy["policyScope"] = json!("ACCOUNT");
        policy["_region"] = json!(rq.region);
        world.put(POLICIES, &format!("{}/{name}", rq.region), policy.clone());
    }
    Ok(json!({"resourcePolicy": policy, "revisionId": policy["revisionId"]}))
}

/// `DescribeResourcePolicies`.
pub fn describe_resource(world: &mut World, rq: &Request<'_>) -> Reply {
    let own = resource(world, rq)?.map(|row| row["_resource"].clone()).filter(|policy| !policy.is_null());
    let found: Vec<Json> = if rq.opt("policyScope") == Some("RESOURCE") {
        own.into_iter().collect()
    } else {
        world.rows(POLICIES).map(|(_, row)| row.clone()).filter(|row| row["_region"] == rq.region).collect()
    };
    Ok(json!({"resourcePolicies": found}))
}

/// `DeleteResourcePolicy`.
pub fn delete_resource(world: &mut World, rq: &Request<'_>) -> Reply {
    let missing = || Fault::new("ResourceNotFoundException", "The specified resource policy does not exist.");
    if let Some(row) = resource(world, rq)? {
        if row["_resource"].is_null() {
            return Err(missing());
        }
        expected(rq, &row["_resource"])?;
        drop_member(group_mut(world, rq)?, "_resource");
    } else {
        let key = format!("{}/{}", rq.region, rq.opt("policyName").unwrap_or_default());
        world.remove(POLICIES, &key).ok_or_else(missing)?;
    }
    done()
}
