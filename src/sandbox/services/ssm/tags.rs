//! Tags and labels of parameters.

use serde_json::{Value as Json, json};

use super::parameters::{TABLE, key_of, missing};
use crate::sandbox::{Fault, Reply, Request, World};

/// The key of the parameter a tag request means.
fn target(world: &World, rq: &Request<'_>) -> Result<String, Fault> {
    if rq.text("ResourceType") != "Parameter" {
        return Err(Fault::new("InvalidResourceType", "Only parameters exist in this account."));
    }
    // `NAME:VERSION` means the parameter too (TestAccSSMParameter_basic).
    let id = rq.text("ResourceId");
    let id = match id.rsplit_once(':') {
        Some((name, version)) if !id.starts_with("arn:") && version.parse::<u32>().is_ok() => name,
        _ => id,
    };
    let key = key_of(rq, id);
    if world.get(TABLE, &key).is_none() {
        return Err(Fault::new(
            "InvalidResourceId",
            format!("The resource ID \"{}\" is not valid.", rq.text("ResourceId")),
        ));
    }
    Ok(key)
}

pub fn add_tags_to_resource(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = target(world, rq)?;
    if let Some(tags) = world.get_mut(TABLE, &key).and_then(|row| row["_tags"].as_array_mut()) {
        for tag in rq.list("Tags") {
            tags.retain(|old| old["Key"] != tag["Key"]);
            tags.push(tag.clone());
        }
    }
    Ok(json!({}))
}

pub fn remove_tags_from_resource(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = target(world, rq)?;
    let gone = rq.texts("TagKeys");
    if let Some(tags) = world.get_mut(TABLE, &key).and_then(|row| row["_tags"].as_array_mut()) {
        tags.retain(|old| !gone.iter().any(|key| old["Key"] == *key));
    }
    Ok(json!({}))
}

pub fn list_tags_for_resource(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = target(world, rq)?;
    Ok(json!({"TagList": world.get(TABLE, &key).map_or(json!([]), |row| row["_tags"].clone())}))
}

/// The named version of a parameter, or the newest, to be changed.
fn version_mut<'w>(world: &'w mut World, rq: &Request<'_>) -> Result<&'w mut Json, Fault> {
    let name = rq.text("Name");
    let number = rq.int("ParameterVersion");
    let row = world.get_mut(TABLE, &key_of(rq, name)).ok_or_else(|| missing(name))?;
    let wanted = number.or_else(|| row["Version"].as_i64());
    row["_versions"]
        .as_array_mut()
        .and_then(|list| list.iter_mut().find(|v| v["Version"].as_i64() == wanted))
        .ok_or_else(|| {
            Fault::new(
                "ParameterVersionNotFound",
                format!(
                    "Systems Manager could not find version {} of {name}. Verify the version and try again.",
                    wanted.unwrap_or_default()
                ),
            )
        })
}

pub fn label_parameter_version(world: &mut World, rq: &Request<'_>) -> Reply {
    let (valid, invalid): (Vec<&str>, Vec<&str>) = rq.texts("Labels").into_iter().partition(|label| {
        // LabelParameterVersion's documentation: letters, digits, periods, hyphens and underscores.
        label.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
            && !label.starts_with(|c: char| c.is_ascii_digit())
            && !label.to_ascii_lowercase().starts_with("aws")
            && !label.to_ascii_lowercase().starts_with("ssm")
    });
    let version = version_mut(world, rq)?;
    let number = version["Version"].clone();
    let held = version["Labels"].as_array().cloned().unwrap_or_default();
    let more = valid.iter().filter(|label| !held.iter().any(|old| old == **label)).count();
    // moto's test_label_parameter_version_exception_ten_labels_over_multiple_calls has the words.
    if held.len() + more > 10 {
        let message = "A parameter version can have maximum 10 labels.Move one or more labels to another version and try again.";
        return Err(Fault::new("ParameterVersionLabelLimitExceeded", message));
    }
    // A label names one version: it leaves the one that had it.
    if let Some(list) =
        world.get_mut(TABLE, &key_of(rq, rq.text("Name"))).and_then(|row| row["_versions"].as_array_mut())
    {
        for labels in list.iter_mut().filter_map(|v| v["Labels"].as_array_mut()) {
            labels.retain(|label| !valid.iter().any(|v| label == v));
        }
    }
    if let Some(labels) = version_mut(world, rq)?["Labels"].as_array_mut() {
        labels.extend(valid.iter().map(|label| json!(label)));
    }
    Ok(json!({"InvalidLabels": invalid, "ParameterVersion": number}))
}

pub fn unlabel_parameter_version(world: &mut World, rq: &Request<'_>) -> Reply {
    let version = version_mut(world, rq)?;
    let (mut removed, mut invalid) = (Vec::new(), Vec::new());
    for label in rq.texts("Labels") {
        let Some(labels) = version["Labels"].as_array_mut() else { continue };
        let before = labels.len();
        labels.retain(|old| old != label);
        if labels.len() < before { removed.push(label) } else { invalid.push(label) }
    }
    Ok(json!({"RemovedLabels": removed, "InvalidLabels": invalid}))
}
