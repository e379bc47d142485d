//! Launch templates and their versions, and what an instance is launched with.

use serde_json::{Value as Json, json};

use super::{
    common::{Noun, combination, invalid, listed, plain, remember, replayed, tidy},
    filters,
};
use crate::sandbox::{Fault, Reply, Request, World, services::ssm};

/// Launch templates; their versions are under `_versions`, oldest first.
pub(super) const TEMPLATE: Noun = Noun {
    table: "ec2.launch-template",
    prefix: "lt",
    id: "LaunchTemplateId",
    ids: "LaunchTemplateIds",
    tags: "Tags",
    resource: "launch-template",
    missing: "InvalidLaunchTemplateId.NotFound",
    malformed: "InvalidLaunchTemplateId.Malformed",
    label: "launch template",
    filters: &[("create-time", "CreateTime"), ("launch-template-name", "LaunchTemplateName")],
};

/// The largest user data in bytes (EC2 User Guide, user data).
const USER_DATA: usize = 16_384;

/// What EC2 says of versions without their template.
const WHICH: &str = "To describe the launch template data for all your launch templates, for ‘--versions’ specify \
    ‘$Latest’, ‘$Default’, or both, and omit ‘--launch-template-id’, ‘--launch-template-name’, and version numbers. To \
    describe the launch template data for a specific launch template, specify ‘--launch-template-id’ or \
    ‘--launch-template-name’, and for ‘--versions’ specify one or more of the following values: ‘$Latest’, ‘$Default’, \
    or one or more version numbers.";

fn no_version(id: &str, version: &str) -> Fault {
    let message =
        format!("Could not find the specified version {version} for the launch template with ID {id}.");
    Fault::new("InvalidLaunchTemplateId.VersionNotFound", message)
}

/// The id of the template that is named by id or name in a region.
fn named(world: &World, region: &str, id: Option<&str>, name: Option<&str>) -> Result<String, Fault> {
    let here = |row: &&Json| row["_region"] == region;
    match (id, name) {
        (Some(id), None) => {
            let row = world.get(TEMPLATE.table, id).filter(here);
            let message = format!("The specified launch template, with template ID {id}, does not exist.");
            row.map(|_| id.to_owned()).ok_or_else(|| Fault::new(TEMPLATE.missing, message))
        }
        (None, Some(name)) => {
            let mut rows = world.rows(TEMPLATE.table).filter(|(_, row)| here(row));
            let found = rows.find(|(_, row)| row["LaunchTemplateName"] == name);
            let message =
                format!("The specified launch template, with template name {name}, does not exist.");
            found
                .map(|(id, _)| id.to_owned())
                .ok_or_else(|| Fault::new("InvalidLaunchTemplateName.NotFoundException", message))
        }
        // These words and those below are moto's `test_launch_templates.py`, which AWS passes.
        (Some(_), Some(_)) => Err(combination(
            "Either provide launch template ID or launch template name to modify the template.",
        )),
        (None, None) => Err(Fault::new("MissingParameter", WHICH)),
    }
}

fn of_request(world: &World, rq: &Request<'_>) -> Result<String, Fault> {
    named(world, rq.region, rq.opt("LaunchTemplateId"), rq.opt("LaunchTemplateName"))
}

/// The version that a text means: a number, `$Latest` or `$Default`.
fn version<'t>(row: &'t Json, wanted: &str) -> Result<&'t Json, Fault> {
    let id = row["LaunchTemplateId"].as_str().unwrap_or_default();
    let number = match wanted {
        "$Latest" => row["LatestVersionNumber"].as_i64(),
        "$Default" | "" => row["DefaultVersionNumber"].as_i64(),
        text => text.parse().ok(),
    };
    let all = row["_versions"].as_array().map_or(&[][..], Vec::as_slice);
    let found = number.and_then(|number| all.iter().find(|one| one["VersionNumber"] == number));
    found.ok_or_else(|| no_version(id, wanted))
}

