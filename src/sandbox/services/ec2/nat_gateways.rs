//! NAT gateways: they take minutes both ways and fail after the call that made them.

use serde_json::{Value as Json, json};

use super::{
    addresses::{self, ADDRESS},
    common::{Noun, combination, remember, replayed, tidy},
    interfaces, internet_gateways, nat_addresses,
    subnets::SUBNET,
};
use crate::sandbox::{Effect, Fault, Reply, Request, World, durations};

/// How long a deleted or failed gateway is still listed.
const LISTED: i64 = 3_600_000;
/// How long AWS takes to find out that a gateway cannot work.
const FAILS: i64 = durations::NAT_UP / 5;

/// NAT gateways.
pub(super) const NAT: Noun = Noun {
    table: "ec2.nat-gateway",
    prefix: "nat",
    id: "NatGatewayId",
    ids: "NatGatewayIds",
    tags: "Tags",
    resource: "natgateway",
    missing: "NatGatewayNotFound",
    malformed: "NatGatewayMalformed",
    label: "natGateway",
    filters: &[
        ("nat-gateway-id", "NatGatewayId"),
        ("state", "State"),
        ("subnet-id", "SubnetId"),
        ("vpc-id", "VpcId"),
    ],
};

/// What is wrong with a request that is only found out later: `(code, message)`.
fn flaw(world: &World, vpc: &str, allocations: &[&str]) -> Option<(&'static str, String)> {
    if allocations.is_empty() {
        return None;
    }
    if !internet_gateways::attached(world, vpc) {
        return Some(("Gateway.NotAttached", format!("Network {vpc} has no Internet gateway attached")));
    }
    let taken = |id: &&&str| world.get("ec2.address", id).is_some_and(|row| row["AssociationId"].is_string());
    let taken = allocations.iter().find(taken)?;
    Some(("Resource.AlreadyAssociated", format!("Elastic IP address [{taken}] is already associated")))
}

/// `CreateNatGateway`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(id) = replayed(world, rq, &NAT)? {
        return answer(world, rq, &id);
    }
    let regional = ["AvailabilityZoneAddresses", "VpcId"].iter().any(|member| !rq.get(member).is_null());
    match rq.opt("AvailabilityMode") {
        Some("regional") => return nat_addresses::create_regional(world, rq),
        _ if regional => {
            return Err(combination("VpcId and AvailabilityZoneAddresses need a regional NAT gateway"));
        }
        _ => {}
    }
    let subnet_id = rq.opt("SubnetId").ok_or_else(|| {
        let message = "The request must include the SubnetId parameter. Add the required parameter and retry the request.";
        Fault::new("MissingParameter", message)
    })?;
    let subnet = SUBNET.get(world, rq, subnet_id)?.clone();
    let vpc = subnet["VpcId"].as_str().unwrap_or_default().to_owned();
    let private = rq.opt("ConnectivityType") == Some("private");
    let mut allocations: Vec<&str> = rq.opt("AllocationId").into_iter().collect();
    if private && (!allocations.is_empty() || !rq.texts("SecondaryAllocationIds").is_empty()) {
        return Err(combination("A private NAT gateway takes no allocation id"));
    }
    if !private && allocations.is_empty() {
        let message = "The request must include the AllocationId parameter. Add the required parameter and retry the request.";
        return Err(Fault::new("MissingParameter", message));
    }
    let own = rq.texts("SecondaryPrivateIpAddresses");
    let extra = rq.int("SecondaryPrivateIpAddressCount");
    if extra.is_some() && !own.is_empty() {
        return Err(combination("Secondary addresses are given either as a list or as a number"));
    }
    allocations.extend(rq.texts("SecondaryAllocationIds"));
    for id in &allocations {
        ADDRESS.get(world, rq, id)?;
    }
    let mut wanted: Vec<Option<&str>> = vec![rq.opt("PrivateIpAddress")];
    wanted.extend(own.into_iter().map(Some));
    wanted.extend((0..extra.unwrap_or_default()).map(|_| None));
    wanted.extend((wanted.len()..allocations.len()).map(|_| None));
    let mut ips: Vec<String> = Vec::new();
    for ip in wanted {
        ips.push(interfaces::private_ip(world, &subnet, ip, &ips)?);
    }

    let mut row = json!({
        "SubnetId": subnet_id, "VpcId": vpc, "State": "pending", "CreateTime": world.now_secs(),
        "ConnectivityType": if private { "private" } else { "public" }, "AvailabilityMode": "zonal",
        "NatGatewayAddresses": allocations.iter().enumerate()
            .map(|(at, id)| json!({"AllocationId": id, "IsPrimary": at == 0})).collect::<Vec<_>>(),
    });
    remember(&mut row, rq);
    let flaw = flaw(world, &vpc, &allocations);
    let id = NAT.create(world, rq, row)?;
    if let Some((code, message)) = flaw {
        fail(world, &id, code, &message);
        return answer(world, rq, &id);
    }
    let eni =
        interfaces::put_managed(world, rq, &subnet, &ips, &id, &format!("Interface for NAT Gateway {id}"));
    let addresses: Vec<Json> = ips
        .iter()
        .enumerate()
        .map(|(at, ip)| {
            let mut one = json!({
                "NetworkInterfaceId": eni, "PrivateIp": ip, "IsPrimary": at == 0, "Status": "succeeded",
                "AvailabilityZone": subnet["AvailabilityZone"], "AvailabilityZoneId": subnet["AvailabilityZoneId"],
            });
            if let Some(allocation) = allocations.get(at) {
                one["AllocationId"] = json!(allocation);
                one["AssociationId"] = json!(addresses::bind(world, allocation, &eni));
                one["PublicIp"] = world.get(ADDRESS.table, allocation).map_or(Json::Null, |a| a["PublicIp"].clone());
            }
            tidy(one)
        })
        .collect();
    let members = json!({"State": "available", "NatGatewayAddresses": addresses});
    world.set_after(durations::NAT_UP, NAT.table, &id, members);
    answer(world, rq, &id)
}

