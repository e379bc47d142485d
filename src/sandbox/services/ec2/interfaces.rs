//! Network interfaces: the account's own, and those that services keep in its subnets.

use serde_json::{Value as Json, json};

use super::{
    cidrs,
    common::{Noun, invalid, lacking, remember, replayed, tidy},
    security_groups::GROUP,
    subnets::SUBNET,
};
use crate::sandbox::{By, Fault, Reply, Request, World, done, durations};

/// Network interfaces.
pub(super) const INTERFACE: Noun = Noun {
    table: "ec2.network-interface",
    prefix: "eni",
    id: "NetworkInterfaceId",
    ids: "NetworkInterfaceIds",
    tags: "TagSet",
    resource: "network-interface",
    missing: "InvalidNetworkInterfaceID.NotFound",
    malformed: "InvalidNetworkInterfaceId.Malformed",
    label: "networkInterface",
    filters: &[
        ("addresses.association.owner-id", "PrivateIpAddresses.Association.IpOwnerId"),
        ("addresses.association.public-ip", "PrivateIpAddresses.Association.PublicIp"),
        ("addresses.primary", "PrivateIpAddresses.Primary"),
        ("addresses.private-ip-address", "PrivateIpAddresses.PrivateIpAddress"),
        ("association.allocation-id", "Association.AllocationId"),
        ("association.association-id", "Association.AssociationId"),
        ("association.ip-owner-id", "Association.IpOwnerId"),
        ("association.public-dns-name", "Association.PublicDnsName"),
        ("association.public-ip", "Association.PublicIp"),
        ("attachment.attachment-id", "Attachment.AttachmentId"),
        ("attachment.delete-on-termination", "Attachment.DeleteOnTermination"),
        ("attachment.device-index", "Attachment.DeviceIndex"),
        ("attachment.instance-id", "Attachment.InstanceId"),
        ("attachment.instance-owner-id", "Attachment.InstanceOwnerId"),
        ("attachment.status", "Attachment.Status"),
        ("availability-zone", "AvailabilityZone"),
        ("availability-zone-id", "AvailabilityZoneId"),
        ("description", "Description"),
        ("group-id", "Groups.GroupId"),
        ("group-name", "Groups.GroupName"),
        ("interface-type", "InterfaceType"),
        ("mac-address", "MacAddress"),
        ("network-interface-id", "NetworkInterfaceId"),
        ("owner-id", "OwnerId"),
        ("private-dns-name", "PrivateDnsName"),
        ("private-ip-address", "PrivateIpAddress"),
        ("requester-id", "RequesterId"),
        ("requester-managed", "RequesterManaged"),
        ("source-dest-check", "SourceDestCheck"),
        ("status", "Status"),
        ("subnet-id", "SubnetId"),
        ("vpc-id", "VpcId"),
    ],
};

/// Whether an address of a subnet is in use.
fn used(world: &World, subnet: &Json, ip: &str) -> bool {
    let id = subnet["SubnetId"].as_str().unwrap_or_default();
    world.any_with("ec2.network-interface", &By::Path("SubnetId"), id, |eni| {
        let mut listed = eni["PrivateIpAddresses"].as_array().into_iter().flatten();
        eni["SubnetId"] == subnet["SubnetId"]
            && (eni["PrivateIpAddress"] == ip || listed.any(|one| one["PrivateIpAddress"] == ip))
    })
}

