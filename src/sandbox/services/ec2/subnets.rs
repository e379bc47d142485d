//! Subnets.

use serde_json::{Value as Json, json};

use super::{
    account, cidrs,
    common::{Noun, combination, here, invalid, lacking, tidy},
    network_acls, route_tables,
    vpcs::{self, VPC},
};
use crate::sandbox::{By, Fault, Reply, Request, World, done, durations};

/// Subnets.
pub(super) const SUBNET: Noun = Noun {
    table: "ec2.subnet",
    prefix: "subnet",
    id: "SubnetId",
    ids: "SubnetIds",
    tags: "Tags",
    resource: "subnet",
    missing: "InvalidSubnetID.NotFound",
    malformed: "InvalidSubnetID.Malformed",
    label: "subnet",
    filters: &[
        ("availability-zone", "AvailabilityZone"),
        ("availabilityZone", "AvailabilityZone"),
        ("availability-zone-id", "AvailabilityZoneId"),
        ("availabilityZoneId", "AvailabilityZoneId"),
        ("available-ip-address-count", "AvailableIpAddressCount"),
        ("cidr", "CidrBlock"),
        ("cidr-block", "CidrBlock"),
        ("cidrBlock", "CidrBlock"),
        ("default-for-az", "DefaultForAz"),
        ("defaultForAz", "DefaultForAz"),
        ("enable-dns64", "EnableDns64"),
        ("ipv6-cidr-block-association.association-id", "Ipv6CidrBlockAssociationSet.AssociationId"),
        ("ipv6-cidr-block-association.ipv6-cidr-block", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock"),
        ("ipv6-cidr-block-association.state", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State"),
        ("ipv6-native", "Ipv6Native"),
        ("map-public-ip-on-launch", "MapPublicIpOnLaunch"),
        ("outpost-arn", "OutpostArn"),
        ("owner-id", "OwnerId"),
        ("private-dns-name-options-on-launch.hostname-type", "PrivateDnsNameOptionsOnLaunch.HostnameType"),
        (
            "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
            "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord",
        ),
        (
            "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
            "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord",
        ),
        ("state", "State"),
        ("subnet-arn", "SubnetArn"),
        ("subnet-id", "SubnetId"),
        ("vpc-id", "VpcId"),
    ],
};

fn range(text: &str) -> Fault {
    Fault::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid."))
}

/// The IPv4 block, checked against its VPC and its neighbours.
fn block(world: &World, rq: &Request<'_>, vpc: &Json) -> Result<ipnet::Ipv4Net, Fault> {
    let text = rq.opt("CidrBlock").ok_or_else(|| {
        Fault::new("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
    })?;
    let net = cidrs::v4(text, "cidrBlock")?;
    if !(16..=28).contains(&net.prefix_len()) || !cidrs::of_vpc(vpc).iter().any(|own| own.contains(&net)) {
        return Err(range(text));
    }
    let conflict = |row: &Json| {
        row["VpcId"] == vpc["VpcId"]
            && row["CidrBlock"]
                .as_str()
                .and_then(|t| t.parse().ok())
                .is_some_and(|o| cidrs::overlap(&o, &net))
    };
    if world.any_with("ec2.subnet", &vpcs::VPC_ID, vpc["VpcId"].as_str().unwrap_or_default(), conflict) {
        let message = format!("The CIDR '{text}' conflicts with another subnet");
        return Err(Fault::new("InvalidSubnet.Conflict", message));
    }
    Ok(net)
}

/// An IPv6 block for a subnet, checked the same way.
fn block_v6(world: &mut World, vpc: &Json, text: &str) -> Result<Json, Fault> {
    let net = cidrs::v6(text, "ipv6CidrBlock")?;
    let inside = vpc["Ipv6CidrBlockAssociationSet"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["Ipv6CidrBlock"].as_str()?.parse::<ipnet::Ipv6Net>().ok())
        .any(|own| own.contains(&net));
    if !inside || net.prefix_len() < 44 || net.prefix_len() > 64 {
        return Err(range(text));
    }
    let conflict = |row: &Json| {
        let list = row["Ipv6CidrBlockAssociationSet"].as_array().into_iter().flatten();
        let mut nets = list.filter_map(|one| one["Ipv6CidrBlock"].as_str()?.parse::<ipnet::Ipv6Net>().ok());
        row["VpcId"] == vpc["VpcId"] && nets.any(|own| own.contains(&net) || net.contains(&own))
    };
    if world.any_with("ec2.subnet", &vpcs::VPC_ID, vpc["VpcId"].as_str().unwrap_or_default(), conflict) {
        let message = format!("The CIDR '{text}' conflicts with another subnet");
        return Err(Fault::new("InvalidSubnet.Conflict", message));
    }
    let association = world.id("subnet-cidr-assoc");
    Ok(json!({
        "AssociationId": association, "Ipv6CidrBlock": net.to_string(), "IpSource": "amazon",
        "Ipv6AddressAttribute": "public", "Ipv6CidrBlockState": {"State": "associated"},
    }))
}

/// `CreateSubnet`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    vpcs::no_pools(rq)?;
    let vpc = VPC.get(world, rq, rq.text("VpcId"))?.clone();
    let (zone, zone_id) = account::zone(rq)?;
    if let Some(outpost) = rq.opt("OutpostArn") {
        return Err(invalid(format!("The outpost '{outpost}' does not exist")));
    }
    let native = rq.flag("Ipv6Native");
    let net = if native {
        if rq.opt("Ipv6CidrBlock").is_none() {
            let message = "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.";
            return Err(Fault::new("MissingParameter", message));
        }
        if rq.opt("CidrBlock").is_some() {
            return Err(combination(
                "When specifying ipv4 parameters, cidrBlock or ipv4IpamPoolId, you cannot set ipv6Native to true.",
            ));
        }
        None
    } else {
        Some(block(world, rq, &vpc)?)
    };
    let six = match rq.opt("Ipv6CidrBlock") {
        Some(text) => vec![block_v6(world, &vpc, text)?],
        None => Vec::new(),
    };
    let row = json!({
        "VpcId": vpc["VpcId"], "CidrBlock": net.map(|net| net.to_string()), "AvailabilityZone": zone,
        "AvailabilityZoneId": zone_id, "State": "pending", "OwnerId": world.account,
        "AvailableIpAddressCount": net.map_or(0, |net| cidrs::usable(&net)), "DefaultForAz": false,
        "MapPublicIpOnLaunch": false, "MapCustomerOwnedIpOnLaunch": false, "AssignIpv6AddressOnCreation": native,
        "EnableDns64": false, "Ipv6Native": native, "Ipv6CidrBlockAssociationSet": six,
        "PrivateDnsNameOptionsOnLaunch": {
            "HostnameType": if native { "resource-name" } else { "ip-name" },
            "EnableResourceNameDnsARecord": false, "EnableResourceNameDnsAAAARecord": false,
        },
        "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
    });
    let id = SUBNET.create(world, rq, row)?;
    let arn = world.arn("ec2", rq.region, &format!("subnet/{id}"));
    SUBNET.get_mut(world, rq, &id)?["SubnetArn"] = json!(arn);
    world.set_after(durations::EC2_OBJECT, "ec2.subnet", &id, json!({"State": "available"}));
    network_acls::associate(world, vpc["VpcId"].as_str().unwrap_or_default(), &id);
    let row = SUBNET.get(world, rq, &id)?;
    Ok(json!({"Subnet": tidy(view(world, row))}))
}

/// As the API shows it: interfaces use up addresses.
fn view(world: &World, row: &Json) -> Json {
    let mut row = row.clone();
    let used = world
        .with("ec2.network-interface", &By::Path("SubnetId"), row["SubnetId"].as_str().unwrap_or_default())
        .len();
    let used = i64::try_from(used).unwrap_or_default();
    if let Some(count) = row["AvailableIpAddressCount"].as_i64() {
        row["AvailableIpAddressCount"] = json!((count - used).max(0));
    }
    row
}

/// `DescribeSubnets`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    SUBNET.describe(world, rq, "Subnets", view)
}

/// `DeleteSubnet`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("SubnetId");
    SUBNET.get(world, rq, id)?;
    let of = |row: &Json| row["SubnetId"] == id;
    let gateway = |row: &Json| of(row) && !matches!(row["State"].as_str(), Some("deleted" | "failed"));
    let by = By::Path("SubnetId");
    if world.any_with("ec2.network-interface", &by, id, of)
        || world.any_with("ec2.nat-gateway", &by, id, gateway)
    {
        return Err(SUBNET.busy(id));
    }
    world.remove("ec2.subnet", id);
    route_tables::forget_subnet(world, id);
    network_acls::forget(world, id);
    done()
}

