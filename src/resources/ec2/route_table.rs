//! `AWS::EC2::RouteTable`.

use aws_sdk_ec2::types;

use super::{
    support::{IN_USE, NEW_VPC, described_by},
    tags::{self, Tags, specification},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, PhysicalId, Tag},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, described::alike, tags::Tagging,
    },
};

/// The type.
pub struct RouteTable;

crate::mirrored! {
    /// The properties.
    pub struct Props <= types::RouteTable { Tags: Vec<Tag>, VpcId/vpc_id: String }
}

impl Described for RouteTable {
    type Props = Props;
    type Live = types::RouteTable;

    const FACTS: Facts = Facts {
        early: &["Ref", "RouteTableId"],
        retry: &[NEW_VPC],
        held_by_users: true,
        retry_delete: &[IN_USE],
        absent: &["InvalidRouteTableID.NotFound"],
        iam: &[
            "ec2:CreateRouteTable",
            "ec2:CreateTags",
            "ec2:DeleteRouteTable",
            "ec2:DeleteTags",
            "ec2:DescribeRouteTables",
        ],
        ..Facts::new("AWS::EC2::RouteTable", "ec2")
    };

    described_by!("DescribeRouteTables", describe_route_tables, route_table_ids, "route-table-id" => route_tables);

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let id = live.route_table_id().unwrap_or_default();
        Created { id: id.into(), attributes: alike(&["Ref", "RouteTableId"], id) }
    }

    async fn tags(_cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Ok(tags::of(&live.tags))
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(Props { Tags: tags, ..Props::received(&live) })
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateRouteTable";
        let tags = specification(cx, OP, types::ResourceType::RouteTable, props.Tags.as_ref())?;
        let call = cx.sdk.ec2().create_route_table().client_token(permit.token()).tag_specifications(tags);
        let answer = call.set_vpc_id(props.VpcId.clone()).send().await.map_err(op(OP))?;
        let table = answer.route_table.filter(|table| table.route_table_id().is_some());
        Ok(Self::object(cx, &table.ok_or_else(|| OpError::missing(OP, "the route table's id"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.ec2().delete_route_table().route_table_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteRouteTable"))
    }
}
