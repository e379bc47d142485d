//! `AWS::EC2::VPCGatewayAttachment` of an internet gateway. The VPC is the natural key: it has one at most.

use aws_sdk_ec2::types;
use serde_json::json;

use super::support::{IN_USE, NEW_GATEWAY, NEW_VPC, deleted, filter, seen};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    props,
    resources::{
        Attributes, Change, Created, Cx, Facts, Found, Goal, Identity, Ownership, PhysicalId, Probe,
        Progress, ResourceType,
    },
};

/// The type.
pub struct VpcGatewayAttachment;

props! {
    /// The properties.
    pub struct Props { InternetGatewayId: String, VpcId: String }
}

const ABSENT: &[&str] =
    &["Gateway.NotAttached", "InvalidInternetGatewayID.NotFound", "InvalidVpcID.NotFound"];

impl Props {
    fn gateway(&self) -> &str {
        self.InternetGatewayId.as_deref().unwrap_or_default()
    }

    fn vpc(&self) -> &str {
        self.VpcId.as_deref().unwrap_or_default()
    }
}

fn id_of(vpc: &str) -> PhysicalId {
    format!("IGW|{vpc}").into()
}

fn vpc_of(id: &PhysicalId) -> &str {
    id.parts().get(1).copied().unwrap_or_default()
}

fn attributes(id: &PhysicalId) -> Attributes {
    Attributes::from([("Ref".into(), json!(id.as_str())), ("AttachmentType".into(), json!("IGW"))])
}

/// The gateway that is attached to a VPC.
async fn attached(cx: &Cx<'_>, vpc: &str) -> Result<Option<String>, OpError> {
    let call = cx.sdk.ec2().describe_internet_gateways().filters(filter("attachment.vpc-id", vpc));
    let page = call.send().await.map_err(op("DescribeInternetGateways"))?;
    let gone = |one: &types::InternetGatewayAttachment| {
        matches!(one.state(), Some(types::AttachmentStatus::Detaching | types::AttachmentStatus::Detached))
    };
    let here = |gateway: &&types::InternetGateway| {
        gateway.attachments().iter().any(|one| one.vpc_id() == Some(vpc) && !gone(one))
    };
    let gateway = page.internet_gateways().iter().find(here);
    Ok(gateway.and_then(|gateway| gateway.internet_gateway_id().map(ToOwned::to_owned)))
}

async fn attach(cx: &Cx<'_>, gateway: &str, vpc: &str) -> Result<(), OpError> {
    let call = cx.sdk.ec2().attach_internet_gateway().internet_gateway_id(gateway).vpc_id(vpc);
    call.send().await.map(drop).map_err(op("AttachInternetGateway"))
}

async fn detach(cx: &Cx<'_>, gateway: &str, vpc: &str) -> Result<Progress, OpError> {
    let call = cx.sdk.ec2().detach_internet_gateway().internet_gateway_id(gateway).vpc_id(vpc);
    deleted(call.send().await.map_err(op("DetachInternetGateway")), ABSENT)
}

impl ResourceType for VpcGatewayAttachment {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        early: &["AttachmentType", "Ref"],
        retry: &[NEW_VPC, NEW_GATEWAY],
        retry_delete: &[IN_USE],
        iam: &["ec2:AttachInternetGateway", "ec2:DescribeInternetGateways", "ec2:DetachInternetGateway"],
        ..Facts::new(
            "AWS::EC2::VPCGatewayAttachment",
            "ec2",
            include_str!("../../schema/types/aws-ec2-vpcgatewayattachment.json"),
        )
    };

    fn check(props: &serde_json::Value) -> Vec<(String, String)> {
        if props["InternetGatewayId"].is_null() {
            return vec![("InternetGatewayId".into(), "an attachment needs an internet gateway".into())];
        }
        Vec::new()
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(gateway) = attached(cx, props.vpc()).await? else { return Ok(None) };
        let id = id_of(props.vpc());
        let ownership = if gateway == props.gateway() { Ownership::Untaggable } else { Ownership::Foreign };
        Ok(Some(Found { attributes: attributes(&id), id, ownership }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(seen(attached(cx, vpc_of(id)).await?.map(|_| attributes(id)), goal))
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Props>, OpError> {
        let gateway = attached(cx, vpc_of(id)).await?;
        Ok(gateway
            .map(|gateway| Props { InternetGatewayId: Some(gateway), VpcId: Some(vpc_of(id).to_owned()) }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        attach(cx, props.gateway(), props.vpc()).await?;
        let id = id_of(props.vpc());
        Ok(Created { attributes: attributes(&id), id })
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let wanted = change.new.gateway();
        match attached(cx, vpc_of(id)).await? {
            Some(gateway) if gateway == wanted => return Ok(Progress::Done),
            Some(gateway) => drop(detach(cx, &gateway, vpc_of(id)).await?),
            None => {}
        }
        attach(cx, wanted, vpc_of(id)).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        detach(cx, props.gateway(), vpc_of(id)).await
    }
}
