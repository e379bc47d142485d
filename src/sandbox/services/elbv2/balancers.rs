//! Load balancers.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{BALANCERS, LISTENERS, RULES, attributes, invalid, no_balancer, tags_of};
use crate::sandbox::{Fault, Reply, Request, World, done, durations};

/// Hosted zones of application load balancers; Route 53 aliases name them.
const ZONES: &[(&str, &str)] = &[
    ("ap-northeast-1", "Z14GRHDCWA56QT"),
    ("ap-southeast-1", "Z1LMS91P8CMLE5"),
    ("ap-southeast-2", "Z1GM3OXH4ZPM65"),
    ("eu-central-1", "Z215JYRZR1TBD5"),
    ("eu-west-1", "Z32O12XQLNTSW2"),
    ("eu-west-2", "ZHURV8PSTC4K8"),
    ("us-east-1", "Z35SXDOTRQ7X7K"),
    ("us-east-2", "Z3AADJGX6KTTL2"),
    ("us-west-1", "Z368ELLRRE2KJ0"),
    ("us-west-2", "Z1H1FL5HABSF5"),
];

fn zone(region: &str, kind: &str) -> String {
    let known =
        ZONES.iter().find(|(name, _)| *name == region && kind == "application").map(|(_, zone)| *zone);
    known.map_or_else(|| format!("Z{:0>13}", region.replace('-', "").to_uppercase()), Into::into)
}

/// What interfaces of the load balancer are described as.
fn owner(arn: &str) -> String {
    format!("ELB {}", super::tail(arn, "loadbalancer"))
}

/// The zones of a request's subnets, and their VPC.
fn place(world: &World, rq: &Request<'_>, kind: &str, internal: bool) -> Result<(Vec<Json>, String), Fault> {
    let mappings: Vec<Json> = if rq.list("SubnetMappings").is_empty() {
        rq.texts("Subnets").iter().map(|subnet| json!({"SubnetId": subnet})).collect()
    } else if rq.list("Subnets").is_empty() {
        rq.list("SubnetMappings").to_vec()
    } else {
        return Err(invalid("You can specify either subnets or subnet mappings, not both"));
    };
    if mappings.is_empty() {
        return Err(invalid("At least one subnet must be specified"));
    }
    let (mut zones, mut vpcs, mut names) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for mapping in &mappings {
        let id = mapping["SubnetId"].as_str().unwrap_or_default();
        let subnet = world
            .get("ec2.subnet", id)
            .ok_or_else(|| Fault::new("SubnetNotFound", format!("The subnet ID '{id}' does not exist")))?;
        let zone = subnet["AvailabilityZone"].as_str().unwrap_or_default().to_owned();
        if !names.insert(zone.clone()) {
            let text = "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
            return Err(Fault::new("InvalidConfigurationRequest", text));
        }
        vpcs.insert(subnet["VpcId"].as_str().unwrap_or_default().to_owned());
        let mut address = json!({});
        for (from, to) in [
            ("AllocationId", "AllocationId"),
            ("PrivateIPv4Address", "PrivateIPv4Address"),
            ("IPv6Address", "IPv6Address"),
        ] {
            if !mapping[from].is_null() {
                address[to] = mapping[from].clone();
            }
        }
        let mut row = json!({"ZoneName": zone, "SubnetId": id, "LoadBalancerAddresses": []});
        if address != json!({}) {
            row["LoadBalancerAddresses"] = json!([address]);
        }
        if let Some(prefix) = mapping["SourceNatIpv6Prefix"].as_str() {
            row["SourceNatIpv6Prefixes"] = json!([prefix]);
        }
        zones.push(row);
    }
    if vpcs.len() > 1 {
        return Err(Fault::new("InvalidConfigurationRequest", "All subnets must belong to the same VPC"));
    }
    if kind == "application" && names.len() < 2 {
        return Err(invalid("At least two subnets in two different Availability Zones must be specified"));
    }
    let vpc = vpcs.into_iter().next().unwrap_or_default();
    let attached = |gateway: &Json| {
        gateway["Attachments"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|attachment| attachment["VpcId"] == vpc.as_str())
    };
    if !internal && kind != "gateway" && !world.any("ec2.internet-gateway", attached) {
        return Err(Fault::new("InvalidSubnet", format!("VPC {vpc} has no internet gateway")));
    }
    Ok((zones, vpc))
}

