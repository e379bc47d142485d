//! Where an interface in a subnet can send requests: to the internet, or to a service of AWS by a VPC endpoint.
//!
//! What decides is in the VPC User Guide: route tables ("Configure route tables"), "NAT gateways" (a public one needs
//! a subnet with a route to the internet gateway), "Connect to the internet using an internet gateway" (a public
//! address and a route), and in the AWS PrivateLink Guide ("Access an AWS service using an interface VPC endpoint":
//! with private DNS the service's name leads to the endpoint, whose security groups must let the caller in).

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::{Value as Json, json};

use super::{
    account::DHCP,
    cidrs,
    nat_gateways::NAT,
    network_acls::ACL,
    route_tables::{self, TABLE},
    routes, rules,
    subnets::SUBNET,
    vpc_endpoints::{self, ENDPOINT},
    vpcs::VPC,
};
use crate::sandbox::World;

/// All services here are spoken to by TLS.
const PORT: i64 = 443;
/// How much of the internet a default route covers at least: `0.0.0.0/0`, or one half of it.
const DEFAULT: u8 = 1;

/// Where requests come from.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// Its region.
    pub region: &'p str,
    /// Its subnet.
    pub subnet: &'p str,
    /// Its security groups.
    pub groups: &'p [&'p str],
    /// Whether it has a public address.
    pub public: bool,
}

/// The route table of a subnet: its own, or its VPC's main one.
fn table<'w>(world: &'w World, vpc: &str, subnet: &str) -> Option<(&'w str, &'w Json)> {
    let own = |row: &Json| route_tables::associations(row).any(|one| one["SubnetId"] == subnet);
    let mut of_vpc: Vec<_> = world.rows(TABLE.table).filter(|(_, row)| row["VpcId"] == vpc).collect();
    let at = of_vpc
        .iter()
        .position(|(_, row)| own(row))
        .or_else(|| of_vpc.iter().position(|(_, row)| route_tables::is_main(row)))?;
    Some(of_vpc.swap_remove(at))
}

fn block(route: &Json) -> Option<Ipv4Net> {
    route["DestinationCidrBlock"].as_str()?.parse().ok()
}

/// Whether a table has a default route to something that leads out, for a sender with or without a public address.
fn leads_out(world: &World, vpc: &str, table: &Json, public: bool) -> bool {
    let routes = table["Routes"].as_array().into_iter().flatten();
    let mut defaults = routes.filter(|route| block(route).is_some_and(|net| net.prefix_len() <= DEFAULT));
    defaults.any(|route| {
        if !routes::alive(world, vpc, route) {
            return false;
        }
        match (route["NatGatewayId"].as_str(), route["GatewayId"].as_str()) {
            (Some(nat), _) => world.get(NAT.table, nat).is_some_and(|nat| public_gateway(world, vpc, nat)),
            (None, Some(gateway)) if gateway.starts_with("igw-") => public,
            // A peering connection leads to the other VPC and no further (VPC Peering Guide, "no edge to edge
            // routing"). What is behind the others (instances, transit and virtual private gateways) is not known.
            _ => route["VpcPeeringConnectionId"].is_null(),
        }
    })
}

/// Whether a NAT gateway reaches the internet; one that is coming up will.
fn public_gateway(world: &World, vpc: &str, nat: &Json) -> bool {
    if nat["ConnectivityType"] == "private" {
        return false;
    }
    match nat["SubnetId"].as_str() {
        Some(subnet) => {
            table(world, vpc, subnet).is_some_and(|(_, table)| leads_out(world, vpc, table, true))
        }
        // A regional gateway has a table of its own.
        None => true,
    }
}

/// Whether one of the groups lets TLS through to or from an address or a group that fits.
fn allows(world: &World, groups: &[&str], egress: bool, fits: impl Fn(&Json) -> bool) -> bool {
    let tls = |rule: &Json| match rule["IpProtocol"].as_str() {
        Some("-1") => true,
        Some("tcp" | "6") => {
            let ports = rule["FromPort"].as_i64().unwrap_or(0)..=rule["ToPort"].as_i64().unwrap_or(65_535);
            ports.contains(&PORT)
        }
        _ => false,
    };
    groups.iter().any(|group| rules::of_group(world, group, egress).any(|rule| tls(rule) && fits(rule)))
}

fn outwards(rule: &Json) -> bool {
    let net: Option<Ipv4Net> = rule["CidrIpv4"].as_str().and_then(|text| text.parse().ok());
    rule["PrefixListId"].is_string() || net.is_some_and(|net| !net.network().is_private())
}

fn touches(rule: &Json, nets: &[Ipv4Net], groups: &[&str]) -> bool {
    let net: Option<Ipv4Net> = rule["CidrIpv4"].as_str().and_then(|text| text.parse().ok());
    net.is_some_and(|net| nets.iter().any(|one| cidrs::overlap(one, &net)))
        || rule["ReferencedGroupInfo"]["GroupId"].as_str().is_some_and(|id| groups.contains(&id))
}

