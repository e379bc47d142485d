//! `AWS::EC2::InternetGateway`.

use aws_sdk_ec2::types;
use serde_json::json;

use super::support::{IN_USE, deleted, ours, pairs, retag, seen, specification, unless_absent};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, PhysicalId, Tag},
    props,
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType},
};

/// The type.
pub struct InternetGateway;

props! {
    /// The properties.
    pub struct Props { Tags: Vec<Tag> }
}

const ABSENT: &[&str] = &["InvalidInternetGatewayID.NotFound"];

fn attributes(id: &str) -> Attributes {
    Attributes::from([("Ref".into(), json!(id)), ("InternetGatewayId".into(), json!(id))])
}

async fn get(cx: &Cx<'_>, id: &str) -> Result<Option<types::InternetGateway>, OpError> {
    let call = cx.sdk.ec2().describe_internet_gateways().internet_gateway_ids(id);
    let answer = call.send().await.map_err(op("DescribeInternetGateways"));
    Ok(unless_absent(answer, ABSENT)?.and_then(|page| page.internet_gateways().first().cloned()))
}

impl ResourceType for InternetGateway {
    type Props = Props;

    const FACTS: Facts = Facts {
        early: &["InternetGatewayId", "Ref"],
        held_by_users: true,
        retry_delete: &[IN_USE],
        iam: &[
            "ec2:CreateInternetGateway",
            "ec2:CreateTags",
            "ec2:DeleteInternetGateway",
            "ec2:DeleteTags",
            "ec2:DescribeInternetGateways",
        ],
        ..Facts::new("AWS::EC2::InternetGateway", "ec2")
    };

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        Ok(Self::find_all(cx, props).await?.into_iter().next())
    }

    async fn find_all(cx: &Cx<'_>, _props: &Props) -> Result<Vec<Found>, OpError> {
        let call = cx.sdk.ec2().describe_internet_gateways().set_filters(Some(ours(cx)));
        let page = call.send().await.map_err(op("DescribeInternetGateways"))?;
        let found = page.internet_gateways().iter().map(|gateway| {
            let id = gateway.internet_gateway_id().unwrap_or_default();
            Found { id: id.into(), attributes: attributes(id), ownership: cx.owns(pairs(gateway.tags())) }
        });
        Ok(found.collect())
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(seen(get(cx, id.as_str()).await?.map(|_| attributes(id.as_str())), goal))
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Props>, OpError> {
        let gateway = get(cx, id.as_str()).await?;
        Ok(gateway.map(|gateway| Props { Tags: cx.own_tags(pairs(gateway.tags())) }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateInternetGateway";
        let tags = specification(cx, types::ResourceType::InternetGateway, props.Tags.as_ref());
        let call = cx.sdk.ec2().create_internet_gateway().tag_specifications(tags);
        let answer = call.send().await.map_err(op(OP))?;
        let id = answer.internet_gateway().and_then(|gateway| gateway.internet_gateway_id());
        let id = id.ok_or_else(|| OpError::missing(OP, "the gateway's id"))?;
        Ok(Created { id: id.into(), attributes: attributes(id) })
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
        let call = cx.sdk.ec2().delete_internet_gateway().internet_gateway_id(id.as_str());
        deleted(call.send().await.map_err(op("DeleteInternetGateway")), ABSENT)
    }
}
