//! What every account has in every region before anybody makes anything: a default VPC with a subnet in each zone,
//! an internet gateway, a main route table that leads there, a network ACL, a security group and DHCP options
//! (Amazon VPC User Guide, "Default VPCs", "Default VPC components").
//!
//! A region is furnished when it is first used. Its ids depend on the seed and the region alone, so that they do
//! not shift the ids of anything made later. Rows carry `_original`: they are nobody's leftovers.

use serde_json::{Value as Json, json};

use super::{account, cidrs};
use crate::sandbox::{Fault, Reply, Request, World};

/// Regions that have got their default VPC, also if it was deleted since.
const FURNISHED: &str = "account.region";

/// The block of every default VPC; its subnets are the `/20` ones in it, from the first on.
const BLOCK: &str = "172.31.0.0/16";

/// Gives a region what it has from the start, once.
pub fn ensure(world: &mut World, region: &str) {
    if world.get(FURNISHED, region).is_none() {
        world.put(FURNISHED, region, json!({"_original": true, "_born": 0}));
        furnish(world, region, "");
    }
}

/// A row that was there from the start.
fn put(world: &mut World, table: &str, id: &str, region: &str, mut row: Json) {
    row["_original"] = json!(true);
    row["_region"] = json!(region);
    if row["Tags"].is_null() {
        row["Tags"] = json!([]);
    }
    // Older than any read lag.
    row["_born"] = json!(0);
    world.put(table, id, row);
}

/// Makes the default VPC of a region; `again` tells a second one's ids from the first one's. Answers its id.
fn furnish(world: &mut World, region: &str, again: &str) -> String {
    let name = |noun: &str| format!("{region}{again}:{noun}");
    let id = |world: &World, prefix: &str, noun: &str| world.fixed_id(prefix, &name(noun));
    let owner = world.account.clone();
    let vpc = id(world, "vpc", "vpc");
    let dhcp = account::dhcp_options(world, region);
    let association = id(world, "vpc-cidr-assoc", "vpc");
    put(
        world,
        "ec2.vpc",
        &vpc,
        region,
        json!({
            "VpcId": vpc, "CidrBlock": BLOCK, "State": "available", "DhcpOptionsId": dhcp, "IsDefault": true,
            "InstanceTenancy": "default", "OwnerId": owner,
            "CidrBlockAssociationSet": [{
                "AssociationId": association, "CidrBlock": BLOCK, "CidrBlockState": {"State": "associated"},
            }],
            "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
            "_attributes": {
                "EnableDnsSupport": true, "EnableDnsHostnames": true, "EnableNetworkAddressUsageMetrics": false,
            },
        }),
    );

    let gateway = id(world, "igw", "gateway");
    put(
        world,
        "ec2.internet-gateway",
        &gateway,
        region,
        json!({
            "InternetGatewayId": gateway, "OwnerId": owner,
            "Attachments": [{"State": "available", "VpcId": vpc}],
        }),
    );

    let (table, association) = (id(world, "rtb", "main"), id(world, "rtbassoc", "main"));
    put(
        world,
        "ec2.route-table",
        &table,
        region,
        json!({
            "RouteTableId": table, "VpcId": vpc, "OwnerId": owner, "PropagatingVgws": [],
            "Associations": [{
                "Main": true, "RouteTableAssociationId": association, "RouteTableId": table,
                "AssociationState": {"State": "associated"},
            }],
            "Routes": [
                {"DestinationCidrBlock": BLOCK, "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"},
                {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway, "Origin": "CreateRoute", "State": "active"},
            ],
        }),
    );

    let acl = id(world, "acl", "acl");
    let mut associations = Vec::new();
    for (at, (zone, zone_id)) in account::zones(region).into_iter().enumerate() {
        let subnet = put_subnet(world, region, &vpc, (&zone, &zone_id), &name(&zone), at);
        associations.push(json!({
            "NetworkAclAssociationId": id(world, "aclassoc", &zone), "NetworkAclId": acl, "SubnetId": subnet,
        }));
    }
    let entry = |number: i64, egress: bool, action: &str| {
        json!({
            "CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": action,
            "RuleNumber": number,
        })
    };
    put(
        world,
        "ec2.network-acl",
        &acl,
        region,
        json!({
            "NetworkAclId": acl, "VpcId": vpc, "OwnerId": owner, "IsDefault": true, "Associations": associations,
            "Entries": [
                entry(100, true, "allow"), entry(32_767, true, "deny"),
                entry(100, false, "allow"), entry(32_767, false, "deny"),
            ],
        }),
    );

    let group = id(world, "sg", "group");
    let arn = world.arn("ec2", region, &format!("security-group/{group}"));
    put(
        world,
        "ec2.security-group",
        &group,
        region,
        json!({
            "GroupId": group, "GroupName": "default", "Description": "default VPC security group", "VpcId": vpc,
            "OwnerId": owner, "SecurityGroupArn": arn,
        }),
    );
    for egress in [false, true] {
        let rule = id(world, "sgr", if egress { "out" } else { "in" });
        let arn = world.arn("ec2", region, &format!("security-group-rule/{rule}"));
        let mut row = json!({
            "SecurityGroupRuleId": rule, "SecurityGroupRuleArn": arn, "GroupId": group, "GroupOwnerId": owner,
            "IsEgress": egress, "IpProtocol": "-1", "FromPort": -1, "ToPort": -1,
        });
        if egress {
            row["CidrIpv4"] = json!("0.0.0.0/0");
        } else {
            row["ReferencedGroupInfo"] = json!({"GroupId": group, "UserId": owner, "VpcId": vpc});
        }
        put(world, "ec2.security-group-rule", &rule, region, row);
    }
    vpc
}

