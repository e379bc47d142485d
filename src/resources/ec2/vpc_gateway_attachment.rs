//! `AWS::EC2::VPCGatewayAttachment` of an internet gateway or a virtual private gateway. The VPC and the kind of
//! gateway are the natural key: it has at most one of each.

use aws_sdk_ec2::types;
use serde_json::{Value as Json, json};

use super::support::{IN_USE, MANY, NEW_GATEWAY, NEW_VPC, any_of, deleted, filter};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, Once, Ownership, PhysicalId, Retry},
    props,
    resources::{Asked, Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare},
};

/// The type.
pub struct VpcGatewayAttachment;

props! {
    /// The properties.
    pub struct Props { InternetGatewayId: String, VpcId: String, VpnGatewayId: String }
}

const ABSENT: &[&str] = &[
    "Gateway.NotAttached",
    "InvalidInternetGatewayID.NotFound",
    "InvalidVpcID.NotFound",
    "InvalidVpnGatewayAttachment.NotFound",
    "InvalidVpnGatewayID.NotFound",
];

/// What AWS calls the two kinds of attachment.
const INTERNET: &str = "IGW";
const PRIVATE: &str = "VGW";

impl Props {
    fn kind(&self) -> &'static str {
        if self.VpnGatewayId.is_some() { PRIVATE } else { INTERNET }
    }

    fn gateway(&self) -> &str {
        self.VpnGatewayId.as_deref().or(self.InternetGatewayId.as_deref()).unwrap_or_default()
    }

    fn vpc(&self) -> &str {
        self.VpcId.as_deref().unwrap_or_default()
    }

    fn id(&self) -> PhysicalId {
        format!("{}|{}", self.kind(), self.vpc()).into()
    }
}

fn kind_of(id: &PhysicalId) -> &str {
    id.parts().first().copied().unwrap_or_default()
}

fn vpc_of(id: &PhysicalId) -> &str {
    id.parts().get(1).copied().unwrap_or_default()
}

fn attributes(id: &PhysicalId) -> Attributes {
    Attributes::from([("Ref".into(), json!(id.as_str())), ("AttachmentType".into(), json!(kind_of(id)))])
}

/// The gateway that is attached to a VPC, and how far that is.
async fn attached(
    cx: &Cx<'_>,
    id: &PhysicalId,
) -> Result<Option<(String, types::AttachmentStatus)>, OpError> {
    let vpc = vpc_of(id);
    let by_vpc = filter("attachment.vpc-id", vpc);
    let here = |attachments: Vec<(Option<&str>, Option<&types::AttachmentStatus>)>| {
        let mut own = attachments.into_iter().filter(|(of, _)| *of == Some(vpc));
        own.find_map(|(_, state)| state.filter(|state| **state != types::AttachmentStatus::Detached).cloned())
    };
    let of = |gateway: &types::InternetGateway| {
        let all = gateway.attachments().iter();
        let state = here(all.map(|one| (one.vpc_id(), one.state())).collect())?;
        Some((gateway.internet_gateway_id()?.to_owned(), state))
    };
    let of_private = |gateway: &types::VpnGateway| {
        let all = gateway.vpc_attachments().iter();
        let state = here(all.map(|one| (one.vpc_id(), one.state())).collect())?;
        Some((gateway.vpn_gateway_id()?.to_owned(), state))
    };
    if kind_of(id) == PRIVATE {
        if let Some(gateway) = cx.shelved::<types::VpnGateway>(id.as_str()) {
            return Ok(of_private(&gateway));
        }
        let call = cx.sdk.ec2().describe_vpn_gateways().filters(by_vpc);
        let page = call.send().await.map_err(op("DescribeVpnGateways"))?;
        return Ok(page.vpn_gateways().iter().find_map(of_private));
    }
    if let Some(gateway) = cx.shelved::<types::InternetGateway>(id.as_str()) {
        return Ok(of(&gateway));
    }
    let call = cx.sdk.ec2().describe_internet_gateways().filters(by_vpc);
    let page = call.send().await.map_err(op("DescribeInternetGateways"))?;
    Ok(page.internet_gateways().iter().find_map(of))
}

