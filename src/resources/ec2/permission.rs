//! One rule of a security group, in whichever of the four places a template writes it.

use std::collections::BTreeMap;

use aws_sdk_ec2::types;

use super::{
    support::{any_of, filter},
    tags::specification,
};
use crate::{
    aws::{OpError, TAG_ADDRESS, op},
    resources::Cx,
};

/// The other end of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Peer {
    /// An IPv4 block.
    V4(String),
    /// An IPv6 block.
    V6(String),
    /// A prefix list.
    List(String),
    /// A security group, perhaps of another account.
    Group(String, Option<String>),
}

/// What a rule allows, as EC2 keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// `tcp`, `-1`.
    pub protocol: String,
    /// From and to; `-1` where there are none.
    pub ports: (i32, i32),
    /// To or from whom.
    pub peer: Peer,
    /// For the reader.
    pub description: Option<String>,
}

/// A rule as a template gives it.
pub(super) struct Given<'p> {
    /// `IpProtocol`.
    pub protocol: Option<&'p str>,
    /// `FromPort` and `ToPort`.
    pub ports: (Option<i32>, Option<i32>),
    /// `CidrIp`.
    pub v4: Option<&'p str>,
    /// `CidrIpv6`.
    pub v6: Option<&'p str>,
    /// `SourcePrefixListId` or `DestinationPrefixListId`.
    pub list: Option<&'p str>,
    /// `SourceSecurityGroupId` or `DestinationSecurityGroupId`.
    pub group: Option<&'p str>,
    /// `SourceSecurityGroupOwnerId`.
    pub account: Option<&'p str>,
    /// `Description`.
    pub description: Option<&'p str>,
}

fn canonical(block: &str) -> String {
    block.parse::<ipnet::IpNet>().map_or_else(|_| block.to_owned(), |net| net.trunc().to_string())
}

impl Rule {
    /// The given rule as EC2 would show it.
    pub(super) fn new(given: &Given<'_>) -> Self {
        let protocol = match given.protocol.unwrap_or_default().to_ascii_lowercase().as_str() {
            "6" => "tcp".to_owned(),
            "17" => "udp".to_owned(),
            "1" => "icmp".to_owned(),
            "58" => "icmpv6".to_owned(),
            "all" => "-1".to_owned(),
            other => other.to_owned(),
        };
        let ports = match (protocol.as_str(), given.ports) {
            ("tcp" | "udp", (Some(-1), Some(-1) | None)) => (0, 65_535),
            ("tcp" | "udp" | "icmp" | "icmpv6", (from, to)) => (from.unwrap_or(-1), to.unwrap_or(-1)),
            _ => (-1, -1),
        };
        let peer = match (given.v4, given.v6, given.list) {
            (Some(block), _, _) => Peer::V4(canonical(block)),
            (_, Some(block), _) => Peer::V6(canonical(block)),
            (_, _, Some(id)) => Peer::List(id.to_owned()),
            _ => {
                Peer::Group(given.group.unwrap_or_default().to_owned(), given.account.map(ToOwned::to_owned))
            }
        };
        // EC2 knows no empty descriptions.
        let description = given.description.filter(|text| !text.is_empty()).map(ToOwned::to_owned);
        Self { protocol, ports, peer, description }
    }

    /// What every new group lets out.
    pub(super) fn all_out() -> Self {
        Self { protocol: "-1".into(), ports: (-1, -1), peer: Peer::V4("0.0.0.0/0".into()), description: None }
    }

    /// The same for IPv6, which new groups have in VPCs with IPv6 (EC2 User Guide, "Security group rules": "by default,
    /// ... an outbound rule that allows all outbound IPv6 traffic" if the VPC has an IPv6 block).
    pub(super) fn all_out_v6() -> Self {
        Self { peer: Peer::V6("::/0".into()), ..Self::all_out() }
    }

    /// Whether it allows the same; descriptions do not count.
    pub(super) fn allows_as(&self, other: &Self) -> bool {
        let group = |peer: &Peer| match peer {
            Peer::Group(id, _) => Peer::Group(id.clone(), None),
            other => other.clone(),
        };
        self.protocol == other.protocol
            && self.ports == other.ports
            && group(&self.peer) == group(&other.peer)
    }

