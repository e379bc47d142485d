//! Parameter groups and their parameters. A row keeps the changed parameters in `_values`:
//! name to `{Value, ApplyMethod}`.

use serde_json::{Value as Json, json};

use super::store::{
    CLUSTER, CLUSTER_PARAMETERS, INSTANCE, PARAMETERS, combination, filtered, identifier, invalid, key,
    paged, public, rows,
};
use crate::{
    engines::{Parameter, catalogue},
    sandbox::{Fault, Reply, Request, World},
};

/// One of the two kinds of groups: names of members, table, ARN and message.
struct Kind {
    table: &'static str,
    name: &'static str,
    arn: &'static str,
    answer: &'static str,
    list: &'static str,
    word: &'static str,
}

const OF_INSTANCES: &Kind = &Kind {
    table: PARAMETERS,
    name: "DBParameterGroupName",
    arn: "DBParameterGroupArn",
    answer: "DBParameterGroup",
    list: "DBParameterGroups",
    word: "pg",
};

const OF_CLUSTERS: &Kind = &Kind {
    table: CLUSTER_PARAMETERS,
    name: "DBClusterParameterGroupName",
    arn: "DBClusterParameterGroupArn",
    answer: "DBClusterParameterGroup",
    list: "DBClusterParameterGroups",
    word: "cluster-pg",
};

