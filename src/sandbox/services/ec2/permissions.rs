//! Permissions as requests write them, and the single rules they stand for.

use serde_json::{Value as Json, json};

use super::{
    cidrs,
    common::{combination, invalid, lacking},
    peerings, prefix_lists,
    security_groups::GROUP,
};
use crate::sandbox::{Fault, Request, World};

/// The members by which two rules are the same rule.
const PEERS: &[&str] = &["CidrIpv4", "CidrIpv6", "PrefixListId"];

/// The protocol as rules show it.
fn protocol(text: &str) -> Result<String, Fault> {
    let lower = text.to_ascii_lowercase();
    Ok(match lower.as_str() {
        "-1" | "all" => "-1".into(),
        "tcp" | "6" => "tcp".into(),
        "udp" | "17" => "udp".into(),
        "icmp" | "1" => "icmp".into(),
        "icmpv6" | "58" => "icmpv6".into(),
        other if other.parse::<u8>().is_ok() => other.to_owned(),
        _ => return Err(invalid(format!("Invalid value '{text}' for IP protocol. Unknown protocol."))),
    })
}

/// The ports as rules show them; `-1` where there are none.
fn ports(protocol: &str, from: Option<i64>, to: Option<i64>) -> Result<(i64, i64), Fault> {
    match protocol {
        "tcp" | "udp" => {
            let (Some(from), Some(to)) = (from, to) else {
                let message =
                    "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.";
                return Err(invalid(message));
            };
            if from == -1 && to == -1 {
                return Ok((0, 65_535));
            }
            if from > to || !(0..=65_535).contains(&from) || !(0..=65_535).contains(&to) {
                let name = protocol.to_uppercase();
                return Err(invalid(format!("Invalid {name} port range ({from},{to})")));
            }
            Ok((from, to))
        }
        "icmp" | "icmpv6" => Ok((from.unwrap_or(-1), to.unwrap_or(-1))),
        // For other protocols AWS ignores the ports.
        _ => Ok((-1, -1)),
    }
}

/// The rule's peer that is a group: it must exist, in the same VPC or in one that is peered with it.
fn group_peer(world: &World, rq: &Request<'_>, group: &Json, pair: &Json) -> Result<Json, Fault> {
    let id = match (pair["GroupId"].as_str(), pair["GroupName"].as_str()) {
        (Some(id), _) => id.to_owned(),
        // By name only in the default VPC.
        (None, Some(name))
            if super::default_vpc::of(world, rq.region).as_deref() == group["VpcId"].as_str() =>
        {
            let same = |row: &&Json| row["VpcId"] == group["VpcId"] && row["GroupName"] == name;
            let found = GROUP.all(world, rq).find(same).and_then(|row| row["GroupId"].as_str());
            found.ok_or_else(|| GROUP.absent(name))?.to_owned()
        }
        (None, Some(name)) => {
            return Err(invalid(format!(
                "Invalid value '{name}' for groupName. You may not reference Amazon VPC security groups by name. \
                 Please use the corresponding id for this operation."
            )));
        }
        (None, None) => return Err(lacking("groupId")),
    };
    if pair["UserId"].as_str().is_some_and(|user| user != world.account) {
        return Err(GROUP.absent(&id));
    }
    let peer = GROUP.get(world, rq, &id)?;
    let mut info = json!({"GroupId": id, "UserId": world.account, "VpcId": peer["VpcId"]});
    if peer["VpcId"] != group["VpcId"] {
        let (own, other) =
            (group["VpcId"].as_str().unwrap_or_default(), peer["VpcId"].as_str().unwrap_or_default());
        let Some(connection) = peerings::between(world, own, other) else {
            let message = "You have specified two resources that belong to different networks.";
            return Err(Fault::new("InvalidGroup.NotFound", message));
        };
        info["VpcPeeringConnectionId"] = json!(connection);
    }
    Ok(info)
}

fn describe(text: &Json) -> Result<Json, Fault> {
    let Some(words) = text.as_str() else { return Ok(Json::Null) };
    let fits = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if words.chars().count() > 255 || !words.chars().all(fits) {
        return Err(invalid(format!(
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the following \
             set: a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*: {words}"
        )));
    }
    Ok(text.clone())
}

/// One rule from a protocol, ports and one peer.
pub(super) fn rule(
    world: &World,
    rq: &Request<'_>,
    group: &Json,
    wanted: &Json,
    peer: (&str, &Json),
) -> Result<Json, Fault> {
    let protocol = protocol(wanted["IpProtocol"].as_str().ok_or_else(|| lacking("ipProtocol"))?)?;
    let (from, to) = ports(&protocol, wanted["FromPort"].as_i64(), wanted["ToPort"].as_i64())?;
    let mut rule = json!({"IpProtocol": protocol, "FromPort": from, "ToPort": to});
    let value = peer.1;
    match peer.0 {
        "IpRanges" => {
            let text = value["CidrIp"].as_str().ok_or_else(|| lacking("cidrIp"))?;
            let net =
                cidrs::v4(text, "cidrIp").map_err(|_| invalid(format!("CIDR block {text} is malformed")))?;
            rule["CidrIpv4"] = json!(net.to_string());
        }
        "Ipv6Ranges" => {
            let text = value["CidrIpv6"].as_str().ok_or_else(|| lacking("cidrIpv6"))?;
            let net = cidrs::v6(text, "cidrIpv6")
                .map_err(|_| invalid(format!("CIDR block {text} is malformed")))?;
            rule["CidrIpv6"] = json!(net.to_string());
        }
        "PrefixListIds" => {
            let id = value["PrefixListId"].as_str().unwrap_or_default();
            if !prefix_lists::is_there(world, rq.region, id) {
                let message = format!("The prefix list ID '{id}' does not exist");
                return Err(Fault::new("InvalidPrefixListID.NotFound", message));
            }
            rule["PrefixListId"] = json!(id);
        }
        _ => rule["ReferencedGroupInfo"] = group_peer(world, rq, group, value)?,
    }
    let text = describe(&value["Description"])?;
    if !text.is_null() {
        rule["Description"] = text;
    }
    Ok(rule)
}

