//! Capacity providers: Fargate's two, and those of Auto Scaling groups. The groups are not scaled, and their instances do not
//! join a cluster.
//!
//! Table: `ecs.capacity-provider` (`region/name`).

use serde_json::{Value as Json, json};

use super::{CLUSTERS, client, invalid, missing, short, shown_tags, tags_of};
use crate::sandbox::{Effect, Fault, Reply, Request, World};

/// Providers of Auto Scaling groups.
pub(super) const PROVIDERS: &str = "ecs.capacity-provider";
/// What Cloud Control made of `AWS::ECS::CapacityProvider` is one too.
const BY_CLOUD_CONTROL: &str = "cloudcontrol.AWS::ECS::CapacityProvider";
/// AWS's own.
const FARGATE: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];
/// An update or a deletion takes some seconds.
const TAKES: i64 = 10_000;

/// Whether clusters and services may name it.
pub(super) fn is_there(world: &World, region: &str, name: &str) -> bool {
    let name = short(name);
    FARGATE.contains(&name)
        || world.get(PROVIDERS, &format!("{region}/{name}")).is_some_and(|row| row["status"] == "ACTIVE")
        || world.rows(BY_CLOUD_CONTROL).any(|(_, row)| row["Properties"]["Name"] == name)
}

fn shown(row: &Json, tags: bool) -> Json {
    let all = row
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| !name.starts_with('_') && !value.is_null());
    let mut shown = Json::Object(all.map(|(name, value)| (name.clone(), value.clone())).collect());
    shown["tags"] = if tags { json!(shown_tags(row)) } else { json!([]) };
    shown
}

/// What is not said of a group's provider (`TestAccECSCapacityProvider_basic`).
fn filled(group: &Json, old: &Json) -> Json {
    let mut all = old.clone();
    for (member, value) in group.as_object().into_iter().flatten() {
        if member == "managedScaling" {
            for (inner, value) in value.as_object().into_iter().flatten() {
                all["managedScaling"][inner] = value.clone();
            }
        } else {
            all[member] = value.clone();
        }
    }
    let scaling = [
        ("status", json!("DISABLED")),
        ("targetCapacity", json!(100)),
        ("minimumScalingStepSize", json!(1)),
        ("maximumScalingStepSize", json!(10_000)),
        ("instanceWarmupPeriod", json!(300)),
    ];
    for (member, value) in scaling {
        if all["managedScaling"][member].is_null() {
            all["managedScaling"][member] = value;
        }
    }
    for (member, value) in [("managedTerminationProtection", "DISABLED"), ("managedDraining", "ENABLED")] {
        if all[member].is_null() {
            all[member] = json!(value);
        }
    }
    all
}

/// Refuses what does not go together ("managed termination protection ... you must also use managed scaling", API reference,
/// AutoScalingGroupProvider).
fn check(world: &World, group: &Json) -> Result<(), Fault> {
    let protects = group["managedTerminationProtection"] == "ENABLED";
    if protects && group["managedScaling"]["status"] != "ENABLED" {
        return Err(invalid(
            "The managed termination protection setting for the capacity provider is invalid. To enable managed termination \
             protection for a capacity provider, managed scaling must be enabled.",
        ));
    }
    let arn = group["autoScalingGroupArn"].as_str().unwrap_or_default();
    let found = world.rows("asg.group").find(|(_, row)| row["AutoScalingGroupARN"] == arn);
    // moto's tests name groups that cannot be: only ARNs are looked up.
    match found {
        None if arn.starts_with("arn:") => {
            Err(client(format!("The specified Auto Scaling group ARN {arn} does not exist.")))
        }
        Some((_, row)) if protects && row["NewInstancesProtectedFromScaleIn"] != true => Err(invalid(
            "The managed termination protection setting for the capacity provider is invalid. To enable managed termination \
             protection for a capacity provider, the Auto Scaling group must have instance protection from scale in enabled.",
        )),
        _ => Ok(()),
    }
}

