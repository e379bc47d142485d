//! `AWS::EC2::SubnetRouteTableAssociation`. The subnet is the natural key: it has one at most.

use serde_json::json;

use super::support::{NEW_SUBNET, NEW_TABLE, deleted, filter, seen};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, Ownership, PhysicalId},
    props,
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType},
};

/// The type.
pub struct SubnetRouteTableAssociation;

props! {
    /// The properties.
    pub struct Props { RouteTableId: String, SubnetId: String }
}

fn attributes(id: &str) -> Attributes {
    Attributes::from([("Ref".into(), json!(id)), ("Id".into(), json!(id))])
}

/// An association as `(id, route table, subnet)`, found by one filter.
async fn get(cx: &Cx<'_>, name: &str, value: &str) -> Result<Option<(String, String, String)>, OpError> {
    let call = cx.sdk.ec2().describe_route_tables().filters(filter(name, value));
    let page = call.send().await.map_err(op("DescribeRouteTables"))?;
    let mut all = page.route_tables().iter().flat_map(|table| table.associations());
    Ok(all.find_map(|one| {
        let (id, table, subnet) =
            (one.route_table_association_id()?, one.route_table_id()?, one.subnet_id()?);
        let over = one
            .association_state()
            .and_then(|state| state.state())
            .is_some_and(|state| state.as_str().starts_with("disassociat"));
        (!over && (value == id || value == subnet))
            .then(|| (id.to_owned(), table.to_owned(), subnet.to_owned()))
    }))
}

impl ResourceType for SubnetRouteTableAssociation {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        early: &["Id", "Ref"],
        retry: &[NEW_SUBNET, NEW_TABLE],
        iam: &["ec2:AssociateRouteTable", "ec2:DescribeRouteTables", "ec2:DisassociateRouteTable"],
        ..Facts::new("AWS::EC2::SubnetRouteTableAssociation", "ec2")
    };

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let subnet = props.SubnetId.as_deref().unwrap_or_default();
        let found = get(cx, "association.subnet-id", subnet).await?;
        Ok(found.map(|(id, table, _)| {
            let wanted = props.RouteTableId.as_deref() == Some(table.as_str());
            let ownership = if wanted { Ownership::Untaggable } else { Ownership::Foreign };
            Found { attributes: attributes(&id), id: id.into(), ownership }
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let found = get(cx, "association.route-table-association-id", id.as_str()).await?;
        Ok(seen(found.map(|_| attributes(id.as_str())), goal))
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Props>, OpError> {
        let found = get(cx, "association.route-table-association-id", id.as_str()).await?;
        Ok(found.map(|(_, table, subnet)| Props { RouteTableId: Some(table), SubnetId: Some(subnet) }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "AssociateRouteTable";
        let call = cx
            .sdk
            .ec2()
            .associate_route_table()
            .set_route_table_id(props.RouteTableId.clone())
            .set_subnet_id(props.SubnetId.clone());
        let answer = call.send().await.map_err(op(OP))?;
        let id = answer.association_id().ok_or_else(|| OpError::missing(OP, "the association's id"))?;
        Ok(Created { id: id.into(), attributes: attributes(id) })
    }

    /// Both properties are create-only: there is nothing to update.
    async fn update(
        _cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        _change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.ec2().disassociate_route_table().association_id(id.as_str());
        deleted(call.send().await.map_err(op("DisassociateRouteTable")), &["InvalidAssociationID.NotFound"])
    }
}
