//! Route tables and their associations. `Associations` and `Routes` are lists in the table's row.

use serde_json::{Value as Json, json};

use super::{
    common::{Noun, here, invalid, remember, replayed, tidy},
    internet_gateways::{self, GATEWAY},
    routes,
    subnets::SUBNET,
    vpc_endpoints,
    vpcs::{VPC, VPC_ID},
    vpn_connections,
};
use crate::sandbox::{By, Fault, Reply, Request, World, done};

/// Route tables.
pub(super) const TABLE: Noun = Noun {
    table: "ec2.route-table",
    prefix: "rtb",
    id: "RouteTableId",
    ids: "RouteTableIds",
    tags: "Tags",
    resource: "route-table",
    missing: "InvalidRouteTableID.NotFound",
    malformed: "InvalidRouteTableId.Malformed",
    label: "routeTable",
    filters: &[
        ("association.gateway-id", "Associations.GatewayId"),
        ("association.main", "Associations.Main"),
        ("association.route-table-association-id", "Associations.RouteTableAssociationId"),
        ("association.route-table-id", "Associations.RouteTableId"),
        ("association.subnet-id", "Associations.SubnetId"),
        ("owner-id", "OwnerId"),
        ("route-table-id", "RouteTableId"),
        ("route.destination-cidr-block", "Routes.DestinationCidrBlock"),
        ("route.destination-ipv6-cidr-block", "Routes.DestinationIpv6CidrBlock"),
        ("route.destination-prefix-list-id", "Routes.DestinationPrefixListId"),
        ("route.egress-only-internet-gateway-id", "Routes.EgressOnlyInternetGatewayId"),
        ("route.gateway-id", "Routes.GatewayId"),
        ("route.instance-id", "Routes.InstanceId"),
        ("route.nat-gateway-id", "Routes.NatGatewayId"),
        ("route.origin", "Routes.Origin"),
        ("route.state", "Routes.State"),
        ("route.transit-gateway-id", "Routes.TransitGatewayId"),
        ("route.vpc-peering-connection-id", "Routes.VpcPeeringConnectionId"),
        ("vpc-id", "VpcId"),
    ],
};

fn local(cidr: &str) -> Json {
    json!({"DestinationCidrBlock": cidr, "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"})
}

/// A row without tags and id: the local routes of its VPC and no associations.
fn fresh(world: &World, vpc: &Json) -> Json {
    let mut routes: Vec<Json> = super::cidrs::of_vpc(vpc).iter().map(|net| local(&net.to_string())).collect();
    for one in vpc["Ipv6CidrBlockAssociationSet"].as_array().into_iter().flatten() {
        routes.push(json!({
            "DestinationIpv6CidrBlock": one["Ipv6CidrBlock"], "GatewayId": "local", "Origin": "CreateRouteTable",
            "State": "active",
        }));
    }
    json!({
        "VpcId": vpc["VpcId"], "OwnerId": world.account, "Associations": [], "PropagatingVgws": [], "Routes": routes,
    })
}

/// Makes the main route table of a new VPC.
pub(super) fn put_main(world: &mut World, rq: &Request<'_>, vpc: &str, cidr: &str) {
    let (id, association) = (world.id("rtb"), world.id("rtbassoc"));
    let row = world.get("ec2.vpc", vpc).map(|vpc| fresh(world, vpc));
    let mut row = row.unwrap_or_else(|| json!({"VpcId": vpc, "Routes": [local(cidr)]}));
    row["RouteTableId"] = json!(id);
    row["Associations"] = json!([{
        "Main": true, "RouteTableAssociationId": association, "RouteTableId": id,
        "AssociationState": {"State": "associated"},
    }]);
    row["Tags"] = json!([]);
    row["_region"] = json!(rq.region);
    world.put(TABLE.table, &id, row);
}

