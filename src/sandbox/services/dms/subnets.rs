//! Replication subnet groups.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::store::{
    INSTANCE, REPLICATION, SUBNET_GROUP, exists, here, invalid, listed, missing, state, vpc_role_works,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

fn key(rq: &Request<'_>, name: &str) -> String {
    format!("{}/{name}", rq.region)
}

/// The name as DMS keeps it.
fn name(rq: &Request<'_>) -> Result<String, Fault> {
    let name = rq.text("ReplicationSubnetGroupIdentifier").to_lowercase();
    let good = |c: char| c.is_ascii_alphanumeric() || " ._-".contains(c);
    if name.is_empty() || name.len() > 255 || !name.chars().all(good) {
        return Err(invalid(
            "The parameter ReplicationSubnetGroupIdentifier must contain no more than 255 alphanumeric characters, \
             periods, spaces, underscores, or hyphens.",
        ));
    }
    Ok(name)
}

/// The subnets as answers show them, and their VPC.
fn members(world: &World, ids: &[&str]) -> Result<(Vec<Json>, Json), Fault> {
    let (mut list, mut zones, mut vpc) = (Vec::new(), BTreeSet::new(), Json::Null);
    for id in ids.iter().collect::<BTreeSet<_>>() {
        let Some(subnet) = world.get("ec2.subnet", id) else {
            return Err(Fault::new("InvalidSubnet", format!("The subnet ID '{id}' does not exist")));
        };
        if !vpc.is_null() && vpc != subnet["VpcId"] {
            return Err(Fault::new(
                "InvalidSubnet",
                "The subnets of a replication subnet group must be in one VPC.",
            ));
        }
        vpc = subnet["VpcId"].clone();
        zones.insert(subnet["AvailabilityZone"].as_str().unwrap_or_default().to_owned());
        list.push(json!({
            "SubnetIdentifier": id, "SubnetAvailabilityZone": {"Name": subnet["AvailabilityZone"]},
            "SubnetStatus": "Active",
        }));
    }
    if zones.len() < 2 {
        let covered: Vec<String> = zones.into_iter().collect();
        let message = format!(
            "The replication subnet group does not meet the Availability Zone coverage requirement. Please add \
             subnets to cover at least 2 Availability Zones. Current coverage: {}",
            covered.join(", ")
        );
        return Err(Fault::new("ReplicationSubnetGroupDoesNotCoverEnoughAZs", message));
    }
    // By zone: instances go to the first one.
    list.sort_by_key(|one: &Json| one["SubnetAvailabilityZone"]["Name"].to_string());
    Ok((list, vpc))
}

/// `DUAL` too when each subnet has IPv6 (API reference, ReplicationSubnetGroup, SupportedNetworkTypes).
fn network_types(world: &World, list: &[Json]) -> Json {
    let six = |subnet: &Json| {
        subnet["SubnetIdentifier"].as_str().and_then(|id| world.get("ec2.subnet", id)).is_some_and(|subnet| {
            subnet["Ipv6CidrBlockAssociationSet"].as_array().is_some_and(|list| !list.is_empty())
        })
    };
    if list.iter().all(six) { json!(["IPV4", "DUAL"]) } else { json!(["IPV4"]) }
}

/// `CreateReplicationSubnetGroup`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = name(rq)?;
    if name == "default" {
        return Err(invalid("The parameter ReplicationSubnetGroupIdentifier must not be \"default\"."));
    }
    vpc_role_works(world)?;
    if world.get(SUBNET_GROUP, &key(rq, &name)).is_some() {
        return Err(exists(format!("The replication subnet group {name} already exists.")));
    }
    let (list, vpc) = members(world, &rq.texts("SubnetIds"))?;
    let networks = network_types(world, &list);
    let row = json!({
        "ReplicationSubnetGroupIdentifier": name, "VpcId": vpc, "SubnetGroupStatus": "Complete", "Subnets": list,
        "ReplicationSubnetGroupDescription": rq.text("ReplicationSubnetGroupDescription"),
        "SupportedNetworkTypes": networks, "_region": rq.region, "_tags": rq.list("Tags"),
    });
    world.put(SUBNET_GROUP, &key(rq, &name), row.clone());
    Ok(json!({"ReplicationSubnetGroup": row}))
}

/// The group of a name as it is now.
pub(super) fn now(world: &World, rq: &Request<'_>, name: &Json) -> Option<Json> {
    let row = world.get(SUBNET_GROUP, &key(rq, name.as_str()?))?;
    let mut row = row.clone();
    row["SupportedNetworkTypes"] = network_types(world, row["Subnets"].as_array()?);
    Some(row)
}

/// The group of that name, for a serverless replication.
pub(super) fn group(world: &World, rq: &Request<'_>, name: &str) -> Result<Json, Fault> {
    let name = name.to_lowercase();
    world.get(SUBNET_GROUP, &key(rq, &name)).cloned().ok_or_else(|| absent(&name))
}

