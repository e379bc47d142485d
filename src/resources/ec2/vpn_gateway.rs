//! `AWS::EC2::VPNGateway`.

use aws_sdk_ec2::types;

use super::{
    support::{IN_USE, described_by},
    tags::{self, Tags, specification},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, PhysicalId, Retry, Tag, WaitPolicy},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State, described::alike,
        tags::Tagging,
    },
};

crate::words!(types::GatewayType);

crate::mirrored! {
    /// The properties.
    pub struct Props <= types::VpnGateway {
        AmazonSideAsn/amazon_side_asn: i64, Tags: Vec<Tag>, Type/r#type: String,
    }
}

/// The type.
pub struct VpnGateway;

impl Described for VpnGateway {
    type Props = Props;
    type Live = types::VpnGateway;

    const FACTS: Facts = Facts {
        early: &["Ref", "VPNGatewayId"],
        held_by_users: true,
        unique_handle: true,
        ready: Some(WaitPolicy::secs(2, 2, 300)),
        retry_delete: &[
            IN_USE,
            // EC2 error codes: attached to a VPC, or still being detached.
            Retry { code: "IncorrectState", message: "", why: "the gateway is still attached to a VPC" },
        ],
        absent: &["InvalidVpnGatewayID.NotFound"],
        iam: &[
            "ec2:CreateTags",
            "ec2:CreateVpnGateway",
            "ec2:DeleteTags",
            "ec2:DeleteVpnGateway",
            "ec2:DescribeVpnGateways",
        ],
        ..Facts::new("AWS::EC2::VPNGateway", "ec2")
    };

    described_by!("DescribeVpnGateways", describe_vpn_gateways, vpn_gateway_ids, "vpn-gateway-id" => vpn_gateways);

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let id = live.vpn_gateway_id().unwrap_or_default();
        Created { id: id.into(), attributes: alike(&["Ref", "VPNGatewayId"], id) }
    }

    fn state(live: &Self::Live) -> State {
        match live.state().map_or("available", |state| state.as_str()) {
            "available" => State::Ready,
            "deleted" => State::Gone("deleted".into()),
            "deleting" => State::Leaving("deleting".into()),
            other => State::Pending(other.into()),
        }
    }

    async fn tags(_cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Ok(tags::of(&live.tags))
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(Props { Tags: tags, ..Props::received(&live) })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateVpnGateway";
        let tags = specification(cx, OP, types::ResourceType::VpnGateway, props.Tags.as_ref())?;
        let call = crate::pass!(OP, cx.sdk.ec2().create_vpn_gateway(), props => {
            set_type: Type, set_amazon_side_asn: AmazonSideAsn,
        });
        let gateway = call.tag_specifications(tags).send().await.map_err(op(OP))?.vpn_gateway;
        let gateway = gateway.filter(|gateway| gateway.vpn_gateway_id().is_some());
        Ok(Self::object(cx, &gateway.ok_or_else(|| OpError::missing(OP, "the gateway's id"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.ec2().delete_vpn_gateway().vpn_gateway_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteVpnGateway"))
    }
}
