//! Replication instances.

use serde_json::{Value as Json, json};

use super::{
    announce::{announce, at},
    news,
    store::{
        ENDPOINT, INSTANCE, TASK, combination, exists, fresh_arn, here, identifier, invalid, key_of, listed,
        missing, paged, state, vpc_role_works,
    },
    subnets,
};
use crate::sandbox::{
    Fault, Reply, Request, World,
    world::{
        Effect,
        durations::{DMS_INSTANCE_DOWN, DMS_INSTANCE_UP},
    },
};

const VERSIONS: &[&str] = &["3.4.7", "3.5.1", "3.5.2", "3.5.3", "3.5.4", "3.6.0", "3.6.1"];
/// How long an instance takes to become available.
pub(super) const UP: i64 = DMS_INSTANCE_UP;

/// What new instances get.
const DEFAULT_VERSION: &str = "3.5.4";
const FAMILIES: &[(&str, &[&str])] = &[
    ("t2", &["micro", "small", "medium", "large"]),
    ("t3", &["micro", "small", "medium", "large"]),
    ("c4", &["large", "xlarge", "2xlarge", "4xlarge"]),
    ("c5", &["large", "xlarge", "2xlarge", "4xlarge", "9xlarge", "12xlarge", "18xlarge", "24xlarge"]),
    (
        "c6i",
        &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "32xlarge"],
    ),
    (
        "c7i",
        &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge"],
    ),
    ("r4", &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge"]),
    ("r5", &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"]),
    (
        "r6i",
        &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "32xlarge"],
    ),
    (
        "r7i",
        &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge"],
    ),
];
/// How long a changed or rebooted instance takes to be available again.
const MODIFY: i64 = 120_000;

fn check_class(class: &str) -> Result<(), Fault> {
    let parts: Vec<&str> = class.split('.').collect();
    let known = matches!(parts[..], ["dms", family, size]
        if FAMILIES.iter().any(|(name, sizes)| *name == family && sizes.contains(&size)));
    if known { Ok(()) } else { Err(invalid(format!("{class} is not a valid replication instance class."))) }
}

/// What an instance gets when nobody says: by its class (User Guide, Choosing the right replication instance: "T2 and T3
/// come with 50 GB, the others with 100 GB"; TestAccDMSReplicationInstance_basic: dms.c4.large gets 100).
fn storage_of(class: &str) -> i64 {
    if class.starts_with("dms.t") { 50 } else { 100 }
}

fn check_version(version: &str) -> Result<(), Fault> {
    if VERSIONS.contains(&version) {
        return Ok(());
    }
    Err(invalid(format!("No replication engine found with version: {version}")))
}

fn check_storage(size: i64) -> Result<(), Fault> {
    if (5..=6144).contains(&size) {
        return Ok(());
    }
    Err(invalid("The parameter AllocatedStorage must be between 5 and 6144."))
}

fn check_network(rq: &Request<'_>, group: &Json) -> Result<(), Fault> {
    match rq.opt("NetworkType") {
        None => Ok(()),
        Some(kind) if kind.eq_ignore_ascii_case("IPV4") => Ok(()),
        Some(kind)
            if group["SupportedNetworkTypes"]
                .as_array()
                .is_some_and(|l| l.iter().filter_map(Json::as_str).any(|t| t.eq_ignore_ascii_case(kind))) =>
        {
            Ok(())
        }
        Some(kind) => {
            Err(invalid(format!("The network type {kind} is not supported by the replication subnet group.")))
        }
    }
}

fn groups(ids: &[&str]) -> Vec<Json> {
    ids.iter().map(|id| json!({"VpcSecurityGroupId": id, "Status": "active"})).collect()
}

/// Security groups must exist, in the VPC of the subnet group.
pub(super) fn check_groups(world: &World, ids: &[&str], vpc: &Json) -> Result<(), Fault> {
    for id in ids {
        let Some(group) = world.get("ec2.security-group", id) else {
            return Err(invalid(format!("Invalid security group , groupId= {id}, groupName=.")));
        };
        if group["VpcId"] != *vpc {
            return Err(invalid(format!(
                "The security group {id} is not in the VPC of the replication subnet group."
            )));
        }
    }
    Ok(())
}

fn taken(world: &World, rq: &Request<'_>, name: &str) -> bool {
    world.any(INSTANCE, |row| row["ReplicationInstanceIdentifier"] == name && row["_region"] == rq.region)
}