impl Kind {
    /// The kind that a request is about.
    fn of(rq: &Request<'_>) -> &'static Self {
        if rq.operation.contains("Cluster") { OF_CLUSTERS } else { OF_INSTANCES }
    }

    fn missing(&self, name: &str) -> Fault {
        Fault::new("DBParameterGroupNotFound", format!("{} not found: {name}", self.answer))
    }
}

/// Most parameters one call may change.
const PER_CALL: usize = 20;

/// A group by name; default groups exist without having been created.
fn group(world: &World, rq: &Request<'_>, name: &str) -> Result<Json, Fault> {
    let kind = Kind::of(rq);
    if let Some(row) = world.get(kind.table, &key(rq, name)) {
        return Ok(row.clone());
    }
    let family = name
        .strip_prefix("default.")
        .filter(|family| catalogue().is_family(family))
        .ok_or_else(|| kind.missing(name))?;
    Ok(json!({
        kind.name: name, "DBParameterGroupFamily": family,
        "Description": format!("Default parameter group for {family}"),
        kind.arn: world.arn("rds", rq.region, &format!("{}:{name}", kind.word)), "_values": {},
    }))
}

pub fn create_db_parameter_group(world: &mut World, rq: &Request<'_>) -> Reply {
    let kind = Kind::of(rq);
    let name = rq.text(kind.name).to_lowercase();
    identifier(kind.name, &name, 255)?;
    let family = rq.text("DBParameterGroupFamily");
    if !catalogue().is_family(family) {
        return Err(invalid(format!("ParameterGroupFamily {family} is not a valid parameter group family")));
    }
    if world.get(kind.table, &key(rq, &name)).is_some() {
        return Err(Fault::new(
            "DBParameterGroupAlreadyExists",
            format!("Parameter group {name} already exists"),
        ));
    }
    let row = json!({
        kind.name: name, "DBParameterGroupFamily": family, "Description": rq.text("Description"),
        kind.arn: world.arn("rds", rq.region, &format!("{}:{name}", kind.word)), "_tags": rq.list("Tags"), "_values": {},
    });
    let shown = public(&row);
    world.put(kind.table, &key(rq, &name), row);
    Ok(json!({kind.answer: shown}))
}

pub fn delete_db_parameter_group(world: &mut World, rq: &Request<'_>) -> Reply {
    let kind = Kind::of(rq);
    let name = rq.text(kind.name);
    if name.starts_with("default.") {
        return Err(Fault::new(
            "InvalidDBParameterGroupState",
            "A default parameter group can't be deleted.",
        ));
    }
    let row = world.get(kind.table, &key(rq, name)).cloned().ok_or_else(|| kind.missing(name))?;
    if !members(world, rq, &row).is_empty() {
        return Err(Fault::new(
            "InvalidDBParameterGroupState",
            format!(
                "One or more database instances are still members of this parameter group {name}, so the group cannot be deleted"
            ),
        ));
    }
    world.remove(kind.table, &key(rq, name));
    Ok(json!({}))
}

/// Identifiers of the instances that use a group.
fn members(world: &World, rq: &Request<'_>, group: &Json) -> Vec<String> {
    if let Some(name) = group[OF_CLUSTERS.name].as_str() {
        let clusters = rows(world, rq, CLUSTER);
        let users = clusters.iter().filter(|cluster| cluster["DBClusterParameterGroup"] == name);
        return users.filter_map(|c| c["DBClusterIdentifier"].as_str().map(str::to_owned)).collect();
    }
    rows(world, rq, INSTANCE)
        .iter()
        .filter(|i| {
            i["DBParameterGroups"].as_array().is_some_and(|list| {
                list.iter().any(|g| g["DBParameterGroupName"] == group["DBParameterGroupName"])
            })
        })
        .filter_map(|i| i["DBInstanceIdentifier"].as_str().map(str::to_owned))
        .collect()
}

pub fn describe_db_parameter_groups(world: &mut World, rq: &Request<'_>) -> Reply {
    let kind = Kind::of(rq);
    if let Some(name) = rq.opt(kind.name).filter(|name| !name.is_empty()) {
        return Ok(json!({kind.list: [public(&group(world, rq, name)?)]}));
    }
    let all = filtered(rq, rows(world, rq, kind.table), |_| None)?;
    paged(rq, kind.list, all.iter().map(public).collect())
}

pub fn describe_db_parameters(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = group(world, rq, rq.text(Kind::of(rq).name))?;
    let family = row["DBParameterGroupFamily"].as_str().unwrap_or_default().to_owned();
    let items = listed(rq, &family, &row["_values"])?;
    paged(rq, "Parameters", items)
}

/// `DescribeEngineDefaultParameters`.
pub fn describe_defaults(_world: &mut World, rq: &Request<'_>) -> Reply {
    let family = rq.text("DBParameterGroupFamily");
    if !catalogue().is_family(family) {
        return Err(invalid(format!("ParameterGroupFamily {family} is not a valid parameter group family")));
    }
    let mut defaults = paged(rq, "Parameters", listed(rq, family, &Json::Null)?)?;
    defaults["DBParameterGroupFamily"] = json!(family);
    Ok(json!({"EngineDefaults": defaults}))
}

/// A family's parameters with the values of a group, as a request filters them.
fn listed(rq: &Request<'_>, family: &str, values: &Json) -> Result<Vec<Json>, Fault> {
    let mut items = Vec::new();
    for Parameter { name, is_static } in catalogue().parameters(family) {
        let set = &values[name];
        let source = if set.is_null() { "engine-default" } else { "user" };
        if rq.opt("Source").is_some_and(|wanted| wanted != source) {
            continue;
        }
        let mut item = json!({
            "ParameterName": name, "ApplyType": if is_static { "static" } else { "dynamic" }, "Source": source,
            "IsModifiable": true, "DataType": "string",
            "ApplyMethod": set["ApplyMethod"].as_str().unwrap_or("pending-reboot"),
        });
        if !set.is_null() {
            item["ParameterValue"] = set["Value"].clone();
        }
        items.push(item);
    }
    for filter in rq.list("Filters") {
        if filter["Name"] != "parameter-name" {
            return Err(invalid(format!(
                "Unrecognized filter name: {}",
                filter["Name"].as_str().unwrap_or_default()
            )));
        }
        items.retain(|item| {
            filter["Values"].as_array().is_some_and(|values| values.contains(&item["ParameterName"]))
        });
    }
    Ok(items)
}

/// The parameters of a request, checked: (name, value, method, apply type).
fn wanted(rq: &Request<'_>, family: &str) -> Result<Vec<(String, Json, String, &'static str)>, Fault> {
    let list = rq.list("Parameters");
    if list.len() > PER_CALL {
        return Err(invalid(format!("At most {PER_CALL} parameters can be modified in one request.")));
    }
    let known = catalogue().parameters(family);
    list.iter()
        .map(|p| {
            let name = p["ParameterName"].as_str().ok_or_else(|| {
                invalid("The parameter ParameterName must be provided and must not be blank.")
            })?;
            let apply = known
                .iter()
                .find(|one| one.name == name)
                .map(|one| if one.is_static { "static" } else { "dynamic" })
                .ok_or_else(|| invalid(format!("Could not find parameter with name: {name}")))?;
            let method = p["ApplyMethod"].as_str().ok_or_else(|| {
                invalid("The parameter ApplyMethod must be provided and must not be blank.")
            })?;
            if apply == "static" && method == "immediate" {
                return Err(combination("cannot use immediate apply method for static parameter"));
            }
            Ok((name.to_owned(), p["ParameterValue"].clone(), method.to_owned(), apply))
        })
        .collect()
}

pub fn modify_db_parameter_group(world: &mut World, rq: &Request<'_>) -> Reply {
    let kind = Kind::of(rq);
    let name = rq.text(kind.name);
    let row = group(world, rq, name)?;
    if name.starts_with("default.") {
        return Err(Fault::new(
            "InvalidDBParameterGroupState",
            "A default parameter group can't be modified.",
        ));
    }
    let list = wanted(rq, row["DBParameterGroupFamily"].as_str().unwrap_or_default())?;
    if list.is_empty() {
        return Err(invalid("The parameter Parameters must be provided and must not be blank."));
    }
    if let Some((name, ..)) = list.iter().find(|(_, value, ..)| value.is_null()) {
        return Err(invalid(format!("The parameter ParameterValue must be provided for {name}.")));
    }
    let reboot = list.iter().any(|(.., apply)| *apply == "static");
    if let Some(row) = world.get_mut(kind.table, &key(rq, name)) {
        for (parameter, value, method, _) in list {
            row["_values"][parameter.as_str()] = json!({"Value": value, "ApplyMethod": method});
        }
    }
    mark(world, rq, &row, reboot);
    Ok(json!({kind.name: row[kind.name]}))
}

/// Instances that use a group with changed static parameters wait for a reboot.
fn mark(world: &mut World, rq: &Request<'_>, group: &Json, reboot: bool) {
    if !reboot {
        return;
    }
    if Kind::of(rq).table == CLUSTER_PARAMETERS {
        let clusters = members(world, rq, group);
        let of_them = |row: &Json| clusters.iter().any(|name| row["DBClusterIdentifier"] == name.as_str());
        let instances: Vec<String> = rows(world, rq, INSTANCE)
            .iter()
            .filter(|row| of_them(row))
            .filter_map(|row| row["DBInstanceIdentifier"].as_str().map(str::to_owned))
            .collect();
        for instance in instances {
            if let Some(row) = world.get_mut(INSTANCE, &key(rq, &instance)) {
                row["_cluster_parameters"] = json!("pending-reboot");
            }
        }
        return;
    }
    for member in members(world, rq, group) {
        if let Some(row) = world.get_mut(INSTANCE, &key(rq, &member)) {
            row["DBParameterGroups"][0]["ParameterApplyStatus"] = json!("pending-reboot");
        }
    }
}

pub fn reset_db_parameter_group(world: &mut World, rq: &Request<'_>) -> Reply {
    let kind = Kind::of(rq);
    let name = rq.text(kind.name);
    let row = group(world, rq, name)?;
    if name.starts_with("default.") {
        return Err(Fault::new(
            "InvalidDBParameterGroupState",
            "A default parameter group can't be modified.",
        ));
    }
    let list = wanted(rq, row["DBParameterGroupFamily"].as_str().unwrap_or_default())?;
    let all = rq.flag("ResetAllParameters");
    if all != list.is_empty() {
        return Err(combination("Either name parameters to reset or set ResetAllParameters, not both."));
    }
    let reboot = all || list.iter().any(|(.., apply)| *apply == "static");
    if let Some(values) =
        world.get_mut(kind.table, &key(rq, name)).and_then(|row| row["_values"].as_object_mut())
    {
        if all {
            values.clear();
        }
        for (parameter, ..) in &list {
            values.remove(parameter);
        }
    }
    mark(world, rq, &row, reboot);
    Ok(json!({kind.name: row[kind.name]}))
}
