//! VPCs that see a private zone.

use serde_json::{Value as Json, json};

use super::{
    changes,
    names::{bare, size},
    zones::{ZONES, zone},
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// VPCs of other accounts that may be associated, by zone and VPC.
pub(super) const AUTHORIZATIONS: &str = "route53.authorization";

fn id(vpc: &Json) -> &str {
    vpc["VPCId"].as_str().unwrap_or_default()
}

/// Whether a VPC may see a zone of that name: it exists, and sees no other zone of the name.
pub(super) fn admit(world: &World, vpc: &Json, name: &str, but: Option<&str>) -> Result<(), Fault> {
    if world.get("ec2.vpc", id(vpc)).is_none() {
        return Err(Fault::new(
            "InvalidVPCId",
            // LocalStack's recordings of AWS, `test_create_hosted_zone_in_non_existent_vpc`.
            "The VPC ID is invalid.",
        ));
    }
    let clash = world.rows(ZONES).find(|(key, row)| {
        Some(*key) != but
            && row["Name"] == name
            && row["_vpcs"].as_array().into_iter().flatten().any(|other| other["VPCId"] == vpc["VPCId"])
    });
    match clash {
        Some((key, _)) => Err(Fault::new(
            "ConflictingDomainExists",
            format!(
                "The VPC {} in region {} has already been associated with the hosted zone {key} with the same domain \
                 name.",
                id(vpc),
                vpc["VPCRegion"].as_str().unwrap_or_default()
            ),
        )),
        None => Ok(()),
    }
}

pub(super) fn associate(world: &mut World, rq: &Request<'_>) -> Reply {
    let at = bare(rq.text("HostedZoneId")).to_owned();
    let (vpc, row) = (rq.get("VPC").clone(), zone(world, &at)?);
    if row["_private"] != true {
        return Err(Fault::new(
            "PublicZoneVPCAssociation",
            "The operation cannot be completed because it would associate a VPC with a public hosted zone.",
        ));
    }
    admit(world, &vpc, row["Name"].as_str().unwrap_or_default(), None)?;
    if let Some(all) = world.get_mut(ZONES, &at).and_then(|row| row["_vpcs"].as_array_mut()) {
        all.push(vpc);
    }
    Ok(json!({"ChangeInfo": changes::note(world, rq.opt("Comment"))}))
}

pub(super) fn disassociate(world: &mut World, rq: &Request<'_>) -> Reply {
    let at = bare(rq.text("HostedZoneId")).to_owned();
    let vpc = rq.get("VPC").clone();
    let all = zone(world, &at)?["_vpcs"].as_array().cloned().unwrap_or_default();
    if !all.iter().any(|other| other["VPCId"] == vpc["VPCId"]) {
        return Err(Fault::new(
            "VPCAssociationNotFound",
            format!(
                "The VPC: {} and hosted zone: {at} that you specified are not currently associated.",
                id(&vpc)
            ),
        )
        .status(404));
    }
    if all.len() == 1 {
        return Err(Fault::new(
            "LastVPCAssociation",
            "Cannot remove last VPC association for the private zone",
        ));
    }
    if let Some(all) = world.get_mut(ZONES, &at).and_then(|row| row["_vpcs"].as_array_mut()) {
        all.retain(|other| other["VPCId"] != vpc["VPCId"]);
    }
    Ok(json!({"ChangeInfo": changes::note(world, rq.opt("Comment"))}))
}

pub(super) fn zones(world: &mut World, rq: &Request<'_>) -> Reply {
    let fits = |vpc: &Json| vpc["VPCId"] == rq.text("VPCId") && vpc["VPCRegion"] == rq.text("VPCRegion");
    let all: Vec<Json> = world
        .rows(ZONES)
        .filter(|(_, row)| row["_vpcs"].as_array().into_iter().flatten().any(fits))
        .map(|(key, row)| {
            json!({"HostedZoneId": key, "Name": row["Name"], "Owner": {"OwningAccount": world.account}})
        })
        .collect();
    let most = size(rq, "MaxItems", 100)?;
    let (page, next) = super::names::page(all, rq.opt("NextToken"), "HostedZoneId", most);
    let mut out = json!({"HostedZoneSummaries": page, "MaxItems": most.to_string()});
    super::names::set(&mut out, &[("NextToken", json!(next))]);
    Ok(out)
}

fn key(zone: &str, vpc: &Json) -> String {
    format!("{zone}/{}", id(vpc))
}

pub(super) fn authorize(world: &mut World, rq: &Request<'_>) -> Reply {
    let at = bare(rq.text("HostedZoneId")).to_owned();
    if zone(world, &at)?["_private"] != true {
        return Err(Fault::new("HostedZoneNotPrivate", "The specified hosted zone is a public hosted zone."));
    }
    let vpc = rq.get("VPC").clone();
    world.put(AUTHORIZATIONS, &key(&at, &vpc), json!({"HostedZoneId": at, "VPC": vpc}));
    Ok(json!({"HostedZoneId": at, "VPC": vpc}))
}

pub(super) fn deauthorize(world: &mut World, rq: &Request<'_>) -> Reply {
    let at = bare(rq.text("HostedZoneId")).to_owned();
    zone(world, &at)?;
    match world.remove(AUTHORIZATIONS, &key(&at, rq.get("VPC"))) {
        Some(_) => done(),
        None => Err(Fault::new(
            "VPCAssociationAuthorizationNotFound",
            "The VPC that you specified is not authorized to be associated with the hosted zone.",
        )
        .status(404)),
    }
}

pub(super) fn authorizations(world: &mut World, rq: &Request<'_>) -> Reply {
    let at = bare(rq.text("HostedZoneId")).to_owned();
    zone(world, &at)?;
    let all: Vec<Json> = world
        .rows(AUTHORIZATIONS)
        .filter(|(_, row)| row["HostedZoneId"] == at.as_str())
        .map(|(_, row)| row["VPC"].clone())
        .collect();
    let most = size(rq, "MaxResults", 50)?;
    let (page, next) = super::names::page(all, rq.opt("NextToken"), "VPCId", most);
    let mut out = json!({"HostedZoneId": at, "VPCs": page});
    super::names::set(&mut out, &[("NextToken", json!(next))]);
    Ok(out)
}
