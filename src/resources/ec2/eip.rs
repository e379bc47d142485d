//! `AWS::EC2::EIP`. `Ref` is the address, the handle is the allocation's id.

use aws_sdk_ec2::types;
use serde_json::{Value as Json, json};

use super::{
    support::{deleted, described_by},
    tags::{self, Tags, specification},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, PhysicalId, Retry, Tag},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare, described::look,
        tags::Tagging,
    },
};

/// The type.
pub struct Eip;

crate::words!(types::DomainType);

crate::mirrored! {
    /// The properties.
    pub struct Props <= types::Address {
        Address: String, Domain/domain: String, InstanceId/instance_id: String, IpamPoolId: String,
        NetworkBorderGroup/network_border_group: String, PublicIpv4Pool/public_ipv4_pool: String,
        Tags: Vec<Tag>, TransferAddress: String,
    }
}

fn object(id: &str, ip: &str) -> Created {
    let attributes = [("Ref", ip), ("PublicIp", ip), ("AllocationId", id)];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), json!(value)));
    Created { id: id.into(), attributes: Attributes::from(attributes) }
}

async fn associate(cx: &Cx<'_>, id: &str, instance: &str) -> Result<(), OpError> {
    let call = cx.sdk.ec2().associate_address().allocation_id(id).instance_id(instance);
    let call = call.allow_reassociation(true);
    call.send().await.map(drop).map_err(op("AssociateAddress"))
}

/// Takes the address from the instance that has it, if any has.
async fn disassociate(cx: &Cx<'_>, id: &PhysicalId) -> Result<(), OpError> {
    let live = look::<Eip>(cx, id, &Props::default()).await?;
    let Some(live) = live.filter(|live| live.instance_id().is_some_and(|id| !id.is_empty())) else {
        return Ok(());
    };
    let Some(association) = live.association_id() else { return Ok(()) };
    let call = cx.sdk.ec2().disassociate_address().association_id(association);
    deleted(call.send().await.map_err(op("DisassociateAddress")), &["InvalidAssociationID.NotFound"])
        .map(drop)
}

/// Takes an address that another account offers.
async fn accept(cx: &Cx<'_>, offered: &str, tags: Option<&Vec<Tag>>) -> Result<Created, OpError> {
    const OP: &str = "AcceptAddressTransfer";
    let tags = specification(cx, OP, types::ResourceType::ElasticIp, tags)?;
    let call = cx.sdk.ec2().accept_address_transfer().address(offered).tag_specifications(tags);
    let answer = call.send().await.map_err(op(OP))?;
    let id = answer.address_transfer().and_then(|transfer| transfer.allocation_id());
    let id = id.ok_or_else(|| OpError::missing(OP, "the allocation's id"))?;
    Ok(object(id, offered))
}

impl Described for Eip {
    type Props = Props;
    type Live = types::Address;

    const FACTS: Facts = Facts {
        configures: true,
        early: &["AllocationId", "PublicIp", "Ref"],
        retry: &[Retry {
            code: "InvalidInstanceID",
            message: "pending instance",
            why: "the instance is still being started",
        }],
        held_by_users: true,
        retry_delete: &[
            Retry { code: "InvalidIPAddress.InUse", message: "", why: "the address is still in use" },
            Retry {
                code: "AuthFailure",
                message: "permission to access the specified resource",
                why: "the address is still held by a NAT gateway or load balancer",
            },
        ],
        absent: &["InvalidAllocationID.NotFound"],
        iam: &[
            "ec2:AcceptAddressTransfer",
            "ec2:AllocateAddress",
            "ec2:AssociateAddress",
            "ec2:CreateTags",
            "ec2:DeleteTags",
            "ec2:DescribeAddresses",
            "ec2:DisassociateAddress",
            "ec2:ReleaseAddress",
        ],
        ..Facts::new("AWS::EC2::EIP", "ec2")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (property, desired.as_str(), recorded.as_str()) {
            ("Domain", Some(desired), Some(recorded)) => desired.eq_ignore_ascii_case(recorded),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    /// An address cannot move to another pool: that is another address.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut replaced = compare::create_only(Self::FACTS.kind, change.changed);
        for property in ["Domain", "PublicIpv4Pool"] {
            if change.has(property) && !replaced.iter().any(|name| name == property) {
                replaced.push(property.into());
            }
        }
        replaced
    }

    described_by!("DescribeAddresses", describe_addresses, allocation_ids, "allocation-id" => addresses);

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(live.allocation_id().unwrap_or_default(), live.public_ip().unwrap_or_default())
    }

    async fn tags(_cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Ok(tags::of(&live.tags))
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        let mut props = Props { Tags: tags, ..Props::received(&live) };
        props.InstanceId.take_if(|id| id.is_empty());
        Ok(props)
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "AllocateAddress";
        if let Some(offered) = &props.TransferAddress {
            return accept(cx, offered, props.Tags.as_ref()).await;
        }
        let domain = props.Domain.as_deref().map(|domain| domain.to_ascii_lowercase().as_str().into());
        let call = crate::pass!(OP, cx.sdk.ec2().allocate_address().set_domain(domain), props => {
            set_address: Address, set_ipam_pool_id: IpamPoolId,
            set_network_border_group: NetworkBorderGroup, set_public_ipv4_pool: PublicIpv4Pool,
        });
        let tags = specification(cx, OP, types::ResourceType::ElasticIp, props.Tags.as_ref())?;
        let call = call.tag_specifications(tags);
        let answer = call.send().await.map_err(op(OP))?;
        let id = answer.allocation_id().ok_or_else(|| OpError::missing(OP, "the allocation's id"))?;
        let ip = answer.public_ip().ok_or_else(|| OpError::missing(OP, "the address"))?;
        Ok(object(id, ip))
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        if let Some(instance) = &props.InstanceId {
            associate(cx, id.as_str(), instance).await?;
        }
        Ok(Progress::Done)
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        match &change.new.InstanceId {
            _ if !change.has("InstanceId") => {}
            Some(instance) => associate(cx, id.as_str(), instance).await?,
            None => disassociate(cx, id).await?,
        }
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        if props.InstanceId.is_some() {
            disassociate(cx, id).await?;
        }
        let call = cx.sdk.ec2().release_address().allocation_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("ReleaseAddress"))
    }
}
