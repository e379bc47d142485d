//! What is needed to run a function's code, for a sandbox that is told to (`sandbox serve --run-functions`).
//!
//! Table: `lambda.code` (by digest): archives, kept only while functions are run.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value as Json, json};

use super::{TABLE, named, resolved, versions::VERSIONS};
use crate::sandbox::{Fault, Request, World};

const CODE: &str = "lambda.code";

/// One function as it is to be run.
#[derive(Debug, Clone)]
pub struct Job {
    /// The function's name.
    pub name: String,
    /// The ARN it was invoked by.
    pub arn: String,
    /// Its version.
    pub version: String,
    /// Its region.
    pub region: String,
    /// `module.function`.
    pub handler: String,
    /// `python3.13`.
    pub runtime: String,
    /// How long it may run.
    pub timeout: Duration,
    /// In megabytes; told to the code, not enforced.
    pub memory: i64,
    /// Its environment variables.
    pub environment: Vec<(String, String)>,
    /// Where what it prints goes.
    pub log_group: String,
    /// Its archive in Base64; nothing if it was not kept.
    pub code: Option<String>,
    /// How many may run at one time.
    pub reserved: Option<usize>,
    /// Where asynchronous invocations end that failed for good.
    pub dead_letters: Option<String>,
}

/// Keeps an archive, if this sandbox runs functions.
pub(super) fn keep(world: &mut World, code: &Json, digest: &str) {
    if !world.keeps_code() {
        return;
    }
    let text = |member: &str| code[member].as_str();
    let archive = match (text("ZipFile"), text("S3Bucket"), text("S3Key")) {
        (Some(encoded), ..) => Some(encoded.to_owned()),
        (None, Some(bucket), Some(key)) => {
            let meant = |row: &Json| {
                let body = row["_body"].as_str().unwrap_or_default();
                row["_bucket"] == bucket
                    && row["Key"] == key
                    && BASE64_STANDARD
                        .decode(body)
                        .is_ok_and(|bytes| super::functions::digest(&bytes) == digest)
            };
            let object = world.rows("s3.object").find(|(_, row)| meant(row));
            object.and_then(|(_, row)| row["_body"].as_str()).map(ToOwned::to_owned)
        }
        _ => None,
    };
    if let Some(archive) = archive {
        world.put(CODE, digest, json!({"_zip": archive}));
    }
}

/// Drops archives that no function and no version has.
pub(super) fn sweep(world: &mut World) {
    let idle: Vec<String> = world
        .rows(CODE)
        .map(|(digest, _)| digest.to_owned())
        .filter(|digest| {
            let has = |row: &Json| row["CodeSha256"] == digest.as_str();
            !world.any(TABLE, has) && !world.any(VERSIONS, has)
        })
        .collect();
    for digest in idle {
        world.remove(CODE, &digest);
    }
}

/// The function that a name or an ARN means, ready to be run.
///
/// # Errors
/// There is none.
pub fn job(world: &World, region: &str, function: &str, qualifier: Option<&str>) -> Result<Job, Fault> {
    let rq = Request {
        operation: "Invoke",
        region,
        access_key: "",
        input: json!({"FunctionName": function, "Qualifier": qualifier}),
    };
    let (key, row) = named(world, &rq, function)?;
    let one = resolved(world, &key, &row, super::qualifier(&rq, function)?)?;
    let text = |member: &str| one[member].as_str().unwrap_or_default().to_owned();
    let variables = one["Environment"]["Variables"].as_object().into_iter().flatten();
    let environment = variables
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    let code = world.get(CODE, &text("CodeSha256")).and_then(|row| row["_zip"].as_str());
    Ok(Job {
        name: text("FunctionName"),
        arn: text("FunctionArn"),
        version: text("Version"),
        region: region.to_owned(),
        handler: text("Handler"),
        runtime: text("Runtime"),
        timeout: Duration::from_secs(one["Timeout"].as_u64().unwrap_or(3)),
        memory: one["MemorySize"].as_i64().unwrap_or(128),
        environment,
        log_group: one["LoggingConfig"]["LogGroup"].as_str().unwrap_or_default().to_owned(),
        code: code.map(ToOwned::to_owned),
        reserved: row["_reserved"].as_u64().and_then(|number| usize::try_from(number).ok()),
        dead_letters: one["DeadLetterConfig"]["TargetArn"]
            .as_str()
            .filter(|arn| !arn.is_empty())
            .map(ToOwned::to_owned),
    })
}
