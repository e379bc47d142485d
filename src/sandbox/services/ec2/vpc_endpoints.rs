//! VPC endpoints: gateway endpoints are routes, interface endpoints are network interfaces with names.

use serde_json::{Value as Json, json};

use super::{
    common::{Noun, invalid, remember, replayed},
    filters,
    route_tables::TABLE,
    security_groups::GROUP,
    subnets::SUBNET,
    vpcs::VPC,
};
use crate::sandbox::{Effect, Fault, Reply, Request, World, durations};

/// Endpoints.
pub(super) const ENDPOINT: Noun = Noun {
    table: "ec2.vpc-endpoint",
    prefix: "vpce",
    id: "VpcEndpointId",
    ids: "VpcEndpointIds",
    tags: "Tags",
    resource: "vpc-endpoint",
    missing: "InvalidVpcEndpointId.NotFound",
    malformed: "InvalidVpcEndpointId.Malformed",
    label: "Vpc Endpoint",
    filters: &[
        ("ip-address-type", "IpAddressType"),
        ("service-name", "ServiceName"),
        ("vpc-endpoint-id", "VpcEndpointId"),
        ("vpc-endpoint-state", "State"),
        ("vpc-endpoint-type", "VpcEndpointType"),
        ("vpc-id", "VpcId"),
    ],
};

/// Services with gateway endpoints (VPC User Guide, gateway endpoints).
const GATEWAYS: &[&str] = &["dynamodb", "s3"];
/// Services with interface endpoints that are known here: those of the sandbox, and what instances mostly need.
const INTERFACES: &[&str] = &[
    "application-autoscaling",
    "autoscaling",
    "backup",
    "dms",
    "ec2",
    "ec2messages",
    "ecr.api",
    "ecr.dkr",
    "ecs",
    "ecs-agent",
    "ecs-telemetry",
    "elasticloadbalancing",
    "events",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "rds",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "states",
    "sts",
    "tagging",
];

/// The prefix list of S3 in us-east-1.
pub(super) const S3_LIST: &str = "pl-63a5400a";
/// The prefix list of DynamoDB in us-east-1.
const DYNAMODB_LIST: &str = "pl-02cd2c6b";
/// AWS's prefix lists of the two services with gateway endpoints, as us-east-1 has them; elsewhere they have other ids
/// and blocks (https://ip-ranges.amazonaws.com/ip-ranges.json lists the blocks).
const LISTS: &[(&str, &str, &[&str])] = &[
    (DYNAMODB_LIST, "dynamodb", &["3.218.180.0/23", "3.218.182.0/24", "52.94.0.0/22", "52.119.224.0/20"]),
    (S3_LIST, "s3", &["3.5.0.0/19", "52.216.0.0/15", "54.231.0.0/16"]),
];

/// Whether that is a prefix list of AWS's.
pub(super) fn is_list(id: &str) -> bool {
    LISTS.iter().any(|(list, ..)| *list == id)
}