/// `CreateCapacityProvider`.
pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("name");
    let lower = name.to_lowercase();
    let odd = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_';
    if name.is_empty() || name.len() > 255 || name.contains(odd) {
        return Err(invalid(
            "The specified capacity provider name is invalid. Up to 255 letters, numbers, underscores, and hyphens.",
        ));
    }
    if ["aws", "ecs", "fargate"].iter().any(|prefix| lower.starts_with(prefix)) {
        // "The name can't be prefixed with aws, ecs, or fargate" (`CreateCapacityProvider`).
        return Err(invalid(
            "The specified capacity provider name is invalid. The name can't be prefixed with \"aws\", \"ecs\", or \"fargate\".",
        ));
    }
    if !rq.get("managedInstancesProvider").is_null() {
        let message = "The sandbox does not know managedInstancesProvider of capacity providers.";
        return Err(Fault::new(crate::sandbox::codec::NOT_IMPLEMENTED, message));
    }
    if rq.get("autoScalingGroupProvider").is_null() {
        return Err(invalid("autoScalingGroupProvider is required."));
    }
    let key = format!("{}/{name}", rq.region);
    if world.get(PROVIDERS, &key).is_some() {
        return Err(client("A capacity provider with the specified name already exists."));
    }
    let group = filled(rq.get("autoScalingGroupProvider"), &json!({}));
    check(world, &group)?;
    let row = json!({
        "capacityProviderArn": world.arn("ecs", rq.region, &format!("capacity-provider/{name}")), "name": name,
        "status": "ACTIVE", "autoScalingGroupProvider": group, "_tags": tags_of(rq), "_region": rq.region,
    });
    let answer = shown(&row, true);
    world.put(PROVIDERS, &key, row);
    Ok(json!({"capacityProvider": answer}))
}

fn absent() -> Fault {
    client("The specified capacity provider does not exist. Specify a valid name or ARN and try again.")
}

/// `UpdateCapacityProvider`.
pub fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = format!("{}/{}", rq.region, short(rq.text("name")));
    let mut row = world.get(PROVIDERS, &key).cloned().ok_or_else(absent)?;
    if row["updateStatus"].as_str().is_some_and(|status| status.ends_with("IN_PROGRESS")) {
        return Err(Fault::new("UpdateInProgressException", "The capacity provider is being updated."));
    }
    let group = filled(rq.get("autoScalingGroupProvider"), &row["autoScalingGroupProvider"]);
    check(world, &group)?;
    row["autoScalingGroupProvider"] = group;
    row["updateStatus"] = json!("UPDATE_IN_PROGRESS");
    let answer = shown(&row, true);
    world.put(PROVIDERS, &key, row);
    world.set_after(TAKES, PROVIDERS, &key, json!({"updateStatus": "UPDATE_COMPLETE"}));
    Ok(json!({"capacityProvider": answer}))
}

/// `DeleteCapacityProvider`: not while a cluster has it.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = short(rq.text("capacityProvider"));
    if FARGATE.contains(&name) {
        return Err(client("The specified capacity provider is reserved and cannot be deleted."));
    }
    let key = format!("{}/{name}", rq.region);
    let mut row = world.get(PROVIDERS, &key).cloned().ok_or_else(absent)?;
    let has = |cluster: &Json| {
        let mut all = cluster["capacityProviders"].as_array().into_iter().flatten().filter_map(Json::as_str);
        cluster["_region"] == rq.region
            && cluster["status"] != "INACTIVE"
            && all.any(|one| short(one) == name)
    };
    if let Some((_, cluster)) = world.rows(CLUSTERS).find(|(_, cluster)| has(cluster)) {
        let cluster = cluster["clusterName"].as_str().unwrap_or_default();
        return Err(client(format!(
            "The capacity provider cannot be deleted because it is associated with cluster: {cluster}. Remove the capacity provider \
             from the cluster and try again."
        )));
    }
    row["updateStatus"] = json!("DELETE_IN_PROGRESS");
    let answer = shown(&row, true);
    world.put(PROVIDERS, &key, row);
    world.after(TAKES, PROVIDERS, &key, Effect::Remove);
    Ok(json!({"capacityProvider": answer}))
}

/// `DescribeCapacityProviders`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let wanted = rq.texts("capacityProviders");
    let tags = rq.texts("include").contains(&"TAGS");
    let mut all: Vec<Json> = FARGATE
        .iter()
        .map(|name| {
            let arn = world.arn("ecs", rq.region, &format!("capacity-provider/{name}"));
            json!({"capacityProviderArn": arn, "name": name, "status": "ACTIVE", "tags": []})
        })
        .collect();
    let mine = world.rows(PROVIDERS).filter(|(_, row)| row["_region"] == rq.region);
    all.extend(mine.map(|(_, row)| shown(row, tags)));
    let named = |one: &str, row: &Json| row["name"] == short(one);
    let failures: Vec<Json> = wanted
        .iter()
        .filter(|one| !all.iter().any(|row| named(one, row)))
        .map(|one| {
            let full = one.starts_with("arn:");
            let arn = world.arn("ecs", rq.region, &format!("capacity-provider/{one}"));
            missing(if full { one } else { &arn })
        })
        .collect();
    all.retain(|row| wanted.is_empty() || wanted.iter().any(|one| named(one, row)));
    let (page, next) = rq.page(all, "maxResults", "nextToken", 10, "InvalidParameterException")?;
    let mut answer = json!({"capacityProviders": page, "failures": failures});
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}
