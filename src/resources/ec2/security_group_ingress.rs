//! `AWS::EC2::SecurityGroupIngress`: a rule of its own, so that groups can refer to each other.

use serde_json::{Value as Json, json};

use super::{
    permission::{Given, Rule, Way},
    support::{NEW_GROUP, deleted, ours, pairs, seen, unless_absent},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, PhysicalId},
    props,
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType},
};

/// The type.
pub struct SecurityGroupIngress;

props! {
    /// The properties.
    pub struct Props {
        CidrIp: String,
        CidrIpv6: String,
        Description: String,
        FromPort: i32,
        GroupId: String,
        IpProtocol: String,
        SourcePrefixListId: String,
        SourceSecurityGroupId: String,
        SourceSecurityGroupOwnerId: String,
        ToPort: i32,
    }
}

const ABSENT: &[&str] = &["InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound"];

impl Props {
    fn rule(&self) -> Rule {
        Rule::new(&Given {
            protocol: self.IpProtocol.as_deref(),
            ports: (self.FromPort, self.ToPort),
            v4: self.CidrIp.as_deref(),
            v6: self.CidrIpv6.as_deref(),
            list: self.SourcePrefixListId.as_deref(),
            group: self.SourceSecurityGroupId.as_deref(),
            account: self.SourceSecurityGroupOwnerId.as_deref(),
            description: self.Description.as_deref(),
        })
    }

    fn group(&self) -> &str {
        self.GroupId.as_deref().unwrap_or_default()
    }
}

fn attributes(id: &str) -> Attributes {
    Attributes::from([("Ref".into(), json!(id)), ("Id".into(), json!(id))])
}

async fn get(cx: &Cx<'_>, id: &str) -> Result<Option<aws_sdk_ec2::types::SecurityGroupRule>, OpError> {
    let call = cx.sdk.ec2().describe_security_group_rules().security_group_rule_ids(id);
    let answer = call.send().await.map_err(op("DescribeSecurityGroupRules"));
    Ok(unless_absent(answer, ABSENT)?.and_then(|page| page.security_group_rules().first().cloned()))
}

impl ResourceType for SecurityGroupIngress {
    type Props = Props;

    const FACTS: Facts = Facts {
        early: &["Id", "Ref"],
        retry: &[NEW_GROUP],
        iam: &[
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:CreateTags",
            "ec2:DescribeSecurityGroupRules",
            "ec2:RevokeSecurityGroupIngress",
            "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        ],
        refused: &[
            ("GroupName", "names identify groups of a default VPC only; give the group's id"),
            ("SourceSecurityGroupName", "names identify groups of a default VPC only; give the group's id"),
        ],
        ..Facts::new("AWS::EC2::SecurityGroupIngress", "ec2")
    };

    /// Protocols by number, blocks with host bits and ports that mean nothing are spelled differently by EC2.
    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        let rule = |value: &Json| {
            // A protocol that has ports, so that these are compared too.
            let mut props = json!({"IpProtocol": "icmp", property: value});
            if property == "IpProtocol" && value == "-1" {
                props["IpProtocol"] = value.clone();
            }
            serde_json::from_value::<Props>(props).ok().map(|props| props.rule())
        };
        if property == "GroupId" {
            return desired == recorded;
        }
        rule(desired).is_some_and(|one| rule(recorded).is_some_and(|other| one == other))
    }

    async fn find(cx: &Cx<'_>, _props: &Props) -> Result<Option<Found>, OpError> {
        // DescribeSecurityGroupRules filters by tag; there is no name to look for.
        let call = cx.sdk.ec2().describe_security_group_rules().set_filters(Some(ours(cx)));
        let page = call.send().await.map_err(op("DescribeSecurityGroupRules"))?;
        Ok(page.security_group_rules().first().map(|rule| {
            let id = rule.security_group_rule_id().unwrap_or_default();
            Found { id: id.into(), attributes: attributes(id), ownership: cx.owns(pairs(rule.tags())) }
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(seen(get(cx, id.as_str()).await?.map(|_| attributes(id.as_str())), goal))
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(live) = get(cx, id.as_str()).await? else { return Ok(None) };
        let rule = Rule::live(&live);
        let [v4, v6, list, group, account] = rule.peer_parts();
        let (mut from, mut to) = rule.port_parts();
        if from.is_none() {
            // The protocol has no ports; EC2 ignores what the template says.
            (from, to) = (hint.FromPort, hint.ToPort);
        }
        Ok(Some(Props {
            CidrIp: v4,
            CidrIpv6: v6,
            Description: rule.description.clone(),
            FromPort: from,
            GroupId: live.group_id().map(ToOwned::to_owned),
            IpProtocol: Some(rule.protocol.clone()),
            SourcePrefixListId: list,
            SourceSecurityGroupId: group,
            SourceSecurityGroupOwnerId: account
                .filter(|account| hint.SourceSecurityGroupOwnerId.is_some() || account != cx.account),
            ToPort: to,
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let ids = Way::In.authorize(cx, props.group(), &[&props.rule()], true).await?;
        let id =
            ids.first().ok_or_else(|| OpError::missing("AuthorizeSecurityGroupIngress", "the rule's id"))?;
        Ok(Created { id: id.as_str().into(), attributes: attributes(id) })
    }

    /// Only the description can change.
    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        if change.has("Description") {
            Way::In.redescribe(cx, change.new.group(), &[&change.new.rule()]).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.ec2().revoke_security_group_ingress().group_id(props.group());
        let call = call.security_group_rule_ids(id.as_str());
        deleted(call.send().await.map_err(op("RevokeSecurityGroupIngress")), ABSENT)
    }
}
