//! Parameters: put, get, delete. Table `ssm.parameter`, key `region/name`; `_versions` holds the history, the
//! newest last.

use serde_json::{Value as Json, json};

use super::{public, secrets};
use crate::sandbox::{Fault, Reply, Request, World};

/// The table.
pub const TABLE: &str = "ssm.parameter";

/// What a masked `SecureString` reads as without `WithDecryption`: the ciphertext, here a constant.
const SEALED: &str = "AQICAHhEXAMPLEciphertext";

/// The row of a parameter by name or ARN. A slash before a name of one level means nothing: `/name` and `name` are
/// one parameter (moto's `test_parameter_lifecycle_with_leading_slash`, verified on AWS).
pub fn key_of(rq: &Request<'_>, name: &str) -> String {
    let name = match name.split_once(":parameter") {
        Some((_, rest)) if name.starts_with("arn:") => rest,
        _ => name,
    };
    let name = match name.strip_prefix('/') {
        Some(rest) if !rest.contains('/') => rest,
        _ => name,
    };
    format!("{}/{name}", rq.region)
}

/// The parameter of that name or ARN: the account's own or one that AWS publishes.
pub fn row_of(world: &World, rq: &Request<'_>, name: &str) -> Option<Json> {
    let path = match name.split_once(":parameter") {
        Some((_, rest)) if name.starts_with("arn:") => rest,
        _ => name,
    };
    world.get(TABLE, &key_of(rq, name)).cloned().or_else(|| public::row(world, rq.region, path))
}

/// What is wrong with a path.
const PATH: &str = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can \
    consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the \
    following 3 symbols .-_";

/// Refuses names that no parameter can have (LocalStack's recordings of AWS, `test_hierarchical_parameter`).
pub fn check_name(name: &str) -> Result<(), Fault> {
    let refused = |message: &str| Err(Fault::new("ValidationException", message));
    if name.starts_with("arn:") {
        return Ok(());
    }
    let half = name.contains('/') && !name.starts_with('/');
    if half || name.contains("//") || name.ends_with('/') { refused(PATH) } else { Ok(()) }
}

/// `ParameterNotFound`.
pub fn missing(name: &str) -> Fault {
    Fault::new("ParameterNotFound", format!("Parameter {name} not found."))
}

/// How many versions of a parameter are kept.
const VERSIONS: usize = 100;

/// A parameter's versions.
pub fn versions(row: &Json) -> &[Json] {
    row["_versions"].as_array().map_or(&[], Vec::as_slice)
}

/// A row without its null members.
pub fn strip(mut value: Json) -> Json {
    if let Some(map) = value.as_object_mut() {
        map.retain(|_, v| !v.is_null());
    }
    value
}

