//! VPN connections to other sites: they are there beforehand or not at all. Their virtual private gateway hands their
//! routes to the route tables that take them.

use serde_json::{Value as Json, json};

use super::{
    common::{Noun, here, plain},
    route_tables::TABLE,
    vpn_gateways::{VPN, vpc_of},
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// VPN connections.
pub(super) const CONNECTION: Noun = Noun {
    table: "ec2.vpn-connection",
    prefix: "vpn",
    id: "VpnConnectionId",
    ids: "VpnConnectionIds",
    tags: "Tags",
    resource: "vpn-connection",
    missing: "InvalidVpnConnectionID.NotFound",
    malformed: "InvalidVpnConnectionID.Malformed",
    label: "vpnConnection",
    filters: &[
        ("customer-gateway-id", "CustomerGatewayId"),
        ("state", "State"),
        ("transit-gateway-id", "TransitGatewayId"),
        ("type", "Type"),
        ("vpn-connection-id", "VpnConnectionId"),
        ("vpn-gateway-id", "VpnGatewayId"),
    ],
};

/// `DescribeVpnConnections`: has no pages.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    CONNECTION.describe(world, rq, "VpnConnections", |world, row| {
        let mut row = plain(world, row);
        if let Some(members) = row.as_object_mut() {
            members.retain(|name, _| !name.starts_with('_'));
        }
        row
    })
}

/// `EnableVgwRoutePropagation`: the gateway must be attached to the table's VPC.
pub(super) fn enable(world: &mut World, rq: &Request<'_>) -> Reply {
    let (gateway, table) = (rq.text("GatewayId"), rq.text("RouteTableId"));
    let vpc = TABLE.get(world, rq, table)?["VpcId"].clone();
    let row = VPN.get(world, rq, gateway)?;
    let attached =
        vpc_of(row).is_some_and(|own| vpc == own) && row["VpcAttachments"][0]["State"] == "attached";
    if !attached {
        let vpc = vpc.as_str().unwrap_or_default();
        return Err(Fault::new(
            "Gateway.NotAttached",
            format!("resource {gateway} is not attached to {vpc}"),
        ));
    }
    let row = TABLE.get_mut(world, rq, table)?;
    let mut all = row["PropagatingVgws"].as_array().cloned().unwrap_or_default();
    if !all.iter().any(|one| one["GatewayId"] == gateway) {
        all.push(json!({"GatewayId": gateway}));
    }
    row["PropagatingVgws"] = json!(all);
    done()
}

/// `DisableVgwRoutePropagation`: where there is none, nothing changes.
pub(super) fn disable(world: &mut World, rq: &Request<'_>) -> Reply {
    let (gateway, table) = (rq.text("GatewayId"), rq.text("RouteTableId"));
    VPN.get(world, rq, gateway)?;
    let row = TABLE.get_mut(world, rq, table)?;
    if let Some(all) = row["PropagatingVgws"].as_array_mut() {
        all.retain(|one| one["GatewayId"] != gateway);
    }
    done()
}

/// Routes that come from the gateways whose routes a table takes: those of their connections.
pub(super) fn propagated(world: &World, table: &Json) -> Vec<Json> {
    let region = table["_region"].as_str().unwrap_or_default();
    let mut found = Vec::new();
    for gateway in table["PropagatingVgws"].as_array().into_iter().flatten() {
        let id = &gateway["GatewayId"];
        let of = |row: &Json| row["VpnGatewayId"] == *id && here(row, region);
        for (_, connection) in world.rows(CONNECTION.table).filter(|(_, row)| of(row)) {
            for route in connection["Routes"].as_array().into_iter().flatten() {
                found.push(json!({
                    "DestinationCidrBlock": route["DestinationCidrBlock"], "GatewayId": id,
                    "Origin": "EnableVgwRoutePropagation", "State": "active",
                }));
            }
        }
    }
    found
}