/// The wanted private address, if it is free, or the next free one.
pub(super) fn private_ip(
    world: &World,
    subnet: &Json,
    wanted: Option<&str>,
    besides: &[String],
) -> Result<String, Fault> {
    let net: ipnet::Ipv4Net = subnet["CidrBlock"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| invalid("The subnet has no IPv4 CIDR block"))?;
    let taken = |ip: &str| besides.iter().any(|other| other == ip) || used(world, subnet, ip);
    match wanted {
        Some(text) => {
            let ip: std::net::Ipv4Addr =
                text.parse().map_err(|_| invalid(format!("invalid value for parameter address: {text}")))?;
            if !net.contains(&ip) {
                return Err(invalid(format!(
                    "Address does not fall within the subnet's address range: {text}"
                )));
            }
            if taken(text) {
                let message = format!("Address {text} is in use.");
                return Err(Fault::new("InvalidIPAddress.InUse", message));
            }
            Ok(text.to_owned())
        }
        None => cidrs::free_address(&net, taken).map(|ip| ip.to_string()).ok_or_else(|| {
            let message = "The specified subnet does not have enough free addresses to satisfy the request.";
            Fault::new("InsufficientFreeAddressesInSubnet", message)
        }),
    }
}

fn addresses(ips: &[String]) -> Vec<Json> {
    ips.iter().enumerate().map(|(at, ip)| json!({"PrivateIpAddress": ip, "Primary": at == 0})).collect()
}

/// Puts a NAT gateway's interface into a subnet. Answers its id.
pub(super) fn put_managed(
    world: &mut World,
    rq: &Request<'_>,
    subnet: &Json,
    ips: &[String],
    owner: &str,
    description: &str,
) -> String {
    let (id, mac) = (world.id("eni"), mac(world));
    let row = json!({
        "NetworkInterfaceId": id, "SubnetId": subnet["SubnetId"], "VpcId": subnet["VpcId"], "Groups": [],
        "AvailabilityZone": subnet["AvailabilityZone"], "AvailabilityZoneId": subnet["AvailabilityZoneId"],
        "RequesterManaged": true, "Status": "in-use", "Description": description, "InterfaceType": "natGateway",
        "OwnerId": world.account, "MacAddress": mac, "SourceDestCheck": false, "TagSet": [], "Ipv6Addresses": [],
        "Attachment": {
            "AttachmentId": format!("ela-attach-{}", id.trim_start_matches("eni-")), "DeleteOnTermination": false,
            "DeviceIndex": 1, "InstanceOwnerId": "amazon-aws", "Status": "attached",
        },
        "PrivateIpAddress": ips[0], "PrivateIpAddresses": addresses(ips), "_owner": owner, "_region": rq.region,
    });
    world.put("ec2.network-interface", &id, row);
    id
}

fn mac(world: &mut World) -> String {
    let digits = world.hex(10);
    let pairs: Vec<&str> = (0..5).map(|at| &digits[2 * at..2 * at + 2]).collect();
    format!("02:{}", pairs.join(":"))
}

