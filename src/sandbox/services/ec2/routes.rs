//! Routes.

use serde_json::{Value as Json, json};

use super::{
    cidrs,
    common::{agreed, invalid},
    internet_gateways, peerings, prefix_lists,
    route_tables::TABLE,
    vpc_endpoints, vpn_gateways,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Where a route can lead: parameter, table, error code for an unknown one, as messages call it.
const TARGETS: &[(&str, &str, &str, &str)] = &[
    ("CarrierGatewayId", "ec2.carrier-gateway", "InvalidCarrierGatewayID.NotFound", "carrierGateway"),
    ("CoreNetworkArn", "networkmanager.core-network", "InvalidCoreNetworkArn.NotFound", "coreNetwork"),
    ("EgressOnlyInternetGatewayId", "ec2.egress-only-gateway", "InvalidGatewayID.NotFound", "gateway"),
    ("GatewayId", "ec2.internet-gateway", "InvalidGatewayID.NotFound", "gateway"),
    ("InstanceId", "ec2.instance", "InvalidInstanceID.NotFound", "instance"),
    ("LocalGatewayId", "ec2.local-gateway", "InvalidLocalGatewayID.NotFound", "localGateway"),
    ("NatGatewayId", "ec2.nat-gateway", "InvalidNatGatewayID.NotFound", "natGateway"),
    ("NetworkInterfaceId", "ec2.network-interface", "InvalidNetworkInterfaceID.NotFound", "networkInterface"),
    ("OdbNetworkArn", "odb.network", "InvalidOdbNetworkArn.NotFound", "odbNetwork"),
    ("TransitGatewayId", "ec2.transit-gateway", "InvalidTransitGatewayID.NotFound", "transitGateway"),
    ("VpcEndpointId", "ec2.vpc-endpoint", "InvalidVpcEndpointId.NotFound", "vpcEndpoint"),
    (
        "VpcPeeringConnectionId",
        "ec2.vpc-peering-connection",
        "InvalidVpcPeeringConnectionID.NotFound",
        "vpcPeeringConnection",
    ),
];

const DESTINATIONS: &[&str] =
    &["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];

/// Whether a route's target can take traffic.
pub(super) fn alive(world: &World, vpc: &str, route: &Json) -> bool {
    if route["GatewayId"] == "local" {
        return true;
    }
    let named = TARGETS.iter().find_map(|(member, table, ..)| Some((*table, route[*member].as_str()?)));
    let Some((table, id)) = named else { return true };
    let table = if id.starts_with("vgw-") { vpn_gateways::VPN.table } else { table };
    match (table, world.get(table, id)) {
        (_, None) => false,
        ("ec2.vpn-gateway", Some(row)) => vpn_gateways::vpc_of(row) == Some(vpc),
        ("ec2.internet-gateway", Some(row)) => internet_gateways::vpc_of(row) == Some(vpc),
        ("ec2.nat-gateway", Some(row)) => matches!(row["State"].as_str(), Some("pending" | "available")),
        ("ec2.vpc-peering-connection", Some(row)) => peerings::is_active(row),
        _ => true,
    }
}

/// The destination in its canonical form: `(member, value)`.
fn destination(world: &World, rq: &Request<'_>) -> Result<(&'static str, String), Fault> {
    let mut sent = DESTINATIONS.iter().filter_map(|member| Some((*member, rq.opt(member)?)));
    let one = sent.next();
    match (one, sent.next()) {
        (Some((member, text)), None) => Ok((
            member,
            match member {
                "DestinationCidrBlock" => cidrs::v4(text, "destinationCidrBlock")?.to_string(),
                "DestinationIpv6CidrBlock" => cidrs::v6(text, "destinationIpv6CidrBlock")?.to_string(),
                // Routes to AWS's own lists are the gateway endpoints' (VPC User Guide, gateway endpoints).
                _ if prefix_lists::is_there(world, rq.region, text) && !vpc_endpoints::is_list(text) => {
                    text.to_owned()
                }
                _ => {
                    let message = format!("The prefix list ID '{text}' does not exist");
                    return Err(Fault::new("InvalidPrefixListID.NotFound", message));
                }
            },
        )),
        _ => Err(Fault::new(
            if one.is_none() { "MissingParameter" } else { "InvalidParameterCombination" },
            "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock, \
             destinationPrefixListId",
        )),
    }
}

/// The target, which must exist and be of the same VPC: `(member, id)`.
fn target<'r>(
    world: &World,
    rq: &'r Request<'_>,
    table: &str,
    vpc: &str,
) -> Result<(&'static str, &'r str), Fault> {
    let mut sent = TARGETS.iter().filter_map(|target| Some((target, rq.opt(target.0)?)));
    let (Some(((member, rows, code, label), id)), None) = (sent.next(), sent.next()) else {
        let names: Vec<String> = TARGETS.iter().map(|(member, ..)| lower_first(member)).collect();
        let code = if TARGETS.iter().any(|(member, ..)| rq.opt(member).is_some()) {
            "InvalidParameterCombination"
        } else {
            "MissingParameter"
        };
        let message = format!("The request must contain exactly one of {}", names.join(", "));
        return Err(Fault::new(code, message));
    };
    let rows = if id.starts_with("vgw-") { vpn_gateways::VPN.table } else { rows };
    let row = world
        .get(rows, id)
        .filter(|row| super::common::here(row, rq.region))
        .ok_or_else(|| Fault::new(*code, format!("The {label} ID '{id}' does not exist")))?;
    let elsewhere = match *member {
        "GatewayId" if id.starts_with("vgw-") => vpn_gateways::vpc_of(row) != Some(vpc),
        "GatewayId" => internet_gateways::vpc_of(row) != Some(vpc),
        "NatGatewayId" | "NetworkInterfaceId" => row["VpcId"] != vpc,
        "VpcPeeringConnectionId" => !peerings::joins(row, vpc),
        _ => false,
    };
    if elsewhere {
        let kind = match *member {
            "NetworkInterfaceId" => "interface",
            "VpcPeeringConnectionId" => "vpcPeeringConnection",
            _ => "network gateway",
        };
        return Err(invalid(format!("route table {table} and {kind} {id} belong to different networks")));
    }
    if *member == "NatGatewayId" && !matches!(row["State"].as_str(), Some("pending" | "available") | None) {
        return Err(Fault::new(*code, format!("The {label} ID '{id}' does not exist")));
    }
    if *member == "VpcPeeringConnectionId" && !peerings::is_usable(row) {
        return Err(Fault::new(*code, format!("The {label} ID '{id}' does not exist")));
    }
    Ok((*member, id))
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn made(world: &World, destination: (&str, &str), target: (&str, &str), origin: &str) -> Json {
    let mut route =
        json!({destination.0: destination.1, target.0: target.1, "Origin": origin, "State": "active"});
    // A VPC endpoint's route shows it as a gateway.
    if target.0 == "VpcEndpointId" {
        route =
            json!({destination.0: destination.1, "GatewayId": target.1, "Origin": origin, "State": "active"});
    }
    if target.0 == "NetworkInterfaceId"
        && let Some(owner) = world.get("ec2.network-interface", target.1).map(|eni| eni["OwnerId"].clone())
        && owner.is_string()
    {
        route["InstanceOwnerId"] = owner;
    }
    route
}

/// `CreateRoute`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("RouteTableId");
    let row = TABLE.get(world, rq, id)?;
    let vpc = row["VpcId"].as_str().unwrap_or_default();
    let (member, block) = destination(world, rq)?;
    if row["Routes"].as_array().into_iter().flatten().any(|route| route[member] == block.as_str()) {
        return Err(Fault::new(
            "RouteAlreadyExists",
            format!("The route identified by {block} already exists."),
        ));
    }
    let target = target(world, rq, id, vpc)?;
    let route = made(world, (member, &block), target, "CreateRoute");
    let row = TABLE.get_mut(world, rq, id)?;
    match row["Routes"].as_array_mut() {
        Some(list) => list.push(route),
        None => row["Routes"] = json!([route]),
    }
    agreed()
}

fn no_route(table: &str, block: &str, member: &str) -> Fault {
    let kind = match member {
        "DestinationCidrBlock" => "destination-cidr-block",
        "DestinationIpv6CidrBlock" => "destination-ipv6-cidr-block",
        _ => "destination-prefix-list-id",
    };
    Fault::new("InvalidRoute.NotFound", format!("no route with {kind} {block} in route table {table}"))
}

/// `ReplaceRoute`.
pub(super) fn replace(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("RouteTableId");
    let row = TABLE.get(world, rq, id)?;
    let vpc = row["VpcId"].as_str().unwrap_or_default().to_owned();
    let (member, block) = destination(world, rq)?;
    let at = row["Routes"]
        .as_array()
        .and_then(|routes| routes.iter().position(|route| route[member] == block.as_str()))
        .ok_or_else(|| {
            let message = format!(
                "There is no route defined for '{block}' in the route table. Use CreateRoute instead."
            );
            invalid(message)
        })?;
    let local = row["Routes"][at]["GatewayId"] == "local";
    if rq.flag("LocalTarget") {
        if row["Routes"][at]["Origin"] != "CreateRouteTable" {
            return Err(invalid(format!("The route {block} never was a local route")));
        }
        TABLE.get_mut(world, rq, id)?["Routes"][at] =
            json!({member: block, "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"});
        return done();
    }
    let target = target(world, rq, id, &vpc)?;
    if local && !matches!(target.0, "NatGatewayId" | "NetworkInterfaceId" | "VpcEndpointId" | "InstanceId") {
        return Err(invalid(format!("A local route cannot be replaced by one to {}", target.1)));
    }
    let origin = row["Routes"][at]["Origin"].as_str().unwrap_or("CreateRoute").to_owned();
    let route = made(world, (member, &block), target, &origin);
    TABLE.get_mut(world, rq, id)?["Routes"][at] = route;
    done()
}

/// `DeleteRoute`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("RouteTableId");
    TABLE.get(world, rq, id)?;
    let (member, block) = destination(world, rq)?;
    let row = TABLE.get_mut(world, rq, id)?;
    let routes = row["Routes"].as_array_mut().ok_or_else(|| no_route(id, &block, member))?;
    let at = routes
        .iter()
        .position(|route| route[member] == block.as_str())
        .ok_or_else(|| no_route(id, &block, member))?;
    if routes[at]["GatewayId"] == "local" {
        return Err(invalid(format!("cannot remove local route {block} in route table {id}")));
    }
    routes.remove(at);
    done()
}
