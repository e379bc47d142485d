//! Addresses of NAT gateways: those that come and go, and those of gateways for a whole VPC.

use serde_json::{Value as Json, json};

use super::{
    account,
    addresses::{self, ADDRESS},
    common::{combination, invalid, lacking, remember, tidy},
    interfaces, internet_gateways,
    nat_gateways::{NAT, answer, fail},
    route_tables,
    subnets::SUBNET,
    vpcs::VPC,
};
use crate::sandbox::{By, Fault, Reply, Request, World, durations};

/// What only gateways of one zone take.
const ZONAL: &[&str] = &[
    "AllocationId",
    "PrivateIpAddress",
    "SecondaryAllocationIds",
    "SecondaryPrivateIpAddressCount",
    "SecondaryPrivateIpAddresses",
    "SubnetId",
];

/// A gateway as it is shown: addresses on their way are there or gone when their time has come.
pub(super) fn view(world: &World, row: &Json) -> Json {
    let (mut row, now) = (row.clone(), world.now());
    let due = |one: &Json, member: &str| one[member].as_i64().is_some_and(|at| at <= now);
    if let Some(list) = row["NatGatewayAddresses"].as_array_mut() {
        list.retain(|one| !due(one, "_gone"));
        for one in list {
            if due(one, "_there") {
                one["Status"] = json!("succeeded");
            }
            if let Some(members) = one.as_object_mut() {
                members.retain(|name, _| !name.starts_with('_'));
            }
        }
    }
    row
}

/// An Elastic IP that nobody uses.
fn free(world: &World, rq: &Request<'_>, allocation: &str) -> Result<(), Fault> {
    if ADDRESS.get(world, rq, allocation)?["AssociationId"].is_string() {
        let message = format!("Elastic IP address [{allocation}] is already associated");
        return Err(Fault::new("Resource.AlreadyAssociated", message));
    }
    Ok(())
}

/// An address of a regional gateway in one zone.
fn in_zone(world: &mut World, gateway: &str, zone: &(String, String), allocation: Option<&str>) -> Json {
    let mut one = json!({"AvailabilityZone": zone.0, "AvailabilityZoneId": zone.1, "Status": "succeeded"});
    match allocation {
        Some(allocation) => {
            one["AllocationId"] = json!(allocation);
            one["AssociationId"] = json!(addresses::bind(world, allocation, ""));
            if let Some(row) = world.get_mut(ADDRESS.table, allocation) {
                row["NetworkInterfaceId"] = Json::Null;
                row["_nat"] = json!(gateway);
                one["PublicIp"] = row["PublicIp"].clone();
            }
        }
        None => {
            one["AssociationId"] = json!(world.id("eipassoc"));
            one["PublicIp"] = json!(addresses::public_ip(world));
        }
    }
    one
}

/// `CreateNatGateway` for all zones of a VPC. Without addresses it takes AWS's own wherever there are subnets.
pub(super) fn create_regional(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(member) = ZONAL.iter().find(|member| !rq.get(member).is_null()) {
        return Err(combination(format!("{member} cannot be used with a regional NAT gateway")));
    }
    if rq.opt("ConnectivityType") == Some("private") {
        return Err(combination("A regional NAT gateway cannot be private"));
    }
    let vpc = rq.opt("VpcId").ok_or_else(|| lacking("vpcId"))?.to_owned();
    VPC.get(world, rq, &vpc)?;
    let zones = account::zones(rq.region);
    let mut chosen: Vec<((String, String), Option<String>)> = Vec::new();
    for entry in rq.list("AvailabilityZoneAddresses") {
        let named = |zone: &&(String, String)| {
            entry["AvailabilityZone"] == zone.0.as_str() || entry["AvailabilityZoneId"] == zone.1.as_str()
        };
        let zone = zones
            .iter()
            .find(named)
            .ok_or_else(|| invalid("The Availability Zone of an address is unknown"))?;
        for allocation in entry["AllocationIds"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            free(world, rq, allocation)?;
            chosen.push((zone.clone(), Some(allocation.to_owned())));
        }
    }
    let own = chosen.is_empty();
    if own {
        let used = |zone: &(String, String)| {
            world.any_with(SUBNET.table, &By::Path("VpcId"), &vpc, |row| {
                row["VpcId"] == vpc.as_str() && row["AvailabilityZone"] == zone.0.as_str()
            })
        };
        chosen.extend(zones.iter().filter(|zone| used(zone)).map(|zone| (zone.clone(), None)));
    }
    let automatic = if own { "enabled" } else { "disabled" };
    let attached = internet_gateways::attached(world, &vpc);
    let mut row = json!({
        "VpcId": vpc, "State": "pending", "CreateTime": world.now_secs(), "ConnectivityType": "public",
        "AvailabilityMode": "regional", "AutoProvisionZones": automatic, "AutoScalingIps": automatic,
        "NatGatewayAddresses": [],
    });
    remember(&mut row, rq);
    let id = NAT.create(world, rq, row)?;
    if !attached {
        let why = format!("Network {vpc} has no Internet gateway attached");
        fail(world, &id, "Gateway.NotAttached", &why);
        return answer(world, rq, &id);
    }
    let table = route_tables::put_of_gateway(world, rq, &vpc);
    NAT.get_mut(world, rq, &id)?["RouteTableId"] = json!(table);
    let listed: Vec<Json> =
        chosen.iter().map(|(zone, allocation)| in_zone(world, &id, zone, allocation.as_deref())).collect();
    let members = json!({"State": "available", "NatGatewayAddresses": listed});
    world.set_after(durations::NAT_UP, NAT.table, &id, members);
    answer(world, rq, &id)
}

