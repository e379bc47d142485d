//! Additional storage volumes: up to three, of the engines that take some.

use serde_json::{Value as Json, json};

use super::store::{combination, invalid};
use crate::sandbox::Fault;

/// The names that volumes may have.
const NAMES: &[&str] = &["rdsdbdata2", "rdsdbdata3", "rdsdbdata4"];

/// The volumes after a request: new and changed ones merged in by name, those to be deleted taken out.
pub fn merged(engine: &str, live: &Json, sent: &[Json]) -> Result<Json, Fault> {
    if !sent.is_empty() && !engine.starts_with("oracle-") && !engine.starts_with("sqlserver-") {
        return Err(combination(format!(
            "Additional storage volumes are not supported for engine {engine}."
        )));
    }
    let mut all: Vec<Json> = live.as_array().cloned().unwrap_or_default();
    for change in sent {
        let name = change["VolumeName"].as_str().unwrap_or_default();
        if !NAMES.contains(&name) {
            return Err(invalid(format!(
                "Invalid volume name: {name}. Valid names are {}.",
                NAMES.join(", ")
            )));
        }
        let at = all.iter().position(|volume| volume["VolumeName"] == name);
        if change["SetForDelete"] == true {
            let at = at.ok_or_else(|| invalid(format!("There is no volume {name}.")))?;
            all.remove(at);
            continue;
        }
        let fresh = json!({"VolumeName": name, "StorageType": "gp3", "AllocatedStorage": 200, "IOPS": 3_000});
        let mut volume = at.map_or(fresh, |at| all.remove(at));
        let size = volume["AllocatedStorage"].as_i64();
        for (member, value) in change.as_object().into_iter().flatten() {
            volume[member] = value.clone();
        }
        if at.is_some() && volume["AllocatedStorage"].as_i64() < size {
            return Err(invalid(format!("The storage of volume {name} cannot be reduced.")));
        }
        all.push(volume);
    }
    Ok(json!(all))
}

/// A request's volumes as pending values show them.
pub fn wanted(sent: &[Json]) -> Json {
    let mut all = sent.to_vec();
    for members in all.iter_mut().filter_map(Json::as_object_mut) {
        members.remove("SetForDelete");
    }
    json!(all)
}
