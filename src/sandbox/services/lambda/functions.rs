//! Functions themselves: create, look, change code or configuration, delete.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::{
    TABLE, aliases, event_config, invalid, jobs, named, provisioned, qualifier, row, runtimes, signing, urls,
    versions,
};
use crate::sandbox::{Fault, Reply, Request, World, durations};

/// Members that `CreateFunction` and `UpdateFunctionConfiguration` take as they are returned.
const PLAIN: &[&str] = &[
    "CapacityProviderConfig",
    "DeadLetterConfig",
    "Description",
    "DurableConfig",
    "EphemeralStorage",
    "FileSystemConfigs",
    "Handler",
    "KMSKeyArn",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "TenancyConfig",
    "Timeout",
    "TracingConfig",
];

/// Largest archive in a call.
const MAX_ZIPPED: usize = 50 << 20;

/// Bytes of an account's code.
pub(super) type Code = (String, usize, Json);

/// Digest, size and origin of the code that a request brings.
fn code(world: &World, rq: &Request<'_>, code: &Json) -> Result<Code, Fault> {
    let text = |member: &str| code[member].as_str();
    if let Some(encoded) = text("ZipFile") {
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| invalid("Could not unzip uploaded file."))?;
        if bytes.len() > MAX_ZIPPED {
            return Err(Fault::new(
                "RequestEntityTooLargeException",
                "Request must be smaller than 69905067 bytes",
            )
            .status(413));
        }
        if zip::ZipArchive::new(std::io::Cursor::new(&bytes)).is_err() {
            return Err(invalid(
                "Could not unzip uploaded file. Please check your file, then try to upload again.",
            ));
        }
        return Ok((self::digest(&bytes), bytes.len(), stored(rq.region)));
    }
    if let (Some(bucket), Some(key)) = (text("S3Bucket"), text("S3Key")) {
        let version = text("S3ObjectVersion");
        let meant = |row: &Json| {
            row["_bucket"] == bucket
                && row["Key"] == key
                && row["_marker"] != true
                && version.is_none_or(|version| row["VersionId"] == version)
        };
        let Some((_, object)) = world.rows("s3.object").find(|(_, row)| meant(row)) else {
            let code = if world.get("s3.bucket", bucket).is_some() { "NoSuchKey" } else { "NoSuchBucket" };
            let noun = if code == "NoSuchKey" { "key" } else { "bucket" };
            return Err(invalid(format!(
                "Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: The specified {noun} does not exist."
            )));
        };
        // The digest is that of the object (TestAccLambdaFunction_S3Update_basic).
        let bytes = BASE64_STANDARD.decode(object["_body"].as_str().unwrap_or_default()).unwrap_or_default();
        return Ok((self::digest(&bytes), bytes.len(), stored(rq.region)));
    }
    if let Some(image) = text("ImageUri") {
        if !image.contains(".dkr.ecr.") || rq.opt("PackageType").is_some_and(|kind| kind != "Image") {
            return Err(invalid(format!("Source image {image} is not valid. Provide a valid source image.")));
        }
        return Ok((
            hex::encode(Sha256::digest(image)),
            0,
            json!({"RepositoryType": "ECR", "ImageUri": image, "ResolvedImageUri": image}),
        ));
    }
    Err(invalid("Please provide a source for function code."))
}

/// Where a function's code can be had: in a bucket of Lambda's own (moto's `test_update_function_zip`, which AWS passes).
/// Nothing is there.
fn stored(region: &str) -> Json {
    let location = format!("https://awslambda-{region}-tasks.s3.{region}.amazonaws.com/snapshots/code");
    json!({"RepositoryType": "S3", "Location": location})
}

/// As `CodeSha256` shows it.
pub(super) fn digest(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha256::digest(bytes))
}

/// Digest, size and origin of a layer's content.
pub(super) fn code_of(world: &World, rq: &Request<'_>, content: &Json) -> Result<Code, Fault> {
    code(world, rq, content)
}

