//! `AWS::EC2::EIP`. `Ref` is the address, the handle is the allocation's id.

use aws_sdk_ec2::types;
use serde_json::{Value as Json, json};

use super::support::{deleted, ours, pairs, retag, seen, specification, unless_absent};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, PhysicalId, Retry, Tag},
    props,
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare},
};

/// The type.
pub struct Eip;

props! {
    /// The properties.
    pub struct Props {
        Address: String,
        Domain: String,
        InstanceId: String,
        IpamPoolId: String,
        NetworkBorderGroup: String,
        PublicIpv4Pool: String,
        Tags: Vec<Tag>,
        TransferAddress: String,
    }
}

const ABSENT: &[&str] = &["InvalidAllocationID.NotFound"];

fn attributes(id: &str, ip: &str) -> Attributes {
    Attributes::from([
        ("Ref".into(), json!(ip)),
        ("PublicIp".into(), json!(ip)),
        ("AllocationId".into(), json!(id)),
    ])
}

fn of(address: &types::Address) -> Attributes {
    attributes(address.allocation_id().unwrap_or_default(), address.public_ip().unwrap_or_default())
}

async fn get(cx: &Cx<'_>, id: &str) -> Result<Option<types::Address>, OpError> {
    let call = cx.sdk.ec2().describe_addresses().allocation_ids(id);
    let answer = call.send().await.map_err(op("DescribeAddresses"));
    Ok(unless_absent(answer, ABSENT)?.and_then(|page| page.addresses().first().cloned()))
}

async fn associate(cx: &Cx<'_>, id: &str, instance: &str) -> Result<(), OpError> {
    let call = cx.sdk.ec2().associate_address().allocation_id(id).instance_id(instance);
    let call = call.allow_reassociation(true);
    call.send().await.map(drop).map_err(op("AssociateAddress"))
}

/// Takes the address from the instance that has it, if any has.
async fn disassociate(cx: &Cx<'_>, id: &str) -> Result<(), OpError> {
    let Some(live) = get(cx, id).await?.filter(|live| live.instance_id().is_some_and(|id| !id.is_empty()))
    else {
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
    let call = cx.sdk.ec2().accept_address_transfer().address(offered).tag_specifications(specification(
        cx,
        types::ResourceType::ElasticIp,
        tags,
    ));
    let answer = call.send().await.map_err(op(OP))?;
    let id = answer.address_transfer().and_then(|transfer| transfer.allocation_id());
    let id = id.ok_or_else(|| OpError::missing(OP, "the allocation's id"))?;
    Ok(Created { id: id.into(), attributes: attributes(id, offered) })
}

impl ResourceType for Eip {
    type Props = Props;

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

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        Ok(Self::find_all(cx, props).await?.into_iter().next())
    }

    async fn find_all(cx: &Cx<'_>, _props: &Props) -> Result<Vec<Found>, OpError> {
        let call = cx.sdk.ec2().describe_addresses().set_filters(Some(ours(cx)));
        let page = call.send().await.map_err(op("DescribeAddresses"))?;
        let found = page.addresses().iter().map(|address| Found {
            id: address.allocation_id().unwrap_or_default().into(),
            attributes: of(address),
            ownership: cx.owns(pairs(address.tags())),
        });
        Ok(found.collect())
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(seen(get(cx, id.as_str()).await?.as_ref().map(of), goal))
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Props>, OpError> {
        Ok(get(cx, id.as_str()).await?.map(|address| Props {
            Address: None,
            Domain: address.domain().map(|domain| domain.as_str().to_owned()),
            InstanceId: address.instance_id().filter(|id| !id.is_empty()).map(ToOwned::to_owned),
            IpamPoolId: None,
            NetworkBorderGroup: address.network_border_group().map(ToOwned::to_owned),
            PublicIpv4Pool: address.public_ipv4_pool().map(ToOwned::to_owned),
            Tags: cx.own_tags(pairs(address.tags())),
            TransferAddress: None,
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "AllocateAddress";
        if let Some(offered) = &props.TransferAddress {
            return accept(cx, offered, props.Tags.as_ref()).await;
        }
        let domain = props.Domain.as_deref().map(|domain| domain.to_ascii_lowercase().as_str().into());
        let call = cx
            .sdk
            .ec2()
            .allocate_address()
            .set_address(props.Address.clone())
            .set_domain(domain)
            .set_ipam_pool_id(props.IpamPoolId.clone())
            .set_network_border_group(props.NetworkBorderGroup.clone())
            .set_public_ipv4_pool(props.PublicIpv4Pool.clone())
            .tag_specifications(specification(cx, types::ResourceType::ElasticIp, props.Tags.as_ref()));
        let answer = call.send().await.map_err(op(OP))?;
        let id = answer.allocation_id().ok_or_else(|| OpError::missing(OP, "the allocation's id"))?;
        let ip = answer.public_ip().ok_or_else(|| OpError::missing(OP, "the address"))?;
        Ok(Created { id: id.into(), attributes: attributes(id, ip) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        if let Some(instance) = &props.InstanceId {
            associate(cx, id.as_str(), instance).await?;
        }
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        match &change.new.InstanceId {
            _ if !change.has("InstanceId") => {}
            Some(instance) => associate(cx, id.as_str(), instance).await?,
            None => disassociate(cx, id.as_str()).await?,
        }
        retag(cx, id.as_str(), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        if props.InstanceId.is_some() {
            disassociate(cx, id.as_str()).await?;
        }
        let call = cx.sdk.ec2().release_address().allocation_id(id.as_str());
        deleted(call.send().await.map_err(op("ReleaseAddress")), ABSENT)
    }
}