/// The gateway, which must be there to stay and be of the right kind.
fn usable(world: &World, rq: &Request<'_>, private: bool) -> Result<Json, Fault> {
    let id = rq.text("NatGatewayId");
    let row = NAT.get(world, rq, id)?;
    if row["State"] == "deleted" {
        return Err(NAT.absent(id));
    }
    if row["State"] != "available" {
        let message = format!("NatGateway {id} is not available");
        return Err(Fault::new("IncorrectState", message));
    }
    if (row["ConnectivityType"] == "private") != private {
        let kind = if private { "public" } else { "private" };
        return Err(Fault::new("UnsupportedOperation", format!("NatGateway {id} is {kind}")));
    }
    let shown = view(world, row);
    let mut all = shown["NatGatewayAddresses"].as_array().into_iter().flatten();
    if all.any(|one| one["Status"] == "disassociating" || one["Status"] == "unassigning") {
        // Nothing comes or goes while connections are drained.
        let message = format!("NatGateway {id} is draining connections of addresses");
        return Err(Fault::new("IncorrectState", message));
    }
    Ok(row.clone())
}

/// Gives a zonal gateway's interface one more private address.
fn assign_ip(world: &mut World, rq: &Request<'_>, row: &Json, wanted: Option<&str>) -> Result<Json, Fault> {
    let eni = row["NatGatewayAddresses"][0]["NetworkInterfaceId"].as_str().unwrap_or_default();
    let subnet = SUBNET.get(world, rq, row["SubnetId"].as_str().unwrap_or_default())?.clone();
    let ip = interfaces::private_ip(world, &subnet, wanted, &[])?;
    if let Some(list) =
        world.get_mut("ec2.network-interface", eni).and_then(|eni| eni["PrivateIpAddresses"].as_array_mut())
    {
        list.push(json!({"PrivateIpAddress": ip, "Primary": false}));
    }
    Ok(json!({
        "NetworkInterfaceId": eni, "PrivateIp": ip, "IsPrimary": false,
        "AvailabilityZone": subnet["AvailabilityZone"], "AvailabilityZoneId": subnet["AvailabilityZoneId"],
    }))
}

/// Adds an address that is there a little later.
fn add(world: &mut World, rq: &Request<'_>, mut one: Json, status: &str) -> Result<(), Fault> {
    one["Status"] = json!(status);
    one["_there"] = json!(world.now() + durations::NAT_ADDRESS);
    let row = NAT.get_mut(world, rq, rq.text("NatGatewayId"))?;
    row["NatGatewayAddresses"].as_array_mut().into_iter().for_each(|list| list.push(one.clone()));
    Ok(())
}

fn listed(world: &World, rq: &Request<'_>) -> Reply {
    let id = rq.text("NatGatewayId");
    let row = view(world, NAT.get(world, rq, id)?);
    Ok(json!({"NatGatewayId": id, "NatGatewayAddresses": row["NatGatewayAddresses"]}))
}