fn checked(data: &Json) -> Result<(), Fault> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    if let Some(text) = data["UserData"].as_str() {
        let bytes = STANDARD
            .decode(text.trim())
            .map_err(|_| Fault::new("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data."))?;
        if bytes.len() > USER_DATA {
            return Err(invalid("User data is limited to 16384 bytes"));
        }
    }
    if data["InstanceType"].is_string() && data["InstanceRequirements"].is_object() {
        return Err(combination("You cannot specify both InstanceType and InstanceRequirements"));
    }
    let groups = |member: &str| data[member].as_array().is_some_and(|all| !all.is_empty());
    if groups("NetworkInterfaces") && (groups("SecurityGroupIds") || groups("SecurityGroups")) {
        return Err(combination(
            "Network interfaces and an instance-level security groups may not be specified on the same request",
        ));
    }
    Ok(())
}

fn one_version(world: &World, rq: &Request<'_>, id: &str, name: &str, number: i64, data: Json) -> Json {
    tidy(json!({
        "LaunchTemplateId": id, "LaunchTemplateName": name, "VersionNumber": number,
        "VersionDescription": rq.get("VersionDescription"), "CreateTime": world.now_secs(),
        "CreatedBy": format!("arn:aws:iam::{}:root", world.account), "LaunchTemplateData": data,
    }))
}

/// `CreateLaunchTemplate`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(id) = replayed(world, rq, &TEMPLATE)? {
        return Ok(json!({"LaunchTemplate": shown(world, TEMPLATE.get(world, rq, &id)?)}));
    }
    let name = rq.text("LaunchTemplateName");
    // LocalStack's test_raise_invalid_launch_template_name, which AWS passes.
    let good = |c: char| c.is_ascii_alphanumeric() || "-()./_".contains(c);
    if name.len() < 3 || name.len() > 128 || !name.chars().all(good) {
        return Err(Fault::new(
            "InvalidLaunchTemplateName.MalformedException",
            "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the \
             following characters: - ( ) . / _.",
        ));
    }
    if TEMPLATE.all(world, rq).any(|row| row["LaunchTemplateName"] == name) {
        return Err(Fault::new(
            "InvalidLaunchTemplateName.AlreadyExistsException",
            "Launch template name already in use.",
        ));
    }
    let data = rq.get("LaunchTemplateData").clone();
    checked(&data)?;
    let mut row = json!({
        "LaunchTemplateName": name, "CreateTime": world.now_secs(), "DefaultVersionNumber": 1, "LatestVersionNumber": 1,
        "CreatedBy": format!("arn:aws:iam::{}:root", world.account),
    });
    remember(&mut row, rq);
    let id = TEMPLATE.create(world, rq, row)?;
    let first = one_version(world, rq, &id, name, 1, data);
    TEMPLATE.get_mut(world, rq, &id)?["_versions"] = json!([first]);
    Ok(json!({"LaunchTemplate": shown(world, TEMPLATE.get(world, rq, &id)?)}))
}

/// `CreateLaunchTemplateVersion`: from nothing, or from a version that is there.
pub(super) fn create_version(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = of_request(world, rq)?;
    let row = TEMPLATE.get(world, rq, &id)?.clone();
    let token = rq.opt("ClientToken").filter(|token| !token.is_empty());
    let versions = row["_versions"].as_array().cloned().unwrap_or_default();
    if let Some(made) = versions.iter().find(|one| token.is_some_and(|token| one["_token"] == token)) {
        return Ok(json!({"LaunchTemplateVersion": public(&row, made)}));
    }
    let mut data = match rq.opt("SourceVersion") {
        Some(source) => version(&row, source)?["LaunchTemplateData"].clone(),
        None => json!({}),
    };
    for (member, value) in rq.get("LaunchTemplateData").as_object().into_iter().flatten() {
        data[member] = value.clone();
    }
    checked(&data)?;
    let number = row["LatestVersionNumber"].as_i64().unwrap_or(0) + 1;
    let name = row["LaunchTemplateName"].as_str().unwrap_or_default();
    let mut made = one_version(world, rq, &id, name, number, data);
    made["_token"] = json!(token);
    let row = TEMPLATE.get_mut(world, rq, &id)?;
    row["LatestVersionNumber"] = json!(number);
    if let Some(list) = row["_versions"].as_array_mut() {
        list.push(made.clone());
    }
    Ok(json!({"LaunchTemplateVersion": public(row, &made)}))
}