/// The same without one that is on its way out.
async fn staying(cx: &Cx<'_>, id: &PhysicalId) -> Result<Option<String>, OpError> {
    let found = attached(cx, id).await?;
    Ok(found.filter(|(_, state)| *state != types::AttachmentStatus::Detaching).map(|(gateway, _)| gateway))
}

async fn attach(cx: &Cx<'_>, props: &Props) -> Result<(), OpError> {
    let (gateway, vpc) = (props.gateway(), props.vpc());
    if props.kind() == PRIVATE {
        let call = cx.sdk.ec2().attach_vpn_gateway().vpn_gateway_id(gateway).vpc_id(vpc);
        return call.send().await.map(drop).map_err(op("AttachVpnGateway"));
    }
    let call = cx.sdk.ec2().attach_internet_gateway().internet_gateway_id(gateway).vpc_id(vpc);
    call.send().await.map(drop).map_err(op("AttachInternetGateway"))
}

async fn detach(cx: &Cx<'_>, id: &PhysicalId, gateway: &str) -> Result<Progress, OpError> {
    let vpc = vpc_of(id);
    if kind_of(id) == PRIVATE {
        let call = cx.sdk.ec2().detach_vpn_gateway().vpn_gateway_id(gateway).vpc_id(vpc);
        return deleted(call.send().await.map_err(op("DetachVpnGateway")), ABSENT);
    }
    let call = cx.sdk.ec2().detach_internet_gateway().internet_gateway_id(gateway).vpc_id(vpc);
    deleted(call.send().await.map_err(op("DetachInternetGateway")), ABSENT)
}

/// A virtual private gateway made by the call before.
const NEW_VPN_GATEWAY: Retry =
    Retry { code: "InvalidVpnGatewayID.NotFound", message: "", why: "the new gateway is not visible yet" };

impl ResourceType for VpcGatewayAttachment {
    type Props = Props;

    const FACTS: Facts = Facts {
        attaches: Some(("InternetGatewayId", "VpcId")),
        identity: Identity::Name,
        early: &["AttachmentType", "Ref"],
        configures: true,
        retry: &[NEW_VPC, NEW_GATEWAY, NEW_VPN_GATEWAY],
        retry_delete: &[IN_USE],
        absent: ABSENT,
        iam: &[
            "ec2:AttachInternetGateway",
            "ec2:AttachVpnGateway",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeVpnGateways",
            "ec2:DetachInternetGateway",
            "ec2:DetachVpnGateway",
        ],
        once: Some(&[Once::Together(&["InternetGatewayId"]), Once::Together(&["VpcId"])]),
        ..Facts::new("AWS::EC2::VPCGatewayAttachment", "ec2")
    };

    fn check(props: &Json) -> Vec<(String, String)> {
        let given = |name: &str| !props[name].is_null();
        match (given("InternetGatewayId"), given("VpnGatewayId")) {
            (false, false) => vec![(
                "InternetGatewayId".into(),
                "an attachment needs an internet gateway or a VPN gateway".into(),
            )],
            (true, true) => {
                vec![("VpnGatewayId".into(), "each gateway needs an attachment of its own".into())]
            }
            _ => Vec::new(),
        }
    }

