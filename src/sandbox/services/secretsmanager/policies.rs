//! Resource policies and replicas.

use serde_json::{Value as Json, json};

use super::{
    secrets::strip,
    store::{TABLE, bad, live_key},
};
use crate::sandbox::{Fault, Reply, Request, World};

fn document(text: &str) -> Result<Json, Fault> {
    serde_json::from_str::<Json>(text)
        .ok()
        .filter(|doc| doc["Statement"].is_array() || doc["Statement"].is_object())
        .ok_or_else(|| {
            Fault::new(
                "MalformedPolicyDocumentException",
                "This resource policy contains invalid Json or lacks a Statement.",
            )
        })
}

/// Whether a policy lets everybody in without a condition.
fn is_public(doc: &Json) -> bool {
    let statements = match &doc["Statement"] {
        Json::Array(many) => many.clone(),
        one => vec![one.clone()],
    };
    statements.iter().any(|s| {
        s["Effect"] == "Allow"
            && s["Condition"].is_null()
            && (s["Principal"] == "*" || s["Principal"]["AWS"] == "*")
    })
}

pub fn put_resource_policy(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = live_key(world, rq, rq.text("SecretId"))?;
    let doc = document(rq.text("ResourcePolicy"))?;
    if rq.flag("BlockPublicPolicy") && is_public(&doc) {
        return Err(Fault::new(
            "PublicPolicyException",
            "You can't attach a resource policy that allows broad access.",
        ));
    }
    let text = rq.text("ResourcePolicy").to_owned();
    let Some(row) = world.get_mut(TABLE, &key) else { return Ok(json!({})) };
    row["_policy"] = json!(text);
    Ok(json!({"ARN": row["ARN"], "Name": row["Name"]}))
}

pub fn get_resource_policy(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = live_key(world, rq, rq.text("SecretId"))?;
    let row = world.get(TABLE, &key).cloned().unwrap_or_default();
    Ok(strip(json!({"ARN": row["ARN"], "Name": row["Name"], "ResourcePolicy": row["_policy"]})))
}

pub fn delete_resource_policy(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = live_key(world, rq, rq.text("SecretId"))?;
    let Some(row) = world.get_mut(TABLE, &key) else { return Ok(json!({})) };
    row["_policy"] = Json::Null;
    Ok(json!({"ARN": row["ARN"], "Name": row["Name"]}))
}

pub fn validate_resource_policy(_world: &mut World, rq: &Request<'_>) -> Reply {
    let problems = match document(rq.text("ResourcePolicy")) {
        Err(fault) => vec![json!({"CheckName": "SYNTAX", "ErrorMessage": fault.message})],
        Ok(doc) if is_public(&doc) => {
            vec![json!({"CheckName": "PUBLIC_POLICY", "ErrorMessage": "The policy allows broad access."})]
        }
        Ok(_) => Vec::new(),
    };
    Ok(json!({"PolicyValidationPassed": problems.is_empty(), "ValidationErrors": problems}))
}

/// Replica descriptions as answers show them.
pub fn statuses(regions: &[Json]) -> Json {
    regions
        .iter()
        .map(|r| strip(json!({"Region": r["Region"], "KmsKeyId": r["KmsKeyId"], "Status": "InSync"})))
        .collect()
}

pub fn replicate(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = live_key(world, rq, rq.text("SecretId"))?;
    let added = statuses(rq.list("AddReplicaRegions"));
    let row = world.get(TABLE, &key).cloned().unwrap_or_default();
    let mut all = row["ReplicationStatus"].as_array().cloned().unwrap_or_default();
    for status in added.as_array().into_iter().flatten() {
        if status["Region"] == rq.region || all.iter().any(|old| old["Region"] == status["Region"]) {
            return Err(bad(format!(
                "Invalid replica region {}: the secret is already there.",
                status["Region"].as_str().unwrap_or_default()
            )));
        }
        all.push(status.clone());
    }
    let region = rq.region;
    let Some(row) = world.get_mut(TABLE, &key) else { return Ok(json!({})) };
    row["ReplicationStatus"] = json!(all);
    row["PrimaryRegion"] = json!(region);
    Ok(json!({"ARN": row["ARN"], "ReplicationStatus": all}))
}

pub fn remove_regions(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = live_key(world, rq, rq.text("SecretId"))?;
    let gone = rq.texts("RemoveReplicaRegions");
    let Some(row) = world.get_mut(TABLE, &key) else { return Ok(json!({})) };
    if let Some(list) = row["ReplicationStatus"].as_array_mut() {
        list.retain(|status| !gone.iter().any(|region| status["Region"] == *region));
    }
    let rest = match &row["ReplicationStatus"] {
        Json::Array(list) if !list.is_empty() => json!(list),
        _ => {
            row["ReplicationStatus"] = Json::Null;
            row["PrimaryRegion"] = Json::Null;
            json!([])
        }
    };
    Ok(json!({"ARN": row["ARN"], "ReplicationStatus": rest}))
}
