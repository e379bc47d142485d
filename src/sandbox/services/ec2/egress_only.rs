//! Egress-only internet gateways: the way out for IPv6.

use serde_json::json;

use super::{
    common::{Noun, plain, remember, replayed, tidy},
    vpcs::VPC,
};
use crate::sandbox::{Reply, Request, World};

/// Egress-only internet gateways.
pub(super) const EGRESS_ONLY: Noun = Noun {
    table: "ec2.egress-only-gateway",
    prefix: "eigw",
    id: "EgressOnlyInternetGatewayId",
    ids: "EgressOnlyInternetGatewayIds",
    tags: "Tags",
    resource: "egress-only-internet-gateway",
    missing: "InvalidGatewayID.NotFound",
    malformed: "InvalidEgressOnlyInternetGatewayId.Malformed",
    label: "eigw",
    filters: &[],
};

/// `CreateEgressOnlyInternetGateway`: attached from the start.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = match replayed(world, rq, &EGRESS_ONLY)? {
        Some(id) => id,
        None => {
            let vpc = rq.text("VpcId");
            VPC.get(world, rq, vpc)?;
            let mut row = json!({"Attachments": [{"State": "attached", "VpcId": vpc}], "_vpc": vpc});
            remember(&mut row, rq);
            EGRESS_ONLY.create(world, rq, row)?
        }
    };
    let mut answer = json!({"EgressOnlyInternetGateway": tidy(EGRESS_ONLY.get(world, rq, &id)?.clone())});
    if let Some(token) = rq.opt("ClientToken") {
        answer["ClientToken"] = json!(token);
    }
    Ok(answer)
}

/// `DescribeEgressOnlyInternetGateways`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    EGRESS_ONLY.describe(world, rq, "EgressOnlyInternetGateways", plain)
}

/// `DeleteEgressOnlyInternetGateway`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("EgressOnlyInternetGatewayId");
    EGRESS_ONLY.get(world, rq, id)?;
    world.remove(EGRESS_ONLY.table, id);
    Ok(json!({"ReturnCode": true}))
}
