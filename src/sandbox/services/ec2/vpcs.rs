//! VPCs and what is made with each: a main route table, a default security group, a default network ACL.

use serde_json::{Value as Json, json};

use super::{
    account, cidrs,
    common::{Noun, agreed_value, combination, invalid, lacking, tidy},
    network_acls, peerings, route_tables, security_groups, vpn_gateways,
};
use crate::sandbox::{By, Fault, Reply, Request, World, done, durations};

/// VPCs.
pub(super) const VPC: Noun = Noun {
    table: "ec2.vpc",
    prefix: "vpc",
    id: "VpcId",
    ids: "VpcIds",
    tags: "Tags",
    resource: "vpc",
    missing: "InvalidVpcID.NotFound",
    malformed: "InvalidVpcID.Malformed",
    label: "vpc",
    filters: &[
        ("cidr", "CidrBlock"),
        ("cidr-block-association.association-id", "CidrBlockAssociationSet.AssociationId"),
        ("cidr-block-association.cidr-block", "CidrBlockAssociationSet.CidrBlock"),
        ("cidr-block-association.state", "CidrBlockAssociationSet.CidrBlockState.State"),
        ("dhcp-options-id", "DhcpOptionsId"),
        ("dhcpOptionsId", "DhcpOptionsId"),
        ("ipv6-cidr-block-association.association-id", "Ipv6CidrBlockAssociationSet.AssociationId"),
        ("ipv6-cidr-block-association.ipv6-cidr-block", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock"),
        ("ipv6-cidr-block-association.ipv6-pool", "Ipv6CidrBlockAssociationSet.Ipv6Pool"),
        ("ipv6-cidr-block-association.state", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State"),
        ("is-default", "IsDefault"),
        ("isDefault", "IsDefault"),
        ("owner-id", "OwnerId"),
        ("state", "State"),
        ("vpc-id", "VpcId"),
    ],
};

/// Members that mean an address manager, which this account does not have.
const IPAM: &[&str] = &["Ipv4IpamPoolId", "Ipv6IpamPoolId", "Ipv4NetmaskLength", "Ipv6NetmaskLength"];

/// Refuses parameters that name pools nobody has made.
pub(super) fn no_pools(rq: &Request<'_>) -> Result<(), Fault> {
    if let Some(member) = IPAM.iter().find(|member| !rq.get(member).is_null()) {
        let message = format!("The ipam-pool ID '{}' does not exist", rq.opt(member).unwrap_or_default());
        return Err(Fault::new("InvalidIpamPoolId.NotFound", message));
    }
    if let Some(pool) = rq.opt("Ipv6Pool").filter(|pool| *pool != "Amazon") {
        return Err(Fault::new(
            "InvalidIpv6PoolID.NotFound",
            format!("The ipv6Pool ID '{pool}' does not exist"),
        ));
    }
    Ok(())
}

fn block(text: &str) -> Result<ipnet::Ipv4Net, Fault> {
    let net = cidrs::v4(text, "cidrBlock")?;
    if !(16..=28).contains(&net.prefix_len()) {
        return Err(Fault::new("InvalidVpc.Range", format!("The CIDR '{text}' is invalid.")));
    }
    Ok(net)
}

fn amazon_block(world: &mut World, rq: &Request<'_>) -> Json {
    let (id, digits) = (world.id("vpc-cidr-assoc"), world.hex(4));
    json!({
        "AssociationId": id, "Ipv6CidrBlock": format!("2600:1f18:{digits}:{:x}00::/56", world.next() % 255 + 1),
        "Ipv6CidrBlockState": {"State": "associated"}, "Ipv6Pool": "Amazon", "IpSource": "amazon",
        "Ipv6AddressAttribute": "public",
        "NetworkBorderGroup": rq.opt("Ipv6CidrBlockNetworkBorderGroup").unwrap_or(rq.region),
    })
}

/// Encryption control as it is shown, from how it was asked for.
fn encryption(world: &mut World, wanted: &Json) -> Json {
    let exclusions: serde_json::Map<String, Json> = wanted
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(member, value)| {
            let state = if value == "enable" { "enabled" } else { "disabled" };
            Some((member.strip_suffix("Exclusion")?.to_owned(), json!({"State": state})))
        })
        .collect();
    json!({
        "VpcEncryptionControlId": world.id("vpcec"), "Mode": wanted["Mode"].as_str().unwrap_or("monitor"),
        "State": "available", "ResourceExclusions": exclusions,
    })
}

/// `CreateVpc`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    no_pools(rq)?;
    let text = rq.opt("CidrBlock").ok_or_else(|| {
        Fault::new("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
    })?;
    let net = block(text)?;
    if rq.opt("Ipv6CidrBlock").is_some() {
        return Err(invalid("ipv6CidrBlock needs a pool of the account's own addresses"));
    }
    let (association, dhcp) = (world.id("vpc-cidr-assoc"), account::dhcp_options(world, rq.region));
    account::number(world, &dhcp);
    let mut row = json!({
        "CidrBlock": net.to_string(), "State": "pending", "DhcpOptionsId": dhcp, "IsDefault": false,
        "InstanceTenancy": rq.opt("InstanceTenancy").unwrap_or("default"), "OwnerId": world.account,
        "CidrBlockAssociationSet": [{
            "AssociationId": association, "CidrBlock": net.to_string(),
            "CidrBlockState": {"State": "associated"},
        }],
        "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
        "_attributes": {
            "EnableDnsSupport": true, "EnableDnsHostnames": false, "EnableNetworkAddressUsageMetrics": false,
        },
    });
    if rq.flag("AmazonProvidedIpv6CidrBlock") {
        row["Ipv6CidrBlockAssociationSet"] = json!([amazon_block(world, rq)]);
    }
    if rq.get("VpcEncryptionControl").is_object() {
        row["EncryptionControl"] = encryption(world, rq.get("VpcEncryptionControl"));
    }
    let id = VPC.create(world, rq, row)?;
    if let Some(row) = world.get_mut("ec2.vpc", &id).filter(|row| row["EncryptionControl"].is_object()) {
        row["EncryptionControl"]["VpcId"] = json!(id);
    }
    world.set_after(durations::EC2_OBJECT, "ec2.vpc", &id, json!({"State": "available"}));
    route_tables::put_main(world, rq, &id, &net.to_string());
    security_groups::put_default(world, rq, &id);
    network_acls::put_default(world, rq, &id);
    let mut vpc = tidy(view(world, VPC.get(world, rq, &id)?));
    if let Some(members) = vpc.as_object_mut() {
        // Whether public access is blocked is told by later reads only.
        members.remove("BlockPublicAccessStates");
        members.entry("Ipv6CidrBlockAssociationSet").or_insert_with(|| json!([]));
    }
    Ok(json!({"Vpc": vpc}))
}

/// What lies in a VPC.
pub(super) const VPC_ID: By = By::Path("VpcId");

/// What keeps a VPC from being deleted.
fn in_use(world: &World, vpc: &str) -> bool {
    let of = |row: &Json| row["VpcId"] == vpc;
    world.any_with("ec2.subnet", &VPC_ID, vpc, of)
        || world.any_with("ec2.security-group", &VPC_ID, vpc, |row| of(row) && row["GroupName"] != "default")
        || world.any_with("ec2.route-table", &VPC_ID, vpc, |row| of(row) && !route_tables::is_main(row))
        || world.any_with("ec2.network-acl", &VPC_ID, vpc, |row| of(row) && row["IsDefault"] != true)
        || world.any_with("ec2.network-interface", &VPC_ID, vpc, of)
        || world.any_with("ec2.vpc-endpoint", &VPC_ID, vpc, of)
        || world.any("ec2.egress-only-gateway", |row| row["_vpc"] == vpc)
        || world.any_with("ec2.nat-gateway", &VPC_ID, vpc, |row| {
            of(row) && !matches!(row["State"].as_str(), Some("deleted" | "failed"))
        })
        || world.any(vpn_gateways::VPN.table, |row| vpn_gateways::vpc_of(row) == Some(vpc))
        || world.any_with("ec2.internet-gateway", &By::Path("Attachments.VpcId"), vpc, |row| {
            row["Attachments"].as_array().is_some_and(|l| l.iter().any(of))
        })
        || world.any(peerings::PEERING.table, |row| peerings::joins(row, vpc) && peerings::is_usable(row))
}

/// `DeleteVpc`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("VpcId");
    VPC.get(world, rq, id)?;
    if in_use(world, id) {
        return Err(VPC.busy(id));
    }
    for table in ["ec2.security-group", "ec2.route-table", "ec2.network-acl"] {
        let keys: Vec<String> =
            world.with(table, &VPC_ID, id).into_iter().map(|(key, _)| key.to_owned()).collect();
        for key in keys {
            security_groups::remove_rules(world, &key);
            world.remove(table, &key);
        }
    }
    world.remove("ec2.vpc", id);
    done()
}

