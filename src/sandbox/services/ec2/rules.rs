//! The rules of security groups: authorise, revoke, describe, change.

use serde_json::{Value as Json, json};

use super::{
    common::{Noun, agreed, combination, invalid, lacking, plain, tidy},
    permissions,
    security_groups::GROUP,
};
use crate::sandbox::{By, Fault, Reply, Request, World};

/// Rules of security groups.
pub(super) const RULE: Noun = Noun {
    table: "ec2.security-group-rule",
    prefix: "sgr",
    id: "SecurityGroupRuleId",
    ids: "SecurityGroupRuleIds",
    tags: "Tags",
    resource: "security-group-rule",
    missing: "InvalidSecurityGroupRuleId.NotFound",
    malformed: "InvalidSecurityGroupRuleId.Malformed",
    label: "security group rule",
    filters: &[("group-id", "GroupId"), ("security-group-rule-id", "SecurityGroupRuleId")],
};

/// Rules that AWS allows in one direction of a group.
const LIMIT: usize = 60;

/// A group's rules of one direction.
pub(super) fn of_group<'w>(
    world: &'w World,
    group: &str,
    egress: bool,
) -> impl Iterator<Item = &'w Json> + use<'w> {
    let own = world.with(RULE.table, &By::Path("GroupId"), group).into_iter().map(|(_, row)| row);
    own.filter(move |row| row["IsEgress"] == egress)
}

/// Keeps a rule. Answers its id.
pub(super) fn put(
    world: &mut World,
    rq: &Request<'_>,
    group: &str,
    egress: bool,
    mut rule: Json,
    tags: &[Json],
) -> String {
    let id = world.id(RULE.prefix);
    rule["SecurityGroupRuleId"] = json!(id);
    rule["SecurityGroupRuleArn"] = json!(world.arn("ec2", rq.region, &format!("security-group-rule/{id}")));
    rule["GroupId"] = json!(group);
    rule["GroupOwnerId"] = json!(world.account);
    rule["IsEgress"] = json!(egress);
    rule["Tags"] = json!(tags);
    rule["_region"] = json!(rq.region);
    world.put(RULE.table, &id, rule);
    id
}

/// The group a request names, by id or by name.
fn group(world: &World, rq: &Request<'_>) -> Result<Json, Fault> {
    super::security_groups::named(world, rq)
}

fn in_words(rule: &Json) -> String {
    let peer = ["CidrIpv4", "CidrIpv6", "PrefixListId"].iter().find_map(|member| rule[*member].as_str());
    let peer = peer.or(rule["ReferencedGroupInfo"]["GroupId"].as_str()).unwrap_or_default();
    let protocol = match rule["IpProtocol"].as_str() {
        Some("-1") => return format!("peer: {peer}, ALL, ALLOW"),
        Some(protocol) => protocol.to_uppercase(),
        None => String::new(),
    };
    format!("peer: {peer}, {protocol}, from port: {}, to port: {}, ALLOW", rule["FromPort"], rule["ToPort"])
}

fn authorize(world: &mut World, rq: &Request<'_>, egress: bool) -> Reply {
    let group = group(world, rq)?;
    let id = group["GroupId"].as_str().unwrap_or_default();
    let rules = permissions::rules(world, rq, &group)?;
    if rules.is_empty() {
        return Err(lacking("ipPermissions"));
    }
    for rule in &rules {
        if of_group(world, id, egress).any(|other| permissions::alike(other, rule)) {
            let message = format!("the specified rule \"{}\" already exists", in_words(rule));
            return Err(Fault::new("InvalidPermission.Duplicate", message));
        }
    }
    if of_group(world, id, egress).count() + rules.len() > LIMIT {
        let message = "The maximum number of rules per security group has been reached.";
        return Err(Fault::new("RulesPerSecurityGroupLimitExceeded", message));
    }
    let tags = super::tags::specified(rq, RULE.resource)?;
    let ids: Vec<String> = rules.into_iter().map(|rule| put(world, rq, id, egress, rule, &tags)).collect();
    let rows: Vec<Json> =
        ids.iter().filter_map(|id| world.get(RULE.table, id)).map(|row| tidy(row.clone())).collect();
    Ok(json!({"Return": true, "SecurityGroupRules": rows}))
}

/// `AuthorizeSecurityGroupIngress`.
pub(super) fn authorize_ingress(world: &mut World, rq: &Request<'_>) -> Reply {
    authorize(world, rq, false)
}

