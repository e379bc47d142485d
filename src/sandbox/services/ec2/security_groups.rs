//! Security groups.

use serde_json::{Value as Json, json};

use super::{
    common::{Noun, combination, here, invalid, listed},
    filters, permissions, rules,
    vpcs::{VPC, VPC_ID},
};
use crate::sandbox::{By, Fault, Reply, Request, World};

/// Security groups.
pub(super) const GROUP: Noun = Noun {
    table: "ec2.security-group",
    prefix: "sg",
    id: "GroupId",
    ids: "GroupIds",
    tags: "Tags",
    resource: "security-group",
    missing: "InvalidGroup.NotFound",
    malformed: "InvalidGroupId.Malformed",
    label: "security group",
    filters: &[
        ("description", "Description"),
        ("egress.ip-permission.cidr", "IpPermissionsEgress.IpRanges.CidrIp"),
        ("egress.ip-permission.from-port", "IpPermissionsEgress.FromPort"),
        ("egress.ip-permission.group-id", "IpPermissionsEgress.UserIdGroupPairs.GroupId"),
        ("egress.ip-permission.group-name", "IpPermissionsEgress.UserIdGroupPairs.GroupName"),
        ("egress.ip-permission.ipv6-cidr", "IpPermissionsEgress.Ipv6Ranges.CidrIpv6"),
        ("egress.ip-permission.prefix-list-id", "IpPermissionsEgress.PrefixListIds.PrefixListId"),
        ("egress.ip-permission.protocol", "IpPermissionsEgress.IpProtocol"),
        ("egress.ip-permission.to-port", "IpPermissionsEgress.ToPort"),
        ("egress.ip-permission.user-id", "IpPermissionsEgress.UserIdGroupPairs.UserId"),
        ("group-id", "GroupId"),
        ("group-name", "GroupName"),
        ("ip-permission.cidr", "IpPermissions.IpRanges.CidrIp"),
        ("ip-permission.from-port", "IpPermissions.FromPort"),
        ("ip-permission.group-id", "IpPermissions.UserIdGroupPairs.GroupId"),
        ("ip-permission.group-name", "IpPermissions.UserIdGroupPairs.GroupName"),
        ("ip-permission.ipv6-cidr", "IpPermissions.Ipv6Ranges.CidrIpv6"),
        ("ip-permission.prefix-list-id", "IpPermissions.PrefixListIds.PrefixListId"),
        ("ip-permission.protocol", "IpPermissions.IpProtocol"),
        ("ip-permission.to-port", "IpPermissions.ToPort"),
        ("ip-permission.user-id", "IpPermissions.UserIdGroupPairs.UserId"),
        ("owner-id", "OwnerId"),
        ("vpc-id", "VpcId"),
    ],
};

/// The rule that lets everything out, which each new group has.
fn all_out() -> Json {
    json!({"IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0"})
}

/// The same for IPv6.
fn all_out_v6() -> Json {
    json!({"IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv6": "::/0"})
}

/// Makes a VPC's default group.
pub(super) fn put_default(world: &mut World, rq: &Request<'_>, vpc: &str) {
    let id = world.id("sg");
    let arn = world.arn("ec2", rq.region, &format!("security-group/{id}"));
    let row = json!({
        "GroupId": id, "GroupName": "default", "Description": "default VPC security group", "VpcId": vpc,
        "OwnerId": world.account, "SecurityGroupArn": arn, "Tags": [], "_region": rq.region,
    });
    world.put(GROUP.table, &id, row);
    let within = json!({
        "IpProtocol": "-1", "FromPort": -1, "ToPort": -1,
        "ReferencedGroupInfo": {"GroupId": id, "UserId": world.account, "VpcId": vpc},
    });
    rules::put(world, rq, &id, false, within, &[]);
    rules::put(world, rq, &id, true, all_out(), &[]);
}

/// Removes a group's rules.
pub(super) fn remove_rules(world: &mut World, group: &str) {
    let keys: Vec<String> = world
        .with("ec2.security-group-rule", &By::Path("GroupId"), group)
        .into_iter()
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in keys {
        world.remove("ec2.security-group-rule", &key);
    }
}

/// `CreateSecurityGroup`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("GroupName");
    let default = super::default_vpc::of(world, rq.region);
    let Some(vpc) = rq.opt("VpcId").or(default.as_deref()) else {
        return Err(Fault::new("VPCIdNotSpecified", "No default VPC for this user"));
    };
    VPC.get(world, rq, vpc)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    for (parameter, text) in [("GroupName", name), ("GroupDescription", rq.text("Description"))] {
        if text.is_empty() || text.chars().count() > 255 || !text.chars().all(fits) {
            let message = format!(
                "Value ({text}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported."
            );
            return Err(invalid(message));
        }
    }
    if name.starts_with("sg-") {
        let message = format!(
            "invalid value for parameter groupName ({name}). group names may not be in the format sg-*"
        );
        return Err(invalid(message));
    }
    if name.eq_ignore_ascii_case("default") {
        return Err(invalid("Cannot use reserved security group name: default"));
    }
    if world.any_with(GROUP.table, &VPC_ID, vpc, |row| row["GroupName"] == name && here(row, rq.region)) {
        let message = format!("The security group '{name}' already exists for VPC '{vpc}'");
        return Err(Fault::new("InvalidGroup.Duplicate", message));
    }
    let row = json!({
        "GroupName": name, "Description": rq.text("Description"), "VpcId": vpc, "OwnerId": world.account,
    });
    let id = GROUP.create(world, rq, row)?;
    let arn = world.arn("ec2", rq.region, &format!("security-group/{id}"));
    GROUP.get_mut(world, rq, &id)?["SecurityGroupArn"] = json!(arn);
    rules::put(world, rq, &id, true, all_out(), &[]);
    // In a VPC with IPv6 a group has the rule in both families (moto's
    // `test_create_two_security_groups_in_vpc_with_ipv6_enabled`, which AWS passes).
    let six =
        VPC.get(world, rq, vpc)?["Ipv6CidrBlockAssociationSet"].as_array().is_some_and(|all| !all.is_empty());
    if six {
        rules::put(world, rq, &id, true, all_out_v6(), &[]);
    }
    let row = GROUP.get(world, rq, &id)?;
    let tags = row["Tags"].as_array().filter(|tags| !tags.is_empty());
    Ok(json!({"GroupId": id, "SecurityGroupArn": arn, "Tags": tags}))
}

