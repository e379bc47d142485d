//! `AWS::EC2::SubnetNetworkAclAssociation`. A subnet always has one network ACL, so that making an association takes the
//! subnet from the ACL that it has, and deleting it gives the subnet back to the default ACL of its VPC.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceNetworkAclAssociation.html>

use aws_sdk_ec2::types;

use super::support::{NEW_SUBNET, filter};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Identity, Once, PhysicalId, Retry},
    resources::{Created, Cx, Described, Outcome, OwnTags, Progress, described::alike},
};

/// The type.
pub struct SubnetNetworkAclAssociation;

crate::mirrored! {
    /// The properties.
    pub struct Props <= types::NetworkAclAssociation { NetworkAclId/network_acl_id: String, SubnetId/subnet_id: String }
}

const OP: &str = "ReplaceNetworkAclAssociation";

async fn acls(cx: &Cx<'_>, name: &str, value: &str) -> Result<Vec<types::NetworkAcl>, OpError> {
    let call = cx.sdk.ec2().describe_network_acls().filters(filter(name, value));
    Ok(call.send().await.map_err(op("DescribeNetworkAcls"))?.network_acls.unwrap_or_default())
}

/// The association with that value, its own id or its subnet's.
async fn by(cx: &Cx<'_>, name: &str, value: &str) -> Result<Option<types::NetworkAclAssociation>, OpError> {
    let found = acls(cx, name, value).await?;
    let all = found.into_iter().flat_map(|acl| acl.associations.unwrap_or_default());
    Ok(all.into_iter().find(|one| [one.network_acl_association_id(), one.subnet_id()].contains(&Some(value))))
}

fn made(id: &str) -> Created {
    Created { id: id.into(), attributes: alike(&["Ref", "AssociationId"], id) }
}

impl Described for SubnetNetworkAclAssociation {
    type Props = Props;
    type Live = types::NetworkAclAssociation;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        unique_handle: true,
        early: &["AssociationId", "Ref"],
        retry: &[
            NEW_SUBNET,
            Retry {
                code: "InvalidNetworkAclID.NotFound",
                message: "",
                why: "the new network ACL is not visible yet",
            },
        ],
        absent: &["InvalidAssociationID.NotFound"],
        iam: &["ec2:DescribeNetworkAcls", "ec2:ReplaceNetworkAclAssociation"],
        once: Some(&[Once::Together(&["SubnetId"])]),
        ..Facts::new("AWS::EC2::SubnetNetworkAclAssociation", "ec2")
    };

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        by(cx, "association.association-id", id.as_str()).await
    }

    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Self::Live>, OpError> {
        let subnet = props.SubnetId.as_deref().unwrap_or_default();
        let found = by(cx, "association.subnet-id", subnet).await?;
        // With any other ACL it is the association that there was before.
        Ok(found.into_iter().filter(|one| Self::fits(one, props)).collect())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        made(live.network_acl_association_id().unwrap_or_default())
    }

    fn fits(live: &Self::Live, props: &Props) -> bool {
        live.network_acl_id == props.NetworkAclId
    }

    async fn props(_: &Cx<'_>, live: Self::Live, _: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(Props::received(&live))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let subnet = props.SubnetId.as_deref().unwrap_or_default();
        let Some(before) = by(cx, "association.subnet-id", subnet).await? else {
            let mut error = OpError::missing(OP, "the association that the subnet has");
            error.code = Some("InvalidSubnetID.NotFound".into());
            error.certainty = crate::aws::Certainty::Rejected;
            return Err(error);
        };
        if let Some(id) = before.network_acl_association_id().filter(|_| Self::fits(&before, props)) {
            return Ok(made(id));
        }
        let call = cx.sdk.ec2().replace_network_acl_association();
        let call = call
            .set_association_id(before.network_acl_association_id)
            .set_network_acl_id(props.NetworkAclId.clone());
        let answer = call.send().await.map_err(op(OP))?;
        let id = answer.new_association_id().ok_or_else(|| OpError::missing(OP, "the association's id"))?;
        Ok(made(id))
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let found = acls(cx, "association.association-id", id.as_str()).await?;
        let Some(acl) = found.into_iter().next() else { return Ok(Progress::Absent) };
        let all = acls(cx, "vpc-id", acl.vpc_id().unwrap_or_default()).await?;
        let default =
            all.iter().find(|acl| acl.is_default() == Some(true)).and_then(|acl| acl.network_acl_id());
        if default.is_none() || default == acl.network_acl_id() {
            return Ok(Progress::Absent);
        }
        let call = cx.sdk.ec2().replace_network_acl_association().association_id(id.as_str());
        let call = call.set_network_acl_id(default.map(ToOwned::to_owned));
        call.send().await.map(|_| Progress::Done).map_err(op(OP))
    }
}