/// AWS's lists in a Region: their ids, names and blocks.
pub(super) fn lists(region: &str) -> Vec<(&'static str, String, &'static [&'static str])> {
    LISTS
        .iter()
        .map(|(id, service, blocks)| (*id, format!("com.amazonaws.{region}.{service}"), *blocks))
        .collect()
}

/// `DescribePrefixLists`: those of AWS's services.
pub(super) fn describe_lists(_world: &mut World, rq: &Request<'_>) -> Reply {
    let wanted = rq.texts("PrefixListIds");
    if let Some(unknown) = wanted.iter().find(|id| !is_list(id)) {
        let message = format!("The prefix list ID '{unknown}' does not exist");
        return Err(Fault::new("InvalidPrefixListId.NotFound", message));
    }
    let all = LISTS.iter().filter(|(id, ..)| wanted.is_empty() || wanted.contains(id));
    let rows = all.map(|(id, service, blocks)| {
        json!({"PrefixListId": id, "PrefixListName": format!("com.amazonaws.{}.{service}", rq.region), "Cidrs": blocks})
    });
    let known: &[filters::Filter] =
        &[("prefix-list-id", "PrefixListId"), ("prefix-list-name", "PrefixListName")];
    let rows = filters::apply(rows.collect(), rq.list("Filters"), known, "Tags")?;
    let (page, next) = rq.page(rows, "MaxResults", "NextToken", 1000, "InvalidPaginationToken")?;
    Ok(json!({"PrefixLists": page, "NextToken": next}))
}

/// Lets everything through; what an endpoint has that names no policy.
fn open() -> String {
    json!({"Version": "2008-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]})
    .to_string()
}

fn service<'n>(region: &str, name: &'n str) -> Option<&'n str> {
    name.strip_prefix(&format!("com.amazonaws.{region}."))
}

fn parameter(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameter", message)
}

/// Which VPCs' names a private name needs (API reference, CreateVpcEndpoint).
fn resolves(vpc: &Json) -> bool {
    let on = |member: &str| vpc["_attributes"][member] == true;
    on("EnableDnsSupport") && on("EnableDnsHostnames")
}

/// `CreateVpcEndpoint`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(id) = replayed(world, rq, &ENDPOINT)? {
        return Ok(
            json!({"VpcEndpoint": shown(ENDPOINT.get(world, rq, &id)?), "ClientToken": rq.get("ClientToken")}),
        );
    }
    let (vpc_id, kind, name) =
        (rq.text("VpcId"), rq.opt("VpcEndpointType").unwrap_or("Gateway"), rq.text("ServiceName"));
    let vpc = VPC.get(world, rq, vpc_id)?.clone();
    let home = rq.opt("ServiceRegion").unwrap_or(rq.region);
    let known = match (kind, service(home, name)) {
        ("Gateway", Some(service)) => GATEWAYS.contains(&service),
        ("Interface", Some(service)) => INTERFACES.contains(&service),
        // Services of others cannot be looked up.
        ("Interface" | "GatewayLoadBalancer", None) => name.starts_with("com.amazonaws.vpce."),
        ("Resource", _) => rq.opt("ResourceConfigurationArn").is_some(),
        ("ServiceNetwork", _) => rq.opt("ServiceNetworkArn").is_some(),
        _ => false,
    };
    if !known {
        return Err(Fault::new(
            "InvalidServiceName",
            format!("The Vpc Endpoint Service '{name}' does not exist"),
        ));
    }
    for table in rq.texts("RouteTableIds") {
        if TABLE.get(world, rq, table)?["VpcId"] != vpc_id {
            return Err(parameter(format!("Route table {table} belongs to different VPC from {vpc_id}")));
        }
    }
    if kind != "Interface" && rq.flag("PrivateDnsEnabled") && kind == "Gateway" {
        return Err(parameter(
            "Private DNS can't be enabled because the service does not provide a private DNS name.",
        ));
    }
    let subnets: Vec<String> = rq.texts("SubnetIds").iter().map(|id| (*id).to_owned()).collect();
    let mut zones = Vec::new();
    for id in &subnets {
        let row = SUBNET.get(world, rq, id)?;
        if row["VpcId"] != vpc_id {
            return Err(Fault::new(
                "InvalidSubnetId.NotFound",
                format!("The subnet ID '{id}' does not exist in {vpc_id}"),
            ));
        }
        if zones.contains(&row["AvailabilityZone"]) {
            return Err(Fault::new(
                "DuplicateSubnetsInSameZone",
                "Found another VPC endpoint subnet in the availability zone of subnet",
            ));
        }
        zones.push(row["AvailabilityZone"].clone());
    }
    let private =
        kind == "Interface" && rq.get("PrivateDnsEnabled").as_bool().unwrap_or(service(home, name).is_some());
    if private {
        if !resolves(&vpc) {
            return Err(parameter(format!(
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {vpc_id}"
            )));
        }
        let other = |row: &Json| {
            row["VpcId"] == vpc_id
                && row["ServiceName"] == name
                && row["PrivateDnsEnabled"] == true
                && row["State"] != "deleted"
        };
        if world.any(ENDPOINT.table, other) {
            return Err(parameter(format!(
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name} in the VPC {vpc_id}"
            )));
        }
    }
    let groups: Vec<String> = {
        let named = rq.texts("SecurityGroupIds");
        for group in &named {
            GROUP.get(world, rq, group)?;
        }
        if kind == "Gateway" {
            Vec::new()
        } else {
            world.or_default_group(&named, &json!(vpc_id)).iter().map(|id| (*id).to_owned()).collect()
        }
    };
    let policy = rq.opt("PolicyDocument").map_or_else(open, ToOwned::to_owned);
    if serde_json::from_str::<Json>(&policy).is_err() {
        return Err(Fault::new("InvalidPolicyDocument", "The policy document is not valid JSON"));
    }
    let mut row = json!({
        "VpcEndpointType": kind, "VpcId": vpc_id, "ServiceName": name, "PolicyDocument": policy, "OwnerId": world.account,
        "RouteTableIds": rq.list("RouteTableIds"), "SubnetIds": subnets, "PrivateDnsEnabled": private,
        "RequesterManaged": false, "NetworkInterfaceIds": [], "DnsEntries": [], "CreationTimestamp": world.now_secs(),
        "Groups": groups.iter().map(|id| json!({"GroupId": id, "GroupName": world.get(GROUP.table, id).map_or(Json::Null, |row| row["GroupName"].clone())})).collect::<Vec<_>>(),
        "State": if kind == "Gateway" { "available" } else { "pending" },
    });
    if kind != "Gateway" {
        row["IpAddressType"] = json!(rq.opt("IpAddressType").unwrap_or("ipv4"));
        let mut options = json!({"DnsRecordIpType": "ipv4"});
        for (member, value) in rq.get("DnsOptions").as_object().into_iter().flatten() {
            options[member] = value.clone();
        }
        row["DnsOptions"] = options;
    }
    for member in ["ServiceNetworkArn", "ResourceConfigurationArn", "ServiceRegion"] {
        if let Some(text) = rq.opt(member) {
            row[member] = json!(text);
        }
    }
    remember(&mut row, rq);
    let id = ENDPOINT.create(world, rq, row)?;
    if kind != "Gateway" {
        wire(world, rq, &id, &subnets, &groups);
        name_it(world, rq.region, &id, name);
        world.set_after(durations::ENDPOINT_UP, ENDPOINT.table, &id, json!({"State": "available"}));
    }
    let row = ENDPOINT.get(world, rq, &id)?;
    let mut answer = json!({"VpcEndpoint": shown(row)});
    if let Some(token) = rq.opt("ClientToken") {
        answer["ClientToken"] = json!(token);
    }
    Ok(answer)
}