/// `CreateReplicationInstance`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = identifier(rq, "ReplicationInstanceIdentifier", 63)?;
    check_class(rq.text("ReplicationInstanceClass"))?;
    let version = rq.opt("EngineVersion").unwrap_or(DEFAULT_VERSION);
    check_version(version)?;
    let storage =
        rq.int("AllocatedStorage").unwrap_or_else(|| storage_of(rq.text("ReplicationInstanceClass")));
    check_storage(storage)?;
    if taken(world, rq, &name) {
        return Err(exists(format!("Replication Instance with identifier {name} already exists")));
    }
    if rq.flag("MultiAZ") && rq.opt("AvailabilityZone").is_some() {
        return Err(combination("AvailabilityZone cannot be set when MultiAZ is true."));
    }
    vpc_role_works(world)?;
    let group = subnets::for_instance(world, rq)?;
    check_network(rq, &group)?;
    check_groups(world, &rq.texts("VpcSecurityGroupIds"), &group["VpcId"])?;
    let offered: Vec<&Json> = group["Subnets"].as_array().into_iter().flatten().collect();
    let zone = |subnet: &Json| subnet["SubnetAvailabilityZone"]["Name"].clone();
    let first = match rq.opt("AvailabilityZone") {
        None => offered.first().copied(),
        Some(wanted) => offered.iter().find(|subnet| zone(subnet) == wanted).copied(),
    };
    let Some(first) = first else {
        return Err(invalid(format!("The subnet group has no subnet in {}.", rq.text("AvailabilityZone"))));
    };
    let second = offered.iter().find(|subnet| zone(subnet) != zone(first)).filter(|_| rq.flag("MultiAZ"));
    let arn = fresh_arn(world, rq, "rep", INSTANCE)?;
    let kms = key_of(world, rq);
    let mut subnets = vec![first["SubnetIdentifier"].clone()];
    subnets.extend(second.map(|subnet| subnet["SubnetIdentifier"].clone()));
    let public = rq.get("PubliclyAccessible").as_bool().unwrap_or(true);
    let worn: Vec<String> = world
        .or_default_group(&rq.texts("VpcSecurityGroupIds"), &group["VpcId"])
        .into_iter()
        .map(ToOwned::to_owned)
        .collect();
    let worn: Vec<&str> = worn.iter().map(String::as_str).collect();
    let row = json!({
        "ReplicationInstanceIdentifier": name, "ReplicationInstanceArn": arn, "ReplicationInstanceStatus": "creating",
        "ReplicationInstanceClass": rq.text("ReplicationInstanceClass"), "AllocatedStorage": storage,
        "EngineVersion": version, "MultiAZ": rq.flag("MultiAZ"), "KmsKeyId": kms, "PubliclyAccessible": public,
        "AutoMinorVersionUpgrade": rq.get("AutoMinorVersionUpgrade").as_bool().unwrap_or(true),
        "AvailabilityZone": zone(first), "NetworkType": rq.opt("NetworkType").unwrap_or("IPV4"),
        "PreferredMaintenanceWindow": rq.opt("PreferredMaintenanceWindow").unwrap_or("sun:06:00-sun:14:00").to_lowercase(),
        "ReplicationSubnetGroup": group, "VpcSecurityGroups": groups(&worn),
        "PendingModifiedValues": {}, "_region": rq.region, "_tags": rq.list("Tags"), "_subnets": subnets,
        "_group": group["ReplicationSubnetGroupIdentifier"],
    });
    let mut row = row;
    for member in ["DnsNameServers", "KerberosAuthenticationSettings"] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    if let Some(second) = second {
        row["SecondaryAvailabilityZone"] = zone(second);
    }
    world.put(INSTANCE, &arn, row.clone());
    let ids: Vec<&str> = subnets.iter().filter_map(Json::as_str).collect();
    let own = world.attach_interfaces(rq.region, &arn, &ids, &worn);
    let n = world.next();
    let host = |base: &str, at: usize| format!("{base}.{}.{}", (n / 200) % 250, n % 200 + 20 + at as u64);
    let private: Vec<String> =
        own.into_iter().enumerate().map(|(at, ip)| ip.unwrap_or_else(|| host("10.0", at))).collect();
    let mut up = json!({
        "ReplicationInstanceStatus": "available", "InstanceCreateTime": world.now_secs(),
        "ReplicationInstancePrivateIpAddress": private[0], "ReplicationInstancePrivateIpAddresses": private,
    });
    if public {
        let addresses: Vec<String> = (0..ids.len()).map(|at| host("203.0", at)).collect();
        up["ReplicationInstancePublicIpAddress"] = json!(addresses[0]);
        up["ReplicationInstancePublicIpAddresses"] = json!(addresses);
    }
    world.set_after(DMS_INSTANCE_UP, INSTANCE, &arn, up);
    let ahead = [at(news::INSTANCE_CREATING, 0), at(news::INSTANCE_CREATED, DMS_INSTANCE_UP)];
    announce(world, rq.region, &row, true, &ahead);
    Ok(json!({"ReplicationInstance": row}))
}

