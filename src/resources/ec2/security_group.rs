//! `AWS::EC2::SecurityGroup`, with the rules that its template writes inline.
//!
//! A group whose template gives egress rules loses the rule that lets everything out, which EC2 puts into
//! every new group; one whose template gives none keeps it.

use aws_sdk_ec2::types;
use serde_json::{Value as Json, json};

use super::{
    interfaces,
    permission::{self, Given, Peer, Rule, Way, difference},
    support::{IN_USE, MANY, NEW_GROUP, NEW_VPC, any_of, filter, seen, unless_absent},
    tags::{self, Tags, specification},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, Once, Ownership, PhysicalId, Stored, Tag},
    props,
    resources::{
        Asked, Change, Created, Cx, Found, Goal, Obstacle, Probe, Progress, ResourceType, compare,
        tags::Tagging,
    },
};

/// The type.
pub struct SecurityGroup;

props! {
    /// The properties.
    pub struct Props {
        GroupDescription: String,
        GroupName: String,
        SecurityGroupEgress: Vec<Egress>,
        SecurityGroupIngress: Vec<Ingress>,
        Tags: Vec<Tag>,
        VpcId: String,
    }
    /// A rule that lets traffic out.
    pub struct Egress {
        CidrIp: String,
        CidrIpv6: String,
        Description: String,
        DestinationPrefixListId: String,
        DestinationSecurityGroupId: String,
        FromPort: i32,
        IpProtocol: String,
        ToPort: i32,
    }
    /// A rule that lets traffic in.
    pub struct Ingress {
        CidrIp: String,
        CidrIpv6: String,
        Description: String,
        FromPort: i32,
        IpProtocol: String,
        SourcePrefixListId: String,
        SourceSecurityGroupId: String,
        SourceSecurityGroupOwnerId: String,
        ToPort: i32,
    }
}

const ABSENT: &[&str] = &["InvalidGroup.NotFound"];

impl Egress {
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

    fn shown(rule: &Rule) -> Self {
        let [v4, v6, list, group, _] = rule.peer_parts();
        let (from, to) = rule.port_parts();
        Self {
            CidrIp: v4,
            CidrIpv6: v6,
            Description: rule.description.clone(),
            DestinationPrefixListId: list,
            DestinationSecurityGroupId: group,
            FromPort: from,
            IpProtocol: Some(rule.protocol.clone()),
            ToPort: to,
        }
    }
}

impl Ingress {
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

    fn shown(rule: &Rule) -> Self {
        let [v4, v6, list, group, account] = rule.peer_parts();
        let (from, to) = rule.port_parts();
        Self {
            CidrIp: v4,
            CidrIpv6: v6,
            Description: rule.description.clone(),
            FromPort: from,
            IpProtocol: Some(rule.protocol.clone()),
            SourcePrefixListId: list,
            SourceSecurityGroupId: group,
            SourceSecurityGroupOwnerId: account,
            ToPort: to,
        }
    }
}

impl Props {
    fn ingress(&self) -> Vec<Rule> {
        self.SecurityGroupIngress.iter().flatten().map(Ingress::rule).collect()
    }

    fn gives_egress(&self) -> bool {
        self.SecurityGroupEgress.as_ref().is_some_and(|rules| !rules.is_empty())
    }

    /// The egress rules as they are to be: without any given, EC2's own.
    fn egress(&self) -> Vec<Rule> {
        let given: Vec<Rule> = self.SecurityGroupEgress.iter().flatten().map(Egress::rule).collect();
        if given.is_empty() { vec![Rule::all_out()] } else { given }
    }
}

fn attributes(id: &str) -> Attributes {
    Attributes::from([("Ref".into(), json!(id)), ("Id".into(), json!(id)), ("GroupId".into(), json!(id))])
}

async fn get(cx: &Cx<'_>, id: &str) -> Result<Option<types::SecurityGroup>, OpError> {
    if let Some(live) = cx.shelved(id) {
        return Ok(Some(live));
    }
    let call = cx.sdk.ec2().describe_security_groups().group_ids(id);
    let answer = call.send().await.map_err(op("DescribeSecurityGroups"));
    Ok(unless_absent(answer, ABSENT)?.and_then(|page| page.security_groups().first().cloned()))
}

/// Brings one way's rules from `old` to `new`; new ones first, so that nothing is cut off meanwhile.
async fn bring(cx: &Cx<'_>, group: &str, way: Way, old: &[Rule], new: &[Rule]) -> Result<(), OpError> {
    let [added, removed, reworded] = difference(old, new);
    way.ensure(cx, group, &added).await?;
    way.revoke(cx, group, &removed).await?;
    way.redescribe(cx, group, &reworded).await
}

/// The rules that EC2 puts into a new group: the one for IPv6 in VPCs with IPv6 only, which nothing tells of without a
/// look at the VPC. To revoke a rule that is not there does no harm.
fn born(props: &Props) -> Vec<Rule> {
    let six = props.gives_egress().then(Rule::all_out_v6);
    [Rule::all_out()].into_iter().chain(six).collect()
}