/// The groups of a place; the VPC's default one where it names none.
fn groups<'p>(world: &'p World, place: Place<'p>, vpc: &str) -> Vec<&'p str> {
    world.or_default_group(place.groups, &json!(vpc))
}

fn vpc_of<'w>(world: &'w World, place: Place<'_>) -> Option<&'w str> {
    world.get(SUBNET.table, place.subnet)?["VpcId"].as_str()
}

/// Whether anything is known of a place's routes. Every VPC of AWS has a main table; one without was planted (`sandbox
/// plant`) by somebody who did not mean to say that it leads nowhere.
pub fn known(world: &World, place: Place<'_>) -> bool {
    vpc_of(world, place).is_some_and(|vpc| table(world, vpc, place.subnet).is_some())
}

/// Whether names are resolved: by Amazon's DNS server, unless the VPC has switched it off, or by servers of the VPC's own
/// (Amazon VPC User Guide, "DNS attributes for your VPC", "DHCP option sets").
fn resolves(world: &World, vpc: &str) -> bool {
    let Some(row) = world.get(VPC.table, vpc) else { return true };
    if row["_attributes"]["EnableDnsSupport"] != false {
        return true;
    }
    let options = row["DhcpOptionsId"].as_str().and_then(|id| world.get(DHCP.table, id));
    let all = options.and_then(|row| row["DhcpConfigurations"].as_array()).into_iter().flatten();
    let mut servers = all
        .filter(|one| one["Key"] == "domain-name-servers")
        .flat_map(|one| one["Values"].as_array().into_iter().flatten());
    servers.any(|server| server["Value"] != "AmazonProvidedDNS")
}

/// An address outside that stands for all of them.
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(52, 94, 0, 1);
/// A port that answers come back to ("ephemeral ports", Amazon VPC User Guide): one that all systems use.
const BACK: i64 = 50_000;

/// Whether the network ACL of a subnet lets TLS to an address through, and its answers; with `serves` requests come from
/// there instead. The first rule by number that fits decides (Amazon VPC User Guide, "Network ACL rules").
fn passes(world: &World, subnet: &str, address: Ipv4Addr, serves: bool) -> bool {
    let holds = |row: &Json| {
        row["Associations"].as_array().is_some_and(|list| list.iter().any(|one| one["SubnetId"] == subnet))
    };
    let Some((_, acl)) = world.rows(ACL.table).find(|(_, row)| holds(row)) else { return true };
    let allowed = |egress: bool, port: i64| {
        let fits = |rule: &&Json| {
            let net: Option<Ipv4Net> = rule["CidrBlock"].as_str().and_then(|text| text.parse().ok());
            let ports = &rule["PortRange"];
            let within = ports.is_null()
                || (ports["From"].as_i64().unwrap_or(0)..=ports["To"].as_i64().unwrap_or(65_535))
                    .contains(&port);
            rule["Egress"] == egress
                && net.is_some_and(|net| net.contains(&address))
                && (rule["Protocol"] == "-1" || (rule["Protocol"] == "6" && within))
        };
        let rules = acl["Entries"].as_array().into_iter().flatten().filter(fits);
        let first = rules.min_by_key(|rule| rule["RuleNumber"].as_i64());
        first.is_some_and(|rule| rule["RuleAction"] == "allow")
    };
    // Out to the service and back, or in from the caller and back.
    allowed(!serves, PORT) && allowed(serves, BACK)
}

/// The first address of a subnet that is somebody's.
fn address(world: &World, subnet: &str) -> Option<Ipv4Addr> {
    let net: Ipv4Net = world.get(SUBNET.table, subnet)?["CidrBlock"].as_str()?.parse().ok()?;
    net.hosts().next()
}

/// Whether the internet can be reached by TLS.
pub fn internet(world: &World, place: Place<'_>) -> bool {
    let Some(vpc) = vpc_of(world, place) else { return false };
    if !resolves(world, vpc) || !passes(world, place.subnet, OUTSIDE, false) {
        return false;
    }
    table(world, vpc, place.subnet).is_some_and(|(_, table)| leads_out(world, vpc, table, place.public))
        && allows(world, &groups(world, place, vpc), true, outwards)
}

