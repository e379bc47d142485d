//! `AWS::EC2::VPNGatewayRoutePropagation`: the routes that a virtual private gateway learns appear in route tables.

use serde_json::json;

use super::support::{NEW_TABLE, filter};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Identity, OnConflict, PhysicalId, Retry},
    resources::{Change, Created, Cx, Described, Outcome, OwnTags, Progress},
};

crate::props! {
    /// The properties.
    pub struct Props { RouteTableIds: Vec<String>, VpnGatewayId: String }
}

/// The type. AWS has no handle for it: ours is the gateway and the table that came first.
pub struct VpnGatewayRoutePropagation;

/// Tables that take the gateway's routes.
pub struct Live {
    id: PhysicalId,
    gateway: String,
    tables: Vec<String>,
}

fn object(id: &PhysicalId) -> Created {
    Created {
        id: id.clone(),
        attributes: ["Ref", "Id"].map(|name| (name.to_owned(), json!(id.as_str()))).into(),
    }
}

fn handle(props: &Props) -> Option<PhysicalId> {
    let first = props.RouteTableIds.as_ref()?.first()?;
    Some(format!("{}|{first}", props.VpnGatewayId.as_deref()?).as_str().into())
}

/// Every pair of gateway and table.
fn pairs(props: &Props) -> Vec<(&str, &str)> {
    let gateway = props.VpnGatewayId.as_deref().unwrap_or_default();
    props.RouteTableIds.iter().flatten().map(|table| (gateway, table.as_str())).collect()
}

async fn disable(cx: &Cx<'_>, gateway: &str, table: &str) -> Result<(), OpError> {
    let call = cx.sdk.ec2().disable_vgw_route_propagation().gateway_id(gateway).route_table_id(table);
    match call.send().await.map_err(op("DisableVgwRoutePropagation")) {
        // Where the table or the gateway is gone, so is this.
        Err(error) if error.is(VpnGatewayRoutePropagation::FACTS.absent) => Ok(()),
        answer => answer.map(drop),
    }
}

async fn enable(cx: &Cx<'_>, gateway: &str, table: &str) -> Result<(), OpError> {
    let call = cx.sdk.ec2().enable_vgw_route_propagation().gateway_id(gateway).route_table_id(table);
    call.send().await.map(drop).map_err(op("EnableVgwRoutePropagation"))
}

impl Described for VpnGatewayRoutePropagation {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        on_conflict: OnConflict::Overwrites,
        configures: true,
        early: &["Id", "Ref"],
        retry: &[
            NEW_TABLE,
            // hashicorp/terraform-provider-aws, internal/service/ec2/vpn_gateway_route_propagation.go.
            Retry {
                code: "Gateway.NotAttached",
                message: "",
                why: "the gateway is still being attached to the VPC",
            },
        ],
        absent: &["InvalidRouteTableID.NotFound", "InvalidVpnGatewayID.NotFound"],
        silent_delete: Some("DisableVgwRoutePropagation of what is not propagated succeeds"),
        iam: &["ec2:DescribeRouteTables", "ec2:DisableVgwRoutePropagation", "ec2:EnableVgwRoutePropagation"],
        ..Facts::new("AWS::EC2::VPNGatewayRoutePropagation", "ec2")
    };

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        handle(props)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let wanted = hint.RouteTableIds.clone().unwrap_or_default();
        let gateway = hint.VpnGatewayId.clone().unwrap_or_default();
        if wanted.is_empty() {
            return Ok(None);
        }
        let mut named = filter("route-table-id", &wanted[0]);
        named.values = Some(wanted.clone());
        let call = cx.sdk.ec2().describe_route_tables().filters(named).into_paginator();
        let all = call.items().send().try_collect().await.map_err(op("DescribeRouteTables"))?;
        let takes = |table: &&String| {
            let table = all.iter().find(|one| one.route_table_id() == Some(table.as_str()));
            table.is_some_and(|one| {
                one.propagating_vgws().iter().any(|vgw| vgw.gateway_id() == Some(&gateway))
            })
        };
        let tables: Vec<String> = wanted.iter().filter(takes).cloned().collect();
        Ok((!tables.is_empty()).then(|| Live { id: id.clone(), gateway, tables }))
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(&live.id)
    }

    async fn props(_: &Cx<'_>, live: Self::Live, _: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(Props { RouteTableIds: Some(live.tables), VpnGatewayId: Some(live.gateway) })
    }

    /// The first table; the others are settings.
    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "EnableVgwRoutePropagation";
        let id = handle(props).ok_or_else(|| OpError::not_sent(OP, "no route table is named"))?;
        if let Some((gateway, table)) = pairs(props).first() {
            enable(cx, gateway, table).await?;
        }
        Ok(object(&id))
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, _id: &PhysicalId, props: &Props) -> Outcome {
        for (gateway, table) in pairs(props).into_iter().skip(1) {
            enable(cx, gateway, table).await?;
        }
        Ok(Progress::Done)
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, _id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let (old, new) = (pairs(change.old), pairs(change.new));
        for (gateway, table) in new.iter().filter(|pair| !old.contains(pair)) {
            enable(cx, gateway, table).await?;
        }
        for (gateway, table) in old.iter().filter(|pair| !new.contains(pair)) {
            disable(cx, gateway, table).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, _id: &PhysicalId, props: &Props) -> Outcome {
        for (gateway, table) in pairs(props) {
            disable(cx, gateway, table).await?;
        }
        Ok(Progress::Done)
    }
}
