//! `AWS::EC2::NatGateway`, of one zone or of a whole VPC. It takes minutes both ways, may fail long after the
//! call that made it, and keeps its Elastic IPs until it is gone.

use aws_sdk_ec2::types;
use serde_json::{Value as Json, json};

use super::{
    nat_addresses::{self, secondary},
    support::{NEW_SUBNET, described_by, ours_in},
    tags::{self, Tags, specification},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Once, PhysicalId, Retry, Tag, WaitPolicy},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State, compare,
        described::look, tags::Tagging,
    },
};

/// The type.
pub struct NatGateway;

crate::words!(types::AvailabilityMode, types::ConnectivityType);

crate::mirrored! {
    /// The properties.
    pub struct Props <= types::NatGateway {
        AllocationId: String, AvailabilityMode/availability_mode: String,
        AvailabilityZoneAddresses: Vec<AvailabilityZoneAddress>, ConnectivityType/connectivity_type: String,
        MaxDrainDurationSeconds: i32, PrivateIpAddress: String, SecondaryAllocationIds: Vec<String>,
        SecondaryPrivateIpAddressCount: i32, SecondaryPrivateIpAddresses: Vec<String>,
        SubnetId/subnet_id: String, Tags: Vec<Tag>, VpcId/vpc_id: String,
    }
    /// The Elastic IPs of a regional gateway in one zone.
    pub struct AvailabilityZoneAddress: types::AvailabilityZoneAddress
        = types::AvailabilityZoneAddress::builder().build() => {
        AllocationIds/allocation_ids: Vec<String>, AvailabilityZone/availability_zone: String,
        AvailabilityZoneId/availability_zone_id: String,
    }
}

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

/// Only those that are not over; a failed one is still ours to take away.
fn living(cx: &Cx<'_>) -> Vec<types::Filter> {
    ours_in(cx, "state", &["pending", "available", "failed"])
}

impl Described for NatGateway {
    type Props = Props;
    type Live = types::NatGateway;

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
        absent: &["NatGatewayNotFound"],
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
        once: Some(&[Once::Together(&["AllocationId"])]),
        leaves_interfaces: Some(std::time::Duration::from_secs(12 * 60)),
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

    described_by!(
        "DescribeNatGateways", describe_nat_gateways, nat_gateway_ids, "nat-gateway-id" => nat_gateways, set_filter, living
    );

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        Created { id: live.nat_gateway_id().unwrap_or_default().into(), attributes: attributes(live) }
    }

    fn state(live: &Self::Live) -> State {
        let state = live.state().map_or("pending", |state| state.as_str());
        let why = || {
            let parts = [live.failure_code(), live.failure_message()];
            let text = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
            if text.is_empty() { state.to_owned() } else { text }
        };
        match state {
            "available" => nat_addresses::state(live),
            "failed" => State::Failed(why()),
            "deleting" => State::Leaving(state.to_owned()),
            "deleted" => State::Gone(why()),
            _ => State::Pending(state.to_owned()),
        }
    }

    async fn tags(_cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Ok(tags::of(&live.tags))
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let own = |text: Option<&str>| text.map(ToOwned::to_owned);
        let first = primary(&live);
        let allocations: Vec<String> = secondary(&live).filter_map(|one| own(one.allocation_id())).collect();
        let ips: Vec<String> = secondary(&live).filter_map(|one| own(one.private_ip())).collect();
        let count = i32::try_from(ips.len()).ok();
        Ok(Props {
            AllocationId: own(first.and_then(|one| one.allocation_id())),
            AvailabilityZoneAddresses: nat_addresses::zones(&live, hint),
            PrivateIpAddress: own(first.and_then(|one| one.private_ip())),
            // AWS answers one list of addresses; how it came about only the hint tells.
            SecondaryAllocationIds: hint.SecondaryAllocationIds.as_ref().map(|_| allocations),
            SecondaryPrivateIpAddressCount: hint.SecondaryPrivateIpAddressCount.and(count),
            SecondaryPrivateIpAddresses: hint.SecondaryPrivateIpAddresses.as_ref().map(|_| ips),
            Tags: tags,
            ..Props::received(&live)
        })
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateNatGateway";
        let call = cx.sdk.ec2().create_nat_gateway().client_token(permit.token());
        let call = crate::pass!(OP, call, props => {
            set_allocation_id: AllocationId, set_availability_mode: AvailabilityMode,
            set_availability_zone_addresses: AvailabilityZoneAddresses, set_vpc_id: VpcId,
            set_connectivity_type: ConnectivityType, set_private_ip_address: PrivateIpAddress,
            set_secondary_allocation_ids: SecondaryAllocationIds,
            set_secondary_private_ip_address_count: SecondaryPrivateIpAddressCount,
            set_secondary_private_ip_addresses: SecondaryPrivateIpAddresses, set_subnet_id: SubnetId,
        });
        let tags = specification(cx, OP, types::ResourceType::Natgateway, props.Tags.as_ref())?;
        let gateway = call.tag_specifications(tags).send().await.map_err(op(OP))?.nat_gateway;
        let gateway = gateway.filter(|gateway| gateway.nat_gateway_id().is_some());
        Ok(Self::object(cx, &gateway.ok_or_else(|| OpError::missing(OP, "the gateway's id"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        if !ADDRESSES.iter().any(|name| change.has(name)) {
            return Ok(Progress::Done);
        }
        let gateway = look::<Self>(cx, id, change.new).await?;
        let gateway = gateway.ok_or_else(|| OpError::missing("DescribeNatGateways", "the gateway"))?;
        nat_addresses::settle(cx, &gateway, change.new).await
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.ec2().delete_nat_gateway().nat_gateway_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteNatGateway"))
    }
}