fn owner(id: &str) -> String {
    format!("VPC Endpoint Interface {id}")
}

/// Puts interfaces into subnets and notes them.
fn wire(world: &mut World, rq: &Request<'_>, id: &str, subnets: &[String], groups: &[String]) {
    let subnets: Vec<&str> = subnets.iter().map(String::as_str).collect();
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    world.attach_interfaces(rq.region, &owner(id), &subnets, &groups);
    note(world, id);
}

fn note(world: &mut World, id: &str) {
    let of = owner(id);
    let ids: Vec<String> = world
        .rows("ec2.network-interface")
        .filter(|(_, row)| row["_owner"] == of.as_str())
        .map(|(key, _)| key.to_owned())
        .collect();
    if let Some(row) = world.get_mut(ENDPOINT.table, id) {
        row["NetworkInterfaceIds"] = json!(ids);
    }
}

fn name_it(world: &mut World, region: &str, id: &str, service_name: &str) {
    let service = service(region, service_name).unwrap_or("service").to_owned();
    let host = format!("{id}-{}.{service}.{region}.vpce.amazonaws.com", world.hex(8));
    let zone = format!("Z{}", world.hex(12).to_uppercase());
    let private = world.get(ENDPOINT.table, id).is_some_and(|row| row["PrivateDnsEnabled"] == true);
    let mut entries = vec![json!({"DnsName": host, "HostedZoneId": zone})];
    if private {
        entries.push(json!({"DnsName": format!("{service}.{region}.amazonaws.com"), "HostedZoneId": format!("Z{}", world.hex(12).to_uppercase())}));
    }
    if let Some(row) = world.get_mut(ENDPOINT.table, id) {
        row["DnsEntries"] = json!(entries);
    }
}

