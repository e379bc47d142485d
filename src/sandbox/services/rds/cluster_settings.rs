//! What a cluster can be set to, when it is made and later: `CreateDBCluster` and `ModifyDBCluster`.

use serde_json::{Map, Value as Json, json};

use super::{
    clusters::{answer, available, engine, members},
    create::{domain, log_types, managed_secret, monitoring, password_rules, security_groups},
    delete::drop_managed_secret,
    engines,
    modify::keeps_its_name,
    store::{CLUSTER, CLUSTER_PARAMETERS, INSTANCE, combination, invalid, key},
    windows,
};
use crate::{
    engines::{Engine, family_of, is_older},
    sandbox::{Fault, Reply, Request, World, durations, services::kms},
};

/// Checks that a new cluster and a changed one have in common, and those of a new one.
pub fn check(world: &World, rq: &Request<'_>, engine: &Engine, version: &str) -> Result<(), Fault> {
    match rq.opt("EngineMode") {
        None | Some("provisioned") => {}
        Some(mode) => {
            return Err(combination(format!(
                "The engine mode {mode} you requested is currently unavailable."
            )));
        }
    }
    if rq.opt("ClusterScalabilityType").is_some_and(|kind| kind != "standard") {
        return Err(combination("The sandbox has no limitless databases."));
    }
    if rq.opt("KmsKeyId").is_some() && !rq.flag("StorageEncrypted") {
        return Err(combination("KmsKeyId can only be specified when StorageEncrypted is true."));
    }
    let encrypts = rq.opt("KmsKeyId").filter(|_| rq.flag("StorageEncrypted"));
    if let Some(why) = encrypts.and_then(|name| kms::usable(world, rq, name)) {
        return Err(Fault::new(
            "KMSKeyNotAccessibleFault",
            format!("The specified KMS key cannot be used: {why}"),
        ));
    }
    log_types(engine, version, &rq.texts("EnableCloudwatchLogsExports"))?;
    common(world, rq, engine)
}

fn common(world: &World, rq: &Request<'_>, engine: &Engine) -> Result<(), Fault> {
    if rq.int("BackupRetentionPeriod").is_some_and(|days| !(1..=35).contains(&days)) {
        return Err(invalid("Invalid backup retention period. Must be between 1 and 35."));
    }
    // Aurora User Guide, "Backtracking an Aurora DB cluster": Aurora MySQL, at most 72 hours.
    if let Some(seconds) = rq.int("BacktrackWindow").filter(|seconds| *seconds != 0) {
        if engine.name != "aurora-mysql" {
            return Err(combination(format!("Backtrack is not supported for the {} engine.", engine.name)));
        }
        if !(0..=259_200).contains(&seconds) {
            return Err(invalid("The backtrack window must be between 0 and 259200 seconds."));
        }
    }
    if rq.opt("StorageType").is_some_and(|kind| !engine.storage.contains_key(kind)) {
        return Err(invalid(format!("Invalid storage type: {}", rq.text("StorageType"))));
    }
    capacity(rq)?;
    monitoring(world, rq)
}

/// Capacity in halves of an ACU: at most 256, at least 0 (which pauses) or 0.5, the most at least 1 (API reference,
/// ServerlessV2ScalingConfiguration).
fn capacity(rq: &Request<'_>) -> Result<(), Fault> {
    let scaling = rq.get("ServerlessV2ScalingConfiguration");
    if scaling.is_null() {
        return Ok(());
    }
    let read = |member: &str| {
        scaling[member]
            .as_f64()
            .filter(|value| (0.0..=256.0).contains(value) && (value * 2.0).fract() == 0.0)
            .ok_or_else(|| {
                invalid(format!(
                    "Serverless v2 {member} isn't valid: it must be between 0 and 256 in steps of 0.5."
                ))
            })
    };
    let (least, most) = (read("MinCapacity")?, read("MaxCapacity")?);
    if most < 1.0 {
        return Err(invalid(format!(
            "Serverless v2 maximum capacity {most} isn't valid. The maximum capacity must be at least 1.0."
        )));
    }
    if least > most {
        return Err(invalid(format!(
            "Serverless v2 minimum capacity {least} isn't valid. The minimum capacity can't be greater than the maximum."
        )));
    }
    let pause = scaling["SecondsUntilAutoPause"].as_i64();
    if pause.is_some_and(|seconds| !(300..=86_400).contains(&seconds)) {
        return Err(invalid("SecondsUntilAutoPause must be between 300 and 86400."));
    }
    if pause.is_some() && least > 0.0 {
        return Err(combination("SecondsUntilAutoPause needs a minimum capacity of 0."));
    }
    Ok(())
}

