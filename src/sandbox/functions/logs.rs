//! What a function prints, in its log group.

use serde_json::{Value as Json, json};

use super::process::{Invocation, Ran};
use crate::sandbox::{Fault, Request, World, services::SERVICES};

/// Longest event that is kept, in characters: 1 MB with what CloudWatch Logs counts beside it.
const MAX_EVENT: usize = 256 * 1024;

fn call(world: &mut World, region: &str, operation: &str, input: Json) -> Result<Json, Fault> {
    let service = SERVICES.iter().find(|service| service.name == "logs");
    let found = service.and_then(|service| service.operations.iter().find(|one| one.name == operation));
    match found {
        Some(found) => (found.run)(world, &Request { operation: found.name, region, access_key: "", input }),
        None => Err(Fault::new("InternalFailure", operation)),
    }
}

/// Writes an invocation's lines as Lambda does; the group is made if it is not there.
pub(super) fn write(world: &mut World, invocation: &Invocation, ran: &Ran) {
    let job = &invocation.job;
    let (region, group, id) = (job.region.as_str(), job.log_group.as_str(), &invocation.id);
    let mut lines = vec![format!("START RequestId: {id} Version: {}", job.version)];
    lines.extend(
        ran.output.lines().filter(|line| !line.is_empty()).map(|line| line.chars().take(MAX_EVENT).collect()),
    );
    if ran.failed && ran.output.is_empty() {
        lines.push(ran.payload.clone());
    }
    lines.push(format!("END RequestId: {id}"));
    lines.push(format!(
        "REPORT RequestId: {id}\tDuration: {}.00 ms\tBilled Duration: {} ms\tMemory Size: {} MB",
        ran.millis, ran.millis, job.memory
    ));
    let now = world.date();
    let events: Vec<Json> = lines.iter().map(|line| json!({"timestamp": now, "message": line})).collect();
    // Both may be there already.
    let _ = call(world, region, "CreateLogGroup", json!({"logGroupName": group}));
    let _ = call(
        world,
        region,
        "CreateLogStream",
        json!({"logGroupName": group, "logStreamName": invocation.stream}),
    );
    let input = json!({"logGroupName": group, "logStreamName": invocation.stream, "logEvents": events});
    if let Err(fault) = call(world, region, "PutLogEvents", input) {
        tracing::warn!("the output of {} is not kept: {}: {}", job.name, fault.code, fault.message);
    }
}
