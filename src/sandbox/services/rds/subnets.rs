//! Subnet groups.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::store::{INSTANCE, SUBNETS, filtered, invalid, key, paged, public, rows};
use crate::sandbox::{Fault, Reply, Request, World};

/// The subnets of a group and their VPC; two zones at least.
fn subnets(world: &World, ids: &[&str]) -> Result<(Vec<Json>, Json), Fault> {
    let bad = || {
        Fault::new(
            "InvalidSubnet",
            "The requested subnet is invalid, or multiple subnets were requested that are not all in a common VPC.",
        )
    };
    let (mut list, mut zones, mut vpcs) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let mut vpc = Json::Null;
    for id in ids.iter().collect::<BTreeSet<_>>() {
        let subnet = world.get("ec2.subnet", id).ok_or_else(bad)?;
        let zone = subnet["AvailabilityZone"].as_str().unwrap_or_default().to_owned();
        vpcs.insert(subnet["VpcId"].to_string());
        vpc = subnet["VpcId"].clone();
        list.push(json!({
            "SubnetIdentifier": id, "SubnetAvailabilityZone": {"Name": zone}, "SubnetStatus": "Active", "SubnetOutpost": {},
        }));
        zones.insert(zone);
    }
    if vpcs.len() > 1 {
        return Err(bad());
    }
    // By zone: instances go to the first one.
    list.sort_by_key(|one: &Json| one["SubnetAvailabilityZone"]["Name"].to_string());
    if zones.len() < 2 {
        let covered: Vec<&str> = zones.iter().map(String::as_str).collect();
        return Err(Fault::new(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            format!(
                "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: {}. Add subnets to cover at least 2 AZs.",
                covered.join(", ")
            ),
        ));
    }
    Ok((list, vpc))
}

/// `DUAL` too when each subnet has IPv6 (RDS User Guide, IP addressing; TestAccRDSSubnetGroup_dualStack).
fn network_types(world: &World, list: &[Json]) -> Json {
    let dual = list.iter().all(|subnet| {
        subnet["SubnetIdentifier"].as_str().and_then(|id| world.get("ec2.subnet", id)).is_some_and(|subnet| {
            subnet["Ipv6CidrBlockAssociationSet"].as_array().is_some_and(|list| !list.is_empty())
        })
    });
    if dual { json!(["IPV4", "DUAL"]) } else { json!(["IPV4"]) }
}

/// The group that instances without one are in: `default`, of the subnets of the default VPC. There is none where the
/// account has no default VPC.
fn default_group(world: &World, rq: &Request<'_>) -> Option<Json> {
    let vpc = crate::sandbox::services::ec2::default_vpc::of(world, rq.region)?;
    let ids: Vec<String> = world
        .rows("ec2.subnet")
        .filter(|(_, subnet)| subnet["VpcId"] == vpc && subnet["DefaultForAz"] == true)
        .map(|(id, _)| id.to_owned())
        .collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let (list, vpc) = subnets(world, &ids).ok()?;
    Some(json!({
        "DBSubnetGroupName": "default", "DBSubnetGroupDescription": "default", "VpcId": vpc, "SubnetGroupStatus": "Complete",
        "SupportedNetworkTypes": network_types(world, &list), "Subnets": list,
        "DBSubnetGroupArn": world.arn("rds", rq.region, "subgrp:default"),
    }))
}

/// The subnet group of an instance: the one named, or `default`, or none where there is no default VPC.
///
/// # Errors
/// There is no group of that name.
pub fn chosen(world: &World, rq: &Request<'_>, name: Option<&str>) -> Result<Json, Fault> {
    match name {
        None => Ok(default_group(world, rq).unwrap_or_default()),
        Some(name) => world
            .get(SUBNETS, &key(rq, name))
            .map(public)
            .or_else(|| default_group(world, rq).filter(|_| name == "default"))
            .ok_or_else(|| missing(name)),
    }
}

/// The default group, if an instance is in it: it comes with the first one.
fn used_default(world: &World, rq: &Request<'_>) -> Option<Json> {
    let used = rows(world, rq, INSTANCE).iter().any(|i| i["DBSubnetGroup"]["DBSubnetGroupName"] == "default");
    default_group(world, rq).filter(|_| used)
}

fn missing(name: &str) -> Fault {
    Fault::new("DBSubnetGroupNotFoundFault", format!("DB subnet group '{name}' does not exist."))
}

