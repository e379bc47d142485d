//! `AWS::EC2::VPCPeeringConnection` between two VPCs of the account: asked for by one side, accepted in the name of
//! the other, in another region too.

use aws_sdk_ec2::types;
use aws_types::region::Region;
use serde_json::json;

use super::support::{NEW_VPC, deleted, filter, ours, pairs, retag, seen, specification, unless_absent};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, PhysicalId, Tag, WaitPolicy},
    props,
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType},
};

/// The type.
pub struct VpcPeeringConnection;

props! {
    /// The properties.
    pub struct Props {
        PeerOwnerId: String,
        PeerRegion: String,
        PeerVpcId: String,
        Tags: Vec<Tag>,
        VpcId: String,
    }
}

const ABSENT: &[&str] = &["InvalidVpcPeeringConnectionID.NotFound"];
/// What AWS answers to a verb that the connection's present state does not take.
const STATE: &[&str] = &["InvalidStateTransition"];

fn attributes(id: &str) -> Attributes {
    Attributes::from([("Ref".into(), json!(id)), ("Id".into(), json!(id))])
}

fn status(connection: &types::VpcPeeringConnection) -> &str {
    connection.status().and_then(|status| status.code()).map_or("initiating-request", |code| code.as_str())
}

/// Whether the connection is over; AWS still shows it for hours.
fn over(status: &str) -> bool {
    matches!(status, "deleted" | "deleting" | "expired" | "failed" | "rejected")
}

async fn get(cx: &Cx<'_>, id: &str) -> Result<Option<types::VpcPeeringConnection>, OpError> {
    let call = cx.sdk.ec2().describe_vpc_peering_connections().vpc_peering_connection_ids(id);
    let answer = call.send().await.map_err(op("DescribeVpcPeeringConnections"));
    Ok(unless_absent(answer, ABSENT)?.and_then(|page| page.vpc_peering_connections().first().cloned()))
}

/// Accepts in the region of the other side.
async fn accept(cx: &Cx<'_>, id: &str, props: &Props) -> Result<(), OpError> {
    let call = cx.sdk.ec2().accept_vpc_peering_connection().vpc_peering_connection_id(id);
    let region = props.PeerRegion.clone().unwrap_or_else(|| cx.region.to_owned());
    let there = aws_sdk_ec2::config::Builder::new().region(Region::new(region));
    let answer = call.customize().config_override(there).send().await;
    answer.map(drop).map_err(op("AcceptVpcPeeringConnection"))
}

impl ResourceType for VpcPeeringConnection {
    type Props = Props;

    const FACTS: Facts = Facts {
        configures: true,
        ready: Some(WaitPolicy::secs(2, 2, 300)),
        gone: Some(WaitPolicy::secs(2, 2, 300)),
        retry: &[NEW_VPC],
        iam: &[
            "ec2:AcceptVpcPeeringConnection",
            "ec2:CreateTags",
            "ec2:CreateVpcPeeringConnection",
            "ec2:DeleteTags",
            "ec2:DeleteVpcPeeringConnection",
            "ec2:DescribeVpcPeeringConnections",
        ],
        refused: &[
            (
                "AssumeRoleRegion",
                "it accepts the peering as a role of another account, and migrate works in one; accept the request over there",
            ),
            (
                "PeerRoleArn",
                "it accepts the peering as a role of another account, and migrate works in one; accept the request over there",
            ),
        ],
        ..Facts::new("AWS::EC2::VPCPeeringConnection", "ec2")
    };

    fn check(props: &serde_json::Value) -> Vec<(String, String)> {
        if props["VpcId"].is_string() && props["VpcId"] == props["PeerVpcId"] {
            return vec![("PeerVpcId".into(), "a VPC cannot be peered with itself".into())];
        }
        Vec::new()
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        Ok(Self::find_all(cx, props).await?.into_iter().next())
    }