/// The network as it is shown, once its subnets and groups are known to exist in one VPC.
fn network(world: &World, config: &Json) -> Result<Json, Fault> {
    let texts = |member: &str| -> Vec<String> {
        config[member]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|v| v.as_str().map(str::to_owned))
            .collect()
    };
    let (subnets, groups) = (texts("SubnetIds"), texts("SecurityGroupIds"));
    if subnets.is_empty() && groups.is_empty() {
        return Ok(Json::Null);
    }
    if subnets.is_empty() || groups.is_empty() {
        return Err(invalid("SubnetIds and SecurityIds must coexist or be both empty list."));
    }
    let mut vpc = Json::Null;
    for id in &subnets {
        let subnet = world.get("ec2.subnet", id).ok_or_else(|| {
            invalid(format!("Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID '{id}' does not exist"))
        })?;
        vpc = subnet["VpcId"].clone();
    }
    for id in &groups {
        let group = world.get("ec2.security-group", id).ok_or_else(|| {
            invalid(format!("Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. EC2 Error Message: The security group '{id}' does not exist"))
        })?;
        if group["VpcId"] != vpc {
            return Err(invalid("Security Groups are required to be in the same VPC."));
        }
    }
    Ok(json!({
        "SubnetIds": subnets, "SecurityGroupIds": groups, "VpcId": vpc,
        "Ipv6AllowedForDualStack": config["Ipv6AllowedForDualStack"].as_bool().unwrap_or(false),
    }))
}

fn role(world: &World, arn: &str) -> Result<(), Fault> {
    world
        .assumable(arn, "lambda.amazonaws.com")
        .map_err(|_| invalid("The role defined for the function cannot be assumed by Lambda."))
}

/// Puts what a request says into a row, in the form in which it is shown.
fn take(row: &mut Json, rq: &Request<'_>) {
    for member in PLAIN {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
    let empty = |value: &Json| value.as_str() == Some("") || value["TargetArn"].as_str() == Some("");
    for member in ["KMSKeyArn", "DeadLetterConfig"] {
        if empty(&row[member]) {
            row[member] = Json::Null;
        }
    }
    if !rq.get("Environment").is_null() {
        let variables = rq.get("Environment")["Variables"].clone();
        // An empty one that was sent is shown.
        row["Environment"] = json!({"Variables": if variables.is_null() { json!({}) } else { variables }});
    }
    if !rq.get("Layers").is_null() {
        row["Layers"] = rq.texts("Layers").iter().map(|arn| json!({"Arn": arn, "CodeSize": 1_024})).collect();
    }
    if !rq.get("ImageConfig").is_null() {
        row["ImageConfigResponse"] = json!({"ImageConfig": rq.get("ImageConfig")});
    }
    if !rq.get("SnapStart").is_null() {
        row["SnapStart"] = json!({"ApplyOn": rq.get("SnapStart")["ApplyOn"], "OptimizationStatus": "Off"});
    }
}

/// A date as Lambda writes it.
pub(super) fn date(world: &World) -> String {
    crate::clock::rfc3339(crate::clock::from_millis(world.date())).replace('Z', ".000+0000")
}

pub(super) fn stamp(world: &mut World, row: &mut Json) {
    row["LastModified"] = json!(date(world));
    row["RevisionId"] = json!(world.uuid());
}

/// Checks what a request says about how the function runs.
fn check_settings(rq: &Request<'_>) -> Result<(), Fault> {
    if let Some(runtime) = rq.opt("Runtime") {
        runtimes::check(runtime)?;
    }
    let variables = rq.get("Environment")["Variables"].to_string();
    // Lambda quotas: 4 KB for all environment variables together.
    if rq.get("Environment")["Variables"].is_object() && variables.len() > 4_096 {
        return Err(invalid(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have \
             provided exceeded the 4KB limit. String measured: {variables}"
        )));
    }
    Ok(())
}

pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("FunctionName").rsplit(':').next().unwrap_or_default().to_owned();
    let key = format!("{}/{name}", rq.region);
    if world.get(TABLE, &key).is_some() {
        return Err(Fault::new("ResourceConflictException", format!("Function already exist: {name}")));
    }
    role(world, rq.text("Role"))?;
    let image = rq.opt("PackageType") == Some("Image");
    if !image && (rq.opt("Runtime").is_none() || rq.opt("Handler").is_none()) {
        return Err(invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        ));
    }
    if image && (rq.opt("Runtime").is_some() || rq.opt("Handler").is_some() || !rq.list("Layers").is_empty())
    {
        return Err(invalid(
            "Please don't provide Handler or Runtime or Layer when the intent is to create a function with PackageType as Image.",
        ));
    }
    check_settings(rq)?;
    signing::check(world, rq.text("CodeSigningConfigArn"))?;
    let (digest, size, place) = code(world, rq, rq.get("Code"))?;
    jobs::keep(world, rq.get("Code"), &digest);
    let vpc = network(world, rq.get("VpcConfig"))?;
    let arn = world.arn("lambda", rq.region, &format!("function:{name}"));
    let mut row = json!({
        "FunctionName": name, "FunctionArn": arn, "Version": "$LATEST", "CodeSha256": digest, "CodeSize": size,
        "Timeout": 3, "MemorySize": 128, "Description": "", "PackageType": if image { "Image" } else { "Zip" },
        "Architectures": if rq.list("Architectures").is_empty() { json!(["x86_64"]) } else { rq.get("Architectures").clone() },
        "TracingConfig": {"Mode": "PassThrough"}, "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": format!("/aws/lambda/{name}")},
        "VpcConfig": vpc, "State": "Pending", "StateReason": "The function is being created.", "StateReasonCode": "Creating",
        "_code": place, "_tags": rq.get("Tags"), "_region": rq.region, "_signing": rq.get("CodeSigningConfigArn"),
        "_statements": [], "_recursion": "Terminate", "_runtime": {"UpdateRuntimeOn": "Auto"},
    });
    take(&mut row, rq);
    if !image {
        let digest = hex::encode(Sha256::digest(row["Runtime"].as_str().unwrap_or_default()));
        let runtime = format!("arn:{}:lambda:{}::runtime:{digest}", world.partition(), rq.region);
        row["RuntimeVersionConfig"] = json!({"RuntimeVersionArn": runtime});
    }
    if row["LoggingConfig"]["LogGroup"].is_null() {
        row["LoggingConfig"]["LogGroup"] = json!(format!("/aws/lambda/{name}"));
    }
    stamp(world, &mut row);
    interfaces(world, rq.region, &arn, &row["VpcConfig"].clone());
    let mut answer = shown(&row);
    let wait = if row["VpcConfig"].is_null() { durations::LAMBDA_ACTIVE } else { durations::LAMBDA_NETWORK };
    world.put(TABLE, &key, row);
    // On instances only what is published can be invoked.
    let managed = !rq.get("CapacityProviderConfig").is_null();
    let numbered = versions::along(world, rq, &key)?;
    let active = json!({
        "State": if managed { "ActiveNonInvocable" } else { "Active" }, "StateReason": null, "StateReasonCode": null, "LastUpdateStatus": "Successful",
    });
    world.set_after(wait, TABLE, &key, active);
    if let Some(version) = numbered {
        answer["Version"] = version["Version"].clone();
    }
    Ok(answer)
}