/// The cluster parameter group to use, which must be of the engine's family.
pub fn parameters(
    world: &World,
    rq: &Request<'_>,
    engine: &Engine,
    version: &str,
    name: Option<&str>,
) -> Result<String, Fault> {
    let family = family_of(&engine.name, version);
    let Some(name) = name else { return Ok(format!("default.{family}")) };
    let theirs = match name.strip_prefix("default.") {
        Some(family) => family.to_owned(),
        None => world
            .get(CLUSTER_PARAMETERS, &key(rq, name))
            .and_then(|row| row["DBParameterGroupFamily"].as_str())
            .map(str::to_owned)
            .ok_or_else(|| {
                Fault::new(
                    "DBClusterParameterGroupNotFound",
                    format!("DBClusterParameterGroup not found: {name}"),
                )
            })?,
    };
    if theirs != family {
        return Err(combination(format!(
            "The Parameter Group {name} with DBParameterGroupFamily {theirs} cannot be used for this instance. Please use \
             a Parameter Group with DBParameterGroupFamily {family}"
        )));
    }
    Ok(name.to_lowercase())
}

/// Members of observation, from the request where it has them.
pub fn observe(rq: &Request<'_>, row: &mut Json) {
    for (parameter, member) in [
        ("EnablePerformanceInsights", "PerformanceInsightsEnabled"),
        ("PerformanceInsightsKMSKeyId", "PerformanceInsightsKMSKeyId"),
        ("PerformanceInsightsRetentionPeriod", "PerformanceInsightsRetentionPeriod"),
        ("MonitoringInterval", "MonitoringInterval"),
        ("MonitoringRoleArn", "MonitoringRoleArn"),
        ("DatabaseInsightsMode", "DatabaseInsightsMode"),
    ] {
        if !rq.get(parameter).is_null() {
            row[member] = rq.get(parameter).clone();
        }
    }
}

/// Members that a change sets as they were sent.
const SET: &[(&str, &str)] = &[
    ("AutoMinorVersionUpgrade", "AutoMinorVersionUpgrade"),
    ("BacktrackWindow", "BacktrackWindow"),
    ("BackupRetentionPeriod", "BackupRetentionPeriod"),
    ("CopyTagsToSnapshot", "CopyTagsToSnapshot"),
    ("DeletionProtection", "DeletionProtection"),
    ("EnableHttpEndpoint", "HttpEndpointEnabled"),
    ("EnableIAMDatabaseAuthentication", "IAMDatabaseAuthenticationEnabled"),
    ("EngineLifecycleSupport", "EngineLifecycleSupport"),
    ("NetworkType", "NetworkType"),
    ("Port", "Port"),
    ("ServerlessV2ScalingConfiguration", "ServerlessV2ScalingConfiguration"),
];

fn texts(list: &Json) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