fn check_groups(world: &World, groups: &[&str], vpc: &str) -> Result<(), Fault> {
    for group in groups {
        if world.get("ec2.security-group", group).is_none_or(|row| row["VpcId"] != vpc) {
            return Err(Fault::new("InvalidConfigurationRequest", "One or more security groups are invalid"));
        }
    }
    Ok(())
}

/// Gives the load balancer's interfaces their present places.
fn attach(world: &mut World, region: &str, arn: &str) {
    let Some(row) = world.get(BALANCERS, arn).cloned() else { return };
    let zones = row["AvailabilityZones"].as_array().cloned().unwrap_or_default();
    let subnets: Vec<&str> = zones.iter().filter_map(|zone| zone["SubnetId"].as_str()).collect();
    let groups: Vec<&str> =
        row["SecurityGroups"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    world.attach_interfaces(region, &owner(arn), &subnets, &groups);
}

/// `CreateLoadBalancer`.
pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("Name");
    let odd = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    if name.len() > 32 || name.contains(odd) || name.starts_with('-') || name.ends_with('-') {
        let rule = "can contain only characters that are alphanumeric or hyphens(-), must not begin or end with one \
                    and has at most 32 of them";
        return Err(invalid(format!("The load balancer name '{name}' {rule}")));
    }
    if name.starts_with("internal-") {
        return Err(invalid(format!("The load balancer name '{name}' cannot begin with 'internal-'")));
    }
    let settings = super::groups::settings(rq);
    let known =
        world.rows(BALANCERS).find(|(_, row)| row["LoadBalancerName"] == name && row["_region"] == rq.region);
    if let Some((_, row)) = known {
        if row["_settings"] == settings {
            return Ok(json!({"LoadBalancers": [row]}));
        }
        let text = format!("A load balancer with the same name '{name}' exists, but with different settings");
        return Err(Fault::new("DuplicateLoadBalancerName", text));
    }
    let kind = rq.opt("Type").unwrap_or("application");
    let scheme = rq.opt("Scheme").unwrap_or("internet-facing");
    let internal = scheme == "internal";
    let (zones, vpc) = place(world, rq, kind, internal)?;
    let mut groups: Vec<String> = rq.texts("SecurityGroups").into_iter().map(Into::into).collect();
    check_groups(world, &rq.texts("SecurityGroups"), &vpc)?;
    if groups.is_empty() && kind == "application" {
        let default =
            world.rows("ec2.security-group").find(|(_, g)| g["GroupName"] == "default" && g["VpcId"] == vpc);
        groups.extend(default.map(|(id, _)| id.to_owned()));
    }
    let tags = tags_of(rq)?;
    let id = world.hex(16);
    let short = match kind {
        "application" => "app",
        "network" => "net",
        _ => "gwy",
    };
    let arn = world.arn("elasticloadbalancing", rq.region, &format!("loadbalancer/{short}/{name}/{id}"));
    let prefix = if internal { "internal-" } else { "" };
    let number = u64::from_str_radix(&id[..8], 16).unwrap_or_default();
    let host = match kind {
        "application" => format!("{prefix}{name}-{number}.{}.elb.amazonaws.com", rq.region),
        _ => format!("{name}-{id}.elb.{}.amazonaws.com", rq.region),
    };
    let mut row = json!({
        "LoadBalancerArn": arn, "CreatedTime": world.now_secs(), "LoadBalancerName": name, "VpcId": vpc,
        "State": {"Code": "provisioning"}, "Type": kind, "AvailabilityZones": zones,
        "IpAddressType": rq.opt("IpAddressType").unwrap_or("ipv4"),
        "_tags": tags, "_attributes": attributes::balancer_defaults(kind), "_region": rq.region,
        "_settings": settings,
    });
    if kind != "gateway" {
        row["DNSName"] = json!(host);
        row["CanonicalHostedZoneId"] = json!(zone(rq.region, kind));
        row["Scheme"] = json!(scheme);
        row["SecurityGroups"] = json!(groups);
    }
    if kind == "network" {
        row["EnablePrefixForIpv6SourceNat"] = json!(rq.opt("EnablePrefixForIpv6SourceNat").unwrap_or("off"));
        if !groups.is_empty() {
            row["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] = json!("on");
        }
    }
    for kept in ["CustomerOwnedIpv4Pool", "IpamPools"] {
        if !rq.get(kept).is_null() {
            row[kept] = rq.get(kept).clone();
        }
    }
    world.put(BALANCERS, &arn, row.clone());
    world.set_after(durations::ALB_UP, BALANCERS, &arn, json!({"State": {"Code": "active"}}));
    attach(world, rq.region, &arn);
    Ok(json!({"LoadBalancers": [row]}))
}

/// `DescribeLoadBalancers`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arns, names) = (rq.texts("LoadBalancerArns"), rq.texts("Names"));
    if !arns.is_empty() && !names.is_empty() {
        return Err(invalid(
            "Load balancer names and load balancer ARNs cannot be specified at the same time",
        ));
    }
    let mut found = Vec::new();
    for (arn, row) in world.rows(BALANCERS).filter(|(_, row)| row["_region"] == rq.region) {
        let wanted = if !arns.is_empty() {
            arns.contains(&arn)
        } else {
            names.is_empty() || names.iter().any(|name| row["LoadBalancerName"] == *name)
        };
        if wanted {
            found.push(row.clone());
        }
    }
    if found.len() < arns.len().max(names.len()) {
        let text = match names.first() {
            Some(_) => format!("Load balancers '[{}]' not found", names.join(", ")),
            None => "One or more load balancers not found".to_owned(),
        };
        return Err(Fault::new("LoadBalancerNotFound", text));
    }
    let (page, next) = rq.page(found, "PageSize", "Marker", 400, "ValidationError")?;
    Ok(json!({"LoadBalancers": page, "NextMarker": next}))
}