fn interfaces(world: &mut World, region: &str, arn: &str, vpc: &Json) {
    let texts = |member: &str| -> Vec<String> {
        vpc[member].as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let (subnets, groups) = (texts("SubnetIds"), texts("SecurityGroupIds"));
    let (subnets, groups): (Vec<&str>, Vec<&str>) =
        (subnets.iter().map(String::as_str).collect(), groups.iter().map(String::as_str).collect());
    world.attach_interfaces(region, arn, &subnets, &groups);
}

/// The configuration as answers show it.
pub(super) fn shown(row: &Json) -> Json {
    let members = row.as_object().into_iter().flatten();
    Json::Object(
        members
            .filter(|(k, v)| !k.starts_with('_') && !v.is_null())
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
    )
}

/// The function's row, and that of the version which the request names, with its ARN as answers show it.
fn meant(world: &World, rq: &Request<'_>) -> Result<(Json, Json), Fault> {
    let (key, row) = named(world, rq, rq.text("FunctionName"))?;
    let one = super::resolved(world, &key, &row, qualifier(rq, rq.text("FunctionName"))?)?;
    Ok((row, one))
}

pub fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let (row, one) = meant(world, rq)?;
    let code = if one["_code"].is_null() { &row["_code"] } else { &one["_code"] };
    let mut answer = json!({"Configuration": shown(&one), "Code": code});
    if row["_tags"].as_object().is_some_and(|tags| !tags.is_empty()) {
        answer["Tags"] = row["_tags"].clone();
    }
    if !row["_reserved"].is_null() {
        answer["Concurrency"] = json!({"ReservedConcurrentExecutions": row["_reserved"]});
    }
    Ok(answer)
}

pub fn get_configuration(world: &mut World, rq: &Request<'_>) -> Reply {
    meant(world, rq).map(|(_, one)| shown(&one))
}

pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let prefix = format!("{}/", rq.region);
    let all = rq.opt("FunctionVersion") == Some("ALL");
    let mut items: Vec<Json> = Vec::new();
    for (key, row) in world.rows(TABLE).filter(|(key, _)| key.starts_with(&prefix)) {
        items.push(listed(if all { versions::qualified(row) } else { shown(row) }));
        if all {
            items.extend(versions::of(world, key).into_iter().map(|(_, version)| listed(shown(version))));
        }
    }
    let (page, next) = rq.page(items, "MaxItems", "Marker", 50, "InvalidParameterValueException")?;
    Ok(page_of("Functions", page, next))
}

/// A configuration as lists show it: without its state (LocalStack's recordings of AWS, `test_list_functions`).
pub(super) fn listed(mut configuration: Json) -> Json {
    if let Some(members) = configuration.as_object_mut() {
        members.retain(|name, _| {
            !name.starts_with("State")
                && !name.starts_with("LastUpdateStatus")
                && name != "RuntimeVersionConfig"
        });
    }
    configuration
}

pub(super) fn page_of(name: &str, page: Vec<Json>, next: Option<String>) -> Json {
    let mut answer = json!({name: page});
    if let Some(next) = next {
        answer["NextMarker"] = json!(next);
    }
    answer
}

/// One change at a time.
pub(super) fn idle(row: &Json) -> Result<(), Fault> {
    let arn = row["FunctionArn"].as_str().unwrap_or_default();
    if row["State"] == "Pending" {
        return Err(Fault::new(
            "ResourceConflictException",
            format!(
                "The operation cannot be performed at this time. The function is currently in the following state: Pending: {arn}"
            ),
        ));
    }
    if row["LastUpdateStatus"] == "InProgress" {
        return Err(Fault::new(
            "ResourceConflictException",
            format!(
                "The operation cannot be performed at this time. An update is in progress for resource: {arn}"
            ),
        ));
    }
    Ok(())
}

fn begin(world: &mut World, key: &str, mut row: Json) -> Reply {
    row["LastUpdateStatus"] = json!("InProgress");
    row["LastUpdateStatusReason"] = json!("The function is being created.");
    row["LastUpdateStatusReasonCode"] = json!("Creating");
    stamp(world, &mut row);
    let answer = shown(&row);
    world.put(TABLE, key, row);
    let done = json!({"LastUpdateStatus": "Successful", "LastUpdateStatusReason": null, "LastUpdateStatusReasonCode": null});
    world.set_after(durations::LAMBDA_UPDATE, TABLE, key, done);
    Ok(answer)
}