fn public(row: &Json, version: &Json) -> Json {
    let mut shown = version.clone();
    if let Some(members) = shown.as_object_mut() {
        members.remove("_token");
    }
    shown["DefaultVersion"] = json!(row["DefaultVersionNumber"] == version["VersionNumber"]);
    shown
}

fn shown(world: &World, row: &Json) -> Json {
    let mut row = plain(world, row);
    if let Some(members) = row.as_object_mut() {
        members.retain(|name, _| !name.starts_with('_'));
    }
    row
}

/// `DescribeLaunchTemplates`: by ids, names or filters.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let names = rq.texts("LaunchTemplateNames");
    if names.is_empty() {
        return TEMPLATE.describe(world, rq, "LaunchTemplates", shown);
    }
    let mut rows = Vec::new();
    for name in names {
        let id = named(world, rq.region, None, Some(name)).map_err(|fault| {
            let message = "At least one of the launch templates specified in the request does not exist.";
            Fault { message: message.into(), ..fault }
        })?;
        rows.push(shown(world, TEMPLATE.get(world, rq, &id)?));
    }
    let rows = filters::apply(rows, rq.list("Filters"), TEMPLATE.filters, TEMPLATE.tags)?;
    listed(rq, "LaunchTemplates", rows)
}

/// `DescribeLaunchTemplateVersions`: those that are named, or all, newest first. Without a template: the latest or the
/// default ones of all templates.
pub(super) fn describe_versions(world: &mut World, rq: &Request<'_>) -> Reply {
    let wanted = rq.texts("Versions");
    let mut found = Vec::new();
    if rq.opt("LaunchTemplateId").is_none() && rq.opt("LaunchTemplateName").is_none() {
        if wanted.is_empty() || wanted.iter().any(|one| !one.starts_with('$')) {
            let code = if wanted.is_empty() { "MissingParameter" } else { "InvalidParameterValue" };
            return Err(Fault::new(code, WHICH));
        }
        for row in TEMPLATE.all(world, rq) {
            for one in &wanted {
                found.push(public(row, version(row, one)?));
            }
        }
    } else {
        let id = of_request(world, rq)?;
        let row = TEMPLATE.get(world, rq, &id)?;
        let bound = |member: &str| rq.opt(member).and_then(|text| text.parse::<i64>().ok());
        let (least, most) = (bound("MinVersion"), bound("MaxVersion"));
        let inside = |one: &&Json| {
            let number = one["VersionNumber"].as_i64().unwrap_or(0);
            least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most)
        };
        if wanted.is_empty() {
            let all = row["_versions"].as_array().into_iter().flatten().filter(inside);
            found.extend(all.rev().map(|one| public(row, one)));
        }
        for one in &wanted {
            found.push(public(row, version(row, one)?));
        }
    }
    let known: &[filters::Filter] = &[
        ("create-time", "CreateTime"),
        ("ebs-optimized", "LaunchTemplateData.EbsOptimized"),
        ("image-id", "LaunchTemplateData.ImageId"),
        ("instance-type", "LaunchTemplateData.InstanceType"),
        ("is-default-version", "DefaultVersion"),
    ];
    let found = filters::apply(found, rq.list("Filters"), known, "")?;
    listed(rq, "LaunchTemplateVersions", found)
}

/// `ModifyLaunchTemplate`: another default version.
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = of_request(world, rq)?;
    let row = TEMPLATE.get(world, rq, &id)?;
    let wanted = rq.opt("DefaultVersion").unwrap_or("$Default");
    let found = version(row, wanted).map_err(|fault| {
        let message =
            format!("The launch template version {wanted} is not found for the specified launch template.");
        Fault { message, ..fault }
    })?;
    let number = found["VersionNumber"].clone();
    TEMPLATE.get_mut(world, rq, &id)?["DefaultVersionNumber"] = number;
    Ok(json!({"LaunchTemplate": shown(world, TEMPLATE.get(world, rq, &id)?)}))
}

