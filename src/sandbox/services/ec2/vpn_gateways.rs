//! Virtual private gateways and their attachment, which takes a while both ways.

use serde_json::{Value as Json, json};

use super::{
    common::{Noun, invalid, plain, tidy},
    vpcs::VPC,
};
use crate::sandbox::{Fault, Reply, Request, World, done, durations};

/// Virtual private gateways.
pub(super) const VPN: Noun = Noun {
    table: "ec2.vpn-gateway",
    prefix: "vgw",
    id: "VpnGatewayId",
    ids: "VpnGatewayIds",
    tags: "Tags",
    resource: "vpn-gateway",
    missing: "InvalidVpnGatewayID.NotFound",
    malformed: "InvalidVpnGatewayID.Malformed",
    label: "vpnGateway",
    filters: &[
        ("amazon-side-asn", "AmazonSideAsn"),
        ("attachment.state", "VpcAttachments.State"),
        ("attachment.vpc-id", "VpcAttachments.VpcId"),
        ("availability-zone", "AvailabilityZone"),
        ("state", "State"),
        ("type", "Type"),
        ("vpn-gateway-id", "VpnGatewayId"),
    ],
};

/// The VPC a gateway is attached to, or is being.
pub(super) fn vpc_of(row: &Json) -> Option<&str> {
    let attachment = &row["VpcAttachments"][0];
    attachment["VpcId"].as_str().filter(|_| attachment["State"] != "detached")
}

/// `CreateVpnGateway`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = json!({
        "State": "available", "Type": "ipsec.1", "VpcAttachments": [],
        "AmazonSideAsn": rq.int("AmazonSideAsn").unwrap_or(64_512), "AvailabilityZone": rq.get("AvailabilityZone"),
    });
    let id = VPN.create(world, rq, row)?;
    let mut gateway = tidy(VPN.get(world, rq, &id)?.clone());
    if let Some(members) = gateway.as_object_mut().filter(|m| m["Tags"] == json!([])) {
        members.remove("Tags");
    }
    Ok(json!({"VpnGateway": gateway}))
}

/// `AttachVpnGateway`.
pub(super) fn attach(world: &mut World, rq: &Request<'_>) -> Reply {
    let (id, vpc) = (rq.text("VpnGatewayId"), rq.text("VpcId"));
    VPC.get(world, rq, vpc)?;
    match vpc_of(VPN.get(world, rq, id)?) {
        Some(own) if own == vpc => {}
        Some(other) => {
            let message = format!("The vpnGateway {id} is already attached to the vpc {other}");
            return Err(Fault::new("VpnGatewayAttachmentLimitExceeded", message));
        }
        None => {
            if world.any(VPN.table, |row| vpc_of(row) == Some(vpc)) {
                return Err(invalid(format!("Network {vpc} already has a VPN gateway attached")));
            }
            world.cancel(VPN.table, id);
            VPN.get_mut(world, rq, id)?["VpcAttachments"] = json!([{"State": "attaching", "VpcId": vpc}]);
            let members = json!({"VpcAttachments": [{"State": "attached", "VpcId": vpc}]});
            world.set_after(durations::VPN_ATTACHMENT, VPN.table, id, members);
        }
    }
    let attachment = VPN.get(world, rq, id)?["VpcAttachments"][0].clone();
    Ok(json!({"VpcAttachment": attachment}))
}

/// `DetachVpnGateway`.
pub(super) fn detach(world: &mut World, rq: &Request<'_>) -> Reply {
    let (id, vpc) = (rq.text("VpnGatewayId"), rq.text("VpcId"));
    VPC.get(world, rq, vpc)?;
    let row = VPN.get(world, rq, id)?;
    if vpc_of(row) != Some(vpc) || row["VpcAttachments"][0]["State"] == "detaching" {
        let message = format!("The attachment with vpn gateway ID '{id}' and vpc ID '{vpc}' does not exist.");
        return Err(Fault::new("InvalidVpnGatewayAttachment.NotFound", message));
    }
    world.cancel(VPN.table, id);
    VPN.get_mut(world, rq, id)?["VpcAttachments"] = json!([{"State": "detaching", "VpcId": vpc}]);
    let members = json!({"VpcAttachments": [{"State": "detached", "VpcId": vpc}]});
    world.set_after(durations::VPN_ATTACHMENT, VPN.table, id, members);
    done()
}

/// `DeleteVpnGateway`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("VpnGatewayId");
    if vpc_of(VPN.get(world, rq, id)?).is_some() {
        return Err(Fault::new(
            "IncorrectState",
            "The vpnGateway is in an incorrect state for this request: attached",
        ));
    }
    world.remove(VPN.table, id);
    done()
}

/// `DescribeVpnGateways`: has no pages.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    VPN.describe(world, rq, "VpnGateways", plain)
}
