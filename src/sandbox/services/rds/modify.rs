//! `ModifyDBInstance`.

use serde_json::{Value as Json, json};

use super::{
    certificates,
    create::{
        domain, log_types, managed_secret, monitoring, parameter_group, password_rules, security_groups,
    },
    engines, options,
    store::{INSTANCE, combination, invalid, key, no_instance, public},
    subnets, volumes, windows,
};
use crate::{
    engines::is_older,
    sandbox::{Fault, Reply, Request, World, codec::NOT_IMPLEMENTED, durations},
};

/// Members that take effect at once and without an interruption: (parameter, member of the instance).
const AT_ONCE: &[(&str, &str)] = &[
    ("DeletionProtection", "DeletionProtection"),
    ("CopyTagsToSnapshot", "CopyTagsToSnapshot"),
    ("MaxAllocatedStorage", "MaxAllocatedStorage"),
    ("PromotionTier", "PromotionTier"),
    ("AutoMinorVersionUpgrade", "AutoMinorVersionUpgrade"),
    ("ReplicaMode", "ReplicaMode"),
    ("AutomationMode", "AutomationMode"),
    ("AwsBackupRecoveryPointArn", "AwsBackupRecoveryPointArn"),
    ("TdeCredentialArn", "TdeCredentialArn"),
];

/// Members that make the instance `modifying` whenever they are applied.
const WITH_STATUS: &[(&str, &str)] = &[
    ("PubliclyAccessible", "PubliclyAccessible"),
    ("EnablePerformanceInsights", "PerformanceInsightsEnabled"),
    ("PerformanceInsightsKMSKeyId", "PerformanceInsightsKMSKeyId"),
    ("PerformanceInsightsRetentionPeriod", "PerformanceInsightsRetentionPeriod"),
    ("DatabaseInsightsMode", "DatabaseInsightsMode"),
    ("MonitoringInterval", "MonitoringInterval"),
    ("MonitoringRoleArn", "MonitoringRoleArn"),
    ("NetworkType", "NetworkType"),
    ("EnableCustomerOwnedIp", "CustomerOwnedIpEnabled"),
];

/// Members that wait in `PendingModifiedValues` until they are applied: (parameter, pending name, member).
const PENDING: &[(&str, &str, &str)] = &[
    ("AllocatedStorage", "AllocatedStorage", "AllocatedStorage"),
    ("BackupRetentionPeriod", "BackupRetentionPeriod", "BackupRetentionPeriod"),
    ("CACertificateIdentifier", "CACertificateIdentifier", "CACertificateIdentifier"),
    ("DBInstanceClass", "DBInstanceClass", "DBInstanceClass"),
    ("DBPortNumber", "Port", "Endpoint.Port"),
    ("DedicatedLogVolume", "DedicatedLogVolume", "DedicatedLogVolume"),
    (
        "EnableIAMDatabaseAuthentication",
        "IAMDatabaseAuthenticationEnabled",
        "IAMDatabaseAuthenticationEnabled",
    ),
    ("Engine", "Engine", "Engine"),
    ("EngineVersion", "EngineVersion", "EngineVersion"),
    ("Iops", "Iops", "Iops"),
    ("LicenseModel", "LicenseModel", "LicenseModel"),
    ("MultiAZ", "MultiAZ", "MultiAZ"),
    ("MultiTenant", "MultiTenant", "MultiTenant"),
    ("ProcessorFeatures", "ProcessorFeatures", "ProcessorFeatures"),
    ("StorageThroughput", "StorageThroughput", "StorageThroughput"),
    ("StorageType", "StorageType", "StorageType"),
];

/// Refuses a new name: the sandbox moves names in switchovers only.
pub(super) fn keeps_its_name(rq: &Request<'_>, member: &str, name: &str) -> Result<(), Fault> {
    match rq.opt(member) {
        Some(new) if !new.eq_ignore_ascii_case(name) => {
            Err(Fault::new(NOT_IMPLEMENTED, format!("The sandbox gives nothing a new name ({member}).")))
        }
        _ => Ok(()),
    }
}

