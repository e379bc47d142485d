//! `AWS::EC2::RouteTable`.

use aws_sdk_ec2::types;
use serde_json::json;

use super::support::{IN_USE, NEW_VPC, deleted, ours, pairs, retag, seen, specification, unless_absent};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, PhysicalId, Tag},
    props,
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType},
};

/// The type.
pub struct RouteTable;

props! {
    /// The properties.
    pub struct Props { Tags: Vec<Tag>, VpcId: String }
}

const ABSENT: &[&str] = &["InvalidRouteTableID.NotFound"];

fn attributes(id: &str) -> Attributes {
    Attributes::from([("Ref".into(), json!(id)), ("RouteTableId".into(), json!(id))])
}

/// A route table by its id.
pub(super) async fn get(cx: &Cx<'_>, id: &str) -> Result<Option<types::RouteTable>, OpError> {
    let call = cx.sdk.ec2().describe_route_tables().route_table_ids(id);
    let answer = call.send().await.map_err(op("DescribeRouteTables"));
    Ok(unless_absent(answer, ABSENT)?.and_then(|page| page.route_tables().first().cloned()))
}

impl ResourceType for RouteTable {
    type Props = Props;

    const FACTS: Facts = Facts {
        early: &["Ref", "RouteTableId"],
        retry: &[NEW_VPC],
        held_by_users: true,
        retry_delete: &[IN_USE],
        iam: &[
            "ec2:CreateRouteTable",
            "ec2:CreateTags",
            "ec2:DeleteRouteTable",
            "ec2:DeleteTags",
            "ec2:DescribeRouteTables",
        ],
        ..Facts::new("AWS::EC2::RouteTable", "ec2")
    };

    async fn find(cx: &Cx<'_>, _props: &Props) -> Result<Option<Found>, OpError> {
        let call = cx.sdk.ec2().describe_route_tables().set_filters(Some(ours(cx)));
        let page = call.send().await.map_err(op("DescribeRouteTables"))?;
        Ok(page.route_tables().first().map(|table| {
            let id = table.route_table_id().unwrap_or_default();
            Found { id: id.into(), attributes: attributes(id), ownership: cx.owns(pairs(table.tags())) }
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(seen(get(cx, id.as_str()).await?.map(|_| attributes(id.as_str())), goal))
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Props>, OpError> {
        Ok(get(cx, id.as_str()).await?.map(|table| Props {
            Tags: cx.own_tags(pairs(table.tags())),
            VpcId: table.vpc_id().map(ToOwned::to_owned),
        }))
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateRouteTable";
        let call = cx
            .sdk
            .ec2()
            .create_route_table()
            .client_token(permit.token())
            .set_vpc_id(props.VpcId.clone())
            .tag_specifications(specification(cx, types::ResourceType::RouteTable, props.Tags.as_ref()));
        let answer = call.send().await.map_err(op(OP))?;
        let id = answer.route_table().and_then(|table| table.route_table_id());
        let id = id.ok_or_else(|| OpError::missing(OP, "the route table's id"))?;
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
        let call = cx.sdk.ec2().delete_route_table().route_table_id(id.as_str());
        deleted(call.send().await.map_err(op("DeleteRouteTable")), ABSENT)
    }
}
