//! Regions, zones, account attributes and DHCP options.

use serde_json::{Value as Json, json};

use super::{
    common::{Noun, invalid, plain},
    filters,
};
use crate::sandbox::{Fault, Reply, Request, World};

/// Regions that are on in every account.
pub const REGIONS: &[&str] = &[
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// DHCP options.
pub(super) const DHCP: Noun = Noun {
    table: "ec2.dhcp-options",
    prefix: "dopt",
    id: "DhcpOptionsId",
    ids: "DhcpOptionsIds",
    tags: "Tags",
    resource: "dhcp-options",
    missing: "InvalidDhcpOptionID.NotFound",
    malformed: "InvalidDhcpOptionsId.Malformed",
    label: "dhcpOptions",
    filters: &[
        ("dhcp-options-id", "DhcpOptionsId"),
        ("key", "DhcpConfigurations.Key"),
        ("owner-id", "OwnerId"),
        ("value", "DhcpConfigurations.Values.Value"),
    ],
};

/// The region's zones as `(name, id)`.
pub(super) fn zones(region: &str) -> Vec<(String, String)> {
    let letters = match region {
        "us-east-1" => "abcdef",
        "us-west-2" | "ap-northeast-2" => "abcd",
        _ => "abc",
    };
    let short: String = region
        .split('-')
        .enumerate()
        .map(|(at, part)| match (at, part) {
            (0, _) => part.to_owned(),
            (_, "northeast") => "ne".into(),
            (_, "southeast") => "se".into(),
            (_, "northwest") => "nw".into(),
            (_, "southwest") => "sw".into(),
            _ => part.chars().take(1).collect(),
        })
        .collect();
    letters
        .chars()
        .enumerate()
        .map(|(at, letter)| (format!("{region}{letter}"), format!("{short}-az{}", at + 1)))
        .collect()
}

/// What a region is called (Regions and Zones guide).
fn long_name(region: &str) -> &str {
    match region {
        "af-south-1" => "Africa (Cape Town)",
        "ap-east-1" => "Asia Pacific (Hong Kong)",
        "ap-northeast-1" => "Asia Pacific (Tokyo)",
        "ap-northeast-2" => "Asia Pacific (Seoul)",
        "ap-northeast-3" => "Asia Pacific (Osaka)",
        "ap-south-1" => "Asia Pacific (Mumbai)",
        "ap-south-2" => "Asia Pacific (Hyderabad)",
        "ap-southeast-1" => "Asia Pacific (Singapore)",
        "ap-southeast-2" => "Asia Pacific (Sydney)",
        "ap-southeast-3" => "Asia Pacific (Jakarta)",
        "ap-southeast-4" => "Asia Pacific (Melbourne)",
        "ca-central-1" => "Canada (Central)",
        "ca-west-1" => "Canada West (Calgary)",
        "cn-north-1" => "China (Beijing)",
        "cn-northwest-1" => "China (Ningxia)",
        "eu-central-1" => "Europe (Frankfurt)",
        "eu-central-2" => "Europe (Zurich)",
        "eu-north-1" => "Europe (Stockholm)",
        "eu-south-1" => "Europe (Milan)",
        "eu-south-2" => "Europe (Spain)",
        "eu-west-1" => "Europe (Ireland)",
        "eu-west-2" => "Europe (London)",
        "eu-west-3" => "Europe (Paris)",
        "il-central-1" => "Israel (Tel Aviv)",
        "me-central-1" => "Middle East (UAE)",
        "me-south-1" => "Middle East (Bahrain)",
        "sa-east-1" => "South America (Sao Paulo)",
        "us-east-1" => "US East (N. Virginia)",
        "us-east-2" => "US East (Ohio)",
        "us-gov-east-1" => "AWS GovCloud (US-East)",
        "us-gov-west-1" => "AWS GovCloud (US-West)",
        "us-west-1" => "US West (N. California)",
        "us-west-2" => "US West (Oregon)",
        other => other,
    }
}

/// `DescribeAvailabilityZones`.
pub(super) fn describe_zones(_world: &mut World, rq: &Request<'_>) -> Reply {
    let (names, ids) = (rq.texts("ZoneNames"), rq.texts("ZoneIds"));
    let zones = zones(rq.region);
    let strange = names.iter().find(|name| !zones.iter().any(|(zone, _)| zone == *name));
    let strange = strange.or_else(|| ids.iter().find(|id| !zones.iter().any(|(_, zone)| zone == *id)));
    if let Some(zone) = strange {
        return Err(invalid(format!("Invalid availability zone: [{zone}]")));
    }
    let rows = zones
        .iter()
        .filter(|(name, id)| {
            (names.is_empty() || names.contains(&name.as_str()))
                && (ids.is_empty() || ids.contains(&id.as_str()))
        })
        .map(|(name, id)| {
            json!({
                "ZoneName": name, "ZoneId": id, "RegionName": rq.region, "State": "available", "Messages": [],
                "ZoneType": "availability-zone", "OptInStatus": "opt-in-not-required",
                "GroupName": format!("{}-zg-1", rq.region), "GroupLongName": format!("{} 1", long_name(rq.region)), "NetworkBorderGroup": rq.region,
            })
        })
        .collect();
    let known: &[filters::Filter] = &[
        ("group-name", "GroupName"),
        ("message", "Messages.Message"),
        ("opt-in-status", "OptInStatus"),
        ("parent-zone-id", "ParentZoneId"),
        ("parent-zone-name", "ParentZoneName"),
        ("region-name", "RegionName"),
        ("state", "State"),
        ("zone-id", "ZoneId"),
        ("zone-name", "ZoneName"),
        ("zone-type", "ZoneType"),
    ];
    Ok(json!({"AvailabilityZones": filters::apply(rows, rq.list("Filters"), known, "")?}))
}

/// `DescribeRegions`.
pub(super) fn describe_regions(_world: &mut World, rq: &Request<'_>) -> Reply {
    let wanted = rq.texts("RegionNames");
    if let Some(region) = wanted.iter().find(|name| !REGIONS.contains(name)) {
        return Err(invalid(format!("Invalid region provided: [{region}]")));
    }
    let rows = REGIONS
        .iter()
        .filter(|region| wanted.is_empty() || wanted.contains(region))
        .map(|region| {
            json!({
                "RegionName": region, "Endpoint": format!("ec2.{region}.amazonaws.com"),
                "OptInStatus": "opt-in-not-required",
            })
        })
        .collect();
    let known: &[filters::Filter] =
        &[("endpoint", "Endpoint"), ("opt-in-status", "OptInStatus"), ("region-name", "RegionName")];
    Ok(json!({"Regions": filters::apply(rows, rq.list("Filters"), known, "")?}))
}

/// `DescribeAccountAttributes`.
pub(super) fn describe_attributes(world: &mut World, rq: &Request<'_>) -> Reply {
    let wanted = rq.texts("AttributeNames");
    let default = super::default_vpc::of(world, rq.region);
    let attributes = [
        ("supported-platforms", "VPC"),
        ("default-vpc", default.as_deref().unwrap_or("none")),
        ("vpc-max-security-groups-per-interface", "5"),
        ("max-instances", "20"),
        ("max-elastic-ips", "5"),
        ("vpc-max-elastic-ips", "5"),
    ];
    let rows: Vec<Json> = attributes
        .iter()
        .filter(|(name, _)| wanted.is_empty() || wanted.contains(name))
        .map(|(name, value)| json!({"AttributeName": name, "AttributeValues": [{"AttributeValue": value}]}))
        .collect();
    Ok(json!({"AccountAttributes": rows}))
}

/// The region's own DHCP options, made when they are first needed.
pub(super) fn dhcp_options(world: &mut World, region: &str) -> String {
    let id = world.fixed_id("dopt", region);
    if world.get("ec2.dhcp-options", &id).is_some() {
        return id;
    }
    let domain = match region {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    };
    let row = json!({
        "DhcpOptionsId": id, "OwnerId": world.account, "Tags": [], "_region": region, "_original": true, "_born": 0,
        "DhcpConfigurations": [
            {"Key": "domain-name", "Values": [{"Value": domain}]},
            {"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}]},
        ],
    });
    world.put("ec2.dhcp-options", &id, row);
    id
}

/// Takes the number that a region's set had before accounts came with one, so that worlds keep the ids they had for
/// their seed.
pub(super) fn number(world: &mut World, dhcp: &str) {
    if let Some(row) = world.get_mut("ec2.dhcp-options", dhcp).filter(|row| row["_numbered"].is_null()) {
        row["_numbered"] = json!(true);
        world.next();
    }
}

/// `DescribeDhcpOptions`.
pub(super) fn describe_dhcp(world: &mut World, rq: &Request<'_>) -> Reply {
    DHCP.describe(world, rq, "DhcpOptions", plain)
}

/// The zone that a request means: by name, by id, or AWS's choice.
pub(super) fn zone(rq: &Request<'_>) -> Result<(String, String), Fault> {
    let zones = zones(rq.region);
    let list = || zones.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let refused = |value: &str, parameter: &str| {
        invalid(format!(
            "Value ({value}) for parameter {parameter} is invalid. Subnets can currently only be created in the \
             following availability zones: {}.",
            list()
        ))
    };
    match (rq.opt("AvailabilityZone"), rq.opt("AvailabilityZoneId")) {
        (Some(_), Some(_)) => Err(super::common::combination(
            "The parameter availabilityZone cannot be used with the parameter availabilityZoneId",
        )),
        (Some(name), None) => zones
            .iter()
            .find(|(zone, _)| zone == name)
            .cloned()
            .ok_or_else(|| refused(name, "availabilityZone")),
        (None, Some(id)) => zones
            .iter()
            .find(|(_, zone)| zone == id)
            .cloned()
            .ok_or_else(|| refused(id, "availabilityZoneId")),
        (None, None) => Ok(zones[0].clone()),
    }
}
