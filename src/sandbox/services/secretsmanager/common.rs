//! What the operations share.

use serde_json::Value as Json;

use super::{secrets, store};

use crate::sandbox::{Request, World};

/// A secret and one of its versions, by id, stage (`AWSCURRENT` if none is named) or version; `None` if there is none
/// that can be read.
#[must_use]
pub fn read(world: &World, rq: &Request<'_>, id: &str, which: Option<&str>) -> Option<(Json, Json)> {
    let row = world.get(store::TABLE, &store::live_key(world, rq, id).ok()?)?;
    let meant = |version: &&Json| match which {
        Some(which) => version["VersionId"] == which || store::has_stage(version, which),
        None => store::has_stage(version, "AWSCURRENT"),
    };
    let version = store::versions(row).iter().find(meant)?.clone();
    let mut shown = secrets::public(row);
    shown["VersionIdsToStages"] = store::staged(row);
    Some((shown, version))
}