/// `AssociateNatGatewayAddress`.
pub(super) fn associate(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = usable(world, rq, false)?;
    let regional = row["AvailabilityMode"] == "regional";
    if regional && row["AutoScalingIps"] == "enabled" {
        return Err(combination("Addresses of this regional NAT gateway are managed by AWS"));
    }
    let zone = account::zone(rq)?;
    if regional != (rq.opt("AvailabilityZone").is_some() || rq.opt("AvailabilityZoneId").is_some()) {
        return Err(combination(
            "An Availability Zone is given for regional NAT gateways, and only for those",
        ));
    }
    let ips = rq.texts("PrivateIpAddresses");
    for (at, allocation) in rq.texts("AllocationIds").into_iter().enumerate() {
        free(world, rq, allocation)?;
        if regional {
            let one = in_zone(world, rq.text("NatGatewayId"), &zone, Some(allocation));
            add(world, rq, one, "associating")?;
            continue;
        }
        let mut one = assign_ip(world, rq, &row, ips.get(at).copied())?;
        let eni = one["NetworkInterfaceId"].as_str().unwrap_or_default().to_owned();
        one["AllocationId"] = json!(allocation);
        one["AssociationId"] = json!(addresses::bind(world, allocation, &eni));
        one["PublicIp"] = ADDRESS.get(world, rq, allocation)?["PublicIp"].clone();
        add(world, rq, tidy(one), "associating")?;
    }
    listed(world, rq)
}

/// `AssignPrivateNatGatewayAddress`.
pub(super) fn assign(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = usable(world, rq, true)?;
    let number = usize::try_from(rq.int("PrivateIpAddressCount").unwrap_or_default()).unwrap_or_default();
    let ips = rq.texts("PrivateIpAddresses");
    if (number > 0) != ips.is_empty() {
        return Err(combination("Addresses are given either as a list or as a number"));
    }
    for wanted in ips.into_iter().map(Some).chain((0..number).map(|_| None)) {
        let one = assign_ip(world, rq, &row, wanted)?;
        add(world, rq, one, "assigning")?;
    }
    listed(world, rq)
}

/// Lets the addresses go that `member` names; connections that would have to be drained there are none.
fn leave(
    world: &mut World,
    rq: &Request<'_>,
    member: &str,
    names: &[&str],
    status: &str,
) -> Result<(), Fault> {
    let gone = world.now() + durations::NAT_ADDRESS;
    let mut row = NAT.get(world, rq, rq.text("NatGatewayId"))?.clone();
    let shown = view(world, &row)["NatGatewayAddresses"].clone();
    for name in names {
        let found = shown.as_array().into_iter().flatten().find(|one| one[member] == *name);
        let Some(one) = found.filter(|one| one["IsPrimary"] != true) else {
            let message = format!("{name} is no secondary address of the NAT gateway");
            return Err(Fault::new("InvalidParameter", message));
        };
        if one["Status"] != "succeeded" {
            return Err(Fault::new(
                "IncorrectState",
                format!("{name} is {}", one["Status"].as_str().unwrap_or_default()),
            ));
        }
        if let Some(allocation) = one["AllocationId"].as_str() {
            world.set_after(durations::NAT_ADDRESS, ADDRESS.table, allocation, addresses::unbound());
        }
        let eni = one["NetworkInterfaceId"].as_str().unwrap_or_default();
        if let Some(list) = world
            .get_mut("ec2.network-interface", eni)
            .and_then(|eni| eni["PrivateIpAddresses"].as_array_mut())
        {
            list.retain(|ip| ip["PrivateIpAddress"] != one["PrivateIp"]);
        }
        for own in row["NatGatewayAddresses"].as_array_mut().into_iter().flatten() {
            if own[member] == *name {
                own["Status"] = json!(status);
                own["_there"] = Json::Null;
                own["_gone"] = json!(gone);
            }
        }
    }
    *NAT.get_mut(world, rq, rq.text("NatGatewayId"))? = row;
    Ok(())
}

/// `DisassociateNatGatewayAddress`.
pub(super) fn disassociate(world: &mut World, rq: &Request<'_>) -> Reply {
    usable(world, rq, false)?;
    leave(world, rq, "AssociationId", &rq.texts("AssociationIds"), "disassociating")?;
    listed(world, rq)
}

/// `UnassignPrivateNatGatewayAddress`.
pub(super) fn unassign(world: &mut World, rq: &Request<'_>) -> Reply {
    usable(world, rq, true)?;
    leave(world, rq, "PrivateIp", &rq.texts("PrivateIpAddresses"), "unassigning")?;
    listed(world, rq)
}