/// `AuthorizeSecurityGroupEgress`.
pub(super) fn authorize_egress(world: &mut World, rq: &Request<'_>) -> Reply {
    authorize(world, rq, true)
}

/// The ids of the group's rules that a request names, by id or by content.
fn named(world: &World, rq: &Request<'_>, group: &Json, egress: bool) -> Result<Vec<String>, Fault> {
    let id = group["GroupId"].as_str().unwrap_or_default();
    let wanted = rq.texts("SecurityGroupRuleIds");
    if !wanted.is_empty() {
        if !rq.list("IpPermissions").is_empty() {
            return Err(combination("The parameter ipPermissions cannot be used with securityGroupRuleIds"));
        }
        for rule in &wanted {
            let row = RULE.get(world, rq, rule)?;
            if row["GroupId"] != id || row["IsEgress"] != egress {
                return Err(RULE.absent(rule));
            }
        }
        return Ok(wanted.into_iter().map(ToOwned::to_owned).collect());
    }
    let rules = permissions::rules(world, rq, group)?;
    if rules.is_empty() {
        return Err(lacking("ipPermissions"));
    }
    rules
        .iter()
        .map(|rule| {
            of_group(world, id, egress)
                .find(|other| permissions::alike(other, rule))
                .and_then(|other| other["SecurityGroupRuleId"].as_str().map(ToOwned::to_owned))
                .ok_or_else(|| {
                    let message = "The specified rule does not exist in this security group.";
                    Fault::new("InvalidPermission.NotFound", message)
                })
        })
        .collect()
}

fn revoke(world: &mut World, rq: &Request<'_>, egress: bool) -> Reply {
    let group = group(world, rq)?;
    let ids = named(world, rq, &group, egress)?;
    let mut revoked = Vec::new();
    for row in ids.iter().filter_map(|id| world.remove(RULE.table, id)) {
        revoked.push(tidy(json!({
            "SecurityGroupRuleId": row["SecurityGroupRuleId"], "GroupId": row["GroupId"],
            "IsEgress": egress, "IpProtocol": row["IpProtocol"], "FromPort": row["FromPort"],
            "ToPort": row["ToPort"], "CidrIpv4": row["CidrIpv4"], "CidrIpv6": row["CidrIpv6"],
            "PrefixListId": row["PrefixListId"], "ReferencedGroupId": row["ReferencedGroupInfo"]["GroupId"],
            "Description": row["Description"],
        })));
    }
    Ok(json!({"Return": true, "RevokedSecurityGroupRules": revoked}))
}

/// `RevokeSecurityGroupIngress`.
pub(super) fn revoke_ingress(world: &mut World, rq: &Request<'_>) -> Reply {
    revoke(world, rq, false)
}

/// `RevokeSecurityGroupEgress`.
pub(super) fn revoke_egress(world: &mut World, rq: &Request<'_>) -> Reply {
    revoke(world, rq, true)
}

/// New descriptions; a rule named without one loses its.
fn redescribe(world: &mut World, rq: &Request<'_>, egress: bool) -> Reply {
    let group = group(world, rq)?;
    let mut changes: Vec<(String, Json)> = Vec::new();
    for one in rq.list("SecurityGroupRuleDescriptions") {
        let id = one["SecurityGroupRuleId"].as_str().ok_or_else(|| lacking("securityGroupRuleId"))?;
        let row = RULE.get(world, rq, id)?;
        if row["GroupId"] != group["GroupId"] || row["IsEgress"] != egress {
            return Err(RULE.absent(id));
        }
        changes.push((id.to_owned(), one["Description"].clone()));
    }
    if changes.is_empty() {
        let rules = permissions::rules(world, rq, &group)?;
        let ids = named(world, rq, &group, egress)?;
        changes.extend(ids.into_iter().zip(rules.iter().map(|rule| rule["Description"].clone())));
    }
    for (id, text) in changes {
        RULE.get_mut(world, rq, &id)?["Description"] = text;
    }
    agreed()
}

/// `UpdateSecurityGroupRuleDescriptionsIngress`.
pub(super) fn redescribe_ingress(world: &mut World, rq: &Request<'_>) -> Reply {
    redescribe(world, rq, false)
}

/// `UpdateSecurityGroupRuleDescriptionsEgress`.
pub(super) fn redescribe_egress(world: &mut World, rq: &Request<'_>) -> Reply {
    redescribe(world, rq, true)
}

