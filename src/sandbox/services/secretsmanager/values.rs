//! Values: get, put, list versions, move stages.

use serde_json::{Value as Json, json};

use super::{
    secrets::{check_filters, passes, strip},
    store::{TABLE, add_version, bad, has_stage, key_of, live_key, move_stage, token, versions},
};
use crate::sandbox::{Fault, Reply, Request, World};

pub fn get_secret_value(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = live_key(world, rq, rq.text("SecretId"))?;
    let row = world.get(TABLE, &key).cloned().unwrap_or_default();
    let stage = rq.opt("VersionStage");
    let version = match rq.opt("VersionId") {
        Some(id) => versions(&row)
            .iter()
            .find(|v| v["VersionId"] == id && stage.is_none_or(|stage| has_stage(v, stage))),
        None => versions(&row).iter().find(|v| has_stage(v, stage.unwrap_or("AWSCURRENT"))),
    };
    // A version that is there, without that label, is told from one that is not.
    if let (None, Some(id), Some(_)) = (version, rq.opt("VersionId"), stage)
        && versions(&row).iter().any(|v| v["VersionId"] == id)
    {
        return Err(Fault::new(
            "InvalidRequestException",
            "You provided a VersionStage that is not associated to the provided VersionId.",
        ));
    }
    let version = version.ok_or_else(|| {
        let what = match rq.opt("VersionId") {
            Some(id) => format!("VersionId: {id}"),
            None => format!("staging label: {}", stage.unwrap_or("AWSCURRENT")),
        };
        Fault::new(
            "ResourceNotFoundException",
            format!("Secrets Manager can't find the specified secret value for {what}"),
        )
    })?;
    Ok(value(&row, version))
}

fn value(row: &Json, version: &Json) -> Json {
    strip(json!({
        "ARN": row["ARN"], "Name": row["Name"], "VersionId": version["VersionId"],
        "SecretString": version["SecretString"], "SecretBinary": version["SecretBinary"],
        "VersionStages": version["VersionStages"], "CreatedDate": version["CreatedDate"],
    }))
}

pub fn batch_get_secret_value(world: &mut World, rq: &Request<'_>) -> Reply {
    let (ids, filters) = (rq.texts("SecretIdList"), rq.list("Filters"));
    if ids.is_empty() == filters.is_empty() {
        return Err(bad("Either 'SecretIdList' or 'Filters' must be provided, but not both."));
    }
    let mut values = Vec::new();
    let mut errors = Vec::new();
    if filters.is_empty() {
        for id in ids {
            let found =
                live_key(world, rq, id).map(|key| world.get(TABLE, &key).cloned().unwrap_or_default());
            match found.map(|row| current(&row)) {
                Ok(Some(value)) => values.push(value),
                Ok(None) => errors.push(json!({
                    "SecretId": id, "ErrorCode": "ResourceNotFoundException",
                    "Message": "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
                })),
                Err(fault) => errors.push(json!({"SecretId": id, "ErrorCode": fault.code, "Message": fault.message})),
            }
        }
        return Ok(json!({"SecretValues": values, "Errors": errors}));
    }
    check_filters(filters)?;
    let prefix = format!("{}/", rq.region);
    let values = world
        .rows(TABLE)
        .filter(|(key, row)| {
            key.starts_with(&prefix) && row["DeletedDate"].is_null() && filters.iter().all(|f| passes(row, f))
        })
        .filter_map(|(_, row)| current(row))
        .collect();
    let (page, next) = rq.page(values, "MaxResults", "NextToken", 20, "InvalidNextTokenException")?;
    Ok(strip(json!({"SecretValues": page, "Errors": [], "NextToken": next})))
}

fn current(row: &Json) -> Option<Json> {
    versions(row).iter().find(|v| has_stage(v, "AWSCURRENT")).map(|v| value(row, v))
}

pub fn put_secret_value(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = live_key(world, rq, rq.text("SecretId"))?;
    if rq.opt("SecretString").is_some() == rq.opt("SecretBinary").is_some() {
        return Err(bad("You must provide either SecretString or SecretBinary."));
    }
    let now = world.now_secs();
    let token = token(world, rq);
    let mut stages: Vec<String> = rq.texts("VersionStages").into_iter().map(str::to_owned).collect();
    if stages.is_empty() {
        stages.push("AWSCURRENT".into());
    }
    let Some(row) = world.get_mut(TABLE, &key) else { return Ok(json!({})) };
    // The very first version is always the current one.
    if versions(row).is_empty() && !stages.iter().any(|s| s == "AWSCURRENT") {
        stages.push("AWSCURRENT".into());
    }
    add_version(row, &token, now, &rq.input, &stages)?;
    let kept = versions(row)
        .iter()
        .find(|v| v["VersionId"] == token)
        .map_or(json!([]), |v| v["VersionStages"].clone());
    Ok(json!({"ARN": row["ARN"], "Name": row["Name"], "VersionId": token, "VersionStages": kept}))
}

pub fn list_secret_version_ids(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = key_of(world, rq, rq.text("SecretId"))?;
    let row = world.get(TABLE, &key).cloned().unwrap_or_default();
    let items = versions(&row)
        .iter()
        .rev()
        .filter(|v| {
            rq.flag("IncludeDeprecated") || v["VersionStages"].as_array().is_some_and(|s| !s.is_empty())
        })
        .map(|v| {
            let key = row["KmsKeyId"].as_str().unwrap_or("DefaultEncryptionKey");
            // Deprecated versions have no list of stages, not an empty one.
            let stages = v["VersionStages"].as_array().filter(|stages| !stages.is_empty());
            strip(json!({
                "VersionId": v["VersionId"], "VersionStages": stages, "CreatedDate": v["CreatedDate"],
                "KmsKeyIds": [key],
            }))
        })
        .collect();
    let (page, next) = rq.page(items, "MaxResults", "NextToken", 100, "InvalidNextTokenException")?;
    Ok(strip(json!({"ARN": row["ARN"], "Name": row["Name"], "Versions": page, "NextToken": next})))
}

pub fn update_secret_version_stage(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = live_key(world, rq, rq.text("SecretId"))?;
    let stage = rq.text("VersionStage");
    let (to, from) = (rq.opt("MoveToVersionId"), rq.opt("RemoveFromVersionId"));
    let row = world.get(TABLE, &key).cloned().unwrap_or_default();
    for id in [to, from].into_iter().flatten() {
        if !versions(&row).iter().any(|v| v["VersionId"] == id) {
            return Err(Fault::new(
                "ResourceNotFoundException",
                format!("Secrets Manager can't find the specified secret value for VersionId: {id}"),
            ));
        }
    }
    let holder = versions(&row).iter().find(|v| has_stage(v, stage)).and_then(|v| v["VersionId"].as_str());
    if let Some(holder) = holder.filter(|holder| Some(*holder) != from && Some(*holder) != to) {
        // moto's test_update_secret_version_stage_dont_specify_current_stage, which AWS passes.
        let wrong = if from.is_some() { "is not valid" } else { "can't be empty" };
        return Err(bad(format!(
            "The parameter RemoveFromVersionId {wrong}. Staging label {stage} is currently attached to version \
             {holder}, so you must explicitly reference that version in RemoveFromVersionId."
        )));
    }
    if stage == "AWSCURRENT" && to.is_none() {
        return Err(bad(
            "You can't remove the staging label AWSCURRENT without moving it to another version.",
        ));
    }
    let Some(row) = world.get_mut(TABLE, &key) else { return Ok(json!({})) };
    move_stage(row, stage, to);
    Ok(json!({"ARN": row["ARN"], "Name": row["Name"]}))
}