pub fn put_parameter(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("Name");
    let bare = name.trim_start_matches('/').to_lowercase();
    // The three refusals are moto's test_put_parameter_invalid_names.
    if bare.starts_with("aws") || bare.starts_with("ssm") {
        if name.starts_with('/') && bare.starts_with("aws") {
            let message = format!("No access to reserved parameter name: {name}.");
            return Err(Fault::new("AccessDeniedException", message));
        }
        let message = if name.starts_with('/') {
            PATH
        } else {
            "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive)."
        };
        return Err(Fault::new("ValidationException", message));
    }
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-/".contains(c)) {
        return Err(Fault::new(
            "ValidationException",
            "Parameter name must use only letters, numbers and the symbols ., -, _ and /.",
        ));
    }
    check_name(name)?;
    if name.matches('/').count() > 15 {
        return Err(Fault::new(
            "HierarchyLevelLimitExceededException",
            "Parameter names can have at most fifteen levels.",
        ));
    }
    let key = key_of(rq, name);
    let old = world.get(TABLE, &key).cloned();
    let overwrite = rq.flag("Overwrite");
    if old.is_some() && !overwrite {
        return Err(Fault::new(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
        ));
    }
    if overwrite && !rq.list("Tags").is_empty() {
        return Err(Fault::new(
            "ValidationException",
            "Invalid request: tags and overwrite can't be used together.",
        ));
    }
    let kind = match (rq.opt("Type"), &old) {
        // The other way round AWS takes it (TestAccSSMParameter_updateType).
        (Some("SecureString"), Some(old)) if old["Type"] != "SecureString" => {
            return Err(Fault::new(
                "HierarchyTypeMismatchException",
                "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't \
                 change a parameter from a String type to a SecureString type. You must create a new, unique parameter.",
            ));
        }
        (Some(kind), _) => json!(kind),
        (None, Some(old)) => old["Type"].clone(),
        (None, None) => {
            return Err(Fault::new(
                "ValidationException",
                "A parameter type is required when you create a parameter.",
            ));
        }
    };
    if let Some(pattern) = rq.opt("AllowedPattern").filter(|pattern| !pattern.is_empty()) {
        let regex = fancy_regex::Regex::new(&format!("^(?:{pattern})$")).map_err(|_| {
            Fault::new("InvalidAllowedPatternException", "The pattern is not a valid regular expression.")
        })?;
        if !regex.is_match(rq.text("Value")).unwrap_or_default() {
            return Err(Fault::new(
                "ParameterPatternMismatchException",
                "Parameter value, cannot be validated against allowedPattern.",
            ));
        }
    }
    let advanced = old.as_ref().is_some_and(|row| row["Tier"] == "Advanced");
    let tier = match rq.opt("Tier") {
        Some("Advanced") => "Advanced",
        // Terraform's provider makes such a parameter anew for this refusal (`CustomizeDiff` of `aws_ssm_parameter`).
        Some("Standard") if advanced => {
            return Err(Fault::new(
                "ValidationException",
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the \
                 advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced \
                 parameter and recreate it as a standard parameter.",
            ));
        }
        _ if advanced => "Advanced",
        _ if rq.text("Value").len() > 4096 => {
            if rq.opt("Tier") == Some("Intelligent-Tiering") {
                "Advanced"
            } else {
                return Err(Fault::new(
                    "ValidationException",
                    "Standard tier parameters support a maximum parameter value of 4096 characters.",
                ));
            }
        }
        _ => "Standard",
    };
    // The model has no least length, and the service has one (moto's test_put_parameter_empty_string_value).
    if rq.text("Value").is_empty() {
        let message = "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length \
                       greater than or equal to 1.";
        return Err(Fault::new("ValidationException", message));
    }
    let kinds = ["text", "aws:ec2:image", "aws:ssm:integration"];
    if let Some(other) = rq.opt("DataType").filter(|kind| !kinds.contains(kind)) {
        let message =
            format!("The following data type is not supported: {other} (Data type names are all lowercase.)");
        return Err(Fault::new("ValidationException", message));
    }
    let number = old.as_ref().and_then(|row| row["Version"].as_i64()).unwrap_or_default() + 1;
    let now = world.now_secs();
    let user = crate::sandbox::services::sts::caller_of(world, rq).arn;
    let key_id = match (rq.opt("KeyId"), old.as_ref().and_then(|row| row["KeyId"].as_str())) {
        _ if kind != "SecureString" => Json::Null,
        (Some(key), _) | (None, Some(key)) => json!(key),
        (None, None) => json!("alias/aws/ssm"),
    };
    let keep = |member: &str| match rq.get(member) {
        Json::Null => old.as_ref().map_or(Json::Null, |row| row[member].clone()),
        sent => sent.clone(),
    };
    let version = json!({
        "Name": name, "Type": kind, "KeyId": key_id, "LastModifiedDate": now, "LastModifiedUser": user,
        "Description": keep("Description"), "AllowedPattern": keep("AllowedPattern"), "Value": rq.text("Value"),
        "Version": number, "Labels": [], "Tier": tier, "DataType": rq.opt("DataType").unwrap_or("text"),
        "_policies": keep("_policies"),
    });
    let mut row = version.clone();
    row["ARN"] = json!(world.arn("ssm", rq.region, &format!("parameter/{}", name.trim_start_matches('/'))));
    if let Some(policies) = rq.opt("Policies") {
        let list: Vec<Json> = serde_json::from_str(policies)
            .map_err(|_| Fault::new("InvalidPolicyTypeException", "The policies are not a JSON list."))?;
        // `[{}]` takes the policies away (Systems Manager User Guide, "Assigning parameter policies").
        let none = list.iter().all(|policy| policy["Type"].is_null());
        if !none && tier != "Advanced" {
            return Err(Fault::new(
                "ValidationException",
                "Parameter policies are available for parameters of the advanced tier only.",
            ));
        }
        row["_policies"] = if none { Json::Null } else { json!(policies) };
    }
    let mut history = old.as_ref().map(|row| versions(row).to_vec()).unwrap_or_default();
    history.push(version);
    if history.len() > VERSIONS {
        // Systems Manager API Reference, ParameterMaxVersionLimitExceeded.
        if history[0]["Labels"].as_array().is_some_and(|labels| !labels.is_empty()) {
            let message = format!(
                "You attempted to create a new version of {name} by calling the PutParameter API with the overwrite \
                 flag. Version {}, the oldest version, can't be deleted because it has a label associated with it. Move \
                 the label to another version of the parameter, and try again.",
                history[0]["Version"]
            );
            return Err(Fault::new("ParameterMaxVersionLimitExceeded", message));
        }
        history.remove(0);
    }
    row["_versions"] = json!(history);
    row["_tags"] = old.map_or_else(|| json!(rq.list("Tags")), |row| row["_tags"].clone());
    world.put(TABLE, &key, row);
    Ok(json!({"Version": number, "Tier": tier}))
}

