//! The addresses of a NAT gateway besides its first: which there are, which are wanted, and the calls between.

use aws_sdk_ec2::types::{self, NatGatewayAddressStatus as Status};

use super::nat_gateway::{AvailabilityZoneAddress, Props};
use crate::{
    aws::{OpError, op},
    resources::{Cx, Progress, State},
};

/// Whether the gateway is one for all zones of its VPC.
pub(super) fn is_regional(gateway: &types::NatGateway) -> bool {
    gateway.availability_mode() == Some(&types::AvailabilityMode::Regional)
}

/// The addresses that can come and go; of a regional gateway all.
pub(super) fn secondary(gateway: &types::NatGateway) -> impl Iterator<Item = &types::NatGatewayAddress> {
    let regional = is_regional(gateway);
    let all = gateway.nat_gateway_addresses().iter();
    all.filter(move |one| {
        (regional || one.is_primary() == Some(false)) && one.status() != Some(&Status::Failed)
    })
}

/// What an available gateway still waits for, or what has failed.
pub(super) fn state(gateway: &types::NatGateway) -> State {
    let unsettled = gateway.nat_gateway_addresses().iter().find_map(|one| match one.status()? {
        Status::Succeeded => None,
        Status::Failed => {
            let name = one.allocation_id().or(one.private_ip()).unwrap_or("an address");
            Some(State::Failed(format!("{name}: {}", one.failure_message().unwrap_or("not associated"))))
        }
        status => Some(State::Pending(status.as_str().to_owned())),
    });
    unsettled.unwrap_or(State::Ready)
}

/// The addresses of a regional gateway whose addresses AWS does not choose, by zone. Zones are named as the
/// template names them.
pub(super) fn zones(gateway: &types::NatGateway, hint: &Props) -> Option<Vec<AvailabilityZoneAddress>> {
    if !is_regional(gateway)
        || gateway.auto_provision_zones() == Some(&types::AutoProvisionZonesState::Enabled)
    {
        return None;
    }
    let by_id = |id: &str| {
        let mut hints = hint.AvailabilityZoneAddresses.iter().flatten();
        hints.any(|zone| zone.AvailabilityZoneId.as_deref() == Some(id))
    };
    let mut zones: Vec<AvailabilityZoneAddress> = Vec::new();
    for one in secondary(gateway) {
        let id = one.availability_zone_id().filter(|id| by_id(id)).map(ToOwned::to_owned);
        let name = if id.is_some() { None } else { one.availability_zone().map(ToOwned::to_owned) };
        let at = zones.iter().position(|zone| zone.AvailabilityZone == name && zone.AvailabilityZoneId == id);
        let at = at.unwrap_or_else(|| {
            zones.push(AvailabilityZoneAddress {
                AllocationIds: Some(Vec::new()),
                AvailabilityZone: name,
                AvailabilityZoneId: id,
            });
            zones.len() - 1
        });
        let allocations = zones[at].AllocationIds.get_or_insert_default();
        allocations.extend(one.allocation_id().map(ToOwned::to_owned));
    }
    Some(zones)
}

/// An address that the gateway should have.
#[derive(Default)]
struct Wanted<'p> {
    allocation: &'p str,
    ip: Option<&'p str>,
    zone: Option<&'p str>,
    zone_id: Option<&'p str>,
}

impl Wanted<'_> {
    fn is(&self, live: &types::NatGatewayAddress) -> bool {
        let agrees = |wanted: Option<&str>, live: Option<&str>| wanted.is_none() || wanted == live;
        live.allocation_id() == Some(self.allocation)
            && agrees(self.ip, live.private_ip())
            && agrees(self.zone, live.availability_zone())
            && agrees(self.zone_id, live.availability_zone_id())
    }

    /// Whether its Elastic IP or its private address is still used for something else.
    fn is_held(&self, live: &types::NatGatewayAddress) -> bool {
        live.allocation_id() == Some(self.allocation) || (self.ip.is_some() && live.private_ip() == self.ip)
    }
}

/// Elastic IPs go with private addresses by their positions.
fn wanted<'p>(props: &'p Props, regional: bool) -> Vec<Wanted<'p>> {
    if regional {
        let zones = props.AvailabilityZoneAddresses.iter().flatten();
        return zones
            .flat_map(|zone| {
                zone.AllocationIds.iter().flatten().map(|allocation| Wanted {
                    allocation,
                    zone: zone.AvailabilityZone.as_deref(),
                    zone_id: zone.AvailabilityZoneId.as_deref(),
                    ..Wanted::default()
                })
            })
            .collect();
    }
    let mut ips = props.SecondaryPrivateIpAddresses.iter().flatten();
    let allocations = props.SecondaryAllocationIds.iter().flatten();
    allocations
        .map(|allocation| Wanted { allocation, ip: ips.next().map(String::as_str), ..Wanted::default() })
        .collect()
}

