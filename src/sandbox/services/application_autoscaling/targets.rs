//! Scalable targets.

use serde_json::{Value as Json, json};

use super::{ACTIONS, POLICIES, TARGETS, alarms, invalid, no_target, target_key};
use crate::sandbox::{Fault, Reply, Request, World, done};

fn unknown(arn: &str) -> Fault {
    Fault::new("ResourceNotFoundException", format!("The resource {arn} doesn't exist"))
}

/// `RegisterScalableTarget`: creates or updates.
pub fn register(world: &mut World, rq: &Request<'_>) -> Reply {
    let (resource, namespace) = (rq.text("ResourceId"), rq.text("ServiceNamespace"));
    if !rq.text("ScalableDimension").starts_with(&format!("{namespace}:")) {
        return Err(invalid(format!(
            "Unsupported service namespace {namespace}, resource type or scalable dimension"
        )));
    }
    if namespace == "ecs" {
        let arn = world.arn("ecs", rq.region, resource);
        if world.get("ecs.service", &arn).is_none_or(|service| service["status"] != "ACTIVE") {
            return Err(invalid(format!("ECS service doesn't exist: {resource}")));
        }
    }
    let key = target_key(rq);
    let old = world.get(TARGETS, &key).cloned();
    if old.is_none() && (rq.int("MinCapacity").is_none() || rq.int("MaxCapacity").is_none()) {
        return Err(invalid(
            "MinCapacity and MaxCapacity are required when registering a new scalable target",
        ));
    }
    if old.is_some() && !rq.get("Tags").is_null() {
        return Err(invalid(
            "Tags can only be specified when a scalable target is created. Use TagResource instead.",
        ));
    }
    let arn = match &old {
        Some(old) => old["ScalableTargetARN"].clone(),
        None => {
            let id = world.hex(32);
            json!(world.arn("application-autoscaling", rq.region, &format!("scalable-target/{id}")))
        }
    };
    let mut row = old.unwrap_or_else(|| {
        json!({
            "ServiceNamespace": namespace, "ResourceId": resource, "ScalableDimension": rq.text("ScalableDimension"),
            "CreationTime": world.now_secs(), "ScalableTargetARN": arn, "_tags": rq.get("Tags"), "_region": rq.region,
            "RoleARN": role(world, namespace),
            "SuspendedState": {
                "DynamicScalingInSuspended": false, "DynamicScalingOutSuspended": false,
                "ScheduledScalingSuspended": false,
            },
        })
    });
    if row["_tags"].is_null() {
        row["_tags"] = json!({});
    }
    for member in ["MinCapacity", "MaxCapacity"] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    for (member, value) in rq.get("SuspendedState").as_object().into_iter().flatten() {
        row["SuspendedState"][member] = value.clone();
    }
    if row["MinCapacity"].as_i64() > row["MaxCapacity"].as_i64() {
        return Err(invalid("Maximum capacity cannot be less than minimum capacity"));
    }
    world.put(TARGETS, &key, row);
    Ok(json!({"ScalableTargetARN": arn}))
}

/// Services with a service-linked role always use it, whatever role was sent.
fn role(world: &World, namespace: &str) -> String {
    let name = if namespace == "ecs" { "ECSService".to_owned() } else { namespace.to_uppercase() };
    format!(
        "arn:aws:iam::{}:role/aws-service-role/{namespace}.application-autoscaling.amazonaws.com/\
         AWSServiceRoleForApplicationAutoScaling_{name}",
        world.account
    )
}

/// `DescribeScalableTargets`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let ids = rq.texts("ResourceIds");
    let found = world
        .rows(TARGETS)
        .map(|(_, row)| row)
        .filter(|row| row["_region"] == rq.region && row["ServiceNamespace"] == rq.text("ServiceNamespace"))
        .filter(|row| ids.is_empty() || ids.iter().any(|id| row["ResourceId"] == *id))
        .filter(|row| {
            rq.opt("ScalableDimension").is_none_or(|dimension| row["ScalableDimension"] == dimension)
        })
        .cloned()
        .collect();
    let (page, next) = rq.page(found, "MaxResults", "NextToken", 50, "InvalidNextTokenException")?;
    Ok(json!({"ScalableTargets": page, "NextToken": next}))
}

/// `DeregisterScalableTarget`: policies and scheduled actions go with it.
pub fn deregister(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = target_key(rq);
    world.get(TARGETS, &key).ok_or_else(|| no_target(rq))?;
    forget(world, &key);
    done()
}

/// What becomes of the target of an ECS service that is deleted: it goes with the service.
pub fn leave(world: &mut World, region: &str, service: &str) {
    forget(world, &format!("{region}/ecs/ecs:service:DesiredCount/{service}"));
}

/// Removes a target and everything below it.
fn forget(world: &mut World, key: &str) {
    world.remove(TARGETS, key);
    let of_it = |row: &Json| row["_target"] == key;
    let mut gone = Vec::new();
    for table in [POLICIES, ACTIONS] {
        gone.extend(world.rows(table).filter(|(_, row)| of_it(row)).map(|(at, _)| (table, at.to_owned())));
    }
    for (table, at) in gone {
        if let Some(row) = world.remove(table, &at)
            && table == POLICIES
        {
            alarms::remove(world, row["PolicyARN"].as_str().unwrap_or_default());
        }
    }
}

/// `DescribeScalingActivities`: nothing scales by itself here.
pub fn activities(_world: &mut World, _rq: &Request<'_>) -> Reply {
    Ok(json!({"ScalingActivities": []}))
}

fn key_of(world: &World, arn: &str) -> Result<String, Fault> {
    let found = world.rows(TARGETS).find(|(_, row)| row["ScalableTargetARN"] == arn);
    found.map(|(key, _)| key.to_owned()).ok_or_else(|| unknown(arn))
}

/// `ListTagsForResource`.
pub fn list_tags(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = key_of(world, rq.text("ResourceARN"))?;
    Ok(json!({"Tags": world.get(TARGETS, &key).map(|row| row["_tags"].clone())}))
}

/// `TagResource`.
pub fn tag(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = key_of(world, rq.text("ResourceARN"))?;
    if let Some(row) = world.get_mut(TARGETS, &key) {
        for (name, value) in rq.get("Tags").as_object().into_iter().flatten() {
            row["_tags"][name] = value.clone();
        }
    }
    done()
}

/// `UntagResource`.
pub fn untag(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = key_of(world, rq.text("ResourceARN"))?;
    if let Some(tags) = world.get_mut(TARGETS, &key).and_then(|row| row["_tags"].as_object_mut()) {
        tags.retain(|name, _| !rq.texts("TagKeys").contains(&name.as_str()));
    }
    done()
}