/// A parameter as `GetParameter` shows it; the name may carry `:version` or `:label`.
pub fn lookup(world: &World, rq: &Request<'_>, name: &str) -> Result<Json, Fault> {
    if let Some(secret) = secrets::referenced(world, rq, name) {
        return secret;
    }
    let (bare, selector) = match name.rsplit_once(':') {
        Some((bare, selector)) if !name.starts_with("arn:") || bare.contains(":parameter") => {
            (bare, Some(selector))
        }
        _ => (name, None),
    };
    check_name(bare)?;
    let row = row_of(world, rq, bare).ok_or_else(|| missing(name))?;
    let version = match selector {
        None => versions(&row).last(),
        Some(selector) => versions(&row).iter().rev().find(|v| {
            v["Version"].as_i64().is_some_and(|version| selector.parse() == Ok(version))
                || v["Labels"].as_array().is_some_and(|labels| labels.iter().any(|l| l == selector))
        }),
    };
    let version = version.ok_or_else(|| {
        Fault::new(
            "ParameterVersionNotFound",
            format!(
                "Systems Manager could not find version {} of {bare}. Verify the version and try again.",
                selector.unwrap_or_default()
            ),
        )
    })?;
    let mut shown = shown(&row, version, rq.flag("WithDecryption"));
    // A name is told as it was asked for, with or without its slash (LocalStack's recordings of AWS,
    // `test_put_parameters`).
    if !bare.starts_with("arn:") {
        shown["Name"] = json!(bare);
    }
    if let Some(selector) = selector {
        shown["Selector"] = json!(format!(":{selector}"));
    }
    Ok(shown)
}

/// One version in the shape of `Parameter`.
pub fn shown(row: &Json, version: &Json, open: bool) -> Json {
    let sealed = version["Type"] == "SecureString" && !open;
    json!({
        "Name": row["Name"], "Type": version["Type"], "Version": version["Version"], "ARN": row["ARN"],
        "Value": if sealed { json!(SEALED) } else { version["Value"].clone() },
        "LastModifiedDate": version["LastModifiedDate"], "DataType": version["DataType"],
    })
}

pub fn get_parameter(world: &mut World, rq: &Request<'_>) -> Reply {
    Ok(json!({"Parameter": lookup(world, rq, rq.text("Name"))?}))
}

pub fn get_parameters(world: &mut World, rq: &Request<'_>) -> Reply {
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for name in rq.texts("Names") {
        match lookup(world, rq, name) {
            Ok(parameter) => found.push(parameter),
            Err(_) => invalid.push(name),
        }
    }
    Ok(json!({"Parameters": found, "InvalidParameters": invalid}))
}

pub fn delete_parameter(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("Name");
    world.remove(TABLE, &key_of(rq, name)).map(|_| json!({})).ok_or_else(|| missing(name))
}

pub fn delete_parameters(world: &mut World, rq: &Request<'_>) -> Reply {
    let (mut gone, mut invalid) = (Vec::new(), Vec::new());
    for name in rq.texts("Names") {
        match world.remove(TABLE, &key_of(rq, name)) {
            Some(_) => gone.push(name),
            None => invalid.push(name),
        }
    }
    Ok(json!({"DeletedParameters": gone, "InvalidParameters": invalid}))
}