/// All the rules that an authorise, revoke or describe-update request names by their content.
pub(super) fn rules(world: &World, rq: &Request<'_>, group: &Json) -> Result<Vec<Json>, Fault> {
    let shorthand = ["CidrIp", "FromPort", "IpProtocol", "SourceSecurityGroupName", "ToPort"];
    let short = shorthand.iter().any(|member| !rq.get(member).is_null());
    let mut rules = Vec::new();
    if short {
        if !rq.list("IpPermissions").is_empty() {
            return Err(combination(
                "The parameter ipPermissions cannot be used with the parameter ipProtocol",
            ));
        }
        let peer = match (rq.opt("CidrIp"), rq.opt("SourceSecurityGroupName")) {
            (Some(cidr), None) => ("IpRanges", json!({"CidrIp": cidr})),
            (None, Some(name)) => ("UserIdGroupPairs", json!({"GroupName": name})),
            _ => return Err(lacking("cidrIp")),
        };
        rules.push(rule(world, rq, group, &rq.input, (peer.0, &peer.1))?);
    }
    for permission in rq.list("IpPermissions") {
        let before = rules.len();
        for peers in ["IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"] {
            for peer in permission[peers].as_array().into_iter().flatten() {
                let new = rule(world, rq, group, permission, (peers, peer))?;
                if rules.iter().any(|other| alike(other, &new)) {
                    return Err(invalid("The same permission must not appear multiple times"));
                }
                rules.push(new);
            }
        }
        if rules.len() == before {
            return Err(lacking("ipRanges"));
        }
    }
    Ok(rules)
}

/// Whether two rules allow the same: descriptions and tags do not count.
pub(super) fn alike(a: &Json, b: &Json) -> bool {
    ["IpProtocol", "FromPort", "ToPort"].iter().chain(PEERS).all(|member| a[*member] == b[*member])
        && a["ReferencedGroupInfo"]["GroupId"] == b["ReferencedGroupInfo"]["GroupId"]
}

/// A group as the peer of a permission; one of a peered VPC is shown with the connection and its state.
fn pair(world: &World, info: &Json) -> Json {
    let mut pair = json!({"GroupId": info["GroupId"], "UserId": world.account});
    if let Some(id) = info["VpcPeeringConnectionId"].as_str() {
        let status = world.get(peerings::PEERING.table, id).map(|row| row["Status"]["Code"].clone());
        pair["VpcId"] = info["VpcId"].clone();
        pair["VpcPeeringConnectionId"] = json!(id);
        pair["PeeringStatus"] = status.unwrap_or_else(|| json!("deleted"));
    }
    pair
}

/// Rules as permissions, grouped by protocol and ports, as groups show them.
pub(super) fn grouped<'r>(world: &World, rules: impl Iterator<Item = &'r Json>) -> Vec<Json> {
    let mut grouped: Vec<Json> = Vec::new();
    for rule in rules {
        let fits = |one: &Json| {
            one["IpProtocol"] == rule["IpProtocol"]
                && one["_from"] == rule["FromPort"]
                && one["_to"] == rule["ToPort"]
        };
        let at = grouped.iter().position(fits).unwrap_or_else(|| {
            let mut new = json!({
                "IpProtocol": rule["IpProtocol"], "_from": rule["FromPort"], "_to": rule["ToPort"],
                "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": [],
            });
            if matches!(rule["IpProtocol"].as_str(), Some("tcp" | "udp" | "icmp" | "icmpv6")) {
                new["FromPort"] = rule["FromPort"].clone();
                new["ToPort"] = rule["ToPort"].clone();
            }
            grouped.push(new);
            grouped.len() - 1
        });
        let (list, mut peer) = if rule["CidrIpv4"].is_string() {
            ("IpRanges", json!({"CidrIp": rule["CidrIpv4"]}))
        } else if rule["CidrIpv6"].is_string() {
            ("Ipv6Ranges", json!({"CidrIpv6": rule["CidrIpv6"]}))
        } else if rule["PrefixListId"].is_string() {
            ("PrefixListIds", json!({"PrefixListId": rule["PrefixListId"]}))
        } else {
            ("UserIdGroupPairs", pair(world, &rule["ReferencedGroupInfo"]))
        };
        if rule["Description"].is_string() {
            peer["Description"] = rule["Description"].clone();
        }
        if let Some(peers) = grouped[at][list].as_array_mut() {
            peers.push(peer);
        }
    }
    for one in &mut grouped {
        if let Some(members) = one.as_object_mut() {
            members.retain(|member, _| !member.starts_with('_'));
        }
    }
    grouped
}
