//! Network ACLs: each VPC has its default one, which all its subnets use.

use serde_json::{Value as Json, json};

use super::common::{Noun, plain};
use crate::sandbox::{Reply, Request, World};

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
        world.rows("ec2.network-acl").find(|(_, row)| row["VpcId"] == vpc && row["IsDefault"] == true);
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
    let acl = world.rows("ec2.network-acl").find(|(_, row)| holds(row)).map(|(id, _)| id.to_owned());
    let row = acl.and_then(|acl| world.get_mut("ec2.network-acl", &acl));
    if let Some(list) = row.and_then(|row| row["Associations"].as_array_mut()) {
        list.retain(|one| one["SubnetId"] != subnet);
    }
}

/// `DescribeNetworkAcls`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    ACL.describe(world, rq, "NetworkAcls", plain)
}
