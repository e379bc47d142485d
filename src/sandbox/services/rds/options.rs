//! Option groups.

use serde_json::{Value as Json, json};

use super::{
    engines,
    store::{
        INSTANCE, OPTIONS, SNAPSHOT, combination, filtered, identifier, invalid, key, paged, public, rows,
    },
};
use crate::{
    engines::{Engine, EngineOption, catalogue, major_of},
    sandbox::{Fault, Reply, Request, World},
};

fn missing(name: &str) -> Fault {
    Fault::new("OptionGroupNotFoundFault", format!("Specified OptionGroupName: {name} not found."))
}

fn state(message: impl Into<String>) -> Fault {
    Fault::new("InvalidOptionGroupStateFault", message)
}

/// `default:mysql-8-0`: the group of instances without one.
fn default_name(engine: &str, version: &str) -> String {
    format!("default:{engine}-{}", major_of(engine, version).replace('.', "-"))
}

/// A group by name; the default ones exist without having been created.
fn group(world: &World, rq: &Request<'_>, name: &str) -> Result<Json, Fault> {
    if let Some(row) = world.get(OPTIONS, &key(rq, name)) {
        return Ok(row.clone());
    }
    let name = name.to_lowercase();
    let engine = catalogue().engines().find_map(|engine| {
        let versions = engine.versions.iter().chain(&engine.withdrawn);
        let major = versions.map(|v| engine.major(v)).find(|major| {
            name.strip_prefix("default:") == Some(&format!("{}-{}", engine.name, major.replace('.', "-")))
        })?;
        Some((engine, major))
    });
    let (engine, major) = engine.ok_or_else(|| missing(&name))?;
    Ok(row(world, rq, &name, &engine.name, &major))
}

fn row(world: &World, rq: &Request<'_>, name: &str, engine: &str, major: &str) -> Json {
    json!({
        "OptionGroupName": name, "EngineName": engine, "MajorEngineVersion": major,
        "OptionGroupDescription": format!("Default option group for {engine} {major}"),
        "Options": [], "AllowsVpcAndNonVpcInstanceMemberships": true,
        "OptionGroupArn": world.arn("rds", rq.region, &format!("og:{name}")),
    })
}

/// An instance's membership: in the group named, which must be of its engine and major version, or the default one.
pub fn membership(
    world: &World,
    rq: &Request<'_>,
    engine: &str,
    version: &str,
    name: Option<&str>,
) -> Result<Json, Fault> {
    let default = default_name(engine, version);
    let name = name.filter(|name| !name.is_empty()).map_or_else(|| default.clone(), str::to_lowercase);
    if name != default {
        let row = group(world, rq, &name)?;
        let major = major_of(engine, version);
        if row["EngineName"] != engine || row["MajorEngineVersion"] != major {
            return Err(combination(format!(
                "The option group {name} is for {} {} and can't be used with {engine} {major}.",
                row["EngineName"].as_str().unwrap_or_default(),
                row["MajorEngineVersion"].as_str().unwrap_or_default(),
            )));
        }
    }
    Ok(json!([{"OptionGroupName": name, "Status": "in-sync"}]))
}

fn new_name(world: &World, rq: &Request<'_>, member: &str) -> Result<String, Fault> {
    let name = rq.text(member).to_lowercase();
    identifier(member, &name, 255)?;
    if world.get(OPTIONS, &key(rq, &name)).is_some() {
        let message = format!("An option group with the name {name} already exists.");
        return Err(Fault::new("OptionGroupAlreadyExistsFault", message));
    }
    Ok(name)
}

pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = new_name(world, rq, "OptionGroupName")?;
    let engine = engines::engine(rq.text("EngineName"))?;
    let major = rq.text("MajorEngineVersion");
    if engine.is_aurora()
        || !engine.versions.iter().chain(&engine.withdrawn).any(|v| engine.major(v) == major)
    {
        return Err(combination(format!("Cannot find major version {major} for {}", engine.name)));
    }
    let mut row = row(world, rq, &name, &engine.name, major);
    row["OptionGroupDescription"] = rq.get("OptionGroupDescription").clone();
    row["_tags"] = json!(rq.list("Tags"));
    world.put(OPTIONS, &key(rq, &name), row.clone());
    Ok(json!({"OptionGroup": public(&row)}))
}

pub fn copy(world: &mut World, rq: &Request<'_>) -> Reply {
    let source = group(world, rq, rq.text("SourceOptionGroupIdentifier"))?;
    let name = new_name(world, rq, "TargetOptionGroupIdentifier")?;
    let mut row = source;
    row["OptionGroupName"] = json!(name);
    row["OptionGroupDescription"] = rq.get("TargetOptionGroupDescription").clone();
    row["OptionGroupArn"] = json!(world.arn("rds", rq.region, &format!("og:{name}")));
    row["_tags"] = json!(rq.list("Tags"));
    world.put(OPTIONS, &key(rq, &name), row.clone());
    Ok(json!({"OptionGroup": public(&row)}))
}

