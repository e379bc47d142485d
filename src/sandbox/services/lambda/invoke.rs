//! `Invoke`: nothing is run. The answer is always the same and says so.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;

use super::{custom, named, qualifier, resolved};
use crate::sandbox::{Fault, Reply, Request, World};

/// What every function answers.
const PAYLOAD: &str = r#"{"sandbox":"no code is run; every function answers this"}"#;

/// `Invoke`.
pub fn invoke(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("FunctionName");
    let (key, row) = named(world, rq, id)?;
    let version = resolved(world, &key, &row, qualifier(rq, id)?)?;
    let state = version["State"].as_str().unwrap_or_default();
    if state == "Pending" || state == "Failed" {
        let arn = row["FunctionArn"].as_str().unwrap_or_default();
        let message = format!(
            "The operation cannot be performed at this time. The function is currently in the following state: {state}: {arn}"
        );
        return Err(Fault::new("ResourceConflictException", message).status(409));
    }
    Ok(match rq.opt("InvocationType") {
        Some("DryRun") => json!({"StatusCode": 204}),
        Some("Event") => {
            if !world.keeps_code() {
                custom::answer(world, rq);
            }
            json!({"StatusCode": 202})
        }
        _ => {
            let mut answer = json!({
                "StatusCode": 200, "ExecutedVersion": version["Version"], "Payload": BASE64_STANDARD.encode(PAYLOAD),
            });
            if rq.text("LogType") == "Tail" {
                answer["LogResult"] = json!(BASE64_STANDARD.encode("the sandbox runs no code\n"));
            }
            answer
        }
    })
}