/// `DescribeReplicationInstances`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let rows = here(world, rq, INSTANCE);
    let known: &[(&str, &[&str])] = &[
        ("replication-instance-arn", &["ReplicationInstanceArn"]),
        ("replication-instance-id", &["ReplicationInstanceIdentifier"]),
        ("replication-instance-class", &["ReplicationInstanceClass"]),
        ("engine-version", &["EngineVersion"]),
    ];
    listed(rq, "ReplicationInstances", "Replication Instances", rows, known)
}

/// The instance of an ARN.
pub(super) fn instance<'w>(world: &'w World, arn: &str) -> Result<&'w Json, Fault> {
    world.get(INSTANCE, arn).ok_or_else(|| missing(format!("Replication Instance not found: {arn}")))
}

/// Refuses an instance that is not available.
pub(super) fn available(world: &World, arn: &str) -> Result<(), Fault> {
    if instance(world, arn)?["ReplicationInstanceStatus"] == "available" {
        return Ok(());
    }
    Err(state(format!("Replication Instance {arn} is not in an available state.")))
}

/// `ModifyReplicationInstance`.
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ReplicationInstanceArn");
    available(world, arn)?;
    let old = instance(world, arn)?.clone();
    if let Some(class) = rq.opt("ReplicationInstanceClass") {
        check_class(class)?;
    }
    if let Some(version) = rq.opt("EngineVersion") {
        check_version(version)?;
        // User guide, "Upgrading a replication instance": versions only rise. The wording is this twin's own.
        let numbers = |text: &str| -> Vec<u64> { text.split('.').filter_map(|n| n.parse().ok()).collect() };
        if let Some(now) = old["EngineVersion"].as_str().filter(|now| numbers(version) < numbers(now)) {
            return Err(combination(format!(
                "The engine version cannot be downgraded from {now} to {version}."
            )));
        }
        let minor = |text: &str| text.rsplit_once('.').map(|(minor, _)| minor.to_owned());
        let major = old["EngineVersion"].as_str().is_some_and(|now| minor(now) != minor(version));
        if major && !rq.flag("AllowMajorVersionUpgrade") {
            return Err(combination(
                "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.",
            ));
        }
    }
    if let Some(size) = rq.int("AllocatedStorage") {
        check_storage(size)?;
        if old["AllocatedStorage"].as_i64().is_some_and(|now| size < now) {
            return Err(invalid("The allocated storage of a replication instance cannot be decreased."));
        }
    }
    // The group as it is now: its subnets may have got IPv6 since.
    let group = subnets::now(world, rq, &old["_group"]);
    check_network(rq, group.as_ref().unwrap_or(&old["ReplicationSubnetGroup"]))?;
    let ids = rq.texts("VpcSecurityGroupIds");
    check_groups(world, &ids, &old["ReplicationSubnetGroup"]["VpcId"])?;
    let renamed = match rq.opt("ReplicationInstanceIdentifier") {
        None => None,
        Some(_) => {
            let name = identifier(rq, "ReplicationInstanceIdentifier", 63)?;
            if old["ReplicationInstanceIdentifier"] != name.as_str() && taken(world, rq, &name) {
                return Err(exists(format!("Replication Instance with identifier {name} already exists")));
            }
            Some(name)
        }
    };
    let mut later = json!({});
    for member in ["AllocatedStorage", "EngineVersion", "MultiAZ", "NetworkType", "ReplicationInstanceClass"]
    {
        let wanted = rq.get(member);
        if !wanted.is_null() && *wanted != old[member] {
            later[member] = wanted.clone();
        }
    }
    let now = rq.flag("ApplyImmediately");
    let row = world
        .get_mut(INSTANCE, arn)
        .ok_or_else(|| missing(format!("Replication Instance not found: {arn}")))?;
    if let Some(name) = renamed {
        row["ReplicationInstanceIdentifier"] = json!(name);
    }
    for member in ["AutoMinorVersionUpgrade", "KerberosAuthenticationSettings"] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    if let Some(window) = rq.opt("PreferredMaintenanceWindow") {
        row["PreferredMaintenanceWindow"] = json!(window.to_lowercase());
    }
    if !ids.is_empty() {
        row["VpcSecurityGroups"] = json!(groups(&ids));
    }
    let waits = later.as_object().is_some_and(|members| !members.is_empty());
    if waits {
        row["PendingModifiedValues"] = later.clone();
    }
    if waits && now {
        row["ReplicationInstanceStatus"] = json!("modifying");
    }
    let answer = row.clone();
    if waits && now {
        let both: Vec<_> = later
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(member, to)| news::changes(member, to).iter().copied())
            .collect();
        let mut ahead: Vec<_> = both.iter().map(|(begins, _)| at(*begins, 0)).collect();
        ahead.extend(both.iter().map(|(_, is)| at(*is, MODIFY)));
        if later.get("EngineVersion").is_some() {
            ahead.push(at(news::UPDATED, MODIFY));
        }
        announce(world, rq.region, &answer, false, &ahead);
        later["ReplicationInstanceStatus"] = json!("available");
        later["PendingModifiedValues"] = json!({});
        world.set_after(MODIFY, INSTANCE, arn, later);
    }
    Ok(json!({"ReplicationInstance": answer}))
}