/// EC2's own rule for IPv6 goes when the template begins to give rules, and is back when it ends to; its rule for IPv4 is
/// among the properties. A resource of its own with the same rule carries tags and stays.
async fn own_v6(cx: &Cx<'_>, group: &str, old: &Props, new: &Props) -> Result<(), OpError> {
    let six = Rule::all_out_v6();
    match (old.gives_egress(), new.gives_egress()) {
        (false, true) if !new.egress().iter().any(|rule| rule.allows_as(&six)) => {
            let own = Way::Out.inline(cx, group).await?;
            let there: Vec<&Rule> = own.iter().filter(|rule| rule.allows_as(&six)).collect();
            Way::Out.revoke(cx, group, &there).await
        }
        (true, false) => {
            let Some(vpc) = get(cx, group).await?.and_then(|group| group.vpc_id) else { return Ok(()) };
            let answer =
                cx.sdk.ec2().describe_vpcs().vpc_ids(vpc).send().await.map_err(op("DescribeVpcs"))?;
            let blocks = answer.vpcs().iter().flat_map(|vpc| vpc.ipv6_cidr_block_association_set());
            let state = |one: &types::VpcIpv6CidrBlockAssociation| {
                one.ipv6_cidr_block_state().and_then(|state| state.state().cloned())
            };
            if blocks.filter_map(state).any(|state| state == types::VpcCidrBlockStateCode::Associated) {
                Way::Out.ensure(cx, group, &[&six]).await?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Rules of either way from JSON, as EC2 would show them; `None` if they do not fit.
fn normal(property: &str, rules: &Json) -> Option<Vec<Rule>> {
    if property == "SecurityGroupEgress" {
        let rules: Vec<Egress> = serde_json::from_value(rules.clone()).ok()?;
        return Some(rules.iter().map(Egress::rule).collect());
    }
    let rules: Vec<Ingress> = serde_json::from_value(rules.clone()).ok()?;
    Some(rules.iter().map(Ingress::rule).collect())
}

impl ResourceType for SecurityGroup {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "GroupName", max: 255, lower: false, separator: '-' }),
        configures: true,
        early: &["GroupId", "Id", "Ref"],
        retry: &[NEW_VPC, NEW_GROUP],
        held_by_users: true,
        retry_delete: &[IN_USE],
        properties_are_attributes: true,
        absent: ABSENT,
        iam: &[
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:CreateSecurityGroup",
            "ec2:CreateTags",
            "ec2:DeleteSecurityGroup",
            "ec2:DeleteTags",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeVpcs",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
            "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
            "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        ],
        refused: &[(
            "SecurityGroupIngress.SourceSecurityGroupName",
            "names identify groups of a default VPC only; give the group's id",
        )],
        stored: &[
            ("SecurityGroupEgress.*.CidrIp", Stored::Network),
            ("SecurityGroupEgress.*.CidrIpv6", Stored::Network),
            ("SecurityGroupIngress.*.CidrIp", Stored::Network),
            ("SecurityGroupIngress.*.CidrIpv6", Stored::Network),
        ],
        // CreateSecurityGroup: "Unique within the VPC".
        once: Some(&[Once::Together(&["GroupName", "VpcId"])]),
        ..Facts::new("AWS::EC2::SecurityGroup", "ec2")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        if !matches!(property, "SecurityGroupEgress" | "SecurityGroupIngress") {
            return compare::same(Self::FACTS.kind, property, desired, recorded);
        }
        match (normal(property, desired), normal(property, recorded)) {
            (Some(a), Some(b)) => a.len() == b.len() && a.iter().all(|rule| b.contains(rule)),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        if props["GroupName"].as_str().is_some_and(|name| name.starts_with("sg-")) {
            problems.push(("GroupName".into(), "names may not start with sg-".into()));
        }
        for property in ["SecurityGroupEgress", "SecurityGroupIngress"] {
            let rules = normal(property, &props[property]).unwrap_or_default();
            // Peer groups are mostly not known yet at plan time, and then look alike.
            let known = |rule: &Rule| !matches!(rule.peer, Peer::Group(..));
            let doubled = rules
                .iter()
                .enumerate()
                .find(|(at, rule)| known(rule) && rules[..*at].iter().any(|other| other.allows_as(rule)));
            if doubled.is_some() {
                problems.push((property.into(), "two rules allow the same, which EC2 refuses".into()));
            }
        }
        problems
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let mut filters = vec![filter("group-name", props.GroupName.as_deref().unwrap_or_default())];
        filters.extend(props.VpcId.as_deref().map(|vpc| filter("vpc-id", vpc)));
        let call = cx.sdk.ec2().describe_security_groups().set_filters(Some(filters));
        let page = call.send().await.map_err(op("DescribeSecurityGroups"))?;
        let mut found: Vec<Found> = page
            .security_groups()
            .iter()
            .map(|group| {
                let id = group.group_id().unwrap_or_default();
                Found { id: id.into(), attributes: attributes(id), ownership: tags::owner(cx, &group.tags) }
            })
            .collect();
        // Without a VPC the name may exist in several; only ours is of interest then.
        let ours = found.iter().position(|one| one.ownership == Ownership::Ours);
        Ok(match ours {
            Some(at) => Some(found.swap_remove(at)),
            None if props.VpcId.is_some() => found.pop(),
            None => None,
        })
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(seen(get(cx, id.as_str()).await?.map(|_| attributes(id.as_str())), goal))
    }

    async fn ownership(cx: &Cx<'_>, id: &PhysicalId, _props: &Props) -> Result<Option<Ownership>, OpError> {
        Ok(get(cx, id.as_str()).await?.map(|live| tags::owner(cx, &live.tags)))
    }

    const MANY: usize = MANY;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let ids = any_of("group-id", asked.iter().map(|one| one.id.as_str()));
        let answer = cx
            .sdk
            .ec2()
            .describe_security_groups()
            .filters(ids)
            .send()
            .await
            .map_err(op("DescribeSecurityGroups"))?;
        for live in answer.security_groups() {
            cx.shelve(live.group_id().unwrap_or_default(), live);
        }
        let with_rules = |one: &&Asked<'_, Props>| {
            one.hint.SecurityGroupEgress.is_some() || one.hint.SecurityGroupIngress.is_some()
        };
        let groups: Vec<&str> = asked.iter().filter(with_rules).map(|one| one.id.as_str()).collect();
        permission::gather(cx, &groups).await
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(group) = get(cx, id.as_str()).await? else { return Ok(None) };
        let own = |text: Option<&str>| text.map(ToOwned::to_owned);
        let egress = match hint.SecurityGroupEgress.as_deref() {
            None => None,
            Some(given) => {
                let mut rules = Way::Out.inline(cx, id.as_str()).await?;
                // An empty list means EC2's own rules.
                let own = [Rule::all_out(), Rule::all_out_v6()];
                rules.retain(|rule| !given.is_empty() || !own.contains(rule));
                Some(rules.iter().map(Egress::shown).collect())
            }
        };
        let ingress = match &hint.SecurityGroupIngress {
            None => None,
            Some(given) => {
                let rules = Way::In.inline(cx, id.as_str()).await?;
                let mut shown: Vec<Ingress> = rules.iter().map(Ingress::shown).collect();
                for rule in &mut shown {
                    // EC2 always tells the account; templates rarely do.
                    let spelled = given.iter().any(|one| {
                        one.SourceSecurityGroupId == rule.SourceSecurityGroupId
                            && one.SourceSecurityGroupOwnerId.is_some()
                    });
                    if !spelled && rule.SourceSecurityGroupOwnerId.as_deref() == Some(cx.account) {
                        rule.SourceSecurityGroupOwnerId = None;
                    }
                }
                Some(shown)
            }
        };
        Ok(Some(Props {
            GroupDescription: own(group.description()),
            GroupName: own(group.group_name()),
            SecurityGroupEgress: egress,
            SecurityGroupIngress: ingress,
            Tags: tags::own(cx, &group.tags),
            VpcId: own(group.vpc_id()),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateSecurityGroup";
        let call = cx
            .sdk
            .ec2()
            .create_security_group()
            .set_group_name(props.GroupName.clone())
            .set_description(props.GroupDescription.clone())
            .set_vpc_id(props.VpcId.clone())
            .tag_specifications(specification(
                cx,
                OP,
                types::ResourceType::SecurityGroup,
                props.Tags.as_ref(),
            )?);
        let answer = call.send().await.map_err(op(OP))?;
        let id = answer.group_id().ok_or_else(|| OpError::missing(OP, "the group's id"))?;
        Ok(Created { id: id.into(), attributes: attributes(id) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let (ingress, egress) = (props.ingress(), props.egress());
        bring(cx, id.as_str(), Way::In, &[], &ingress).await?;
        bring(cx, id.as_str(), Way::Out, &born(props), &egress).await?;
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let (id, old, new) = (id.as_str(), change.old, change.new);
        if change.has("SecurityGroupIngress") {
            bring(cx, id, Way::In, &old.ingress(), &new.ingress()).await?;
        }
        if change.has("SecurityGroupEgress") {
            bring(cx, id, Way::Out, &old.egress(), &new.egress()).await?;
            own_v6(cx, id, old, new).await?;
        }
        Tags::change(cx, id, old.Tags.as_ref(), new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    fn place(props: &Json) -> Option<String> {
        interfaces::network(props)
    }

    async fn in_the_way(cx: &Cx<'_>, place: &str) -> Result<Vec<Obstacle>, OpError> {
        interfaces::obstacles(cx, place).await
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.ec2().delete_security_group().group_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteSecurityGroup"))
    }
}