    async fn find_all(cx: &Cx<'_>, _props: &Props) -> Result<Vec<Found>, OpError> {
        let mut filters = ours(cx);
        let mut living = filter("status-code", "active");
        let others = ["initiating-request", "pending-acceptance", "provisioning"].map(ToOwned::to_owned);
        living.values.get_or_insert_default().extend(others);
        filters.push(living);
        let call = cx.sdk.ec2().describe_vpc_peering_connections().set_filters(Some(filters));
        let page = call.send().await.map_err(op("DescribeVpcPeeringConnections"))?;
        let found = page.vpc_peering_connections().iter().map(|connection| {
            let id = connection.vpc_peering_connection_id().unwrap_or_default();
            Found { id: id.into(), attributes: attributes(id), ownership: cx.owns(pairs(connection.tags())) }
        });
        Ok(found.collect())
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let Some(connection) = get(cx, id.as_str()).await? else { return Ok(seen(None, goal)) };
        let state = status(&connection);
        let why = || {
            let message = connection.status().and_then(|status| status.message()).unwrap_or_default();
            if message.is_empty() { state.to_owned() } else { format!("{state}: {message}") }
        };
        Ok(match (goal, state) {
            (Goal::Ready, "active") => Probe::Reached(attributes(id.as_str())),
            (Goal::Ready, state) if over(state) => Probe::Failed(why()),
            (Goal::Gone, state) if over(state) && state != "deleting" => Probe::Reached(Attributes::new()),
            _ => Probe::Pending(state.to_owned()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(connection) = get(cx, id.as_str()).await?.filter(|one| !over(status(one))) else {
            return Ok(None);
        };
        let own = |text: Option<&str>| text.map(ToOwned::to_owned);
        let peer = connection.accepter_vpc_info();
        Ok(Some(Props {
            PeerOwnerId: own(peer.and_then(|side| side.owner_id())),
            PeerRegion: own(peer.and_then(|side| side.region())),
            PeerVpcId: own(peer.and_then(|side| side.vpc_id())),
            Tags: cx.own_tags(pairs(connection.tags())),
            VpcId: own(connection.requester_vpc_info().and_then(|side| side.vpc_id())),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateVpcPeeringConnection";
        let kind = types::ResourceType::VpcPeeringConnection;
        let call = cx
            .sdk
            .ec2()
            .create_vpc_peering_connection()
            .set_peer_owner_id(props.PeerOwnerId.clone())
            .set_peer_region(props.PeerRegion.clone())
            .set_peer_vpc_id(props.PeerVpcId.clone())
            .set_vpc_id(props.VpcId.clone())
            .tag_specifications(specification(cx, kind, props.Tags.as_ref()));
        let answer = call.send().await.map_err(op(OP))?;
        let id = answer
            .vpc_peering_connection()
            .and_then(|connection| connection.vpc_peering_connection_id())
            .ok_or_else(|| OpError::missing(OP, "the connection's id"))?;
        Ok(Created { id: id.into(), attributes: attributes(id) })
    }

    /// Accepts the request. A state that takes no acceptance is looked at: too early, done already, or over,
    /// which the wait for `active` then reports with AWS's reason.
    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        match accept(cx, id.as_str(), props).await {
            Ok(()) => Ok(Progress::Done),
            Err(error) if error.is(ABSENT) => Ok(Progress::Again("the request is not visible yet".into())),
            Err(error) if error.is(STATE) => {
                let connection = get(cx, id.as_str()).await?;
                match connection.as_ref().map(status) {
                    Some("provisioning" | "active") => Ok(Progress::Done),
                    Some(state) if over(state) => Ok(Progress::Done),
                    state => Ok(Progress::Again(state.unwrap_or("not visible yet").to_owned())),
                }
            }
            Err(error) => Err(error),
        }
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

    /// A connection between two states refuses to be deleted: then it is looked at and tried again.
    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.ec2().delete_vpc_peering_connection().vpc_peering_connection_id(id.as_str());
        let answer = call.send().await.map_err(op("DeleteVpcPeeringConnection"));
        match answer {
            Err(error) if error.is(STATE) => match get(cx, id.as_str()).await?.as_ref().map(status) {
                Some(state) if !over(state) => Ok(Progress::Again(state.to_owned())),
                _ => Ok(Progress::Done),
            },
            answer => deleted(answer, ABSENT),
        }
    }
}
