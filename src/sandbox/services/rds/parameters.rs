//! Parameter groups and their parameters. A row keeps the changed parameters in `_values`:
//! name to `{Value, ApplyMethod}`.

use serde_json::{Value as Json, json};

use super::{
    catalogue, engines,
    store::{INSTANCE, PARAMETERS, combination, filtered, identifier, invalid, key, paged, public, rows},
};
use crate::sandbox::{Fault, Reply, Request, World};

/// Most parameters one call may change.
const PER_CALL: usize = 20;

fn missing(name: &str) -> Fault {
    Fault::new("DBParameterGroupNotFound", format!("DBParameterGroup not found: {name}"))
}

/// A group by name; default groups exist without having been created.
fn group(world: &World, rq: &Request<'_>, name: &str) -> Result<Json, Fault> {
    if let Some(row) = world.get(PARAMETERS, &key(rq, name)) {
        return Ok(row.clone());
    }
    let family = name
        .strip_prefix("default.")
        .filter(|family| engines::is_family(family))
        .ok_or_else(|| missing(name))?;
    Ok(json!({
        "DBParameterGroupName": name, "DBParameterGroupFamily": family,
        "Description": format!("Default parameter group for {family}"),
        "DBParameterGroupArn": world.arn("rds", rq.region, &format!("pg:{name}")), "_values": {},
    }))
}

pub fn create_db_parameter_group(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBParameterGroupName").to_lowercase();
    identifier("DBParameterGroupName", &name, 255)?;
    let family = rq.text("DBParameterGroupFamily");
    if !engines::is_family(family) {
        return Err(invalid(format!("ParameterGroupFamily {family} is not a valid parameter group family")));
    }
    if world.get(PARAMETERS, &key(rq, &name)).is_some() {
        return Err(Fault::new(
            "DBParameterGroupAlreadyExists",
            format!("Parameter group {name} already exists"),
        ));
    }
    let row = json!({
        "DBParameterGroupName": name, "DBParameterGroupFamily": family, "Description": rq.text("Description"),
        "DBParameterGroupArn": world.arn("rds", rq.region, &format!("pg:{name}")), "_tags": rq.list("Tags"), "_values": {},
    });
    let shown = public(&row);
    world.put(PARAMETERS, &key(rq, &name), row);
    Ok(json!({"DBParameterGroup": shown}))
}

pub fn delete_db_parameter_group(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBParameterGroupName");
    if name.starts_with("default.") {
        return Err(Fault::new(
            "InvalidDBParameterGroupState",
            "A default parameter group can't be deleted.",
        ));
    }
    let row = world.get(PARAMETERS, &key(rq, name)).cloned().ok_or_else(|| missing(name))?;
    if !members(world, rq, &row).is_empty() {
        return Err(Fault::new(
            "InvalidDBParameterGroupState",
            format!(
                "One or more database instances are still members of this parameter group {name}, so the group cannot be deleted"
            ),
        ));
    }
    world.remove(PARAMETERS, &key(rq, name));
    Ok(json!({}))
}

/// Identifiers of the instances that use a group.
fn members(world: &World, rq: &Request<'_>, group: &Json) -> Vec<String> {
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
    if let Some(name) = rq.opt("DBParameterGroupName").filter(|name| !name.is_empty()) {
        return Ok(json!({"DBParameterGroups": [public(&group(world, rq, name)?)]}));
    }
    let all = filtered(rq, rows(world, rq, PARAMETERS), |_| None)?;
    paged(rq, "DBParameterGroups", all.iter().map(public).collect())
}

pub fn describe_db_parameters(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = group(world, rq, rq.text("DBParameterGroupName"))?;
    let family = row["DBParameterGroupFamily"].as_str().unwrap_or_default();
    let mut items = Vec::new();
    for (name, apply) in catalogue::all(family) {
        let set = &row["_values"][name];
        let source = if set.is_null() { "engine-default" } else { "user" };
        if rq.opt("Source").is_some_and(|wanted| wanted != source) {
            continue;
        }
        let mut item = json!({
            "ParameterName": name, "ApplyType": apply, "Source": source, "IsModifiable": true, "DataType": "string",
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
    paged(rq, "Parameters", items)
}

/// The parameters of a request, checked: (name, value, method, apply type).
fn wanted(rq: &Request<'_>, family: &str) -> Result<Vec<(String, Json, String, &'static str)>, Fault> {
    let list = rq.list("Parameters");
    if list.len() > PER_CALL {
        return Err(invalid(format!("At most {PER_CALL} parameters can be modified in one request.")));
    }
    list.iter()
        .map(|p| {
            let name = p["ParameterName"].as_str().ok_or_else(|| {
                invalid("The parameter ParameterName must be provided and must not be blank.")
            })?;
            let apply = catalogue::apply_type(family, name)
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
    let name = rq.text("DBParameterGroupName");
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
    if let Some(row) = world.get_mut(PARAMETERS, &key(rq, name)) {
        for (parameter, value, method, _) in list {
            row["_values"][parameter.as_str()] = json!({"Value": value, "ApplyMethod": method});
        }
    }
    mark(world, rq, &row, reboot);
    Ok(json!({"DBParameterGroupName": row["DBParameterGroupName"]}))
}

/// Instances that use a group with changed static parameters wait for a reboot.
fn mark(world: &mut World, rq: &Request<'_>, group: &Json, reboot: bool) {
    if !reboot {
        return;
    }
    for member in members(world, rq, group) {
        if let Some(row) = world.get_mut(INSTANCE, &key(rq, &member)) {
            row["DBParameterGroups"][0]["ParameterApplyStatus"] = json!("pending-reboot");
        }
    }
}

pub fn reset_db_parameter_group(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBParameterGroupName");
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
        world.get_mut(PARAMETERS, &key(rq, name)).and_then(|row| row["_values"].as_object_mut())
    {
        if all {
            values.clear();
        }
        for (parameter, ..) in &list {
            values.remove(parameter);
        }
    }
    mark(world, rq, &row, reboot);
    Ok(json!({"DBParameterGroupName": row["DBParameterGroupName"]}))
}
