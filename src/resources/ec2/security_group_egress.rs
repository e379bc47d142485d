//! `AWS::EC2::SecurityGroupEgress`: a rule of its own, so that groups can refer to each other.

use aws_sdk_ec2::types;
use serde_json::{Value as Json, json};

use super::{
    permission::{Given, Rule, Way},
    support::{NEW_GROUP, described_by},
    tags,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Once, PhysicalId, Stored},
    props,
    resources::{Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, described::alike},
};

/// The type.
pub struct SecurityGroupEgress;

props! {
    /// The properties.
    pub struct Props {
        CidrIp: String,
        CidrIpv6: String,
        Description: String,
        DestinationPrefixListId: String,
        DestinationSecurityGroupId: String,
        FromPort: i32,
        GroupId: String,
        IpProtocol: String,
        ToPort: i32,
    }
}

impl Props {
    fn rule(&self) -> Rule {
        Rule::new(&Given {
            protocol: self.IpProtocol.as_deref(),
            ports: (self.FromPort, self.ToPort),
            v4: self.CidrIp.as_deref(),
            v6: self.CidrIpv6.as_deref(),
            list: self.DestinationPrefixListId.as_deref(),
            group: self.DestinationSecurityGroupId.as_deref(),
            account: None,
            description: self.Description.as_deref(),
        })
    }

    fn group(&self) -> &str {
        self.GroupId.as_deref().unwrap_or_default()
    }
}

impl Described for SecurityGroupEgress {
    type Props = Props;
    type Live = types::SecurityGroupRule;

    const FACTS: Facts = Facts {
        early: &["Id", "Ref"],
        // Configuring a group revokes the rules that EC2 puts into every new one, and a rule of its own may be the same.
        needs_ready: &["GroupId"],
        retry: &[NEW_GROUP],
        absent: &["InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound"],
        iam: &[
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:CreateTags",
            "ec2:DescribeSecurityGroupRules",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
        ],
        stored: &[("CidrIp", Stored::Network), ("CidrIpv6", Stored::Network)],
        once: Some(&[Once::Together(&[
            "GroupId",
            "IpProtocol",
            "FromPort",
            "ToPort",
            "CidrIp",
            "CidrIpv6",
            "DestinationPrefixListId",
            "DestinationSecurityGroupId",
        ])]),
        ..Facts::new("AWS::EC2::SecurityGroupEgress", "ec2")
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

    described_by!(
        "DescribeSecurityGroupRules", describe_security_group_rules,
        security_group_rule_ids, "security-group-rule-id" => security_group_rules
    );

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let id = live.security_group_rule_id().unwrap_or_default();
        Created { id: id.into(), attributes: alike(&["Ref", "Id"], id) }
    }

    async fn tags(_cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Ok(tags::of(&live.tags))
    }

    async fn props(_cx: &Cx<'_>, live: Self::Live, _: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let rule = Rule::live(&live);
        let [v4, v6, list, group, _] = rule.peer_parts();
        let (mut from, mut to) = rule.port_parts();
        if from.is_none() {
            // The protocol has no ports; EC2 ignores what the template says.
            (from, to) = (hint.FromPort, hint.ToPort);
        }
        Ok(Props {
            CidrIp: v4,
            CidrIpv6: v6,
            Description: rule.description.clone(),
            DestinationPrefixListId: list,
            DestinationSecurityGroupId: group,
            FromPort: from,
            GroupId: live.group_id().map(ToOwned::to_owned),
            IpProtocol: Some(rule.protocol.clone()),
            ToPort: to,
        })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let ids = Way::Out.authorize(cx, props.group(), &[&props.rule()], true).await?;
        let id =
            ids.first().ok_or_else(|| OpError::missing("AuthorizeSecurityGroupEgress", "the rule's id"))?;
        Ok(Created { id: id.as_str().into(), attributes: alike(&["Ref", "Id"], id) })
    }

    /// Only the description can change.
    async fn update(cx: &Cx<'_>, _permit: &Permit, _id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        if change.has("Description") {
            Way::Out.redescribe(cx, change.new.group(), &[&change.new.rule()]).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        let call = cx.sdk.ec2().revoke_security_group_egress().group_id(props.group());
        let call = call.security_group_rule_ids(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("RevokeSecurityGroupEgress"))
    }
}