pub fn create_db_subnet_group(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBSubnetGroupName").to_lowercase();
    let good = name.len() <= 255
        && name != "default"
        && name.chars().all(|c| c.is_ascii_alphanumeric() || " ._-".contains(c));
    if name.is_empty() || !good {
        return Err(invalid(
            "The parameter DBSubnetGroupName must contain only letters, digits, spaces, hyphens, underscores and periods, and must not be \"default\".",
        ));
    }
    if world.get(SUBNETS, &key(rq, &name)).is_some() {
        return Err(Fault::new(
            "DBSubnetGroupAlreadyExists",
            format!("The DB subnet group '{name}' already exists."),
        ));
    }
    let (list, vpc) = subnets(world, &rq.texts("SubnetIds"))?;
    let networks = network_types(world, &list);
    let row = json!({
        "DBSubnetGroupName": name, "DBSubnetGroupDescription": rq.text("DBSubnetGroupDescription"), "VpcId": vpc,
        "SubnetGroupStatus": "Complete", "Subnets": list, "SupportedNetworkTypes": networks,
        "DBSubnetGroupArn": world.arn("rds", rq.region, &format!("subgrp:{name}")), "_tags": rq.list("Tags"),
    });
    let shown = public(&row);
    world.put(SUBNETS, &key(rq, &name), row);
    Ok(json!({"DBSubnetGroup": shown}))
}

pub fn modify_db_subnet_group(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBSubnetGroupName");
    let old = world.get(SUBNETS, &key(rq, name)).cloned().ok_or_else(|| missing(name))?;
    let (list, vpc) = subnets(world, &rq.texts("SubnetIds"))?;
    if vpc != old["VpcId"] {
        return Err(Fault::new(
            "InvalidSubnet",
            "The new subnets are not in the VPC of the DB subnet group.",
        ));
    }
    for used in world.rows("ec2.network-interface").filter(|(_, eni)| {
        world.any(INSTANCE, |i| {
            i["DBSubnetGroup"]["DBSubnetGroupName"] == old["DBSubnetGroupName"]
                && i["DBInstanceArn"] == eni["_owner"]
        })
    }) {
        if !list.iter().any(|s| s["SubnetIdentifier"] == used.1["SubnetId"]) {
            return Err(Fault::new(
                "SubnetAlreadyInUse",
                format!(
                    "Some input subnets in :[{}] are in use.",
                    used.1["SubnetId"].as_str().unwrap_or_default()
                ),
            ));
        }
    }
    let networks = network_types(world, &list);
    let Some(row) = world.get_mut(SUBNETS, &key(rq, name)) else { return Err(missing(name)) };
    row["Subnets"] = json!(list);
    row["SupportedNetworkTypes"] = networks;
    if let Some(text) = rq.opt("DBSubnetGroupDescription") {
        row["DBSubnetGroupDescription"] = json!(text);
    }
    Ok(json!({"DBSubnetGroup": public(row)}))
}

pub fn delete_db_subnet_group(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBSubnetGroupName");
    let row = world.get(SUBNETS, &key(rq, name)).cloned().ok_or_else(|| missing(name))?;
    for table in [INSTANCE, super::store::CLUSTER] {
        let user = rows(world, rq, table).into_iter().find(|user| {
            user["DBSubnetGroup"]["DBSubnetGroupName"] == row["DBSubnetGroupName"]
                || user["DBSubnetGroup"] == row["DBSubnetGroupName"]
        });
        if let Some(user) = user {
            let id = user["DBInstanceIdentifier"]
                .as_str()
                .or(user["DBClusterIdentifier"].as_str())
                .unwrap_or_default();
            return Err(Fault::new(
                "InvalidDBSubnetGroupStateFault",
                format!(
                    "Cannot delete the subnet group '{name}' because at least one database instance: {id} is still using it."
                ),
            ));
        }
    }
    world.remove(SUBNETS, &key(rq, name));
    Ok(json!({}))
}

pub fn describe_db_subnet_groups(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(name) = rq.opt("DBSubnetGroupName").filter(|name| !name.is_empty()) {
        let row = world.get(SUBNETS, &key(rq, name)).map(public);
        let row = row.or_else(|| used_default(world, rq).filter(|_| name == "default"));
        return Ok(json!({"DBSubnetGroups": [row.ok_or_else(|| missing(name))?]}));
    }
    let mut all = filtered(rq, rows(world, rq, SUBNETS), |_| None)?;
    all.extend(used_default(world, rq));
    paged(rq, "DBSubnetGroups", all.iter().map(public).collect())
}
