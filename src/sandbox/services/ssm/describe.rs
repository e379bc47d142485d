//! Lists of parameters: by filter, by path, by history.

use serde_json::{Value as Json, json};

use super::{
    filters,
    parameters::{TABLE, missing, row_of, shown, strip, versions},
    public,
};
use crate::sandbox::{Fault, Reply, Request, World};

fn selected<'w>(world: &'w World, rq: &Request<'_>) -> Result<Vec<&'w Json>, Fault> {
    filters::check(rq)?;
    let prefix = format!("{}/", rq.region);
    let all = world.rows_under(TABLE, prefix, None).map(|(_, row)| row);
    let wanted = || rq.list("ParameterFilters").iter().chain(rq.list("Filters"));
    Ok(all.filter(|row| wanted().all(|filter| filters::passes(row, filter))).collect())
}

pub fn describe_parameters(world: &mut World, rq: &Request<'_>) -> Reply {
    let items = selected(world, rq)?
        .into_iter()
        .map(|row| {
            let mut item = strip(Json::Object(
                row.as_object()
                    .into_iter()
                    .flatten()
                    .filter(|(k, _)| !k.starts_with('_') && !matches!(k.as_str(), "Value" | "Labels"))
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect(),
            ));
            if let Some(text) = row["_policies"].as_str() {
                item["Policies"] = policies(text);
            }
            item
        })
        .collect();
    // Ten without a size (moto's test_describe_parameters_paging).
    let (page, next) = rq.page(items, "MaxResults", "NextToken", 10, "InvalidNextToken")?;
    Ok(strip(json!({"Parameters": page, "NextToken": next})))
}

/// Policies as answers show them, from the JSON text that was put.
fn policies(text: &str) -> Json {
    let list: Vec<Json> = serde_json::from_str(text).unwrap_or_default();
    list.iter()
        .map(|p| json!({"PolicyText": p.to_string(), "PolicyType": p["Type"], "PolicyStatus": "Pending"}))
        .collect()
}

pub fn get_parameters_by_path(world: &mut World, rq: &Request<'_>) -> Reply {
    let path = rq.text("Path");
    if !path.starts_with('/') {
        return Err(Fault::new("ValidationException", "The parameter path must begin with a slash."));
    }
    let option = if rq.flag("Recursive") { "Recursive" } else { "OneLevel" };
    let filter = json!({"Key": "Path", "Option": option, "Values": [path]});
    let mut items = Vec::new();
    let published = if path.starts_with("/aws/service") { public::all(world, rq.region) } else { Vec::new() };
    for row in selected(world, rq)?.into_iter().chain(&published) {
        if filters::passes(row, &filter) {
            items.extend(versions(row).last().map(|version| shown(row, version, rq.flag("WithDecryption"))));
        }
    }
    let (page, next) = rq.page(items, "MaxResults", "NextToken", 10, "InvalidNextToken")?;
    Ok(strip(json!({"Parameters": page, "NextToken": next})))
}

pub fn get_parameter_history(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("Name");
    let row = &row_of(world, rq, name).ok_or_else(|| missing(name))?;
    let items = versions(row)
        .iter()
        .map(|version| {
            let mut item = version.clone();
            item["Value"] = shown(row, version, rq.flag("WithDecryption"))["Value"].clone();
            if let Some(map) = item.as_object_mut() {
                map.remove("_policies");
            }
            strip(item)
        })
        .collect();
    let (page, next) = rq.page(items, "MaxResults", "NextToken", 50, "InvalidNextToken")?;
    Ok(strip(json!({"Parameters": page, "NextToken": next})))
}