pub fn modify_db_instance(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBInstanceIdentifier");
    let key_text = key(rq, name);
    let row = world.get(INSTANCE, &key_text).cloned().ok_or_else(|| no_instance(name))?;
    keeps_its_name(rq, "NewDBInstanceIdentifier", name)?;
    if !matches!(row["DBInstanceStatus"].as_str(), Some("available" | "stopped" | "storage-optimization")) {
        return Err(Fault::new("InvalidDBInstanceState", "Database instance is not in available state."));
    }
    let (pending, later) = pending(rq, &row)?;
    check(world, rq, &row)?;
    let mut now = serde_json::Map::new();
    for (parameter, member) in AT_ONCE {
        if !rq.get(parameter).is_null() {
            now.insert((*member).into(), rq.get(parameter).clone());
        }
    }
    let windows_sent = (rq.opt("PreferredBackupWindow"), rq.opt("PreferredMaintenanceWindow"));
    if windows_sent != (None, None) {
        let had = |member: &str| row[member].as_str().unwrap_or_default();
        let had = (had("PreferredBackupWindow"), had("PreferredMaintenanceWindow"));
        let had = Some(had).filter(|(backup, maintenance)| !backup.is_empty() && !maintenance.is_empty());
        let (backup, maintenance) = windows::chosen(windows_sent.0, windows_sent.1, had)?;
        now.insert("PreferredBackupWindow".into(), json!(backup));
        now.insert("PreferredMaintenanceWindow".into(), json!(maintenance));
    }
    let mut applied = later;
    for (parameter, member) in WITH_STATUS {
        if !rq.get(parameter).is_null() && *rq.get(parameter) != row[*member] {
            applied.insert((*member).into(), rq.get(parameter).clone());
        }
    }
    groups(world, rq, &row, &mut now)?;
    let mut with_status = relations(world, rq, &row, &mut now, &mut applied)?;
    with_status |= WITH_STATUS.iter().any(|(p, m)| !rq.get(p).is_null() && *rq.get(p) != row[*m]);
    let immediately = rq.flag("ApplyImmediately");
    let waits = !pending.is_empty();
    if waits {
        now.insert("PendingModifiedValues".into(), Json::Object(pending));
    }
    if let Some(map) = world.get_mut(INSTANCE, &key_text).and_then(Json::as_object_mut) {
        map.extend(now);
    }
    let shown = world.get(INSTANCE, &key_text).map(public).unwrap_or_default();
    if with_status || (waits && immediately) {
        if waits && immediately {
            applied.insert("PendingModifiedValues".into(), json!({}));
        } else if waits {
            for (_, _, member) in PENDING {
                applied.remove(*member);
            }
            applied.remove("AdditionalStorageVolumes");
        }
        backed_up(world, &row, &mut applied);
        applied.insert("DBInstanceStatus".into(), row["DBInstanceStatus"].clone());
        // The instance stays `available` for a moment before the change begins, as on AWS.
        world.set_after(5_000, INSTANCE, &key_text, json!({"DBInstanceStatus": "modifying"}));
        world.set_after(durations::RDS_MODIFY, INSTANCE, &key_text, Json::Object(applied));
    }
    Ok(json!({"DBInstance": shown}))
}

type Members = serde_json::Map<String, Json>;

/// Where there were no backups the change begins with one; without any there is nothing to restore from.
fn backed_up(world: &World, row: &Json, applied: &mut Members) {
    let days = |period: Option<&Json>| period.and_then(Json::as_i64).unwrap_or_default();
    let Some(period) = applied.get("BackupRetentionPeriod") else { return };
    match (days(row.get("BackupRetentionPeriod")), days(Some(period))) {
        (0, 1..) => {
            let restorable = World::seconds(world.date_after(durations::RDS_MODIFY));
            applied.insert("LatestRestorableTime".into(), json!(restorable));
        }
        (_, 0) => drop(applied.insert("LatestRestorableTime".into(), Json::Null)),
        _ => {}
    }
}