/// `DescribeVpcs`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    VPC.describe(world, rq, "Vpcs", view)
}

/// As the API shows it: a block that was added takes a moment.
fn view(world: &World, row: &Json) -> Json {
    let mut row = row.clone();
    for (set, state) in
        [("CidrBlockAssociationSet", "CidrBlockState"), ("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlockState")]
    {
        for one in row[set].as_array_mut().into_iter().flatten() {
            if one["_ready"].as_i64().is_some_and(|at| at > world.now()) {
                one[state] = json!({"State": "associating"});
            }
        }
    }
    row
}

/// `ModifyVpcAttribute`: one attribute a call.
pub(super) fn modify_attribute(world: &mut World, rq: &Request<'_>) -> Reply {
    let members = ["EnableDnsHostnames", "EnableDnsSupport", "EnableNetworkAddressUsageMetrics"];
    let sent: Vec<&str> = members.into_iter().filter(|member| rq.get(member).is_object()).collect();
    let row = VPC.get_mut(world, rq, rq.text("VpcId"))?;
    match sent[..] {
        [] => Err(lacking("attribute")),
        [member] => {
            let value = rq.get(member)["Value"].as_bool().unwrap_or(false);
            if member == "EnableDnsHostnames" && value && row["_attributes"]["EnableDnsSupport"] == false {
                return Err(invalid("DNS hostnames need DNS support, which is off for this VPC"));
            }
            if !row["_attributes"].is_object() {
                row["_attributes"] = json!({});
            }
            row["_attributes"][member] = json!(value);
            done()
        }
        _ => Err(combination("Fields for multiple attribute types specified")),
    }
}