/// Whether instances or manual snapshots use a group.
fn used(world: &World, rq: &Request<'_>, name: &str) -> bool {
    rows(world, rq, INSTANCE).iter().any(|i| i["OptionGroupMemberships"][0]["OptionGroupName"] == name)
        || rows(world, rq, SNAPSHOT).iter().any(|s| s["OptionGroupName"] == name)
}

pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("OptionGroupName").to_lowercase();
    if name.starts_with("default:") {
        return Err(state(format!("The default option group {name} cannot be deleted.")));
    }
    if world.get(OPTIONS, &key(rq, &name)).is_none() {
        return Err(missing(&name));
    }
    if used(world, rq, &name) {
        return Err(state(format!(
            "The option group '{name}' cannot be deleted because it is in use by one or more DB instances or DB snapshots."
        )));
    }
    world.remove(OPTIONS, &key(rq, &name));
    Ok(json!({}))
}

pub fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("OptionGroupName").to_lowercase();
    if name.starts_with("default:") {
        return Err(state(format!("The default option group {name} cannot be modified.")));
    }
    let mut row = world.get(OPTIONS, &key(rq, &name)).cloned().ok_or_else(|| missing(&name))?;
    let engine = engines::engine(row["EngineName"].as_str().unwrap_or_default())?;
    let mut options = row["Options"].as_array().cloned().unwrap_or_default();
    for gone in rq.texts("OptionsToRemove") {
        let facts = engine.options.get(gone);
        if facts.is_some_and(|o| o.permanent) {
            return Err(state(format!(
                "The permanent option {gone} cannot be removed from option group {name}."
            )));
        }
        if facts.is_some_and(|o| o.persistent) && used(world, rq, &name) {
            return Err(state(format!(
                "The persistent option {gone} cannot be removed while DB instances use option group {name}."
            )));
        }
        // One that is not there may be removed all the same (moto's test_modify_option_group, which AWS passes).
        options.retain(|option| option["OptionName"] != gone);
    }
    for wanted in rq.list("OptionsToInclude") {
        let major = row["MajorEngineVersion"].as_str().unwrap_or_default().to_owned();
        let option = included(world, rq, engine, &major, wanted, &options)?;
        options.retain(|old| old["OptionName"] != option["OptionName"]);
        options.push(option);
    }
    row["Options"] = json!(options);
    world.put(OPTIONS, &key(rq, &name), row.clone());
    Ok(json!({"OptionGroup": public(&row)}))
}

