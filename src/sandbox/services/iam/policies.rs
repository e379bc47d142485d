//! Customer managed policies and their versions; AWS's own can be read and attached only.

use serde_json::{Value as Json, json};

use super::{
    attachments, aws_managed, documents,
    entity::{conflict, keep, missing, paged, unique_id},
    tags,
};
use crate::sandbox::{By, Fault, Reply, Request, World, done};

const TABLE: &str = "iam.policy";
/// How many versions a policy keeps.
const VERSIONS: usize = 5;
/// Longest document of a managed policy.
const LONGEST: usize = 6_144;

fn absent(arn: &str) -> Fault {
    missing(format!("Policy {arn} was not found."))
}

fn check(text: &str) -> Result<(), Fault> {
    documents::check_managed(text)?;
    if documents::length(text) > LONGEST {
        return Err(Fault::new("LimitExceeded", format!("Cannot exceed quota for PolicySize: {LONGEST}")));
    }
    Ok(())
}

/// The row of a customer's policy; AWS's own are not to be changed.
fn own<'w>(world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
    let arn = rq.text("PolicyArn");
    if aws_managed::reserved(arn) {
        return Err(Fault::new("AccessDenied", "Policies managed by AWS cannot be changed").status(403));
    }
    world.get(TABLE, arn).ok_or_else(|| absent(arn))
}

fn shown(world: &World, row: &Json) -> Json {
    let arn = row["Arn"].as_str().unwrap_or_default();
    let mut policy = row.clone();
    policy["AttachmentCount"] = json!(attachments::count(world, arn));
    let by = By::Path("PermissionsBoundary.PermissionsBoundaryArn");
    let usage: usize = ["iam.role", "iam.user"].iter().map(|table| world.with(table, &by, arn).len()).sum();
    policy["PermissionsBoundaryUsageCount"] = json!(usage);
    policy
}

/// `CreatePolicy`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("PolicyName");
    check(rq.text("PolicyDocument"))?;
    tags::check(rq.list("Tags"))?;
    let path = rq.opt("Path").unwrap_or("/");
    if !world.with(TABLE, &By::Lower("PolicyName"), &name.to_ascii_lowercase()).is_empty() {
        return Err(Fault::new(
            "EntityAlreadyExists",
            format!("A policy called {name} already exists. Duplicate names are not allowed."),
        ));
    }
    let arn = world.arn("iam", "", &format!("policy{path}{name}"));
    let now = world.now_secs();
    let mut row = json!({
        "PolicyName": name, "PolicyId": unique_id(world, "ANPA"), "Arn": arn, "Path": path,
        "DefaultVersionId": "v1", "IsAttachable": true, "CreateDate": now, "UpdateDate": now,
        "_versions": [{"VersionId": "v1", "IsDefaultVersion": true, "CreateDate": now, "Document": rq.text("PolicyDocument")}],
        "_next": 2,
    });
    keep(&mut row, rq, &["Description", "Tags"]);
    world.put(TABLE, &arn, row.clone());
    let mut answer = shown(world, &row);
    // The create answer leaves the description out.
    if let Some(members) = answer.as_object_mut() {
        members.remove("Description");
    }
    Ok(json!({"Policy": answer}))
}

/// `GetPolicy`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("PolicyArn");
    let policy = match world.get(TABLE, arn) {
        // A policy without tags has an empty list here, and none where it was made (moto's
        // test_policy_resource_returns_subset_of_available_attributes, which AWS passes).
        Some(row) => {
            let mut policy = shown(world, row);
            if policy["Tags"].is_null() {
                policy["Tags"] = json!([]);
            }
            policy
        }
        None => aws_managed::policy(world, arn).ok_or_else(|| absent(arn))?,
    };
    Ok(json!({"Policy": policy}))
}

/// The customer's own with all their versions.
pub(super) fn details(world: &World) -> Vec<Json> {
    let rows = world.rows(TABLE).map(|(_, row)| {
        let mut policy = shown(world, row);
        let versions = row["_versions"].as_array().into_iter().flatten();
        policy["PolicyVersionList"] = json!(versions.map(encoded).collect::<Vec<_>>());
        policy
    });
    rows.collect()
}

/// `ListPolicies`.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let scope = rq.opt("Scope").unwrap_or("All");
    let prefix = rq.opt("PathPrefix").unwrap_or("/");
    let mut items: Vec<Json> = Vec::new();
    if scope != "AWS" {
        items.extend(world.rows(TABLE).map(|(_, row)| shown(world, row)));
    }
    if scope != "Local" {
        items.extend(aws_managed::all(world));
    }
    items.retain(|policy| policy["Path"].as_str().is_some_and(|path| path.starts_with(prefix)));
    if rq.flag("OnlyAttached") {
        items.retain(|policy| policy["AttachmentCount"] != 0);
    }
    match rq.text("PolicyUsageFilter") {
        "PermissionsBoundary" => items.retain(|policy| policy["PermissionsBoundaryUsageCount"] != 0),
        "PermissionsPolicy" => items.retain(|policy| policy["AttachmentCount"] != 0),
        _ => {}
    }
    for policy in &mut items {
        if let Some(members) = policy.as_object_mut() {
            members.remove("Tags");
            members.remove("Description");
        }
    }
    paged(rq, "Policies", items)
}

