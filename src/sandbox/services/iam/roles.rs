//! Roles, service-linked roles among them.

use serde_json::{Value as Json, json};

use super::{
    aws_managed, documents,
    entity::{ROLE, conflict, keep, missing, paged, under_path},
    linked, tags,
};
use crate::sandbox::{Fault, Reply, Request, World, done, world::durations::IAM_PROPAGATION};

/// How long IAM takes to delete a service-linked role.
const LINKED_DOWN: i64 = 3_000;

/// A role as answers show it.
pub(super) fn shown(row: &Json) -> Json {
    let mut role = row.clone();
    role["AssumeRolePolicyDocument"] =
        json!(documents::encoded(row["AssumeRolePolicyDocument"].as_str().unwrap_or_default()));
    role
}

/// A role as the calls that make one show it: without the duration (LocalStack's recordings of AWS,
/// `TestRoles::test_create_describe_role`).
fn created(row: &Json) -> Json {
    let mut role = shown(row);
    role["MaxSessionDuration"] = Json::Null;
    role
}

/// Service-linked roles belong to their service.
pub(super) fn modifiable(row: &Json) -> Result<(), Fault> {
    if row["_linked"].is_null() {
        return Ok(());
    }
    let name = row["RoleName"].as_str().unwrap_or_default();
    let message = format!(
        "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
    );
    Err(Fault::new("UnmodifiableEntity", message))
}

/// The boundary as answers show it.
pub(super) fn boundary(world: &World, arn: &str) -> Result<Json, Fault> {
    if world.get("iam.policy", arn).is_none() && !aws_managed::exists(arn) {
        return Err(missing(format!("Scope ARN: {arn} does not exist or is not attachable.")));
    }
    Ok(json!({"PermissionsBoundaryArn": arn, "PermissionsBoundaryType": "Policy"}))
}

/// `CreateRole`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let trust = rq.text("AssumeRolePolicyDocument");
    tags::check(rq.list("Tags"))?;
    let mut row = ROLE.fresh(world, rq, "AROA")?;
    documents::check_trust(world, trust)?;
    if documents::length(trust) > 4_096 {
        return Err(Fault::new("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 4096"));
    }
    row["AssumeRolePolicyDocument"] = json!(trust);
    row["MaxSessionDuration"] = json!(rq.int("MaxSessionDuration").unwrap_or(3_600));
    keep(&mut row, rq, &["Description", "Tags"]);
    if let Some(arn) = rq.opt("PermissionsBoundary") {
        row["PermissionsBoundary"] = boundary(world, arn)?;
    }
    row["_usable"] = json!(world.now() + IAM_PROPAGATION);
    world.put(ROLE.table, rq.text("RoleName"), row.clone());
    Ok(json!({"Role": created(&row)}))
}

/// `GetRole`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut role = shown(ROLE.get(world, rq)?);
    role["RoleLastUsed"] = json!({});
    Ok(json!({"Role": role}))
}

/// `ListRoles`: without tags and boundaries, as AWS answers it.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let roles = under_path(world, rq, ROLE.table)
        .iter()
        .map(|row| {
            let mut role = shown(row);
            if let Some(members) = role.as_object_mut() {
                members.remove("Tags");
                members.remove("PermissionsBoundary");
            }
            role
        })
        .collect();
    paged(rq, "Roles", roles)
}

/// `UpdateAssumeRolePolicy`.
pub(super) fn update_trust(world: &mut World, rq: &Request<'_>) -> Reply {
    let text = rq.text("PolicyDocument");
    let row = ROLE.get(world, rq)?;
    modifiable(row)?;
    let changed = row["AssumeRolePolicyDocument"] != text;
    documents::check_trust(world, text)?;
    let usable = world.now() + IAM_PROPAGATION;
    let row = ROLE.get_mut(world, rq)?;
    row["AssumeRolePolicyDocument"] = json!(text);
    if changed {
        row["_usable"] = json!(usable);
    }
    done()
}

/// `UpdateRole`: an absent description is emptied, an absent duration reset, as AWS does it.
pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = ROLE.get_mut(world, rq)?;
    modifiable(row)?;
    row["Description"] = json!(rq.text("Description"));
    row["MaxSessionDuration"] = json!(rq.int("MaxSessionDuration").unwrap_or(3_600));
    done()
}

/// `UpdateRoleDescription`.
pub(super) fn update_description(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = ROLE.get_mut(world, rq)?;
    modifiable(row)?;
    row["Description"] = json!(rq.text("Description"));
    Ok(json!({"Role": shown(row)}))
}

/// `PutRolePermissionsBoundary`.
pub(super) fn put_boundary(world: &mut World, rq: &Request<'_>) -> Reply {
    modifiable(ROLE.get(world, rq)?)?;
    let boundary = boundary(world, rq.text("PermissionsBoundary"))?;
    ROLE.get_mut(world, rq)?["PermissionsBoundary"] = boundary;
    done()
}

