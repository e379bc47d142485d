//! Network ACLs: each VPC has its default one, which its subnets use unless they are given another.

use serde_json::{Value as Json, json};

use super::{
    cidrs,
    common::{Noun, here, invalid, plain, remember, replayed, tidy},
    vpcs::{VPC, VPC_ID},
};
use crate::sandbox::{By, Fault, Reply, Request, World, done};

/// Network ACLs.
pub(super) const ACL: Noun = Noun {
    table: "ec2.network-acl",
    prefix: "acl",
    id: "NetworkAclId",
    ids: "NetworkAclIds",
    tags: "Tags",
    resource: "network-acl",
    missing: "InvalidNetworkAclID.NotFound",
    malformed: "InvalidNetworkAclId.Malformed",
    label: "networkAcl",
    filters: &[
        ("association.association-id", "Associations.NetworkAclAssociationId"),
        ("association.network-acl-id", "Associations.NetworkAclId"),
        ("association.subnet-id", "Associations.SubnetId"),
        ("default", "IsDefault"),
        ("entry.cidr", "Entries.CidrBlock"),
        ("entry.egress", "Entries.Egress"),
        ("entry.ipv6-cidr", "Entries.Ipv6CidrBlock"),
        ("entry.protocol", "Entries.Protocol"),
        ("entry.rule-action", "Entries.RuleAction"),
        ("entry.rule-number", "Entries.RuleNumber"),
        ("network-acl-id", "NetworkAclId"),
        ("owner-id", "OwnerId"),
        ("vpc-id", "VpcId"),
    ],
};

/// Makes a VPC's default ACL.
pub(super) fn put_default(world: &mut World, rq: &Request<'_>, vpc: &str) {
    let entry = |number: i64, egress: bool, action: &str| {
        json!({
            "CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": action,
            "RuleNumber": number,
        })
    };
    let id = world.id("acl");
    let row = json!({
        "NetworkAclId": id, "VpcId": vpc, "OwnerId": world.account, "IsDefault": true, "Associations": [],
        "Tags": [], "_region": rq.region,
        "Entries": [
            entry(100, true, "allow"), entry(32_767, true, "deny"),
            entry(100, false, "allow"), entry(32_767, false, "deny"),
        ],
    });
    world.put("ec2.network-acl", &id, row);
}

/// Puts a new subnet under its VPC's default ACL.
pub(super) fn associate(world: &mut World, vpc: &str, subnet: &str) {
    let default =
        world.with("ec2.network-acl", &VPC_ID, vpc).into_iter().find(|(_, row)| row["IsDefault"] == true);
    let Some(acl) = default.map(|(id, _)| id.to_owned()) else { return };
    let association = world.id("aclassoc");
    if let Some(list) =
        world.get_mut("ec2.network-acl", &acl).and_then(|row| row["Associations"].as_array_mut())
    {
        list.push(json!({"NetworkAclAssociationId": association, "NetworkAclId": acl, "SubnetId": subnet}));
    }
}

/// Takes a deleted subnet off its ACL.
pub(super) fn forget(world: &mut World, subnet: &str) {
    let holds = |row: &Json| {
        row["Associations"].as_array().is_some_and(|list| list.iter().any(|one| one["SubnetId"] == subnet))
    };
    let found = world.with("ec2.network-acl", &By::Path("Associations.SubnetId"), subnet);
    let acl = found.into_iter().find(|(_, row)| holds(row)).map(|(id, _)| id.to_owned());
    let row = acl.and_then(|acl| world.get_mut("ec2.network-acl", &acl));
    if let Some(list) = row.and_then(|row| row["Associations"].as_array_mut()) {
        list.retain(|one| one["SubnetId"] != subnet);
    }
}

/// `DescribeNetworkAcls`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    ACL.describe(world, rq, "NetworkAcls", plain)
}

fn deny(egress: bool) -> Json {
    json!({
        "CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": "deny", "RuleNumber": LAST,
    })
}

/// The number of the rule that nobody can change: it denies what no other has allowed.
const LAST: i64 = 32_767;

