//! `AWS::EC2::InternetGateway`.

use aws_sdk_ec2::types;

use super::{
    support::{IN_USE, described_by},
    tags::{self, Tags, specification},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, PhysicalId, Tag},
    props,
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, described::alike, tags::Tagging,
    },
};

/// The type.
pub struct InternetGateway;

props! {
    /// The properties.
    pub struct Props { Tags: Vec<Tag> }
}

impl Described for InternetGateway {
    type Props = Props;
    type Live = types::InternetGateway;

    const FACTS: Facts = Facts {
        early: &["InternetGatewayId", "Ref"],
        held_by_users: true,
        retry_delete: &[IN_USE],
        absent: &["InvalidInternetGatewayID.NotFound"],
        iam: &[
            "ec2:CreateInternetGateway",
            "ec2:CreateTags",
            "ec2:DeleteInternetGateway",
            "ec2:DeleteTags",
            "ec2:DescribeInternetGateways",
        ],
        ..Facts::new("AWS::EC2::InternetGateway", "ec2")
    };

    described_by!(
        "DescribeInternetGateways", describe_internet_gateways, internet_gateway_ids, "internet-gateway-id" => internet_gateways
    );

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let id = live.internet_gateway_id().unwrap_or_default();
        Created { id: id.into(), attributes: alike(&["Ref", "InternetGatewayId"], id) }
    }

    async fn tags(_cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Ok(tags::of(&live.tags))
    }

    async fn props(_: &Cx<'_>, _: Self::Live, tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(Props { Tags: tags })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateInternetGateway";
        let tags = specification(cx, OP, types::ResourceType::InternetGateway, props.Tags.as_ref())?;
        let answer = cx.sdk.ec2().create_internet_gateway().tag_specifications(tags).send().await;
        let gateway = answer.map_err(op(OP))?.internet_gateway;
        let gateway = gateway.filter(|gateway| gateway.internet_gateway_id().is_some());
        Ok(Self::object(cx, &gateway.ok_or_else(|| OpError::missing(OP, "the gateway's id"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.ec2().delete_internet_gateway().internet_gateway_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteInternetGateway"))
    }
}
