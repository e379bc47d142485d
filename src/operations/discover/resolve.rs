//! All of it together, and whether the source can be fenced.

use serde_json::Value as Json;

use super::{
    INSTANCE, PROFILE,
    found::{Database, Discovery, Resolved, Task, Writer},
    search::Search,
};
use crate::{
    error::{Class, Diagnostic},
    operations::{
        declare::{Declaration, ReverseStart, TargetFence},
        inventory::{Inventory, Thing},
    },
};

/// Finds what is operated.
#[must_use]
pub fn discover(things: &Inventory, declared: &Declaration, names: (&str, &str)) -> Discovery {
    let mut search = Search { things, declared, findings: Vec::new(), problems: Vec::new() };
    let forward = search.forward();
    let Some(first) = forward.first().cloned() else {
        if declared.present && search.problems.is_empty() {
            let help = "declare it: operations: {replication: {forward: Stack/Task}}";
            search.error(
                "O1001",
                "operations: the plan has no replication task, serverless replication or data migration with a full load",
                help,
            );
        }
        return Discovery { resolved: None, problems: search.problems };
    };
    let (Some(mut source), Some(mut target)) =
        (search.database_of(&first.from), search.database_of(&first.to))
    else {
        let help = "its endpoints must be resources of the plan";
        search.error_at("O1001", &first.address, "the databases behind the forward task are not known", help);
        return Discovery { resolved: None, problems: search.problems };
    };
    for (way, what, into) in [
        (&declared.databases.0, "source database", &mut source),
        (&declared.databases.1, "target database", &mut target),
    ] {
        match way {
            Some(way) => {
                if let Some(database) = search.declared_database(way, what, into) {
                    *into = database;
                }
            }
            None => {
                let why = if into.is_external() {
                    "the endpoint's server, outside of the plan"
                } else {
                    "behind the endpoint of the forward task"
                };
                let which = into.address.as_ref().map_or_else(|| into.id.clone(), ToString::to_string);
                search.found(what, which, why);
            }
        }
    }
    let (reverse, no_reverse) = search.reverse(&forward, &source, &target);
    let traffic = search.traffic(&source, &target);
    let (source_writers, target_writers) = search.writers(&source, &target);
    let opening: Vec<Writer> =
        if target_writers.is_empty() { source_writers.clone() } else { target_writers.clone() };
    let tasks: Vec<&Task> = forward.iter().collect();
    let alarms = search.alarms(&tasks, &target, &opening);
    let mut keep = Vec::new();
    for address in &declared.keep {
        if let Some(group) = search.get(address, &["AWS::EC2::SecurityGroup"], "keep") {
            keep.push(group.attribute("GroupId").unwrap_or_else(|| group.id()));
        }
    }
    for task in forward.iter().chain(&reverse) {
        if let Some(instance) = things.of_kind(INSTANCE).find(|instance| instance.named_in(&task.instance)) {
            let groups = instance.properties["VpcSecurityGroupIds"].as_array();
            keep.extend(groups.into_iter().flatten().filter_map(Json::as_str).map(ToOwned::to_owned));
        }
        if let Some(config) = things.get(&task.address) {
            let groups = config.properties["ComputeConfig"]["VpcSecurityGroupIds"].as_array();
            keep.extend(groups.into_iter().flatten().filter_map(Json::as_str).map(ToOwned::to_owned));
            if let Some(project) = search.project(config) {
                let named = |profile: &&Thing| {
                    let ways = ["InstanceProfileArn", "InstanceProfileIdentifier", "InstanceProfileName"];
                    ways.iter().any(|way| {
                        project.text(way).is_some_and(|id| {
                            profile.named_in(id) || profile.text("InstanceProfileName") == Some(id)
                        })
                    })
                };
                let profile = things.of_kind(PROFILE).find(named);
                let groups = profile.and_then(|profile| profile.properties["VpcSecurityGroups"].as_array());
                keep.extend(groups.into_iter().flatten().filter_map(Json::as_str).map(ToOwned::to_owned));
            }
        }
    }
    keep.sort();
    keep.dedup();
    let state_parameter = declared.state_parameter.as_ref().and_then(|address| {
        let thing = search.get(address, &["AWS::SSM::Parameter"], "state_parameter")?;
        Some((thing.region.clone(), thing.text("Name").map_or_else(|| thing.id(), ToOwned::to_owned)))
    });
    let assessment = declared.assessment.as_ref().and_then(|declared| search.assessing(declared, &forward));
    let functions = search.functions();
    slotted(&mut search, reverse.as_ref());
    fence(&mut search, &source, &target, &source_writers);
    logical(&mut search, &target, reverse.as_ref());
    let writers: Vec<Writer> = source_writers.iter().chain(&target_writers).cloned().collect();
    search.drains(&writers);
    search.keyless(&forward, reverse.as_ref());
    if !traffic.is_empty() {
        search.second_operators();
    }
    let resolved = Resolved {
        migration: names.0.to_owned(),
        environment: names.1.to_owned(),
        forward,
        reverse,
        no_reverse,
        source,
        target,
        traffic,
        source_writers,
        target_writers,
        keep,
        alarms,
        state_parameter,
        functions,
        assessment,
        declared: declared.clone(),
        findings: std::mem::take(&mut search.findings),
    };
    Discovery { resolved: Some(resolved), problems: search.problems }
}

