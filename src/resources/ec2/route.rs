//! `AWS::EC2::Route`. Table and destination are the natural key, written `rtb-...|0.0.0.0/0`.

use std::collections::BTreeSet;

use aws_sdk_ec2::types;
use serde_json::{Value as Json, json};

use super::{
    RouteTable,
    support::{MANY, NEW_TABLE},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, Once, PhysicalId, Retry, Stored},
    props,
    resources::{Asked, Change, Created, Cx, Described, Outcome, OwnTags, Progress, compare, described},
};

/// The type.
pub struct Route;

props! {
    /// The properties.
    pub struct Props {
        CarrierGatewayId: String,
        CoreNetworkArn: String,
        DestinationCidrBlock: String,
        DestinationIpv6CidrBlock: String,
        DestinationPrefixListId: String,
        EgressOnlyInternetGatewayId: String,
        GatewayId: String,
        InstanceId: String,
        LocalGatewayId: String,
        NatGatewayId: String,
        NetworkInterfaceId: String,
        OdbNetworkArn: String,
        RouteTableId: String,
        TransitGatewayId: String,
        VpcEndpointId: String,
        VpcPeeringConnectionId: String,
    }
}

const DESTINATIONS: &[&str] =
    &["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];

/// Passes all targets to a call; `CreateRoute` and `ReplaceRoute` name them alike.
macro_rules! with_target {
    ($call:expr, $props:expr) => {
        $call
            .set_carrier_gateway_id($props.CarrierGatewayId.clone())
            .set_core_network_arn($props.CoreNetworkArn.clone())
            .set_egress_only_internet_gateway_id($props.EgressOnlyInternetGatewayId.clone())
            .set_gateway_id($props.GatewayId.clone())
            .set_instance_id($props.InstanceId.clone())
            .set_local_gateway_id($props.LocalGatewayId.clone())
            .set_nat_gateway_id($props.NatGatewayId.clone())
            .set_network_interface_id($props.NetworkInterfaceId.clone())
            .set_odb_network_arn($props.OdbNetworkArn.clone())
            .set_transit_gateway_id($props.TransitGatewayId.clone())
            .set_vpc_endpoint_id($props.VpcEndpointId.clone())
            .set_vpc_peering_connection_id($props.VpcPeeringConnectionId.clone())
    };
}

/// A block as EC2 keeps it: without host bits.
fn canonical(block: &str) -> String {
    block.parse::<ipnet::IpNet>().map_or_else(|_| block.to_owned(), |net| net.trunc().to_string())
}

impl Props {
    fn table(&self) -> &str {
        self.RouteTableId.as_deref().unwrap_or_default()
    }

    fn destination(&self) -> String {
        let blocks = [&self.DestinationCidrBlock, &self.DestinationIpv6CidrBlock];
        let block = blocks.into_iter().flatten().next().map(|block| canonical(block));
        block.or_else(|| self.DestinationPrefixListId.clone()).unwrap_or_default()
    }

    fn targets(&self) -> [&Option<String>; 12] {
        [
            &self.CarrierGatewayId,
            &self.CoreNetworkArn,
            &self.EgressOnlyInternetGatewayId,
            &self.GatewayId,
            &self.InstanceId,
            &self.LocalGatewayId,
            &self.NatGatewayId,
            &self.NetworkInterfaceId,
            &self.OdbNetworkArn,
            &self.TransitGatewayId,
            &self.VpcEndpointId,
            &self.VpcPeeringConnectionId,
        ]
    }

    fn id(&self) -> PhysicalId {
        format!("{}|{}", self.table(), self.destination()).into()
    }
}

fn object(id: PhysicalId) -> Created {
    let destination = id.parts().get(1).copied().unwrap_or_default();
    let attributes =
        Attributes::from([("Ref".into(), json!(id.as_str())), ("CidrBlock".into(), json!(destination))]);
    Created { attributes, id }
}

fn leads_to(route: &types::Route, destination: &str) -> bool {
    [route.destination_cidr_block(), route.destination_ipv6_cidr_block(), route.destination_prefix_list_id()]
        .contains(&Some(destination))
}

/// A route and the table it stands in.
pub struct Live {
    table: String,
    route: types::Route,
}

/// The route in the schema's terms. EC2 shows an endpoint as a gateway, and an instance's interface with it.
fn shown(table: &str, route: &types::Route) -> Props {
    let own = |text: Option<&str>| text.map(ToOwned::to_owned);
    let (endpoint, gateway) = match route.gateway_id() {
        Some(id) if id.starts_with("vpce-") => (Some(id), None),
        other => (None, other),
    };
    let instance = route.instance_id();
    Props {
        CarrierGatewayId: own(route.carrier_gateway_id()),
        CoreNetworkArn: own(route.core_network_arn()),
        DestinationCidrBlock: own(route.destination_cidr_block()),
        DestinationIpv6CidrBlock: own(route.destination_ipv6_cidr_block()),
        DestinationPrefixListId: own(route.destination_prefix_list_id()),
        EgressOnlyInternetGatewayId: own(route.egress_only_internet_gateway_id()),
        GatewayId: own(gateway),
        InstanceId: own(instance),
        LocalGatewayId: own(route.local_gateway_id()),
        NatGatewayId: own(route.nat_gateway_id()),
        NetworkInterfaceId: own(route.network_interface_id().filter(|_| instance.is_none())),
        OdbNetworkArn: own(route.odb_network_arn()),
        RouteTableId: own(Some(table)),
        TransitGatewayId: own(route.transit_gateway_id()),
        VpcEndpointId: own(endpoint),
        VpcPeeringConnectionId: own(route.vpc_peering_connection_id()),
    }
}

impl Described for Route {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        early: &["CidrBlock", "Ref"],
        retry: &[
            NEW_TABLE,
            Retry {
                code: "InvalidGatewayID.NotFound",
                message: "",
                why: "the new gateway is not visible yet",
            },
            Retry {
                code: "InvalidNatGatewayID.NotFound",
                message: "",
                why: "the new NAT gateway is not visible yet",
            },
        ],
        absent: &["InvalidRoute.NotFound", "InvalidRouteTableID.NotFound"],
        iam: &["ec2:CreateRoute", "ec2:DeleteRoute", "ec2:DescribeRouteTables", "ec2:ReplaceRoute"],
        stored: &[("DestinationCidrBlock", Stored::Network), ("DestinationIpv6CidrBlock", Stored::Network)],
        once: Some(&[Once::Together(&[
            "RouteTableId",
            "DestinationCidrBlock",
            "DestinationIpv6CidrBlock",
            "DestinationPrefixListId",
        ])]),
        ..Facts::new("AWS::EC2::Route", "ec2")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (DESTINATIONS.contains(&property), desired.as_str(), recorded.as_str()) {
            (true, Some(desired), Some(recorded)) => canonical(desired) == canonical(recorded),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let given = |names: &[&str]| names.iter().filter(|name| !props[**name].is_null()).count();
        if given(DESTINATIONS) != 1 {
            let message = "a route has exactly one destination".to_owned();
            return vec![("DestinationCidrBlock".into(), message)];
        }
        let members = props.as_object().map_or(0, serde_json::Map::len);
        if members - given(DESTINATIONS) - given(&["RouteTableId"]) != 1 {
            return vec![("GatewayId".into(), "a route has exactly one target".into())];
        }
        Vec::new()
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        Some(props.id())
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Live>, OpError> {
        let [table, destination] = id.parts()[..] else { return Ok(None) };
        let found = described::look::<RouteTable>(cx, &table.into(), &Default::default()).await?;
        let route = found.and_then(|table| {
            table.routes.unwrap_or_default().into_iter().find(|route| leads_to(route, destination))
        });
        Ok(route.map(|route| Live { table: table.to_owned(), route }))
    }

    const MANY: usize = MANY;

    /// The tables that the routes stand in.
    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let table = |one: &Asked<'_, Props>| one.id.parts().first().map(|table| PhysicalId::from(*table));
        let tables: BTreeSet<PhysicalId> = asked.iter().filter_map(table).collect();
        let hint = Default::default();
        let asked: Vec<Asked<'_, _>> = tables.iter().map(|id| Asked { id, hint: &hint }).collect();
        <RouteTable as Described>::gather(cx, &asked).await
    }

    fn object(_cx: &Cx<'_>, live: &Live) -> Created {
        object(shown(&live.table, &live.route).id())
    }

    fn fits(live: &Live, props: &Props) -> bool {
        shown(&live.table, &live.route).targets() == props.targets()
    }

    async fn props(_: &Cx<'_>, live: Live, _: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(shown(&live.table, &live.route))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let call = cx
            .sdk
            .ec2()
            .create_route()
            .set_route_table_id(props.RouteTableId.clone())
            .set_destination_cidr_block(props.DestinationCidrBlock.clone())
            .set_destination_ipv6_cidr_block(props.DestinationIpv6CidrBlock.clone())
            .set_destination_prefix_list_id(props.DestinationPrefixListId.clone());
        with_target!(call, props).send().await.map_err(op("CreateRoute"))?;
        Ok(object(props.id()))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, _id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let props = change.new;
        let call = cx
            .sdk
            .ec2()
            .replace_route()
            .set_route_table_id(props.RouteTableId.clone())
            .set_destination_cidr_block(props.DestinationCidrBlock.clone())
            .set_destination_ipv6_cidr_block(props.DestinationIpv6CidrBlock.clone())
            .set_destination_prefix_list_id(props.DestinationPrefixListId.clone());
        with_target!(call, props).send().await.map_err(op("ReplaceRoute"))?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, _id: &PhysicalId, props: &Props) -> Outcome {
        let call = cx
            .sdk
            .ec2()
            .delete_route()
            .set_route_table_id(props.RouteTableId.clone())
            .set_destination_cidr_block(props.DestinationCidrBlock.clone())
            .set_destination_ipv6_cidr_block(props.DestinationIpv6CidrBlock.clone())
            .set_destination_prefix_list_id(props.DestinationPrefixListId.clone());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteRoute"))
    }
}
