//! What a function that is not run answers to a custom resource's request: that all went well, and that it is no answer.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-responses.html>

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value as Json, json};

use crate::sandbox::{Request, World, services::s3};

/// Answers, if the event is such a request.
pub(super) fn answer(world: &mut World, rq: &Request<'_>) {
    let bytes = BASE64_STANDARD.decode(rq.text("Payload")).unwrap_or_default();
    let Ok(event) = serde_json::from_slice::<Json>(&bytes) else { return };
    let text = |name: &str| event[name].as_str().filter(|text| !text.is_empty());
    let (Some(url), Some(kind), Some(request)) =
        (text("ResponseURL"), text("RequestType"), text("RequestId"))
    else {
        return;
    };
    let Some((bucket, key)) = s3::addressed(url) else { return };
    let made = format!("sandbox-{}-{}", text("LogicalResourceId").unwrap_or("custom"), &world.hex(8));
    let id = text("PhysicalResourceId").map_or(made, ToOwned::to_owned);
    let mut answer = json!({
        "Status": "SUCCESS",
        "Reason": "the sandbox runs no code; every function answers this",
        "PhysicalResourceId": id,
        "StackId": event["StackId"],
        "RequestId": request,
        "LogicalResourceId": event["LogicalResourceId"],
    });
    if kind != "Delete" {
        // Nobody knows which names the code would answer with.
        answer["Data"] = json!({"*": format!("sandbox-{}", "*")});
    }
    s3::put_signed(world, rq.region, (&bucket, &key), answer.to_string().as_bytes());
}
