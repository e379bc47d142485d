//! What the operations share.

use crate::sandbox::{Fault, Request};

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("ValidationException", message)
}

/// The key of the target that a request means.
pub(super) fn target_key(rq: &Request<'_>) -> String {
    let (namespace, dimension) = (rq.text("ServiceNamespace"), rq.text("ScalableDimension"));
    format!("{}/{namespace}/{dimension}/{}", rq.region, rq.text("ResourceId"))
}

pub(super) fn no_target(rq: &Request<'_>) -> Fault {
    Fault::new(
        "ObjectNotFoundException",
        format!(
            "No scalable target registered for namespace: {}, resource ID: {}, scalable dimension: {}",
            rq.text("ServiceNamespace"),
            rq.text("ResourceId"),
            rq.text("ScalableDimension")
        ),
    )
}