/// `DescribeVpcAttribute`.
pub(super) fn describe_attribute(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = VPC.get(world, rq, rq.text("VpcId"))?;
    let (member, default) = match rq.text("Attribute") {
        "enableDnsSupport" => ("EnableDnsSupport", true),
        "enableDnsHostnames" => ("EnableDnsHostnames", false),
        _ => ("EnableNetworkAddressUsageMetrics", false),
    };
    let value = row["_attributes"][member].as_bool().unwrap_or(default);
    Ok(json!({"VpcId": row["VpcId"], member: {"Value": value}}))
}

/// `ModifyVpcTenancy`: only ever to `default`.
pub(super) fn modify_tenancy(world: &mut World, rq: &Request<'_>) -> Reply {
    VPC.get_mut(world, rq, rq.text("VpcId"))?["InstanceTenancy"] = json!(rq.text("InstanceTenancy"));
    agreed_value()
}

/// How many IPv4 blocks a VPC may have.
const BLOCKS: usize = 5;

/// `AssociateVpcCidrBlock`.
pub fn associate_block(world: &mut World, rq: &Request<'_>) -> Reply {
    no_pools(rq)?;
    let id = rq.text("VpcId");
    let vpc = VPC.get(world, rq, id)?.clone();
    let (member, set, new) = if rq.flag("AmazonProvidedIpv6CidrBlock") {
        ("Ipv6CidrBlockAssociation", "Ipv6CidrBlockAssociationSet", amazon_block(world, rq))
    } else {
        let text = rq.opt("CidrBlock").ok_or_else(|| lacking("cidrBlock"))?;
        let net = block(text)?;
        // VPC User Guide, quotas: five IPv4 blocks for each VPC; the words are moto's
        // `test_associate_vpc_ipv4_cidr_block`, which AWS passes.
        if vpc["CidrBlockAssociationSet"].as_array().is_some_and(|all| all.len() >= BLOCKS) {
            let message = format!("This network {id} has met its maximum number of allowed CIDRs: {BLOCKS}");
            return Err(Fault::new("CidrLimitExceeded", message));
        }
        if cidrs::of_vpc(&vpc).iter().any(|own| cidrs::overlap(own, &net)) {
            return Err(Fault::new(
                "InvalidVpc.Range",
                format!("The CIDR '{text}' conflicts with one of the VPC's."),
            ));
        }
        let association = world.id("vpc-cidr-assoc");
        let new = json!({
            "AssociationId": association, "CidrBlock": net.to_string(), "CidrBlockState": {"State": "associated"},
        });
        ("CidrBlockAssociation", "CidrBlockAssociationSet", new)
    };
    let mut new = new;
    new["_ready"] = json!(world.now() + durations::EC2_OBJECT);
    let mut list = vpc[set].as_array().cloned().unwrap_or_default();
    list.push(new.clone());
    let row = VPC.get_mut(world, rq, id)?;
    row[set] = json!(list);
    if set == "CidrBlockAssociationSet" {
        route_tables::add_local(world, id, new["CidrBlock"].as_str().unwrap_or_default());
    }
    let state = if set == "CidrBlockAssociationSet" { "CidrBlockState" } else { "Ipv6CidrBlockState" };
    new[state] = json!({"State": "associating"});
    Ok(json!({"VpcId": id, member: new}))
}