/// `DeleteLoadBalancer`; one that is not there is no error.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("LoadBalancerArn");
    let Some(row) = world.get(BALANCERS, arn) else { return done() };
    if row["_attributes"]["deletion_protection.enabled"] == "true" {
        let text = format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled");
        return Err(Fault::new("OperationNotPermitted", text));
    }
    let listeners: Vec<String> = world
        .rows(LISTENERS)
        .filter(|(_, listener)| listener["LoadBalancerArn"] == arn)
        .map(|(key, _)| key.to_owned())
        .collect();
    for listener in listeners {
        super::listeners::drop_listener(world, &listener);
    }
    let rules: Vec<String> = world
        .rows(RULES)
        .filter(|(_, rule)| rule["_balancer"] == arn)
        .map(|(key, _)| key.to_owned())
        .collect();
    for rule in rules {
        world.remove(RULES, &rule);
    }
    world.remove(BALANCERS, arn);
    world.release_interfaces(&owner(arn), durations::INTERFACE_LINGERS);
    done()
}

/// `SetSubnets`.
pub fn set_subnets(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("LoadBalancerArn");
    let row = world.get(BALANCERS, arn).ok_or_else(no_balancer)?.clone();
    let kind = row["Type"].as_str().unwrap_or_default();
    let (zones, vpc) = place(world, rq, kind, row["Scheme"] == "internal")?;
    if row["VpcId"] != vpc {
        let text = format!("The subnets must belong to the VPC of load balancer '{arn}'");
        return Err(Fault::new("InvalidConfigurationRequest", text));
    }
    world.release_interfaces(&owner(arn), durations::INTERFACE_LINGERS);
    let row = world.get_mut(BALANCERS, arn).ok_or_else(no_balancer)?;
    row["AvailabilityZones"] = json!(zones);
    for kept in ["IpAddressType", "EnablePrefixForIpv6SourceNat"] {
        if !rq.get(kept).is_null() {
            row[kept] = rq.get(kept).clone();
        }
    }
    remember(row, rq, &["Subnets", "SubnetMappings", "EnablePrefixForIpv6SourceNat"]);
    let answer = json!({
        "AvailabilityZones": zones, "IpAddressType": row["IpAddressType"],
        "EnablePrefixForIpv6SourceNat": row["EnablePrefixForIpv6SourceNat"],
    });
    attach(world, rq.region, arn);
    Ok(answer)
}