/// `DeletePolicy`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("PolicyArn");
    let row = own(world, rq)?;
    let policy = shown(world, row);
    if policy["AttachmentCount"] != 0 || policy["PermissionsBoundaryUsageCount"] != 0 {
        return Err(conflict("Cannot delete a policy attached to entities."));
    }
    if row["_versions"].as_array().is_some_and(|list| list.len() > 1) {
        return Err(conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's \
             versions. The default version is deleted with the policy.",
        ));
    }
    world.remove(TABLE, arn);
    done()
}

fn encoded(version: &Json) -> Json {
    let mut version = version.clone();
    version["Document"] = json!(documents::encoded(version["Document"].as_str().unwrap_or_default()));
    version
}

/// `CreatePolicyVersion`.
pub(super) fn create_version(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = own(world, rq)?;
    check(rq.text("PolicyDocument"))?;
    if row["_versions"].as_array().is_some_and(|list| list.len() >= VERSIONS) {
        let message = format!(
            "A managed policy can have up to {VERSIONS} versions. Before you create a new version, you must \
             delete an existing version."
        );
        return Err(Fault::new("LimitExceeded", message));
    }
    let id = format!("v{}", row["_next"].as_u64().unwrap_or(2));
    let mut version = json!({
        "VersionId": id, "IsDefaultVersion": false, "CreateDate": world.now_secs(), "Document": rq.text("PolicyDocument"),
    });
    let (default, now) = (rq.flag("SetAsDefault"), world.now_secs());
    let arn = rq.text("PolicyArn");
    let row = world.get_mut(TABLE, arn).ok_or_else(|| absent(arn))?;
    row["_next"] = json!(row["_next"].as_u64().unwrap_or(2) + 1);
    if let Some(list) = row["_versions"].as_array_mut() {
        list.push(version.clone());
    }
    if default {
        make_default(row, &id, now);
        version["IsDefaultVersion"] = json!(true);
    }
    if let Some(members) = version.as_object_mut() {
        members.remove("Document");
    }
    Ok(json!({"PolicyVersion": version}))
}

fn make_default(row: &mut Json, id: &str, now: f64) {
    row["DefaultVersionId"] = json!(id);
    row["UpdateDate"] = json!(now);
    for version in row["_versions"].as_array_mut().into_iter().flatten() {
        version["IsDefaultVersion"] = json!(version["VersionId"] == id);
    }
}

fn version<'r>(row: &'r Json, arn: &str, id: &str) -> Result<&'r Json, Fault> {
    row["_versions"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|version| version["VersionId"] == id)
        .ok_or_else(|| missing(format!("Policy {arn} version {id} does not exist or is not attachable.")))
}

/// `GetPolicyVersion`.
pub(super) fn get_version(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, id) = (rq.text("PolicyArn"), rq.text("VersionId"));
    if let Some(version) = aws_managed::version(arn, id) {
        return Ok(json!({"PolicyVersion": version}));
    }
    let row = world.get(TABLE, arn).ok_or_else(|| absent(arn))?;
    Ok(json!({"PolicyVersion": encoded(version(row, arn, id)?)}))
}

/// `ListPolicyVersions`: the newest first, without documents.
pub(super) fn versions(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("PolicyArn");
    let mut items = match (world.get(TABLE, arn), aws_managed::version(arn, "v1")) {
        (Some(row), _) => row["_versions"].as_array().cloned().unwrap_or_default(),
        (None, Some(version)) => vec![version],
        (None, None) => return Err(absent(arn)),
    };
    items.reverse();
    for version in &mut items {
        if let Some(members) = version.as_object_mut() {
            members.remove("Document");
        }
    }
    paged(rq, "Versions", items)
}

/// `SetDefaultPolicyVersion`.
pub(super) fn set_default(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, id) = (rq.text("PolicyArn"), rq.text("VersionId"));
    version(own(world, rq)?, arn, id)?;
    let now = world.now_secs();
    if let Some(row) = world.get_mut(TABLE, arn) {
        make_default(row, id, now);
    }
    done()
}

/// `DeletePolicyVersion`.
pub(super) fn delete_version(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arn, id) = (rq.text("PolicyArn"), rq.text("VersionId"));
    if version(own(world, rq)?, arn, id)?["IsDefaultVersion"] == true {
        return Err(conflict("Cannot delete the default version of a policy."));
    }
    if let Some(list) = world.get_mut(TABLE, arn).and_then(|row| row["_versions"].as_array_mut()) {
        list.retain(|version| version["VersionId"] != id);
    }
    done()
}