/// `ModifySubnetAttribute`: one attribute a call.
pub(super) fn modify_attribute(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = SUBNET.get_mut(world, rq, rq.text("SubnetId"))?;
    let sent: Vec<(&str, &Json)> = rq
        .input
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(member, _)| *member != "SubnetId")
        .map(|(member, value)| (member.as_str(), if value.is_object() { &value["Value"] } else { value }))
        .collect();
    let (member, value) = match sent[..] {
        [] => return Err(lacking("attribute")),
        [one] => one,
        // The pool belongs to the customer-owned mapping; these two travel together.
        [("CustomerOwnedIpv4Pool" | "MapCustomerOwnedIpOnLaunch", _), ..] => {
            return Err(invalid("Customer-owned addresses need an Outpost, and this account has none"));
        }
        _ => return Err(combination("Fields for multiple attribute types specified")),
    };
    match member {
        "EnableResourceNameDnsAAAARecordOnLaunch" => {
            row["PrivateDnsNameOptionsOnLaunch"]["EnableResourceNameDnsAAAARecord"] = value.clone();
        }
        "EnableResourceNameDnsARecordOnLaunch" => {
            row["PrivateDnsNameOptionsOnLaunch"]["EnableResourceNameDnsARecord"] = value.clone();
        }
        "PrivateDnsHostnameTypeOnLaunch" => {
            row["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] = value.clone();
        }
        "DisableLniAtDeviceIndex" => row["EnableLniAtDeviceIndex"] = Json::Null,
        "AssignIpv6AddressOnCreation" => {
            let blocks = row["Ipv6CidrBlockAssociationSet"].as_array().map_or(0, Vec::len);
            if value == true && blocks == 0 {
                let message =
                    "AssignIpv6AddressOnCreation needs an IPv6 CIDR block associated with the subnet";
                return Err(invalid(message));
            }
            row[member] = value.clone();
        }
        _ => row[member] = value.clone(),
    }
    done()
}

