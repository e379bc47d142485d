//! Filters of parameters: which there are, and which rows pass them. The refusals are worded as moto's tests of
//! `DescribeParameters` have them (`test_describe_parameters_invalid_parameter_filters`, `…_invalid_path`).

use serde_json::Value as Json;

use super::parameters::versions;
use crate::sandbox::{Fault, Request};

/// What a path must be like.
const PATH: &str = "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward \
    slash \"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, or the \
    following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if \
    specified, must use the forward slash symbol \"/\". Valid example: /get/parameters2-/by1./path0_.";

/// Keys with the options they take, the first without one, and their values where those are listed (API reference,
/// ParameterStringFilter).
struct Key {
    name: &'static str,
    options: &'static [&'static str],
    values: &'static [&'static str],
}

const KEYS: &[Key] = &[
    Key { name: "Path", options: &["Recursive", "OneLevel"], values: &[] },
    // `Contains` is of names in DescribeParameters; AWS's refusal does not list it.
    Key { name: "Name", options: &["BeginsWith", "Equals"], values: &[] },
    Key {
        name: "Type",
        options: &["BeginsWith", "Equals"],
        values: &["String", "StringList", "SecureString"],
    },
    Key { name: "KeyId", options: &["BeginsWith", "Equals"], values: &[] },
    Key {
        name: "Tier",
        options: &["BeginsWith", "Equals"],
        values: &["Standard", "Advanced", "Intelligent-Tiering"],
    },
    Key { name: "DataType", options: &["BeginsWith", "Equals"], values: &[] },
];

fn values(filter: &Json) -> Vec<&str> {
    filter["Values"].as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

/// Refuses filters that the call does not take.
pub fn check(rq: &Request<'_>) -> Result<(), Fault> {
    let filters = rq.list("ParameterFilters");
    if !filters.is_empty() && !rq.list("Filters").is_empty() {
        let message = "You can use either Filters or ParameterFilters in a single request.";
        return Err(Fault::new("ValidationException", message));
    }
    for (at, filter) in filters.iter().enumerate() {
        let name = filter["Key"].as_str().unwrap_or_default();
        if filters[..at].iter().any(|other| other["Key"] == name) {
            let message = format!(
                "The following filter is duplicated in the request: {name}. A request can contain only one occurrence \
                 of a specific filter."
            );
            return Err(Fault::new("InvalidFilterKey", message));
        }
        check_one(rq.operation, name, filter)?;
    }
    Ok(())
}

fn check_one(operation: &str, name: &str, filter: &Json) -> Result<(), Fault> {
    let values = values(filter);
    if name.starts_with("tag:") {
        return Ok(());
    }
    // "The Label filter" is of GetParametersByPath, which in turn has no paths and names (API reference).
    if name == "Label" && operation == "GetParametersByPath" {
        return Ok(());
    }
    let Some(key) = KEYS.iter().find(|key| key.name == name) else {
        let message = format!(
            "The following filter key is not valid: {name}. Valid filter keys include: [Path, Name, Type, KeyId, Tier]"
        );
        return Err(Fault::new("InvalidFilterKey", message));
    };
    if values.is_empty() {
        let message = format!("The following filter values are missing : null for filter key {name}");
        return Err(Fault::new("InvalidFilterValue", message));
    }
    if let Some(option) = filter["Option"].as_str() {
        let contains = name == "Name" && option == "Contains" && operation == "DescribeParameters";
        if !key.options.contains(&option) && !contains {
            let listed = key.options.join(", ");
            let end = if name == "Path" { "" } else { "." };
            let message = format!(
                "The following filter option is not valid: {option}. Valid options include: [{listed}]{end}"
            );
            return Err(Fault::new("InvalidFilterOption", message));
        }
    }
    for value in values {
        if name == "Path" {
            check_path(value)?;
        } else if !key.values.is_empty()
            && !key.values.contains(&value)
            && filter["Option"].as_str() != Some("BeginsWith")
        {
            let message = format!(
                "The following filter value is not valid: {value}. Valid values include: [{}]",
                key.values.join(", ")
            );
            return Err(Fault::new("InvalidFilterValue", message));
        }
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), Fault> {
    let first = path.trim_start_matches('/').to_lowercase();
    if first.starts_with("aws") || first.starts_with("ssm") {
        let message = "Filters for common parameters can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). When \
                       using global parameters, please specify within a global namespace.";
        return Err(Fault::new("ValidationException", message));
    }
    let odd = |c: char| !c.is_ascii_alphanumeric() && !"_.-/".contains(c);
    if !path.starts_with('/') || path.contains("//") || path.contains(odd) {
        return Err(Fault::new("ValidationException", PATH));
    }
    Ok(())
}

/// A name as paths see it: one without a slash lies at the root.
fn rooted(name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("/{name}") }
}

/// Whether a name lies under a path.
fn under(name: &str, path: &str, recursive: bool) -> bool {
    let name = rooted(name);
    let rest = name.strip_prefix(path.trim_end_matches('/')).and_then(|rest| rest.strip_prefix('/'));
    rest.is_some_and(|rest| recursive || !rest.contains('/'))
}

/// Whether a row passes one filter.
pub fn passes(row: &Json, filter: &Json) -> bool {
    let key = filter["Key"].as_str().unwrap_or_default();
    let option = filter["Option"].as_str().unwrap_or("Equals");
    let values = values(filter);
    let fits = |text: &str, value: &str| match option {
        "BeginsWith" => text.starts_with(value),
        "Contains" => text.contains(value),
        _ => text == value,
    };
    if let Some(name) = key.strip_prefix("tag:") {
        let mut tags = row["_tags"].as_array().into_iter().flatten();
        return tags.any(|tag| {
            let text = tag["Value"].as_str().unwrap_or_default();
            tag["Key"] == name && (values.is_empty() || values.iter().any(|value| fits(text, value)))
        });
    }
    let name = row["Name"].as_str().unwrap_or_default();
    match key {
        "Path" => values.iter().any(|path| under(name, path, option == "Recursive")),
        "Label" => versions(row).iter().any(|version| {
            let mut labels = version["Labels"].as_array().into_iter().flatten().filter_map(Json::as_str);
            labels.any(|label| values.iter().any(|value| fits(label, value)))
        }),
        // `/name` and `name` are one parameter, to filters too (moto's
        // `test_describe_parameters_with_parameter_filters_name`).
        "Name" => values
            .iter()
            .any(|value| fits(name, value) || (value.starts_with('/') && fits(&rooted(name), value))),
        _ => values.iter().any(|value| fits(row[key].as_str().unwrap_or_default(), value)),
    }
}
