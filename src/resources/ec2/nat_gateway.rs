//! `AWS::EC2::NatGateway` of one zone. It takes minutes both ways, may fail long after the call that made it,
//! and keeps its Elastic IP until it is gone.

use aws_sdk_ec2::types;
use serde_json::json;

use super::support::{NEW_SUBNET, deleted, filter, ours, pairs, retag, seen, specification, unless_absent};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    props,
    resources::{
        Attributes, Change, Created, Cx, Facts, Found, Goal, PhysicalId, Probe, Progress, ResourceType,
        Retry, WaitPolicy, compare, shape::Tag,
    },
};

/// The type.
pub struct NatGateway;

props! {
    /// The properties.
    pub struct Props {
        AllocationId: String,
        ConnectivityType: String,
        PrivateIpAddress: String,
        SecondaryAllocationIds: Vec<String>,
        SecondaryPrivateIpAddressCount: i32,
        SecondaryPrivateIpAddresses: Vec<String>,
        SubnetId: String,
        Tags: Vec<Tag>,
    }
}

const ABSENT: &[&str] = &["NatGatewayNotFound"];
const SECONDARY: &[&str] =
    &["SecondaryAllocationIds", "SecondaryPrivateIpAddressCount", "SecondaryPrivateIpAddresses"];

fn primary(gateway: &types::NatGateway) -> Option<&types::NatGatewayAddress> {
    let addresses = gateway.nat_gateway_addresses();
    addresses.iter().find(|one| one.is_primary() == Some(true)).or(addresses.first())
}

fn secondary(gateway: &types::NatGateway) -> impl Iterator<Item = &types::NatGatewayAddress> {
    gateway.nat_gateway_addresses().iter().filter(|one| one.is_primary() == Some(false))
}

fn attributes(gateway: &types::NatGateway) -> Attributes {
    let id = gateway.nat_gateway_id().unwrap_or_default();
    let mut attributes = Attributes::from([("Ref".into(), json!(id)), ("NatGatewayId".into(), json!(id))]);
    let eni = primary(gateway).and_then(|address| address.network_interface_id());
    let zones = gateway.auto_provision_zones().map(|state| state.as_str());
    let ips = gateway.auto_scaling_ips().map(|state| state.as_str());
    let table = gateway.route_table_id();
    for (name, value) in
        [("EniId", eni), ("AutoProvisionZones", zones), ("AutoScalingIps", ips), ("RouteTableId", table)]
    {
        if let Some(value) = value {
            attributes.insert(name.into(), json!(value));
        }
    }
    attributes
}

fn over(gateway: &types::NatGateway) -> bool {
    matches!(gateway.state(), Some(types::NatGatewayState::Deleting | types::NatGatewayState::Deleted))
}

async fn get(cx: &Cx<'_>, id: &str) -> Result<Option<types::NatGateway>, OpError> {
    let call = cx.sdk.ec2().describe_nat_gateways().nat_gateway_ids(id);
    let answer = call.send().await.map_err(op("DescribeNatGateways"));
    Ok(unless_absent(answer, ABSENT)?.and_then(|page| page.nat_gateways().first().cloned()))
}

impl ResourceType for NatGateway {
    type Props = Props;

    const FACTS: Facts = Facts {
        ready: Some(WaitPolicy::secs(100, 5, 900)),
        gone: Some(WaitPolicy::secs(60, 5, 900)),
        retry: &[
            NEW_SUBNET,
            Retry {
                code: "InvalidAllocationID.NotFound",
                message: "",
                why: "the new Elastic IP is not visible yet",
            },
        ],
        iam: &[
            "ec2:CreateNatGateway",
            "ec2:CreateTags",
            "ec2:DeleteNatGateway",
            "ec2:DeleteTags",
            "ec2:DescribeNatGateways",
        ],
        ..Facts::new(
            "AWS::EC2::NatGateway",
            "ec2",
            include_str!("../../schema/types/aws-ec2-natgateway.json"),
        )
    };

