//! `AWS::EC2::SubnetRouteTableAssociation`. The subnet is the natural key: it has one at most.

use aws_sdk_ec2::types;

use super::support::{MANY, NEW_SUBNET, NEW_TABLE, any_of, filter};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Identity, Once, PhysicalId},
    resources::{Asked, Created, Cx, Described, Outcome, OwnTags, Progress, State, described::alike},
};

/// The type.
pub struct SubnetRouteTableAssociation;

crate::mirrored! {
    /// The properties.
    pub struct Props <= types::RouteTableAssociation { RouteTableId/route_table_id: String, SubnetId/subnet_id: String }
}

/// Whether it is a subnet's, and says which.
fn is_whole(one: &types::RouteTableAssociation) -> bool {
    one.route_table_id.is_some() && one.subnet_id.is_some()
}

/// The association with a subnet, found by one filter of the route tables.
async fn by(cx: &Cx<'_>, name: &str, value: &str) -> Result<Option<types::RouteTableAssociation>, OpError> {
    let call = cx.sdk.ec2().describe_route_tables().filters(filter(name, value));
    let page = call.send().await.map_err(op("DescribeRouteTables"))?;
    let mut all = page.route_tables().iter().flat_map(|table| table.associations());
    let fits = |one: &types::RouteTableAssociation| {
        is_whole(one) && [one.route_table_association_id(), one.subnet_id()].contains(&Some(value))
    };
    Ok(all.find(|one| fits(one) && SubnetRouteTableAssociation::state(one) == State::Ready).cloned())
}

impl Described for SubnetRouteTableAssociation {
    type Props = Props;
    type Live = types::RouteTableAssociation;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        unique_handle: true,
        early: &["Id", "Ref"],
        retry: &[NEW_SUBNET, NEW_TABLE],
        absent: &["InvalidAssociationID.NotFound"],
        iam: &["ec2:AssociateRouteTable", "ec2:DescribeRouteTables", "ec2:DisassociateRouteTable"],
        once: Some(&[Once::Together(&["SubnetId"])]),
        ..Facts::new("AWS::EC2::SubnetRouteTableAssociation", "ec2")
    };

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        if let Some(live) = cx.shelved(id.as_str()) {
            return Ok(Some(live));
        }
        by(cx, "association.route-table-association-id", id.as_str()).await
    }

    const MANY: usize = MANY;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let ids = any_of("association.route-table-association-id", asked.iter().map(|one| one.id.as_str()));
        let call = cx.sdk.ec2().describe_route_tables().filters(ids);
        let answer = call.send().await.map_err(op("DescribeRouteTables"))?;
        for one in answer.route_tables().iter().flat_map(|table| table.associations()) {
            if is_whole(one) && Self::state(one) == State::Ready {
                cx.shelve(one.route_table_association_id().unwrap_or_default(), one);
            }
        }
        Ok(())
    }

    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Self::Live>, OpError> {
        let subnet = props.SubnetId.as_deref().unwrap_or_default();
        Ok(by(cx, "association.subnet-id", subnet).await?.into_iter().collect())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let id = live.route_table_association_id().unwrap_or_default();
        Created { id: id.into(), attributes: alike(&["Ref", "Id"], id) }
    }

    fn state(live: &Self::Live) -> State {
        let word = live.association_state().and_then(|state| state.state()).map(|state| state.as_str());
        match word {
            Some(word) if word.starts_with("disassociat") => State::Leaving(word.to_owned()),
            _ => State::Ready,
        }
    }

    fn fits(live: &Self::Live, props: &Props) -> bool {
        live.route_table_id == props.RouteTableId
    }

    async fn props(_: &Cx<'_>, live: Self::Live, _: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(Props::received(&live))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "AssociateRouteTable";
        let call = crate::pass!(OP, cx.sdk.ec2().associate_route_table(), props => {
            set_route_table_id: RouteTableId, set_subnet_id: SubnetId,
        });
        let answer = call.send().await.map_err(op(OP))?;
        let id = answer.association_id().ok_or_else(|| OpError::missing(OP, "the association's id"))?;
        Ok(Created { id: id.into(), attributes: alike(&["Ref", "Id"], id) })
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.ec2().disassociate_route_table().association_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DisassociateRouteTable"))
    }
}