fn put_subnet(
    world: &mut World,
    region: &str,
    vpc: &str,
    (zone, zone_id): (&str, &str),
    name: &str,
    at: usize,
) -> String {
    let id = world.fixed_id("subnet", name);
    let net = format!("172.31.{}.0/20", at * 16);
    let free = net.parse().map_or(0, |net| cidrs::usable(&net));
    let arn = world.arn("ec2", region, &format!("subnet/{id}"));
    let owner = world.account.clone();
    put(
        world,
        "ec2.subnet",
        &id,
        region,
        json!({
            "SubnetId": id, "SubnetArn": arn, "VpcId": vpc, "CidrBlock": net, "AvailabilityZone": zone,
            "AvailabilityZoneId": zone_id, "State": "available", "OwnerId": owner,
            "AvailableIpAddressCount": free, "DefaultForAz": true, "MapPublicIpOnLaunch": true,
            "MapCustomerOwnedIpOnLaunch": false, "AssignIpv6AddressOnCreation": false, "EnableDns64": false,
            "Ipv6Native": false, "Ipv6CidrBlockAssociationSet": [],
            "PrivateDnsNameOptionsOnLaunch": {
                "HostnameType": "ip-name", "EnableResourceNameDnsARecord": false,
                "EnableResourceNameDnsAAAARecord": false,
            },
            "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
        }),
    );
    id
}

/// The default VPC of a region, if it still has one.
#[must_use]
pub fn of(world: &World, region: &str) -> Option<String> {
    world
        .rows("ec2.vpc")
        .find(|(_, row)| row["_region"] == region && row["IsDefault"] == true)
        .map(|(id, _)| id.to_owned())
}

/// `CreateDefaultVpc`: one more, where the first was deleted.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    if of(world, rq.region).is_some() {
        return Err(Fault::new(
            "DefaultVpcAlreadyExists",
            "A Default VPC already exists for this account in this region.",
        ));
    }
    let again = world.hex(8);
    let id = furnish(world, rq.region, &again);
    let row = world.get("ec2.vpc", &id).cloned().unwrap_or_default();
    Ok(json!({"Vpc": row}))
}

/// `CreateDefaultSubnet`: the one of a zone whose first was deleted.
pub(super) fn create_subnet(world: &mut World, rq: &Request<'_>) -> Reply {
    let (zone, zone_id) = account::zone(rq)?;
    let Some(vpc) = of(world, rq.region) else {
        return Err(Fault::new(
            "DefaultVpcDoesNotExist",
            "No default VPC exists for this account in this region.",
        ));
    };
    let taken = |row: &Json| row["VpcId"] == vpc.as_str() && row["AvailabilityZone"] == zone.as_str();
    if world.any("ec2.subnet", |row| taken(row) && row["DefaultForAz"] == true) {
        let message = format!("A default subnet already exists in the availability zone {zone}.");
        return Err(Fault::new("DefaultSubnetAlreadyExistsInAvailabilityZone", message));
    }
    let used = |at: usize| {
        let block = format!("172.31.{}.0/20", at * 16);
        world.any("ec2.subnet", |row| row["VpcId"] == vpc.as_str() && row["CidrBlock"] == block.as_str())
    };
    let at = (0..16).find(|at| !used(*at)).unwrap_or_default();
    let name = format!("{}:{zone}:{}", rq.region, world.hex(8));
    let id = put_subnet(world, rq.region, &vpc, (&zone, &zone_id), &name, at);
    super::network_acls::associate(world, &vpc, &id);
    Ok(json!({"Subnet": world.get("ec2.subnet", &id).cloned().unwrap_or_default()}))
}
