//! Tables, keys and small helpers of the service. Names are case-insensitive and kept in lower case.

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Request, World};

pub const INSTANCE: &str = "rds.db-instance";
pub const PARAMETERS: &str = "rds.db-parameter-group";
pub const SUBNETS: &str = "rds.db-subnet-group";
pub const CLUSTER_PARAMETERS: &str = "rds.db-cluster-parameter-group";
pub const OPTIONS: &str = "rds.option-group";
pub const SNAPSHOT: &str = "rds.db-snapshot";
pub const CLUSTER: &str = "rds.db-cluster";
pub const CLUSTER_SNAPSHOT: &str = "rds.db-cluster-snapshot";

/// `region/name`; an ARN is taken by its last part.
pub fn key(rq: &Request<'_>, name: &str) -> String {
    let name = if name.starts_with("arn:") { name.rsplit(':').next().unwrap_or(name) } else { name };
    format!("{}/{}", rq.region, name.to_lowercase())
}

pub fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValue", message)
}

pub fn combination(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterCombination", message)
}

pub fn no_instance(name: &str) -> Fault {
    Fault::new("DBInstanceNotFound", format!("DBInstance {name} not found."))
}

/// What answers show of a row: no nulls, nothing of the world's own.
pub fn public(row: &Json) -> Json {
    Json::Object(
        row.as_object()
            .into_iter()
            .flatten()
            .filter(|(k, v)| !k.starts_with('_') && !v.is_null())
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
    )
}

/// Public rows of the request's region.
pub fn rows(world: &World, rq: &Request<'_>, table: &str) -> Vec<Json> {
    let prefix = format!("{}/", rq.region);
    world.rows(table).filter(|(key, _)| key.starts_with(&prefix)).map(|(_, row)| row.clone()).collect()
}

/// Pages a list the way this service does.
pub fn paged(rq: &Request<'_>, member: &str, items: Vec<Json>) -> Result<Json, Fault> {
    let (page, next) = rq.page(items, "MaxRecords", "Marker", 100, "InvalidParameterValue")?;
    let mut answer = json!({member: page});
    if let Some(next) = next {
        answer["Marker"] = json!(next);
    }
    Ok(answer)
}

/// Keeps rows that pass the request's filters; `member` gives the row's member for a filter name.
pub fn filtered(
    rq: &Request<'_>,
    rows: Vec<Json>,
    member: impl Fn(&str) -> Option<&'static str>,
) -> Result<Vec<Json>, Fault> {
    let mut rows = rows;
    for filter in rq.list("Filters") {
        let name = filter["Name"].as_str().unwrap_or_default();
        let member = member(name).ok_or_else(|| invalid(format!("Unrecognized filter name: {name}")))?;
        let values: Vec<&str> =
            filter["Values"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        rows.retain(|row| {
            row[member].as_str().is_some_and(|text| {
                values.iter().any(|v| v.rsplit(':').next().is_some_and(|v| v.eq_ignore_ascii_case(text)))
            })
        });
    }
    Ok(rows)
}

/// Letters, digits and single hyphens, a letter first, no hyphen last.
pub fn identifier(member: &str, name: &str, max: usize) -> Result<(), Fault> {
    let good = name.len() <= max
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !name.ends_with('-')
        && !name.contains("--");
    if good {
        return Ok(());
    }
    Err(invalid(format!(
        "The parameter {member} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII \
         letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
    )))
}