/// `CreateNetworkInterface`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(id) = replayed(world, rq, &INTERFACE)? {
        return answer(world, rq, &id);
    }
    for member in [
        "Ipv4Prefixes",
        "Ipv4PrefixCount",
        "Ipv6Addresses",
        "Ipv6AddressCount",
        "Ipv6Prefixes",
        "Ipv6PrefixCount",
    ] {
        if !rq.get(member).is_null() {
            let message = format!("The sandbox's interfaces know no {member}; AWS's do.");
            return Err(Fault::new("UnsupportedOperation", message));
        }
    }
    let subnet = SUBNET.get(world, rq, rq.text("SubnetId"))?.clone();
    let mut groups: Vec<String> = rq.texts("Groups").into_iter().map(ToOwned::to_owned).collect();
    if groups.is_empty() {
        let default = |row: &&Json| row["VpcId"] == subnet["VpcId"] && row["GroupName"] == "default";
        let vpc = subnet["VpcId"].as_str().unwrap_or_default();
        let mut of_vpc = world.with(GROUP.table, &By::Path("VpcId"), vpc).into_iter().map(|(_, row)| row);
        groups.extend(of_vpc.find(default).and_then(|row| row["GroupId"].as_str().map(ToOwned::to_owned)));
    }
    for group in &groups {
        if GROUP.get(world, rq, group)?["VpcId"] != subnet["VpcId"] {
            return Err(invalid(format!(
                "Security group {group} and subnet {} belong to different networks.",
                rq.text("SubnetId")
            )));
        }
    }
    let primary = rq.list("PrivateIpAddresses").iter().find(|one| one["Primary"] == true);
    let primary =
        rq.opt("PrivateIpAddress").or_else(|| primary.and_then(|one| one["PrivateIpAddress"].as_str()));
    let mut ips = vec![private_ip(world, &subnet, primary, &[])?];
    for one in rq.list("PrivateIpAddresses").iter().filter(|one| one["Primary"] != true) {
        ips.push(private_ip(world, &subnet, one["PrivateIpAddress"].as_str(), &ips)?);
    }
    for _ in 0..rq.int("SecondaryPrivateIpAddressCount").unwrap_or_default() {
        ips.push(private_ip(world, &subnet, None, &ips)?);
    }
    let kind = match rq.opt("InterfaceType") {
        None => "interface",
        Some(kind) => kind,
    };
    let mac = mac(world);
    let mut row = json!({
        "SubnetId": subnet["SubnetId"], "VpcId": subnet["VpcId"], "AvailabilityZone": subnet["AvailabilityZone"],
        "AvailabilityZoneId": subnet["AvailabilityZoneId"], "Description": rq.text("Description"),
        "Groups": groups.iter().map(|id| json!({"GroupId": id})).collect::<Vec<_>>(), "InterfaceType": kind,
        "RequesterManaged": false, "Status": "pending", "OwnerId": world.account, "SourceDestCheck": true,
        "MacAddress": mac, "PrivateIpAddress": ips[0], "PrivateIpAddresses": addresses(&ips),
    });
    remember(&mut row, rq);
    let id = INTERFACE.create(world, rq, row)?;
    world.set_after(durations::EC2_OBJECT, INTERFACE.table, &id, json!({"Status": "available"}));
    answer(world, rq, &id)
}

fn answer(world: &World, rq: &Request<'_>, id: &str) -> Reply {
    let mut answer = json!({"NetworkInterface": tidy(view(world, INTERFACE.get(world, rq, id)?))});
    if let Some(token) = rq.opt("ClientToken") {
        answer["ClientToken"] = json!(token);
    }
    Ok(answer)
}

/// As the API shows it: groups with their names, the zone of the subnet.
fn view(world: &World, row: &Json) -> Json {
    let mut row = row.clone();
    for group in row["Groups"].as_array_mut().into_iter().flatten() {
        let name = group["GroupId"]
            .as_str()
            .and_then(|id| world.get(GROUP.table, id))
            .map(|g| g["GroupName"].clone());
        if let Some(name) = name {
            group["GroupName"] = name;
        }
    }
    let subnet = row["SubnetId"].as_str().and_then(|id| world.get(SUBNET.table, id));
    for member in ["AvailabilityZone", "AvailabilityZoneId"] {
        if let Some(subnet) = subnet.filter(|subnet| row[member].is_null() && !subnet[member].is_null()) {
            row[member] = subnet[member].clone();
        }
    }
    if row["TagSet"].is_null() {
        row["TagSet"] = json!([]);
    }
    name(world, &mut row);
    row
}

/// Gives the addresses their names, where the VPC has DNS host names (VPC User Guide, "DNS hostnames").
fn name(world: &World, row: &mut Json) {
    let vpc = row["VpcId"].as_str().and_then(|id| world.get("ec2.vpc", id));
    let on = |attribute: &str| vpc.is_some_and(|vpc| vpc["_attributes"][attribute] == true);
    if !on("EnableDnsHostnames") || !on("EnableDnsSupport") {
        return;
    }
    let region = row["_region"].as_str().unwrap_or("us-east-1").to_owned();
    let (inside, outside) = match region.as_str() {
        "us-east-1" => ("ec2.internal".to_owned(), "compute-1.amazonaws.com".to_owned()),
        _ => (format!("{region}.compute.internal"), format!("{region}.compute.amazonaws.com")),
    };
    let named = |one: &mut Json| {
        if let Some(ip) = one["PrivateIpAddress"].as_str() {
            one["PrivateDnsName"] = json!(format!("ip-{}.{inside}", ip.replace('.', "-")));
        }
        if let Some(ip) = one["Association"]["PublicIp"].as_str() {
            one["Association"]["PublicDnsName"] = json!(format!("ec2-{}.{outside}", ip.replace('.', "-")));
        }
    };
    named(row);
    row["PrivateIpAddresses"].as_array_mut().into_iter().flatten().for_each(named);
}

