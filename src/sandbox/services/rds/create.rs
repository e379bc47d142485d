//! `CreateDBInstance`: the checks, the defaults, the way to `available`.

use serde_json::{Value as Json, json};

use super::{
    certificates, clusters, engines, options,
    store::{INSTANCE, PARAMETERS, combination, identifier, invalid, key, public},
    subnets, volumes, windows,
};
use crate::{
    engines::{Engine, catalogue, family_of},
    sandbox::{Fault, Reply, Request, World, durations, services::kms},
};

pub fn create_db_instance(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBInstanceIdentifier").to_lowercase();
    identifier("DBInstanceIdentifier", &name, 63)?;
    let key_text = key(rq, &name);
    if world.get(INSTANCE, &key_text).is_some() {
        return Err(Fault::new("DBInstanceAlreadyExists", "DB instance already exists"));
    }
    let engine = engines::engine(rq.text("Engine"))?;
    let aurora = engine.is_aurora();
    let inherited;
    let rq = if aurora {
        inherited = clusters::inherited(world, rq)?;
        &inherited
    } else {
        rq
    };
    let version = engines::version(engine, rq.opt("EngineVersion"))?;
    let licence = engines::licence(engine, rq.opt("LicenseModel"))?;
    engines::class(engine, version, licence, rq.text("DBInstanceClass"))?;
    if !aurora {
        credentials(rq)?;
        storage(engine, rq)?;
        database(engine, rq)?;
    }
    windows::port(rq.int("Port"))?;
    let (backup, maintenance) =
        windows::chosen(rq.opt("PreferredBackupWindow"), rq.opt("PreferredMaintenanceWindow"), None)?;
    settings(world, rq, engine, version)?;
    let group = parameter_group(world, rq, &engine.name, version, rq.opt("DBParameterGroupName"))?;
    let options = options::membership(world, rq, &engine.name, version, rq.opt("OptionGroupName"))?;
    let subnet_group = subnets::chosen(world, rq, rq.opt("DBSubnetGroupName"))?;
    security_groups(world, &rq.texts("VpcSecurityGroupIds"))?;
    let volumes = volumes::merged(&engine.name, &Json::Null, rq.list("AdditionalStorageVolumes"))?;
    let mut row = new_row(world, rq, &name, (engine, version, licence), &group, &subnet_group);
    row["OptionGroupMemberships"] = options;
    row["PreferredBackupWindow"] = json!(backup);
    row["PreferredMaintenanceWindow"] = json!(maintenance);
    row["AdditionalStorageVolumes"] = volumes;
    let arn = row["DBInstanceArn"].as_str().unwrap_or_default().to_owned();
    let host = format!("{name}.{}.{}.rds.amazonaws.com", world.hex(12), rq.region);
    let port = row["DbInstancePort"].clone();
    let port = if port.as_i64() == Some(0) { row["_port"].clone() } else { port };
    place(world, rq, &arn, &subnet_group);
    let shown = public(&row);
    let backs_up = row["BackupRetentionPeriod"].as_i64().unwrap_or_default() > 0 && !aurora;
    world.put(INSTANCE, &key_text, row);
    if aurora {
        clusters::join(world, rq, &name);
    }
    let up = if aurora { durations::AURORA_INSTANCE_UP } else { durations::RDS_UP };
    let endpoint = json!({"Address": host, "Port": port, "HostedZoneId": "Z2R2ITUGPM61AM"});
    let reachable = up - 60_000;
    let created = World::seconds(world.date_after(reachable));
    // "The endpoint might not be shown for instances with the status of creating" (RDS API Reference, DBInstance): it
    // is shown with the next status, that is with the first backup, or when the instance is available.
    let mut members = json!({"InstanceCreateTime": created});
    let mut ready = json!({"DBInstanceStatus": "available", "Endpoint": endpoint});
    if backs_up {
        members["DBInstanceStatus"] = json!("backing-up");
        members["Endpoint"] = ready["Endpoint"].clone();
    }
    world.set_after(reachable, INSTANCE, &key_text, members);
    if backs_up {
        let restorable = World::seconds(world.date_after(up));
        ready["LatestRestorableTime"] = json!(restorable);
    }
    if rq.flag("ManageMasterUserPassword") {
        ready["MasterUserSecret.SecretStatus"] = json!("active");
    }
    world.set_after(up, INSTANCE, &key_text, ready);
    Ok(json!({"DBInstance": shown}))
}