/// Brings the addresses to what the properties say. What must be free first waits for the next call.
pub(super) async fn settle(
    cx: &Cx<'_>,
    gateway: &types::NatGateway,
    props: &Props,
) -> Result<Progress, OpError> {
    let id = gateway.nat_gateway_id().unwrap_or_default();
    if gateway.connectivity_type() == Some(&types::ConnectivityType::Private) {
        return settle_private(cx, id, gateway, props).await;
    }
    let wanted = wanted(props, is_regional(gateway));
    let live: Vec<&types::NatGatewayAddress> = secondary(gateway).collect();
    if draining(&live) {
        return Ok(released(&live));
    }
    for one in wanted.iter().filter(|one| !live.iter().any(|live| one.is_held(live))) {
        let call = cx.sdk.ec2().associate_nat_gateway_address().nat_gateway_id(id);
        let call = call
            .allocation_ids(one.allocation)
            .set_private_ip_addresses(one.ip.map(|ip| vec![ip.to_owned()]))
            .set_availability_zone(one.zone.map(ToOwned::to_owned))
            .set_availability_zone_id(one.zone_id.map(ToOwned::to_owned));
        call.send().await.map_err(op("AssociateNatGatewayAddress"))?;
    }
    let extra: Vec<_> = live.into_iter().filter(|live| !wanted.iter().any(|one| one.is(live))).collect();
    let leaving: Vec<String> = settled(&extra).filter_map(|one| one.association_id.clone()).collect();
    if !leaving.is_empty() {
        let call = cx.sdk.ec2().disassociate_nat_gateway_address().nat_gateway_id(id);
        let call = call.set_association_ids(Some(leaving));
        let call = call.set_max_drain_duration_seconds(props.MaxDrainDurationSeconds);
        call.send().await.map_err(op("DisassociateNatGatewayAddress"))?;
    }
    Ok(released(&extra))
}

/// Whether an address is on its way out: until it is gone EC2 takes no other away and gives none.
fn draining(live: &[&types::NatGatewayAddress]) -> bool {
    live.iter().any(|one| matches!(one.status(), Some(Status::Disassociating | Status::Unassigning)))
}

/// Addresses that no call is at work on.
fn settled<'a>(extra: &'a [&types::NatGatewayAddress]) -> impl Iterator<Item = &'a types::NatGatewayAddress> {
    extra.iter().copied().filter(|one| one.status().is_none_or(|status| *status == Status::Succeeded))
}

fn released(extra: &[&types::NatGatewayAddress]) -> Progress {
    if extra.is_empty() {
        Progress::Done
    } else {
        Progress::Again("draining connections of addresses".into())
    }
}

/// A private gateway has addresses of its subnet only, given one by one or as a number.
async fn settle_private(
    cx: &Cx<'_>,
    id: &str,
    gateway: &types::NatGateway,
    props: &Props,
) -> Result<Progress, OpError> {
    let live: Vec<&types::NatGatewayAddress> = secondary(gateway).collect();
    if draining(&live) {
        return Ok(released(&live));
    }
    let has = |ip: &str| live.iter().any(|one| one.private_ip() == Some(ip));
    let listed: Vec<String> = props.SecondaryPrivateIpAddresses.clone().unwrap_or_default();
    let missing: Vec<String> = listed.iter().filter(|ip| !has(ip)).cloned().collect();
    let number =
        usize::try_from(props.SecondaryPrivateIpAddressCount.unwrap_or_default()).unwrap_or_default();
    let lacking = i32::try_from(number.saturating_sub(live.len())).unwrap_or_default();
    if lacking > 0 || !missing.is_empty() {
        let call = cx.sdk.ec2().assign_private_nat_gateway_address().nat_gateway_id(id);
        let call = if lacking > 0 {
            call.private_ip_address_count(lacking)
        } else {
            call.set_private_ip_addresses(Some(missing))
        };
        call.send().await.map_err(op("AssignPrivateNatGatewayAddress"))?;
    }
    let extra: Vec<&types::NatGatewayAddress> = match props.SecondaryPrivateIpAddressCount {
        Some(_) => live.into_iter().skip(number).collect(),
        None => {
            let wanted = |ip: &str| listed.iter().any(|other| other == ip);
            live.into_iter().filter(|one| !one.private_ip().is_some_and(wanted)).collect()
        }
    };
    let leaving: Vec<String> = settled(&extra).filter_map(|one| one.private_ip.clone()).collect();
    if !leaving.is_empty() {
        let call = cx.sdk.ec2().unassign_private_nat_gateway_address().nat_gateway_id(id);
        let call = call.set_private_ip_addresses(Some(leaving));
        let call = call.set_max_drain_duration_seconds(props.MaxDrainDurationSeconds);
        call.send().await.map_err(op("UnassignPrivateNatGatewayAddress"))?;
    }
    Ok(released(&extra))
}
