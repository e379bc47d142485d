//! What the operations share.

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Request};

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("ValidationError", message)
}

pub(super) fn no_balancer() -> Fault {
    Fault::new("LoadBalancerNotFound", "One or more load balancers not found")
}

pub(super) fn no_group() -> Fault {
    Fault::new("TargetGroupNotFound", "One or more target groups not found")
}

pub(super) fn no_listener() -> Fault {
    Fault::new("ListenerNotFound", "One or more listeners not found")
}

/// A request's tags as an object; a key may come only once.
pub(super) fn tags_of(rq: &Request<'_>) -> Result<Json, Fault> {
    let mut tags = json!({});
    for tag in rq.list("Tags") {
        let key = tag["Key"].as_str().unwrap_or_default();
        if !tags[key].is_null() {
            return Err(Fault::new(
                "DuplicateTagKeys",
                format!("Tag key '{key}' was specified more than once"),
            ));
        }
        tags[key] = tag["Value"].as_str().unwrap_or_default().into();
    }
    Ok(tags)
}

/// The last part of an ARN's resource after `prefix/`.
pub(super) fn tail<'a>(arn: &'a str, prefix: &str) -> &'a str {
    arn.split_once(&format!(":{prefix}/")).map_or(arn, |(_, tail)| tail)
}