/// Whether the reverse task can start at a position: of PostgreSQL that is one of a slot that exists, which the endpoint
/// names: https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Task.CDC.html
fn slotted(search: &mut Search<'_>, reverse: Option<&Task>) {
    if search.declared.reverse_start != ReverseStart::Position {
        return;
    }
    let Some(endpoint) = reverse.and_then(|task| search.endpoint(&task.from)) else { return };
    let postgres = endpoint.text("EngineName").is_some_and(|name| name.contains("postgres"));
    if postgres && endpoint.properties["PostgreSqlSettings"]["SlotName"].is_null() {
        let message = "a position in PostgreSQL's log belongs to a slot, and the reverse endpoint names none";
        let help = "set PostgreSqlSettings.SlotName to the slot that the hook `reverse-position` creates";
        search.error_at("O1012", &endpoint.address.clone(), message, help);
    }
}

/// Whether the source can be fenced at all.
fn fence(search: &mut Search<'_>, source: &Database, target: &Database, writers: &[Writer]) {
    let hooked = search.declared.hooks.contains_key("fence");
    if source.is_external() {
        if !hooked && search.declared.present {
            let message =
                format!("the source database {} is outside of the plan, and no hook fences it", source.id);
            let help = "declare operations: {hooks: {fence: {exec: [...]}, unfence: {exec: [...]}}}";
            search.error("O1005", message, help);
        }
        return;
    }
    if writers.is_empty() && !hooked && search.declared.present {
        let message = "the fence would leak: rules are revoked, but nothing ends the sessions that are open";
        let help = "declare operations: {fence: {source: {writers: [Stack/Service]}}} or hooks: {fence: ...}";
        search.error("O1006", message, help);
    }
    let shared = source.groups.iter().find(|group| target.groups.contains(group)).cloned();
    if let Some(group) = shared
        && search.declared.target != TargetFence::Warm
        && search.declared.present
        && let Some(address) = target.address.clone()
    {
        let message = format!("source and target database share the security group {}", shown(&group));
        let help = "give each database a group of its own: no rule could shut only the source";
        search.error_at("O1011", &address, message, help);
    }
}

/// A mark as people read it.
fn shown(text: &str) -> String {
    text.trim_start_matches('\u{27e6}').split('.').next().unwrap_or(text).to_owned()
}

/// Whether the target's log can feed a reverse task.
fn logical(search: &mut Search<'_>, target: &Database, reverse: Option<&Task>) {
    let (Some(_), Some(address)) = (reverse, &target.address) else { return };
    let Some(thing) = search.things.get(address) else { return };
    let group = search.things.of_kind("AWS::RDS::DBParameterGroup").find(|group| {
        group.mentioned_by(&thing.properties["DBParameterGroupName"])
            || group
                .text("DBParameterGroupName")
                .is_some_and(|name| thing.text("DBParameterGroupName") == Some(name))
    });
    let Some(group) = group else { return };
    let parameters = &group.properties["Parameters"];
    let postgres = target.engine.contains("postgres");
    let on = |name: &str, values: &[&str]| {
        let value = &parameters[name];
        let text = value.as_str().map(ToOwned::to_owned).unwrap_or_else(|| value.to_string());
        values.contains(&text.as_str())
    };
    let good = if postgres {
        on("rds.logical_replication", &["1", "on", "true"])
    } else {
        on("binlog_format", &["ROW"])
    };
    if !good {
        let name = if postgres { "rds.logical_replication = 1" } else { "binlog_format = ROW" };
        let message =
            format!("the target's parameter group lacks {name}: the reverse task could not read its changes");
        let warning = Diagnostic::warning("O1022", Class::Plan, message).at(&group.address);
        search.problems.push(warning.help("the parameter is static: set it before the database is made"));
    }
}