/// `CreateNetworkAcl`: nothing is allowed at first.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = match replayed(world, rq, &ACL)? {
        Some(id) => id,
        None => {
            VPC.get(world, rq, rq.text("VpcId"))?;
            let mut row = json!({
                "VpcId": rq.text("VpcId"), "OwnerId": world.account, "IsDefault": false, "Associations": [],
                "Entries": [deny(true), deny(false)],
            });
            remember(&mut row, rq);
            ACL.create(world, rq, row)?
        }
    };
    let mut answer = json!({"NetworkAcl": tidy(ACL.get(world, rq, &id)?.clone())});
    if let Some(token) = rq.opt("ClientToken") {
        answer["ClientToken"] = json!(token);
    }
    Ok(answer)
}

/// `DeleteNetworkAcl`: neither the default one nor one that subnets use.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("NetworkAclId");
    let row = ACL.get(world, rq, id)?;
    if row["IsDefault"] == true {
        return Err(invalid(format!("cannot delete default network ACL {id}")));
    }
    if row["Associations"].as_array().is_some_and(|list| !list.is_empty()) {
        return Err(ACL.busy(id));
    }
    world.remove(ACL.table, id);
    done()
}

/// A protocol as entries show it: its number, `-1` for all.
fn protocol(text: &str) -> Result<String, Fault> {
    let number = match text.to_ascii_lowercase().as_str() {
        "-1" | "all" => "-1",
        "icmp" => "1",
        "tcp" => "6",
        "udp" => "17",
        "icmpv6" => "58",
        other if other.parse::<u8>().is_ok() => return Ok(other.to_owned()),
        _ => return Err(invalid(format!("Invalid value '{text}' for IP protocol. Unknown protocol."))),
    };
    Ok(number.to_owned())
}

/// The entry that a request describes.
fn entry(rq: &Request<'_>) -> Result<Json, Fault> {
    let number = rq.int("RuleNumber").unwrap_or_default();
    if !(1..LAST).contains(&number) {
        return Err(invalid(format!(
            "Invalid value '{number}' for ruleNumber. It must be between 1 and 32766."
        )));
    }
    let protocol = protocol(rq.text("Protocol"))?;
    let mut entry = json!({
        "RuleNumber": number, "Protocol": protocol, "RuleAction": rq.text("RuleAction"), "Egress": rq.flag("Egress"),
    });
    match (rq.opt("CidrBlock"), rq.opt("Ipv6CidrBlock")) {
        (Some(text), None) => entry["CidrBlock"] = json!(cidrs::v4(text, "cidrBlock")?.to_string()),
        (None, Some(text)) => entry["Ipv6CidrBlock"] = json!(cidrs::v6(text, "ipv6CidrBlock")?.to_string()),
        (None, None) => {
            let message = "The request must contain the parameter cidrBlock or ipv6CidrBlock";
            return Err(Fault::new("MissingParameter", message));
        }
        (Some(_), Some(_)) => {
            let message = "The parameter cidrBlock cannot be used with the parameter ipv6CidrBlock";
            return Err(Fault::new("InvalidParameterCombination", message));
        }
    }
    match protocol.as_str() {
        "6" | "17" => {
            let (from, to) = (rq.get("PortRange")["From"].as_i64(), rq.get("PortRange")["To"].as_i64());
            let (Some(from), Some(to)) = (from, to) else {
                let message = "The request must contain the parameter PortRange.";
                return Err(Fault::new("MissingParameter", message));
            };
            if from > to || !(0..=65_535).contains(&from) || !(0..=65_535).contains(&to) {
                return Err(invalid(format!("Invalid value '{from}-{to}' for portRange.")));
            }
            entry["PortRange"] = json!({"From": from, "To": to});
        }
        "1" | "58" => {
            if rq.get("IcmpTypeCode").is_null() {
                let message = "The request must contain the parameter icmpTypeCode.";
                return Err(Fault::new("MissingParameter", message));
            }
            entry["IcmpTypeCode"] = rq.get("IcmpTypeCode").clone();
        }
        _ => {}
    }
    Ok(entry)
}