/// Makes the table that AWS keeps for a NAT gateway of a whole VPC. Answers its id.
pub(super) fn put_of_gateway(world: &mut World, rq: &Request<'_>, vpc: &str) -> String {
    let id = world.id("rtb");
    let mut row = world.get("ec2.vpc", vpc).map_or_else(|| json!({}), |vpc| fresh(world, vpc));
    let internet =
        world.rows("ec2.internet-gateway").find(|(_, row)| internet_gateways::vpc_of(row) == Some(vpc));
    if let (Some((gateway, _)), Some(routes)) = (internet, row["Routes"].as_array_mut()) {
        routes.push(json!({
            "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway, "Origin": "CreateRoute", "State": "active",
        }));
    }
    row["RouteTableId"] = json!(id);
    row["Tags"] = json!([]);
    row["_region"] = json!(rq.region);
    world.put(TABLE.table, &id, row);
    id
}

/// Adds the local route of a new block to all of a VPC's tables.
pub(super) fn add_local(world: &mut World, vpc: &str, cidr: &str) {
    each_of_vpc(world, vpc, |routes| routes.push(local(cidr)));
}

/// Takes the local route of a block away again.
pub(super) fn drop_local(world: &mut World, vpc: &str, cidr: &str) {
    each_of_vpc(world, vpc, |routes| {
        routes.retain(|route| route["GatewayId"] != "local" || route["DestinationCidrBlock"] != cidr);
    });
}

fn each_of_vpc(world: &mut World, vpc: &str, edit: impl Fn(&mut Vec<Json>)) {
    let keys: Vec<String> =
        world.with(TABLE.table, &VPC_ID, vpc).into_iter().map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        if let Some(routes) = world.get_mut(TABLE.table, &key).and_then(|row| row["Routes"].as_array_mut()) {
            edit(routes);
        }
    }
}

/// Whether a table is its VPC's main one.
pub(super) fn is_main(row: &Json) -> bool {
    row["Associations"].as_array().is_some_and(|list| list.iter().any(|one| one["Main"] == true))
}

/// Drops the association of a deleted subnet.
pub(super) fn forget_subnet(world: &mut World, subnet: &str) {
    let keys: Vec<String> = world
        .with(TABLE.table, &By::Path("Associations.SubnetId"), subnet)
        .into_iter()
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in keys {
        if let Some(list) =
            world.get_mut(TABLE.table, &key).and_then(|row| row["Associations"].as_array_mut())
        {
            list.retain(|one| one["SubnetId"] != subnet);
        }
    }
}

pub(super) fn associations(row: &Json) -> impl Iterator<Item = &Json> {
    row["Associations"].as_array().into_iter().flatten()
}

/// `CreateRouteTable`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(id) = replayed(world, rq, &TABLE)? {
        return answer(world, rq, &id);
    }
    let mut row = fresh(world, VPC.get(world, rq, rq.text("VpcId"))?);
    remember(&mut row, rq);
    let id = TABLE.create(world, rq, row)?;
    answer(world, rq, &id)
}

fn answer(world: &World, rq: &Request<'_>, id: &str) -> Reply {
    let mut answer = json!({"RouteTable": tidy(TABLE.get(world, rq, id)?.clone())});
    if let Some(token) = rq.opt("ClientToken") {
        answer["ClientToken"] = json!(token);
    }
    Ok(answer)
}

/// As the API shows it: routes to targets that are gone are black holes.
fn view(world: &World, row: &Json) -> Json {
    let mut row = row.clone();
    let vpc = row["VpcId"].as_str().unwrap_or_default().to_owned();
    let mut learned = vpn_connections::propagated(world, &row);
    learned.extend(vpc_endpoints::routes(world, row["RouteTableId"].as_str().unwrap_or_default()));
    if let Some(routes) = row["Routes"].as_array_mut() {
        routes.extend(learned);
    }
    for route in row["Routes"].as_array_mut().into_iter().flatten() {
        route["State"] = json!(if routes::alive(world, &vpc, route) { "active" } else { "blackhole" });
    }
    row
}

/// `DescribeRouteTables`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    TABLE.describe(world, rq, "RouteTables", view)
}

/// `DeleteRouteTable`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("RouteTableId");
    if associations(TABLE.get(world, rq, id)?).next().is_some() {
        return Err(TABLE.busy(id));
    }
    world.remove(TABLE.table, id);
    done()
}

