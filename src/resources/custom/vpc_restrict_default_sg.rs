//! `Custom::VpcRestrictDefaultSG`: takes the rules out of a VPC's default security group with which AWS makes it
//! (everything within the group, everything out), and puts them back when the resource goes. Other rules of the
//! group are left alone, as the CDK's function does.
//!
//! There is no such object in AWS: it is there while the group lacks the outgoing rule.

use aws_sdk_ec2::types;
use serde_json::json;

use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, Ownership, PhysicalId, Retry},
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType},
};

crate::props! {
    /// The properties.
    pub struct Restriction { Account: String, DefaultSecurityGroupId: String }
}

/// `Custom::VpcRestrictDefaultSG`.
pub struct VpcRestrictDefaultSg;

const GONE: &[&str] = &["InvalidGroup.NotFound", "InvalidGroupId.Malformed"];
const EVERYWHERE: &str = "0.0.0.0/0";

fn attributes(group: &str) -> Attributes {
    Attributes::from([("Ref".to_owned(), json!(group))])
}

/// Everything, to everywhere.
fn outgoing() -> types::IpPermission {
    types::IpPermission::builder()
        .ip_protocol("-1")
        .ip_ranges(types::IpRange::builder().cidr_ip(EVERYWHERE).build())
        .build()
}

/// Everything, from the group itself.
fn incoming(cx: &Cx<'_>, group: &str, account: Option<&str>) -> types::IpPermission {
    let pair = types::UserIdGroupPair::builder().group_id(group).user_id(account.unwrap_or(cx.account));
    types::IpPermission::builder().ip_protocol("-1").user_id_group_pairs(pair.build()).build()
}

/// Errors that say the work is done already.
fn already(answer: Result<(), OpError>, codes: &[&str]) -> Result<(), OpError> {
    match answer {
        Err(error) if error.is(codes) => Ok(()),
        other => other,
    }
}