/// The master user and its password.
pub fn credentials(rq: &Request<'_>) -> Result<(), Fault> {
    let user = rq
        .opt("MasterUsername")
        .ok_or_else(|| invalid("The parameter MasterUsername must be provided and must not be blank."))?;
    let reserved: &[&str] = if rq.text("Engine") == "postgres" {
        &["admin", "rdsadmin", "public", "postgresql"]
    } else {
        &["rdsadmin"]
    };
    if reserved.contains(&user.to_lowercase().as_str()) {
        return Err(invalid(format!(
            "MasterUsername {user} cannot be used as it is a reserved word used by the engine"
        )));
    }
    match (rq.flag("ManageMasterUserPassword"), rq.opt("MasterUserPassword")) {
        (true, Some(_)) => {
            Err(combination("You can't specify MasterUserPassword when ManageMasterUserPassword is enabled."))
        }
        (true, None) => Ok(()),
        (false, None) => {
            Err(invalid("The parameter MasterUserPassword must be provided and must not be blank."))
        }
        (false, Some(password)) => password_rules(password),
    }
}

/// What RDS demands of a password; shared with modify.
pub fn password_rules(password: &str) -> Result<(), Fault> {
    if password.len() < 8 {
        return Err(invalid(
            "The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters.",
        ));
    }
    if password.len() > 128 {
        return Err(invalid(
            "The parameter MasterUserPassword is not a valid password because it is longer than 128 characters.",
        ));
    }
    if !password.chars().all(|c| c.is_ascii_graphic() && !"/@\"".contains(c)) {
        return Err(invalid(
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.",
        ));
    }
    Ok(())
}

/// From this size on gp3 is striped over four volumes and takes settings of its own (RDS User Guide, gp3 storage).
pub fn striped_from(engine: &str) -> i64 {
    if engine.starts_with("oracle") { 200 } else { 400 }
}

fn storage(engine: &Engine, rq: &Request<'_>) -> Result<(), Fault> {
    let size = rq
        .int("AllocatedStorage")
        .ok_or_else(|| invalid("The parameter AllocatedStorage must be provided and must not be blank."))?;
    let (kind, name) = (storage_type(rq), engine.name.as_str());
    let Some(&(least, most)) = engine.storage.get(kind) else {
        return Err(invalid(format!("Invalid storage type: {kind}")));
    };
    if size < least || size > most {
        return Err(invalid(format!(
            "Invalid storage size for engine name {name} and storage type {kind}: {size}"
        )));
    }
    let iops = rq.int("Iops");
    match kind {
        "io1" | "io2" if iops.is_none() => {
            return Err(combination(format!("You must specify Iops for storage type {kind}.")));
        }
        "gp2" | "standard" if iops.is_some() => {
            return Err(combination(format!("You can't specify Iops for storage type {kind}.")));
        }
        // As in hashicorp/terraform-provider-aws#27702.
        "gp3"
            if (iops.is_some() || rq.int("StorageThroughput").is_some())
                && size < striped_from(name)
                && !name.starts_with("sqlserver") =>
        {
            return Err(invalid(format!(
                "You can't specify IOPS or storage throughput for engine {name} and a storage size less than {}.",
                striped_from(name)
            )));
        }
        _ => {}
    }
    if rq.int("MaxAllocatedStorage").is_some_and(|max| max < size + 1) {
        return Err(combination("Max storage size must be greater than storage size"));
    }
    Ok(())
}