/// Whether a service of AWS can be reached: by its interface endpoint, where its name leads to one, otherwise over the
/// internet; S3 by its gateway endpoint too.
pub fn service(world: &World, place: Place<'_>, name: &str) -> bool {
    let Some(vpc) = vpc_of(world, place) else { return false };
    let full = format!("com.amazonaws.{}.{name}", place.region);
    let named = world.rows(ENDPOINT.table).map(|(_, row)| row).find(|row| {
        row["VpcId"] == vpc
            && row["ServiceName"] == full.as_str()
            && row["PrivateDnsEnabled"] == true
            && matches!(row["State"].as_str(), Some("pending" | "available"))
    });
    let own = groups(world, place, vpc);
    if let Some(endpoint) = named {
        let listed = endpoint["Groups"].as_array().into_iter().flatten();
        let theirs: Vec<&str> = listed.filter_map(|one| one["GroupId"].as_str()).collect();
        let network = world.get(VPC.table, vpc).map(cidrs::of_vpc).unwrap_or_default();
        let home =
            world.get(SUBNET.table, place.subnet).and_then(|row| row["CidrBlock"].as_str()?.parse().ok());
        let home: Vec<Ipv4Net> = home.into_iter().collect();
        let own_address = address(world, place.subnet);
        let subnets = endpoint["SubnetIds"].as_array().into_iter().flatten().filter_map(Json::as_str);
        // One of its interfaces must be reached; inside one subnet no ACL is asked.
        let mut near = subnets.map(|subnet| {
            let both = address(world, subnet).zip(own_address);
            subnet == place.subnet
                || both.is_none_or(|(theirs, own)| {
                    passes(world, place.subnet, theirs, false) && passes(world, subnet, own, true)
                })
        });
        if !resolves(world, vpc) || !near.any(|reached| reached) {
            return false;
        }
        return allows(world, &own, true, |rule| touches(rule, &network, &theirs))
            && allows(world, &theirs, false, |rule| touches(rule, &home, &own));
    }
    let gateway = name == "s3"
        && table(world, vpc, place.subnet).is_some_and(|(id, _)| {
            let of_s3 = |route: &Json| route["DestinationPrefixListId"] == vpc_endpoints::S3_LIST;
            vpc_endpoints::routes(world, id).iter().any(of_s3)
        })
        && allows(world, &own, true, outwards)
        && resolves(world, vpc)
        && passes(world, place.subnet, OUTSIDE, false);
    gateway || internet(world, place)
}

/// The action that a task needs of a service before its containers run, and on what (ECR User Guide, "Create the Amazon
/// S3 gateway endpoint" and "Create a VPC endpoint policy"; ECS Developer Guide, "VPC endpoint policies").
fn needed(name: &str, region: &str) -> (&'static str, String) {
    match name {
        "s3" => ("s3:GetObject", format!("arn:aws:s3:::prod-{region}-starport-layer-bucket/layer")),
        "ecr.api" => ("ecr:GetAuthorizationToken", "*".into()),
        "ecr.dkr" => ("ecr:BatchGetImage", String::new()),
        "secretsmanager" => ("secretsmanager:GetSecretValue", String::new()),
        "ssm" => ("ssm:GetParameters", String::new()),
        _ => ("logs:PutLogEvents", String::new()),
    }
}

/// Whether a pattern of a policy (`s3:Get*`, `arn:aws:s3:::bucket/*`) fits a text.
fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| text.strip_prefix(start)) else { return false };
    let mut last = None;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        last = Some(part);
    }
    rest.is_empty() || last == Some("")
}

/// The action that the policy of the endpoint that leads to a service refuses, if it does. Conditions are taken to hold
/// where they allow, and not to where they deny; of things other than layers any will do.
pub fn denied(world: &World, place: Place<'_>, name: &str) -> Option<&'static str> {
    let vpc = vpc_of(world, place)?;
    let full = format!("com.amazonaws.{}.{name}", place.region);
    let leads = |row: &&Json| {
        row["VpcId"] == vpc
            && row["ServiceName"] == full.as_str()
            && (row["PrivateDnsEnabled"] == true
                || table(world, vpc, place.subnet).is_some_and(|(id, _)| {
                    row["RouteTableIds"].as_array().is_some_and(|ids| ids.iter().any(|one| one == id))
                }))
    };
    let endpoint = world.rows(ENDPOINT.table).map(|(_, row)| row).find(leads)?;
    let policy: Json = serde_json::from_str(endpoint["PolicyDocument"].as_str()?).ok()?;
    let (action, resource) = needed(name, place.region);
    let any = |value: &Json, text: &str, free: bool| {
        let all = match value {
            Json::Array(items) => items.clone(),
            one => vec![one.clone()],
        };
        let fold = |text: &str| if free { text.to_lowercase() } else { text.to_owned() };
        all.iter().filter_map(Json::as_str).any(|one| text.is_empty() || like(&fold(one), &fold(text)))
    };
    let statements = match &policy["Statement"] {
        Json::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    let hits = |one: &&Json, effect: &str| {
        // `NotAction` and `NotResource` are not read: they are taken to mean what they would have to.
        one["Effect"] == effect
            && (one["Action"].is_null() || any(&one["Action"], action, true))
            && (one["Resource"].is_null() || any(&one["Resource"], &resource, false))
    };
    let allowed = statements.iter().any(|one| hits(&one, "Allow"));
    let forbidden = statements.iter().any(|one| hits(&one, "Deny") && one["Condition"].is_null());
    (!allowed || forbidden).then_some(action)
}
