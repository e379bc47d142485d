//! Changes: accepted at once, with the name servers some time later.

use serde_json::{Value as Json, json};

use super::names::bare;
use crate::sandbox::{Fault, Reply, Request, World, durations};

const CHANGES: &str = "route53.change";

/// Notes a change and gives its description.
pub(super) fn note(world: &mut World, comment: Option<&str>) -> Json {
    let id = format!("C{}", world.hex(20).to_uppercase());
    let mut info =
        json!({"Id": format!("/change/{id}"), "Status": "PENDING", "SubmittedAt": world.now_secs()});
    if let Some(comment) = comment {
        info["Comment"] = json!(comment);
    }
    world.put(CHANGES, &id, info.clone());
    world.set_after(durations::ROUTE53_INSYNC, CHANGES, &id, json!({"Status": "INSYNC"}));
    info
}

pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = bare(rq.text("Id"));
    let row = world.get(CHANGES, id).ok_or_else(|| {
        Fault::new("NoSuchChange", format!("Could not find resource with ID: {id}")).status(404)
    })?;
    Ok(json!({"ChangeInfo": row}))
}