/// The first database's name, its character set and the time zone.
fn database(engine: &Engine, rq: &Request<'_>) -> Result<(), Fault> {
    let name = engine.name.as_str();
    if let Some(database) = rq.opt("DBName") {
        // API reference, DBName: "RDS for SQL Server: Not applicable. Must be null"; Oracle and Db2 "can't be longer
        // than 8 characters".
        if name.starts_with("sqlserver") {
            return Err(invalid(format!("DBName must be null for engine: {name}")));
        }
        let most = if name.starts_with("oracle") || name.starts_with("db2") { 8 } else { 64 };
        if database.is_empty()
            || database.len() > most
            || !database.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        {
            return Err(invalid(format!(
                "DBName must begin with a letter and contain only alphanumeric characters; at most {most} for {name}."
            )));
        }
    }
    let characters = catalogue().characters(engine);
    if let Some(set) = rq.opt("CharacterSetName") {
        if characters.is_empty() {
            return Err(combination(format!("Character set is not supported for engine {name}.")));
        }
        if !characters.iter().any(|one| one == set) {
            return Err(invalid(format!("Invalid character set name {set} for engine {name}.")));
        }
    }
    if let Some(zone) = rq.opt("Timezone") {
        let zones = catalogue().timezones(engine);
        if zones.is_empty() {
            return Err(combination(format!("Timezone is not supported for engine {name}.")));
        }
        if !zones.iter().any(|one| one == zone) {
            return Err(invalid(format!("Invalid timezone {zone} for engine {name}.")));
        }
    }
    if rq.flag("MultiAZ") && matches!(name, "sqlserver-ex" | "sqlserver-web") {
        return Err(combination(format!("Multi-AZ deployments are not supported for engine {name}.")));
    }
    Ok(())
}

fn settings(world: &World, rq: &Request<'_>, engine: &Engine, version: &str) -> Result<(), Fault> {
    log_types(engine, version, &rq.texts("EnableCloudwatchLogsExports"))?;
    if rq.opt("KmsKeyId").is_some() && !rq.flag("StorageEncrypted") {
        return Err(combination("KmsKeyId can only be specified when StorageEncrypted is true."));
    }
    if rq.flag("MultiAZ") && rq.opt("AvailabilityZone").is_some() {
        return Err(combination(
            "Requesting a specific availability zone is not valid for Multi-AZ instances.",
        ));
    }
    if !rq.flag("EnablePerformanceInsights") && rq.int("PerformanceInsightsRetentionPeriod").is_some() {
        return Err(combination(
            "You can't specify a Performance Insights retention period when Performance Insights is disabled.",
        ));
    }
    if rq.int("BackupRetentionPeriod").is_some_and(|days| !(0..=35).contains(&days)) {
        return Err(invalid("Invalid backup retention period. Must be between 0 and 35."));
    }
    monitoring(world, rq)
}

/// Enhanced monitoring needs a role that the service may assume.
pub fn monitoring(world: &World, rq: &Request<'_>) -> Result<(), Fault> {
    if rq.int("MonitoringInterval").unwrap_or_default() == 0 {
        return Ok(());
    }
    let role = rq.opt("MonitoringRoleArn").ok_or_else(|| {
        combination(
            "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.",
        )
    })?;
    world.assumable(role, "monitoring.rds.amazonaws.com").map_err(|_| {
        invalid("IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING")
    })
}

/// Log types must be ones the engine exports.
pub fn log_types(engine: &Engine, version: &str, wanted: &[&str]) -> Result<(), Fault> {
    match wanted.iter().find(|log| !engine.logs.iter().any(|known| known == *log)) {
        None => Ok(()),
        Some(log) => Err(combination(format!(
            "You cannot use the log types '{log}' with engine version {} {version}.",
            engine.name
        ))),
    }
}