fn shown(row: &Json) -> Json {
    let all = row.as_object().into_iter().flatten();
    all.filter(|(name, value)| !name.starts_with('_') && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// `DescribeVpcEndpoints`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    ENDPOINT.describe(world, rq, "VpcEndpoints", |_, row| shown(row))
}

/// `ModifyVpcEndpoint`.
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("VpcEndpointId");
    let row = ENDPOINT.get(world, rq, id)?.clone();
    let gateway = row["VpcEndpointType"] == "Gateway";
    let has =
        |member: &str, one: &str| row[member].as_array().is_some_and(|all| all.iter().any(|had| had == one));
    for table in rq.texts("AddRouteTableIds") {
        TABLE.get(world, rq, table)?;
        if has("RouteTableIds", table) {
            return Err(Fault::new(
                "RouteAlreadyExists",
                format!("route table {table} already has a route with destination-prefix-list-id"),
            ));
        }
    }
    for subnet in rq.texts("AddSubnetIds") {
        SUBNET.get(world, rq, subnet)?;
        if has("SubnetIds", subnet) {
            return Err(Fault::new(
                "DuplicateSubnetsInSameZone",
                "Found another VPC endpoint subnet in the availability zone of subnet",
            ));
        }
    }
    for group in rq.texts("AddSecurityGroupIds") {
        GROUP.get(world, rq, group)?;
    }
    if gateway && !rq.texts("AddSubnetIds").is_empty() {
        return Err(invalid("Subnet IDs are not supported for Gateway type VPC Endpoint."));
    }
    let turned = |member: &str, add: &str, drop: &str| {
        let (add, drop) = (rq.texts(add), rq.texts(drop));
        let mut list: Vec<Json> = row[member].as_array().cloned().unwrap_or_default();
        list.retain(|one| !drop.iter().any(|gone| one == gone));
        for one in add.iter().filter(|one| !list.iter().any(|had| had == **one)).collect::<Vec<_>>() {
            list.push(json!(one));
        }
        list
    };
    let tables = turned("RouteTableIds", "AddRouteTableIds", "RemoveRouteTableIds");
    let subnets = turned("SubnetIds", "AddSubnetIds", "RemoveSubnetIds");
    let mut groups: Vec<Json> = row["Groups"].as_array().cloned().unwrap_or_default();
    groups.retain(|one| !rq.texts("RemoveSecurityGroupIds").iter().any(|gone| one["GroupId"] == *gone));
    for group in rq.texts("AddSecurityGroupIds") {
        if !groups.iter().any(|one| one["GroupId"] == group) {
            let name = world.get(GROUP.table, group).map_or(Json::Null, |row| row["GroupName"].clone());
            groups.push(json!({"GroupId": group, "GroupName": name}));
        }
    }
    let private = rq.get("PrivateDnsEnabled").as_bool();
    if private == Some(true)
        && !world.get(VPC.table, row["VpcId"].as_str().unwrap_or_default()).is_some_and(resolves)
    {
        return Err(parameter(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true",
        ));
    }
    let change = ENDPOINT.get_mut(world, rq, id)?;
    change["RouteTableIds"] = json!(tables);
    change["SubnetIds"] = json!(subnets);
    change["Groups"] = json!(groups);
    if rq.flag("ResetPolicy") {
        change["PolicyDocument"] = json!(open());
    }
    for member in ["PolicyDocument", "IpAddressType"] {
        if let Some(text) = rq.opt(member) {
            change[member] = json!(text);
        }
    }
    if let Some(on) = private {
        change["PrivateDnsEnabled"] = json!(on);
    }
    for (member, value) in rq.get("DnsOptions").as_object().into_iter().flatten() {
        change["DnsOptions"][member] = value.clone();
    }
    if !gateway {
        rewire(world, rq, id, &row, &subnets, &groups);
    }
    Ok(json!({"Return": true}))
}

/// Brings the interfaces to the subnets and groups that there are now.
fn rewire(world: &mut World, rq: &Request<'_>, id: &str, old: &Json, subnets: &[Json], groups: &[Json]) {
    let of = owner(id);
    let worn: Vec<Json> = groups.iter().map(|one| json!({"GroupId": one["GroupId"]})).collect();
    let mut gone = Vec::new();
    let mut kept = Vec::new();
    for (key, row) in world.rows("ec2.network-interface").filter(|(_, row)| row["_owner"] == of.as_str()) {
        if subnets.contains(&row["SubnetId"]) { kept.push(key.to_owned()) } else { gone.push(key.to_owned()) }
    }
    for key in gone {
        world.remove("ec2.network-interface", &key);
    }
    for key in kept {
        if let Some(row) = world.get_mut("ec2.network-interface", &key) {
            row["Groups"] = json!(worn);
        }
    }
    let had = |one: &&Json| old["SubnetIds"].as_array().is_some_and(|all| all.contains(one));
    let new: Vec<String> = subnets
        .iter()
        .filter(|one| !had(one))
        .filter_map(|one| one.as_str().map(ToOwned::to_owned))
        .collect();
    let ids: Vec<String> =
        groups.iter().filter_map(|one| one["GroupId"].as_str().map(ToOwned::to_owned)).collect();
    wire(world, rq, id, &new, &ids);
}