    /// As calls take it.
    pub(super) fn permission(&self) -> types::IpPermission {
        let text = self.description.clone();
        let mut call = types::IpPermission::builder().ip_protocol(&self.protocol);
        if matches!(self.protocol.as_str(), "tcp" | "udp" | "icmp" | "icmpv6") {
            call = call.from_port(self.ports.0).to_port(self.ports.1);
        }
        match &self.peer {
            Peer::V4(block) => {
                call.ip_ranges(types::IpRange::builder().cidr_ip(block).set_description(text).build())
            }
            Peer::V6(block) => {
                call.ipv6_ranges(types::Ipv6Range::builder().cidr_ipv6(block).set_description(text).build())
            }
            Peer::List(id) => call.prefix_list_ids(
                types::PrefixListId::builder().prefix_list_id(id).set_description(text).build(),
            ),
            Peer::Group(id, account) => call.user_id_group_pairs(
                types::UserIdGroupPair::builder()
                    .group_id(id)
                    .set_user_id(account.clone())
                    .set_description(text)
                    .build(),
            ),
        }
        .build()
    }

    /// As EC2 shows it. The account of a peer group is always shown.
    pub(super) fn live(rule: &types::SecurityGroupRule) -> Self {
        let group = rule.referenced_group_info();
        Self::new(&Given {
            protocol: rule.ip_protocol(),
            ports: (rule.from_port(), rule.to_port()),
            v4: rule.cidr_ipv4(),
            v6: rule.cidr_ipv6(),
            list: rule.prefix_list_id(),
            group: group.and_then(|group| group.group_id()),
            account: group.and_then(|group| group.user_id()),
            description: rule.description(),
        })
    }

    /// The parts, for the schema's properties: v4, v6, list, group, account.
    pub(super) fn peer_parts(&self) -> [Option<String>; 5] {
        let mut parts = [None, None, None, None, None];
        match &self.peer {
            Peer::V4(block) => parts[0] = Some(block.clone()),
            Peer::V6(block) => parts[1] = Some(block.clone()),
            Peer::List(id) => parts[2] = Some(id.clone()),
            Peer::Group(id, account) => {
                parts[3] = Some(id.clone());
                parts[4].clone_from(account);
            }
        }
        parts
    }

    /// `FromPort` and `ToPort`, if the protocol has them.
    pub(super) fn port_parts(&self) -> (Option<i32>, Option<i32>) {
        match self.protocol.as_str() {
            "tcp" | "udp" | "icmp" | "icmpv6" => (Some(self.ports.0), Some(self.ports.1)),
            _ => (None, None),
        }
    }
}

/// Which way rules let traffic go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Into the group's interfaces.
    In,
    /// Out of them.
    Out,
}

impl Way {
    /// Authorises rules in one call. `tagged` gives them the resource's ownership tags. Answers the ids.
    pub(super) async fn authorize(
        self,
        cx: &Cx<'_>,
        group: &str,
        rules: &[&Rule],
        tagged: bool,
    ) -> Result<Vec<String>, OpError> {
        let permissions: Vec<types::IpPermission> = rules.iter().map(|rule| rule.permission()).collect();
        let tags = match tagged {
            true => {
                let kind = types::ResourceType::SecurityGroupRule;
                Some(vec![specification(cx, "AuthorizeSecurityGroup", kind, None)?])
            }
            false => None,
        };
        let ec2 = cx.sdk.ec2();
        let made = match self {
            Self::In => {
                let call = ec2.authorize_security_group_ingress().group_id(group);
                let call = call.set_ip_permissions(Some(permissions)).set_tag_specifications(tags);
                call.send().await.map_err(op("AuthorizeSecurityGroupIngress"))?.security_group_rules
            }
            Self::Out => {
                let call = ec2.authorize_security_group_egress().group_id(group);
                let call = call.set_ip_permissions(Some(permissions)).set_tag_specifications(tags);
                call.send().await.map_err(op("AuthorizeSecurityGroupEgress"))?.security_group_rules
            }
        };
        Ok(made.unwrap_or_default().into_iter().filter_map(|rule| rule.security_group_rule_id).collect())
    }

    /// Sees to it that the rules are there: one call for all of them, and one for each if some are already.
    pub(super) async fn ensure(self, cx: &Cx<'_>, group: &str, rules: &[&Rule]) -> Result<(), OpError> {
        if rules.is_empty() {
            return Ok(());
        }
        match self.authorize(cx, group, rules, false).await {
            Err(error) if error.is(&["InvalidPermission.Duplicate"]) && rules.len() > 1 => {}
            Err(error) if error.is(&["InvalidPermission.Duplicate"]) => return Ok(()),
            answer => return answer.map(drop),
        }
        for rule in rules {
            match self.authorize(cx, group, &[rule], false).await {
                Err(error) if error.is(&["InvalidPermission.Duplicate"]) => {}
                answer => drop(answer?),
            }
        }
        Ok(())
    }