/// The parameter group to use: the named one, which must be of the engine's family, or the default one.
pub fn parameter_group(
    world: &World,
    rq: &Request<'_>,
    engine: &str,
    version: &str,
    name: Option<&str>,
) -> Result<String, Fault> {
    let family = family_of(engine, version);
    let Some(name) = name else { return Ok(format!("default.{family}")) };
    let theirs = match name.strip_prefix("default.") {
        Some(family) => family.to_owned(),
        None => world
            .get(PARAMETERS, &key(rq, name))
            .and_then(|row| row["DBParameterGroupFamily"].as_str())
            .map(str::to_owned)
            .ok_or_else(|| {
                Fault::new("DBParameterGroupNotFound", format!("DBParameterGroup not found: {name}"))
            })?,
    };
    if theirs != family {
        return Err(combination(format!(
            "The parameter group {name} with DBParameterGroupFamily {theirs} can't be used for this instance. Use a parameter \
             group with DBParameterGroupFamily {family}."
        )));
    }
    Ok(name.to_lowercase())
}

/// Security groups must exist.
pub fn security_groups(world: &World, groups: &[&str]) -> Result<(), Fault> {
    match groups.iter().find(|group| world.get("ec2.security-group", group).is_none()) {
        None => Ok(()),
        Some(group) => Err(invalid(format!("Invalid security group , groupId= {group}, groupName=."))),
    }
}

/// One network interface in the first zone, two for a standby.
fn place(world: &mut World, rq: &Request<'_>, arn: &str, group: &Json) {
    let subnets: Vec<String> = group["Subnets"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|s| s["SubnetIdentifier"].as_str().map(str::to_owned))
        .take(if rq.flag("MultiAZ") { 2 } else { 1 })
        .collect();
    let subnets: Vec<&str> = subnets.iter().map(String::as_str).collect();
    let groups: Vec<String> = world
        .or_default_group(&rq.texts("VpcSecurityGroupIds"), &group["VpcId"])
        .into_iter()
        .map(str::to_owned)
        .collect();
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    world.attach_interfaces(rq.region, arn, &subnets, &groups);
}

/// The storage type: the one sent, or what AWS chooses.
fn storage_type<'r>(rq: &'r Request<'_>) -> &'r str {
    rq.opt("StorageType").unwrap_or(match rq.text("Engine") {
        engine if engine.starts_with("aurora") => "aurora",
        _ if rq.int("Iops").is_some() => "io1",
        // API reference: "Otherwise, gp3"; below gp3's least size it is gp2 (TestAccRDSInstance_basic of Terraform's
        // provider: MySQL with 10 GiB).
        engine if !engine.starts_with("db2") && rq.int("AllocatedStorage").is_some_and(|size| size < 20) => {
            "gp2"
        }
        _ => "gp3",
    })
}

/// What AWS fills in where nothing was sent.
fn fill_in(row: &mut Json, engine: &Engine, kind: &str) {
    let name = engine.name.as_str();
    let size = row["AllocatedStorage"].as_i64().unwrap_or_default();
    // Above this size gp3 is striped over four volumes, and its baseline is four times as high.
    let striped = size >= striped_from(name);
    let (iops, throughput) = match kind {
        "gp3" if name.starts_with("sqlserver") || !striped => (json!(3_000), json!(125)),
        "gp3" => (json!(12_000), json!(500)),
        _ => (Json::Null, json!(0)),
    };
    let extended = matches!(name, "mysql" | "postgres").then_some("open-source-rds-extended-support");
    for (member, value) in [
        ("Iops", iops),
        ("StorageThroughput", throughput),
        ("BackupTarget", json!("region")),
        ("EngineLifecycleSupport", json!(extended)),
    ] {
        if row[member].is_null() {
            row[member] = value;
        }
    }
    if name.starts_with("oracle") {
        // API reference, DBName: the SID, `ORCL` by default.
        if row["DBName"].is_null() {
            row["DBName"] = json!("ORCL");
        }
        if row["NcharCharacterSetName"].is_null() {
            row["NcharCharacterSetName"] = json!("AL16UTF16");
        }
    }
    if row["CharacterSetName"].is_null() && !name.starts_with("db2") {
        row["CharacterSetName"] = json!(catalogue().characters(engine).first());
    }
    row["ActivityStreamStatus"] = json!("stopped");
    row["IsStorageConfigUpgradeAvailable"] = json!(false);
}

