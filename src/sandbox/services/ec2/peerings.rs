//! VPC peering connections: asked for, accepted, in use; shown for hours after they are over.

use serde_json::{Value as Json, json};

use super::{
    cidrs,
    common::{Noun, agreed, invalid, lacking, plain, tidy},
    vpcs::VPC,
};
use crate::sandbox::{Effect, Fault, Reply, Request, World, durations};

/// How long a connection that is over is still listed.
const LISTED: i64 = 2 * 3_600_000;
/// How long a request waits for its acceptance.
const EXPIRES: i64 = 7 * 24 * 3_600_000;

/// VPC peering connections.
pub(super) const PEERING: Noun = Noun {
    table: "ec2.vpc-peering-connection",
    prefix: "pcx",
    id: "VpcPeeringConnectionId",
    ids: "VpcPeeringConnectionIds",
    tags: "Tags",
    resource: "vpc-peering-connection",
    missing: "InvalidVpcPeeringConnectionID.NotFound",
    malformed: "InvalidVpcPeeringConnectionId.Malformed",
    label: "vpcPeeringConnection",
    filters: &[
        ("accepter-vpc-info.cidr-block", "AccepterVpcInfo.CidrBlock"),
        ("accepter-vpc-info.owner-id", "AccepterVpcInfo.OwnerId"),
        ("accepter-vpc-info.vpc-id", "AccepterVpcInfo.VpcId"),
        ("expiration-time", "ExpirationTime"),
        ("requester-vpc-info.cidr-block", "RequesterVpcInfo.CidrBlock"),
        ("requester-vpc-info.owner-id", "RequesterVpcInfo.OwnerId"),
        ("requester-vpc-info.vpc-id", "RequesterVpcInfo.VpcId"),
        ("status-code", "Status.Code"),
        ("status-message", "Status.Message"),
        ("vpc-peering-connection-id", "VpcPeeringConnectionId"),
    ],
};

fn code(row: &Json) -> &str {
    row["Status"]["Code"].as_str().unwrap_or_default()
}

/// Whether traffic flows.
pub(super) fn is_active(row: &Json) -> bool {
    code(row) == "active"
}

/// Whether it is or may still come into use.
pub(super) fn is_usable(row: &Json) -> bool {
    matches!(code(row), "initiating-request" | "pending-acceptance" | "provisioning" | "active")
}

/// Whether a VPC is one of the two sides.
pub(super) fn joins(row: &Json, vpc: &str) -> bool {
    ["AccepterVpcInfo", "RequesterVpcInfo"].iter().any(|side| row[*side]["VpcId"] == vpc)
}

/// The active connection between two VPCs.
pub(super) fn between(world: &World, one: &str, other: &str) -> Option<String> {
    world
        .rows(PEERING.table)
        .find(|(_, row)| is_active(row) && joins(row, one) && joins(row, other))
        .map(|(id, _)| id.to_owned())
}

fn state(code: &str, message: &str) -> Json {
    json!({"Code": code, "Message": message})
}

/// A side as it is shown once both agreed.
fn side(world: &World, vpc: &Json, region: &str, options: &Json) -> Json {
    let blocks = |set: &str, member: &str| -> Vec<Json> {
        vpc[set].as_array().into_iter().flatten().map(|one| json!({member: one[member]})).collect()
    };
    let mut shown = json!({
        "VpcId": vpc["VpcId"], "OwnerId": world.account, "Region": region, "CidrBlock": vpc["CidrBlock"],
        "CidrBlockSet": blocks("CidrBlockAssociationSet", "CidrBlock"),
        "PeeringOptions": {
            "AllowDnsResolutionFromRemoteVpc": false, "AllowEgressFromLocalClassicLinkToRemoteVpc": false,
            "AllowEgressFromLocalVpcToRemoteClassicLink": false,
        },
    });
    let six = blocks("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock");
    if !six.is_empty() {
        shown["Ipv6CidrBlockSet"] = json!(six);
    }
    for (member, value) in options.as_object().into_iter().flatten() {
        shown["PeeringOptions"][member] = value.clone();
    }
    shown
}

fn answer(world: &World, rq: &Request<'_>, id: &str) -> Reply {
    Ok(json!({"VpcPeeringConnection": tidy(PEERING.get(world, rq, id)?.clone())}))
}

/// The end of a request or a connection: the row stays for a while.
fn end(world: &mut World, id: &str, after: i64, status: &Json) {
    world.set_after(after, PEERING.table, id, json!({"Status": status, "ExpirationTime": null}));
    world.after(after + LISTED, PEERING.table, id, Effect::Remove);
}

