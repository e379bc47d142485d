//! `AWS::EC2::VPCPeeringConnection` between two VPCs of the account: asked for by one side, accepted in the name of
//! the other, in another region too.

use aws_sdk_ec2::types;
use aws_types::region::Region;

use super::{
    support::{NEW_VPC, described_by, ours_in},
    tags::{self, Tags, specification},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Once, PhysicalId, Tag, WaitPolicy},
    props,
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State,
        described::{alike, look},
        tags::Tagging,
    },
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

fn status(connection: &types::VpcPeeringConnection) -> &str {
    connection.status().and_then(|status| status.code()).map_or("initiating-request", |code| code.as_str())
}

/// Whether the connection is over; AWS still shows it for hours.
fn over(status: &str) -> bool {
    matches!(status, "deleted" | "deleting" | "expired" | "failed" | "rejected")
}

/// Only those that are not over.
fn living(cx: &Cx<'_>) -> Vec<types::Filter> {
    let codes = ["active", "initiating-request", "pending-acceptance", "provisioning"];
    ours_in(cx, "status-code", &codes)
}

/// Accepts in the region of the other side.
async fn accept(cx: &Cx<'_>, id: &str, props: &Props) -> Result<(), OpError> {
    let call = cx.sdk.ec2().accept_vpc_peering_connection().vpc_peering_connection_id(id);
    let region = props.PeerRegion.clone().unwrap_or_else(|| cx.region.to_owned());
    let there = aws_sdk_ec2::config::Builder::new().region(Region::new(region));
    let answer = call.customize().config_override(there).send().await;
    answer.map(drop).map_err(op("AcceptVpcPeeringConnection"))
}

impl Described for VpcPeeringConnection {
    type Props = Props;
    type Live = types::VpcPeeringConnection;

    const FACTS: Facts = Facts {
        configures: true,
        ready: Some(WaitPolicy::secs(2, 2, 300)),
        gone: Some(WaitPolicy::secs(2, 2, 300)),
        retry: &[NEW_VPC],
        absent: ABSENT,
        silent_delete: Some("EC2 shows a deleted connection for hours and takes its deletion again"),
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
        // CreateVpcPeeringConnection: one between two VPCs at a time.
        once: Some(&[Once::Together(&["VpcId", "PeerVpcId", "PeerRegion"])]),
        ..Facts::new("AWS::EC2::VPCPeeringConnection", "ec2")
    };

    fn check(props: &serde_json::Value) -> Vec<(String, String)> {
        if props["VpcId"].is_string() && props["VpcId"] == props["PeerVpcId"] {
            return vec![("PeerVpcId".into(), "a VPC cannot be peered with itself".into())];
        }
        Vec::new()
    }

    described_by!(
        "DescribeVpcPeeringConnections", describe_vpc_peering_connections,
        vpc_peering_connection_ids, "vpc-peering-connection-id" => vpc_peering_connections, set_filters, living
    );

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let id = live.vpc_peering_connection_id().unwrap_or_default();
        Created { id: id.into(), attributes: alike(&["Ref", "Id"], id) }
    }

    fn state(live: &Self::Live) -> State {
        let state = status(live);
        let message = live.status().and_then(|status| status.message()).unwrap_or_default();
        let why = || if message.is_empty() { state.to_owned() } else { format!("{state}: {message}") };
        match state {
            "active" => State::Ready,
            "deleting" => State::Leaving(state.to_owned()),
            _ if over(state) => State::Gone(why()),
            _ => State::Pending(state.to_owned()),
        }
    }

    async fn tags(_cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Ok(tags::of(&live.tags))
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        let peer =
            live.accepter_vpc_info.unwrap_or_else(|| types::VpcPeeringConnectionVpcInfo::builder().build());
        Ok(Props {
            PeerOwnerId: peer.owner_id,
            PeerRegion: peer.region,
            PeerVpcId: peer.vpc_id,
            Tags: tags,
            VpcId: live.requester_vpc_info.and_then(|side| side.vpc_id),
        })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateVpcPeeringConnection";
        let kind = types::ResourceType::VpcPeeringConnection;
        let call = crate::pass!(OP, cx.sdk.ec2().create_vpc_peering_connection(), props => {
            set_peer_owner_id: PeerOwnerId, set_peer_region: PeerRegion, set_peer_vpc_id: PeerVpcId,
            set_vpc_id: VpcId,
        });
        let call = call.tag_specifications(specification(cx, OP, kind, props.Tags.as_ref())?);
        let connection = call.send().await.map_err(op(OP))?.vpc_peering_connection;
        let connection = connection.filter(|connection| connection.vpc_peering_connection_id().is_some());
        Ok(Self::object(cx, &connection.ok_or_else(|| OpError::missing(OP, "the connection's id"))?))
    }

    /// Accepts the request. A state that takes no acceptance is looked at: too early, done already, or over,
    /// which the wait for `active` then reports with AWS's reason.
    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        match accept(cx, id.as_str(), props).await {
            Ok(()) => Ok(Progress::Done),
            Err(error) if error.is(ABSENT) => Ok(Progress::Again("the request is not visible yet".into())),
            Err(error) if error.is(STATE) => {
                let connection = look::<Self>(cx, id, props).await?;
                match connection.as_ref().map(status) {
                    Some("provisioning" | "active") => Ok(Progress::Done),
                    Some(state) if over(state) => Ok(Progress::Done),
                    state => Ok(Progress::Again(state.unwrap_or("not visible yet").to_owned())),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    /// A connection between two states refuses to be deleted: then it is looked at and tried again.
    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        let call = cx.sdk.ec2().delete_vpc_peering_connection().vpc_peering_connection_id(id.as_str());
        match call.send().await.map_err(op("DeleteVpcPeeringConnection")) {
            Err(error) if error.is(STATE) => match look::<Self>(cx, id, props).await?.as_ref().map(status) {
                Some(state) if !over(state) => Ok(Progress::Again(state.to_owned())),
                Some(_) => Ok(Progress::Done),
                None => Ok(Progress::Absent),
            },
            answer => answer.map(|_| Progress::Done),
        }
    }
}