/// `AttachNetworkInterface`: there are no instances.
pub(super) fn attach(world: &mut World, rq: &Request<'_>) -> Reply {
    INTERFACE.get(world, rq, rq.text("NetworkInterfaceId"))?;
    let message = format!("The instance ID '{}' does not exist", rq.text("InstanceId"));
    Err(Fault::new("InvalidInstanceID.NotFound", message))
}

/// `DetachNetworkInterface`: what a service has attached is the service's to detach.
pub(super) fn detach(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("AttachmentId");
    let found = INTERFACE.all(world, rq).find(|row| row["Attachment"]["AttachmentId"] == id);
    match found {
        None => {
            let message = format!("The attachment ID '{id}' does not exist.");
            Err(Fault::new("InvalidAttachmentID.NotFound", message))
        }
        // AWS's words, as clients that clean up after Lambda and ELB meet them.
        Some(_) => Err(Fault::new(
            "OperationNotPermitted",
            "You are not allowed to manage 'ela-attach' attachments.",
        )),
    }
}

/// `DescribeNetworkInterfaceAttribute`.
pub(super) fn attribute(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = view(world, INTERFACE.get(world, rq, rq.text("NetworkInterfaceId"))?);
    let id = row["NetworkInterfaceId"].clone();
    Ok(match rq.text("Attribute") {
        "description" => json!({"NetworkInterfaceId": id, "Description": {"Value": row["Description"]}}),
        "groupSet" => json!({"NetworkInterfaceId": id, "Groups": row["Groups"]}),
        "sourceDestCheck" => {
            json!({"NetworkInterfaceId": id, "SourceDestCheck": {"Value": row["SourceDestCheck"]}})
        }
        "attachment" => json!({"NetworkInterfaceId": id, "Attachment": row["Attachment"]}),
        "associatePublicIpAddress" => json!({"NetworkInterfaceId": id, "AssociatePublicIpAddress": false}),
        _ => return Err(lacking("attribute")),
    })
}

/// `ResetNetworkInterfaceAttribute`: the source and destination check is on again.
pub(super) fn reset_attribute(world: &mut World, rq: &Request<'_>) -> Reply {
    INTERFACE.get_mut(world, rq, rq.text("NetworkInterfaceId"))?["SourceDestCheck"] = json!(true);
    done()
}

/// `AssignPrivateIpAddresses`: more addresses for an interface.
pub(super) fn assign(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("NetworkInterfaceId");
    let row = INTERFACE.get(world, rq, id)?;
    let subnet = SUBNET.get(world, rq, row["SubnetId"].as_str().unwrap_or_default())?.clone();
    if !rq.get("Ipv4Prefixes").is_null() || !rq.get("Ipv4PrefixCount").is_null() {
        let message = "The sandbox's interfaces know no Ipv4Prefixes; AWS's do.";
        return Err(Fault::new("UnsupportedOperation", message));
    }
    let mut new: Vec<String> = Vec::new();
    for wanted in rq.texts("PrivateIpAddresses") {
        new.push(private_ip(world, &subnet, Some(wanted), &new)?);
    }
    for _ in 0..rq.int("SecondaryPrivateIpAddressCount").unwrap_or_default() {
        new.push(private_ip(world, &subnet, None, &new)?);
    }
    if new.is_empty() {
        return Err(lacking("privateIpAddress or secondaryPrivateIpAddressCount"));
    }
    if let Some(list) = INTERFACE.get_mut(world, rq, id)?["PrivateIpAddresses"].as_array_mut() {
        list.extend(new.iter().map(|ip| json!({"PrivateIpAddress": ip, "Primary": false})));
    }
    let assigned: Vec<Json> = new.iter().map(|ip| json!({"PrivateIpAddress": ip})).collect();
    Ok(json!({"NetworkInterfaceId": id, "AssignedPrivateIpAddresses": assigned}))
}

