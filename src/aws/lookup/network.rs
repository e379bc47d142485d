//! EC2: connections, VPCs, subnets, security groups, images.

use std::{collections::BTreeMap, rc::Rc};

use aws_sdk_ec2::types::{Filter, ImageState, Tag, VpnState};

use super::{Candidate, Query};
use crate::aws::{OpError, Sdk, op};

fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()));
    tags.iter().filter_map(pair).collect()
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

/// Attributes that are set.
fn known<const N: usize>(pairs: [(&'static str, Option<&str>); N]) -> BTreeMap<&'static str, String> {
    pairs.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))).collect()
}

/// An object that has no name but its tag `Name`, which is how the console and the CDK's lookups know it.
fn named_by_tag(id: &str, all: &[Tag], about: Option<&str>) -> Candidate {
    let tags = tags(all);
    let names: Vec<String> = tags.get("Name").cloned().into_iter().collect();
    let about = names.iter().map(|name| format!("Name {name}")).chain(about.map(ToOwned::to_owned)).collect();
    Candidate { id: id.to_owned(), names, tags, about, ..Candidate::default() }
}

/// Connections; deleted ones are shown for a while (`DescribeVpnConnections`, member `State`).
pub(super) async fn vpn_connections(sdk: &Rc<Sdk>) -> Result<Vec<Candidate>, OpError> {
    let answer = sdk.ec2().describe_vpn_connections().send().await.map_err(op("DescribeVpnConnections"))?;
    let one = |connection: &aws_sdk_ec2::types::VpnConnection| {
        let id = connection.vpn_connection_id()?;
        let going =
            connection.state().filter(|state| matches!(state, VpnState::Deleted | VpnState::Deleting));
        let gateway = connection.vpn_gateway_id().or(connection.transit_gateway_id());
        let mut found = named_by_tag(id, connection.tags(), gateway);
        found.unusable = going.map(|state| format!("state {}", state.as_str()));
        found.attributes = known([
            ("VpnConnectionId", Some(id)),
            ("CustomerGatewayId", connection.customer_gateway_id()),
            ("TransitGatewayId", connection.transit_gateway_id()),
            ("VpnGatewayId", connection.vpn_gateway_id()),
        ]);
        Some(found)
    };
    Ok(answer.vpn_connections().iter().filter_map(one).collect())
}

pub(super) async fn vpcs(sdk: &Rc<Sdk>) -> Result<Vec<Candidate>, OpError> {
    let all = sdk.ec2().describe_vpcs().into_paginator().items().send();
    let all = all.try_collect().await.map_err(op("DescribeVpcs"))?;
    let one = |vpc: &aws_sdk_ec2::types::Vpc| {
        let id = vpc.vpc_id()?;
        let mut found = named_by_tag(id, vpc.tags(), vpc.cidr_block());
        if vpc.is_default() == Some(true) {
            found.about.push("the default VPC".into());
        }
        found.attributes = known([("VpcId", Some(id)), ("CidrBlock", vpc.cidr_block())]);
        Some(found)
    };
    Ok(all.iter().filter_map(one).collect())
}

pub(super) async fn subnets(sdk: &Rc<Sdk>) -> Result<Vec<Candidate>, OpError> {
    let all = sdk.ec2().describe_subnets().into_paginator().items().send();
    let all = all.try_collect().await.map_err(op("DescribeSubnets"))?;
    let one = |subnet: &aws_sdk_ec2::types::Subnet| {
        let id = subnet.subnet_id()?;
        let mut found = named_by_tag(id, subnet.tags(), subnet.vpc_id());
        found.about.extend(subnet.availability_zone().map(ToOwned::to_owned));
        found.vpcs = subnet.vpc_id().map(ToOwned::to_owned).into_iter().collect();
        found.attributes = known([
            ("SubnetId", Some(id)),
            ("AvailabilityZone", subnet.availability_zone()),
            ("CidrBlock", subnet.cidr_block()),
        ]);
        Some(found)
    };
    Ok(all.iter().filter_map(one).collect())
}

/// Groups have names of their own.
pub(super) async fn security_groups(sdk: &Rc<Sdk>) -> Result<Vec<Candidate>, OpError> {
    let all = sdk.ec2().describe_security_groups().into_paginator().items().send();
    let all = all.try_collect().await.map_err(op("DescribeSecurityGroups"))?;
    let one = |group: &aws_sdk_ec2::types::SecurityGroup| {
        let id = group.group_id()?;
        let text = |text: Option<&str>| text.map(ToOwned::to_owned).into_iter().collect::<Vec<_>>();
        Some(Candidate {
            id: id.to_owned(),
            names: text(group.group_name()),
            tags: tags(group.tags()),
            vpcs: text(group.vpc_id()),
            about: [text(group.group_name()), text(group.vpc_id())].concat(),
            attributes: known([
                ("GroupId", Some(id)),
                ("GroupName", group.group_name()),
                ("VpcId", group.vpc_id()),
            ]),
            ..Candidate::default()
        })
    };
    Ok(all.iter().filter_map(one).collect())
}

/// Images of an owner, or the one of that id. There are hundreds of thousands of public ones: EC2 narrows the search by
/// name itself, so that only what matches is seen.
pub(super) async fn images(sdk: &Rc<Sdk>, query: &Query) -> Result<Vec<Candidate>, OpError> {
    let mut filters = Vec::new();
    filters.extend(query.id.as_deref().map(|id| filter("image-id", id)));
    filters.extend(query.name.as_deref().map(|name| filter("name", name)));
    let all = sdk
        .ec2()
        .describe_images()
        .set_owners(query.owner.clone().map(|owner| vec![owner]))
        .set_filters((!filters.is_empty()).then_some(filters))
        .into_paginator()
        .items()
        .send();
    let all = all.try_collect().await.map_err(op("DescribeImages"))?;
    let one = |image: &aws_sdk_ec2::types::Image| {
        let id = image.image_id()?;
        let text = |text: Option<&str>| text.map(ToOwned::to_owned);
        let state = image.state().filter(|state| **state != ImageState::Available);
        let architecture = image.architecture().map(|architecture| architecture.as_str());
        Some(Candidate {
            id: id.to_owned(),
            names: text(image.name()).into_iter().collect(),
            tags: tags(image.tags()),
            made: text(image.creation_date()).unwrap_or_default(),
            unusable: state.map(|state| format!("state {}", state.as_str())),
            about: [text(image.name()), text(image.creation_date())].into_iter().flatten().collect(),
            attributes: known([
                ("ImageId", Some(id)),
                ("Architecture", architecture),
                ("Name", image.name()),
                ("RootDeviceName", image.root_device_name()),
            ]),
            ..Candidate::default()
        })
    };
    Ok(all.iter().filter_map(one).collect())
}