/// Members that are kept as they were sent.
const KEPT: &[&str] = &[
    "BackupTarget",
    "CharacterSetName",
    "CustomIamInstanceProfile",
    "DBClusterIdentifier",
    "DBInstanceClass",
    "DBSystemId",
    "EngineLifecycleSupport",
    "Iops",
    "MaxAllocatedStorage",
    "MonitoringRoleArn",
    "MultiTenant",
    "NcharCharacterSetName",
    "PerformanceInsightsKMSKeyId",
    "ProcessorFeatures",
    "PromotionTier",
    "StorageThroughput",
    "TdeCredentialArn",
    "Timezone",
    "DBCapacityReservationIdentifier",
];

fn new_row(
    world: &mut World,
    rq: &Request<'_>,
    name: &str,
    (engine, version, licence): (&Engine, &str, &str),
    group: &str,
    subnet_group: &Json,
) -> Json {
    let or =
        |member: &str, default: Json| if rq.get(member).is_null() { default } else { rq.get(member).clone() };
    let (name_of_engine, port) = (engine.name.as_str(), engine.port);
    let pi = rq.flag("EnablePerformanceInsights");
    // API reference, PubliclyAccessible: true without a subnet group and with the group `default`, but for Aurora.
    let public_by_default =
        !engine.is_aurora() && rq.opt("DBSubnetGroupName").is_none_or(|group| group == "default");
    let zone = subnet_group["Subnets"][0]["SubnetAvailabilityZone"]["Name"]
        .as_str()
        .map_or(format!("{}a", rq.region), str::to_owned);
    let resource = format!("db-{}", world.hex(26).to_uppercase());
    let kind = storage_type(rq);
    let mut row = json!({
        "DBInstanceIdentifier": name, "DBInstanceArn": world.arn("rds", rq.region, &format!("db:{name}")),
        "DbiResourceId": resource, "DBInstanceStatus": "creating", "Engine": name_of_engine, "EngineVersion": version,
        "LicenseModel": licence,
        "MasterUsername": or("MasterUsername", json!("admin_")), "DBName": rq.get("DBName"),
        "AllocatedStorage": or("AllocatedStorage", json!(1)), "DbInstancePort": 0, "_port": or("Port", json!(port)),
        "StorageType": kind,
        "StorageEncrypted": rq.flag("StorageEncrypted"), "MultiAZ": rq.flag("MultiAZ"),
        "AvailabilityZone": or("AvailabilityZone", json!(zone)),
        "BackupRetentionPeriod": or("BackupRetentionPeriod", json!(1)),
        "AutoMinorVersionUpgrade": or("AutoMinorVersionUpgrade", json!(true)),
        "PubliclyAccessible": or("PubliclyAccessible", json!(public_by_default)),
        "CopyTagsToSnapshot": rq.flag("CopyTagsToSnapshot"), "DeletionProtection": rq.flag("DeletionProtection"),
        "IAMDatabaseAuthenticationEnabled": rq.flag("EnableIAMDatabaseAuthentication"),
    });
    let more = json!({
        "PerformanceInsightsEnabled": pi, "DatabaseInsightsMode": or("DatabaseInsightsMode", json!("standard")),
        "MonitoringInterval": or("MonitoringInterval", json!(0)), "NetworkType": or("NetworkType", json!("IPV4")),
        "CACertificateIdentifier": or("CACertificateIdentifier", json!(certificates::default(world, rq.region))),
        "DedicatedLogVolume": rq.flag("DedicatedLogVolume"), "CustomerOwnedIpEnabled": rq.flag("EnableCustomerOwnedIp"),
        "DBParameterGroups": [{"DBParameterGroupName": group, "ParameterApplyStatus": "in-sync"}],
        "DBSecurityGroups": rq.list("DBSecurityGroups").iter()
            .map(|g| json!({"DBSecurityGroupName": g, "Status": "active"})).collect::<Vec<_>>(),
        "VpcSecurityGroups": world.or_default_group(&rq.texts("VpcSecurityGroupIds"), &subnet_group["VpcId"]).iter()
            .map(|g| json!({"VpcSecurityGroupId": g, "Status": "active"})).collect::<Vec<_>>(),
        "ReadReplicaDBInstanceIdentifiers": [], "ReadReplicaDBClusterIdentifiers": [], "AssociatedRoles": [],
        "DomainMemberships": [], "StatusInfos": [], "TagList": rq.list("Tags"), "PendingModifiedValues": {},
        "DBSubnetGroup": subnet_group, "_region": rq.region,
    });
    if let (Some(row), Json::Object(more)) = (row.as_object_mut(), more) {
        row.extend(more);
    }
    for member in KEPT {
        row[*member] = rq.get(member).clone();
    }
    fill_in(&mut row, engine, kind);
    row["CertificateDetails"] =
        json!({"CAIdentifier": row["CACertificateIdentifier"], "ValidTill": world.now_secs() + 31_536_000.0});
    if !rq.list("EnableCloudwatchLogsExports").is_empty() {
        row["EnabledCloudwatchLogsExports"] = rq.get("EnableCloudwatchLogsExports").clone();
    }
    if pi {
        row["PerformanceInsightsRetentionPeriod"] = or("PerformanceInsightsRetentionPeriod", json!(7));
    }
    if rq.flag("StorageEncrypted") {
        row["KmsKeyId"] = or("KmsKeyId", kms::managed_arn(world, rq.region, "rds"));
    }
    if rq.opt("Domain").is_some() || rq.opt("DomainFqdn").is_some() {
        row["DomainMemberships"] = json!([domain(rq)]);
    }
    if rq.flag("ManageMasterUserPassword") {
        row["MasterUserSecret"] = managed_secret(world, rq, ("db", name));
    }
    row
}