/// What waits in `PendingModifiedValues`, and what is set once it is applied.
fn pending(rq: &Request<'_>, row: &Json) -> Result<(Members, Members), Fault> {
    let (mut pending, mut later) = (Members::new(), Members::new());
    let volumes = rq.list("AdditionalStorageVolumes");
    let engine = row["Engine"].as_str().unwrap_or_default();
    let after = volumes::merged(engine, &row["AdditionalStorageVolumes"], volumes)?;
    if !volumes.is_empty() && after != row["AdditionalStorageVolumes"] {
        pending.insert("AdditionalStorageVolumes".into(), volumes::wanted(volumes));
        later.insert("AdditionalStorageVolumes".into(), after);
    }
    for (parameter, waiting, member) in PENDING {
        let mut value = rq.get(parameter).clone();
        if value.is_null() {
            continue;
        }
        if *parameter == "EngineVersion" {
            let engine = engines::engine(row["Engine"].as_str().unwrap_or_default())?;
            let to = engines::version(engine, value.as_str())?;
            let from = row["EngineVersion"].as_str().unwrap_or_default();
            if is_older(to, from) {
                return Err(combination(format!("Cannot find upgrade path from {from} to {to}.")));
            }
            let rises = engine.major(to) != engine.major(from);
            if rises && !rq.flag("AllowMajorVersionUpgrade") {
                return Err(combination(
                    "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.",
                ));
            }
            value = json!(to);
        }
        let current = match *member {
            "Endpoint.Port" => &row["Endpoint"]["Port"],
            member => &row[member],
        };
        if value != *current {
            pending.insert((*waiting).into(), value.clone());
            later.insert((*member).into(), value);
        }
    }
    if rq.opt("MasterUserPassword").is_some() {
        pending.insert("MasterUserPassword".into(), json!("****"));
    }
    if let Some(ca) = later.get("CACertificateIdentifier").cloned() {
        later.insert("CertificateDetails.CAIdentifier".into(), ca);
    }
    Ok((pending, later))
}

fn check(world: &World, rq: &Request<'_>, row: &Json) -> Result<(), Fault> {
    if let Some(password) = rq.opt("MasterUserPassword") {
        if !row["MasterUserSecret"].is_null() && rq.get("ManageMasterUserPassword") != &json!(false) {
            return Err(combination(
                "You can't specify MasterUserPassword for an instance whose password is managed in Secrets Manager.",
            ));
        }
        password_rules(password)?;
    }
    if rq
        .int("AllocatedStorage")
        .is_some_and(|size| size < row["AllocatedStorage"].as_i64().unwrap_or_default())
    {
        return Err(invalid("Requested storage size can't be smaller than the current storage size."));
    }
    let text = |member: &str| row[member].as_str().unwrap_or_default();
    let engine = engines::engine(text("Engine"))?;
    let licence = engines::licence(engine, rq.opt("LicenseModel").or(row["LicenseModel"].as_str()))?;
    if let Some(class) = rq.opt("DBInstanceClass") {
        // The version that runs now has to be one for the class too (API reference, EngineVersion).
        engines::class(engine, text("EngineVersion"), licence, class)?;
    }
    windows::port(rq.int("DBPortNumber"))?;
    if let Some(name) = rq.opt("CACertificateIdentifier") {
        certificates::find(name)?;
    }
    if rq.int("BackupRetentionPeriod").is_some_and(|days| !(0..=35).contains(&days)) {
        return Err(invalid("Invalid backup retention period. Must be between 0 and 35."));
    }
    monitoring(world, rq)
}