/// The group an instance is put into; `default` is made of the default VPC's subnets when first needed.
pub(super) fn for_instance(world: &mut World, rq: &Request<'_>) -> Result<Json, Fault> {
    let name = rq.opt("ReplicationSubnetGroupIdentifier").unwrap_or("default").to_lowercase();
    if let Some(row) = world.get(SUBNET_GROUP, &key(rq, &name)) {
        return Ok(row.clone());
    }
    if name != "default" {
        return Err(missing(format!("Replication Subnet Group \"{name}\" not found.")));
    }
    let home = |row: &Json| row["IsDefault"] == true && row["_region"] == rq.region;
    let vpc = world.rows("ec2.vpc").find(|(_, row)| home(row)).map(|(id, _)| id.to_owned());
    let Some(vpc) = vpc else {
        return Err(missing("No default VPC found: a replication subnet group must be specified."));
    };
    let ids: Vec<String> = world
        .rows("ec2.subnet")
        .filter(|(_, row)| row["VpcId"] == vpc)
        .map(|(id, _)| id.to_owned())
        .collect();
    let (list, _) = members(world, &ids.iter().map(String::as_str).collect::<Vec<_>>())?;
    let networks = network_types(world, &list);
    let row = json!({
        "ReplicationSubnetGroupIdentifier": "default", "ReplicationSubnetGroupDescription": "default",
        "VpcId": vpc, "SubnetGroupStatus": "Complete", "Subnets": list, "SupportedNetworkTypes": networks,
        "_region": rq.region, "_tags": [], "_original": true,
    });
    world.put(SUBNET_GROUP, &key(rq, "default"), row.clone());
    Ok(row)
}

/// `DescribeReplicationSubnetGroups`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let rows = here(world, rq, SUBNET_GROUP);
    let known: &[(&str, &[&str])] = &[("replication-subnet-group-id", &["ReplicationSubnetGroupIdentifier"])];
    listed(rq, "ReplicationSubnetGroups", "Replication Subnet Groups", rows, known)
}

fn absent(name: &str) -> Fault {
    missing(format!("Replication Subnet Group \"{name}\" not found."))
}

/// `ModifyReplicationSubnetGroup`.
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = name(rq)?;
    let old = world.get(SUBNET_GROUP, &key(rq, &name)).ok_or_else(|| absent(&name))?.clone();
    vpc_role_works(world)?;
    let (list, vpc) = members(world, &rq.texts("SubnetIds"))?;
    if vpc != old["VpcId"] {
        return Err(Fault::new(
            "InvalidSubnet",
            "The new subnets must be in the same VPC as the existing subnets.",
        ));
    }
    let busy: Vec<Json> = world
        .rows(INSTANCE)
        .filter(|(_, row)| row["_group"] == name && row["_region"] == rq.region)
        .flat_map(|(_, row)| row["_subnets"].as_array().cloned().unwrap_or_default())
        .collect();
    let lost = busy.iter().find(|id| !list.iter().any(|subnet| subnet["SubnetIdentifier"] == **id));
    if let Some(id) = lost.and_then(Json::as_str) {
        return Err(Fault::new(
            "SubnetAlreadyInUse",
            format!("Subnet {id} is in use by a replication instance."),
        ));
    }
    let networks = network_types(world, &list);
    let row = world.get_mut(SUBNET_GROUP, &key(rq, &name)).ok_or_else(|| absent(&name))?;
    row["Subnets"] = json!(list);
    row["SupportedNetworkTypes"] = networks;
    if let Some(text) = rq.opt("ReplicationSubnetGroupDescription") {
        row["ReplicationSubnetGroupDescription"] = json!(text);
    }
    Ok(json!({"ReplicationSubnetGroup": row}))
}

/// `DeleteReplicationSubnetGroup`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = name(rq)?;
    if world.get(SUBNET_GROUP, &key(rq, &name)).is_none() {
        return Err(absent(&name));
    }
    let user = world.rows(INSTANCE).find(|(_, row)| row["_group"] == name && row["_region"] == rq.region);
    if let Some((_, user)) = user {
        let user = user["ReplicationInstanceIdentifier"].as_str().unwrap_or_default();
        return Err(state(format!(
            "Cannot delete the subnet group '{name}' because at least one database instance: {user} is still using it."
        )));
    }
    let fits = |row: &Json| {
        let group = row["ComputeConfig"]["ReplicationSubnetGroupId"].as_str();
        group.is_some_and(|group| group.eq_ignore_ascii_case(&name)) && row["_region"] == rq.region
    };
    if let Some((_, user)) = world.rows(REPLICATION).find(|(_, row)| fits(row)) {
        let user = user["ReplicationConfigIdentifier"].as_str().unwrap_or_default();
        return Err(state(format!(
            "Cannot delete the subnet group '{name}' because the replication config {user} is still using it."
        )));
    }
    world.remove(SUBNET_GROUP, &key(rq, &name));
    done()
}