/// A directory membership as answers show it.
pub fn domain(rq: &Request<'_>) -> Json {
    public(&json!({
        "Domain": rq.get("Domain"), "Status": "joined", "FQDN": rq.get("DomainFqdn"), "IAMRoleName": rq.get("DomainIAMRoleName"),
        "OU": rq.get("DomainOu"), "AuthSecretArn": rq.get("DomainAuthSecretArn"), "DnsIps": rq.get("DomainDnsIps"),
    }))
}

/// The secret that RDS itself keeps the master password in, of an instance (`db`) or a `cluster`.
pub fn managed_secret(world: &mut World, rq: &Request<'_>, (kind, owner): (&str, &str)) -> Json {
    let name = format!("rds!{kind}-{}", world.hex(32));
    let noun = if kind == "db" { "instance" } else { "cluster" };
    let suffix = world.letters(6, crate::sandbox::services::secretsmanager::SUFFIX);
    let arn = world.arn("secretsmanager", rq.region, &format!("secret:{name}-{suffix}"));
    let password = world.hex(28);
    let (token, now) = (world.hex(32), world.now_secs());
    let user = rq.opt("MasterUsername").unwrap_or("postgres");
    let row = json!({
        "ARN": arn, "Name": name, "OwningService": "rds", "CreatedDate": now, "LastChangedDate": now, "Tags": [],
        "Description": format!("Secret associated with primary RDS DB {noun}: {owner}"), "_region": rq.region,
        "_versions": [{
            "VersionId": token, "CreatedDate": now, "VersionStages": ["AWSCURRENT"],
            "SecretString": json!({"username": user, "password": password}).to_string(), "SecretBinary": null,
        }],
    });
    world.put("secretsmanager.secret", &format!("{}/{name}", rq.region), row);
    let kms = match rq.opt("MasterUserSecretKmsKeyId") {
        Some(name) => kms::arn_of(world, rq, name),
        None => kms::managed_arn(world, rq.region, "secretsmanager"),
    };
    json!({"SecretArn": arn, "SecretStatus": "creating", "KmsKeyId": kms})
}
