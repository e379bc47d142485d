//! Webhooks of projects. The provider's side is not played: it always takes them.
//!
//! API Reference, CreateWebhook, UpdateWebhook, WebhookFilter.

use serde_json::{Value as Json, json};

use super::{PROJECTS, checks::signed_in, exists, invalid, key, missing};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Providers that have webhooks.
const PROVIDERS: &[&str] = &["BITBUCKET", "GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED"];

fn project(world: &World, rq: &Request<'_>) -> Result<(String, Json), Fault> {
    let key = key(world, rq.region, rq.text("projectName"))?;
    let row = world.get(PROJECTS, &key).cloned().unwrap_or_default();
    Ok((key, row))
}

/// "A filter group must contain at least one EVENT WebhookFilter."
fn groups(rq: &Request<'_>) -> Result<(), Fault> {
    for group in rq.list("filterGroups") {
        let filters = group.as_array().map_or(&[][..], Vec::as_slice);
        if !filters.iter().any(|filter| filter["type"] == "EVENT") {
            return Err(invalid("Invalid filter groups: each group needs a filter of type EVENT"));
        }
    }
    Ok(())
}

fn set(rq: &Request<'_>, webhook: &mut Json) {
    for member in [
        "branchFilter",
        "buildType",
        "filterGroups",
        "manualCreation",
        "pullRequestBuildPolicy",
        "scopeConfiguration",
    ] {
        if !rq.get(member).is_null() {
            webhook[member] = rq.get(member).clone();
        }
    }
}

pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, mut row) = project(world, rq)?;
    if !row["webhook"].is_null() {
        return Err(exists(format!("Webhook already exists for project {}", rq.text("projectName"))));
    }
    let kind = row["source"]["type"].as_str().unwrap_or_default().to_owned();
    if !PROVIDERS.contains(&kind.as_str()) {
        return Err(invalid(format!("Webhooks are not supported for source type {kind}")));
    }
    let own = matches!(row["source"]["auth"]["type"].as_str(), Some("CODECONNECTIONS" | "SECRETS_MANAGER"));
    if !own && !signed_in(world, rq.region, &kind) {
        // hashicorp/terraform-provider-aws#2814.
        let server = kind.to_lowercase();
        return Err(missing(format!("Could not find access token for server type {server}")));
    }
    groups(rq)?;
    let id = world.hex(40);
    let host = format!("https://codebuild.{}.amazonaws.com/webhooks?t={id}", rq.region);
    let mut webhook = json!({"payloadUrl": host, "buildType": "BUILD", "status": "ACTIVE"});
    if kind != "GITHUB_ENTERPRISE" {
        let place = row["source"]["location"].as_str().unwrap_or_default().trim_end_matches(".git");
        webhook["url"] = json!(format!("{place}/hooks/{}", &id[..9]));
    }
    set(rq, &mut webhook);
    row["webhook"] = webhook.clone();
    world.put(PROJECTS, &key, row);
    webhook["secret"] = json!(world.hex(40));
    Ok(json!({"webhook": webhook}))
}

pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, mut row) = project(world, rq)?;
    if row["webhook"].is_null() {
        return Err(missing(format!("Webhook does not exist for project {}", rq.text("projectName"))));
    }
    groups(rq)?;
    set(rq, &mut row["webhook"]);
    if rq.flag("rotateSecret") {
        row["webhook"]["lastModifiedSecret"] = json!(world.now_secs());
    }
    let answer = json!({"webhook": row["webhook"]});
    world.put(PROJECTS, &key, row);
    Ok(answer)
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, mut row) = project(world, rq)?;
    if row["webhook"].is_null() {
        return Err(missing(format!("Webhook does not exist for project {}", rq.text("projectName"))));
    }
    row["webhook"] = Json::Null;
    world.put(PROJECTS, &key, row);
    done()
}