    /// Takes rules away by their content, one by one, as one that is not there fails the whole call.
    pub(super) async fn revoke(self, cx: &Cx<'_>, group: &str, rules: &[&Rule]) -> Result<(), OpError> {
        let ec2 = cx.sdk.ec2();
        for rule in rules {
            let answer = match self {
                Self::In => {
                    let call = ec2.revoke_security_group_ingress().group_id(group);
                    let call = call.ip_permissions(rule.permission());
                    call.send().await.map(drop).map_err(op("RevokeSecurityGroupIngress"))
                }
                Self::Out => {
                    let call = ec2.revoke_security_group_egress().group_id(group);
                    let call = call.ip_permissions(rule.permission());
                    call.send().await.map(drop).map_err(op("RevokeSecurityGroupEgress"))
                }
            };
            match answer {
                Err(error) if error.is(&["InvalidPermission.NotFound"]) => {}
                answer => answer?,
            }
        }
        Ok(())
    }

    /// Gives rules their descriptions, or takes them away.
    pub(super) async fn redescribe(self, cx: &Cx<'_>, group: &str, rules: &[&Rule]) -> Result<(), OpError> {
        if rules.is_empty() {
            return Ok(());
        }
        let permissions: Vec<types::IpPermission> = rules.iter().map(|rule| rule.permission()).collect();
        let ec2 = cx.sdk.ec2();
        match self {
            Self::In => {
                let call = ec2.update_security_group_rule_descriptions_ingress().group_id(group);
                let call = call.set_ip_permissions(Some(permissions));
                call.send().await.map(drop).map_err(op("UpdateSecurityGroupRuleDescriptionsIngress"))
            }
            Self::Out => {
                let call = ec2.update_security_group_rule_descriptions_egress().group_id(group);
                let call = call.set_ip_permissions(Some(permissions));
                call.send().await.map(drop).map_err(op("UpdateSecurityGroupRuleDescriptionsEgress"))
            }
        }
    }

    /// A group's rules that belong to the group itself: those of resources of their own carry ownership tags.
    pub(super) async fn inline(self, cx: &Cx<'_>, group: &str) -> Result<Vec<Rule>, OpError> {
        let all = match cx.shelved::<OfGroup>(group) {
            Some(OfGroup(all)) => all,
            None => rules_of(cx, filter("group-id", group)).await?,
        };
        let own = |rule: &&types::SecurityGroupRule| {
            rule.is_egress() == Some(self == Self::Out)
                && !rule.tags().iter().any(|tag| tag.key() == Some(TAG_ADDRESS))
        };
        Ok(all.iter().filter(own).map(Rule::live).collect())
    }
}

/// All rules of one group.
#[derive(Clone, Default)]
struct OfGroup(Vec<types::SecurityGroupRule>);

/// All rules that pass a filter.
async fn rules_of(cx: &Cx<'_>, filter: types::Filter) -> Result<Vec<types::SecurityGroupRule>, OpError> {
    let (mut rules, mut token) = (Vec::new(), None);
    loop {
        // Up to 1,000 a page ("Amazon EC2 API Reference", DescribeSecurityGroupRules).
        let call = cx.sdk.ec2().describe_security_group_rules().filters(filter.clone()).max_results(1000);
        let page = call.set_next_token(token).send().await.map_err(op("DescribeSecurityGroupRules"))?;
        rules.extend(page.security_group_rules.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(rules);
        }
    }
}

/// Puts the rules of several groups on the shelf: of each group all or none.
pub(super) async fn gather(cx: &Cx<'_>, groups: &[&str]) -> Result<(), OpError> {
    if groups.is_empty() {
        return Ok(());
    }
    let mut of: BTreeMap<&str, OfGroup> = groups.iter().map(|group| (*group, OfGroup::default())).collect();
    for rule in rules_of(cx, any_of("group-id", groups.iter().copied())).await? {
        if let Some(OfGroup(rules)) = rule.group_id().and_then(|group| of.get_mut(group)) {
            rules.push(rule.clone());
        }
    }
    for (group, rules) in &of {
        cx.shelve(group, rules);
    }
    Ok(())
}

/// The rules of `new` that `old` lacks, those of `old` that `new` lacks, and those whose description differs.
pub(super) fn difference<'r>(old: &'r [Rule], new: &'r [Rule]) -> [Vec<&'r Rule>; 3] {
    let lacks = |rules: &[Rule], rule: &Rule| !rules.iter().any(|other| other.allows_as(rule));
    let added = new.iter().filter(|rule| lacks(old, rule)).collect();
    let removed = old.iter().filter(|rule| lacks(new, rule)).collect();
    let reworded = new
        .iter()
        .filter(|rule| old.iter().any(|o| o.allows_as(rule) && o.description != rule.description))
        .collect();
    [added, removed, reworded]
}