    /// An attachment of the other kind is another attachment.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut replaced = compare::create_only(Self::FACTS.kind, change.changed);
        if change.old.kind() != change.new.kind() {
            replaced.push("VpnGatewayId".into());
        }
        replaced
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let id = props.id();
        let Some(gateway) = staying(cx, &id).await? else { return Ok(None) };
        let ownership = if gateway == props.gateway() { Ownership::Untaggable } else { Ownership::Foreign };
        Ok(Some(Found { attributes: attributes(&id), id, ownership }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let state = attached(cx, id).await?.map(|(_, state)| state.as_str().to_owned());
        Ok(match (goal, state.as_deref()) {
            (Goal::Gone, None) => Probe::Reached(Attributes::new()),
            // Internet gateways say `available`.
            (Goal::Ready, Some("attached" | "available")) => Probe::Reached(attributes(id)),
            (_, state) => Probe::Pending(state.unwrap_or("not visible yet").to_owned()),
        })
    }

    /// What has no tags is whoever's gateway is attached.
    async fn ownership(cx: &Cx<'_>, id: &PhysicalId, props: &Props) -> Result<Option<Ownership>, OpError> {
        let gateway = staying(cx, id).await?;
        Ok(gateway.map(
            |gateway| {
                if gateway == props.gateway() { Ownership::Untaggable } else { Ownership::Foreign }
            },
        ))
    }

    const MANY: usize = MANY;

    /// The gateways of several VPCs, of either kind.
    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let (private, public): (Vec<&PhysicalId>, Vec<&PhysicalId>) =
            asked.iter().map(|one| one.id).partition(|id| kind_of(id) == PRIVATE);
        let of = |ids: &[&PhysicalId], vpc: Option<&str>| {
            ids.iter().find(|id| Some(vpc_of(id)) == vpc).map(|id| id.to_string())
        };
        if !public.is_empty() {
            let filter = any_of("attachment.vpc-id", public.iter().map(|id| vpc_of(id)));
            let call = cx.sdk.ec2().describe_internet_gateways().filters(filter);
            let answer = call.send().await.map_err(op("DescribeInternetGateways"))?;
            for gateway in answer.internet_gateways() {
                for id in gateway.attachments().iter().filter_map(|one| of(&public, one.vpc_id())) {
                    cx.shelve(&id, gateway);
                }
            }
        }
        if !private.is_empty() {
            let filter = any_of("attachment.vpc-id", private.iter().map(|id| vpc_of(id)));
            let call = cx.sdk.ec2().describe_vpn_gateways().filters(filter);
            let answer = call.send().await.map_err(op("DescribeVpnGateways"))?;
            for gateway in answer.vpn_gateways() {
                for id in gateway.vpc_attachments().iter().filter_map(|one| of(&private, one.vpc_id())) {
                    cx.shelve(&id, gateway);
                }
            }
        }
        Ok(())
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Props>, OpError> {
        let gateway = staying(cx, id).await?;
        let private = kind_of(id) == PRIVATE;
        Ok(gateway.map(|gateway| Props {
            InternetGatewayId: (!private).then(|| gateway.clone()),
            VpcId: Some(vpc_of(id).to_owned()),
            VpnGatewayId: private.then_some(gateway),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        attach(cx, props).await?;
        let id = props.id();
        Ok(Created { attributes: attributes(&id), id })
    }

    /// An internet gateway is attached at once, a virtual private gateway takes a while.
    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        if kind_of(id) == INTERNET {
            return Ok(Progress::Done);
        }
        match attached(cx, id).await? {
            Some((_, types::AttachmentStatus::Attached)) => Ok(Progress::Done),
            _ => Ok(Progress::Again("attaching the gateway".into())),
        }
    }

    async fn update(
        cx: &Cx<'_>,
        permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        match attached(cx, id).await? {
            Some((_, types::AttachmentStatus::Detaching)) => {
                return Ok(Progress::Again("detaching the old gateway".into()));
            }
            Some((gateway, _)) if gateway == change.new.gateway() => {
                return Self::configure(cx, permit, id, change.new).await;
            }
            Some((gateway, _)) => {
                detach(cx, id, &gateway).await?;
                if kind_of(id) == PRIVATE {
                    return Ok(Progress::Again("detaching the old gateway".into()));
                }
            }
            None => {}
        }
        attach(cx, change.new).await?;
        Self::configure(cx, permit, id, change.new).await
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let progress = detach(cx, id, props.gateway()).await?;
        if kind_of(id) == PRIVATE && attached(cx, id).await?.is_some() {
            return Ok(Progress::Again("detaching the gateway".into()));
        }
        Ok(progress)
    }
}