/// `AssociateRouteTable` with a subnet or an internet gateway.
pub(super) fn associate(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("RouteTableId");
    let vpc = TABLE.get(world, rq, id)?["VpcId"].clone();
    let (member, target, home) = match (rq.opt("SubnetId"), rq.opt("GatewayId")) {
        (Some(subnet), None) => ("SubnetId", subnet, SUBNET.get(world, rq, subnet)?["VpcId"].clone()),
        (None, Some(gateway)) => {
            ("GatewayId", gateway, GATEWAY.get(world, rq, gateway)?["Attachments"][0]["VpcId"].clone())
        }
        (None, None) if rq.opt("PublicIpv4Pool").is_some() => {
            return Err(Fault::new(
                "InvalidPublicIpv4PoolID.NotFound",
                "The public IPv4 pool does not exist",
            ));
        }
        _ => {
            let message = "The request must contain exactly one of subnetId, gatewayId, publicIpv4Pool";
            return Err(Fault::new("InvalidParameterCombination", message));
        }
    };
    if home != vpc {
        let noun = if member == "SubnetId" { "subnet" } else { "gateway" };
        return Err(invalid(format!("Route table {id} and {noun} {target} belong to different networks")));
    }
    let by = By::Path(if member == "SubnetId" { "Associations.SubnetId" } else { "Associations.GatewayId" });
    if world.any_with(TABLE.table, &by, target, |row| associations(row).any(|one| one[member] == target)) {
        let message =
            format!("the specified association for route table {id} conflicts with an existing association");
        return Err(Fault::new("Resource.AlreadyAssociated", message));
    }
    let association = world.id("rtbassoc");
    let row = TABLE.get_mut(world, rq, id)?;
    let new = json!({
        "Main": false, "RouteTableAssociationId": association, "RouteTableId": id, member: target,
        "AssociationState": {"State": "associated"},
    });
    match row["Associations"].as_array_mut() {
        Some(list) => list.push(new),
        None => row["Associations"] = json!([new]),
    }
    Ok(json!({"AssociationId": association, "AssociationState": {"State": "associated"}}))
}

/// Takes an association out of its table.
fn take(world: &mut World, rq: &Request<'_>, association: &str) -> Result<(String, Json), Fault> {
    let fits = |one: &Json| one["RouteTableAssociationId"] == association;
    let key = world
        .rows(TABLE.table)
        .find(|(_, row)| here(row, rq.region) && associations(row).any(fits))
        .map(|(key, _)| key.to_owned());
    let missing = || {
        Fault::new(
            "InvalidAssociationID.NotFound",
            format!("The association ID '{association}' does not exist"),
        )
    };
    let key = key.ok_or_else(missing)?;
    let list = world.get_mut(TABLE.table, &key).and_then(|row| row["Associations"].as_array_mut());
    let list = list.ok_or_else(missing)?;
    let at = list.iter().position(fits).ok_or_else(missing)?;
    Ok((key, list.remove(at)))
}

/// `DisassociateRouteTable`.
pub(super) fn disassociate(world: &mut World, rq: &Request<'_>) -> Reply {
    let association = rq.text("AssociationId");
    let main = |row: &Json| {
        associations(row).any(|one| one["RouteTableAssociationId"] == association && one["Main"] == true)
    };
    if world.any_with(TABLE.table, &By::Path("Associations.RouteTableAssociationId"), association, main) {
        let message = format!("cannot disassociate the main route table association {association}");
        return Err(invalid(message));
    }
    take(world, rq, association)?;
    done()
}

/// `ReplaceRouteTableAssociation`: also the way to another main route table.
pub(super) fn replace_association(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("RouteTableId");
    let vpc = TABLE.get(world, rq, id)?["VpcId"].clone();
    let (old, one) = take(world, rq, rq.text("AssociationId"))?;
    if world.get(TABLE.table, &old).is_none_or(|row| row["VpcId"] != vpc) {
        if let Some(list) =
            world.get_mut(TABLE.table, &old).and_then(|row| row["Associations"].as_array_mut())
        {
            list.push(one);
        }
        return Err(invalid(format!("Route tables {old} and {id} belong to different networks")));
    }
    let association = world.id("rtbassoc");
    let mut one = one;
    one["RouteTableAssociationId"] = json!(association);
    one["RouteTableId"] = json!(id);
    if let Some(list) = TABLE.get_mut(world, rq, id)?["Associations"].as_array_mut() {
        list.push(one);
    }
    Ok(json!({"NewAssociationId": association, "AssociationState": {"State": "associated"}}))
}
