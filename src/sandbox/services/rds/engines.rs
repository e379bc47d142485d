//! Engines, their versions and what can be ordered, all from the catalogue.

use serde_json::{Value as Json, json};

use super::store::{combination, filtered, invalid, paged};
use crate::{
    engines::{Engine, catalogue, is_older},
    sandbox::{Fault, Reply, Request, World, codec::NOT_IMPLEMENTED},
};

/// Engines that RDS has and the catalogue leaves out.
const LEFT_OUT: &[&str] = &["custom-", "aurora", "docdb", "neptune"];

/// The engine of that name.
///
/// # Errors
/// There is none; or the catalogue does not have it, which is said in other words than AWS's.
pub fn engine(name: &str) -> Result<&'static Engine, Fault> {
    catalogue().engine(name).ok_or_else(|| {
        if LEFT_OUT.iter().any(|left_out| name.starts_with(left_out)) {
            let message = format!("The sandbox has no instances of engine {name}; AWS may have them.");
            return Fault::new(NOT_IMPLEMENTED, message);
        }
        invalid("Invalid DB engine")
    })
}

/// The full version that `wanted` means: itself, one of a major version, or the engine's default.
///
/// # Errors
/// AWS has no such version; or it is newer than the catalogue, which is said in other words than AWS's.
pub fn version(engine: &'static Engine, wanted: Option<&str>) -> Result<&'static str, Fault> {
    engine.version(wanted).ok_or_else(|| {
        let wanted = wanted.unwrap_or_default();
        if engine.is_beyond(wanted) {
            let date = &catalogue().date;
            let message = format!(
                "The sandbox's catalogue of RDS engines, of {date}, has no version {wanted} of {}; AWS may have it by now.",
                engine.name
            );
            return Fault::new(NOT_IMPLEMENTED, message);
        }
        combination(format!("Cannot find version {wanted} for {}", engine.name))
    })
}

/// The class must be one that the version runs on, with that licence.
///
/// # Errors
/// It is not.
pub fn class(engine: &Engine, version: &str, licence: &str, class: &str) -> Result<(), Fault> {
    if engine.classes(licence).any(|one| one == class) && engine.runs_on(version, class) {
        return Ok(());
    }
    if !catalogue().engines().any(|other| other.has_class(class)) {
        return Err(invalid(format!("Invalid DB Instance class: {class}")));
    }
    Err(combination(format!(
        "RDS does not support creating a DB instance with the following combination: DBInstanceClass={class}, \
         Engine={}, EngineVersion={version}, LicenseModel={licence}. For supported combinations of instance class and \
         database engine version, see the documentation. (The sandbox's catalogue of {} has no such combination.)",
        engine.name,
        catalogue().date
    )))
}

/// The licence model: the one sent, if the engine has it, or the engine's first.
///
/// # Errors
/// The engine has no such licence model.
pub fn licence<'e>(engine: &'e Engine, sent: Option<&'e str>) -> Result<&'e str, Fault> {
    match sent {
        None => Ok(engine.licences.first().map_or("", String::as_str)),
        Some(sent) if engine.licences.iter().any(|one| one == sent) => Ok(sent),
        Some(sent) => Err(combination(format!(
            "Invalid license model '{sent}' for engine '{}'. Valid license models are: {}.",
            engine.name,
            engine.licences.join(",")
        ))),
    }
}

/// Where a version can go: newer ones of its major version, and later major versions: the next one only for the
/// MySQL family, where each major version in between must be taken (RDS User Guide, Upgrading the DB engine version).
fn targets(engine: &Engine, from: &str) -> Vec<Json> {
    let major = engine.major(from);
    let mut majors: Vec<String> = Vec::new();
    for version in engine.versions.iter().map(|version| engine.major(version)) {
        if is_older(&major, &version) && !majors.contains(&version) {
            majors.push(version);
        }
    }
    if engine.name.contains("mysql") {
        majors.truncate(1);
    }
    let fits = |to: &&String| {
        is_older(from, to) && (engine.major(to) == major || majors.contains(&engine.major(to)))
    };
    let shown = |to: &String| {
        json!({
            "Engine": engine.name, "EngineVersion": to, "Description": description(engine, to), "AutoUpgrade": false,
            "IsMajorVersionUpgrade": engine.major(to) != major,
        })
    };
    engine.versions.iter().filter(fits).map(shown).collect()
}

/// `MySQL 8.4.10`, `PostgreSQL 17.6-R2`: here without AWS's own revision.
fn description(engine: &Engine, version: &str) -> String {
    format!("{} {version}", engine.description.replace(" Community Edition", ""))
}

fn shown_version(rq: &Request<'_>, engine: &'static Engine, version: &str) -> Json {
    let name = engine.name.as_str();
    let aurora = engine.is_aurora();
    let mut item = json!({
        "Engine": name, "EngineVersion": version, "MajorEngineVersion": engine.major(version),
        "DBParameterGroupFamily": engine.family(version), "DBEngineDescription": engine.description,
        "DBEngineVersionDescription": description(engine, version),
        "Status": if engine.withdrawn.iter().any(|one| one == version) { "deprecated" } else { "available" },
        "ExportableLogTypes": engine.logs, "SupportsLogExportsToCloudwatchLogs": true,
        "SupportsReadReplica": !matches!(name, "sqlserver-ex" | "sqlserver-web" | "sqlserver-se"),
        "SupportedFeatureNames": [], "ValidUpgradeTarget": targets(engine, version),
        "SupportsParallelQuery": name == "aurora-mysql", "SupportsGlobalDatabases": aurora,
        "SupportedCACertificateIdentifiers": super::certificates::NAMES,
        "SupportsCertificateRotationWithoutRestart": !name.starts_with("sqlserver"),
        "SupportsBabelfish": name == "aurora-postgresql", "SupportsLimitlessDatabase": version.ends_with("-limitless"),
        "SupportsIntegrations": matches!(name, "mysql" | "postgres" | "aurora-mysql" | "aurora-postgresql"),
        "SupportsLocalWriteForwarding": aurora, "TagList": [],
    });
    if aurora {
        item["SupportedEngineModes"] = json!(["provisioned"]);
    }
    let characters = catalogue().characters(engine);
    let set = |name: &String| json!({"CharacterSetName": name, "CharacterSetDescription": name});
    if let Some(default) = characters.first() {
        item["DefaultCharacterSet"] = set(default);
    }
    if rq.flag("ListSupportedCharacterSets") && !characters.is_empty() {
        item["SupportedCharacterSets"] = characters.iter().map(set).collect();
        if name.starts_with("oracle") {
            item["SupportedNcharCharacterSets"] =
                ["AL16UTF16", "UTF8"].map(String::from).iter().map(set).collect();
        }
    }
    let zones = catalogue().timezones(engine);
    if rq.flag("ListSupportedTimezones") && !zones.is_empty() {
        item["SupportedTimezones"] = zones.iter().map(|zone| json!({"TimezoneName": zone})).collect();
    }
    item
}

pub fn describe_db_engine_versions(_world: &mut World, rq: &Request<'_>) -> Reply {
    let mut filters = Vec::new();
    for filter in rq.list("Filters") {
        let name = filter["Name"].as_str().unwrap_or_default();
        if !["engine", "engine-version", "engine-mode", "db-parameter-group-family", "status"].contains(&name)
        {
            return Err(invalid(format!("Unrecognized filter name: {name}")));
        }
        filters.push((name, &filter["Values"]));
    }
    let mut found = Vec::new();
    for engine in catalogue().engines().filter(|e| rq.opt("Engine").is_none_or(|name| name == e.name)) {
        let withdrawn = engine.withdrawn.iter().filter(|_| rq.flag("IncludeAll")).map(|v| (v, "deprecated"));
        let mut versions: Vec<_> =
            withdrawn.chain(engine.versions.iter().map(|v| (v, "available"))).collect();
        versions.sort_by(|(one, _), (two, _)| is_older(two, one).cmp(&is_older(one, two)));
        for (version, status) in versions {
            let family = engine.family(version);
            let mode = if engine.is_aurora() { "provisioned" } else { "" };
            let fits = rq.opt("EngineVersion").is_none_or(|wanted| {
                wanted == version || version.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
            }) && rq.opt("DBParameterGroupFamily").is_none_or(|wanted| wanted == family)
                && (!rq.flag("DefaultOnly") || *version == engine.default);
            let passes = filters.iter().all(|(name, values)| {
                let mine = match *name {
                    "engine" => &engine.name,
                    "engine-version" => version,
                    "engine-mode" => mode,
                    "status" => status,
                    _ => &family,
                };
                values.as_array().is_some_and(|values| values.iter().any(|value| value == mine))
            });
            if fits && passes {
                found.push(json!([engine.name, version]));
            }
        }
    }
    let mut answer = paged(rq, "DBEngineVersions", found)?;
    expand(&mut answer["DBEngineVersions"], |engine, item| {
        shown_version(rq, engine, item[1].as_str().unwrap_or_default())
    });
    Ok(answer)
}

/// Turns the short items of a page into what is shown: only those of the page are built whole.
fn expand(page: &mut Json, show: impl Fn(&'static Engine, &Json) -> Json) {
    for item in page.as_array_mut().into_iter().flatten() {
        if let Some(engine) = item[0].as_str().and_then(|name| catalogue().engine(name)) {
            *item = show(engine, item);
        }
    }
}

pub fn describe_orderable_db_instance_options(_world: &mut World, rq: &Request<'_>) -> Reply {
    let engine = engine(rq.text("Engine"))?;
    // The call has filters in its interface but none that it knows.
    filtered(rq, Vec::new(), |_| None)?;
    let mut found = Vec::new();
    for licence in engine.licences.iter().filter(|l| rq.opt("LicenseModel").is_none_or(|w| w == **l)) {
        let classes: Vec<String> = engine
            .classes(licence)
            .filter(|class| rq.opt("DBInstanceClass").is_none_or(|wanted| wanted == class))
            .collect();
        for version in engine.versions.iter().filter(|v| rq.opt("EngineVersion").is_none_or(|w| w == **v)) {
            for class in classes.iter().filter(|class| engine.runs_on(version, class)) {
                // All that is left are instances in VPCs.
                if rq.get("Vpc") == &json!(false) {
                    continue;
                }
                found.extend(engine.storage.keys().map(|storage| (version, class.clone(), licence, storage)));
            }
        }
    }
    // Only those of the page are built whole: there are tens of thousands.
    let (page, next) = rq.page(found, "MaxRecords", "Marker", 100, "InvalidParameterValue")?;
    let zones: Vec<Json> =
        ["a", "b", "c"].iter().map(|zone| json!({"Name": format!("{}{zone}", rq.region)})).collect();
    let page: Vec<Json> = page
        .into_iter()
        .map(|(version, class, licence, storage)| {
            let mut shown = orderable(engine, version, &class, storage);
            shown["LicenseModel"] = json!(licence);
            shown["AvailabilityZones"] = json!(zones);
            shown
        })
        .collect();
    let mut answer = json!({"OrderableDBInstanceOptions": page});
    if let Some(next) = next {
        answer["Marker"] = json!(next);
    }
    Ok(answer)
}

/// What else there is of one class with one storage type. Limits of IOPS and throughput: RDS User Guide, Amazon RDS DB
/// instance storage.
fn orderable(engine: &Engine, version: &str, class: &str, storage: &str) -> Json {
    let (aurora, name) = (engine.is_aurora(), engine.name.as_str());
    let (least, most) = engine.storage.get(storage).copied().unwrap_or_default();
    let kind = class.split('.').nth(1).unwrap_or_default();
    let burstable = kind.starts_with('t');
    let microsoft = name.starts_with("sqlserver");
    let mut shown = json!({
        "Engine": name, "EngineVersion": version, "DBInstanceClass": class, "StorageType": storage,
        "MultiAZCapable": !aurora && !matches!(name, "sqlserver-ex" | "sqlserver-web"),
        "ReadReplicaCapable": !matches!(name, "sqlserver-ex" | "sqlserver-web" | "sqlserver-se"), "Vpc": true,
        "SupportsStorageEncryption": !matches!(class, "db.t2.micro"),
        "SupportsIops": storage.starts_with("io") || storage == "gp3",
        "SupportsStorageThroughput": storage == "gp3", "SupportsEnhancedMonitoring": true,
        "SupportsIAMDatabaseAuthentication": matches!(name, "mysql" | "mariadb" | "postgres") || aurora,
        "SupportsPerformanceInsights": !class.ends_with(".micro") && !class.ends_with(".small") && !name.starts_with("db2"),
        "SupportsStorageAutoscaling": !aurora && storage != "standard", "SupportsKerberosAuthentication": name != "mariadb",
        "OutpostCapable": false, "SupportsGlobalDatabases": aurora && !burstable,
        // Multi-AZ clusters need local disks for their logs.
        "SupportsClusters": aurora || (matches!(name, "mysql" | "postgres") && kind.ends_with('d')),
        "SupportsDedicatedLogVolume": storage.starts_with("io") && !microsoft,
        "SupportedNetworkTypes": ["IPV4", "DUAL"], "AvailableProcessorFeatures": [], "SupportedActivityStreamModes": [],
        "MinStorageSize": least, "MaxStorageSize": most,
    });
    if aurora {
        shown["SupportedEngineModes"] = json!(["provisioned"]);
    }
    let limits = match storage {
        "io1" | "io2" => json!({
            "MinIopsPerDbInstance": 1_000, "MaxIopsPerDbInstance": if microsoft { 64_000 } else { 256_000 },
            "MinIopsPerGib": if microsoft { 1.0 } else { 0.5 }, "MaxIopsPerGib": if storage == "io2" { 1_000.0 } else { 50.0 },
        }),
        "gp3" => json!({
            "MinIopsPerDbInstance": 3_000, "MaxIopsPerDbInstance": if microsoft { 16_000 } else { 64_000 },
            "MinIopsPerGib": 0.5, "MaxIopsPerGib": 500.0,
            "MinStorageThroughputPerDbInstance": 125, "MaxStorageThroughputPerDbInstance": if microsoft { 1_000 } else { 4_000 },
            "MinStorageThroughputPerIops": 0.0, "MaxStorageThroughputPerIops": 0.25,
        }),
        _ => json!({}),
    };
    if let (Some(shown), Json::Object(limits)) = (shown.as_object_mut(), limits) {
        shown.extend(limits);
    }
    shown
}