/// `SetSecurityGroups`.
pub fn set_security_groups(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("LoadBalancerArn");
    let row = world.get(BALANCERS, arn).ok_or_else(no_balancer)?.clone();
    let groups = rq.texts("SecurityGroups");
    if groups.is_empty() && row["Type"] == "application" {
        return Err(Fault::new(
            "InvalidConfigurationRequest",
            "At least one security group must be specified",
        ));
    }
    check_groups(world, &groups, row["VpcId"].as_str().unwrap_or_default())?;
    // The interfaces stay where they are; only their groups change.
    let interfaces: Vec<String> = world
        .rows("ec2.network-interface")
        .filter(|(_, interface)| interface["_owner"] == owner(arn))
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in interfaces {
        if let Some(interface) = world.get_mut("ec2.network-interface", &key) {
            interface["Groups"] = groups.iter().map(|group| json!({"GroupId": group})).collect();
        }
    }
    let row = world.get_mut(BALANCERS, arn).ok_or_else(no_balancer)?;
    row["SecurityGroups"] = json!(groups);
    const ENFORCE: &str = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic";
    if !rq.get(ENFORCE).is_null() {
        row[ENFORCE] = rq.get(ENFORCE).clone();
    }
    remember(row, rq, &["SecurityGroups"]);
    let mut answer = json!({"SecurityGroupIds": groups});
    if !row[ENFORCE].is_null() {
        answer[ENFORCE] = row[ENFORCE].clone();
    }
    Ok(answer)
}

/// A repeated create call is compared with what the settings are now.
fn remember(row: &mut Json, rq: &Request<'_>, members: &[&str]) {
    for member in members {
        if rq.get(member).is_null() {
            if let Some(settings) = row["_settings"].as_object_mut() {
                settings.remove(*member);
            }
        } else {
            row["_settings"][*member] = rq.get(member).clone();
        }
    }
}

/// `SetIpAddressType`.
pub fn set_ip_address_type(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = world.get_mut(BALANCERS, rq.text("LoadBalancerArn")).ok_or_else(no_balancer)?;
    row["IpAddressType"] = rq.get("IpAddressType").clone();
    remember(row, rq, &["IpAddressType"]);
    Ok(json!({"IpAddressType": rq.text("IpAddressType")}))
}

/// `ModifyCapacityReservation`.
pub fn modify_capacity(world: &mut World, rq: &Request<'_>) -> Reply {
    let at = world.now() + durations::ALB_CAPACITY;
    let row = world.get_mut(BALANCERS, rq.text("LoadBalancerArn")).ok_or_else(no_balancer)?;
    row["_capacity"] = if rq.flag("ResetCapacityReservation") {
        Json::Null
    } else {
        rq.get("MinimumLoadBalancerCapacity").clone()
    };
    row["_reserved"] = json!(at);
    let row = row.clone();
    Ok(capacity(world, &row))
}

/// `ModifyIpPools`.
pub fn modify_pools(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = world.get_mut(BALANCERS, rq.text("LoadBalancerArn")).ok_or_else(no_balancer)?;
    if row["Type"] != "application" || row["Scheme"] != "internet-facing" {
        return Err(invalid("IPAM pools are for internet-facing application load balancers"));
    }
    let (removes, sets) = (!rq.list("RemoveIpamPools").is_empty(), rq.get("IpamPools").is_object());
    if removes == sets {
        return Err(invalid("Specify either the pools to use or those to remove"));
    }
    if removes {
        row["IpamPools"] = json!({});
    } else {
        row["IpamPools"] = rq.get("IpamPools").clone();
    }
    Ok(json!({"IpamPools": row["IpamPools"]}))
}

/// `DescribeCapacityReservation`.
pub fn describe_capacity(world: &mut World, rq: &Request<'_>) -> Reply {
    Ok(capacity(world, world.get(BALANCERS, rq.text("LoadBalancerArn")).ok_or_else(no_balancer)?))
}

/// What is reserved, and how far that is in each zone.
fn capacity(world: &World, row: &Json) -> Json {
    if row["_capacity"].is_null() {
        return json!({});
    }
    let done = row["_reserved"].as_i64().is_none_or(|at| at <= world.now());
    let zones = row["AvailabilityZones"].as_array().into_iter().flatten();
    let states: Vec<Json> = zones
        .map(|zone| {
            let units =
                if done { row["_capacity"]["CapacityUnits"].as_f64().unwrap_or_default() } else { 0.0 };
            json!({
                "AvailabilityZone": zone["ZoneName"], "EffectiveCapacityUnits": units,
                "State": {"Code": if done { "provisioned" } else { "pending" }},
            })
        })
        .collect();
    json!({"MinimumLoadBalancerCapacity": row["_capacity"], "CapacityReservationState": states})
}