/// `AssociateSubnetCidrBlock`: IPv6 only.
pub fn associate_block(world: &mut World, rq: &Request<'_>) -> Reply {
    vpcs::no_pools(rq)?;
    let id = rq.text("SubnetId");
    let vpc = SUBNET.get(world, rq, id)?["VpcId"].as_str().unwrap_or_default().to_owned();
    let vpc = VPC.get(world, rq, &vpc)?.clone();
    let text = rq.opt("Ipv6CidrBlock").ok_or_else(|| lacking("ipv6CidrBlock"))?;
    let new = block_v6(world, &vpc, text)?;
    let row = SUBNET.get_mut(world, rq, id)?;
    match row["Ipv6CidrBlockAssociationSet"].as_array_mut() {
        Some(list) => list.push(new.clone()),
        None => row["Ipv6CidrBlockAssociationSet"] = json!([new.clone()]),
    }
    Ok(json!({"SubnetId": id, "Ipv6CidrBlockAssociation": new}))
}

/// `DisassociateSubnetCidrBlock`.
pub fn disassociate_block(world: &mut World, rq: &Request<'_>) -> Reply {
    let association = rq.text("AssociationId");
    let region = rq.region;
    let keys: Vec<String> = world
        .rows("ec2.subnet")
        .filter(|(_, row)| here(row, region))
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in keys {
        let Some(row) = world.get_mut("ec2.subnet", &key) else { continue };
        let Some(list) = row["Ipv6CidrBlockAssociationSet"].as_array_mut() else { continue };
        if let Some(at) = list.iter().position(|one| one["AssociationId"] == association) {
            let mut gone = list.remove(at);
            gone["Ipv6CidrBlockState"] = json!({"State": "disassociating"});
            return Ok(json!({"SubnetId": key, "Ipv6CidrBlockAssociation": gone}));
        }
    }
    let message = format!("The subnet CIDR block association ID '{association}' does not exist");
    Err(Fault::new("InvalidSubnetCidrBlockAssociationID.NotFound", message))
}
