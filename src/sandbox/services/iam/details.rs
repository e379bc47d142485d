//! All of an account at once (IAM API Reference, `GetAccountAuthorizationDetails`).

use serde_json::{Value as Json, json};

use super::{
    attachments, aws_managed, documents,
    entity::{Entity, GROUP, ROLE, USER},
    policies, profiles,
};
use crate::sandbox::{Reply, Request, World};

/// What principals have in common there: their names and paths, and what is put on them. Documents are URL-encoded.
fn detail(row: &Json, entity: &Entity, list: &str) -> Json {
    let inline = row["_policies"].as_object().into_iter().flatten();
    let inline: Vec<Json> = inline
        .map(|(name, text)| {
            json!({"PolicyName": name, "PolicyDocument": documents::encoded(text.as_str().unwrap_or_default())})
        })
        .collect();
    let attached = row["_attached"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let attached: Vec<Json> = attached.map(attachments::shown).collect();
    let mut detail = json!({"AttachedManagedPolicies": attached});
    let id = format!("{}Id", entity.title);
    for member in ["Path", "Arn", "CreateDate", "PermissionsBoundary", "Tags", entity.member, id.as_str()] {
        if !row[member].is_null() {
            detail[member] = row[member].clone();
        }
    }
    detail[list] = json!(inline);
    detail
}

fn role(world: &World, row: &Json) -> Json {
    let mut role = detail(row, &ROLE, "RolePolicyList");
    let trust = row["AssumeRolePolicyDocument"].as_str().unwrap_or_default();
    role["AssumeRolePolicyDocument"] = json!(documents::encoded(trust));
    role["InstanceProfileList"] =
        json!(profiles::holding(world, row["RoleName"].as_str().unwrap_or_default()));
    role["RoleLastUsed"] = json!({});
    role
}

/// `GetAccountAuthorizationDetails`. A page holds objects of all kinds together.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let kinds = rq.texts("Filter");
    let wants = |kind: &str| kinds.is_empty() || kinds.contains(&kind);
    let mut items: Vec<(&str, Json)> = Vec::new();
    if wants("User") {
        items.extend(world.rows(USER.table).map(|(_, row)| {
            let mut user = detail(row, &USER, "UserPolicyList");
            user["GroupList"] = row["_groups"].clone();
            ("UserDetailList", user)
        }));
    }
    if wants("Group") {
        let rows = world.rows(GROUP.table).map(|(_, row)| row);
        items.extend(rows.map(|row| ("GroupDetailList", detail(row, &GROUP, "GroupPolicyList"))));
    }
    if wants("Role") {
        items.extend(world.rows(ROLE.table).map(|(_, row)| ("RoleDetailList", role(world, row))));
    }
    if wants("LocalManagedPolicy") {
        items.extend(policies::details(world).into_iter().map(|policy| ("Policies", policy)));
    }
    if wants("AWSManagedPolicy") {
        items.extend(aws_managed::all(world).map(|mut policy| {
            let arn = policy["Arn"].as_str().unwrap_or_default();
            let version = policy["DefaultVersionId"].as_str().unwrap_or_default();
            policy["PolicyVersionList"] =
                json!(aws_managed::version(arn, version).into_iter().collect::<Vec<_>>());
            ("Policies", policy)
        }));
    }
    let (page, next) = rq.page(items, "MaxItems", "Marker", 100, "ValidationError")?;
    let mut answer = json!({
        "UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": [], "IsTruncated": next.is_some(),
    });
    for (list, item) in page {
        if let Some(items) = answer[list].as_array_mut() {
            items.push(item);
        }
    }
    if let Some(next) = next {
        answer["Marker"] = json!(next);
    }
    Ok(answer)
}