/// `UnassignPrivateIpAddresses`: never the primary one.
pub(super) fn unassign(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("NetworkInterfaceId");
    let row = INTERFACE.get(world, rq, id)?;
    for ip in rq.texts("PrivateIpAddresses") {
        let has = row["PrivateIpAddresses"]
            .as_array()
            .is_some_and(|l| l.iter().any(|o| o["PrivateIpAddress"] == ip));
        if !has || row["PrivateIpAddress"] == ip {
            return Err(invalid(format!("Some of [{ip}] addresses are not assigned to interface {id}")));
        }
    }
    let gone = rq.texts("PrivateIpAddresses");
    if let Some(list) = INTERFACE.get_mut(world, rq, id)?["PrivateIpAddresses"].as_array_mut() {
        list.retain(|one| !gone.iter().any(|ip| one["PrivateIpAddress"] == *ip));
    }
    done()
}

/// `DescribeNetworkInterfaces`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    INTERFACE.describe(world, rq, "NetworkInterfaces", view)
}

/// `DeleteNetworkInterface`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("NetworkInterfaceId");
    let row = INTERFACE.get(world, rq, id)?;
    if row["Status"] == "in-use" {
        let message = format!("Network interface '{id}' is currently in use.");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if row["RequesterManaged"] == true {
        return Err(Fault::new(
            "AuthFailure",
            "You do not have permission to access the specified resource.",
        ));
    }
    let bound = world
        .with("ec2.address", &By::Path("NetworkInterfaceId"), id)
        .first()
        .map(|(key, _)| (*key).to_owned());
    if let Some(row) = bound.and_then(|key| world.get_mut("ec2.address", &key)) {
        for (member, value) in super::addresses::unbound().as_object().into_iter().flatten() {
            row[member.as_str()] = value.clone();
        }
    }
    world.remove("ec2.network-interface", id);
    done()
}

/// `ModifyNetworkInterfaceAttribute`: groups, description, source and destination check.
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("NetworkInterfaceId");
    let row = INTERFACE.get(world, rq, id)?;
    if row["RequesterManaged"] == true {
        return Err(Fault::new(
            "AuthFailure",
            "You do not have permission to access the specified resource.",
        ));
    }
    for group in rq.texts("Groups") {
        GROUP.get(world, rq, group)?;
    }
    let known = ["Groups", "Description", "SourceDestCheck", "NetworkInterfaceId", "DryRun"];
    let sent: Vec<&String> = rq.input.as_object().into_iter().flatten().map(|(member, _)| member).collect();
    if let Some(other) = sent.iter().find(|member| !known.contains(&member.as_str())) {
        let message = format!("The sandbox's interfaces know no {other}; AWS's do.");
        return Err(Fault::new("UnsupportedOperation", message));
    }
    if !sent.iter().any(|member| known[..3].contains(&member.as_str())) {
        return Err(lacking("attribute"));
    }
    let groups: Vec<Json> = rq.texts("Groups").into_iter().map(|id| json!({"GroupId": id})).collect();
    let row = INTERFACE.get_mut(world, rq, id)?;
    if !groups.is_empty() {
        row["Groups"] = json!(groups);
    }
    for member in ["Description", "SourceDestCheck"] {
        if rq.get(member).is_object() {
            row[member] = rq.get(member)["Value"].clone();
        }
    }
    done()
}