/// `ModifySecurityGroupRules`: what a rule allows is replaced as a whole, its id stays.
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let group = group(world, rq)?;
    let mut changes = Vec::new();
    for update in rq.list("SecurityGroupRules") {
        let id = update["SecurityGroupRuleId"].as_str().ok_or_else(|| lacking("securityGroupRuleId"))?;
        let old = RULE.get(world, rq, id)?;
        if old["GroupId"] != group["GroupId"] {
            return Err(RULE.absent(id));
        }
        let wanted = &update["SecurityGroupRule"];
        let text = &wanted["Description"];
        if !wanted["IpProtocol"].is_string() {
            return Err(invalid(
                "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.",
            ));
        }
        let ports = wanted["FromPort"].is_i64() && wanted["ToPort"].is_i64();
        if !ports && matches!(wanted["IpProtocol"].as_str(), Some("tcp" | "udp" | "6" | "17")) {
            let message = "Invalid value for portRange. Must specify both from and to ports with TCP/UDP.";
            return Err(invalid(message));
        }
        let peers = ["CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId"];
        if peers.iter().filter(|member| wanted[**member].is_string()).count() != 1 {
            return Err(Fault::new(
                "MissingParameter",
                "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId",
            ));
        }
        let (list, peer) = if wanted["CidrIpv4"].is_string() {
            ("IpRanges", json!({"CidrIp": wanted["CidrIpv4"], "Description": text}))
        } else if wanted["CidrIpv6"].is_string() {
            ("Ipv6Ranges", json!({"CidrIpv6": wanted["CidrIpv6"], "Description": text}))
        } else if wanted["PrefixListId"].is_string() {
            ("PrefixListIds", json!({"PrefixListId": wanted["PrefixListId"], "Description": text}))
        } else {
            ("UserIdGroupPairs", json!({"GroupId": wanted["ReferencedGroupId"], "Description": text}))
        };
        let mut new = permissions::rule(world, rq, &group, wanted, (list, &peer))?;
        let egress = old["IsEgress"] == true;
        let own = group["GroupId"].as_str().unwrap_or_default();
        let twin = |other: &Json| other["SecurityGroupRuleId"] != id && permissions::alike(other, &new);
        if of_group(world, own, egress).any(twin) {
            let message = format!("the specified rule \"{}\" already exists", in_words(&new));
            return Err(Fault::new("InvalidPermission.Duplicate", message));
        }
        let kept = [
            "SecurityGroupRuleId",
            "SecurityGroupRuleArn",
            "GroupId",
            "GroupOwnerId",
            "IsEgress",
            "Tags",
            "_region",
            "_born",
        ];
        for member in kept {
            new[member] = old[member].clone();
        }
        changes.push((id.to_owned(), new));
    }
    for (id, new) in changes {
        world.put(RULE.table, &id, new);
    }
    agreed()
}

/// `DescribeSecurityGroupRules`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let groups = rq.list("Filters").iter().filter(|filter| filter["Name"] == "group-id");
    let ids =
        groups.flat_map(|filter| filter["Values"].as_array().into_iter().flatten().filter_map(Json::as_str));
    for id in ids {
        if !id.starts_with("sg-") {
            let message = format!("The security group ID '{id}' is malformed");
            return Err(Fault::new(GROUP.malformed, message));
        }
    }
    RULE.describe(world, rq, "SecurityGroupRules", plain)
}

/// `DescribeSecurityGroupReferences`: groups of peered VPCs that refer to these.
pub(super) fn references(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut references = Vec::new();
    for id in rq.texts("GroupId") {
        let vpc = &GROUP.get(world, rq, id)?["VpcId"];
        for (_, rule) in world.with(RULE.table, &By::Path("ReferencedGroupInfo.GroupId"), id) {
            let holder = rule["GroupId"].as_str().and_then(|holder| world.get(GROUP.table, holder));
            if let Some(holder) = holder.filter(|holder| holder["VpcId"] != *vpc) {
                references.push(tidy(json!({
                    "GroupId": id, "ReferencingVpcId": holder["VpcId"],
                    "VpcPeeringConnectionId": rule["ReferencedGroupInfo"]["VpcPeeringConnectionId"],
                })));
            }
        }
    }
    references.dedup();
    Ok(json!({"SecurityGroupReferenceSet": references}))
}