/// `RebootReplicationInstance`. With a failover the standby takes over in its zone (API reference, `ForceFailover` and
/// `ForcePlannedFailover`: not without Multi-AZ, and not both).
pub(super) fn reboot(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ReplicationInstanceArn");
    available(world, arn)?;
    let old = instance(world, arn)?.clone();
    let (forced, planned) = (rq.flag("ForceFailover"), rq.flag("ForcePlannedFailover"));
    if forced && planned {
        return Err(combination("ForceFailover and ForcePlannedFailover cannot both be set."));
    }
    let mut after = json!({"ReplicationInstanceStatus": "available"});
    if forced || planned {
        if old["MultiAZ"] != true {
            return Err(combination(format!(
                "Replication Instance {arn} is not configured for Multi-AZ and cannot fail over."
            )));
        }
        after["AvailabilityZone"] = old["SecondaryAvailabilityZone"].clone();
        after["SecondaryAvailabilityZone"] = old["AvailabilityZone"].clone();
        let ahead = [at(news::FAILOVER_STARTED, 0), at(news::FAILED_OVER, MODIFY)];
        announce(world, rq.region, &old, false, &ahead);
    }
    world.set_after(MODIFY, INSTANCE, arn, after);
    let row = world
        .get_mut(INSTANCE, arn)
        .ok_or_else(|| missing(format!("Replication Instance not found: {arn}")))?;
    row["ReplicationInstanceStatus"] = json!("rebooting");
    Ok(json!({"ReplicationInstance": row}))
}

/// `DeleteReplicationInstance`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ReplicationInstanceArn");
    let old = instance(world, arn)?.clone();
    if old["ReplicationInstanceStatus"] == "deleting" {
        return Err(state(format!("Replication Instance {arn} is already being deleted.")));
    }
    if world.any(TASK, |task| task["ReplicationInstanceArn"] == arn) {
        return Err(state(format!("Replication Instance {arn} has one or more replication tasks.")));
    }
    world.cancel(INSTANCE, arn);
    super::connections::forget(world, |row| row["ReplicationInstanceArn"] == arn);
    let ahead = [at(news::INSTANCE_DELETING, 0), at(news::INSTANCE_DELETED, DMS_INSTANCE_DOWN)];
    announce(world, rq.region, &old, true, &ahead);
    world.after(DMS_INSTANCE_DOWN, INSTANCE, arn, Effect::Remove);
    world.release_interfaces(arn, DMS_INSTANCE_DOWN + 15_000);
    let row = world
        .get_mut(INSTANCE, arn)
        .ok_or_else(|| missing(format!("Replication Instance not found: {arn}")))?;
    row["ReplicationInstanceStatus"] = json!("deleting");
    Ok(json!({"ReplicationInstance": row}))
}

/// `DescribeAccountAttributes`.
pub(super) fn quotas(world: &mut World, rq: &Request<'_>) -> Reply {
    let used = |table: &str| here(world, rq, table).len();
    let quota =
        |name: &str, used: usize, max: i64| json!({"AccountQuotaName": name, "Used": used, "Max": max});
    Ok(json!({
        "UniqueAccountIdentifier": format!("dms-{}", world.account),
        "AccountQuotas": [
            quota("ReplicationInstances", used(INSTANCE), 60),
            quota("ReplicationTasks", used(TASK), 600),
            quota("Endpoints", used(ENDPOINT), 1000),
            quota("ReplicationSubnetGroups", used(super::store::SUBNET_GROUP), 60),
        ],
    }))
}

/// `DescribeOrderableReplicationInstances`.
pub(super) fn orderable(_world: &mut World, rq: &Request<'_>) -> Reply {
    let zones: Vec<String> = ["a", "b", "c"].iter().map(|zone| format!("{}{zone}", rq.region)).collect();
    let rows = VERSIONS
        .iter()
        .flat_map(|version| FAMILIES.iter().map(move |family| (version, family)))
        .flat_map(|(version, (family, sizes))| sizes.iter().map(move |size| (version, family, size)))
        .map(|(version, family, size)| {
            json!({
                "EngineVersion": version, "ReplicationInstanceClass": format!("dms.{family}.{size}"),
                "StorageType": "gp2", "MinAllocatedStorage": 5, "MaxAllocatedStorage": 6144,
                "DefaultAllocatedStorage": 50, "IncludedAllocatedStorage": 50, "AvailabilityZones": zones,
            })
        })
        .collect();
    paged(rq, "OrderableReplicationInstances", rows, 100)
}