/// The version that a change goes to: later ones only, and to another major version only with the flag.
fn upgrade(rq: &Request<'_>, engine: &'static Engine, row: &Json) -> Result<Option<&'static str>, Fault> {
    let Some(wanted) = rq.opt("EngineVersion") else { return Ok(None) };
    let (to, from) =
        (engines::version(engine, Some(wanted))?, row["EngineVersion"].as_str().unwrap_or_default());
    if is_older(to, from) {
        return Err(combination(format!("Cannot find upgrade path from {from} to {to}.")));
    }
    if engine.major(to) != engine.major(from) && !rq.flag("AllowMajorVersionUpgrade") {
        return Err(combination(
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.",
        ));
    }
    Ok(Some(to).filter(|to| *to != from))
}

pub fn modify_db_cluster(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key_text, row) = available(world, rq)?;
    let engine = engine(row["Engine"].as_str().unwrap_or_default())?;
    let version = row["EngineVersion"].as_str().unwrap_or_default();
    common(world, rq, engine)?;
    keeps_its_name(rq, "NewDBClusterIdentifier", rq.text("DBClusterIdentifier"))?;
    windows::port(rq.int("Port"))?;
    let to = upgrade(rq, engine, &row)?;
    let mut after = Map::new();
    if let Some(name) = rq.opt("DBClusterParameterGroupName") {
        let group = parameters(world, rq, engine, to.unwrap_or(version), Some(name))?;
        after.insert("DBClusterParameterGroup".into(), json!(group));
    }
    for (parameter, member) in SET {
        if !rq.get(parameter).is_null() {
            after.insert((*member).into(), rq.get(parameter).clone());
        }
    }
    if let Some(kind) = rq.opt("StorageType") {
        after.insert("StorageType".into(), if kind == "aurora" { Json::Null } else { json!(kind) });
    }
    let mut observed = json!({});
    observe(rq, &mut observed);
    after.extend(observed.as_object().cloned().unwrap_or_default());
    let sent = (rq.opt("PreferredBackupWindow"), rq.opt("PreferredMaintenanceWindow"));
    if sent != (None, None) {
        let had = |member: &str| row[member].as_str().unwrap_or_default();
        let had = (had("PreferredBackupWindow"), had("PreferredMaintenanceWindow"));
        let (backup, maintenance) = windows::chosen(sent.0, sent.1, Some(had))?;
        after.insert("PreferredBackupWindow".into(), json!(backup));
        after.insert("PreferredMaintenanceWindow".into(), json!(maintenance));
    }
    if !rq.get("EnableLocalWriteForwarding").is_null() {
        let on = rq.flag("EnableLocalWriteForwarding");
        after.insert("LocalWriteForwardingStatus".into(), json!(if on { "enabled" } else { "disabled" }));
    }
    relations(world, rq, &row, engine, &mut after)?;
    let mut pending = json!({});
    for member in ["BackupRetentionPeriod", "IAMDatabaseAuthenticationEnabled"] {
        if let Some(value) = after.get(member).filter(|value| **value != row[member]) {
            pending[member] = value.clone();
        }
    }
    if let Some(to) = to {
        after.insert("EngineVersion".into(), json!(to));
        pending["EngineVersion"] = json!(to);
    }
    if rq.opt("MasterUserPassword").is_some() {
        pending["MasterUserPassword"] = json!("****");
    }
    spread(world, rq, &row, &after);
    after.insert("Status".into(), json!("available"));
    after.insert("PendingModifiedValues".into(), json!({}));
    if let Some(row) = world.get_mut(CLUSTER, &key_text) {
        // What protects from deletion does so at once.
        if let Some(protected) = after.get("DeletionProtection") {
            row["DeletionProtection"] = protected.clone();
        }
        row["Status"] = json!("modifying");
        row["PendingModifiedValues"] = pending;
    }
    let millis = if to.is_some() { durations::AURORA_UPGRADE } else { durations::AURORA_MODIFY };
    world.set_after(millis, CLUSTER, &key_text, Json::Object(after));
    answer(world, rq, &key_text)
}