    /// Secondary addresses are given once.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut replaced = compare::create_only(Self::FACTS.kind, change.changed);
        replaced.extend(SECONDARY.iter().filter(|name| change.has(name)).map(|name| (*name).to_owned()));
        replaced
    }

    fn check(props: &serde_json::Value) -> Vec<(String, String)> {
        let private = props["ConnectivityType"] == "private";
        let mut problems = Vec::new();
        if props["SubnetId"].is_null() {
            problems.push(("SubnetId".into(), "a zonal NAT gateway needs a subnet".into()));
        }
        if !private && props["AllocationId"].is_null() {
            problems.push(("AllocationId".into(), "a public NAT gateway needs an Elastic IP".into()));
        }
        if private && !props["AllocationId"].is_null() {
            problems.push(("AllocationId".into(), "a private NAT gateway takes no Elastic IP".into()));
        }
        problems
    }

    async fn find(cx: &Cx<'_>, _props: &Props) -> Result<Option<Found>, OpError> {
        let mut filters = ours(cx);
        let mut living = filter("state", "pending");
        living.values.get_or_insert_default().extend(["available".to_owned(), "failed".to_owned()]);
        filters.push(living);
        let call = cx.sdk.ec2().describe_nat_gateways().set_filter(Some(filters));
        let page = call.send().await.map_err(op("DescribeNatGateways"))?;
        Ok(page.nat_gateways().first().map(|gateway| Found {
            id: gateway.nat_gateway_id().unwrap_or_default().into(),
            attributes: attributes(gateway),
            ownership: cx.owns(pairs(gateway.tags())),
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let Some(gateway) = get(cx, id.as_str()).await? else { return Ok(seen(None, goal)) };
        let state = gateway.state().map_or("pending", |state| state.as_str());
        let why = || {
            let parts = [gateway.failure_code(), gateway.failure_message()];
            let text = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
            if text.is_empty() { state.to_owned() } else { text }
        };
        Ok(match (goal, state) {
            (Goal::Ready, "available") => Probe::Reached(attributes(&gateway)),
            (Goal::Ready, "failed" | "deleting" | "deleted") => Probe::Failed(why()),
            (Goal::Gone, "deleted") => Probe::Reached(Attributes::new()),
            _ => Probe::Pending(state.to_owned()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(gateway) = get(cx, id.as_str()).await?.filter(|gateway| !over(gateway)) else {
            return Ok(None);
        };
        let own = |text: Option<&str>| text.map(ToOwned::to_owned);
        let first = primary(&gateway);
        let allocations: Vec<String> =
            secondary(&gateway).filter_map(|one| own(one.allocation_id())).collect();
        let ips: Vec<String> = secondary(&gateway).filter_map(|one| own(one.private_ip())).collect();
        Ok(Some(Props {
            AllocationId: own(first.and_then(|one| one.allocation_id())),
            ConnectivityType: gateway.connectivity_type().map(|kind| kind.as_str().to_owned()),
            PrivateIpAddress: own(first.and_then(|one| one.private_ip())),
            // AWS answers one list of addresses; how it came about only the hint tells.
            SecondaryAllocationIds: hint.SecondaryAllocationIds.as_ref().map(|_| allocations),
            SecondaryPrivateIpAddressCount: hint
                .SecondaryPrivateIpAddressCount
                .and_then(|_| i32::try_from(ips.len()).ok()),
            SecondaryPrivateIpAddresses: hint.SecondaryPrivateIpAddresses.as_ref().map(|_| ips),
            SubnetId: own(gateway.subnet_id()),
            Tags: cx.own_tags(pairs(gateway.tags())),
        }))
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateNatGateway";
        let call = cx
            .sdk
            .ec2()
            .create_nat_gateway()
            .client_token(permit.token())
            .set_allocation_id(props.AllocationId.clone())
            .set_connectivity_type(props.ConnectivityType.as_deref().map(Into::into))
            .set_private_ip_address(props.PrivateIpAddress.clone())
            .set_secondary_allocation_ids(props.SecondaryAllocationIds.clone())
            .set_secondary_private_ip_address_count(props.SecondaryPrivateIpAddressCount)
            .set_secondary_private_ip_addresses(props.SecondaryPrivateIpAddresses.clone())
            .set_subnet_id(props.SubnetId.clone())
            .tag_specifications(specification(cx, types::ResourceType::Natgateway, props.Tags.as_ref()));
        let answer = call.send().await.map_err(op(OP))?;
        let gateway = answer.nat_gateway().ok_or_else(|| OpError::missing(OP, "the gateway"))?;
        let id = gateway.nat_gateway_id().ok_or_else(|| OpError::missing(OP, "the gateway's id"))?;
        Ok(Created { id: id.into(), attributes: attributes(gateway) })
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        retag(cx, id.as_str(), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.ec2().delete_nat_gateway().nat_gateway_id(id.as_str());
        deleted(call.send().await.map_err(op("DeleteNatGateway")), ABSENT)
    }
}
