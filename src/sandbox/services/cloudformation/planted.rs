//! Stacks that were there before.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{exports, stacks::STACK};
use crate::sandbox::World;

/// Statuses that a planted stack may have: those in which a stack rests (API Reference, Stack, `StackStatus`).
const STATUSES: &[&str] = &[
    "CREATE_COMPLETE",
    "CREATE_FAILED",
    "DELETE_COMPLETE",
    "DELETE_FAILED",
    "IMPORT_COMPLETE",
    "REVIEW_IN_PROGRESS",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED",
];

fn pairs(body: &Json, member: &str, key: &str, value: &str) -> Vec<Json> {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let all = body[member].as_object().into_iter().flatten();
    all.map(|(name, of)| json!({key: name, value: text(of)})).collect()
}

/// Puts a stack into a world: its outputs (a text, or `value`, `export`, `description`), what it imports, tags, parameters.
/// Nothing if it is there. Its id otherwise.
///
/// # Errors
/// What CloudFormation would not have made.
pub fn plant(world: &mut World, region: &str, name: &str, body: &Json) -> Result<Option<String>, String> {
    // "A stack name can contain only alphanumeric characters (case sensitive) and hyphens. It must start with an alphabetical
    // character and can't be longer than 128 characters" (API Reference, CreateStack).
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if name.len() > 128 || !letters || !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Err(format!("`{name}` is no name of a stack: letters, digits and hyphens, a letter first"));
    }
    let status = body["status"].as_str().unwrap_or("CREATE_COMPLETE");
    if !STATUSES.contains(&status) {
        return Err(format!("`{status}` is no status in which a stack rests: {}", STATUSES.join(", ")));
    }
    let key = format!("{region}/{name}");
    if world.get(STACK, &key).is_some() {
        return Ok(None);
    }
    let mut taken: BTreeSet<String> = exports::of(world, region)
        .filter_map(|(_, output)| output["ExportName"].as_str().map(ToOwned::to_owned))
        .collect();
    let imports: Vec<&str> =
        body["imports"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    if let Some(missing) = imports.iter().find(|import| !taken.contains(**import)) {
        return Err(format!("No export named {missing} found"));
    }
    let mut outputs = Vec::new();
    for (id, output) in body["outputs"].as_object().into_iter().flatten() {
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(format!("`{id}` is no name of an output: letters and digits"));
        }
        let members = output.as_object().into_iter().flatten();
        if let Some((other, _)) =
            members.into_iter().find(|(name, _)| !["value", "export", "description"].contains(&name.as_str()))
        {
            return Err(format!("`{other}` is unknown in the output `{id}`: value, export, description"));
        }
        let value = output.as_str().or(output["value"].as_str());
        let value = value.ok_or_else(|| format!("the output `{id}` has no text `value`"))?;
        let mut row = json!({"OutputKey": id, "OutputValue": value});
        if let Some(export) = output["export"].as_str() {
            // Unique in an account and region ("Fn::ImportValue", Template Reference).
            if !taken.insert(export.to_owned()) {
                return Err(format!("Export with name {export} is already exported by another stack"));
            }
            row["ExportName"] = json!(export);
        }
        if let Some(description) = output["description"].as_str() {
            row["Description"] = json!(description);
        }
        outputs.push(row);
    }
    let uuid = world.uuid();
    let id = world.arn("cloudformation", region, &format!("stack/{name}/{uuid}"));
    let mut row = json!({
        "StackId": id, "StackName": name, "StackStatus": status, "CreationTime": world.now_secs(), "DisableRollback": false,
        "EnableTerminationProtection": false, "NotificationARNs": [], "RollbackConfiguration": {},
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"}, "Outputs": outputs,
        "Parameters": pairs(body, "parameters", "ParameterKey", "ParameterValue"), "Tags": pairs(body, "tags", "Key", "Value"),
        "_imports": imports, "_region": region,
    });
    if let Some(description) = body["description"].as_str() {
        row["Description"] = json!(description);
    }
    if status == "DELETE_COMPLETE" {
        row["DeletionTime"] = json!(world.now_secs());
    }
    world.put(STACK, &key, row);
    Ok(Some(id))
}