/// The group that a request names, by id or (in a default VPC only) by name.
pub(super) fn named(world: &World, rq: &Request<'_>) -> Result<Json, Fault> {
    match (rq.opt("GroupId"), rq.opt("GroupName")) {
        (Some(id), _) => GROUP.get(world, rq, id).cloned(),
        (None, Some(name)) => {
            let default = super::default_vpc::of(world, rq.region);
            GROUP
                .all(world, rq)
                .find(|row| row["GroupName"] == name && row["VpcId"].as_str() == default.as_deref())
                .cloned()
                .ok_or_else(|| {
                    let home = default.as_deref().unwrap_or("null");
                    let message =
                        format!("The security group '{name}' does not exist in default VPC '{home}'");
                    Fault::new("InvalidGroup.NotFound", message)
                })
        }
        (None, None) => {
            Err(Fault::new("MissingParameter", "The request must contain the parameter groupName or groupId"))
        }
    }
}

/// `DeleteSecurityGroup`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let group = named(world, rq)?;
    let id = group["GroupId"].as_str().unwrap_or_default();
    if group["GroupName"] == "default" {
        let message = format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return Err(Fault::new("CannotDelete", message));
    }
    // A rule in a peered VPC does not keep the group: it goes stale.
    let refers = |rule: &Json| {
        rule["ReferencedGroupInfo"]["GroupId"] == id
            && rule["GroupId"] != id
            && rule["ReferencedGroupInfo"]["VpcPeeringConnectionId"].is_null()
    };
    let wears =
        |eni: &Json| eni["Groups"].as_array().is_some_and(|list| list.iter().any(|one| one["GroupId"] == id));
    if world.any_with("ec2.security-group-rule", &By::Path("ReferencedGroupInfo.GroupId"), id, refers)
        || world.any_with("ec2.network-interface", &By::Path("Groups.GroupId"), id, wears)
    {
        return Err(GROUP.busy(id));
    }
    remove_rules(world, id);
    world.remove(GROUP.table, id);
    Ok(json!({"Return": true, "GroupId": id}))
}

/// As the API shows it: with its rules as permissions.
fn view(world: &World, row: &Json) -> Json {
    let mut row = row.clone();
    let id = row["GroupId"].as_str().unwrap_or_default().to_owned();
    row["IpPermissions"] = json!(permissions::grouped(world, rules::of_group(world, &id, false)));
    row["IpPermissionsEgress"] = json!(permissions::grouped(world, rules::of_group(world, &id, true)));
    row
}

/// `DescribeSecurityGroups`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let names = rq.texts("GroupNames");
    if names.is_empty() {
        return GROUP.describe(world, rq, "SecurityGroups", view);
    }
    if !rq.texts("GroupIds").is_empty() {
        return Err(combination("The parameter groupIds cannot be used with the parameter groupNames"));
    }
    // By name AWS looks only into the default VPC.
    if let Some(name) = names.first() {
        let default = |row: &&Json| {
            let vpc = row["VpcId"].as_str().and_then(|id| world.get(VPC.table, id));
            row["GroupName"] == *name && vpc.is_some_and(|vpc| vpc["IsDefault"] == true)
        };
        if !GROUP.all(world, rq).any(|row| default(&row)) {
            return Err(GROUP.absent(name));
        }
    }
    let rows = GROUP
        .all(world, rq)
        .filter(|row| names.iter().any(|name| row["GroupName"] == *name))
        .filter(|row| {
            row["VpcId"]
                .as_str()
                .and_then(|id| world.get(VPC.table, id))
                .is_some_and(|v| v["IsDefault"] == true)
        })
        .map(|row| view(world, row))
        .collect();
    let rows = filters::apply(rows, rq.list("Filters"), GROUP.filters, "Tags")?;
    super::common::listed(rq, "SecurityGroups", rows)
}

/// `GetSecurityGroupsForVpc`: those of the VPC; none are shared with it.
pub(super) fn of_vpc(world: &mut World, rq: &Request<'_>) -> Reply {
    let vpc = rq.text("VpcId");
    VPC.get(world, rq, vpc)?;
    let rows = world.with(GROUP.table, &By::Path("VpcId"), vpc).into_iter().map(|(_, row)| {
        json!({
            "Description": row["Description"], "GroupId": row["GroupId"], "GroupName": row["GroupName"],
            "OwnerId": row["OwnerId"], "PrimaryVpcId": vpc, "Tags": row["Tags"],
        })
    });
    let known: &[filters::Filter] = &[
        ("description", "Description"),
        ("group-id", "GroupId"),
        ("group-name", "GroupName"),
        ("owner-id", "OwnerId"),
        ("primary-vpc-id", "PrimaryVpcId"),
    ];
    listed(rq, "SecurityGroupForVpcs", filters::apply(rows.collect(), rq.list("Filters"), known, GROUP.tags)?)
}