/// `DeleteLaunchTemplate`, with all its versions; groups that name it go on naming it.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = of_request(world, rq)?;
    let row = world.remove(TEMPLATE.table, &id).unwrap_or_default();
    Ok(json!({"LaunchTemplate": shown(world, &row)}))
}

/// `DeleteLaunchTemplateVersions`: the default one stays.
pub(super) fn delete_versions(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = of_request(world, rq)?;
    let (mut gone, mut kept) = (Vec::new(), Vec::new());
    for one in rq.texts("Versions") {
        let row = TEMPLATE.get(world, rq, &id)?.clone();
        let name = &row["LaunchTemplateName"];
        let number = one.parse::<i64>().unwrap_or(0);
        let refused = if row["DefaultVersionNumber"] == number {
            Some(("unexpectedError", "The default version of a launch template cannot be deleted"))
        } else if version(&row, one).is_err() {
            Some(("launchTemplateVersionDoesNotExist", "The specified version does not exist"))
        } else {
            None
        };
        let base = json!({"LaunchTemplateId": id, "LaunchTemplateName": name, "VersionNumber": number});
        if let Some((code, message)) = refused {
            let mut base = base;
            base["ResponseError"] = json!({"Code": code, "Message": message});
            kept.push(base);
            continue;
        }
        let row = TEMPLATE.get_mut(world, rq, &id)?;
        if let Some(list) = row["_versions"].as_array_mut() {
            list.retain(|version| version["VersionNumber"] != number);
            let last = list.iter().filter_map(|version| version["VersionNumber"].as_i64()).max();
            row["LatestVersionNumber"] = json!(last);
        }
        gone.push(base);
    }
    Ok(json!({
        "SuccessfullyDeletedLaunchTemplateVersions": gone, "UnsuccessfullyDeletedLaunchTemplateVersions": kept,
    }))
}

/// A template as a request names it (`{"LaunchTemplateId", "LaunchTemplateName", "Version"}`), resolved: what it is
/// called, the number of the version, and its data.
pub fn resolved(world: &World, region: &str, specification: &Json) -> Result<(Json, Json), Fault> {
    let text = |member: &str| specification[member].as_str().filter(|text| !text.is_empty());
    let name = text("LaunchTemplateName").filter(|_| text("LaunchTemplateId").is_none());
    let id = named(world, region, text("LaunchTemplateId"), name)?;
    let row = world.get(TEMPLATE.table, &id).cloned().unwrap_or_default();
    let version = version(&row, text("Version").unwrap_or("$Default"))?;
    let shown = json!({
        "LaunchTemplateId": id, "LaunchTemplateName": row["LaunchTemplateName"],
        "Version": version["VersionNumber"].to_string(),
    });
    Ok((shown, version["LaunchTemplateData"].clone()))
}

/// The image that an id or a `resolve:ssm:` reference means.
pub(super) fn image(world: &World, region: &str, text: &str) -> Option<String> {
    let Some(parameter) = text.strip_prefix("resolve:ssm:") else { return Some(text.to_owned()) };
    if let Some(name) = parameter.strip_prefix("/aws/service/ami-amazon-linux-latest/") {
        return ssm::AMAZON_LINUX.contains(&name).then(|| ssm::image(region, name));
    }
    let named = |row: &Json| {
        row["Name"] == parameter || row["Name"].as_str() == parameter.rsplit_once(':').map(|(name, _)| name)
    };
    let row = world.rows("ssm.parameter").map(|(_, row)| row).find(|row| named(row))?;
    row["Value"].as_str().or_else(|| row["_value"].as_str()).map(ToOwned::to_owned)
}

/// Tags that a launch gives to instances.
pub fn instance_tags(data: &Json) -> Vec<Json> {
    let of_instances = |one: &&Json| one["ResourceType"] == "instance";
    let specifications = data["TagSpecifications"].as_array().into_iter().flatten();
    let all = specifications
        .filter(of_instances)
        .flat_map(|one| one["Tags"].as_array().cloned().unwrap_or_default());
    let mut tags: Vec<Json> = Vec::new();
    for tag in all {
        tags.retain(|old| old["Key"] != tag["Key"]);
        tags.push(tag);
    }
    tags
}