/// Where an ACL has the entry of a request.
fn place(row: &Json, rq: &Request<'_>) -> Option<usize> {
    let number = rq.int("RuleNumber").unwrap_or_default();
    let egress = rq.flag("Egress");
    row["Entries"]
        .as_array()?
        .iter()
        .position(|entry| entry["RuleNumber"] == number && entry["Egress"] == egress)
}

fn no_entry(rq: &Request<'_>) -> Fault {
    let way = if rq.flag("Egress") { "egress" } else { "ingress" };
    let message = format!(
        "The specified {way} entry with rule number {} does not exist in network ACL {}.",
        rq.int("RuleNumber").unwrap_or_default(),
        rq.text("NetworkAclId")
    );
    Fault::new("InvalidNetworkAclEntry.NotFound", message)
}

/// `CreateNetworkAclEntry`.
pub(super) fn create_entry(world: &mut World, rq: &Request<'_>) -> Reply {
    let entry = entry(rq)?;
    let row = ACL.get_mut(world, rq, rq.text("NetworkAclId"))?;
    if place(row, rq).is_some() {
        let message = format!("The network acl entry identified by {} already exists.", entry["RuleNumber"]);
        return Err(Fault::new("NetworkAclEntryAlreadyExists", message));
    }
    if let Some(list) = row["Entries"].as_array_mut() {
        list.push(entry);
        list.sort_by_key(|entry| (entry["Egress"] != true, entry["RuleNumber"].as_i64()));
    }
    done()
}

/// `ReplaceNetworkAclEntry`.
pub(super) fn replace_entry(world: &mut World, rq: &Request<'_>) -> Reply {
    let entry = entry(rq)?;
    let row = ACL.get_mut(world, rq, rq.text("NetworkAclId"))?;
    let at = place(row, rq).ok_or_else(|| no_entry(rq))?;
    row["Entries"][at] = entry;
    done()
}

/// `DeleteNetworkAclEntry`.
pub(super) fn delete_entry(world: &mut World, rq: &Request<'_>) -> Reply {
    if rq.int("RuleNumber") == Some(LAST) {
        return Err(invalid("cannot delete the default entry of a network ACL"));
    }
    let row = ACL.get_mut(world, rq, rq.text("NetworkAclId"))?;
    let at = place(row, rq).ok_or_else(|| no_entry(rq))?;
    if let Some(list) = row["Entries"].as_array_mut() {
        list.remove(at);
    }
    done()
}

/// `ReplaceNetworkAclAssociation`: a subnet changes its ACL.
pub(super) fn replace_association(world: &mut World, rq: &Request<'_>) -> Reply {
    let (association, id) = (rq.text("AssociationId"), rq.text("NetworkAclId"));
    let vpc = ACL.get(world, rq, id)?["VpcId"].clone();
    let fits = |one: &Json| one["NetworkAclAssociationId"] == association;
    let holder = world
        .rows(ACL.table)
        .find(|(_, row)| {
            here(row, rq.region) && row["Associations"].as_array().is_some_and(|l| l.iter().any(fits))
        })
        .map(|(key, row)| (key.to_owned(), row["VpcId"].clone()));
    let Some((old, home)) = holder else {
        let message = format!("The association ID '{association}' does not exist");
        return Err(Fault::new("InvalidAssociationID.NotFound", message));
    };
    if home != vpc {
        return Err(invalid(format!("Network ACLs {old} and {id} belong to different networks")));
    }
    let new = world.id("aclassoc");
    let list = world.get_mut(ACL.table, &old).and_then(|row| row["Associations"].as_array_mut());
    let taken = list.and_then(|list| {
        let at = list.iter().position(fits)?;
        Some(list.remove(at))
    });
    let subnet = taken.unwrap_or_default()["SubnetId"].clone();
    if let Some(list) = ACL.get_mut(world, rq, id)?["Associations"].as_array_mut() {
        list.push(json!({"NetworkAclAssociationId": new, "NetworkAclId": id, "SubnetId": subnet}));
    }
    Ok(json!({"NewAssociationId": new}))
}