/// Lets a gateway fail for a reason that AWS finds out later.
pub(super) fn fail(world: &mut World, id: &str, code: &str, message: &str) {
    let gone = World::seconds(world.date_after(FAILS));
    let members =
        json!({"State": "failed", "FailureCode": code, "FailureMessage": message, "DeleteTime": gone});
    world.set_after(FAILS, NAT.table, id, members);
    world.after(FAILS + LISTED, NAT.table, id, Effect::Remove);
}

/// The answer of a create call.
pub(super) fn answer(world: &World, rq: &Request<'_>, id: &str) -> Reply {
    let mut answer = json!({"NatGateway": tidy(NAT.get(world, rq, id)?.clone())});
    if let Some(token) = rq.opt("ClientToken") {
        answer["ClientToken"] = json!(token);
    }
    Ok(answer)
}

/// `DeleteNatGateway`: its interface and its Elastic IP are free when it is gone, its row stays for an hour.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("NatGatewayId");
    let row = NAT.get(world, rq, id)?;
    match row["State"].as_str() {
        Some("deleted") => return Err(NAT.absent(id)),
        Some("deleting") => return Ok(json!({"NatGatewayId": id})),
        _ => {}
    }
    let eni = world
        .rows("ec2.network-interface")
        .find(|(_, eni)| eni["_owner"] == id)
        .map(|(eni, _)| eni.to_owned())
        .unwrap_or_default();
    let bound: Vec<String> = world
        .rows(ADDRESS.table)
        .filter(|(_, row)| {
            (!eni.is_empty() && row["NetworkInterfaceId"] == eni.as_str()) || row["_nat"] == id
        })
        .map(|(key, _)| key.to_owned())
        .collect();
    let table = row["RouteTableId"].as_str().map(ToOwned::to_owned);
    world.cancel(NAT.table, id);
    let gone = World::seconds(world.date_after(durations::NAT_DOWN));
    NAT.get_mut(world, rq, id)?["State"] = json!("deleting");
    world.set_after(durations::NAT_DOWN, NAT.table, id, json!({"State": "deleted", "DeleteTime": gone}));
    world.after(durations::NAT_DOWN + LISTED, NAT.table, id, Effect::Remove);
    for key in bound {
        world.set_after(durations::NAT_DOWN, ADDRESS.table, &key, addresses::unbound());
    }
    if let Some(table) = table {
        world.after(durations::NAT_DOWN, "ec2.route-table", &table, Effect::Remove);
    }
    if !eni.is_empty() {
        world.after(durations::NAT_DOWN, "ec2.network-interface", &eni, Effect::Remove);
    }
    Ok(json!({"NatGatewayId": id}))
}

/// `DescribeNatGateways`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    NAT.describe(world, rq, "NatGateways", nat_addresses::view)
}