/// `DeleteVpcEndpoints`: what is not there is told in the answer.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut unsuccessful = Vec::new();
    for id in rq.texts("VpcEndpointIds") {
        let row = match ENDPOINT.get(world, rq, id) {
            Ok(row) => row.clone(),
            Err(fault) => {
                unsuccessful
                    .push(json!({"ResourceId": id, "Error": {"Code": fault.code, "Message": fault.message}}));
                continue;
            }
        };
        if row["VpcEndpointType"] == "Gateway" {
            world.remove(ENDPOINT.table, id);
            continue;
        }
        world.cancel(ENDPOINT.table, id);
        if let Some(row) = world.get_mut(ENDPOINT.table, id) {
            row["State"] = json!("deleting");
            // The private name is free at once.
            row["PrivateDnsEnabled"] = json!(false);
        }
        world.release_interfaces(&owner(id), durations::ENDPOINT_DOWN);
        world.after(durations::ENDPOINT_DOWN, ENDPOINT.table, id, Effect::Remove);
    }
    Ok(json!({"Unsuccessful": unsuccessful}))
}

/// `DescribeVpcEndpointServices`: those of AWS.
pub(super) fn services(_world: &mut World, rq: &Request<'_>) -> Reply {
    let wanted = rq.texts("ServiceNames");
    let mut rows: Vec<Json> = Vec::new();
    let both = GATEWAYS
        .iter()
        .map(|name| (*name, "Gateway"))
        .chain(INTERFACES.iter().map(|name| (*name, "Interface")));
    for (name, kind) in both {
        let full = format!("com.amazonaws.{}.{name}", rq.region);
        let zones: Vec<String> =
            ["a", "b", "c"].iter().map(|letter| format!("{}{letter}", rq.region)).collect();
        let mut row = json!({
            "ServiceName": full, "ServiceType": [{"ServiceType": kind}], "Owner": "amazon", "AvailabilityZones": zones,
            "AcceptanceRequired": false, "ManagesVpcEndpoints": false, "VpcEndpointPolicySupported": true,
            "ServiceRegion": rq.region, "SupportedIpAddressTypes": ["ipv4"], "Tags": [],
        });
        if kind == "Interface" {
            row["PrivateDnsName"] = json!(format!("{name}.{}.amazonaws.com", rq.region));
        }
        rows.push(row);
    }
    if let Some(name) = wanted.iter().find(|name| !rows.iter().any(|row| row["ServiceName"] == **name)) {
        return Err(Fault::new(
            "InvalidServiceName",
            format!("The Vpc Endpoint Service '{name}' does not exist"),
        ));
    }
    rows.retain(|row| wanted.is_empty() || wanted.iter().any(|name| row["ServiceName"] == *name));
    let known: &[filters::Filter] = &[
        ("owner", "Owner"),
        ("service-name", "ServiceName"),
        ("service-region", "ServiceRegion"),
        ("service-type", "ServiceType.ServiceType"),
    ];
    let rows = filters::apply(rows, rq.list("Filters"), known, "Tags")?;
    let (page, next) = rq.page(rows, "MaxResults", "NextToken", 1000, "InvalidPaginationToken")?;
    let mut names: Vec<Json> = page.iter().map(|row| row["ServiceName"].clone()).collect();
    names.dedup();
    Ok(json!({"ServiceNames": names, "ServiceDetails": page, "NextToken": next}))
}

/// Routes that gateway endpoints put into a table.
pub(super) fn routes(world: &World, table: &str) -> Vec<Json> {
    let lists =
        |row: &Json| row["RouteTableIds"].as_array().is_some_and(|all| all.iter().any(|one| one == table));
    let rows =
        world.rows(ENDPOINT.table).filter(|(_, row)| row["VpcEndpointType"] == "Gateway" && lists(row));
    rows.map(|(id, row)| {
        // The lists of the two services in us-east-1; elsewhere they have other ids.
        let list = if row["ServiceName"].as_str().is_some_and(|name| name.ends_with(".s3")) {
            S3_LIST
        } else {
            DYNAMODB_LIST
        };
        json!({"DestinationPrefixListId": list, "GatewayId": id, "Origin": "CreateRoute", "State": "active"})
    })
    .collect()
}