/// `CreateVpcPeeringConnection`. What cannot work fails after the answer.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let own = VPC.get(world, rq, rq.text("VpcId"))?.clone();
    let peer_id = rq.opt("PeerVpcId").ok_or_else(|| lacking("peerVpcId"))?.to_owned();
    let region = rq.opt("PeerRegion").unwrap_or(rq.region).to_owned();
    let owner = rq.opt("PeerOwnerId").unwrap_or(&world.account).to_owned();
    if own["VpcId"] == peer_id.as_str() {
        return Err(invalid(format!("The VPC {peer_id} cannot be peered with itself")));
    }
    let joined = |row: &Json| {
        is_usable(row) && joins(row, &peer_id) && own["VpcId"].as_str().is_some_and(|vpc| joins(row, vpc))
    };
    if let Some((id, _)) = world.rows(PEERING.table).find(|(_, row)| joined(row)) {
        let message = format!("A VPC peering connection between these VPCs already exists: {id}");
        return Err(Fault::new("VpcPeeringConnectionAlreadyExists", message));
    }
    let peer = world
        .get(VPC.table, &peer_id)
        .filter(|vpc| owner == world.account && vpc["_region"] == region.as_str())
        .cloned();
    let overlap = peer.as_ref().is_some_and(|peer| {
        let others = cidrs::of_vpc(peer);
        cidrs::of_vpc(&own).iter().any(|one| others.iter().any(|other| cidrs::overlap(one, other)))
    });
    let requester = side(world, &own, rq.region, rq.get("RequesterPeeringConnectionOptions"));
    let row = json!({
        "RequesterVpcInfo": requester,
        // The other side's blocks are shown once it has accepted.
        "AccepterVpcInfo": {"VpcId": peer_id, "OwnerId": owner, "Region": region},
        "Status": state("initiating-request", &format!("Initiating Request to {owner}")),
        "ExpirationTime": world.now_secs() + 604_800.0,
    });
    let id = PEERING.create(world, rq, row)?;
    PEERING.get_mut(world, rq, &id)?["_region"] = json!([rq.region, region]);
    if peer.is_none() || overlap {
        let message = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";
        end(world, &id, durations::EC2_OBJECT, &state("failed", message));
    } else {
        let pending = state("pending-acceptance", &format!("Pending Acceptance by {owner}"));
        world.set_after(durations::PEERING_REQUEST, PEERING.table, &id, json!({"Status": pending}));
        end(world, &id, EXPIRES, &state("expired", "The request was not accepted in time"));
    }
    answer(world, rq, &id)
}

/// Refuses a verb that the connection's present state does not take.
fn takes(row: &Json, id: &str, from: &[&str], to: &str) -> Result<(), Fault> {
    if from.contains(&code(row)) {
        return Ok(());
    }
    let message =
        format!("Invalid state transition for {id}, attempted to transition from {} to {to}", code(row));
    Err(Fault::new("InvalidStateTransition", message))
}

/// A verb of the accepting side, which is asked in its own region.
fn accepting(row: &Json, rq: &Request<'_>, id: &str) -> Result<(), Fault> {
    if row["AccepterVpcInfo"]["Region"] == rq.region {
        return Ok(());
    }
    let message = format!(
        "Incorrect region ({}) specified for this request. VPC peering connection {id} must be \
         accepted or rejected in region {}",
        rq.region,
        row["AccepterVpcInfo"]["Region"].as_str().unwrap_or_default()
    );
    Err(Fault::new("OperationNotPermitted", message))
}

/// `AcceptVpcPeeringConnection`.
pub(super) fn accept(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("VpcPeeringConnectionId");
    let row = PEERING.get(world, rq, id)?;
    accepting(row, rq, id)?;
    takes(row, id, &["pending-acceptance"], "provisioning")?;
    let vpc = VPC.get(world, rq, row["AccepterVpcInfo"]["VpcId"].as_str().unwrap_or_default())?.clone();
    let accepter = side(world, &vpc, rq.region, &Json::Null);
    world.cancel(PEERING.table, id);
    let row = PEERING.get_mut(world, rq, id)?;
    row["AccepterVpcInfo"] = accepter;
    row["Status"] = state("provisioning", "Provisioning");
    row["ExpirationTime"] = Json::Null;
    let active = json!({"Status": state("active", "Active")});
    world.set_after(durations::EC2_OBJECT, PEERING.table, id, active);
    answer(world, rq, id)
}

/// `RejectVpcPeeringConnection`.
pub(super) fn reject(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("VpcPeeringConnectionId");
    let row = PEERING.get(world, rq, id)?;
    accepting(row, rq, id)?;
    takes(row, id, &["pending-acceptance"], "rejected")?;
    world.cancel(PEERING.table, id);
    let message = format!("Rejected by {}", world.account);
    PEERING.get_mut(world, rq, id)?["Status"] = state("rejected", &message);
    end(world, id, 0, &state("rejected", &message));
    agreed()
}

/// `DeleteVpcPeeringConnection`: routes over it turn into black holes, rules that name the other side's groups go
/// stale; neither keeps it.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("VpcPeeringConnectionId");
    let row = PEERING.get(world, rq, id)?;
    if matches!(code(row), "deleting" | "deleted") {
        return agreed();
    }
    takes(row, id, &["pending-acceptance", "active"], "deleting")?;
    world.cancel(PEERING.table, id);
    let message = format!("Deleted by {}", world.account);
    PEERING.get_mut(world, rq, id)?["Status"] = state("deleting", &message);
    end(world, id, durations::EC2_OBJECT, &state("deleted", &message));
    agreed()
}

/// `DescribeVpcPeeringConnections`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    PEERING.describe(world, rq, "VpcPeeringConnections", plain)
}

/// `ModifyVpcPeeringConnectionOptions` of an active connection; each side in its own region.
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("VpcPeeringConnectionId");
    let row = PEERING.get(world, rq, id)?;
    takes(row, id, &["active"], "modifying")?;
    let mut answer = json!({});
    for (member, side) in [
        ("AccepterPeeringConnectionOptions", "AccepterVpcInfo"),
        ("RequesterPeeringConnectionOptions", "RequesterVpcInfo"),
    ] {
        let Some(options) = rq.get(member).as_object() else { continue };
        if PEERING.get(world, rq, id)?[side]["Region"] != rq.region {
            let message =
                format!("The options of the other side are changed in its own region, not in {}", rq.region);
            return Err(Fault::new("OperationNotPermitted", message));
        }
        let row = PEERING.get_mut(world, rq, id)?;
        for (name, value) in options {
            row[side]["PeeringOptions"][name] = value.clone();
        }
        answer[member] = row[side]["PeeringOptions"].clone();
    }
    if answer.as_object().is_none_or(serde_json::Map::is_empty) {
        return Err(lacking("accepterPeeringConnectionOptions"));
    }
    Ok(answer)
}