/// An option as the group shows it, of what was sent, what it had, and its defaults.
fn included(
    world: &World,
    rq: &Request<'_>,
    engine: &Engine,
    major: &str,
    wanted: &Json,
    all: &[Json],
) -> Result<Json, Fault> {
    let name = wanted["OptionName"].as_str().unwrap_or_default();
    let facts: &EngineOption =
        engine.options.get(name).filter(|option| option.majors.iter().any(|one| one == major)).ok_or_else(
            || invalid(format!("Unknown option name {name} for engine {} {major}.", engine.name)),
        )?;
    let sent: Vec<&str> =
        rq.list("OptionsToInclude").iter().filter_map(|option| option["OptionName"].as_str()).collect();
    let there = |other: &String| {
        sent.contains(&other.as_str()) || all.iter().any(|option| option["OptionName"] == other.as_str())
    };
    if let Some(other) = facts.depends.iter().find(|other| !there(other)) {
        return Err(combination(format!(
            "Option {name} depends on option {other}, which is not in the group."
        )));
    }
    if let Some(other) = facts.conflicts.iter().find(|other| there(other)) {
        return Err(combination(format!("Option {name} cannot be in a group with option {other}.")));
    }
    let old = all.iter().find(|option| option["OptionName"] == name).cloned().unwrap_or_default();
    let port = Some(&wanted["Port"]).filter(|port| !port.is_null()).unwrap_or(&old["Port"]).clone();
    let port = if port.is_null() { json!(facts.port) } else { port };
    if facts.port_required && port.is_null() {
        return Err(combination(format!("Option {name} requires a port.")));
    }
    let groups: Vec<&str> = wanted["VpcSecurityGroupMemberships"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    super::create::security_groups(world, &groups)?;
    let version = wanted["OptionVersion"].as_str().or(facts.version.as_deref());
    if let Some(version) = version.filter(|version| !facts.versions.iter().any(|one| one == version)) {
        return Err(invalid(format!("Option {name} has no version {version}.")));
    }
    let mut option = json!({
        "OptionName": name, "OptionDescription": facts.description, "Persistent": facts.persistent,
        "Permanent": facts.permanent, "OptionSettings": settings(name, facts, wanted, &old)?,
        "DBSecurityGroupMemberships": [],
        "VpcSecurityGroupMemberships": groups.iter()
            .map(|group| json!({"VpcSecurityGroupId": group, "Status": "active"})).collect::<Vec<_>>(),
    });
    for (member, value) in [("Port", port), ("OptionVersion", json!(version))] {
        if !value.is_null() {
            option[member] = value;
        }
    }
    Ok(option)
}

fn settings(name: &str, facts: &EngineOption, wanted: &Json, old: &Json) -> Result<Json, Fault> {
    let sent = wanted["OptionSettings"].as_array().cloned().unwrap_or_default();
    for setting in &sent {
        let (key, value) = (setting["Name"].as_str().unwrap_or_default(), setting["Value"].as_str());
        let known = facts
            .settings
            .get(key)
            .ok_or_else(|| invalid(format!("Unknown setting {key} of option {name}.")))?;
        let allowed: Vec<&str> =
            known.allowed.as_deref().unwrap_or_default().split(',').map(str::trim).collect();
        let listed =
            allowed.iter().all(|one| one.chars().all(|c| c.is_ascii_alphanumeric() || "_.+/ ".contains(c)));
        if listed
            && allowed.len() > 1
            && !value.unwrap_or_default().split(',').all(|one| allowed.contains(&one.trim()))
        {
            return Err(invalid(format!(
                "Invalid value {} for setting {key} of option {name}: valid values are {}.",
                value.unwrap_or_default(),
                allowed.join(", ")
            )));
        }
    }
    let find =
        |list: &[Json], key: &str| list.iter().find(|one| one["Name"] == key).map(|one| one["Value"].clone());
    let had = old["OptionSettings"].as_array().cloned().unwrap_or_default();
    let mut all = Vec::new();
    for (key, known) in &facts.settings {
        let value = find(&sent, key).or_else(|| find(&had, key)).unwrap_or(json!(known.default));
        if known.required && value.is_null() {
            return Err(combination(format!("Option {name} requires the setting {key}.")));
        }
        if !value.is_null() {
            all.push(json!({
                "Name": key, "Value": value, "DefaultValue": known.default, "AllowedValues": known.allowed,
                "ApplyType": known.apply, "DataType": "STRING", "IsModifiable": known.modifiable, "IsCollection": false,
            }));
        }
    }
    for setting in &mut all {
        setting.as_object_mut().into_iter().for_each(|members| members.retain(|_, value| !value.is_null()));
    }
    Ok(json!(all))
}

pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(name) = rq.opt("OptionGroupName").filter(|name| !name.is_empty()) {
        return Ok(json!({"OptionGroupsList": [public(&group(world, rq, name)?)]}));
    }
    if rq.opt("MajorEngineVersion").is_some() && rq.opt("EngineName").is_none() {
        return Err(combination("MajorEngineVersion requires EngineName."));
    }
    let mut all = filtered(rq, rows(world, rq, OPTIONS), |_| None)?;
    for member in ["EngineName", "MajorEngineVersion"] {
        if let Some(wanted) = rq.opt(member).filter(|text| !text.is_empty()) {
            all.retain(|row| row[member] == wanted);
        }
    }
    paged(rq, "OptionGroupsList", all.iter().map(public).collect())
}

pub fn describe_options(_world: &mut World, rq: &Request<'_>) -> Reply {
    filtered(rq, Vec::new(), |_| None)?;
    let engine = engines::engine(rq.text("EngineName"))?;
    let mut items = Vec::new();
    for (name, option) in &engine.options {
        for major in option.majors.iter().filter(|m| rq.opt("MajorEngineVersion").is_none_or(|w| w == **m)) {
            let settings: Vec<Json> = option.settings.iter().map(|(name, setting)| public(&json!({
                "SettingName": name, "SettingDescription": name, "DefaultValue": setting.default,
                "AllowedValues": setting.allowed, "ApplyType": setting.apply, "IsModifiable": setting.modifiable,
                "IsRequired": setting.required,
            }))).collect();
            items.push(public(&json!({
                "Name": name, "Description": option.description, "EngineName": engine.name, "MajorEngineVersion": major,
                "PortRequired": option.port_required, "DefaultPort": option.port, "OptionsDependedOn": option.depends,
                "OptionsConflictsWith": option.conflicts, "Persistent": option.persistent, "Permanent": option.permanent,
                "VpcOnly": option.vpc_only, "RequiresAutoMinorEngineVersionUpgrade": false,
                "OptionGroupOptionSettings": settings,
                "OptionGroupOptionVersions": option.versions.iter()
                    .map(|v| json!({"Version": v, "IsDefault": option.version.as_ref() == Some(v)})).collect::<Vec<_>>(),
            })));
        }
    }
    paged(rq, "OptionGroupOptions", items)
}
