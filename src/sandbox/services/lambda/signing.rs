//! Code signing configurations. Code is kept as its digest: what a signature would say is not looked at.
//!
//! Table: `lambda.code-signing-config`, by ARN. Refusals: LocalStack's recordings of AWS, `TestCodeSigningConfig`.

use serde_json::{Value as Json, json};

use super::{TABLE, functions::page_of};
use crate::sandbox::{Fault, Reply, Request, World, done};

const CONFIGS: &str = "lambda.code-signing-config";
/// What Cloud Control made of `AWS::Lambda::CodeSigningConfig` is one too.
const BY_CLOUD_CONTROL: &str = "cloudcontrol.AWS::Lambda::CodeSigningConfig";

fn absent(arn: &str) -> Fault {
    let message = format!("The Lambda code signing configuration {arn} can not be found.");
    Fault::new("ResourceNotFoundException", message).status(404)
}

fn found<'w>(world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
    let arn = rq.text("CodeSigningConfigArn");
    world.get(CONFIGS, arn).ok_or_else(|| absent(arn))
}

/// A function may name a configuration that is there.
///
/// # Errors
/// It is not.
pub(super) fn check(world: &World, arn: &str) -> Result<(), Fault> {
    let made = |row: &Json| row["Properties"]["CodeSigningConfigArn"] == arn || row.to_string().contains(arn);
    if arn.is_empty() || world.get(CONFIGS, arn).is_some() || world.any(BY_CLOUD_CONTROL, made) {
        return Ok(());
    }
    let message = format!(
        "The code signing configuration cannot be found. Check that the provided configuration is not deleted: {arn}."
    );
    Err(Fault::new("CodeSigningConfigNotFoundException", message).status(404))
}

fn shown(row: &Json) -> Json {
    let all = row.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with('_'));
    Json::Object(all.map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn now(world: &World) -> Json {
    json!(super::functions::date(world))
}

/// `CreateCodeSigningConfig`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = format!("csc-{}", &world.hex(32)[..17]);
    let arn = world.arn("lambda", rq.region, &format!("code-signing-config:{id}"));
    let policy = rq.get("CodeSigningPolicies")["UntrustedArtifactOnDeployment"].as_str().unwrap_or("Warn");
    let row = json!({
        "CodeSigningConfigId": id, "CodeSigningConfigArn": arn, "Description": rq.text("Description"),
        "AllowedPublishers": rq.get("AllowedPublishers"),
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": policy}, "LastModified": now(world),
        "_region": rq.region, "_tags": rq.get("Tags"),
    });
    world.put(CONFIGS, &arn, row.clone());
    Ok(json!({"CodeSigningConfig": shown(&row)}))
}

/// `GetCodeSigningConfig`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    Ok(json!({"CodeSigningConfig": shown(found(world, rq)?)}))
}

/// `UpdateCodeSigningConfig`: what is not sent stays.
pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut row = found(world, rq)?.clone();
    for member in ["Description", "AllowedPublishers", "CodeSigningPolicies"] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    row["LastModified"] = now(world);
    world.put(CONFIGS, rq.text("CodeSigningConfigArn"), row.clone());
    Ok(json!({"CodeSigningConfig": shown(&row)}))
}

/// Functions that use a configuration.
fn users(world: &World, arn: &str) -> Vec<Json> {
    let mine = world.rows(TABLE).filter(|(_, row)| row["_signing"] == arn);
    mine.map(|(_, row)| row["FunctionArn"].clone()).collect()
}

/// `DeleteCodeSigningConfig`: "You can delete the code signing configuration only if no function is using it".
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    found(world, rq)?;
    let arn = rq.text("CodeSigningConfigArn");
    let users = users(world, arn);
    if !users.is_empty() {
        let message = format!(
            "Cannot delete the code signing configuration {arn} because it is associated with {} function(s).",
            users.len()
        );
        return Err(Fault::new("ResourceConflictException", message).status(409));
    }
    world.remove(CONFIGS, arn);
    done()
}

/// `ListCodeSigningConfigs`.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let mine = world.rows(CONFIGS).filter(|(_, row)| row["_region"] == rq.region).map(|(_, row)| shown(row));
    let (page, next) = rq.page(mine.collect(), "MaxItems", "Marker", 50, "InvalidParameterValueException")?;
    Ok(page_of("CodeSigningConfigs", page, next))
}

/// `ListFunctionsByCodeSigningConfig`.
pub(super) fn functions(world: &mut World, rq: &Request<'_>) -> Reply {
    found(world, rq)?;
    let all = users(world, rq.text("CodeSigningConfigArn"));
    let (page, next) = rq.page(all, "MaxItems", "Marker", 50, "InvalidParameterValueException")?;
    Ok(page_of("FunctionArns", page, next))
}