/// Parameter group, option group and security groups.
fn groups(world: &mut World, rq: &Request<'_>, row: &Json, now: &mut Members) -> Result<(), Fault> {
    if let Some(name) = rq.opt("DBParameterGroupName") {
        let engine = row["Engine"].as_str().unwrap_or_default();
        let version = rq.opt("EngineVersion").or(row["EngineVersion"].as_str()).unwrap_or_default();
        let group = parameter_group(world, rq, engine, version, Some(name))?;
        if row["DBParameterGroups"][0]["DBParameterGroupName"] != json!(group) {
            now.insert(
                "DBParameterGroups".into(),
                json!([{"DBParameterGroupName": group, "ParameterApplyStatus": "pending-reboot"}]),
            );
        }
    }
    if let Some(name) = rq.opt("OptionGroupName") {
        let engine = row["Engine"].as_str().unwrap_or_default();
        let version = rq.opt("EngineVersion").or(row["EngineVersion"].as_str()).unwrap_or_default();
        let membership = options::membership(world, rq, engine, version, Some(name))?;
        now.insert("OptionGroupMemberships".into(), membership);
    }
    let list = |member: &str, name: &str| {
        let items: Vec<Json> = rq.list(member).iter().map(|g| json!({name: g, "Status": "active"})).collect();
        json!(items)
    };
    if !rq.list("DBSecurityGroups").is_empty() {
        now.insert("DBSecurityGroups".into(), list("DBSecurityGroups", "DBSecurityGroupName"));
    }
    let groups = rq.texts("VpcSecurityGroupIds");
    if !groups.is_empty() {
        security_groups(world, &groups)?;
        now.insert("VpcSecurityGroups".into(), list("VpcSecurityGroupIds", "VpcSecurityGroupId"));
        let arn = row["DBInstanceArn"].clone();
        let ids: Vec<String> = world
            .rows("ec2.network-interface")
            .filter(|(_, eni)| eni["_owner"] == arn)
            .map(|(id, _)| id.to_owned())
            .collect();
        let groups: Vec<Json> = groups.iter().map(|g| json!({"GroupId": g})).collect();
        for id in ids {
            if let Some(eni) = world.get_mut("ec2.network-interface", &id) {
                eni["Groups"] = json!(groups);
            }
        }
    }
    Ok(())
}

/// Subnet group, log exports, directory, managed password. Answers whether the status changes.
fn relations(
    world: &mut World,
    rq: &Request<'_>,
    row: &Json,
    now: &mut Members,
    applied: &mut Members,
) -> Result<bool, Fault> {
    let mut status = false;
    if let Some(name) = rq.opt("DBSubnetGroupName") {
        let group = subnets::chosen(world, rq, Some(name))?;
        if group["VpcId"] == row["DBSubnetGroup"]["VpcId"] {
            return Err(Fault::new(
                "InvalidVPCNetworkStateFault",
                "You cannot move a DB instance to a subnet group of its own VPC.",
            ));
        }
        applied.insert("DBSubnetGroup".into(), group);
        status = true;
    }
    let exports = rq.get("CloudwatchLogsExportConfiguration");
    if !exports.is_null() {
        let texts = |list: &Json| -> Vec<String> {
            list.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
        };
        let (on, off) = (texts(&exports["EnableLogTypes"]), texts(&exports["DisableLogTypes"]));
        let engine = engines::engine(row["Engine"].as_str().unwrap_or_default())?;
        let wanted: Vec<&str> = on.iter().map(String::as_str).collect();
        log_types(engine, row["EngineVersion"].as_str().unwrap_or_default(), &wanted)?;
        let mut logs = texts(&row["EnabledCloudwatchLogsExports"]);
        logs.retain(|log| !off.contains(log));
        logs.extend(on.into_iter().filter(|log| !texts(&row["EnabledCloudwatchLogsExports"]).contains(log)));
        applied.insert(
            "EnabledCloudwatchLogsExports".into(),
            if logs.is_empty() { Json::Null } else { json!(logs) },
        );
        status = true;
    }
    if rq.flag("DisableDomain") {
        now.insert("DomainMemberships".into(), json!([]));
    } else if rq.opt("Domain").is_some() || rq.opt("DomainFqdn").is_some() {
        now.insert("DomainMemberships".into(), json!([domain(rq)]));
    }
    match rq.get("ManageMasterUserPassword").as_bool() {
        Some(true) if row["MasterUserSecret"].is_null() => {
            let secret =
                managed_secret(world, rq, ("db", row["DBInstanceIdentifier"].as_str().unwrap_or_default()));
            now.insert("MasterUserSecret".into(), secret);
            applied.insert("MasterUserSecret.SecretStatus".into(), json!("active"));
            status = true;
        }
        Some(false) if !row["MasterUserSecret"].is_null() => {
            if rq.opt("MasterUserPassword").is_none() {
                return Err(combination(
                    "You must specify MasterUserPassword when you stop managing it in Secrets Manager.",
                ));
            }
            super::delete::drop_managed_secret(world, row);
            now.insert("MasterUserSecret".into(), Json::Null);
        }
        _ => {}
    }
    Ok(status)
}
