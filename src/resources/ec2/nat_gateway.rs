//! `AWS::EC2::NatGateway`, of one zone or of a whole VPC. It takes minutes both ways, may fail long after the
//! call that made it, and keeps its Elastic IPs until it is gone.

use aws_sdk_ec2::types;
use serde_json::{Value as Json, json};

use super::{
    nat_addresses::{self, secondary},
    support::{NEW_SUBNET, deleted, filter, ours, pairs, retag, seen, specification, unless_absent},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, PhysicalId, Retry, Tag, WaitPolicy},
    props,
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare, mirror::sent},
};

/// The type.
pub struct NatGateway;

props! {
    /// The properties.
    pub struct Props {
        AllocationId: String,
        AvailabilityMode: String,
        AvailabilityZoneAddresses: Vec<AvailabilityZoneAddress>,
        ConnectivityType: String,
        MaxDrainDurationSeconds: i32,
        PrivateIpAddress: String,
        SecondaryAllocationIds: Vec<String>,
        SecondaryPrivateIpAddressCount: i32,
        SecondaryPrivateIpAddresses: Vec<String>,
        SubnetId: String,
        Tags: Vec<Tag>,
        VpcId: String,
    }
}

crate::mirrored! {
    /// The Elastic IPs of a regional gateway in one zone.
    pub struct AvailabilityZoneAddress: types::AvailabilityZoneAddress
        = types::AvailabilityZoneAddress::builder().build() => {
        AllocationIds/allocation_ids: Vec<String>, AvailabilityZone/availability_zone: String,
        AvailabilityZoneId/availability_zone_id: String,
    }
}

const ABSENT: &[&str] = &["NatGatewayNotFound"];
/// What only a gateway of one zone takes.
const ZONAL: &[&str] = &[
    "AllocationId",
    "PrivateIpAddress",
    "SecondaryAllocationIds",
    "SecondaryPrivateIpAddressCount",
    "SecondaryPrivateIpAddresses",
    "SubnetId",
];
/// What only a gateway of a whole VPC takes.
const REGIONAL: &[&str] = &["AvailabilityZoneAddresses", "VpcId"];
/// What settles the addresses of a gateway that is there.
const ADDRESSES: &[&str] = &[
    "AvailabilityZoneAddresses",
    "SecondaryAllocationIds",
    "SecondaryPrivateIpAddressCount",
    "SecondaryPrivateIpAddresses",
];

/// The address a zonal gateway was made with.
fn primary(gateway: &types::NatGateway) -> Option<&types::NatGatewayAddress> {
    if nat_addresses::is_regional(gateway) {
        return None;
    }
    let addresses = gateway.nat_gateway_addresses();
    addresses.iter().find(|one| one.is_primary() == Some(true)).or(addresses.first())
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
            "ec2:AssignPrivateNatGatewayAddress",
            "ec2:AssociateNatGatewayAddress",
            "ec2:CreateNatGateway",
            "ec2:CreateTags",
            "ec2:DeleteNatGateway",
            "ec2:DeleteTags",
            "ec2:DescribeNatGateways",
            "ec2:DisassociateNatGatewayAddress",
            "ec2:UnassignPrivateNatGatewayAddress",
        ],
        ..Facts::new("AWS::EC2::NatGateway", "ec2")
    };

    /// Whether AWS chooses the addresses of a regional gateway is settled once.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut replaced = compare::create_only(Self::FACTS.kind, change.changed);
        let chosen = |props: &Props| props.AvailabilityZoneAddresses.is_some();
        if chosen(change.old) != chosen(change.new) {
            replaced.push("AvailabilityZoneAddresses".into());
        }
        replaced
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let private = props["ConnectivityType"] == "private";
        let regional = props["AvailabilityMode"] == "regional";
        let mut problems: Vec<(String, String)> = Vec::new();
        let mut problem = |property: &str, why: &str| problems.push((property.into(), why.into()));
        for name in if regional { ZONAL } else { REGIONAL }.iter().filter(|name| !props[**name].is_null()) {
            let word = if regional { "zonal" } else { "regional" };
            problem(name, &format!("only a {word} NAT gateway takes it (AvailabilityMode)"));
        }
        if regional {
            if private {
                problem("ConnectivityType", "a regional NAT gateway is public");
            }
            if props["VpcId"].is_null() {
                problem("VpcId", "a regional NAT gateway needs a VPC");
            }
            return problems;
        }
        if props["SubnetId"].is_null() {
            problem("SubnetId", "a zonal NAT gateway needs a subnet");
        }
        if !private && props["AllocationId"].is_null() {
            problem("AllocationId", "a public NAT gateway needs an Elastic IP");
        }
        if private && !props["AllocationId"].is_null() {
            problem("AllocationId", "a private NAT gateway takes no Elastic IP");
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
            (Goal::Ready, "available") => match nat_addresses::unsettled(&gateway) {
                Some(unsettled) => unsettled,
                None => Probe::Reached(attributes(&gateway)),
            },
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
            AvailabilityMode: gateway.availability_mode().map(|mode| mode.as_str().to_owned()),
            AvailabilityZoneAddresses: nat_addresses::zones(&gateway, hint),
            ConnectivityType: gateway.connectivity_type().map(|kind| kind.as_str().to_owned()),
            MaxDrainDurationSeconds: None,
            PrivateIpAddress: own(first.and_then(|one| one.private_ip())),
            // AWS answers one list of addresses; how it came about only the hint tells.
            SecondaryAllocationIds: hint.SecondaryAllocationIds.as_ref().map(|_| allocations),
            SecondaryPrivateIpAddressCount: hint
                .SecondaryPrivateIpAddressCount
                .and_then(|_| i32::try_from(ips.len()).ok()),
            SecondaryPrivateIpAddresses: hint.SecondaryPrivateIpAddresses.as_ref().map(|_| ips),
            SubnetId: own(gateway.subnet_id()),
            Tags: cx.own_tags(pairs(gateway.tags())),
            VpcId: own(gateway.vpc_id()),
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
            .set_availability_mode(props.AvailabilityMode.as_deref().map(Into::into))
            .set_availability_zone_addresses(sent(OP, props.AvailabilityZoneAddresses.as_ref())?)
            .set_vpc_id(props.VpcId.clone())
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
        if !ADDRESSES.iter().any(|name| change.has(name)) {
            return Ok(Progress::Done);
        }
        let gateway = get(cx, id.as_str()).await?;
        let gateway = gateway.ok_or_else(|| OpError::missing("DescribeNatGateways", "the gateway"))?;
        nat_addresses::settle(cx, &gateway, change.new).await
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