/// Security groups, log exports, directory, the master password.
fn relations(
    world: &mut World,
    rq: &Request<'_>,
    row: &Json,
    engine: &Engine,
    after: &mut Map<String, Json>,
) -> Result<(), Fault> {
    let groups = rq.texts("VpcSecurityGroupIds");
    if !groups.is_empty() {
        security_groups(world, &groups)?;
        let list: Vec<Json> =
            groups.iter().map(|group| json!({"VpcSecurityGroupId": group, "Status": "active"})).collect();
        after.insert("VpcSecurityGroups".into(), json!(list));
    }
    let exports = rq.get("CloudwatchLogsExportConfiguration");
    if !exports.is_null() {
        let (on, off) = (texts(&exports["EnableLogTypes"]), texts(&exports["DisableLogTypes"]));
        let wanted: Vec<&str> = on.iter().map(String::as_str).collect();
        log_types(engine, row["EngineVersion"].as_str().unwrap_or_default(), &wanted)?;
        let mut logs = texts(&row["EnabledCloudwatchLogsExports"]);
        logs.retain(|log| !off.contains(log) && !on.contains(log));
        logs.extend(on);
        let logs = if logs.is_empty() { Json::Null } else { json!(logs) };
        after.insert("EnabledCloudwatchLogsExports".into(), logs);
    }
    if let Some(name) = rq.opt("Domain") {
        let members = if name == "none" { json!([]) } else { json!([domain(rq)]) };
        after.insert("DomainMemberships".into(), members);
    }
    if let Some(password) = rq.opt("MasterUserPassword") {
        password_rules(password)?;
    }
    let managed = !row["MasterUserSecret"].is_null();
    match rq.get("ManageMasterUserPassword").as_bool() {
        Some(true) if !managed => {
            let name = row["DBClusterIdentifier"].as_str().unwrap_or_default();
            let mut secret = managed_secret(world, rq, ("cluster", name));
            secret["SecretStatus"] = json!("active");
            after.insert("MasterUserSecret".into(), secret);
        }
        Some(false) if managed => {
            if rq.opt("MasterUserPassword").is_none() {
                return Err(combination(
                    "You must specify MasterUserPassword when ManageMasterUserPassword is turned off.",
                ));
            }
            drop_managed_secret(world, row);
            after.insert("MasterUserSecret".into(), Json::Null);
        }
        _ if managed && rq.opt("MasterUserPassword").is_some() => {
            return Err(combination(
                "You can't specify MasterUserPassword for a cluster whose password is managed in Secrets Manager.",
            ));
        }
        _ => {}
    }
    Ok(())
}

/// What the instances of a cluster have from it changes with it.
fn spread(world: &mut World, rq: &Request<'_>, row: &Json, after: &Map<String, Json>) {
    for member in members(world, rq, row) {
        let place = key(rq, member["DBInstanceIdentifier"].as_str().unwrap_or_default());
        let arn = member["DBInstanceArn"].clone();
        let Some(instance) = world.get_mut(INSTANCE, &place) else { continue };
        for name in ["BackupRetentionPeriod", "EngineVersion", "VpcSecurityGroups"] {
            if let Some(value) = after.get(name) {
                instance[name] = value.clone();
            }
        }
        if after.contains_key("DBClusterParameterGroup") {
            instance["_cluster_parameters"] = json!("pending-reboot");
        }
        let Some(groups) = after.get("VpcSecurityGroups").and_then(Json::as_array) else { continue };
        let groups: Vec<Json> = groups.iter().map(|g| json!({"GroupId": g["VpcSecurityGroupId"]})).collect();
        let rows = world.rows("ec2.network-interface").filter(|(_, eni)| eni["_owner"] == arn);
        let ids: Vec<String> = rows.map(|(id, _)| id.to_owned()).collect();
        for id in ids {
            if let Some(eni) = world.get_mut("ec2.network-interface", &id) {
                eni["Groups"] = json!(groups);
            }
        }
    }
}