/// `DeleteRolePermissionsBoundary`.
pub(super) fn delete_boundary(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = ROLE.get_mut(world, rq)?;
    modifiable(row)?;
    if let Some(members) = row.as_object_mut() {
        members.remove("PermissionsBoundary");
    }
    done()
}

/// `DeleteRole`: only a bare role goes.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("RoleName");
    let row = ROLE.get(world, rq)?;
    modifiable(row)?;
    if super::profiles::any_with(world, name) {
        return Err(conflict("Cannot delete entity, must remove roles from instance profile first."));
    }
    ROLE.deletable(row)?;
    world.remove(ROLE.table, name);
    done()
}

/// `CreateServiceLinkedRole`.
pub(super) fn create_service_linked(world: &mut World, rq: &Request<'_>) -> Reply {
    let service = rq.text("AWSServiceName");
    let Some(linked) = linked::of(service) else {
        let message = format!("Cannot find Service Linked Role template for {service}");
        return Err(Fault::new("InvalidInput", message));
    };
    let mut name = format!("AWSServiceRoleFor{}", linked.name);
    if let Some(suffix) = rq.opt("CustomSuffix").filter(|suffix| !suffix.is_empty()) {
        if !linked.suffix {
            return Err(Fault::new("InvalidInput", format!("Custom suffix is not allowed for {service}")));
        }
        name = format!("{name}_{suffix}");
    }
    if world.get(ROLE.table, &name).is_some() {
        let message = format!(
            "Service role name {name} has been taken in this account, please try a different suffix."
        );
        return Err(Fault::new("InvalidInput", message));
    }
    let path = format!("/aws-service-role/{service}/");
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole",
    }]});
    let id = super::entity::unique_id(world, "AROA");
    let policy = format!("arn:{}:iam::aws:policy/aws-service-role/{}", world.partition(), linked.policy);
    let mut row = json!({
        "RoleName": name, "Path": path, "RoleId": id, "Arn": world.arn("iam", "", &format!("role{path}{name}")),
        "CreateDate": world.now_secs(), "AssumeRolePolicyDocument": trust.to_string(), "MaxSessionDuration": 3_600,
        "_policies": {}, "_attached": [policy], "_linked": service, "_usable": world.now() + IAM_PROPAGATION,
    });
    keep(&mut row, rq, &["Description"]);
    world.put(ROLE.table, &name, row.clone());
    Ok(json!({"Role": created(&row)}))
}

/// What still needs the role of a service, by region.
fn linked_users(world: &World, service: &str) -> Vec<Json> {
    let (table, arn) = match service {
        "ecs.amazonaws.com" => ("ecs.cluster", "clusterArn"),
        "rds.amazonaws.com" => ("rds.db-instance", "DBInstanceArn"),
        "elasticloadbalancing.amazonaws.com" => ("elbv2.load-balancer", "LoadBalancerArn"),
        _ => return Vec::new(),
    };
    let mut by_region: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
    for (_, row) in world.rows(table).filter(|(_, row)| row["status"] != "INACTIVE") {
        let arn = row[arn].as_str().unwrap_or_default();
        by_region.entry(arn.split(':').nth(3).unwrap_or_default()).or_default().push(arn);
    }
    by_region.into_iter().map(|(region, arns)| json!({"Region": region, "Resources": arns})).collect()
}

/// `DeleteServiceLinkedRole`: a background task with its own status.
pub(super) fn delete_service_linked(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("RoleName");
    let row = ROLE.get(world, rq)?;
    let Some(service) = row["_linked"].as_str().map(ToOwned::to_owned) else {
        return Err(Fault::new("InvalidInput", format!("Role {name} is not a service-linked role.")));
    };
    let id = world.uuid();
    let task = format!("task/aws-service-role/{service}/{name}/{id}");
    world.put("iam.linked-deletion", &task, json!({"Status": "IN_PROGRESS"}));
    let users = linked_users(world, &service);
    let end = if users.is_empty() {
        world.after(LINKED_DOWN, ROLE.table, name, crate::sandbox::world::Effect::Remove);
        json!({"Status": "SUCCEEDED"})
    } else {
        json!({"Status": "FAILED", "Reason": {
            "Reason": "A service-linked role cannot be deleted while its service has resources that use it.",
            "RoleUsageList": users,
        }})
    };
    world.set_after(LINKED_DOWN, "iam.linked-deletion", &task, end);
    Ok(json!({"DeletionTaskId": task}))
}

/// `GetServiceLinkedRoleDeletionStatus`.
pub(super) fn deletion_status(world: &mut World, rq: &Request<'_>) -> Reply {
    let task = rq.text("DeletionTaskId");
    let row = world
        .get("iam.linked-deletion", task)
        .ok_or_else(|| missing(format!("Deletion Task Id {task} does not exist.")))?;
    Ok(json!({"Status": row["Status"], "Reason": row["Reason"]}))
}
