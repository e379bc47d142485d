//! Engines, their versions and what can be ordered.

use serde_json::{Value as Json, json};

use super::store::{filtered, invalid, paged};
use crate::sandbox::{Fault, Reply, Request, World};

/// Engine, versions oldest first, log types, default port, licence.
type Engine = (&'static str, &'static [&'static str], &'static [&'static str], i64, &'static str);

/// Whether one version is older than another: number by number.
pub fn older(one: &str, two: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    numbers(one) < numbers(two)
}

const PG_LOGS: &[&str] = &["postgresql", "upgrade", "iam-db-auth-error"];
const MY_LOGS: &[&str] = &["audit", "error", "general", "slowquery", "iam-db-auth-error"];
const AURORA_LOGS: &[&str] = &["audit", "error", "general", "slowquery", "instance", "iam-db-auth-error"];

const ENGINES: &[Engine] = &[
    (
        "aurora-mysql",
        &[
            "5.7.mysql_aurora.2.12.5",
            "8.0.mysql_aurora.3.04.4",
            "8.0.mysql_aurora.3.08.2",
            "8.0.mysql_aurora.3.10.1",
        ],
        AURORA_LOGS,
        3306,
        "general-public-license",
    ),
    (
        "aurora-postgresql",
        &[
            "13.20", "14.15", "14.17", "14.18", "15.10", "15.12", "15.13", "16.4", "16.6", "16.8", "16.9",
            "17.4", "17.5",
        ],
        PG_LOGS,
        5432,
        "postgresql-license",
    ),
    (
        "mariadb",
        &["10.6.21", "10.6.22", "10.11.11", "10.11.13", "11.4.5", "11.4.7"],
        MY_LOGS,
        3306,
        "general-public-license",
    ),
    (
        "mysql",
        &[
            "5.7.44", "8.0.35", "8.0.36", "8.0.37", "8.0.39", "8.0.40", "8.0.41", "8.0.42", "8.4.3", "8.4.4",
            "8.4.5",
        ],
        MY_LOGS,
        3306,
        "general-public-license",
    ),
    (
        "oracle-se2",
        &["19.0.0.0.ru-2025-07.rur-2025-07.r1", "21.0.0.0.ru-2025-07.rur-2025-07.r1"],
        &["alert", "audit", "listener", "oemagent", "trace"],
        1521,
        "license-included",
    ),
    (
        "postgres",
        &[
            "13.15", "13.16", "13.18", "13.20", "13.21", "14.12", "14.13", "14.15", "14.17", "14.18",
            "14.19", "15.7", "15.8", "15.10", "15.12", "15.13", "15.14", "16.3", "16.4", "16.6", "16.8",
            "16.9", "16.10", "17.2", "17.4", "17.5", "17.6",
        ],
        PG_LOGS,
        5432,
        "postgresql-license",
    ),
];

/// Instance classes this region offers.
pub const CLASSES: &[&str] = &[
    "db.t3.micro",
    "db.t3.small",
    "db.t3.medium",
    "db.t3.large",
    "db.t4g.micro",
    "db.t4g.small",
    "db.t4g.medium",
    "db.t4g.large",
    "db.m5.large",
    "db.m5.xlarge",
    "db.m5.2xlarge",
    "db.m5.4xlarge",
    "db.m6g.large",
    "db.m6g.xlarge",
    "db.m6i.large",
    "db.m6i.xlarge",
    "db.m7g.large",
    "db.m7g.xlarge",
    "db.r5.large",
    "db.r5.xlarge",
    "db.r5.2xlarge",
    "db.r5.4xlarge",
    "db.r6g.large",
    "db.r6g.xlarge",
    "db.r6g.2xlarge",
    "db.r6i.large",
    "db.r6i.xlarge",
    "db.r6i.2xlarge",
    "db.r7g.large",
    "db.r7g.xlarge",
    "db.r7g.2xlarge",
    "db.serverless",
];

/// The engine of that name.
///
/// # Errors
/// There is none.
pub fn engine(name: &str) -> Result<&'static Engine, Fault> {
    ENGINES.iter().find(|e| e.0 == name).ok_or_else(|| invalid("Invalid DB engine"))
}

/// The full version that `wanted` means: itself, the newest of a major version, or the engine's default.
///
/// # Errors
/// No such version.
pub fn version(engine: &Engine, wanted: Option<&str>) -> Result<&'static str, Fault> {
    let Some(wanted) = wanted else { return Ok(engine.1[engine.1.len() - 1]) };
    engine
        .1
        .iter()
        .rev()
        .find(|v| **v == wanted || v.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.')))
        .copied()
        .ok_or_else(|| super::store::combination(format!("Cannot find version {wanted} for {}", engine.0)))
}

/// The major version: `14` for PostgreSQL, `8.0` for MySQL.
pub fn major(engine: &str, version: &str) -> String {
    let parts = if engine.contains("postgres") || engine.starts_with("oracle-") { 1 } else { 2 };
    version.split('.').take(parts).collect::<Vec<_>>().join(".")
}

/// `postgres14`, `mysql8.0`, `aurora-mysql8.0`, `oracle-se2-19`.
pub fn family(engine: &str, version: &str) -> String {
    let dash = if engine.starts_with("oracle-") { "-" } else { "" };
    format!("{engine}{dash}{}", major(engine, version))
}

/// Whether a family exists.
pub fn is_family(name: &str) -> bool {
    ENGINES.iter().any(|e| e.1.iter().any(|v| family(e.0, v) == name))
}

pub fn describe_db_engine_versions(_world: &mut World, rq: &Request<'_>) -> Reply {
    let mut items = Vec::new();
    for e in ENGINES.iter().filter(|e| rq.opt("Engine").is_none_or(|name| name == e.0)) {
        let default = e.1[e.1.len() - 1];
        for v in e.1 {
            let family = family(e.0, v);
            let fits = rq.opt("EngineVersion").is_none_or(|w| w == *v || v.starts_with(&format!("{w}.")))
                && rq.opt("DBParameterGroupFamily").is_none_or(|w| w == family)
                && (!rq.flag("DefaultOnly") || *v == default);
            if !fits {
                continue;
            }
            let targets: Vec<Json> = e
                .1
                .iter()
                .skip_while(|other| *other != v)
                .skip(1)
                .map(|to| {
                    json!({
                        "Engine": e.0, "EngineVersion": to, "Description": format!("{} {to}", e.0), "AutoUpgrade": false,
                        "IsMajorVersionUpgrade": major(e.0, v) != major(e.0, to),
                    })
                })
                .collect();
            items.push(json!({
                "Engine": e.0, "EngineVersion": v, "MajorEngineVersion": major(e.0, v), "DBParameterGroupFamily": family,
                "DBEngineDescription": e.0, "DBEngineVersionDescription": format!("{} {v}", e.0), "Status": "available",
                "ExportableLogTypes": e.2, "SupportsLogExportsToCloudwatchLogs": true, "SupportsReadReplica": true,
                "SupportedFeatureNames": [], "SupportedEngineModes": ["provisioned"], "ValidUpgradeTarget": targets,
                "SupportsParallelQuery": false, "SupportsGlobalDatabases": e.0.starts_with("aurora"),
                "SupportedCACertificateIdentifiers": ["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"],
                "SupportsCertificateRotationWithoutRestart": true, "SupportsBabelfish": false,
                "TagList": [],
            }));
        }
    }
    for filter in rq.list("Filters") {
        let name = filter["Name"].as_str().unwrap_or_default();
        let member = match name {
            "engine" => "Engine",
            "engine-version" => "EngineVersion",
            "db-parameter-group-family" => "DBParameterGroupFamily",
            "status" => "Status",
            _ => return Err(invalid(format!("Unrecognized filter name: {name}"))),
        };
        items.retain(|item| filter["Values"].as_array().is_some_and(|values| values.contains(&item[member])));
    }
    paged(rq, "DBEngineVersions", items)
}

pub fn describe_orderable_db_instance_options(_world: &mut World, rq: &Request<'_>) -> Reply {
    let e = engine(rq.text("Engine"))?;
    // The call has filters in its interface but none that it knows.
    filtered(rq, Vec::new(), |_| None)?;
    let aurora = e.0.starts_with("aurora");
    let zones: Vec<Json> =
        ["a", "b", "c"].iter().map(|z| json!({"Name": format!("{}{z}", rq.region)})).collect();
    let storages: &[&str] = if aurora { &["aurora", "aurora-iopt1"] } else { &["gp2", "gp3", "io1", "io2"] };
    let mut items = Vec::new();
    for v in e.1.iter().filter(|v| rq.opt("EngineVersion").is_none_or(|w| w == **v)) {
        for class in CLASSES.iter().filter(|c| rq.opt("DBInstanceClass").is_none_or(|w| w == **c)) {
            if *class == "db.serverless" && !aurora {
                continue;
            }
            for storage in storages {
                items.push(json!({
                    "Engine": e.0, "EngineVersion": v, "DBInstanceClass": class, "LicenseModel": e.4,
                    "AvailabilityZones": zones, "MultiAZCapable": !aurora, "ReadReplicaCapable": true, "Vpc": true,
                    "StorageType": storage, "SupportsStorageEncryption": true, "SupportsIops": storage.starts_with("io"),
                    "SupportsEnhancedMonitoring": true, "SupportsIAMDatabaseAuthentication": true,
                    "SupportsPerformanceInsights": true, "SupportsStorageAutoscaling": !aurora,
                    "SupportedEngineModes": ["provisioned"], "SupportedNetworkTypes": ["IPV4", "DUAL"],
                    "MinStorageSize": if aurora { 1 } else { 20 }, "MaxStorageSize": 65_536, "SupportsClusters": aurora,
                    "SupportsStorageThroughput": *storage == "gp3",
                }));
            }
        }
    }
    paged(rq, "OrderableDBInstanceOptions", items)
}