/// Whether the group lets everything out; `None` if there is no such group.
async fn open(cx: &Cx<'_>, group: &str) -> Result<Option<bool>, OpError> {
    let answer = match cx
        .sdk
        .ec2()
        .describe_security_groups()
        .group_ids(group)
        .send()
        .await
        .map_err(op("DescribeSecurityGroups"))
    {
        Ok(answer) => answer,
        Err(error) if error.is(GONE) => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(answer.security_groups().first().map(|group| {
        group.ip_permissions_egress().iter().any(|rule| {
            rule.ip_protocol() == Some("-1")
                && rule.ip_ranges().iter().any(|range| range.cidr_ip() == Some(EVERYWHERE))
        })
    }))
}

impl ResourceType for VpcRestrictDefaultSg {
    type Props = Restriction;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        configures: true,
        early: &["Ref"],
        retry: &[Retry {
            code: "InvalidGroup.NotFound",
            message: "",
            why: "the new VPC's security group is not visible yet",
        }],
        silent_delete: Some("there is no object: the rules stand again, whoever put them back"),
        iam: &[
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:DescribeSecurityGroups",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
        ],
        ..Facts::new("Custom::VpcRestrictDefaultSG", "ec2")
    };

    async fn find(cx: &Cx<'_>, props: &Restriction) -> Result<Option<Found>, OpError> {
        let Some(group) = props.DefaultSecurityGroupId.as_deref() else { return Ok(None) };
        Ok((open(cx, group).await? == Some(false)).then(|| Found {
            id: group.into(),
            attributes: attributes(group),
            ownership: Ownership::Untaggable,
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Restriction, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (open(cx, id.as_str()).await?, goal) {
            (Some(false), Goal::Ready) => Probe::Reached(attributes(id.as_str())),
            (Some(true) | None, Goal::Gone) => Probe::Reached(Attributes::new()),
            (Some(false), Goal::Gone) => Probe::Pending("still restricted".into()),
            (Some(true) | None, Goal::Ready) => Probe::Pending("not restricted yet".into()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Restriction) -> Result<Option<Restriction>, OpError> {
        Ok((open(cx, id.as_str()).await? == Some(false)).then(|| Restriction {
            Account: hint.Account.clone(),
            DefaultSecurityGroupId: Some(id.as_str().to_owned()),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Restriction) -> Result<Created, OpError> {
        const OP: &str = "RevokeSecurityGroupEgress";
        let group = props.DefaultSecurityGroupId.clone();
        let group = group.ok_or_else(|| OpError::not_sent(OP, "DefaultSecurityGroupId is missing"))?;
        let call = cx.sdk.ec2().revoke_security_group_egress().group_id(&group).ip_permissions(outgoing());
        already(call.send().await.map(drop).map_err(op(OP)), &["InvalidPermission.NotFound"])?;
        Ok(Created { attributes: attributes(&group), id: group.into() })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Restriction,
    ) -> Result<Progress, OpError> {
        let rule = incoming(cx, id.as_str(), props.Account.as_deref());
        let call = cx.sdk.ec2().revoke_security_group_ingress().group_id(id.as_str()).ip_permissions(rule);
        let answer = call.send().await.map(drop).map_err(op("RevokeSecurityGroupIngress"));
        already(answer, &["InvalidPermission.NotFound"])?;
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Restriction>,
    ) -> Result<Progress, OpError> {
        // Only the account can differ, which names the owner of the same group.
        Self::configure(cx, permit, id, change.new).await
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Restriction,
    ) -> Result<Progress, OpError> {
        let done = ["InvalidPermission.Duplicate", "InvalidGroup.NotFound", "InvalidGroupId.Malformed"];
        let rule = incoming(cx, id.as_str(), props.Account.as_deref());
        let call = cx.sdk.ec2().authorize_security_group_ingress().group_id(id.as_str()).ip_permissions(rule);
        already(call.send().await.map(drop).map_err(op("AuthorizeSecurityGroupIngress")), &done)?;
        let call =
            cx.sdk.ec2().authorize_security_group_egress().group_id(id.as_str()).ip_permissions(outgoing());
        already(call.send().await.map(drop).map_err(op("AuthorizeSecurityGroupEgress")), &done)?;
        Ok(Progress::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    /// The default group of a new VPC.
    fn group(bench: &Bench) -> String {
        bench.run(async {
            let ec2 = bench.sdk().ec2();
            let vpc = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap().vpc.unwrap();
            bench.advance(std::time::Duration::from_secs(5));
            let filter = types::Filter::builder().name("vpc-id").values(vpc.vpc_id().unwrap()).build();
            let groups = ec2.describe_security_groups().filters(filter).send().await.unwrap();
            groups.security_groups()[0].group_id().unwrap().to_owned()
        })
    }

    fn rules(bench: &Bench, group: &str) -> (usize, usize) {
        bench.run(async {
            let answer = bench.sdk().ec2().describe_security_groups().group_ids(group).send().await.unwrap();
            let group = &answer.security_groups()[0];
            (group.ip_permissions().len(), group.ip_permissions_egress().len())
        })
    }

    #[test]
    fn keeps_the_law_and_puts_back_what_it_took() {
        let bench = Bench::new();
        let group = group(&bench);
        assert_eq!(rules(&bench, &group), (1, 1));
        let props = json!({"DefaultSecurityGroupId": group, "Account": "123456789012"});
        bench.law_covering::<VpcRestrictDefaultSg>(&[(props.clone(), None)]);
        assert_eq!(rules(&bench, &group), (1, 1));
        let typed: Restriction = serde_json::from_value(props).unwrap();
        bench.cx(|cx| {
            bench.run(async {
                let id = VpcRestrictDefaultSg::create(cx, &bench.permit(), &typed).await.unwrap().id;
                VpcRestrictDefaultSg::configure(cx, &bench.permit(), &id, &typed).await.unwrap();
            });
        });
        assert_eq!(rules(&bench, &group), (0, 0));
    }
}