/// `DisassociateVpcCidrBlock`.
pub fn disassociate_block(world: &mut World, rq: &Request<'_>) -> Reply {
    let association = rq.text("AssociationId");
    let holds = |row: &Json, set: &str| {
        row[set].as_array().into_iter().flatten().find(|one| one["AssociationId"] == association).cloned()
    };
    let found = VPC.all(world, rq).find_map(|row| {
        let id = row["VpcId"].as_str()?.to_owned();
        let own = (row["CidrBlock"].clone(), id);
        holds(row, "CidrBlockAssociationSet").map(|one| (own.clone(), "CidrBlockAssociation", one)).or_else(
            || holds(row, "Ipv6CidrBlockAssociationSet").map(|one| (own, "Ipv6CidrBlockAssociation", one)),
        )
    });
    let Some(((primary, vpc), member, mut one)) = found else {
        let message = format!("The vpc CIDR block association ID '{association}' does not exist");
        return Err(Fault::new("InvalidVpcCidrBlockAssociationID.NotFound", message));
    };
    if one["CidrBlock"] == primary && !primary.is_null() {
        let message = format!(
            "The vpc CIDR block with association ID {association} may not be disassociated. \
             It is the primary IPv4 CIDR block of the VPC"
        );
        return Err(Fault::new("OperationNotPermitted", message));
    }
    if let Ok(net) = one["CidrBlock"].as_str().unwrap_or_default().parse::<ipnet::Ipv4Net>() {
        let used = |row: &Json| {
            row["VpcId"] == vpc
                && row["CidrBlock"]
                    .as_str()
                    .and_then(|t| t.parse::<ipnet::Ipv4Net>().ok())
                    .is_some_and(|own| net.contains(&own))
        };
        if world.any("ec2.subnet", used) {
            return Err(Fault::new("InvalidCidrBlock.InUse", format!("The vpc CIDR block {net} is in use.")));
        }
        route_tables::drop_local(world, &vpc, &net.to_string());
    }
    let set = format!("{member}Set");
    if let Some(list) = world.get_mut("ec2.vpc", &vpc).and_then(|row| row[set.as_str()].as_array_mut()) {
        list.retain(|other| other["AssociationId"] != association);
    }
    let state = if member == "CidrBlockAssociation" { "CidrBlockState" } else { "Ipv6CidrBlockState" };
    one[state] = json!({"State": "disassociating"});
    Ok(json!({"VpcId": vpc, member: one}))
}