pub(super) fn revision(row: &Json, rq: &Request<'_>) -> Result<(), Fault> {
    match rq.opt("RevisionId") {
        Some(wanted) if row["RevisionId"] != wanted => Err(Fault::new(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
        )),
        _ => Ok(()),
    }
}

pub fn update_code(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, mut row) = row(world, rq)?;
    idle(&row)?;
    revision(&row, rq)?;
    let image = !rq.get("ImageUri").is_null();
    if image != (row["PackageType"] == "Image") {
        return Err(invalid("Please provide code of the function's package type."));
    }
    let (digest, size, place) = code(world, rq, &rq.input)?;
    (row["CodeSha256"], row["CodeSize"], row["_code"]) = (json!(digest), json!(size), place);
    if !rq.list("Architectures").is_empty() {
        row["Architectures"] = rq.get("Architectures").clone();
    }
    if rq.flag("DryRun") {
        return Ok(shown(&row));
    }
    jobs::keep(world, &rq.input, row["CodeSha256"].as_str().unwrap_or_default());
    let answer = begin(world, &key, row)?;
    jobs::sweep(world);
    Ok(versions::along(world, rq, &key)?.map_or(answer, |version| shown(&version)))
}

pub fn update_configuration(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, mut row) = row(world, rq)?;
    idle(&row)?;
    revision(&row, rq)?;
    check_settings(rq)?;
    if let Some(arn) = rq.opt("Role") {
        role(world, arn)?;
    }
    if !rq.get("VpcConfig").is_null() {
        // Subnets alone or groups alone leave the other as it is (TestAccLambdaFunction_VPC_replaceSGWithDefault).
        let mut wanted = rq.get("VpcConfig").clone();
        for member in ["SubnetIds", "SecurityGroupIds"] {
            if wanted[member].is_null() {
                wanted[member] = row["VpcConfig"][member].clone();
            }
        }
        let mut vpc = network(world, &wanted)?;
        if vpc.is_null() {
            // Once emptied it is shown empty.
            vpc = json!({"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": false});
        }
        if vpc != row["VpcConfig"] {
            let arn = row["FunctionArn"].as_str().unwrap_or_default().to_owned();
            world.release_interfaces(&arn, durations::LAMBDA_INTERFACES);
            interfaces(world, rq.region, &arn, &vpc);
            row["VpcConfig"] = vpc;
        }
    }
    take(&mut row, rq);
    begin(world, &key, row)
}

pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, row) = named(world, rq, rq.text("FunctionName"))?;
    match qualifier(rq, rq.text("FunctionName"))? {
        Some("$LATEST") => {
            return Err(invalid("$LATEST version cannot be deleted without deleting the function."));
        }
        Some(name) => {
            if let Some(alias) = aliases::points_to(world, &key, name) {
                let message = format!(
                    "Version {name} of function {} is in use by alias [{alias}]",
                    row["FunctionName"].as_str().unwrap_or_default()
                );
                return Err(Fault::new("ResourceConflictException", message).status(409));
            }
            versions::remove(world, &key, Some(name));
            provisioned::forget(world, &key, Some(name));
            return Ok(json!({"StatusCode": 204}));
        }
        None => {
            versions::remove(world, &key, None);
            aliases::remove_all(world, &key);
            event_config::remove_all(world, &key);
            provisioned::forget(world, &key, None);
            urls::remove_all(world, &key, "");
        }
    }
    world.cancel(TABLE, &key);
    world.remove(TABLE, &key);
    jobs::sweep(world);
    world.release_interfaces(row["FunctionArn"].as_str().unwrap_or_default(), durations::LAMBDA_INTERFACES);
    Ok(json!({"StatusCode": 204}))
}
